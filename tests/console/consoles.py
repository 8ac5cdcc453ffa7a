"""The console as tests run it: the application itself, with keys, against a real daemon."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from textual.pilot import Pilot

from host.console.app import Console
from host.console.link import Place
from host.console.options import Options
from host.console.themes import ThemeName
from tests.daemon.running import HANG_S, Daemon

PAUSE_S: Final = 0.02


@asynccontextmanager
async def console_on(
    daemon: Daemon,
    *,
    size: tuple[int, int] = (80, 24),
    theme: ThemeName = "dark",
    reader: bool = False,
    attach: bool = True,
    clock: Callable[[], float] = monotonic,
) -> AsyncIterator[Pilot[int]]:
    """Run a console in the daemon's project."""
    place = Place(daemon.environment(), daemon.project)
    app = Console(Options(place, theme, attach=attach, reader=reader, clock=clock))
    async with app.run_test(size=size) as pilot:
        yield pilot


def console(pilot: Pilot[int]) -> Console:
    """The application that *pilot* drives."""
    assert isinstance(pilot.app, Console)
    return pilot.app


async def until(pilot: Pilot[int], holds: Callable[[], object], what: str = "") -> None:
    """Return when *holds* does; a hang is told with the screen."""
    try:
        async with asyncio.timeout(HANG_S):
            while not holds():
                await pilot.pause(PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"{what or holds}\n{screen_text(pilot)}") from None


def lines_of(pilot: Pilot[int]) -> list[str]:
    """What the screen shows, a text for each row."""
    width = pilot.app.size.width
    return [strip.text[:width] for strip in pilot.app.screen._compositor.render_strips()]


def screen_text(pilot: Pilot[int]) -> str:
    """The same as one text."""
    return "\n".join(lines_of(pilot))


async def until_shown(pilot: Pilot[int], *texts: str) -> None:
    """Return when every one of *texts* is on the screen."""
    await until(
        pilot, lambda: all(text in screen_text(pilot) for text in texts), f"not shown: {texts}"
    )
