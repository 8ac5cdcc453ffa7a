"""Threads for what blocks: files that may lie on a disk far away.

Promises    One owner's work holds a few threads at most, whatever it waits for, and owners take turns. What is
            returned is called in the reactor's turn.
Gap         A thread that waits for a dead file system waits on; closing does not wait for it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Final

from host.reactor import Reactor, now_s

Then = Callable[[], None]
Job = Callable[[], Then]

THREADS: Final = 8
_OF_ONE_OWNER: Final = 2
_CLOSE_WITHIN_S: Final = 5.0

_logger = logging.getLogger("jcode_plugins")


class Pool:
    """See the module's text. Threads start when there is work for them."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, deque[Job]] = {}
        self._running: dict[Hashable, int] = {}
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._is_closed = False

    def submit(self, owner: Hashable, job: Job) -> None:
        """Run *job*, which does not raise, in a thread, then what it returns in the reactor's turn."""
        with self._changed:
            if self._is_closed:
                return
            self._waiting.setdefault(owner, deque()).append(job)
            self._changed.notify()
            unstarted = sum(map(len, self._waiting.values()))
            if unstarted > self._idle and len(self._threads) < THREADS:
                thread = threading.Thread(
                    target=self._work,
                    name=f"jcode-plugins-files-{len(self._threads)}",
                    daemon=True,
                )
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while (owner := self._next_owner()) is None:
                    if self._is_closed:
                        return
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                waiting = self._waiting.pop(owner)
                job = waiting.popleft()
                if waiting:
                    self._waiting[owner] = waiting  # at the end: the others first
                self._running[owner] = self._running.get(owner, 0) + 1
            then = _done(job)
            with self._changed:
                self._running[owner] -= 1
                if not self._running[owner]:
                    del self._running[owner]
            self._reactor.post(then)
            del job, then  # they may hold megabytes, and the next one may be long in coming

    def _next_owner(self) -> Hashable | None:
        for owner in self._waiting:
            if self._running.get(owner, 0) < _OF_ONE_OWNER:
                return owner
        return None

    def close(self) -> None:
        """Drop what has not begun, and wait a moment for what has."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()
        until = now_s() + _CLOSE_WITHIN_S
        for thread in self._threads:
            thread.join(max(until - now_s(), 0))


def _done(job: Job) -> Then:
    """Run *job*. One that raises is a mistake of ours, and costs nobody a thread or its owner a turn."""
    try:
        return job()
    except Exception:
        _logger.exception("work in a thread failed; this is a mistake of jcode-plugin")
        return lambda: None
