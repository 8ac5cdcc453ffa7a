"""Texts of others as the console writes them: one line, nothing hidden, nothing that a terminal obeys.

Promises    What would not be seen is written as an escape, never left out: an operator decides by these texts.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

from host.audit import printable

MAX_MARKS: Final = 2
"""Marks after a character; a pile of them would cover the lines above."""
_ALWAYS: Final = "(nothing)"


def cell(value: object) -> str:
    """Return *value* as a cell: the empty text for None."""
    if value is None:
        return ""
    text = printable(value if isinstance(value, str) else str(value))
    return text if text.isascii() else _without_piles(text)


def number(value: object) -> int:
    """Return a number of an answer, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def listed(values: Iterable[object]) -> str:
    """Return *values* with commas, or a word for none."""
    return ", ".join(cell(value) for value in values) or _ALWAYS


def _without_piles(text: str) -> str:
    marks = 0
    parts: list[str] = []
    for character in text:
        is_mark = unicodedata.category(character) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        too_many = is_mark and (marks > MAX_MARKS or not parts)
        parts.append(f"\\u{ord(character):04x}" if too_many else character)
    return "".join(parts)
