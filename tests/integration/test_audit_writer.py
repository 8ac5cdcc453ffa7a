"""Between the ring and the disk: nothing waits for the disk, and what is lost is said."""

import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from host.audit import AuditRing, Kind
from host.trail import writer as module
from host.trail.head import load
from host.trail.key import read_key
from host.trail.place import Policy
from host.trail.store import Store
from host.trail.writer import TrailWriter
from tests.support.trail import assert_intact, codes, entries, place_in

HANG_S = 30.0


class GatedStore(Store):
    """A real store whose disk can be made to wait, or to be full."""

    def __init__(self, directory: Path) -> None:
        super().__init__(place_in(directory), Policy())
        self.gate = threading.Event()
        self.gate.set()
        self.is_full = False
        self.appended = threading.Condition()
        self.batches: list[int] = []
        self.failures = 0
        self.synced = threading.Event()

    def append(self, bodies: Sequence[bytes], *, is_last: bool = False) -> None:
        assert self.gate.wait(HANG_S)
        with self.appended:
            self.appended.notify_all()
            if self.is_full:
                self.failures += 1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.place.log))
            super().append(bodies, is_last=is_last)
            self.batches.append(len(bodies))

    def sync(self) -> None:
        super().sync()
        self.synced.set()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds after an append."""
        with self.appended:
            assert self.appended.wait_for(condition, HANG_S)


@pytest.fixture
def store(tmp_path: Path) -> GatedStore:
    """A store that is open."""
    made = GatedStore(tmp_path)
    made.open()
    return made


@contextmanager
def writing(
    store: Store, *, flush_s: float = 0.0
) -> Iterator[tuple[AuditRing, list[str | None]]]:
    """A ring whose entries are written, and what was told of trouble; closed at the end."""
    audit, told = AuditRing(), list[str | None]()
    writer = TrailWriter(
        store, flush_s=flush_s, on_trouble=told.append, on_tick=audit.record_counts
    )
    audit.sink = writer.put
    try:
        yield audit, told
    finally:
        if isinstance(store, GatedStore):
            store.gate.set()
        writer.close()
    assert not [t for t in threading.enumerate() if t.name == "jcode-plugins-audit"]


def test_what_is_recorded_is_on_disk_after_the_end(store: GatedStore) -> None:
    """With every field, in order, numbered by the log."""
    with writing(store, flush_s=HANG_S) as (audit, _):
        for n in range(100):
            audit.record(Kind.LOG, "p", "OK", f"entry {n}", data={"n": n})

    assert_intact(store.place)
    found = entries(store.place)
    assert [one["detail"] for one in found] == [f"entry {n}" for n in range(100)]
    assert found[0] | {"time": 0, "prev": "", "hash": "", "mac": ""} == {
        "seq": 1, "time": 0, "kind": "log", "plugin": "p", "code": "OK", "detail": "entry 0",
        "data": {"n": 0}, "pid": os.getpid(), "prev": "", "hash": "", "mac": "",
    }  # fmt: skip
    assert len(store.batches) == 1


def test_recording_never_waits_for_the_disk(store: GatedStore) -> None:
    """The disk stands still; the ring does not. What waited is written when it moves."""
    store.gate.clear()
    with writing(store) as (audit, _):
        for n in range(1000):
            audit.record(Kind.VIOLATION, "p", "E_X", str(n))
        assert len(audit.recent(2000)) == 1000
        assert entries_or_none(store) == 0
        store.gate.set()

    assert [one["detail"] for one in entries(store.place)] == [str(n) for n in range(1000)]


def entries_or_none(store: GatedStore) -> int:
    """How many lines there are."""
    return len(entries(store.place))


def test_a_denial_is_written_and_synced_at_once(store: GatedStore) -> None:
    """The others wait for the flush, which here never comes; a denial takes them along."""
    with writing(store, flush_s=HANG_S * 2) as (audit, _):
        audit.record(Kind.LOADED, "p", "loaded")
        audit.record(Kind.TOOL, "p", "E_BLOCKED", data={"status": "blocked"})
        store.wait_for(lambda: sum(store.batches) == 2)
        assert store.synced.wait(HANG_S)
        audit.record(Kind.LOADED, "q", "loaded")
        audit.record(Kind.DECISION, "q", "deny.mode", data={"decision": "deny"})
        store.wait_for(lambda: sum(store.batches) == 4)


def test_the_head_catches_up_when_nothing_more_comes(store: GatedStore) -> None:
    """It is not signed anew for every line; soon after the last one it is."""
    with writing(store) as (audit, _):
        for n in range(20):
            audit.record(Kind.VETO, "p", "block")
            store.wait_for(lambda n=n: sum(store.batches) > n)  # type: ignore[misc] # a lambda's default
        store.wait_for(lambda: not store.is_behind)
        head = load(store.place.head, read_key(store.place.key), store.place.log)

    assert head is not None
    assert head.seq == 20


def test_a_full_disk_is_told_once_and_nothing_is_lost(
    store: GatedStore, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning while it lasts; when there is room, everything is written and the trouble is over."""
    store.is_full = True
    with writing(store) as (audit, told):
        for n in range(20):
            audit.record(Kind.VETO, "p", "block", str(n))
            store.wait_for(lambda n=n: store.failures > n)  # type: ignore[misc] # a lambda's default
        store.is_full = False
        audit.record(Kind.VETO, "p", "block", "20")

    assert len([r for r in caplog.records if "the audit is not kept" in r.message]) == 1
    assert "No space left" in str(told[0])
    assert told[-1] is None
    assert [one["detail"] for one in entries(store.place)] == [str(n) for n in range(21)]
    assert_intact(store.place)


def test_what_does_not_fit_is_counted_in_a_record(
    store: GatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded; urgent entries find room when others do not."""
    monkeypatch.setattr(module, "MAX_PENDING", 10)
    store.gate.clear()
    with writing(store) as (audit, _):
        for n in range(50):
            audit.record(Kind.LOG, "p", "OK", f"log {n}")
        audit.record(Kind.VIOLATION, "p", "E_X", "urgent")

    found = entries(store.place)
    assert "urgent" in [one.get("detail") for one in found]
    (gap,) = [one for one in found if one["code"] == "E_DROPPED"]
    kept = len([one for one in found if one["kind"] == "log"])
    assert kept >= 10
    assert gap["data"] == {"count": 50 - kept}


def test_what_is_only_counted_is_written_at_the_end(store: GatedStore) -> None:
    """A counter costs nothing where it counts."""
    with writing(store) as (audit, _):
        value = [5]
        end = audit.add_counter("continues", lambda: value[0])
        value[0] += 7
        audit.record_counts()
        audit.record_counts()
        value[0] += 2
        end()
        end()

    assert [(one["kind"], one["data"]) for one in entries(store.place)] == [
        ("counts", {"continues": 7}),
        ("counts", {"continues": 2}),
    ]


def test_a_forked_child_writes_nothing(store: GatedStore) -> None:
    """What waited is the parent's to write, once."""
    with writing(store, flush_s=HANG_S) as (audit, _):
        audit.record(Kind.LOADED, "p", "loaded", "before")
        pid = os.fork()
        if pid == 0:
            audit.record(Kind.VETO, "p", "block", "in the child")
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        audit.record(Kind.LOADED, "p", "loaded", "after")

    assert [one["detail"] for one in entries(store.place)] == ["before", "after"]
    assert_intact(store.place)


def test_a_disk_that_never_answers_does_not_hold_the_end(
    store: GatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few seconds the host ends without it, and says so."""
    monkeypatch.setattr(module, "_CLOSE_WITHIN_S", 0.05)
    told: list[str | None] = []
    writer = TrailWriter(store, flush_s=0.0, on_trouble=told.append, on_tick=lambda: None)
    audit = AuditRing()
    audit.sink = writer.put
    store.gate.clear()
    audit.record(Kind.VETO, "p", "block")

    writer.close()

    assert "does not answer" in str(told[-1])
    audit.record(Kind.VETO, "p", "block")
    store.gate.set()
    (thread,) = [t for t in threading.enumerate() if t.name == "jcode-plugins-audit"]
    thread.join(HANG_S)
    store.close()


def test_an_entry_that_json_cannot_hold_is_written_without_it(store: GatedStore) -> None:
    """Not-a-number and lone surrogates break no line."""
    with writing(store) as (audit, _):
        audit.record(Kind.LOG, "p", "OK", "lone \ud800", data={"a": "\udfff"})
        audit.record(Kind.LOG, "p", "OK", "nan", data={"a": float("nan")})

    first, second = entries(store.place)
    assert (first["detail"], first["data"]) == ("lone \ud800", {"a": "\udfff"})
    assert (second["detail"], second["left_out"]) == ("nan", True)
    assert_intact(store.place)


def test_threads_that_record_together_lose_nothing(store: GatedStore) -> None:
    """And the log is in the order of the ring."""
    start = threading.Barrier(4)
    with writing(store) as (audit, _):

        def work() -> None:
            start.wait()
            for _ in range(500):
                audit.record(Kind.LOG, "p", "OK")
                audit.record(Kind.VETO, "p", "block")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    found = entries(store.place)
    assert len([one for one in found if one["kind"] == "veto"]) == 2000
    dropped = sum(
        one["data"]["count"]  # type: ignore[index, call-overload] # ours
        for one in found
        if one["code"] == "E_DROPPED"
    )
    assert len([one for one in found if one["kind"] == "log"]) + dropped == 2000
    assert set(codes(store.place)) <= {"E_DROPPED"}
    assert_intact(store.place)
