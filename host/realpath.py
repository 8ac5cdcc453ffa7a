"""Where a path really leads, asked of the kernel, so that a decision is about the place and not about a name.

Promises    What exists is resolved by one look-up of the kernel's, not link by link, so that nobody swaps a link
            between two of our steps. What does not exist yet is resolved as far as it does; a link that leads
            to nothing counts as where it points, because creating a file would follow it.
Relies on   /proc. The answer is old when it is given: whoever acts opens the resolved path without following
            links, beneath the directory that was granted, and so fails instead of ending up elsewhere.
Blocks      As long as the file system does. Not for the reactor's turn where a disk may be remote.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from typing import Final, Literal

from policies.capability import FileRequest
from policies.paths import normalise

_MAX_LINKS: Final = 40
"""As many as Linux follows."""
_TRIES: Final = 4
_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES})


def resolve(path: str) -> str:
    """Return where the absolute *path* leads, without links, ``.`` and ``..``.

    Raises OSError: a loop of links, a path that no system takes, a place that has no name any more.
    """
    for _ in range(_TRIES):
        with contextlib.suppress(_VanishedError):
            return _resolve(path, _MAX_LINKS)
    raise FileNotFoundError(
        errno.ENOENT, "removed while it was looked at, or never named", path
    )


class _VanishedError(Exception):
    """What was opened has no name any more; its name may be another file's by now."""


def _resolve(path: str, links: int) -> str:
    if links < 0:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if normalise(path) is None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    names = [name for name in path.split("/") if name not in ("", ".")]
    for known in range(len(names), -1, -1):
        try:
            found = os.open("/" + "/".join(names[:known]), os.O_PATH | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _MISSING and known:
                continue
            raise
        except UnicodeEncodeError:
            raise OSError(errno.EILSEQ, os.strerror(errno.EILSEQ)) from None
        try:
            return _beyond(found, names[known:], links)
        finally:
            os.close(found)
    raise AssertionError("the root directory exists")


def _beyond(found: int, rest: list[str], links: int) -> str:
    """Return the path of *rest* beneath the open *found*, in which its first name does not exist."""
    base = _name_of(found)
    if base is None:
        raise _VanishedError
    if not rest:
        return base
    joined = os.path.join(base, *rest)
    try:
        is_link = stat.S_ISLNK(os.lstat(rest[0], dir_fd=found).st_mode)
        where = os.readlink(rest[0], dir_fd=found) if is_link else ""
    except OSError as error:
        if error.errno not in _MISSING:
            raise
        where = ""
    if where:
        return _resolve(os.path.join(base, where, *rest[1:]), links - 1)
    if ".." in rest:
        # The kernel would say that there is no such file. A name for it must not hide a link, though.
        return _resolve(os.path.normpath(joined), links - 1)
    return joined


def _name_of(found: int) -> str | None:
    """Return the path of the open *found*; None when it has none any more, or another file has it."""
    base = os.readlink(f"/proc/self/fd/{found}")
    try:
        is_there = base.startswith("/") and os.path.samestat(os.fstat(found), os.lstat(base))
    except OSError:
        return None
    return base if is_there else None


def place_of(found: int) -> str:
    """Return where the open *found* is, without links; raises OSError when it has no name any more."""
    base = _name_of(found)
    if base is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return base


def file_request(kind: Literal["fs_read", "fs_write"], path: str) -> FileRequest:
    """Return the request to be decided when a plugin names the absolute *path*; raises OSError."""
    return FileRequest(kind, resolve(path), named=path)


def real_places(directories: Iterable[str]) -> dict[str, str]:
    """Return where those *directories* really are that are reached over a link."""
    places: dict[str, str] = {}
    for directory in directories:
        try:
            real = resolve(directory)
        except OSError:
            continue
        if real != directory:
            places[directory] = real
    return places
