"""Daemons with hostile plugins in them."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jcode_plugins import Client
from tests.daemon.running import HANG_S, Daemon
from tests.hostile_ui.rows import CROWD, FOLDER, ROWS

LOADED_WITHIN_S = 240.0
StartHostile = Callable[..., Daemon]


class LoudDaemon(Daemon):
    """One whose log is read all the time: hostile plugins fill a pipe within seconds, and it would wait."""

    def start(self, *words: str, **env: str) -> None:
        """See :class:`Daemon`."""
        super().start(*words, **env)
        self._log: list[bytes] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        self._log += [line for line in self.process.stderr if b"Traceback" in line]

    def end(self) -> int:
        """See :class:`Daemon`."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.terminate()
        code = process.wait(HANG_S)
        self._reader.join()
        assert process.stderr is not None
        process.stderr.close()
        assert self._log == []
        return code


def hostile_daemon(folder: Path, *names: str) -> Daemon:
    """Start a daemon with the hostile plugins *names* and an honest one, all of them loaded."""
    daemon = LoudDaemon(folder / "home", folder / "project")
    daemon.write("", {"honest": 'pi.ui.setStatus("s", "honest is here");'})
    shutil.copytree(FOLDER / "lib", daemon.home / "plugins" / "lib")
    for row in ROWS:
        if row.name in names:
            shutil.copy(row.path, daemon.home / "plugins")
    daemon.start()
    try:
        with Client(
            project_dir=daemon.project,
            environment=daemon.environment(),
            timeout_s=LOADED_WITHIN_S,
        ) as client:
            client.plugins()
    except BaseException:
        daemon.end()
        raise
    return daemon


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with all of :data:`CROWD` at once."""
    daemon = hostile_daemon(tmp_path_factory.mktemp("crowd"), *CROWD)
    yield daemon
    daemon.end()


@pytest.fixture
def few(tmp_path: Path) -> Iterator[StartHostile]:
    """Return a function that starts a daemon with some of them."""
    made: list[Daemon] = []

    def start(*names: str) -> Daemon:
        made.append(hostile_daemon(tmp_path, *names))
        return made[-1]

    yield start
    for daemon in made:
        daemon.end()
