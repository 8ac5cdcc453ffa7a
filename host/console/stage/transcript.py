"""The log of the session: what was typed, what became of it, what plugins had to say."""

from collections import deque
from typing import Final

from textual.geometry import Size

from host.console.paint import Piece, wrapped
from host.console.stage.lines import LinesView
from host.console.stage.rows import Row
from host.console.stage.scene import Scene

MAX_ROWS: Final = 2_000


class Transcript(LinesView, can_focus=True):
    """Its newest lines are at the end, and in view unless a person went up."""

    DEFAULT_CSS = """
    Transcript { height: 1fr; min-height: 1; }
    """

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene.palette(), id=id)
        self._kept: deque[list[Piece]] = deque(maxlen=MAX_ROWS)
        self._broken: deque[Row] = deque(maxlen=MAX_ROWS)
        self._width = 0

    def say(self, line: list[Piece]) -> None:
        """Add a line."""
        self._kept.append(line)
        self._broken.extend(self._broken_up(line))
        self._draw()

    def on_resize(self) -> None:
        """Break the lines anew where the width is another one."""
        if self.size.width != self._width:
            self._width = self.size.width
            self._broken.clear()
            for line in self._kept:
                self._broken.extend(self._broken_up(line))
            self._draw()

    def _broken_up(self, line: list[Piece]) -> list[Row]:
        return [Row(part) for part in wrapped(line, self._width or 80)]

    def _draw(self) -> None:
        was_at_end = self.scroll_offset.y >= self.max_scroll_y - 1
        self.show(tuple(self._broken))
        self.can_focus = True
        if was_at_end:
            self.scroll_to(y=len(self._broken), animate=False, immediate=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """See :class:`LinesView`."""
        return len(self._broken)
