"""Requests to a registry: where they go, with which credential, and when they end."""

import gc
import gzip
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
import trustme

from host.errors import InstallError
from host.install.npm_http import RegistryHttp
from host.install.npmrc import NpmSettings
from tests.support.registry import Answer, LoopbackRegistry, loopback_registry

CREDENTIAL: Final = "Bearer secret"


class Asking:
    """A client with a credential for one registry; what it would have waited is written down."""

    def __init__(self, registry: LoopbackRegistry) -> None:
        host = registry.url.partition(":")[2]
        self.registry = registry
        self.settings = NpmSettings(registry.url, credentials={host: CREDENTIAL})
        self.pauses: list[float] = []
        self.http = RegistryHttp(self.settings, pause=self.pauses.append)

    def get(
        self,
        url: str = "x",
        *,
        max_bytes: int = 1000,
        within_s: float = 60,
        accept: str = "application/json",
        moved: Callable[[int, int | None], None] | None = None,
    ) -> tuple[int, bytes]:
        url = url if ":" in url else self.registry.url + url
        answer = self.http.get(
            url,
            self.registry.url,
            accept=accept,
            max_bytes=max_bytes,
            within_s=within_s,
            moved=moved,
        )
        return answer.status, answer.body

    def error(self, url: str = "x", **options: float) -> InstallError:
        with pytest.raises(InstallError) as caught:
            self.get(url, **options)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
        return caught.value


@pytest.fixture
def registry() -> Iterator[LoopbackRegistry]:
    """Answers x."""
    with loopback_registry() as made:
        made.answers["/x"] = Answer(body=b"it")
        yield made


@pytest.fixture
def other() -> Iterator[LoopbackRegistry]:
    """Another host, as far as anybody can tell: the same address, another port."""
    with loopback_registry() as made:
        made.answers["/x"] = Answer(body=b"other")
        yield made


@pytest.fixture
def asking(registry: LoopbackRegistry) -> Iterator[Asking]:
    """See :class:`Asking`."""
    made = Asking(registry)
    yield made
    made.http.close()


def to(url: str, status: int = 302) -> Answer:
    return Answer(status, headers={"location": url})


# Credentials.


def test_the_registry_gets_its_credential(asking: Asking) -> None:
    """Through a redirect of its own as well; the control of what follows."""
    asking.registry.answers["/old"] = to("/x")

    assert asking.get("old") == (200, b"it")
    assert [r.authorization for r in asking.registry.requests] == [CREDENTIAL, CREDENTIAL]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_takes_no_credential_along(
    asking: Asking, other: LoopbackRegistry, status: int
) -> None:
    """It is followed, as a registry's archives may well lie elsewhere."""
    asking.registry.answers["/x"] = to(f"{other.url}x", status)

    assert asking.get() == (200, b"other")
    assert [r.authorization for r in other.requests] == [None]


def test_a_detour_does_not_bring_the_credential_back(
    asking: Asking, other: LoopbackRegistry
) -> None:
    """Another host must not choose what is asked of the registry in the user's name."""
    asking.registry.answers["/start"] = to(f"{other.url}x")
    other.answers["/x"] = to(f"{asking.registry.url}x")

    assert asking.get("start") == (200, b"it")
    assert [r.authorization for r in asking.registry.requests] == [CREDENTIAL, None]


def test_an_address_of_another_host_gets_no_credential(
    asking: Asking, other: LoopbackRegistry
) -> None:
    """A description says where its archive lies; it does not say who may read the user's token."""
    assert asking.get(f"{other.url}x") == (200, b"other")
    assert [r.authorization for r in other.requests] == [None]


def test_no_cookie_is_kept(asking: Asking) -> None:
    """Nobody is recognised."""
    asking.registry.answers["/x"] = Answer(body=b"it", headers={"set-cookie": "id=1; Path=/"})
    asking.get()
    seen: list[str] = []

    def spy(request: httpx.Request) -> None:
        seen.append(request.headers.get("cookie", ""))

    asking.http._client.event_hooks = {"request": [spy]}
    asking.get()

    assert seen == [""]


# Addresses.


REFUSED: Final = [
    "http://npm.example/x.tgz",
    "ftp://npm.example/x.tgz",
    "file:///etc/passwd",
    "https://u:p@npm.example/x",
    "git+ssh://git@npm.example/x",
    "data:,x",
]


@pytest.mark.parametrize(
    "url",
    [
        *REFUSED,
        "https:///x",
        "https://npm.example:port/x",
        "//npm.example/x",
        "\x1b[2Jhttps://x",
        "",
    ],
)
def test_addresses_that_are_not_asked(asking: Asking, url: str) -> None:
    """Only what is encrypted, or goes nowhere."""
    with pytest.raises(InstallError) as caught:
        asking.http.get(url, asking.registry.url, accept="*/*", max_bytes=1, within_s=5)

    assert caught.value.code == "E_REGISTRY"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("url", REFUSED)
def test_a_redirect_does_not_lead_there_either(asking: Asking, url: str) -> None:
    """Nobody follows it."""
    asking.registry.answers["/x"] = to(url)

    assert asking.error().code == "E_REGISTRY"


def test_a_registry_elsewhere_does_not_speak_to_this_machine(other: LoopbackRegistry) -> None:
    """What listens here only trusts whoever is here; in the clear it is asked for a registry that is here, too."""
    http = RegistryHttp(NpmSettings("https://npm.example/"))
    with pytest.raises(InstallError) as caught:
        http.get(f"{other.url}x", "https://npm.example/", accept="*/*", max_bytes=9, within_s=5)
    http.close()

    assert caught.value.code == "E_REGISTRY"
    assert other.requests == []


def test_redirects_end(asking: Asking) -> None:
    """In a circle they would not."""
    asking.registry.answers["/x"] = to("/x")

    assert "redirects" in str(asking.error())
    assert len(asking.registry.requests) == 6


def test_tls_is_verified(tmp_path: Path, registry: LoopbackRegistry) -> None:
    """Of an authority that nobody trusts, and of one that npm was told about."""
    import ssl
    from threading import Thread

    from tests.support.registry import _Handler, _Server

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = _Server(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    url = f"https://127.0.0.1:{server.server_address[1]}/"

    def get(*ca_files: str) -> bytes:
        http = RegistryHttp(NpmSettings(url, ca_files=ca_files))
        try:
            return http.get(f"{url}x", url, accept="*/*", max_bytes=9, within_s=30).body
        finally:
            http.close()

    try:
        with pytest.raises(
            InstallError, match=r"certificate of 127\.0\.0\.1.*cafile"
        ) as caught:
            get()
        assert caught.value.code == "E_NETWORK"
        assert get(str(ca)) == b"it"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# Bounds.


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 65536


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_an_endless_body_is_left(asking: Asking, accept: str) -> None:
    """At the bound, whatever it is for."""
    asking.registry.answers["/x"] = Answer(body=endless())
    with pytest.raises(InstallError, match="more than 1 MiB"):
        asking.get(max_bytes=1 << 20, accept=accept)


def test_a_stated_length_is_believed_when_it_is_too_much(asking: Asking) -> None:
    """Not a byte of it is read."""
    asking.registry.answers["/x"] = Answer(
        body=iter([b""]), headers={"content-length": str(1 << 40)}
    )

    assert "more than" in str(asking.error())


def test_a_small_body_that_unpacks_to_a_large_one(asking: Asking) -> None:
    """The bound is on what comes out."""
    bomb = gzip.compress(b"\0" * (1 << 24))
    asking.registry.answers["/x"] = Answer(body=bomb, headers={"content-encoding": "gzip"})

    assert len(bomb) < 1 << 15
    assert "more than" in str(asking.error(max_bytes=1 << 20))


def test_a_compressed_description_is_unpacked(asking: Asking) -> None:
    """The control."""
    asking.registry.answers["/x"] = Answer(
        body=gzip.compress(b"it"), headers={"content-encoding": "gzip"}
    )

    assert asking.get() == (200, b"it")


def test_what_is_no_gzip(asking: Asking) -> None:
    """An error of the registry, in one line."""
    asking.registry.answers["/x"] = Answer(body=b"it", headers={"content-encoding": "gzip"})

    assert asking.error().code == "E_REGISTRY"


def test_an_archive_is_taken_byte_for_byte(asking: Asking) -> None:
    """It is a gzip file, and not the transport's."""
    data = gzip.compress(b"it")
    asking.registry.answers["/x"] = Answer(body=data, headers={"content-encoding": "gzip"})

    assert asking.get(accept="*/*") == (200, data)


def test_time_is_bounded(asking: Asking) -> None:
    """A body that always goes on a little would keep everybody waiting."""
    asking.registry.answers["/x"] = lambda: Answer(body=endless())

    assert asking.error(max_bytes=1 << 40, within_s=0.2).code == "E_NETWORK"


def test_progress_is_told(asking: Asking) -> None:
    """In bytes, of the whole where that is stated."""
    told: list[tuple[int, int | None]] = []
    asking.get(accept="*/*", moved=lambda done, total: told.append((done, total)))

    assert told[-1] == (2, 2)


# Failures that pass.


def in_turn(*answers: Answer) -> Callable[[], Answer]:
    left = list(answers)
    return lambda: left.pop(0)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_passes_is_tried_again(asking: Asking, status: int) -> None:
    """Twice, with a pause that doubles."""
    asking.registry.answers["/x"] = in_turn(Answer(status), Answer(status), Answer(body=b"it"))

    assert asking.get() == (200, b"it")
    assert 0.5 <= asking.pauses[0] <= 1.0 <= asking.pauses[1] <= 2.0


def test_one_that_does_not_pass_is_told(asking: Asking) -> None:
    """After three attempts."""
    asking.registry.answers["/x"] = Answer(503)

    assert asking.get() == (503, b"")
    assert len(asking.registry.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_answer_is_an_answer(asking: Asking, status: int) -> None:
    """Asking again would give the same."""
    asking.registry.answers["/x"] = Answer(status)

    assert asking.get() == (status, b"")
    assert len(asking.registry.requests) == 1


def test_the_registry_says_how_long_to_wait(asking: Asking) -> None:
    """Within bounds, in whole seconds."""
    later = Answer(429, headers={"retry-after": "3"})
    much_later = Answer(429, headers={"retry-after": "50"})
    asking.registry.answers["/x"] = in_turn(later, much_later, Answer(body=b"it"))

    assert asking.get() == (200, b"it")
    assert asking.pauses == [3.0, 10.0]


def test_a_body_that_breaks_off_is_tried_again(asking: Asking) -> None:
    """As a connection that does."""
    broken = Answer(body=iter([b"i"]), headers={"content-length": "2"})
    asking.registry.answers["/x"] = in_turn(broken, Answer(body=b"it"))

    assert asking.get() == (200, b"it")


def test_a_connection_that_is_made_after_the_end_is_closed(asking: Asking) -> None:
    """Not left to the collector, which complains of it in the middle of something else."""
    asking.http.stop()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert "it was stopped" in str(asking.error())
        gc.collect()

    assert told == []


def test_nobody_there(asking: Asking, other: LoopbackRegistry) -> None:
    """One line, with the host and what to do."""
    error = asking.error("http://127.0.0.1:9/x")

    assert error.code == "E_NETWORK"
    assert "127.0.0.1:9" in str(error)
    assert "proxy" in str(error)
    assert len(asking.pauses) == 2


def test_a_proxy_of_the_environment(
    registry: LoopbackRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is used, unless NO_PROXY says otherwise; one that cannot be is told before anything is asked."""
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    asking = Asking(registry)
    assert asking.error().code == "E_NETWORK"
    asking.http.close()

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asking = Asking(registry)
    assert asking.get() == (200, b"it")
    asking.http.close()

    monkeypatch.setenv("HTTP_PROXY", "gopher://x")
    with pytest.raises(InstallError, match="proxy"):
        RegistryHttp(asking.settings)
