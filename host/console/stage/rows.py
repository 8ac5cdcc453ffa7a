"""What an entry of the view is as rows: its lines one below the other, and which of them can be chosen.

Promises    Pure, and in time that grows with the number of rows alone: what stands in a row is read when it is drawn, for
            of thousands a few are seen. Whatever the shape of a value, there are rows.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from host.console.mirror import Json, JsonObject
from host.console.paint import Piece, own, pieces

MAX_ROWS: Final = 2_048
MAX_DEPTH: Final = 8
SEVERITIES: Final = {
    "info": "",
    "success": "fg:success",
    "warning": "fg:warning",
    "error": "bold fg:error",
}
MARKED: Final = {"success": "ok", "warning": "warning", "error": "error"}
"""What severities are called where a colour may not be seen; ``info`` needs no word."""


class Item(NamedTuple):
    """An entry of a list that a person may choose."""

    id: str
    checked: bool | None


class Row:
    """One line, and what choosing it means. What *line* has to be made for is made when the row is first drawn."""

    __slots__ = ("_line", "item")

    def __init__(
        self, line: list[Piece] | Callable[[], list[Piece]], item: Item | None = None
    ) -> None:
        self._line = line
        self.item = item

    @property
    def line(self) -> list[Piece]:
        """What stands in it."""
        return self.read()

    def read(self) -> list[Piece]:
        """The same, for who asks later."""
        if not isinstance(self._line, list):
            self._line = self._line()
        return self._line


def lines_of(value: Json) -> list[Row]:
    """The rows of a list of lines."""
    if not isinstance(value, list):
        return []
    return [Row(partial(pieces, line)) for line in value[:MAX_ROWS]]


def severity_of(value: JsonObject) -> str:
    """The severity of a status item or of an item of a list; ``info`` unless it is one of the others."""
    found = value.get("severity")
    return found if isinstance(found, str) and found in SEVERITIES else "info"


def told(value: JsonObject) -> list[Piece]:
    """The line of something that has a severity, with that as a word before it."""
    severity = severity_of(value)
    line = pieces(value.get("line"))
    if severity not in MARKED:
        return line
    return [*own(f"{MARKED[severity]}: ", SEVERITIES[severity]), *line]


def node_rows(node: Json, most: int = MAX_ROWS) -> list[Row]:
    """The rows of the content of a slot, the first *most* of them."""
    found: list[Row] = []
    _add(node, 0, found, most)
    return found[:most]


def first_selected(node: Json) -> int | None:
    """The place, among the items that can be chosen, of the one that the plugin wants chosen at first."""
    count = 0
    for one in _lists(node, 0):
        items = one.get("items")
        size = len(items) if isinstance(items, list) else 0
        at = one.get("selected")
        if isinstance(at, int) and not isinstance(at, bool) and 0 <= at < size:
            return count + at
        count += size
    return None


def _lists(node: Json, depth: int) -> Sequence[JsonObject]:
    if not isinstance(node, dict) or depth > MAX_DEPTH:
        return ()
    if node.get("kind") == "list":
        return (node,) if node.get("selectable") is True else ()
    children = node.get("children")
    if node.get("kind") != "box" or not isinstance(children, list):
        return ()
    return [found for child in children for found in _lists(child, depth + 1)]


def _add(node: Json, depth: int, rows: list[Row], most: int) -> None:
    left = most - len(rows)
    if not isinstance(node, dict) or depth > MAX_DEPTH or left <= 0:
        return
    kind, indent = node.get("kind"), "  " * depth
    if kind == "text":
        lines = node.get("lines")
        for line in lines[:left] if isinstance(lines, list) else []:
            rows.append(Row(partial(_text, indent, line)))
    elif kind == "box":
        _title(node, indent, rows)
        children = node.get("children")
        for child in children if isinstance(children, list) else []:
            _add(child, depth + 1, rows, most)
    elif kind in ("list", "items"):
        _title(node, indent, rows)
        items = node.get("items")
        may_choose = kind == "list" and node.get("selectable") is True
        for item in items[:left] if isinstance(items, list) else []:
            if isinstance(item, dict):
                rows.append(_item(item, indent, may_choose=may_choose))


def _title(node: JsonObject, indent: str, rows: list[Row]) -> None:
    title = pieces(node.get("title"))
    if title:
        bold = [(text, f"bold {words}".strip(), size) for text, words, size in title]
        rows.append(Row(_indented(indent, bold)))


def _text(indent: str, line: Json) -> list[Piece]:
    return _indented(indent, pieces(line))


def _item(item: JsonObject, indent: str, *, may_choose: bool) -> Row:
    checked, id_ = item.get("checked"), item.get("id")
    line = partial(_item_line, item, indent)
    if not may_choose or not isinstance(id_, str):
        return Row(line)
    return Row(line, Item(id_, checked if isinstance(checked, bool) else None))


def _item_line(item: JsonObject, indent: str) -> list[Piece]:
    checked = item.get("checked")
    box = own("[x] " if checked else "[ ] ") if isinstance(checked, bool) else []
    return _indented(indent, [*box, *told(item)])


def _indented(indent: str, line: list[Piece]) -> list[Piece]:
    return [(indent, "", len(indent)), *line] if indent else line
