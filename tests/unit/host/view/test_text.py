"""Text of plugins: styles become words, and nothing that a terminal would obey is left."""

from time import perf_counter

import pytest

from host.view import text as module
from host.view.text import clean_line, clean_lines, clean_text, plain
from ipc.ui import THEME_COLORS


@pytest.mark.parametrize(
    ("sent", "spans"),
    [
        ("plain", [("plain", "")]),
        ("\x1b[1mbold\x1b[22m no", [("bold", "bold"), (" no", "")]),
        ("\x1b[3;31mred", [("red", "italic fg:1")]),
        ("\x1b[31;1;4mx", [("x", "bold underline fg:1")]),
        ("\x1b[95;102mx", [("x", "fg:13 bg:10")]),
        ("\x1b[38;5;208mx\x1b[39my", [("x", "fg:208"), ("y", "")]),
        ("\x1b[48;2;1;2;255mx", [("x", "bg:#0102ff")]),
        ("\x1b[38:2::1:2:3mx", [("x", "fg:#010203")]),
        ("\x1b[38:2:1:2:3mx", [("x", "fg:#010203")]),
        ("\x1b[4:3mx\x1b[4:0my", [("x", "underline"), ("y", "")]),
        ("\x1b[38;6;0mx", [("x", f"fg:{THEME_COLORS[0]}")]),
        ("\x1b[48;6;45;1mx", [("x", f"bold bg:{THEME_COLORS[45]}")]),
        ("\x1b[mx", [("x", "")]),
        ("\x1b[1mx\x1b[my", [("x", "bold"), ("y", "")]),
        ("\x1b[58;5;3;1mx", [("x", "bold")]),  # a colour of underlines is none of ours
        ("\x1b[5;8mx", [("x", "")]),  # nothing blinks or hides
        ("\x1b[1ma\x1b[1mb", [("ab", "bold")]),
        ("\x9b1mx", [("x", "bold")]),  # the same in one character
    ],
)
def test_styles_become_words(sent: str, spans: list[tuple[str, str]]) -> None:
    """SGR in the forms that programs write, and the colours of a theme by their number."""
    assert list(clean_line(sent)) == spans


@pytest.mark.parametrize(
    "sent",
    [
        "\x1b[38;5;256mx",
        "\x1b[38;5mx",
        "\x1b[38;2;1;2mx",
        "\x1b[38;2;1;2;256mx",
        f"\x1b[38;6;{len(THEME_COLORS)}mx",
        "\x1b[38;7;1mx",
        "\x1b[38mx",
        "\x1b[999999999999999999999999mx",
        "\x1b[::mx",
    ],
)
def test_malformed_colours_are_none(sent: str) -> None:
    """And cost the text nothing."""
    assert clean_line(sent) == (("x", ""),)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\x1b[2Jb\x1b[1;1Hc", "abc"),  # clears, moves
        ("a\x1b]0;title\x07b", "ab"),  # the window's title
        ("a\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x1b]52;c;aGk=\x07b", "ab"),  # the clipboard
        ("a\x1bPq#0\x1b\\b", "ab"),  # pictures
        ("a\x1b_pi:c\x07b", "ab"),
        ("a\x1b]0;never ends", "a"),
        ("a\x1bcb\x1b(0c", "abc"),  # resets, another character set
        ("a\x1b", "a"),
        ("a\x1b[", "a"),
        ("a\x1b[?1049hb\x1b[?25lc", "abc"),
        ("a\x9d0;t\x9cb", "ab"),
        ("a\x00\x07\x08\x0b\x0c\x0e\x7fb", "ab"),
        ("a\rb", "ab"),  # would write over what is there
        ("a\u202eb\u2066c\u200fd", "abcd"),  # turns the direction
        ("a\u200bb\ufeffc\u00add\u2060e", "abcde"),  # is invisible
        ("a\U000e0041b", "ab"),  # tags
        ("a\u3164b\uffa0c\u034fd", "abcd"),  # blank letters
        ("a\u2028b\u2029c", "a\ufffdb\ufffdc"),
        ("a\ue000b\U0010fffdc", "a\ufffdb\ufffdc"),  # private
        ("a\ud800b", "a\ufffdb"),
        ("a\uffffb\u0378c", "a\ufffdb\ufffdc"),  # no character
        ("a\tb", "a   b"),
        ("a\u00a0b\u3000c", "a b  c"),
        ("e\u0301\u0302\u0303\u0304", "e\u0301\u0302"),  # towers of marks
        ("\u0301a", "a"),  # a mark on what is not ours
        ("\u200da", "a"),
        ("a\u200db", "ab"),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        ("\U0001f468\u200dx", "\U0001f468x"),
        ("\U0001f468\u200d", "\U0001f468"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),  # Persian needs it
        ("a\u200cb", "ab"),
        ("\u1100\u1161\u11a8", "\u1100\u1161\u11a8"),
        ("\u1161", ""),
        ("\u4f60\u597d", "\u4f60\u597d"),
    ],
)
def test_only_what_can_be_shown_is_left(sent: str, shown: str) -> None:
    """Whatever the escape, the control character or the trick with invisible ones."""
    assert plain(clean_line(sent)) == shown


def test_a_text_is_cut_into_lines() -> None:
    """At its line ends, with the style going on, and never into more lines than wanted."""
    assert clean_lines("\x1b[1ma\nb\x1b[0m\r\nc", max_lines=9) == (
        (("a", "bold"),),
        (("b", "bold"),),
        (("c", ""),),
    )
    assert clean_lines(["\x1b[1ma", "b\nc", ""], max_lines=9) == (
        (("a", "bold"),),
        (("b", ""),),
        (("c", ""),),
        (),
    )
    assert len(clean_lines("\n" * 50, max_lines=7)) == 7
    assert len(clean_lines(["\n\n"] * 50, max_lines=7)) == 7
    assert clean_lines("", max_lines=3) == ((),)


def test_one_line_is_the_first_that_shows_something() -> None:
    """Where a plugin gave several for a place that has one."""
    assert clean_line("\n  \nreal\nmore") == (("real", ""),)
    assert clean_line("\n\n") == ()


def test_a_line_has_bounds() -> None:
    """Columns, characters and spans; a wide character at the edge is left out, and so is what follows."""
    assert plain(clean_line("x" * 3000)) == "x" * module.MAX_COLUMNS
    assert plain(clean_line("\u4f60" * 3000)) == "\u4f60" * (module.MAX_COLUMNS // 2)
    edge = "x" * (module.MAX_COLUMNS - 1)
    assert plain(clean_line(edge + "\u4f60y")) == edge
    spans = clean_line("".join(f"\x1b[38;5;{n}mx" for n in range(100)))
    assert len(spans) == module.MAX_SPANS
    assert len(plain(spans)) == 100
    marked = plain(clean_line("e\u0301\u0302" * 3000))
    assert len(marked) == module.MAX_COLUMNS * 3
    family = plain(clean_line("\U0001f468" + "\u200d\U0001f468" * 100))
    assert family.count("\u200d") <= 100 * module.MAX_JOINS // (module.MAX_JOINS + 1) + 1


def test_text_to_edit_keeps_its_lines_and_loses_its_styles() -> None:
    """It is what the person would send next: nothing hidden in it."""
    sent = "\x1b[1mgit\x1b[0m\tstatus\r\n\u202eevil\x1b]0;t\x07\n\nend"
    assert clean_text(sent, max_characters=1000, max_lines=100) == "git   status\nevil\n\nend"
    assert clean_text("x" * 5000, max_characters=3000, max_lines=10) == "x" * 3000
    assert clean_text("a\n" * 50, max_characters=1000, max_lines=3) == "a\na\na"
    assert len(clean_text("ab\n" * 50, max_characters=10, max_lines=50)) <= 10


def test_every_character_has_a_class() -> None:
    """And what is shown as it is can be printed; what is seen once too often is found out again."""
    module._CLASSES.clear()
    for code in range(0x80, 0x110000):
        of_class = chr(code).translate(module._CLASSES)
        assert module._CLASS_RUN.fullmatch(of_class)
        if of_class in "nwpP":
            assert chr(code).isprintable(), hex(code)
    assert len(module._CLASSES) == module._MAX_KNOWN
    assert plain(clean_line("\U000e0041\U00020000\U0010fffd")) == "\U00020000\ufffd"


@pytest.mark.parametrize("text", ["\U0001f600", "e\u0301", "a\u0903", "\U0001f469\u200d"])
def test_time_grows_with_the_length_alone(text: str) -> None:
    """Sixteen times the text is not two hundred times the work, whatever it is made of."""

    def took_s(times: int) -> float:
        told = text * times
        best = float("inf")
        for _ in range(3):
            began = perf_counter()
            clean_text(told, max_characters=len(told), max_lines=1)
            best = min(best, perf_counter() - began)
        return best

    assert took_s(64_000) < 80 * took_s(4_000)
