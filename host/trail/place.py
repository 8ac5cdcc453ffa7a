"""Which files belong to a log, and how long they are kept.

The log and its full segments stand together (``audit.jsonl``, ``audit.jsonl.1``, ...); key, head and lock
stand in another directory, so that write access to the one is none to the other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from os import fsencode
from pathlib import Path
from typing import Final

PATH_VARIABLE: Final = "JCODE_PLUGIN_AUDIT_PATH"


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one log. *log* is absolute."""

    log: Path
    keys: Path

    @property
    def key(self) -> Path:
        """The key of all logs of one home."""
        return self.keys / "audit.key"

    @property
    def head(self) -> Path:
        """What the last writer signed."""
        return self._beside("head")

    @property
    def lock(self) -> Path:
        """Held while one process appends or rotates."""
        return self._beside("lock")

    def segment(self, number: int) -> Path:
        """The full file *number*."""
        return self.log.with_name(f"{self.log.name}.{number}")

    def segments_there(self) -> list[int]:
        """Return the numbers of the full files that exist, the oldest first. Raises OSError."""
        name = re.compile(re.escape(self.log.name) + r"\.([1-9][0-9]{0,8})")
        found = (name.fullmatch(path.name) for path in self.log.parent.iterdir())
        return sorted(int(match[1]) for match in found if match is not None)

    def _beside(self, what: str) -> Path:
        digest = blake2b(fsencode(self.log), digest_size=8).hexdigest()
        return self.keys / f"audit-{digest}.{what}"


@dataclass(frozen=True, slots=True)
class Policy:
    """When a file of the log is full, and when a full one is removed."""

    max_bytes: int = 16 * 1024 * 1024
    max_files: int = 16
    """Full files that are kept beside the active one."""
    max_age_s: float | None = 90 * 24 * 3600.0


def place_of(home: Path, configured: str | None, env: Mapping[str, str]) -> Place:
    """Return the log of *home*: as the environment says, else the configuration, else beneath *home*."""
    given = env.get(PATH_VARIABLE) or configured
    log = Path(given).expanduser() if given else home / "audit" / "audit.jsonl"
    return Place(Path.cwd() / log, home.absolute() / "keys")
