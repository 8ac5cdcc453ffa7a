"""Text of plugins as lines of styled spans: whatever a worker sent, a terminal only ever shows it.

Promises    A span's text holds printable characters only, and at most two marks after each;
            nothing in it moves a cursor, turns the direction of writing or hides. A style is made
            of the words of :data:`ATTRIBUTES`, ``fg:NAME`` and ``bg:NAME``. All of it is bounded, and
            found in time that grows with the length alone.
Relies on   Nobody draws a line but by its spans: there is no markup in the text.
Elsewhere   Which texts an area has: ``host/view/shapes.py``. Sizes beyond a line: ``host/view/limits.py``.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from ipc.ui import THEME_COLORS

Span = tuple[str, str]
"""Text and its style: ``("ready", "bold fg:success")``."""
Line = tuple[Span, ...]

ATTRIBUTES: Final[tuple[str, ...]] = ("bold", "dim", "italic", "underline", "strike", "reverse")
"""The words of a style, in their order; then ``fg:NAME`` and ``bg:NAME``."""

MAX_COLUMNS: Final = 512
MAX_CHARACTERS: Final = 2_048
MAX_SPANS: Final = 64
MAX_MARKS: Final = 2
MAX_SGR: Final = 128
"""Characters between the brackets of one sequence; a longer one is nobody's style."""
MAX_JOINS: Final = 8
"""Emoji that one sequence may join."""
TAB_COLUMNS: Final = 3
"""As the components of pi count a tab."""
REPLACEMENT: Final = "\ufffd"

_C1: Final = {code: f"\x1b{chr(code - 0x40)}" for code in range(0x80, 0xA0)}
# A string ends at BEL, ST or, where it has no end, at the end of its line. Possessive: never rescanned.
_PIECE: Final = re.compile(
    r"""
      (?P<plain>[ -~]++)
    | \x1b\[(?P<sgr>[0-9;:]*+)m
    | \x1b\[[0-?]*+[\ -/]*+[@-~]?
    | \x1b[\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\)?
    | \x1b[\ -/]*+[0-~]?
    | (?P<end>\r?\n)
    | (?P<others>[^\x1b\r\n -~]++)
    | \r
    """,
    re.VERBOSE | re.DOTALL,
)

_SWITCHES: Final = {
    1: "bold",
    2: "dim",
    3: "italic",
    4: "underline",
    7: "reverse",
    9: "strike",
    21: "underline",
}
_SWITCHES_OFF: Final = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("reverse",),
    29: ("strike",),
}
_ZWJ: Final = 0x200D
_ZWNJ: Final = 0x200C
_VARIATIONS: Final = (0xFE0E, 0xFE0F)
_BLANK: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
    | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0)}
)
"""Letters and marks without a shape: they would only tell two texts apart that look equal."""


_State = tuple[frozenset[str], str, str]
"""What SGR sequences have set so far: words of :data:`ATTRIBUTES`, ``fg:NAME`` and ``bg:NAME``."""
_PLAIN: Final[_State] = (frozenset(), "", "")


@lru_cache(maxsize=4096)
def _words(state: _State) -> str:
    """Return *state* as a style, ``""`` for none."""
    on, fg, bg = state
    return " ".join([*(name for name in ATTRIBUTES if name in on), *filter(None, (fg, bg))])


@lru_cache(maxsize=4096)
def _obey(state: _State, parameters: str) -> _State:
    """Return the state after one SGR sequence; what is malformed ends it, what is unknown is passed over."""
    on, fg, bg = set(state[0]), state[1], state[2]
    groups = iter(parameters.split(";"))
    for group in groups:
        head, *rest = group.split(":")
        code = _number(head)
        if code is None:
            break
        if code in (38, 48, 58):
            colour = _colour_of(rest) if rest else _colour_from(groups)
            if colour is None:
                break
            fg = f"fg:{colour}" if code == 38 else fg
            bg = f"bg:{colour}" if code == 48 else bg
        elif code == 4 and rest[:1] == ["0"]:
            on.discard("underline")
        elif code == 0:
            on.clear()
            fg = bg = ""
        elif code in _SWITCHES:
            on.add(_SWITCHES[code])
        elif code in _SWITCHES_OFF:
            on.difference_update(_SWITCHES_OFF[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            fg = f"fg:{code - 30 if code < 90 else code - 82}"
        elif 40 <= code <= 47 or 100 <= code <= 107:
            bg = f"bg:{code - 40 if code < 100 else code - 92}"
        elif code == 39:
            fg = ""
        elif code == 49:
            bg = ""
    return frozenset(on), fg, bg


def _number(text: str) -> int | None:
    """A parameter as a number, absent meaning 0; nothing for one that no terminal has."""
    return int(text or "0") if len(text) <= 5 else None


def _colour_from(groups: Iterator[str]) -> str | None:
    """The colour of the parameters that follow 38, 48 or 58, taken from *groups*."""
    kind = next(groups, "")
    return _colour_of([kind, *islice(groups, {"5": 1, "6": 1, "2": 3}.get(kind, 0))])


def _colour_of(parts: list[str]) -> str | None:
    numbers = [_number(part) for part in parts]
    match numbers:
        case [5, int(index)] if index <= 255:
            return str(index)
        case [6, int(index)] if index < len(THEME_COLORS):
            return THEME_COLORS[index]
        case [2, int(red), int(green), int(blue)] | [2, _, int(red), int(green), int(blue)] if (
            max(red, green, blue) <= 255
        ):
            return f"#{red:02x}{green:02x}{blue:02x}"
        case _:
            return None


class _Cleaner:
    """One text on its way to lines. The style carries over line ends, as it does on a terminal."""

    def __init__(
        self,
        max_lines: int,
        max_columns: int = MAX_COLUMNS,
        max_characters: int = MAX_CHARACTERS,
    ) -> None:
        self._max_lines = max_lines
        self._max_columns = max_columns
        self._max_characters = max_characters
        self._state = _PLAIN
        self._words = ""
        self.lines: list[Line] = []
        self._begin()

    def _begin(self) -> None:
        self._spans: list[tuple[list[str], str]] = []  # parts of its text, and its style
        self._columns = self._characters = 0
        self._base = 0  # what a mark would belong to; 0 for nothing
        self._marks = self._joins = 0
        self._joiner = False  # seen after an emoji, put only if another one follows

    def feed(self, text: str) -> None:
        """Clean *text* until there are enough lines; the last one is not yet among them."""
        for found in _PIECE.finditer(text.translate(_C1)):
            match found.lastgroup:
                case "plain":
                    self._run(found[0], 1)
                case "sgr":
                    if len(found["sgr"]) <= MAX_SGR:
                        self._state = _obey(self._state, found["sgr"])
                        self._words = _words(self._state)
                case "end":
                    self.end_line()
                    if len(self.lines) >= self._max_lines:
                        return
                case "others":
                    self._others(found[0])
                case _:
                    pass  # a sequence that means nothing here: gone, whole

    def end_line(self) -> None:
        """Put what there is into the lines and begin the next."""
        self.lines.append(tuple(("".join(parts), style) for parts, style in self._spans))
        self._begin()

    def _run(self, text: str, columns: int) -> None:
        """Add characters that each have a place of their own, so many columns wide."""
        room = min(
            (self._max_columns - self._columns) // columns,
            self._max_characters - self._characters,
        )
        taken = text[: max(room, 0)]
        self._joiner, self._marks, self._joins = False, 0, 0
        self._base = ord(taken[-1]) if taken == text else 0
        if taken:
            self._put(taken, len(taken) * columns)
        if taken != text:
            self._columns = self._max_columns

    def _others(self, text: str) -> None:
        for found in _CLASS_RUN.finditer(text.translate(_CLASSES)):
            if not self._base and self._columns >= self._max_columns:
                return  # full: nothing more, and nothing that a mark would belong to
            of_class = found[0]
            match of_class[0]:
                case "n":
                    self._run(text[found.start() : found.end()], 1)
                case "w":
                    self._run(text[found.start() : found.end()], 2)
                case "p" | "P":
                    self._whole(text[found.start()], 1 if of_class == "p" else 2)
                case "m" | "M":
                    self._mark(ord(text[found.start()]), int(of_class == "M"))
                case "r":
                    self._run(REPLACEMENT * len(of_class), 1)
                case "s":
                    self._run(" " * len(of_class), 1)
                case "S":
                    self._run("  " * len(of_class), 1)
                case "t":
                    self._run(" " * TAB_COLUMNS * len(of_class), 1)
                case _:
                    pass  # obeyed or invisible elsewhere

    def _whole(self, character: str, columns: int) -> None:
        """Add a character that has a place of its own, joined with the last one if that is waiting for it."""
        code = ord(character)
        joins = self._joiner and _is_pictograph(code)
        if not joins:
            self._joins = 0
        self._joiner, self._marks = False, 0
        text = chr(_ZWJ) + character if joins else character
        if not self._fits(columns, len(text)):
            self._base = 0
            return
        self._base = code
        if joins:
            self._joins += 1
            self._extend(text, columns)
        else:
            self._put(text, columns)

    def _mark(self, code: int, columns: int) -> None:
        """Add a character that has no place of its own to the one before it."""
        if not self._base or self._joiner or self._marks >= MAX_MARKS:
            return
        if code == _ZWJ:
            self._joiner = _is_pictograph(self._base) and self._joins < MAX_JOINS
            return
        if code == _ZWNJ and unicodedata.category(chr(self._base)) != "Lo":
            return
        if self._fits(columns, 1):
            self._marks += 1
            self._extend(chr(code), columns)

    def _fits(self, columns: int, characters: int) -> bool:
        """Whether the line has room; once it has none, it is full."""
        fits = (
            self._columns + columns <= self._max_columns
            and self._characters + characters <= self._max_characters
        )
        if not fits:
            self._columns = self._max_columns
        return fits

    def _put(self, text: str, columns: int) -> None:
        if self._spans and (self._spans[-1][1] == self._words or len(self._spans) >= MAX_SPANS):
            self._extend(text, columns)
        else:
            self._spans.append(([], self._words))
            self._extend(text, columns)

    def _extend(self, text: str, columns: int) -> None:
        self._spans[-1][0].append(text)
        self._columns += columns
        self._characters += len(text)


def _class_of(code: int) -> str:
    """Return what becomes of a character: one of the letters of :data:`_CLASS_RUN`."""
    category = unicodedata.category(chr(code))
    is_wide = unicodedata.east_asian_width(chr(code)) in ("W", "F")
    if code == 0x09:
        return "t"
    if code in _BLANK:
        return "x"
    if category in ("Mn", "Me", "Mc") or code in (_ZWJ, _ZWNJ):
        # A variation selector may make a narrow sign a wide one.
        return "M" if category == "Mc" or code in _VARIATIONS else "m"
    if 0x1160 < code <= 0x11FF or 0xD7B0 <= code <= 0xD7FB:
        return "m"  # it completes a syllable of Hangul
    if category in ("Cs", "Co", "Cn", "Zl", "Zp"):
        return "r"
    if category in ("Cc", "Cf"):
        return "x"
    if category == "Zs":
        return "S" if is_wide else "s"
    if _is_pictograph(code):
        return "P" if is_wide else "p"
    return "w" if is_wide else "n"


class _Classes(dict[int, str]):
    """For ``str.translate``: the class of every character, found when it is first seen."""

    def __missing__(self, code: int) -> str:
        found = _class_of(code)
        if len(self) < _MAX_KNOWN:  # else a text with all there are would be kept for ever
            self[code] = found
        return found


_MAX_KNOWN: Final = 16_384
_CLASSES: Final = _Classes()
_CLASS_RUN: Final = re.compile(r"n++|w++|r++|s++|S++|t++|x++|[pPmM]")
"""Narrow and wide ones of their own, replaced ones, spaces, tabs, those that are gone; and what depends on its neighbours."""


def _is_pictograph(code: int) -> bool:
    """Whether a joiner may stand beside it: the signs of emoji sequences, with their skin tones."""
    if code < 0x2190 or 0x2500 <= code <= 0x25FC or 0x2800 <= code <= 0x28FF:
        return False  # boxes and braille patterns are drawn with, by the line
    return unicodedata.category(chr(code)) in ("So", "Sk", "Sm")


def clean_lines(text: str | Iterable[str], *, max_lines: int) -> tuple[Line, ...]:
    """Return *text*, one string with line ends or one string a line, as at most *max_lines* lines."""
    if isinstance(text, str):
        cleaner = _Cleaner(max_lines)
        cleaner.feed(text)
        if len(cleaner.lines) < max_lines:
            cleaner.end_line()
        return tuple(cleaner.lines)
    lines: list[Line] = []
    for one in text:
        if len(lines) >= max_lines:
            break
        if _is_plain(one):
            lines.append(((one, ""),))
        else:
            lines += clean_lines(one, max_lines=max_lines - len(lines))
    return tuple(lines)


def _is_plain(text: str) -> bool:
    """Whether *text* is a line as it is, as most are: found in a tenth of the time."""
    return 0 < len(text) <= MAX_COLUMNS and text.isascii() and text.isprintable()


def clean_line(text: str) -> Line:
    """Return *text* as one line; where it has several, the first that shows something."""
    if _is_plain(text):
        return ((text, ""),)
    lines = clean_lines(text, max_lines=8)
    return next((line for line in lines if plain(line).strip()), lines[0] if lines else ())


def clean_text(text: str, *, max_characters: int, max_lines: int) -> str:
    """Return *text* as text to edit: its line ends, and everything else as in a line without styles."""
    cleaner = _Cleaner(max_lines, 2 * max_characters, max_characters)
    cleaner.feed(text)
    if len(cleaner.lines) < max_lines:
        cleaner.end_line()
    return "\n".join(map(plain, cleaner.lines))[:max_characters]


def plain(line: Iterable[Span]) -> str:
    """Return the text of *line* without its styles."""
    return "".join(text for text, _ in line)
