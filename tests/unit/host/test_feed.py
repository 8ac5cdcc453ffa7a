"""What is kept for a reader that is slow."""

from host.audit import AuditEntry, AuditRing, Kind
from host.daemon.feed import MAX_KEPT, Feed, Watcher
from host.outcome import JsonObject
from host.reactor import Reactor


class Reader:
    """Takes *room* events, then none until it is told."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: list[JsonObject] = []

    def take(self, event: JsonObject) -> bool:
        """One event."""
        self.taken.append(event)
        self.room -= 1
        return self.room > 0


def entry(seq: int, plugin: str = "a", kind: Kind = Kind.VETO) -> AuditEntry:
    return AuditEntry(seq, 0.0, kind, plugin, "code")


def test_a_reader_with_room_gets_each_one_at_once() -> None:
    """Without repeats."""
    reader = Reader(10)
    watcher = Watcher(reader.take, None)
    for seq in (1, 2):
        watcher.hear(entry(seq))

    told = [(event["seq"], event["repeats"], event["dropped"]) for event in reader.taken]
    assert told == [(1, 1, 0), (2, 1, 0)]


def test_the_same_again_is_counted_while_there_is_no_room() -> None:
    """One event with the newest of them; others keep their place."""
    reader = Reader(1)
    watcher = Watcher(reader.take, None)
    watcher.hear(entry(1))
    for seq, plugin in ((2, "a"), (3, "b"), (4, "a")):
        watcher.hear(entry(seq, plugin))
    assert len(reader.taken) == 1
    reader.room = 10
    watcher.flush()

    told = [(event["seq"], event["plugin"], event["repeats"]) for event in reader.taken[1:]]
    assert told == [(3, "b", 1), (4, "a", 2)]


def test_what_there_is_no_room_for_is_counted() -> None:
    """The oldest go, and the next event says how many there were."""
    reader = Reader(1)
    watcher = Watcher(reader.take, None)
    watcher.hear(entry(1))
    for number in range(MAX_KEPT + 5):
        watcher.hear(entry(number + 2, f"p{number}"))
    reader.room = MAX_KEPT + 10
    watcher.flush()

    first, second = reader.taken[1:3]
    assert (first["plugin"], first["dropped"]) == ("p5", 5)
    assert second["dropped"] == 0
    assert len(reader.taken) == 1 + MAX_KEPT


def test_kinds_that_were_not_asked_for_are_not_kept() -> None:
    """Nor is what the record says of itself."""
    reader = Reader(10)
    watcher = Watcher(reader.take, frozenset({Kind.LOADED}))
    watcher.hear(entry(1))
    watcher.hear(entry(2, kind=Kind.LOADED))
    everything = Watcher(reader.take, None)
    everything.hear(entry(3, kind=Kind.TRAIL))

    assert [event["seq"] for event in reader.taken] == [2]


def test_entries_are_heard_in_the_reactor_s_turn() -> None:
    """Whoever records waits for nobody, and nobody hears after they left."""
    reactor, ring, reader = Reactor(), AuditRing(), Reader(10)
    feed = Feed(reactor)
    ring.watcher = feed.on_entry
    watcher = Watcher(reader.take, None)
    feed.add(watcher)
    ring.record(Kind.VETO, "a", "code")
    assert reader.taken == []
    reactor.run_once(0)
    assert len(reader.taken) == 1

    feed.remove(watcher)
    ring.record(Kind.VETO, "a", "code")
    reactor.run_once(0)
    assert len(reader.taken) == 1
    reactor.close()
