"""Opening files of a log: files only, whatever stands under their names."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

MAX_LINE_BYTES: Final = 8 * 1024 * 1024
"""Ours are far shorter; a longer one is somebody else's."""

MAX_FILE_BYTES: Final = 1024 * 1024 * 1024
"""More is not read at once: a file of holes costs its maker nothing."""


def open_file(path: Path, flags: int) -> int:
    """Open the file *path*; what is made is its owner's alone. Raises OSError.

    Not a link, which would lead elsewhere, nor a pipe, which may wait for ever.
    """
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a file", os.fspath(path))
    return fd


def read_file(path: Path) -> bytes:
    """Return all of the file *path*. Raises OSError, for one that is too large, too."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), os.fspath(path))
        return file.read()
