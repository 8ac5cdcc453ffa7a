"""What happens to plugins, pushed to whoever asked for it.

Promises    A reader that is slow costs nobody anything: what it has not taken is kept up to a bound, the same thing again
            is counted instead of kept, and what there is no room for is counted, too. Recording an entry never waits.
Relies on   :attr:`host.audit.AuditRing.watcher`, called for every entry from any thread.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from host.audit import AuditEntry, Kind
from host.daemon.watching import Take
from host.reactor import Reactor

MAX_KEPT: Final = 256
_QUIET: Final = frozenset({Kind.COUNTS, Kind.TRAIL})
"""About the record itself."""


class Watcher:
    """One who listens. *take* is given an event and says whether there is room for more."""

    def __init__(self, take: Take, kinds: frozenset[Kind] | None) -> None:
        self._take = take
        self._kinds = kinds
        self._kept: OrderedDict[tuple[str, str, str], tuple[AuditEntry, int]] = OrderedDict()
        self._dropped = 0
        self.has_room = True
        self.on_close: Callable[[], None] = lambda: None

    def hear(self, entry: AuditEntry) -> None:
        """Hand *entry* on, now or when there is room."""
        if entry.kind in _QUIET or (self._kinds is not None and entry.kind not in self._kinds):
            return
        key = (entry.kind.value, entry.plugin, entry.code)
        _, repeats = self._kept.pop(key, (entry, 0))
        if len(self._kept) >= MAX_KEPT:
            _, (_, lost) = self._kept.popitem(last=False)
            self._dropped += lost
        self._kept[key] = (entry, repeats + 1)
        if self.has_room:
            self.flush()

    def flush(self) -> None:
        """Hand on what was kept, as far as there is room."""
        self.has_room = True
        while self.has_room and self._kept:
            _, (entry, repeats) = self._kept.popitem(last=False)
            dropped, self._dropped = self._dropped, 0
            told = entry.to_json() | {"repeats": repeats, "dropped": dropped}
            self.has_room = self._take(told)

    def close(self) -> None:
        """Hear no more."""
        self.on_close()


class Feed:
    """All who listen. Entries come from any thread; watchers hear them in the reactor's turn."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._watchers: dict[Watcher, None] = {}

    def __len__(self) -> int:
        return len(self._watchers)

    def add(self, watcher: Watcher) -> Watcher:
        """Let *watcher* hear what is recorded from now on, until it is closed."""
        self._watchers[watcher] = None
        watcher.on_close = lambda: self.remove(watcher)
        return watcher

    def remove(self, watcher: Watcher) -> None:
        """It hears no more; safe to call twice."""
        self._watchers.pop(watcher, None)

    def on_entry(self, entry: AuditEntry) -> None:
        """An entry was recorded."""
        if self._watchers:
            self._reactor.post(lambda: self._tell(entry))

    def _tell(self, entry: AuditEntry) -> None:
        for watcher in list(self._watchers):
            watcher.hear(entry)
