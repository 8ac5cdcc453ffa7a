"""Which line of a TOML file says what. tomllib keeps no positions, so the text is parsed once more.

Promises    Total: a text that tomllib takes gives a line for every key and every item of a list; any other text gives
            what can be found. Lines count from 1.
"""

import tomllib
from collections.abc import ItemsView
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from tree_sitter import Node

Where: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value. A table in an array of tables is one more step, its number; a text in an array is a
step of its own, so that lists of several files can unite."""

_MAX_DEPTH: Final = 12
"""Nothing of ours is deeper, but for what is handed on as it is: a plugin's settings."""


class Lines:
    """See the module's text."""

    def __init__(self, data: bytes) -> None:
        from tree_sitter import Language, Parser  # only a file that exists needs them
        from tree_sitter_toml import language

        self._lines: dict[Where, int] = {}
        self._counts: dict[Where, int] = {}
        for node in Parser(Language(language())).parse(data).root_node.children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def find(self, where: Where) -> int:
        """Return the line that says the most of *where*, or 1."""
        for end in range(len(where), 0, -1):
            if (line := self._lines.get(where[:end])) is not None:
                return line
        return 1

    def items(self) -> ItemsView[Where, int]:
        """Every place that is known."""
        return self._lines.items()

    def _table(self, node: "Node") -> None:
        table: Where = ()
        keys = next((_keys(part) for part in node.children if part.is_named), ())
        for at, key in enumerate(keys):
            table = (*table, key)
            if node.type == "table_array_element" and at == len(keys) - 1:
                self._counts[table] = self._counts.get(table, -1) + 1
            if table in self._counts:
                table = (*table, self._counts[table])
        self._note(table, node)
        for part in node.children:
            if part.type == "pair":
                self._pair(table, part)

    def _pair(self, table: Where, node: "Node") -> None:
        parts = [part for part in node.children if part.type != "comment"]
        where = (*table, *_keys(parts[0])) if parts else ()
        self._note(where, node)
        if where:
            self._value(where, parts[-1])

    def _value(self, where: Where, node: "Node") -> None:
        if len(where) >= _MAX_DEPTH:
            return
        if node.type == "inline_table":
            for part in node.children:
                if part.type == "pair":
                    self._pair(where, part)
        elif node.type == "array":
            items = [part for part in node.children if part.is_named and part.type != "comment"]
            for at, part in enumerate(items):
                text = _text(part) if part.type == "string" else None
                self._note((*where, at), part)
                if text is not None:
                    self._note((*where, text), part)
                self._value((*where, at), part)

    def _note(self, where: Where, node: "Node") -> None:
        # With what leads there; once that is known, so is all that leads to it.
        while where and where not in self._lines:
            self._lines[where] = node.start_point[0] + 1
            where = where[:-1]


def _keys(node: "Node") -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(key for part in node.children for key in _keys(part))
    if node.type in ("bare_key", "quoted_key"):
        return (_text(node) or "",)
    return ()


def _text(node: "Node") -> str | None:
    """What a key or a string says, its escapes resolved by tomllib."""
    written = (node.text or b"").decode(errors="replace")
    if node.type == "bare_key":
        return written
    try:
        value: object = tomllib.loads(f"x={written}")["x"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return value if isinstance(value, str) else None
