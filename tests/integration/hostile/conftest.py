"""A stage with a real plugin beside the one that a test plays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.config import Config, Timeouts
from tests.support.scripted import Stage


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests, so that the builds of the first are the cache of the others."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture
def stage(folder: Path) -> Iterator[Stage]:
    """A running host with the honest plugin loaded."""
    # Deadlines far away: what a test waits for is what the worker does, not that time passes.
    with Stage(folder, Config(timeouts=Timeouts(actionable_ms=60_000))) as made:
        made.load_honest()
        yield made
