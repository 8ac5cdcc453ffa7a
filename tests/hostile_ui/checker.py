"""What a view may hold, said a second time and without the code that makes it so: every value of a snapshot or a diff is walked.

Nothing of ``host.view`` is read here. The numbers are those that ``docs/ui.md`` promises.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Final

from host.outcome import Json, JsonObject

WRITABLE: Final = (
    "status", "widget", "slot", "title", "session_name", "working", "editor", "theme", "keymap", "route", "frame",
)  # fmt: skip
SEVERITIES: Final = ("info", "success", "warning", "error")
_STYLE_WORD: Final = re.compile(
    r"bold|dim|italic|underline|strike|reverse|[fb]g:(?:#[0-9a-fA-F]{6}|[0-9]{1,3}|[a-zA-Z]{2,30})"
)
_ID: Final = re.compile(r"[0-9a-f]{8}")
_BLANKS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u2028\u2029\u3164\uffa0\u00ad\u200b\u2060\ufeff"
ZWJ: Final = "\u200d"
RESERVED: Final = frozenset(
    [
        "ctrl+c",
        "ctrl+q",
        "ctrl+z",
        "ctrl+d",
        "ctrl+p",
        "f1",
        "f2",
        "f3",
        "f4",
        "f10",
        "f12",
        "escape",
        "enter",
        "tab",
        "shift+tab",
        "space",
        "shift+space",
        "backspace",
        "up",
        "down",
        "left",
        "right",
        "ctrl+[",
        "ctrl+i",
        "ctrl+j",
        "ctrl+m",
    ]
)


def is_clean(text: str) -> bool:
    """Whether a terminal only ever shows *text*: nothing moves, turns, hides, or piles up."""
    marks, before = 0, ""
    for at, character in enumerate(text):
        category = unicodedata.category(character)
        if category in ("Mn", "Me", "Mc"):
            marks += 1
            if marks > 2 or not before or character in _BLANKS:
                return False
            continue
        if character in (ZWJ, "\u200c"):
            if at == 0 or at == len(text) - 1:
                return False
            continue
        if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or character in _BLANKS:
            return False
        marks, before = 0, character
    return text.count(ZWJ) <= 8 * max(1, len(text) // 2)


def least_columns(text: str) -> int:
    """How many columns *text* takes at least, whatever the terminal."""
    found = 0
    for character in text.split(ZWJ)[0]:
        if unicodedata.category(character) not in ("Mn", "Me", "Mc", "Cf") and not (
            0x1160 <= ord(character) <= 0x11FF or 0xD7B0 <= ord(character) <= 0xD7FB
        ):
            found += 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
    return found


def check_line(line: Json) -> None:
    """A line is a list of ``[text, style]``."""
    assert isinstance(line, list), line
    assert len(line) <= 64
    texts: list[str] = []
    for span in line:
        assert isinstance(span, list)
        assert len(span) == 2, span
        text, style = span
        assert isinstance(text, str)
        assert isinstance(style, str)
        assert all(_STYLE_WORD.fullmatch(word) for word in style.split()), style
        texts.append(text)
    whole = "".join(texts)
    assert len(whole) <= 2048
    assert least_columns(whole) <= 512
    assert is_clean(whole), ascii(whole)


def check_lines(lines: Json, most: int = 200) -> None:
    """At most *most* of them."""
    assert isinstance(lines, list)
    assert len(lines) <= most
    for line in lines:
        check_line(line)


def check_text(text: Json, most: int = 65_536) -> None:
    """A text to edit has line ends, and else what a line has."""
    assert isinstance(text, str)
    assert len(text) <= most
    for line in text.split("\n"):
        assert is_clean(line), ascii(line)[:200]


def check_word(text: Json, most: int) -> None:
    """A text of one line, without style."""
    assert isinstance(text, str)
    assert len(text) <= most
    assert text.isprintable(), ascii(text)


def fields(value: JsonObject, *names: str) -> None:
    """*value* has these, and no others."""
    assert set(value) == set(names), sorted(value)


def _whole(value: Json, least: int, most: int) -> None:
    assert type(value) is int
    assert least <= value <= most


def check_node(node: Json, depth: int, counts: Counter[str]) -> None:
    """A tree of a slot."""
    assert isinstance(node, dict)
    assert depth <= 4
    counts["nodes"] += 1
    assert counts["nodes"] <= 200
    match node["kind"]:
        case "text":
            fields(node, "kind", "lines")
            check_lines(node["lines"])
        case "box":
            fields(node, "kind", "title", "children")
            check_line(node["title"])
            assert isinstance(node["children"], list)
            for child in node["children"]:
                check_node(child, depth + 1, counts)
        case "list":
            fields(node, "kind", "title", "items", "selected", "selectable")
            check_line(node["title"])
            _check_items(node, counts)
        case "items":
            fields(node, "kind", "items")
            assert isinstance(node["items"], list)
            assert len(node["items"]) <= 64
            for item in node["items"]:
                _check_status("", item)  # type: ignore[arg-type]  # checked there
        case kind:
            raise AssertionError(kind)


def _check_items(node: JsonObject, counts: Counter[str]) -> None:
    items = node["items"]
    assert isinstance(items, list)
    counts["items"] += len(items)
    assert counts["items"] <= 1000
    if node["selected"] is not None:
        _whole(node["selected"], 0, len(items) - 1)
    assert isinstance(node["selectable"], bool)
    for item in items:
        assert isinstance(item, dict)
        assert {"id", "line"} <= set(item) <= {"id", "line", "severity", "checked"}
        check_word(item["id"], 200)
        check_line(item["line"])
        assert item.get("severity", "info") in SEVERITIES
        assert isinstance(item.get("checked", False), bool)


def _check_status(_: str, value: JsonObject) -> None:
    fields(value, "line", "severity")
    check_line(value["line"])
    assert value["severity"] in SEVERITIES


def _check_widget(_: str, value: JsonObject) -> None:
    fields(value, "lines", "placement")
    check_lines(value["lines"])
    assert value["placement"] in ("aboveEditor", "belowEditor")


def _check_slot(key: str, value: JsonObject) -> None:
    assert key.split("/")[0] in ("Sidebar", "StatusBar", "Overlay", "Header", "Footer")
    fields(value, "order", "node")
    _whole(value["order"], -1_000_000, 1_000_000)
    check_node(value["node"], 1, Counter())


def _check_title(_: str, value: JsonObject) -> None:
    fields(value, "line")
    check_line(value["line"])


def _check_working(_: str, value: JsonObject) -> None:
    fields(value, "line", "visible", "frames", "interval_ms")
    check_line(value["line"])
    assert isinstance(value["visible"], bool)
    check_lines(value["frames"], 64)
    _whole(value["interval_ms"], 50, 10_000)


def _check_editor(_: str, value: JsonObject) -> None:
    fields(value, "text", "n", "paste")
    check_text(value["text"])
    _whole(value["n"], 0, 2**53)
    assert isinstance(value["paste"], bool)


def _check_theme(key: str, value: JsonObject) -> None:
    fields(value, "color")
    assert re.fullmatch(r"[a-zA-Z]{2,30}", key)
    assert re.fullmatch(r"#[0-9a-fA-F]{6}|[a-zA-Z]{2,30}", str(value["color"]))


def _check_keymap(key: str, value: JsonObject) -> None:
    fields(value, "description", "conflict", "n")
    assert key not in RESERVED
    assert len(key) > 1, "an unmodified letter"
    check_line(value["description"])
    assert value["conflict"] is None or isinstance(value["conflict"], str)


def _check_route(_: str, value: JsonObject) -> None:
    fields(value, "title", "frame")
    check_line(value["title"])
    if value["frame"] is not None:
        check_word(value["frame"], 100)


def _check_frame(_: str, value: JsonObject) -> None:
    fields(value, "lines", "cursor", "overlay", "options")
    check_lines(value["lines"])
    assert isinstance(value["overlay"], bool)
    cursor, lines, options = value["cursor"], value["lines"], value["options"]
    assert isinstance(lines, list)
    if cursor is not None:
        assert isinstance(cursor, list)
        row, column = cursor
        _whole(row, 0, len(lines) - 1)
        _whole(column, 0, 1000)
    assert isinstance(options, dict)
    assert set(options) <= {"width", "anchor"}
    width = options.get("width", 1)
    if isinstance(width, str):
        assert re.fullmatch(r"[1-9][0-9]?%|100%", width)
    else:
        _whole(width, 1, 1000)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)?", str(options.get("anchor", "center")))


def _check_dialog(key: str, value: JsonObject) -> None:
    fields(
        value,
        "kind", "title", "message", "options", "placeholder", "prefill", "frame", "overlay", "until", "n",
    )  # fmt: skip
    assert _ID.fullmatch(key)
    assert value["kind"] in ("select", "confirm", "input", "editor", "quickpick", "custom")
    check_line(value["title"])
    check_lines(value["message"])
    options = value["options"]
    assert isinstance(options, list)
    assert len(options) <= 1000
    for option in options:
        assert isinstance(option, dict)
        fields(option, "label", "description")
        check_line(option["label"])
        check_line(option["description"])
    check_text(value["prefill"])
    check_text(value["placeholder"], 512)
    assert "\n" not in str(value["placeholder"])
    assert len(json.dumps(value, ensure_ascii=False).encode()) <= 400_000


def _check_notice(key: str, value: JsonObject) -> None:
    fields(value, "line", "level", "at")
    assert key.isdecimal()
    check_line(value["line"])
    assert value["level"] in SEVERITIES


def _check_plugin(_: str, value: JsonObject) -> None:
    fields(value, "state", "error", "kind", "title")
    assert value["state"] in (
        "active", "starting", "restarting", "blocked", "disabled", "gone", "waiting", "loading",
    )  # fmt: skip
    for name in ("error", "title"):
        text = value[name]
        assert isinstance(text, str)
        assert len(text) <= 2048
        assert is_clean(text), ascii(text)


def _check_command(key: str, value: JsonObject) -> None:
    fields(value, "description", "completes")
    assert is_clean(key), ascii(key)
    check_line(value["description"])
    assert isinstance(value["completes"], bool)


_AREAS: Final[dict[str, Callable[[str, JsonObject], None]]] = {
    "status": _check_status,
    "widget": _check_widget,
    "slot": _check_slot,
    "title": _check_title,
    "session_name": _check_title,
    "working": _check_working,
    "editor": _check_editor,
    "theme": _check_theme,
    "keymap": _check_keymap,
    "route": _check_route,
    "frame": _check_frame,
    "dialog": _check_dialog,
    "notice": _check_notice,
    "plugin": _check_plugin,
    "command": _check_command,
}
_SINGLE: Final = ("title", "session_name", "working", "editor", "plugin")


def check_entry(entry: Json, plugins: frozenset[str]) -> None:
    """One entry, of one of *plugins*."""
    assert isinstance(entry, dict)
    fields(entry, "plugin", "session", "area", "key", "value")
    assert entry["plugin"] in plugins
    assert isinstance(entry["session"], str)
    area, key, value = entry["area"], entry["key"], entry["value"]
    assert isinstance(key, str)
    assert isinstance(value, dict)
    assert (key == "") == (area in _SINGLE)
    check_word(key, 200)
    assert is_clean(key), ascii(key)
    if "gone" in value:
        fields(value, "gone")
        assert area in ("slot", "status", "widget")
        check_word(value["gone"], 2048)
        assert is_clean(str(value["gone"]))
        return
    _AREAS[str(area)](key, value)
    if area != "dialog":
        assert len(json.dumps(value, ensure_ascii=False).encode()) <= 100_000


class Watcher:
    """Takes a snapshot and every diff after it, and raises for whatever is not as it must be."""

    def __init__(self, *plugins: str) -> None:
        self.plugins = frozenset(plugins)
        self.version: Json = None
        self.entries: dict[tuple[str, ...], Json] = {}
        self.updates: Counter[tuple[str, str]] = Counter()
        """How many entries of an area of a plugin were told."""

    def start(self, snapshot: JsonObject) -> None:
        """From *snapshot* on."""
        self.version, self.entries = snapshot["version"], self.read(snapshot)

    def read(self, snapshot: JsonObject) -> dict[tuple[str, ...], Json]:
        """The entries of *snapshot*, checked one by one and together."""
        entries = snapshot["entries"]
        assert isinstance(entries, list)
        found: dict[tuple[str, ...], Json] = {}
        for entry in entries:
            check_entry(entry, self.plugins)
            key = _key(entry)
            assert key not in found, "one entry twice"
            found[key] = entry["value"]  # type: ignore[index,call-overload]  # checked above
        check_together(found)
        return found

    def take(self, diff: JsonObject) -> None:
        """The next one; what the snapshot had already is passed over."""
        to = diff["to"]
        assert isinstance(to, int)
        assert isinstance(self.version, int)
        if to <= self.version:
            return
        assert diff["from"] == self.version, "a diff between them is missing"
        self.version = diff["to"]
        set_, remove = diff["set"], diff["remove"]
        assert isinstance(set_, list)
        assert isinstance(remove, list)
        for entry in set_:
            check_entry(entry, self.plugins)
            key = _key(entry)
            self.entries[key] = entry["value"]  # type: ignore[index,call-overload]  # checked above
            self.updates[key[0], key[2]] += 1
        for gone in remove:
            assert isinstance(gone, list)
            self.entries.pop(tuple(map(str, gone)), None)
        check_together(self.entries)

    def compare(self, snapshot: JsonObject) -> None:
        """Whoever followed the diffs knows what *snapshot* says."""
        assert self.version == snapshot["version"]
        assert self.entries == self.read(snapshot)


def _key(entry: Json) -> tuple[str, ...]:
    assert isinstance(entry, dict)
    return tuple(str(entry[name]) for name in ("plugin", "session", "area", "key"))


def check_together(entries: dict[tuple[str, ...], Json]) -> None:
    """What all entries of an instance, and of a plugin, may be together."""
    counts = Counter((plugin, session, area) for plugin, session, area, _ in entries)
    for (_, _, area), count in counts.items():
        # A key that was registered with a function is no entry that the worker sets: there may be as many again.
        most = {"dialog": 1, "notice": 50, "plugin": 1, "keymap": 128, "command": 4096}.get(
            area, 64
        )
        assert count <= most, (area, count)
    sizes: Counter[str] = Counter()
    for (plugin, _, area, _), value in entries.items():
        if area in WRITABLE:
            sizes[plugin] += len(
                json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
            )
    for plugin, size in sizes.items():
        assert size <= 1.2 * 1024 * 1024, (plugin, size)
