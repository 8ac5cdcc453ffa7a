"""The audit pane: what was decided about plugins and what became of them, as it happens."""

from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult

from host.audit import printable
from host.console.panes.pane import Pane, console_of
from host.console.table import Column, Look, Row, Table
from jcode_plugins import ServerEvent

MOST: Final = 5000
"""Rows that are kept."""
_EVERY_S: Final = 0.25
COLUMNS: Final = (
    Column("time", 8),
    Column("kind", 10),
    Column("plugin", 14),
    Column("code", 14, drop=1),
    Column("what", 10, grows=True),
)
_BAD: Final = frozenset({"violation", "crashed", "killed", "blocked", "load_failed"})
_REFUSED: Final = frozenset({"refused", "veto", "dropped_output", "failed", "timeout"})


class AuditPane(Pane):
    """See the module's text. What comes is kept until a timer shows it, so that a flood is drawn four times a second."""

    NAME = "Audit"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._come: list[Row] = []

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Table(COLUMNS, empty="nothing happened yet", most=MOST, tail=True)

    def on_mount(self) -> None:
        """Listen."""
        super().on_mount()
        console_of(self).link.on_event(self._hear)
        self.set_interval(_EVERY_S, self._show)

    def _hear(self, event: ServerEvent) -> None:
        self._come.append(_row(event))

    def _show(self) -> None:
        if self._come:
            come, self._come = self._come, []
            self.query_one(Table).append(come)


def _row(event: ServerEvent) -> Row:
    at = datetime.fromtimestamp(event.time).astimezone()
    times = f" ({event.repeats} times)" if event.repeats > 1 else ""
    cells = (
        at.strftime("%H:%M:%S"),
        printable(event.kind),
        printable(event.plugin),
        printable(event.code),
        printable(event.detail or "") + times,
    )
    look: Look = "bad" if event.kind in _BAD else "busy" if event.kind in _REFUSED else ""
    return Row(str(event.seq), cells, look)
