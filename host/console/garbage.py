"""When the garbage collector looks at everything: when nobody types, and not whenever plugins flood the screen.

Why         Such a look takes some tenths of a second before sixty busy plugins, in which no key is handled, and the more
            changes the more often it would come: every second or two. What dies young is collected as ever.
"""

import gc
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 30.0
REST_S: Final = 5.0
"""Without a key; who pauses so long is reading."""
LATEST_S: Final = 600.0
_NEVER: Final = 1_000_000


class Garbage:
    """One process's, which is the console's own: it leaves what is there now alone for good. *clock* is monotonic."""

    def __init__(self, clock: Callable[[], float], collect: Callable[[], object]) -> None:
        self._clock = clock
        self._collect = collect
        self._collected_at = self._typed_at = clock()

    def note_key(self) -> None:
        """A key was pressed."""
        self._typed_at = self._clock()

    def look(self) -> None:
        """To be called every :data:`REST_S` or so: collect if it is time to."""
        now = self._clock()
        since = now - self._collected_at
        if since >= LATEST_S or (since >= EVERY_S and now - self._typed_at >= REST_S):
            self._collect()
            self._collected_at = self._clock()


def leave_alone() -> None:
    """Keep the collector from what is there now, and from looking at everything by itself."""
    gc.collect()
    gc.freeze()
    young, old, _ = gc.get_threshold()
    gc.set_threshold(young, old, _NEVER)
