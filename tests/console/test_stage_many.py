"""A plugin that shows more than anybody reads costs the screen no more than one that shows what can be read."""

import pytest
from textual._compositor import Compositor
from textual.widget import Widget

from host.console.mirror import Json
from host.console.stage import slots
from host.console.stage.laid import LaidOut
from host.console.stage.slots import MOST_FRAMES, MOST_ITEMS, Place
from tests.console.stages import (
    entry,
    line,
    lines,
    list_slot,
    row_of,
    screen_lines,
    settle,
    show,
    stage_of,
    text_slot,
)
from tests.console.test_stage_room import frame

pytestmark = pytest.mark.asyncio

MANY = 30


def many(count: int = MANY, plugin: str = "many") -> list[Json]:
    """So many slots beside the log."""
    return [
        entry("slot", f"Sidebar/{at:02}", text_slot(f"{plugin} {at:02}"), plugin=plugin)
        for at in range(count)
    ]


async def test_a_place_has_so_many_frames_of_one_plugin_and_says_how_many_it_has_not() -> None:
    """Another plugin's are all there, however late they come; with fewer, all of them are shown."""
    late = entry("slot", "Sidebar/z", text_slot("late text", order=99), plugin="late")
    async with stage_of(*many(), late, size=(100, 60)) as (app, pilot):
        sidebar = app.query_one("#sidebar", Place)
        assert len(sidebar.frames) == MOST_FRAMES + 2
        assert row_of(app, "many 00") < row_of(app, f"many {MOST_FRAMES - 1:02}")
        assert f"many {MOST_FRAMES:02}" not in "\n".join(screen_lines(app))
        assert row_of(app, f"{MANY - MOST_FRAMES} more")
        assert row_of(app, "late text")

        gone: list[Json] = [["many", "", "slot", f"Sidebar/{at:02}"] for at in range(5)]
        await show(app, pilot, remove=gone)
        assert row_of(app, f"{MANY - MOST_FRAMES - 5} more")
        assert row_of(app, f"many {MOST_FRAMES:02}")

        gone = [["many", "", "slot", f"Sidebar/{at:02}"] for at in range(5, MANY - MOST_FRAMES)]
        await show(app, pilot, remove=gone)
        assert "more" not in "\n".join(screen_lines(app))
        assert row_of(app, f"many {MANY - 1:02}")


async def test_widgets_are_counted_too() -> None:
    """They are shown in another place, and in the order in which they came."""
    widgets = [
        entry("widget", f"w{at:02}", {"lines": lines(f"w {at:02}"), "placement": "aboveEditor"})
        for at in range(MANY)
    ]
    async with stage_of(*widgets) as (app, _):
        above = app.query_one("#above", Place)

        assert len(above.frames) == MOST_FRAMES + 1


async def test_widgets_that_lost_their_worker_stay_where_they_were() -> None:
    """Also those that are not shown, and in no other place besides."""
    widgets = [
        entry("widget", f"w{at:02}", {"lines": lines(f"w {at:02}"), "placement": "belowEditor"})
        for at in range(MANY)
    ]
    async with stage_of(*widgets, size=(100, 60)) as (app, pilot):
        why = {"gone": "the worker crashed"}
        await show(app, pilot, *(entry("widget", f"w{at:02}", why) for at in range(MANY)))
        above, below = app.query_one("#above", Place), app.query_one("#below", Place)

        assert not above.frames
        assert len(below.frames) == MOST_FRAMES + 1
        assert row_of(app, f"{MANY - MOST_FRAMES} more")
        assert "w 00" not in "\n".join(screen_lines(app))


async def test_the_shared_line_has_so_many_items_of_one_plugin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others are not even made; the next plugin's item is in the line."""
    made: list[Json] = []
    told = slots.told
    monkeypatch.setattr(slots, "told", lambda value: made.append(value) or told(value))  # type: ignore[func-returns-value]
    items = [
        entry("status", f"s{at:02}", {"line": line(f"i{at:02}")}, plugin="alfa")
        for at in range(MANY)
    ]
    beside = entry("status", "s", {"line": line("beside")}, plugin="beta")
    names = [f"n{at:03}" for at in range(1_000)]
    listed = entry("slot", "StatusBar/a", list_slot(*names), plugin="gamma")
    async with stage_of(*items, beside, listed, size=(200, 24)) as (app, pilot):
        await settle(app, pilot)
        (row,) = [row for row in screen_lines(app) if "beside" in row]

        assert len(made) == MOST_ITEMS + 1
        assert f"i{MOST_ITEMS - 1:02}, …" in row
        assert f"i{MOST_ITEMS:02}" not in row
        assert f"n{MOST_ITEMS - 1:03}, …" in row
        assert f"n{MOST_ITEMS:03}" not in row


async def test_a_size_is_known_without_laying_the_screen_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is what Textual, the control, says after it did so; what is covered by a component is not drawn at all."""
    async with stage_of(*many(8), *many(8, "more"), size=(80, 24)) as (app, pilot):
        await settle(app, pilot)
        widgets = [*app.query(LaidOut)]
        assert len(widgets) > MANY
        theirs = Widget.size.fget
        assert theirs is not None
        before = [theirs(widget) for widget in widgets]
        assert [widget.size for widget in widgets] == before

        await show(app, pilot, frame(["one"]), frame(["two"], "f2"))
        (hidden, shown) = app.stage._components.values()
        looked: list[Widget] = []
        find = Compositor.find_widget

        def noted(compositor: Compositor, widget: Widget) -> object:
            looked.append(widget)
            return find(compositor, widget)

        monkeypatch.setattr(Compositor, "find_widget", noted)
        assert [widget.size for widget in widgets] == before
        for widget in widgets:
            widget.refresh()
        hidden.show({"lines": lines("another")})
        hidden.fit()
        assert not hidden.view.rows
        assert shown.view.rows
        assert not looked
