"""All that there is to say about one thing: labelled lines that wrap, below a table."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from host.console.cells import cell


class Detail(VerticalScroll, can_focus=True):
    """See the module's text."""

    DEFAULT_CSS = """
    Detail { height: 40%; max-height: 50%; border-top: solid $primary; padding: 0 1; }
    Detail Static { width: 100%; height: auto; }
    Detail:focus { border-top: solid $accent; }
    .-reader Detail { border-top: none; padding: 0; }
    .-plain Detail { border-top: ascii $primary; }
    """

    def __init__(self) -> None:
        super().__init__()
        # Made here: on a busy machine, a screen shows a question before this has composed itself.
        self._text = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield self._text

    def show(self, lines: Iterable[tuple[str, object]]) -> None:
        """Say each value with its label; what has none is left out. The same again changes nothing."""
        parts: list[tuple[str, str]] = []
        for label, value in lines:
            text = cell(value)
            if text:
                parts += [(f"{label}: ", "bold"), (f"{text}\n", "")]
        content = Content.assemble(*parts)
        shown = self._text
        if not isinstance(shown.content, Content) or not shown.content.is_same(content):
            shown.update(content)

    @property
    def has_more(self) -> bool:
        """Whether there is more below what is seen."""
        return self.scroll_offset.y < self.max_scroll_y
