"""Rewrites survive JavaScript: checked against the engine itself."""

import json
from typing import Final
from unittest import mock

import _quickjs
from hypothesis import given, settings
from hypothesis import strategies as st

from host import rewrite
from host.outcome import Json
from host.rewrite import Change, Patch, apply, changes, overlaps

NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.integers(2**53 - 2, 2**53 + 8),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False, allow_infinity=False),
)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=4)  # lone surrogates included
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
KEYS = st.one_of(st.sampled_from(["a", "b", "0", "__proto__", "toString"]), TEXTS)
VALUES: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=16,
)

ENGINE: Final = _quickjs.Context()
ENGINE.eval("function round_trip(text) { return JSON.stringify(JSON.parse(text)); }")


def javascript(value: Json) -> Json:
    """Return what is left of *value* after JSON.parse and JSON.stringify in the engine."""
    result: Json = json.loads(ENGINE.get("round_trip")(json.dumps(value)))
    return result


@st.composite
def edits(draw: st.DrawFn, value: Json) -> Json:
    """Return *value* with a few places changed, as a handler would do it."""
    if draw(st.integers(0, 5)) == 0:
        return draw(VALUES)
    shape = draw(st.booleans())
    if isinstance(value, list):
        copy = [draw(edits(item)) for item in value]
        if shape:
            at = draw(st.integers(0, len(copy)))
            copy[at : at + draw(st.integers(0, 2))] = draw(st.lists(VALUES, max_size=2))
        return copy
    if isinstance(value, dict):
        kept = {key: draw(edits(item)) for key, item in value.items()}
        if kept and shape:
            del kept[draw(st.sampled_from(sorted(kept)))]
        return kept
    return value


@st.composite
def originals_and_copies(draw: st.DrawFn) -> tuple[Json, Json, Json]:
    original = draw(VALUES)
    seen = javascript(original)
    return original, javascript(draw(edits(seen))), javascript(draw(edits(seen)))


def text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


@given(VALUES)
def test_an_untouched_value_has_no_changes(value: Json) -> None:
    """What the engine's own JSON round trip does to a value is not the plugin's change."""
    assert changes(value, javascript(value)) == []


@given(originals_and_copies())
@settings(max_examples=200)
def test_applying_the_changes_gives_what_the_plugin_wanted(
    case: tuple[Json, Json, Json],
) -> None:
    """Seen from JavaScript, the result is the plugin's value; the original is as it was."""
    original, seen, _ = case
    before = text(original)

    result = apply(original, changes(original, seen))

    assert text(javascript(result)) == text(seen)
    assert text(original) == before


@given(originals_and_copies())
def test_naming_no_places_gives_the_same_value(case: tuple[Json, Json, Json]) -> None:
    """Past the limit the whole value is replaced, by the one that the changes would have made."""
    original, seen, _ = case
    wanted = apply(original, changes(original, seen))

    with mock.patch.object(rewrite, "MAX_PLACES", 0):
        found = changes(original, seen)

    assert len(found) <= 1
    assert apply(original, found) == wanted or "\\ud" in text(original)


@given(VALUES, VALUES, st.integers(2**53, 2**90), st.integers(0, 2))
def test_big_integers_beside_a_change_survive(
    one: Json, other: Json, big: int, at: int
) -> None:
    """Whatever changes next to them, in an object or an array of any length."""
    original: Json = {"big": [big, [one], big], "x": one}
    seen = javascript(original)
    assert isinstance(seen, dict)
    assert isinstance(seen["big"], list)
    seen["x"] = javascript(other)
    seen["big"][1:2] = [javascript(other)] * at

    result = apply(original, changes(original, seen))

    assert isinstance(result, dict)
    assert isinstance(result["big"], list)
    assert result["big"][0] == big
    assert result["big"][-1] == big


@given(originals_and_copies())
@settings(max_examples=200)
def test_an_overlay_drops_exactly_what_overlaps(case: tuple[Json, Json, Json]) -> None:
    """The tree and the pairwise definition agree on which of the earlier changes are lost."""
    original, first, second = case
    one, two = changes(original, first), changes(original, second)
    kept = [change for change in one if not any(overlaps(change, new) for new in two)]
    patch = Patch.between(original, first, owner="one")

    clashes = patch.overlay(Patch.between(original, second, owner="two"))

    lost = {repr(change) for change in one} - {repr(change) for change in kept}
    assert {clash.path for clash in clashes} == {
        change.path for change in one if repr(change) in lost
    }
    assert text(patch.apply(original)) == text(apply(original, [*kept, *two]))


@given(originals_and_copies())
@settings(max_examples=200)
def test_changes_that_do_not_overlap_commute(case: tuple[Json, Json, Json]) -> None:
    """The order of plugins matters only where they disagree."""
    original, first, second = case
    two = changes(original, second)
    one = [
        change
        for change in changes(original, first)
        if not any(overlaps(change, new) for new in two)
    ]

    assert text(apply(original, [*one, *two])) == text(apply(original, [*two, *one]))


@given(originals_and_copies())
def test_overlap_is_symmetric(case: tuple[Json, Json, Json]) -> None:
    """Who is asked does not matter."""
    original, first, second = case
    for one in changes(original, first):
        for other in changes(original, second):
            assert overlaps(one, other) == overlaps(other, one)
            assert not overlaps(one, Change(one.path, one.op, one.value, one.removed))
