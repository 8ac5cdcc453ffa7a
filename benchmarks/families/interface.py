"""A person before an interface: from the key that they press to what a plugin's component draws for it."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final, cast

from benchmarks.families.hosting import AsyncioRow, BlockingRow
from benchmarks.names import KEY_ASYNCIO, KEY_BLOCKING, SLOT_VIEW
from benchmarks.payload import JsonObject
from benchmarks.row import Row, WrongAnswerError
from host import ToolResult
from host.view.limits import DIFF_INTERVAL_S
from host.view.model import View

_PLUGIN: Final = "keys-0"
_REST_S: Final = 2 * DIFF_INTERVAL_S
"""A person's keys are further apart than the changes that are told together."""
_WITHIN_S: Final = 10.0


class _Screen:
    """What the component drew, as the view tells it; *drawn* is called for each frame."""

    def __init__(self) -> None:
        self.frame = ""
        self.first = ""

    def take(self, diff: JsonObject) -> bool:
        """Whether *diff* has another frame of the component."""
        entries = diff["set"]
        assert isinstance(entries, list)
        for entry in entries:
            assert isinstance(entry, dict)
            value = entry["value"]
            if entry["area"] == "frame" and isinstance(value, dict):
                self.frame = str(entry["key"])
                self.first = cast("list[list[list[str]]]", value["lines"])[0][0][0]
                return True
        return False

    def expect(self, row: Row, keys: int) -> None:
        """Raise unless the frame is that after so many keys."""
        if self.first.split()[0] != str(keys):
            raise WrongAnswerError(f"{row.name}: {self.first!r} after {keys} keys")


class BlockingKey(BlockingRow):
    """``BlockingPluginHost.press_key``, until a listener of the view has the frame."""

    max_per_round = 50
    warm_up = 2

    def __init__(self, name: str) -> None:
        super().__init__(name, idle=True)
        self._screen = _Screen()
        self._drawn = threading.Event()
        self._keys = 0
        self._thread = ThreadPoolExecutor(1)

    def setup(self) -> None:
        """Attach, open the component and see what it draws for one key."""
        host = self.open("keys.ts")
        view: View = host.view
        view.listen(lambda diff: self._drawn.set() if self._screen.take(diff) else None)
        view.attach()
        self._thread.submit(host.run_command, "keys")
        self._await_frame()
        self.sample(1)

    def _await_frame(self) -> None:
        if not self._drawn.wait(_WITHIN_S):
            raise WrongAnswerError(f"{self.name}: nothing was drawn")

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the key to the frame."""
        assert self.host is not None
        now, press, drawn = time.perf_counter_ns, self.host.press_key, self._drawn
        samples = [0.0] * n
        for i in range(n):
            time.sleep(_REST_S)
            drawn.clear()
            begin = now()
            press("x", frame=self._screen.frame, plugin=_PLUGIN)
            self._await_frame()
            samples[i] = now() - begin
            self._keys += 1
        self._screen.expect(self, self._keys)
        return samples

    def teardown(self) -> None:
        """Close the host, which ends the component."""
        super().teardown()
        self._thread.shutdown()


class AsyncioKey(AsyncioRow):
    """``await PluginHost.press_key``, until a listener of the view has the frame."""

    max_per_round = 50
    warm_up = 2

    def __init__(self, name: str) -> None:
        super().__init__(name, idle=True)
        self._screen = _Screen()
        self._drawn = asyncio.Event()
        self._keys = 0
        self._command: asyncio.Future[ToolResult] | None = None

    def setup(self) -> None:
        """Attach, open the component and see what it draws for one key."""
        self.open("keys.ts")
        self.run(self._show())
        self.sample(1)

    async def _show(self) -> None:
        assert self.host is not None
        view: View = self.host.view
        view.listen(lambda diff: self._drawn.set() if self._screen.take(diff) else None)
        view.attach()
        self._command = asyncio.ensure_future(self.host.run_command("keys"))
        await asyncio.wait_for(self._drawn.wait(), _WITHIN_S)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the key to the frame."""
        return self.run(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, press, drawn = time.perf_counter_ns, self.host.press_key, self._drawn
        samples = [0.0] * n
        for i in range(n):
            await asyncio.sleep(_REST_S)
            drawn.clear()
            begin = now()
            await press("x", frame=self._screen.frame, plugin=_PLUGIN)
            await asyncio.wait_for(drawn.wait(), _WITHIN_S)
            samples[i] = now() - begin
            self._keys += 1
        self._screen.expect(self, self._keys)
        return samples

    def teardown(self) -> None:
        """Close the component and the host."""
        if self._command is not None:
            self._command.cancel()
            self.run(_ended(self._command))
            self._command = None
        super().teardown()


async def _ended(task: "asyncio.Future[ToolResult]") -> None:
    await asyncio.wait([task])


class SlotUpdate(AsyncioRow):
    """A command that fills a slot, from its start until a listener of the view has the slot's new text."""

    max_per_round = 50
    warm_up = 2

    def __init__(self, name: str) -> None:
        super().__init__(name, idle=True)
        self._told = asyncio.Event()
        self._number = 0

    def setup(self) -> None:
        """Attach, and see the first text."""
        self.open("slots.ts")
        assert self.host is not None
        view: View = self.host.view
        view.listen(self._take)
        view.attach()
        self.sample(1)

    def _take(self, diff: JsonObject) -> None:
        wanted = f"now {self._number}"
        entries = cast("list[JsonObject]", diff["set"])
        for entry in entries:
            if entry["area"] == "slot" and wanted in str(entry["value"]):
                self._told.set()

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the command to the view."""
        return self.run(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, command, told = time.perf_counter_ns, self.host.run_command, self._told
        samples = [0.0] * n
        for i in range(n):
            await asyncio.sleep(_REST_S)
            self._number += 1
            told.clear()
            begin = now()
            await command("fill", str(self._number))
            try:
                await asyncio.wait_for(told.wait(), _WITHIN_S)
            except TimeoutError:
                raise WrongAnswerError(f"{self.name}: {self._number} was never told") from None
            samples[i] = now() - begin
        return samples


def rows() -> list[Row]:
    """Keys by both front ends, and a slot; a rest before each."""
    return [BlockingKey(KEY_BLOCKING), AsyncioKey(KEY_ASYNCIO), SlotUpdate(SLOT_VIEW)]
