"""The console's own lines, its panes, and the daemon's comings and goings."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from time import monotonic

import pytest

from host.console.link import pause_s
from host.console.panes.detailed import DetailedPane
from host.console.table import Table
from jcode_plugins import AsyncClient
from tests.console.consoles import (
    console,
    console_on,
    lines_of,
    screen_text,
    until,
    until_shown,
)
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, ROOT

OLDER = """
import sys
from host.daemon.methods import METHODS
from jcode_plugin_start import main

for name in ("overview", "view"):
    del METHODS[name]
sys.exit(main(["serve"]))
"""
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
async def test_an_older_daemon_is_told_once_with_what_to_do(start: StartDaemon) -> None:
    """Nothing is asked of it that it does not know, and the next one is taken."""
    daemon = start(hello=HELLO)
    daemon.end()
    daemon.process = subprocess.Popen(
        [sys.executable, "-c", OLDER],
        cwd=ROOT,
        env=daemon.environment(PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    daemon.log_until("listening at")
    async with console_on(daemon, size=(160, 24)) as pilot:
        await until_shown(
            pilot, "older than this console; end it with jcode-plugin serve --stop"
        )
        await until(pilot, lambda: "not connected" in lines_of(pilot)[0])
        assert "no method" not in screen_text(pilot)
        daemon.end()
        daemon.start()
        await until(pilot, lambda: " connected " in lines_of(pilot)[0])


@pytest.mark.asyncio
async def test_a_daemon_that_goes_and_comes_back_is_told_and_survived(
    start: StartDaemon,
) -> None:
    """The same console shows the plugins of the next daemon. The last row says so, but not at the start, where the keys are."""
    daemon = start(hello=HELLO)
    async with console_on(daemon) as pilot:
        await until(pilot, lambda: " connected " in lines_of(pilot)[0])
        await pilot.press("f3")
        await until_shown(pilot, "hello", "active")
        assert "connected to the daemon" not in screen_text(pilot)
        daemon.kill()
        await until(pilot, lambda: "not connected" in lines_of(pilot)[0])
        daemon.start()
        await until(pilot, lambda: " connected " in lines_of(pilot)[0])
        await until_shown(pilot, "connected to the daemon")
        await until_shown(pilot, "hello", "active")


@pytest.mark.asyncio
async def test_a_daemon_that_does_not_answer_is_told_and_left_at_once(
    start: StartDaemon,
) -> None:
    """It is stopped in the middle of everything: the bar says it, keys go on, ending takes no longer."""
    daemon = start(hello=HELLO)
    async with console_on(daemon) as pilot:
        await pilot.press("f3")
        await until_shown(pilot, "hello", "active")
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            await until(pilot, lambda: "not answering" in lines_of(pilot)[0])
            await pilot.press("f3", "f3")
            assert console(pilot).place == "audit"
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        await until(pilot, lambda: " connected " in lines_of(pilot)[0])
        os.kill(daemon.pid, signal.SIGSTOP)
        await until(pilot, lambda: "not answering" in lines_of(pilot)[0])
        began = monotonic()
    took = monotonic() - began
    os.kill(daemon.pid, signal.SIGCONT)

    assert took < HANG_S / 2


@pytest.mark.asyncio
async def test_ctrl_c_ends_nothing(start: StartDaemon) -> None:
    """It says which key does."""
    daemon = start()
    async with console_on(daemon) as pilot:
        await pilot.press("f3", "ctrl+c")
        await until_shown(pilot, "Ctrl+Q or F10 ends the console")


@pytest.mark.asyncio
async def test_what_comes_while_it_ends_finds_no_pane_half_gone(start: StartDaemon) -> None:
    """Panes lose their parts one after another: nobody calls them then, though a stream brings more and more."""
    daemon = start(hello=HELLO)
    whole: list[bool] = []
    async with console_on(daemon) as pilot:
        await until(pilot, lambda: console(pilot).is_connected)
        panes = list(console(pilot).query(DetailedPane))

        async def more(_: AsyncClient) -> AsyncIterator[None]:
            while True:
                yield None
                await asyncio.sleep(0)

        def are_whole() -> bool:
            return all(pane.query(Table) for pane in panes)

        console(pilot).link.follow(more, lambda _: whole.append(are_whole()))
        await until(pilot, lambda: whole)

    assert not are_whole()
    assert all(whole)


@pytest.mark.parametrize("failures", range(40))
def test_pauses_grow_and_stay_short(failures: int) -> None:
    """Whoever restarts the daemon does not wait long for the console."""
    shortest, longest = pause_s(failures, jitter=0), pause_s(failures, jitter=1)

    assert 0 < shortest <= longest <= 5
    assert pause_s(failures + 1, jitter=0) >= shortest
