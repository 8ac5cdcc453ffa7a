"""Outcomes that stop an event, and what an operator finds about a dispatch in the audit."""

from typing import TYPE_CHECKING, Final

from host.audit import E_SWITCH, Kind
from host.events import VETO_ACTION, PluginEvent
from host.merge import Merged, veto_fields
from host.outcome import Outcome, PluginResult, Status
from host.snapshot import Route, Snapshot
from host.switching import named

if TYPE_CHECKING:
    from host.workspace import Workspace

GUARDED: Final = (PluginEvent.PRE_TOOL_USE, PluginEvent.PERMISSION_REQUEST)
"""Events that are stopped when a guard cannot be shown them whole, even when failing open."""

_KIND_OF: Final[dict[Status, Kind]] = {
    Status.FAILED: Kind.FAILED,
    Status.TIMED_OUT: Kind.TIMEOUT,
    Status.BUSY: Kind.BUSY,
}


def report(workspace: "Workspace", event: PluginEvent, merged: Merged) -> None:
    """Write to the audit what an operator has to be able to find again."""
    audit = workspace.runtime.audit
    for answer in merged.outcome.results:
        kind = _KIND_OF.get(answer.status)
        if kind is not None or (answer.error is not None and answer.status is Status.ANSWERED):
            audit.record(
                kind or Kind.FAILED,
                plugin=answer.plugin,
                code=answer.status.value,
                detail=answer.error or "",
                event=event,
            )
        elif not answer.output and answer.action == "continue":
            workspace.continues += 1
    for dropped in merged.dropped:
        audit.record(
            Kind.DROPPED_OUTPUT,
            plugin=dropped.plugin,
            code="E_RIGHT",
            detail=f"{dropped.field} needs the right {dropped.needs}",
            event=event,
        )
    for conflict in merged.outcome.conflicts:
        audit.record(
            Kind.CONFLICT,
            plugin=conflict.loser,
            code="conflict",
            detail=f"{conflict.field}{conflict.path} was changed by {conflict.winner} as well",
            event=event,
        )
    if merged.outcome.blocked:
        audit.record(
            Kind.VETO,
            plugin=merged.outcome.blocked_by or "",
            code=merged.outcome.action,
            detail=merged.outcome.reason or "",
            event=event,
        )


def stopped(
    outcome: Outcome, by: str, reason: str, *, extra: tuple[PluginResult, ...] = ()
) -> Outcome:
    """*outcome* turned into a refusal; what it would have changed is dropped with it."""
    word = VETO_ACTION.get(outcome.event, "block")
    return Outcome(
        outcome.event,
        "deny" if word == "deny" else "block",
        veto_fields(outcome.event, reason),
        by,
        reason,
        (*outcome.results, *extra),
        outcome.conflicts,
        outcome.generation,
        outcome.elapsed_ms,
    )


def switched_off(workspace: "Workspace", event: PluginEvent, snapshot: Snapshot) -> Outcome:
    """The denial of an event that plugins would be asked about, were they not denied everything."""
    source = snapshot.switches.force_deny
    switch = named(source) if source is not None else "a switch"
    workspace.runtime.audit.record(
        Kind.REFUSED, plugin="", code=E_SWITCH, detail=f"denied: {switch}", event=event
    )
    reason = f"{switch} denies whatever plugins are asked about"
    return stopped(Outcome(event, generation=snapshot.generation), switch, reason)


def undelivered(
    workspace: "Workspace",
    event: PluginEvent,
    snapshot: Snapshot,
    routes: tuple[Route, ...],
    why: str,
) -> Outcome:
    results = tuple(
        PluginResult(route.name, Status.FAILED, error=f"E_UNDELIVERED: {why}")
        for route in routes
    )
    for route in routes:
        workspace.runtime.audit.record(
            Kind.FAILED, plugin=route.name, code="E_UNDELIVERED", detail=why, event=event
        )
    outcome = Outcome(event, results=results, generation=snapshot.generation)
    guards = [route for route in routes if "veto" in route.rights]
    if guards and (event in GUARDED or (workspace.config.fail_closed and event in VETO_ACTION)):
        return stopped(
            outcome, guards[0].name, f"{guards[0].name} could not be shown it: {why}"
        )
    return outcome
