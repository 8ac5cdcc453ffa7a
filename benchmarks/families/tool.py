"""One call of a plugin's tool: schema check, worker, answer."""

import time

from benchmarks.families.hosting import AsyncioRow, BlockingRow
from benchmarks.payload import JsonObject
from benchmarks.row import Row, WrongAnswerError

_TOOL = "plugin_hello"
_INPUT: JsonObject = {"name": "Ada"}
_OUTPUT = "Hello, Ada."


class BlockingTool(BlockingRow):
    """``BlockingPluginHost.call_tool``."""

    def setup(self) -> None:
        """Load the plugin and see one greeting."""
        self.open("tool.ts")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from call to result."""
        assert self.host is not None
        now, call_tool = time.perf_counter_ns, self.host.call_tool
        samples = [0.0] * n
        result = None
        for i in range(n):
            begin = now()
            result = call_tool(_TOOL, _INPUT)
            samples[i] = now() - begin
        if result is None or not result.ok or result.output != _OUTPUT:
            raise WrongAnswerError(f"{self.name}: {result!r}")
        return samples


class AsyncioTool(AsyncioRow):
    """``await PluginHost.call_tool``."""

    def setup(self) -> None:
        """Load the plugin and see one greeting."""
        self.open("tool.ts")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from call to result."""
        return self.run(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, call_tool = time.perf_counter_ns, self.host.call_tool
        samples = [0.0] * n
        result = None
        for i in range(n):
            begin = now()
            result = await call_tool(_TOOL, _INPUT)
            samples[i] = now() - begin
        if result is None or not result.ok or result.output != _OUTPUT:
            raise WrongAnswerError(f"{self.name}: {result!r}")
        return samples


def rows() -> list[Row]:
    """The call behind each front end."""
    return [
        BlockingTool("tool call, blocking, pinned"),
        AsyncioTool("tool call, asyncio, pinned"),
    ]
