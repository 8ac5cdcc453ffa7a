"""A person's thinking time: it is not the plugin's, so deadlines wait for it.

Promises    While a question about a call is open, the call's own deadline does not pass; afterwards it is later by as
            long as the person took, however many questions were open at once. What the calling agent allows in all
            is not touched.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from host.reactor import now_s

if TYPE_CHECKING:
    from host.calls import Call


class Thinking:
    """What people thought about one call so far."""

    __slots__ = ("_began", "_held", "_open", "took_s")

    def __init__(self) -> None:
        self._open = 0
        self._began = 0.0
        self._held: list[Callable[[], None]] = []
        self.took_s = 0.0
        """Of the questions that are answered."""

    @property
    def is_open(self) -> bool:
        """Whether somebody is being asked."""
        return self._open > 0

    def so_far_s(self) -> float:
        """How long people have thought by now, about the open questions too."""
        return self.took_s + (now_s() - self._began if self._open else 0.0)

    def hold(self, act: Callable[[], None]) -> None:
        """Have *act* done when nobody is asked any more."""
        self._held.append(act)

    def begin(self) -> None:
        """One question more."""
        if not self._open:
            self._began = now_s()
        self._open += 1

    def end(self) -> None:
        """One of them was answered, or is waited for no longer."""
        self._open -= 1
        if not self._open:
            self.took_s += now_s() - self._began
            held, self._held = self._held, []
            for act in held:
                act()


@contextmanager
def thinking_about(calls: Iterable["Call"]) -> Iterator[None]:
    """Let the deadlines of *calls* wait for the body."""
    concerned = list(calls)
    for call in concerned:
        if call.thinking is None:
            call.thinking = Thinking()
        call.thinking.begin()
    try:
        yield
    finally:
        for call in concerned:
            if call.thinking is not None:
                call.thinking.end()
