"""What a plugin's command answered, in a frame with the plugin's name on it."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from host.console.cells import cell

MOST_LINES: Final = 1000


class ResultScreen(ModalScreen[None]):
    """Shows *text* of *plugin* as plain lines; *title* is the console's."""

    DEFAULT_CSS = """
    ResultScreen { align: center middle; }
    ResultScreen VerticalScroll {
        width: 90%; height: auto; max-height: 80%; border: round $secondary; background: $surface; padding: 0 1;
    }
    ResultScreen Static { width: 100%; height: auto; }
    .-reader ResultScreen VerticalScroll { border: none; width: 100%; max-height: 100%; }
    .-plain ResultScreen VerticalScroll { border: ascii $secondary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f12", "close", show=False, priority=True),
    ]

    def __init__(self, plugin: str, title: str, text: str) -> None:
        super().__init__()
        self._plugin = plugin
        self._title = title
        self._lines = [cell(line) for line in text.splitlines()[:MOST_LINES]]

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        head = f"{cell(self._title)}, answered by plugin {cell(self._plugin)} (Esc closes)"
        with VerticalScroll() as frame:
            frame.border_title = Content(f"plugin {cell(self._plugin)}")
            yield Static(Content.assemble((head, "bold")), markup=False)
            yield Static(Content("\n".join(self._lines)), markup=False)

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
