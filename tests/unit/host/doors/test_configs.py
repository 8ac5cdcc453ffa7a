"""Agents' configurations with our hook in them: nothing else changes, twice is once, and it can be taken out."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace

import pytest

from host.doors.configs import CLIENT, Command, agents, is_ours, with_hook, without_hook
from host.doors.mapping import EVENTS, Agent
from host.errors import ConfigError

COMMAND = Command("/usr/bin/python3", f"/opt/my tools/{CLIENT}", "claude")

CLAUDE = """{
    "model": "opus",
    "hooks": {
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "check.sh"}]}
        ],
        "Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]
    },
    "permissions": {"deny": ["Read(.env)"], "note": "gr\u00fc\u00dfe"}
}
"""
JCODE = """# mine
[display]
theme = "dark"  # easy on the eyes

[hooks]
turn_end = "notify-send done"  # keep
pre_tool = ["one", "two --x"]
"""
JCODE_V2 = """[settings]
timeout_secs = 10

[[events.PreToolUse]]
type = "command"
command = "check.sh"  # first
"""
TEXTS: dict[Agent, str] = {
    "claude": CLAUDE,
    "codex": CLAUDE,
    "gemini": CLAUDE.replace("PreToolUse", "BeforeTool"),
    "jcode": JCODE,
    "jcode-v2": JCODE_V2,
}


def read(agent: Agent) -> Callable[[str], object]:
    return tomllib.loads if agent.startswith("jcode") else json.loads


@pytest.fixture(params=agents())
def agent(request: pytest.FixtureRequest) -> Agent:
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("is_empty", [False, True], ids=["used", "new"])
def test_twice_is_once_and_what_was_there_comes_back(agent: Agent, is_empty: bool) -> None:
    text = "" if is_empty else TEXTS[agent]
    command = replace(COMMAND, agent=agent)
    once = with_hook(command, text, "f")
    assert once != text
    assert with_hook(command, once, "f") == once
    back = without_hook(agent, once, "f")
    empty: object = {}
    assert read(agent)(back or "{}" if agent not in ("jcode", "jcode-v2") else back) == (
        empty if is_empty else read(agent)(text)
    )
    assert without_hook(agent, back, "f") == back


def test_a_changed_command_takes_the_old_ones_place(agent: Agent) -> None:
    command = replace(COMMAND, agent=agent)
    moved = replace(command, client=f"/elsewhere/{CLIENT}", fail_closed=True)
    text = with_hook(moved, with_hook(command, TEXTS[agent], "f"), "f")
    assert text == with_hook(moved, TEXTS[agent], "f")
    assert "my tools" not in text
    assert "--fail-closed" in text


def test_every_event_of_the_table_is_there_but_the_frequent_ones(agent: Agent) -> None:
    command = replace(COMMAND, agent=agent)
    few, all_ = command.events(), replace(command, all_events=True).events()
    text = with_hook(command, "", "f")
    assert all(name in text for name in few)
    assert set(all_) - set(few) <= {"BeforeModel", "AfterModel", "MessageDisplay"}
    assert set(all_) == set(EVENTS[agent]) - {"agent-turn-complete"}


def test_comments_and_order_of_toml_stay() -> None:
    text = with_hook(replace(COMMAND, agent="jcode"), JCODE, "f")
    assert text.startswith(JCODE.split("[hooks]", maxsplit=1)[0])
    assert "# keep" in text
    hooks = tomllib.loads(text)["hooks"]
    assert hooks["pre_tool"][:2] == ["one", "two --x"]
    assert hooks["turn_end"][0] == "notify-send done"
    assert hooks["pre_tool_timeout_ms"] >= 5000


def test_claude_blocks_by_itself_what_cannot_be_started_when_failing_closed() -> None:
    hooks = json.loads(with_hook(replace(COMMAND, fail_closed=True), "", "f"))["hooks"]
    by_name = {name: groups[0]["hooks"][0] for name, groups in hooks.items()}
    blocking = {name for name, hook in by_name.items() if hook.get("onFailure") == "block"}
    assert {"PreToolUse", "PermissionRequest", "UserPromptSubmit"} <= blocking
    assert not blocking & {"SessionStart", "SessionEnd", "Notification", "SubagentStop"}
    assert "onFailure" not in with_hook(COMMAND, "", "f")


def test_times_are_in_the_agents_own_unit() -> None:
    def timeout(agent: Agent, name: str) -> int:
        hooks = json.loads(with_hook(replace(COMMAND, agent=agent), "", "f"))["hooks"]
        return int(hooks[name][0]["hooks"][0]["timeout"])

    assert timeout("gemini", "BeforeTool") == 1000 * timeout("claude", "PreToolUse")


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        (COMMAND.line(), True),
        (f"python -I -S {CLIENT} codex", True),
        ("python hook.py", False),
        (f"cat {CLIENT}.bak", False),
        ("it's broken", False),
        (None, False),
        (["x"], False),
    ],
)
def test_an_entry_is_known_as_ours_by_the_client(command: object, ours: bool) -> None:
    assert is_ours(command) is ours


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        ("claude", "{ // comment\n}"),
        ("claude", "[]"),
        ("claude", '{"hooks": []}'),
        ("claude", '{"hooks": {"PreToolUse": {}}}'),
        ("claude", "[" * 100_000),
        ("jcode", "[hooks"),
        ("jcode", "hooks = 1"),
        ("jcode", "[hooks]\npre_tool = 3"),
        ("jcode-v2", "events = 1"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_file_named(
    agent: Agent, text: str
) -> None:
    with pytest.raises(ConfigError, match=r"^settings: "):
        with_hook(replace(COMMAND, agent=agent), text, "settings")
