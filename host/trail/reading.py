"""Entries of a log, for people and programs: the newest, and new ones as they come.

Promises    Works without a host and without the key, and takes no lock. Says nothing about whether the lines
            can be trusted: that is verify.py. What is not a line is passed over.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from host.errors import AuditError
from host.outcome import JsonObject
from host.trail.files import MAX_LINE_BYTES, open_file, read_file
from host.trail.place import Place
from host.trail.store import told
from host.trail.verify import decode

_LOOK_EVERY_S: Final = 0.2

Wanted = Callable[[JsonObject], bool]


def newest(place: Place, n: int, wanted: Wanted) -> list[JsonObject]:
    """Return the newest *n* entries that are *wanted*, the oldest of them first.

    Raises :class:`AuditError` when there is a log that cannot be read; that there is none is an empty list.
    """
    found: list[JsonObject] = []
    try:
        numbers = place.segments_there() if place.log.parent.is_dir() else []
        for path in (place.log, *(place.segment(one) for one in reversed(numbers))):
            if len(found) >= n:
                break
            for line in reversed(_read(path).split(b"\n")):
                entry = decode(line) if line else {}
                if "seq" in entry and wanted(entry):
                    found.append(entry)
                    if len(found) >= n:
                        break
    except OSError as error:
        raise AuditError(told(error)) from error
    found.reverse()
    return found


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except FileNotFoundError:
        return b""


@dataclass(slots=True)
class Follower:
    """What came to the log since this was made, at each :meth:`take`. Survives rotation and removal of the log."""

    place: Place
    _fd: int = -1
    _rest: bytes = b""
    _seen: set[int] = field(default_factory=set)  # full files that were there already

    def __post_init__(self) -> None:
        self._seen.update(self._numbers())
        self._reopen()
        if self._fd >= 0:
            os.lseek(self._fd, 0, os.SEEK_END)

    def take(self) -> list[JsonObject]:
        """Return the entries that came since the last time. Raises :class:`AuditError`."""
        try:
            return list(self._take())
        except OSError as error:
            raise AuditError(told(error)) from error

    def wait(self, stop: threading.Event) -> bool:
        """Rest a moment; false when *stop* was set."""
        return not stop.wait(_LOOK_EVERY_S)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take(self) -> Iterator[JsonObject]:
        yield from self._more()
        if self._is_current():
            return
        # Rotated: what came to the old file before that, then files that were filled between two looks.
        yield from self._more()
        old = os.fstat(self._fd) if self._fd >= 0 else None
        for number in self._numbers():
            if number in self._seen:
                continue
            self._seen.add(number)
            path = self.place.segment(number)
            if old is not None and os.path.samestat(old, os.stat(path)):
                continue
            yield from _entries(_read(path))
        self._reopen()
        yield from self._more()

    def _more(self) -> Iterator[JsonObject]:
        if self._fd < 0:
            return
        if os.fstat(self._fd).st_size < os.lseek(self._fd, 0, os.SEEK_CUR):
            os.lseek(
                self._fd, 0, os.SEEK_END
            )  # somebody cut it: only what comes from here on is new
            self._rest = b""
        while data := os.read(self._fd, 1024 * 1024):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                yield from _entries(line)
            if len(self._rest) > MAX_LINE_BYTES:
                self._rest = b""

    def _is_current(self) -> bool:
        if self._fd < 0:
            return False
        try:
            there = os.stat(self.place.log, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(self._fd), there)

    def _reopen(self) -> None:
        self.close()
        self._rest = b""
        try:
            self._fd = open_file(self.place.log, os.O_RDONLY)
        except FileNotFoundError:
            self._fd = -1

    def _numbers(self) -> list[int]:
        try:
            return self.place.segments_there()
        except FileNotFoundError:
            return []


def _entries(data: bytes) -> Iterator[JsonObject]:
    for line in data.split(b"\n"):
        entry = decode(line) if line else {}
        if "seq" in entry:
            yield entry
