"""When the garbage collector looks at everything: now and then, and not whenever plugins flood the screen.

Why         Such a look takes a tenth of a second before sixty busy plugins, in which no key is handled, and the more changes
            the more often it would come: every second or two. What dies young is collected as ever.
"""

import gc
from typing import Final

EVERY_S: Final = 30.0
_NEVER: Final = 1_000_000


def begin() -> None:
    """Leave what is there for good alone, and the rest to :func:`collect`. For a process that is the console's own."""
    gc.collect()
    gc.freeze()
    young, old, _ = gc.get_threshold()
    gc.set_threshold(young, old, _NEVER)


def collect() -> None:
    """To be called every :data:`EVERY_S`."""
    gc.collect()
