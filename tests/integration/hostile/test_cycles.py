"""Workers started and killed, again and again: what a cycle leaves behind, ten thousand make visible."""

import ctypes
import gc
import mmap
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from host.calls import Call
from host.config import Config
from host.link import Link
from host.listener import HostcallRequest
from host.loss import Loss
from host.outcome import Status
from host.reactor import now_s
from host.runtime import Runtime
from host.spawn import WorkerLimits

WARM_UP: Final = 200
SHORT: Final = 600
LONG: Final = 10_000
SLACK_BYTES: Final = 2 * 1024 * 1024
"""What the allocator of either process may keep to itself; a leak of 300 bytes a cycle is more after 10,000."""
WITHIN_S: Final = 60.0


class Cycle:
    """One worker: started, heard, killed, reaped."""

    def __init__(self, how: str) -> None:
        self.waiting: deque[Call] = deque()
        self.how = how
        self.loss: Loss | None = None
        self.is_ready = False

    def crash(self, link: Link) -> None:
        """End it by a signal of somebody else's, once it is ready and its number is known."""
        if self.how == "crash" and self.is_ready and link.pid:
            self.how = "crashed"
            os.kill(link.pid, signal.SIGSEGV)

    def on_hello(self, link: Link, layers: str) -> None:
        self.is_ready = True
        if self.how == "kill":
            link.kill(Loss("E_TEST", "it has lived", Status.KILLED, is_own_fault=False))

    def on_lost(self, link: Link, why: Loss) -> None:
        self.loss = why

    def on_hostcall(self, link: Link, request: HostcallRequest) -> None:
        raise AssertionError("nothing was loaded that could ask")

    def on_cast(self, link: Link, call: Call | None, name: str, text: str) -> None:
        raise AssertionError("nothing was loaded that could tell")

    def on_result(self, link: Link, call: Call, status: int, text: str) -> None:
        raise AssertionError("nothing was asked")

    def on_ready(self, link: Link) -> None:
        """Nothing is to be delivered."""

    def on_throttled(self, link: Link) -> None:
        raise AssertionError("a hello is no flood")


class Counts:
    """What a process holds, by the kernel's word."""

    def __init__(self, pid: int) -> None:
        process = psutil.Process(pid)
        self.fds = process.num_fds()
        self.threads = process.num_threads()
        self.children = len(process.children(recursive=True))
        self.uss_bytes = process.memory_full_info().uss

    def grew_from(self, before: "Counts") -> str:
        """Return in words what is more than it was, or nothing."""
        grown = [
            f"{name}: {getattr(before, name)} -> {getattr(self, name)}"
            for name in ("fds", "threads", "children")
            if getattr(self, name) > getattr(before, name)
        ]
        if self.uss_bytes > before.uss_bytes + SLACK_BYTES:
            grown.append(f"memory: {before.uss_bytes} -> {self.uss_bytes} bytes")
        return "; ".join(grown)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A runtime with a zygote of workers."""
    made = Runtime(Config(), tmp_path)
    made.start()
    yield made
    made.close()


def trim() -> None:
    """Give back what earlier tests left to the allocator: a leak would hide in it."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def touched(size: int) -> mmap.mmap:
    """Memory of its own, which no earlier test has left to the allocator."""
    memory = mmap.mmap(-1, size)
    memory.write(bytes(size))
    return memory


def live_and_die(runtime: Runtime, cycles: int) -> None:
    """Start and end so many workers one after another, killed and crashed in turn."""
    for number in range(cycles):
        cycle = Cycle("crash" if number % 2 else "kill")
        link = runtime.open_link(cycle, WorkerLimits())
        until = now_s() + WITHIN_S
        while not link.is_gone:
            assert now_s() < until, "a worker neither lived nor died"
            runtime.reactor.run_once(1.0)
            cycle.crash(link)
        assert cycle.loss is not None
        assert cycle.loss.code == ("E_CRASH" if number % 2 else "E_TEST"), cycle.loss.detail


def leaves_nothing(runtime: Runtime, cycles: int) -> None:
    zygote = runtime.zygote("plugins")
    live_and_die(runtime, WARM_UP)
    trim()
    host_before, zygote_before = Counts(os.getpid()), Counts(zygote.pid)

    live_and_die(runtime, cycles)

    trim()
    assert runtime.zygote("plugins") is zygote, "the zygote did not live through it"
    assert Counts(os.getpid()).grew_from(host_before) == ""
    assert Counts(zygote.pid).grew_from(zygote_before) == ""
    assert not runtime.links
    assert runtime.reactor.demand == 0


def test_cycles_leave_nothing_behind(runtime: Runtime) -> None:
    """Descriptors, processes and memory of host and zygote are what they were."""
    leaves_nothing(runtime, SHORT)


@pytest.mark.soak
def test_ten_thousand_cycles_leave_nothing_behind(runtime: Runtime) -> None:
    """The same until what grows by a little shows."""
    leaves_nothing(runtime, LONG)


def test_a_leak_would_be_seen(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a host that forgets one descriptor and 64 KiB a cycle."""
    kept: list[object] = []
    gone: Callable[[Link], None] = runtime._on_link_gone

    def forgetful(link: Link) -> None:
        gone(link)
        kept.append((os.dup(0), touched(65536)))

    monkeypatch.setattr(runtime, "_on_link_gone", forgetful)
    try:
        with pytest.raises(AssertionError, match=r"fds: \d+ -> \d+; (.*; )?memory"):
            leaves_nothing(runtime, SHORT)
    finally:
        for fd, _ in kept:  # type: ignore[misc]  # pairs, as above
            os.close(fd)
