"""A question of the console's own before something that is not taken back easily."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from host.console.guard import Guard


class Confirm(ModalScreen[bool]):
    """Asks *question*; y is yes, anything else of ``n``, Enter and Escape is no. It shows the console's *mark*."""

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm Static { width: 90%; max-width: 76; height: auto; border: heavy $accent; padding: 0 1; background: $surface; }
    .-reader Confirm Static { border: none; padding: 0; }
    .-plain Confirm Static { border: ascii $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n,enter,escape", "no", show=False),
    ]

    def __init__(self, question: str, mark: str, guard: Guard) -> None:
        super().__init__()
        self._question = question
        self._mark = mark
        self._guard = guard

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        text = f"{self._question}\n\ny yes   n no   [{self._mark}]"
        yield Static(Content(text), markup=False)

    def on_mount(self) -> None:
        """Keys count from when it is seen."""
        self.call_after_refresh(self._guard.arm)

    def action_yes(self) -> None:
        """Agree, if it was there long enough to be read."""
        if self._guard.accepts():
            self.dismiss(True)

    def action_no(self) -> None:
        """Do not."""
        self.dismiss(False)
