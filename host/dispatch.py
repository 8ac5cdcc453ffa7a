"""One event, start to outcome: snapshot, fan-out, merge, the second look after a rewrite.

Promises    The snapshot is read once. Nothing is encoded for an event that nobody subscribed to. The result
            never raises for what a plugin did.
Elsewhere   What the answers mean together: ``merge.py``. Who gets the event: ``snapshot.py``.
"""

from typing import TYPE_CHECKING, Final

from host.answers import read_answer
from host.audit import Kind
from host.calls import Call
from host.encode import NotEncodableError, encode_payload
from host.events import ENDS_SESSION, IS_INFO, OUTPUTS, PluginEvent
from host.fanout import Answer, FanOut
from host.holding import held, hold, let_go
from host.lineage import Lineage
from host.merge import Merged, merge, rewritten
from host.outcome import JsonObject, Outcome, PluginResult, Status
from host.reactor import now_s
from host.refusals import GUARDED, report, stopped, switched_off, undelivered
from host.rewrite import Patch
from host.snapshot import Route, Snapshot
from host.waits import Wait, start
from ipc.codec import event_frame, result_frame
from ipc.messages import EVENT, FLAG_ENTRY_ENDED, STATUS_CONTINUE

if TYPE_CHECKING:
    from host.workspace import Workspace

_SECOND_LOOK_S: Final = 0.5
"""The least that a guard has for a rewritten input."""


def dispatch(
    workspace: "Workspace", event: PluginEvent, payload: JsonObject
) -> Outcome | Wait[Outcome]:
    """Send *event* to whoever subscribed; the outcome at once when nobody did."""
    snapshot = workspace.snapshot  # read once: routes and rights must share a generation
    runtime = workspace.runtime
    if not snapshot.bitmap >> event & 1:
        if now_s() >= runtime.look_at and runtime.look_at_switches():
            return dispatch(workspace, event, payload)  # by what holds now
        return Outcome(event, generation=snapshot.generation)
    began = now_s()
    if began >= runtime.look_at and runtime.look_at_switches():
        return dispatch(workspace, event, payload)
    routes = snapshot.routes[event]
    if not routes:
        return switched_off(workspace, event, snapshot)
    if ENDS_SESSION >> event & 1:
        session_id = _session_of(payload)
        routes = tuple(route for route in routes if not route.plugin.has_ended(session_id))
        if not routes:
            return Outcome(event, generation=snapshot.generation)
    try:
        text = _encode(workspace, event, payload)
    except NotEncodableError as error:
        return undelivered(workspace, event, snapshot, routes, str(error))
    if len(routes) == 1:
        return _ask_one(workspace, event, payload, snapshot, routes, text, began)
    if workspace.config.dispatch == "chain" and OUTPUTS[event]:
        return start(_chain(workspace, event, payload, snapshot, routes, began))
    done: Wait[Outcome] = Wait()

    def on_all(answers: list[Answer | None], all_plain: bool) -> None:
        if all_plain:
            workspace.continues += len(answers)
            done.set(_plain(event, answers, snapshot.generation, began))
        else:
            heard = [answer for answer in answers if answer]
            _settle(workspace, event, payload, snapshot, heard, began, done)

    if event is PluginEvent.PRE_TOOL_USE:  # a second look is taken by whoever took the first
        hold(routes)
        done.when_done(lambda: let_go(routes))
    FanOut(
        runtime.deadlines,
        runtime.ids.next(),
        event,
        routes,
        text,
        _session_of(payload),
        on_all,
    )
    return done


def _ask_one(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    snapshot: Snapshot,
    routes: tuple[Route, ...],
    text: bytes,
    began: float,
) -> Outcome | Wait[Outcome]:
    """The usual case, one subscriber, with as little as possible around it."""
    route = routes[0]
    runtime = workspace.runtime
    id_ = runtime.ids.next()
    frame = event_frame(id_, route.frame_middle, text)
    plain = result_frame(id_, STATUS_CONTINUE, FLAG_ENTRY_ENDED, "")
    instance = route.plugin.instance_for(_session_of(payload))
    link = instance.quiet_link(began)
    data = link.exchange(frame, plain) if link is not None else None
    if data == plain:
        workspace.continues += 1
        elapsed_ms = (now_s() - began) * 1000
        return _nothing_to_add(event, route, snapshot, elapsed_ms)
    done: Wait[Outcome] = Wait()
    deadlines, budget_s = runtime.deadlines, route.timeout_s

    def on_done(call: Call, status: Status, answer: str) -> None:
        deadlines.remove(budget_s, call)
        elapsed_ms = (now_s() - began) * 1000
        if not answer and status is Status.ANSWERED:
            workspace.continues += 1
            done.set(_nothing_to_add(event, route, snapshot, elapsed_ms))
        else:
            heard = [Answer(route, status, answer, elapsed_ms)]
            _settle(workspace, event, payload, snapshot, heard, began, done)

    session_id = _session_of(payload)
    call = Call(
        [EVENT, id_], budget_s, began, on_done, 0, frame, plain, IS_INFO[event], session_id
    )
    deadlines.add(budget_s, call)
    if data is None or link is None:
        instance.submit(call)
    else:
        call.owner = instance
        link.adopt(call, data)
    return done


def _nothing_to_add(
    event: PluginEvent, route: Route, snapshot: Snapshot, elapsed_ms: float
) -> Outcome:
    result = PluginResult(route.name, Status.ANSWERED, "continue", {}, None, elapsed_ms)
    return Outcome(
        event, "continue", {}, None, None, (result,), (), snapshot.generation, elapsed_ms
    )


def _settle(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    snapshot: Snapshot,
    answers: list[Answer],
    began: float,
    done: Wait[Outcome],
) -> None:
    """Merge, report, and have a rewritten input looked at again."""
    routes = snapshot.routes[event]
    try:
        merged = _merge(workspace, event, payload, snapshot, answers, began)
        report(workspace, event, merged)
    except Exception as error:  # noqa: BLE001 - our bug must not take the agent's event with it
        done.fail(error)
        return
    if _needs_review(event, merged, routes):
        review = start(_review(workspace, event, payload, routes, merged, began))
        review.when_done(lambda: done.take(review))
    else:
        done.set(merged.outcome)


def _plain(
    event: PluginEvent, answers: list[Answer | None], generation: int, began: float
) -> Outcome:
    results = tuple(
        [
            PluginResult(a.route.name, Status.ANSWERED, elapsed_ms=a.elapsed_ms)
            for a in answers
            if a
        ]
    )
    return Outcome(
        event, results=results, generation=generation, elapsed_ms=(now_s() - began) * 1000
    )


def _encode(workspace: "Workspace", event: PluginEvent, payload: JsonObject) -> bytes:
    """Return *payload* as workers read it; raises NotEncodableError, also when that is over the limit."""
    try:
        text = encode_payload(event, payload)
    except NotEncodableError as error:
        raise NotEncodableError(f"it is not JSON: {error}") from None
    limit = workspace.config.limits.payload_in_bytes
    if len(text) > limit:
        raise NotEncodableError(f"{len(text)} bytes exceed the limit of {limit}")
    return text


def _session_of(payload: JsonObject) -> str:
    session_id = payload.get("session_id")
    return session_id if isinstance(session_id, str) else ""


def _ask(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    routes: tuple[Route, ...],
    until: float,
    lineage: Lineage | None = None,
) -> Wait[list[Answer]]:
    done: Wait[list[Answer]] = Wait()
    try:
        text = _encode(workspace, event, payload)
    except NotEncodableError as error:
        done.set(
            [Answer(route, Status.FAILED, f"E_UNDELIVERED: {error}", 0.0) for route in routes]
        )
        return done
    runtime = workspace.runtime

    def on_all(answers: list[Answer | None], _: bool) -> None:
        timer.cancel()
        done.set([answer for answer in answers if answer])

    # Through a name that is bound below: an answer may come from within the construction.
    timer = runtime.reactor.at(until, lambda: fan.give_up(runtime.reactor))
    fan = FanOut(
        runtime.deadlines,
        runtime.ids.next(),
        event,
        routes,
        text,
        _session_of(payload),
        on_all,
        lineage,
    )
    return done


def _merge(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    snapshot: Snapshot,
    answers: list[Answer],
    began: float,
    *,
    chained: bool = False,
) -> Merged:
    read = [read_answer(event, answer) for answer in answers]
    merged = merge(
        event,
        payload,
        read,
        fail_closed=workspace.config.fail_closed,
        generation=snapshot.generation,
        elapsed_ms=(now_s() - began) * 1000,
        chained=chained,
    )
    unseen = [a for a in read if a.error is not None and a.error.startswith("E_UNDELIVERED")]
    if event in GUARDED and not merged.outcome.blocked:
        for answer in unseen:
            if "veto" in answer.rights:
                outcome = stopped(
                    merged.outcome,
                    answer.plugin,
                    f"{answer.plugin} could not be shown it: {answer.error}",
                )
                return Merged(outcome, merged.dropped)
    return merged


def _needs_review(event: PluginEvent, merged: Merged, routes: tuple[Route, ...]) -> bool:
    return (
        event is PluginEvent.PRE_TOOL_USE
        and not merged.outcome.blocked
        and "modified_input" in merged.outcome.output
        and bool(_reviewers(merged, routes))
    )


def _reviewers(merged: Merged, routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Guards that have not seen the final input: all but one whose own rewrite is exactly that.

    Exactly as JavaScript sees it: to Python, true equals 1.
    """
    final = merged.outcome.output["modified_input"]
    authors = {
        result.plugin
        for result in merged.outcome.results
        if "modified_input" in result.output
        and Patch.between(final, result.output["modified_input"]).is_empty
    }
    return tuple(
        route for route in routes if "veto" in route.rights and route.name not in authors
    )


async def _review(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    routes: tuple[Route, ...],
    merged: Merged,
    began: float,
    lineage: Lineage | None = None,
) -> Outcome:
    """Show the rewritten input to every guard that has not seen it; only a block counts.

    A guard that does not answer here blocks, whatever the failure mode: the agent would otherwise run what
    nobody but the rewriter has seen. Where the first look took all the time, there is a little more: one
    plugin that hangs must not turn every rewrite into a refusal.
    """
    outcome = merged.outcome
    final = rewritten(event, payload, outcome.output)
    reviewers = _reviewers(merged, routes)
    until = max(began + max(route.timeout_s for route in routes), now_s() + _SECOND_LOOK_S)
    for answer in await _ask(workspace, event, final, reviewers, until, lineage):
        read = read_answer(event, answer)
        blocks = read.action in ("block", "deny") or "block" in read.output
        if blocks or read.status is not Status.ANSWERED:
            told = read.output.get("block")
            reason = (
                (told if isinstance(told, str) and told else f"blocked by {read.plugin}")
                if blocks
                else f"{read.plugin} did not look at the rewritten input: {read.status.value}"
            )
            workspace.runtime.audit.record(
                Kind.VETO, plugin=read.plugin, code="second_look", detail=reason, event=event
            )
            result = PluginResult(
                read.plugin, read.status, read.action, read.output, read.error, read.elapsed_ms
            )
            outcome = stopped(outcome, read.plugin, reason, extra=(result,))
            break
    return _with_elapsed(outcome, (now_s() - began) * 1000)


def _with_elapsed(outcome: Outcome, elapsed_ms: float) -> Outcome:
    return Outcome(
        outcome.event,
        outcome.action,
        outcome.output,
        outcome.blocked_by,
        outcome.reason,
        outcome.results,
        outcome.conflicts,
        outcome.generation,
        elapsed_ms,
    )


async def _chain(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    snapshot: Snapshot,
    routes: tuple[Route, ...],
    began: float,
    lineage: Lineage | None = None,
) -> Outcome:
    """One plugin after another, each seeing the last one's change; a block ends the chain.

    Each has its whole time from its turn on: whoever stands in front cannot use up a guard's.
    """
    current = payload
    answers: list[Answer] = []
    merged = Merged(Outcome(event, generation=snapshot.generation), ())
    with held(*routes):
        for route in routes:
            until = now_s() + route.timeout_s
            answers.extend(await _ask(workspace, event, current, (route,), until, lineage))
            merged = _merge(workspace, event, payload, snapshot, answers, began, chained=True)
            if merged.outcome.blocked:
                break
            current = rewritten(event, payload, merged.outcome.output)
        report(workspace, event, merged)
        if _needs_review(event, merged, routes):
            return await _review(workspace, event, payload, routes, merged, began, lineage)
    return merged.outcome


async def dispatch_to(
    workspace: "Workspace",
    event: PluginEvent,
    payload: JsonObject,
    snapshot: Snapshot,
    routes: tuple[Route, ...],
    lineage: Lineage,
) -> Outcome:
    """Send *event* to *routes*, which are some of the snapshot's, on behalf of the call that *lineage* is about."""
    began = now_s()
    if workspace.config.dispatch == "chain" and OUTPUTS[event]:
        return await _chain(workspace, event, payload, snapshot, routes, began, lineage)
    # Each has its own deadline; twice that is for one that has to wait its turn first.
    until = began + 2 * max(route.timeout_s for route in routes)
    until = min(until, lineage.parent_over_at)
    with held(*routes):
        answers = await _ask(workspace, event, payload, routes, until, lineage)
        merged = _merge(workspace, event, payload, snapshot, answers, began)
        report(workspace, event, merged)
        if _needs_review(event, merged, routes):
            return await _review(workspace, event, payload, routes, merged, began, lineage)
    return merged.outcome
