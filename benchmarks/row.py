"""A row of the table: something that can be set up, sampled in batches and torn down.

Promises    The runner calls :meth:`Row.setup` once, :meth:`Row.sample` many times with other rows'
            batches in between, and :meth:`Row.teardown` once, even when setup failed half way.
Relies on   A row checks its own answers: a fast wrong answer is an error, never a sample.
"""

import abc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.names import FLOOR_PINNED
from benchmarks.results import Family, Figure

IDLE_S: Final = 0.002
"""How long a row "after idleness" rests before each sample."""


class SkipRowError(Exception):
    """This row cannot run on this machine; the text says why, for the reader of the table."""


class WrongAnswerError(Exception):
    """What was timed did not do its job, so its times mean nothing. The run stops."""


class Row(abc.ABC):
    """See the module. Subclasses set the attributes, all of them constant over a run."""

    name: str
    family: Family
    floor: str = FLOOR_PINNED
    """Name of the floor row taken under the same conditions."""
    pinned: bool = True
    """Whether this process and all it starts for the row stay on one core."""
    max_per_round: int = 3000
    warm_up: int = 20
    """Samples before each batch, at most, that are not counted: other rows have emptied the caches."""
    note: str | None = None

    @abc.abstractmethod
    def setup(self) -> None:
        """Start what is measured and check that it answers. May raise SkipRowError."""

    @abc.abstractmethod
    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""

    def teardown(self) -> None:  # noqa: B027 - many rows hold nothing
        """End everything that setup began, in whatever state it is."""


class Gauge(abc.ABC):
    """A number that is not a duration, taken once at the end of a run."""

    name: str

    @abc.abstractmethod
    def measure(self) -> list[Figure]:
        """Set up, measure and tear down. May raise SkipRowError."""


_ALL_CORES: Final = frozenset(os.sched_getaffinity(0))
_ONE_CORE: Final = frozenset({max(_ALL_CORES)})  # the last one: interrupts favour the first


@contextmanager
def placed(*, pinned: bool) -> Iterator[None]:
    """Keep this thread, and every process it starts meanwhile, on one core, or on all."""
    os.sched_setaffinity(0, _ONE_CORE if pinned else _ALL_CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, _ALL_CORES)
