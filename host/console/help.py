"""Every key of the console, once: what F1 shows, and ``docs/console.md`` with it."""

from typing import ClassVar, Final, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Key(NamedTuple):
    """One key and what it does."""

    where: str
    key: str
    what: str


HELP: Final = (
    Key("everywhere", "F1", "this list of keys"),
    Key("everywhere", "F2", "approvals: what waits for an answer of yours"),
    Key("everywhere", "F3, F4", "the next pane, the one before"),
    Key("everywhere", "Ctrl+P", "find and run a command of the console's or of a plugin's"),
    Key("everywhere", "F12", "leave what a plugin draws; no plugin can take this key"),
    Key("everywhere", "F10, Ctrl+Q", "end the console; daemon and plugins go on"),
    Key("everywhere", "Ctrl+Z", "suspend the console; fg brings it back"),
    Key("Session", "Enter", "send the line: a command after a slash, else a prompt"),
    Key("Session", "Tab", "take what is offered; without an offer, go to the next list"),
    Key("Session", "up, down", "another offer, or a line that was typed before"),
    Key("Session", "Enter, Space", "in a list of a plugin's: choose the item, switch it"),
    Key("questions of plugins", "Enter", "answer; in a text of several lines Ctrl+S"),
    Key("questions of plugins", "y, n", "yes, no"),
    Key("questions of plugins", "Esc", "no answer"),
    Key("tables", "up, down, PgUp, PgDn, Home, End", "move"),
    Key(
        "tables", "Enter", "show or hide all about the row; Tab goes there to scroll, and back"
    ),
    Key("approvals", "o", "allow it this once"),
    Key("approvals", "s", "allow it until its session ends"),
    Key("approvals", "a", "allow it always: this very input, in this project"),
    Key("approvals", "d", "deny it"),
    Key("approvals", "PgUp, PgDn", "scroll the text of the question"),
    Key("approvals", "Esc", "back, without an answer"),
    Key("Plugins", "k", "kill the plugin in every host of yours, after a question"),
    Key("Plugins", "e", "enable it again, after a question"),
    Key("Plugins", "r", "have the daemon read every configuration and plugin again"),
    Key(
        "Audit, Logs", "/", "filter: words, kind:KIND, plugin:NAME, level:LEVEL; Enter applies"
    ),
    Key("Audit, Logs", "Esc", "take the filter away"),
    Key("Capabilities", "left, right", "another plugin"),
    Key("Capabilities", "x", "explain: type a kind and a target, for example fs_read ~/.ssh"),
)


class HelpScreen(ModalScreen[None]):
    """See the module's text."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll {
        width: 90%; max-width: 90; height: auto; max-height: 90%;
        border: heavy $primary; background: $surface; padding: 0 1;
    }
    HelpScreen Static { width: 100%; height: auto; }
    .-reader HelpScreen VerticalScroll { border: none; width: 100%; max-width: 100%; max-height: 100%; }
    .-plain HelpScreen VerticalScroll { border: ascii $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "close", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        with VerticalScroll():
            yield Static(help_text(), markup=False)

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)


def help_text() -> Content:
    """Return the keys as lines, each place with its own."""
    parts: list[tuple[str, str] | str] = []
    before = ""
    for where, key, what in HELP:
        if where != before:
            parts += ["\n" if before else "", (where, "bold underline"), "\n"]
            before = where
        parts += [(f"{key}: ", "bold"), f"{what}\n"]
    parts.append("\nEsc closes this.")
    return Content.assemble(*parts)
