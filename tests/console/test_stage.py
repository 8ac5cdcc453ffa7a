"""What plugins show, on the screen: the places, their frames, and what they never reach."""

import pytest
from rich.cells import cell_len

from host.console.colours import COLOURS
from host.console.mirror import Json, Key
from host.console.stage.lines import LinesView
from host.console.stage.slots import Place
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

pytestmark = pytest.mark.asyncio

EVERYWHERE: list[Json] = [
    entry("slot", "Header/a", text_slot("header text")),
    entry("slot", "Sidebar/a", text_slot("sidebar text")),
    entry("slot", "Footer/a", text_slot("footer text")),
    entry("slot", "Overlay/a", text_slot("overlay text")),
    entry("slot", "StatusBar/a", text_slot("bar text")),
    entry("widget", "up", {"lines": lines("above text"), "placement": "aboveEditor"}),
    entry("widget", "down", {"lines": lines("below text"), "placement": "belowEditor"}),
    entry("status", "s", {"line": line("status text"), "severity": "warning"}),
    entry("title", "", {"line": line("title text")}),
    entry("session_name", "", {"line": line("name text")}),
    entry(
        "working",
        "",
        {"line": line("work text"), "visible": True, "frames": [], "interval_ms": 100},
    ),
]
TEXTS = [
    *(
        "header text",
        "sidebar text",
        "footer text",
        "overlay text",
        "bar text",
        "above text",
        "below text",
    ),
    *("status text", "title text", "name text", "work text"),
]


async def test_every_place_is_drawn_between_the_consoles_rows() -> None:
    """Each in its frame with the plugin's name, at 80 by 24, and the bar and the keys are whole."""
    async with stage_of(*EVERYWHERE) as (app, _):
        rows = screen_lines(app)
        whole = "\n".join(rows)

        for text in TEXTS:
            assert text in whole, whole
        assert rows[0].startswith("BARBAR")
        assert rows[-1].startswith("KEYSKEYS")
        for place in ("header", "sidebar", "footer", "overlay", "widget"):
            assert f"guard {place}" in whole
        assert (
            row_of(app, "header text")
            < row_of(app, "above text")
            < row_of(app, "type a prompt")
        )
        assert (
            row_of(app, "type a prompt")
            < row_of(app, "below text")
            < row_of(app, "footer text")
        )


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 8), (200, 60)])
async def test_no_plugin_reaches_the_consoles_rows(size: tuple[int, int]) -> None:
    """However much of everything there is, in every size of the terminal."""
    many: list[Json] = [
        entry("slot", f"{place}/{at}", text_slot(*["X" * 300] * 60), plugin=f"p{at}")
        for place in ("Header", "Sidebar", "Footer", "Overlay", "StatusBar")
        for at in range(6)
    ]
    many += [
        entry(
            "widget", str(at), {"lines": lines(*["X" * 300] * 60), "placement": "belowEditor"}
        )
        for at in range(6)
    ]
    many += [
        entry(
            "frame",
            "f1",
            {
                "lines": lines(*["X" * 300] * 60),
                "cursor": None,
                "overlay": False,
                "options": {},
            },
        ),
        entry(
            "frame",
            "f2",
            {
                "lines": lines(*["X" * 300] * 60),
                "cursor": None,
                "overlay": True,
                "options": {"width": 9999, "anchor": "top-left"},
            },
        ),
        entry(
            "frame",
            "f3",
            {
                "lines": lines(*["X" * 300] * 60),
                "cursor": None,
                "overlay": True,
                "options": {"width": "400%"},
            },
        ),
        entry("route", "r", {"title": line("r"), "frame": "f4"}),
        entry(
            "frame",
            "f4",
            {"lines": lines(*["X" * 300] * 90), "cursor": None, "overlay": True, "options": {}},
        ),
        entry(
            "dialog",
            "d",
            {
                "kind": "confirm",
                "title": line("X" * 300),
                "message": lines(*["X" * 300] * 60),
                "n": 1,
            },
        ),
    ]
    async with stage_of(*many, size=size) as (app, pilot):
        await show(
            app,
            pilot,
            *[
                entry("notice", str(at), {"line": line("X" * 300), "level": "error", "at": at})
                for at in range(50)
            ],
        )
        rows = screen_lines(app)

        assert (
            rows[0] == ("BAR" * 70)[: size[0]]
            if size[0] <= 120
            else rows[0].startswith("BAR" * 40)
        )
        assert rows[-1].startswith(("KEYS" * 40)[: size[0]])
        assert any("X" in row for row in rows[1:-1])
        assert all(cell_len(row) == size[0] for row in rows)


@pytest.mark.parametrize("height", [24, 16, 8])
async def test_nothing_covers_the_line_that_a_person_types_in(height: int) -> None:
    """Not the overlay, not notices, however many there are; it may be pushed, never hidden."""
    tall = text_slot(*["X" * 300] * 60)
    places = [
        entry("slot", f"{place}/a", tall)
        for place in ("Overlay", "Header", "Footer", "Sidebar", "StatusBar")
    ]
    async with stage_of(*places, size=(80, height)) as (app, pilot):
        await show(
            app,
            pilot,
            *[
                entry("notice", str(at), {"line": line("X" * 300), "level": "error", "at": at})
                for at in range(50)
            ],
        )
        await pilot.press(*"here it is")
        await pilot.pause()
        assert "XX" in "".join(screen_lines(app))
        assert screen_lines(app)[app.stage.prompt.line.region.y].startswith("here it is")


async def test_the_order_is_that_of_the_entries() -> None:
    """By ``order``, then by plugin; a new order moves what is there."""
    slots = [
        entry("slot", "Sidebar/a", text_slot(f"{name} text", order=order), plugin=name)
        for name, order in (("beta", 1), ("alfa", 1), ("zeta", 0))
    ]
    async with stage_of(*slots) as (app, pilot):
        assert row_of(app, "zeta text") < row_of(app, "alfa text") < row_of(app, "beta text")

        await show(
            app,
            pilot,
            entry("slot", "Sidebar/a", text_slot("zeta text", order=9), plugin="zeta"),
        )
        assert row_of(app, "alfa text") < row_of(app, "beta text") < row_of(app, "zeta text")


async def test_what_is_removed_is_gone_and_what_lost_its_worker_says_so() -> None:
    """The frame stays until the plugin is back, with the word of the host in it."""
    async with stage_of(*EVERYWHERE) as (app, pilot):
        await show(
            app,
            pilot,
            entry(
                "plugin", "", {"state": "restarting", "error": "", "kind": "tui", "title": []}
            ),
            entry("slot", "Sidebar/a", {"gone": "the worker crashed"}),
            entry("status", "s", {"gone": "the worker crashed"}),
            entry("widget", "down", {"gone": "the worker crashed"}),
            remove=[
                ["guard", "", "slot", "Header/a"],
                ["guard", "", "title", ""],
                ["guard", "", "working", ""],
            ],
        )
        whole = "\n".join(screen_lines(app))

        for text in (
            "header text",
            "sidebar text",
            "status text",
            "below text",
            "title text",
            "work text",
        ):
            assert text not in whole
        assert "guard (restarting) header" not in whole
        assert "guard (restarting) footer" in whole
        assert "gone: the worker crashed" in whole
        assert row_of(app, "gone: the worker crashed")
        assert "guard (restarting): gone" in whole


async def test_only_what_changed_is_drawn_again() -> None:
    """A slot that is as it was is not touched when its neighbour changes, a hundred times."""
    async with stage_of(*EVERYWHERE) as (app, pilot):
        frames = {
            key.key: frame for place in app.query(Place) for key, frame in place.frames.items()
        }
        await settle(app, pilot)
        before = frames["Header/a"].view.drawn, frames["Sidebar/a"].view.drawn
        flushes = app.stage.flushes
        for number in range(100):
            at = app.mirror.version
            app.mirror.apply(
                {
                    "from": at,
                    "to": at + 1,
                    "set": [entry("slot", "Sidebar/a", text_slot(f"now {number}"))],
                    "remove": [],
                }
            )
        await settle(app, pilot)

        assert "now 99" in "\n".join(screen_lines(app))
        assert frames["Header/a"].view.drawn == before[0]
        assert frames["Sidebar/a"].view.drawn > before[1]
        assert app.stage.flushes == flushes + 1


async def test_a_list_of_a_thousand_draws_what_is_seen() -> None:
    """Rows that are out of sight cost nothing, and the end is one key away."""
    names = [f"item {at}" for at in range(1_000)]
    async with stage_of(entry("slot", "Sidebar/a", list_slot(*names))) as (app, pilot):
        view = next(place.frames for place in app.query(Place) if place.frames)[
            Key("guard", "", "slot", "Sidebar/a")
        ].view
        assert 0 < view.drawn < 100

        view.focus()
        await pilot.press("end")
        assert "item 999" in "\n".join(screen_lines(app))
        await pilot.press("up", "enter", "space", "home", "enter")
        await pilot.pause()
        assert app.deeds.done == [
            ("select", "guard", "Sidebar/a", "id-item 998", "activate"),
            ("select", "guard", "Sidebar/a", "id-item 998", "toggle"),
            ("select", "guard", "Sidebar/a", "id-item 0", "activate"),
        ]
        assert view.drawn < 500


async def test_the_chosen_item_stays_while_a_list_changes() -> None:
    """It is kept by its name; the plugin's wish holds at first, and for one that is gone its place."""
    async with stage_of(entry("slot", "Sidebar/a", list_slot("a", "b", "c", selected=1))) as (
        app,
        pilot,
    ):
        view = app.query_one("#sidebar").query_one(LinesView)
        view.focus()
        assert view.chosen_item is not None
        assert view.chosen_item.id == "id-b"

        await show(
            app, pilot, entry("slot", "Sidebar/a", list_slot("new", "a", "b", "c", selected=0))
        )
        assert view.chosen_item.id == "id-b"
        assert view.has_focus
        await show(app, pilot, entry("slot", "Sidebar/a", list_slot("x", "y")))
        assert view.chosen_item.id in ("id-x", "id-y")
        await show(app, pilot, entry("slot", "Sidebar/a", text_slot("no list")))
        assert view.chosen_item is None


async def test_a_status_cannot_pretend_to_be_anothers() -> None:
    """The mark before a plugin's name is the console's; severities are words."""
    forged = "fine ▌guard: all is well"
    async with stage_of(
        entry("status", "a", {"line": line(forged), "severity": "info"}, plugin="evil"),
        entry("status", "a", {"line": line("disk full"), "severity": "error"}),
    ) as (app, _):
        row = screen_lines(app)[row_of(app, "evil")]

        assert row.count("▌guard") == 1
        assert "▌guard: error: disk full" in row
        assert "▌evil: fine  guard: all is" in row


async def test_without_colour_and_for_a_reader_everything_is_in_words() -> None:
    """No frame is drawn for a reader: a line of the console's names each, and a plugin's text is indented."""
    async with stage_of(*EVERYWHERE, theme="plain", is_reader=True) as (app, _):
        rows = screen_lines(app)
        at = row_of(app, "guard header")

        assert rows[at].startswith("guard header")
        assert rows[at + 1].startswith("  header text")
        assert "|guard: warning: status text" in "\n".join(rows)
        assert not any(0x2500 <= ord(c) <= 0x259F for row in rows for c in row)


async def test_the_plain_theme_writes_no_colour() -> None:
    """Whatever a plugin styles; the control is the dark theme."""
    styled = entry(
        "slot",
        "Header/a",
        {
            "order": 0,
            "node": {"kind": "text", "lines": [[["red", "bold fg:error bg:#ff0000"]]]},
        },
    )
    seen = []
    for theme in ("plain", "dark"):
        async with stage_of(styled, theme=theme) as (app, _):
            strip = app.screen._compositor.render_strips()[row_of(app, "red")]
            filtered = (
                strip.apply_filter(app.get_line_filters()[0], app.screen.background_colors[0])
                if theme == "plain"
                else strip
            )
            style = next(part.style for part in filtered if "red" in part.text)
            assert style is not None
            assert style.bold
            seen.append((style.color, style.bgcolor))

    assert seen[0] == (None, None)
    assert None not in seen[1]


async def test_another_theme_is_drawn_at_once() -> None:
    """What stands there already has the colours of the new one."""
    styled = entry(
        "slot",
        "Header/a",
        {"order": 0, "node": {"kind": "text", "lines": [[["red", "fg:error"]]]}},
    )
    async with stage_of(styled) as (app, pilot):
        seen = []
        for theme in ("dark", "light"):
            app.theme = theme
            await pilot.pause()
            await settle(app, pilot)
            strip = app.screen._compositor.render_strips()[row_of(app, "red")]
            style = next(part.style for part in strip if "red" in part.text)
            assert style is not None
            assert style.color is not None
            seen.append(style.color.get_truecolor().hex)

        assert seen == [COLOURS["dark"]["error"], COLOURS["light"]["error"]]
