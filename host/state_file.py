"""A small file of ours that several processes share: read with suspicion, written whole, changed by one at a time.

Promises    A reader sees the old file or the new one, whenever a writer is killed. What cannot be trusted (not a plain
            file, another user's, writable for others, too large) is reported and never written over. What a killed
            writer left behind is gone with the next write.
Relies on   The lock of flock(2), which ends with its holder. Writers hold it; readers need not.
Elsewhere   What stands in such a file, and which versions of it are understood: whoever keeps one.
"""

import ctypes
import fcntl
import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Final

_FIRST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.05
_PID_BYTES: Final = 16
_libc = ctypes.CDLL(None, use_errno=True)


class StateFileError(Exception):
    """What is wrong with a file, to be put after its path: ``is not a plain file``."""


class StateBusyError(Exception):
    """Another process held the lock all the time. ``pid`` is the holder's, when it is known."""

    def __init__(self, pid: int | None) -> None:
        self.pid = pid
        super().__init__(f"process {pid}" if pid is not None else "another process")


def read_state(path: Path, max_bytes: int) -> bytes | None:
    """Return what the file at *path* holds, or None when there is none. Raises StateFileError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateFileError(f"cannot be opened ({error.strerror})") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise StateFileError("is not a plain file")
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
            raise StateFileError("can be written by other users")
        with open(fd, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise StateFileError(f"cannot be read ({error.strerror})") from error
    finally:
        os.close(fd)
    if len(data) > max_bytes:
        raise StateFileError(f"is larger than {max_bytes >> 20} MiB")
    return data


def signature_of(path: Path) -> tuple[int, ...] | None:
    """Return what is different once the file at *path* was replaced or changed; None when there is none.

    For whoever looks often: taken before the file is read, the same signature later means the same content.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return (error.errno or 0,)  # not the same as none: reading it will say what is wrong
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid


def write_state(path: Path, data: bytes) -> None:
    """Replace the file at *path* by one with *data*, for its owner only. The caller holds its lock.

    Raises StateFileError, and then the old file is as it was.
    """
    new = path.with_name(f".{path.name}.new")  # one name: only the lock's holder writes it
    try:
        with suppress(FileNotFoundError):
            new.unlink()  # of a writer that was killed
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise StateFileError(f"cannot be written ({error.strerror})") from error
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Have the names in *path* survive a loss of power, where the file system can promise that."""
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sync_files(fd: int) -> None:
    """Have all that was written to the file system of *fd* survive a loss of power: one wait for many small files."""
    _libc.syncfs(
        fd
    )  # one that cannot promise it says so, and there is nothing better to do then


@contextmanager
def lock_state(path: Path, *, wait_s: float) -> Iterator[None]:
    """Hold the lock of the file at *path*, a file beside it, waiting for at most *wait_s* seconds.

    Directories on the way are made, for their owner only. Raises StateBusyError, and StateFileError when the lock
    cannot be used.
    """
    lock = path.with_suffix(".lock")
    fd = _take(lock, monotonic() + wait_s)
    try:
        with suppress(OSError):  # a full disk: others do not learn who holds it
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(fd)


def _take(lock: Path, until: float) -> int:
    while True:
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateFileError(f"cannot be locked ({lock.name}: {error.strerror})") from error
        try:
            _wait(fd, until)
            if _is_still(lock, fd):
                return fd
        except OSError as error:
            os.close(fd)
            raise StateFileError(f"cannot be locked ({lock.name}: {error.strerror})") from error
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # the directory was removed and made anew: that lock is nobody's any more


def _wait(fd: int, until: float) -> None:
    pause = _FIRST_PAUSE_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = until - monotonic()
            if left <= 0:
                raise StateBusyError(_holder(fd)) from None
            select.select([], [], [], min(pause, left))  # flock itself knows no bound
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
        else:
            return


def _holder(fd: int) -> int | None:
    with suppress(OSError, ValueError):
        return int(os.pread(fd, _PID_BYTES, 0))
    return None


def _is_still(lock: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.stat(lock, follow_symlinks=False), os.fstat(fd))
    except FileNotFoundError:
        return False
