"""What a path leads to, held open, so that what was decided about is what is acted upon.

Promises    A path is looked up once. The descriptor says where it led (:attr:`Reached.place`); whoever acts does so
            through the descriptor, or by one name in the directory that it stands for, without following a link.
            A link that is swapped in afterwards changes nothing.
Relies on   /proc, for reading back and for opening again. Nothing here decides.
Blocks      As long as the file system does.
"""

import errno
import os
import stat
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from host.beneath import (
    RESOLVE_NO_MAGICLINKS,
    RESOLVE_NO_SYMLINKS,
    NoOpenat2Error,
    openat2,
    walk,
)
from host.realpath import place_of, resolve

_PATH: Final = os.O_PATH | os.O_CLOEXEC
_AT_FDCWD: Final = -100
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Reached:
    """A file of any type, open as a place only: reading it takes :meth:`reopen`."""

    fd: int
    place: str
    """Absolute, without links, when it was opened."""
    stat: os.stat_result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self.fd)

    @property
    def handle(self) -> str:
        """A name that leads to this very file, whatever happened to its own."""
        return f"/proc/self/fd/{self.fd}"

    @property
    def id(self) -> str:
        """Which file this is, whatever its name."""
        return f"{self.stat.st_dev:x}:{self.stat.st_ino:x}"

    def reopen(self, flags: int) -> int:
        """Open this very file for use; raises OSError, and of what is neither a file nor a directory EINVAL.

        A pipe, a device or a socket does something when it is opened, and can block for ever.
        """
        if stat.S_ISDIR(self.stat.st_mode):
            flags |= os.O_DIRECTORY
        elif not stat.S_ISREG(self.stat.st_mode):
            raise OSError(errno.EINVAL, "neither a file nor a directory")
        return os.open(self.handle, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a directory that is held open, whether there is such a file or not."""

    directory: Reached
    name: str

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self.directory.fd)

    @property
    def fd(self) -> int:
        """The directory's descriptor."""
        return self.directory.fd

    @property
    def place(self) -> str:
        """Absolute; a link of that name is not followed."""
        return below(self.directory.place, self.name)

    def lstat(self) -> os.stat_result | None:
        """What has that name; None when nothing has."""
        try:
            return os.lstat(self.name, dir_fd=self.fd)
        except FileNotFoundError:
            return None


def below(place: str, name: str) -> str:
    """Return the path of *name* in the directory *place*."""
    return f"{place.rstrip('/')}/{name}"


def reach(path: str, *, follow: bool = True, no_links: bool = False) -> Reached:
    """Look up the absolute *path*; raises OSError.

    Without *follow* a link at its end is itself what is reached. With *no_links* any link on the way is an error.
    """
    flags = _PATH if follow and not no_links else _PATH | os.O_NOFOLLOW
    for _ in range(_TRIES):
        fd = _open(path, flags, no_links=no_links)
        try:
            return Reached(fd, place_of(fd), os.fstat(fd))
        except FileNotFoundError:
            os.close(fd)  # removed, or renamed, in between: look it up once more
        except BaseException:
            os.close(fd)
            raise
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def reach_entry(path: str) -> Entry:
    """Look up the directory of the absolute *path*, for whoever makes, replaces or removes the name in it."""
    head, _, name = path.rstrip("/").rpartition("/")
    if name in ("", ".", ".."):
        raise OSError(errno.EINVAL, "not a name in a directory", path)
    directory = reach(head or "/")
    if not stat.S_ISDIR(directory.stat.st_mode):
        os.close(directory.fd)
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return Entry(directory, name)


def _open(path: str, flags: int, *, no_links: bool) -> int:
    how = RESOLVE_NO_MAGICLINKS | (RESOLVE_NO_SYMLINKS if no_links else 0)
    try:
        return openat2(_AT_FDCWD, path, flags, how)
    except NoOpenat2Error:
        pass
    if not no_links:
        # Where it leads by now; the walk then fails at a link that was put in its way, instead of following it.
        head, _, name = path.rstrip("/").rpartition("/")
        is_name = bool(flags & os.O_NOFOLLOW) and name not in ("", ".", "..")
        path = below(resolve(head or "/"), name) if is_name else resolve(path)
    root = os.open("/", _PATH | os.O_DIRECTORY)
    try:
        return walk(root, [name for name in path.split("/") if name] or ["."], flags)
    finally:
        os.close(root)
