"""Opening a path in one look-up of the kernel's that follows no link it must not follow (openat2).

Promises    Nobody who swaps a link or renames a directory meanwhile changes what an open descriptor stands for, and
            no look-up goes through the magic links of /proc or, beneath a root, out of that root.
Otherwise   On a kernel (before Linux 5.6) or in a container without openat2 names are opened one by one, and no
            link at all is followed on the way.
"""

import ctypes
import errno
import os
import stat
from typing import Final

RESOLVE_NO_MAGICLINKS: Final = 0x02
RESOLVE_NO_SYMLINKS: Final = 0x04
RESOLVE_BENEATH: Final = 0x08

_SYS_OPENAT2: Final = 437  # the same number on every architecture
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_NOT_THERE: Final = (errno.ENOSYS, errno.EPERM)
"""Of openat2 itself: a kernel without it, and old filters of containers, which know no better."""


class _OpenHow(ctypes.Structure):
    _fields_ = (  # type: ignore[mutable-override]  # as the ctypes manual has it
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_libc = ctypes.CDLL(None, use_errno=True)


class EscapeError(Exception):
    """A path that leads out of the root."""


class NoOpenat2Error(Exception):
    """This system has no openat2."""


def openat2(dir_fd: int, path: str, flags: int, resolve: int) -> int:
    """Open *path* from *dir_fd* on, as openat2(2) does; nothing is created.

    Raises ``OSError``, and :class:`NoOpenat2Error` where there is no such call.
    """
    if "\0" in path:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    how = _OpenHow(flags, 0, resolve)
    fd = _libc.syscall(
        _SYS_OPENAT2, dir_fd, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
    )
    if fd >= 0:
        return int(fd)
    error = ctypes.get_errno()
    if error in _NOT_THERE:
        raise NoOpenat2Error
    raise OSError(error, os.strerror(error), path)


def open_beneath(root_fd: int, path: str) -> int:
    """Open *path* for reading, resolved beneath *root_fd* without a race.

    Raises :class:`EscapeError` when it leads out, ``OSError`` when it cannot be opened.
    """
    if path.startswith("/") or "\0" in path:
        raise EscapeError(path)
    try:
        return openat2(root_fd, path, _FLAGS, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
    except NoOpenat2Error:
        return _walk_beneath(root_fd, path)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise EscapeError(path) from None
        raise


def read_beneath(root_fd: int, path: str, limit: int) -> bytes | None:
    """Return what the regular file *path* beneath *root_fd* holds, at most *limit* + 1 bytes; None when it is none.

    Raises as :func:`open_beneath` does.
    """
    fd = open_beneath(root_fd, path)
    with open(fd, "rb") as file:
        return file.read(limit + 1) if stat.S_ISREG(os.fstat(fd).st_mode) else None


def _walk_beneath(root_fd: int, path: str) -> int:
    """As :func:`open_beneath` for kernels without openat2: no symlink is followed at all."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise EscapeError(path)
    try:
        return walk(root_fd, parts, _FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise EscapeError(path) from None
        raise


def walk(root_fd: int, names: list[str], flags: int) -> int:
    """Open the last of *names*, each in the one before it, following no link; raises ``OSError``."""
    directory = os.dup(root_fd)
    try:
        for name in names[:-1]:
            below = os.open(
                name,
                os.O_PATH | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW,
                dir_fd=directory,
            )
            os.close(directory)
            directory = below
        return os.open(names[-1], flags | os.O_NOFOLLOW, dir_fd=directory)
    finally:
        os.close(directory)
