"""Any text becomes lines that only show: printable characters, few marks, known styles, within bounds."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.view import text as module
from host.view.text import Line, clean_line, clean_lines, clean_text, plain
from ipc.ui import THEME_COLORS

PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "\x1b",
            "\x1b[",
            "\x1b]",
            "\x1bP",
            "\x07",
            "\x1b\\",
            "\x9b",
            "\x9d",
            "\x9c",
            "m",
            ";",
            ":",
            "\n",
            "\r\n",
            "\r",
            "\t",
            "\u0301",
            "\u0489",
            "\u0903",
            "\u200d",
            "\u200c",
            "\ufe0f",
            "\u202e",
            "\u2028",
            "\ud83d",
            "\ue000",
            "\U0001f468",
            "\U0001f3fd",
            "\u2764",
            "\u1100",
            "\u1161",
            "\u3164",
            "\U000e0041",
            "\uffff",
            "\u4f60",
        ]
    ),
    st.lists(st.integers(0, 260), max_size=6).map(
        lambda numbers: f"\x1b[{';'.join(map(str, numbers))}m"
    ),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def check(line: Line) -> None:
    """The promises of a line."""
    assert len(line) <= module.MAX_SPANS
    text = plain(line)
    assert len(text) <= module.MAX_CHARACTERS
    assert all(part for part, _ in line)
    marks = joins = columns = 0
    base = ""
    for at, character in enumerate(text):
        if character == "\u200d":
            joins += 1
            assert base
            assert unicodedata.category(base) in ("So", "Sk", "Sm")
            assert at + 1 < len(text)
            assert unicodedata.category(text[at + 1]) in ("So", "Sk", "Sm")
        elif character == "\u200c" or unicodedata.category(character) in ("Mn", "Me", "Mc"):
            marks += 1
            assert base, "a mark that would join what is not ours"
            assert marks <= module.MAX_MARKS
            columns += unicodedata.category(character) == "Mc"
        else:
            assert character.isprintable()
            joins = joins if at and text[at - 1] == "\u200d" else 0
            base, marks = character, 0
            # Vowels and finals of Hangul complete the syllable before them.
            if not 0x1160 < ord(character) <= 0x11FF and not 0xD7B0 <= ord(character) <= 0xD7FB:
                columns += 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
        assert joins <= module.MAX_JOINS
    assert columns <= module.MAX_COLUMNS
    for _, style in line:
        for word in style.split():
            name = word.partition(":")[2]
            known = (
                word in module.ATTRIBUTES
                or name in THEME_COLORS
                or (name.isdecimal() and int(name) <= 255)
                or (len(name) == 7 and name[0] == "#" and int(name[1:], 16) >= 0)
            )
            assert known, word
            assert word in module.ATTRIBUTES or word.startswith(("fg:", "bg:"))


@given(TEXTS)
def test_any_text_becomes_lines_that_only_show(text: str) -> None:
    """Whatever was sent."""
    for line in clean_lines(text, max_lines=5):
        check(line)
    check(clean_line(text))


@given(TEXTS)
def test_a_clean_line_stays_what_it_is(text: str) -> None:
    """Cleaning again changes nothing, so that it does not matter how often it was done."""
    once = plain(clean_line(text))

    assert plain(clean_line(once)) == once


@given(TEXTS, st.integers(1, 50), st.integers(1, 5))
def test_text_to_edit_is_text(text: str, most: int, lines: int) -> None:
    """Printable lines within the bounds."""
    cleaned = clean_text(text, max_characters=most, max_lines=lines)

    assert len(cleaned) <= most
    assert cleaned.count("\n") < lines
    for line in cleaned.split("\n"):
        assert all(c.isprintable() or c in "\u200c\u200d" for c in line)


@pytest.mark.parametrize(
    "piece",
    [
        "\x1b[",
        "\x1b[0",
        "\x1b]",
        "\x1b]x",
        "\x1bP\x1b",
        "\x1b[;",
        "\x1b(",
        "\u0301",
        "\u200d",
        "\x9b0;",
        "\x1b[38;5;",
    ],
)
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    """A text of eight times the length takes about eight times as long, never its square."""

    def seconds(count: int) -> float:
        text = piece * count
        best = 1e9
        for _ in range(3):
            start = time.process_time()
            clean_lines(text, max_lines=200)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(64_000) < 8 * 6 * max(seconds(8_000), 1e-4)
