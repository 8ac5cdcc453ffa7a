"""What happened to plugins, for whoever has to explain it: a bounded record in memory.

Promises    Recording costs a few microseconds and never fails. The newest entries are kept; how
            many there were of each kind is counted for good. Secrets are masked before anything is
            kept; else texts are stored as they came, cut to a length: what a worker sent must go
            through :func:`printable` before a terminal sees it.
Threads     Any.
Elsewhere   What is kept on disk: host/trail.
"""

import re
from collections import deque
from collections.abc import Callable
from enum import Enum
from threading import Lock
from time import time
from typing import Final, NamedTuple

from host.events import PluginEvent
from host.outcome import JsonObject
from host.redaction import Redactor
from policies.capability import Request, target
from policies.decision import LAYER_NAMES, Decision

MAX_DETAIL_CHARS: Final = 1024

# Reasons that more than one module gives. Stable: operators filter by them. The rest stand where they
# are found: FrameError and KvError carry theirs, a handler's fate is the word of its Status.
E_BREAKER: Final = "E_BREAKER"
E_CRASH: Final = "E_CRASH"
E_HUNG: Final = "E_HUNG"
E_LOAD: Final = "E_LOAD"
E_MEMORY: Final = "E_MEMORY"
E_NOT_INSTALLED: Final = "E_NOT_INSTALLED"
E_QUEUE: Final = "E_QUEUE"
E_RIGHT: Final = "E_RIGHT"
E_SANDBOX: Final = "E_SANDBOX"
E_SIGNAL: Final = "E_SIGNAL"
E_STATE: Final = "E_STATE"
E_SWITCH: Final = "E_SWITCH"
E_TOO_LARGE: Final = "E_TOO_LARGE"
E_TRUST: Final = "E_TRUST"
E_UNDELIVERED: Final = "E_UNDELIVERED"


class Kind(Enum):
    """What an entry is about. A closed list."""

    LOADED = "loaded"
    LOAD_FAILED = "load_failed"
    UNLOADED = "unloaded"
    RELOADED = "reloaded"
    RELOAD_FAILED = "reload_failed"  # the version before it goes on
    FAILED = "failed"  # a handler threw, or gave what is not a result
    TIMEOUT = "timeout"
    BUSY = "busy"
    KILLED = "killed"  # by us
    CRASHED = "crashed"
    RESTART = "restart"
    BLOCKED = "blocked"  # the plugin runs no more until a person enables it
    ENABLED = "enabled"
    INSTALLED = "installed"
    UPDATED = (
        "updated"  # another version of an installed plugin, or other features or settings of it
    )
    UNINSTALLED = "uninstalled"
    ROLLED_BACK = "rolled_back"  # to the version before
    VETO = "veto"  # an event was blocked, denied or prevented
    REFUSED = "refused"  # by a switch, a right or a limit
    DROPPED_OUTPUT = "dropped_output"
    CONFLICT = "conflict"
    VIOLATION = "violation"  # of the protocol or of the sandbox, by a worker
    INFO_DROPPED = "info_dropped"
    UNHANDLED = "unhandled"  # a promise of a plugin that nobody handled
    SWITCH = "switch"  # a kill switch was set or lifted
    TOOL = "tool"
    COMMAND = "command"
    LOG = "log"
    DECISION = "decision"  # of the capability chain or the gate, whatever it was
    COUNTS = "counts"  # of what is counted and not written
    TRAIL = "trail"  # the record on disk about itself: segments begun and removed
    TRUST = "trust"  # a person trusted a project, or trusts it no more
    GAP = "gap"  # entries are missing before this one, or lines cannot be trusted


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


def decision_data(
    request: Request,
    decision: Decision,
    *,
    tool: str | None = None,
    tier: str | None = None,
    duration_ms: float | None = None,
    repeats: int | None = None,
) -> "JsonObject":
    """Return the ``data`` of an entry about *decision*: the same keys wherever one is recorded.

    ``decision`` (allow, deny, ask), ``layer``, ``layer_name``, ``source`` (``path:line``, ``switch NAME``, ...),
    ``capability`` and ``target``; ``tool``, ``tier`` and ``duration_ms`` where they are known; ``repeats``, how often
    it was decided by now, where that is counted.
    """
    data: JsonObject = {
        "decision": decision.verdict,
        "layer": decision.layer,
        "layer_name": LAYER_NAMES[decision.layer],
        "source": str(decision.source),
        "capability": request.kind,
        "target": target(request),
    }
    if tool is not None:
        data["tool"] = tool
    if tier is not None:
        data["tier"] = tier
    if duration_ms is not None:
        data["duration_ms"] = round(duration_ms, 3)
    if repeats is not None:
        data["repeats"] = repeats
    return data


class _Counter:
    __slots__ = ("name", "read", "told")

    def __init__(self, name: str, read: Callable[[], int]) -> None:
        self.name = name
        self.read = read
        self.told = read()


class AuditRing:
    """The newest *capacity* entries. *wall_clock* gives seconds since the epoch.

    ``sink`` and ``watcher`` are called with every entry, in order, under the lock: they must neither wait nor record.
    ``trouble`` says in one line why entries do not reach the disk, or is None.
    """

    __slots__ = (
        "_clock",
        "_counters",
        "_counts",
        "_entries",
        "_lock",
        "_redactor",
        "_seq",
        "sink",
        "trouble",
        "watcher",
    )

    def __init__(self, capacity: int = 1000, *, wall_clock: Callable[[], float] = time) -> None:
        if capacity < 1:
            raise ValueError("an audit ring holds one entry at least")
        self._entries: deque[AuditEntry] = deque(maxlen=capacity)
        self._counts = dict.fromkeys(Kind, 0)
        self._clock = wall_clock
        self._lock = Lock()
        self._counters: list[_Counter] = []
        self._redactor = Redactor()
        self._seq = 0
        self.sink: Callable[[AuditEntry], None] | None = None
        self.watcher: Callable[[AuditEntry], None] | None = None
        self.trouble: str | None = None

    def add_secret(self, text: str) -> bool:
        """Mask *text* wherever a later entry would hold it. False when it is too short to be one."""
        return self._redactor.add(text)

    def remove_secret(self, text: str) -> None:
        """Take back one :meth:`add_secret`."""
        self._redactor.remove(text)

    def add_counter(self, name: str, read: Callable[[], int]) -> Callable[[], None]:
        """Have what *read* gives recorded now and then, as a COUNTS entry with what was added since.

        Returns a function that ends this, with a last entry. So what happens too often to be written costs
        nothing where it happens.
        """
        counter = _Counter(name, read)
        self._counters.append(counter)

        def end() -> None:
            if counter in self._counters:
                self._record_counts([counter])
                self._counters.remove(counter)

        return end

    def record_counts(self) -> None:
        """Record what the counters have gone up by since the last time."""
        self._record_counts(list(self._counters))

    def _record_counts(self, counters: "list[_Counter]") -> None:
        added: JsonObject = {}
        for counter in counters:
            now = counter.read()
            if now != counter.told:
                already = added.get(counter.name, 0)
                added[counter.name] = (
                    now - counter.told + (already if isinstance(already, int) else 0)
                )
                counter.told = now
        if added:
            self.record(Kind.COUNTS, "", "counts", data=added)

    def masked(self, text: str, limit: int) -> str:
        """Return *text* as an entry would hold it: without secrets, and cut."""
        return self._redactor.text(text, limit)

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
        """Append an entry; *detail* is masked and cut to MAX_DETAIL_CHARS, *data* is copied and masked."""
        redactor = self._redactor
        if detail:
            detail = redactor.text(detail, MAX_DETAIL_CHARS)
        if data is not None:
            data = redactor.data(data)
        plugin, code = redactor.known(plugin), redactor.known(code)
        with self._lock:
            self._seq += 1
            entry = AuditEntry(
                self._seq, self._clock(), kind, plugin, code, detail, event, data
            )
            self._entries.append(entry)
            self._counts[kind] += 1
            if self.sink is not None:
                self.sink(entry)
            if self.watcher is not None:
                self.watcher(entry)
        return entry

    def record_decision(
        self,
        plugin: str,
        request: Request,
        decision: Decision,
        *,
        tool: str | None = None,
        tier: str | None = None,
        duration_ms: float | None = None,
        repeats: int | None = None,
        event: PluginEvent | None = None,
    ) -> AuditEntry:
        """Append what was decided about *request*: kind DECISION, the decision's own code and detail."""
        return self.record(
            Kind.DECISION,
            plugin,
            decision.code,
            decision.detail,
            event=event,
            data=decision_data(
                request,
                decision,
                tool=tool,
                tier=tier,
                duration_ms=duration_ms,
                repeats=repeats,
            ),
        )

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


_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
"""Letters, marks and a symbol by what Python says, and nothing to be seen."""


def printable(text: str) -> str:
    r"""Return *text* as one line that a terminal shows and does not obey.

    What Python does not call printable is written as an escape: control characters (an ESC would
    start a command to the terminal), line breaks, characters that turn the direction of writing or
    are invisible, and lone surrogates, which cannot be encoded. ``"\x1b[2J"`` becomes ``"\\x1b[2J"``.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escape(c) for c in text)
    return text if text.isascii() else _BLANK.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
