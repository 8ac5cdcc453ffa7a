"""Killing a change of what is installed at each of its steps, one process for each.

A step is a call that may change a file. The process counts them and kills itself with SIGKILL right before the n-th,
so that a run over all n stops at every state that the disk can be in; nothing depends on how fast the machine is.
"""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

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
