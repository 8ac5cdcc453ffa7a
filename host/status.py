"""What a host says of itself to whoever asks: ``run/<pid>.json`` in its home, for ``jcode-plugin top``.

Promises    Written only while somebody asks, which they do by touching ``run/asked``: a host looks there at its tick, and
            else writes nothing. It is for its owner only, replaced whole, and gone when the host closes. One that cannot
            be written is not: whoever asked shows what can be seen from outside.
Gap         A blocking host looks when it is called. One that idles between calls does not answer.
Elsewhere   Who asks, and what can be seen from outside: ``host/top``.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Final

import msgspec

from host.instance import Instance
from host.outcome import Json, JsonObject
from host.plugin import Plugin

if TYPE_CHECKING:
    from host.runtime import Runtime

ASKED_WITHIN_S: Final = 10.0
"""How long a question is open: whoever wants more asks again."""
MAX_STATUS_BYTES: Final = 4 * 1024 * 1024


def run_directory(home: Path) -> Path:
    """Return where questions and answers are."""
    return home / "run"


def status_file(home: Path, pid: int) -> Path:
    """Return where the host with *pid* answers."""
    return run_directory(home) / f"{pid}.json"


def ask(home: Path) -> float:
    """Ask the hosts of *home*; return since when, in seconds since the epoch. Raises OSError."""
    folder = run_directory(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(
        folder / "asked", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    try:
        os.utime(fd)
        return os.fstat(fd).st_mtime
    finally:
        os.close(fd)


class StatusFile:
    """The answers of one host."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._asked = run_directory(runtime.home) / "asked"
        self._file = status_file(runtime.home, os.getpid())
        self._was_written = False

    def answer_if_asked(self) -> None:
        """Look whether somebody asks, and answer."""
        try:
            asked = os.stat(self._asked, follow_symlinks=False).st_mtime
        except OSError:
            return
        if time() - asked > ASKED_WITHIN_S:
            return
        new = self._file.with_name(f".{self._file.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(OSError):  # a full or read-only disk: nobody is told
            data = msgspec.json.encode(_status(self._runtime))
            with open(os.open(new, flags, 0o600), "wb") as file:
                file.write(data)
            os.replace(new, self._file)
            self._was_written = True

    def remove(self) -> None:
        """The host is gone."""
        if self._was_written:
            with suppress(OSError):
                self._file.unlink()


def _status(runtime: "Runtime") -> JsonObject:
    plugins: list[Json] = []
    seen: set[Plugin] = set()
    for workspace in list(runtime.workspaces):
        for plugin in (*workspace.parts(), *workspace.reloads.others()):
            if plugin not in seen:
                seen.add(plugin)
                plugins.append(_plugin(plugin))
    return {"pid": os.getpid(), "written_at": time(), "plugins": plugins}


def _plugin(plugin: Plugin) -> JsonObject:
    instances: list[Json] = [_instance(instance) for instance in plugin.all_instances()]
    return {
        "name": plugin.name,
        "version": plugin.spec.version,
        "scope": plugin.scope,
        "part": plugin.spec.part,
        "state": plugin.state,
        "project": str(plugin.workspace.project_dir),
        "instances": instances,
    }


def _instance(instance: Instance) -> JsonObject:
    link = instance.link
    return {
        "pid": link.pid if link is not None and not link.is_lost else None,
        "session": instance.key,
        "state": instance.state.value,
        "restarts": instance.restarts,
        "hostcalls": instance.hostcalls,
    }
