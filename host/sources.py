"""Files of a plugin, for a builder that may read nothing else.

Promises    Only regular files beneath the root are read, whatever symlinks say at whatever moment: the kernel
            resolves beneath a descriptor of the root. The bytes that are hashed are the bytes that are built:
            both come from one read, kept in a copy that only the builder sees.
"""

import ctypes
import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
MAX_FILES: Final = 5000

_COPY_SUFFIX: Final = {
    ".ts": ".ts",
    ".mts": ".ts",
    ".cts": ".ts",
    ".tsx": ".tsx",
    ".jsx": ".tsx",
    ".json": ".json",
}
"""The ending of a copy tells the compiler the language; it does not know the newer endings."""

_SYS_OPENAT2: Final = 437  # the same number on every architecture (Linux 5.6)
_RESOLVE_NO_MAGICLINKS: Final = 0x02
_RESOLVE_BENEATH: Final = 0x08
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class _OpenHow(ctypes.Structure):
    _fields_ = (  # type: ignore[mutable-override]  # as the ctypes manual has it
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_libc = ctypes.CDLL(None, use_errno=True)


class EscapeError(Exception):
    """A path that leads out of the root."""


def open_beneath(root_fd: int, path: str) -> int:
    """Open *path* for reading, resolved beneath *root_fd* without a race.

    Raises :class:`EscapeError` when it leads out, ``OSError`` when it cannot be opened.
    """
    if path.startswith("/") or "\0" in path:
        raise EscapeError(path)
    how = _OpenHow(_FLAGS, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    fd = _libc.syscall(
        _SYS_OPENAT2, root_fd, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
    )
    if fd >= 0:
        return int(fd)
    error = ctypes.get_errno()
    if error == errno.EXDEV:
        raise EscapeError(path)
    if error == errno.ENOSYS:
        return _walk_beneath(root_fd, path)
    raise OSError(error, os.strerror(error), path)


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
    directory = os.dup(root_fd)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FLAGS | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = below
        return os.open(parts[-1], _FLAGS | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise EscapeError(path) from None
        raise
    finally:
        os.close(directory)


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that was found: its path in the plugin, the name of its copy, its SHA-256 in hex."""

    path: str
    local: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Read:
    """One question a build asked and what it found: enough to see later whether it would find the same."""

    candidates: tuple[str, ...]
    chosen: str | None
    sha256: str | None


class SourceTree:
    """The files beneath *root*; a context manager that holds the root open.

    ``copies`` is where found files are copied to, or None to only look and hash.
    """

    def __init__(self, root: Path, copies: Path | None) -> None:
        self._root_fd = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._copies = copies
        self._found: dict[str, Copied | None] = {}
        self._total = 0
        self.reads: list[Read] = []
        self.escapes: list[str] = []
        self.problem: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._root_fd)

    def fetch(self, candidates: list[str]) -> Copied | None:
        """Return the first of *candidates* that is a regular file, copied and hashed."""
        chosen = None
        for path in candidates:
            chosen = self._one(os.path.normpath(path))
            if chosen is not None:
                break
        self.reads.append(
            Read(
                tuple(candidates),
                chosen.path if chosen is not None else None,
                chosen.sha256 if chosen is not None else None,
            )
        )
        return chosen

    def _one(self, path: str) -> Copied | None:
        if path in self._found:
            return self._found[path]
        copied = None
        try:
            data = self._read(path)
        except EscapeError:
            self.escapes.append(path)
            data = None
        except OSError:  # absent, a directory in the way, or unreadable: not a candidate
            data = None
        if data is not None:
            local = ""
            if self._copies is not None:
                # Named by us: a plugin's file name never becomes part of a path of ours.
                suffix = _COPY_SUFFIX.get(Path(path).suffix, ".js")
                local = f"{len(self._found):05d}{suffix}"
                with open(self._copies / local, "xb") as file:
                    os.fchmod(file.fileno(), 0o644)  # a builder may be another user than we are
                    file.write(data)
            copied = Copied(path, local, hashlib.sha256(data).hexdigest())
        self._found[path] = copied
        return copied

    def _read(self, path: str) -> bytes | None:
        data = read_beneath(self._root_fd, path, MAX_FILE_BYTES)
        if data is None:
            return None
        self._total += len(data)
        files = sum(1 for found in self._found.values() if found is not None)
        if len(data) > MAX_FILE_BYTES:
            self.problem = f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB"
        elif self._total > MAX_TOTAL_BYTES:
            self.problem = f"the plugin's files exceed {MAX_TOTAL_BYTES >> 20} MiB"
        elif files >= MAX_FILES:
            self.problem = f"the plugin reaches more than {MAX_FILES} files"
        else:
            return data
        return None
