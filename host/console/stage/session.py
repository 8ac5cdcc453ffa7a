"""The session pane: where plugins draw."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from host.audit import printable
from host.console.panes.pane import Pane


class SessionPane(Pane):
    """Which commands the project's plugins have."""

    NAME = "Session"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Static("", markup=False, id="commands")

    async def look(self) -> None:
        """See :class:`Pane`."""
        names = await self.ask(lambda client: client.commands())
        told = ", ".join(printable(name) for name in names) or "none"
        self.query_one("#commands", Static).update(Content(f"commands: {told}"))
