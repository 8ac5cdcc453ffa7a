"""The audit ring: bounded, counted, and harmless to print."""

import threading

import pytest

from host.audit import (
    E_HUNG,
    MAX_DETAIL_CHARS,
    AuditEntry,
    AuditRing,
    Kind,
    printable,
)
from host.events import PluginEvent


def ring(capacity: int = 4) -> AuditRing:
    return AuditRing(capacity, wall_clock=lambda: 12.5)


def test_an_entry_says_what_when_and_why() -> None:
    """Numbered from 1, with the injected time."""
    audit = ring()

    audit.record(Kind.LOADED, "a", "OK")
    entry = audit.record(
        Kind.TIMEOUT, "b", E_HUNG, "late", event=PluginEvent.STOP, data={"ms": 5}
    )

    assert entry == AuditEntry(
        2, 12.5, Kind.TIMEOUT, "b", "E_HUNG", "late", PluginEvent.STOP, {"ms": 5}
    )
    assert [one.to_json() for one in audit.recent()] == [
        {"seq": 1, "time": 12.5, "kind": "loaded", "plugin": "a", "code": "OK"},
        {
            "seq": 2,
            "time": 12.5,
            "kind": "timeout",
            "plugin": "b",
            "code": "E_HUNG",
            "detail": "late",
            "event": "Stop",
            "data": {"ms": 5},
        },
    ]


def test_the_newest_are_kept_and_all_are_counted() -> None:
    """Counts and the number of dropped entries outlive the entries."""
    audit = ring(3)

    for index in range(5):
        audit.record(Kind.LOG if index % 2 else Kind.TOOL, f"p{index}", "OK")

    assert [entry.seq for entry in audit.recent()] == [3, 4, 5]
    assert audit.dropped == 2
    assert audit.counts() == {Kind.TOOL: 3, Kind.LOG: 2}


def test_recent_takes_the_newest_that_match() -> None:
    """Filters come first, the number last; the oldest of the result stands first."""
    audit = ring(10)
    for index in range(6):
        audit.record(Kind.LOG if index % 2 else Kind.TOOL, "ab"[index % 3 == 0], "OK")

    assert [entry.seq for entry in audit.recent(2)] == [5, 6]
    assert [entry.seq for entry in audit.recent(2, kind=Kind.LOG)] == [4, 6]
    assert [entry.seq for entry in audit.recent(9, plugin="b")] == [1, 4]
    assert [entry.seq for entry in audit.recent(9, plugin="b", kind=Kind.LOG)] == [4]
    assert audit.recent(0) == []
    assert audit.recent(5, plugin="none") == []


def test_a_flood_of_text_is_cut() -> None:
    """A worker cannot make the record large."""
    entry = ring().record(Kind.LOG, "a", "OK", "x" * 1_000_000)

    assert len(entry.detail) == MAX_DETAIL_CHARS


def test_a_ring_needs_room() -> None:
    """A capacity of nothing is a mistake of the caller."""
    with pytest.raises(ValueError, match="one entry"):
        AuditRing(0)


def test_threads_may_record_together() -> None:
    """No number is given twice and none is lost."""
    audit = AuditRing(10_000)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(1000):
            audit.record(Kind.LOG, "a", "OK")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [entry.seq for entry in audit.recent(5000)] == list(range(1, 4001))
    assert audit.counts() == {Kind.LOG: 4000}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "plain text, \u00e9 \u65e5\u672c \U0001f600",
            "plain text, \u00e9 \u65e5\u672c \U0001f600",
        ),
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("\x1b[2J\x9b1m", r"\x1b[2J\x9b1m"),
        ("a\r\nb\tc\x00", r"a\r\nb\tc\x00"),
        ("abc\u202edcba\u2066x", r"abc\u202edcba\u2066x"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\u2028break", r"line\u2028break"),
        ("lone \ud800", r"lone \ud800"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("a\u3164\u2800\u115fb", r"a\u3164\u2800\u115fb"),
        ("e\u0301 \u2764\ufe0f", "e\u0301 \u2764\ufe0f"),
        ("", ""),
    ],
)
def test_printable_text_gives_a_terminal_no_orders(text: str, shown: str) -> None:
    """Control, direction and invisible characters are shown as escapes."""
    assert printable(text) == shown
    shown.encode()
