"""Questions in the console: opened by the person, answered with a key that was meant."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from host.console.guard import QUIET_S
from host.console.panes.approvals import ApprovalsScreen
from host.outcome import JsonObject
from jcode_plugins import AsyncClient, ToolVerdict
from tests.console.consoles import (
    console,
    console_on,
    lines_of,
    screen_text,
    until,
    until_shown,
)
from tests.console.test_guard import Clock
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, Daemon
from tests.daemon.test_questions import asked, at_terminal

PATIENT: Final = f"[plugin.timeouts]\napproval_ms = {HANG_S * 1000:.0f}\n"
"""A question waits as long as anything does here: how soon the console is there is not what is tested."""
AT_A_TERMINAL: Final = """
import asyncio, sys
from pathlib import Path
from host.console.panes.approvals import ApprovalsScreen
from tests.console.consoles import console, console_on, until, until_shown
from tests.daemon.running import Daemon

async def main():
    daemon = Daemon(Path(sys.argv[1]), Path(sys.argv[2]))
    async with console_on(daemon) as pilot:
        await until(pilot, lambda: console(pilot).is_connected)
        print("it is ready", flush=True)
        for key in sys.argv[3]:
            await until_shown(pilot, "1 to approve")
            await pilot.press("f2")
            await until_shown(pilot, "wants to run: bash", f"echo {key}")
            while console(pilot).questions:
                await pilot.press(key)
                await pilot.pause(0.5)
                await console(pilot).look_at_questions()
            while isinstance(console(pilot).screen, ApprovalsScreen):
                await pilot.press("escape")
            print(f"answered {key}", flush=True)

asyncio.run(main())
"""
CODES: Final = {
    "o": "allow.once",
    "s": "allow.session",
    "a": "allow.always",
    "d": "deny.person",
}


def asks(daemon: Daemon, command: str) -> "asyncio.Task[ToolVerdict]":
    """Have this process ask for a tool of the agent's."""

    async def ask() -> ToolVerdict:
        client = AsyncClient(
            project_dir=daemon.project, environment=daemon.environment(), timeout_s=HANG_S
        )
        async with client:
            return await client.check_tool(
                "bash", tier="exec", args={"command": command}, timeout_s=HANG_S
            )

    return asyncio.create_task(ask())


@asynccontextmanager
async def asking(daemon: Daemon, *commands: str) -> AsyncIterator[None]:
    """Have questions wait, each of its own command, as long as this is open."""
    tasks = [asks(daemon, command) for command in commands]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answers_of(daemon: Daemon) -> JsonObject:
    """How many answers the daemon was given, by what became of them."""
    with daemon.client() as client:
        requests = client.stats()["requests"]
    assert isinstance(requests, dict)
    found = requests.get("answer", {})
    assert isinstance(found, dict)
    return found


def test_a_key_answers_at_another_terminal(start: StartDaemon) -> None:
    """The agent waits at its terminal; the console, at one of its own, has the answer for it, whichever it is."""
    daemon = start(config=PATIENT)
    words = (str(daemon.home), str(daemon.project), "".join(CODES))
    with at_terminal(daemon, "-c", AT_A_TERMINAL, *words) as (person, screen):
        said = _read_until(screen, b"", "it is ready")
        for key, code in CODES.items():
            with asked(daemon, f"echo {key}") as verdict:
                said = _read_until(screen, said, f"answered {key}")
                assert verdict()["code"] == code
        assert person.wait(HANG_S) == 0


def _read_until(screen: int, said: bytes, text: str) -> bytes:
    while text.encode() not in said:
        said += os.read(screen, 65536)
    return said


@pytest.mark.asyncio
async def test_a_question_never_opens_by_itself(start: StartDaemon) -> None:
    """The bar counts, the last row says which key; nothing else changes, and F2 shows all of it."""
    daemon = start(config=PATIENT)
    async with console_on(daemon) as pilot, asking(daemon, "ls /etc"):
        await until_shown(pilot, "1 to approve: F2")
        assert not isinstance(console(pilot).screen, ApprovalsScreen)
        assert "ls /etc" not in screen_text(pilot)

        await pilot.press("f2")
        await until_shown(
            pilot, "wants to run: bash", '{"command":"ls /etc"}', "asked because:"
        )
        text = screen_text(pilot)
        assert str(daemon.project)[:20] in text
        assert (
            text.count(console(pilot).mark) == 2
        )  # in row 0, and where it says what to look for
        assert console(pilot).mark in lines_of(pilot)[0]
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(console(pilot).screen, ApprovalsScreen))


@pytest.mark.asyncio
async def test_a_key_that_was_typed_ahead_answers_nothing(start: StartDaemon) -> None:
    """It counts 0.4 s after the question was drawn: until then the daemon hears nothing of it."""
    daemon = start(config=PATIENT)
    clock = Clock()
    async with console_on(daemon, clock=clock) as pilot, asking(daemon, "ls"):
        await until_shown(pilot, "1 to approve: F2")
        await pilot.press("a", "f2")
        await until_shown(pilot, "wants to run: bash")
        for _ in range(5):
            clock.now += QUIET_S / 2
            await pilot.press("a")
        await until_shown(pilot, "not taken")
        assert answers_of(daemon) == {}

        clock.now += QUIET_S  # the control: the same key, later
        await pilot.press("a")
        # The one who asks is this very process, so it is no answer; but the key was taken.
        await until_shown(pilot, "error:", "always does not count from here")
        assert answers_of(daemon) == {}


@pytest.mark.asyncio
async def test_a_question_that_comes_to_stand_there_holds_the_keys(start: StartDaemon) -> None:
    """The one that was read is gone; the key that was meant for it answers no other."""
    daemon = start(config=PATIENT)
    clock = Clock()
    async with console_on(daemon, clock=clock) as pilot, asking(daemon, "first", "second"):
        await until_shown(pilot, "2 to approve: F2")
        await pilot.press("f2")
        await until_shown(pilot, "first")
        clock.now += 60
        await pilot.press("down")
        await until_shown(pilot, '"second"')
        await pilot.press("a")
        await until_shown(pilot, "not taken")

        assert answers_of(daemon) == {}


@pytest.mark.asyncio
async def test_what_an_agent_asks_cannot_leave_its_lines(
    start: StartDaemon, tmp_path: Path
) -> None:
    """Escapes, line ends and markup of the input are shown as text."""
    daemon = start(config=PATIENT)
    hostile = "\x1b[2J\x1b[H[bold red]fake[/] \u202eabc\r\nwho: plugin trusted"
    async with console_on(daemon) as pilot, asking(daemon, hostile):
        await until_shown(pilot, "1 to approve: F2")
        await pilot.press("f2")
        await until_shown(pilot, "[bold red]fake[/]")

        lines = lines_of(pilot)
        assert all(line.isprintable() for line in lines)
        assert not any(line.lstrip().startswith("who: plugin") for line in lines)
        assert json.dumps("\x1b[2J")[1:-1].replace("\\", "") in "".join(lines).replace("\\", "")


ASKING: Final = """
pi.on("UserPromptSubmit", async (event, output, ctx) => ({ modified_prompt: await ctx.fs.readText("rules.md") }));
"""


@pytest.mark.asyncio
async def test_a_question_of_its_own_session_is_answered_here_where_the_operator_lets_it(
    start: StartDaemon,
) -> None:
    """For this once; the keys for more are not offered, and answer nothing."""
    daemon = start(config="[plugin.daemon]\nelicit = true\n", asking=ASKING)
    (daemon.project / "rules.md").write_text("five words of a rule")
    clock = Clock()
    async with console_on(daemon, clock=clock) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await pilot.press(*"hi", "enter")
        await until_shown(pilot, "1 to approve: F2")
        await pilot.press("f2")
        await until_shown(pilot, "from here: once or deny", "asks the host for: fs_read")
        assert ("o once" in lines_of(pilot)[-1], "a always" in lines_of(pilot)[-1]) == (
            True,
            False,
        )
        clock.now += QUIET_S
        await pilot.press("a")
        await until_shown(pilot, "always does not count from here: here it is once or deny")
        assert answers_of(daemon) == {}
        await pilot.press("o")
        await until_shown(pilot, "fs_read: once")
        await pilot.press("escape")
        await until_shown(pilot, "count_words: words 5")


@pytest.mark.asyncio
async def test_a_question_of_its_own_session_says_else_where_to_answer(
    start: StartDaemon,
) -> None:
    daemon = start(asking=ASKING)
    (daemon.project / "rules.md").write_text("a rule")
    clock = Clock()
    async with console_on(daemon, clock=clock) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await pilot.press(*"hi", "enter")
        await until_shown(pilot, "1 to approve: F2")
        await pilot.press("f2")
        id_ = str(console(pilot).questions[0]["id"])
        await until_shown(pilot, f"jcode-plugin approve {id_}", "elicit = true")
        assert "o once" not in lines_of(pilot)[-1]
        clock.now += QUIET_S
        await pilot.press("o")
        await until_shown(pilot, "once does not count from here: whoever answers")
        assert answers_of(daemon) == {}
