"""Turns of a plugin's tools."""

from collections import deque
from dataclasses import dataclass, field

from host.waits import Wait


@dataclass(slots=True)
class Slots:
    """Calls of one plugin's write and exec tools, one at a time; read tools run side by side."""

    is_taken: bool = False
    waiting: deque[Wait[None]] = field(default_factory=deque)

    async def take(self) -> None:
        """Wait for the slot."""
        if self.is_taken:
            turn: Wait[None] = Wait()
            self.waiting.append(turn)
            try:
                await turn
            except BaseException:
                self.waiting.remove(
                    turn
                )  # its caller gave up; the turn must not be lost with it
                raise
        self.is_taken = True

    def give(self) -> None:
        """Pass the slot on."""
        self.is_taken = False
        if self.waiting:
            self.is_taken = True
            self.waiting.popleft().set(None)
