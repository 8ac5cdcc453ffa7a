"""The application: one screen of panes between lines that are the console's own.

Promises    Its own keys (F1 to F4, F10, ctrl+p, ctrl+q) come before anything else's. What fails is told in one line and
            never ends it. Whatever the daemon does, the console goes on and says so.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Final

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from host.audit import printable
from host.console.bar import Bar, KeyLine, PaneNames, Told
from host.console.link import Link, LinkError, State
from host.console.mark import make_mark
from host.console.options import Options
from host.console.panes.audit import AuditPane
from host.console.panes.capabilities import CapabilitiesPane
from host.console.panes.logs import LogsPane
from host.console.panes.pane import Pane
from host.console.panes.plugins import PluginsPane
from host.console.stage.session import SessionPane
from host.console.themes import WithoutColor, all_themes

KEYS: Final = (("F1", "help"), ("F2", "approvals"), ("F3", "next pane"), ("^P", "commands"))
MAX_MESSAGES: Final = 200


class Console(App[int]):
    """See the module's text. ``mark`` is what tells the console from what looks like it."""

    TITLE: str | None = "jcode-plugin"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = set()
    CSS = """
    Screen { layers: base; }
    #panes { height: 1fr; }
    .-reader * { border: none; scrollbar-size: 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", priority=True, show=False),
        Binding("f2", "approvals", priority=True, show=False),
        Binding("f3", "next_pane(1)", priority=True, show=False),
        Binding("f4", "next_pane(-1)", priority=True, show=False),
        Binding("f10", "quit", priority=True, show=False),
    ]

    def __init__(self, options: Options) -> None:
        self._no_color = WithoutColor()
        self._is_plain = options.theme == "plain"
        super().__init__()
        self.options = options
        self.mark = make_mark()
        self.link = Link(options.place)
        self.messages: list[str] = []
        """The newest of what was told, the oldest first."""
        self.pending = 0
        """How many questions wait for a person."""
        self.mode = ""
        """The project's permission mode, once it is known."""
        for theme in all_themes():
            self.register_theme(theme)
        self.theme = options.theme
        if options.reader:
            self.animation_level = "none"

    # Drawing.

    def get_line_filters(self) -> Sequence[LineFilter]:
        """See :class:`textual.app.App`."""
        return [self._no_color] if self._is_plain else super().get_line_filters()

    def compose(self) -> ComposeResult:
        """See :class:`textual.app.App`."""
        yield Bar()
        yield PaneNames()
        with ContentSwitcher(id="panes", initial="session"):
            yield SessionPane(id="session")
            yield PluginsPane(id="plugins")
            yield AuditPane(id="audit")
            yield LogsPane(id="logs")
            yield CapabilitiesPane(id="capabilities")
        yield KeyLine()

    def on_mount(self) -> None:
        """Find the daemon."""
        self.set_class(self._is_plain, "-plain")
        self.set_class(self.options.reader, "-reader")
        self.link.on_state(self._on_state)
        self.link.open()
        self.set_interval(1.0, self._look_soon)
        self.show_pane("session")

    def on_resize(self) -> None:
        """The bar is as wide as the screen."""
        self.show_bar()

    async def on_unmount(self) -> None:
        """Leave nothing connected."""
        await self.link.close()

    @property
    def is_connected(self) -> bool:
        """Whether the daemon is there, as far as is known."""
        return self.link.state is State.CONNECTED

    # The console's own lines.

    def show_bar(self) -> None:
        """Say what there is to say in row 0 of the screen that is seen."""
        told = Told(
            project=printable(self.options.place.project.name),
            mode=self.mode,
            state=self.link.state,
            problem=self.link.problem,
            pending=self.pending,
            mark=self.mark,
        )
        for screen in self.screen_stack:
            for bar in screen.query(Bar):
                bar.show(told)

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """Show one line of the console's, and keep it. *text* is fit for a terminal."""
        self.messages.append(f"error: {text}" if is_error else text)
        del self.messages[:-MAX_MESSAGES]
        for line in self.screen.query(KeyLine):
            line.tell(text, is_error=is_error)

    def _on_state(self) -> None:
        self.show_bar()
        if self.is_connected:
            self.tell("connected to the daemon")
            for pane in self.query(Pane):
                pane.connected()
        elif self.link.state is State.LOST:
            self.tell(f"{self.link.problem}; trying again", is_error=True)

    def _look_soon(self) -> None:
        if self.is_connected:
            self.run_worker(self._look(), group="bar", exclusive=True, exit_on_error=False)

    async def _look(self) -> None:
        try:
            answer = await self.link.ask(lambda client: client.approvals())
        except LinkError:
            return  # the pulse tells of what is gone
        waiting = answer.get("pending")
        self.pending = len(waiting) if isinstance(waiting, list) else 0
        self.show_bar()

    # Panes.

    @property
    def panes(self) -> list[Pane]:
        """Every pane, in order."""
        return list(self.query_one(ContentSwitcher).query_children(Pane))

    @property
    def open_pane(self) -> Pane:
        """The pane that is seen."""
        current = self.query_one(ContentSwitcher).current
        return next(pane for pane in self.panes if pane.id == current)

    def show_pane(self, name: str) -> None:
        """Open the pane with the id *name*."""
        switcher = self.query_one(ContentSwitcher)
        before = self.open_pane
        if before.is_open:
            before.closed()
        switcher.current = name
        now = self.open_pane
        names = [pane.NAME for pane in self.panes]
        self.query_one(PaneNames).show(names, now.NAME, is_reader=self.options.reader)
        self.query_one(KeyLine).show_keys((*KEYS, *now.KEYS))
        now.opened()
        self.show_bar()

    def action_next_pane(self, step: int) -> None:
        """Open the pane after the one that is seen, or before it."""
        panes = self.panes
        at = panes.index(self.open_pane)
        chosen = panes[(at + step) % len(panes)]
        if chosen.id is not None:
            self.show_pane(chosen.id)

    def action_help(self) -> None:
        """Show the keys."""

    def action_approvals(self) -> None:
        """Show what waits for a person."""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None of Textual's own: the console's are in its palette."""
        return ()
