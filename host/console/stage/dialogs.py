"""What plugins ask: one question at a time, in a box of the console's, answered by a deliberate key.

Promises    A key counts as an answer only 0.4 s after the question was drawn: what is typed while one pops up answers nothing. Escape ends it, whatever kind it is. A list of a thousand options is as quick as one of ten.
Elsewhere   Which question is next, and where an answer goes: ``stage.py``.
"""

import math
from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from host.console.guard import Guard
from host.console.mirror import Json, JsonObject, Key
from host.console.paint import clean, content, own, pieces, plain
from host.console.stage.lines import LinesView
from host.console.stage.rows import Item, Row, lines_of
from host.console.stage.scene import Scene, Wanted

LISTS: Final = ("select", "quickpick", "confirm")
KINDS: Final = (*LISTS, "input", "editor")
MAX_EDITED: Final = 65_536


class Dialog(Vertical):
    """One question. *waiting* tells how many more there are."""

    DEFAULT_CSS = """
    Dialog {
        layer: over; position: absolute; height: auto; background: $surface; border: round $accent; padding: 0 1;
    }
    Dialog > .asks { display: none; height: 1; }
    Dialog > LinesView { height: auto; }
    Dialog > .message { max-height: 6; }
    Dialog > .options { max-height: 8; }
    Dialog > TextArea { height: 8; }
    Dialog > Input { padding: 0; background: $panel; }
    Dialog > .hint { height: 1; text-style: dim; }
    Dialog.-reader { border: none; }
    Dialog.-reader > .asks { display: block; }
    Dialog.-reader > LinesView { padding: 0 0 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False, priority=True),
        Binding("f12", "cancel", "cancel", show=False, priority=True),
        Binding("ctrl+s", "submit", "answer", show=False, priority=True),
        Binding("up", "step(-1)", show=False, priority=True),
        Binding("down", "step(1)", show=False, priority=True),
    ]

    class Answered(Message):
        """A person answered: ``value``, ``index`` or ``cancelled``."""

        def __init__(self, dialog: str, answer: JsonObject) -> None:
            super().__init__()
            self.dialog = dialog
            self.answer = answer

    def __init__(self, scene: Scene, key: Key, value: JsonObject) -> None:
        super().__init__()
        self.scene = scene
        self.key = key
        kind = value.get("kind")
        self.kind = kind if isinstance(kind, str) and kind in KINDS else "confirm"
        self._value = value
        self._guard = Guard(scene.clock)
        self._waiting = 0
        palette = scene.palette(key.plugin)
        self._asks = Static("", markup=False, classes="asks")
        self._message = LinesView(palette, classes="message")
        self._hint = Static("", markup=False, classes="hint")
        self._list = (
            LinesView(palette, is_led=self.kind == "quickpick", classes="options")
            if self.kind in LISTS
            else None
        )
        self._input = self._make_input()
        self._editor = self._make_editor()
        self.set_class(scene.is_reader, "-reader")

    def _make_input(self) -> Input | None:
        if self.kind == "input":
            hint = clean(_text(self._value, "placeholder")).text
            return Input(
                _one_line(_text(self._value, "prefill")),
                placeholder=hint,
                select_on_focus=False,
                compact=True,
            )
        return (
            Input(placeholder="type to find", select_on_focus=False, compact=True)
            if self.kind == "quickpick"
            else None
        )

    def _make_editor(self) -> TextArea | None:
        if self.kind != "editor":
            return None
        lines = _text(self._value, "prefill")[:MAX_EDITED].split("\n")
        return TextArea(
            "\n".join(clean(line).text for line in lines),
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
        )

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield self._asks
        yield self._message
        for widget in (self._input, self._list, self._editor):
            if widget is not None:
                yield widget
        yield self._hint

    def on_mount(self) -> None:
        """Show it; the clock runs from when it is drawn."""
        self.show(self._value)
        self.post_message(Wanted(self.key.plugin))
        self.call_after_refresh(self._guard.arm)
        self.set_interval(0.5, self._count)

    # What it shows.

    def show(self, value: JsonObject) -> None:
        """Draw *value* from now on."""
        self._value = value
        palette = self.scene.palette(self.key.plugin)
        title = [
            (text, f"bold {words}".strip(), size)
            for text, words, size in pieces(value.get("title"))
        ]
        self._message.show(
            ([Row(title)] if title else []) + lines_of(value.get("message")), palette=palette
        )
        if self._list is not None:
            self._list.show(self._rows(), palette=palette)
        asks = content([*self.scene.name(self.key), *own(" asks")], self.scene.palette())
        self.border_title = asks
        self._asks.update(asks)
        self._count()

    def _rows(self) -> Sequence[Row]:
        if self.kind == "confirm":
            return [
                Row(own(word), Item(id_, None)) for word, id_ in (("Yes", "yes"), ("No", "no"))
            ]
        options = self._value.get("options")
        wanted = self._input.value.casefold() if self._input is not None else ""
        rows: list[Row] = []
        for at, option in enumerate(options if isinstance(options, list) else []):
            if not isinstance(option, dict):
                continue
            label, description = option.get("label"), option.get("description")
            if wanted and wanted not in f"{plain(label)} {plain(description)}".casefold():
                continue
            told = pieces(description)
            rows.append(
                Row(
                    [*pieces(label), *(own(" - ", "dim") if told else []), *told],
                    Item(str(at), None),
                )
            )
        return rows

    def queue(self, waiting: int) -> None:
        """Say how many more questions wait."""
        if waiting != self._waiting:
            self._waiting = waiting
            self._count()

    def _count(self) -> None:
        """Say what the keys do, how long there is, and what waits."""
        keys = {"editor": "^S answers", "input": "Enter answers"}.get(
            self.kind, "Enter chooses"
        )
        parts = [keys, "Esc cancels"]
        until = self._value.get("until")
        if isinstance(until, (int, float)) and math.isfinite(until):
            left = max(0, math.ceil(min(until - self.scene.now(), 1e6)))
            parts.append(f"ends in {left} s")
        if self._waiting:
            parts.append(f"{self._waiting} more")
        self._hint.update(content(own(", ".join(parts)), self.scene.palette()))

    def stand_in(self, width: int, height: int) -> None:
        """Stand in the middle of a stage of *width* by *height*."""
        mine = width if self.scene.is_reader or width <= 14 else min(72, width - 2)
        self.styles.width = mine
        self.styles.max_height = max(4, height)
        self.styles.offset = ((width - mine) // 2, max(0, (height - 14) // 2))

    def focus_first(self) -> Widget:
        """Put the focus where the answer is given, and return that."""
        for widget in (self._input, self._editor, self._list):
            if widget is not None:
                return widget.focus()
        return self.focus()

    # Keys.

    def on_key(self, event: events.Key) -> None:
        """Yes and no by their letters; any other key puts off an answer that is too early."""
        if self.kind == "confirm" and event.key in ("y", "n"):
            event.stop()
            self._answer({"value": event.key == "y"})
        else:
            self._typed()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find what is typed."""
        event.stop()
        self._typed()
        if self.kind == "quickpick" and self._list is not None:
            self._list.show(self._rows(), chosen=0)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """A key that puts off an answer that is too early."""
        event.stop()
        self._typed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a line answers."""
        event.stop()
        self.action_submit()

    def on_lines_view_chosen(self, event: LinesView.Chosen) -> None:
        """Enter in a list answers."""
        event.stop()
        if event.action == "activate":
            self.action_submit()

    def action_step(self, step: int) -> None:
        """Choose another option, or move in the text."""
        self._typed()
        if self._editor is not None:
            (self._editor.action_cursor_up if step < 0 else self._editor.action_cursor_down)()
        elif self._list is not None:
            self._list.action_move(step)

    def action_submit(self) -> None:
        """Answer with what is there."""
        if self._editor is not None:
            self._answer({"value": self._editor.text})
        elif self.kind == "input" and self._input is not None:
            self._answer({"value": self._input.value})
        elif self._list is not None and (item := self._list.chosen_item) is not None:
            is_list = self.kind != "confirm"
            self._answer({"index": int(item.id)} if is_list else {"value": item.id == "yes"})

    def action_cancel(self) -> None:
        """End it without an answer."""
        self._answer({"cancelled": True})

    def _typed(self) -> None:
        """A key that answers nothing, and puts off one that would."""
        self._guard.accepts()
        self.scene.note_typing(self.key.plugin)

    def _answer(self, answer: JsonObject) -> None:
        if self._guard.accepts():
            self.post_message(self.Answered(self.key.key, answer))


def _text(value: JsonObject, name: str) -> str:
    found: Json = value.get(name)
    return found if isinstance(found, str) else ""


def _one_line(text: str) -> str:
    return clean(" ".join(text.split("\n"))).text
