"""From what plugins answered to what the agent is told.

Promises    Pure: no I/O, no clock, arguments are not modified. Nothing that a worker sent makes these
            functions raise. An output without its right counts as not given and is reported. One
            more block or denial never makes an outcome less strict, and the action does not
            depend on the order of plugins.
Relies on   The shape that the bootstrap of a worker makes of a handler's result. It is checked here
            again: a worker is not ours.
Elsewhere   Which rights a plugin has: the registry. What a right is needed for: ``events.py``.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from host.events import FIELD_RIGHT, OUTPUTS, REWRITES, VETO_ACTION, PluginEvent, Right
from host.outcome import Action, Conflict, Json, JsonObject, Outcome, PluginResult, Status
from host.rewrite import Patch, pointer

MAX_REASON_CHARS: Final = 8192
"""Reasons, messages and errors are cut there; a block with a long reason is still a block."""
MAX_ADDITIONS: Final = 256
"""Prompt lines of one answer."""
MAX_FAULTS: Final = 4
"""What is wrong with one result, as far as it is told."""
MAX_POINTER_CHARS: Final = 512
"""The path of a conflict; keys are a plugin's choice."""

STRICTNESS: Final[dict[Action, int]] = {
    "continue": 0,
    "allow": 1,
    "ask": 2,
    "block": 3,
    "deny": 3,
}

_DECIDES: Final = frozenset({PluginEvent.PRE_TOOL_USE, PluginEvent.PERMISSION_REQUEST})
"""Events where allow and ask mean something."""

_REPLACES: Final[dict[PluginEvent, dict[str, str]]] = REWRITES | {
    PluginEvent.AGENT_START: {"system_prompt": "system_prompt"},
    PluginEvent.STOP: {"reason": "reason"},
}
"""Output fields that are compared with an input field; the rest adds something."""


class Checked(msgspec.Struct, frozen=True):
    """An answer of a worker after validation: fit for :class:`PluginAnswer`, field by field."""

    action: Action
    output: JsonObject
    error: str | None
    status: Status = Status.ANSWERED


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


def validate(event: PluginEvent, raw: Json) -> Checked:
    """Check what a worker sent as the result of *event*; never raises.

    Expects ``{"action"?, "output"?, "error"?, "stack"?, "reason"?}``. What is not of that shape has the status
    ``failed`` and says why, but a block, denial or "ask" that was clearly expressed is kept next to the
    error: a guard with a typing mistake is still a guard. The action comes back in the word of the event (``deny``
    for PermissionRequest, else ``block``), and its text under the event's own field.
    """
    return _Reader(event).read(raw)


def validate_text(event: PluginEvent, text: str) -> Checked:
    """Decode the JSON *text* that a worker sent as a result, and :func:`validate` it.

    Text that is no JSON is a failed answer, never a "continue".
    """
    try:
        raw: Json = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        # msgspec refuses escaped lone surrogates, which JavaScript strings may hold: a guard that
        # quotes such a command in its reason must not lose its block.
        try:
            raw = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return Checked("continue", {}, "the result is not JSON", Status.FAILED)
    return validate(event, raw)


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


class _InvalidError(Exception):
    """What a worker sent is not a result; the message says what and where."""


class _Reader:
    """Reads one raw result. A class so that a veto found before a fault is not forgotten."""

    def __init__(self, event: PluginEvent) -> None:
        self.event = event
        self.action: Action = "continue"
        self.reason = ""
        self.output: JsonObject = {}
        self.remarks: list[str] = []
        self.faults: list[str] = []

    def read(self, raw: Json) -> Checked:
        if isinstance(raw, dict):
            self._read_result(raw)
        elif raw is not None:
            self._fault(f"a result must be an object, not {_kind(raw)}")
        if self.faults and self.action not in ("block", "deny", "ask"):
            return Checked("continue", {}, _cut("; ".join(self.faults)), Status.FAILED)
        errors = self.remarks + self.faults
        output = {} if self.faults else self.output
        return Checked(
            self.action,
            output | self._own_fields(),
            _cut("; ".join(errors)) if errors else None,
        )

    @property
    def _vetoes(self) -> bool:
        return self.action in ("block", "deny")

    def _fault(self, what: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(what)

    def _read_result(self, raw: JsonObject) -> None:
        # Everything is read, also behind something wrong: a veto may stand there.
        word, fields, reason = raw.get("action"), raw.get("output"), raw.get("reason")
        if isinstance(reason, str):
            self.reason = reason
        elif reason is not None:
            self._fault(f"reason must be text, not {_kind(reason)}")
        self._read_action(word, fields)
        if isinstance(fields, dict):
            for name, value in fields.items():
                try:
                    self._read_field(name, value)
                except _InvalidError as error:
                    self._fault(str(error))
        elif fields is not None and not (self._vetoes and isinstance(fields, str)):
            self._fault(f"output must be an object, not {_kind(fields)}")
        self._read_error(word, raw.get("error"), raw.get("stack"))
        for name in raw:
            if name not in ("action", "output", "error", "reason", "stack"):
                self._fault(f"unknown key {_quoted(name)} in a result")

    def _read_action(self, word: Json, fields: Json) -> None:
        match word:
            case None | "continue" | "error":
                pass
            case "block" | "deny":
                if self.event in VETO_ACTION:
                    self._raise_to("deny", fields if isinstance(fields, str) else "")
                else:
                    self._remark(word)
            case "ask" | "allow" if self.event in _DECIDES:
                self._raise_to("ask" if word == "ask" else "allow", "")
            case "allow":
                pass  # nothing is decided here, so this is a "continue"
            case "ask":
                self._remark(word)
            case str():
                known = "continue, block, allow, deny, ask, error"
                self._fault(f"unknown action {_quoted(word)}; one of {known}")
            case _:
                self._fault(f"action must be text, not {_kind(word)}")

    def _read_error(self, word: Json, error: Json, stack: Json) -> None:
        if isinstance(stack, str) and stack and isinstance(error, str):
            error = f"{error}\n{stack.rstrip()}"
        elif stack is not None and not isinstance(stack, str):
            self._fault(f"stack must be text, not {_kind(stack)}")
        if word == "error":
            said = isinstance(error, str) and error
            self._fault(said or "the handler reported an error")
        elif isinstance(error, str):
            if error:
                self.remarks.insert(0, error)
        elif error is not None:
            self._fault(f"error must be text, not {_kind(error)}")

    def _read_field(self, name: str, value: Json) -> None:
        if name not in OUTPUTS[self.event]:
            allowed = ", ".join(OUTPUTS[self.event]) or "none"
            raise _InvalidError(
                f"{self.event.wire_name} has no output field {_quoted(name)} (it has: {allowed})"
            )
        if value is None and name != "modified_output":
            return  # null stands for "not given"; only a tool's output may really be null
        match name:
            case "block" | "prevent":
                if not isinstance(value, (str, bool)):
                    raise _wrong(name, "text or true", value)
                if value is not False:
                    self._raise_to("deny", value if isinstance(value, str) else "")
            case "suppress":
                if not isinstance(value, bool):
                    raise _wrong(name, "true or false", value)
                if value:
                    self.output[name] = True
            case "decision":
                if value not in ("allow", "deny", "ask") or not isinstance(value, str):
                    raise _wrong(name, "allow, deny or ask", value)
                self._raise_to(
                    "deny" if value == "deny" else "ask" if value == "ask" else "allow", ""
                )
            case "message" | "reason":
                if not isinstance(value, str):
                    raise _wrong(name, "text", value)
                self.output[name] = _cut(value)
            case "additional_system_prompt":
                self.output[name] = _lines(name, value)
            case "messages":
                if not isinstance(value, list):
                    raise _wrong(name, "an array", value)
                self.output[name] = value
            case "modified_input":
                if not isinstance(value, dict):
                    raise _wrong(name, "an object", value)
                self.output[name] = value
            case "modified_output":
                self.output[name] = value
            case _:  # prompts and messages that replace one, or instructions
                if not isinstance(value, str):
                    raise _wrong(name, "text", value)
                self.output[name] = value

    def _raise_to(self, action: Action, text: str) -> None:
        """Take the stricter of the decisions in one result."""
        if action == "deny":
            action = "deny" if self.event is PluginEvent.PERMISSION_REQUEST else "block"
        if STRICTNESS[action] > STRICTNESS[self.action]:
            self.action = action
        if text and not self.reason:
            self.reason = text

    def _remark(self, word: str) -> None:
        self.remarks.append(f"{self.event.wire_name} does not know {word}: ignored")

    def _own_fields(self) -> JsonObject:
        """Say the decision once more in the output field that the event has for it."""
        reason = _cut(self.reason)
        if self.event is PluginEvent.PERMISSION_REQUEST and self.action != "continue":
            text = self.output.get("message") or reason
            return {"decision": self.action} | ({"message": text} if text else {})
        if not self._vetoes:
            return {}
        name = "prevent" if self.event is PluginEvent.PRE_COMPACT else "block"
        return {name: reason or True}


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


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
        if name in ("decision", "block", "prevent"):
            continue  # said by the action, and added again below if that counts
        needs = FIELD_RIGHT.get(name, "rewrite")
        if needs in rights:
            output[name] = value
        else:
            missing.append((name, needs))
    if action != "continue":
        needs = "decide" if action == "allow" else "veto"
        own = next((n for n in ("decision", "block", "prevent") if n in answer.output), None)
        if needs not in rights:
            missing.append((own or "action", needs))
            action = "continue"
            output.pop("message", None)  # it explains a decision that does not count
        elif own is not None:
            output[own] = answer.output[own]
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
                    reason = _cut(f"{reason}: {answer.error}")
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
    return {"prevent": True} if event is PluginEvent.PRE_COMPACT else {"block": reason}


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
                Conflict(name, _cut(pointer(c.path), MAX_POINTER_CHARS), c.winner, c.loser)
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


def _lines(name: str, value: Json) -> list[Json]:
    lines: Json = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise _wrong(name, "text or an array of texts", value)
    if len(lines) > MAX_ADDITIONS:
        raise _InvalidError(
            f"output.{name} has {len(lines)} entries, more than {MAX_ADDITIONS}"
        )
    return lines


def _wrong(name: str, expected: str, value: Json) -> _InvalidError:
    return _InvalidError(f"output.{name} must be {expected}, not {_kind(value)}")


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return _quoted(value) if len(value) <= 32 else "a text"
        case list():
            return "an array"
        case dict():
            return "an object"


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= 64 else text[:64] + "...")


def _cut(text: str, limit: int = MAX_REASON_CHARS) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
