"""What each agent covers of the 31 events, and that nothing of the table is without a payload."""

from collections import Counter

import pytest

from host.doors.hearing import _PAYLOADS, HearingError, hear
from host.doors.mapping import DECIDES, EVENTS, Agent, coverage
from host.errors import InputError
from host.events import PluginEvent as P
from host.outcome import Json

COUNTS = {
    "jcode": (7, 5, 19),
    "jcode-v2": (16, 0, 15),
    "claude": (16, 10, 5),
    "codex": (11, 10, 10),
    "gemini": (13, 9, 9),
    "opencode": (4, 19, 8),
}
"""Direct, derived, absent."""


@pytest.mark.parametrize("agent", EVENTS)
def test_coverage_is_what_is_known_of_the_agent(agent: Agent) -> None:
    found = Counter(coverage(agent).values())
    assert (found["direct"], found["derived"], found["absent"]) == COUNTS[agent]


@pytest.mark.parametrize("agent", EVENTS)
def test_what_decides_can_be_told(agent: Agent) -> None:
    told = {one.event for mapped in EVENTS[agent].values() for one in mapped}
    assert DECIDES[agent] <= told
    assert told <= _PAYLOADS.keys()
    assert P.PRE_TOOL_USE in DECIDES[agent]


def test_jcode_is_known_by_its_variables() -> None:
    old = hear("jcode", None, {"JCODE_HOOK_EVENT": "turn_start", "JCODE_HOOK_MODEL": "m"})
    new = hear("jcode", {"hook_event_name": "TurnEnd", "session_id": "s"}, {})
    assert (old.agent, [told.event for told in old.told]) == ("jcode", [P.TURN_START])
    assert (new.agent, new.session_id) == ("jcode-v2", "s")


def test_a_derived_event_says_from_what() -> None:
    heard = hear(
        "claude",
        {"hook_event_name": "SessionStart", "session_id": "s", "cwd": "/w", "source": "resume"},
        {},
    )
    start, switch = heard.told
    assert (start.event, switch.event) == (P.SESSION_START, P.SESSION_SWITCH)
    assert "derived_from" not in start.payload
    assert switch.payload["derived_from"] == "SessionStart"
    assert not heard.decides


def test_another_source_is_no_switch() -> None:
    heard = hear("claude", {"hook_event_name": "SessionStart", "source": "startup"}, {})
    assert [told.event for told in heard.told] == [P.SESSION_START]


@pytest.mark.parametrize("given", [None, [], {"a": 1}, 3, "x", {"hook_event_name": 3}])
def test_what_is_no_hook_is_refused_by_name(given: Json) -> None:
    with pytest.raises(HearingError):
        hear("claude", given, {})


def test_an_event_that_means_nothing_to_plugins_is_heard_and_told_to_nobody() -> None:
    assert hear("claude", {"hook_event_name": "Setup"}, {}).told == ()


def test_unknown_agents_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"emacs.*claude"):
        hear("emacs", {}, {})
