"""What happened to plugins, for whoever has to explain it: a bounded record in memory.

Promises    Recording costs a few microseconds and never fails. The newest entries are kept; how
            many there were of each kind is counted for good. Texts are stored as they came, cut to
            a length: what a worker sent must go through :func:`printable` before a terminal sees it.
Threads     Any.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from threading import Lock
from time import time
from typing import Final, NamedTuple

from host.events import PluginEvent
from host.outcome import JsonObject

MAX_DETAIL_CHARS: Final = 1024

# Reasons that more than one module gives. Stable: operators filter by them. The rest stand where they
# are found: FrameError and KvError carry theirs, a handler's fate is the word of its Status.
E_BREAKER: Final = "E_BREAKER"
E_CRASH: Final = "E_CRASH"
E_HUNG: Final = "E_HUNG"
E_LOAD: Final = "E_LOAD"
E_MEMORY: Final = "E_MEMORY"
E_QUEUE: Final = "E_QUEUE"
E_RIGHT: Final = "E_RIGHT"
E_SIGNAL: Final = "E_SIGNAL"
E_TOO_LARGE: Final = "E_TOO_LARGE"
E_UNDELIVERED: Final = "E_UNDELIVERED"


class Kind(Enum):
    """What an entry is about. A closed list."""

    LOADED = "loaded"
    LOAD_FAILED = "load_failed"
    UNLOADED = "unloaded"
    FAILED = "failed"  # a handler threw, or gave what is not a result
    TIMEOUT = "timeout"
    BUSY = "busy"
    KILLED = "killed"  # by us
    CRASHED = "crashed"
    RESTART = "restart"
    BLOCKED = "blocked"  # the plugin runs no more until a person enables it
    ENABLED = "enabled"
    VETO = "veto"  # an event was blocked, denied or prevented
    REFUSED = "refused"  # by a switch, a right or a limit
    DROPPED_OUTPUT = "dropped_output"
    CONFLICT = "conflict"
    VIOLATION = "violation"  # of the protocol, by a worker
    INFO_DROPPED = "info_dropped"
    UNHANDLED = "unhandled"  # a promise of a plugin that nobody handled
    TOOL = "tool"
    COMMAND = "command"
    LOG = "log"


class AuditEntry(NamedTuple):
    """One record. *seq* counts from 1 without gaps; *time* is in seconds since the epoch."""

    seq: int
    time: float
    kind: Kind
    plugin: str
    code: str
    detail: str = ""
    event: PluginEvent | None = None
    data: "JsonObject | None" = None

    def to_json(self) -> JsonObject:
        """Plain data, with what is not there left out."""
        result: JsonObject = {
            "seq": self.seq,
            "time": round(self.time, 3),
            "kind": self.kind.value,
            "plugin": self.plugin,
            "code": self.code,
        }
        if self.detail:
            result["detail"] = self.detail
        if self.event is not None:
            result["event"] = self.event.wire_name
        if self.data is not None:
            result["data"] = self.data
        return result


class AuditRing:
    """The newest *capacity* entries. *wall_clock* gives seconds since the epoch."""

    __slots__ = ("_clock", "_counts", "_entries", "_lock", "_seq")

    def __init__(self, capacity: int = 1000, *, wall_clock: Callable[[], float] = time) -> None:
        if capacity < 1:
            raise ValueError("an audit ring holds one entry at least")
        self._entries: deque[AuditEntry] = deque(maxlen=capacity)
        self._counts = dict.fromkeys(Kind, 0)
        self._clock = wall_clock
        self._lock = Lock()
        self._seq = 0

    def record(
        self,
        kind: Kind,
        plugin: str,
        code: str,
        detail: str = "",
        *,
        event: PluginEvent | None = None,
        data: "JsonObject | None" = None,
    ) -> AuditEntry:
        """Append an entry; *detail* is cut to MAX_DETAIL_CHARS. *data* is kept, not copied."""
        if len(detail) > MAX_DETAIL_CHARS:
            detail = detail[: MAX_DETAIL_CHARS - 1] + "\u2026"
        with self._lock:
            self._seq += 1
            entry = AuditEntry(
                self._seq, self._clock(), kind, plugin, code, detail, event, data
            )
            self._entries.append(entry)
            self._counts[kind] += 1
        return entry

    def recent(
        self, n: int = 100, *, plugin: str | None = None, kind: Kind | None = None
    ) -> list[AuditEntry]:
        """Return the newest *n* entries that match, the oldest of them first."""
        with self._lock:
            entries = list(self._entries)
        if plugin is not None:
            entries = [entry for entry in entries if entry.plugin == plugin]
        if kind is not None:
            entries = [entry for entry in entries if entry.kind is kind]
        return entries[-n:] if n > 0 else []

    def counts(self) -> dict[Kind, int]:
        """Return how many entries of each kind were ever recorded; kinds without any are absent."""
        with self._lock:
            return {kind: count for kind, count in self._counts.items() if count}

    @property
    def dropped(self) -> int:
        """How many entries had to make room for newer ones."""
        with self._lock:
            return self._seq - len(self._entries)


def printable(text: str) -> str:
    r"""Return *text* as one line that a terminal shows and does not obey.

    What Python does not call printable is written as an escape: control characters (an ESC would
    start a command to the terminal), line breaks, characters that turn the direction of writing or
    are invisible, and lone surrogates, which cannot be encoded. ``"\x1b[2J"`` becomes ``"\\x1b[2J"``.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
