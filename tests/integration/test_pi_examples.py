"""pi's own example extensions, as published, byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pytest

from host import BlockingPluginHost, PluginInfo
from host.outcome import JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import bash, yes
from tests.support.pi_package import published

# Of the files as published: an edited copy is no third party's.
DIGESTS = {
    "permission-gate.ts": "35855d2b7f3304394b5f70a344590a3ad2a73ae9cbe61278fc33ebffddc24519",
    "protected-paths.ts": "7d7cd837ff622facb7bcf7a3a01eaac695fafa6b1b944ffc5d750195e1840ef5",
    "hello.ts": "b271833b7f0cb50fe15a7131c387dee9e0a90fa42f7e82ddd3380d0cc8adfc32",
    "pirate.ts": "b48b054d6280cd32be3240f100bc6fe81a898986ea624a40972b742fb330523a",
    "input-transform.ts": "1232b3ca02d0bab0b9450339229c1b76be79ef6c6af4274350cb7054442da8b8",
    "todo.ts": "a77f7774a3530e9e38f52ff00cf45e0874905957584e8eb1c328a2884fd4c193",
}


@pytest.fixture
def host(make_host: MakeHost) -> BlockingPluginHost:
    """A host whose person agrees to every call: pi's tools say nothing of what they do."""
    return make_host(approver=yes)


@pytest.fixture
def load(host: BlockingPluginHost, examples: Path) -> Callable[[str], PluginInfo]:
    """Return a function that loads an example, once it has proved to be the published one."""

    def load_example(name: str) -> PluginInfo:
        return host.load(published(examples, name, DIGESTS))

    return load_example


Load = Callable[[str], PluginInfo]


@pytest.mark.parametrize("name", DIGESTS)
def test_it_loads_with_a_session_of_its_own(load: Load, name: str) -> None:
    """What speaks pi was written for one process per session."""
    info = load(name)

    assert info.state == "active"
    assert info.externals == ()
    if name != "hello.ts":  # it subscribes to nothing, so nothing tells
        assert info.scope == "session"


@pytest.mark.parametrize(
    "command", ["rm -rf /", "sudo ls", "chmod 777 x", "rm --recursive x", "RM -R x"]
)
def test_a_dangerous_command_is_blocked_in_its_own_words(
    host: BlockingPluginHost, load: Load, command: str
) -> None:
    """Without a user interface it blocks by default."""
    load("permission-gate.ts")

    outcome = host.dispatch("PreToolUse", bash(command))

    assert (outcome.action, outcome.blocked_by) == ("block", "permission-gate")
    assert outcome.reason == "Dangerous command blocked (no UI for confirmation)"


@pytest.mark.parametrize(
    "payload",
    [
        bash("ls -la"),
        bash("rm x"),
        {"tool_name": "read", "tool_input": {"command": "rm -rf /"}, "session_id": "s"},
    ],
)
def test_a_harmless_call_passes(
    host: BlockingPluginHost, load: Load, payload: JsonObject
) -> None:
    """The control: other commands, and other tools."""
    load("permission-gate.ts")

    outcome = host.dispatch("PreToolUse", payload)

    assert (outcome.action, outcome.output) == ("continue", {})
    assert outcome.results[0].error is None


def _write(tool: str, path: str) -> JsonObject:
    return {"tool_name": tool, "tool_input": {"path": path, "content": "x"}, "session_id": "s"}


@pytest.mark.parametrize("tool", ["write", "edit"])
@pytest.mark.parametrize("path", [".env", "/p/.git/config", "node_modules/a.js"])
def test_a_protected_path_is_blocked_in_its_own_words(
    host: BlockingPluginHost, load: Load, tool: str, path: str
) -> None:
    """Both tools that change files, each of its paths."""
    load("protected-paths.ts")

    assert (
        host.dispatch("PreToolUse", _write(tool, path)).reason == f'Path "{path}" is protected'
    )


def test_an_unprotected_path_passes(host: BlockingPluginHost, load: Load) -> None:
    """The control: another path, and reading a protected one."""
    load("protected-paths.ts")

    assert host.dispatch("PreToolUse", _write("write", "src/a.py")).action == "continue"
    assert host.dispatch("PreToolUse", _write("read", ".env")).action == "continue"


def test_both_guards_side_by_side(host: BlockingPluginHost, load: Load) -> None:
    """Each blocks its own, and the first that does is named."""
    load("permission-gate.ts")
    load("protected-paths.ts")

    assert host.dispatch("PreToolUse", bash("sudo x")).blocked_by == "permission-gate"
    assert host.dispatch("PreToolUse", _write("edit", ".env")).blocked_by == "protected-paths"


def test_hello_greets_through_a_tool_call(host: BlockingPluginHost, load: Load) -> None:
    """Its TypeBox schema is what its input is checked against, its blocks are the content."""
    load("hello.ts")
    (tool,) = host.tools()

    result = host.call_tool("plugin_hello", {"name": "Ada"})

    assert (tool.name, tool.description, tool.plugin) == (
        "plugin_hello",
        "A simple greeting tool",
        "hello",
    )
    assert tool.parameters == {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "Name to greet"}},
        "required": ["name"],
    }
    assert (result.ok, result.output, result.details) == (
        True,
        "Hello, Ada!",
        {"greeted": "Ada"},
    )
    assert result.content == ({"type": "text", "text": "Hello, Ada!"},)


def _say(host: BlockingPluginHost, text: str, **more: str) -> JsonObject:
    outcome = host.dispatch("UserPromptSubmit", {"content": text, "session_id": "s", **more})
    return {"action": outcome.action, **outcome.output}


def test_input_is_transformed_handled_or_left(host: BlockingPluginHost, load: Load) -> None:
    """``?quick`` is rewritten, ``ping`` never reaches the model, the rest passes."""
    load("input-transform.ts")

    assert _say(host, "?quick What is TypeScript?") == {
        "action": "continue",
        "modified_prompt": "Respond briefly in 1-2 sentences: What is TypeScript?",
    }
    assert _say(host, "ping")["action"] == "block"
    assert _say(host, "time")["action"] == "block"
    assert _say(host, "?quick  ")["action"] == "block"
    assert _say(host, "hello") == {"action": "continue"}
    assert _say(host, "ping", source="extension") == {"action": "continue"}


def test_pirate_is_toggled_by_its_command_in_its_session(
    host: BlockingPluginHost, load: Load
) -> None:
    """Off, on, off; and only for the session that asked."""
    load("pirate.ts")

    def prompt(session: str) -> list[object]:
        payload: JsonObject = {
            "session_id": session,
            "system_prompt": "Be kind.",
            "prompt": "hi",
        }
        outcome = host.dispatch("AgentStart", payload)
        assert outcome.results[0].error is None
        lines = outcome.output.get("additional_system_prompt", [])
        assert isinstance(lines, list)
        return list(lines)

    assert host.commands() == ["pirate"]
    assert prompt("a") == []
    assert host.run_command("pirate", session_id="a").ok
    (line,) = prompt("a")
    assert str(line).lstrip().startswith("IMPORTANT: You are now in PIRATE MODE.")
    assert prompt("b") == []
    assert host.run_command("/pirate", session_id="a").ok
    assert prompt("a") == []


def _todo(host: BlockingPluginHost, session: str, **params: object) -> str:
    result = host.call_tool("plugin_todo", params, session_id=session)  # type: ignore[arg-type]
    assert result.ok, result.error
    return str(result.output)


def test_todo_keeps_a_list_for_each_session(host: BlockingPluginHost, load: Load) -> None:
    """Add, list, toggle and clear, each session with its own numbers."""
    load("todo.ts")

    assert _todo(host, "a", action="list") == "No todos"
    assert _todo(host, "a", action="add", text="buy rum") == "Added todo #1: buy rum"
    assert _todo(host, "a", action="add", text="sail") == "Added todo #2: sail"
    assert _todo(host, "b", action="add", text="other") == "Added todo #1: other"
    assert _todo(host, "a", action="toggle", id=2) == "Todo #2 completed"
    assert _todo(host, "a", action="list") == "[ ] #1: buy rum\n[x] #2: sail"
    assert _todo(host, "b", action="list") == "[ ] #1: other"
    assert _todo(host, "a", action="toggle", id=9) == "Todo #9 not found"
    assert _todo(host, "a", action="clear") == "Cleared 2 todos"
    assert _todo(host, "b", action="list") == "[ ] #1: other"
    assert host.run_command("todos", session_id="a").ok


def test_all_six_at_once(host: BlockingPluginHost, load: Load) -> None:
    """They do not get into each other's way."""
    for name in DIGESTS:
        load(name)
    host.dispatch("SessionStart", {"session_id": "s"})

    assert host.dispatch("PreToolUse", bash("sudo x")).blocked_by == "permission-gate"
    assert host.call_tool("hello", {"name": "Bob"}, session_id="s").output == "Hello, Bob!"
    assert _todo(host, "s", action="add", text="x") == "Added todo #1: x"
    assert {info.state for info in host.plugins()} == {"active"}
