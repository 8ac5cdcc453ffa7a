"""Hosts for rows: started under the row's placement, closed with the row."""

import asyncio
import select
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TypeVar

from benchmarks.names import FLOOR_IDLE, FLOOR_PINNED, FLOOR_UNPINNED
from benchmarks.payload import PLUGINS
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError
from host import BlockingPluginHost, Config, Outcome, PluginHost

T = TypeVar("T")

Check = Callable[[Outcome], bool]


def config(**timeouts: int) -> Config:
    """Return the default configuration, with *timeouts* (milliseconds) where a row needs its own."""
    return Config.model_validate({"timeouts": timeouts})


def answered(outcome: Outcome) -> bool:
    """Whether every plugin answered and the agent may go on with what it had."""
    return outcome.action == "continue" and not outcome.output and all_answered(outcome)


def all_answered(outcome: Outcome) -> bool:
    """Whether at least one plugin was asked and none failed."""
    statuses = [result.status.value for result in outcome.results]
    return bool(statuses) and set(statuses) == {"answered"}


def expect(name: str, check: Check, outcome: Outcome) -> None:
    """Raise unless *outcome* is the right answer."""
    if not check(outcome):
        raise WrongAnswerError(f"{name}: {outcome.to_json()}")


class HostRow(Row):
    """A row of ours: where it runs and which floor is like it."""

    family: Family = "ours"

    def __init__(self, name: str, *, pinned: bool = True, idle: bool = False) -> None:
        self.name = name
        self.pinned = pinned
        self.idle = idle
        if not pinned:
            self.floor = FLOOR_UNPINNED
        else:
            self.floor = FLOOR_IDLE if idle else FLOOR_PINNED


class BlockingRow(HostRow):
    """Keeps one BlockingPluginHost open."""

    def __init__(self, name: str, *, pinned: bool = True, idle: bool = False) -> None:
        super().__init__(name, pinned=pinned, idle=idle)
        self._stack = ExitStack()
        self.host: BlockingPluginHost | None = None

    def config(self, **timeouts: int) -> Config:
        """Return the host's configuration."""
        return config(**timeouts)

    def open(self, *plugins: str, copies: int = 1, **timeouts: int) -> BlockingPluginHost:
        """Start the host and load *plugins*, file names below ``plugins/``, each so many times."""
        host = self._stack.enter_context(BlockingPluginHost(self.config(**timeouts)))
        for plugin in plugins:
            for number in range(copies):
                host.load(PLUGINS / plugin, name=_name(plugin, number))
        self.host = host
        return host

    def teardown(self) -> None:
        """Close the host and its workers."""
        self.host = None
        self._stack.close()


class AsyncioRow(HostRow):
    """Keeps one PluginHost open, in an event loop of its own that runs only during batches."""

    def __init__(self, name: str, *, pinned: bool = True, idle: bool = False) -> None:
        super().__init__(name, pinned=pinned, idle=idle)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = AsyncExitStack()
        self.host: PluginHost | None = None

    def open(self, *plugins: str, copies: int = 1, **timeouts: int) -> PluginHost:
        """As the blocking row's."""
        self._loop = asyncio.new_event_loop()
        self.host = self.run(self._open(plugins, copies, timeouts))
        return self.host

    async def _open(
        self, plugins: tuple[str, ...], copies: int, timeouts: dict[str, int]
    ) -> PluginHost:
        host = await self._stack.enter_async_context(PluginHost(config(**timeouts)))
        for plugin in plugins:
            for number in range(copies):
                await host.load(PLUGINS / plugin, name=_name(plugin, number))
        return host

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run *coroutine* in the row's loop."""
        assert self._loop is not None
        return self._loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        """Close the host, its workers and the loop."""
        if self._loop is None:
            return
        self.host = None
        self.run(self._stack.aclose())
        self._loop.close()
        self._loop = None


def _name(plugin: str, number: int) -> str:
    return f"{Path(plugin).stem}-{number}"


def rollup_kib(pid: int) -> dict[str, int]:
    """Return ``smaps_rollup`` of *pid* in KiB; OSError where the kernel does not let us look."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        field, _, rest = line.partition(":")
        if rest.endswith("kB"):
            sizes[field] = int(rest.split()[0])
    return sizes


def until_readable(fd: int, timeout_ms: int | None = None) -> bool:
    """Whether *fd* can be read within that time. Not select, which knows the first 1,024 alone: all rows are open at once."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout_ms))
