"""What a log holds, by the word of its last writer: signed, and kept away from the log.

Promises    A head is replaced whole. One that was changed, or belongs to another log, does not load.
Gap         An older head put back together with an older log is not noticed by whoever has only these two.
            So the head stands in the directory of the key, which whoever can only write logs cannot write.
"""

import errno
import hmac
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from host.trail.files import open_file
from host.trail.seal import GENESIS, sign

_HEAD: Final = re.compile(
    rb'\{"head":(?P<head>\{.*\}),"mac":"(?P<mac>[0-9a-f]{64})"\}\n', re.DOTALL
)
_MAX_HEAD_BYTES: Final = 1024 * 1024
_VERSION: Final = 1


class Segment(NamedTuple):
    """A full file of the log, which nobody appends to any more."""

    number: int
    first: int
    """Number of its first line."""
    last: int
    end: str
    """Hash of its last line: it vouches for every line before."""
    until: float
    """When that was written, in seconds since the epoch."""


class Removed(NamedTuple):
    """What rotation has removed by policy: segments up to *number*, lines up to *last*."""

    number: int
    last: int
    end: str


class Writer(NamedTuple):
    """A process that appends and has not said that it is done."""

    pid: int
    started: int
    """In clock ticks since boot: together with the number it names one process."""
    namespace: str


@dataclass(frozen=True, slots=True)
class Head:
    """The state of a log after its last append. *size* is of the active file, in bytes."""

    seq: int = 0
    hash: str = GENESIS
    size: int = 0
    began: float = 0.0
    """When the first line of the active file was written."""
    segments: tuple[Segment, ...] = ()
    removed: Removed | None = None
    writers: tuple[Writer, ...] = ()

    @property
    def newest_segment(self) -> int:
        """The highest number that was given to a segment, 0 before the first."""
        if self.segments:
            return self.segments[-1].number
        return self.removed.number if self.removed is not None else 0

    @property
    def active_first(self) -> int:
        """The number of the first line of the active file, if it has any."""
        if self.segments:
            return self.segments[-1].last + 1
        return (self.removed.last if self.removed is not None else 0) + 1

    def without(self, gone: tuple[Writer, ...]) -> "Head":
        """This head when *gone* no longer write."""
        return replace(self, writers=tuple(w for w in self.writers if w not in gone))


@dataclass(frozen=True, slots=True)
class _Stored:
    version: int
    log: str
    state: Head


def encode(head: Head, key: bytes, log: Path) -> bytes:
    """Return the bytes of the head's file."""
    text = msgspec.json.encode(_Stored(_VERSION, _name(log), head))
    return b'{"head":%s,"mac":"%s"}\n' % (text, sign(key, text).encode())


def decode(data: bytes, key: bytes, log: Path) -> Head | None:
    """Return the head in *data*, or None when it is not what *key* signed for *log*."""
    found = _HEAD.fullmatch(data)
    if found is None or not hmac.compare_digest(
        sign(key, found["head"]), found["mac"].decode()
    ):
        return None
    stored = msgspec.json.decode(found["head"], type=_Stored)  # ours: the signature says so
    return stored.state if stored.log == _name(log) and stored.version == _VERSION else None


def _name(log: Path) -> str:
    return os.fsencode(log).decode("ascii", "backslashreplace")


def load(path: Path, key: bytes, log: Path) -> Head | None:
    """Return the head at *path*, or None when it is not to be trusted. Raises OSError."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        return decode(file.read(_MAX_HEAD_BYTES), key, log)


def save(path: Path, data: bytes) -> None:
    """Replace the head at *path*. The caller holds the log's lock. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    fd = open_file(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    try:
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(draft))
    finally:
        os.close(fd)
    os.replace(draft, path)
