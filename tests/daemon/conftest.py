"""Daemons as tests run them: real processes on real sockets, each with a home of its own; none may stay."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.daemon.running import Daemon

StartDaemon = Callable[..., Daemon]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartDaemon]:
    """Return a function that starts a daemon; every one is ended with the test."""
    made: list[Daemon] = []

    def make(
        *words: str, config: str = "", env: Mapping[str, str] | None = None, **plugins: str
    ) -> Daemon:
        daemon = Daemon(tmp_path / "home", tmp_path / "project")
        daemon.write(config, plugins)
        daemon.start(*words, **(env or {}))
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        daemon.end()
