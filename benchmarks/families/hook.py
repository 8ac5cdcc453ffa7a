"""One hook, one plugin: what an agent waits for before each of its tool calls."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.families.hosting import (
    AsyncioRow,
    BlockingRow,
    Check,
    all_answered,
    answered,
    expect,
)
from benchmarks.names import HOOK_ASYNCIO, HOOK_BLOCKING
from benchmarks.payload import event
from benchmarks.row import IDLE_S, Row
from host import Outcome, PluginEvent


@dataclass(frozen=True, slots=True)
class Case:
    """A plugin, a command that an agent wants to run, and the right answer."""

    plugin: str
    command: str
    check: Check


def _blocked(outcome: Outcome) -> bool:
    return outcome.blocked and all_answered(outcome)


def _rewritten(outcome: Outcome) -> bool:
    return outcome.output.get("modified_input") == {"command": "pnpm install"}


CONTINUE = Case("noop.ts", "git status --short", answered)
BLOCK = Case("rule.ts", "rm -rf /srv/data/x", _blocked)
REWRITE = Case("rule.ts", "npm install", _rewritten)


class BlockingHook(BlockingRow):
    """``BlockingPluginHost.dispatch`` in the calling thread."""

    def __init__(
        self, name: str, case: Case, *, pinned: bool = True, idle: bool = False
    ) -> None:
        super().__init__(name, pinned=pinned, idle=idle)
        self._case = case

    def setup(self) -> None:
        """Load the plugin and see the right answer."""
        self.open(self._case.plugin)
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from call to outcome."""
        assert self.host is not None
        now, idle, dispatch = time.perf_counter_ns, self.idle, self.host.dispatch
        kind, payload = PluginEvent.PRE_TOOL_USE, event(self._case.command)
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            if idle:
                time.sleep(IDLE_S)
            begin = now()
            outcome = dispatch(kind, payload)
            samples[i] = now() - begin
        assert outcome is not None
        expect(self.name, self._case.check, outcome)
        return samples


class AsyncioHook(AsyncioRow):
    """``await PluginHost.dispatch`` in a running loop."""

    def __init__(
        self, name: str, case: Case, *, pinned: bool = True, idle: bool = False
    ) -> None:
        super().__init__(name, pinned=pinned, idle=idle)
        self._case = case

    def setup(self) -> None:
        """Load the plugin and see the right answer."""
        self.open(self._case.plugin)
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """As the blocking row; the loop is entered once a batch."""
        return self.run(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, idle, dispatch = time.perf_counter_ns, self.idle, self.host.dispatch
        kind, payload = PluginEvent.PRE_TOOL_USE, event(self._case.command)
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            if idle:
                await asyncio.sleep(IDLE_S)
            begin = now()
            outcome = await dispatch(kind, payload)
            samples[i] = now() - begin
        assert outcome is not None
        expect(self.name, self._case.check, outcome)
        return samples


def rows() -> list[Row]:
    """Continue, block and rewrite; pinned, unpinned and after idleness; both front ends."""
    return [
        BlockingHook(HOOK_BLOCKING, CONTINUE),
        BlockingHook("one hook, one plugin, blocking, unpinned", CONTINUE, pinned=False),
        BlockingHook("one hook, one plugin, blocking, after 2 ms idle", CONTINUE, idle=True),
        AsyncioHook(HOOK_ASYNCIO, CONTINUE),
        AsyncioHook("one hook, one plugin, asyncio, unpinned", CONTINUE, pinned=False),
        AsyncioHook("one hook, one plugin, asyncio, after 2 ms idle", CONTINUE, idle=True),
        BlockingHook("a rule blocks, blocking, pinned", BLOCK),
        BlockingHook("a rule rewrites the input, blocking, pinned", REWRITE),
    ]
