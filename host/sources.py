"""Files of a plugin, for a builder that may read nothing else.

Promises    Only regular files beneath the root are read, whatever symlinks say at whatever moment: the kernel
            resolves beneath a descriptor of the root. The bytes that are hashed are the bytes that are built:
            both come from one read, kept in a copy that only the builder sees.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from host.beneath import EscapeError, read_beneath
from host.errors import PluginLoadError
from host.integrity import Expected

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

    ``copies`` is where found files are copied to, or None to only look and hash. A file that is not as *expected* is
    not found; the first is told in ``fault``.
    """

    def __init__(
        self, root: Path, copies: Path | None, expected: Expected | None = None
    ) -> None:
        self._root = root
        self._expected = expected
        self._root_fd = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._copies = copies
        self._found: dict[str, Copied | None] = {}
        self._total = 0
        self.reads: list[Read] = []
        self.escapes: list[str] = []
        self.problem: str | None = None
        self.fault: PluginLoadError | None = None

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
        sha256 = None if data is None else hashlib.sha256(data).hexdigest()
        if self._expected is not None and self.problem is None:
            fault = self._expected.fault(self._root, path, sha256)
            if fault is not None:
                self.fault = self.fault or fault
                data = None
        if data is not None and sha256 is not None:
            local = ""
            if self._copies is not None:
                # Named by us: a plugin's file name never becomes part of a path of ours.
                suffix = _COPY_SUFFIX.get(Path(path).suffix, ".js")
                local = f"{len(self._found):05d}{suffix}"
                with open(self._copies / local, "xb") as file:
                    os.fchmod(file.fileno(), 0o644)  # a builder may be another user than we are
                    file.write(data)
            copied = Copied(path, local, sha256)
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
