"""A call of a plugin's tool, step by step: look up, schema, gate, PreToolUse, slot, execute, PostToolUse, audit.

Promises    What runs has passed the schema, the gate and every guard as it runs: an input that a PreToolUse changed is
            checked against the schema and judged by the gate again.
Elsewhere   The gate: ``gate.py``. The worker's part: ``requests.py``. What a result is: ``tool_result.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from host.audit import E_SWITCH, Kind
from host.dispatch import dispatch
from host.errors import ToolError
from host.events import PluginEvent
from host.forwarding import forward
from host.gate import (
    Subject,
    ToolVerdict,
    denied_now,
    find_tool,
    of_command,
    of_tool,
    pass_gate,
    turned_down,
    verdict_data,
)
from host.holding import held
from host.lineage import Lineage
from host.nested import ReentrantError, dispatch_nested
from host.outcome import Json, JsonObject, Outcome, Status
from host.reactor import now_s
from host.requests import run_in_worker
from host.schema import schema_problem
from host.snapshot import ToolRoute
from host.tool_result import ToolResult, ToolUpdate, failure, lost, with_output
from ipc.messages import COMMAND, TOOL

if TYPE_CHECKING:
    from host.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call: its session, until when it waits (``now_s``; None: as long as it takes), and whether a
    person typed this very call, which stands for their approval of it. ``lineage``: it is a plugin that calls."""

    session_id: str = ""
    until: float | None = None
    typed: bool = False
    lineage: Lineage | None = None
    on_update: Callable[[ToolUpdate], None] | None = None
    """Takes what the tool has so far, in the reactor's turn."""


def until_of(timeout_s: float | None) -> float | None:
    """When an agent that waits *timeout_s* from now on waits no longer."""
    return None if timeout_s is None else now_s() + timeout_s


async def call_tool(
    workspace: "Workspace", name: str, params: JsonObject, caller: Caller
) -> ToolResult:
    """Run the whole pipeline. Raises :class:`ToolError` for a call that cannot be made."""
    workspace.runtime.look_if_due()
    route = find_tool(workspace.snapshot.tools, name)
    if route is None:
        if (refused := turned_down(workspace, "tools", name)) is not None:
            return _ended(workspace, _denied(refused), refused)
        raise ToolError("E_NO_TOOL", workspace.unknown_tool(name))
    with held(route):
        return await _call(workspace, route, params, caller)


async def _call(
    workspace: "Workspace", route: ToolRoute, params: JsonObject, caller: Caller
) -> ToolResult:
    """From the schema on, by the version of the plugin that was looked up."""
    subject = of_tool(route)
    _validate(route, params)
    if not route.spec.has_handler:
        return _unhandled(subject)
    verdict = await _gate(workspace, subject, params, caller)
    if not verdict.allowed:
        return _ended(workspace, _denied(verdict), verdict)
    about: JsonObject = {"tool_name": subject.public, "session_id": caller.session_id}
    try:
        _check_stack(route, caller)
        before = {**about, "tool_input": params}
        outcome = await _event(workspace, PluginEvent.PRE_TOOL_USE, before, caller)
    except ReentrantError as error:
        return _ended(workspace, _reentrant(subject, error), verdict)
    if outcome.blocked:
        return _ended(workspace, _blocked(subject, outcome), verdict)
    if "modified_input" in outcome.output:
        # Whatever it is: the guards have seen this one, and nothing else runs.
        params = _validate(route, outcome.output["modified_input"])
        asked_ms = verdict.asked_ms
        verdict = await _gate(workspace, subject, params, caller, _authors(outcome))
        verdict = replace(verdict, asked_ms=asked_ms + verdict.asked_ms)
        if not verdict.allowed:
            return _ended(workspace, _denied(verdict), verdict)
    return await _execute(workspace, route, subject, params, caller, verdict, about)


async def run_command(
    workspace: "Workspace", name: str, args: str, caller: Caller
) -> ToolResult:
    """Run a registered command; the same shape of answer as a tool's."""
    workspace.runtime.look_if_due()
    route = workspace.snapshot.commands.get(name.removeprefix("/"))
    if route is None:
        if (refused := turned_down(workspace, "commands", name)) is not None:
            return _ended(workspace, _denied(refused), refused, Kind.COMMAND)
        known = ", ".join(sorted(workspace.snapshot.commands)) or "none"
        raise ToolError("E_NO_COMMAND", f"there is no command {name!r}; registered: {known}")
    subject = of_command(route)
    with held(route):
        verdict = await _gate(workspace, subject, {"args": args}, caller)
        if not verdict.allowed:
            return _ended(workspace, _denied(verdict), verdict, Kind.COMMAND)
        result = await run_in_worker(
            workspace,
            route.plugin,
            COMMAND,
            {"name": route.spec.name, "args": args, "ctx": {"session_id": caller.session_id}},
            session_id=caller.session_id,
            tool=name,
            until=caller.until,
        )
    return _ended(workspace, result, verdict, Kind.COMMAND)


def _validate(route: ToolRoute, params: Json) -> JsonObject:
    if not isinstance(params, dict):
        raise ToolError("E_INVALID", f"input of {route.spec.name} must be an object")
    if route.spec.parameters is not None:
        problem = schema_problem(route.spec.parameters, params)
        if problem is not None:
            raise ToolError("E_INVALID", f"input of {route.spec.name}: {problem}")
    return params


async def _gate(
    workspace: "Workspace",
    subject: Subject,
    params: JsonObject,
    caller: Caller,
    changed_by: str = "",
) -> ToolVerdict:
    return await pass_gate(
        workspace,
        subject,
        params,
        session_id=caller.session_id,
        until=caller.until,
        typed=caller.typed,
        changed_by=changed_by,
        lineage=caller.lineage,
    )


def _authors(outcome: Outcome) -> str:
    names = [result.plugin for result in outcome.results if "modified_input" in result.output]
    return ", ".join(names)


def _unhandled(subject: Subject) -> ToolResult:
    """A tool that is only listed: nothing would run, so nobody is asked."""
    told = f"{subject.public} was registered without a handler; {subject.owner} only lists it"
    return failure(
        "failed",
        "E_NO_HANDLER",
        told,
        plugin=subject.owner,
        tool=subject.public,
        elapsed_ms=0.0,
    )


def _denied(verdict: ToolVerdict) -> ToolResult:
    return failure(
        "blocked",
        E_SWITCH if verdict.code == "deny.switch" else "E_DENIED",
        verdict.reason or "denied",
        plugin=verdict.plugin,
        tool=verdict.tool,
        elapsed_ms=0.0,
    )


def _blocked(subject: Subject, outcome: Outcome) -> ToolResult:
    return failure(
        "blocked",
        "E_BLOCKED",
        outcome.reason or "blocked",
        plugin=subject.owner,
        tool=subject.public,
        elapsed_ms=outcome.elapsed_ms,
    )


def _check_stack(route: ToolRoute, caller: Caller) -> None:
    if caller.lineage is not None:
        instance = route.plugin.instance_for(caller.session_id)
        if instance in caller.lineage.waiting:
            raise ReentrantError(
                route.plugin.name, f"{route.plugin.name} is waiting for this call itself"
            )


def _reentrant(subject: Subject, error: ReentrantError) -> ToolResult:
    return failure(
        "failed",
        "E_REENTRANT",
        str(error),
        plugin=subject.owner,
        tool=subject.public,
        elapsed_ms=0.0,
    )


async def _event(
    workspace: "Workspace", event: PluginEvent, payload: JsonObject, caller: Caller
) -> Outcome:
    if caller.lineage is not None:
        outcome = await dispatch_nested(workspace, event, payload, caller.lineage)
    else:
        found = dispatch(workspace, event, payload)
        outcome = found if isinstance(found, Outcome) else await found
    forward(workspace, event, payload)
    return outcome


async def _execute(
    workspace: "Workspace",
    route: ToolRoute,
    subject: Subject,
    params: JsonObject,
    caller: Caller,
    verdict: ToolVerdict,
    about: JsonObject,
) -> ToolResult:
    """From the tool's turn on: reading tools run side by side, the others of a plugin one at a time."""
    slots = route.plugin.slots
    takes_turns = subject.tier != "read"
    if takes_turns and not await slots.take(workspace.runtime.reactor, caller.until):
        told = "earlier calls of the plugin's tools took all the time that the agent gave"
        late = lost(
            Status.BUSY, told, plugin=subject.owner, tool=subject.public, elapsed_ms=0.0
        )
        return _ended(workspace, late, verdict)
    try:
        # Hooks and turns take their time: what was denied meanwhile does not run.
        refused = denied_now(workspace, subject, params, caller.session_id, typed=caller.typed)
        if refused is not None:
            return _ended(workspace, _denied(refused), refused)
        result = await run_in_worker(
            workspace,
            route.plugin,
            TOOL,
            {
                "name": route.spec.name,
                "params": params,
                "ctx": {"session_id": caller.session_id},
            },
            session_id=caller.session_id,
            tool=subject.public,
            until=caller.until,
            lineage=caller.lineage,
            on_update=caller.on_update,
        )
    finally:
        if takes_turns:
            slots.give()
    result = _checked(route, result)
    return _ended(workspace, await _after(workspace, result, params, about, caller), verdict)


def _checked(route: ToolRoute, result: ToolResult) -> ToolResult:
    """*result*, unless the tool says what it returns and this is not it."""
    schema = route.spec.output_schema
    if schema is None or not result.ok:
        return result
    try:
        problem = schema_problem(schema, result.output)
    except ToolError:
        problem = "its output schema is not a usable JSON Schema"
    if problem is None:
        return result
    return failure(
        "failed",
        "E_RESULT",
        f"output of {route.spec.name}: {problem}",
        plugin=result.plugin,
        tool=result.tool,
        elapsed_ms=result.elapsed_ms,
    )


async def _after(
    workspace: "Workspace",
    result: ToolResult,
    params: JsonObject,
    about: JsonObject,
    caller: Caller,
) -> ToolResult:
    """Tell the plugins how it ended; they may change what the agent is shown."""
    payload: JsonObject = {
        **about,
        "tool_input": params,
        "duration_ms": round(result.elapsed_ms, 3),
    }
    if not result.ok:
        payload["error"] = result.error
        await _event(workspace, PluginEvent.POST_TOOL_USE_FAILURE, payload, caller)
        return result
    payload["tool_output"] = list(result.content) if result.content else result.output
    payload["success"] = True
    outcome = await _event(workspace, PluginEvent.POST_TOOL_USE, payload, caller)
    if "modified_output" in outcome.output:
        return with_output(result, outcome.output["modified_output"])
    return result


def _ended(
    workspace: "Workspace", result: ToolResult, verdict: ToolVerdict, kind: Kind = Kind.TOOL
) -> ToolResult:
    data = verdict_data(verdict)
    data["status"] = result.status
    data["duration_ms"] = round(result.elapsed_ms, 3)
    code, detail = result.code or "ok", result.error or verdict.tool
    if code == "E_DENIED":
        code = verdict.code
    elif code == E_SWITCH:
        kind, detail = Kind.REFUSED, f"{verdict.tool} denied: {verdict.reason}"
    workspace.runtime.audit.record(kind, verdict.plugin, code, detail, data=data)
    return result
