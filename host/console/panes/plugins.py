"""The plugins pane: what runs, what it uses, and what was refused."""

from typing import ClassVar, Final

from textual.app import ComposeResult

from host.audit import printable
from host.console.panes.pane import Pane
from host.console.table import Column, Look, Row, Table
from jcode_plugins import PluginInfo

COLUMNS: Final = (
    Column("plugin", 16, grows=True),
    Column("state", 10),
    Column("events", 6, right=True, drop=2),
    Column("tools", 5, right=True, drop=2),
    Column("last error", 12, grows=True, drop=1),
)
_LOOKS: Final[dict[str, Look]] = {
    "active": "good",
    "starting": "busy",
    "restarting": "busy",
    "blocked": "bad",
    "disabled": "dim",
    "stopped": "dim",
}


class PluginsPane(Pane):
    """See the module's text."""

    NAME = "Plugins"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Table(COLUMNS, empty="no plugin is loaded")

    async def look(self) -> None:
        """See :class:`Pane`."""
        plugins = await self.ask(lambda client: client.plugins())
        self.query_one(Table).set_rows(map(_row, plugins))


def _row(plugin: PluginInfo) -> Row:
    cells = (
        printable(plugin.name),
        plugin.state,
        str(len(plugin.events)),
        str(len(plugin.tools)),
        printable(plugin.error or ""),
    )
    return Row(plugin.id, cells, _LOOKS.get(plugin.state, ""))
