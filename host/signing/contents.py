"""What is signed: a plugin's name and version, and the SHA-256 of every file of it.

Promises    One plugin has one text, byte for byte: what is not written as :func:`encode` writes it is none. No file
            is left out: packages beneath ``node_modules`` are code like any other. Links and devices are refused,
            since what they lead to is not signed.
Relies on   The root is opened once; nothing is looked up through a link of the plugin's.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.beneath import EscapeError, read_beneath

FORMAT: Final = 1
NAME: Final = "jcode-plugin.files.json"
SUFFIX: Final = ".minisig"
ALONE: Final = (".files.json", ".files.json.minisig")
"""What the two files of a plugin of one file are called, after its name."""
MAX_CONTENTS_BYTES: Final = 4 * 1024 * 1024
MAX_FILES: Final = 20_000
MAX_TOTAL_BYTES: Final = 256 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_GIT: Final = ".git"
_BIN: Final = ("node_modules", ".bin")
"""What no installation takes along: the history of a checkout, and commands of packages. Nothing in them is signed, and so
nothing in them can be loaded under a signature."""


class ContentsError(Exception):
    """A plugin's files, or the list of them, are not what can be signed. The text says which and why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """``files``: path from the root -> SHA-256 in hex."""

    name: str
    version: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A plugin's files: all beneath ``root``, or the only one, called ``file``."""

    root: Path
    file: str | None = None

    @property
    def contents(self) -> str:
        """The name of the list: in the plugin, so that both travel with it; beside a plugin of one file."""
        return NAME if self.file is None else self.file + ALONE[0]

    @property
    def signature(self) -> str:
        """The name of its signature."""
        return self.contents + SUFFIX

    def named(self, path: str) -> str:
        """What the list calls the file *path*. A plugin of one file has any name: installed, it is ``index``."""
        if self.file is None or path != self.file:
            return path
        return f"index{Path(path).suffix.lower()}"

    @property
    def told(self) -> Path:
        """What a person calls it."""
        return self.root if self.file is None else self.root / self.file


def place_of(root: Path, file: str, *, is_directory: bool) -> Place:
    """Return whose signature counts for a plugin that begins with *file* in *root*.

    A directory may hold a plugin of one file with the signature of that one: nothing else of it can be loaded then.
    """
    alone = Place(root, file)
    if not is_directory:
        return alone
    whole = Place(root)
    if not os.path.lexists(root / whole.signature) and os.path.lexists(root / alone.signature):
        return alone
    return whole


def encode(contents: Contents) -> bytes:
    """Return the text of *contents*."""
    value = {
        "format": FORMAT,
        "name": contents.name,
        "version": contents.version,
        "files": dict(sorted(contents.files.items())),
    }
    return json.dumps(value, indent=1, ensure_ascii=True).encode("ascii") + b"\n"


def parse(data: bytes) -> Contents:
    """Return what *data* lists. Raises ContentsError for anything that :func:`encode` would not have written."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        raise ContentsError(f"{NAME} is not JSON") from None
    if not isinstance(value, dict):
        raise ContentsError(f"{NAME} is not an object")
    known, name, version, files = (value.get(k) for k in ("format", "name", "version", "files"))
    if type(known) is int and known > FORMAT:
        raise ContentsError(f"{NAME} has format {known}, and this program knows {FORMAT}")
    if (
        type(known) is not int
        or not isinstance(name, str)
        or not isinstance(version, str)
        or not isinstance(files, dict)
        or not all(
            isinstance(digest, str) and _HASH.fullmatch(digest) for digest in files.values()
        )
    ):
        raise ContentsError(f"{NAME} is not a list of files and their hashes")
    contents = Contents(name, version, files)
    # One text for one list: twice the same key, another order or a trailing byte would read the same and be another.
    if encode(contents) != data:
        raise ContentsError(f"{NAME} is not written as it was when it was signed")
    return contents


def open_root(place: Place) -> int:
    """Return a descriptor of the plugin's root; the caller closes it. Raises OSError."""
    return os.open(place.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def read_beside(root_fd: int, name: str, limit: int) -> bytes | None:
    """Return the file *name* of the root, or None where there is none. Raises ContentsError."""
    try:
        status = os.stat(name, dir_fd=root_fd, follow_symlinks=False)
        data = read_beneath(root_fd, name, limit) if stat.S_ISREG(status.st_mode) else None
    except FileNotFoundError:
        return None
    except (OSError, EscapeError) as error:
        raise ContentsError(f"{name} cannot be read ({error})") from None
    if data is None:
        raise ContentsError(f"{name} is not a plain file")
    if len(data) > limit:
        raise ContentsError(f"{name} is larger than {limit >> 10} KiB")
    return data


def hash_files(root_fd: int, place: Place) -> dict[str, str]:
    """Return the hash of every file that a signature of *place* covers, as the list names it. Raises ContentsError."""
    found: dict[str, str] = {}
    left = MAX_TOTAL_BYTES
    try:
        for folder, folders, files, fd in os.fwalk(
            ".", onerror=_raise, follow_symlinks=False, dir_fd=root_fd
        ):
            names = _covered(place, folder, folders, files)
            for name in folders:
                if stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                    raise ContentsError(f"{_path(folder, name)} is a link")
            for name in names:
                path = _path(folder, name)
                if len(found) >= MAX_FILES:
                    raise ContentsError(f"there are more than {MAX_FILES} files")
                found[place.named(path)], size = _hash_file(fd, name, path, left)
                left -= size
    except OSError as error:
        raise ContentsError(f"{error.filename or place.told}: {error.strerror}") from None
    return found


def _covered(place: Place, folder: str, folders: list[str], files: list[str]) -> list[str]:
    """Return which of *files* are the plugin's, and leave in *folders* those that are."""
    if place.file is not None:
        folders.clear()
        return [place.file]
    inner = _BIN[1] if os.path.basename(folder) == _BIN[0] else _GIT
    folders[:] = [name for name in folders if name not in (_GIT, inner)]
    ours = (place.contents, place.signature) if folder == "." else ()
    return [name for name in files if name not in (_GIT, *ours)]


def _raise(error: OSError) -> None:
    raise error


def _path(folder: str, name: str) -> str:
    path = os.path.normpath(os.path.join(folder, name))
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ContentsError(f"{path!a} has a name that is not UTF-8") from None
    return path


def _hash_file(dir_fd: int, name: str, path: str, left: int) -> tuple[str, int]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    status = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        kind = "a link" if stat.S_ISLNK(status.st_mode) else "not a plain file"
        raise ContentsError(f"{path} is {kind}")
    digest, size = hashlib.sha256(), 0
    with open(os.open(name, flags, dir_fd=dir_fd), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ContentsError(f"{path} is not a plain file")
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise ContentsError(f"the files exceed {MAX_TOTAL_BYTES >> 20} MiB")
            digest.update(chunk)
    return digest.hexdigest(), size


@dataclass(frozen=True, slots=True)
class Differences:
    """How files differ from a list of them; paths, sorted."""

    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (
            ("was changed", self.changed),
            ("is missing", self.missing),
            ("is not signed", self.extra),
        )
        told = [
            f"{paths[0]} {what}{f' and {len(paths) - 1} more' if len(paths) > 1 else ''}"
            for what, paths in parts
            if paths
        ]
        return ", ".join(told)

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.extra)


def differences(signed: Mapping[str, str], found: Mapping[str, str]) -> Differences:
    """Return how *found* differs from what was *signed*."""
    return Differences(
        tuple(sorted(p for p in signed.keys() & found.keys() if signed[p] != found[p])),
        tuple(sorted(signed.keys() - found.keys())),
        tuple(sorted(found.keys() - signed.keys())),
    )
