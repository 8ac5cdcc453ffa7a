"""Lines of plugins as what Textual draws: every cell accounted for, and nothing of a text ever obeyed.

Promises    What comes out has no markup, no control, no character without a width of its own but for at most two marks
            after a letter. A text takes as many cells as is counted here on every terminal: sequences that
            terminals draw in different widths are drawn as their first sign. It is cut by cells, never inside a wide one.
Cleaning    The host has done it already. It is done again here, for a daemon that is older or is none of ours.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from rich.cells import get_character_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.content import Content
from textual.content import Span as ContentSpan
from textual.strip import Strip
from textual.style import Style

from host.console.colours import COLOURS
from host.console.mirror import Json

MAX_CHARACTERS: Final = 2_048
MAX_CELLS: Final = 1_024
MAX_SPANS: Final = 64
MAX_MARKS: Final = 2
REPLACEMENT: Final = "\ufffd"
CUT: Final = "…"
_KEPT_CHARACTERS: Final = 256
"""Longer texts are cleaned each time: what is remembered stays small, whatever a plugin draws."""

_WORDS: Final = frozenset({"bold", "dim", "italic", "underline", "strike", "reverse"})
_EMOJI_SELECTOR: Final = "\ufe0f"
_FLAG_A: Final = 0x1F1E6
_FLAG_Z: Final = 0x1F1FF
_JOINER: Final = "\u200d"
_DROPPED: Final = frozenset({"Cc", "Cf"})
_UNSHOWN: Final = frozenset({"Cs", "Co", "Cn", "Zl", "Zp"})


class Paint:
    """A text cut into what stands in cells: ``cells`` of it. Made by :func:`clean`."""

    __slots__ = ("cells", "text")

    def __init__(self, text: str, cells: int) -> None:
        self.text = text
        self.cells = cells


Piece: TypeAlias = tuple[str, str, int]
"""A text that is safe, the words of its style, and its cells."""


def clean(text: str) -> Paint:
    """Return *text* as what may be drawn of it, and how many cells that takes."""
    text = text[:MAX_CHARACTERS]
    if text.isascii() and text.isprintable():
        taken = text[:MAX_CELLS]
        return Paint(taken, len(taken))
    return _cleaned(text) if len(text) <= _KEPT_CHARACTERS else _cleaned.__wrapped__(text)


@lru_cache(maxsize=2_048)
def _cleaned(text: str) -> Paint:
    parts: list[str] = []
    cells = 0
    for part, width in clusters(text):
        if cells + width > MAX_CELLS:
            break
        parts.append(part)
        cells += width
    return Paint("".join(parts), cells)


def clusters(text: str) -> Iterable[tuple[str, int]]:
    """What of *text* stands in cells, and how wide each is."""
    part, width, marks, is_joined = "", 0, 0, False
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if character == _JOINER:
            is_joined = _is_sign(part)
        elif character == _EMOJI_SELECTOR:
            if width == 1 and part and not marks and not part.isspace() and _may_be_wide(part):
                # Terminals draw it in one cell or in two: the sign and a cell that is kept free.
                part, width = f"{part} ", 2
        elif category in ("Mn", "Me", "Mc"):
            if (
                part
                and not part.endswith(" ")
                and marks < MAX_MARKS
                and _is_plain_mark(character)
            ):
                part, marks = part + character, marks + 1
        elif category in _DROPPED and character != "\t":
            continue
        elif 0x1F3FB <= ord(character) <= 0x1F3FF:
            continue  # a tone of skin: drawn over the sign before it, or beside it
        elif is_joined and _is_sign(character):
            is_joined = False  # the rest of a sequence: its first sign stands for it
        else:
            if part:
                yield part, width
            part, width = _placed(character, category)
            marks, is_joined = 0, False
    if part:
        yield part, width


def _placed(character: str, category: str) -> tuple[str, int]:
    """A character that begins a place of its own, as it is drawn, and its cells."""
    code = ord(character)
    if character == "\t":
        return "   ", 3
    if category in _UNSHOWN:
        return REPLACEMENT, 1
    if _FLAG_A <= code <= _FLAG_Z:
        return chr(code - _FLAG_A + ord("A")), 1
    width = get_character_cell_size(character)
    if category == "Zs":
        return " " * max(1, width), max(1, width)
    if width == 0 or _is_conjoining(code):
        return REPLACEMENT, 1
    return character, width


def _is_conjoining(code: int) -> bool:
    """Old letters of Hangul, which some terminals draw as one syllable and others side by side."""
    return 0x1100 <= code <= 0x11FF or 0xA960 <= code <= 0xA97F or 0xD7B0 <= code <= 0xD7FF


def _is_plain_mark(character: str) -> bool:
    """Whether it is drawn over what is before it, everywhere: no selectors, no keycap."""
    code = ord(character)
    return (
        get_character_cell_size(character) == 0
        and code not in (0x034F, 0x20E3, 0x17B4, 0x17B5)
        and not 0xFE00 <= code <= 0xFE0F
        and not 0x180B <= code <= 0x180F
        and not 0xE0100 <= code <= 0xE01EF
    )


def _is_sign(part: str) -> bool:
    """Whether *part* begins with what sequences of emoji are made of."""
    return (
        bool(part) and ord(part[0]) >= 0x2190 and unicodedata.category(part[0]) in ("So", "Sm")
    )


def _may_be_wide(part: str) -> bool:
    return part in "0123456789#*" or _is_sign(part) or part in "©®‼⁉"


# Lines.


def pieces(line: Json) -> list[Piece]:
    """Return a line of the view as pieces; what is no line has none."""
    if not isinstance(line, list):
        return []
    found: list[Piece] = []
    left = MAX_CHARACTERS
    for span in line[:MAX_SPANS]:
        if not isinstance(span, list) or not span or not isinstance(span[0], str) or left <= 0:
            continue
        style = span[1] if len(span) > 1 and isinstance(span[1], str) else ""
        drawn = clean(span[0][:left])
        left -= len(span[0])
        if drawn.cells:
            found.append((drawn.text, style[:128], drawn.cells))
    return found


def wrapped(line: Sequence[Piece], width: int, *, hanging: int = 0) -> list[list[Piece]]:
    """Return *line* as lines of at most *width* cells, at least one; those after the first begin *hanging* cells further."""
    first, more = max(2, width), max(2, width - hanging)
    margin = [(" " * hanging, "", hanging)] if hanging else []
    rest = (cut(line, more, start=at) for at in range(first, cells(line), more))
    return [cut(line, first), *([*margin, *one] for one in rest)]


def own(text: str, style: str = "") -> list[Piece]:
    """Return a text of the console's as pieces."""
    drawn = clean(text)
    return [(drawn.text, style, drawn.cells)] if drawn.cells else []


def plain(line: Json) -> str:
    """Return the text of a line of the view, cleaned."""
    return "".join(text for text, _, _ in pieces(line))


def cells(line: Iterable[Piece]) -> int:
    """Return how many cells *line* takes."""
    return sum(width for _, _, width in line)


def without_end(line: Sequence[Piece]) -> list[Piece]:
    """Return *line* without the blanks at its end: many lines are filled up to the width that they were made for."""
    found = [*line]
    while found:
        text, style, size = found.pop()
        kept = text.rstrip(" ")
        if kept:
            return [*found, (kept, style, size - len(text) + len(kept))]
    return found


def cut(line: Sequence[Piece], width: int, *, start: int = 0) -> list[Piece]:
    """Return the cells *start* to *start + width* of *line*. A wide character at an edge becomes a space for each of its
    cells that is inside."""
    found: list[Piece] = []
    end, at = start + max(0, width), 0
    for text, style, size in line:
        if at + size > start and at < end:
            taken = (
                (text, size)
                if start <= at and at + size <= end
                else _part(text, start - at, end - at)
            )
            if taken[1]:
                found.append((taken[0], style, taken[1]))
        at += size
    return found


def _part(text: str, start: int, end: int) -> tuple[str, int]:
    if text.isascii():
        shown = text[max(0, start) : max(0, end)]
        return shown, len(shown)
    parts: list[str] = []
    at = taken = 0
    for part, size in clusters(text):
        if at >= end:
            break
        inside = max(0, min(at + size, end) - max(at, start))
        if inside == size:
            parts.append(part)
        else:
            parts.append(" " * inside)
        taken += inside
        at += size
    return "".join(parts), taken


def fit(line: Sequence[Piece], width: int) -> list[Piece]:
    """Return *line* in exactly *width* cells: cut with a sign that says so, or filled up."""
    size = cells(line)
    if size > width:
        shown = [*cut(line, max(0, width - 1)), *([(CUT, "dim", 1)] if width else [])]
        return [*shown, (" " * (width - cells(shown)), "", width - cells(shown))]
    return [*line, (" " * (width - size), "", width - size)] if size < width else [*line]


# Styles.


@dataclass(frozen=True)
class Palette:
    """A theme of the console, and the colours that one plugin put in the place of some of it."""

    theme: str
    instead: tuple[tuple[str, str], ...] = ()

    def colour(self, name: str) -> str:
        """Return ``#rrggbb``, or nothing for the terminal's own; an ANSI number gives its colour."""
        if self.theme == "plain":
            return ""
        known = COLOURS.get(self.theme, COLOURS["dark"])
        for theirs, colour in self.instead:
            if theirs == name:
                return colour if _is_hex(colour) else known.get(colour, "")
        if name in known:
            return known[name]
        if _is_hex(name):
            return name
        if name.isascii() and name.isdecimal() and len(name) <= 3 and int(name) <= 255:
            return RichColor.from_ansi(int(name)).get_truecolor().hex
        return ""

    def with_theirs(self, colours: Mapping[str, str]) -> "Palette":
        """Return the palette for a plugin that has *colours* of its own."""
        return Palette(self.theme, tuple(sorted(colours.items()))) if colours else self


def settled(line: Iterable[Piece], palette: Palette) -> list[Piece]:
    """Return *line* with the colours that its plugin put in the place of the theme's, for a line that plugins share."""
    if not palette.instead:
        return [*line]
    return [
        (text, " ".join(_settled(word, palette) for word in words.split()), size)
        for text, words, size in line
    ]


def _settled(word: str, palette: Palette) -> str:
    if not word.startswith(("fg:", "bg:")):
        return word
    colour = palette.colour(word[3:])
    return f"{word[:3]}{colour}" if colour else ""


def _is_hex(text: str) -> bool:
    return (
        len(text) == 7
        and text[0] == "#"
        and all(c in "0123456789abcdefABCDEF" for c in text[1:])
    )


@lru_cache(maxsize=4_096)
def style_of(words: str, palette: Palette) -> Style:
    """Return the words of a style as a style; what is no word of one is passed over."""
    flags = {
        "bold": False,
        "dim": False,
        "italic": False,
        "underline": False,
        "strike": False,
        "reverse": False,
    }
    fg = bg = ""
    for word in words.split():
        if word in _WORDS:
            flags[word] = True
        elif word.startswith("fg:"):
            fg = palette.colour(word[3:])
        elif word.startswith("bg:"):
            bg = palette.colour(word[3:])
    return Style(
        background=Color.parse(bg) if bg else None,
        foreground=Color.parse(fg) if fg else None,
        bold=flags["bold"] or None,
        dim=flags["dim"] or None,
        italic=flags["italic"] or None,
        underline=flags["underline"] or None,
        strike=flags["strike"] or None,
        reverse=flags["reverse"] or None,
    )


@lru_cache(maxsize=4_096)
def _rich_style(words: str, palette: Palette) -> RichStyle:
    style = style_of(words, palette)
    return RichStyle(
        color=style.foreground.rich_color if style.foreground else None,
        bgcolor=style.background.rich_color if style.background else None,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=style.reverse,
    )


def content(line: Iterable[Piece], palette: Palette) -> Content:
    """Return *line* for a widget that takes Content, a title for example."""
    text: list[str] = []
    spans: list[ContentSpan] = []
    at = size = 0
    for part, words, width in line:
        text.append(part)
        if words:
            spans.append(ContentSpan(at, at + len(part), style_of(words, palette)))
        at += len(part)
        size += width
    return Content("".join(text), spans, cell_length=size)


def strip(line: Sequence[Piece], width: int, base: RichStyle, palette: Palette) -> Strip:
    """Return *line* as a strip of exactly *width* cells on *base*."""
    return Strip(
        [
            Segment(text, base + _rich_style(words, palette) if words else base)
            for text, words, _ in fit(line, width)
        ],
        width,
    )
