"""``fetch``, ``pi.http`` and ``ctx`` in real workers, against servers on loopback."""

import asyncio
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost, PluginHost
from host.audit import Kind
from host.config import Config
from host.outcome import Json
from tests.hostcalls.http.server import Request, Server, answer, redirect, wait_for_end

Run = Callable[[str], Json]

PLUGIN = """
export default (pi) => {{
  pi.on("UserPromptSubmit", async (event, output, ctx) => {{
    const url = event.content;
    const told = (error) => ({{ name: error.name, code: error.code, message: error.message, cause: error.cause?.code }});
    let result;
    try {{
      result = await (async () => {{ {body} }})();
    }} catch (error) {{
      result = {{ error: told(error) }};
    }}
    return {{ modified_prompt: JSON.stringify(result === undefined ? null : result) }};
  }});
}};
"""


def pieces(connection: socket.socket, _: Request) -> None:
    """Three pieces, the next one when somebody has taken the one before and asked for it."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for text in (b"one", b"two", b"three"):
        connection.sendall(b"%x\r\n%s\r\n" % (len(text), text))
    connection.sendall(b"0\r\n\r\n")


def endless(connection: socket.socket, _: Request) -> None:
    """A piece, and then nothing."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\none")
    wait_for_end(connection)


def hanging(connection: socket.socket, _: Request) -> None:
    """No answer at all."""
    wait_for_end(connection)


def mirror(connection: socket.socket, request: Request) -> None:
    """What came, as JSON."""
    shown = {
        "method": request.method,
        "target": request.target,
        "headers": {name.lower(): value for name, value in request.headers},
        "body": request.body.decode(),
    }
    body = json.dumps(shown).encode()
    answer(
        body, headers=("Content-Type: application/json", "Set-Cookie: a=1", "Set-Cookie: b=2")
    )(connection, request)


@pytest.fixture
def server() -> Iterator[Server]:
    """Everything that the tests ask for."""
    handlers = {
        "/": answer(b"hello", headers=("Content-Type: text/plain",)),
        "/gzip": answer(gzip.compress(b"hello" * 1000), headers=("Content-Encoding: gzip",)),
        "/pieces": pieces,
        "/endless": endless,
        "/hanging": hanging,
        "/mirror": mirror,
        "/moved": redirect("/"),
        "/none": answer(b"", "204 None"),
        "/big": answer(bytes(300_000)),
    }
    with Server(handlers) as made:
        yield made


def run(
    server: Server, folder: Path, body: str, path: str = "/", *, allowed: bool = True
) -> Json:
    """What *body* returns, in a plugin that may reach the server; ``url`` is *path* on it."""
    (folder / "plugin.js").write_text(PLUGIN.format(body=body))
    allow = {"http_hosts": ("127.0.0.1",)} if allowed else {}
    config = Config.model_validate({"allow": allow, "timeouts": {"actionable_ms": 60_000}})
    with BlockingPluginHost(config, project_dir=folder, home=folder / "home") as host:
        host.load(folder / "plugin.js")
        outcome = host.dispatch("UserPromptSubmit", {"content": server.url(path)})
        assert outcome.output, outcome
        if not allowed:
            (entry,) = host.audit.recent(10, kind=Kind.DECISION)
            assert entry.data is not None
            assert entry.data["decision"] == "deny"
    result: Json = json.loads(str(outcome.output["modified_prompt"]))
    return result


def test_fetch_gives_a_response(server: Server, tmp_path: Path) -> None:
    """With all that belongs to it; several of them at once."""
    body = """
      const [plain, moved, none, packed] = await Promise.all(
        ["", "moved", "none", "gzip"].map((path) => fetch(url + path)));
      return [
        plain.ok, plain.status, plain.statusText, plain.type, plain.url === url, plain.headers.get("content-type"), await plain.text(),
        moved.redirected, moved.url === url, none.status, none.body, (await packed.text()).length,
      ];
    """
    assert run(server, tmp_path, body) == [
        *(True, 200, "OK", "basic", True, "text/plain", "hello"),
        *(True, True, 204, None, 5000),
    ]


def test_fetch_sends_what_it_is_given(server: Server, tmp_path: Path) -> None:
    """Every kind of body, with its type; a Request; headers."""
    body = """
      const form = new FormData();
      form.append("a", "1");
      const stream = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("streamed")); c.close(); } });
      const bodies = ["text", new Uint8Array([104, 105]), new URLSearchParams({ q: "ä" }), new Blob(["blob"], { type: "a/b" }), form];
      const shown = [];
      for (const one of bodies) {
        const echo = await (await fetch(url, { method: "POST", body: one })).json();
        shown.push([echo.headers["content-type"]?.split(";")[0] ?? null, echo.body.includes("form-data") ? "a form" : echo.body]);
      }
      const request = new Request(url + "?q=1", { method: "PUT", body: stream, duplex: "half", headers: { "X-Own": "yes" } });
      const response = await fetch(request);
      const echo = await response.json();
      return [shown, echo.method, echo.target, echo.body, echo.headers["x-own"], response.headers.getSetCookie(), request.bodyUsed];
    """
    assert run(server, tmp_path, body, "/mirror") == [
        [
            ["text/plain", "text"],
            [None, "hi"],
            ["application/x-www-form-urlencoded", "q=%C3%A4"],
            ["a/b", "blob"],
            ["multipart/form-data", "a form"],
        ],
        *("PUT", "/mirror?q=1", "streamed", "yes", ["a=1", "b=2"], True),
    ]


def test_pi_http(server: Server, tmp_path: Path) -> None:
    """get, post and request; data becomes JSON."""
    body = """
      const show = async (response) => { const { method, body, headers } = await response.json(); return [method, body, headers["content-type"] ?? null]; };
      return [
        await show(await pi.http.get(url)),
        await show(await pi.http.post(url, { a: 1 })),
        await show(await pi.http.post(url, "text")),
        await show(await pi.http.request({ url, method: "PATCH", json: [1] })),
        await show(await pi.http.request(url, { method: "DELETE" })),
        await show(await ctx.http.get(url)),
        await show(await ctx.fetch(url)),
        Object.isFrozen(pi.http), pi.http === pi.http,
      ];
    """
    assert run(server, tmp_path, body, "/mirror") == [
        ["GET", "", None],
        ["POST", '{"a":1}', "application/json"],
        ["POST", "text", "text/plain;charset=UTF-8"],
        ["PATCH", "[1]", "application/json"],
        ["DELETE", "", None],
        ["GET", "", None],
        ["GET", "", None],
        True,
        True,
    ]


def test_a_body_is_a_stream(server: Server, tmp_path: Path) -> None:
    """Read piece by piece, teed, and given up half way, which closes the connection."""
    body = """
      const decode = (bytes) => new TextDecoder().decode(bytes);
      const parts = [];
      for await (const part of (await fetch(url)).body) parts.push(decode(part));
      const response = await fetch(url);
      const copy = response.clone();
      const both = await Promise.all([response.text(), copy.text()]);
      const reader = (await fetch(url.replace("pieces", "endless"))).body.getReader();
      const first = decode((await reader.read()).value);
      await reader.cancel();
      const big = await (await fetch(url.replace("pieces", "big"))).arrayBuffer();
      return [parts.join(""), both, first, big.byteLength];
    """
    assert run(server, tmp_path, body, "/pieces") == [
        *("onetwothree", ["onetwothree"] * 2, "one", 300_000),
    ]
    for _ in range(4):
        assert server.gone.acquire(timeout=20)


def test_a_signal_aborts(server: Server, tmp_path: Path) -> None:
    """Before the head, in the body, and after the fact; the connection is closed, and the reason is the signal's."""
    body = """
      const aborted = async (start) => { try { await start(); return "not"; } catch (error) { return [error.name, error.message]; } };
      const first = new AbortController();
      const hanging = fetch(url.replace("endless", "hanging"), { signal: first.signal });
      setTimeout(() => first.abort(new RangeError("enough")), 1);
      const results = [await aborted(() => hanging)];
      const second = new AbortController();
      const response = await fetch(url, { signal: second.signal });
      const reader = response.body.getReader();
      await reader.read();
      const next = reader.read();
      second.abort();
      results.push((await aborted(() => next))[0]);
      const third = new AbortController();
      const whole = await fetch(url, { signal: third.signal });
      setTimeout(() => third.abort(), 1);
      results.push((await aborted(() => whole.text()))[0]);
      results.push((await aborted(() => fetch(url.replace("endless", "hanging"), { signal: AbortSignal.timeout(5) })))[0]);
      return results;
    """
    assert run(server, tmp_path, body, "/endless") == [
        *(["RangeError", "enough"], "AbortError", "AbortError", "TimeoutError"),
    ]
    assert server.is_left()


def test_what_is_denied_can_be_caught(server: Server, tmp_path: Path) -> None:
    """An Error with a code, whose message names the host. Nothing was sent, and it is in the audit."""
    found = run(server, tmp_path, "await fetch(url);", allowed=False)

    assert found == {
        "error": {
            "name": "TypeError",
            "code": "E_DENIED",
            "cause": "E_DENIED",
            "message": f"fetch failed: http_hosts: 127.0.0.1:{server.port}: not allowed (deny.private)",
        }
    }
    assert server.requests == []


def test_a_timeout_can_be_caught(server: Server, tmp_path: Path) -> None:
    """The plugin's own, of one request."""
    found = run(server, tmp_path, "await pi.http.get(url, { timeoutMs: 30 });", "/hanging")

    assert isinstance(found, dict)
    assert isinstance(found["error"], dict)
    assert found["error"]["code"] == "E_TIMEOUT"


def test_work_of_a_handler_ends_with_it(server: Server, tmp_path: Path) -> None:
    """What ctx started is cancelled at the deadline; what ``fetch`` started goes on."""
    source = """
      export default (pi) => {
        pi.on("UserPromptSubmit", async (event, output, ctx) => {
          const [mine, its] = event.content.split(" ");
          const kept = (await fetch(its)).text();
          kept.then((text) => pi.kv.set("kept", text), (error) => pi.kv.set("kept", error.code));
          const response = await ctx.fetch(mine);
          await response.body.getReader().read();
          await ctx.fetch(mine.replace("endless", "hanging"));
        });
        pi.on("Notification", () => ({ modified_message: String(pi.kv.get("kept")) }));
      };
    """
    (tmp_path / "plugin.js").write_text(source)
    config = Config.model_validate(
        {"allow": {"http_hosts": ("127.0.0.1",)}, "timeouts": {"actionable_ms": 1500}}
    )
    with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "plugin.js")
        content = f"{server.url('/endless')} {server.url('/')}"
        outcome = host.dispatch("UserPromptSubmit", {"content": content})
        assert server.is_left()  # the body that was open, and the one that waited
        after = host.dispatch("Notification", {"level": "info", "message": "x"})

    assert outcome.results[0].status.value == "timed_out"
    assert after.output["modified_message"] == "hello"


@pytest.mark.asyncio
async def test_an_event_loop_goes_on_meanwhile(server: Server, tmp_path: Path) -> None:
    """In an asyncio program too nothing waits for a server but the plugin: another event has its answer first."""
    source = """
      export default (pi) => {
        pi.on("UserPromptSubmit", async (event) => {
          const response = await fetch(event.content);
          return { modified_prompt: await response.text() };
        });
        pi.on("Notification", () => ({ modified_message: "at once" }));
      };
    """
    (tmp_path / "plugin.js").write_text(source)
    config = Config.model_validate(
        {"allow": {"http_hosts": ("127.0.0.1",)}, "timeouts": {"actionable_ms": 60_000}}
    )
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: socket.socket, request: Request) -> None:
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(30)
        answer(b"late")(connection, request)

    server.handlers["/slow"] = slow
    async with PluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
        await host.load(tmp_path / "plugin.js")
        content = {"content": server.url("/slow")}
        waiting = asyncio.create_task(host.dispatch("UserPromptSubmit", content))
        quick = await host.dispatch("Notification", {"level": "info", "message": "x"})
        assert not waiting.done()
        go_on.set()
        late = await waiting

    assert quick.output["modified_message"] == "at once"
    assert late.output["modified_prompt"] == "late"
