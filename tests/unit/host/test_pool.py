"""Threads for what blocks: owners take turns, nobody holds them all, closing waits for nobody who hangs."""

import threading
from collections.abc import Callable, Iterator

import pytest

from host.pool import _OF_ONE_OWNER, Pool
from host.reactor import Reactor, now_s

WITHIN_S = 20.0


class Turns:
    """A pool and the reactor in whose turn its results are told."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.pool = Pool(self.reactor)
        self.told: list[object] = []
        self.let_go = threading.Event()
        self.entered = threading.Semaphore(0)

    def quick(self, owner: str, word: object) -> None:
        """Work that says *word*."""
        self.pool.submit(owner, lambda: lambda: self.told.append(word))

    def slow(self, owner: str, word: object) -> None:
        """Work that waits until it is let go."""

        def job() -> Callable[[], None]:
            self.entered.release()
            assert self.let_go.wait(WITHIN_S)
            return lambda: self.told.append(word)

        self.pool.submit(owner, job)

    def until(self, count: int) -> None:
        """Turn the reactor until so much was told."""
        limit = now_s() + WITHIN_S
        while len(self.told) < count:
            assert now_s() < limit
            self.reactor.run_once(0.1)


@pytest.fixture
def turns() -> Iterator[Turns]:
    made = Turns()
    yield made
    made.let_go.set()
    made.pool.close()
    made.reactor.close()


def test_results_are_told_in_the_reactors_turn(turns: Turns) -> None:
    """And not before it."""
    seen: list[int] = []

    def job() -> Callable[[], None]:
        seen.append(threading.get_ident())
        return lambda: turns.told.append(threading.get_ident())

    turns.pool.submit("a", job)
    turns.until(1)

    assert turns.told == [threading.get_ident()]
    assert seen[0] != threading.get_ident()


def test_one_owner_does_not_hold_the_others(turns: Turns) -> None:
    """Whose disk hangs waits alone, however much it asks for."""
    for at in range(50):
        turns.slow("hangs", at)
    for _ in range(_OF_ONE_OWNER):
        assert turns.entered.acquire(timeout=WITHIN_S)
    for name in "abc":
        turns.quick(name, name)
    turns.until(3)

    assert sorted(map(str, turns.told)) == ["a", "b", "c"]
    assert not turns.entered.acquire(blocking=False)
    turns.let_go.set()
    turns.until(53)


def test_owners_take_turns(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for one thing does not wait behind who asks for a hundred."""
    monkeypatch.setattr("host.pool.THREADS", 1)
    turns.slow("first", "first")
    assert turns.entered.acquire(timeout=WITHIN_S)
    for at in range(100):
        turns.quick("much", at)
    turns.quick("little", "little")
    turns.let_go.set()
    turns.until(102)

    assert turns.told[:4] == ["first", 0, "little", 1]


def test_closing_drops_what_has_not_begun(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And waits for what has, but not for ever."""
    monkeypatch.setattr("host.pool._CLOSE_WITHIN_S", 0.05)
    for at in range(5):
        turns.slow("a", at)
    for _ in range(_OF_ONE_OWNER):
        assert turns.entered.acquire(timeout=WITHIN_S)
    turns.pool.close()
    turns.quick("b", "late")
    turns.let_go.set()
    turns.until(_OF_ONE_OWNER)

    assert set(turns.told) <= set(range(5))
    assert len(turns.told) == _OF_ONE_OWNER


def test_work_that_raises_costs_nobody_a_thread(
    turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither its owner, who has two, nor the others; and it is told."""

    def job() -> Callable[[], None]:
        raise UnicodeError("a mistake")

    for _ in range(_OF_ONE_OWNER * 8):
        turns.pool.submit("clumsy", job)
    turns.quick("clumsy", "its next")
    turns.quick("other", "another's")
    turns.until(2)
    assert set(turns.told) == {"its next", "another's"}
    assert "a mistake of jcode-plugin" in caplog.text
