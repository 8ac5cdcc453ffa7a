"""Killing a change of what is installed at each of its steps, one process for each.

    python -m tests.support.killed WHAT FETCHED

prints a JSON object for each step: whether the process was killed, what was installed then, and, after the next
change, what was, and what lay there beside it. ``FETCHED`` has the versions 1, 2 and 3 of a package.

A step is a call that may change a file. The process counts them and kills itself with SIGKILL right before the n-th,
so that a run over all n stops at every state that the disk can be in; nothing depends on how fast the machine is.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from host.install.store import Store
from host.install.switch import back, remove
from tests.support.installing import install, left_in, link, state

_MAX_STEPS: Final = 1000
_MEMORY: Final = "/dev/shm"

_CHANGING = frozenset(
    (
        *("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "symlink", "link"),
        *("chmod", "fchmod", "fsync", "write", "pwrite", "flush", "ftruncate", "truncate"),
        *("open", "close", "flock"),
    )
)


class Steps:
    """Counts the steps of this process from now on and ends it before the *last*."""

    def __init__(self, last: int) -> None:
        self.seen = 0
        self._last = last

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        if event != "c_call" or getattr(called, "__name__", "") not in _CHANGING:
            return
        self.seen += 1
        if self.seen == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def killed_at(step: int, change: Callable[[], object]) -> bool:
    """Do *change* in a process of its own that is killed before its *step*-th step; False when it has not so many.

    Raises ChildProcessError when the change fails by itself.
    """
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            sys.setprofile(Steps(step))
            change()
            sys.setprofile(None)
            code = 0
        finally:
            os._exit(code)  # nothing of the parent's is ended here
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if os.waitstatus_to_exitcode(status) != 0:
        raise ChildProcessError(f"the change failed: {status}")
    return False


def make_writable(folder: Path) -> None:
    """So that snapshots can be removed, whoever we are."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)


def versions_1_and_2(home: Path, fetched: Path) -> None:
    """What most changes begin with."""
    install(home, fetched / "1")
    install(home, fetched / "2")


CHANGES: Final[dict[str, Callable[[Path, Path], object]]] = {
    "install": lambda home, fetched: install(home, fetched / "3"),
    "update": lambda home, fetched: install(home, fetched / "3"),
    "back": lambda home, _: back(home, "guard"),
    "remove": lambda home, _: remove(home, "guard"),
}


def runs(what: str, fetched: Path, homes: Path) -> Iterator[dict[str, object]]:
    """Yield what became of the change *what*, killed at one step after the other, until it is not killed any more."""
    start = homes / "start"
    with Store(start).locked():
        pass  # there is a home, and nothing in it
    if what != "install":
        versions_1_and_2(start, fetched)
    is_killed = True
    for step in range(1, _MAX_STEPS):
        if not is_killed:
            return
        home = homes / str(step)
        shutil.copytree(start, home)
        is_killed = killed_at(step, partial(CHANGES[what], home, fetched))
        found = state(home)
        link(home)
        yield {
            "is_killed": is_killed,
            "state": found,
            "after": state(home),
            "left": left_in(home),
        }
        make_writable(home)
        shutil.rmtree(home)


def main(what: str, fetched: Path) -> None:
    """Print all runs."""
    # Not on a disk, where there is such a place: there are hundreds of homes, and each waits for its disk.
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.path.isdir(_MEMORY) else None) as homes:
        print(json.dumps(list(runs(what, fetched, Path(homes)))))
        make_writable(Path(homes))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
