"""docs/agents.md says of every agent what the table in the code says."""

import re
from pathlib import Path

from host.doors.mapping import DECIDES, EVENTS, coverage
from host.doors.placing import BACKUP
from host.events import PluginEvent

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "agents.md").read_text(encoding="utf-8")


def test_the_table_is_the_codes() -> None:
    header, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith("| ---")
    ]
    assert header == ["event", *EVENTS]
    assert [row[0] for row in rows] == [event.wire_name for event in PluginEvent]
    for event, row in zip(PluginEvent, rows, strict=True):
        for agent, cell in zip(EVENTS, row[1:], strict=True):
            word, _, decides = cell.partition(", ")
            assert {"yes": "direct", "derived": "derived", "": "absent"}[word] == coverage(
                agent
            )[event]
            assert (decides == "decides") is (event in DECIDES[agent]), (event, agent)


def test_every_agent_has_a_way_in() -> None:
    assert set(
        re.findall(r"^    jcode-plugin hook ([\w-]+) --install$", PAGE, re.MULTILINE)
    ) == set(EVENTS)
    assert f"`{BACKUP}`" in PAGE
