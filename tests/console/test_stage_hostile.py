"""Lines that no daemon should send, straight into the mirror: the screen is compared cell by cell with one that is harmless."""

import unicodedata
from typing import Final

import pytest
from rich.style import Style
from textual.app import App

from host.console.mirror import Json, JsonObject
from host.console.paint import own
from host.console.stage.dialogs import Dialog
from host.console.stage.lines import LinesView
from ipc.ui import WRITABLE_AREAS
from tests.console.stages import Host, entry, settle, show, stage_of

pytestmark = pytest.mark.asyncio

HOSTILE: Final = {
    "clear": "\x1b[2J\x1b[H\x1b]0;owned\x07\x1bc",
    "c1": "\x9b2J\x9d0;owned\x9c\x90",
    "newlines": "a\nb\r\nc\x0b\x0c\x85\u2028\u2029",
    "backspaces": "\x08" * 80 + "owned\r",
    "markup": "[red on blue]x[/][@click=app.exit]go[/][link=http://x]y[/link]",
    "unclosed": "[/] [[ ]] \\[ [$x",
    "bidi": "\u202eabc\u202d\u2066\u2067\u200f\u061c\u2069",
    "joiners": "a" + "\u200d" * 100_000 + "b",
    "marks": "e" + "\u0301" * 10_000,
    "marks first": "\u0301\u20dd\ufe0f\u200dx",
    "surrogates": "\ud800\udc00 \ud83d \udfff",
    "tags": "x\U000e0041\U000e007f",
    "private": "\ue000\U00100000\ufdd0\U0001fffe",
    "wide": "漢" * 200,
    "wide at the edge": "x" + "漢" * 200,
    "families": "👨‍👩‍👧‍👦" * 60,
    "hearts": "❤️" * 60 + "1️⃣" * 20,
    "flags": "🇩🇪🇫🇷🇯" * 20,
    "tones": "🏽👍🏽" * 30,
    "jamo": "각" * 60 + "\u1160\u3164\uffa0",
    "tabs": "\t" * 300,
    "long": "x" * 1_000_000,
    "blocks": "▌▌▌╭─ guard ─╮│╰",
    "zalgo": "".join(f"{c}\u0316\u0317\u0318\u0319" for c in "a longer text" * 20),
}
STYLES: Final = [
    "bold reverse fg:error",
    "link=http://x @click=app.exit",
    "fg:#zzzzzz bg:",
    "x" * 5_000,
    "on red blink",
]


def everything(text: str, style: str = "") -> list[Json]:
    """An entry of every area whose lines are all *text*."""
    line: Json = [[text, style]]
    node: JsonObject = {
        "kind": "box",
        "title": line,
        "children": [
            {"kind": "text", "lines": [line]},
            {
                "kind": "list",
                "title": line,
                "items": [{"id": text, "line": line, "severity": "error", "checked": True}],
                "selected": 0,
                "selectable": True,
            },
            {"kind": "items", "items": [{"line": line, "severity": text}]},
        ],
    }
    slots = [
        entry("slot", f"{place}/a", {"order": 0, "node": node})
        for place in ("Header", "Sidebar", "Footer", "Overlay")
    ]
    return [
        *slots,
        entry(
            "slot",
            "StatusBar/a",
            {
                "order": 0,
                "node": {"kind": "items", "items": [{"line": line, "severity": "error"}]},
            },
        ),
        entry("status", "a", {"line": line, "severity": "warning"}),
        entry("widget", "a", {"lines": [line, line], "placement": "aboveEditor"}),
        entry("title", "", {"line": line}),
        entry("session_name", "", {"line": line}),
        entry(
            "working",
            "",
            {"line": line, "visible": True, "frames": [line], "interval_ms": 5_000},
        ),
        entry("theme", "accent", {"color": text}),
        entry("command", text[:50], {"description": line, "completes": True}),
        entry("keymap", text[:50], {"description": line, "conflict": None, "n": 1}),
        entry(
            "frame",
            "f1",
            {
                "lines": [line, line],
                "cursor": [0, 3],
                "overlay": False,
                "options": {"width": text[:9], "anchor": text},
            },
        ),
    ]


DISPUTED: Final = (
    (0xFE00, 0xFE0F),  # selectors of a form
    (0x1F1E6, 0x1F1FF),  # halves of flags
    (0x1F3FB, 0x1F3FF),  # tones of skin
    (0x1100, 0x11FF),  # old letters of Hangul
    (0x3164, 0x3164),
    (0xFFA0, 0xFFA0),
)


def width_of(character: str) -> int:
    """How many cells every terminal gives *character*; fails for what terminals do not agree about."""
    category = unicodedata.category(character)
    code = ord(character)
    assert category not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"), ascii(character)
    assert not any(first <= code <= last for first, last in DISPUTED), ascii(character)
    if category in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cells_of(app: App[None]) -> list[list[tuple[str, Style]]]:
    """The screen: for each row its cells, as what stands in each and how. The second cell of a wide one is empty."""
    grid: list[list[tuple[str, Style]]] = []
    for strip in app.screen._compositor.render_strips():
        row: list[tuple[str, Style]] = []
        for text, style, control in strip:
            assert not control
            assert style is not None
            assert style.link is None
            for character in text:
                width = width_of(character)
                if width == 0:
                    assert row, "a mark without anything before it"
                    row[-1] = (row[-1][0] + character, row[-1][1])
                    assert len(row[-1][0]) <= 3, "too many marks"
                else:
                    row += [(character, style), *([("", style)] * (width - 1))]
        assert len(row) == app.size.width
        grid.append(row)
    assert len(grid) == app.size.height
    return grid


def is_a_plugins(app: Host) -> set[tuple[int, int]]:
    """The cells, by column and row, that a plugin's text may be in: the insides, and the lines that plugins share."""
    found: set[tuple[int, int]] = set()
    for view in app.query(LinesView):
        if view.display and view is not app.stage.transcript:
            region = view.content_region
            found |= {
                (x, y)
                for x in range(region.x, region.right)
                for y in range(region.y, region.bottom)
            }
    return found


async def shown(
    text: str, style: str = "", *, dialog: str = "", size: tuple[int, int] = (80, 40)
) -> tuple[list[list[tuple[str, Style]]], set[tuple[int, int]]]:
    """The screen with *text* in everything, and which cells are the plugin's."""
    asked: list[Json] = []
    if dialog:
        line: Json = [[text, style]]
        value: JsonObject = {
            "kind": dialog,
            "title": line,
            "message": [line, line],
            "options": [{"label": line, "description": line}],
            "n": 1,
        }
        asked.append(
            entry(
                "dialog",
                "d1",
                {**value, "placeholder": "", "prefill": "", "frame": None, "until": None},
            )
        )
    async with stage_of(*everything(text, style), *asked, size=size) as (app, pilot):
        await settle(app, pilot)
        if dialog:
            assert app.query_one(Dialog)
        grid, theirs = cells_of(app), is_a_plugins(app)
        await show(
            app, pilot, entry("notice", "1", {"line": [[text, style]], "level": text, "at": 1})
        )
        cells_of(app)
        return grid, theirs


_harmless: Final[dict[tuple[str, str], list[list[tuple[str, Style]]]]] = {}


async def harmless_screen(
    text: str = "x", *, dialog: str = ""
) -> list[list[tuple[str, Style]]]:
    """The screen to compare with, drawn once for all who do."""
    key = (text, dialog)
    if key not in _harmless:
        _harmless[key], _ = await shown(text, dialog=dialog)
    return _harmless[key]


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_outside_a_plugins_cells_differs(name: str) -> None:
    """With the worst of each kind in every area, the rest of the screen is as with a letter."""
    harmless = await harmless_screen()
    grid, theirs = await shown(HOSTILE[name])

    for y, (row, wanted) in enumerate(zip(grid, harmless, strict=True)):
        for x, (cell, want) in enumerate(zip(row, wanted, strict=True)):
            if (x, y) not in theirs:
                assert cell[0] == want[0], (x, y)


@pytest.mark.parametrize("style", STYLES)
async def test_no_style_reaches_beyond_its_cells(style: str) -> None:
    """What is no word of a style does nothing, and what is one stays inside."""
    harmless = await harmless_screen("x" * 300)
    grid, theirs = await shown("x" * 300, style)

    for y, (row, wanted) in enumerate(zip(grid, harmless, strict=True)):
        for x, (cell, want) in enumerate(zip(row, wanted, strict=True)):
            if (x, y) not in theirs:
                assert cell == want, (x, y)
            else:
                assert not cell[1].meta.get("@click")


@pytest.mark.parametrize("dialog", ["select", "confirm", "input", "editor", "quickpick"])
@pytest.mark.parametrize(
    "name", ["clear", "newlines", "markup", "families", "wide at the edge", "joiners"]
)
async def test_a_question_stays_in_its_box(name: str, dialog: str) -> None:
    """Whatever it asks."""
    harmless = await harmless_screen(dialog=dialog)
    grid, theirs = await shown(HOSTILE[name], dialog=dialog)

    for y, (row, wanted) in enumerate(zip(grid, harmless, strict=True)):
        for x, (cell, want) in enumerate(zip(row, wanted, strict=True)):
            if (x, y) not in theirs:
                assert cell[0] == want[0], (x, y)


async def test_the_comparison_sees_what_it_is_for() -> None:
    """The control: a text that is drawn as it came fails it."""
    with pytest.raises(AssertionError):
        width_of("\x1b")
    with pytest.raises(AssertionError):
        width_of("\u200d")
    with pytest.raises(AssertionError):
        width_of("\U0001f3fd")


@pytest.mark.parametrize(
    "value",
    [
        *(
            {},
            {"node": None},
            {"node": []},
            {"node": {"kind": 5}},
            {"order": "x", "node": {"kind": "text", "lines": 7}},
        ),
        *(
            {"lines": {}, "placement": 9},
            {"line": {}, "severity": []},
            {"gone": 5},
            {"cursor": [1], "lines": [[1]], "options": []},
        ),
        *(
            {"cursor": [10**9, 10**9], "lines": [[["x", ""]]], "overlay": True},
            {"visible": 1},
            {"frames": 5, "visible": True, "interval_ms": -1},
        ),
        *(
            {"kind": "select", "options": 5, "n": "x"},
            {"kind": [], "title": 5},
            {"color": 5},
            {"text": 5, "n": []},
            {"at": [], "level": {}},
        ),
        *(
            {"until": 1e308, "kind": "confirm"},
            {"until": float("nan"), "kind": "confirm"},
            {"order": float("nan"), "node": {}},
            {"frame": []},
        ),
    ],
)
async def test_a_value_of_any_shape_in_any_area_is_survived(value: JsonObject) -> None:
    """A daemon that lies about shapes as well; the bar and the keys are where they were."""
    areas = ["plugin", *WRITABLE_AREAS, "dialog", "notice", "command"]
    entries = [entry(area, "Header/a" if area == "slot" else "1", value) for area in areas]
    async with stage_of(*entries) as (app, pilot):
        await show(app, pilot, *entries)
        grid = cells_of(app)

        assert "".join(cell for cell, _ in grid[0]).startswith("BARBAR")
        assert "".join(cell for cell, _ in grid[-1]).startswith("KEYSKEYS")
        assert app._exception is None


async def test_a_nest_without_end_is_cut() -> None:
    """Depth costs nothing beyond what is drawn."""
    node: JsonObject = {"kind": "text", "lines": [[["deep", ""]]]}
    for _ in range(500):
        node = {"kind": "box", "title": [["box", ""]], "children": [node] * 2}
    async with stage_of(entry("slot", "Header/a", {"order": 0, "node": node})) as (app, _):
        assert app._exception is None
        assert "box" in "".join(cell for row in cells_of(app) for cell, _ in row)


@pytest.mark.parametrize("is_reader", [False, True])
async def test_a_long_line_in_the_log_begins_no_line_of_the_console(is_reader: bool) -> None:
    """A text that is as long as the log is wide goes on below, where no line of the console's begins."""
    async with stage_of(is_reader=is_reader) as (app, pilot):
        for pad in range(40, 90):
            text = "x" * pad + "> /approve everything"
            app.stage.transcript.say([*own("guard info: "), *own(text)])
        await pilot.pause()
        rows = app.stage.transcript.texts()
        assert any("/approve" in row for row in rows)
        assert [row for row in rows if not row.startswith(("guard", "  "))] == []
