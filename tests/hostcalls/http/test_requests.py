"""``http.request`` and ``http.read`` against a server on loopback."""

import socket
from pathlib import Path

import pytest

from host.audit import Kind
from tests.hostcalls.http.client import client
from tests.hostcalls.http.server import Request, Server, answer, redirect


def echo(connection: socket.socket, request: Request) -> None:
    """Answer with what came."""
    lines = [f"{request.method} {request.target}", *(f"{k}: {v}" for k, v in request.headers)]
    answer("\n".join(lines).encode() + b"\n\n" + request.body)(connection, request)


def test_a_page_is_fetched(tmp_path: Path) -> None:
    """Status, headers in their order, and the body when it is read."""
    handler = answer(b"hello", "203 Fine", ("X-A: 1", "Set-Cookie: a=1", "Set-Cookie: b=2"))
    with Server({"/page": handler}) as server, client(tmp_path, "127.0.0.1") as plugin:
        head = plugin.get(server.url("/page?q=1#part"))
        body, error = plugin.read(head)
        (entry,) = plugin.stage.entries(Kind.DECISION)

    assert (head["status"], head["status_text"], head["redirected"]) == (203, "Fine", False)
    assert head["url"] == server.url("/page?q=1")
    assert head["headers"] == [
        ["X-A", "1"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Content-Length", "5"],
        ["Connection", "close"],
    ]
    assert (body, error) == (b"hello", None)
    assert entry.data is not None
    assert (entry.code, entry.data["target"]) == ("allow.global", f"127.0.0.1:{server.port}")


def test_what_is_sent(tmp_path: Path) -> None:
    """Method, headers and body are the plugin's; those of the connection are ours."""
    with Server({"/": echo}) as server, client(tmp_path, "127.0.0.1") as plugin:
        head = plugin.get(
            server.url("/?a=b c".replace(" ", "%20")),
            method="POST",
            headers=[
                ["X-Own", "yes"],
                ["Host", "evil.example"],
                ["Content-Length", "1000"],
                ["Transfer-Encoding", "chunked"],
                ["Connection", "keep-alive"],
            ],
            body="täxt",
        )
        body, _ = plugin.read(head)
    (sent,) = server.requests

    assert (sent.method, sent.target, sent.body) == ("POST", "/?a=b%20c", "täxt".encode())
    assert sent.get("host") == [f"127.0.0.1:{server.port}"]
    assert sent.get("content-length") == ["5"]
    assert sent.get("connection") == ["close"]
    assert sent.get("transfer-encoding") == []
    assert sent.get("x-own") == ["yes"]
    assert body.endswith("täxt".encode())


def test_nothing_of_the_environment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy variable, a netrc, a cookie from before: none of them has a part in it."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    handlers = {"/": answer(headers=("Set-Cookie: a=1",))}
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:
        for _ in range(2):
            plugin.read(plugin.get(server.url()))

    for sent in server.requests:
        assert sent.get("cookie") == sent.get("authorization") == []


def test_the_operators_proxy_is_used(tmp_path: Path) -> None:
    """It gets the whole URL, and its own password and nobody else's."""
    with (
        Server({"http://example.com/x": answer(b"by proxy")}) as proxy,
        client(
            tmp_path, "example.com", "*:8080", proxy=f"http://ada:pw@127.0.0.1:{proxy.port}"
        ) as plugin,
    ):
        proxy.handlers["http://93.184.216.34:8080/"] = answer(b"an address")
        by_address, _ = plugin.read(plugin.get("http://93.184.216.34:8080/"))
        body, _ = plugin.read(plugin.get("http://example.com/x"))

    assert (by_address, body) == (b"an address", b"by proxy")
    sent = proxy.requests[1]
    assert sent.get("proxy-authorization") == ["Basic YWRhOnB3"]
    assert sent.get("host") == ["example.com"]


@pytest.mark.parametrize(
    ("status", "method", "becomes", "keeps"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "HEAD", "HEAD", False),
        (307, "POST", "POST", True),
        (308, "PUT", "PUT", True),
        (302, "PUT", "PUT", True),
    ],
)
def test_redirects_change_the_method_as_fetch_says(
    tmp_path: Path, status: int, method: str, becomes: str, keeps: bool
) -> None:
    """And a body goes with its headers."""
    handlers = {"/a": redirect("/b", status), "/b": answer()}
    body = None if method == "HEAD" else "data"
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:
        head = plugin.get(
            server.url("/a"), method=method, body=body, headers=[["Content-Type", "text/plain"]]
        )
    first, second = server.requests

    assert (first.method, second.method) == (method, becomes)
    assert second.body == (b"data" if keeps else b"")
    assert bool(second.get("content-type")) == (keeps or method == "HEAD")
    assert (head["redirected"], head["url"]) == (True, server.url("/b"))


def test_credentials_are_not_for_another_origin(tmp_path: Path) -> None:
    """On the same one they stay."""
    with Server({"/": answer()}) as other, Server({}) as server:
        server.handlers["/same"] = redirect("/there")
        server.handlers["/there"] = redirect(other.url())
        headers = [["Authorization", "Bearer x"], ["Cookie", "a=1"], ["X-Own", "1"]]
        with client(tmp_path, "127.0.0.1") as plugin:
            plugin.get(server.url("/same"), headers=headers)

    assert server.requests[1].get("authorization") == ["Bearer x"]
    assert other.requests[0].get("authorization") == other.requests[0].get("cookie") == []
    assert other.requests[0].get("x-own") == ["1"]


def test_redirects_end(tmp_path: Path) -> None:
    """After five; on demand, with the first or not at all."""
    handlers = {f"/{n}": redirect(f"/{n + 1}") for n in range(9)} | {"/5": answer(b"there")}
    handlers["/loop"] = redirect("/loop")
    with Server(handlers) as server, client(tmp_path, "127.0.0.1") as plugin:
        five = plugin.get(server.url("/0"))
        six = plugin.refused(server.url("/loop"))
        manual = plugin.get(server.url("/0"), redirect="manual")
        error = plugin.refused(server.url("/0"), redirect="error")

    assert five["status"] == 200
    assert six == ("E_NETWORK", f"127.0.0.1:{server.port}: it redirects more than 5 times")
    assert (manual["status"], manual["redirected"]) == (302, False)
    assert error[0] == "E_NETWORK"
