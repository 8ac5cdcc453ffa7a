"""From what plugins answered to what the agent is told.

Promises    Pure: no I/O, no clock, arguments are not modified. Nothing that a worker sent makes these
            functions raise. An output without its right counts as not given and is reported. One
            more block or denial never makes an outcome less strict, and the action does not
            depend on the order of plugins.
Relies on   The shape that the bootstrap of a worker makes of a handler's result. It is checked here
            again: a worker is not ours.
Elsewhere   Which rights a plugin has: the registry. What a right is needed for: ``events.py``.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from host.events import FIELD_RIGHT, OUTPUTS, REWRITES, VETO_ACTION, PluginEvent, Right
from host.outcome import Action, Conflict, Json, JsonObject, Outcome, PluginResult, Status
from host.rewrite import Patch, pointer
from host.validate import STRICTNESS, cut

MAX_POINTER_CHARS: Final = 512
"""The path of a conflict; keys are a plugin's choice."""


_REPLACES: Final[dict[PluginEvent, dict[str, str]]] = REWRITES | {
    PluginEvent.AGENT_START: {"system_prompt": "system_prompt"},
    PluginEvent.STOP: {"reason": "reason"},
}
"""Output fields that are compared with an input field; the rest adds something."""

_SAY_THE_ACTION: Final = ("decision", "cancel", "block", "prevent")
"""Output fields that only repeat the action."""


class PluginAnswer(msgspec.Struct, frozen=True):
    """One plugin's share of an event; *output* must come from :func:`validate`.

    *order* is the plugin's place in configuration and load order; *elapsed_ms* are milliseconds.
    """

    plugin: str
    order: int
    status: Status
    action: Action = "continue"
    output: JsonObject = msgspec.field(default_factory=dict)
    error: str | None = None
    elapsed_ms: float = 0.0
    rights: frozenset[Right] = frozenset()


class Dropped(msgspec.Struct, frozen=True):
    """An output that did not count, because *plugin* lacks the right *needs* for *field*."""

    plugin: str
    field: str
    needs: Right


class Merged(msgspec.Struct, frozen=True):
    """The outcome, and what has to go to the audit beside it."""

    outcome: Outcome
    dropped: tuple[Dropped, ...]


def merge(
    event: PluginEvent,
    payload: JsonObject,
    answers: Iterable[PluginAnswer],
    *,
    fail_closed: bool,
    generation: int,
    elapsed_ms: float,
    chained: bool = False,
) -> Merged:
    """Merge what plugins answered to *event* into one outcome.

    Modified fields are applied to the field of *payload* that they replace, as changed paths: two
    plugins may change different parts of one input. Where they disagree, the later in order wins,
    and the conflict is named. With *chained*, each answer was given to a payload that already held
    the changes of those before it, so there is nothing to disagree about.
    """
    in_order = sorted(answers, key=lambda answer: answer.order)
    dropped: list[Dropped] = []
    conflicts: list[Conflict] = []
    counted = in_order
    action: Action = "continue"
    blocker = reason = None
    output: JsonObject = {}
    if not all(map(_is_content, in_order)):
        counted = [_with_its_rights(event, answer, dropped) for answer in in_order]
        action, blocker, reason = _decide(event, counted, fail_closed)
        if blocker is None:
            output = _rewrites(event, payload, counted, conflicts, chained)
            output |= _additions(event, counted)
        output |= _verdict_fields(event, action, blocker, reason, counted)
    outcome = Outcome(
        event=event,
        action=action,
        output=output,
        blocked_by=blocker,
        reason=reason,
        results=tuple(
            PluginResult(
                answer.plugin,
                answer.status,
                answer.action,
                answer.output,
                answer.error,
                answer.elapsed_ms,
            )
            for answer in counted
        ),
        conflicts=tuple(conflicts),
        generation=generation,
        elapsed_ms=elapsed_ms,
    )
    return Merged(outcome, tuple(dropped))


def rewritten(event: PluginEvent, payload: JsonObject, output: JsonObject) -> JsonObject:
    """Return *payload* with the modified fields of a merged *output* in place of the originals."""
    replaced = {
        target: output[name]
        for name, target in _REPLACES.get(event, {}).items()
        if name in output
    }
    return {**payload, **replaced}


def _is_content(answer: PluginAnswer) -> bool:
    """Whether this is the plain continue that most answers are."""
    return (
        answer.status is Status.ANSWERED and answer.action == "continue" and not answer.output
    )


def _with_its_rights(
    event: PluginEvent, answer: PluginAnswer, dropped: list[Dropped]
) -> PluginAnswer:
    """Return *answer* without what the plugin has no right to say."""
    if answer.status is not Status.ANSWERED:
        return PluginAnswer(
            answer.plugin,
            answer.order,
            answer.status,
            error=answer.error,
            elapsed_ms=answer.elapsed_ms,
            rights=answer.rights,
        )
    rights = answer.rights
    action = answer.action
    output: JsonObject = {}
    missing: list[tuple[str, Right]] = []
    for name, value in answer.output.items():
        if name in _SAY_THE_ACTION:
            continue  # said by the action, and added again below if that counts
        needs = FIELD_RIGHT.get(name, "rewrite")
        if needs in rights:
            output[name] = value
        else:
            missing.append((name, needs))
    if action != "continue":
        needs = "decide" if action == "allow" else "veto"
        own = [name for name in _SAY_THE_ACTION if name in answer.output]
        if needs not in rights:
            missing.append((own[0] if own else "action", needs))
            action = "continue"
            output.pop("message", None)  # it explains a decision that does not count
        else:
            output |= {name: answer.output[name] for name in own}
    if not missing:
        return answer
    dropped.extend(Dropped(answer.plugin, name, needs) for name, needs in missing)
    return PluginAnswer(
        answer.plugin,
        answer.order,
        answer.status,
        action,
        output,
        answer.error,
        answer.elapsed_ms,
        rights,
    )


def _decide(
    event: PluginEvent, counted: Sequence[PluginAnswer], fail_closed: bool
) -> tuple[Action, str | None, str | None]:
    """Return the action, and for a veto whose it is and why."""
    stopping = VETO_ACTION.get(event)
    action: Action = "continue"
    for answer in counted:
        if answer.status is not Status.ANSWERED:
            if fail_closed and stopping is not None and "veto" in answer.rights:
                reason = f"{answer.plugin} did not answer ({answer.status.value}); fail_closed is set"
                if answer.error:
                    reason = cut(f"{reason}: {answer.error}")
                return ("deny" if stopping == "deny" else "block"), answer.plugin, reason
            continue
        if STRICTNESS[answer.action] >= STRICTNESS["block"]:
            word: Action = "deny" if stopping == "deny" else "block"
            return word, answer.plugin, _reason_of(answer)
        if STRICTNESS[answer.action] > STRICTNESS[action]:
            action = answer.action
    return action, None, None


def _reason_of(answer: PluginAnswer) -> str:
    for name in ("block", "prevent", "message"):
        text = answer.output.get(name)
        if isinstance(text, str) and text.strip():
            return text
    return f"{'denied' if answer.action == 'deny' else 'blocked'} by {answer.plugin}"


def _verdict_fields(
    event: PluginEvent,
    action: Action,
    blocker: str | None,
    reason: str | None,
    counted: Sequence[PluginAnswer],
) -> JsonObject:
    """Return the output fields that repeat the action in the event's own words."""
    if event is PluginEvent.PERMISSION_REQUEST:
        fields: JsonObject = {} if action == "continue" else {"decision": action}
        message: Json = reason
        if blocker is None:
            # Only those who decided what was decided explain it.
            messages = (a.output.get("message") for a in counted if a.action == action)
            message = next((text for text in messages if isinstance(text, str) and text), None)
        return fields if message is None else fields | {"message": message}
    if blocker is None:
        return {}
    return veto_fields(event, reason)


def veto_fields(event: PluginEvent, reason: str | None) -> JsonObject:
    """Return what an outcome that was stopped has as output: the veto in the words of *event*."""
    match VETO_ACTION.get(event):
        case "deny":
            return {"decision": "deny", "message": reason}
        case "prevent":
            return {"prevent": True}
        case "cancel":
            return {"cancel": True, "block": reason}
        case _:
            return {"block": reason}


def _rewrites(
    event: PluginEvent,
    payload: JsonObject,
    counted: Sequence[PluginAnswer],
    conflicts: list[Conflict],
    chained: bool,
) -> JsonObject:
    output: JsonObject = {}
    for name, target in _REPLACES.get(event, {}).items():
        given = [answer for answer in counted if name in answer.output]
        if not given:
            continue
        original = payload.get(target)
        if chained:
            value, changed = original, False
            for answer in given:
                step = Patch.between(value, answer.output[name])
                value, changed = step.apply(value), changed or not step.is_empty
            if changed:
                output[name] = value
            continue
        patch = Patch()
        for answer in given:
            own = Patch.between(original, answer.output[name], owner=answer.plugin)
            conflicts.extend(
                Conflict(name, cut(pointer(c.path), MAX_POINTER_CHARS), c.winner, c.loser)
                for c in patch.overlay(own)
            )
        if not patch.is_empty:
            output[name] = patch.apply(original)
    return output


def _additions(event: PluginEvent, counted: Sequence[PluginAnswer]) -> JsonObject:
    output: JsonObject = {}
    for name in ("additional_system_prompt", "messages"):
        parts: list[Json] = []
        for answer in counted:
            given = answer.output.get(name)
            if isinstance(given, list):
                parts += given
        if parts:
            output[name] = parts
    # Instructions for one summary: each plugin's are wanted, none replaces the other.
    texts = [answer.output.get("instructions") for answer in counted]
    instructions = [text for text in texts if isinstance(text, str) and text]
    if instructions:
        output["instructions"] = "\n\n".join(instructions)
    if any(answer.output.get("suppress") is True for answer in counted):
        output["suppress"] = True
    return {name: value for name, value in output.items() if name in OUTPUTS[event]}
