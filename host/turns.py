"""The reactor in an asyncio loop: who gives it its turns.

Promises    Everything of one runtime happens in callbacks of one loop, one after another.
"""

import asyncio
import os
from collections.abc import Coroutine
from typing import TypeVar

from host.errors import HostClosedError
from host.link import LOOK_FOR_S
from host.reactor import Reactor, now_s
from host.waits import Wait, start

T = TypeVar("T")


class Turns:
    """Between :meth:`begin` and :meth:`end`, the running loop watches *reactor*."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop. Raises :class:`HostClosedError` before :meth:`begin`."""
        if self._loop is None:
            raise HostClosedError(
                "this host is not open: use it as `async with` PluginHost(...)"
            )
        return self._loop

    def begin(self) -> None:
        """Call from the loop that is to do it."""
        self._loop = asyncio.get_running_loop()
        self._reactor.on_earlier = self._on_earlier
        self._loop.add_reader(self._reactor.fileno(), self._pump)

    def end(self) -> None:
        """Before the reactor is closed; safe when nothing began."""
        if self._loop is not None:
            self._loop.remove_reader(self._reactor.fileno())
        self._reactor.on_earlier = None
        if self._alarm is not None:
            self._alarm.cancel()

    def _pump(self) -> None:
        self._reactor.run_once(0)
        due = self._reactor.next_due()
        if due is not None and due < self._alarm_at:
            self._on_earlier(due)

    def _on_earlier(self, when: float) -> None:
        # An alarm that is early only looks again, so a later deadline never replaces it: in steady
        # state one alarm serves thousands of events.
        if when < self._alarm_at:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm_at = when
            self._alarm = self.loop.call_later(max(0.0, when - now_s()), self._ring)

    def _ring(self) -> None:
        self._alarm, self._alarm_at = None, float("inf")
        self._pump()

    async def wait(self, wait: Wait[T]) -> T:
        """Return what *wait* delivers."""
        # Most answers come within microseconds: looking for them here is cheaper than two turns of the
        # loop, and short enough that no other task notices. A timer this short would cost more.
        reactor, until = self._reactor, now_s() + LOOK_FOR_S
        while now_s() < until:
            if wait.is_done:
                return wait.result()
            os.sched_yield()
            reactor.run_once(0)
        arrived: asyncio.Future[None] = self.loop.create_future()
        wait.when_done(lambda: None if arrived.done() else arrived.set_result(None))
        await arrived
        return wait.result()

    async def run(self, flow: Coroutine[Wait[object], None, T]) -> T:
        """Wait for *flow*, and end it with the task that waits."""
        try:
            return await self.wait(start(flow))
        except asyncio.CancelledError:
            flow.close()
            raise
