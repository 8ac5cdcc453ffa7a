"""What every pane of the console is: a region below the bar that asks the daemon while it is open."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar, cast

from textual.containers import Vertical
from textual.widget import Widget

from host.console.background import in_background
from host.console.link import ASK_S
from jcode_plugins import AsyncClient

if TYPE_CHECKING:
    from host.console.app import Console

EVERY_S: Final = 1.0

T = TypeVar("T")


def console_of(widget: Widget) -> "Console":
    """Return the application that *widget* is in."""
    return cast("Console", widget.app)


class Pane(Vertical):
    """One pane. ``NAME`` is what people read, ``KEYS`` are its own keys with what they do."""

    NAME: ClassVar[str] = ""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    EVERY_S: ClassVar[float] = EVERY_S
    """How often :meth:`look` is done while the pane is open, in seconds."""

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 100%; }
    """

    is_open = False
    _is_looking = False

    def opened(self) -> None:
        """The pane is what is seen from now on."""
        self.is_open = True
        self.focus_first()
        self.look_soon()

    def closed(self) -> None:
        """Another pane is seen."""
        self.is_open = False

    def focus_first(self) -> None:
        """Put the focus where keys are of use."""
        for widget in self.query("*"):
            if widget.focusable:
                widget.focus()
                return

    def on_mount(self) -> None:
        """Look again and again while it is open."""
        self.set_interval(self.EVERY_S, self._tick)

    def connected(self) -> None:
        """The daemon is there, or there again: what is shown may be old."""
        if self.is_open:
            self.look_soon()

    async def look(self) -> None:
        """Ask the daemon and show what it says. Raises LinkError, which becomes a line."""

    def look_soon(self) -> None:
        """Have :meth:`look` done, once at a time."""
        if self._is_looking or not console_of(self).is_connected:
            return
        self._is_looking = True
        in_background(self, self._look, group="look")

    def _tick(self) -> None:
        if self.is_open:
            self.look_soon()

    async def _look(self) -> None:
        try:
            await self.look()
        finally:
            self._is_looking = False

    async def ask(
        self, verb: Callable[[AsyncClient], Awaitable[T]], *, timeout_s: float = ASK_S
    ) -> T:
        """Ask the daemon. Raises LinkError."""
        return await console_of(self).link.ask(verb, timeout_s=timeout_s)

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """Show one line."""
        console_of(self).tell(text, is_error=is_error)
