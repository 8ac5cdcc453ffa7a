"""Answers and news that wait until a worker's entry ends: in order, and bounded in number and in size."""

from collections import deque
from typing import Final

from host.calls import Call
from ipc.messages import Message

MAX_PENDING_HOSTCALLS: Final = 16384
"""Of one worker. One more is refused by whoever judges hostcalls (``hostcalls/table.py``)."""
MAX_OWED: Final = 2 * MAX_PENDING_HOSTCALLS
MAX_OWED_CHARS: Final = 32 * 1024 * 1024
"""One entry can ask for five seconds and each answer is an entry again: without a bound what we owe grows for as
long as the plugin lives."""


class Backlog:
    """See the module's text. Each message will be an entry of its own, for a call or for none."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Message, Call | None, int]] = deque()
        self._chars = 0

    def add(self, message: Message, call: Call | None, depth: int) -> bool:
        """Add *message*, of an entry *depth* messages between plugins deep; whether all is within the bounds."""
        self.waiting.append((message, call, depth))
        self._chars += _chars_of(message)
        return self._chars <= MAX_OWED_CHARS and len(self.waiting) <= MAX_OWED

    def take(self) -> tuple[Message, Call | None, int]:
        """Return the oldest, which there is."""
        oldest = self.waiting.popleft()
        self._chars -= _chars_of(oldest[0])
        return oldest

    def has_room(self, chars: int, most: int, most_chars: int) -> bool:
        """Whether fewer than *most* wait, and with *chars* more no more than *most_chars*."""
        return len(self.waiting) < most and self._chars + chars <= most_chars

    def clear(self) -> None:
        """Nobody will take any of it."""
        self.waiting.clear()
        self._chars = 0


def _chars_of(message: Message) -> int:
    text = message[-1]
    return len(text) if isinstance(text, str) else 0
