"""What is in a fetched plugin, counted for the person who is asked about it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from host.install.tree import tree_of

_MAX_PACKAGE_JSON: Final = 1024 * 1024
_MAX_LISTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Contents:
    """``bytes`` and ``files`` are of everything that would be kept; ``packages`` is what it brings along, as
    ``name@version``, by name."""

    files: int
    bytes: int
    packages: tuple[str, ...]
    tree: str
    """The hash of all files, as its snapshot would be called."""


def contents_of(root: Path) -> Contents:
    """Count what is in *root*: plain files and directories that nobody else can change."""
    size = 0
    hashes: dict[str, str] = {}
    packages: set[str] = set()
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            with open(path, "rb") as file:
                hashes[path.relative_to(root).as_posix()] = hashlib.file_digest(
                    file, "sha256"
                ).hexdigest()
                size += file.tell()
            if name == "package.json" and len(packages) < _MAX_LISTED:
                package = _package(path)
                if package is not None:
                    packages.add(package)
    return Contents(len(hashes), size, tuple(sorted(packages)), tree_of(hashes))


class _Package(msgspec.Struct):
    version: str = ""


def _package(path: Path) -> str | None:
    """Return ``name@version`` of the dependency whose package.json is *path*; None when it is none of one."""
    folder = path.parent
    scope = folder.parent.name if folder.parent.name.startswith("@") else ""
    holder = folder.parent.parent if scope else folder.parent
    if holder.name != "node_modules":
        return None
    version = ""
    if path.lstat().st_size <= _MAX_PACKAGE_JSON:
        try:
            version = msgspec.json.decode(path.read_bytes(), type=_Package).version
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            version = ""  # it is said by its name alone
    name = f"{scope}/{folder.name}" if scope else folder.name
    return f"{name}@{version}" if version else name
