"""The log of the session: what was typed, what became of it, what plugins had to say."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from textual.geometry import Size

from host.console.paint import Palette, Piece, wrapped
from host.console.stage.lines import LinesView
from host.console.stage.rows import Row
from host.console.stage.scene import Scene

MAX_ROWS: Final = 2_000
HANGING: Final = 2


class Transcript(LinesView, can_focus=True):
    """Its newest lines are at the end, and in view unless a person went up.

    What does not fit goes on below, a little to the right: nothing in a plugin's text begins a line as the console does.
    """

    DEFAULT_CSS = """
    Transcript { width: 1fr; height: 1fr; min-height: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene.palette(), id=id)
        self._kept: deque[list[Piece]] = deque(maxlen=MAX_ROWS)
        self._broken: deque[Row] = deque(maxlen=MAX_ROWS)
        self._width = 0
        self._follows = True
        """Whether its end is kept in view, however its size and its rows change."""

    def say(self, line: list[Piece]) -> None:
        """Add a line."""
        self._kept.append(line)
        self._broken.extend(self._broken_up(line))
        self._draw()

    def texts(self) -> list[str]:
        """What stands in its rows, without colours."""
        return ["".join(text for text, _, _ in row.line) for row in self.rows]

    def on_resize(self) -> None:
        """See :meth:`fit`."""
        self.fit()

    def fit(self) -> None:
        """Break the lines anew where the width is another one. With fewer rows the end is still in view."""
        # Without the scrollbar, also while there is none.
        width = max(0, self.size.width - self.scrollbar_gutter.width)
        if width != self._width:
            self._width = width
            self._broken.clear()
            for line in self._kept:
                self._broken.extend(self._broken_up(line))
            self.show(tuple(self._broken))
        self._show_end()

    def _broken_up(self, line: list[Piece]) -> list[Row]:
        return [Row(part) for part in wrapped(line, self._width or 80, hanging=HANGING)]

    def show(
        self, rows: Sequence[Row], *, chosen: int | None = None, palette: Palette | None = None
    ) -> None:
        """See :class:`LinesView`: it takes the focus whatever its rows are."""
        super().show(rows, chosen=chosen, palette=palette)
        self.can_focus = True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """See :class:`textual.widget.Widget`. A new size leaves it at its end or where it was: only a person goes up."""
        super().watch_scroll_y(old_value, new_value)
        if new_value >= self.max_scroll_y:
            self._follows = True
        elif new_value < old_value:
            self._follows = False

    def _show_end(self) -> None:
        if self._follows and self.scroll_offset.y != self.max_scroll_y:
            self.scroll_to(y=len(self.rows), animate=False, immediate=True, force=True)

    def _draw(self) -> None:
        self.show(tuple(self._broken))
        self._show_end()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """See :class:`LinesView`."""
        return len(self._broken)
