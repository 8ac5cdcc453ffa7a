"""How often something may happen. Pure; the time is an argument."""

from typing import Final

_BURST_S: Final = 2.0


def is_told(count: int) -> bool:
    """Whether what happened *count* times is written down once more: at 1, 10, 100, ..."""
    while count and count % 10 == 0:
        count //= 10
    return count == 1


class Rate:
    """Lets *per_s* things a second pass, and what two seconds hold at once; counts what did not."""

    __slots__ = ("_at", "_per_s", "_room", "refused")

    def __init__(self, per_s: float, now: float) -> None:
        self._per_s = per_s
        self._room = per_s * _BURST_S
        self._at = now
        self.refused = 0
        """How many were refused since :meth:`forgive`."""

    @property
    def has_rested(self) -> bool:
        """Whether there is room for a second's worth: what was refused is over."""
        return self._room >= self._per_s

    def take(self, now: float, weight: float = 1.0) -> bool:
        """Whether one more may pass at monotonic time *now*, in seconds; a heavy one counts as several.

        None weighs more than what passes in a second, so that each may pass at some time.
        """
        weight = min(weight, self._per_s)
        self._room = min(self._per_s * _BURST_S, self._room + (now - self._at) * self._per_s)
        self._at = now
        if self._room < weight:
            self.refused += 1
            return False
        self._room -= weight
        return True

    def forgive(self) -> int:
        """Return how many were refused, and count from none again."""
        refused, self.refused = self.refused, 0
        return refused
