"""``node:http`` as a client: the same program in a worker and under Node, against the same server."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.hostcalls.http.server import Server, answer, raw, redirect
from tests.hostcalls.http.test_fetch import endless, mirror, run

PROGRAMS = {
    "get": """
      const http = require("node:http");
      const res = await new Promise((resolve, reject) => http.get(url, resolve).on("error", reject));
      res.setEncoding("utf8");
      let text = "";
      for await (const part of res) text += part;
      return [res.statusCode, res.statusMessage, res.headers["x-one"], res.headers["set-cookie"], res.httpVersion, text, res.complete];
    """,
    "post": """
      const http = require("http");
      const { hostname, port } = new URL(url);
      const text = await new Promise((resolve, reject) => {
        const req = http.request({ hostname, port, path: "/mirror?q=1", method: "POST", headers: { "X-Own": ["a", "b"], "Content-Type": "text/plain" } }, (res) => {
          const parts = [];
          res.on("data", (part) => parts.push(part));
          res.on("end", () => resolve(Buffer.concat(parts).toString()));
        });
        req.on("error", reject);
        req.setHeader("X-More", "1");
        req.write("one ");
        req.write(Buffer.from("two "));
        req.end("three");
      });
      const { method, target, body, headers } = JSON.parse(text);
      return [method, target, headers["x-more"], headers["content-type"]];
    """,
    "redirects are not followed": """
      const res = await new Promise((resolve, reject) => require("http").get(url + "moved", resolve).on("error", reject));
      res.resume();
      await new Promise((resolve) => res.on("end", resolve));
      return [res.statusCode, res.headers.location];
    """,
    "headers": """
      const http = require("http");
      const req = http.request(url, { method: "PUT", headers: { A: "1" } });
      req.on("error", () => {});
      req.setHeader("b", 2);
      req.removeHeader("a");
      const refused = [];
      for (const [name, value] of [["a b", "1"], ["c", "x\\ny"], ["d", undefined]]) {
        try { req.setHeader(name, value); } catch (error) { refused.push(error.code); }
      }
      const shown = [req.getHeader("B"), req.hasHeader("a"), req.getHeaderNames().includes("b"), req.method, req.path, refused];
      req.destroy();
      return shown;
    """,
    "what is wrong at once": """
      const http = require("http");
      const codes = [];
      for (const input of ["no url", "https://x.example/", { path: "/a b" }, { method: "a b" }]) {
        try { http.request(input).on("error", () => {}).destroy(); codes.push("made"); } catch (error) { codes.push(error.code); }
      }
      return codes;
    """,
    "nobody listens": """
      const error = await new Promise((resolve) => require("http").get("http://127.0.0.1:8/").on("error", resolve));
      return [error instanceof Error, error.code === "ECONNREFUSED" || error.code];
    """,
    "no answer": """
      const error = await new Promise((resolve) => require("http").get(url + "broken").on("error", resolve));
      return error.code;
    """,
    "a time that is too long": """
      const http = require("http");
      const seen = [];
      await new Promise((resolve) => {
        const req = http.get(url + "endless", { timeout: 50 }, (res) => { res.on("error", (error) => seen.push(error.code)); res.resume(); });
        req.on("timeout", () => { seen.push("timeout"); req.destroy(); });
        req.on("error", (error) => seen.push(error.code));
        req.on("close", () => setTimeout(resolve, 1));
      });
      return seen;
    """,
    "given up before it is answered": """
      const seen = [];
      await new Promise((resolve) => {
        const req = require("http").get(url + "endless");
        req.on("error", (error) => seen.push(error.code)).on("close", () => resolve());
        req.destroy();
      });
      return seen;
    """,
    "a signal": """
      const controller = new AbortController();
      const error = await new Promise((resolve) => {
        require("http").get(url + "endless", { signal: controller.signal }).on("error", resolve);
        controller.abort();
      });
      return [error.name, error.code];
    """,
    "packed": """
      const res = await new Promise((resolve, reject) => require("http").get(url + "plain", resolve).on("error", reject));
      const parts = [];
      for await (const part of res) parts.push(part);
      return Buffer.concat(parts).length;
    """,
    "constants": """
      const http = require("http");
      return [http.STATUS_CODES[404], http.METHODS.includes("PATCH"), typeof http.Agent, typeof http.globalAgent, typeof require("https").get];
    """,
}
_NODE = """
const url = process.argv[1];
(async () => {{ {body} }})().then((value) => {{ console.log(JSON.stringify(value === undefined ? null : value)); process.exit(0); }});
"""


def server() -> Server:
    """What the programs ask for."""
    return Server(
        {
            "/": answer(
                b"hello", "200 Fine", ("X-One: 1", "X-One: 2", "Set-Cookie: a", "Set-Cookie: b")
            ),
            "/mirror": mirror,
            "/moved": redirect("/"),
            "/broken": raw(b""),
            "/endless": endless,
            "/plain": answer(b"x" * 100_000),
        }
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_as_under_node(tmp_path: Path, name: str) -> None:
    """What a program gives in a worker it gives under Node."""
    body = PROGRAMS[name]
    with server() as serving:
        here = run(serving, tmp_path, body)
        done = subprocess.run(
            ["node", "-e", _NODE.format(body=body), serving.url()],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    assert here == json.loads(done.stdout)


def test_what_is_denied_is_an_error_of_node(tmp_path: Path) -> None:
    """With the code that Node's programs know, and the capability in the message."""
    body = """
      const error = await new Promise((resolve) => require("http").get(url).on("error", resolve));
      return [error.code, error.cause.code, error.message.startsWith("http_hosts: 127.0.0.1:")];
    """
    with server() as serving:
        assert run(serving, tmp_path, body, allowed=False) == ["EACCES", "E_DENIED", True]
        assert serving.requests == []


def test_there_are_no_servers(tmp_path: Path) -> None:
    """It can be imported, and says so when it is used."""
    body = """
      const codes = [];
      for (const name of ["http", "https"]) try { require(name).createServer(); } catch (error) { codes.push(error.code); }
      return codes;
    """
    with server() as serving:
        assert run(serving, tmp_path, body) == ["E_NEVER", "E_NEVER"]


def test_what_was_unpacked_says_so(tmp_path: Path) -> None:
    """A client that unpacks by itself must not try to: the header is gone."""
    import gzip

    body = """
      const res = await new Promise((resolve, reject) => require("http").get(url, resolve).on("error", reject));
      const parts = [];
      for await (const part of res) parts.push(part);
      return [res.headers["content-encoding"] ?? null, Buffer.concat(parts).toString()];
    """
    packed = answer(gzip.compress(b"hello"), headers=("Content-Encoding: gzip",))
    with Server({"/": packed}) as serving:
        assert run(serving, tmp_path, body) == [None, "hello"]


def test_undici_is_the_hosts(tmp_path: Path) -> None:
    """The package cannot work in a worker; what plugins take of it does."""
    body = """
      const { request, fetch: its, Headers: list } = require("undici");
      const { statusCode, headers, body } = await request(url + "mirror", { method: "POST", query: { q: 1 }, headers: { "x-own": "1" }, body: "data" });
      const echo = await body.json();
      return [statusCode, headers["content-type"], echo.method, echo.target, echo.body, echo.headers["x-own"], its === fetch, list === Headers];
    """
    with server() as serving:
        assert run(serving, tmp_path, body) == [
            *(200, "application/json", "POST", "/mirror?q=1", "data", "1", True, True),
        ]
