"""The capabilities pane: what each plugin may do, and why."""

from typing import ClassVar, Final

from textual.app import ComposeResult

from host.audit import printable
from host.console.panes.pane import Pane
from host.console.table import Column, Row, Table

COLUMNS: Final = (Column("plugin", 14), Column("kind", 10), Column("what", 20, grows=True))


class CapabilitiesPane(Pane):
    """See the module's text."""

    NAME = "Capabilities"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Table(COLUMNS, empty="no plugin is loaded")

    async def look(self) -> None:
        """See :class:`Pane`."""
        plugins = await self.ask(lambda client: client.plugins())
        rows = []
        for plugin in plugins:
            for kind, names in (("event", plugin.events), ("tool", plugin.tools)):
                rows += [
                    Row(
                        f"{plugin.id} {kind} {name}",
                        (printable(plugin.name), kind, printable(name)),
                    )
                    for name in names
                ]
        self.query_one(Table).set_rows(rows)
