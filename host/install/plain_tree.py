"""Writing a stranger's files where they can do no harm: plain files and directories beneath one directory of ours.

Promises    Nothing is written outside of that directory and nothing there is written twice: each name is opened beneath
            a descriptor, follows no link and must be new. No link, device or setuid bit comes to be. Two names that
            some file system takes for one are refused. Work and space are bounded by :class:`Caps`.
Elsewhere   Which names can be in a set of files: ``tree``. Whose files: ``archive``, ``git``, ``directory``.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from host.audit import printable
from host.beneath import walk
from host.errors import InstallError
from host.install.tree import why_unfit

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_GIT: Final = ".git"
"""A repository in a plugin would run what it configures for whoever looks at it with git."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a package may consist of: how many files and directories, and bytes of each and of all, unpacked.

    ``archive_bytes`` bounds an archive as it is given. More than ``ratio`` bytes out of one of them are refused
    from ``ratio_from`` on: no text is that dull.
    """

    entries: int = 20_000
    file_bytes: int = 64 * 1024 * 1024
    total_bytes: int = 256 * 1024 * 1024
    archive_bytes: int = 128 * 1024 * 1024
    ratio: int = 100
    ratio_from: int = 16 * 1024 * 1024


CAPS: Final = Caps()


class UnfitError(Exception):
    """What was given holds what no package may hold. ``path`` is the name in it, or empty for the whole."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why)
        self.path = path


@contextmanager
def writing(into: Path, called: str, caps: Caps = CAPS) -> "Iterator[PlainTree]":
    """Open the empty directory *into* for files of *called*, and make errors of it into words for a person.

    Raises InstallError: E_ARCHIVE for what no package may hold, E_STATE when *into* cannot be written. What was
    written until then is there for the caller to remove.
    """
    try:
        with PlainTree(into, caps) as tree:
            yield tree
            if not tree.entries:
                raise UnfitError("holds no file")  # noqa: TRY301 - one place for all of them
    except UnfitError as error:
        where = f"{called}: {_short(error.path)}" if error.path else called
        raise InstallError(
            "E_ARCHIVE", f"{printable(where)} {error}; nothing of it is kept"
        ) from None
    except OSError as error:
        raise InstallError(
            "E_STATE", f"{into}: {error.strerror}; nothing of {printable(called)} is kept"
        ) from error


def size_text(size: int) -> str:
    """Return *size* in bytes for people."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"


def _short(path: str) -> str:
    return path if len(path) <= 160 else f"{path[:160]}..."


class PlainTree:
    """The files beneath *into*, which is empty and ours. A context manager; each method raises UnfitError and OSError."""

    def __init__(self, into: Path, caps: Caps = CAPS) -> None:
        self._caps = caps
        self._root = os.open(into, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        if os.listdir(self._root):
            os.close(self._root)
            raise ValueError(f"{into} is not empty: what is there could be taken for theirs")
        self._here, self._here_fd = "", -1
        self._directories: set[str] = {""}
        self._written: dict[str, str] = {}
        """Each name as it was given, by what the most careless file system makes of it."""
        self.entries = 0
        self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._root)
        if self._here_fd >= 0:
            os.close(self._here_fd)

    def directory(self, path: str) -> None:
        """Make sure that there is a directory *path*, and those around it."""
        self._check(path)
        self._ensure(path)

    def file(self, path: str, chunks: Iterable[bytes], *, is_executable: bool = False) -> None:
        """Write the file *path* of all *chunks* and the directories around it."""
        self._check(path)
        around, _, name = path.rpartition("/")
        self._ensure(around)
        self._claim(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        mode = 0o700 if is_executable else 0o600
        try:
            fd = os.open(name, flags, mode, dir_fd=self._open(around))
        except FileExistsError:
            raise UnfitError("is there twice", path) from None
        size = 0
        with open(fd, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                self.bytes += len(chunk)
                self.check_size(path, size)
                if self.bytes > self._caps.total_bytes:
                    raise UnfitError(
                        f"unpacks to more than {size_text(self._caps.total_bytes)} in all"
                    )
                file.write(chunk)

    def check_size(self, path: str, size: int) -> None:
        """Refuse a file of *size* bytes if no file may be so large."""
        if size > self._caps.file_bytes:
            raise UnfitError(f"is larger than {size_text(self._caps.file_bytes)}", path)

    def _check(self, path: str) -> None:
        why = why_unfit(path)
        if why is not None:
            raise UnfitError(f"cannot be: {why}", path)
        if "\\" in path or _DRIVE.match(path):
            raise UnfitError("cannot be: its name leads elsewhere on some systems", path)
        if _GIT in path.casefold().split("/"):
            raise UnfitError("cannot be: a package holds no repository of git's", path)

    def _ensure(self, path: str) -> None:
        if path in self._directories:
            return
        known = path
        missing: list[str] = []
        while known not in self._directories:
            around, _, name = known.rpartition("/")
            missing.append(name)
            known = around
        for name in reversed(missing):
            below = f"{known}/{name}" if known else name
            self._claim(below)
            try:
                os.mkdir(name, 0o700, dir_fd=self._open(known))
            except FileExistsError:
                raise UnfitError("is there twice", below) from None
            self._directories.add(below)
            known = below

    def _claim(self, path: str) -> None:
        self.entries += 1
        if self.entries > self._caps.entries:
            raise UnfitError(f"holds more than {self._caps.entries} files and directories")
        plain = _plain(path)
        other = self._written.setdefault(plain, path)
        if other != path:
            raise UnfitError(
                f"and {_short(other)} are one and the same name on some systems", path
            )
        if self.entries > len(self._written):
            raise UnfitError("is there twice", path)

    def _open(self, path: str) -> int:
        """Return a descriptor of the directory *path*, good until the next call."""
        if not path:
            return self._root
        if path != self._here or self._here_fd < 0:
            fd = walk(self._root, path.split("/"), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if self._here_fd >= 0:
                os.close(self._here_fd)
            self._here, self._here_fd = path, fd
        return self._here_fd


def _plain(path: str) -> str:
    """What is left of *path* where neither case nor the composition of a letter makes a difference."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
