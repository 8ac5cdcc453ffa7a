"""What a worker wants shown becomes the fields of its area, cleaned and bounded, or is refused in one line."""

import json

import pytest

from host.outcome import Json, JsonObject
from host.view import limits
from host.view.asked import CANCELLED, KINDS, read_answer, read_dialog
from host.view.shapes import RefusedValueError, judge, judge_key
from ipc.ui import SLOTS, WRITABLE_AREAS

HOSTILE = "\x1b]0;t\x07a\u202eb\x1b[31m"
SHOWN: Json = [["ab", ""]]


@pytest.mark.parametrize(
    ("area", "sent", "shown"),
    [
        ("status", {"line": HOSTILE}, {"line": SHOWN, "severity": "info"}),
        ("status", {"line": "x", "severity": "error", "more": 1}, {"line": [["x", ""]], "severity": "error"}),
        ("status", {}, {"line": [], "severity": "info"}),
        ("widget", {"lines": "a\nb"}, {"lines": [[["a", ""]], [["b", ""]]], "placement": "aboveEditor"}),
        ("widget", {"lines": ["a"], "placement": "belowEditor"}, {"lines": [[["a", ""]]], "placement": "belowEditor"}),
        ("widget", {"lines": [1, None, "a"], "placement": "outside"}, {"lines": [[["a", ""]]], "placement": "aboveEditor"}),
        ("title", {"line": HOSTILE}, {"line": SHOWN}),
        ("session_name", {"line": "n"}, {"line": [["n", ""]]}),
        (
            "working",
            {"line": "busy", "frames": ["|", "/"], "interval_ms": 1},
            {"line": [["busy", ""]], "visible": True, "frames": [[["|", ""]], [["/", ""]]], "interval_ms": 80},
        ),
        ("editor", {"text": "a\tb\r\n\x1b[1mc\u202e", "paste": True}, {"text": "a   b\nc", "paste": True}),
        ("theme", {"color": "#A0b1C2"}, {"color": "#A0b1C2"}),
        ("theme", {"color": "accent"}, {"color": "accent"}),
        ("keymap", {"description": HOSTILE}, {"description": SHOWN}),
        ("route", {"title": "t", "frame": "f1"}, {"title": [["t", ""]], "frame": "f1"}),
        ("route", {"title": "t", "frame": "\x1b"}, {"title": [["t", ""]], "frame": None}),
        (
            "frame",
            {"lines": ["a"], "cursor": [0, 1], "overlay": True, "options": {"width": "50%", "anchor": "center", "x": 1}},
            {"lines": [[["a", ""]]], "cursor": [0, 1], "overlay": True, "options": {"width": "50%", "anchor": "center"}},
        ),
        (
            "frame",
            {"lines": ["a"], "cursor": [1, 0], "options": {"width": 10**9, "anchor": "moon"}},
            {"lines": [[["a", ""]]], "cursor": None, "overlay": False, "options": {}},
        ),
        ("frame", {"lines": ["a"], "cursor": [True, 0]}, {"lines": [[["a", ""]]], "cursor": None, "overlay": False, "options": {}}),
    ],
)  # fmt: skip
def test_a_value_has_the_fields_of_its_area(
    area: str, sent: JsonObject, shown: JsonObject
) -> None:
    """Whatever else was sent with them."""
    assert judge(area, "k", sent) == shown


def test_a_slot_is_a_tree_of_known_nodes() -> None:
    """Every text in it a line, every number within reason."""
    sent: JsonObject = {
        "order": 3,
        "node": {
            "kind": "box",
            "title": HOSTILE,
            "children": [
                {"kind": "text", "lines": "a\nb", "script": "x"},
                {
                    "kind": "list",
                    "title": "files",
                    "selectable": True,
                    "selected": 1,
                    "items": [
                        {"id": "1", "line": HOSTILE, "checked": True, "severity": "nonsense"},
                        {"id": "2", "line": "two", "checked": "yes"},
                    ],
                },
                {"kind": "items", "items": [{"line": "ok", "severity": "success"}, 7]},
            ],
        },
    }

    assert judge("slot", "Sidebar/x", sent) == {
        "order": 3,
        "node": {
            "kind": "box",
            "title": SHOWN,
            "children": [
                {"kind": "text", "lines": [[["a", ""]], [["b", ""]]]},
                {
                    "kind": "list",
                    "title": [["files", ""]],
                    "items": [
                        {"id": "1", "line": SHOWN, "severity": "info", "checked": True},
                        {"id": "2", "line": [["two", ""]]},
                    ],
                    "selected": 1,
                    "selectable": True,
                },
                {"kind": "items", "items": [{"line": [["ok", ""]], "severity": "success"}]},
            ],
        },
    }


def nested(depth: int) -> JsonObject:
    """Boxes in boxes."""
    node: JsonObject = {"kind": "text", "lines": []}
    for _ in range(depth - 1):
        node = {"kind": "box", "title": "", "children": [node]}
    return {"node": node}


def wide(count: int) -> JsonObject:
    """A box of texts; *count* nodes in all."""
    children: list[Json] = [{"kind": "text", "lines": []}] * (count - 1)
    return {"node": {"kind": "box", "title": "", "children": children}}


def listing(count: int) -> JsonObject:
    """Two lists; *count* items in all."""
    items: list[Json] = [{"id": "x", "line": ""}] * (count // 2)
    node: Json = {"kind": "list", "title": "", "items": items}
    return {"node": {"kind": "box", "title": "", "children": [node, node]}}


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (nested(limits.MAX_DEPTH), nested(limits.MAX_DEPTH + 1)),
        (wide(limits.MAX_NODES), wide(limits.MAX_NODES + 1)),
        (listing(limits.MAX_ITEMS), listing(limits.MAX_ITEMS + 2)),
    ],
)
def test_a_tree_has_bounds(within: JsonObject, beyond: JsonObject) -> None:
    """At the bound it is shown, one beyond it is refused."""
    assert judge("slot", "Sidebar/x", within)
    with pytest.raises(RefusedValueError):
        judge("slot", "Sidebar/x", beyond)


def test_lines_have_a_bound() -> None:
    """What is beyond is left out."""
    for sent in ("x\n" * 500, ["x"] * 500, ["x\nx"] * 500):
        lines = judge("frame", "f1", {"lines": sent})["lines"]
        assert isinstance(lines, list)
        assert len(lines) == limits.MAX_LINES
    frames = judge("working", "", {"frames": ["x"] * 500})["frames"]
    assert isinstance(frames, list)
    assert len(frames) == limits.MAX_WORKING_FRAMES


@pytest.mark.parametrize(
    ("area", "value"),
    [
        ("plugin", {"state": "active"}),
        ("dialog", {"kind": "confirm"}),
        ("notice", {}),
        ("command", {}),
        ("status", "text"),
        ("status", None),
        ("slot", {}),
        ("slot", {"node": {"kind": "html"}}),
        ("slot", {"node": {"kind": "list", "items": ["x"]}}),
        ("slot", {"node": {"kind": "list", "items": [{"id": "x" * 201}]}}),
        ("slot", {"node": {"kind": "list", "items": [{"id": "\x1b[2J"}]}}),
        ("theme", {"color": "red; x"}),
        ("theme", {"color": "#12345g"}),
        ("theme", {"color": "#123456\n"}),
    ],
)
def test_what_cannot_be_shown_is_refused(area: str, value: Json) -> None:
    """In one printable line for the audit."""
    with pytest.raises(RefusedValueError) as refused:
        judge(area, "k", value)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("area", "key", "canonical"),
    [
        ("status", "my plugin", "my plugin"),
        ("slot", "Sidebar/files", "Sidebar/files"),
        ("keymap", "Ctrl+K", "ctrl+k"),
        ("theme", "accent", "accent"),
        ("title", "", ""),
    ],
)
def test_keys_of_entries(area: str, key: str, canonical: str) -> None:
    """The keyboard's by their canonical names, others as they are."""
    assert judge_key(area, key) == canonical


@pytest.mark.parametrize(
    ("area", "key"),
    [
        ("status", ""),
        ("status", "x" * 101),
        ("status", "a\x1b[2J"),
        ("status", "a\u202eb"),
        ("slot", "Sidebar"),
        ("slot", "Sidebar/"),
        ("slot", "Approvals/x"),
        ("keymap", "ctrl+c"),
        ("keymap", "F2"),
        ("keymap", "a"),
        ("keymap", "nonsense"),
        ("theme", "noSuchColor"),
        ("title", "x"),
        ("editor", "x"),
    ],
)
def test_keys_that_are_none(area: str, key: str) -> None:
    """Or not a plugin's to have."""
    with pytest.raises(RefusedValueError) as refused:
        judge_key(area, key)

    assert str(refused.value).isprintable()


def test_every_writable_area_has_a_shape() -> None:
    """And every place of a slot."""
    for area in WRITABLE_AREAS:
        sent: JsonObject = {"node": {"kind": "text", "lines": []}, "color": "dim"}
        assert json.dumps(judge(area, "k", sent))
    assert all(judge_key("slot", f"{place}/x") for place in SLOTS)


def test_a_dialog_is_cleaned() -> None:
    """Every text of it."""
    wanted = read_dialog(
        {
            "kind": "select",
            "title": HOSTILE,
            "message": f"{HOSTILE}\nmore",
            "options": [HOSTILE, {"label": HOSTILE, "description": HOSTILE}, 7],
            "placeholder": "a\nb\x1b[1m",
            "prefill": HOSTILE,
            "timeout_ms": 1500,
        }
    )

    assert wanted.value == {
        "kind": "select",
        "title": SHOWN,
        "message": [SHOWN, [["more", "fg:1"]]],
        "options": [
            {"label": SHOWN, "description": []},
            {"label": SHOWN, "description": SHOWN},
            {"label": [], "description": []},
        ],
        "placeholder": "a b",
        "prefill": "ab",
        "frame": None,
        "overlay": False,
    }
    assert (wanted.options, wanted.timeout_s) == (3, 1.5)


@pytest.mark.parametrize(
    ("title", "message", "first", "below"),
    [
        ("Run it?", None, "Run it?", []),
        ("Run it?\n\n  rm -rf /", None, "Run it?", ["", "  rm -rf /"]),
        ("Run it?\n  rm -rf /", "now\nhere", "Run it?", ["  rm -rf /", "now", "here"]),
        ("", "now", "", ["now"]),
        (None, "now", "", ["now"]),
        ("\n".join("abc"), ["d"] * limits.MAX_LINES, "a", ["b", "c", *"d" * 198]),
    ],
)
def test_a_question_of_several_lines_is_shown_whole(
    title: Json, message: Json, first: str, below: list[str]
) -> None:
    """What somebody agrees to may stand below the first line of the title."""
    value = read_dialog({"kind": "confirm", "title": title, "message": message}).value

    assert [_shown(value["title"]), *map(_shown, value["message"])] == [first, *below]  # type: ignore[arg-type]


def _shown(line: Json) -> str:
    assert isinstance(line, list)
    return "".join(str(span[0]) for span in line if isinstance(span, list))


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"kind": "popup"},
        {"kind": "select"},
        {"kind": "select", "options": "abc"},
        {"kind": "select", "options": ["x"] * 1001},
        {"kind": "select", "options": ["x" * 400] * 1000},
        {"kind": "custom"},
        {"kind": "custom", "frame": "\x1b"},
        {"kind": "confirm", "frame": "f1"},
        {"kind": "confirm", "timeout_ms": 0},
        {"kind": "confirm", "timeout_ms": True},
        {"kind": "confirm", "timeout_ms": "1"},
        {"kind": "confirm", "timeout_ms": 1e99},
    ],
)
def test_what_is_no_dialog_is_refused(args: JsonObject) -> None:
    """Before anybody is asked."""
    with pytest.raises(RefusedValueError):
        read_dialog(args)


def test_every_kind_can_be_dismissed() -> None:
    """A component by closing it."""
    for kind in KINDS:
        args: JsonObject = {"kind": kind, "options": ["x"]}
        if kind == "custom":
            args["frame"] = "f1"
        answer = read_answer(read_dialog(args), None, None, cancelled=True)
        assert answer == ({} if kind == "custom" else CANCELLED)
