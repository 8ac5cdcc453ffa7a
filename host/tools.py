"""A tool call, step by step: look up, schema, PreToolUse, slot, execute, PostToolUse, audit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from host.answers import error_text
from host.audit import E_SWITCH, Kind
from host.calls import Call
from host.dispatch import dispatch
from host.encode import NotEncodableError, encode_json
from host.errors import ToolError
from host.events import PluginEvent
from host.outcome import Json, JsonObject, Outcome, Status
from host.plugin import Plugin
from host.reactor import now_s
from host.snapshot import ToolRoute
from host.switching import named
from host.waits import Wait
from ipc.messages import COMMAND, TOOL

if TYPE_CHECKING:
    from collections.abc import Callable

    from host.workspace import Workspace

TOOL_BUDGET_S: Final = 60.0
"""How long a tool or a command may take."""

PREFIXES: Final = ("plugin_", "plugin:")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a tool call ended.

    ``ok`` false: ``error`` says why, and ``status`` whether it was refused (``blocked``), failed, or was lost.
    ``content`` holds content blocks as agents take them; ``output`` the plugin's value.
    """

    ok: bool
    output: Json = None
    content: tuple[JsonObject, ...] = ()
    title: str | None = None
    metadata: Json = None
    images: tuple[Json, ...] = ()
    details: Json = None
    error: str | None = None
    code: str | None = None
    status: str = "answered"
    plugin: str = ""
    tool: str = ""
    elapsed_ms: float = 0.0

    def to_json(self) -> JsonObject:
        """The object that ``call --json`` prints."""
        return {
            "ok": self.ok,
            "tool": self.tool,
            "plugin": self.plugin,
            "output": self.output,
            "content": list(self.content),
            "title": self.title,
            "metadata": self.metadata,
            "images": list(self.images),
            "details": self.details,
            "error": self.error,
            "code": self.code,
            "status": self.status,
            "elapsed_ms": round(self.elapsed_ms, 3),
        }


def find_tool(tools: "Callable[[str], ToolRoute | None]", name: str) -> ToolRoute | None:
    """Return the tool an agent means by ``plugin_<name>``, ``plugin:<name>`` or the bare name."""
    for prefix in PREFIXES:
        if name.startswith(prefix):
            route = tools(name[len(prefix) :])
            if route is not None:
                return route
    return tools(name)


def _refuse_references(uri: str) -> Json:
    raise ValueError(f"a tool's schema may not refer to {uri}")


def schema_problem(schema: JsonObject, value: Json) -> str | None:
    """Return what is wrong with *value* in one line, or None. A schema that is none is an error of its own."""
    import jsonschema_rs  # 60 ms, and only tool calls need it

    try:
        validator = jsonschema_rs.validator_for(schema, retriever=_refuse_references)
        problem = next(iter(validator.iter_errors(value)), None)
    except (ValueError, TypeError) as error:
        raise ToolError(
            "E_SCHEMA", f"its parameters are not a usable JSON Schema: {error}"
        ) from None
    if problem is None:
        return None
    where = "/".join(str(part) for part in problem.instance_path)
    return f"{where}: {problem.message}" if where else str(problem.message)


async def call_tool(
    workspace: "Workspace", name: str, params: JsonObject, session_id: str
) -> ToolResult:
    """Run the whole pipeline. Raises :class:`ToolError` for a call that cannot be made."""
    began = now_s()
    workspace.runtime.look_if_due()
    route = find_tool(workspace.snapshot.tools.get, name)
    if route is None:
        raise ToolError("E_NO_TOOL", workspace.unknown_tool(name))
    tool, plugin = route.spec, route.plugin
    public = f"plugin_{tool.name}"
    if (denied := _denied(workspace, plugin.name, public, began)) is not None:
        return denied
    _validate(route, params)
    before: JsonObject = {"tool_name": public, "tool_input": params, "session_id": session_id}
    outcome = await _event(workspace, PluginEvent.PRE_TOOL_USE, before)
    if outcome.blocked:
        return _ended(
            workspace,
            ToolResult(
                False,
                error=outcome.reason,
                code="E_BLOCKED",
                status="blocked",
                plugin=plugin.name,
                tool=public,
                elapsed_ms=(now_s() - began) * 1000,
            ),
        )
    rewritten = outcome.output.get("modified_input")
    if isinstance(rewritten, dict):
        params = rewritten
        _validate(route, params)
    # Again: a switch may have been set while hooks had the floor.
    if (denied := _denied(workspace, plugin.name, public, began)) is not None:
        return denied
    result = await _execute(workspace, route, params, session_id, began)
    after: JsonObject = {
        "tool_name": public,
        "tool_input": params,
        "duration_ms": round(result.elapsed_ms, 3),
        "session_id": session_id,
    }
    if result.ok:
        shown: Json = list(result.content) if result.content else result.output
        ended = await _event(
            workspace,
            PluginEvent.POST_TOOL_USE,
            {**after, "tool_output": shown, "success": True},
        )
        if "modified_output" in ended.output:
            result = _with_output(result, ended.output["modified_output"])
    else:
        await _event(
            workspace, PluginEvent.POST_TOOL_USE_FAILURE, {**after, "error": result.error}
        )
    return _ended(workspace, result)


def _denied(workspace: "Workspace", plugin: str, tool: str, began: float) -> ToolResult | None:
    """The refusal of a call by the switch that denies everything, if it is on."""
    source = workspace.runtime.switches.force_deny
    if source is None:
        return None
    switch = named(source)
    workspace.runtime.audit.record(
        Kind.REFUSED, plugin=plugin, code=E_SWITCH, detail=f"{tool} denied: {switch}"
    )
    return ToolResult(
        False, error=f"{switch} denies whatever plugins offer or ask for", code=E_SWITCH,
        status="blocked", plugin=plugin, tool=tool, elapsed_ms=(now_s() - began) * 1000,
    )  # fmt: skip


def _validate(route: ToolRoute, params: JsonObject) -> None:
    if not isinstance(params, dict):
        raise ToolError("E_INVALID", f"input of {route.spec.name} must be an object")
    if route.spec.parameters is not None:
        problem = schema_problem(route.spec.parameters, params)
        if problem is not None:
            raise ToolError("E_INVALID", f"input of {route.spec.name}: {problem}")


async def _event(workspace: "Workspace", event: PluginEvent, payload: JsonObject) -> Outcome:
    outcome = dispatch(workspace, event, payload)
    return outcome if isinstance(outcome, Outcome) else await outcome


async def _execute(
    workspace: "Workspace", route: ToolRoute, params: JsonObject, session_id: str, began: float
) -> ToolResult:
    tool, plugin = route.spec, route.plugin
    request = {"name": tool.name, "params": params, "ctx": {"session_id": session_id}}
    exclusive = tool.tier != "read"
    if exclusive:
        await plugin.slots.take()
    try:
        status, text = await request_worker(
            workspace, plugin, TOOL, request, session_id, TOOL_BUDGET_S
        )
    finally:
        if exclusive:
            plugin.slots.give()
    elapsed_ms = (now_s() - began) * 1000
    public = f"plugin_{tool.name}"
    if status is not Status.ANSWERED:
        error = plugin.locate(error_text(text)) if text else status.value
        return ToolResult(
            False,
            error=error,
            code=f"E_{status.value.upper()}",
            status=status.value,
            plugin=plugin.name,
            tool=public,
            elapsed_ms=elapsed_ms,
        )
    return _read_result(text, plugin.name, public, elapsed_ms)


def _read_result(text: str, plugin: str, tool: str, elapsed_ms: float) -> ToolResult:
    try:
        raw: object = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError, ValueError):
        raw = None
    if not isinstance(raw, dict):
        return ToolResult(
            False, error="the worker's answer is not a result", code="E_RESULT", status="failed",
            plugin=plugin, tool=tool, elapsed_ms=elapsed_ms,
        )  # fmt: skip
    content, images, title = raw.get("content"), raw.get("images"), raw.get("title")
    blocks = (
        tuple(b for b in content if isinstance(b, dict)) if isinstance(content, list) else ()
    )
    output = raw.get("output")
    if output is None and blocks:
        output = "\n".join(str(b["text"]) for b in blocks if isinstance(b.get("text"), str))
    is_error = raw.get("is_error") is True
    return ToolResult(
        not is_error,
        output=output,
        content=blocks,
        title=title if isinstance(title, str) else None,
        metadata=raw.get("metadata"),
        images=tuple(images) if isinstance(images, list) else (),
        details=raw.get("details"),
        error=(output if isinstance(output, str) and output else "the tool failed")
        if is_error
        else None,
        code="E_TOOL" if is_error else None,
        status="failed" if is_error else "answered",
        plugin=plugin,
        tool=tool,
        elapsed_ms=elapsed_ms,
    )


def _with_output(result: ToolResult, output: Json) -> ToolResult:
    blocks = (
        tuple(b for b in output if isinstance(b, dict))
        if isinstance(output, list) and result.content
        else ()
    )
    return ToolResult(
        result.ok,
        output=output if not blocks else "\n".join(str(b.get("text", "")) for b in blocks),
        content=blocks,
        title=result.title,
        metadata=result.metadata,
        images=result.images,
        details=result.details,
        plugin=result.plugin,
        tool=result.tool,
        elapsed_ms=result.elapsed_ms,
    )


def _ended(workspace: "Workspace", result: ToolResult) -> ToolResult:
    workspace.runtime.audit.record(
        Kind.TOOL,
        plugin=result.plugin,
        code=result.code or "ok",
        detail=result.error or result.tool,
        data={
            "tool": result.tool,
            "status": result.status,
            "elapsed_ms": round(result.elapsed_ms, 3),
        },
    )
    return result


async def request_worker(
    workspace: "Workspace",
    plugin: Plugin,
    kind: int,
    request: object,
    session_id: str,
    budget_s: float,
) -> tuple[Status, str]:
    """Send TOOL or COMMAND to the instance of *session_id* and wait for its answer or the deadline."""
    try:
        text = encode_json(request).decode()
    except NotEncodableError as error:
        return Status.FAILED, f"E_UNDELIVERED: {error}"
    if len(text) > workspace.config.limits.payload_in_bytes:
        return Status.FAILED, f"E_UNDELIVERED: {len(text)} bytes exceed the limit"
    done: Wait[tuple[Status, str]] = Wait()
    runtime = workspace.runtime
    call = Call(
        [kind, runtime.ids.next(), int(budget_s * 1000), text],
        budget_s=budget_s,
        started=now_s(),
        on_done=lambda _, status, answer: done.set((status, answer)),
    )
    timer = runtime.reactor.at(now_s() + budget_s, call.give_up)
    plugin.instance_for(session_id).submit(call)
    try:
        return await done
    finally:
        timer.cancel()
        if not done.is_done:
            call.give_up()  # its caller went away: the worker is told


async def run_command(
    workspace: "Workspace", name: str, args: str, session_id: str
) -> ToolResult:
    """Run a registered command; the same shape of answer as a tool's."""
    began = now_s()
    workspace.runtime.look_if_due()
    route = workspace.snapshot.commands.get(name.removeprefix("/"))
    if route is None:
        known = ", ".join(sorted(workspace.snapshot.commands)) or "none"
        raise ToolError("E_NO_COMMAND", f"there is no command {name!r}; registered: {known}")
    plugin = route.plugin
    if (denied := _denied(workspace, plugin.name, name, began)) is not None:
        return denied
    request = {"name": route.spec.name, "args": args, "ctx": {"session_id": session_id}}
    status, text = await request_worker(
        workspace, plugin, COMMAND, request, session_id, TOOL_BUDGET_S
    )
    elapsed_ms = (now_s() - began) * 1000
    workspace.runtime.audit.record(
        Kind.COMMAND,
        plugin=plugin.name,
        code=status.value,
        data={"command": route.spec.name, "duration_ms": round(elapsed_ms, 3)},
    )
    if status is not Status.ANSWERED:
        error = plugin.locate(error_text(text)) if text else status.value
        return ToolResult(
            False, error=error, code=f"E_{status.value.upper()}", status=status.value,
            plugin=plugin.name, tool=name, elapsed_ms=elapsed_ms,
        )  # fmt: skip
    return _read_result(text, plugin.name, name, elapsed_ms)
