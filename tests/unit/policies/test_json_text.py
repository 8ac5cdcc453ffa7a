"""JSON with lines: what it reads, what it refuses, and where it says that something stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.json_text import MAX_DEPTH, JsonText, JsonTextError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=("Cs",)), max_size=6), inner, max_size=4
        )
    ),
    max_leaves=30,
)


@given(VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_it_reads_what_json_reads(value: object, indent: int | None, ascii_only: bool) -> None:
    """Every document that the standard writer makes means the same to both readers."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert JsonText(text).value == json.loads(text)


@given(VALUES)
def test_every_value_has_the_line_it_stands_on(value: object) -> None:
    """Written one thing to a line, the line of each place is where its text is."""
    text = json.dumps(value, indent=1)
    lines = text.split("\n")
    document = JsonText(text)

    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        place, part = waiting.pop()
        line = lines[document.line(place) - 1].strip()
        if place and isinstance(place[-1], str):
            assert line.startswith(f"{json.dumps(place[-1])}:")
        elif isinstance(part, (dict, list)):
            assert line[0] in "{["
        else:
            assert line.rstrip(",") == json.dumps(part)
        if isinstance(part, dict):
            waiting.extend(((*place, key), inner) for key, inner in part.items())
        elif isinstance(part, list):
            waiting.extend(((*place, at), inner) for at, inner in enumerate(part))


@given(st.text('{}[]":,0123456789.eE+-\\u dtrufalsn\n', max_size=40))
def test_noise_is_judged_as_json_judges_it(text: str) -> None:
    """Whatever is accepted is JSON with the same meaning; whatever is refused has a place in the text."""
    refused: JsonTextError | None = None
    value: object = None
    try:
        value = JsonText(text).value
    except JsonTextError as error:
        refused = error

    if refused is None:
        assert value == json.loads(text)
    else:
        assert 1 <= refused.line <= text.count("\n") + 1
        assert refused.column >= 1


@pytest.mark.parametrize(
    ("text", "told", "line", "column"),
    [
        ("", "expected a value", 1, 1),
        ('{"a": 1,\n "a": 2}', "stands twice", 2, 2),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "'b' stands twice", 1, 24),
        ('{"__proto__": 1, "__proto__": 2}', "stands twice", 1, 18),
        ("[1,]", "expected a value", 1, 4),
        ('{"a": 1,}', "key in double quotes", 1, 9),
        ("{a: 1}", "key in double quotes", 1, 2),
        ("[1 2]", "expected , or ]", 1, 4),
        ("[1]\n]", "after the end", 2, 1),
        ('"\\ud800"', "half a surrogate pair", 1, 1),
        ('{"\\udc00": 1}', "half a surrogate pair", 1, 2),
        ('"\\x41"', "escape", 1, 1),
        ('"a\nb"', "does not end on its line", 1, 1),
        ("1e999", "too large", 1, 1),
        ("1" * 5000, "64 characters", 1, 1),
        ("01", "after the end", 1, 2),
        ("NaN", "expected a value", 1, 1),
        ("[\n" + "1," * 200_000 + "1]", "more than 100000 values", 2, 199_999),
        ("[" * 100_000, "nested deeper than 64", 1, MAX_DEPTH + 1),
        ('{"a":' * 100_000, "nested deeper than 64", 1, MAX_DEPTH * 5 + 1),
    ],
)
def test_what_is_refused_has_its_place(text: str, told: str, line: int, column: int) -> None:
    """A duplicate, a half character or a number beyond a double would mean two things to two readers."""
    with pytest.raises(JsonTextError) as caught:
        JsonText(text)

    assert told in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_the_line_of_something_absent_is_that_of_what_is_around_it() -> None:
    """A missing key is told where the object that lacks it begins."""
    document = JsonText('{\n "a": {\n  "b": []\n }\n}')

    assert document.line(("a", "x", "y")) == 2
    assert document.line(("a", "b", 7)) == 3
    assert document.line(("z",)) == 1
