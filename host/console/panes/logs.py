"""The logs pane: what plugins write, and what the console itself told."""

from typing import ClassVar, Final

from textual.app import ComposeResult

from host.audit import printable
from host.console.panes.pane import Pane, console_of
from host.console.table import Column, Row, Table
from jcode_plugins import ServerEvent

COLUMNS: Final = (Column("plugin", 14), Column("what", 20, grows=True))


class LogsPane(Pane):
    """See the module's text."""

    NAME = "Logs"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Table(COLUMNS, empty="nothing was logged yet", most=2000, tail=True)

    def on_mount(self) -> None:
        """Listen."""
        super().on_mount()
        console_of(self).link.on_event(self._hear)

    def _hear(self, event: ServerEvent) -> None:
        if event.kind == "log":
            cells = (printable(event.plugin), printable(event.detail or ""))
            self.query_one(Table).append([Row(str(event.seq), cells)])
