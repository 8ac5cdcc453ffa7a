"""When a failed plugin may run again, and when it may not. Pure; time and chance are arguments."""

from collections import deque
from typing import Final

FIRST_DELAY_S: Final = 0.05
MAX_DELAY_S: Final = 60.0

_DOUBLINGS: Final = 16
"""More would change nothing below the ceiling, and 2.0 ** 5000 is an OverflowError."""


def restart_delay_s(failures: int, *, jitter: float) -> float:
    """Return how long a plugin that failed *failures* times in a row rests, in seconds.

    50 ms after the first failure, doubled with each one more, 60 s at most. *jitter* from 0 to 1
    takes up to half of it away, so that plugins that died together do not come back together.
    """
    if failures <= 0:
        return 0.0
    nominal = min(MAX_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, _DOUBLINGS))
    return nominal * (1.0 - min(max(jitter, 0.0), 1.0) / 2)


class Breaker:
    """Trips when a plugin fails *limit* times within *window_s* seconds, and stays tripped.

    The caller records only failures that are the plugin's own: not a signal from outside, the loss
    of the zygote, or the host's own stop. Only :meth:`reset`, a person's word, closes it again.
    """

    __slots__ = ("_failures", "_limit", "_tripped", "_window_s")

    def __init__(self, limit: int = 3, window_s: float = 300.0) -> None:
        if limit < 1:
            raise ValueError("a breaker needs a limit of one failure at least")
        self._limit = limit
        self._window_s = window_s
        self._failures: deque[float] = deque(maxlen=limit)
        self._tripped = False

    @property
    def tripped(self) -> bool:
        """Whether the plugin must stay down."""
        return self._tripped

    def record(self, now: float) -> bool:
        """Count a failure at monotonic time *now*, in seconds; return whether it is tripped."""
        self._failures.append(now)
        if len(self._failures) == self._limit and now - self._failures[0] <= self._window_s:
            self._tripped = True
        return self._tripped

    def failures(self, now: float) -> int:
        """Return how many of the last *limit* failures lie within the window that ends *now*."""
        return sum(1 for at in self._failures if now - at <= self._window_s)

    def reset(self) -> None:
        """Forget everything: a person has enabled the plugin again."""
        self._failures.clear()
        self._tripped = False
