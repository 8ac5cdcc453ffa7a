"""A pane of what comes and comes: kept up to a bound, drawn a few times a second, filtered by what a person types.

Promises    A thousand a second cost what is drawn, four times a second, and nothing at all while another pane is open. What
            one reads stays where it is; at the end of the list, the list follows.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from host.console.cells import cell
from host.console.filtering import Filter
from host.console.panes.detailed import DetailedPane
from host.console.table import Column, Row, Table

MOST: Final = 5000
"""Of what came; the oldest are dropped first."""
SHOW_S: Final = 0.25

T = TypeVar("T")


class StreamPane(DetailedPane, Generic[T]):
    """See the module's text. ``FIELDS`` are names that may stand before a colon in a filter."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    FIELDS: ClassVar[frozenset[str]] = frozenset()
    EMPTY: ClassVar[str] = "nothing came yet"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("/", "filter"), ("Enter", "all about it"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", show=False),
    ]
    DEFAULT_CSS = """
    StreamPane Input { height: 1; border: none; padding: 0; }
    StreamPane #filtered { height: 1; text-style: bold; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._kept: deque[T] = deque(maxlen=MOST)
        self._come: deque[T] = deque(maxlen=MOST)
        self._filter = Filter.read("", self.FIELDS)
        self._typed = ""

    # What a pane of these says about one.

    def row(self, item: T) -> Row:
        """Return the row of *item*; its key is its own."""
        raise NotImplementedError

    def fields(self, item: T) -> Mapping[str, str]:
        """Return what :attr:`FIELDS` are of *item*."""
        raise NotImplementedError

    def about_item(self, item: T) -> Sequence[tuple[str, object]]:
        """Return all there is to say about *item*."""
        raise NotImplementedError

    # What comes.

    def take(self, item: T) -> None:
        """Have *item* shown soon."""
        self._come.append(item)

    def begin(self, items: Iterable[T]) -> None:
        """Show *items* and nothing that was there before."""
        self._kept = deque(items, maxlen=MOST)
        self._come.clear()
        self._show_all()

    def on_mount(self) -> None:
        """Show what comes, now and then."""
        self.set_interval(SHOW_S, self._show)

    def opened(self) -> None:
        """See :class:`Pane`."""
        super().opened()
        self._kept.extend(self._come)
        self._come.clear()
        self._show_all()

    def _show(self) -> None:
        if not self.is_open or not self._come:
            return
        come = list(self._come)
        self._come.clear()
        self._kept.extend(come)
        self.table.append([row for item in come if (row := self._shown(item))])

    def _show_all(self) -> None:
        table = self.table
        table.set_rows([row for item in self._kept if (row := self._shown(item))])
        if not table.rows or table.current is table.rows[-1]:
            table.action_to_end(1)

    def _shown(self, item: T) -> Row | None:
        row = self.row(item)
        return row if self._filter.holds(self.fields(item), " ".join(row.cells)) else None

    # What is seen of it.

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        line = Input(placeholder=self._hint(), id="filter")
        line.display = False
        yield line
        told = Static("", markup=False, id="filtered")
        told.display = False
        yield told
        yield Table(self.COLUMNS, empty=self.EMPTY, most=MOST, tail=True)
        yield self.hidden_detail()

    def _hint(self) -> str:
        names = "".join(f" {name}:..." for name in sorted(self.FIELDS))
        return f"words{names}, then Enter"

    def action_filter(self) -> None:
        """Let the person type what to see."""
        line = self.query_one(Input)
        line.value = self._typed
        line.display = True
        line.focus()

    def action_less(self) -> None:
        """Close what was opened last: the line, the details, the filter."""
        line = self.query_one(Input)
        if line.display:
            line.display = False
            self.focus_first()
        elif self.detail.display:
            super().action_less()
        else:
            self.filter_by("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """See what was typed, and go back to the rows."""
        event.stop()
        self.query_one(Input).display = False
        self.filter_by(event.value)
        self.focus_first()

    def filter_by(self, text: str) -> None:
        """Show what *text* lets through; all for the empty text."""
        self._typed = text.strip()
        self._filter = Filter.read(self._typed, self.FIELDS)
        told = self.query_one("#filtered", Static)
        told.display = bool(self._typed)
        told.update(Content(f"only: {cell(self._typed)} (Esc shows all)"))
        self._show_all()

    def about(self, row: Row) -> Sequence[tuple[str, object]]:
        """See :class:`DetailedPane`."""
        found = (item for item in reversed(self._kept) if self.row(item).key == row.key)
        item = next(found, None)
        return self.about_item(item) if item is not None else ()
