"""The client for asyncio programs: its verbs, as those of the blocking one.

Elsewhere   The connection, and what is tried again: ``aio_connecting.py``.
"""

import contextlib
from collections.abc import AsyncIterator, Callable

from jcode_plugins import requests as _requests
from jcode_plugins.aio_connecting import AsyncConnecting, Json, JsonObject
from jcode_plugins.aio_viewing import AsyncViewStream
from jcode_plugins.answers import (
    Capabilities,
    Completion,
    ExplainedStep,
    LogLine,
    Outcome,
    PluginInfo,
    ProjectInfo,
    ServerEvent,
    ToolInfo,
    ToolResult,
    ToolVerdict,
)
from jcode_plugins.errors import InputError


class AsyncClient(AsyncConnecting):
    """As :class:`jcode_plugins.Client`, for the tasks of one loop. Use it as ``async with AsyncClient() as plugins``."""

    _attached: AsyncViewStream | None = None
    """The newest stream by which a person looks."""

    async def hello(self) -> JsonObject:
        """See :meth:`Client.hello`."""
        return _requests.check_hello(await self.request("hello"))

    async def dispatch(
        self,
        event: str,
        payload: JsonObject,
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        on_question: Callable[[JsonObject], None] | None = None,
    ) -> Outcome:
        """See :meth:`Client.dispatch`. *on_question* takes each question that this call causes, if the daemon is configured
        for it (``daemon.elicit``); its ``id`` goes to :meth:`answer`, with ``once`` or ``deny``."""
        params: JsonObject = {"event": event, "payload": payload}
        return _requests.outcome(
            await self.request(
                "dispatch",
                _requests.asking(params, on_question),
                session_id=session_id,
                timeout_s=timeout_s,
                on_update=_requests.questions(on_question),
            )
        )

    async def has_handler(self, event: str) -> bool:
        """See :meth:`Client.has_handler`."""
        return _requests.has_handler(await self.request("has_handler", {"event": event}))

    async def call_tool(
        self,
        name: str,
        params: JsonObject,
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        on_update: Callable[[JsonObject], None] | None = None,
        asks: bool = False,
    ) -> ToolResult:
        """See :meth:`Client.call_tool`. With *asks* a question about this call comes as an update ``question``, if the
        daemon is configured for it (``daemon.elicit``); its ``id`` goes to :meth:`answer`, with ``once`` or ``deny``."""
        what: JsonObject = {"name": name, "input": params, "updates": on_update is not None}
        if asks:
            what["asks"] = True
        return _requests.tool_result(
            await self.request(
                "call_tool",
                what,
                session_id=session_id,
                timeout_s=timeout_s,
                on_update=on_update,
            )
        )

    async def check_tool(
        self,
        name: str,
        *,
        tier: str = "exec",
        args: JsonObject | None = None,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> ToolVerdict:
        """See :meth:`Client.check_tool`."""
        what: JsonObject = {"name": name, "tier": tier, "input": args or {}}
        return _requests.verdict(
            await self.request("check_tool", what, session_id=session_id, timeout_s=timeout_s)
        )

    async def command(
        self,
        name: str,
        args: str = "",
        *,
        typed: bool = False,
        session_id: str = "",
        timeout_s: float | None = None,
        on_question: Callable[[JsonObject], None] | None = None,
    ) -> ToolResult:
        """See :meth:`Client.command`; *on_question* as of :meth:`dispatch`."""
        what: JsonObject = {"name": name, "args": args, "typed": typed}
        return _requests.tool_result(
            await self.request(
                "command",
                _requests.asking(what, on_question),
                session_id=session_id,
                timeout_s=timeout_s,
                on_update=_requests.questions(on_question),
            )
        )

    async def tools(self) -> list[ToolInfo]:
        """See :meth:`Client.tools`."""
        return _requests.tools(await self.request("tools"))

    async def commands(self) -> list[str]:
        """See :meth:`Client.commands`."""
        return _requests.commands(await self.request("commands"))

    async def plugins(self) -> list[PluginInfo]:
        """See :meth:`Client.plugins`."""
        return _requests.plugins(await self.request("plugins"))

    async def set_mode(self, mode: str, *, session_id: str = "") -> None:
        """See :meth:`Client.set_mode`."""
        await self.request("set_mode", {"mode": mode}, session_id=session_id)

    async def reload(self) -> JsonObject:
        """See :meth:`Client.reload`."""
        return _requests.plain(await self.request("reload"))

    async def kill(self, name: str | None = None) -> JsonObject:
        """See :meth:`Client.kill`."""
        params: JsonObject = {"all": True} if name is None else {"name": name}
        return _requests.plain(await self.request("kill", params))

    async def approvals(self) -> JsonObject:
        """See :meth:`Client.approvals`."""
        return _requests.plain(await self.request("approvals"))

    async def answer(self, id_: str, answer: str) -> JsonObject:
        """See :meth:`Client.answer`."""
        return _requests.plain(await self.request("answer", {"id": id_, "answer": answer}))

    async def stats(self) -> JsonObject:
        """See :meth:`Client.stats`."""
        return _requests.plain(await self.request("stats"))

    async def metrics(self) -> str:
        """See :meth:`Client.metrics`."""
        return _requests.text_of("text")(await self.request("metrics"))

    async def stop(self) -> None:
        """See :meth:`Client.stop`."""
        await self.request("stop")

    # Of whoever looks after plugins.

    async def overview(self) -> list[ProjectInfo]:
        """See :meth:`Client.overview`."""
        return _requests.overview(await self.request("overview"))

    async def audit_entries(
        self,
        recent: int = 100,
        *,
        plugin: str | None = None,
        kinds: list[str] | None = None,
    ) -> list[ServerEvent]:
        """See :meth:`Client.audit_entries`."""
        what = _requests.audit_params(recent, plugin, kinds)
        return _requests.audit_entries(await self.request("audit", what))

    async def events(self, kinds: list[str] | None = None) -> AsyncIterator[ServerEvent]:
        """See :meth:`Client.events`; on a connection of its own, which is read as fast as this is iterated."""
        params: JsonObject = {} if kinds is None else {"kinds": [*kinds]}
        async with contextlib.aclosing(self.stream("events", params)) as told:
            async for pushed in told:
                if "event" in pushed:
                    yield _requests.event(pushed["event"])

    async def logs(self, plugin: str | None = None) -> AsyncIterator[LogLine]:
        """See :meth:`Client.logs`; on a connection of its own, which is read as fast as this is iterated."""
        params: JsonObject = {} if plugin is None else {"plugin": plugin}
        async with contextlib.aclosing(self.stream("logs", params)) as told:
            async for pushed in told:
                for line in _requests.log_lines(pushed):
                    yield line

    async def explain(self, plugin: str, kind: str, target: str) -> list[ExplainedStep]:
        """See :meth:`Client.explain`."""
        what: JsonObject = {"plugin": plugin, "kind": kind, "target": target}
        return _requests.steps(await self.request("explain", what))

    async def capabilities(self, plugin: str) -> Capabilities:
        """See :meth:`Client.capabilities`."""
        return _requests.capabilities(await self.request("capabilities", {"plugin": plugin}))

    async def enable(self, name: str | None = None) -> JsonObject:
        """See :meth:`Client.enable`."""
        params: JsonObject = {"all": True} if name is None else {"name": name}
        return _requests.plain(await self.request("enable", params))

    async def complete(
        self, name: str, prefix: str = "", *, session_id: str = ""
    ) -> list[Completion]:
        """See :meth:`Client.complete`."""
        what: JsonObject = {"name": name, "prefix": prefix}
        result = await self.request("complete", what, session_id=session_id)
        return _requests.completions(result)

    # What plugins show, and what a person does with it.

    def view(
        self,
        *,
        attach: bool = False,
        width: int | None = None,
        height: int | None = None,
        theme: str | None = None,
        editor: str | None = None,
        session: str | None = None,
    ) -> AsyncViewStream:
        """See :meth:`Client.view`; it connects, and attaches, when it is first iterated."""
        ui = _requests.given(
            width=width, height=height, theme=theme, editor=editor, session=session
        )
        stream = AsyncViewStream(
            lambda params: self.open_stream("view", params, here=True), {"attach": attach, **ui}
        )
        if attach:
            self._attached = stream
        return stream

    async def update_ui(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        theme: str | None = None,
        editor: str | None = None,
        session: str | None = None,
    ) -> None:
        """See :meth:`Client.update_ui`."""
        if self._attached is None:
            raise InputError("E_INPUT", "no interface is attached: view(attach=True) does that")
        changes = _requests.given(
            width=width, height=height, theme=theme, editor=editor, session=session
        )
        await self._attached.update(changes)

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> JsonObject:
        """See :meth:`Client.press_key`."""
        what = _requests.given(key=key, frame=frame, plugin=plugin, session=session)
        return _requests.plain(await self.request("key", what))

    async def answer_dialog(
        self,
        dialog: str,
        *,
        value: Json = None,
        index: int | None = None,
        cancelled: bool = False,
    ) -> None:
        """See :meth:`Client.answer_dialog`."""
        what = _requests.given(dialog=dialog, value=value, index=index, cancelled=cancelled)
        await self.request("answer_dialog", what)

    async def open_route(
        self, plugin: str, name: str, is_open: bool = True, *, session: str = ""
    ) -> JsonObject:
        """See :meth:`Client.open_route`."""
        what: JsonObject = {"plugin": plugin, "name": name, "open": is_open, "session": session}
        return _requests.plain(await self.request("route", what))

    async def select_item(
        self, plugin: str, slot: str, item: str, action: str = "activate", *, session: str = ""
    ) -> JsonObject:
        """See :meth:`Client.select_item`."""
        what: JsonObject = {"plugin": plugin, "slot": slot, "item": item, "action": action}
        return _requests.plain(await self.request("select", {**what, "session": session}))
