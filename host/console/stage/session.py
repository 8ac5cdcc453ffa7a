"""The session pane: a session of the console's own, with everything that plugins show around it.

Promises    It begins with each daemon that is found, and ends with the console. What plugins answer is told in lines that begin
            with their names.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult

from host.console.link import LinkError, State
from host.console.mirror import Mirror
from host.console.paint import Piece, clean, own
from host.console.panes.pane import Pane, console_of
from host.console.stage.doing import Doing
from host.console.stage.prompt import Completion, Prompt
from host.console.stage.scene import Scene
from host.console.stage.stage import Stage
from host.console.stage.story import Story
from jcode_plugins import ToolResult

BYE_S: Final = 2.0
MAX_LINES: Final = 200
"""Of what a command answers, in the log."""


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
        self._story = Story(self.session, self._doing.dispatch, self._say)
        self._is_at_work = False
        yield self.stage

    def on_mount(self) -> None:
        """Hear of the daemon."""
        console_of(self).link.on_state(self._on_state)

    async def on_unmount(self) -> None:
        """The session ends with the console."""
        if console_of(self).is_connected:
            try:
                async with asyncio.timeout(BYE_S):
                    await self._story.end()
            except (LinkError, TimeoutError):
                pass  # whoever is told of the end of the connection knows it anyway

    # The pane.

    def opened(self) -> None:
        """See :class:`Pane`."""
        self.stage.is_seen = True
        super().opened()

    def closed(self) -> None:
        """See :class:`Pane`."""
        self.stage.is_seen = False
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
                f"plugin view {clean(name).text} of {clean(plugin).text}",
                "A whole screen of the plugin's (F12 leaves)",
                partial(self.stage.open_route, plugin, name),
            )
            for plugin, name, _ in self.stage.routes()
        ]

    async def _begin(self) -> None:
        await self._story.begin(str(console_of(self).options.place.project))

    def _on_state(self) -> None:
        if console_of(self).link.state is State.LOST:
            self.mirror.clear()

    # What the person types.

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        """A command after a slash, else a prompt."""
        event.stop()
        text = event.text
        self._say([*own("> ", "bold"), *own(text)])
        if text.startswith("/"):
            name, _, args = text[1:].partition(" ")
            self._run(lambda: self._command(name, args.strip()))
        else:
            self._run(lambda: self._prompt(text), group="story")

    async def _command(self, name: str, args: str) -> None:
        result = await self._doing.command(name, args)
        said = _said(result)
        style = "" if result.ok else "fg:error"
        scene = self.stage.scene
        head = own(f"{scene.mark}{result.plugin or name}: ", "bold")
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
                self._doing.tell(str(error), is_error=True)
                if group == "story":
                    self._say(own(str(error), "fg:error"))

        self.run_worker(run(), group=group, exit_on_error=False)


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
