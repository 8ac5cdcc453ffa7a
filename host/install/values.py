"""What is known of a plugin on its way in, and what is remembered of it in ``installed.json``.

Values only. Who fetches: ``npm``, ``git`` and ``archive`` beside this file. Who remembers: ``store``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from policies.decision import Rule, Source

if TYPE_CHECKING:
    from host.outcome import Json
else:
    Json = object  # msgspec follows no alias that names itself; what JSON holds is JSON

SourceType: TypeAlias = Literal["npm", "git", "file", "directory", "link"]
"""Where a plugin came from. ``file`` is an archive or a single file; a ``link`` runs from where it lies."""


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the user named. ``spec`` can be given to ``install`` again; ``track`` is the branch that updates follow."""

    type: SourceType
    spec: str
    track: str | None = None


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a plugin, exactly: what was taken, which files it consists of, and what the user accepted.

    ``resolved`` names the version beyond doubt (``npm:NAME@VERSION``, ``git+URL#COMMIT``, a path); ``integrity`` is
    what the source vouches for it (``sha512-...`` of an archive, a commit). ``tree`` is the hash of all files
    together and the name of the snapshot that runs; ``files`` has the SHA-256 of each, in hex, by its path. Both
    are empty for a link. ``accepted`` are pairs of a capability's kind and a pattern. ``signed_by`` is the id of the
    trusted key whose signature held, or empty.
    """

    version: str
    resolved: str
    integrity: str = ""
    tree: str = ""
    files: dict[str, str] = {}
    accepted: tuple[tuple[str, str], ...] = ()
    features: tuple[str, ...] | None = None
    signed_by: str = ""


class Installed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An installed plugin. Times are in seconds since the epoch."""

    name: str
    id: str
    origin: Origin
    current: Release
    enabled: bool
    installed_at: float
    updated_at: float
    settings: dict[str, Json] = {}
    last_known_good: Release | None = None
    """What ran before ``current``; what ``rollback`` goes back to."""

    def consent(self) -> tuple[Rule, ...]:
        """What the user said yes to, as rules of layer 3."""
        source = Source("consent", f"installing {self.name}")
        return tuple(Rule(kind, pattern, source) for kind, pattern in self.current.accepted)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source gave: a directory of ours with plain files and directories only, the package at its top.

    Nobody else can write there; whoever asked for it removes it. ``notes`` are lines for the user, for example that
    a registry's signature was verified.
    """

    directory: Path
    origin: Origin
    resolved: str
    version: str
    integrity: str = ""
    notes: tuple[str, ...] = ()
