"""What a screen of the console must be, whatever plugins do: checked cell by cell."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from textual import events
from textual.pilot import Pilot

from host.console.bar import Bar, KeyLine, PaneNames, bar_text
from host.console.panes.approvals import ApprovalsScreen
from host.console.stage.component import Component
from host.console.stage.lines import LinesView
from tests.console.consoles import console, lines_of, screen_text
from tests.console.test_stage_hostile import cells_of
from tests.daemon.running import HANG_S

NEEDLES: Final = (
    "sure otter",
    "owned",
    "update ",
    "before",
    "\u6f22",
    "bash: always",
    "honest: all is well",
    "/approve a",
    "every key is mine",
)
"""Texts of the hostile plugins that have no business outside their frames."""


def check_screen(pilot: Pilot[int]) -> None:
    """Every cell can be printed, the console's rows are whole, and no text of a plugin is beyond what is its."""
    app = console(pilot)
    grid = cells_of(app)
    rows = lines_of(pilot)
    bar = app.screen.query_one(Bar)
    assert bar.told is not None
    assert bar.told.mark == app.mark
    assert bar.region[:2] == (0, 0)
    assert bar.region.width == app.size.width
    assert rows[0] == bar_text(bar.told, app.size.width).plain
    keys = app.screen.query_one(KeyLine)
    assert keys.region.bottom == app.size.height
    assert keys.region.width == app.size.width
    assert not any(app.mark in row for row in rows[1:] if "Answer only where" not in row)
    theirs = {
        (x, y)
        for view in app.screen.query(LinesView)
        for x in range(view.region.x, view.region.right)
        for y in range(view.region.y, view.region.bottom)
    }
    # Other panes have rows of the console's own, in which it tells what a plugin said: escaped, behind its name.
    for y, row in enumerate(grid[: keys.region.y] if open_name(pilot) == "Session" else []):
        own = "".join(cell if (x, y) not in theirs else "\0" for x, (cell, _) in enumerate(row))
        assert not any(needle in own for needle in NEEDLES), own


def questions_of(pilot: Pilot[int]) -> str:
    """What waits for an answer, as one text."""
    return json.dumps(console(pilot).questions)


async def read_question(pilot: Pilot[int], text: str) -> None:
    """Go down in the open approvals until the question with *text* is the one that is read."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ApprovalsScreen))
    screen = pilot.app.screen
    assert isinstance(screen, ApprovalsScreen)

    def way() -> int:
        ids = [str(one["id"]) for one in console(pilot).questions]
        (wanted,) = [
            str(one["id"]) for one in console(pilot).questions if text in str(one["summary"])
        ]
        return ids.index(wanted) - (ids.index(screen._shown) if screen._shown in ids else 0)

    while way():
        shown = screen._shown
        press(pilot, "down" if way() > 0 else "up")
        await until(pilot, lambda shown=shown: screen._shown != shown or not way())  # type: ignore[misc]
    await until_shown(pilot, text)


def check_approvals(pilot: Pilot[int], command: str) -> None:
    """The approval screen is what is seen, alone, with its mark, and with nothing of a plugin's in it."""
    app = console(pilot)
    assert isinstance(app.screen, ApprovalsScreen)
    assert not app.screen.query(LinesView)
    assert not app.screen.query(Component)
    rows = lines_of(pilot)
    assert app.mark in rows[0]
    assert any(f"Answer only where row 0 shows: {app.mark}" in row for row in rows)
    text = "\n".join(rows)
    assert command in text
    assert not any(needle in text for needle in NEEDLES), text
    assert all(row.isprintable() for row in rows)
    cells_of(app)


def open_name(pilot: Pilot[int]) -> str:
    """The name of the pane that the screen shows as the open one; only the session pane gives that row to a component."""
    app = console(pilot)
    if app.screen is app.base and not app.base.query_one(PaneNames).display:
        return app.open_pane.id.capitalize() if app.open_pane.id else ""
    row = [*pilot.app.screen._compositor.render_strips(), (), ()][
        1
    ]  # a new screen has none yet
    return "".join(text for text, style, _ in row if style is not None and style.bold).strip()


async def until(pilot: Pilot[int], holds: Callable[[], object], what: str = "") -> None:
    """Return when *holds* does. The pilot's own waiting waits for widgets, of which floods remove some meanwhile."""
    try:
        async with asyncio.timeout(HANG_S):
            while not holds():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what or holds}\n{screen_text(pilot)}") from None


async def until_shown(pilot: Pilot[int], *texts: str) -> None:
    """Return when every one of *texts* is on the screen."""
    await until(
        pilot, lambda: all(text in screen_text(pilot) for text in texts), f"not shown: {texts}"
    )


def press(pilot: Pilot[int], *keys: str) -> None:
    """Give the console *keys*, as the terminal does."""
    driver = pilot.app._driver
    assert driver is not None
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(pilot.app)
        driver.send_message(event)


async def open_with(pilot: Pilot[int], key: str, name: str) -> None:
    """Press *key*, and return when the screen shows that the pane *name* is open."""
    press(pilot, key)
    await until(pilot, lambda: open_name(pilot) == name, f"{name} after {key}")
