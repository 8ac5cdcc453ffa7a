"""A pane with a table and, for as long as a person wants it, all about the row that is meant.

To know     Textual calls ``on_...`` of every class of a widget, not of the last one alone: what a pane does otherwise overrides
            :meth:`DetailedPane.toggle_detail` or :meth:`DetailedPane.show_detail`.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType

from host.console.detail import Detail
from host.console.panes.pane import Pane
from host.console.table import Row, Table


class DetailedPane(Pane):
    """See the module's text. It composes a :class:`Table` and what :meth:`hidden_detail` gives."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "less", show=False)]

    def about(self, row: Row) -> Iterable[tuple[str, object]]:
        """Return all there is to say about *row*, each with its label."""
        raise NotImplementedError

    @staticmethod
    def hidden_detail() -> Detail:
        """Return where it is said, not seen until it is asked for."""
        detail = Detail()
        detail.display = False
        return detail

    @property
    def table(self) -> Table:
        """The rows."""
        return self.query_one(Table)

    @property
    def detail(self) -> Detail:
        """Where all about one of them is said."""
        return self.query_one(Detail)

    def focus_first(self) -> None:
        """See :class:`Pane`."""
        self.table.focus()

    def on_table_chosen(self) -> None:
        """Show all about the row, or no more."""
        self.toggle_detail()
        self.show_detail()

    def on_table_moved(self) -> None:
        """Another row is meant."""
        self.show_detail()

    def action_less(self) -> None:
        """Show the table alone."""
        self.detail.display = False

    def toggle_detail(self) -> None:
        """Have all about the row seen, or no more."""
        self.detail.display = not self.detail.display

    def show_detail(self) -> None:
        """Say what there is to say about the row that is meant, if that is seen."""
        if self.detail.display:
            row = self.table.current
            self.detail.show(self.about(row) if row is not None else ())
