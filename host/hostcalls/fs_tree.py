"""Hostcalls on whole trees: removing and renaming.

Promises    No link is followed. What is beneath a directory is judged name by name before anything happens to it, and
            each name again when it is removed: a directory is never a way to what is protected in it.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from host.hostcalls.files import FileCall
from host.hostcalls.granted import ArgumentsError
from host.outcome import Json
from host.reached import Entry, below
from host.realpath import resolve
from host.tree_lock import TREE

_MAX_ENTRIES: Final = 20_000
_MAX_DEPTH: Final = 100
_WHATS: Final = ("file", "directory", "any")


class _Walk:
    """The names beneath a directory, counted."""

    def __init__(self) -> None:
        self._seen = 0

    def below(
        self, dir_fd: int, name: str, depth: int = 0
    ) -> Iterator[tuple[int, str, str, bool]]:
        """Yield (descriptor of its directory, name, path from here, whether it is a directory) of what is in the
        directory *name*, the deepest first."""
        if depth >= _MAX_DEPTH:
            raise OSError(errno.ELOOP, f"deeper than {_MAX_DEPTH} directories")
        with _listed(dir_fd, name) as (fd, entries):
            self._seen += len(entries)
            if self._seen > _MAX_ENTRIES:
                raise OSError(errno.EFBIG, f"more than {_MAX_ENTRIES} files in it")
            for inner, is_directory in entries:
                if is_directory:
                    for at, last, path, is_one in self.below(fd, inner, depth + 1):
                        yield at, last, f"{inner}/{path}", is_one
                yield fd, inner, inner, is_directory


@contextmanager
def _listed(dir_fd: int, name: str) -> Iterator[tuple[int, list[tuple[str, bool]]]]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    fd = os.open(name, flags, dir_fd=dir_fd)
    try:
        entries: list[tuple[str, bool]] = []
        with os.scandir(fd) as scan:
            for entry in scan:
                if len(entries) > _MAX_ENTRIES:
                    raise OSError(errno.EFBIG, f"more than {_MAX_ENTRIES} files in it")
                entries.append((entry.name, entry.is_dir(follow_symlinks=False)))
        yield fd, entries
    finally:
        os.close(fd)


def remove(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "what"?, "recursive"?}`` -> ``{}``. ``what`` it must be: ``file``, ``directory`` or ``any`` (the default)."""
    what = args.get("what", "any")
    if what not in _WHATS:
        raise ArgumentsError(f"what must be one of {', '.join(_WHATS)}")
    path = files.path(args)
    with TREE.changing(), files.entry(path) as entry:
        info = entry.lstat()
        if info is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        is_directory = stat.S_ISDIR(info.st_mode)
        if is_directory:
            files.must_not_be_data(entry.place)
        if what == "directory" or (what == "any" and is_directory):
            if args.get("recursive") is True:
                _empty(files, entry)
            elif what == "any":
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            os.rmdir(entry.name, dir_fd=entry.fd)
        else:
            os.unlink(entry.name, dir_fd=entry.fd)
    return {}


def _empty(files: FileCall, entry: Entry) -> None:
    for _, _, path, _ in _Walk().below(entry.fd, entry.name):
        _must_be_writable(files, below(entry.place, path))
    for dir_fd, name, path, is_directory in _Walk().below(entry.fd, entry.name):
        _must_be_writable(files, below(entry.place, path))
        (os.rmdir if is_directory else os.unlink)(name, dir_fd=dir_fd)


def _must_be_writable(files: FileCall, place: str) -> None:
    if not files.may("fs_write", place):
        files.grant("fs_write", place)  # raises, and is written down


def rename(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"from", "to"}`` -> ``{}``. What may not be read is not moved to where it may be."""
    source, to = files.path(args, "from"), files.path(args, "to")
    with TREE.moving(), files.entry(source) as old, files.entry(to) as new:
        info = old.lstat()
        if info is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        files.must_not_be_data(old.place)
        files.must_not_be_data(new.place)
        _must_not_reveal(files, old.place, new.place)
        _must_lead_the_same(files, old.fd, old.name, old.place, new.place)
        if stat.S_ISDIR(info.st_mode):
            for dir_fd, name, path, is_directory in _Walk().below(old.fd, old.name):
                here, there = below(old.place, path), below(new.place, path)
                if not is_directory:
                    _must_lead_the_same(files, dir_fd, name, here, there)
                _must_be_writable(files, here)
                _must_be_writable(files, there)
                _must_not_reveal(files, here, there)
        os.rename(old.name, new.name, src_dir_fd=old.fd, dst_dir_fd=new.fd)
    return {}


def _must_not_reveal(files: FileCall, here: str, there: str) -> None:
    if files.may("fs_read", there) and not files.may("fs_read", here):
        files.grant("fs_read", here)  # raises, and is written down


def _must_lead_the_same(files: FileCall, dir_fd: int, name: str, here: str, there: str) -> None:
    """Raise if *name* is a link that would hide something *there*, or says ``..`` and would lead from there where no link
    may be made to."""
    try:
        target = os.readlink(name, dir_fd=dir_fd)
    except OSError:
        return  # no link
    files.grant_link(there)
    if target.startswith("/") or ".." not in target.split("/"):
        return
    leads_to = resolve(os.path.join(os.path.dirname(there), target))
    if leads_to != resolve(os.path.join(os.path.dirname(here), target)):
        files.grant("fs_read", leads_to)
        files.grant("fs_write", leads_to)
