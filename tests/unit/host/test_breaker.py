"""Backing off and giving up."""

import pytest

from host.breaker import MAX_DELAY_S, Breaker, restart_delay_s


@pytest.mark.parametrize(
    ("failures", "nominal"),
    [(-1, 0.0), (0, 0.0), (1, 0.05), (2, 0.1), (3, 0.2), (11, 51.2), (12, 60.0), (10**9, 60.0)],
)
def test_each_failure_doubles_the_rest_up_to_a_minute(failures: int, nominal: float) -> None:
    """And jitter takes up to half of it away, never adds to it."""
    assert restart_delay_s(failures, jitter=0.0) == pytest.approx(nominal)
    assert restart_delay_s(failures, jitter=1.0) == pytest.approx(nominal / 2)
    assert restart_delay_s(failures, jitter=7.0) == pytest.approx(nominal / 2)
    assert restart_delay_s(failures, jitter=-7.0) <= MAX_DELAY_S


def test_three_failures_within_the_window_trip_it() -> None:
    """The window is inclusive: 5 minutes are 300 seconds."""
    breaker = Breaker(limit=3, window_s=300.0)

    assert [breaker.record(at) for at in (0.0, 150.0, 300.0)] == [False, False, True]
    assert breaker.tripped


def test_failures_that_are_far_apart_do_not() -> None:
    """Old ones leave the window."""
    breaker = Breaker(limit=3, window_s=300.0)

    assert not any(breaker.record(at * 150.1) for at in range(50))
    assert breaker.failures(49 * 150.1) == 2
    assert breaker.failures(1e9) == 0


def test_a_tripped_breaker_stays_so_until_a_person_resets_it() -> None:
    """Time alone heals nothing."""
    breaker = Breaker(limit=2, window_s=10.0)
    breaker.record(0.0)
    breaker.record(1.0)

    assert breaker.record(1000.0)

    breaker.reset()

    assert not breaker.tripped
    assert not breaker.record(1001.0)


def test_a_limit_of_one_trips_at_once() -> None:
    """And a limit of none is a mistake."""
    assert Breaker(limit=1).record(5.0)
    with pytest.raises(ValueError, match="one failure"):
        Breaker(limit=0)
