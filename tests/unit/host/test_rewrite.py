"""Changed paths: what JavaScript cannot hold is not a change."""

import json

import pytest

from host.outcome import Json
from host.rewrite import (
    MAX_CLASHES,
    MAX_PLACES,
    Change,
    Clash,
    Patch,
    apply,
    changes,
    overlaps,
    pointer,
)

BIG = 2**53 + 1


def nested(depth: int, leaf: Json) -> Json:
    value: Json = leaf
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize(
    ("original", "seen"),
    [
        (BIG, 2**53),
        (2**60, 1152921504606847000),  # what JSON.stringify writes for 2**60
        (10**400, None),
        (1.0, 1),
        (-0.0, 0),
        (float("nan"), None),
        (float("inf"), None),
        ("\ud800", "\ud800"),
        ("\ud83d\ude00", "\U0001f600"),
        ({"\ud83d\ude00": 1}, {"\U0001f600": 1}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([BIG, {"x": BIG}], [2**53, {"x": 2**53}]),
        ({}, {}),
        ([], []),
    ],
)
def test_what_a_round_trip_through_javascript_does_is_no_change(
    original: Json, seen: Json
) -> None:
    """Rounding, -0, NaN, joined surrogates and key order say nothing about the plugin."""
    assert changes(original, seen) == []


@pytest.mark.parametrize(
    ("original", "seen"),
    [
        (1, True),
        (0, False),
        (None, False),
        (None, 0),
        ("1", 1),
        ([], {}),
        ({}, None),
        ("\ud800", "\ufffd"),
        (BIG, 2**53 + 2),
        ("", None),
    ],
)
def test_values_that_differ_in_javascript_are_a_change(original: Json, seen: Json) -> None:
    """Python calls some of them equal (True == 1); JavaScript does not."""
    assert changes(original, seen) == [Change((), "set", seen)]


def test_paths_name_what_was_set_added_and_deleted() -> None:
    """Objects are compared key by key, arrays of one length element by element."""
    original: Json = {"keep": BIG, "edit": {"x": [1, 2]}, "gone": 1}
    seen: Json = {"keep": 2**53, "edit": {"x": [1, 5]}, "new": [BIG]}

    found = changes(original, seen)

    assert sorted(found, key=lambda change: pointer(change.path)) == [
        Change(("edit", "x", 1), "set", 5),
        Change(("gone",), "delete"),
        Change(("new",), "set", [BIG]),
    ]
    assert apply(original, found) == {"keep": BIG, "edit": {"x": [1, 5]}, "new": [BIG]}


@pytest.mark.parametrize(
    ("original", "seen", "result"),
    [
        ([BIG, 7, BIG + 2], [2**53, BIG + 3], [BIG, BIG + 2]),  # removed inside
        ([BIG], [2**53, "more"], [BIG, "more"]),
        ([BIG], ["first", 2**53], ["first", BIG]),
        ([BIG, "x", 9], ["y", 2**53], ["y", BIG]),  # moved to the front of the middle
        ([BIG], [], []),
        ([], [1], [1]),
        ([[BIG], [1], [BIG]], [[2**53], [2**53]], [[BIG], [BIG]]),
        ([1, 1, 1], [1, 1], [1, 1]),
    ],
)
def test_an_array_of_another_length_keeps_its_untouched_elements(
    original: Json, seen: Json, result: Json
) -> None:
    """Both ends, and elements that only moved, are the original's own."""
    assert apply(original, changes(original, seen)) == result


def test_the_original_is_not_modified_and_unchanged_parts_are_shared() -> None:
    """Only containers along changed paths are copied."""
    original: dict[str, Json] = {"a": {"x": 1}, "b": {"y": [1, 2]}}
    before = json.dumps(original)

    result = apply(original, changes(original, {"a": {"x": 1}, "b": {"y": [1]}}))

    assert json.dumps(original) == before
    assert isinstance(result, dict)
    assert result["a"] is original["a"]
    assert result["b"] is not original["b"]


def test_deep_values_need_no_python_stack() -> None:
    """A payload two thousand containers deep is compared, changed and merged."""
    original = nested(1000, BIG)

    found = changes(original, nested(1000, 5))
    result = apply(original, found)

    assert len(found) == 1
    assert found[0].path == ("a", 0) * 1000
    assert changes(result, nested(1000, 5)) == []
    assert changes(original, nested(1000, 2**53)) == []


def test_deep_elements_of_an_array_that_grew_need_no_python_stack() -> None:
    """Whether elements are alike is worked out without recursion as well."""
    original: Json = list(range(2000))
    seen: Json = list(range(1, 2001))
    for _ in range(1000):
        original, seen = [original], [seen, 0]

    assert len(changes(original, seen)) == 1


def test_a_key_named_like_a_prototype_is_only_a_key() -> None:
    """Nothing about ``__proto__`` is special on this side."""
    original: Json = {"__proto__": {"a": 1}}

    found = changes(original, {"__proto__": {"a": 2}})

    assert apply(original, found) == {"__proto__": {"a": 2}}


def test_keys_that_are_one_key_in_javascript_go_together() -> None:
    """The last of them is the one that JavaScript saw; deleting it deletes both."""
    original: Json = {"\ud83d\ude00": 1, "\U0001f600": 2}

    assert changes(original, {"\U0001f600": 2}) == []
    assert apply(original, changes(original, {})) == {}


def test_a_change_of_very_many_places_is_one_change_that_loses_nothing() -> None:
    """Its size is bounded; what was not changed keeps its exact value all the same."""
    many = MAX_PLACES + 1
    original: Json = {
        "a": [0] * many,
        "b": [BIG, {"c": BIG}],
        "l": [BIG, 1, BIG],
        "\ud83d\ude00": BIG,
    }
    seen: Json = {
        "a": [1] * many,
        "b": [2**53, {"c": 2**53, "d": 1}],
        "l": [2**53, 2**53],
        "\U0001f600": 2**53,
    }

    found = changes(original, seen)

    assert [change.path for change in found] == [()]
    assert apply(original, found) == {
        "a": [1] * many,
        "b": [BIG, {"c": BIG, "d": 1}],
        "l": [BIG, BIG],
        "\ud83d\ude00": BIG,
    }


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Change(("a",), "set", 1), Change(("a",), "set", 2), True),
        (Change(("a",), "set", 1), Change(("a",), "set", 1.0), False),
        (Change(("a",), "set", 1), Change(("a",), "set", True), True),
        (Change(("a",), "set", 1), Change(("b",), "set", 2), False),
        (Change(("a",), "set", 1), Change(("a", "b"), "set", 1), True),
        (Change((), "set", 1), Change(("a", "b"), "set", 1), True),
        (Change(("a",), "delete"), Change(("a",), "delete"), False),
        (Change(("a",), "delete"), Change(("a",), "set"), True),
        (Change(("a", 1), "set", 1), Change(("a", 2), "set", 1), False),
        (Change(("a", 1), "splice", [], 2), Change(("a", 2), "set", 1), True),
        (Change(("a", 1), "splice", [], 2), Change(("a", 2, "x"), "set", 1), True),
        (Change(("a", 1), "splice", [], 2), Change(("a", 3), "set", 1), False),
        (Change(("a", 1), "splice", [], 2), Change(("a",), "set", 1), True),
        (Change(("a", 1), "splice", [5], 0), Change(("a", 1), "set", 1), False),
        (Change(("a", 1), "splice", [5], 0), Change(("a", 1), "splice", [6], 0), True),
        (Change(("a", 1), "splice", [5], 0), Change(("a", 1), "splice", [5], 0), False),
        (Change(("a", 1), "splice", [5], 0), Change(("a", 2), "splice", [6], 0), False),
        (Change(("a", 1), "splice", [5], 2), Change(("a", 2), "splice", [6], 0), True),
        (Change(("a", 1), "splice", [5], 2), Change(("a", 3), "splice", [6], 0), False),
        (Change(("a", 1), "splice", [5], 2), Change(("a", 2), "splice", [6], 1), True),
    ],
)
def test_overlap_is_mutual(one: Change, other: Change, expected: bool) -> None:
    """Same place or one inside the other, unless both say the very same; never one-sided."""
    assert overlaps(one, other) is expected
    assert overlaps(other, one) is expected


def test_the_later_owner_wins_and_the_clash_is_named() -> None:
    """An overlay says which place was lost, and to whom."""
    original: Json = {"a": 1, "b": {"c": 1, "d": 1}}
    patch = Patch.between(original, {"a": 2, "b": {"c": 2, "d": 1}}, owner="first")
    later = Patch.between(original, {"a": 3, "b": {"c": 1, "d": 5}}, owner="second")

    clashes = patch.overlay(later)

    assert clashes == [Clash(("a",), "second", "first")]
    assert patch.apply(original) == {"a": 3, "b": {"c": 2, "d": 5}}


def test_the_number_of_named_clashes_is_bounded() -> None:
    """Beyond the limit one clash at the root stands for the rest."""
    original: Json = [0] * 500
    patch = Patch.between(original, [1] * 500, owner="first")

    clashes = patch.overlay(Patch.between(original, [2] * 500, owner="second"))

    assert len(clashes) == MAX_CLASHES + 1
    assert clashes[-1] == Clash((), "second", "first")


@pytest.mark.parametrize(
    "misfit",
    [
        Change(("a", "b"), "set", 1),
        Change((0,), "set", 1),
        Change(("x", "y"), "set", 1),
        Change(("l", 9), "set", 1),
        Change(("l", -1), "set", 1),
        Change(("l", 0), "delete"),
        Change(("l", 1), "splice", [], 5),
        Change(("a", 0), "splice", [], 0),
        Change((), "splice", []),
    ],
)
def test_changes_of_another_value_are_refused(misfit: Change) -> None:
    """A change that does not fit is a caller's mistake, never a wrong result."""
    with pytest.raises(ValueError, match=r"belong|splice"):
        apply({"a": 1, "l": [1, 2]}, [misfit])


def test_pointers_escape_what_json_pointers_escape() -> None:
    """RFC 6901: ``~`` and ``/`` inside a key are written ``~0`` and ``~1``."""
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "~")) == "/a~1b/0/~0"
