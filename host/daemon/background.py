"""Going to the background: whoever started the daemon waits until it listens, and hears what went wrong otherwise.

Relies on   Nothing has started a thread or a loop yet.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from host.errors import HostError

_MOST_LOGGED: Final = 4 * 1024 * 1024
_MOST_TOLD: Final = 4096


class Parent:
    """The process that waits, seen from the daemon."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def is_ready(self) -> None:
        """Let it go: the daemon listens."""
        self._tell(b"+")

    def failed(self, line: str) -> None:
        """Let it go with *line*, why there is no daemon."""
        self._tell(b"-" + line.encode(errors="backslashreplace")[:_MOST_TOLD])

    def _tell(self, what: bytes) -> None:
        if self._fd >= 0:
            with contextlib.suppress(OSError):  # it did not wait
                os.write(self._fd, what)
            os.close(self._fd)
            self._fd = -1


def split(log: Path) -> Parent:
    """Return in a new process, the daemon to be, whose output goes to *log*; the old one ends with its first word."""
    sys.stdout.flush()
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        _wait_and_exit(told)
    os.setsid()
    os.dup2(tell, 3, inheritable=False)
    os.closerange(
        4, os.sysconf("SC_OPEN_MAX")
    )  # what whoever started us left open is not ours to hold
    _redirect(log)
    return Parent(3)


def _wait_and_exit(told: int) -> None:
    said = b""
    while data := os.read(told, _MOST_TOLD):
        said += data
    code = 0
    if said[:1] != b"+":
        line = said[1:].decode(errors="replace") or "the daemon ended before it listened"
        sys.stderr.write(f"error: {line}\n")
        sys.stderr.flush()
        code = 1
    os._exit(code)


def _redirect(log: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        to = os.open(log, flags, 0o600)
    except OSError as error:
        raise HostError(f"{log}: {error.strerror}; the daemon logs there") from None
    if os.fstat(to).st_size > _MOST_LOGGED:
        os.ftruncate(to, 0)
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for fd, source in ((0, null), (1, to), (2, to)):
        os.dup2(source, fd)
    os.close(to)
    os.close(null)
