"""The packages of examples/plugins that show something: what a person sees of them, and what their keys do."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from host import PluginHost
from host.outcome import Json, JsonObject
from tests.integration.halves import half_of, until
from tests.integration.host_support import Write, plugin
from tests.integration.person import Person, words

PACKAGES = Path(__file__).resolve().parents[2] / "examples" / "plugins"

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def running(
    tmp_path: Path, name: str, **settings: Json
) -> AsyncIterator[tuple[PluginHost, Person]]:
    """A host with the package *name*, and somebody who looks at it."""
    async with PluginHost(project_dir=tmp_path, home=tmp_path / ".home") as host:
        await host.load(PACKAGES / name, settings=dict(settings))
        async with Person(host, width=80, height=24) as person:
            half = host.workspace.halves.of(name)
            await until(lambda: half is None or half.state == "active")
            yield host, person


async def send(host: PluginHost, event: str, session: str = "s1", **payload: Json) -> None:
    """Send an event; nothing may have gone wrong in a handler."""
    outcome = await host.dispatch(event, {"session_id": session, **payload})
    assert [result.error for result in outcome.results if result.error] == []


async def command(host: PluginHost, name: str, args: str = "", session: str = "s1") -> str:
    """What a command answers."""
    result = await host.run_command(name, args, session_id=session)
    assert result.ok, result.error
    return str(result.output)


# --- token-meter ---------------------------------------------------------------------------------------


async def meter_says(
    person: Person, text: str, severity: str = "info", session: str = "s1"
) -> None:
    """Wait until the status item is *text*."""
    wanted = (text, severity)

    def look() -> bool | None:
        value = person.values("status", session=session).get("meter")
        return (
            value is not None and (words(value["line"]), value["severity"]) == wanted
        ) or None

    try:
        await person.until(look)
    except TimeoutError:
        raise AssertionError(f"{wanted} is not {person.values('status')}") from None


async def a_turn(
    host: PluginHost, session: str = "s1", *, end: Json = None, **told: Json
) -> None:
    """A prompt of 400 bytes, a tool of 40 with an output of 800, an answer of 200; four bytes are a token."""
    await send(host, "AgentStart", session, system_prompt="s" * 396, tools=["abcd"])
    await send(host, "UserPromptSubmit", session, content="p" * 400)
    tool: JsonObject = {"command": "c" * 26}  # 40 bytes as JSON
    await send(
        host, "PostToolUse", session, tool_name="t", tool_input=tool, tool_output="o" * 800
    )
    await send(host, "MessageEnd", session, role="assistant", content="a" * 200, **told)
    await send(host, "TurnEnd", session, turn_number=1, duration_ms=1)
    await send(host, "AgentEnd", session, duration_seconds=1, message_count=2, usage=end)


# Read before the tool: 100 + 100; before the answer: that, 10 of the tool's input and 200 of its output.
READ = (100 + 100) + (100 + 100 + 10 + 200)
WRITTEN = 10 + 50


async def test_an_estimate_says_that_it_is_one(tmp_path: Path) -> None:
    """Each call reads the conversation again; two sessions are counted apart, and together."""
    async with running(tmp_path, "token-meter", price_in=100, price_out=1000) as (host, person):
        await a_turn(host)
        spent = READ * 100e-6 + WRITTEN * 1000e-6
        await meter_says(person, f"~${spent:.2f}, {READ} in {WRITTEN} out")
        await a_turn(host, "s2")
        await meter_says(person, f"~${spent:.2f}, {READ} in {WRITTEN} out", session="s2")

        told = (await command(host, "meter")).splitlines()
        assert told[:3] == [
            f"session     ~${spent:.2f}  610 in 60 out",
            f"today       ~${2 * spent:.2f}  1,220 in 120 out",
            f"30 days     ~${2 * spent:.2f}  1,220 in 120 out",
        ]
        assert told[3].endswith("Sessions today: 2; in 30 days: 2.")
        assert told[-1].startswith("100 % of the tokens of this session are estimated")
        assert "thinking" in told[-1]


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 5, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 90, "output_tokens": 3},
        {"prompt_tokens": 97, "prompt_tokens_details": {"cached_tokens": 90}, "completion_tokens": 3},
        {"input": 5, "cacheWrite": 2, "cacheRead": 90, "output": 3},
    ],
    ids=["anthropic", "openai", "pi"],
)  # fmt: skip
async def test_what_the_agent_reports_is_believed(tmp_path: Path, usage: JsonObject) -> None:
    """In place of the estimate of that turn, once, though two events tell it."""
    prices: JsonObject = {"price_in": 1000, "price_cached": 100, "price_out": 10_000}
    async with running(tmp_path, "token-meter", currency="EUR", **prices) as (host, person):
        await a_turn(host, usage=usage)
        await send(host, "AgentEnd", usage=usage)

        cost = 7 * 1000e-6 + 90 * 100e-6 + 3 * 10_000e-6
        await meter_says(person, f"{cost:.4f} EUR, 97 in 3 out")
        told = (await command(host, "meter")).splitlines()
        assert told[0] == f"session  {cost:.4f} EUR  7 in 90 cached 3 out"
        assert told[-1] == "The tokens are those that the agent reported."


async def test_what_only_the_end_reports_is_for_all_of_it(tmp_path: Path) -> None:
    """No part of the estimate is left beside it; what comes later is in addition."""
    async with running(tmp_path, "token-meter", price_in=0, price_out=0) as (host, person):
        for times in (1, 2):
            await a_turn(host, end={"input_tokens": 300, "output_tokens": 20})
            await meter_says(person, f"$0.00, {300 * times} in {20 * times} out")


async def test_what_belongs_to_no_session_is_not_in_front_of_everybody(tmp_path: Path) -> None:
    """It is in the sums alone."""
    async with running(tmp_path, "token-meter") as (host, person):
        for session in ("", "s1"):
            await command(host, "meter", session=session)  # its worker has started
            await send(host, "TurnEnd", session, usage={"input_tokens": 10, "output_tokens": 1})
        await meter_says(person, "$0.0000, 10 in 1 out")
        assert person.values("status", session="") == {}
        assert "20 in 2 out" in await command(host, "meter")


async def test_a_prompt_that_no_model_read_costs_nothing(tmp_path: Path) -> None:
    """Because another plugin blocked it, for example."""
    async with running(tmp_path, "token-meter") as (host, _):
        for _time in range(3):
            await send(host, "UserPromptSubmit", content="p" * 400)
        assert (await command(host, "meter")).endswith("Nothing was counted yet.")


@pytest.mark.parametrize(
    "usage", [None, 7, "x", {}, {"input_tokens": -1}, {"input_tokens": "5"}]
)
async def test_what_is_no_report_changes_nothing(tmp_path: Path, usage: Json) -> None:
    """The estimate stays."""
    async with running(tmp_path, "token-meter", price_in=0, price_out=0) as (host, person):
        await a_turn(host, usage=usage)
        await meter_says(person, f"~$0.00, {READ} in {WRITTEN} out")


async def test_a_budget_warns_and_then_turns_red(tmp_path: Path) -> None:
    """Once each, in the status bar and as a notice; nothing is stopped."""
    settings: JsonObject = {"price_in": 0, "price_out": 1e6, "budget": 100, "warn_percent": 50}
    async with running(tmp_path, "token-meter", **settings) as (host, person):
        steps = ((40, 40, "info"), (20, 60, "warning"), (30, 90, "warning"), (10, 100, "error"))
        for more, written, severity in steps:
            await send(host, "TurnEnd", usage={"input_tokens": 0, "output_tokens": more})
            await meter_says(
                person, f"${written}.00 ({written}%), 0 in {written} out", severity
            )
        notices = await person.until(
            lambda: found if len(found := person.values("notice")) == 2 else None
        )
        assert [(words(one["line"]), one["level"]) for one in notices.values()] == [
            ("The budget of this session, $100.00, is used to 60 %: $60.00", "warning"),
            ("The budget of this session, $100.00, is used up: $100.00", "error"),
        ]
        outcome = await host.dispatch("UserPromptSubmit", {"content": "x", "session_id": "s1"})
        assert not outcome.blocked


async def test_sums_stay_and_a_session_can_begin_anew(tmp_path: Path) -> None:
    """In another host: the session goes on where it was; reset takes it to nothing, and the days keep it."""
    usage: JsonObject = {"input_tokens": 10, "output_tokens": 1}
    async with running(tmp_path, "token-meter") as (host, _):
        for session in ("s1", "s2"):
            await command(host, "meter", session=session)  # its worker has started
            await send(host, "TurnEnd", session, usage=usage)
    async with running(tmp_path, "token-meter") as (host, person):
        await send(host, "TurnEnd", usage=usage)
        await meter_says(person, "$0.0001, 20 in 2 out")
        assert (
            await command(host, "meter", "reset")
            == "This session is counted anew; the sums of the days stay."
        )
        await meter_says(person, "$0.00, 0 in 0 out")
        await send(host, "TurnEnd", usage=usage)
        told = (await command(host, "meter")).splitlines()
        assert [line.split("  ")[-1] for line in told[:3]] == [
            "10 in 1 out",
            "40 in 4 out",
            "40 in 4 out",
        ]
        assert "Sessions today: 2;" in told[3]


async def test_a_compaction_makes_the_conversation_shorter(tmp_path: Path) -> None:
    """The agent's own count stands for the guess; the compaction is a call, and the next one reads what is left."""
    async with running(tmp_path, "token-meter", price_in=0, price_out=0) as (host, person):
        await send(host, "PreCompact", message_count=9, token_count=1000, system_prompt="")
        await send(host, "PostCompact", messages_removed=8, tokens_saved=900)
        await meter_says(person, "~$0.00, 1.0k in 0 out")
        await send(host, "UserPromptSubmit", content="p" * 40)
        await send(host, "MessageEnd", role="assistant", content="")
        await meter_says(person, "~$0.00, 1.1k in 0 out")
        assert "1,110 in" in (await command(host, "meter")).splitlines()[0]


async def test_the_meter_is_back_after_a_crash(tmp_path: Path) -> None:
    """With what was kept at the end of the turn."""
    async with running(tmp_path, "token-meter", price_in=0, price_out=0) as (host, person):
        await a_turn(host)
        await meter_says(person, f"~$0.00, {READ} in {WRITTEN} out")
        (info,) = host.plugins()
        os.kill(info.pids[0], signal.SIGKILL)
        await person.until(
            lambda: True if "gone" in person.values("status", session="s1")["meter"] else None
        )
        told = (await command(host, "meter")).splitlines()
        assert told[0].endswith(f"{READ} in {WRITTEN} out")
        await meter_says(person, f"~$0.00, {READ} in {WRITTEN} out")


# --- todo-board ----------------------------------------------------------------------------------------

BOARD = "todo-board#tui"


async def todo(host: PluginHost, action: str, **params: Json) -> str:
    """What the tool answers."""
    result = await host.call_tool("plugin_todo", {"action": action, **params})
    assert result.ok, result.error
    return str(result.output)


def listed(person: Person) -> list[tuple[str, bool]]:
    """What the sidebar has: each text, and whether it is done."""
    value = person.values("slot").get("Sidebar/todo", {})
    node = value.get("node")
    items = node.get("items") if isinstance(node, dict) else None
    return [
        (words(item["line"]), bool(item["checked"]))
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]


async def sidebar(person: Person, *wanted: tuple[str, bool]) -> None:
    """Wait until the sidebar is *wanted*."""
    try:
        await person.until(lambda: True if listed(person) == [*wanted] else None)
    except TimeoutError:
        raise AssertionError(f"{wanted} is not {listed(person)}") from None


async def status(person: Person, text: str) -> None:
    """Wait until the status item is *text*."""
    await person.until(
        lambda: (
            True
            if words(person.values("status").get("open", {}).get("line", [])) == text
            else None
        )
    )


async def board(host: PluginHost, person: Person) -> tuple[str, str]:
    """Open the board with its key: its dialog, and its frame."""
    assert (await host.press_key("ctrl+t")).plugin == BOARD
    return await opened(person)


async def opened(person: Person) -> tuple[str, str]:
    """The board's dialog and frame, as soon as they are there."""

    def look() -> tuple[str, str] | None:
        for key, value in person.values("dialog").items():
            if value["kind"] == "custom" and str(value["frame"]) in person.values("frame"):
                return key, str(value["frame"])
        return None

    return await person.until(look)


async def press(host: PluginHost, frame: str, *keys: str) -> None:
    """Press *keys* in the board."""
    for key in keys:
        assert (await host.press_key(key, frame=frame, plugin=BOARD)).handled


async def question(person: Person) -> tuple[str, JsonObject]:
    """The question for a text, as soon as it is there."""
    return await person.until(
        lambda: next(
            (
                (key, one)
                for key, one in person.values("dialog").items()
                if one["kind"] == "input"
            ),
            None,
        )
    )


async def test_the_model_and_a_person_have_one_list(tmp_path: Path) -> None:
    """Tool and command, without anybody who looks; it is there in the next host."""
    async with PluginHost(project_dir=tmp_path, home=tmp_path / ".home") as host:
        await host.load(PACKAGES / "todo-board")
        assert await todo(host, "list") == "Nothing is to be done."
        assert (
            await todo(host, "add", text="write\n the  tests")
            == "added 1. write the tests\n\n[ ] 1. write the tests"
        )
        assert await command(host, "todo", "add read them") == "added 2. read them"
        assert (
            await command(host, "todo", "edit 2 read all of them")
            == "changed: 2. read all of them"
        )
        assert (await todo(host, "done", id=1)).startswith("done: 1. write the tests")
        assert await command(host, "todo") == "[x] 1. write the tests\n[ ] 2. read all of them"
        assert await command(host, "todo", "undo #1") == "open again: 1. write the tests"
        assert await command(host, "todo", "done 2.") == "done: 2. read all of them"
        assert await command(host, "todo", "clear") == "removed 1 that were done"
        assert (await todo(host, "remove", id=1)).endswith("Nothing is to be done.")
        await todo(host, "add", text="last")
    async with PluginHost(project_dir=tmp_path, home=tmp_path / ".home") as host:
        await host.load(PACKAGES / "todo-board")
        assert await todo(host, "list") == "[ ] 3. last"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ("done 7", "there is no 7"),
        ("done", "todo [list]"),
        ("add", "an item needs a text"),
        ("edit 1", "an item needs a text"),
        ("juggle 3", "todo [list]"),
    ],
)
async def test_what_cannot_be_done_is_said(tmp_path: Path, args: str, why: str) -> None:
    """And the list is as it was."""
    async with PluginHost(project_dir=tmp_path, home=tmp_path / ".home") as host:
        await host.load(PACKAGES / "todo-board")
        await todo(host, "add", text="one")
        result = await host.run_command("todo", args)
        assert not result.ok
        assert why in (result.error or "")
        assert await todo(host, "list") == "[ ] 1. one"


async def test_the_list_is_beside_the_prompt(tmp_path: Path) -> None:
    """Whoever changes it; Space on an item is done and open again, and the model sees it."""
    async with running(tmp_path, "todo-board") as (host, person):
        await todo(host, "add", text="one")
        await todo(host, "add", text="two")
        await sidebar(person, ("one", False), ("two", False))
        await status(person, "2 open")
        for is_done, text in ((True, "1 open"), (False, "2 open")):
            assert (await host.select_item(BOARD, "Sidebar/todo", "2", action="toggle")).handled
            await sidebar(person, ("one", False), ("two", is_done))
            await status(person, text)
            assert f"[{'x' if is_done else ' '}] 2. two" in await todo(host, "list")


async def test_the_board_is_worked_with_keys(tmp_path: Path) -> None:
    """Add, edit, toggle, remove and clear; a question takes the place of the board, which comes back."""
    async with running(tmp_path, "todo-board") as (host, person):
        _, frame = await board(host, person)
        assert (person.frame(frame) or [""])[0] == "Nothing to do. Press a to add."
        for text in ("one", "two", "three"):
            await press(host, frame, "a")
            asked, _ = await question(person)
            person.view.answer(asked, value=text)
            _, frame = await opened(person)
        await sidebar(person, ("one", False), ("two", False), ("three", False))
        await person.until(
            lambda: True if "> [ ] 3. three" in (person.frame(frame) or []) else None
        )

        await press(host, frame, "up", "space")
        await sidebar(person, ("one", False), ("two", True), ("three", False))
        await person.until(
            lambda: True if "> [x] 2. two" in (person.frame(frame) or []) else None
        )
        await press(host, frame, "k", "e")
        asked, value = await question(person)
        assert value["prefill"] == "one"
        person.view.answer(asked, value="first")
        _, frame = await opened(person)
        await sidebar(person, ("first", False), ("two", True), ("three", False))
        await press(host, frame, "c")
        await sidebar(person, ("first", False), ("three", False))
        await press(host, frame, "down", "d")
        await sidebar(person, ("first", False))
        await press(host, frame, "escape")
        await person.no("dialog")
        await person.no("frame")
        assert await todo(host, "list") == "[ ] 1. first"


async def test_who_dismisses_the_question_is_back_on_the_board(tmp_path: Path) -> None:
    """Nothing was added; the person may close the board as well, whatever it does with keys."""
    async with running(tmp_path, "todo-board") as (host, person):
        _, frame = await board(host, person)
        await press(host, frame, "a")
        asked, _ = await question(person)
        person.view.answer(asked, cancelled=True)
        dialog, _ = await opened(person)
        person.view.answer(dialog, cancelled=True)
        await person.no("dialog")
        assert await todo(host, "list") == "Nothing is to be done."


async def test_another_key_opens_it(tmp_path: Path) -> None:
    """As the settings say."""
    async with running(tmp_path, "todo-board", key="alt+b") as (host, person):
        await person.until(lambda: person.values("keymap").get("alt+b"))
        assert not (await host.press_key("ctrl+t")).handled
        assert (await host.press_key("alt+b")).handled
        await opened(person)


async def test_either_half_is_started_again(tmp_path: Path) -> None:
    """A wish of the board waits for the other half; the board itself comes back with the list as it is by then."""
    async with running(tmp_path, "todo-board") as (host, person):
        await todo(host, "add", text="one")
        await sidebar(person, ("one", False))

        (info,) = host.plugins()
        (pid,) = info.pids
        os.kill(pid, signal.SIGKILL)
        assert (await host.select_item(BOARD, "Sidebar/todo", "1", action="toggle")).handled
        await sidebar(person, ("one", True))
        assert await todo(host, "list") == "[x] 1. one"
        assert host.plugins()[0].pids != (pid,)

        half = host.plugins()[0].tui
        assert half is not None
        os.kill(half.pids[0], signal.SIGKILL)
        await person.until(lambda: True if not listed(person) else None)
        await todo(host, "add", text="meanwhile")
        await sidebar(person, ("one", True), ("meanwhile", False))
        await until(lambda: half_of(host, "todo-board").state == "active")
        assert (await host.select_item(BOARD, "Sidebar/todo", "1", action="toggle")).handled
        await sidebar(person, ("one", False), ("meanwhile", False))


STRANGER = """
pi.registerCommand("meddle", { handler: async () => {
  const heard = await pi.events.emit("todo-board.change", { action: "clear", mark: "m" });
  await pi.events.emit("todo-board.change", { action: "add", text: "forged", mark: "m" });
  await pi.events.emit("todo-board.changed", { mark: "m" });
  return { output: heard.delivered };
} });
"""


async def test_another_plugin_has_no_say(tmp_path: Path, write: Write) -> None:
    """Its messages arrive, and are nobody's wish."""
    async with running(tmp_path, "todo-board") as (host, person):
        await host.load(write("stranger.js", plugin(STRANGER)), name="stranger")
        await todo(host, "add", text="one")
        await todo(host, "done", id=1)
        await sidebar(person, ("one", True))
        assert (await host.run_command("meddle")).output == 1
        assert await todo(host, "list") == "[x] 1. one"
        assert (await host.select_item(BOARD, "Sidebar/todo", "1", action="toggle")).handled
        await sidebar(person, ("one", False))
