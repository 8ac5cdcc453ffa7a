"""The lines that are always the console's own: the bar on top, the panes' names beneath it, the keys at the bottom.

Promises    No text of a plugin's is ever in them, but for one-line messages, which are cleaned by whoever tells them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
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


class Bar(Widget):
    """Row 0 of every screen: the project, the permission mode, what waits for approval, the connection, the mark."""

    DEFAULT_CSS = """
    Bar { dock: top; height: 1; width: 100%; background: $primary; color: $background; text-style: bold; }
    .-plain Bar { text-style: reverse; }
    .-reader Bar { text-style: none; }
    """
    told: reactive[Told | None] = reactive(None)

    def show(self, told: Told) -> None:
        """Say *told*."""
        self.told = told

    async def on_click(self) -> None:
        """Where there is a mouse, it opens what waits."""
        await self.run_action("app.approvals")

    def render(self) -> Content:
        """See :class:`textual.widget.Widget`."""
        return bar_text(self.told, self.size.width) if self.told is not None else Content("")


def bar_text(told: Told, width: int) -> Content:
    """Return the bar as one line of *width* columns. The mark comes first of all, then what waits, then the connection."""
    mark, state = f"[{told.mark}]", told.state.value
    why = f"{state}: {told.problem}" if told.state is State.LOST and told.problem else state
    waits = f"{told.pending} to approve: F2" if told.pending else ""
    short = f"{told.pending} F2" if told.pending else ""
    mode = f"mode {told.mode}" if told.mode else ""
    left, right = "", mark
    for parts, beside in (
        ((told.project, mode), (waits, why, mark)),
        ((told.project,), (waits, why, mark)),
        ((), (waits, why, mark)),
        ((told.project,), (waits, state, mark)),
        ((), (waits, state, mark)),
        ((), (short, state, mark)),
        ((), (short, mark)),
    ):
        left, right = _joined(parts), _joined(beside)
        if cell_len(left) + cell_len(right) + 3 <= width:
            break
    else:
        left, right = "", mark
    gap = " " * max(0, width - cell_len(left) - cell_len(right) - 2)
    return Content(f" {left}{gap}{right} ").truncate(width, pad=True)


def _joined(parts: Sequence[str]) -> str:
    return "  ".join(part for part in parts if part)


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
    KeyLine { dock: bottom; height: 1; width: 100%; background: $panel; }
    KeyLine.-message { text-style: bold; height: auto; max-height: 3; }
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
        shown = Content.assemble(*parts)
        is_same, self._keys = shown.is_same(self._keys), shown
        if not is_same and not self.has_class("-message"):
            self.update(self._keys)

    def tell(self, text: str, *, is_error: bool) -> None:
        """Show the line *text* for a while; one that is too long takes up to three rows."""
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
