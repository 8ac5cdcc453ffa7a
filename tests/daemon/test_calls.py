"""What a client asks of a running daemon, and what comes back."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from jcode_plugins import (
    AsyncClient,
    Client,
    DeadlineError,
    InputError,
    NotRunningError,
    ProtocolError,
    ToolError,
)
from tests.daemon.running import Daemon

PLUGINS: Final = {
    "echo": """
export default (pi) => {
  pi.on("PreToolUse", (event) => {
    const said = event.tool_input.say;
    if (said === "no") return { block: "it says no" };
    if (said !== undefined) return { modified_input: { ...event.tool_input, heard: said } };
  });
  pi.registerTool({
    name: "length", description: "How long a text is", tier: "read",
    parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    handler: ({ text }) => text.length,
  });
  pi.registerTool({
    name: "steps", description: "Tells how far it is", tier: "read",
    async handler(params, ctx) { ctx.onUpdate("half"); await pi.sleep(300); return "whole"; },
  });
  pi.registerCommand("hello", { description: "Greets", handler: (args) => "hello " + args });
};
""",
    "waits": """
export default (pi) => {
  pi.on("UserPromptSubmit", async (event) => { if (event.content === "wait") await pi.sleep(3000); });
};
""",
    "hangs": """
export default (pi) => { pi.on("MessageStart", () => { for (;;); }); };
""",
}


CONFIG: Final = """
[plugin]
permission_mode = "bypass_permissions"
[plugin.timeouts]
actionable_ms = 60000  # two hundred at once wait for each other, and for whatever else this machine does
[plugin.plugins.hangs]
timeout_ms = 800
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for this file; it must end well."""
    base = tmp_path_factory.mktemp("daemon")
    daemon = Daemon(base / "home", base / "project")
    daemon.write(CONFIG, PLUGINS)
    daemon.start()
    yield daemon
    assert daemon.end() == 0


@pytest.fixture
def client(daemon: Daemon) -> Iterator[Client]:
    """A client of the file's daemon."""
    with daemon.client() as client:
        yield client


def bash(**tool_input: object) -> dict[str, object]:
    return {"tool_name": "bash", "tool_input": tool_input}


def test_it_says_who_it_is(daemon: Daemon, client: Client) -> None:
    """Version, protocol, process and home."""
    told = client.hello()

    assert told["protocol"] == 1
    assert told["pid"] == daemon.pid
    assert told["home"] == str(daemon.home)


def test_an_event_is_decided(client: Client) -> None:
    """Continue, block and rewrite, as in the host itself."""
    assert client.dispatch("PreToolUse", bash(command="ls")).action == "continue"

    blocked = client.dispatch("PreToolUse", bash(say="no"), session_id="s")
    assert blocked.blocked
    assert (blocked.blocked_by, blocked.reason) == ("echo", "it says no")
    assert blocked.results[0].status == "answered"

    changed = client.dispatch("PreToolUse", bash(say="é\ud800", big=2**60))
    assert changed.output["modified_input"] == {
        "say": "é\ud800",
        "big": 2**60,
        "heard": "é\ud800",
    }


def test_what_plugins_offer_is_listed_and_called(client: Client) -> None:
    """Tools, commands and plugins, by the names that agents use."""
    assert {tool.name for tool in client.tools()} == {"plugin_length", "plugin_steps"}
    assert client.commands() == ["hello"]
    states = {plugin.name: plugin.state for plugin in client.plugins()}
    assert states.keys() == PLUGINS.keys()
    assert states["echo"] == "active"
    assert client.has_handler("PreToolUse")
    assert not client.has_handler("SessionEnd")

    assert client.call_tool("plugin_length", {"text": "four"}).output == 4
    assert client.command("hello", "you").output == "hello you"
    verdict = client.check_tool("bash", tier="exec", args={"command": "ls"})
    assert (verdict.allowed, verdict.mode) == (True, "bypass_permissions")


def test_errors_are_named(client: Client) -> None:
    """For whoever has to act on them."""
    with pytest.raises(InputError, match="did you mean PreToolUse"):
        client.dispatch("PreTool", {})
    with pytest.raises(ToolError, match="no tool") as caught:
        client.call_tool("plugin_lenth", {})
    assert caught.value.code == "E_NO_TOOL"
    with pytest.raises(ToolError) as caught:
        client.call_tool("plugin_length", {"text": 5})
    assert caught.value.code == "E_INVALID"
    with pytest.raises(ProtocolError, match="no method 'disptach'"):
        client.request("disptach")
    with pytest.raises(InputError, match="no parameter evnt"):
        client.request("dispatch", {"evnt": 1})
    with pytest.raises(InputError, match="not JSON"):
        client.dispatch("PreToolUse", {"tool_input": {1, 2}})  # type: ignore[dict-item]


def test_a_deadline_is_kept_and_the_connection_goes_on(client: Client) -> None:
    """The daemon answers at the deadline that the client gave."""
    with pytest.raises(DeadlineError, match="deadline of 200 ms"):
        client.dispatch("UserPromptSubmit", {"content": "wait"}, timeout_s=0.2)

    assert client.dispatch("UserPromptSubmit", {"content": "go"}).action == "continue"


def test_a_plugin_that_hangs_delays_nobody_else(daemon: Daemon, client: Client) -> None:
    """Its own event times out; meanwhile others are answered."""
    outcomes: list[str] = []
    hung = threading.Thread(
        target=lambda: outcomes.append(
            client.dispatch("MessageStart", {"role": "user"}).results[0].status
        )
    )
    hung.start()
    with daemon.client() as other:
        for _ in range(20):
            assert other.dispatch("PreToolUse", bash()).action == "continue"
        assert outcomes == []
    hung.join(60)

    assert outcomes == ["timed_out"]


def test_ten_megabytes_come_back_whole(client: Client) -> None:
    """There and back, changed by a plugin."""
    text = "x" * (10 * 1024 * 1024)

    assert client.call_tool("plugin_length", {"text": text}).output == len(text)


def test_more_than_a_line_may_hold_is_refused_before_it_is_sent(client: Client) -> None:
    """Instead of being cut off half way."""
    with pytest.raises(InputError, match="larger than 16 MiB"):
        client.dispatch("PreToolUse", bash(say="x" * (17 * 1024 * 1024)))


def test_many_clients_get_their_own_answers(daemon: Daemon) -> None:
    """Two hundred at once, each with a connection of its own."""
    n = 200
    heard: dict[int, object] = {}
    at_once = threading.Barrier(n)

    def ask(number: int) -> None:
        with daemon.client() as client:
            at_once.wait(60)
            outcome = client.dispatch("PreToolUse", bash(say=number))
            heard[number] = outcome.output["modified_input"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert heard == {number: {"say": number, "heard": number} for number in range(n)}


def test_one_client_serves_many_threads(client: Client) -> None:
    """None gets another's answer."""
    heard: dict[int, object] = {}

    def ask(number: int) -> None:
        for turn in range(5):
            said = f"{number}.{turn}"
            outcome = client.dispatch("PreToolUse", bash(say=said))
            heard[number] = outcome.output["modified_input"] == {"say": said, "heard": said}

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert heard == dict.fromkeys(range(16), True)


def test_asyncio_has_the_same_verbs(daemon: Daemon) -> None:
    """Many requests on one connection, answered in any order."""

    async def use() -> None:
        async with AsyncClient(
            project_dir=daemon.project, environment=daemon.environment()
        ) as client:
            assert (await client.hello())["pid"] == daemon.pid
            slow = asyncio.create_task(
                client.dispatch("UserPromptSubmit", {"content": "wait"}, timeout_s=0.5)
            )
            outcomes = await asyncio.gather(
                *(client.dispatch("PreToolUse", bash(say=i)) for i in range(50))
            )
            assert [o.output["modified_input"] for o in outcomes] == [
                {"say": i, "heard": i} for i in range(50)
            ]
            with pytest.raises(DeadlineError):
                await slow
            assert [tool.name for tool in await client.tools()] == [
                "plugin_length",
                "plugin_steps",
            ]
            assert await client.has_handler("PreToolUse")
            assert (await client.call_tool("length", {"text": "abc"})).output == 3
            assert (await client.command("hello", "x")).output == "hello x"
            assert (await client.check_tool("ls", tier="read")).allowed
            assert await client.commands() == ["hello"]
            assert len(await client.plugins()) == 3
            with pytest.raises(ToolError):
                await client.call_tool("nothing", {})

    asyncio.run(use())


def test_asyncio_hears_what_happens(daemon: Daemon) -> None:
    """On a connection of its own."""

    async def listen() -> None:
        where = {"project_dir": daemon.project, "environment": daemon.environment()}
        async with AsyncClient(**where) as client:  # type: ignore[arg-type]
            events = client.events(["veto"])
            first = asyncio.ensure_future(anext(events))
            while not (await client.stats())["watchers"]:
                pass
            await client.dispatch("PreToolUse", bash(say="no"))
            event = await first
            assert (event.kind, event.plugin, event.repeats) == ("veto", "echo", 1)
            await events.aclose()  # type: ignore[attr-defined]
            with pytest.raises(InputError, match="is no kind"):
                await anext(client.events(["vetoes"]))

    asyncio.run(listen())


def test_a_tool_tells_how_far_it_is(client: Client) -> None:
    """Updates come before the result, to who wants them."""
    heard: list[object] = []

    result = client.call_tool(
        "steps", {}, on_update=lambda update: heard.append(update["output"])
    )

    assert result.output == "whole"
    assert heard == ["half"]


def test_what_is_counted_is_told(client: Client) -> None:
    """As numbers, and for Prometheus."""
    client.dispatch("PreToolUse", bash())
    stats, text = client.stats(), client.metrics()

    requests = stats["requests"]
    assert isinstance(requests, dict)
    assert requests["dispatch"]["ok"] >= 1  # type: ignore[index, call-overload]
    plugins = stats["plugins"]
    assert isinstance(plugins, dict)
    assert sum(int(str(n)) for n in plugins.values()) == len(PLUGINS)  # one may be restarting
    lines = text.splitlines()
    assert "# TYPE jcode_plugins_request_seconds histogram" in lines
    assert any(
        line.startswith('jcode_plugins_requests_total{method="dispatch",code="ok"} ')
        for line in lines
    )
    for line in lines:
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0


def test_without_a_daemon_nothing_is_sent(tmp_path: Path) -> None:
    """And the error says what to do."""
    with (
        Client(environment={"JCODE_HOME": str(tmp_path)}) as client,
        pytest.raises(NotRunningError, match="start one with jcode-plugin serve"),
    ):
        client.hello()
