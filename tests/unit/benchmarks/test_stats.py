"""Percentiles, medians and spreads."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats import median, percentile, spread, summarise

SAMPLES = st.lists(st.floats(0, 1e12), min_size=1, max_size=300)


@pytest.mark.parametrize(
    ("percent", "value"),
    [(0, 1), (1, 1), (50, 50), (50.5, 51), (99, 99), (99.9, 100), (100, 100)],
)
def test_percentiles_of_one_to_a_hundred(percent: float, value: float) -> None:
    """Nearest rank, as the textbook has it."""
    assert percentile(range(1, 101), percent) == value


@given(SAMPLES, st.floats(0, 100))
def test_a_percentile_is_a_sample_and_covers_its_share(
    samples: list[float], percent: float
) -> None:
    """Never interpolated; at least the named share of samples is not above it."""
    ordered = sorted(samples)

    value = percentile(ordered, percent)

    assert value in samples
    assert sum(one <= value for one in samples) >= len(samples) * percent / 100 - 1e-9


@given(SAMPLES)
def test_a_summary_does_not_depend_on_the_order(samples: list[float]) -> None:
    """Samples come in any order, and p50 <= p99."""
    shuffled = samples[::2] + samples[1::2]

    assert summarise(shuffled) == summarise(samples)
    assert summarise(samples).p50 <= summarise(samples).p99


def test_p999_needs_a_thousand_samples() -> None:
    """What happens once in a thousand is not known from fewer."""
    assert summarise([1.0] * 999).p999 is None
    assert summarise([1.0] * 998 + [5.0] * 2).p999 == 5.0


@given(SAMPLES)
def test_the_median_is_the_one_of_the_standard_library(samples: list[float]) -> None:
    """Middle value, or the mean of the middle two."""
    assert median(samples) == pytest.approx(statistics.median(samples))


def test_spread_ignores_one_wild_round() -> None:
    """Half the interquartile range: a single outlier does not widen it."""
    assert spread([10, 10, 10, 10, 10, 10, 10, 900]) == 0
    assert spread([8, 9, 10, 11, 12, 13, 14, 15]) == 2
    assert spread([5]) == 0


def test_no_samples_is_an_error() -> None:
    """An empty row is a bug of the suite, not a zero."""
    with pytest.raises(ValueError, match="no samples"):
        summarise([])
    with pytest.raises(ValueError, match="no values"):
        median([])
