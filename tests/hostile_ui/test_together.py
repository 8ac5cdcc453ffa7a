"""All hostile plugins at once, in a real daemon, in front of a person at the real console."""

import pytest

from host.console.panes.approvals import ApprovalsScreen
from host.console.stage.session import SessionPane
from tests.console.consoles import console, console_on, lines_of
from tests.console.test_approvals import answers_of, asking
from tests.daemon.running import Daemon
from tests.hostile_ui.rows import CROWD
from tests.hostile_ui.screens import (
    check_approvals,
    check_screen,
    open_with,
    press,
    questions_of,
    read_question,
    until,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.soak]  # sixty workers that take all they can get

SIZE = (100, 40)
PANES = ("Plugins", "Approvals", "Audit", "Logs", "Capabilities", "Session")
"""In the order in which F3 opens them."""
PRESSES = 50
SHOWING = 45
"""Of the crowd; the others have died of what they do, or show in other places."""


async def test_the_screen_is_whole_and_the_keys_are_the_persons(crowd: Daemon) -> None:
    """Fifty keys, each until the screen shows what it did; after each, the whole screen is looked at, cell by cell. How long that
    takes is a row of the benchmarks."""
    async with console_on(crowd, size=SIZE) as pilot:
        mirror = pilot.app.query_one(SessionPane).mirror
        names = {*CROWD}
        await until(
            pilot,
            lambda: len({key.plugin for key in mirror.area("status")} & names) >= SHOWING,
            "too few of them show anything",
        )
        check_screen(pilot)
        before = mirror.version
        for at in range(PRESSES):
            await open_with(pilot, "f3", PANES[at % len(PANES)])
            check_screen(pilot)

        await until(pilot, lambda: mirror.version > before)  # they ran all the while
        assert console(pilot).is_connected


async def test_an_approval_is_alone_on_the_screen_and_answered_by_nobody_else(
    crowd: Daemon,
) -> None:
    """It waits until the person opens it, whatever is pressed before; then nothing of a plugin's is on the screen."""
    async with console_on(crowd, size=SIZE) as pilot, asking(crowd, "ls /etc"):
        await until(pilot, lambda: "ls /etc" in questions_of(pilot))
        press(pilot, "o", "s", "a", "d", "enter", "y")
        await open_with(pilot, "f3", "Plugins")  # so that all of these were handled
        await open_with(pilot, "f4", "Session")
        assert not isinstance(pilot.app.screen, ApprovalsScreen)
        assert answers_of(crowd) == {}
        check_screen(pilot)

        await open_with(pilot, "f2", "Approvals")
        await read_question(pilot, '{"command":"ls /etc"}')
        mirror = pilot.app.query_one(SessionPane).mirror
        for _ in range(10):
            version = mirror.version
            await until(pilot, lambda before=version: mirror.version > before)  # type: ignore[misc]
            check_approvals(pilot, "ls /etc")
        assert "ls /etc" in questions_of(pilot)
        assert answers_of(crowd) == {}
        press(pilot, "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ApprovalsScreen))
        check_screen(pilot)
        assert "to approve: F2" in lines_of(pilot)[0]
