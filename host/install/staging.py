"""Where a plugin lies between being fetched and being kept: a directory of ours that goes away, whatever happens.

Promises    Nobody else can look in. It is gone when its user is done, by whatever way; what a process left that was
            killed is removed by the next one. It lies in our home, so that keeping is no copy to another disk.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from host.errors import InstallError

_PREFIX: Final = "staged-"
_LOCK: Final = "lock"


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """Make an empty directory beneath the state in *home*; remove it with everything in it at the end.

    Raises InstallError.
    """
    folder = _folder(home)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made, lock = _make(folder)
    except OSError as error:
        raise InstallError(
            "E_STATE",
            f"{error.filename or folder}: {error.strerror}; check that path and the permissions of it",
        ) from None
    try:
        within = made / "files"
        within.mkdir(mode=0o700)
        yield within.resolve()  # as whoever looks for a plugin's entry spells it
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def _make(folder: Path) -> tuple[Path, int]:
    """Make a directory in *folder* and the lock that says that somebody is at work in it."""
    gate = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)  # nobody sweeps what is not locked yet
        _sweep(folder)
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return made, lock
    finally:
        os.close(gate)


def _sweep(folder: Path) -> int:
    """Remove what processes left that are gone; return how many there were."""
    found = 0
    for left in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError), _taken(left):
            shutil.rmtree(left, ignore_errors=True)
            found += 1
    return found


@contextmanager
def _taken(staged: Path) -> Iterator[None]:
    """Hold the lock of a directory whose process is gone. Raises OSError for one where somebody is at work."""
    fd = os.open(staged / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def _folder(home: Path) -> Path:
    return home / "cache" / "staging"


def count_left(home: Path) -> int:
    """Return how many directories killed processes left."""
    found = 0
    for left in _folder(home).glob(f"{_PREFIX}*"):
        with suppress(OSError), _taken(left):
            found += 1
    return found


def sweep(home: Path) -> int:
    """Remove what killed processes left; return how many directories that were. Raises OSError."""
    folder = _folder(home)
    if not folder.is_dir():
        return 0
    gate = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        return _sweep(folder)
    finally:
        os.close(gate)
