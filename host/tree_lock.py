"""One at a time renames; everybody else changes files meanwhile only if nobody does.

What a rename may move is judged by looking through it, file by file. A plugin that made a file in there at the same
time, by another hostcall, would have it moved to where it may not write.

Gap         Holds within one process. Two hosts that serve the same plugin for one user do not wait for each other.
"""

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_RENAME_WITHIN_S: Final = 5.0
_YIELD_S: Final = 0.25
"""How long a change lets a rename that waits go first. No longer: one that waits for a dead disk is no reason."""


class TreeLock:
    """See the module's text. Held for as long as the file system takes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._changing = 0
        self._wanted = 0
        self._is_moving = False

    @contextmanager
    def changing(self) -> Iterator[None]:
        """While a file is made, written or removed."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._is_moving and not self._wanted, timeout=_YIELD_S
            )
            self._changed.wait_for(lambda: not self._is_moving)
            self._changing += 1
        try:
            yield
        finally:
            with self._changed:
                self._changing -= 1
                self._changed.notify_all()

    @contextmanager
    def moving(self) -> Iterator[None]:
        """While what is renamed is judged and renamed; raises OSError when the others do not end."""
        with self._changed:
            self._wanted += 1
            is_mine = self._changed.wait_for(
                lambda: not self._is_moving and not self._changing, timeout=_RENAME_WITHIN_S
            )
            self._wanted -= 1
            if not is_mine:
                self._changed.notify_all()
                raise OSError(errno.EBUSY, "other files are being changed")
            self._is_moving = True
        try:
            yield
        finally:
            with self._changed:
                self._is_moving = False
                self._changed.notify_all()


TREE: Final = TreeLock()
"""Of this process: two workspaces may well reach the same files."""
