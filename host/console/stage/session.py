"""The session pane: a session of the console's own, with everything that plugins show around it.

Promises    It begins with each daemon that is found, and ends with the console. What plugins show comes over a connection of its
            own and is the daemon's last word: a gap or a daemon that comes back gives a new snapshot. Plugins know of an
            interface as long as it is open, and of none with ``--no-attach``.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar, Final, TypedDict, Unpack

from textual import events
from textual.app import ComposeResult

from host.console.background import in_background
from host.console.link import LinkError, State, one_line
from host.console.mirror import GapError, JsonObject, Mirror
from host.console.paint import Piece, clean, own
from host.console.panes.pane import Pane, console_of
from host.console.stage.doing import Doing
from host.console.stage.prompt import Completion, Prompt
from host.console.stage.scene import Scene, shown_name
from host.console.stage.stage import Stage
from host.console.stage.story import Story
from jcode_plugins import AsyncClient, JcodePluginsError, ToolResult

TELL_S: Final = 0.2
"""How often plugins learn what stands in the line, at most."""
BYE_S: Final = 2.0
MAX_LINES: Final = 200
"""Of what a command answers, in the log."""


class _Told(TypedDict, total=False):
    """What plugins know of the person; see ``AsyncClient.update_ui``."""

    width: int
    height: int
    theme: str
    editor: str


class _Person(_Told, total=False):
    """The same at first."""

    attach: bool
    session: str


class SessionPane(Pane):
    """See the module's text."""

    NAME = "Session"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("F12", "leaves a plugin's"),)

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        console = console_of(self)
        self.session = f"console-{secrets.token_hex(4)}"
        self.mirror = Mirror()
        self._doing = Doing(console, self.session)
        scene = Scene(
            self.mirror,
            self._doing,
            self.session,
            console.options.theme,
            console.options.reader,
        )
        self.stage = Stage(scene, self._complete)
        self.stage.on_room = console.give_room
        self._story = Story(
            self.session, self._doing.dispatch, lambda line: self._say(scene.shared(line))
        )
        self._is_at_work = False
        self._end_view: Callable[[], None] = lambda: None
        self._viewer: AsyncClient | None = None
        self._untold: _Told = {}
        self._failed = ""
        self._room = (0, 0)
        yield self.stage

    def on_mount(self) -> None:
        """Follow what plugins show."""
        console = console_of(self)
        console.link.on_state(self._on_state)
        self.watch(console, "theme", lambda name: self._tell_soon(theme=name), init=False)
        self._follow()

    async def on_unmount(self) -> None:
        """The session ends with the console."""
        self._end_view()
        if console_of(self).is_connected:
            try:
                async with asyncio.timeout(BYE_S):
                    await self._story.end()
            except (LinkError, TimeoutError):
                pass  # whoever is told of the end of the connection knows it anyway

    # The pane.

    def opened(self) -> None:
        """See :class:`Pane`."""
        self.stage.see(is_seen=True)
        super().opened()

    def closed(self) -> None:
        """See :class:`Pane`."""
        self.stage.see(is_seen=False)
        super().closed()

    def focus_first(self) -> None:
        """See :class:`Pane`."""
        self.stage.focus_first()

    def connected(self) -> None:
        """A daemon is there: the session begins for it."""
        super().connected()
        self._run(self._begin)

    def actions(self) -> list[tuple[str, str, Callable[[], None]]]:
        """Return what the palette offers: the views that plugins have."""
        return [
            (
                f"plugin view {clean(name).text} of {clean(shown_name(plugin)).text}",
                "A whole screen of the plugin's (F12 leaves)",
                partial(self.stage.open_route, plugin, name),
            )
            for plugin, name, _ in self.stage.routes()
        ]

    async def run_command(self, name: str, args: str) -> ToolResult:
        """Run a command of a plugin's in this session, which a person typed. Raises LinkError."""
        return await self._doing.command(name, args, typed=True)

    async def _begin(self) -> None:
        await self._story.begin(str(console_of(self).options.place.project))

    def _on_state(self) -> None:
        if console_of(self).link.state is State.LOST:
            self.mirror.clear()

    # What plugins show.

    def _follow(self) -> None:
        self._end_view()
        self._end_view = console_of(self).link.follow(self._view, self._take, failed=self._fail)

    async def _view(self, client: AsyncClient) -> AsyncIterator[JsonObject]:
        console = console_of(self)
        width, height = self.stage.room
        self._viewer, self._room = client, (width, height)
        person: _Person = {
            "attach": True,
            "width": width,
            "height": height,
            "theme": console.theme,
            "editor": self.stage.prompt.line.value,
            "session": self.session,
        }
        async with client.view(**(person if console.options.attach else {})) as stream:
            async for message in stream:
                yield message

    def _take(self, message: JsonObject) -> None:
        self._failed = ""
        snapshot = message.get("snapshot")
        try:
            if isinstance(snapshot, dict):
                self.mirror.load(snapshot)
            else:
                self.mirror.apply(message)
        except GapError:
            self._follow()

    def _fail(self, why: str) -> None:
        if why != self._failed:
            self._failed = why
            self._doing.tell(f"what plugins show: {why}", is_error=True)

    # What plugins know of the person.

    def on_prompt_edited(self, event: Prompt.Edited) -> None:
        """Tell them what stands in the line, once in a while."""
        event.stop()
        self._tell_soon(editor=event.text)

    def on_resize(self, event: events.Resize) -> None:
        """Tell them how much room a component has."""
        room = self.stage.room
        if room != self._room:
            self._room = room
            self._tell_soon(width=room[0], height=room[1])

    def _tell_soon(self, **changes: Unpack[_Told]) -> None:
        if not self._untold:
            self.set_timer(TELL_S, self._tell_ui)
        self._untold.update(changes)

    def _tell_ui(self) -> None:
        told = self._untold
        self._untold = {}
        viewer = self._viewer
        if viewer is None or not console_of(self).options.attach:
            return  # it begins with what is so then

        async def send() -> None:
            try:
                await viewer.update_ui(**told)
            except (JcodePluginsError, OSError) as error:
                raise LinkError(one_line(error)) from None

        self._run(send)

    # What the person types.

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        """A command after a slash, else a prompt."""
        event.stop()
        text = event.text
        self._say([*own("> ", "bold"), *own(text)])
        if text.startswith("/"):
            name, _, args = text[1:].partition(" ")
            typed = event.is_typed
            self._run(lambda: self._command(name, args.strip(), typed=typed))
        else:
            self._run(lambda: self._prompt(text), group="story")

    async def _command(self, name: str, args: str, *, typed: bool) -> None:
        result = await self._doing.command(name, args, typed=typed)
        said = _said(result)
        style = "" if result.ok else "fg:error"
        scene = self.stage.scene
        head = own(f"{scene.mark}{shown_name(result.plugin) or name}: ", "bold")
        for line in said[:MAX_LINES]:
            self._say([*head, *scene.shared(own(line, style))])
        if len(said) > MAX_LINES:
            self._say([*head, *own(f"{len(said) - MAX_LINES} more lines", "dim")])

    async def _prompt(self, text: str) -> None:
        if self._is_at_work:
            self._say(own("the prompt before is still under way", "fg:warning"))
            return
        self._is_at_work = True
        try:
            await self._story.prompt(text)
        finally:
            self._is_at_work = False

    async def _complete(self, name: str, prefix: str) -> Sequence[Completion]:
        try:
            return await self._doing.complete(name, prefix)
        except LinkError:
            return ()  # nothing to offer; the command itself says what is wrong

    def _say(self, line: list[Piece]) -> None:
        self.stage.transcript.say(line)

    def _run(self, work: Callable[[], Awaitable[None]], group: str = "doing") -> None:
        async def run() -> None:
            try:
                await work()
            except LinkError as error:
                if group == "story":  # in the log, too: it ends there
                    self._say(own(str(error), "fg:error"))
                raise

        in_background(self, run, group=group)


def _said(result: ToolResult) -> list[str]:
    """What a command answered, as lines."""
    if not result.ok:
        return [result.error or result.status]
    parts = [part.get("text") for part in result.content or []]
    text = "\n".join(part for part in parts if isinstance(part, str))
    if not text and result.output is not None:
        text = (
            result.output
            if isinstance(result.output, str)
            else json.dumps(result.output, ensure_ascii=False)
        )
    return text.split("\n") if text else ["done"]
