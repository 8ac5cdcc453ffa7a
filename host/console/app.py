"""The application: one screen of panes between lines that are the console's own.

Promises    Its own keys (F1 to F4, F10, ctrl+p, ctrl+q) come before anything else's. What fails is told in one line and
            never ends it. Whatever the daemon does, the console goes on and says so.
"""

import asyncio
import gc
import json
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from os.path import basename
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult, ScreenStackError, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input, TextArea

from host.console import garbage
from host.console.background import in_background
from host.console.bar import Bar, KeyLine, PaneNames, Told
from host.console.cells import cell
from host.console.guard import Guard
from host.console.help import HelpScreen
from host.console.link import Link, LinkError, State, one_line
from host.console.mark import make_mark
from host.console.options import Options
from host.console.palette import ConsoleActions, PluginCommands
from host.console.panes import approvals
from host.console.panes.approvals import ApprovalsScreen
from host.console.panes.audit import AuditPane
from host.console.panes.capabilities import CapabilitiesPane
from host.console.panes.logs import LogsPane
from host.console.panes.pane import Pane
from host.console.panes.plugins import PluginsPane
from host.console.result import ResultScreen
from host.console.stage.scene import shown_name
from host.console.stage.session import SessionPane
from host.console.themes import THEMES, ThemeName, WithoutColor, all_themes
from jcode_plugins import ProjectInfo

if TYPE_CHECKING:
    from jcode_plugins.wire import Json, JsonObject

KEYS: Final = (("F1", "help"), ("F2", "approvals"), ("F3", "next pane"), ("^P", "commands"))
LOOK_S: Final = 1.0
OVERVIEW_S: Final = 5.0
OPEN_S: Final = 60.0
"""How long the plugins of the project may take to load."""
GONE_S: Final = 5.0
"""How long the console may take to end on a signal."""
KEEP_S: Final = 300.0
"""How often the project is asked for, so that the daemon keeps it for us."""
_APPROVALS: Final = "approvals"
_ORDER: Final = ("session", "plugins", _APPROVALS, "audit", "logs", "capabilities")


class Console(App[int]):
    """See the module's text. ``mark`` is what tells the console from what looks like it."""

    TITLE: str | None = "jcode-plugin"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        ConsoleActions,
        PluginCommands,
    }
    CSS = """
    Screen { overflow: hidden; }
    #panes { height: 1fr; }
    SearchIcon { display: none; }
    .-reader CommandPalette #--input, .-reader CommandPalette CommandList { border: none; }
    .-reader * { border: none; scrollbar-size: 0 0; }
    .-plain * { scrollbar-size: 0 0; }
    KeyLine.-low.-message { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", priority=True, show=False),
        Binding("f2", "approvals", priority=True, show=False),
        Binding("f3", "next_pane(1)", priority=True, show=False),
        Binding("f4", "next_pane(-1)", priority=True, show=False),
        Binding("f10", "quit", priority=True, show=False),
        Binding("ctrl+z", "suspend_process", priority=True, show=False),
    ]

    def __init__(self, options: Options) -> None:
        self._no_color = WithoutColor()
        self._is_plain = options.theme == "plain"
        super().__init__()
        self.options = options
        self.mark = make_mark()
        self._garbage = garbage.Garbage(options.clock, gc.collect)
        self.link = Link(options.place, self._handle_exception)
        self._hear_told: list[Callable[[str, bool], None]] = []
        self.questions: list[JsonObject] = []
        """What waits for a person, the oldest first."""
        self._state = State.CONNECTING
        self._is_looking = False
        self._open = _ORDER[0]
        self.mode = ""
        """The project's permission mode, once it is known."""
        for theme in all_themes():
            self.register_theme(theme)
        self.theme = options.theme
        self.set_class(self._is_plain, "-plain")
        self.set_class(options.reader, "-reader")
        if options.reader:
            self.animation_level = "none"

    async def on_event(self, event: events.Event) -> None:
        """See :class:`textual.app.App`."""
        if isinstance(event, events.InputEvent):
            self._garbage.note_key()
        await super().on_event(event)

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
        if not self.is_headless:  # the process is the console's
            self._end_on_signals()
            self.call_after_refresh(garbage.leave_alone)
            self.set_interval(garbage.REST_S, self._garbage.look)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.link.on_state(self._on_state)
        self.link.open()
        self.set_interval(LOOK_S, self.look_soon)
        self.set_interval(OVERVIEW_S, self._overview_soon)
        self.set_interval(KEEP_S, self._open_project_soon)
        self.show_pane("session")

    def _end_on_signals(self) -> None:
        """Leave the terminal as it was, also when it is not a key that ends the console."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self._end_on, number)

    def _end_on(self, number: int) -> None:
        # A terminal that is gone takes no more writing, which may be waited for without end.
        bound = threading.Timer(GONE_S, os._exit, (128 + number,))
        bound.daemon = True
        bound.start()
        self.exit(return_code=128 + number)

    async def _shutdown(self) -> None:
        """Hear no more of the daemon while panes go, one part after another; Textual has no public place for this."""
        self.link.hush()
        await super()._shutdown()

    async def on_unmount(self) -> None:
        """Leave nothing connected."""
        await self.link.close()

    @property
    def is_connected(self) -> bool:
        """Whether the daemon is there, as far as is known."""
        return self.link.is_there

    @property
    def session(self) -> str:
        """The name of the console's own session."""
        return self.base.query_one(SessionPane).session

    def _fatal_error(self) -> None:
        """Say what ends the console as one line; Textual has no public place for this."""
        error = self._exception
        if error is None or self.options.place.environment.get("JCODE_PLUGIN_LOG") == "debug":
            super()._fatal_error()
            return
        if self._exit_renderables:  # the first was told; Textual would count the others
            return
        told = (
            f"error: {type(error).__name__}: {one_line(error)}; this is a mistake of jcode-plugin: "
            "set JCODE_PLUGIN_LOG=debug to see where, and report it"
        )
        self._exit_renderables.append(Text(told, overflow="fold"))
        self._close_messages_no_wait()

    def _screens(self) -> list[Screen[object]]:
        """Every screen there is; none any more when the console ends."""
        try:
            return list(self.screen_stack)
        except ScreenStackError:
            return []

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """No cursor blinks: a console that nobody touches sends nothing to the terminal."""
        if isinstance(event.widget, Input | TextArea):
            event.widget.cursor_blink = False

    # The console's own lines.

    def show_bar(self) -> None:
        """Say what there is to say in row 0 of the screen that is seen."""
        told = Told(
            project=cell(self.options.place.project.name),
            mode=self.mode,
            state=self.link.state,
            problem=self.link.problem,
            pending=len(self.questions),
            mark=self.mark,
        )
        for screen in self._screens():
            for bar in screen.query(Bar):
                bar.show(told)

    def tell(self, text: str, *, is_error: bool = False, over_keys: bool = True) -> None:
        """Show one line of the console's, among the logs and for a while where the keys are. *text* is fit for a terminal."""
        for hear in self._hear_told:
            hear(text, is_error)
        for screen in self._screens() if over_keys else ():
            for line in screen.query(KeyLine):
                line.tell(text, is_error=is_error)

    def on_told(self, hear: Callable[[str, bool], None]) -> None:
        """Have *hear* called with each line that is told, and whether it is an error."""
        self._hear_told.append(hear)

    def _on_state(self) -> None:
        before, self._state = self._state, self.link.state
        self.show_bar()
        if {before, self._state} == {State.CONNECTED, State.SILENT}:
            return  # the same daemon, slower or not: the bar says it
        if self.is_connected:
            # At the start the bar says it, and the keys are what a newcomer looks for.
            self.tell("connected to the daemon", over_keys=before is not State.CONNECTING)
            self._open_project_soon()
            for pane in self.panes:
                pane.connected()
        elif self.link.state is State.LOST:
            self.tell(f"{self.link.problem}; trying again", is_error=True)

    def look_soon(self) -> None:
        """See what waits for a person, beside the keys."""
        if self.is_connected:
            in_background(self, self._look_once, group="questions")

    async def _look_once(self) -> None:
        """One look at a time: a daemon that does not answer is not asked again and again."""
        if not self._is_looking:
            self._is_looking = True
            try:
                await self.look_at_questions()
            finally:
                self._is_looking = False

    def _open_project_soon(self) -> None:
        if self.is_connected:
            in_background(self, self._open_project, group="project")

    async def _open_project(self) -> None:
        """Have the daemon load the project's plugins, if nobody else had it do so."""
        await self.link.ask(lambda client: client.plugins(), timeout_s=OPEN_S)
        await self._look_at_overview()

    def _overview_soon(self) -> None:
        if self.is_connected and self.place != "plugins":  # that pane looks more often
            in_background(self, self._look_at_overview, group="overview")

    async def _look_at_overview(self) -> None:
        try:
            self.take_overview(await self.link.ask(lambda client: client.overview()))
        except LinkError:
            return  # the pulse tells of what is gone, and the pane of what fails

    def take_overview(self, projects: Sequence[ProjectInfo]) -> None:
        """Know the permission mode of the project."""
        here = self.options.place.here
        modes = [project.permission_mode for project in projects if project.cwd == here]
        self.mode = cell(modes[0]) if modes else ""
        self.show_bar()

    async def look_at_questions(self) -> None:
        """See what waits for a person now."""
        try:
            answer = await self.link.ask(lambda client: client.approvals())
        except LinkError:
            return  # the pulse tells of what is gone
        listed = answer.get("pending")
        found = (
            [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        )
        known = {cell(one.get("id")) for one in self.questions}
        self.questions = found
        self.show_bar()
        if isinstance(self.screen, ApprovalsScreen):
            self.screen.show(found)
        elif any(cell(one.get("id")) not in known for one in found):
            self.bell()
            self.tell("a question waits for your answer: F2")

    # What can be done.

    def actions_by_name(self) -> list[tuple[str, str, Callable[[], None]]]:
        """Return what the palette offers of the console's own: a name, what it does, and the doing of it."""
        actions: list[tuple[str, str, Callable[[], None]]] = [
            ("Approvals", "What waits for an answer of yours (F2)", self.action_approvals),
            ("Keys", "Every key of the console (F1)", self.action_help),
        ]
        for pane in self.panes:
            if pane.id is not None:
                show = partial(self.show_pane, pane.id)
                actions.append((f"Pane {pane.NAME}", "Open this pane", show))
        for theme in THEMES:
            use = partial(self.use_theme, theme)
            actions.append((f"Theme {theme}", "Colours of the console", use))
        actions += self.query_one(SessionPane).actions()
        actions += [
            ("Reload", "Read every configuration and plugin again", self.reload),
            ("Connect", "Try now to reach the daemon", self.link.try_now),
            ("Start the daemon", "If none runs", partial(self.link.try_now, starts=True)),
            ("Quit", "Daemon and plugins go on (F10)", self.exit),
        ]
        return actions

    def use_theme(self, name: ThemeName) -> None:
        """Draw with the colours of *name* from now on."""
        self._is_plain = name == "plain"
        self.set_class(self._is_plain, "-plain")
        self.theme = name
        self.refresh(layout=True)

    def reload(self) -> None:
        """Have the daemon read every configuration again."""
        in_background(self, self._reload, group="reload")

    async def _reload(self) -> None:
        answer = await self.link.ask(lambda client: client.reload(), timeout_s=OPEN_S)
        projects = answer.get("projects")
        failed = [
            one
            for one in (projects if isinstance(projects, list) else [])
            if isinstance(one, dict) and one.get("error") is not None
        ]
        for one in failed:
            name = basename(cell(one.get("cwd")))
            self.tell(f"{name}: {cell(one.get('error'))}", is_error=True)
        if not failed:
            self.tell("every configuration was read again")

    def run_command(self, name: str, args: str) -> None:
        """Run the command *name* of a plugin of the project's, and show what it answers."""
        self.tell(f"/{cell(name)} runs")
        work = partial(self._run_command, name, args)
        in_background(self, work, group="command")

    async def _run_command(self, name: str, args: str) -> None:
        try:  # in the session that the person sees: what the command shows belongs beside it
            result = await self.base.query_one(SessionPane).run_command(name, args)
        except LinkError as error:
            self.tell(f"/{cell(name)}: {error}", is_error=True)
            return
        if not result.ok:
            self.tell(f"/{cell(name)}: {cell(result.error)}", is_error=True)
            return
        text = result.output if isinstance(result.output, str) else _as_json(result.output)
        if text:
            await self.push_screen(ResultScreen(shown_name(result.plugin), f"/{name}", text))
        else:
            self.tell(f"/{cell(name)} is done")

    # Panes.

    @property
    def base(self) -> Screen[object]:
        """The screen with the panes, beneath all others."""
        return self.screen_stack[0]

    @property
    def _switcher(self) -> ContentSwitcher:
        return self.base.query_one(ContentSwitcher)

    @property
    def panes(self) -> list[Pane]:
        """Every pane, in order."""
        return list(self._switcher.query_children(Pane))

    @property
    def open_pane(self) -> Pane:
        """The pane that is seen."""
        return self._switcher.get_child_by_id(self._open, Pane)

    @property
    def place(self) -> str:
        """The name of what is open: a pane's, or ``approvals``."""
        if any(isinstance(screen, ApprovalsScreen) for screen in self._screens()):
            return _APPROVALS
        return self._open

    def show_pane(self, name: str) -> None:
        """Open the pane *name*, or approvals, and close what was on top of the panes."""
        if name == _APPROVALS:
            self.action_approvals()
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        switcher = self._switcher
        before = self.open_pane
        if before.is_open and before.id != name:
            before.closed()
        switcher.current = self._open = name
        now = self.open_pane
        self.show_names(self.base, now.NAME)
        self.base.query_one(KeyLine).show_keys((*KEYS, *now.KEYS))
        now.opened()
        self.show_bar()

    def show_names(self, screen: DOMNode, current: str) -> None:
        """Have *screen* show which pane is open."""
        titles = {pane.id: pane.NAME for pane in self.panes} | {_APPROVALS: approvals.NAME}
        names = [titles[name] for name in _ORDER]
        screen.query_one(PaneNames).show(names, current, is_reader=self.options.reader)

    def give_room(self, is_given: bool) -> None:
        """Give the row of the names to what is below, or take it back.

        By these two widgets, not by a class of the screen: that would style every widget anew, those of plugins among them.
        """
        self.base.query_one(PaneNames).display = not is_given
        self.base.query_one(KeyLine).set_class(is_given, "-low")

    def action_next_pane(self, step: int) -> None:
        """Open the pane after the one that is seen, or before it."""
        at = _ORDER.index(self.place)
        self.show_pane(_ORDER[(at + step) % len(_ORDER)])

    def action_help_quit(self) -> None:
        """Ctrl+C ends nothing, and says what does."""
        self.tell("Ctrl+Q or F10 ends the console")

    def action_help(self) -> None:
        """Show the keys, or show them no more."""
        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        else:
            self.push_screen(HelpScreen())

    def action_approvals(self) -> None:
        """Show what waits for a person."""
        while len(self.screen_stack) > 1 and not isinstance(self.screen, ApprovalsScreen):
            self.pop_screen()
        if not isinstance(self.screen, ApprovalsScreen):
            self.push_screen(ApprovalsScreen(Guard(self.options.clock)))
            self.look_soon()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None of Textual's own: the console's are in its palette."""
        return ()


def _as_json(value: "Json") -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
