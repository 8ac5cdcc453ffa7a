"""The one widget that draws what a plugin has written: rows, of which only those that are seen are drawn.

Promises    Drawing reads what it was given and waits for nothing; it takes time for the rows that are on the screen, however
            many there are. Every strip has exactly the width of the widget, so that nothing beside it moves.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from host.console.paint import Palette, Piece, clusters, own, strip
from host.console.stage.laid import LaidOut
from host.console.stage.rows import Item, Row

POINTER: Final = "> "
NO_POINTER: Final = "  "


class LinesView(LaidOut, ScrollView):
    """Rows one below the other. With items among them it takes the focus, and one of them is the chosen one."""

    DEFAULT_CSS = """
    LinesView { height: auto; width: 1fr; scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(1)", show=False),
        Binding("enter", "choose('activate')", show=False),
        Binding("space", "choose('toggle')", show=False),
    ]

    class Chosen(Message):
        """A person chose an item: *action* is ``activate`` or ``toggle``."""

        def __init__(self, view: "LinesView", item: Item, at: int, action: str) -> None:
            super().__init__()
            self.view = view
            self.item = item
            self.at = at
            """Its place among the items."""
            self.action = action

        @property
        def control(self) -> "LinesView":
            """See :class:`textual.message.Message`."""
            return self.view

    def __init__(
        self,
        palette: Palette,
        *,
        is_led: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._is_led = is_led  # the keys come from a line of text beside it
        self.palette = palette
        self._rows: Sequence[Row] = ()
        self._choices: list[int] = []
        self._chosen = 0
        self._cursor: tuple[int, int] | None = None
        self.drawn = 0
        """How many rows were drawn so far: what tests of the drawing count."""

    # What it shows.

    def show(
        self, rows: Sequence[Row], *, chosen: int | None = None, palette: Palette | None = None
    ) -> None:
        """Draw *rows* from now on. The chosen item stays the one with the same id, else *chosen* is, else the same place."""
        before = self.chosen_item
        self._rows = rows
        self.palette = palette or self.palette
        self._choices = [at for at, row in enumerate(rows) if row.item is not None]
        ids = [rows[at].item for at in self._choices]
        same = next(
            (at for at, item in enumerate(ids) if before and item and item.id == before.id),
            None,
        )
        wanted = same if same is not None else chosen if chosen is not None else self._chosen
        self._chosen = max(0, min(wanted, len(self._choices) - 1))
        self.can_focus = bool(self._choices) and not self._is_led
        self._measure()

    def show_cursor(self, cursor: tuple[int, int] | None) -> None:
        """Show a cell as the cursor, by row and column."""
        self._cursor = cursor
        if cursor is not None:
            self._see(cursor[0])
            self._point(*cursor)
        self.refresh()

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown."""
        return self._rows

    @property
    def chosen_item(self) -> Item | None:
        """The item that Enter would choose."""
        return self._rows[self._choices[self._chosen]].item if self._choices else None

    @property
    def chosen_at(self) -> int | None:
        """Its place among the items."""
        return self._chosen if self._choices else None

    def choose_at(self, at: int) -> None:
        """Make the item at *at*, among the items, the chosen one."""
        if self._choices:
            self._chosen = max(0, min(at, len(self._choices) - 1))
            self._see(self._choices[self._chosen])
            self._point(self._choices[self._chosen], 0)
            self.refresh()

    def _point(self, row: int, column: int) -> None:
        """Have the terminal's cursor where the person is: screen readers and input methods look there."""
        if self.has_focus:
            at = self.content_region.offset + Offset(column, row - self.scroll_offset.y)
            if self.content_region.contains_point(at):
                self.app.cursor_position = at

    def _measure(self) -> None:
        size = Size(0, len(self._rows))
        if size != self.virtual_size:
            self.virtual_size = size
            self.refresh(layout=True)
        else:
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """See :class:`textual.widget.Widget`: as many as there are rows; its style says the most."""
        return len(self._rows)

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """See :class:`textual.widget.Widget`."""
        width = self.size.width
        base = self.rich_style
        at = y + self.scroll_offset.y
        if not 0 <= at < len(self._rows):
            return Strip.blank(width, base)
        self.drawn += 1
        drawn = strip(self._line_at(at), width, base, self.palette)
        if self._cursor is not None and self._cursor[0] == at and self.has_focus:
            return _with_cursor(drawn, self._cursor[1])
        return drawn

    def _line_at(self, at: int) -> list[Piece]:
        row = self._rows[at]
        if not self._choices:
            return row.line
        is_chosen = (self.has_focus or self._is_led) and self._choices[self._chosen] == at
        shown = [*own(POINTER if is_chosen else NO_POINTER), *row.line]
        if is_chosen:
            return [(text, f"{words} reverse".strip(), size) for text, words, size in shown]
        return shown

    def _see(self, row: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if row < top:
            self.scroll_to(y=row, animate=False, immediate=True)
        elif row >= top + height:
            self.scroll_to(y=row - height + 1, animate=False, immediate=True)

    # Keys.

    def action_move(self, step: int) -> None:
        """Choose the item *step* further."""
        if self._choices:
            self.choose_at(self._chosen + step)
        else:
            self.scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        """Choose the item a page further."""
        self.action_move(step * max(1, self.size.height - 1))

    def action_edge(self, last: int) -> None:
        """Choose the first item or the last one."""
        self.action_move(len(self._rows) * (1 if last else -1))

    def action_choose(self, action: str) -> None:
        """Tell that the chosen item was chosen."""
        item, at = self.chosen_item, self.chosen_at
        if item is not None and at is not None:
            self.post_message(self.Chosen(self, item, at, action))

    def on_click(self, event: events.Click) -> None:
        """A click chooses; a second one on the same item activates it."""
        row = event.y + self.scroll_offset.y
        if row in self._choices:
            event.stop()
            at = self._choices.index(row)
            is_again = at == self._chosen and event.chain > 1
            self.choose_at(at)
            if is_again:
                self.action_choose("activate")

    def on_focus(self) -> None:
        """The chosen item is shown as such."""
        self.refresh()

    def on_blur(self) -> None:
        """It is not, without the focus."""
        self.refresh()


def _with_cursor(drawn: Strip, column: int) -> Strip:
    """*drawn* with what stands at *column* reversed, whole if it is wide."""
    segments: list[Segment] = []
    at = 0
    for text, style, _ in drawn:
        for part, size in clusters(text):
            is_under = at <= column < at + size
            marked = (
                (style or RichStyle.null()) + RichStyle(reverse=True) if is_under else style
            )
            segments.append(Segment(part, marked))
            at += size
    return Strip(segments, drawn.cell_length).simplify()
