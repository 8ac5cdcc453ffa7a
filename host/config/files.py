"""Which files a configuration is read from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CEILING: Final = Path("/etc/jcode/plugin.toml")


@dataclass(frozen=True, slots=True)
class CeilingFile:
    """Where the ceiling is, and who must own it for it to be one."""

    path: Path = CEILING
    owner: int = 0


@dataclass(frozen=True, slots=True)
class Files:
    """What a configuration was read from, but for the project's file."""

    user: Path
    ceiling: CeilingFile
