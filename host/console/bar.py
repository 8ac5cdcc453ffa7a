"""The lines that are always the console's own: the bar on top, the panes' names beneath it, the keys at the bottom.

Promises    No text of a plugin's is ever in them, but for one-line messages, which are cleaned by whoever tells them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual.content import Content
from textual.widgets import Static

from host.console.link import State

MESSAGE_S: Final = 8.0
"""How long a message stands where the keys are."""


class Told(NamedTuple):
    """What the bar says."""

    project: str
    mode: str
    state: State
    problem: str
    pending: int
    mark: str


class Bar(Static):
    """Row 0 of every screen: the project, the permission mode, what waits for approval, the connection, the mark."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 100%; background: $primary; color: $background; text-style: bold; }
    .-plain Bar { text-style: reverse; }
    .-reader Bar { text-style: none; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, told: Told) -> None:
        """Say *told*; what does not fit is left out, the least important first."""
        self.update(bar_text(told, self.app.size.width))


def bar_text(told: Told, width: int) -> Content:
    """Return the bar as one line of at most *width* columns. The mark, what waits and a lost connection always fit."""
    waits = f"{told.pending} to approve: F2" if told.pending else ""
    state = told.state.value
    if told.state is State.LOST and told.problem:
        state = f"{state}: {told.problem}"
    left = [part for part in (told.project, told.mode and f"mode {told.mode}") if part]
    right = [part for part in (waits, state, f"[{told.mark}]") if part]
    while left and len("  ".join((*left, *right))) + 2 > width:
        left.pop(0 if len(left) == 1 else -1)
    if len("  ".join(right)) + 2 > width:
        right[-2] = told.state.value
    text = "  ".join(right)
    gap = max(1, width - 2 - len("  ".join(left)) - len(text)) if left else 0
    line = Content(f" {'  '.join(left)}{' ' * gap}{text} ")
    if waits:
        line = line.highlight_regex(r"\d+ to approve: F2", style="reverse")
    return line.truncate(width, pad=True)


class PaneNames(Static):
    """Which panes there are, and which is open."""

    DEFAULT_CSS = """
    PaneNames { height: 1; width: 100%; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, names: Sequence[str], current: str, *, is_reader: bool) -> None:
        """Mark *current* among *names*, in words where a style may not be seen."""
        if is_reader:
            self.update(f"pane {current}")
            return
        parts: list[tuple[str, str]] = []
        for name in names:
            parts.append((f" {name} ", "reverse bold" if name == current else ""))
        self.update(Content.assemble(*parts))


class KeyLine(Static):
    """The last row: the keys of where one is, or for a while the newest message."""

    DEFAULT_CSS = """
    KeyLine { height: 1; width: 100%; background: $panel; }
    KeyLine.-message { text-style: bold; }
    KeyLine.-error { color: $error; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._keys = Content("")
        self._messages = 0

    def show_keys(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show *keys* with what they do, once no message stands there."""
        parts: list[tuple[str, str] | str] = []
        for key, what in keys:
            parts += [(f" {key} ", "bold"), what, " "]
        self._keys = Content.assemble(*parts)
        if not self.has_class("-message"):
            self.update(self._keys)

    def tell(self, text: str, *, is_error: bool) -> None:
        """Show the line *text* for a while."""
        self._messages += 1
        mine = self._messages
        self.set_class(True, "-message")
        self.set_class(is_error, "-error")
        self.update(Content(f" {'error: ' if is_error else ''}{text}"))
        self.set_timer(MESSAGE_S, lambda: self._end_message(mine))

    def _end_message(self, number: int) -> None:
        if number == self._messages:
            self.remove_class("-message", "-error")
            self.update(self._keys)
