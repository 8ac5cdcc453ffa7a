"""The frame around what a plugin draws: its title is the console's, its inside the plugin's.

Promises    Nothing that a plugin writes reaches the frame or what is beside it; with a screen reader, where there are no
            frames, the console's lines begin at the edge and a plugin's two columns further.
"""

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from host.console.mirror import JsonObject, Key
from host.console.paint import cells, content, own, settled, without_end
from host.console.stage.laid import LaidOut
from host.console.stage.lines import LinesView
from host.console.stage.rows import Row
from host.console.stage.scene import Scene, gone

INDENT: Final = 2
"""How far from the edge plugins write where there are no frames; the style below has it as a padding."""


class Framed(LaidOut, Vertical):
    """One entry of the view in its frame. What is in it is drawn by :meth:`rows_of`, which a kind of entry overrides.

    With *shares* it is as wide as the console, and a single row that is short stands in the row of its name.
    """

    DEFAULT_CSS = """
    Framed { height: auto; width: 1fr; border-left: solid $panel-lighten-2; border-top: solid $panel-lighten-2; }
    Framed > .title { display: none; height: 1; }
    Framed:focus-within { border-left: solid $accent; border-top: solid $accent; }
    Framed.-line, Framed.-line:focus-within { border: none; }
    Framed.-reader { border: none; }
    Framed.-reader:focus-within { border: none; }
    Framed.-reader > .title { display: block; }
    Framed.-reader > LinesView { padding: 0 0 0 2; }
    """

    def __init__(
        self, scene: Scene, key: Key, place: str, *, most: int = 0, shares: bool = False
    ) -> None:
        super().__init__()
        self.shares = shares
        self._most = most
        self.scene = scene
        self.key = key
        self.place = place
        """What this is, in the console's words: ``header``, ``sidebar``, ``component``."""
        self.view = self.make_view()
        self._title = Static("", markup=False, classes="title")
        self._titled: Content | None = None
        self.set_class(scene.is_reader, "-reader")
        if most:
            self.view.styles.max_height = most

    def make_view(self) -> LinesView:
        """Make what draws the inside."""
        return LinesView(self.scene.palette(self.key.plugin))

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield self._title
        yield self.view

    def rows_of(self, value: JsonObject) -> Sequence[Row]:
        """The rows of the entry's value."""
        raise NotImplementedError

    def first_chosen(self, value: JsonObject) -> int | None:
        """Which item is chosen at first, if it has any and says so."""
        return None

    def show(self, value: JsonObject) -> None:
        """Draw *value* from now on."""
        why = gone(value)
        palette = self.scene.palette(self.key.plugin)
        if why is None:
            rows, chosen = self.rows_of(value), self.first_chosen(value)
        else:
            rows, chosen = [Row(own(f"gone: {why}", "dim"))], None
        self.set_class(why is not None, "-gone")
        line = self._shared(rows)
        self.set_class(line is not None, "-line")
        self.view.show(rows if line is None else [line], chosen=chosen, palette=palette)
        self.say_title()

    def say_title(self, more: str = "") -> None:
        """Say whose it is, and *more* where there is no border."""
        name, palette = self.scene.name(self.key), self.scene.palette()
        title = content([*name, *own(f" {self.place}", "dim")], palette)
        whole = content([*name, *own(f" {self.place}{more}", "dim")], palette)
        if self._titled is not None and whole.is_same(self._titled):
            return  # a frame whose title is set is drawn anew
        self._titled = whole
        self.border_title = title
        self._title.update(whole, layout=False)  # one row, whatever it says

    @property
    def tall(self) -> int:
        """How many rows it would like to have."""
        most = self._most or len(self.view.rows)
        return 1 if self.has_class("-line") else min(most, len(self.view.rows)) + 1

    def _shared(self, rows: Sequence[Row]) -> Row | None:
        """The one row of a plugin's beside its name, without a border, if it has no more and both fit."""
        if not self.shares or self.scene.is_reader or len(rows) != 1 or rows[0].item:
            return None
        told = settled(
            self.scene.shared(without_end(rows[0].line)), self.scene.palette(self.key.plugin)
        )
        head = [
            *own(self.scene.mark),
            *self.scene.name(self.key),
            *own(f" {self.place}", "dim"),
            *own(": "),
        ]
        line = [*head, *told]
        return Row(line) if cells(line) < self.app.size.width else None
