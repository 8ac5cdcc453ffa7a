"""How much room there is: a component has the stage, the log keeps its rows, and a change is drawn at once."""

import pytest
from textual.geometry import Region

from host.console.guard import QUIET_S
from host.console.mirror import Json, JsonObject
from host.console.paint import own
from host.console.stage.component import Component, ComponentLines, top_row
from host.console.stage.lines import LinesView
from host.console.stage.pacing import LONGEST_S, Pace
from host.console.stage.stage import shared_out
from tests.console.stages import (
    Host,
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

pytestmark = pytest.mark.asyncio

AROUND: list[Json] = [
    entry("slot", "Header/a", text_slot("header text")),
    entry("slot", "Sidebar/a", text_slot("sidebar text")),
    entry("slot", "Footer/a", text_slot("footer text")),
    entry("slot", "Overlay/a", text_slot("overlay text")),
    entry("widget", "up", {"lines": lines("above text"), "placement": "aboveEditor"}),
    entry("widget", "down", {"lines": lines("below text"), "placement": "belowEditor"}),
    entry("status", "s", {"line": line("status text"), "severity": "info"}),
    entry("title", "", {"line": line("title text")}),
]
SIZES = [(80, 24), (100, 30), (40, 10)]


def grid(width: int, height: int, first: int = 0) -> list[str]:
    """Lines of exactly *width* cells, each with its number and an end that shows."""
    return [f"{at:03d}{'.' * (width - 4)}E" for at in range(first, first + height)]


def frame(
    texts: list[str],
    id_: str = "f1",
    *,
    cursor: Json = None,
    overlay: bool = False,
    plugin: str = "guard",
    **options: Json,
) -> Json:
    """A component's lines."""
    value: JsonObject = {"lines": lines(*texts), "cursor": cursor}
    whole: JsonObject = {**value, "overlay": overlay, "options": options}
    return entry("frame", id_, whole, plugin=plugin)


def inside(app: Host) -> Region:
    """Where a component's own cells are."""
    return app.query_one(ComponentLines).region


@pytest.mark.parametrize("size", SIZES)
async def test_a_component_has_the_stage_cell_by_cell(size: tuple[int, int]) -> None:
    """What fills the room that plugins are told of is whole, and nothing but the console's rows and the frame is beside it."""
    async with stage_of(*AROUND, size=size) as (app, pilot):
        assert "sidebar text" in "".join(screen_lines(app)) or size[1] < 12
        width, height = app.stage.room
        assert (width, height) == (size[0] - 2, size[1] - 4)
        drawn = grid(width, height)
        await show(app, pilot, frame(drawn))

        rows = screen_lines(app)
        assert rows[0].startswith("BAR")
        assert rows[-1].startswith("KEYS")
        assert rows[1].startswith("╭─ guard component ")
        assert rows[-2].endswith(" F12 leaves ─╯")
        assert rows[2:-2] == [f"│{text}│" for text in drawn]


async def test_the_room_of_a_component_follows_the_terminal() -> None:
    """Another size, another room, and what fills that is whole again."""
    async with stage_of(frame(grid(78, 20)), *AROUND) as (app, pilot):
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert app.stage.room == (98, 26)
        await show(app, pilot, frame(grid(98, 26)))
        assert screen_lines(app)[2:-2] == [f"│{text}│" for text in grid(98, 26)]


async def test_everything_gives_way_and_comes_back() -> None:
    """Without focus beneath the component; F12 gives all of it back."""
    async with stage_of(*AROUND, frame(["game"])) as (app, pilot):
        whole = "\n".join(screen_lines(app))
        for text in ("header", "sidebar", "footer", "overlay", "above", "below", "status"):
            assert f"{text} text" not in whole
        assert "type a prompt" not in whole
        app.deeds.used = False
        await pilot.press("tab", "h", "i")
        await pilot.pause()
        assert app.focused is app.query_one(ComponentLines)
        assert app.stage.prompt.line.value == ""

        await pilot.press("f12")
        await pilot.pause()
        whole = "\n".join(screen_lines(app))
        for text in ("header", "sidebar", "footer", "overlay", "above", "below", "status"):
            assert f"{text} text" in whole
        assert app.focused is app.stage.prompt.line


async def test_a_component_waits_for_the_person_who_is_typing() -> None:
    """The line stays seen and has the keys until nothing was typed for a moment."""
    async with stage_of() as (app, pilot):
        await pilot.press("h")
        await show(app, pilot, frame(["game text"]))
        await pilot.press("i")
        assert "game text" not in "".join(screen_lines(app))
        assert screen_lines(app)[app.stage.prompt.line.region.y].startswith("hi")

        app.clock.at += QUIET_S + 0.1
        await pilot.pause(QUIET_S + 0.2)
        assert "game text" in "".join(screen_lines(app))
        assert app.focused is app.query_one(ComponentLines)


async def test_the_newest_component_is_seen_and_the_one_before_comes_back() -> None:
    """Each has all the room."""
    async with stage_of(frame(["first game"])) as (app, pilot):
        await show(app, pilot, frame(["second game"], plugin="other"))
        whole = "\n".join(screen_lines(app))
        assert "second game" in whole
        assert "first game" not in whole
        await show(app, pilot, remove=[["other", "", "frame", "f1"]])
        await pilot.pause()
        assert "first game" in "\n".join(screen_lines(app))
        assert app.focused is app.query_one(ComponentLines)


@pytest.mark.parametrize(
    ("cursor", "first", "told"),
    [
        (None, 30, "30 lines above, F12 leaves"),
        ([45, 0], 30, "30 lines above, F12 leaves"),
        ([29, 3], 29, "29 lines above, 1 line below, F12 leaves"),
        ([0, 0], 0, "30 lines below, F12 leaves"),
    ],
)
async def test_of_many_lines_those_with_the_cursor_are_seen(
    cursor: Json, first: int, told: str
) -> None:
    """Else the last ones; the frame says how many are not."""
    async with stage_of(frame(grid(78, 50), cursor=cursor)) as (app, pilot):
        await pilot.pause()
        rows = screen_lines(app)
        assert rows[2:-2] == [f"│{text}│" for text in grid(78, 20, first)]
        assert f" {told} " in rows[-2]


async def test_a_cursor_moves_what_is_seen_as_little_as_can_be() -> None:
    """Up to the edge nothing moves."""
    seen = [30]
    for cursor in (40, 30, 29, 35, 48, 49, 10):
        seen.append(top_row(50, 20, cursor, seen[-1]))
    assert seen[1:] == [30, 30, 29, 29, 29, 30, 10]
    assert top_row(3, 20, 2, 7) == 0
    assert top_row(0, 20, None, None) == 0


@pytest.mark.parametrize(("columns", "anchor"), [(78, "center"), (30, "top-left")])
async def test_what_lies_over_the_rest_is_as_wide_inside_as_it_asked(
    columns: int, anchor: str
) -> None:
    """The frame is around it, and no cell of it is cut; as many rows as a component can have."""
    drawn = grid(columns, 20)
    async with stage_of(frame(drawn, overlay=True, width=columns, anchor=anchor)) as (app, _):
        assert inside(app).size == (columns, 20)
        rows = screen_lines(app)
        left = inside(app).x
        assert [row[left : left + columns] for row in rows[2:22]] == drawn


@pytest.mark.parametrize("overlay", [False, True])
async def test_for_a_reader_a_component_has_all_but_a_line_and_an_indent(
    *, overlay: bool
) -> None:
    """It says in words what is around it."""
    async with stage_of(*AROUND, is_reader=True) as (app, pilot):
        width, height = app.stage.room
        assert (width, height) == (78, 21)
        drawn = grid(width, height + 1)
        await show(app, pilot, frame(drawn, overlay=overlay, width=width))
        await pilot.pause()
        rows = screen_lines(app)
        assert rows[1].startswith("guard component: 1 line above, F12 leaves")
        assert rows[2:-1] == [f"  {text}" for text in drawn[1:]]


async def test_both_halves_of_a_plugin_have_its_name() -> None:
    """What the host writes after it is nothing that a person reads."""
    half = "todo-board#tui"
    async with stage_of(
        entry("slot", "Header/a", text_slot("header text"), plugin=half),
        entry("status", "a", {"line": line("2 open"), "severity": "info"}, plugin=half),
        entry("notice", "1", {"line": line("x"), "level": "info", "at": 1}, plugin=half),
        entry("plugin", "", {"state": "restarting", "error": ""}, plugin=half),
    ) as (app, pilot):
        await show(
            app,
            pilot,
            entry("notice", "2", {"line": line("told"), "level": "info", "at": 2}, plugin=half),
        )
        whole = "\n".join(screen_lines(app))
        assert "▌todo-board (restarting) header: header text" in whole
        assert "▌todo-board (restarting): 2 open" in whole
        assert "▌todo-board (restarting) info: told" in whole
        assert "#" not in whole
        await show(app, pilot, frame(["game"], plugin=half))
        assert "todo-board (restarting) component" in screen_lines(app)[1]
        await pilot.press("x")
        await pilot.pause()
        assert app.deeds.done == [("key", "x", "f1", half)]


class Asked:
    """How the stage had itself drawn: whether a person waited, and whether it was seen."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._asked: list[tuple[bool, bool]] = []
        soon = Pace.soon

        def noted(pace: Pace, *, hurries: bool, seen: bool = True) -> None:
            self._asked.append((hurries, seen))
            soon(pace, hurries=hurries, seen=seen)

        patch.setattr(Pace, "soon", noted)

    def all(self) -> list[tuple[bool, bool]]:
        """Since it was asked for before."""
        asked, self._asked = self._asked, []
        return asked


async def test_the_first_change_is_drawn_at_once_and_the_next_one_waits() -> None:
    """In the same turn of the loop when nothing was drawn for a while."""
    async with stage_of() as (app, pilot):
        pace, before = app.stage._pace, app.stage.flushes
        pace._drawn_at = -LONGEST_S
        app.mirror.load({"version": 2, "entries": [entry("slot", "Header/a", text_slot("1"))]})
        assert pace._timer is None
        await settle(app, pilot)
        assert app.stage.flushes == before + 1
        pace._drawn_at = pace._clock()  # as if that had been now
        app.mirror.load({"version": 3, "entries": [entry("slot", "Header/a", text_slot("2"))]})
        assert pace._timer is not None
        await settle(app, pilot)
        assert app.stage.flushes == before + 2


async def test_what_a_person_waits_for_hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What opens, what has the focus and what goes; nothing else, and nothing that was left or is another session's."""
    async with stage_of() as (app, pilot):
        asked = Asked(monkeypatch)
        await show(app, pilot, entry("slot", "Header/a", list_slot("one")))
        assert asked.all() == [(False, True)]
        await pilot.press("tab")
        await show(app, pilot, entry("slot", "Header/a", list_slot("one", "two")))
        assert asked.all() == [(True, True)]
        question: JsonObject = {"kind": "input", "n": 1, "title": line("what?")}
        await show(app, pilot, entry("dialog", "d", question, session="another"))
        assert asked.all() == [(False, True)]
        for text in ("opens", "is drawn again"):
            await show(app, pilot, frame([text]))
            assert asked.all() == [(True, True)]
        await pilot.press("f12")
        await show(app, pilot, frame(["was left"]))
        assert asked.all() == [(False, True)]
        await show(app, pilot, frame(["second"], "f2"))
        asked.all()
        app.stage.transcript.focus()
        await show(app, pilot, remove=[["guard", "", "frame", "f2"]])
        assert asked.all() == [(True, True)]


async def test_what_is_out_of_sight_is_drawn_when_it_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rarely before, and not at all when nothing changed."""
    async with stage_of() as (app, pilot):
        asked = Asked(monkeypatch)
        app.stage.see(is_seen=False)
        app.stage.see(is_seen=True)
        assert not asked.all()
        app.stage.see(is_seen=False)
        at = app.mirror.version
        told = entry("slot", "Header/a", text_slot("header text"))
        app.mirror.apply({"from": at, "to": at + 1, "set": [told], "remove": []})
        assert asked.all() == [(False, False)]
        app.stage._pace.stop()
        app.stage.see(is_seen=True)
        assert asked.all() == [(True, True)]
        await settle(app, pilot)
        assert "header text" in "\n".join(screen_lines(app))


async def test_a_title_that_is_the_same_is_not_set_again() -> None:
    """But one that says something else is."""
    async with stage_of(entry("slot", "Header/a", text_slot("one", "two"))) as (app, pilot):
        (framed,) = app.stage.places[0].frames.values()
        first = framed._titled
        assert first is not None
        await show(app, pilot, entry("slot", "Header/a", text_slot("one", "three")))
        assert framed._titled is first
        await show(app, pilot, frame(grid(78, 30)))
        (component,) = app.query(Component)
        at_first = component._titled
        await show(app, pilot, frame(grid(78, 31)))
        assert "11 lines above" in screen_lines(app)[-2]
        assert component._titled is not at_first


# Places.


async def test_what_lies_over_the_log_moves_with_it() -> None:
    """Whatever takes rows of the log, and without a change of what plugins show."""
    async with stage_of(*AROUND) as (app, pilot):
        drawn, log, overlay = app.stage.flushes, app.stage.transcript, app.stage.places[-1]
        before = log.region
        app.stage.query_one("#titles").styles.height = 4
        await settle(app, pilot)
        assert log.region.y > before.y
        assert overlay.region.y == log.region.y
        assert app.stage.flushes == drawn


async def test_with_three_plugins_the_log_keeps_eight_rows() -> None:
    """Each with a status, widgets above and below, a header and a footer of several lines, at 80 by 24."""
    many: list[Json] = []
    for plugin in ("alfa", "beta", "gamma"):
        many += [
            entry("slot", "Header/a", text_slot("one", "two", "three"), plugin=plugin),
            entry("slot", "Footer/a", text_slot("one", "two", "three"), plugin=plugin),
            entry("slot", "Sidebar/a", text_slot("one", "two", "three"), plugin=plugin),
            entry("status", "s", {"line": line("fine"), "severity": "info"}, plugin=plugin),
            entry("title", "", {"line": line("title")}, plugin=plugin),
        ]
        for at in ("aboveEditor", "belowEditor"):
            told: JsonObject = {"lines": lines("one", "two"), "placement": at}
            many.append(entry("widget", at, told, plugin=plugin))
    async with stage_of(*many) as (app, pilot):
        assert app.stage.transcript.size.height >= 8
        await pilot.press(*"here")
        await pilot.pause()
        assert screen_lines(app)[app.stage.prompt.line.region.y].startswith("here")
        for place in app.stage.places[:5]:
            assert place.region.height >= 1


async def test_widgets_of_one_line_take_one_row_each() -> None:
    """After the name of their plugin; what is longer has a frame, also when it grows or the screen shrinks."""
    long = "x" * 60
    async with stage_of(
        *AROUND,
        entry("widget", "x", {"lines": lines(long), "placement": "aboveEditor"}, plugin="b"),
    ) as (app, pilot):
        rows = screen_lines(app)
        assert rows[row_of(app, "above text")].startswith("▌guard widget: above text")
        assert rows[row_of(app, long)].startswith(f"▌b widget: {long}")
        assert row_of(app, long) == row_of(app, "above text") - 1
        assert rows[row_of(app, "below text")].startswith("▌guard widget: below text")

        await pilot.resize_terminal(66, 24)
        await pilot.pause()
        assert screen_lines(app)[row_of(app, long)].startswith(f"│{long}")
        assert "─ b widget──" in screen_lines(app)[row_of(app, long) - 1]
        two: JsonObject = {"lines": lines("above text", "more"), "placement": "aboveEditor"}
        await show(app, pilot, entry("widget", "up", two))
        assert screen_lines(app)[row_of(app, "above text")].startswith("│above text")


async def test_a_line_filled_with_blanks_is_still_a_short_one() -> None:
    """And no plugin writes the console's mark in it."""
    filled: JsonObject = {"lines": lines("▌b widget: no" + " " * 65)}
    async with stage_of(entry("widget", "x", filled)) as (app, _):
        row = screen_lines(app)[row_of(app, "guard widget")]
        assert row.rstrip() == "▌guard widget:  b widget: no"


async def test_a_widget_has_the_width_that_plugins_are_told() -> None:
    """Also beside a sidebar, which is beside the log alone."""
    drawn = grid(78, 2)
    async with stage_of(
        *AROUND, entry("widget", "x", {"lines": lines(*drawn), "placement": "aboveEditor"})
    ) as (app, _):
        assert app.stage.room[0] == 78
        for text in drawn:
            assert text in screen_lines(app)[row_of(app, text[:10])]


async def test_the_end_of_the_log_stays_in_view() -> None:
    """Whatever takes rows from it; a person who went up stays there."""
    tall: JsonObject = {"lines": lines(*"abcdef"), "placement": "aboveEditor"}
    async with stage_of() as (app, pilot):
        for at in range(60):
            app.stage.transcript.say(own(f"line {at}"))
        await pilot.pause()
        assert "line 59" in "".join(screen_lines(app))
        await show(app, pilot, entry("widget", "x", tall))
        assert "line 59" in "".join(screen_lines(app))
        app.stage.transcript.say(own("line 60"))
        await pilot.pause()
        assert "line 60" in "".join(screen_lines(app))
        app.stage.transcript.focus()
        await pilot.press("home")
        await show(app, pilot, remove=[["guard", "", "widget", "x"]])
        app.stage.transcript.say(own("line 61"))
        await pilot.pause()
        assert screen_lines(app)[1].startswith("line 0 ")


async def test_tab_goes_from_the_line_to_lists_and_back() -> None:
    """In one ring, wherever they stand; the log is the last."""
    async with stage_of(
        entry("slot", "Footer/a", list_slot("a")),
        entry("slot", "Header/a", text_slot("no list")),
        entry("slot", "Sidebar/a", list_slot("b")),
    ) as (app, pilot):
        ring = [
            app.query_one("#sidebar").query_one(LinesView),
            app.query_one("#footer").query_one(LinesView),
            app.stage.transcript,
            app.stage.prompt.line,
        ]
        for widget in ring:
            await pilot.press("tab")
            assert app.focused is widget
        for widget in [*reversed(ring[:-1]), ring[-1]]:
            await pilot.press("shift+tab")
            assert app.focused is widget


@pytest.mark.parametrize(
    ("rows", "wanted", "shares"),
    [
        (8, [2, 2, 2, 2], [2, 2, 2, 2]),
        (8, [9, 1, 9, 1], [3, 1, 3, 1]),
        (9, [9, 0, 9, 0], [4, 0, 5, 0]),
        (3, [9, 9, 9, 9], [0, 1, 1, 1]),
        (0, [1, 2], [0, 0]),
        (5, [], []),
    ],
)
async def test_rows_are_shared_among_those_who_want_more(
    rows: int, wanted: list[int], shares: list[int]
) -> None:
    """Who wants little has it."""
    assert shared_out(rows, wanted) == shares
