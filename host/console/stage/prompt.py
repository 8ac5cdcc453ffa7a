"""The line that a person types in: a command of a plugin after a slash, or a prompt for the demo session.

Promises    What a plugin wants in the line is put there once for each time that it says so, and as one line. It is not what the
            person typed: Enter sends it only when they can have read it, and says that it is a plugin's. Completions are
            asked for after a moment without a key, one question at a time, and only those for what stands there now are shown.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar, Final, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from host.console.background import in_background
from host.console.guard import Guard
from host.console.mirror import Key
from host.console.paint import clean, own, pieces
from host.console.stage.lines import LinesView
from host.console.stage.rows import Item, Row
from host.console.stage.scene import Scene, shown_name
from host.console.stage.writing import REST_S, Writing

PAUSE_S: Final = 0.15
SHOWN: Final = 100
MAX_TEXT: Final = 16_384
PLACEHOLDER: Final = "type a prompt, or /command"


class Completion(NamedTuple):
    """One way to go on: *value* takes the place of what is after the command's name."""

    value: str
    label: str
    description: str


Complete = Callable[[str, str], Awaitable[Sequence[Completion]]]
"""Of a command's name and what is typed after it; raises nothing."""


class Prompt(Vertical):
    """See the module's text."""

    DEFAULT_CSS = """
    Prompt { height: auto; }
    Prompt > Input { padding: 0; background: $surface; }
    Prompt > LinesView { max-height: 6; display: none; background: $panel; }
    Prompt.-offers > LinesView { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take", show=False, priority=True),
        Binding("up", "step(-1)", show=False, priority=True),
        Binding("down", "step(1)", show=False, priority=True),
        Binding("escape", "withdraw", show=False),
    ]

    class Entered(Message):
        """A line was typed, and Enter. Not *is_typed*: a plugin had a part in it."""

        def __init__(self, text: str, *, is_typed: bool = True) -> None:
            super().__init__()
            self.text = text
            self.is_typed = is_typed

    class Edited(Message):
        """The line is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, scene: Scene, complete: Complete, *, id: str) -> None:
        super().__init__(id=id)
        self.scene = scene
        self._complete = complete
        self._offers = LinesView(scene.palette(), is_led=True)
        self._values: list[str] = []
        self._line = Input(
            placeholder=PLACEHOLDER, select_on_focus=False, compact=True, max_length=MAX_TEXT
        )
        self._soon: Timer | None = None
        self._wishes: dict[Key, int] = {}
        self._writing = Writing(scene.clock)
        self._history: list[tuple[str, bool]] = []
        self._written: Guard | None = None
        """Of what stands in the line, if a plugin had a part in it."""
        self._at = 0

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield self._offers
        yield self._line

    @property
    def line(self) -> Input:
        """Where it is typed."""
        return self._line

    # What plugins want in it.

    def sync(self, *, is_first: bool) -> list[tuple[str, str]]:
        """Put into the line what plugins newly want there; return whose wish it was, and what is to be said of it."""
        found: list[tuple[str, str]] = []
        for key, value in self.scene.mirror.seen_by(self.scene.session, "editor"):
            number = value.get("n")
            n = number if isinstance(number, int) else 0
            if n == self._wishes.get(key):
                continue
            self._wishes[key] = n
            text = value.get("text")
            if is_first or not isinstance(text, str):
                continue  # an old wish, from before this console
            plugin = shown_name(key.plugin)
            may_write = self._writing.take(key.plugin)
            if not may_write:
                if may_write is None:
                    told = f"writes too often into the line below: not for {REST_S:.0f} s"
                    found.append((plugin, told))
                continue
            found.append((plugin, "wrote into the line below"))
            self._mark_written()
            line = " ".join(clean(part).text for part in text[:MAX_TEXT].split("\n"))
            if value.get("paste") is True:
                self._line.insert_text_at_cursor(line)
            else:
                self._line.value = line
                self._line.cursor_position = len(line)
        return found

    def _mark_written(self) -> None:
        self._written = Guard(self.scene.clock)
        self._written.arm()

    # Typing.

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what may follow, after a moment."""
        event.stop()
        self.scene.note_typing()
        if not self._line.value:
            self._written = None
        elif self._written is not None:
            self._written.accepts()  # a key puts off the next
        self.post_message(self.Edited(event.value))
        if self._soon is not None:
            self._soon.stop()
        self._offer(())
        if event.value.startswith("/"):
            self._soon = self.set_timer(PAUSE_S, self._ask)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line."""
        event.stop()
        text = event.value.strip()
        if not text:
            return
        is_typed = self._written is None
        if self._written is not None and not self._written.accepts():
            told = "not sent: a plugin wrote into the line; press Enter again when you have read it"
            self.scene.acts.tell(told, is_error=True)
            return
        self._history = [*self._history[-99:], (text, is_typed)]
        self._at = len(self._history)
        self._line.value, self._written = "", None
        self.post_message(self.Entered(text, is_typed=is_typed))

    def _ask(self) -> None:
        find = partial(self._find, self._line.value)
        in_background(self, find, group="complete", only_newest=True)

    async def _find(self, text: str) -> None:
        name, space, prefix = text[1:].partition(" ")
        found = await self._complete(name, prefix) if space else self._names(name)
        if self._line.value == text:
            head = f"/{name} " if space else ""
            self._offer(
                [
                    Completion(head + one.value, one.label, one.description)
                    for one in found[:SHOWN]
                ]
            )

    def _names(self, prefix: str) -> list[Completion]:
        found: list[Completion] = []
        for key, value in sorted(
            self.scene.mirror.seen_by(self.scene.session, "command"), key=lambda one: one[0].key
        ):
            name, plugin = clean(key.key).text, shown_name(key.plugin)
            if key.key.startswith(prefix):
                told = "".join(text for text, _, _ in pieces(value.get("description")))
                found.append(
                    Completion(f"/{name} ", f"/{name}", f"{plugin}: {told}" if told else plugin)
                )
        return found

    def _offer(self, offers: Sequence[Completion]) -> None:
        self._values = [clean(one.value).text for one in offers]
        self._offers.show(
            [
                Row(
                    [
                        *own(one.label),
                        *own(f"  {one.description}" if one.description else "", "dim"),
                    ],
                    Item(str(at), None),
                )
                for at, one in enumerate(offers)
            ],
            chosen=0,
        )
        self.set_class(bool(offers), "-offers")

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tab, up, down and escape are this one's only while they mean something here."""
        has_offers = self.has_class("-offers")
        if action in ("take", "withdraw"):
            return has_offers
        return has_offers or bool(self._history) if action == "step" else True

    def action_take(self) -> None:
        """Take the offer that is chosen."""
        at = self._offers.chosen_at
        if at is not None:
            self._line.value = self._values[at]
            self._line.cursor_position = len(self._line.value)

    def action_step(self, step: int) -> None:
        """Choose another offer, or a line that was typed before."""
        if self.has_class("-offers"):
            self._offers.action_move(step)
            return
        self._at = max(0, min(self._at + step, len(self._history)))
        at_end = self._at >= len(self._history)
        text, is_typed = ("", True) if at_end else self._history[self._at]
        self._line.value, self._written = text, None
        if not is_typed:
            self._mark_written()
        self._line.cursor_position = len(self._line.value)

    def action_withdraw(self) -> None:
        """Offer nothing."""
        self._offer(())
