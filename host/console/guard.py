"""Keys that mean something for good: taken only when the person can have seen what they answer.

Promises    A key counts 0.4 s after what it answers was drawn, and not while keys keep coming: what was typed for something
            else, and a key that is held down, answer nothing.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

QUIET_S: Final = 0.4


class Guard:
    """See the module's text. *clock* gives seconds that only go up."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    def hold(self) -> None:
        """Take nothing, until :meth:`arm`: what is shown is about to be another thing."""
        self._since = None

    def arm(self) -> None:
        """What is shown now was drawn now."""
        self._since = self._clock()

    def accepts(self) -> bool:
        """Whether a key that is pressed now counts. One that does not puts off the next."""
        now, since = self._clock(), self._since
        if since is None:
            return False
        if now - since >= QUIET_S:
            return True
        self._since = now
        return False
