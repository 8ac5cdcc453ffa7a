"""Servers that answer badly, without end, or not at all: each is an error that names the host, and a closed connection."""

import gc
import gzip
import os
import select
import socket
import ssl
import struct
import warnings
import zlib
from pathlib import Path

import pytest
import trustme

from host.hostcalls import http_connection, http_exchange, http_hub
from host.outcome import Json
from tests.hostcalls.http.client import Client, Names, client
from tests.hostcalls.http.server import (
    Handler,
    Request,
    Server,
    answer,
    forever,
    raw,
    silent,
    wait_for_end,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LIMITS: dict[str, Json] = {"max_body_bytes": 100_000, "max_stream_bytes": 300_000}


def bomb(encoding: str) -> Handler:
    """64 megabytes of zeros, in 64 kilobytes."""
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    body = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(64)) + packer.flush()
    return answer(body, headers=(f"Content-Encoding: {encoding}",))


def twice(connection: socket.socket, _: Request) -> None:
    """Ten megabytes, packed twice."""
    body = gzip.compress(gzip.compress(bytes(10 * 1024 * 1024)))
    answer(body, headers=("Content-Encoding: gzip, gzip",))(connection, _)


HEADS: dict[str, tuple[Handler, str]] = {
    "nothing": (raw(b""), "E_NETWORK"),
    "no http": (raw(b"SSH-2.0-OpenSSH_9.0\r\n"), "E_NETWORK"),
    "half a head": (raw(OK + b"X: "), "E_NETWORK"),
    "no status": (raw(b"HTTP/1.1 abc\r\n\r\n"), "E_NETWORK"),
    "two lengths": (raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), "E_NETWORK"),
    "negative length": (raw(OK + b"Content-Length: -1\r\n\r\n"), "E_NETWORK"),
    "folded": (raw(OK + b" X: y\r\n\r\n"), "E_NETWORK"),
    "nul": (raw(OK + b"X: \0\r\n\r\n"), "E_NETWORK"),
    "switched": (raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "E_NETWORK"),
    "one large header": (raw(OK + b"X: " + b"y" * 80_000 + b"\r\n\r\n"), "E_TOO_LARGE"),
    "many headers": (raw(OK + b"X: yyyyyy\r\n" * 9000 + b"\r\n"), "E_TOO_LARGE"),
    "headers without end": (forever(OK, b"X: y\r\n"), "E_TOO_LARGE"),
    "a header without end": (forever(OK + b"X: ", b"y" * 1000), "E_TOO_LARGE"),
    "interim without end": (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "E_TOO_LARGE"),
    "too much is announced": (answer(b"", length=10**12), "E_TOO_LARGE"),
}

BODIES: dict[str, tuple[Handler, str]] = {
    "cut off": (answer(b"hel", length=10), "E_NETWORK"),
    "chunks cut off": (raw(CHUNKED + b"5\r\nhel"), "E_NETWORK"),
    "no last chunk": (raw(CHUNKED + b"5\r\nhello\r\n"), "E_NETWORK"),
    "no chunk size": (raw(CHUNKED + b"zz\r\nhello\r\n"), "E_NETWORK"),
    "a huge chunk size": (raw(CHUNKED + b"f" * 40 + b"\r\nhello\r\n"), "E_NETWORK"),
    "a chunk extension without end": (forever(CHUNKED + b"5;", b"x" * 1000), "E_TOO_LARGE"),
    "trailers without end": (forever(CHUNKED + b"0\r\n", b"X: y\r\n"), "E_TOO_LARGE"),
    "not gzip": (answer(b"hello", headers=("Content-Encoding: gzip",)), "E_NETWORK"),
    "half a gzip": (
        answer(gzip.compress(b"hello" * 99, mtime=0)[:20], headers=("Content-Encoding: gzip",)),
        "E_NETWORK",
    ),
    "without end": (forever(OK + b"\r\n", b"x" * 1000), "E_TOO_LARGE"),
    "chunks without end": (forever(CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n"), "E_TOO_LARGE"),
    "a gzip bomb": (bomb("gzip"), "E_TOO_LARGE"),
    "a deflate bomb": (bomb("deflate"), "E_TOO_LARGE"),
    "a bomb in a bomb": (twice, "E_TOO_LARGE"),
    "empty members without end": (
        forever(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"", mtime=0) * 50),
        "E_NETWORK",
    ),
    "a head of gzip without end": (
        forever(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x10" + bytes(6), b"n" * 1000),
        "E_TOO_LARGE",
    ),
}


def test_heads_that_are_none(tmp_path: Path) -> None:
    """The request fails with a code, and the connection is closed."""
    handlers = {f"/{at}": handler for at, (handler, _) in enumerate(HEADS.values())}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:
        for at, (name, (_, code)) in enumerate(HEADS.items()):
            found = plugin.refused(server.url(f"/{at}"))
            assert found[0] == code, (name, found)
            assert found[1].startswith(f"127.0.0.1:{server.port}: "), name
            assert server.gone.acquire(timeout=20), name


def test_bodies_that_are_none(tmp_path: Path) -> None:
    """What came before the error was given; no more than what is allowed, and memory does not grow with a bomb."""
    handlers = {f"/{at}": handler for at, (handler, _) in enumerate(BODIES.values())}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1", **LIMITS) as plugin:
        for at, (name, (_, code)) in enumerate(BODIES.items()):
            body, error = plugin.read(plugin.get(server.url(f"/{at}")))
            assert error is not None, name
            assert error["code"] == code, (name, error)
            assert str(error["message"]).startswith(f"127.0.0.1:{server.port}: "), name
            assert len(body) <= 100_000, name
            assert server.gone.acquire(timeout=20), name


def test_a_stream_may_be_longer_than_what_is_taken_whole(tmp_path: Path) -> None:
    """And has a bound as well."""
    handlers = {"/a": answer(b"x" * 200_000), "/b": forever(OK + b"\r\n", b"x" * 1000)}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1", **LIMITS) as plugin:
        whole, error = plugin.read(plugin.get(server.url("/a")))
        stream, none = plugin.read(plugin.get(server.url("/a")), stream=True)
        endless, late = plugin.read(plugin.get(server.url("/b")), stream=True)

    assert (len(whole) <= 100_000, error and error["code"]) == (True, "E_TOO_LARGE")
    assert (len(stream), none) == (200_000, None)
    assert (len(endless) <= 300_000, late and late["code"]) == (True, "E_TOO_LARGE")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("x-gzip", gzip.compress(b"hel", mtime=0) + gzip.compress(b"lo", mtime=0)),
        ("GZIP", gzip.compress(b"hello", mtime=0) + bytes(8)),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("identity", b"hello"),
        ("gzip, deflate", zlib.compress(gzip.compress(b"hello", mtime=0))),
        ("zstd", b"hello"),
    ],
)
def test_codings_are_undone(tmp_path: Path, headers: str, body: bytes) -> None:
    """Those that are known; another is left as it is."""
    handlers = {"/": answer(body, headers=(f"Content-Encoding: {headers}",))}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:
        assert plugin.read(plugin.get(server.url())) == (b"hello", None)

    assert server.requests[0].get("accept-encoding") == ["gzip, deflate"]


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 None"), ("GET", "304 Not Modified")]
)
def test_what_has_no_body_is_done_at_once(tmp_path: Path, method: str, status: str) -> None:
    """Nothing stays open for it, whatever its length says."""
    handlers = {"/": answer(b"", status, length=100)}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:
        head = plugin.get(server.url(), method=method)
        ok, value = plugin.ask("http.read", {"id": head["id"]})

    assert head["done"] is True
    assert (ok, value["code"]) == (False, "E_NOT_FOUND")


def slowly(connection: socket.socket, _: Request) -> None:
    """A byte, and then nothing: what a slow loris does."""
    connection.sendall(OK + b"Content-Length: 100\r\n\r\nx")
    wait_for_end(connection)


@pytest.mark.parametrize("handler", [silent(), silent(b"H"), silent(OK + b"X: ")])
def test_a_server_that_does_not_answer_is_left(tmp_path: Path, handler: Handler) -> None:
    """When the plugin's own deadline has passed."""
    with Server({"/": handler}) as server, client(tmp_path, "127.0.0.1") as plugin:
        found = plugin.refused(server.url(), timeout_ms=50)
        assert server.is_left()

    assert found == ("E_TIMEOUT", f"127.0.0.1:{server.port}: it took too long")


def test_the_deadline_holds_for_the_body_too(tmp_path: Path) -> None:
    """The operator's, when the plugin has none."""
    with (
        Server({"/": slowly}) as server,
        client(tmp_path, "127.0.0.1", max_time_ms=300) as plugin,
    ):
        ok, head = plugin.request(server.url())
        # On a slow machine the head itself may be late.
        code = plugin.read(head)[1] if ok else head
        assert server.is_left()

    assert code is not None
    assert code["code"] == "E_TIMEOUT"


def test_a_body_that_nobody_reads_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is not kept for ever."""
    monkeypatch.setattr(http_exchange, "UNREAD_S", 0.05)
    with Server({"/": slowly}) as server, client(tmp_path, "127.0.0.1") as plugin:
        head = plugin.get(server.url())
        hub = plugin.stage.runtime.http
        plugin.stage.until(lambda: not hub._exchanges)
        assert server.gone.acquire(timeout=20)
        ok, value = plugin.ask("http.read", {"id": head["id"]})

    assert (ok, value["code"]) == (False, "E_NOT_FOUND")


def test_a_request_is_cancelled_wherever_it_is(tmp_path: Path) -> None:
    """While it waits for the head; while the body is read; while nobody reads. The server sees the end."""
    with (
        Server({"/silent": silent(), "/slow": slowly}) as server,
        client(tmp_path, "127.0.0.1") as plugin,
    ):
        number = plugin.send("http.request", {"url": server.url("/silent")})
        plugin.stage.until(lambda: server.requests)
        plugin.forget(number)
        plugin.stage.until(lambda: server.gone.acquire(blocking=False))

        head = plugin.get(server.url("/slow"))
        plugin.ask("http.read", {"id": head["id"]})
        plugin.send("http.read", {"id": head["id"]})
        answers = [plugin.ask("http.cancel", {"id": head["id"]}), plugin.take()]
        assert {str(value.get("code")) for _, value in answers} == {"None", "E_CANCELLED"}
        plugin.stage.until(lambda: server.gone.acquire(blocking=False))

        other = plugin.get(server.url("/slow"))
        assert plugin.ask("http.cancel", {"id": other["id"]}) == (True, {})
        assert plugin.ask("http.cancel", {"id": other["id"]}) == (True, {})
        plugin.stage.until(lambda: server.gone.acquire(blocking=False))

        plugin.stage.until(lambda: not plugin.stage.runtime.http._exchanges)


def test_a_worker_leaves_nothing_open(tmp_path: Path) -> None:
    """It dies with one request unanswered and another half read."""
    with (
        Server({"/silent": silent(), "/slow": slowly}) as server,
        client(tmp_path, "127.0.0.1") as plugin,
    ):
        plugin.get(server.url("/slow"))
        plugin.send("http.request", {"url": server.url("/silent")})
        plugin.stage.until(lambda: len(server.requests) == 2)
        plugin.worker.die()
        for _ in range(2):
            plugin.stage.until(lambda: server.gone.acquire(blocking=False))

        plugin.stage.until(lambda: not plugin.stage.runtime.http._exchanges)


def test_a_host_that_closes_leaves_nothing_open(tmp_path: Path) -> None:
    """With requests under way, in a resolver that hangs too: it does not wait for it."""
    with Server({"/silent": silent(), "/slow": slowly}) as server:
        with client(tmp_path, "127.0.0.1") as plugin:
            plugin.get(server.url("/slow"))
            plugin.send("http.request", {"url": server.url("/silent")})
            plugin.stage.until(lambda: len(server.requests) == 2)
        for _ in range(2):
            assert server.gone.acquire(timeout=20)


def test_no_more_than_so_many_are_open(tmp_path: Path) -> None:
    """One that is read to the end makes room."""
    with (
        Server({"/": answer(), "/slow": slowly}) as server,
        client(tmp_path, "127.0.0.1", max_open=2) as plugin,
    ):
        heads = [plugin.get(server.url("/slow")) for _ in range(2)]
        code, message = plugin.refused(server.url())
        plugin.ask("http.cancel", {"id": heads[0]["id"]})
        plugin.stage.until(lambda: server.gone.acquire(blocking=False))
        again = plugin.get(server.url())

    assert (code, again["status"]) == ("E_QUOTA", 200)
    assert "http.max_open raises it" in message


def test_one_plugin_does_not_take_all_threads(tmp_path: Path) -> None:
    """Its requests wait for each other; those beyond its share are made when one of its own is over."""
    more = http_hub.THREADS_EACH + 1
    with (
        Server({"/silent": silent(), "/": answer()}) as server,
        client(tmp_path, "127.0.0.1") as plugin,
    ):
        numbers = [
            plugin.send("http.request", {"url": server.url("/silent")}) for _ in range(more)
        ]
        plugin.stage.until(lambda: len(server.requests) == http_hub.THREADS_EACH)
        hub = plugin.stage.runtime.http
        ran: list[object] = []
        hub.run("another", lambda: 1, ran.append)
        plugin.stage.until(lambda: ran)
        assert len(server.requests) == http_hub.THREADS_EACH
        plugin.forget(numbers[0])
        plugin.stage.until(lambda: len(server.requests) == more)


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    """After a hundred requests, whole, broken and refused ones."""
    handlers = {"/": answer(), "/cut": answer(b"x", length=9), "/none": raw(b"")}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:

        def some() -> None:
            plugin.read(plugin.get(server.url()))
            plugin.read(plugin.get(server.url("/cut")))
            plugin.refused(server.url("/none"))
            plugin.request("http://127.0.0.1:1/")
            for _ in range(3):
                plugin.stage.until(lambda: server.gone.acquire(blocking=False))
            plugin.stage.until(lambda: server.connections == 0)

        some()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(25):
            some()

        # Not at once: a thread of the server or of the host may be about to close its own.
        plugin.stage.until(lambda: len(os.listdir("/proc/self/fd")) <= before)


def secure(plugin: Client, server: Server, host: str) -> tuple[bool, Json]:
    """Ask *server* as *host*; whether it answered, or why not."""
    ok, value = plugin.request(f"https://{host}:{server.port}/")
    return ok, value.get("message")


def test_certificates_are_verified(tmp_path: Path) -> None:
    """For the name of the URL, by an authority that the operator trusts; the address is what it was resolved to."""
    trusted, other = trustme.CA(), trustme.CA()
    ca_file = tmp_path / "ca.pem"
    trusted.cert_pem.write_to_path(str(ca_file))
    names = Names({"good.example": [["127.0.0.1"]], "evil.example": [["127.0.0.1"]]})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted.issue_cert("good.example").configure_cert(context)
    bad = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.issue_cert("good.example").configure_cert(bad)
    with (
        Server({"/": answer()}, tls=context) as server,
        Server({"/": answer()}, tls=bad) as stranger,
        Server({"/": answer()}) as plain,
        client(
            tmp_path, "good.example", "evil.example", names=names, ca_file=str(ca_file)
        ) as plugin,
    ):
        assert secure(plugin, server, "good.example") == (True, None)
        for where, host, why in (
            (server, "evil.example", "its certificate is not trusted: Hostname mismatch"),
            (stranger, "good.example", "its certificate is not trusted: unable to get local"),
            (plain, "good.example", "TLS failed"),
        ):
            ok, told = secure(plugin, where, host)
            assert not ok
            assert str(told).startswith(f"{host}:{where.port}: {why}"), told


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_reset_before_tls_leaves_no_socket_open(*, is_ours: bool) -> None:
    """Python's own class, the control, is left to the collector, which complains of it."""
    context = http_connection.tls_context(None)
    if not is_ours:
        context.sslsocket_class = ssl.SSLSocket
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()  # a reset
        select.select([near], [], [])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with pytest.raises(ConnectionResetError):
                context.wrap_socket(
                    near, server_hostname="good.example", do_handshake_on_connect=False
                )
            near.close()
            gc.collect()

    assert [warning.category for warning in told] == ([] if is_ours else [ResourceWarning])


def test_a_proxy_carries_tls_through(tmp_path: Path) -> None:
    """The operator's: it is asked for the name, sees no more than that, and the server's certificate is verified."""
    trusted = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    trusted.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted.issue_cert("good.example").configure_cert(context)
    with Server({"/": answer(b"secret")}, tls=context) as server:

        def tunnel(connection: socket.socket, _: Request) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port)) as far:
                ends = {connection: far, far: connection}
                while True:
                    for end in select.select(list(ends), [], [])[0]:
                        data = end.recv(65536)
                        if not data:
                            return
                        ends[end].sendall(data)

        names = Names({})
        with (
            Server({"good.example:443": tunnel, "evil.example:443": tunnel}) as proxy,
            client(
                tmp_path,
                "good.example",
                "evil.example",
                names=names,
                ca_file=str(ca_file),
                proxy=f"http://127.0.0.1:{proxy.port}",
            ) as plugin,
        ):
            body, _ = plugin.read(plugin.get("https://good.example/"))
            evil = plugin.refused("https://evil.example/")
            denied = plugin.refused("https://other.example/")
            inner = plugin.refused("http://127.0.0.1/")

    assert (body, [sent.method for sent in proxy.requests]) == (b"secret", ["CONNECT"] * 2)
    assert evil[0] == "E_NETWORK"
    assert "Hostname mismatch" in evil[1]
    assert denied[0] == inner[0] == "E_DENIED"
    assert names.asked == []
