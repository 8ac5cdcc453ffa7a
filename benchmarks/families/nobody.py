"""Events that no plugin wants: most events of most agents. A sample is the mean of a short loop,
because one call is not much longer than reading the clock."""

import time

from benchmarks.families.hosting import AsyncioRow, BlockingRow
from benchmarks.names import HAS_HANDLER, NOBODY_BLOCKING
from benchmarks.payload import PAYLOAD
from benchmarks.row import Row, WrongAnswerError
from host import Outcome, PluginEvent

_CALLS = 200


def _check(name: str, outcome: Outcome | None) -> None:
    if outcome is None or outcome.results or outcome.action != "continue":
        raise WrongAnswerError(f"{name}: {outcome!r}")


class Nobody(BlockingRow):
    """``dispatch`` of an event that the loaded plugin has not subscribed to."""

    max_per_round = 500

    def setup(self) -> None:
        """Load a plugin that wants another event."""
        self.open("noop.ts")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* means over a short loop, in nanoseconds a call."""
        assert self.host is not None
        now, dispatch, calls = time.perf_counter_ns, self.host.dispatch, range(_CALLS)
        kind = PluginEvent.POST_TOOL_USE
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            begin = now()
            for _ in calls:
                outcome = dispatch(kind, PAYLOAD)
            samples[i] = (now() - begin) / _CALLS
        _check(self.name, outcome)
        return samples


class Forwarded(Nobody):
    """The same, where a TUI half hears of the event afterwards: what telling it costs whoever fires the event."""

    def setup(self) -> None:
        """Load a TUI half, and look at it."""
        host = self.open("listens.js")
        host.view.attach()
        while not host.has_handler(PluginEvent.POST_TOOL_USE):
            time.sleep(0.001)
        self.sample(1)


class AsyncioNobody(AsyncioRow):
    """The same in an event loop; the coroutine never waits."""

    max_per_round = 500

    def setup(self) -> None:
        """Load a plugin that wants another event."""
        self.open("noop.ts")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* means over a short loop, in nanoseconds a call."""
        return self.run(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, dispatch, calls = time.perf_counter_ns, self.host.dispatch, range(_CALLS)
        kind = PluginEvent.POST_TOOL_USE
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            begin = now()
            for _ in calls:
                outcome = await dispatch(kind, PAYLOAD)
            samples[i] = (now() - begin) / _CALLS
        _check(self.name, outcome)
        return samples


class HasHandler(BlockingRow):
    """``has_handler`` of such an event: what an agent may ask before it builds a payload."""

    max_per_round = 500

    def setup(self) -> None:
        """Load a plugin that wants another event."""
        self.open("noop.ts")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* means over a short loop, in nanoseconds a call."""
        assert self.host is not None
        now, has_handler, calls = time.perf_counter_ns, self.host.has_handler, range(_CALLS)
        kind = PluginEvent.POST_TOOL_USE
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            for _ in calls:
                has_handler(kind)
            samples[i] = (now() - begin) / _CALLS
        if has_handler(kind) or not has_handler(PluginEvent.PRE_TOOL_USE):
            raise WrongAnswerError(f"{self.name}: the bitmap is wrong")
        return samples


def rows() -> list[Row]:
    """The event, behind each front end, and the question."""
    return [
        Nobody(NOBODY_BLOCKING),
        AsyncioNobody("event without a subscriber, asyncio"),
        Forwarded("event that a TUI half alone hears of, blocking"),
        HasHandler(HAS_HANDLER),
    ]
