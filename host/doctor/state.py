"""The directory of our state and the files of configuration: whose they are, who else may write or read them."""

import os
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from host.config import CEILING, Config
from host.doctor.rows import Row
from host.errors import ConfigError, OffError
from host.off import Entry, OffFile
from host.quarantine import Quarantine

_WRITE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_READ_BY_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_state(home: Path, config: Config | ConfigError) -> list[Row]:
    """Return rows about *home*, what lies directly in it, the configuration as it was read, and the ceiling."""
    return [
        _directory(home),
        *_within(home),
        _quarantine(home),
        _switched_off(home),
        _config(home, config),
        _ceiling(),
    ]


def _directory(home: Path) -> Row:
    name = "state directory"
    try:
        found = home.stat()
    except FileNotFoundError:
        return Row(name, "ok", f"{home} (not there yet; made when it is needed)")
    except OSError as error:
        return Row(name, "bad", f"{home}: {error.strerror}", "make it a directory that you own")
    if not stat.S_ISDIR(found.st_mode):
        return Row(name, "bad", f"{home} is no directory", "move it away, or set JCODE_HOME")
    if found.st_uid != os.geteuid():
        return Row(
            name,
            "bad",
            f"{home} belongs to user {found.st_uid}",
            f"chown {os.geteuid()} {home}",
        )
    if found.st_mode & _WRITE_BY_OTHERS:
        return Row(
            name,
            "bad",
            f"{home} may be written by others",
            f"chmod 700 {home} (or doctor --fix)",
        )
    if found.st_mode & _READ_BY_OTHERS:
        return Row(
            name, "warn", f"{home} may be read by others", f"chmod 700 {home} (or doctor --fix)"
        )
    return Row(name, "ok", f"{home}, yours alone")


def _within(home: Path) -> list[Row]:
    rows = []
    for path, found in _entries(home):
        if found.st_uid not in (0, os.geteuid()):
            rows.append(
                Row(
                    path.name,
                    "bad",
                    f"{path} belongs to user {found.st_uid}",
                    f"chown {os.geteuid()} {path}",
                )
            )
        elif found.st_mode & _WRITE_BY_OTHERS and not stat.S_ISLNK(found.st_mode):
            rows.append(
                Row(
                    path.name,
                    "bad",
                    f"{path} may be written by others",
                    f"chmod go-w {path} (or doctor --fix)",
                )
            )
    return rows


def _entries(home: Path) -> Iterable[tuple[Path, os.stat_result]]:
    try:
        names = sorted(os.listdir(home))
    except OSError:
        return
    for name in names:
        try:
            yield home / name, (home / name).lstat()
        except OSError:
            continue


def _quarantine(home: Path) -> Row:
    off = Quarantine(home).all()
    if off:
        return Row(
            "plugins off",
            "warn",
            f"for a violation of the sandbox: {', '.join(f'{one.name} ({one.why})' for one in off)}",
            "look into the audit; jcode-plugin enable NAME lets one run again",
        )
    return Row("plugins off", "ok", "none")


def _switched_off(home: Path) -> Row:
    name = "switched off"
    try:
        off = OffFile(home).read()
    except OffError as error:
        return Row(name, "bad", str(error), "mend it, or move it away")
    if off.all is not None:
        return Row(name, "warn", f"all plugins, {_since(off.all)}", "jcode-plugin enable --all")
    if off.plugins:
        told = ", ".join(f"{one} {_since(entry)}" for one, entry in sorted(off.plugins.items()))
        return Row(name, "note", told, "jcode-plugin enable NAME lets one run again")
    return Row(name, "ok", "none by a person")


def _since(entry: Entry) -> str:
    day = datetime.fromtimestamp(entry.since, UTC).date().isoformat()
    return f"by jcode-plugin {entry.by} since {day}"


def _config(home: Path, config: Config | ConfigError) -> Row:
    if isinstance(config, ConfigError):
        return Row("configuration", "bad", str(config), "correct it; until then nothing runs")
    if config.warnings:
        return Row("configuration", "warn", "; ".join(config.warnings), "correct these lines")
    path = home / "config.toml"
    return Row("configuration", "ok", str(path) if path.exists() else f"{path} (none)")


def _ceiling() -> Row:
    try:
        found = CEILING.stat()
    except FileNotFoundError:
        return Row("ceiling", "ok", f"{CEILING} (none)")
    except OSError as error:
        return Row(
            "ceiling", "bad", f"{CEILING}: {error.strerror}", "make it readable for everyone"
        )
    if found.st_uid != 0 or found.st_mode & _WRITE_BY_OTHERS:
        return Row(
            "ceiling",
            "bad",
            f"{CEILING} may be changed by others than root",
            f"chown root {CEILING} && chmod 644 {CEILING}",
        )
    return Row("ceiling", "ok", str(CEILING))


def fix_state(home: Path) -> list[str]:
    """Close *home* to others and take their right to write from what lies in it; return what was changed.

    Only what belongs to this user, and never through a link. Raises ``OSError`` where that is refused.
    """
    changed = []
    try:
        fd = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    try:
        if _close_to_others(fd, keep=stat.S_IRWXU):
            changed.append(str(home))
        changed += [
            str(home / name) for name in sorted(os.listdir(fd)) if _keep_from_writing(fd, name)
        ]
    finally:
        os.close(fd)
    return changed


def _keep_from_writing(directory_fd: int, name: str) -> bool:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=directory_fd)
    except OSError:
        return False  # a link, a socket, or gone
    try:
        return _close_to_others(fd, keep=~_WRITE_BY_OTHERS)
    finally:
        os.close(fd)


def _close_to_others(fd: int, *, keep: int) -> bool:
    found = os.fstat(fd)
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.geteuid() or mode & keep == mode:
        return False
    os.fchmod(fd, mode & keep)
    return True
