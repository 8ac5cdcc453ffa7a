"""The console draws what plugins show: from a change of the view to what is written to the terminal."""

import asyncio
import re
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benchmarks.busy import Busy
from benchmarks.names import DRAW_ALL, DRAW_EMPTY, DRAW_ONE, FLOOR_IDLE, KEY_SCREEN
from benchmarks.payload import PLUGINS
from benchmarks.results import Family
from benchmarks.row import Row, SkipRowError, WrongAnswerError

if TYPE_CHECKING:
    from textual.app import App

    from host.console.mirror import Json, Mirror

_SLOTS: Final = tuple(
    (place, number)
    for place in ("Header", "Sidebar", "Footer", "Overlay", "Sidebar")
    for number in range(10)
)
"""Fifty; the last of each place stand below what its part of the screen shows."""
_SIZE: Final = (160, 60)
_REST_S: Final = 0.1
_OPEN_S: Final = 1.0
_WITHIN_S: Final = 10.0


class DrawSlots(Row):
    """So many filled slots, of which so many change at once."""

    family: Family = "ours"
    floor = FLOOR_IDLE
    max_per_round = 20
    warm_up = 1

    def __init__(self, name: str, changing: int, filled: int = len(_SLOTS)) -> None:
        self.name = name
        self._changing = changing
        self._filled = filled
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: App[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._mirror: Mirror | None = None
        self._written = asyncio.Event()
        self._wanted = ""
        self._number = 0

    def setup(self) -> None:
        """Start the application on a terminal that only listens, and see the slots on it."""
        try:
            import textual  # noqa: F401 - an optional part
        except ImportError as error:
            raise SkipRowError("Textual is not installed") from error
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start())

    async def _start(self) -> None:
        from benchmarks.terminal import stage_on

        ready = asyncio.Event()
        self._app, self._mirror = stage_on(self._on_write, ready.set)
        self._running = asyncio.ensure_future(_run(self._app))
        await asyncio.wait_for(ready.wait(), _WITHIN_S)
        self._wanted = self._text()
        entries = self._entries(range(self._filled))
        self._app.call_later(self._mirror.load, {"version": 1, "entries": entries})
        await asyncio.wait_for(self._written.wait(), _WITHIN_S)
        await self._sample(1)

    def _on_write(self, data: str) -> None:
        if self._wanted in data:
            self._written.set()

    def _text(self) -> str:
        return f"shown {self._number:06}"

    def _entries(self, which: "Sequence[int]") -> "list[Json]":
        return [
            {
                "plugin": f"plugin-{at % 10}",
                "session": "",
                "area": "slot",
                "key": f"{_SLOTS[at][0]}/{at}",
                "value": {
                    "order": at,
                    "node": {"kind": "text", "lines": [[[self._text(), "fg:accent"]]]},
                },
            }
            for at in which
        ]

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the difference to the terminal."""
        assert self._loop is not None
        return self._loop.run_until_complete(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        assert self._app is not None
        assert self._mirror is not None
        now, app, mirror = time.perf_counter_ns, self._app, self._mirror
        samples = [0.0] * n
        for i in range(n):
            await asyncio.sleep(_REST_S)
            self._number += 1
            self._wanted = self._text()
            self._written.clear()
            entries, at = self._entries(range(self._changing)), mirror.version
            begin = now()
            app.call_later(
                mirror.apply, {"from": at, "to": at + 1, "set": entries, "remove": []}
            )
            try:
                await asyncio.wait_for(self._written.wait(), _WITHIN_S)
            except TimeoutError:
                raise WrongAnswerError(
                    f"{self.name}: {self._wanted} was never written"
                ) from None
            samples[i] = now() - begin
        return samples

    def teardown(self) -> None:
        """End the application and its loop."""
        if self._loop is None:
            return
        if self._app is not None and self._running is not None:
            self._app.exit()
            self._loop.run_until_complete(self._running)
        self._loop.close()
        self._loop = None


async def _run(app: "App[None]") -> None:
    await app.run_async(size=_SIZE)


class KeyOnScreen(Row):
    """A key into a component of a plugin's, in ``jcode-plugin tui`` in a terminal of its own."""

    family: Family = "ours"
    floor = FLOOR_IDLE
    max_per_round = 20
    warm_up = 1

    def __init__(self, name: str) -> None:
        self.name = name
        self._stack = ExitStack()
        self._busy: Busy | None = None
        self._keys = 0
        self._wanted = re.compile(rb"$.")
        self._tail = b""
        self._drawn = threading.Event()

    def setup(self) -> None:
        """Open the component, and see what it draws for one key."""
        place = Path(self._stack.enter_context(TemporaryDirectory(prefix="bench-key-")))
        keys = {"keys.ts": (PLUGINS / "keys.ts").read_text()}
        busy = self._busy = self._stack.enter_context(Busy(place, plugins=0, more=keys))
        busy.on_data = self._read
        busy.show(until=b"SessionStart")
        self._expect(0)
        busy.press(b"/keys\r")
        self._await()
        time.sleep(_OPEN_S)  # what has the focus at once would take what is typed elsewhere
        self.sample(1)

    def _expect(self, keys: int) -> None:
        self._drawn.clear()
        self._tail = b""
        self._wanted = re.compile(rb"(?<![\d;])%d \d" % keys)

    def _read(self, data: bytes) -> None:
        self._tail = self._tail[-16:] + data
        if self._wanted.search(self._tail):
            self._drawn.set()

    def _await(self) -> None:
        if not self._drawn.wait(_WITHIN_S):
            raise WrongAnswerError(f"{self.name}: nothing was drawn after {self._keys} keys")

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the key to the bytes for the terminal."""
        assert self._busy is not None
        now, samples = time.perf_counter_ns, [0.0] * n
        for i in range(n):
            time.sleep(_REST_S)
            self._keys += 1
            self._expect(self._keys)
            begin = now()
            self._busy.press(b"x")
            self._await()
            samples[i] = now() - begin
        return samples

    def teardown(self) -> None:
        """End the console and its daemon."""
        self._busy = None
        self._stack.close()


def rows() -> list[Row]:
    """A key in the whole console; all slots at once, one among them, and one alone, which is what a stage costs by itself."""
    return [
        KeyOnScreen(KEY_SCREEN),
        DrawSlots(DRAW_ALL, len(_SLOTS)),
        DrawSlots(DRAW_ONE, 1),
        DrawSlots(DRAW_EMPTY, 1, filled=1),
    ]
