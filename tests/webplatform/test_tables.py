"""The web platform in real workers, case by case; Node proves that each expectation is right."""

import json
import re
from pathlib import Path

import pytest

from host import BlockingPluginHost
from tests.webplatform.table import HERE, NAMES, PLUGIN, Table, read_table, shown_by_node

PAGE = (HERE.parents[1] / "docs/web-platform.md").read_text()


def shown_by_worker(table: Table, folder: Path) -> list[str]:
    """What a plugin in a worker gives for every case."""
    (folder / "table.js").write_text(PLUGIN)
    with BlockingPluginHost(project_dir=folder, home=folder / "home") as host:
        host.load(folder / "table.js")
        outcome = host.dispatch("UserPromptSubmit", {"content": table.request()})
    shown: list[str] = json.loads(str(outcome.output["modified_prompt"]))
    return shown


def documented() -> dict[str, tuple[int, int]]:
    """name -> (passed, cases) of the page's table."""
    rows = re.findall(r"^\| `([a-z_0-9]+)` \|.*\| (\d+) of (\d+) \|$", PAGE, re.MULTILINE)
    return {name: (int(passed), int(cases)) for name, passed, cases in rows}


@pytest.mark.parametrize("name", NAMES)
def test_node_confirms_every_expectation(name: str) -> None:
    """Node is a second implementation; where it is older than the standard the table says so."""
    table = read_table(name)

    for case, shown in zip(table.cases, shown_by_node(table), strict=True):
        assert (case.code, shown) == (case.code, case.node)


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_does_the_same(name: str, tmp_path: Path) -> None:
    """But for the cases that the page lists as missed, and for as many as it says."""
    table = read_table(name)
    shown = shown_by_worker(table, tmp_path)
    missed = [
        (case, given)
        for case, given in zip(table.cases, shown, strict=True)
        if given != case.expected
    ]
    passed = len(table.cases) - len(missed)
    print(f"{name}: {passed} of {len(table.cases)}")

    unexplained = [
        (case.code, case.expected, given)
        for case, given in missed
        if f"- `{case.code}`" not in PAGE
    ]
    assert unexplained == []
    assert documented()[name] == (passed, len(table.cases))


def test_the_page_lists_every_table() -> None:
    """And nothing that is not there; a table is of a hundred cases at least."""
    assert set(documented()) == set(NAMES)
    assert all(cases >= 100 for _, cases in documented().values())
