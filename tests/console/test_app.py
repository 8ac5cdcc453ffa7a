"""The console's own lines, its panes, and the daemon's comings and goings."""

import pytest

from tests.console.consoles import console, console_on, lines_of, until, until_shown
from tests.daemon.conftest import StartDaemon

HELLO = 'pi.registerTool({name: "hello", description: "greets", handler: () => "hi"});'


@pytest.mark.asyncio
async def test_the_bar_says_where_one_is(start: StartDaemon) -> None:
    """The project, the connection and the mark, in row 0."""
    daemon = start(hello=HELLO)
    async with console_on(daemon) as pilot:
        await until(pilot, lambda: console(pilot).is_connected)
        await until(pilot, lambda: " connected " in lines_of(pilot)[0])

        bar = lines_of(pilot)[0]
        assert "project" in bar
        assert f"[{console(pilot).mark}]" in bar


@pytest.mark.asyncio
async def test_every_pane_opens_with_its_key(start: StartDaemon) -> None:
    """F3 goes through them, F4 back."""
    daemon = start(hello=HELLO)
    async with console_on(daemon) as pilot:
        seen = []
        for _ in range(6):
            seen.append(console(pilot).place)
            await pilot.press("f3")

        assert seen == ["session", "plugins", "approvals", "audit", "logs", "capabilities"]
        assert console(pilot).place == "session"
        await pilot.press("f4")
        assert console(pilot).place == "capabilities"


@pytest.mark.asyncio
async def test_a_daemon_that_goes_and_comes_back_is_told_and_survived(
    start: StartDaemon,
) -> None:
    """The same console shows the plugins of the next daemon."""
    daemon = start(hello=HELLO)
    async with console_on(daemon) as pilot:
        await pilot.press("f3")
        await until_shown(pilot, "hello", "active")
        daemon.kill()
        await until(pilot, lambda: "not connected" in lines_of(pilot)[0])
        daemon.start()
        await until(pilot, lambda: " connected " in lines_of(pilot)[0])
        await until_shown(pilot, "hello", "active")
