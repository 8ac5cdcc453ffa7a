"""One event, many plugins: encoded once, written to all, gathered."""

import time

from benchmarks.families.hosting import AsyncioRow, BlockingRow, answered, expect
from benchmarks.names import fan_out
from benchmarks.payload import PAYLOAD
from benchmarks.row import Row
from host import Outcome, PluginEvent

SIZES = (1, 4, 16, 64)


class BlockingFanOut(BlockingRow):
    """So many copies of one plugin, each in its worker; a sample is divided by their number."""

    max_per_round = 1000

    def __init__(self, plugins: int) -> None:
        super().__init__(fan_out(plugins, "blocking"))
        self._plugins = plugins

    def setup(self) -> None:
        """Load the copies and see an answer of each."""
        self.open("noop.ts", copies=self._plugins)
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds a plugin."""
        assert self.host is not None
        now, dispatch, plugins = time.perf_counter_ns, self.host.dispatch, self._plugins
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            begin = now()
            outcome = dispatch(PluginEvent.PRE_TOOL_USE, PAYLOAD)
            samples[i] = (now() - begin) / plugins
        assert outcome is not None
        expect(self.name, lambda one: _all_of(one, plugins), outcome)
        return samples


class AsyncioFanOut(AsyncioRow):
    """The same in an event loop."""

    max_per_round = 1000

    def __init__(self, plugins: int) -> None:
        super().__init__(fan_out(plugins, "asyncio"))
        self._plugins = plugins

    def setup(self) -> None:
        """Load the copies and see an answer of each."""
        self.open("noop.ts", copies=self._plugins)
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds a plugin."""
        return self.run(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, dispatch, plugins = time.perf_counter_ns, self.host.dispatch, self._plugins
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            begin = now()
            outcome = await dispatch(PluginEvent.PRE_TOOL_USE, PAYLOAD)
            samples[i] = (now() - begin) / plugins
        assert outcome is not None
        expect(self.name, lambda one: _all_of(one, plugins), outcome)
        return samples


def _all_of(outcome: Outcome, plugins: int) -> bool:
    return answered(outcome) and len(outcome.results) == plugins


def rows() -> list[Row]:
    """Each size behind each front end."""
    return [
        *(BlockingFanOut(plugins) for plugins in SIZES),
        *(AsyncioFanOut(plugins) for plugins in SIZES),
    ]
