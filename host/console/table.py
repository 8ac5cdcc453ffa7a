"""Rows of text with a cursor, kept by key: what every list of the console is drawn with.

Promises    A row that changes is drawn anew where it stands, and no other; the cursor stays with its key. Only what is seen
            is drawn, so a thousand rows more cost nothing but memory, which is bounded.
            For a screen reader each row is one line of words: no columns, no header, no box.
Relies on   Cells being fit for a terminal: see ``cells.py``.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

Look = Literal["", "good", "busy", "bad", "dim"]
"""How a row looks; always beside a word that says the same."""

_GAP: Final = 1


class Column(NamedTuple):
    """One column. *width* is in terminal columns; one that *grows* takes what is left. The highest *drop* goes first on a
    narrow screen, 0 never. Of what is too long the end is cut, or the beginning where the *end* counts."""

    name: str
    width: int
    right: bool = False
    grows: bool = False
    drop: int = 0
    end: bool = False


class Row(NamedTuple):
    """One row. *key* is its own among all rows."""

    key: str
    cells: tuple[str, ...]
    look: Look = ""


class Table(ScrollView, can_focus=True):
    """See the module's text. *most* rows are kept; with *tail* the cursor stays at the end until it is moved up."""

    DEFAULT_CSS = """
    Table { height: 1fr; width: 100%; overflow-x: hidden; }
    Table > .table--header { text-style: bold underline; }
    Table > .table--cursor { background: $primary; color: $background; }
    Table:focus > .table--cursor { text-style: bold; }
    Table > .table--good { color: $success; }
    Table > .table--busy { color: $warning; }
    Table > .table--bad { color: $error; text-style: bold; }
    Table > .table--dim { text-style: dim; }
    .-plain Table > .table--cursor { text-style: underline; }
    .-plain Table:focus > .table--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"table--{name}" for name in ("header", "cursor", "good", "busy", "bad", "dim")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "to_end(-1)", show=False),
        Binding("end", "to_end(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, table: "Table", key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "Table":
            """The table, for Textual's ``on``."""
            return self.table

    class Moved(Chosen):
        """The cursor is at another row."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str = "nothing",
        most: int = 5000,
        tail: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._empty = empty
        self._most = most
        self._tail = tail
        self._rows: list[Row] = []
        self._cursor = 0
        self._widths: tuple[int, ...] = ()
        self._is_reader = False

    def on_mount(self) -> None:
        """Know how rows are shown."""
        self._is_reader = self.app.has_class("-reader")
        self._measure()

    # What there is.

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown, in order."""
        return self._rows

    @property
    def current(self) -> Row | None:
        """The row with the cursor."""
        return self._rows[self._cursor] if self._rows else None

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Show *rows*, as far as they are others than before."""
        new = list(rows)[: self._most]
        old, self._rows = self._rows, new
        if len(old) == len(new) and all(a.key == b.key for a, b in zip(old, new, strict=True)):
            for at, (before, now) in enumerate(zip(old, new, strict=True)):
                if before != now:
                    self._redraw(at)
            return
        had = old[self._cursor].key if old else None
        was_at_end = self._is_at_end(len(old))
        found = next((at for at, row in enumerate(new) if row.key == had), None)
        self._cursor = found if found is not None else min(self._cursor, max(0, len(new) - 1))
        if self._tail and was_at_end:
            self._cursor = max(0, len(new) - 1)
        self._resize()
        self._show_cursor()
        if (new[self._cursor].key if new else None) != had:
            self._tell_moved()

    def append(self, rows: Sequence[Row]) -> None:
        """Add *rows* at the end, and drop the oldest for which there is no room."""
        if not rows:
            return
        was_at_end = self._is_at_end(len(self._rows))
        self._rows.extend(rows)
        lost = max(0, len(self._rows) - self._most)
        del self._rows[:lost]
        if self._tail and was_at_end:
            self._cursor = len(self._rows) - 1
            self._resize()
            self._show_cursor()
            return
        self._cursor = max(0, self._cursor - lost)
        self._resize()
        if lost:  # what is read stays where it is
            self.scroll_to(y=max(0, self.scroll_offset.y - lost), animate=False)

    def move_to(self, key: str) -> bool:
        """Put the cursor on the row *key*; False if there is none."""
        for at, row in enumerate(self._rows):
            if row.key == key:
                self._go(at)
                return True
        return False

    # Keys.

    def action_move(self, step: int) -> None:
        """Move the cursor by *step* rows."""
        self._go(self._cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by *step* screens."""
        self._go(self._cursor + step * max(1, self.size.height - 2))

    def action_to_end(self, where: int) -> None:
        """Move the cursor to the first or the last row."""
        self._go(0 if where < 0 else len(self._rows) - 1)

    def action_choose(self) -> None:
        """Tell that the row with the cursor was chosen."""
        row = self.current
        if row is not None:
            self.post_message(self.Chosen(self, row.key))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, too."""
        at = self.scroll_offset.y + event.y - self._heads
        if 0 <= at < len(self._rows):
            self._go(at)

    # Drawing.

    @property
    def _heads(self) -> int:
        return 0 if self._is_reader else 1

    def _is_at_end(self, count: int) -> bool:
        return count == 0 or self._cursor == count - 1

    def _go(self, to: int) -> None:
        if not self._rows:
            return
        to = min(max(0, to), len(self._rows) - 1)
        if to != self._cursor:
            before, self._cursor = self._cursor, to
            self._redraw(before)
            self._redraw(to)
            self._tell_moved()
        self._show_cursor()

    def _tell_moved(self) -> None:
        row = self.current
        self.post_message(self.Moved(self, row.key if row is not None else ""))

    def _show_cursor(self) -> None:
        top, height = round(self.scroll_target_y), self.size.height - self._heads
        if height <= 0:
            return
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False)

    def _redraw(self, at: int) -> None:
        y = at + self._heads - self.scroll_offset.y
        if self._heads <= y < self.size.height:
            self.refresh_line(at + self._heads)

    def _resize(self) -> None:
        self.virtual_size = Size(
            self.scrollable_content_region.width, len(self._rows) + self._heads
        )
        self.refresh()

    def on_resize(self) -> None:
        """Columns are as wide as there is room."""
        self._measure()
        self._show_cursor()

    def _measure(self) -> None:
        self._widths = widths_of(self._columns, self.scrollable_content_region.width)
        self._resize()

    def render_line(self, y: int) -> Strip:
        """See :class:`textual.widget.Widget`."""
        width = self.scrollable_content_region.width
        if y < self._heads:
            text = line_of(
                [column.name for column in self._columns], self._columns, self._widths
            )
            return self._strip(text, width, "table--header")
        at = self.scroll_offset.y + y - self._heads
        if at >= len(self._rows):
            text = self._empty if at == 0 and not self._rows else ""
            return self._strip(text, width, "table--dim" if text else "")
        row = self._rows[at]
        if self._is_reader:
            text = words_of(row.cells, self._columns)
        else:
            text = line_of(row.cells, self._columns, self._widths)
        name = "cursor" if at == self._cursor else row.look
        return self._strip(text, width, f"table--{name}" if name else "")

    def _strip(self, text: str, width: int, name: str) -> Strip:
        style = self.get_component_rich_style(name) if name else self.rich_style
        return Strip([Segment(set_cell_size(text, width), style)], width)


def widths_of(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """Return how wide each of *columns* is on a screen of *width*; 0 is left out."""
    widths = [column.width for column in columns]

    def needed() -> int:
        return sum(width + _GAP for width in widths if width) - _GAP

    for at in sorted(range(len(columns)), key=lambda at: columns[at].drop, reverse=True):
        if needed() <= width or not columns[at].drop:
            break
        widths[at] = 0
    left = width - needed()
    growing = [at for at, column in enumerate(columns) if column.grows and widths[at]]
    for at in growing:
        widths[at] = max(1, widths[at] + left // len(growing))
    return tuple(widths)


def line_of(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    """Return *cells* in columns, one line."""
    parts = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        if width:
            if column.right:
                parts.append(cell.rjust(width)[:width])
            else:
                parts.append(fitted(cell, width, keeps_end=column.end))
    return (" " * _GAP).join(parts)


def words_of(cells: Sequence[str], columns: Sequence[Column]) -> str:
    """Return *cells* as a sentence that a screen reader reads: each with its column's name, empty ones left out."""
    named = [
        f"{column.name} {cell}" if at else cell
        for at, (cell, column) in enumerate(zip(cells, columns, strict=True))
        if cell
    ]
    return ", ".join(named)


def fitted(text: str, width: int, *, keeps_end: bool = False) -> str:
    """Return *text* in exactly *width* columns; where it is cut there is a mark."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    if keeps_end:
        return "~" + set_cell_size(text[::-1], max(0, width - 1))[::-1]
    return set_cell_size(text, max(0, width - 1)) + "~"
