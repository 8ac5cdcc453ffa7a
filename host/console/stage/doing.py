"""What a person does at the stage, sent to the daemon.

Promises    Everything that fails is a LinkError of one line. What plugins may answer late is waited for as long as they may take; the
            rest within the link's ordinary time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from host.console.link import Link
from host.console.mirror import JsonObject, Key
from host.console.stage.prompt import Completion
from jcode_plugins import Outcome, ToolResult

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
        answer = await self._link.ask(
            lambda client: client.press_key(key, frame=frame, plugin=plugin, session=session),
            timeout_s=KEY_S,
        )
        return answer.get("handled") is True

    async def answer_dialog(self, dialog: str, answer: JsonObject) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        await self._link.ask(
            lambda client: client.request("answer_dialog", {"dialog": dialog, **answer})
        )

    async def open_route(self, plugin: str, name: str, *, is_open: bool) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        await self._link.ask(
            lambda client: client.open_route(plugin, name, is_open), timeout_s=KEY_S
        )

    async def select_item(self, slot: Key, item: str, action: str) -> None:
        """See :class:`host.console.stage.scene.Acts`."""
        await self._link.ask(
            lambda client: client.select_item(
                slot.plugin, slot.key, item, action, session=slot.session
            ),
            timeout_s=KEY_S,
        )

    async def complete(self, name: str, prefix: str) -> Sequence[Completion]:
        """Return what may follow *prefix* after the command *name*."""
        found = await self._link.ask(
            lambda client: client.complete(name, prefix, session_id=self._session)
        )
        return [Completion(one.value, one.label, one.description) for one in found]

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
