"""What a person does at the stage, sent to the daemon.

Promises    Everything that fails is a LinkError of one line. What plugins may answer late is waited for as long as they may take; the
            rest within the link's ordinary time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from host.console.link import Link
from host.console.mirror import Json, JsonObject, Key
from host.console.stage.prompt import Completion
from jcode_plugins import AsyncClient, Outcome, ToolResult

if TYPE_CHECKING:
    from host.console.app import Console

KEY_S: Final = 30.0
"""Longer than any deadline of a key: the host ends it first."""
WORK_S: Final = 660.0
"""For what may ask a person meanwhile."""


class Doing:
    """The acts of one session, over *link*."""

    def __init__(self, console: "Console", session: str) -> None:
        self._console = console
        self._link: Link = console.link
        self._session = session

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> bool:
        """See :class:`host.console.stage.scene.Acts`."""
        params: JsonObject = {"key": key, "session": session}
        params |= {"frame": frame} if frame is not None else {}
        params |= {"plugin": plugin} if plugin is not None else {}
        answer = await self._ask("key", params, KEY_S)
        return answer.get("handled") is True

    async def answer_dialog(self, dialog: str, answer: JsonObject) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        await self._ask("answer_dialog", {"dialog": dialog, **answer})

    async def open_route(self, plugin: str, name: str, *, is_open: bool) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        await self._ask("route", {"plugin": plugin, "name": name, "open": is_open}, KEY_S)

    async def select_item(self, slot: Key, item: str, action: str) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        where: JsonObject = {"plugin": slot.plugin, "session": slot.session, "slot": slot.key}
        await self._ask("select", {**where, "item": item, "action": action}, KEY_S)

    async def complete(self, name: str, prefix: str) -> Sequence[Completion]:
        """Return what may follow *prefix* after the command *name*."""
        answer = await self._ask("complete", {"name": name, "prefix": prefix})
        found = answer.get("completions")
        return [
            one
            for item in (found if isinstance(found, list) else [])
            if (one := _completion(item))
        ]

    async def dispatch(self, event: str, payload: JsonObject) -> Outcome:
        """Send an event of the session."""
        return await self._link.ask(
            lambda client: client.dispatch(
                event,
                payload,
                session_id=self._session,
                timeout_s=WORK_S,
                on_question=self._on_question,
            ),
            timeout_s=WORK_S,
        )

    async def command(self, name: str, args: str, *, typed: bool) -> ToolResult:
        """Run a command of a plugin's. Not *typed*: a plugin had a part in the line, and it is asked about."""
        return await self._link.ask(
            lambda client: client.command(
                name,
                args,
                typed=typed,
                session_id=self._session,
                timeout_s=WORK_S,
                on_question=self._on_question,
            ),
            timeout_s=WORK_S,
        )

    def _on_question(self, _: JsonObject) -> None:
        """The daemon would take the person's answer from here: the list of what waits says so."""
        self._console.look_soon()

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        self._console.tell(text, is_error=is_error)

    async def _ask(self, method: str, params: JsonObject, timeout_s: float = 5.0) -> JsonObject:
        async def verb(client: AsyncClient) -> Json:
            return await client.request(
                method, params, session_id=self._session, timeout_s=timeout_s
            )

        answer = await self._link.ask(verb, timeout_s=timeout_s)
        return answer if isinstance(answer, dict) else {}


def _completion(item: Json) -> Completion | None:
    if not isinstance(item, dict):
        return None
    value, label, told = item.get("value"), item.get("label"), item.get("description")
    if not isinstance(value, str):
        return None
    return Completion(
        value, label if isinstance(label, str) else value, told if isinstance(told, str) else ""
    )
