"""One host for all hostile plugins of a run: what one of them leaves behind, the next ones would show."""

from collections.abc import Iterator

import pytest

from tests.hostile.arena import MIB, Arena
from tests.hostile.plugins import FAMILIES
from tests.hostile.row import Row

_grown: list[str] = []


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A host with the honest plugin in it, warmed up."""
    with Arena(tmp_path_factory.mktemp("hostile")) as made:
        made.warm_up([row for rows in FAMILIES.values() for row in _first_of_each_kind(rows)])
        yield made
        _grown.append(f"the host grew by {made.most_grown / MIB:.1f} MiB at most")


def _first_of_each_kind(rows: tuple[Row, ...]) -> list[Row]:
    """One row for each way in which rows of a family end."""
    return list({(row.fate, bool(row.load_codes), row.statuses): row for row in reversed(rows)}.values())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the host's memory came to."""
    for line in _grown:
        terminalreporter.write_line(f"hostile plugins: {line}")
