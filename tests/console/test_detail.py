"""The place where everything about one row stands."""

import pytest
from textual.app import App, ComposeResult

from host.console.detail import Detail
from tests.console.stages import screen_lines

pytestmark = pytest.mark.asyncio


class Shows(App[None]):
    """Has it show something before it is there."""

    def compose(self) -> ComposeResult:
        """The one thing."""
        detail = Detail()
        detail.show([("who", "the agent")])
        yield detail


async def test_what_is_shown_before_it_is_composed_is_shown() -> None:
    """A question that waits when its screen opens ended the console, on a machine that was busy enough."""
    app = Shows()
    async with app.run_test() as pilot:
        await pilot.pause()

        assert any("who: the agent" in line for line in screen_lines(app))
