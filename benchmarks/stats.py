"""Order statistics of samples. Pure.

Promises    Percentiles are nearest-rank: always a value that was measured, never one in between.
            Nothing is averaged and nothing is thrown away as an outlier.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

P999_NEEDS: Final = 1000
"""Below so many samples, one in a thousand was not seen even once."""

P99_NEEDS: Final = 100
"""Below so many samples, the nearest-rank p99 is simply the largest one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Samples of one row, in their own unit. ``p999`` is None when too few were taken."""

    n: int
    p50: float
    p99: float
    p999: float | None


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the nearest-rank *percent* (0..100) of an ascending, non-empty sequence."""
    if not ordered:
        raise ValueError("no samples")
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def summarise(samples: Sequence[float]) -> Summary:
    """Return the summary of a non-empty bag of samples, in any order."""
    ordered = sorted(samples)
    return Summary(
        n=len(ordered),
        p50=percentile(ordered, 50),
        p99=percentile(ordered, 99),
        p999=percentile(ordered, 99.9) if len(ordered) >= P999_NEEDS else None,
    )


def median(values: Sequence[float]) -> float:
    """Return the middle value, or the mean of the middle two."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def spread(values: Sequence[float]) -> float:
    """Return half the interquartile range: how far a typical round strays from the middle one.

    Zero for fewer than two values, which say nothing about their spread.
    """
    if len(values) < 2:
        return 0.0
    ordered = sorted(values)
    return (percentile(ordered, 75) - percentile(ordered, 25)) / 2
