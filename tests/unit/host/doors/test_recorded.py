"""Payloads in the documented shape of each agent, kept as data: what plugins are told of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.doors import mapping
from host.doors.hearing import Heard, hear
from host.doors.mapping import EVENTS
from host.outcome import JsonObject

FOLDER = Path(mapping.__file__).parent / "samples"


def recorded() -> Iterator[tuple[str, str, JsonObject]]:
    for file in sorted(FOLDER.glob("*.json")):
        for name, record in json.loads(file.read_text(encoding="utf-8")).items():
            yield file.stem, name, record


def heard(agent: str, name: str) -> Heard:
    """Return what is understood of one record."""
    record = json.loads((FOLDER / f"{agent}.json").read_text(encoding="utf-8"))[name]
    return hear(agent, record.get("stdin"), record.get("env", {}))


CASES = list(recorded())


@pytest.mark.parametrize(
    ("agent", "name", "record"), CASES, ids=[f"{agent} {name}" for agent, name, _ in CASES]
)
def test_plugins_are_told_what_the_agent_said(
    agent: str, name: str, record: JsonObject
) -> None:
    found = heard(agent, name)
    assert [told.event.wire_name for told in found.told] == record["told"]
    first = found.told[0].payload
    wanted = record["payload"]
    assert isinstance(wanted, dict)
    assert {key: first.get(key) for key in wanted} == wanted
    assert found.session_id


def test_every_agent_has_records() -> None:
    assert {agent for agent, _, _ in CASES} == set(EVENTS)


def test_every_event_of_claude_is_recorded() -> None:
    assert {name for agent, name, _ in CASES if agent == "claude"} == set(EVENTS["claude"])


def test_numbers_that_javascript_cannot_hold_survive() -> None:
    told = heard("claude", "PreToolUse").told[0].payload["tool_input"]
    assert isinstance(told, dict)
    assert told["timeout"] == 2**53 + 1
