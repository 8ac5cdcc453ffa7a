"""How often a plugin may write into the line that the person types in.

Promises    A plugin that writes without end has the line a few times, and then the person has it.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

MOST: Final = 3
WITHIN_S: Final = 10.0
REST_S: Final = 30.0
_MOST_PLUGINS: Final = 256


class Writing:
    """What was written so far, by plugin. *clock* gives seconds that only go up."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at: dict[str, deque[float]] = {}
        self._rests: dict[str, float] = {}

    def take(self, plugin: str) -> bool | None:
        """Whether *plugin* may write now; None when it may not for the first time, which is to be told."""
        now = self._clock()
        if now < self._rests.get(plugin, now):
            return False
        at = self._at.pop(plugin, None) or deque(maxlen=MOST)
        if len(self._at) >= _MOST_PLUGINS:
            del self._at[next(iter(self._at))]
        self._at[plugin] = at
        if len(at) == MOST and now - at[0] < WITHIN_S:
            if len(self._rests) >= _MOST_PLUGINS:
                del self._rests[next(iter(self._rests))]
            self._rests[plugin] = now + REST_S
            return None
        at.append(now)
        return True
