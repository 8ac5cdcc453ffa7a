"""A plugin from a path of this machine: a directory, a single file, or an archive.

Promises    What is taken is a copy, and nothing of it runs. Of a directory everything comes along, ``node_modules`` too,
            from which plugins import; but no ``.git``, which git would obey, no ``node_modules/.bin``, and no link:
            what it leads to is somebody else's to change. What is left out is said.
Otherwise   ``link`` runs a directory from where it lies, links and all.
"""

import base64
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from host.errors import InstallError
from host.install.archive import unpack
from host.install.contained import listed, missing_parts, package_of
from host.install.plain_tree import Caps, PlainTree, UnfitError, writing
from host.install.snapshots import MAX_ENTRIES, MAX_TOTAL_BYTES
from host.install.spec import ARCHIVES, PathSpec, shown
from host.install.tree import MAX_DEPTH
from host.install.values import Fetched, Origin
from host.project_code import DECLARATIONS, SUFFIXES
from host.signing.contents import ALONE

DIRECTORY_CAPS: Final = Caps(entries=MAX_ENTRIES, total_bytes=MAX_TOTAL_BYTES)
"""With all that a plugin depends on, as a snapshot may be."""
_CHUNK: Final = 1024 * 1024
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GIT: Final = ".git"


def fetch_path(spec: PathSpec, into: Path, *, caps: Caps = DIRECTORY_CAPS) -> Fetched:
    """Copy what *spec* names into *into*, an empty directory of ours.

    Raises InstallError: E_NOT_FOUND for what is not there or cannot be read, E_SPEC for what cannot be a plugin,
    E_ARCHIVE for what no package may hold.
    """
    path, called = spec.path, shown(str(spec.path))
    try:
        status = os.stat(path)
    except OSError as error:
        raise InstallError("E_NOT_FOUND", f"{called}: {error.strerror}") from error
    name = path.name.casefold()
    notes: list[str] = []
    integrity = ""
    if stat.S_ISDIR(status.st_mode):
        if into.resolve().is_relative_to(path.resolve()):
            raise InstallError(
                "E_SPEC", f"{called} holds our own files too; name the plugin's own directory"
            )
        if _is_bare(path):
            raise InstallError(
                "E_SPEC",
                f"{called} is a git repository without its files; write git+file:{called}",
            )
        notes = _copy_directory(path, into, called, caps)
    elif not stat.S_ISREG(status.st_mode):
        raise InstallError("E_SPEC", f"{called} is neither a file nor a directory")
    elif name.endswith(ARCHIVES):
        integrity = _unpack(path, into, called)
    elif name.endswith(SUFFIXES) and not name.endswith(DECLARATIONS):
        # Under the name by which a directory's plugin is found; its own may be any.
        index = f"index{path.suffix.lower()}"
        with writing(into, called, caps) as tree:
            tree.file(index, _chunks(_open(path, called)))
            for ending in ALONE:  # its signature, if it has one
                beside = path.with_name(path.name + ending)
                if beside.is_file():
                    tree.file(index + ending, _chunks(_open(beside, shown(str(beside)))))
    else:
        raise InstallError(
            "E_SPEC",
            f"{called} is no plugin: name a directory, a file of JavaScript or TypeScript, or an archive ({', '.join(ARCHIVES)})",
        )
    package = package_of(into)
    return Fetched(
        directory=into,
        origin=Origin("directory" if stat.S_ISDIR(status.st_mode) else "file", spec.spec),
        resolved=spec.spec,
        version=package.version,
        integrity=integrity,
        notes=(*notes, *missing_parts(into, package)),
    )


def _is_bare(path: Path) -> bool:
    return (path / "HEAD").is_file() and all(
        (path / name).is_dir() for name in ("objects", "refs")
    )


class _Hashed:
    """A file whose bytes are hashed as they are read: what is vouched for is what was unpacked."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.digest = hashlib.sha512()

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        data = os.read(self._fd, size)
        self.digest.update(data)
        return data


def _unpack(path: Path, into: Path, called: str) -> str:
    """Unpack the archive at *path*; return what it is known by, as npm writes it."""
    fd = _open(path, called)
    try:
        file = _Hashed(fd)
        unpack(file, into, called=called)
        return f"sha512-{base64.b64encode(file.digest.digest()).decode()}"
    finally:
        os.close(fd)


def _open(path: Path, called: str) -> int:
    """Open what the user named himself, by links if need be."""
    try:
        return os.open(path, _READ & ~os.O_NOFOLLOW)
    except OSError as error:
        raise InstallError("E_NOT_FOUND", f"{called}: {error.strerror}") from error


def _chunks(fd: int) -> Iterator[bytes]:
    with open(fd, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _copy_directory(path: Path, into: Path, called: str, caps: Caps) -> list[str]:
    copy = _Copy(called)
    with writing(into, called, caps) as tree:
        copy.run(tree, _open(path, called))
    return copy.notes()


class _Copy:
    """One copy of a directory, name by name beneath descriptors, so that nobody who swaps one leads us elsewhere."""

    def __init__(self, called: str) -> None:
        self._called = called
        self._links: list[str] = []
        self._others: list[str] = []

    def notes(self) -> list[str]:
        """What the user should know of what is not in the copy."""
        found = []
        if self._links:
            many = "a link" if len(self._links) == 1 else f"{len(self._links)} links"
            found.append(
                f"{many} left out: {listed(self._links)}; link the directory to keep them"
            )
        if self._others:
            found.append(f"neither files nor directories, left out: {listed(self._others)}")
        return found

    def run(self, tree: PlainTree, fd: int, below: str = "") -> None:
        """Copy the directory *fd*, which is closed, to *below*."""
        try:
            if below.count("/") >= MAX_DEPTH:
                raise UnfitError(f"lies more than {MAX_DEPTH} directories deep", below)
            for name in sorted(os.listdir(fd)):
                path = f"{below}/{name}" if below else name
                if name.casefold() == _GIT or f"/{path}".endswith("/node_modules/.bin"):
                    continue
                self._take(tree, fd, name, path)
        finally:
            os.close(fd)

    def _take(self, tree: PlainTree, around: int, name: str, path: str) -> None:
        try:
            status = os.stat(name, dir_fd=around, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                below = os.open(name, _DIRECTORY, dir_fd=around)
            elif stat.S_ISREG(status.st_mode):
                below = os.open(name, _READ, dir_fd=around)
            else:
                kind = self._links if stat.S_ISLNK(status.st_mode) else self._others
                kind.append(path)
                return
        except OSError as error:
            where = shown(f"{self._called}/{path}")
            raise InstallError(
                "E_NOT_FOUND", f"{where}: {error.strerror}; nothing of it is kept"
            ) from error
        if stat.S_ISDIR(status.st_mode):
            tree.directory(path)
            self.run(tree, below, path)
            return
        if not stat.S_ISREG(os.fstat(below).st_mode):
            os.close(below)
            raise UnfitError("changes while it is copied", path)
        tree.file(path, _chunks(below), is_executable=bool(status.st_mode & 0o111))
