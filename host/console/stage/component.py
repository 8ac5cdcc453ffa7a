"""A component that a plugin draws itself: its lines, its cursor, and the keys that a person gives it.

Promises    Keys go one at a time and in order, each after the answer to the one before. F12 always leaves, and so do the
            console's own keys. What the plugin has no use for is done by the console, as long as the person is still here.
Bounds      :data:`MAX_KEYS` wait at most; what is pressed beyond is told and dropped: the plugin hangs.
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message

from host.console.background import in_background
from host.console.keys import ALWAYS_THE_CONSOLES, canonical
from host.console.link import LinkError
from host.console.mirror import JsonObject, Key
from host.console.paint import Palette, clean, content, own
from host.console.stage.frames import INDENT, Framed
from host.console.stage.laid import is_displayed
from host.console.stage.lines import LinesView
from host.console.stage.rows import Row, lines_of
from host.console.stage.scene import Scene, Wanted, shown_name

MAX_KEYS: Final = 256
MAX_PASTED: Final = 512


class Pressed(NamedTuple):
    """A key that waits: its canonical name, and Textual's."""

    key: str
    textual: str


class ComponentLines(LinesView, can_focus=True, inherit_bindings=False):
    """Its lines take the focus, and every key that is not the console's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "leave", "leave", show=False, priority=True)
    ]
    DEFAULT_CSS = """
    ComponentLines { height: 1fr; overflow: hidden hidden; scrollbar-size: 0 0; }
    """

    class Left(Message):
        """The person leaves it."""

    class Cut(Message):
        """Another part of its lines is seen: so many are above, so many below."""

        def __init__(self, above: int, below: int) -> None:
            super().__init__()
            self.above = above
            self.below = below

    class Unused(Message):
        """The plugin had no use for a key."""

        def __init__(self, pressed: Pressed) -> None:
            super().__init__()
            self.pressed = pressed

    def __init__(self, scene: Scene, key: Key) -> None:
        super().__init__(scene.palette(key.plugin))
        self._scene = scene
        self._key = key
        self._waiting: asyncio.Queue[Pressed] = asyncio.Queue(MAX_KEYS)
        self._lines: Sequence[Row] = ()
        self._at: tuple[int, int] | None = None
        self._top: int | None = None
        self._fitted = Size(0, 0)
        self.can_focus = True

    def show(
        self, rows: Sequence[Row], *, chosen: int | None = None, palette: Palette | None = None
    ) -> None:
        """See :class:`LinesView`: it takes the focus whatever its rows are, and shows as many as there is room for."""
        self._lines = rows
        self.palette = palette or self.palette
        self._show_part()

    def show_cursor(self, cursor: tuple[int, int] | None) -> None:
        """See :class:`LinesView`: *cursor* is in all its lines."""
        self._at = cursor
        self._show_part()

    def on_resize(self) -> None:
        """Show another part where there is other room."""
        self.fit()

    def fit(self) -> None:
        """Show what there is room for, if that is another room than before."""
        if is_displayed(self) and self.size != self._fitted:
            self._show_part()

    def _show_part(self) -> None:
        # Textual lays everything out anew to say the size of what is out of sight.
        self._fitted = self.size if is_displayed(self) else Size(0, 0)
        height = self._fitted.height
        if not height:
            return  # nothing is seen yet
        row = self._at[0] if self._at is not None else None
        top = top_row(len(self._lines), height, row, self._top)
        self._top = top if row is not None else None
        super().show(self._lines[top : top + height])
        self.can_focus = True
        super().show_cursor((self._at[0] - top, self._at[1]) if self._at is not None else None)
        self.post_message(self.Cut(top, max(0, len(self._lines) - top - height)))

    def on_mount(self) -> None:
        """Deliver keys until it is gone."""
        self.post_message(Wanted(self._key.plugin))
        in_background(self, self._deliver, group="keys")

    def on_key(self, event: events.Key) -> None:
        """Take the key, unless it is the console's."""
        key = canonical(event)
        if key is None or key in ALWAYS_THE_CONSOLES:
            return
        event.stop()
        event.prevent_default()
        self._scene.note_typing(self._key.plugin)
        self._put(Pressed(key, event.key))

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is typed."""
        event.stop()
        for character in event.text[:MAX_PASTED]:
            name = "enter" if character == "\n" else character
            key = canonical(events.Key(name, character)) if name.isprintable() else None
            if key is not None:
                self._put(Pressed(key, name))

    def action_leave(self) -> None:
        """Leave, whatever the plugin does."""
        self.post_message(self.Left())

    def _put(self, pressed: Pressed) -> None:
        try:
            self._waiting.put_nowait(pressed)
        except asyncio.QueueFull:
            told = (
                f"{clean(shown_name(self._key.plugin)).text} takes no more keys; F12 leaves it"
            )
            self._scene.acts.tell(told, is_error=True)

    async def _deliver(self) -> None:
        while True:
            pressed = await self._waiting.get()
            try:
                is_used = await self._scene.acts.press_key(
                    pressed.key,
                    frame=self._key.key,
                    plugin=self._key.plugin,
                    session=self._key.session,
                )
            except LinkError as error:
                self._scene.acts.tell(str(error), is_error=True)
                continue
            if not is_used:
                self.post_message(self.Unused(pressed))


class Component(Framed):
    """A frame of the view in its frame on the screen. *dialog* or *route* is what it was opened as."""

    DEFAULT_CSS = """
    Component { border: round $accent; height: auto; }
    Component:focus-within { border: round $accent; }
    Component.-whole { height: 1fr; display: none; }
    Component.-whole.-newest { display: block; }
    Component.-over { layer: over; position: absolute; background: $surface; }
    """

    class Leaving(Message):
        """A person leaves the component."""

        def __init__(self, component: "Component") -> None:
            super().__init__()
            self.component = component

    class Unused(Message):
        """A key is the console's after all: ``textual`` is what Textual calls it."""

        def __init__(self, component: "Component", pressed: Pressed) -> None:
            super().__init__()
            self.component = component
            self.pressed = pressed

    def __init__(
        self, scene: Scene, key: Key, place: str, *, dialog: str = "", route: str = ""
    ) -> None:
        super().__init__(scene, key, place)
        self.dialog = dialog
        self.route = route
        self._above = self._below = 0
        self._subtitled = Content()

    def make_view(self) -> LinesView:
        """See :class:`Framed`."""
        return ComponentLines(self.scene, self.key)

    def fit(self) -> None:
        """Show what there is room for."""
        if isinstance(self.view, ComponentLines):
            self.view.fit()

    def rows_of(self, value: JsonObject) -> Sequence[Row]:
        """See :class:`Framed`."""
        return lines_of(value.get("lines"))

    def show(self, value: JsonObject) -> None:
        """See :class:`Framed`."""
        super().show(value)
        self.view.show_cursor(_cursor(value))

    def on_component_lines_cut(self, event: ComponentLines.Cut) -> None:
        """Say how much is not seen, in the frame."""
        event.stop()
        if (event.above, event.below) != (self._above, self._below):
            self._above, self._below = event.above, event.below
            self.say_title()

    def say_title(self, more: str = "") -> None:
        """See :class:`Framed`: with how much of it is not seen."""
        parts = [
            f"{count} {'line' if count == 1 else 'lines'} {where}"
            for count, where in ((self._above, "above"), (self._below, "below"))
            if count
        ]
        told = ", ".join([*parts, "F12 leaves"])
        subtitle = content(own(told), self.scene.palette())
        if not subtitle.is_same(self._subtitled):
            self._subtitled = self.border_subtitle = subtitle
        super().say_title(f": {told}{more}")

    def leave(self) -> None:
        """Leave it, as F12 does."""
        self.post_message(self.Leaving(self))

    def put_over(self, value: JsonObject, width: int, height: int) -> None:
        """Take the place that the plugin's options ask for, within *width* and *height* of the stage.

        What they ask for is the room inside of the frame.
        """
        options = value.get("options")
        wish = options if isinstance(options, dict) else {}
        beside, above = frame_size(is_reader=self.scene.is_reader)
        mine = width
        if not self.scene.is_reader:
            mine = min(width, _wide(wish.get("width"), width - beside) + beside)
        lines = value.get("lines")
        tall = min(height, (len(lines) if isinstance(lines, list) else 1) + above)
        anchor = wish.get("anchor")
        words = anchor.split("-") if isinstance(anchor, str) else []
        x = 0 if "left" in words else width - mine if "right" in words else (width - mine) // 2
        y = (
            0
            if "top" in words
            else height - tall
            if "bottom" in words
            else (height - tall) // 2
        )
        self.styles.width, self.styles.height = mine, tall
        self.styles.offset = (max(0, x), max(0, y))

    def on_component_lines_left(self, event: ComponentLines.Left) -> None:
        """Pass it on, with what is left."""
        event.stop()
        self.leave()

    def on_component_lines_unused(self, event: ComponentLines.Unused) -> None:
        """Pass it on, with whose it was."""
        event.stop()
        self.post_message(self.Unused(self, event.pressed))


def frame_size(*, is_reader: bool) -> tuple[int, int]:
    """How many columns and rows of a component are the console's: a border, or a line of words and an indent."""
    return (INDENT, 1) if is_reader else (2, 2)


def top_row(lines: int, height: int, cursor: int | None, before: int | None) -> int:
    """The first of *lines* that is seen in *height* rows.

    The last ones are seen, as in a terminal, unless the *cursor* is in a row that is not among them: then as little
    as can be moves from what was the first one *before*.
    """
    last = max(0, lines - height)
    if cursor is None:
        return last
    top = last if before is None else min(before, last)
    return max(0, min(max(top, cursor - height + 1), cursor, last))


def _cursor(value: JsonObject) -> tuple[int, int] | None:
    match value.get("cursor"):
        case [int(row), int(column)] if row >= 0 and column >= 0:
            return row, column
        case _:
            return None


def _wide(wish: object, width: int) -> int:
    """How wide, for a wish in columns or percent of *width*; most of it if there is none."""
    found = width * 4 // 5
    if isinstance(wish, bool):
        pass
    elif isinstance(wish, (int, float)):
        found = int(wish) if 0 < wish < 10_000 else found
    elif (
        isinstance(wish, str)
        and wish.endswith("%")
        and wish[:-1].isascii()
        and wish[:-1].isdecimal()
        and len(wish) <= 4
    ):
        found = width * int(wish[:-1]) // 100
    return max(min(10, width), min(width, found))
