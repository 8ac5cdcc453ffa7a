"""Our hook put into an agent's configuration on disk, or taken out of it.

Promises    The file is replaced whole, keeps its mode and, where it is a link, is changed where it really lies. What it
            held before the first change stands beside it, with the ending ``.before-jcode-plugins``.
"""

import difflib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.doors.configs import Command, with_hook, without_hook
from host.doors.mapping import Agent
from host.doors.opencode import SHIM_NAME, is_our_shim, shim
from host.errors import ConfigError

BACKUP: Final = ".before-jcode-plugins"
_MAX_BYTES: Final = 4 * 1024 * 1024
_EMPTY: Final = frozenset({"", "{}"})
_USER: Final[dict[Agent, str]] = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "gemini": ".gemini/settings.json",
    "opencode": f".config/opencode/plugins/{SHIM_NAME}",
}
_JCODE: Final[dict[Agent, str]] = {"jcode": "config.toml", "jcode-v2": "hooks.toml"}
_PROJECT: Final[dict[Agent, str]] = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "gemini": ".gemini/settings.json",
    "jcode-v2": ".jcode/hooks.toml",
    "opencode": f".opencode/plugins/{SHIM_NAME}",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one file. ``before`` is None where there was none; ``after`` where none is to be."""

    path: Path
    before: str | None
    after: str | None

    @property
    def is_one(self) -> bool:
        """Whether anything changes."""
        return self.before != self.after

    def diff(self) -> str:
        """Return it as a unified diff, for people."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            str(self.path) if self.before is not None else os.devnull,
            str(self.path) if self.after is not None else os.devnull,
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def place_of(agent: Agent, home: Path, state: Path, project: Path | None) -> Path:
    """Return the file that tells *agent* of hooks: that of *project*, or the user's, in *home* or in jcode's *state*.

    Raises ConfigError.
    """
    own = state / _JCODE[agent] if agent in _JCODE else home / _USER[agent]
    if project is None:
        return own
    if agent not in _PROJECT:
        raise ConfigError(f"{agent} reads hooks from {own} only; leave --project away")
    return project / _PROJECT[agent]


def planned(path: Path, agent: Agent, command: Command | None) -> Change:
    """Return what adding *command*, or with None taking it out, makes of *path*. Changes nothing. Raises ConfigError."""
    before = _read(path)
    if agent == "opencode":
        if before is not None and not is_our_shim(before):
            raise ConfigError(f"{path} is not ours; move it away")
        return Change(path, before, None if command is None else shim(command))
    text = before or ""
    where = str(path)
    if command is not None:
        return Change(path, before, with_hook(command, text, where))
    after = without_hook(agent, text, where)
    is_left_over = after.strip() in _EMPTY and not _backup_of(path).exists()
    return Change(path, before, None if is_left_over else after)


def _backup_of(path: Path) -> Path:
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + BACKUP)


def carry_out(change: Change) -> Path | None:
    """Do it; return where the file as it was before our first change is, if there was one. Raises ConfigError."""
    path, backup = Path(os.path.realpath(change.path)), _backup_of(change.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if change.before is not None and not backup.exists() and change.after is not None:
            # Only what was there before us: what we added ourselves is no reason for one.
            _write(backup, change.before, _mode(path))
        if change.after is None:
            path.unlink(missing_ok=True)
        else:
            _write(path, change.after, _mode(path))
    except OSError as error:
        raise ConfigError(f"{error.filename or path}: {error.strerror}") from error
    return backup if backup.exists() else None


def _read(path: Path) -> str | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path} is larger than {_MAX_BYTES >> 20} MiB")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o600


def _write(path: Path, text: str, mode: int) -> None:
    fd, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(fd, "w", encoding="utf-8") as file:
            os.fchmod(fd, mode)
            file.write(text)
            file.flush()
            os.fsync(fd)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
