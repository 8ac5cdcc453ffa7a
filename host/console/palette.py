"""What can be run from the palette: the console's own actions, and commands that plugins registered.

Promises    A plugin's command is told from the console's by the words ``plugin command``, which no name can put in front.
            Only what a person picks runs. Completions are asked of the plugin that has the command, for a short time.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from host.console.cells import cell
from host.console.link import LinkError
from jcode_plugins import AsyncClient

if TYPE_CHECKING:
    from host.console.app import Console
    from jcode_plugins.wire import JsonObject

COMPLETE_S: Final = 2.0
_MOST: Final = 20


class ConsoleActions(Provider):
    """The console's own."""

    def _all(self) -> list[tuple[str, str, Callable[[], None]]]:
        console = cast("Console", self.app)
        return console.actions_by_name()

    async def discover(self) -> Hits:
        """All of them."""
        for name, help_, run in self._all():
            yield DiscoveryHit(_shown(name), run, help=help_)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, help_, run in self._all():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_)


class PluginCommands(Provider):
    """Commands of the project's plugins, with what may follow them."""

    _asked: "asyncio.Task[list[str]] | None" = None

    async def _names(self) -> list[str]:
        """Return what there is, asked once. Each key that is pressed ends the search before it, but not this."""
        if self._asked is None:
            self._asked = asyncio.create_task(self._ask_names())
        return await asyncio.shield(self._asked)

    async def _ask_names(self) -> list[str]:
        console = cast("Console", self.app)
        if not console.is_connected:
            return []
        try:
            return await console.link.ask(lambda client: client.commands())
        except LinkError as error:
            console.tell(str(error), is_error=True)
            return []

    async def discover(self) -> Hits:
        """All of them."""
        for name in await self._names():
            yield DiscoveryHit(_shown(f"/{name}"), partial(self._run, name, ""), help=_HELP)

    async def search(self, query: str) -> Hits:
        """Those that match the first word; of the one that it names, with what may follow."""
        names = await self._names()
        word, space, args = query.removeprefix("/").partition(" ")
        if space and word in names:
            for text in await self._completions(word, args):
                shown = f"/{word} {text}"
                yield Hit(1.0, _shown(shown), partial(self._run, word, text), help=_HELP)
            typed = f"/{word} {args}"
            yield Hit(0.9, _shown(typed), partial(self._run, word, args), help=_HELP)
            return
        matcher = self.matcher(word)
        for name in names:
            score = matcher.match(name)
            if score > 0:
                run = partial(self._run, name, args)
                yield Hit(score, _shown(f"/{name}"), run, help=_HELP)

    async def _completions(self, name: str, prefix: str) -> list[str]:
        console = cast("Console", self.app)

        async def complete(client: AsyncClient) -> "JsonObject":
            answer = await client.request("complete", {"name": name, "prefix": prefix})
            return answer if isinstance(answer, dict) else {}

        try:
            answer = await console.link.ask(complete, timeout_s=COMPLETE_S)
        except LinkError:
            return []  # it is a help; what was typed can be run without
        found = answer.get("completions")
        texts = (
            [one.get("value") for one in found if isinstance(one, dict)]
            if isinstance(found, list)
            else []
        )
        return [text for text in texts if isinstance(text, str)][:_MOST]

    def _run(self, name: str, args: str) -> None:
        cast("Console", self.app).run_command(name, args)


_HELP: Final = "plugin command"


def _shown(text: str) -> Content:
    return Content(cell(text))
