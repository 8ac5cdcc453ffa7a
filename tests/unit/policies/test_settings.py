"""Settings: which values fit which types, what a secret shows, and patterns by an attacker."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from policies.json_text import Json
from policies.manifest_values import Setting
from policies.settings import MAX_TEXT_CHARS, Secret, check_setting, judge, read_text

WORDS = Setting("w", "array", items=Setting("", "string", max_length=3), max_length=2)
POINT = Setting(
    "p",
    "object",
    properties=(
        Setting("x", "number", is_required=True),
        Setting("tags", "array", items=WORDS),
    ),
)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting("s", "string"), ""),
        (Setting("s", "string", max_length=3, pattern="^a+$"), "aaa"),
        (Setting("s", "string", pattern="b"), "abc"),
        (Setting("n", "number", min=0, max=5), 0),
        (Setting("n", "number", min=0, max=5), 5.0),
        (Setting("b", "boolean"), False),
        (Setting("e", "enum", values=("a", 1)), 1),
        (WORDS, ["abc", ""]),
        (POINT, {"x": 1, "tags": [["a"]], "more": None}),
    ],
)
def test_what_fits(setting: Setting, value: Json) -> None:
    """The bounds are inclusive, a pattern is found anywhere, and more than is declared is no mistake."""
    assert judge(setting, value) is None


@pytest.mark.parametrize(
    ("setting", "value", "place", "told"),
    [
        (Setting("s", "string"), 7, (), "must be a text, not 7"),
        (Setting("s", "string", max_length=3), "abcd", (), "must have at most 3 characters, not 'abcd'"),
        (Setting("s", "string"), "a" * (MAX_TEXT_CHARS + 1), (), "at most 100000 characters"),
        (Setting("s", "string", pattern="^a+$"), "ab", (), "must match ^a+$, not 'ab'"),
        (Setting("n", "number"), True, (), "must be a number, not True"),
        (Setting("n", "number"), "5", (), "must be a number, not '5'"),
        (Setting("n", "number"), float("nan"), (), "must be a finite number"),
        (Setting("n", "number", min=1), 0.5, (), "must be at least 1, not 0.5"),
        (Setting("n", "number", max=1), 2, (), "must be at most 1, not 2"),
        (Setting("b", "boolean"), 1, (), "must be true or false, not 1"),
        (Setting("e", "enum", values=("a", "b")), "c", (), "must be one of a, b, not 'c'"),
        (Setting("e", "enum", values=(1,)), True, (), "must be one of 1, not True"),
        (WORDS, "x", (), "must be an array, not 'x'"),
        (WORDS, ["a", "b", "c"], (), "must have at most 2 items, not an array"),
        (WORDS, ["a", "abcd"], (1,), "must have at most 3 characters"),
        (POINT, [], (), "must be a table, not an array"),
        (POINT, {}, (), "x is missing"),
        (POINT, {"x": 1, "tags": [["a"], [7]]}, ("tags", 1, 0), "must be a text, not 7"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(
    setting: Setting, value: Json, place: tuple[str | int, ...], told: str
) -> None:
    """One line that an operator can act on."""
    wrong = judge(setting, value)

    assert wrong is not None
    assert wrong.place == place
    assert told in wrong.what
    assert len(wrong.what) < 250


def test_a_secret_that_does_not_fit_is_not_told() -> None:
    """The message says what is wanted, never what was given."""
    wrong = judge(Setting("s", "string", is_secret=True, pattern="^x"), "hunter2-hunter2")

    assert wrong is not None
    assert wrong.what == "must match ^x"


SHOWS: tuple[Callable[[Secret], str], ...] = (
    repr,
    str,
    format,
    lambda secret: f"{secret!s:>20}",
    lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - as loggers do
    lambda secret: repr({"a": [secret]}),
    lambda secret: repr(Setting("s", "string")) + repr((secret,)),
)


@pytest.mark.parametrize("show", SHOWS)
def test_a_secret_shows_a_mask(show: Callable[[Secret], str]) -> None:
    """Whichever way it comes into a text; the control is the plain string."""
    assert "hunter2" in show("hunter2")  # type: ignore[arg-type]

    shown = show(Secret("hunter2"))

    assert "hunter2" not in shown
    assert "****" in shown


@pytest.mark.parametrize("encode", [json.dumps, msgspec.json.encode, pickle.dumps])
def test_no_encoder_takes_a_secret(encode: Callable[[Any], object]) -> None:  # type: ignore[explicit-any] # whatever they take
    """It is not written anywhere by accident: revealing it is a word in the code."""
    with pytest.raises(TypeError):
        encode({"token": Secret("hunter2")})

    assert Secret("hunter2").reveal() == "hunter2"
    assert not hasattr(Secret("hunter2"), "__dict__")


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)b", "(?<!a)b", r"(a)\1", "(a", "[z-a]", "a{1000}{1000}{1000}", "(" * 500 + "a" + ")" * 500],
)  # fmt: skip
def test_a_pattern_that_could_not_be_bounded_is_refused(pattern: str) -> None:
    """When the manifest is read, not when a value comes."""
    wrong = check_setting(Setting("s", "string", pattern=pattern))

    assert wrong is not None
    assert wrong[0] == "pattern"


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^([a-z]+)*!$"]
)
def test_patterns_that_explode_elsewhere_are_linear(pattern: str) -> None:
    """A hundred thousand characters: a backtracking engine would not end. The test's own timeout is the judge."""
    text = "a" * 99_999 + "\n"

    assert judge(Setting("s", "string", pattern=pattern), text) is not None


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (Setting("n", "number"), "5", 5),
        (Setting("n", "number"), "0.5", 0.5),
        (Setting("b", "boolean"), "off", False),
        (Setting("b", "boolean"), "TRUE", True),
        (Setting("e", "enum", values=("a", 1)), "1", 1),
        (Setting("s", "string"), "5", "5"),
    ],
)
def test_a_variable_is_read_by_the_type(setting: Setting, text: str, value: Json) -> None:
    """The environment has only texts."""
    read = read_text(setting, text)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("setting", [Setting("n", "number"), Setting("b", "boolean")])
def test_a_variable_that_is_wrong_is_not_quoted(setting: Setting) -> None:
    """It may be anything, a password meant for another program included."""
    with pytest.raises(ValueError, match=r"^must be ") as caught:
        read_text(setting, "hunter2")

    assert "hunter2" not in str(caught.value)
