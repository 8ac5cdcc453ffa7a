"""A worker's result, judged again on this side before it means anything.

Promises    Pure, and raises for nothing that a worker can send: what is not a result has the status ``failed`` and
            says why. A block that was clearly expressed survives mistakes beside it.
Elsewhere   What checked results mean together: ``merge.py``.
"""

import json
from typing import Final

import msgspec

from host.events import OUTPUTS, VETO_ACTION, PluginEvent
from host.outcome import Action, Json, JsonObject, Status

MAX_REASON_CHARS: Final = 8192
"""Reasons, messages and errors are cut there; a block with a long reason is still a block."""
MAX_ADDITIONS: Final = 256
"""Prompt lines of one answer."""
MAX_FAULTS: Final = 4
"""What is wrong with one result, as far as it is told."""

STRICTNESS: Final[dict[Action, int]] = {
    "continue": 0,
    "allow": 1,
    "ask": 2,
    "block": 3,
    "deny": 3,
}

_DECIDES: Final = frozenset({PluginEvent.PRE_TOOL_USE, PluginEvent.PERMISSION_REQUEST})
"""Events where allow and ask mean something."""


class Checked(msgspec.Struct, frozen=True):
    """An answer of a worker after validation: fit for :class:`PluginAnswer`, field by field."""

    action: Action
    output: JsonObject
    error: str | None
    status: Status = Status.ANSWERED


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
            return Checked("continue", {}, cut("; ".join(self.faults)), Status.FAILED)
        errors = self.remarks + self.faults
        output = {} if self.faults else self.output
        return Checked(
            self.action,
            output | self._own_fields(),
            cut("; ".join(errors)) if errors else None,
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
            case "block" | "prevent" | "cancel":
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
                self.output[name] = cut(value)
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
        reason = cut(self.reason)
        if self.event is PluginEvent.PERMISSION_REQUEST and self.action != "continue":
            text = self.output.get("message") or reason
            return {"decision": self.action} | ({"message": text} if text else {})
        if not self._vetoes:
            return {}
        match VETO_ACTION[self.event]:
            case "cancel":
                return {"cancel": True} | ({"block": reason} if reason else {})
            case "prevent":
                return {"prevent": reason or True}
            case _:
                return {"block": reason or True}


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


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


def cut(text: str, limit: int = MAX_REASON_CHARS) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"


def _lines(name: str, value: Json) -> list[Json]:
    lines: Json = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise _wrong(name, "text or an array of texts", value)
    if len(lines) > MAX_ADDITIONS:
        raise _InvalidError(
            f"output.{name} has {len(lines)} entries, more than {MAX_ADDITIONS}"
        )
    return lines
