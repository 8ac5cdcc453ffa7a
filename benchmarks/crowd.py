"""Hostile plugins at work, all at once, and a person at the console before them.

How         The daemon has the hostile plugins of the tests, each of which takes whatever it can get; the person goes from pane
            to pane. What the console writes to its pseudo-terminal says when the screen shows the next one.
"""

import re
import shutil
import threading
import time
from itertools import cycle
from pathlib import Path
from typing import Final

from benchmarks.busy import NEXT_PANE, Busy
from benchmarks.row import WrongAnswerError
from jcode_plugins import Client
from tests.hostile_ui.rows import CROWD, FOLDER, ROWS

FIRST: Final = b"next pane"
"""Of the console's row of keys: it is there."""
_PANES: Final = ("Plugins", "Approvals", "Audit", "Logs", "Capabilities", "Session")
_REST_S: Final = 0.25
_WITHIN_S: Final = 60.0
_BOLD: Final = rb"\x1b\[[\d;]*\b1[;m][^\x1b]*"
_ROW: Final = re.compile(rb"\x1b\[2;1H")
"""Of the names of the panes, which the session pane gives to a plugin's component."""


class Crowd(Busy):
    """See the module's text."""

    def __init__(self, place: Path) -> None:
        super().__init__(place, plugins=0)
        self.size = len(CROWD)
        self._panes = cycle(_PANES)
        self._written = b""
        self._comes = threading.Condition()
        self.on_data = self._read

    def _write(self) -> None:
        super()._write()
        shutil.copytree(FOLDER / "lib", self.home / "plugins" / "lib")
        for row in ROWS:
            if row.name in CROWD:
                shutil.copy(row.path, self.home / "plugins")

    def is_loaded(self, client: Client) -> bool:
        """See :class:`Busy`: some of them are ended for what they do before all are there."""
        return len(client.plugins()) > self.size

    def _read(self, data: bytes) -> None:
        with self._comes:
            self._written += data
            self._comes.notify()

    def turn(self) -> float:
        """Open the next pane; return how many seconds it took until the terminal had its name."""
        time.sleep(_REST_S)
        name = next(self._panes)
        shown = _ROW if name == _PANES[-1] else re.compile(_BOLD + name.encode())
        with self._comes:
            self._written = b""
            began = time.monotonic()
            self.press(NEXT_PANE)
            if not self._comes.wait_for(lambda: shown.search(self._written), _WITHIN_S):
                raise WrongAnswerError(f"crowd: {name} was never shown")
        return time.monotonic() - began
