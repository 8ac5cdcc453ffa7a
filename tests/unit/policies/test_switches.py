"""Kill switches as values: what counts as on, whose name is meant, and that they only ever add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.decision import Source
from policies.switch_words import DISABLE, FORCE_DENY, SKIP_HOOKS, is_on
from policies.switches import (
    NOTHING_OFF,
    SwitchError,
    Switches,
    name_in_variable,
    read_denials,
    read_switches,
)

OFF = (
    "",
    " ",
    "0",
    "false",
    "False",
    "FALSE",
    "no",
    "No",
    "off",
    "OFF",
    " off ",
    "\tno\n",
    " 0",
)
ON = (
    "1",
    "true",
    "yes",
    "on",
    "2",
    "00",
    "nope",
    "offf",
    "disabled",
    "null",
    "-",
    "f",
    "n",
    "\udcff",
)
ALL_VARIABLES = (*DISABLE, *SKIP_HOOKS, *FORCE_DENY, "JCODE_PLUGIN_KILL_GUARD")


def effects(switches: Switches) -> tuple[bool, bool, bool, bool]:
    return (
        switches.disable is not None,
        switches.skip_hooks is not None,
        switches.force_deny is not None,
        switches.off_by("guard") is not None,
    )


EFFECT = {
    **dict.fromkeys(DISABLE, (True, False, False, True)),
    **dict.fromkeys(SKIP_HOOKS, (False, True, False, False)),
    **dict.fromkeys(FORCE_DENY, (False, False, True, False)),
    "JCODE_PLUGIN_KILL_GUARD": (False, False, False, True),
}


@pytest.mark.parametrize("value", OFF)
@pytest.mark.parametrize("variable", ALL_VARIABLES)
def test_these_spellings_are_off(variable: str, value: str) -> None:
    """As if the variable were not there."""
    assert read_switches({variable: value}) == NOTHING_OFF


@pytest.mark.parametrize("value", ON)
@pytest.mark.parametrize("variable", ALL_VARIABLES)
def test_anything_else_is_on_and_is_named(variable: str, value: str) -> None:
    """A switch in doubt is on; whoever is refused learns which one it was."""
    switches = read_switches({variable: value})

    assert effects(switches) == EFFECT[variable]
    sources = {
        switches.disable,
        switches.skip_hooks,
        switches.force_deny,
        switches.off_by("guard"),
    }
    assert sources - {None} == {Source("switch", variable)}


@pytest.mark.parametrize("other", ALL_VARIABLES)
@pytest.mark.parametrize("variable", ALL_VARIABLES)
def test_no_switch_lifts_another(variable: str, other: str) -> None:
    """Every pair: what either does, both do; and one that is off takes nothing from one that is on."""
    both = effects(read_switches({variable: "1", other: "1"}))
    either = tuple(a or b for a, b in zip(EFFECT[variable], EFFECT[other], strict=True))
    assert both == either
    if variable != other:
        assert effects(read_switches({variable: "1", other: "0"})) == EFFECT[variable]


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("guard", "GUARD"),
        ("my-guard", "MY_GUARD"),
        ("my.guard", "MY_GUARD"),
        ("my_guard", "MY_GUARD"),
        ("@acme/guard", "_ACME_GUARD"),
        ("a1/b-2", "A1_B_2"),
    ],
)
def test_a_plugin_is_named_in_upper_case(name: str, variable: str) -> None:
    """Scoped names, too; where several map to one name all of them are off."""
    assert name_in_variable(name) == variable
    switches = read_switches({f"JCODE_PLUGIN_KILL_{variable}": "1"})
    assert switches.off_by(name) == Source("switch", f"JCODE_PLUGIN_KILL_{variable}")
    assert switches.off_by("other", name) is not None  # by its package's name
    assert switches.off_by("other") is None


def test_all_is_reserved() -> None:
    """However it is written, it is every plugin."""
    for variable in ("JCODE_PLUGIN_KILL_ALL", "JCODE_PLUGIN_KILL_all", "JCODE_PLUGIN_KILL_All"):
        assert read_switches({variable: "1"}).off_by("anything") == Source("switch", variable)
    assert read_switches({"JCODE_PLUGIN_KILL_": "1"}) == NOTHING_OFF


def test_a_list_of_the_only_ones() -> None:
    """Two lists leave what is in both."""
    a, b, here = Source("file", "a:1"), Source("file", "b:1"), Source("file", "x")
    one = Switches(only={"x": here, "y": here}, only_source=a)
    two = Switches(only={"y": here, "z": here}, only_source=b)

    assert [one.off_by(name) for name in "xyz"] == [None, None, a]
    assert [(one | two).off_by(name) for name in "xyz"] == [a, None, a]
    assert [(NOTHING_OFF | two).off_by(name) for name in "xyz"] == [b, None, None]


VARIABLES = st.dictionaries(
    st.sampled_from([*ALL_VARIABLES, "JCODE_PLUGIN_KILL_OTHER", "JCODE_PLUGIN_DENY"]),
    st.sampled_from(["", "0", "shell", "env:A,llm"]),
)


@given(VARIABLES, VARIABLES)
def test_more_switches_never_allow_more(one: dict[str, str], two: dict[str, str]) -> None:
    """Whatever is united: all that either source switches off is off."""
    first, second = _read(one), _read(two)
    both = first | second
    for single in (first, second):
        assert all(b or not a for a, b in zip(effects(single), effects(both), strict=True))
        assert set(single.deny) <= set(both.deny)
        assert (single.off_by("other") is None) or (both.off_by("other") is not None)
    assert effects(both) == effects(second | first)


def _read(variables: dict[str, str]) -> Switches:
    # The values are denials, which any other variable takes for "on".
    return read_switches(
        {k: v for k, v in variables.items() if k != "JCODE_PLUGIN_DENY" or v != "0"}
    )


def test_denials_are_kind_and_pattern() -> None:
    """A kind alone is all of it; a colon in a pattern is part of it."""
    rules = read_denials(
        " shell:rm * ,env , http_hosts:a.b:443,fs_read,, events:PreToolUse:veto"
    )

    assert [(rule.kind, rule.pattern) for rule in rules] == [
        ("shell", "rm *"),
        ("env", "*"),
        ("http_hosts", "a.b:443"),
        ("fs_read", "/"),
        ("events", "PreToolUse:veto"),
    ]
    assert {rule.source for rule in rules} == {Source("switch", "JCODE_PLUGIN_DENY")}


@pytest.mark.parametrize(
    "text",
    [
        "guard",
        "shel:rm",
        "shell:",
        ":x",
        "env:A,bad",
        "shell=rm",
        "http_hosts:https://a.b",
        "fs_read:$X/a",
    ],
)
def test_a_denial_that_is_none_is_refused(text: str) -> None:
    """Misspelt, it would deny nothing."""
    with pytest.raises(SwitchError, match="JCODE_PLUGIN_DENY"):
        read_denials(text)


def test_a_value_is_judged_alone() -> None:
    """Nothing at all is off."""
    assert not is_on(None)
    assert is_on("x")
