"""When the stage is drawn next: at once after a rest, and no more often than what drawing costs allows.

Promises    What a person waits for is drawn :data:`SOONEST_S` after the drawing before, or as soon as drawing took no more than
            :data:`HURRIED_SHARE` of the time: who floods the screen with it takes no more of what keys need. Everything else
            waits until drawing took no more than :data:`SHARE`. Neither waits longer than :data:`LONGEST_S`; what is out of
            sight waits that long, or :data:`UNSEEN_S`.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from textual.message_pump import MessagePump

SOONEST_S: Final = 1 / 30
LONGEST_S: Final = 0.25
UNSEEN_S: Final = 1.0
SHARE: Final = 0.1
"""Of one core, for what nobody waits for."""
HURRIED_SHARE: Final = 0.3
"""The same, for what a person seems to wait for."""


class Pace:
    """Has *draw* called for *node*. *clock* is monotonic, *used* the processor's time of this thread; both in seconds."""

    def __init__(
        self,
        node: MessagePump,
        draw: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.thread_time,
    ) -> None:
        self._node = node
        self._draw = draw
        self._clock = clock
        self._used = used
        self._drawn_at = -UNSEEN_S
        self._cost_s = 0.0
        self._is_waiting = False
        self._due_at = 0.0
        # The loop's own timer: one of Textual's is skipped for good when it is late at its start.
        self._timer: asyncio.TimerHandle | None = None
        self._drawings = 0

    @property
    def is_due(self) -> bool:
        """Whether something is not on the screen yet."""
        return self._is_waiting or self._drawings > 0

    def soon(self, *, hurries: bool, seen: bool = True) -> None:
        """Have it drawn; *hurries* if a person waits for it, *seen* if it is on the screen."""
        wait_s = self.wait_s(hurries=hurries, seen=seen)
        due_at = self._clock() + wait_s
        if self._is_waiting and self._due_at <= due_at:
            return
        self.stop()
        self._is_waiting, self._due_at = True, due_at
        if wait_s > 0:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait_s, self._node.call_later, self._on_time)
        else:
            self._node.call_next(self._on_time)

    def wait_s(self, *, hurries: bool, seen: bool = True) -> float:
        """Return how long the next drawing waits, from now."""
        if seen:
            share = HURRIED_SHARE if hurries else SHARE
            pause_s = min(LONGEST_S, max(SOONEST_S, self._cost_s / share))
        else:
            pause_s = LONGEST_S if hurries else UNSEEN_S
        return max(0.0, self._drawn_at + pause_s - self._clock())

    def stop(self) -> None:
        """Draw no more of what waits."""
        self._is_waiting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        if not self._is_waiting:
            return
        self.stop()
        self._drawings += 1
        self._drawn_at, before = self._clock(), self._used()

        def end() -> None:
            self._cost_s = self._used() - before
            self._drawings -= 1

        self._draw()
        self._node.call_after_refresh(end)
