"""What a package says of itself in its ``package.json``, and which packages that it depends on it does not bring along.

Promises    Whatever a stranger's file holds, what comes out is texts: a part of another shape counts as absent. Nothing
            is judged here; what the manifest must be, its own reader says (``policies/package_manifest.py``).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from host.audit import printable
from ipc.provided import is_provided

_MAX_BYTES: Final = 1024 * 1024
_MAX_VERSION_CHARS: Final = 256
_NAME: Final = re.compile(r"(?:@[\w~-][\w.~-]*/)?[\w~-][\w.~-]*", re.ASCII)
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Package:
    """``dependencies`` are ranges of versions by name; ``scripts`` are names only, none of which is ever run."""

    name: str = ""
    version: str = ""
    dependencies: Mapping[str, str] = field(default_factory=dict)
    scripts: frozenset[str] = frozenset()


def package_json(directory: Path) -> Mapping[str, object]:
    """Return what ``package.json`` in *directory*, which is ours, holds; empty for none, or for what is no object."""
    try:
        with open(directory / "package.json", "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            return {}
        given: object = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def package_of(directory: Path) -> Package:
    """Return what the package in *directory*, which is ours, says of itself; nothing where it has no package.json."""
    raw = package_json(directory)
    version = _text(raw.get("version"))
    return Package(
        name=_text(raw.get("name")),
        version=version if len(version) <= _MAX_VERSION_CHARS and version.isprintable() else "",
        dependencies={
            name: _text(wanted)
            for name, wanted in _table(raw.get("dependencies")).items()
            if _NAME.fullmatch(name)
        },
        scripts=frozenset(_table(raw.get("scripts"))),
    )


def missing_dependencies(directory: Path, package: Package) -> dict[str, str]:
    """Return what *package* in *directory* depends on and neither has in ``node_modules`` nor finds in the runtime."""
    return {
        name: wanted
        for name, wanted in package.dependencies.items()
        if not is_provided(name) and not (directory / "node_modules" / name).is_dir()
    }


def missing_parts(directory: Path, package: Package) -> list[str]:
    """Return lines for the user about what is not in *directory*."""
    missing = missing_dependencies(directory, package)
    if not missing:
        return []
    many = f"{len(missing)} packages" if len(missing) > 1 else "a package"
    return [f"it depends on {many} that it does not bring along: {listed(missing)}"]


def listed(names: Collection[str]) -> str:
    """Return *names* for a message: the first few, and how many more there are."""
    more = len(names) - _MOST_NAMED
    shown = printable(", ".join(list(names)[:_MOST_NAMED]))
    return f"{shown} and {more} more" if more > 0 else shown


def _table(given: object) -> dict[str, object]:
    return given if isinstance(given, dict) else {}


def _text(given: object) -> str:
    return given if isinstance(given, str) else ""
