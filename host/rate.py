"""How often something may happen. Pure; the time is an argument."""

from typing import Final

_BURST_S: Final = 2.0


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

    def take(self, now: float) -> bool:
        """Whether one more may pass at monotonic time *now*, in seconds."""
        self._room = min(self._per_s * _BURST_S, self._room + (now - self._at) * self._per_s)
        self._at = now
        if self._room < 1.0:
            self.refused += 1
            return False
        self._room -= 1.0
        return True

    def forgive(self) -> int:
        """Return how many were refused, and count from none again."""
        refused, self.refused = self.refused, 0
        return refused
