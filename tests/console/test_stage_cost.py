"""What a change costs the console: what is seen of it, however much there is."""

import pytest
from textual.screen import Screen

from host.console.mirror import Json
from host.console.stage.lines import LinesView
from tests.console.stages import entry, lines, list_slot, screen_lines, show, stage_of

pytestmark = pytest.mark.asyncio

ITEMS = 1_000


def flood(number: int) -> list[Json]:
    """A long list and a long widget, for the time *number*."""
    items = list_slot(*(f"item {at} time {number}" for at in range(ITEMS)))
    above = lines(*(f"line {at} time {number}" for at in range(100)))
    return [
        entry("slot", "Sidebar/a", items),
        entry("widget", "w", {"lines": above, "placement": "aboveEditor"}),
    ]


async def test_of_a_long_list_the_rows_that_are_seen_are_read() -> None:
    """The others are cleaned when somebody scrolls to them."""
    async with stage_of(*flood(0), size=(100, 40)) as (app, pilot):
        await show(app, pilot, *flood(1))
        view = app.query_one("#sidebar").query_one(LinesView)
        assert "item 0 time 1" in "".join(screen_lines(app))
        read = [row for row in view.rows if isinstance(row._line, list)]
        assert len(view.rows) == ITEMS
        assert 0 < len(read) <= app.size.height
        view.focus()
        await pilot.press("end")
        await pilot.pause()
        assert f"item {ITEMS - 1} time 1" in "".join(screen_lines(app))


@pytest.mark.parametrize("width", [100, 50])
async def test_a_change_that_takes_the_same_room_lays_nothing_out_anew(width: int) -> None:
    """The control is one that takes other room."""
    laid_out: list[Screen[object]] = []
    async with stage_of(*flood(0), size=(width, 40)) as (app, pilot):
        app.screen.screen_layout_refresh_signal.subscribe(
            app.stage, laid_out.append, immediate=True
        )
        for number in range(1, 6):
            await show(app, pilot, *flood(number))
            assert f"time {number}" in "".join(screen_lines(app))
        assert laid_out == []
        await show(app, pilot, remove=[["guard", "", "widget", "w"]])
        assert laid_out != []
