"""When the garbage collector looks at everything."""

import gc

import pytest

from host.console import garbage
from host.console.garbage import EVERY_S, LATEST_S, REST_S, Garbage


class Collected:
    """The time, as a test sets it, and how often everything was looked at."""

    def __init__(self) -> None:
        self.now = 100.0
        self.count = 0
        self.garbage = Garbage(lambda: self.now, self._collect)

    def _collect(self) -> None:
        self.count += 1

    def at(self, seconds: float, *, types: bool = False) -> int:
        """Go on to *seconds* after the beginning, and return how often it was by then."""
        self.now = 100.0 + seconds
        if types:
            self.garbage.note_key()
        self.garbage.look()
        return self.count


def test_it_is_done_now_and_then_while_nobody_types() -> None:
    """And not sooner."""
    one = Collected()

    assert one.at(EVERY_S - 1) == 0
    assert one.at(EVERY_S) == 1
    assert one.at(EVERY_S + REST_S) == 1
    assert one.at(2 * EVERY_S) == 2


def test_who_types_is_not_kept_waiting_but_for_once_in_a_long_time() -> None:
    """A rest of a few seconds is enough."""
    one = Collected()

    assert one.at(EVERY_S, types=True) == 0
    assert one.at(EVERY_S + REST_S - 1) == 0
    assert one.at(EVERY_S + REST_S) == 1
    since = EVERY_S + REST_S
    assert one.at(since + LATEST_S - 1, types=True) == 1
    assert one.at(since + LATEST_S, types=True) == 2


def test_what_is_there_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the collector itself, too, which goes on with what is young."""
    asked: list[object] = []
    monkeypatch.setattr(gc, "collect", lambda: asked.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: asked.append("freeze"))
    monkeypatch.setattr(gc, "set_threshold", lambda *to: asked.append(to))
    young, old, _ = gc.get_threshold()

    garbage.leave_alone()

    assert asked == ["collect", "freeze", (young, old, 1_000_000)]
