"""Turns of a plugin's tools."""

from collections import deque
from dataclasses import dataclass, field

from host.reactor import Reactor
from host.waits import Wait


@dataclass(slots=True)
class Slots:
    """Calls of one plugin's write and exec tools, one at a time; read tools run side by side."""

    is_taken: bool = False
    waiting: deque[Wait[bool]] = field(default_factory=deque)

    async def take(self, reactor: Reactor, until: float | None) -> bool:
        """Wait for the slot, at most *until* (``now_s``); False when that came first."""
        if not self.is_taken:
            self.is_taken = True
            return True
        turn: Wait[bool] = Wait()
        self.waiting.append(turn)
        timer = reactor.at(until, lambda: turn.set(False)) if until is not None else None
        try:
            taken = await turn
        except BaseException:
            self._leave(turn)  # its caller gave up
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if not taken:
            self._leave(turn)
        return taken

    def _leave(self, turn: Wait[bool]) -> None:
        if turn in self.waiting:
            self.waiting.remove(turn)
        elif turn.is_done and turn.result():
            self.give()  # it had just been handed over: it must not be lost

    def give(self) -> None:
        """Pass the slot on."""
        self.is_taken = False
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.is_done:
                self.is_taken = True
                turn.set(True)
                return
