"""The session pane against a real daemon with real plugins."""

import pytest

from host.console.link import LinkError
from host.console.stage.prompt import Prompt
from host.console.stage.session import SessionPane
from jcode_plugins import ToolResult
from tests.console.consoles import console_on, screen_text, until, until_shown
from tests.daemon.conftest import StartDaemon

pytestmark = pytest.mark.asyncio

CONFIG = '[plugin]\npermission_mode = "bypass_permissions"\n'
WATCH = """
const seen = [];
for (const name of ["SessionStart", "UserPromptSubmit", "AgentStart", "TurnStart", "PreToolUse", "PostToolUse", "TurnEnd", "AgentEnd"])
  pi.on(name, (event) => { seen.push(`${name}:${event.session_id ? "own" : "none"}`); });
pi.registerCommand("seen", {description: "what was seen", handler: () => seen.join("\\n")});
"""
GUARD = """
pi.on("UserPromptSubmit", (event) => event.content.includes("stop") ? {block: true, reason: "not [red]that[/] word"} : undefined);
pi.on("PreToolUse", (event) => event.tool_input.text.includes("twice") ? {modified_input: {text: "one two"}} : undefined);
"""


async def test_a_prompt_is_the_events_of_an_agent(start: StartDaemon) -> None:
    """Each goes to the plugins with the session's id, in order, and the tool's own result is shown."""
    async with console_on(start(config=CONFIG, watch=WATCH), size=(100, 40)) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await pilot.press(*"four words are here", "enter")
        await until_shown(pilot, "count_words: words 4, characters 19", "AgentEnd continue")
        await pilot.press(*"/seen", "enter")
        await until_shown(pilot, "▌watch: AgentEnd:own")

        told = [row.rstrip() for row in screen_text(pilot).split("\n") if "▌watch: " in row]
        assert told == [
            f"▌watch: {name}:own"
            for name in (
                "SessionStart",
                "UserPromptSubmit",
                "AgentStart",
                "TurnStart",
                "PreToolUse",
                "PostToolUse",
                "TurnEnd",
                "AgentEnd",
            )
        ]


async def test_what_plugins_decide_is_obeyed_and_told(start: StartDaemon) -> None:
    """A block ends the prompt with its reason, a rewritten input is what the tool gets."""
    async with console_on(start(guard=GUARD), size=(100, 40)) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await pilot.press(*"please stop", "enter")
        await until_shown(pilot, "UserPromptSubmit block by guard: not [red]that[/] word")
        assert "AgentStart" not in screen_text(pilot)

        await pilot.press(*"count me twice", "enter")
        await until_shown(
            pilot,
            "PreToolUse continue changed: modified_input",
            "count_words: words 2, characters 7",
        )


async def test_what_goes_wrong_is_a_line(start: StartDaemon) -> None:
    """A command that nobody has, and a daemon that is gone, end nothing."""
    daemon = start(guard=GUARD)
    async with console_on(daemon, size=(100, 40)) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await pilot.press(*"/nothing", "enter")
        await until_shown(pilot, "there is no command")
        daemon.kill()
        await until_shown(pilot, "not connected")
        await pilot.press(*"still there", "enter")
        pane = pilot.app.query_one(SessionPane)
        await until(pilot, lambda: "> still there" in screen_text(pilot))
        assert pane.stage.prompt.line.value == ""


async def test_a_line_that_a_plugin_wrote_is_no_word_of_the_person(
    start: StartDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon is told so, and has it asked about; a line that was typed is the person's."""
    told: list[bool] = []
    async with console_on(start(config=CONFIG, watch=WATCH), size=(100, 40)) as pilot:
        await until_shown(pilot, "SessionStart continue")
        pane = pilot.app.query_one(SessionPane)

        async def command(name: str, args: str, *, typed: bool) -> ToolResult:
            told.append(typed)
            raise LinkError("not run")

        monkeypatch.setattr(pane._doing, "command", command)
        for is_typed in (False, True):
            pane.post_message(Prompt.Entered("/seen", is_typed=is_typed))
        await until(pilot, lambda: told == [False, True])
