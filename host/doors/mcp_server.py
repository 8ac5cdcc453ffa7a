"""The tools of plugins for any client of MCP, over standard input and output.

A thin server of its own process: the daemon has the plugins, the gate and the audit. Started with the first client.

Promises    Every call is on a connection of its own, so that a client's cancellation ends it in the daemon as well. A change
            of the list is announced in both ways, the one of sessions with a handshake and the one of subscriptions.
                        Nothing is asked of a client that does not say that it asks its user: many take whatever comes for an answer.
Elsewhere   Names and results: ``mcp_shapes.py``. What clients get wrong: ``docs/mcp.md``.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.session import ServerSession
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.exceptions import MCPError

from host.doors.mcp_shapes import names_for, result_of, tool_of
from host.outcome import JsonObject
from jcode_plugins import AsyncClient, JcodePluginsError, ToolInfo
from jcode_plugins.errors import InputError, ToolError

LOOK_EVERY_S: Final = 1.0
"""How soon a client hears that the list has changed."""
_CALL_WITHIN_S: Final = 600.0
_MODERN: Final = "2026-07-28"
"""From this version on a client subscribes; until then it is told in its session."""

_YES: Final = "allow once"
_FORM: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string", "enum": [_YES, "deny"], "title": "May it run?"}
    },
    "required": ["answer"],
}

Context = ServerRequestContext[None, object]


class ToolServer:
    """See the module's text. *connect* makes a client of the daemon; *names* gives by what a client sees what it is."""

    def __init__(
        self,
        connect: Callable[[], AsyncClient],
        version: str,
        *,
        names: Callable[[Iterable[ToolInfo]], dict[str, str]] = names_for,
    ) -> None:
        self._connect = connect
        self._names = names
        self._client = connect()
        self._session_id = f"mcp-{uuid.uuid4()}"
        self._sessions: dict[int, ServerSession] = {}
        self._known: list[ToolInfo] | None = None
        self._bus = InMemorySubscriptionBus()
        self.server: Server[None] = Server(
            "jcode-plugins",
            version=version,
            lifespan=self._life,
            on_list_tools=self._list,
            on_call_tool=self._call,
            on_subscriptions_listen=ListenHandler(self._bus),
        )

    async def run(self) -> None:
        """Serve until standard input ends."""
        async with stdio_server() as (read, write):
            options = self.server.create_initialization_options(
                NotificationOptions(tools_changed=True)
            )
            await self.server.run(read, write, options)

    @asynccontextmanager
    async def _life(self, _: Server[None]) -> AsyncIterator[None]:
        watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            await self._tell("SessionStart", "initialize")
            yield None
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await self._tell("SessionShutdown", "end of input")
            await self._client.close()

    async def _tell(self, event: str, derived_from: str) -> None:
        payload: JsonObject = {"session_id": self._session_id, "derived_from": derived_from}
        with suppress(JcodePluginsError):  # whoever needs the daemon is told when it calls
            await self._client.dispatch(event, payload, session_id=self._session_id)

    # What is asked.

    async def _list(
        self, ctx: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        self._sessions[id(ctx.session)] = ctx.session
        try:
            self._known = await self._client.tools()
        except JcodePluginsError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from None
        by_name = {tool.name: tool for tool in self._known}
        # In one piece: some clients read one page only.
        return types.ListToolsResult(
            tools=[
                tool_of(by_name[own], name) for name, own in self._names(self._known).items()
            ]
        )

    async def _call(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        steps = 0
        asks = _can_be_asked(ctx.session)
        begun: set[asyncio.Task[None]] = set()
        """Of this call alone: no other one waits for what its user is asked."""

        def begin(what: Coroutine[object, object, None]) -> None:
            begun.add(asyncio.get_running_loop().create_task(what))

        try:
            async with self._connect() as client:

                def on_update(update: JsonObject) -> None:
                    nonlocal steps
                    question = update.get("question")
                    if isinstance(question, dict):
                        begin(_elicit(ctx.session, client, question))
                        return
                    steps += 1
                    output = update.get("output")
                    text = output if isinstance(output, str) else None
                    begin(ctx.session.report_progress(steps, message=text))

                name = await self._own_name(client, params.name)
                result = await client.call_tool(
                    name,
                    params.arguments or {},
                    session_id=self._session_id,
                    timeout_s=_CALL_WITHIN_S,
                    on_update=on_update,
                    asks=asks,
                )
            await asyncio.gather(*begun, return_exceptions=True)
        except (ToolError, InputError) as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        except JcodePluginsError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from None
        finally:
            for task in begun:  # of a call that did not end well
                task.cancel()
        return result_of(result)

    async def _own_name(self, client: AsyncClient, name: str) -> str:
        if self._known is None or name not in self._names(self._known):
            self._known = await client.tools()
        return self._names(self._known).get(name, name)

    # What is told.

    async def _watch(self) -> None:
        """Look whether the list has changed, for as long as a client has one."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._known is None:
                continue
            with suppress(JcodePluginsError):  # a daemon that restarts: the next look
                now = await self._client.tools()
                if now != self._known:
                    self._known = now
                    await self._announce()

    async def _announce(self) -> None:
        await self._bus.publish(ToolsListChanged())
        for session in list(self._sessions.values()):
            if session.protocol_version < _MODERN:
                await session.send_tool_list_changed()


def _can_be_asked(session: ServerSession) -> bool:
    capabilities = session.client_capabilities
    return (
        session.can_send_request
        and capabilities is not None
        and capabilities.elicitation is not None
    )


async def _elicit(session: ServerSession, client: AsyncClient, question: JsonObject) -> None:
    """Have the client ask its user; whatever is no yes is a no."""
    text = f"{question.get('explanation')}\n{question.get('tool')}: {question.get('summary')}"
    try:
        given = await session.elicit_form(text, _FORM)
        is_yes = given.action == "accept" and (given.content or {}).get("answer") == _YES
    except (MCPError, ValueError):
        return  # it waits for jcode-plugin approve, as without a client that asks
    with suppress(JcodePluginsError):  # answered elsewhere, or too late
        await client.answer(str(question.get("id")), "once" if is_yes else "deny")
