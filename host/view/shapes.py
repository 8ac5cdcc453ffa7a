"""What a worker wants shown, as what is shown: every value judged by its area, every text cleaned.

Promises    What :func:`judge` returns holds the fields of its area and no others, within ``limits.py``; what cannot be
            used raises :class:`RefusedValueError` with one printable line. Pure.
Elsewhere   Who may set what, and how often: ``presence.py``. The table of areas: ``docs/ui.md``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from host.errors import InputError
from host.outcome import Json, JsonObject
from host.view.keys import is_reserved, read_key
from host.view.limits import (
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_EDITOR_CHARS,
    MAX_ITEM_ID_CHARS,
    MAX_ITEMS,
    MAX_KEY_CHARS,
    MAX_LINES,
    MAX_NODES,
    MAX_STATUS_ITEMS,
    MAX_WORKING_FRAMES,
)
from host.view.text import Line, clean_line, clean_lines, clean_text
from ipc.ui import SEVERITIES, SLOTS, THEME_COLORS

PLACEMENTS: Final = ("aboveEditor", "belowEditor")
ANCHORS: Final = (
    "center",
    "top-left",
    "top-center",
    "top-right",
    "left-center",
    "right-center",
    "bottom-left",
    "bottom-center",
    "bottom-right",
)
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}\Z")
_PERCENT: Final = re.compile(r"(?:[1-9][0-9]?|100)%\Z")
_MAX_ORDER: Final = 1_000_000
_MIN_INTERVAL_MS: Final = 50
_MAX_INTERVAL_MS: Final = 10_000


class RefusedValueError(ValueError):
    """A value that cannot be shown; its text says why, in one printable line."""


def judge(area: str, key: str, value: Json) -> JsonObject:
    """Return what the entry *key* of *area* shows, from what a worker sent for it."""
    shape = _SHAPES.get(area)
    if shape is None:
        raise RefusedValueError(f"no area {area[:40]!a} that a plugin may set")
    if not isinstance(value, dict):
        raise RefusedValueError(f"{area}: its value is no object")
    return shape(value)


def judge_key(area: str, key: str) -> str:
    """Return *key* as the entry's key in *area*; a key of the keyboard by its canonical name."""
    if area in _SINGLE:
        if key:
            raise RefusedValueError(f"{area} has one entry, with the key ''")
        return key
    if not 0 < len(key) <= MAX_KEY_CHARS or not key.isprintable():
        raise RefusedValueError(
            f"{area}: a key has 1 to {MAX_KEY_CHARS} characters that can be printed"
        )
    if area == "slot":
        place, slash, id_ = key.partition("/")
        if place not in SLOTS or not slash or not id_:
            raise RefusedValueError(
                f"slot: {key[:60]!a} is none of {', '.join(SLOTS)} and an id"
            )
    elif area == "theme" and key not in THEME_COLORS:
        raise RefusedValueError(f"theme: no colour is called {key[:60]!a}")
    elif area == "keymap":
        try:
            key = read_key(key)
        except InputError as error:
            raise RefusedValueError(f"keymap: {error}") from None
        if is_reserved(key):
            raise RefusedValueError(f"keymap: {key} is a key of the interface's own")
    return key


def line_of(value: Json) -> Json:
    """Return the text *value* as a line in JSON: a list of ``[text, style]``."""
    return _json(clean_line(value)) if isinstance(value, str) else []


def lines_of(value: Json, most: int = MAX_LINES) -> list[Json]:
    """Return *value*, a list of texts or one with line ends, as at most *most* lines in JSON."""
    if isinstance(value, str):
        return [_json(line) for line in clean_lines(value, max_lines=most)]
    if isinstance(value, list):
        texts = (one for one in value[:most] if isinstance(one, str))
        return [_json(line) for line in clean_lines(texts, max_lines=most)]
    return []


def _json(line: Line) -> Json:
    return [[text, style] for text, style in line]


def text_of(value: Json, most: int = MAX_EDITOR_CHARS) -> str:
    """Return *value* as text that a person may edit."""
    if not isinstance(value, str):
        return ""
    return clean_text(value[:most], max_characters=most, max_lines=most)


def option_of(value: Json) -> JsonObject:
    """Return one option of a dialog: a text, or an object with a label and a description."""
    if isinstance(value, dict):
        label = line_of(value.get("label"))
        return {"label": label, "description": line_of(value.get("description"))}
    return {"label": line_of(value), "description": []}


def severity_of(value: Json) -> str:
    """Return *value* if it is a severity, else ``info``."""
    return next((known for known in SEVERITIES if known == value), "info")


def id_of(value: Json) -> str | None:
    """Return *value* if it can be the id of a frame."""
    if isinstance(value, str) and 0 < len(value) <= MAX_KEY_CHARS and value.isprintable():
        return value
    return None


def _status(value: JsonObject) -> JsonObject:
    return {"line": line_of(value.get("line")), "severity": severity_of(value.get("severity"))}


def _widget(value: JsonObject) -> JsonObject:
    placement = next(
        (known for known in PLACEMENTS if known == value.get("placement")), PLACEMENTS[0]
    )
    return {"lines": lines_of(value.get("lines")), "placement": placement}


def _line(value: JsonObject) -> JsonObject:
    return {"line": line_of(value.get("line"))}


def _working(value: JsonObject) -> JsonObject:
    return {
        "line": line_of(value.get("line")),
        "visible": value.get("visible") is not False,
        "frames": lines_of(value.get("frames"), MAX_WORKING_FRAMES),
        "interval_ms": _whole(value.get("interval_ms"), _MIN_INTERVAL_MS, _MAX_INTERVAL_MS, 80),
    }


def _editor(value: JsonObject) -> JsonObject:
    return {"text": text_of(value.get("text")), "paste": value.get("paste") is True}


def _theme(value: JsonObject) -> JsonObject:
    color = value.get("color")
    if not isinstance(color, str) or not (color in THEME_COLORS or _COLOR.match(color)):
        raise RefusedValueError("theme: a colour is #rrggbb or the name of another one")
    return {"color": color}


def _keymap(value: JsonObject) -> JsonObject:
    return {"description": line_of(value.get("description"))}


def _route(value: JsonObject) -> JsonObject:
    return {"title": line_of(value.get("title")), "frame": id_of(value.get("frame"))}


def _frame(value: JsonObject) -> JsonObject:
    lines = lines_of(value.get("lines"))
    told = value.get("options")
    options: JsonObject = {}
    if isinstance(told, dict):
        width, anchor = told.get("width"), told.get("anchor")
        if (type(width) is int and 0 < width <= MAX_COLUMNS) or (
            isinstance(width, str) and _PERCENT.match(width)
        ):
            options["width"] = width
        if anchor in ANCHORS:
            options["anchor"] = anchor
    return {
        "lines": lines,
        "cursor": _cursor(value.get("cursor"), len(lines)),
        "overlay": value.get("overlay") is True,
        "options": options,
    }


def _cursor(value: Json, rows: int) -> Json:
    match value:
        case [int(row), int(column)] if 0 <= row < rows and 0 <= column <= MAX_COLUMNS:
            return [int(row), int(column)]
        case _:
            return None


def _slot(value: JsonObject) -> JsonObject:
    return {
        "order": _whole(value.get("order"), -_MAX_ORDER, _MAX_ORDER, 0),
        "node": _Nodes().read(value.get("node"), 1),
    }


class _Nodes:
    """Reads one tree, counting."""

    def __init__(self) -> None:
        self._nodes = 0
        self._items = 0

    def read(self, value: Json, depth: int) -> JsonObject:
        """Return the node *value* at *depth*."""
        if not isinstance(value, dict):
            raise RefusedValueError("slot: a node is an object with a kind")
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise RefusedValueError(f"slot: more than {MAX_NODES} nodes or {MAX_DEPTH} levels")
        match value.get("kind"):
            case "text":
                return {"kind": "text", "lines": lines_of(value.get("lines"))}
            case "box":
                return {
                    "kind": "box",
                    "title": line_of(value.get("title")),
                    "children": [
                        self.read(child, depth + 1) for child in _list(value.get("children"))
                    ],
                }
            case "list":
                return self._read_list(value)
            case "items":
                items = _list(value.get("items"))[:MAX_STATUS_ITEMS]
                return {
                    "kind": "items",
                    "items": [_status(item) for item in items if isinstance(item, dict)],
                }
            case _:
                raise RefusedValueError("slot: a node's kind is text, box, list or items")

    def _read_list(self, value: JsonObject) -> JsonObject:
        items = _list(value.get("items"))
        self._items += len(items)
        if self._items > MAX_ITEMS:
            raise RefusedValueError(f"slot: more than {MAX_ITEMS} items")
        return {
            "kind": "list",
            "title": line_of(value.get("title")),
            "items": [self._read_item(item) for item in items],
            "selected": _selected(value.get("selected"), len(items)),
            "selectable": value.get("selectable") is True,
        }

    def _read_item(self, value: Json) -> JsonObject:
        id_ = value.get("id") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(id_, str):
            raise RefusedValueError("slot: an item of a list is an object with an id")
        if len(id_) > MAX_ITEM_ID_CHARS or not id_.isprintable():
            raise RefusedValueError(
                f"slot: an item's id has at most {MAX_ITEM_ID_CHARS} characters that can be printed"
            )
        item: JsonObject = {"id": id_, "line": line_of(value.get("line"))}
        if "severity" in value:
            item["severity"] = severity_of(value["severity"])
        checked = value.get("checked")
        if isinstance(checked, bool):
            item["checked"] = checked
        return item


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _selected(value: Json, count: int) -> int | None:
    return value if type(value) is int and 0 <= value < count else None


def _whole(value: Json, least: int, most: int, otherwise: int) -> int:
    return value if type(value) is int and least <= value <= most else otherwise


_SHAPES: Final[Mapping[str, Callable[[JsonObject], JsonObject]]] = {
    "status": _status,
    "widget": _widget,
    "slot": _slot,
    "title": _line,
    "session_name": _line,
    "working": _working,
    "editor": _editor,
    "theme": _theme,
    "keymap": _keymap,
    "route": _route,
    "frame": _frame,
}
_SINGLE: Final = frozenset({"title", "session_name", "working", "editor"})
