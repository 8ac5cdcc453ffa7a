"""Descriptors and deadlines: one epoll, one heap.

Promises    Callbacks run one after another in whoever calls :meth:`Reactor.run_once`; none is called
            twice for one timer. :meth:`post` and :meth:`wake` may be called from any thread.
Elsewhere   Who calls ``run_once``: ``blocking.py`` (the calling thread), ``aio.py`` (the event loop, which
            watches ``fileno()``).
"""

import contextlib
import heapq
import os
import select
import time
from collections import deque
from collections.abc import Callable
from typing import Final

READABLE: Final = select.EPOLLIN
WRITABLE: Final = select.EPOLLOUT

now_s = time.monotonic
"""The clock of every deadline, in seconds."""
HOST_IS_LATE_S: Final = 1.0
"""A timer that fires so late says that we were stopped ourselves (a suspended machine, Ctrl-Z)."""

_COMPACT_ABOVE: Final = 1024


class Timer:
    """A callback at a time; :meth:`cancel` is cheap and final."""

    __slots__ = ("_owner", "callback", "demand")

    def __init__(self, callback: Callable[[], None], owner: "Reactor", demand: int) -> None:
        self.callback: Callable[[], None] | None = callback
        self.demand = demand
        self._owner = owner

    def cancel(self) -> None:
        """Never call it; safe after it ran."""
        if self.callback is not None:
            self.callback = None
            self._owner.demand -= self.demand
            self._owner.note_stale()


class Reactor:
    """See the module's text."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], object]] = {}
        self._heap: list[tuple[float, int, Timer]] = []
        self._stale = 0
        self._sequence = 0
        self._posted: deque[Callable[[], None]] = deque()
        self.demand = 0
        """How many things go on that no caller may be waiting for: busy workers, wanted wake-ups."""
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.add(self._wake_fd, self._on_wake)
        self.on_earlier: Callable[[float], None] | None = None
        """Told of a new earliest deadline, for a loop that sleeps elsewhere."""

    def fileno(self) -> int:
        """The epoll descriptor: readable whenever :meth:`run_once` has something to do."""
        return self._epoll.fileno()

    def close(self) -> None:
        """Close both descriptors of our own; handlers are forgotten, not closed."""
        self._handlers.clear()
        self._heap.clear()
        self._epoll.close()
        if self._wake_fd >= 0:
            # First out of the reach of a thread that would wake us: the number may be reused.
            fd, self._wake_fd = self._wake_fd, -1
            os.close(fd)

    def add(self, fd: int, handler: Callable[[int], object]) -> None:
        """Call *handler* with the ready events of *fd* (level-triggered, for reading at first)."""
        self._handlers[fd] = handler
        self._epoll.register(fd, READABLE)

    def watch(self, fd: int, events: int) -> None:
        """Change what *fd* is watched for; 0 pauses it (errors and hang-ups still come)."""
        self._epoll.modify(fd, events)

    def add_for_writing(self, fd: int, handler: Callable[[int], object]) -> None:
        """As :meth:`add`, to learn when *fd* takes bytes again."""
        self._handlers[fd] = handler
        self._epoll.register(fd, WRITABLE)

    def remove(self, fd: int) -> None:
        """Forget *fd*; call before closing it. Unknown descriptors are ignored."""
        if self._handlers.pop(fd, None) is not None:
            with contextlib.suppress(OSError, ValueError):  # closed by its owner, or by close()
                self._epoll.unregister(fd)

    def at(self, when: float, callback: Callable[[], None], *, demand: bool = False) -> Timer:
        """Call *callback* once ``now_s() >= when``; with *demand* also when no caller waits."""
        timer = Timer(callback, self, int(demand))
        self.demand += timer.demand
        heap = self._heap
        self._sequence += 1
        heapq.heappush(heap, (when, self._sequence, timer))
        if self.on_earlier is not None and heap[0][2] is timer:
            self.on_earlier(when)
        return timer

    def note_stale(self) -> None:
        """Count a cancelled timer; rebuild the heap when most of it is dead."""
        self._stale += 1
        if self._stale > _COMPACT_ABOVE and self._stale * 2 > len(self._heap):
            self._heap = [item for item in self._heap if item[2].callback is not None]
            heapq.heapify(self._heap)
            self._stale = 0

    def next_due(self) -> float | None:
        """When the earliest live timer is due, or None."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heapq.heappop(heap)
            self._stale = max(0, self._stale - 1)
        return heap[0][0] if heap else None

    def post(self, callback: Callable[[], None]) -> None:
        """Run *callback* in the reactor's turn; from any thread."""
        self._posted.append(callback)
        self.wake()

    def wake(self) -> None:
        """Make a poll that is under way return; from any thread."""
        with contextlib.suppress(OSError, ValueError):  # already awake, or closed
            os.eventfd_write(self._wake_fd, 1)

    def _on_wake(self, _: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake_fd)
        while self._posted:
            self._posted.popleft()()

    def timeout_s(self) -> float:
        """How long a poll may sleep: until the next deadline, or -1 for ever."""
        due = self.next_due()
        return -1 if due is None else max(due - now_s(), 0)

    def poll(self, timeout_s: float) -> list[tuple[int, int]]:
        """Wait for descriptors, at most *timeout_s* (-1: for ever).

        Touches no state but epoll's own, so a caller may release its lock around it.
        """
        return self._epoll.poll(timeout_s)

    def handle(self, ready: list[tuple[int, int]]) -> None:
        """Call the handlers of what :meth:`poll` returned, then every timer that is due."""
        handlers = self._handlers
        for fd, events in ready:
            handler = handlers.get(fd)
            if handler is not None:  # removed by an earlier handler of this round
                handler(events)
        heap = self._heap
        if heap and heap[0][0] <= now_s():
            self._fire()

    def _fire(self) -> None:
        limit = now_s()
        while self._heap and self._heap[0][0] <= limit:
            timer = heapq.heappop(self._heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                self.demand -= timer.demand
                callback()
            else:
                self._stale = max(0, self._stale - 1)

    def run_once(self, timeout_s: float) -> None:
        """Poll for at most *timeout_s* and no longer than the next deadline, then handle."""
        if timeout_s:
            until = self.timeout_s()
            if 0 <= until < timeout_s:
                timeout_s = until
        self.handle(self._epoll.poll(timeout_s))
