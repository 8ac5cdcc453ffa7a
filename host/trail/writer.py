"""The thread between the ring and the disk, so that no event waits for a disk.

Promises    :meth:`TrailWriter.put` appends to a bounded queue and returns. A thread writes what waits: denials,
            kills, crashes and violations as soon as it runs, the rest once *flush_s* has passed; always
            everything that waits, in one write under one lock. Trouble is told once, then tried again at
            every flush; what the queue cannot hold meanwhile is counted, and the count becomes a record.
Durability  Written lines outlive this process. They outlive the machine once synced: within a second of a
            denial, at rotation, and at the end; an entry that is no denial may be lost with the machine.
            A process that is killed loses what it had not written: *flush_s* of entries at most.
Threads     Any. A forked child writes nothing: what waited is the parent's to write.
"""

import atexit
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from host.audit import AuditEntry, Kind
from host.errors import AuditError
from host.outcome import JsonObject
from host.trail.seal import encode_body
from host.trail.store import SAVE_EVERY_S, Store, told, trail_body

E_DROPPED: Final = "E_DROPPED"

MAX_PENDING: Final = 4096
"""Entries that wait; urgent ones may fill as many again."""
_COUNT_EVERY_S: Final = 60.0
_SYNC_EVERY_S: Final = 1.0
_CLOSE_WITHIN_S: Final = 3.0
_MAX_BATCH: Final = 1024

_CALM: Final = frozenset(
    {
        Kind.LOADED, Kind.UNLOADED, Kind.ENABLED, Kind.RESTART, Kind.BUSY, Kind.CONFLICT, Kind.INFO_DROPPED,
        Kind.UNHANDLED, Kind.TOOL, Kind.COMMAND, Kind.LOG, Kind.DECISION, Kind.COUNTS, Kind.TRAIL,
    }
)  # fmt: skip

_logger = logging.getLogger("jcode_plugins")
_writers: "weakref.WeakSet[TrailWriter]" = weakref.WeakSet()


def is_urgent(entry: AuditEntry) -> bool:
    """Whether *entry* is written at once: what was denied, killed, lost or violated."""
    if entry.kind not in _CALM:
        return True
    data = entry.data
    return data is not None and (
        data.get("decision") == "deny" or data.get("status") == "blocked"
    )


class TrailWriter:
    """See the module's text. *on_trouble* is given one line, or None when it is over; *on_tick* may record."""

    def __init__(
        self,
        store: Store,
        *,
        flush_s: float,
        on_trouble: Callable[[str | None], None],
        on_tick: Callable[[], None],
        trouble: str | None = None,
    ) -> None:
        self._store = store
        self._flush_s = flush_s
        self._on_trouble = on_trouble
        self._on_tick = on_tick
        self._pending: deque[AuditEntry] = deque()
        self._wake = threading.Event()
        self._is_urgent = False
        self._is_closing = False
        self._is_off = False
        self._needs_sync = False
        self._dropped = 0  # counted by put() alone
        self._dropped_told = 0  # counted by the thread alone
        self._trouble = trouble
        self._thread: threading.Thread | None = None
        _writers.add(self)

    def put(self, entry: AuditEntry) -> None:
        """Have *entry* written soon. Never waits, never fails. One caller at a time."""
        if self._is_off:
            return
        pending = self._pending
        urgent = is_urgent(entry)
        if len(pending) >= (2 * MAX_PENDING if urgent else MAX_PENDING):
            self._dropped += 1
            return
        pending.append(entry)
        if urgent:
            self._is_urgent = True
        if (urgent or len(pending) in (1, MAX_PENDING // 2)) and not self._wake.is_set():
            self._wake.set()
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Write what waits and let go; returns after a few seconds even if the disk does not answer."""
        if self._is_off:
            return
        self._is_closing = True
        self._wake.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(_CLOSE_WITHIN_S)
            if self._thread.is_alive():
                self._is_off = True
                self._tell(
                    f"{self._store.place.log}: does not answer; its last entries are lost"
                )
                return
        elif self._thread is not None:  # it could not be started
            self._flush(is_last=True)
        self._is_off = True
        self._store.close()

    def abandon(self) -> None:
        """In a forked child: write nothing, hold nothing."""
        self._is_off = True
        self._store.abandon()

    # The thread.

    def _start(self) -> None:
        self._thread = threading.Thread(
            target=self._run, name="jcode-plugins-audit", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:  # no more threads: close() writes what waits
            self._tell(f"{self._store.place.log}: {error}; written at the end only")

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - nobody else would tell, and the host goes on
            self._is_off = True
            self._tell(f"{self._store.place.log}: {type(error).__name__}: {error}")

    def _serve(self) -> None:
        next_tick = monotonic() + _COUNT_EVERY_S
        synced = 0.0
        retry_s = self._flush_s
        while True:
            if not self._pending or self._trouble is not None:
                due = min(next_tick, synced + _SYNC_EVERY_S if self._needs_sync else next_tick)
                pause = max(0.0, due - monotonic())
                if self._trouble is not None and self._pending:
                    pause = retry_s
                elif self._store.is_behind:
                    pause = min(pause, SAVE_EVERY_S)
                if not self._wake.wait(pause) and self._store.is_behind:
                    self._flush(is_last=False)  # nothing came since: the head catches up
            self._wake.clear()  # before looking at what it may have been set for
            if self._pending and not self._is_urgent and not self._is_closing:
                self._wake.wait(self._flush_s)  # others may come, and go in the same write
                self._wake.clear()
            is_closing = self._is_closing
            if monotonic() >= next_tick and not is_closing:
                next_tick = monotonic() + _COUNT_EVERY_S
                self._on_tick()
            if self._pending or is_closing:
                self._is_urgent = (
                    False  # before: what comes from here on may not be in this write
                )
                is_written = self._flush(is_last=is_closing)
                retry_s = self._flush_s if is_written else min(5.0, 2 * retry_s + 0.05)
            if self._needs_sync and (is_closing or monotonic() - synced >= _SYNC_EVERY_S):
                synced, self._needs_sync = monotonic(), False
                self._sync()
            if is_closing:
                return

    def _flush(self, *, is_last: bool) -> bool:
        """Write what waits; what could not be written waits on. False when that is so."""
        while True:
            batch = [self._pending[i] for i in range(min(len(self._pending), _MAX_BATCH))]
            bodies = [body_of(entry) for entry in batch]
            dropped = self._dropped - self._dropped_told
            if dropped:
                bodies.append(
                    trail_body(
                        "gap", E_DROPPED, f"{dropped} entries could not be kept", count=dropped
                    )
                )
            is_end = is_last and len(batch) == len(self._pending)
            try:
                if bodies or self._store.is_writer:
                    self._store.append(bodies, is_last=is_end)
            except (OSError, AuditError) as error:
                self._tell(told(error) if isinstance(error, OSError) else str(error))
                return False
            self._dropped_told += dropped
            self._needs_sync |= any(map(is_urgent, batch))
            for _ in batch:
                self._pending.popleft()
            self._tell(self._store.complaint)
            if not self._pending:
                return True

    def _sync(self) -> None:
        try:
            self._store.sync()
        except OSError as error:
            self._tell(told(error))

    def _tell(self, trouble: str | None) -> None:
        if trouble == self._trouble:
            return
        if trouble is not None and self._trouble is None:  # once for each time it begins
            _logger.warning("the audit is not kept: %s", trouble)
        self._trouble = trouble
        self._on_trouble(trouble)


def body_of(entry: AuditEntry) -> bytes:
    """Return *entry* as the body of a line. Its number is the log's, the process it came from is named."""
    fields: JsonObject = entry.to_json()
    del fields["seq"]
    fields["pid"] = os.getpid()
    return encode_body(fields)


def _abandon_all() -> None:
    for writer in list(_writers):
        writer.abandon()


def _close_all() -> None:
    for writer in list(_writers):
        writer.close()


os.register_at_fork(after_in_child=_abandon_all)
# Threads that are daemons still run when this is called, so a program that forgot to close loses nothing.
atexit.register(_close_all)
