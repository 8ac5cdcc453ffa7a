"""The log of the session: its end is in view, whatever comes and goes around it, until a person goes up."""

import pytest

from host.console.mirror import Json
from host.console.paint import own
from host.console.stage.transcript import Transcript
from tests.console.stages import entry, line, screen_lines, settle, show, stage_of

pytestmark = pytest.mark.asyncio


def status(key: str) -> Json:
    """What makes the status line appear."""
    return entry("status", key, {"line": line("here"), "severity": "info"})


def widget(rows: int) -> Json:
    """What takes *rows* and its frame away from the log."""
    return entry(
        "widget",
        "w",
        {"placement": "belowEditor", "lines": [line(f"row {at}") for at in range(rows)]},
    )


async def test_the_end_stays_in_view_while_the_log_becomes_smaller() -> None:
    """A status and a widget take rows from it, and give them back; the newest line is seen all the time."""
    async with stage_of() as (app, pilot):
        transcript = app.query_one(Transcript)

        async def say(count: int) -> None:
            for at in range(count):
                transcript.say(own(f"line {at} of {count}"))
            await settle(app, pilot)

        def is_seen(text: str) -> bool:
            return any(text in row for row in screen_lines(app))

        await say(40)
        assert is_seen("line 39 of 40")
        await show(app, pilot, widget(6), status("a"))
        assert is_seen("line 39 of 40")
        await say(41)
        assert is_seen("line 40 of 41")
        await show(app, pilot, remove=[["guard", "", "widget", "w"]])
        await say(42)
        assert is_seen("line 41 of 42")

        transcript.action_move(-10)
        await settle(app, pilot)
        assert not is_seen("line 41 of 42")
        await show(app, pilot, widget(6))
        await say(43)
        assert not is_seen("line 42 of 43")
        transcript.action_edge(1)
        await settle(app, pilot)
        assert is_seen("line 42 of 43")
        await say(44)
        assert is_seen("line 43 of 44")


async def test_a_long_line_is_broken_where_the_scrollbar_begins() -> None:
    """Not a character of it is under the scrollbar, which comes when there is more than fits."""
    async with stage_of(size=(60, 24)) as (app, pilot):
        transcript = app.query_one(Transcript)
        for at in range(40):
            transcript.say(own(f"line {at}"))
        await settle(app, pilot)
        told = "".join(f"{number:03}" for number in range(60))
        transcript.say(own(told))
        await settle(app, pilot)

        rows = screen_lines(app)
        first = next(at for at, row in enumerate(rows) if row.startswith("000001"))
        width = transcript.scrollable_content_region.width
        assert told == "".join(row[:width].strip() for row in rows[first : first + 4])
