"""One TOOL or COMMAND to the instance of a session, and its answer or the deadline."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from host.answers import error_text
from host.calls import Call
from host.encode import NotEncodableError, encode_json
from host.lineage import Lineage
from host.outcome import Status
from host.plugin import Plugin
from host.reactor import now_s
from host.tool_result import ToolResult, ToolUpdate, lost, read_result
from host.waits import Wait

if TYPE_CHECKING:
    from host.workspace import Workspace


async def run_in_worker(
    workspace: "Workspace",
    plugin: Plugin,
    kind: int,
    request: object,
    *,
    session_id: str,
    tool: str,
    until: float | None,
    lineage: Lineage | None = None,
    on_update: "Callable[[ToolUpdate], None] | None" = None,
) -> ToolResult:
    """Send *request* and wait for its result: as long as the plugin may take, and at most *until* (``now_s``).

    With *lineage*, it has no longer than the call that it is made for.
    """
    began = now_s()
    budget_s = plugin.tool_budget_s
    if until is not None:
        budget_s = min(budget_s, until - began)
    if lineage is not None:
        budget_s = min(budget_s, lineage.parent_over_at - began)
    if budget_s <= 0:
        status, text = Status.TIMED_OUT, "the agent's time for this call was up before its turn"
    else:
        status, text = await _ask_worker(
            workspace, plugin, kind, request, session_id, budget_s, until, lineage, on_update
        )
    elapsed_ms = (now_s() - began) * 1000
    if status is Status.ANSWERED:
        return read_result(text, plugin=plugin.name, tool=tool, elapsed_ms=elapsed_ms)
    error = plugin.locate(error_text(text)) if text else ""
    return lost(status, error, plugin=plugin.name, tool=tool, elapsed_ms=elapsed_ms)


async def _ask_worker(
    workspace: "Workspace",
    plugin: Plugin,
    kind: int,
    request: object,
    session_id: str,
    budget_s: float,
    until: float | None,
    lineage: Lineage | None,
    on_update: "Callable[[ToolUpdate], None] | None",
) -> tuple[Status, str]:
    try:
        text = encode_json(request).decode()
    except NotEncodableError as error:
        return Status.FAILED, f"E_UNDELIVERED: {error}"
    if len(text) > workspace.config.limits.payload_in_bytes:
        return Status.FAILED, f"E_UNDELIVERED: {len(text)} bytes exceed the limit"
    done: Wait[tuple[Status, str]] = Wait()
    runtime = workspace.runtime
    call = Call(
        [kind, runtime.ids.next(), max(int(budget_s * 1000), 1), text],
        budget_s=budget_s,
        started=now_s(),
        on_done=lambda _, status, answer: done.set((status, answer)),
        session_id=session_id,
        agent_until=float("inf") if until is None else until,
        lineage=lineage,
        on_update=on_update,
    )
    reactor = runtime.reactor
    timers = [reactor.at(now_s() + budget_s, lambda: call.on_deadline(budget_s, reactor))]
    if until is not None:
        timers.append(reactor.at(until, call.give_up))
    plugin.instance_for(session_id).submit(call)
    try:
        return await done
    finally:
        for timer in timers:
            timer.cancel()
        if not done.is_done:
            call.give_up()  # its caller went away: the worker is told
