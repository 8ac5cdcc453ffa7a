"""Read-only copies of plugins' files, named by what is in them: what was hashed is what runs.

Promises    A snapshot has its name from the moment on at which it is whole, and holds what its name says: every file is
            hashed as it is copied, once. Only plain files and directories are copied. Nobody writes in a snapshot;
            one that was damaged all the same is replaced when its files are kept again. A process that is killed
            leaves nothing that runs, and what it leaves is swept up by the next.
Relies on   flock(2), which ends with its process: a directory whose lock can be had belongs to nobody who lives.
Elsewhere   Which snapshot runs: ``store``. That a load finds in it what was remembered: ``host/integrity.py``.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from host.audit import printable
from host.errors import InstallError
from host.install.store import Store
from host.install.tree import is_sha256, tree_of, why_unfit
from host.install.values import Installed
from host.state_file import sync_directory, sync_files

MAX_ENTRIES: Final = 50_000
"""Files and directories: packages with all that they depend on have thousands."""
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024
"""What a plugin is built from is bounded more narrowly (``host/sources.py``); here lies also what it never reads."""

_CHUNK: Final = 1024 * 1024
_STAGED: Final = ".staged-"
_REMOVED: Final = ".removed-"
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Kept:
    """A snapshot that no sweep takes while this is held: as a context manager, or until it is forgotten.

    ``tree`` is its name, ``files`` the SHA-256 of each of its files, in hex, by its path.
    """

    def __init__(self, tree: str, files: Mapping[str, str], lock: int) -> None:
        self.tree = tree
        self.files = files
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.let_go()

    def __del__(self) -> None:
        self.let_go()

    def let_go(self) -> None:
        """From now on it stays only if it is installed."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


class Snapshots:
    """The directory ``cache/packages`` in *home*. Every change takes the lock of the :class:`Store`, which the caller
    therefore does not hold."""

    def __init__(self, home: Path) -> None:
        self._store = Store(home)
        self._folder = home / "cache" / "packages"

    def path(self, tree: str) -> Path:
        """Return where the snapshot *tree* is, if there is one."""
        if not is_sha256(tree):
            raise ValueError(f"{tree!a} is no name of a snapshot")
        return self._folder / tree

    def keep(self, directory: Path) -> Kept:
        """Copy the files in *directory*; the snapshot stays while what is returned is held, and while it is installed.

        Raises InstallError: ``E_ARCHIVE`` for what is no plain file or directory or is too much, ``E_STATE`` when
        there is no place for it.
        """
        try:
            with self._staging() as (staged, lock):
                files = _copy(directory, staged)
                sync_files(lock)
                with self._store.locked():
                    return self._place(staged, files, lock)
        except OSError as error:
            raise InstallError(
                "E_STATE",
                f"{error.filename or self._folder}: {error.strerror}; make room there or correct its permissions",
            ) from error

    def verify(self, tree: str, files: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the snapshot *tree* that holds *files*, a line each, none if it is as it was."""
        problems = [] if tree_of(files) == tree else ["its files are not those of its name"]
        path = self.path(tree)
        try:
            fd = os.open(path, _DIRECTORY)
        except OSError as error:
            return [*problems, f"{path}: {error.strerror}"]
        try:
            problems += _differences(fd, files)
        finally:
            os.close(fd)
        return problems

    def sweep(self, used: Collection[str] = ()) -> None:
        """Remove every snapshot that is neither installed, nor in *used*, nor held by anybody, and what processes
        left that are gone. Raises InstallError when it cannot be known what is installed."""
        away: list[Path] = []
        with self._store.locked():
            for name in self.unneeded(used):
                with suppress(OSError):  # what cannot be removed is there for the next sweep
                    away.append(self._take_away(self._folder / name))
        for path in away:  # thousands of files take their time, for which nobody waits
            with suppress(OSError):
                _unlink(path)

    def unneeded(self, used: Collection[str] = ()) -> list[str]:
        """Return the names of what a sweep removes. Raises InstallError as :meth:`sweep` does."""
        needed = {*used, *trees_of(self._store.read())}
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        return [
            name
            for name in sorted(names)
            if (is_sha256(name) or name.startswith((_STAGED, _REMOVED)))
            and name not in needed
            and not _is_held(self._folder / name)
        ]

    @contextmanager
    def _staging(self) -> Iterator[tuple[Path, int]]:
        """Make a directory that is ours while we live; what is there at the end and has no better name is removed."""
        staged, lock = self._make()
        while not _is_at(staged, lock):  # a sweep was faster than our lock
            os.close(lock)
            staged, lock = self._make()
        try:
            yield staged, lock
        finally:
            with suppress(OSError):
                _unlink(staged)
            os.close(lock)

    def _make(self) -> tuple[Path, int]:
        while True:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            staged = self._folder / f"{_STAGED}{secrets.token_hex(8)}"
            with suppress(FileNotFoundError):  # as above
                staged.mkdir(mode=0o700)
                lock = os.open(staged, _DIRECTORY)
                fcntl.flock(lock, fcntl.LOCK_EX)
                return staged, lock

    def _place(self, staged: Path, files: Mapping[str, str], lock: int) -> Kept:
        """Give *staged* its name, unless the same is there already. The lock of the store is held."""
        tree = tree_of(files)
        kept = self.path(tree)
        if os.path.lexists(kept):
            if not self.verify(tree, files):
                held = os.open(kept, _DIRECTORY)
                fcntl.flock(held, fcntl.LOCK_SH)
                return Kept(tree, files, held)
            _unlink(self._take_away(kept))
        os.rename(staged, kept)
        sync_directory(self._folder)
        fcntl.flock(lock, fcntl.LOCK_SH)  # others may hold it as well
        return Kept(tree, files, os.dup(lock))

    def _take_away(self, path: Path) -> Path:
        """Rename *path* and return where it can be removed: nobody finds a half of it under its own name."""
        away = self._folder / f"{_REMOVED}{secrets.token_hex(8)}"
        os.rename(path, away)
        return away


def trees_of(installed: Mapping[str, Installed]) -> set[str]:
    """Return the snapshots that are needed by what is *installed*, to run or to go back to."""
    return {
        release.tree
        for plugin in installed.values()
        for release in (plugin.current, plugin.last_known_good)
        if release is not None and release.tree
    }


def _copy(directory: Path, into: Path) -> dict[str, str]:
    """Copy what is in *directory*, read-only, and return the SHA-256 of each file by its path."""
    files: dict[str, str] = {}
    made = {into}
    total = 0
    fd = os.open(directory, _DIRECTORY)
    try:
        for found in _walk(fd):
            if found.why:
                raise _unfit(directory, found.path, found.why)
            if found.is_directory:
                continue  # made when there is something in it
            target = into / found.path
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.update(target.parents[: found.path.count("/")])
            with open(target, "xb") as file:
                files[found.path], size = _digest(found.fd, file)
                os.fchmod(file.fileno(), 0o444)
            total += size
            if size > MAX_FILE_BYTES:
                raise _unfit(
                    directory, found.path, f"is larger than {MAX_FILE_BYTES >> 20} MiB"
                )
            if total > MAX_TOTAL_BYTES:
                raise _unfit(directory, "", f"holds more than {MAX_TOTAL_BYTES >> 20} MiB")
    finally:
        os.close(fd)
    if not files:
        raise _unfit(directory, "", "holds no file")
    for folder in made:
        folder.chmod(0o555)
    return files


def _differences(fd: int, files: Mapping[str, str]) -> Iterator[str]:
    """Yield how the directory *fd* differs from one that holds *files* and nothing else."""
    missing = dict(files)
    folders = {path[:at] for path in files for at, c in enumerate(path) if c == "/"}
    for found in _walk(fd):
        told = printable(found.path)
        if found.why:
            yield f"{told} {found.why}"
        elif found.is_directory:
            if found.path not in folders:
                yield f"{told} is no part of it"
        elif found.path not in files:
            yield f"{told} is no part of it"
        elif _digest(found.fd)[0] != missing.pop(found.path):
            yield f"{told} was changed"
    for path in missing:
        yield f"{printable(path)} is missing"


@dataclass(frozen=True, slots=True)
class _Found:
    """Something in a directory. ``fd``, of a plain file, is open until the next one; *why* it cannot be read, else."""

    path: str
    fd: int = -1
    is_directory: bool = False
    why: str = ""


def _walk(fd: int) -> Iterator[_Found]:
    """Yield all that lies beneath the directory *fd*, what is too much of it and no plain file with the reason."""
    for count, found in enumerate(_beneath(fd, "")):
        if count >= MAX_ENTRIES:
            yield _Found(found.path, why=f"is one of more than {MAX_ENTRIES} files")
            return
        yield found


def _beneath(fd: int, above: str) -> Iterator[_Found]:
    for name in sorted(os.listdir(fd)):
        path = above + name
        why = why_unfit(path)
        try:
            kind = os.lstat(name, dir_fd=fd).st_mode
            # A pipe or a device does something when it is opened.
            if why is None and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                why = "is no plain file" if not stat.S_ISLNK(kind) else "is a link"
            opened = os.open(name, _FILE, dir_fd=fd) if why is None else -1
        except OSError as error:
            why, opened, kind = f"cannot be read ({error.strerror})", -1, 0
        if why is not None:
            yield _Found(path, why=why)
            continue
        try:
            if stat.S_ISREG(os.fstat(opened).st_mode):
                yield _Found(path, opened)
            elif stat.S_ISDIR(kind):
                yield _Found(path, is_directory=True)
                yield from _beneath(opened, f"{path}/")
        finally:
            os.close(opened)


def _digest(fd: int, into: BinaryIO | None = None) -> tuple[str, int]:
    """Return the SHA-256 of the file *fd*, in hex, and how many bytes it has; no more are read than a file may have."""
    digest = hashlib.sha256()
    size = 0
    while size <= MAX_FILE_BYTES and (chunk := os.read(fd, _CHUNK)):
        size += len(chunk)
        digest.update(chunk)
        if into is not None:
            into.write(chunk)
    return digest.hexdigest(), size


def _unfit(directory: Path, path: str, why: str) -> InstallError:
    where = printable(str(directory / path))
    return InstallError(
        "E_ARCHIVE",
        f"{where} {why}; a plugin consists of plain files and directories, and not too many",
    )


def _is_held(path: Path) -> bool:
    try:
        fd = os.open(path, _DIRECTORY)
    except OSError:
        return False  # nobody can hold what is no directory
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _is_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(fd))
    except FileNotFoundError:
        return False


def _unlink(path: Path) -> None:
    """Remove *path* and all beneath it; raises OSError when it is not there."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        path.unlink()
        return
    for folder, _, _ in os.walk(path):
        with suppress(OSError):
            os.chmod(folder, 0o700)  # nothing can be removed from what is read-only
    shutil.rmtree(path, ignore_errors=True)
