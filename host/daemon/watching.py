"""What goes on after an answer: somebody is told what happens for as long as their connection lasts."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from host.outcome import JsonObject

Take: TypeAlias = Callable[[JsonObject | bytes], bool]
"""Sends one event, an object or its JSON, to whoever watches, and says whether there is room for another one."""


class Watching(Protocol):
    """One who is told. It keeps what there is no room for, within a bound of its own."""

    has_room: bool
    """Set to False by the connection, when its client does not read."""

    def flush(self) -> None:
        """There is room again: hand on what was kept."""

    def close(self) -> None:
        """Nobody listens any more. Safe to call twice."""
