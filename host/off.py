"""What a person switched off for every host: ``off.json`` in our home.

Promises    ``jcode-plugin kill`` and ``disable`` hold for hosts that run, which look here at every tick, and for all that
            start later, until ``enable`` takes them back. Written whole or not at all, by one process at a time.
Fails safe  The file is only there because somebody switched something off. One that cannot be used (damaged, newer than
            this program, writable for others, not a plain file) may have named any plugin, so while it lies there all are
            off; it is never written over.
Relies on   Layer 0: no plugin reads or writes our home.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Final, Literal

import msgspec

from host.audit import printable
from host.errors import OffError
from host.state_file import (
    StateBusyError,
    StateFileError,
    lock_state,
    read_state,
    signature_of,
    write_state,
)
from policies.decision import Source
from policies.switches import NOTHING_OFF, Switches

VERSION: Final = 1
MAX_NAMES: Final = 10_000
MAX_NAME_CHARS: Final = 256
_MAX_BYTES: Final = 16 * 1024 * 1024
_WAIT_S: Final = 10.0

Word = Literal["disable", "kill"]
"""The command that was given."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is off: by which command, and since when (seconds since the epoch)."""

    by: Word
    since: float


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    all: Entry | None = None
    plugins: dict[str, Entry] = {}


@dataclass(slots=True)
class Off:
    """What is off: plugins by the name a person gave, and maybe all of them."""

    all: Entry | None = None
    plugins: dict[str, Entry] = field(default_factory=dict)

    def switches(self) -> Switches:
        """The same as switches."""
        off = {
            name: Source("person", f"jcode-plugin {entry.by} {printable(name)}")
            for name, entry in self.plugins.items()
        }
        everything = None if self.all is None else Source("person", "jcode-plugin kill --all")
        return Switches(everything, off=off) if off or everything else NOTHING_OFF


class OffFile:
    """The file in *home*."""

    def __init__(self, home: Path) -> None:
        self.path = home / "off.json"
        self._seen: tuple[int, ...] | None = None
        self._switches = NOTHING_OFF

    def switches(self) -> Switches:
        """Return what is off now. One look at the file's status, as long as it stays what it was."""
        seen = signature_of(self.path)
        if seen != self._seen:
            try:
                self._switches = self.read().switches()
            except OffError as error:
                self._switches = Switches(Source("file", f"{self.path}, which {error.why},"))
            self._seen = seen
        return self._switches

    def read(self) -> Off:
        """Return what the file says. Raises OffError for one that cannot be used."""
        try:
            data = read_state(self.path, _MAX_BYTES)
            return Off() if data is None else _decode(data)
        except StateFileError as error:
            raise self._unusable(error) from error

    @contextmanager
    def changing(self) -> Iterator[Off]:
        """Hold the lock and yield what is off; what the caller makes of it is written at the end.

        Raises OffError, and then nothing has changed.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(lock_state(self.path, wait_s=_WAIT_S))
            except StateBusyError as error:
                raise OffError(self.path, f"is being changed by {error}; try again") from None
            except StateFileError as error:
                raise self._unusable(error) from error
            before = self.read()
            off = Off(before.all, dict(before.plugins))
            yield off
            if off == before:
                return
            file = _File(VERSION, off.all, dict(sorted(off.plugins.items())))
            try:
                write_state(self.path, msgspec.json.format(msgspec.json.encode(file), indent=1))
            except StateFileError as error:
                raise self._unusable(error) from error

    def _unusable(self, error: StateFileError) -> OffError:
        return OffError(self.path, str(error))


def entry(by: Word) -> Entry:
    """Return an entry of this moment."""
    return Entry(by, time())


def _decode(data: bytes) -> Off:
    try:
        head: object = msgspec.json.decode(data)
        version = head.get("version") if isinstance(head, dict) else None
        if type(version) is int and version > VERSION:
            raise StateFileError(f"is of version {version}, and this program knows {VERSION}")
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise StateFileError(f"is damaged ({error})") from error
    if version != VERSION:
        raise StateFileError(f"is damaged (no version {VERSION})")
    if len(file.plugins) > MAX_NAMES:
        raise StateFileError(f"names more than {MAX_NAMES} plugins")
    return Off(file.all, file.plugins)
