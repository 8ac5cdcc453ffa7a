"""How often something may happen."""

from host.rate import Rate


def test_a_burst_of_two_seconds_passes_and_no_more() -> None:
    """At one moment."""
    rate = Rate(5, now=100.0)

    assert [rate.take(100.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert rate.refused == 2


def test_room_comes_back_with_time_up_to_the_burst() -> None:
    """One after a fifth of a second; ten after an hour."""
    rate = Rate(5, now=0.0)
    while rate.take(0.0):
        pass

    assert [rate.take(0.2), rate.take(0.2)] == [True, False]
    assert sum(rate.take(3600.0) for _ in range(100)) == 10


def test_the_count_of_what_was_refused_begins_anew_when_it_was_told() -> None:
    """So that it is told once."""
    rate = Rate(1, now=0.0)
    for _ in range(5):
        rate.take(0.0)

    assert (rate.forgive(), rate.forgive()) == (3, 0)
