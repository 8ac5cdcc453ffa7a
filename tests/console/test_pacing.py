"""How often the stage is drawn."""

import pytest
from textual.app import App

from host.console.stage.pacing import (
    HURRIED_SHARE,
    LONGEST_S,
    SHARE,
    SOONEST_S,
    UNSEEN_S,
    Pace,
)

pytestmark = pytest.mark.asyncio


class Times:
    """Both clocks, as a test sets them."""

    def __init__(self) -> None:
        self.now = 100.0
        self.used = 5.0


async def paced(cost_s: float) -> tuple[Times, Pace]:
    """A pace that was drawn once, just now, at such a cost."""
    times = Times()
    app: App[None] = App()

    def draw() -> None:
        times.used += cost_s

    pace = Pace(app, draw, lambda: times.now, lambda: times.used)
    async with app.run_test() as pilot:
        pace.soon(hurries=True)
        while pace.is_due:
            await pilot.pause(0.001)
        await pilot.pause()
    return times, pace


async def test_after_a_rest_it_is_drawn_at_once() -> None:
    """Whether anybody waits or not."""
    times, pace = await paced(0.010)
    times.now += LONGEST_S

    assert pace.wait_s(hurries=False) == 0
    assert pace.wait_s(hurries=True) == 0
    assert pace.wait_s(hurries=True, seen=False) == 0

    times.now += UNSEEN_S - LONGEST_S
    assert pace.wait_s(hurries=False, seen=False) == 0


async def test_drawing_takes_its_share_of_the_processor_and_no_more() -> None:
    """The dearer a drawing, the longer the pause; what a person waits for has a larger share, and not all of it."""
    for cost_s in (0.0, 0.005, 0.015, 10.0):
        _, pace = await paced(cost_s)

        for hurries, share in ((False, SHARE), (True, HURRIED_SHARE)):
            pause_s = min(LONGEST_S, max(SOONEST_S, cost_s / share))
            assert abs(pace.wait_s(hurries=hurries) - pause_s) < 1e-9
        assert abs(pace.wait_s(hurries=True, seen=False) - LONGEST_S) < 1e-9
        assert abs(pace.wait_s(hurries=False, seen=False) - UNSEEN_S) < 1e-9


async def test_who_hurries_does_not_wait_for_what_is_due_later() -> None:
    """It is drawn once, at the sooner time."""
    drawn: list[float] = []
    times = Times()
    app: App[None] = App()
    pace = Pace(app, lambda: drawn.append(times.used), lambda: times.now, lambda: times.used)
    async with app.run_test() as pilot:
        pace.soon(hurries=False)
        while pace.is_due:
            await pilot.pause(0.001)
        pace.soon(hurries=False, seen=False)
        late = pace._timer
        pace.soon(hurries=True)
        soon = pace._timer
        assert late is not None
        assert soon is not None
        assert late.cancelled()
        pace.soon(hurries=False)
        assert pace._timer is soon
        while pace.is_due:
            await pilot.pause(0.001)
        assert len(drawn) == 2


async def test_what_is_stopped_is_not_drawn() -> None:
    """Neither what waits nor what is about to be drawn; the control is what comes after it."""
    drawn: list[str] = []
    times = Times()
    app: App[None] = App()
    pace = Pace(app, lambda: drawn.append("now"), lambda: times.now, lambda: times.used)
    async with app.run_test() as pilot:
        pace.soon(hurries=True)
        pace.stop()
        await pilot.pause()
        assert not drawn
        pace.soon(hurries=True)
        while pace.is_due:
            await pilot.pause(0.001)
        assert len(drawn) == 1
        pace.soon(hurries=True)
        waits = pace._timer
        pace.stop()
        assert waits is not None
        assert waits.cancelled()
        assert not pace.is_due
