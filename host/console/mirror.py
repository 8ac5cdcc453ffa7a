"""What plugins show, as the daemon last told it: the flat map of ``view``, kept up to date by its differences.

Promises    Reading never waits. What does not have the shape of an entry is left out, whoever sent it; a difference that
            does not follow on what is here is a :class:`GapError` and changes nothing, so that it is asked anew.
Relies on   One loop: nobody changes it while another one reads.
Elsewhere   How it looks: ``paint.py`` and ``stage``. What the areas hold: docs/ui.md.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]

MAX_ENTRIES: Final = 65_536
"""More than any number of plugins has; what is above is not taken."""


class Key(NamedTuple):
    """Of an entry. *session* is ``""`` for an instance of the whole project."""

    plugin: str
    session: str
    area: str
    key: str


Changed: TypeAlias = frozenset[Key] | None
"""What is another value now; nothing stands for everything."""


class GapError(Exception):
    """A difference was missed: what the mirror shows is old until it has a snapshot."""


class Mirror:
    """The entries by area, in the order in which they came."""

    def __init__(self) -> None:
        self.version = 0
        self._areas: dict[str, dict[Key, JsonObject]] = {}
        self._count = 0
        self._hear: list[Callable[[Changed], None]] = []

    def load(self, snapshot: Mapping[str, Json]) -> None:
        """Forget what was and take *snapshot*."""
        self._areas = {}
        self._count = 0
        for entry in _items(snapshot.get("entries")):
            self._put(entry)
        self.version = _version(snapshot.get("version"))
        self._tell(None)

    def apply(self, diff: Mapping[str, Json]) -> None:
        """Take what changed. Raises GapError if *diff* follows on another version than this one."""
        if _version(diff.get("from")) != self.version:
            raise GapError(f"the view is at {self.version}, the change follows on another one")
        changed = {key for entry in _items(diff.get("set")) if (key := self._put(entry))}
        for removed in _items(diff.get("remove")):
            key = _key(removed) if isinstance(removed, list) else None
            if key is not None and self._areas.get(key.area, {}).pop(key, None) is not None:
                self._count -= 1
                changed.add(key)
        self.version = _version(diff.get("to"))
        if changed:
            self._tell(frozenset(changed))

    def clear(self) -> None:
        """Forget everything: nobody can tell what plugins show."""
        if self._count or self.version:
            self.load({})

    def listen(self, hear: Callable[[Changed], None]) -> Callable[[], None]:
        """Have *hear* called after each change; return what ends that."""
        self._hear.append(hear)
        return lambda: self._hear.remove(hear) if hear in self._hear else None

    def area(self, name: str) -> Mapping[Key, JsonObject]:
        """The entries of one area. What is given is the mirror's own: read it, and do not keep it."""
        return self._areas.get(name, {})

    def get(self, key: Key) -> JsonObject | None:
        """The value of *key*, or nothing."""
        return self._areas.get(key.area, {}).get(key)

    def seen_by(self, session: str, area: str) -> Iterator[tuple[Key, JsonObject]]:
        """The entries of *area* that the session *session* has: the project's and its own, no other session's."""
        for key, value in self.area(area).items():
            if key.session in ("", session):
                yield key, value

    def __len__(self) -> int:
        return self._count

    def _put(self, entry: Json) -> Key | None:
        if not isinstance(entry, dict):
            return None
        key = _key([entry.get(name) for name in Key._fields])
        value = entry.get("value")
        if key is None or not isinstance(value, dict):
            return None
        area = self._areas.setdefault(key.area, {})
        if key not in area:
            if self._count >= MAX_ENTRIES:
                return None
            self._count += 1
        area[key] = value
        return key

    def _tell(self, changed: Changed) -> None:
        for hear in tuple(self._hear):
            hear(changed)


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _version(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _key(parts: list[Json]) -> Key | None:
    if len(parts) != len(Key._fields):
        return None
    texts = [part for part in parts if isinstance(part, str)]
    return Key(*texts) if len(texts) == len(parts) else None
