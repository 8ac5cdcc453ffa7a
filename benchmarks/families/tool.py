"""One call of a plugin's tool: schema, gate, worker, answer; and the gate alone, for a tool of the agent's own."""

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


class BlockingGate(BlockingRow):
    """``BlockingPluginHost.check_tool``: decided, audited, nothing sent anywhere."""

    def setup(self) -> None:
        """The plugin is there as it would be; the tool is not one of its."""
        self.open("tool.ts")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""
        assert self.host is not None
        now, check_tool = time.perf_counter_ns, self.host.check_tool
        samples = [0.0] * n
        allowed = True
        for i in range(n):
            begin = now()
            verdict = check_tool("read", tier="read", args=_INPUT)
            samples[i] = now() - begin
            allowed &= verdict.allowed
        if not allowed:
            raise WrongAnswerError(f"{self.name}: denied")
        return samples


def rows() -> list[Row]:
    """The call behind each front end, and the gate that it passes."""
    return [
        BlockingGate("approval gate, own tool, blocking, pinned"),
        BlockingTool("tool call, blocking, pinned"),
        AsyncioTool("tool call, asyncio, pinned"),
    ]
