"""Which line of a TOML file says what, however it is written."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.config.places import Lines, Where

TEXT = '''# [plugin.fake]
title = "x" # mode = 'fake'
[plugin]
mode = "strict"
"quo\\u0074ed key" = 1
dotted . 'inner' . x = 2
text = """
[plugin.kill]
fail_closed = true
"""
inline = { a = 1, b = { c = [1, "two", { d = 3 }] } }
list = [ # first
  "one", # 1
  'two',

  """three""",
]
[ plugin . "sub.table" ]
k = 1979-05-27
[[plugin.sources]]
type = "npm"
[[plugin.sources]]
type = "git"
[plugin.sources.more]
deep = true
'''


def places_of(value: object, where: Where = ()) -> set[Where]:
    """Every key and every item of what tomllib read."""
    found: set[Where] = {where} if where else set()
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= places_of(inner, (*where, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            found |= places_of(inner, (*where, at))
            if isinstance(inner, str):
                found.add((*where, inner))
    return found


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_and_item_has_its_line(newline: str) -> None:
    """And what only looks like one, in a comment or a text, has none."""
    text = TEXT.replace("\n", newline)
    lines = dict(Lines(text.encode()).items())

    assert lines.keys() == places_of(tomllib.loads(text))
    expected: dict[Where, int] = {
        ("plugin", "mode"): 4,
        ("plugin", "quoted key"): 5,
        ("plugin", "dotted", "inner", "x"): 6,
        ("plugin", "text"): 7,
        ("plugin", "inline", "b", "c", 2, "d"): 11,
        ("plugin", "list", "one"): 13,
        ("plugin", "list", 1): 14,
        ("plugin", "list", "three"): 16,
        ("plugin", "sub.table", "k"): 19,
        ("plugin", "sources", 0, "type"): 21,
        ("plugin", "sources", 1, "type"): 23,
        ("plugin", "sources", 1, "more", "deep"): 25,
    }
    assert {where: lines[where] for where in expected} == expected


KEYS = st.sampled_from(["a", "b-c", '"d e"', "'f.g'", "h . i"])
VALUES = st.recursive(
    st.sampled_from(["1", "true", '"x"', "'y'", '"""z"""', "1.5", "[]", "{}"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ",\n".join(items) + "]"),
        st.tuples(KEYS, inner).map(lambda pair: f"{{ {pair[0]} = {pair[1]} }}"),
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    KEYS.map(lambda key: f"[{key}]"),
    KEYS.map(lambda key: f"[[{key}]]"),
    st.just("# comment = 1"),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_whatever_tomllib_reads_is_found(text: str) -> None:
    """The two parsers agree on every place; a text that is no TOML raises nothing."""
    lines = dict(Lines(text.encode()).items())
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert places_of(document) <= lines.keys()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_toml_raise_nothing(data: bytes) -> None:
    """It is asked for the line of an error, too."""
    assert Lines(data).find(("plugin", "mode")) >= 1
