"""One epoll, one heap: callbacks in order, once, from whoever turns it; wake-ups from anywhere."""

import os
import random
import threading
from collections.abc import Iterator

import pytest

from host import reactor as reactor_module
from host.reactor import Reactor, now_s


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor()
    yield made
    made.close()


class Clock:
    """Stands for ``now_s`` where a test decides what time it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(reactor_module, "now_s", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    yield read_fd, write_fd
    os.close(read_fd)
    os.close(write_fd)


# Timers.


def test_timers_run_in_the_order_of_their_times(reactor: Reactor, clock: Clock) -> None:
    """Whatever the order in which they were set; equal times in the order of setting."""
    ran: list[float] = []
    times = [1000.0 + n for n in range(50)]
    shuffled = times.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    for when in shuffled:
        reactor.at(when, lambda when=when: ran.append(when))  # type: ignore[misc]  # bound now
    reactor.at(1010.0, lambda: ran.append(-1.0))

    clock.now = 1100.0
    reactor.run_once(0)

    assert ran == [*times[:11], -1.0, *times[11:]]


def test_a_timer_runs_once_and_not_before_its_time(reactor: Reactor, clock: Clock) -> None:
    """Exactly at its time counts as reached."""
    ran: list[int] = []
    reactor.at(1005.0, lambda: ran.append(1))

    for now, count in ((1004.9, 0), (1005.0, 1), (2000.0, 1)):
        clock.now = now
        reactor.run_once(0)
        assert len(ran) == count


def test_a_cancelled_timer_does_not_run(reactor: Reactor, clock: Clock) -> None:
    """Cancelling again, or after it ran, changes nothing."""
    ran: list[str] = []
    kept = reactor.at(1001.0, lambda: ran.append("kept"))
    gone = reactor.at(1001.0, lambda: ran.append("gone"))
    gone.cancel()
    gone.cancel()

    clock.now = 1002.0
    reactor.run_once(0)
    kept.cancel()

    assert ran == ["kept"]
    assert reactor.next_due() is None


def test_a_timer_may_cancel_one_that_is_due_in_the_same_turn(
    reactor: Reactor, clock: Clock
) -> None:
    """Nothing runs after it was cancelled, however late the cancellation."""
    ran: list[str] = []
    second = None

    def first() -> None:
        ran.append("first")
        assert second is not None
        second.cancel()

    reactor.at(1001.0, first)
    second = reactor.at(1001.0, lambda: ran.append("second"))
    clock.now = 1002.0
    reactor.run_once(0)

    assert ran == ["first"]


def test_a_timer_set_from_a_timer_waits_for_its_own_time(
    reactor: Reactor, clock: Clock
) -> None:
    """One that re-arms itself at once does not keep the turn from ending."""
    ran: list[int] = []

    def again() -> None:
        ran.append(1)
        reactor.at(clock.now + 0.001, again)

    reactor.at(1000.0, again)
    reactor.run_once(0)

    assert len(ran) == 1


def test_the_next_deadline_skips_what_was_cancelled(reactor: Reactor, clock: Clock) -> None:
    """So nobody wakes up for nothing."""
    early = reactor.at(1001.0, lambda: None)
    reactor.at(1005.0, lambda: None)
    assert reactor.next_due() == 1001.0
    early.cancel()

    assert reactor.next_due() == 1005.0
    assert reactor.timeout_s() == 5.0
    clock.now = 1010.0
    assert reactor.timeout_s() == 0


def test_without_timers_a_poll_may_sleep_for_ever(reactor: Reactor) -> None:
    """epoll's own word for it."""
    assert reactor.next_due() is None
    assert reactor.timeout_s() == -1


def test_thousands_of_cancelled_timers_do_not_stay(reactor: Reactor, clock: Clock) -> None:
    """A deadline for each event, nearly all cancelled, must not grow the heap without end."""
    live = [reactor.at(9000.0 + n, lambda: None) for n in range(10)]
    for _ in range(20_000):
        reactor.at(5000.0, lambda: None).cancel()

    assert len(reactor._heap) < 3000
    assert reactor.next_due() == 9000.0
    assert all(timer.callback is not None for timer in live)


def test_demand_counts_what_no_caller_waits_for(reactor: Reactor, clock: Clock) -> None:
    """Up when it is set, down when it ran or was cancelled, once."""
    reactor.at(1001.0, lambda: None)
    assert reactor.demand == 0
    ran = reactor.at(1001.0, lambda: None, demand=True)
    gone = reactor.at(1001.0, lambda: None, demand=True)
    assert reactor.demand == 2
    gone.cancel()
    gone.cancel()
    assert reactor.demand == 1

    clock.now = 1002.0
    reactor.run_once(0)
    ran.cancel()
    assert reactor.demand == 0


def test_a_new_earliest_deadline_is_told(reactor: Reactor, clock: Clock) -> None:
    """A loop that sleeps elsewhere hears of those that come before what it sleeps for, and of no others."""
    told: list[float] = []
    reactor.on_earlier = told.append
    for when in (1010.0, 1020.0, 1005.0, 1005.0, 1001.0):
        reactor.at(when, lambda: None)

    assert told == [1010.0, 1005.0, 1001.0]


def test_a_poll_ends_at_the_next_deadline(reactor: Reactor) -> None:
    """Asked to wait a minute, it waits until the timer is due."""
    ran: list[int] = []
    began = now_s()
    reactor.at(began + 0.02, lambda: ran.append(1))
    while not ran:
        reactor.run_once(60)

    assert 0.02 <= now_s() - began < 30


# Descriptors.


def test_a_handler_is_called_while_there_is_something_to_read(
    reactor: Reactor, pipe: tuple[int, int]
) -> None:
    """Level-triggered: what a handler leaves in the pipe is announced again."""
    read_fd, write_fd = pipe
    got: list[bytes] = []
    reactor.add(read_fd, lambda _: got.append(os.read(read_fd, 1)))
    reactor.run_once(0)
    assert got == []
    os.write(write_fd, b"ab")

    reactor.run_once(0)
    reactor.run_once(0)
    reactor.run_once(0)

    assert got == [b"a", b"b"]


def test_a_paused_descriptor_is_silent_until_it_is_watched_again(
    reactor: Reactor, pipe: tuple[int, int]
) -> None:
    """How a flooding worker is slowed."""
    read_fd, write_fd = pipe
    got: list[bytes] = []
    reactor.add(read_fd, lambda _: got.append(os.read(read_fd, 9)))
    os.write(write_fd, b"x")
    reactor.watch(read_fd, 0)
    reactor.run_once(0)
    assert got == []

    reactor.watch(read_fd, reactor_module.READABLE)
    reactor.run_once(0)

    assert got == [b"x"]


def test_writing_is_announced_when_there_is_room(
    reactor: Reactor, pipe: tuple[int, int]
) -> None:
    """Not while the pipe is full."""
    read_fd, write_fd = pipe
    os.write(write_fd, b"x" * 65536)
    told: list[int] = []
    reactor.add_for_writing(write_fd, told.append)
    reactor.run_once(0)
    assert told == []

    os.read(read_fd, 65536)
    reactor.run_once(0)

    assert told == [reactor_module.WRITABLE]


def test_a_handler_may_remove_another_of_the_same_round(reactor: Reactor) -> None:
    """A descriptor that was given up is not called, though the kernel had announced it."""
    pipes = [os.pipe() for _ in range(2)]
    called: list[int] = []

    def handler_of(own: int, other: int) -> None:
        def handle(_: int) -> None:
            called.append(own)
            reactor.remove(other)

        reactor.add(own, handle)

    handler_of(pipes[0][0], pipes[1][0])
    handler_of(pipes[1][0], pipes[0][0])
    for _, write_fd in pipes:
        os.write(write_fd, b"x")

    reactor.run_once(0)

    assert len(called) == 1
    for pair in pipes:
        for fd in pair:
            os.close(fd)


def test_removing_what_is_not_there_is_nothing(reactor: Reactor, pipe: tuple[int, int]) -> None:
    """Twice, never added, or closed before."""
    reactor.remove(pipe[0])
    reactor.add(pipe[0], lambda _: None)
    reactor.remove(pipe[0])
    reactor.remove(pipe[0])
    other_read, other_write = os.pipe()
    reactor.add(other_read, lambda _: None)
    os.close(other_read)
    os.close(other_write)

    reactor.remove(other_read)


# Threads.


def test_a_post_from_another_thread_runs_in_the_turn(reactor: Reactor) -> None:
    """And ends the poll that waits for something else."""
    ran: list[int] = []
    here = threading.get_ident()
    poster = threading.Thread(
        target=lambda: reactor.post(lambda: ran.append(threading.get_ident()))
    )
    poster.start()
    while not ran:
        reactor.run_once(60)
    poster.join()

    assert ran == [here]


def test_posts_run_in_order_and_each_once(reactor: Reactor) -> None:
    """Those of many threads, too; a post from a post is not lost."""
    ran: list[tuple[int, int]] = []
    threads = [
        threading.Thread(
            target=lambda n=n: [
                reactor.post(lambda n=n, m=m: ran.append((n, m))) for m in range(100)
            ]  # type: ignore[misc]
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    reactor.post(lambda: reactor.post(lambda: ran.append((9, 0))))
    while len(ran) < 401:
        reactor.run_once(60)
    for thread in threads:
        thread.join()

    for n in range(4):
        assert [m for who, m in ran if who == n] == list(range(100))
    assert ran.count((9, 0)) == 1


def test_a_wake_before_the_poll_is_not_lost(reactor: Reactor) -> None:
    """It returns at once, and the next one sleeps again."""
    reactor.wake()
    reactor.wake()

    assert len(reactor.poll(60)) == 1
    reactor.run_once(0)
    assert reactor.poll(0) == []


def test_waking_a_closed_reactor_is_nothing() -> None:
    """A writer thread may finish after the host has."""
    made = Reactor()
    made.close()
    made.wake()
    made.post(lambda: None)
    made.close()


def test_the_epoll_descriptor_is_readable_when_there_is_work(
    reactor: Reactor, pipe: tuple[int, int]
) -> None:
    """So that an event loop can watch one descriptor for all of them."""
    outer = Reactor()
    told: list[int] = []
    outer.add(reactor.fileno(), told.append)
    reactor.add(pipe[0], lambda _: None)
    outer.run_once(0)
    assert told == []

    os.write(pipe[1], b"x")
    outer.run_once(0)

    assert told
    outer.close()
