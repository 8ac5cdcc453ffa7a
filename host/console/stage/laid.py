"""The size of a widget as its last layout gave it, and whether it has a place on the screen.

Why         Textual looks the size up on the screen, and lays the whole of it out anew to say that of a widget which is out of
            sight. Whatever is drawn anew asks for it, so that hidden changes would cost a layout each.
"""

from textual.geometry import Size
from textual.widget import Widget


class LaidOut(Widget):
    """A widget whose size is known without looking for it."""

    @property
    def size(self) -> Size:
        """See :class:`textual.widget.Widget`."""
        gutter = self.styles.gutter
        width, height = self.outer_size
        return Size(max(0, width - gutter.width), max(0, height - gutter.height))


def is_displayed(widget: Widget) -> bool:
    """Whether it is on the open screen, or would be if that were scrolled there."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
