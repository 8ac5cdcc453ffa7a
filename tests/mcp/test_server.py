"""``jcode-plugin mcp``, driven by the protocol's own clients: of Python in both eras, and of npm's package."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import mcp_types as types
import pytest
from mcp import Client, MCPError, StdioServerParameters

from host.doors.mcp_shapes import names_for
from host.outcome import JsonObject
from jcode_plugins.answers import ToolInfo
from tests.daemon.running import HANG_S, ROOT, Daemon

PLUGIN: Final = """
export default (pi) => {
  const tool = (name, tier, handler, more) => pi.registerTool({ name, description: name + "s", tier, handler, ...more });
  tool("echo", "read", ({ text }) => "echo " + text, { parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } });
  tool("object", "read", () => ({ output: { a: 1, "é": "ü" } }));
  tool("fails", "read", () => { throw new Error("not today"); });
  tool("large", "read", () => "x".repeat(5000000));
  tool("image", "read", () => ({ output: "see", images: [{ data: "aGk=", mimeType: "image/png" }] }));
  tool("slow", "read", async (params, ctx) => {
    for (let at = 1; at <= 3; at += 1) { ctx.onUpdate("step " + at); await ctx.sleep(20); }
    return "done";
  });
  tool("hangs", "read", async (params, ctx) => { await pi.kv.set("hanging", true); await ctx.sleep(500000); });
  tool("hanging", "read", () => String(pi.kv.get("hanging")));
  tool("runs", "exec", () => "ran");
  let deep = 1;
  for (let at = 0; at < 400; at += 1) deep = { deep };
  tool("halves", "read", (params, ctx) => { ctx.onUpdate("\\ud800"); return { output: { "\\ud800": "\\udc00", deep: [1] } }; },
    { description: "half \\ud800", parameters: { type: "object", description: "\\ud800" } });
  tool("deep", "read", () => ({ output: { deep } }));
  tool("throws", "read", () => { throw new Error("\\ud800"); });
  tool("grow", "read", () => { pi.registerTool({ name: "grown", description: "new", tier: "read", handler: () => "new" }); return "ok"; });
};
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for this file. Nobody answers its questions, so nobody is waited for long."""
    base = tmp_path_factory.mktemp("mcp")
    made = Daemon(base / "home", base / "project")
    made.write("[plugin.timeouts]\napproval_ms = 500\n", {"tools": PLUGIN})
    made.start()
    yield made
    assert made.end() == 0


def server(daemon: Daemon) -> StdioServerParameters:
    """How a client starts the server."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "host", "mcp", "--project", str(daemon.project)],
        env={**daemon.environment(), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )


@asynccontextmanager
async def connected(daemon: Daemon, mode: str) -> AsyncIterator[Client]:
    async with asyncio.timeout(HANG_S), Client(server(daemon), mode=mode) as client:
        yield client


ERAS = ["legacy", "auto"]


def text_of(result: types.CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    return block.text


@pytest.mark.parametrize("mode", ERAS)
def test_tools_are_listed_and_called(daemon: Daemon, mode: str) -> None:
    async def run() -> None:
        async with connected(daemon, mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            echo = tools["plugin_echo"]
            assert echo.input_schema["required"] == ["text"]
            assert echo.annotations is not None
            assert echo.annotations.read_only_hint is True
            assert tools["plugin_runs"].annotations.destructive_hint is True  # type: ignore[union-attr]
            for text in ("hi", "grüße \u2603 \U0001f600", "\u202e<b>"):
                said = await client.call_tool("plugin_echo", {"text": text})
                assert text_of(said) == f"echo {text}"
            both = await client.call_tool("plugin_object", {})
            assert both.structured_content == {"a": 1, "é": "ü"}
            assert json.loads(text_of(both)) == {"a": 1, "é": "ü"}

    asyncio.run(run())


@pytest.mark.parametrize("mode", ERAS)
def test_what_goes_wrong_is_told_in_the_right_way(daemon: Daemon, mode: str) -> None:
    async def run() -> None:
        async with connected(daemon, mode) as client:
            failed = await client.call_tool("plugin_fails", {})
            assert failed.is_error
            assert "not today" in text_of(failed)
            refused = await client.call_tool("plugin_runs", {})
            assert refused.is_error  # nobody is there to be asked
            with pytest.raises(MCPError):
                await client.call_tool("plugin_nothing", {})
            with pytest.raises(MCPError, match="text"):
                await client.call_tool("plugin_echo", {"text": 3})
            assert (
                text_of(await client.call_tool("plugin_echo", {"text": "still"}))
                == "echo still"
            )

    asyncio.run(run())


@pytest.mark.parametrize("mode", ERAS)
def test_nothing_that_a_plugin_says_ends_the_server(daemon: Daemon, mode: str) -> None:
    """Half of a surrogate pair has no UTF-8, and a nest may be too deep to be written."""

    async def run() -> None:
        async with connected(daemon, mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tools["plugin_halves"].description == "half \ufffd (plugin tools)"
            heard: list[object] = []

            async def on_progress(*told: object) -> None:
                heard.append(told)

            said = await client.call_tool("plugin_halves", {}, progress_callback=on_progress)
            assert said.structured_content == {"\ufffd": "\ufffd", "deep": [1]}
            assert (await client.call_tool("plugin_throws", {})).is_error
            deep = await client.call_tool("plugin_deep", {})
            assert deep.structured_content is None
            still = await client.call_tool("plugin_echo", {"text": "still"})
            assert text_of(still) == "echo still"

    asyncio.run(run())


def test_no_tool_takes_the_name_of_another() -> None:
    """Whichever is registered first: the one that is called so is it."""

    def tool(name: str) -> ToolInfo:
        told: JsonObject = {"name": name, "description": "", "tier": "read", "plugin": "p"}
        return ToolInfo({**told, "parameters": None})

    long = "x" * 64
    listed = [tool("a.b"), tool("a_b"), tool(f"{long}y"), tool(long), tool("c.d"), tool("c:d")]
    assert names_for(listed) == {"a_b": "a_b", long: long, "c_d": "c.d"}


@pytest.mark.parametrize("mode", ERAS)
def test_large_results_images_and_fifty_at_once(daemon: Daemon, mode: str) -> None:
    async def run() -> None:
        async with connected(daemon, mode) as client:
            assert len(text_of(await client.call_tool("plugin_large", {}))) == 5_000_000
            seen, image = (await client.call_tool("plugin_image", {})).content
            assert isinstance(seen, types.TextContent)
            assert isinstance(image, types.ImageContent)
            assert (seen.text, image.data, image.mime_type) == ("see", "aGk=", "image/png")
            texts = [str(number) for number in range(50)]
            answers = await asyncio.gather(
                *(client.call_tool("plugin_echo", {"text": text}) for text in texts)
            )
            assert [text_of(one) for one in answers] == [f"echo {text}" for text in texts]

    asyncio.run(run())


@pytest.mark.parametrize("mode", ERAS)
def test_progress_is_passed_on(daemon: Daemon, mode: str) -> None:
    async def run() -> None:
        heard: list[str | None] = []

        async def on_progress(
            progress: float, total: float | None, message: str | None
        ) -> None:
            heard.append(message)

        async with connected(daemon, mode) as client:
            done = await client.call_tool("plugin_slow", {}, progress_callback=on_progress)
            assert text_of(done) == "done"
        assert heard == ["step 1", "step 2", "step 3"]

    asyncio.run(run())


@pytest.mark.parametrize("mode", ERAS)
def test_a_cancelled_call_ends_in_the_daemon(daemon: Daemon, mode: str) -> None:
    async def calls(client: Client) -> int:
        del client
        with daemon.client() as plugins:
            found = plugins.stats()["calls"]
        assert isinstance(found, int)
        return found

    async def run() -> None:
        async with connected(daemon, mode) as client:
            call = asyncio.create_task(client.call_tool("plugin_hangs", {}))
            while text_of(await client.call_tool("plugin_hanging", {})) != "true":
                await asyncio.sleep(0)
            assert await calls(client) >= 2  # that one, and the one that asks
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            while await calls(client) > 1:
                await asyncio.sleep(0)
            assert text_of(await client.call_tool("plugin_echo", {"text": "on"})) == "echo on"

    asyncio.run(run())


def test_a_change_of_the_list_is_announced_to_a_session(daemon: Daemon) -> None:
    async def run() -> None:
        changed = asyncio.Event()

        async def hear(message: object) -> None:
            if isinstance(message, types.ToolListChangedNotification):
                changed.set()

        async with (
            asyncio.timeout(HANG_S),
            Client(server(daemon), mode="legacy", message_handler=hear) as client,
        ):
            before = {tool.name for tool in (await client.list_tools()).tools}
            if "plugin_grown" in before:
                return  # another test of this file made it grow
            await client.call_tool("plugin_grow", {})
            await changed.wait()
            after = {tool.name for tool in (await client.list_tools()).tools}
            assert after - before == {"plugin_grown"}

    asyncio.run(run())


NODE: Final = """
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
const [command, ...args] = JSON.parse(process.argv[1]);
const client = new Client({ name: "test", version: "1" });
await client.connect(new StdioClientTransport({ command, args, env: JSON.parse(process.argv[2]), cwd: process.argv[3] }));
const { tools } = await client.listTools();
const { content } = await client.callTool({ name: "plugin_echo", arguments: { text: "grüße" } });
const failed = await client.callTool({ name: "plugin_fails", arguments: {} });
const unknown = await client.callTool({ name: "plugin_nothing", arguments: {} }).catch((error) => ({ code: error.code }));
await client.close();
console.log(JSON.stringify({ names: tools.map((tool) => tool.name), content, failed, unknown }));
"""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with npm's client, installed without scripts."""
    folder = tmp_path_factory.mktemp("sdk")
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(
        [
            "npm",
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "@modelcontextprotocol/sdk@1.32.2",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def test_npms_client(daemon: Daemon, sdk: Path) -> None:
    line = [sys.executable, "-m", "host", "mcp", "--project", str(daemon.project)]
    env = {**daemon.environment(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [
            "node",
            "--input-type=module",
            "-e",
            NODE,
            json.dumps(line),
            json.dumps(env),
            str(ROOT),
        ],
        cwd=sdk,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(sdk)},
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert {"plugin_echo", "plugin_large"} <= set(found["names"])
    assert found["content"] == [{"type": "text", "text": "echo grüße"}]
    assert found["failed"]["isError"] is True
    assert found["unknown"]["code"] == -32602


OLD: Final = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "jcode", "version": "0"}}},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "plugin_runs", "arguments": {}}},
    {"jsonrpc": "2.0", "method": "shutdown"},
]  # fmt: skip


def test_a_client_of_the_first_version_is_asked_nothing(daemon: Daemon) -> None:
    """As jcode does it: whatever has an id is taken for an answer, and input ends after the last request."""
    process = subprocess.Popen(
        [sys.executable, "-m", "host", "mcp", "--project", str(daemon.project)],
        cwd=ROOT,
        env=daemon.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines = []
    for message in OLD:
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        if "id" in message:
            lines.append(json.loads(process.stdout.readline()))
    out, err = process.communicate(timeout=HANG_S)
    assert (process.returncode, out) == (0, b""), err.decode()
    assert [line["id"] for line in lines] == [1, 2, 3]
    assert lines[0]["result"]["protocolVersion"] == "2024-11-05"
    assert lines[0]["result"]["capabilities"]["tools"]["listChanged"] is True
    assert "nextCursor" not in lines[1]["result"]
    assert lines[2]["result"]["isError"] is True


@pytest.fixture(scope="module")
def eliciting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose user lets clients ask."""
    base = tmp_path_factory.mktemp("eliciting")
    made = Daemon(base / "home", base / "project")
    made.write("[plugin.daemon]\nelicit = true\n", {"tools": PLUGIN})
    made.start()
    yield made
    assert made.end() == 0


@pytest.mark.parametrize("answer", ["allow once", "deny", "nonsense", None])
def test_a_client_that_asks_its_user_is_asked(eliciting: Daemon, answer: str | None) -> None:
    async def run() -> None:
        asked: list[str] = []

        async def ask(_: object, params: types.ElicitRequestParams) -> types.ElicitResult:
            asked.append(params.message)
            if answer is None:
                return types.ElicitResult(action="decline")
            return types.ElicitResult(action="accept", content={"answer": answer})

        async with (
            asyncio.timeout(HANG_S),
            Client(server(eliciting), mode="legacy", elicitation_callback=ask) as client,
        ):
            result = await client.call_tool("plugin_runs", {})
        assert result.is_error is (answer != "allow once")
        assert len(asked) == 1
        assert "plugin_runs" in asked[0] or "runs" in asked[0]

    asyncio.run(run())


def test_no_other_call_waits_for_what_a_user_is_asked(eliciting: Daemon) -> None:
    async def run() -> None:
        asked, answered = asyncio.Event(), asyncio.Event()

        async def ask(_: object, __: types.ElicitRequestParams) -> types.ElicitResult:
            asked.set()
            await answered.wait()
            return types.ElicitResult(action="decline")

        async with (
            asyncio.timeout(HANG_S),
            Client(server(eliciting), mode="legacy", elicitation_callback=ask) as client,
        ):
            waiting = asyncio.create_task(client.call_tool("plugin_runs", {}))
            await asked.wait()
            assert text_of(await client.call_tool("plugin_echo", {"text": "on"})) == "echo on"
            assert not waiting.done()
            answered.set()
            assert (await waiting).is_error

    asyncio.run(run())


def test_without_the_operators_word_a_client_is_not_asked(daemon: Daemon) -> None:
    async def run() -> None:
        asked: list[str] = []

        async def ask(_: object, params: types.ElicitRequestParams) -> types.ElicitResult:
            asked.append(params.message)
            return types.ElicitResult(action="decline")

        async with (
            asyncio.timeout(HANG_S),
            Client(server(daemon), mode="legacy", elicitation_callback=ask) as client,
        ):
            assert (await client.call_tool("plugin_runs", {})).is_error
        assert asked == []

    asyncio.run(run())


def test_a_change_of_the_list_comes_on_the_stream_that_a_client_subscribed_to(
    daemon: Daemon,
) -> None:
    """While the plugin that has the tools is reloaded with another one."""

    async def run() -> None:
        async with (
            connected(daemon, "auto") as client,
            client.listen(tools_list_changed=True) as changes,
        ):
            await client.list_tools()
            (daemon.home / "plugins" / "second.js").write_text(
                'export default (pi) => pi.registerTool({ name: "late", description: "d", tier: "read", handler: () => 1 });'
            )
            with daemon.client() as plugins:
                plugins.reload()
            async for _ in changes:
                if "plugin_late" in {tool.name for tool in (await client.list_tools()).tools}:
                    return

    asyncio.run(run())
