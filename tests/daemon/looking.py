"""Somebody who looks at what plugins show, by way of a daemon: what they see, and how they wait for it without a clock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from host.outcome import Json, JsonObject
from jcode_plugins import Client, JcodePluginsError, ViewStream
from tests.daemon.running import HANG_S

T = TypeVar("T")
Key = tuple[str, str, str, str]
_KEY: Final = ("plugin", "session", "area", "key")


class Mirror:
    """What a reader knows who applies what it is told."""

    def __init__(self) -> None:
        self.entries: dict[Key, Json] = {}
        self.version: Json = None
        self.ui: Json = None
        self.snapshots = 0
        self.changes = 0

    def apply(self, told: JsonObject) -> None:
        """Apply a snapshot or a change. A change must follow on what is known."""
        snapshot = told.get("snapshot")
        if isinstance(snapshot, dict):
            self.snapshots += 1
            self.version, self.ui, self.entries = snapshot["version"], snapshot["ui"], {}
            self._set(snapshot["entries"])
            return
        assert told["from"] == self.version
        self.changes += 1
        self.version = told["to"]
        self.ui = told.get("ui", self.ui)
        self._set(told["set"])
        removed = told["remove"]
        assert isinstance(removed, list)
        for key in removed:
            assert isinstance(key, list)
            self.entries.pop(tuple(map(str, key)), None)  # type: ignore[arg-type]  # four of them

    def _set(self, entries: Json) -> None:
        assert isinstance(entries, list)
        for entry in entries:
            assert isinstance(entry, dict)
            plugin, session, area, key = (str(entry[name]) for name in _KEY)
            self.entries[plugin, session, area, key] = entry["value"]

    def area(self, name: str) -> dict[str, JsonObject]:
        """The values of an area, by key; of every plugin and session."""
        return {
            key[3]: value
            for key, value in self.entries.items()
            if key[2] == name and isinstance(value, dict)
        }


class Looking:
    """A :class:`Mirror` of a stream, which a thread of its own keeps up to date."""

    def __init__(self, stream: ViewStream) -> None:
        self.stream = stream
        self.mirror = Mirror()
        self.errors: list[JcodePluginsError] = []
        self.has_ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                told = next(self.stream, None)
            except JcodePluginsError as error:
                with self._changed:
                    self.errors.append(error)
                    self._changed.notify_all()
                continue
            with self._changed:
                if told is None:
                    self.has_ended = True
                    self._changed.notify_all()
                    return
                self.mirror.apply(told)
                self._changed.notify_all()

    def until(self, look: Callable[[Mirror], T | None]) -> T:
        """What *look* finds in what is known, as soon as there is something."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: look(self.mirror) is not None or self.has_ended, HANG_S
            ), self.mirror.entries
            found = look(self.mirror)
            assert found is not None, self.mirror.entries
            return found

    def until_error(self) -> JcodePluginsError:
        """The next error that comes."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.errors or self.has_ended, HANG_S)
            return self.errors.pop(0)

    def until_end(self) -> None:
        """Wait until the stream has ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.has_ended, HANG_S)

    def shown(self, area: str, key: str) -> JsonObject:
        """The value of *key* in *area*, as soon as it is there."""
        return self.until(lambda mirror: mirror.area(area).get(key))

    def gone(self, area: str, key: str) -> None:
        """Wait until *key* is not in *area*."""
        self.until(lambda mirror: key not in mirror.area(area) or None)

    def dialog(self) -> str:
        """The id of the one open dialog, as soon as there is one."""
        return self.until(lambda mirror: next(iter(mirror.area("dialog")), None))

    def close(self) -> None:
        """Look no more."""
        self.stream.close()
        self._thread.join(HANG_S)
        assert not self._thread.is_alive()


@contextmanager
def looking(client: Client, **ui: Json) -> Iterator[Looking]:
    """Somebody who looks with *client* while the block runs; with ``attach=True``, by an interface."""
    found = Looking(client.view(**ui))  # type: ignore[arg-type]  # as the test says
    try:
        yield found
    finally:
        found.close()


def text(line: Json) -> str:
    """The text of a line, without its styles."""
    assert isinstance(line, list)
    return "".join(str(span[0]) for span in line if isinstance(span, list))
