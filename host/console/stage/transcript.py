"""The log of the session: what was typed, what became of it, what plugins had to say."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from textual.geometry import Size
from textual.message import Message

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
        self._height = 0

    class Placed(Message):
        """It is seen again, or has another size: where it is is known anew, and what lies over it moves."""

    def on_show(self) -> None:
        """Tell that it is seen."""
        self.post_message(self.Placed())

    def say(self, line: list[Piece]) -> None:
        """Add a line."""
        self._kept.append(line)
        self._broken.extend(self._broken_up(line))
        self._draw()

    def on_resize(self) -> None:
        """Break the lines anew where the width is another one. With fewer rows the end is still in view."""
        is_at_end = self._is_at_end()
        width = (
            self.scrollable_content_region.width
        )  # without the scrollbar, also while there is none
        if width != self._width:
            self._width = width
            self._broken.clear()
            for line in self._kept:
                self._broken.extend(self._broken_up(line))
            self.show(tuple(self._broken))
        self._height = self.size.height
        if is_at_end:
            self._show_end()
        self.post_message(self.Placed())

    def _broken_up(self, line: list[Piece]) -> list[Row]:
        return [Row(part) for part in wrapped(line, self._width or 80, hanging=HANGING)]

    def show(
        self, rows: Sequence[Row], *, chosen: int | None = None, palette: Palette | None = None
    ) -> None:
        """See :class:`LinesView`: it takes the focus whatever its rows are."""
        super().show(rows, chosen=chosen, palette=palette)
        self.can_focus = True

    def _is_at_end(self) -> bool:
        """Whether the last row was seen, as tall as it was then: what is beside it may have grown since."""
        return self.scroll_offset.y + self._height >= len(self.rows)

    def _show_end(self) -> None:
        if (
            self.scroll_offset.y != self.max_scroll_y
        ):  # else the screen would be laid out for nothing
            self.scroll_to(y=len(self.rows), animate=False, immediate=True, force=True)

    def _draw(self) -> None:
        is_at_end = self._is_at_end()
        self.show(tuple(self._broken))
        if is_at_end:
            self._show_end()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """See :class:`LinesView`."""
        return len(self._broken)
