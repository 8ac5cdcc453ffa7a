"""What tests of single hostcalls share: a host whose workers they play."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.scripted import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A host in mode strict, with nothing configured."""
    with Stage(tmp_path) as made:
        yield made
