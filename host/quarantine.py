"""Plugins that went against their sandbox, remembered on disk: a host that starts later does not run them either.

Promises    What is off stays off until a person enables it, whatever becomes of its files. A record that cannot be
            read counts: it is there because something went wrong. One that cannot be written costs no more than the
            memory of it.
"""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from host.audit import E_SANDBOX, printable
from host.errors import PluginLoadError

_MAX_BYTES: Final = 16 * 1024
_UNREADABLE: Final = "its record cannot be read"


class Off(NamedTuple):
    """A plugin that is off: what it is called (its file, where that cannot be read), and why."""

    name: str
    why: str


class Quarantine:
    """The directory ``quarantine`` of the state in *home*: a file for each plugin, named by a hash of its id."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "quarantine"

    def _file(self, plugin_id: str) -> Path:
        digest = hashlib.sha256(plugin_id.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest[:32]}.json"

    def add(self, name: str, plugin_id: str, why: str) -> None:
        """Remember that the plugin *name* with *plugin_id* is off, and *why*."""
        record = json.dumps({"name": name, "id": plugin_id, "why": why}).encode("ascii")
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd, temporary = tempfile.mkstemp(dir=self._folder)
            with open(fd, "wb") as out:
                out.write(record)
            os.replace(temporary, self._file(plugin_id))

    def find(self, plugin_id: str) -> Off | None:
        """Return what is remembered of the plugin with *plugin_id*; None if it may run."""
        file = self._file(plugin_id)
        return _read(file) if os.path.lexists(file) else None

    def refuse(self, plugin_id: str) -> None:
        """Raise :class:`PluginLoadError` if the plugin with *plugin_id* is off."""
        off = self.find(plugin_id)
        if off is not None:
            raise PluginLoadError(
                E_SANDBOX,
                f"{off.name} is off: {off.why}; to let it run again: jcode-plugin enable {off.name}",
            )

    def lift(self, name: str) -> bool:
        """Let every plugin called *name* run again; whether one was off."""
        lifted = False
        for file in self._folder.glob("*.json"):
            if _read(file).name == name:
                file.unlink(missing_ok=True)
                lifted = True
        return lifted

    def all(self) -> list[Off]:
        """Return every plugin that is off, and why, by name."""
        return sorted(_read(file) for file in self._folder.glob("*.json"))

    def names(self) -> list[str]:
        """Return what the plugins are called that are off."""
        return sorted(_read(file).name for file in self._folder.glob("*.json"))


def _read(file: Path) -> Off:
    try:
        with open(file, "rb") as record:
            told: object = json.loads(record.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        told = None
    name, why = (told.get("name"), told.get("why")) if isinstance(told, dict) else (None, None)
    return Off(
        printable(name) if isinstance(name, str) else file.name,
        printable(why) if isinstance(why, str) else _UNREADABLE,
    )
