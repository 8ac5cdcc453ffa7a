"""What the widgets of the stage share: what plugins show, in which colours, and what a person's act becomes.

Promises    Everything but :class:`Acts` answers at once, from the mirror.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from textual.message import Message

from host.console.guard import QUIET_S
from host.console.mirror import Changed, JsonObject, Key, Mirror
from host.console.paint import Palette, Piece, own

MARK: Final = "▌"
"""Stands before the name of a plugin in lines that plugins share; in their own texts it is a space."""
PLAIN_MARK: Final = "|"
HALF: Final = "#tui"
"""What the host writes after the name of a plugin for its half with an interface; no name has a ``#`` itself."""


class Wanted(Message):
    """What sends it is on the screen now and needs the person; it is of *plugin*."""

    def __init__(self, plugin: str) -> None:
        super().__init__()
        self.plugin = plugin


class Acts(Protocol):
    """What a person does, on its way to the daemon. Everything raises LinkError, which is one line."""

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> bool:
        """Give a key to a component of a plugin, or to whoever bound it; return whether it was of use."""
        ...

    async def answer_dialog(self, dialog: str, answer: JsonObject) -> None:
        """Answer with ``value`` or ``index``, or end it with ``cancelled``."""
        ...

    async def open_route(self, plugin: str, name: str, *, is_open: bool) -> None:
        """Open a full-screen view of a plugin, or close it."""
        ...

    async def select_item(self, slot: Key, item: str, action: str) -> None:
        """Choose an item of a list: *action* is ``activate`` or ``toggle``."""
        ...

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """Show one line of the console's."""
        ...


@dataclass
class Scene:
    """One session as the console shows it. *clock* is monotonic, *now* the time of day; both in seconds."""

    mirror: Mirror
    acts: Acts
    session: str
    theme: str = "dark"
    is_reader: bool = False
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    typed_at: float = 0.0
    """When the person typed last, by the scene's clock."""
    typed_for: str = ""
    """The plugin that it was for; empty for the line of the console's own."""
    _palettes: dict[str, Palette] = field(default_factory=dict)

    def note_typing(self, plugin: str = "") -> None:
        """The person typed something for *plugin*."""
        self.typed_at, self.typed_for = self.clock(), plugin

    def is_typing_for_another(self, plugin: str) -> bool:
        """Whether what is typed next is likely not meant for *plugin*."""
        return self.clock() - self.typed_at < QUIET_S and self.typed_for != plugin

    def palette(self, plugin: str = "") -> Palette:
        """The colours for what *plugin* writes: its own in the place of the theme's, in its own texts alone."""
        found = self._palettes.get(plugin)
        if found is None:
            theirs: dict[str, str] = {}
            if plugin:
                for key, value in self.mirror.seen_by(self.session, "theme"):
                    colour = value.get("color")
                    if key.plugin == plugin and isinstance(colour, str):
                        theirs[key.key] = colour
            found = self._palettes[plugin] = Palette(self.theme).with_theirs(theirs)
        return found

    def repaint(self, changed: Changed) -> None:
        """Forget the colours that changed."""
        if changed is None or any(key.area == "theme" for key in changed):
            self._palettes.clear()

    def state(self, key: Key) -> str:
        """The state of the instance that an entry is of, ``active`` if nothing is known."""
        value = self.mirror.get(Key(key.plugin, key.session, "plugin", ""))
        found = value.get("state") if value else None
        return found if isinstance(found, str) else "active"

    def name(self, key: Key) -> list[Piece]:
        """The name of the plugin as the console writes it, and its state where that is worth a word."""
        state = self.state(key)
        name = shown_name(key.plugin)
        return own(name if state == "active" else f"{name} ({state})", "bold")

    @property
    def mark(self) -> str:
        """What only the console writes in lines that plugins share."""
        return PLAIN_MARK if self.is_reader else MARK

    def shared(self, line: list[Piece]) -> list[Piece]:
        """A line of a plugin's that stands beside others': without the console's mark in it."""
        return [(text.replace(self.mark, " "), words, size) for text, words, size in line]


def shown_name(plugin: str) -> str:
    """What a person reads for the *plugin* of an entry: both halves of a plugin have its name."""
    return plugin.removesuffix(HALF)


def gone(value: Mapping[str, object]) -> str | None:
    """What the host says instead of an entry whose worker is lost."""
    found = value.get("gone")
    return found if isinstance(found, str) else None
