"""What a client can ask, one row each. ``docs/protocol.md`` has the same table, and a test compares them.

A handler is a coroutine over :class:`host.waits.Wait`: it takes the call and returns the ``result`` of the answer. What it
raises becomes the ``error``; see ``wire.failure_of``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from host.audit import Kind
from host.completions import complete
from host.daemon.hooks import run_hook
from host.daemon.modes import may_loosen
from host.daemon.overview import overview, plugins
from host.daemon.permissions import capabilities, explain
from host.daemon.persons import is_at_a_terminal
from host.daemon.plugin_logs import logs
from host.daemon.records import audit, events
from host.daemon.switches import enable, kill
from host.daemon.views import answer_dialog, change_ui, press, route, select, view
from host.daemon.wire import PROTOCOL
from host.gate import check_tool
from host.outcome import Json, JsonObject, Outcome
from host.plugin_info import ToolInfo
from host.spelling import read_event
from host.tool_result import ToolUpdate
from host.tools import Caller, call_tool, run_command
from host.workspace import Workspace

if TYPE_CHECKING:
    from host.daemon.call import Call

Handler: TypeAlias = "Callable[[Call], Awaitable[Json]]"


@dataclass(frozen=True, slots=True)
class Method:
    """One row. ``params`` are the names of its parameters; ``here``: it is about the client's own project."""

    handler: Handler
    params: tuple[str, ...] = ()
    here: bool = True
    keeps_time: bool = False
    """Whether the handler itself ends at the deadline, with an answer that says more than that it passed."""


async def _hello(call: "Call") -> Json:
    server = call.server
    return {
        "protocol": PROTOCOL,
        "version": server.version,
        "pid": server.pid,
        "home": str(server.home),
        "methods": [*sorted(METHODS)],
    }


async def _dispatch(call: "Call") -> Json:
    event, payload = read_event(call.params.get("event")), call.an_object("payload")
    _take_questions(call)
    if call.session_id:
        payload.setdefault("session_id", call.session_id)
    workspace = await call.workspace()
    outcome = workspace.dispatch(event, payload)
    return (outcome if isinstance(outcome, Outcome) else await outcome).to_json()


async def _has_handler(call: "Call") -> Json:
    event = read_event(call.params.get("event"))
    workspace = await call.workspace()
    workspace.runtime.look_if_due()
    return {"has_handler": bool(workspace.snapshot.heard >> event & 1)}


async def _call_tool(call: "Call") -> Json:
    name, params = call.a_text("name"), call.an_object("input")
    hear = call.update if call.a_flag("updates") else None
    _take_questions(call)
    workspace = await call.workspace()
    caller = Caller(
        call.session_id,
        call.until,
        on_update=None if hear is None else lambda update: hear(_update(update)),
    )
    return (await call_tool(workspace, name, params, caller)).to_json()


async def _check_tool(call: "Call") -> Json:
    name, args = call.a_text("name"), call.an_object("input")
    tier = call.a_text("tier", "exec")
    workspace = await call.workspace()
    verdict = await check_tool(
        workspace, name, args, tier=tier, session_id=call.session_id, until=call.until
    )
    return verdict.to_json()


async def _command(call: "Call") -> Json:
    name, args = call.a_text("name"), call.a_text("args", "")
    # Whoever is not believed to be a person is not refused: the command is asked about, as an agent's would be.
    typed = call.a_flag("typed") and is_at_a_terminal(call.peer, call.server.peers())
    _take_questions(call)
    workspace = await call.workspace()
    caller = Caller(call.session_id, call.until, typed)
    return (await run_command(workspace, name, args, caller)).to_json()


def _take_questions(call: "Call") -> None:
    """Whether the client asks its user about *call*, and the operator lets it."""
    call.takes_questions = call.a_flag("asks") and call.server.options.elicit


async def _tools(call: "Call") -> Json:
    workspace = await _looked_at(call)
    return {"tools": [_tool(tool) for tool in workspace.tools()]}


async def _commands(call: "Call") -> Json:
    workspace = await _looked_at(call)
    names: list[Json] = [*sorted(workspace.snapshot.commands)]
    return {"commands": names}


async def _looked_at(call: "Call") -> Workspace:
    workspace = await call.workspace()
    workspace.runtime.look_if_due()
    return workspace


async def _set_mode(call: "Call") -> Json:
    mode = call.a_text("mode")
    workspace = await call.workspace()
    before = workspace.modes.of(call.session_id)
    may_loosen(call.server.runtime.audit, call.peer, call.server.peers(), before, mode)
    workspace.modes.set(mode, call.session_id)
    now = workspace.modes.of(call.session_id)
    call.server.runtime.audit.record(
        Kind.DECISION,
        plugin="",
        code="set_mode",
        detail=f"permission mode {now} instead of {before}, by process {call.peer.pid}",
        data={"mode": now, "before": before, "session_id": call.session_id},
    )
    return {"mode": now}


async def _approvals(call: "Call") -> Json:
    return {"pending": [*call.server.questions.list_for(call.peer)]}


async def _answer(call: "Call") -> Json:
    id_, answer = call.a_text("id"), call.a_text("answer")
    answered = call.server.questions.answer(id_, answer, call.peer)
    return {"id": answered.id, "answer": answer}


async def _reload(call: "Call") -> Json:
    return {"projects": await call.server.reload()}


async def _complete(call: "Call") -> Json:
    name, prefix = call.a_text("name"), call.a_text("prefix", "")
    workspace = await call.workspace()
    found = await complete(workspace, name, prefix, call.session_id)
    return {"completions": [completion.to_json() for completion in found]}


async def _stats(call: "Call") -> Json:
    return call.server.stats()


async def _metrics(call: "Call") -> Json:
    return {"text": call.server.metrics()}


async def _stop(call: "Call") -> Json:
    call.server.stop(f"process {call.peer.pid} asked for it")
    return {}


METHODS: Final[dict[str, Method]] = {
    "hello": Method(_hello, here=False),
    "dispatch": Method(_dispatch, ("event", "payload", "asks")),
    "has_handler": Method(_has_handler, ("event",)),
    "call_tool": Method(_call_tool, ("name", "input", "updates", "asks"), keeps_time=True),
    "check_tool": Method(_check_tool, ("name", "tier", "input"), keeps_time=True),
    "command": Method(_command, ("name", "args", "typed", "asks"), keeps_time=True),
    "hook": Method(run_hook, ("agent", "input", "variables")),
    "tools": Method(_tools),
    "commands": Method(_commands),
    "complete": Method(_complete, ("name", "prefix")),
    "plugins": Method(plugins),
    "capabilities": Method(capabilities, ("plugin",)),
    "explain": Method(explain, ("plugin", "kind", "target")),
    "view": Method(view, ("attach", "width", "height", "theme", "editor", "session")),
    "ui": Method(change_ui, ("width", "height", "theme", "editor", "session"), here=False),
    "key": Method(press, ("key", "frame", "plugin", "session")),
    "answer_dialog": Method(answer_dialog, ("dialog", "value", "index", "cancelled")),
    "route": Method(route, ("plugin", "name", "open", "session")),
    "select": Method(select, ("plugin", "session", "slot", "item", "action")),
    "set_mode": Method(_set_mode, ("mode",)),
    "approvals": Method(_approvals, here=False),
    "answer": Method(_answer, ("id", "answer"), here=False),
    "overview": Method(overview, here=False),
    "audit": Method(audit, ("recent", "plugin", "kinds"), here=False),
    "events": Method(events, ("kinds",), here=False),
    "logs": Method(logs, ("plugin",), here=False),
    "reload": Method(_reload, here=False),
    "kill": Method(kill, ("name", "all"), here=False),
    "enable": Method(enable, ("name", "all"), here=False),
    "stats": Method(_stats, here=False),
    "metrics": Method(_metrics, here=False),
    "stop": Method(_stop, here=False),
}


def _tool(tool: ToolInfo) -> JsonObject:
    return {
        "name": tool.name,
        "description": tool.description,
        "tier": tool.tier,
        "plugin": tool.plugin,
        "parameters": tool.parameters,
    }


def _update(update: ToolUpdate) -> JsonObject:
    return {
        "plugin": update.plugin,
        "output": update.output,
        "content": [*update.content],
        "details": update.details,
    }
