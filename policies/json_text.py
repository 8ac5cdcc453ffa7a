"""JSON as text, with the line of every value: for files whose authors must be told where they erred.

Promises    What is read is what ``json.loads`` reads, less what two readers could take for two things: a key that
            stands twice, a number beyond a double, half a surrogate pair. No recursion, whatever the nesting.
Relies on   The caller for a bound on the length: everything here is linear in it.
"""

import json
import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Place: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and indices from the outermost object inward."""

MAX_DEPTH: Final = 64
MAX_NUMBER_CHARS: Final = 64
MAX_VALUES: Final = 100_000
"""A package.json has hundreds."""

_Mark: TypeAlias = "int | _Marks"


@dataclass(slots=True)
class _Marks:
    """Where a container starts, and where its parts do. An object's are those of its keys."""

    offset: int
    parts: "dict[str, _Mark] | list[_Mark]"


class JsonTextError(ValueError):
    """The text is not the JSON it should be. *line* and *column* count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        self.line = line
        self.column = column
        super().__init__(message)


class JsonText:
    """One document: ``value``, and the line on which each part of it stands."""

    def __init__(self, text: str) -> None:
        """Raises :class:`JsonTextError`."""
        self._starts = _line_starts(text)
        self.value, self._marks = _Reader(text, self._starts).read()

    def line(self, place: Place) -> int:
        """Return the line of the value at *place*, counted from 1; of the nearest value around it when it is absent."""
        mark = self._marks
        for step in place:
            if not isinstance(mark, _Marks):
                break
            inner: _Mark | None = None
            if isinstance(mark.parts, dict):
                inner = mark.parts.get(step) if isinstance(step, str) else None
            elif isinstance(step, int) and 0 <= step < len(mark.parts):
                inner = mark.parts[step]
            if inner is None:
                break
            mark = inner
        return _line(self._starts, mark.offset if isinstance(mark, _Marks) else mark)


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


def _line(starts: list[int], offset: int) -> int:
    return bisect_right(starts, offset)


_SPACE: Final = re.compile(r"[ \t\n\r]*")
_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_WORD: Final = re.compile("true|false|null")


class _Reader:
    def __init__(self, text: str, starts: list[int]) -> None:
        self._text = text
        self._starts = starts
        self._at = 0
        self._left = MAX_VALUES

    def read(self) -> tuple[Json, _Mark]:
        """Read the whole text."""
        # Open containers, outermost first: the value, its marks, and for an object the key that waits.
        stack: list[tuple[list[Json] | dict[str, Json], _Marks]] = []
        keys: list[str | None] = []
        while True:
            self._skip()
            start = self._at
            self._left -= 1
            if self._left < 0:
                raise self._error(f"more than {MAX_VALUES} values", start)
            character = self._text[start : start + 1]
            value: Json
            mark: _Mark
            if character and character in "[{":
                if len(stack) == MAX_DEPTH:
                    raise self._error(f"nested deeper than {MAX_DEPTH} levels", start)
                self._at += 1
                if character == "[":
                    stack.append(([], _Marks(start, [])))
                    keys.append(None)
                    if not self._closes("]"):
                        continue
                else:
                    stack.append(({}, _Marks(start, {})))
                    if not self._closes("}"):
                        keys.append(self._key(stack[-1][1]))
                        continue
                    keys.append(None)
                value, mark = stack.pop()
                keys.pop()
            else:
                value, mark = self._scalar(character), start
            # The value is whole: hand it to what holds it, and close what ends with it.
            while stack:
                holder, marks = stack[-1]
                key = keys[-1]
                if isinstance(holder, dict) and key is not None:
                    holder[key] = value
                    # An object's part is told by its key, which is where an author looks.
                    if isinstance(mark, _Marks) and isinstance(marks.parts, dict):
                        before = marks.parts[key]
                        mark.offset = before if isinstance(before, int) else before.offset
                        marks.parts[key] = mark
                elif isinstance(holder, list) and isinstance(marks.parts, list):
                    holder.append(value)
                    marks.parts.append(mark)
                end = "}" if isinstance(holder, dict) else "]"
                self._skip()
                if self._text.startswith(",", self._at):
                    self._at += 1
                    if isinstance(holder, dict):
                        keys[-1] = self._key(marks)
                    break
                if not self._closes(end):
                    raise self._error(f"expected , or {end}", self._at)
                value, mark = stack.pop()
                keys.pop()
            else:
                self._skip()
                if self._at != len(self._text):
                    raise self._error("text after the end of the value", self._at)
                return value, mark

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _closes(self, end: str) -> bool:
        self._skip()
        if not self._text.startswith(end, self._at):
            return False
        self._at += 1
        return True

    def _key(self, marks: _Marks) -> str:
        self._skip()
        start = self._at
        if not self._text.startswith('"', start):
            raise self._error("expected a key in double quotes", start)
        key = self._string()
        if isinstance(marks.parts, dict):
            if key in marks.parts:
                raise self._error(
                    f"the key {key[:100]!a} stands twice in one object; keep one", start
                )
            marks.parts[key] = start
        self._skip()
        if not self._text.startswith(":", self._at):
            raise self._error("expected : after a key", self._at)
        self._at += 1
        return key

    def _scalar(self, character: str) -> Json:
        if character == '"':
            return self._string()
        found = _WORD.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
            return _WORDS[found[0]]
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            raise self._error("expected a value", self._at)
        if len(found[0]) > MAX_NUMBER_CHARS:
            raise self._error(f"a number of more than {MAX_NUMBER_CHARS} characters", self._at)
        number = float(found[0]) if found[1] or found[2] else int(found[0])
        if isinstance(number, float) and not math.isfinite(number):
            raise self._error(f"the number {found[0]} is too large", self._at)
        self._at = found.end()
        return number

    def _string(self) -> str:
        found = _STRING.match(self._text, self._at)
        if found is None:
            raise self._error("a string that does not end on its line", self._at)
        try:
            value: object = json.loads(found[0])
        except ValueError:
            raise self._error("an escape that JSON does not have", self._at) from None
        assert isinstance(value, str)  # noqa: S101 - quotes around it: json gives nothing else
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._error(
                "half a surrogate pair, which is no character", self._at
            ) from None
        self._at = found.end()
        return value

    def _error(self, message: str, offset: int) -> JsonTextError:
        line = _line(self._starts, offset)
        return JsonTextError(message, line, offset - self._starts[line - 1] + 1)
