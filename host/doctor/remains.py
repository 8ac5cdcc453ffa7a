"""What is left in the state directory of what is gone, and what there cannot be read.

Promises    Looking changes nothing. :func:`tidy` removes what nobody can miss: copies that nothing installed runs from, and
            words of processes that ended. Data of plugins, trust and answers are told of and left alone: whoever
            put a disk away for a day has not given up what is on it.
"""

import fcntl
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from host.config import Config
from host.discovery import discover
from host.doctor.rows import Row
from host.errors import InstallError, OrdersError, TrustError
from host.install.snapshots import Snapshots
from host.install.staging import count_left, sweep
from host.install.store import Store
from host.orders import Orders
from host.project_code import plugins_in
from host.remembered import Remembered
from host.status import run_directory
from host.trusting import Trust
from policies.plugin_name import folder_name, slug

_SHOWN: Final = 8
_STATUS: Final = re.compile(r"\.?([1-9][0-9]{0,9})\.json(\.new)?")


def check_remains(home: Path, config: Config, project_dir: Path) -> list[Row]:
    """Return rows about what is left over and what cannot be read."""
    return [
        _snapshots(home),
        _stagings(home),
        _run_files(home),
        _data(home, config, project_dir),
        _trust(home),
        _approvals(home),
        _orders(home),
        _locks(home),
    ]


def tidy(home: Path) -> list[str]:
    """Remove what nobody can miss; return a line for each thing that was done."""
    done: list[str] = []
    with suppress(InstallError):  # what is installed is not known: nothing is unneeded for sure
        snapshots = Snapshots(home)
        before = snapshots.unneeded()
        if before:
            snapshots.sweep()
            gone = len(set(before) - set(snapshots.unneeded()))
            if gone:
                done.append(f"removed {gone} copies that nothing installed runs from")
    with suppress(OSError):
        left = sweep(home)
        if left:
            done.append(f"removed {left} that an installation left which was killed")
    for path in _stale_run_files(home):
        with suppress(OSError):
            path.unlink()
            done.append(f"removed {path}, of a host that is gone")
    return done


def _snapshots(home: Path) -> Row:
    name = "snapshots"
    try:
        left = Snapshots(home).unneeded()
    except InstallError:
        return Row(name, "note", "which are needed is not known", "see installed plugins")
    if left:
        return Row(name, "note", f"{len(left)} that nothing installed runs from", _FIX)
    return Row(name, "ok", "none that is not needed")


_FIX: Final = "the next installation removes them (or doctor --fix)"


def _stagings(home: Path) -> Row:
    left = count_left(home)
    if left:
        return Row("stagings", "note", f"{left} left by installations that were killed", _FIX)
    return Row("stagings", "ok", "none of an installation that is gone")


def _run_files(home: Path) -> Row:
    stale = _stale_run_files(home)
    if stale:
        told = f"{len(stale)} of hosts that are gone"
        return Row("run files", "note", told, "doctor --fix removes them")
    return Row("run files", "ok", "none of a host that is gone")


def _stale_run_files(home: Path) -> list[Path]:
    folder = run_directory(home)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [
        folder / name
        for name in names
        if (found := _STATUS.fullmatch(name)) and not _is_alive(int(found[1]))
    ]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _data(home: Path, config: Config, project_dir: Path) -> Row:
    known = {folder_name(name) for name in _known_names(home, config, project_dir)}
    kept = {entry for kind in ("data", "kv") for entry in _folders(home / kind)}
    orphans = sorted(kept - known)
    if not orphans:
        return Row("data of plugins", "ok", f"{len(kept)} plugins keep some")
    return Row(
        "data of plugins",
        "note",
        f"of none that is installed or lies in a directory here: {_listed(orphans)}",
        f"nothing, if you load them by path; else remove {home}/data/NAME and {home}/kv/NAME",
    )


def _known_names(home: Path, config: Config, project_dir: Path) -> Iterable[str]:
    """What plugins may go by whose data is here: a name in a file's own manifest is not known without a build."""
    with suppress(InstallError):
        yield from Store(home).read()
    places = [one.path for one in discover(config, home, project_dir).found]
    for folder in (config.plugin_dir, home / "tools", project_dir / ".jcode" / "plugins"):
        if folder is not None:
            places += plugins_in(folder)
    for path in places:
        yield slug(path.stem if path.is_file() else path.name)
    yield from config.plugins
    yield from config.settings


def _folders(folder: Path) -> list[str]:
    try:
        return [
            entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)
        ]
    except OSError:
        return []


def _trust(home: Path) -> Row:
    name = "trusted projects"
    trust = Trust(home)
    try:
        trusted = trust.read()
    except TrustError as error:
        return Row(name, "bad", str(error), "mend it, or move it away")
    changed = [
        path for path, project in trusted.items() if trust.state_of(project, None) == "changed"
    ]
    if changed:
        return Row(
            name,
            "warn",
            f"{len(changed)} of {len(trusted)} changed since, and run nothing: {_listed(changed)}",
            "jcode-plugin trust DIR shows what changed",
        )
    gone = [project for project in trusted if not os.path.isdir(project)]
    if gone:
        return Row(
            name,
            "note",
            f"{len(gone)} of {len(trusted)} are gone: {_listed(gone)}",
            "jcode-plugin trust --forget DIR, unless it comes back",
        )
    return Row(name, "ok", f"{len(trusted)}" if trusted else "none")


def _approvals(home: Path) -> Row:
    problems: list[str] = []
    answers = Remembered(home / "approvals.json", on_problem=problems.append).list()
    if problems:
        return Row("remembered answers", "bad", problems[0], "mend it, or move it away")
    return Row("remembered answers", "ok", f"{len(answers)}" if answers else "none")


def _orders(home: Path) -> Row:
    try:
        Orders(home).check()
    except OrdersError as error:
        return Row("orders", "bad", str(error), "mend it, or move it away")
    return Row("orders", "ok", "hosts that run see what they are told")


def _locks(home: Path) -> Row:
    """A lock ends with the process that holds it: there are none of processes that are gone."""
    held = [f"{path.name}{_holder(path)}" for path in _lock_files(home) if _is_held(path)]
    if held:
        return Row(
            "locks",
            "note",
            f"held now: {_listed(held)}",
            "wait for that process to end, or end it",
        )
    return Row("locks", "ok", "none is held")


def _lock_files(home: Path) -> list[Path]:
    return sorted(
        path
        for folder in (home, home / "plugins", home / "keys")
        for path in folder.glob("*.lock")
    )


def _is_held(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return f" by process {int(path.read_bytes()[:16])}"
    return ""


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
