"""What becomes of a plugin's text on its way to the terminal, whatever it holds."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from host.console.colours import COLOURS
from host.console.mirror import Json
from host.console.paint import (
    MAX_CHARACTERS,
    Palette,
    _is_conjoining,
    cells,
    clean,
    clusters,
    content,
    cut,
    fit,
    own,
    pieces,
    plain,
    settled,
    strip,
    style_of,
    wrapped,
)
from host.view.text import clean_lines
from ipc.ui import THEME_COLORS

DARK = Palette("dark")
BASE = Style(color="white", bgcolor="black")

ROUGH = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "ab\x1b[]\t\x00\x9b\u200d\ufe0f\u202e\u2066\u0301\u20e3❤👩👨👧🏽🇩🇪漢字é각한ᄀ각\U000e0041\ue000"
        ),
    ),
    max_size=60,
)


def is_safe(text: str) -> bool:
    """Whether every character of *text* stands in a cell of its own, or is a mark after one."""
    for at, character in enumerate(text):
        category = unicodedata.category(character)
        if category in ("Mn", "Me", "Mc"):
            if at == 0 or 0xFE00 <= ord(character) <= 0xFE0F:
                return False
        elif category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or not cell_len(character):
            return False
    return True


@given(ROUGH)
def test_what_is_drawn_takes_the_cells_that_were_counted(text: str) -> None:
    """Nothing that is obeyed, hidden or joined is left, and the terminal's library counts as we do."""
    drawn = clean(text)

    assert is_safe(drawn.text)
    assert cell_len(drawn.text) == drawn.cells == sum(size for _, size in clusters(drawn.text))
    assert clean(drawn.text).text == drawn.text


@given(ROUGH, st.integers(0, 40), st.integers(0, 30))
def test_every_cut_has_its_width(text: str, width: int, start: int) -> None:
    """A wide character at either edge is a space for each of its cells that is inside."""
    line = pieces([[text, "bold"], [text, ""]])
    part = cut(line, width, start=start)

    assert cells(part) == max(0, min(cells(line), start + width) - start)
    assert all(cell_len(piece) == size for piece, _, size in part)
    assert cells(fit(line, width)) == width


@given(ROUGH, st.integers(1, 30))
def test_a_strip_is_exactly_as_wide_as_its_place(text: str, width: int) -> None:
    """Whatever is in it, what stands beside it does not move."""
    drawn = strip(pieces([[text, "fg:accent"]]), width, BASE, DARK)

    assert drawn.cell_length == width == cell_len(drawn.text)
    assert all(size.style is not None for size in drawn)


@given(ROUGH)
def test_what_the_host_has_cleaned_is_drawn_whole(text: str) -> None:
    """The second pass takes no letter away: only what terminals disagree about is drawn otherwise."""
    for line in clean_lines(text, max_lines=8):
        spans: Json = [[part, style] for part, style in line]
        kept = {
            c for part, _ in line for c in unicodedata.normalize("NFC", part) if c.isalnum()
        }
        shown = set(plain(spans))
        lost = {c for c in kept - shown if not _is_conjoining(ord(c))}

        assert {c for c in lost if not unicodedata.category(c).startswith("M")} <= set(
            "\U0001f3fb"
        )


@pytest.mark.parametrize(
    ("text", "shown", "width"),
    [
        ("plain", "plain", 5),
        ("\x1b[31mred\x1b[0m", "[31mred[0m", 10),
        ("a\tb", "a   b", 5),
        ("a\x9b5Cb\x00\x07", "a5Cb", 4),
        ("\u202eabc\u202c\u2066\u200e", "abc", 3),
        ("a\u2028b\u2029c", "a\ufffdb\ufffdc", 5),
        ("\u0301\u0301a\u0301\u0302\u0303\u0304", "á\u0302\u0303", 1),
        ("a" + "\u200d" * 100_000 + "b", "a", 1),
        ("漢字", "漢字", 4),
        ("👩🏽‍💻|", "👩|", 3),
        ("👨‍👩‍👧‍👦|", "👨|", 3),
        ("❤️|", "❤ |", 3),
        ("1️⃣|", "1 |", 3),
        ("🇩🇪|", "DE|", 3),
        ("🏽|", "|", 1),
        ("\U000e0041\ue000\U0001fffe", "\ufffd\ufffd", 2),
        ("\u1161\u3164\u115f|", "\ufffd\ufffd\ufffd|", 4),
        ("हिन्दी", "हिन्दी", 3),
        ("\xa0\u3000", "   ", 3),
    ],
)
def test_texts_and_what_is_drawn_of_them(text: str, shown: str, width: int) -> None:
    """One case for each kind of sign that terminals obey, hide, or draw in different widths."""
    drawn = clean(text)

    assert drawn.text == shown
    assert drawn.cells == width


def test_half_of_a_pair_is_a_sign_for_nothing() -> None:
    """JSON may carry a lone surrogate; no terminal may."""
    assert clean("a\ud800b\udfff").text == "a\ufffdb\ufffd"
    assert clean("\ud83d").text.encode() == "\ufffd".encode()


def test_a_wide_character_at_the_edge_is_never_halved() -> None:
    """The cell that is left of it is a space."""
    line = pieces([["a漢b", ""]])

    assert plain_of(cut(line, 2)) == "a "
    assert plain_of(cut(line, 2, start=2)) == " b"
    assert plain_of(fit(line, 3)) == "a …"
    assert strip(line, 3, BASE, DARK).text == "a …"


def plain_of(line: list[tuple[str, str, int]]) -> str:
    """The text of some pieces."""
    return "".join(text for text, _, _ in line)


def test_a_line_of_any_shape_is_drawn() -> None:
    """What is no span has no piece; the control is one that has."""
    shapes: list[Json] = [
        None,
        5,
        "text",
        {"a": 1},
        [1, None, "x", {}, [], [1], [None, "bold"]],
        [["", "bold"]],
    ]
    for shape in shapes:
        assert pieces(shape) == []
    assert pieces([["x", 7]]) == [("x", "", 1)]
    assert pieces([["x"]]) == [("x", "", 1)]
    assert sum(len(text) for text, _, _ in pieces([["x" * 5_000, ""]] * 50)) <= MAX_CHARACTERS


def test_markup_is_text() -> None:
    """In Content, in a strip, and as a title."""
    line = pieces([["[red]x[/red] [@click=app.quit]y[/]", ""]])
    drawn = content(line, DARK)

    assert drawn.plain == "[red]x[/red] [@click=app.quit]y[/]"
    assert not drawn.spans
    assert all(not part.style.meta for part in strip(line, 40, BASE, DARK) if part.style)


def test_every_colour_has_a_place_in_each_theme() -> None:
    """And the plain one has none of its own."""
    assert (
        set(COLOURS["dark"])
        == set(COLOURS["light"])
        == set(COLOURS["plain"])
        == set(THEME_COLORS)
    )
    for theme in ("dark", "light"):
        for colour in COLOURS[theme].values():
            assert not colour or Color.parse(colour)
    assert not any(COLOURS["plain"].values())


def test_styles_are_made_of_known_words_alone() -> None:
    """No word but those of a style does anything."""
    style = style_of(
        "bold blink fg:accent bg:#102030 link=http://x @click=quit on red fg:javascript fg:999",
        DARK,
    )

    assert style.bold
    assert style.foreground is None  # the last colour is none
    assert style.background == Color.parse("#102030")
    assert style.link is None
    assert not style.blink
    assert style_of("fg:9 bg:accent", Palette("plain")) == style_of("", Palette("plain"))
    assert style_of("fg:1", DARK).foreground is not None


def test_a_plugins_colours_are_its_own() -> None:
    """What it put in the place of a colour does not reach what others wrote, not even in one line."""
    theirs = DARK.with_theirs({"accent": "#010203", "error": "success", "muted": "nonsense"})
    line = settled(
        pieces([["a", "fg:accent bold"], ["b", "fg:error"], ["c", "fg:muted"]]), theirs
    )

    assert [words for _, words, _ in line] == [
        "fg:#010203 bold",
        f"fg:{COLOURS['dark']['success']}",
        "",
    ]
    assert style_of("fg:accent", DARK).foreground == Color.parse(COLOURS["dark"]["accent"])
    assert style_of("fg:accent", theirs).foreground == Color.parse("#010203")


def test_lines_are_broken_by_cells() -> None:
    """No line is wider than it may be, and nothing is lost between them."""
    rows = wrapped(pieces([["漢字abc漢", "bold"]]), 3)

    assert [plain_of(row).rstrip() for row in rows] == ["漢", " ab", "c漢"]
    assert wrapped([], 3) == [[]]
    rows = wrapped(pieces([["abcdefgh漢", "bold"]]), 4, hanging=2)
    assert [plain_of(row) for row in rows] == ["abcd", "  ef", "  gh", "  漢"]
    assert isinstance(strip(own("x"), 1, BASE, DARK), Strip)
