"""One host for all hostile plugins of a run: what one of them leaves behind, the next ones would show."""

from collections.abc import Iterator

import pytest

from tests.hostile.arena import MIB
from tests.hostile.stand import Stand

_told: list[str] = []


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A host with the honest plugin in it, warmed up."""
    with Stand(tmp_path_factory.mktemp("hostile")) as made:
        yield made
        _told.append(f"the host grew by {made.most_grown_bytes / MIB:.1f} MiB at most")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the host's memory came to."""
    for line in _told:
        terminalreporter.write_line(f"hostile plugins: {line}")
