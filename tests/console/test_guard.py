"""Keys that are taken only when somebody can have read what they answer."""

from host.console.guard import QUIET_S, Guard


class Clock:
    """Seconds as a test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_key_counts_when_the_screen_was_there_long_enough() -> None:
    """Not before, and not while it is not drawn at all."""
    clock = Clock()
    guard = Guard(clock)
    assert not guard.accepts()
    guard.arm()
    clock.now += QUIET_S

    assert guard.accepts()


def test_a_key_that_is_held_down_never_counts() -> None:
    """Each press that came too early puts off the next."""
    clock = Clock()
    guard = Guard(clock)
    guard.arm()
    for _ in range(50):
        clock.now += QUIET_S / 4
        assert not guard.accepts()
    clock.now += QUIET_S

    assert guard.accepts()


def test_another_question_holds_every_key() -> None:
    """Until it was drawn, and then for as long again."""
    clock = Clock()
    guard = Guard(clock)
    guard.arm()
    clock.now += 60
    guard.hold()
    assert not guard.accepts()
    guard.arm()

    assert not guard.accepts()
