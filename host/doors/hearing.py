"""From what an agent hands to its hook to the events that plugins are told.

Promises    Pure. What an agent did not tell is left out of a payload, never invented. An agent's own fields stay beside
            ours, so that a plugin that knows the agent finds them. A derived event says ``derived_from``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from host.doors.mapping import DECIDES, EVENTS, Agent, Mapped
from host.errors import InputError
from host.events import PluginEvent as P
from host.outcome import Json, JsonObject

_JCODE_PREFIX: Final = "JCODE_HOOK_"
_MAX_NAME_CHARS: Final = 60


class HearingError(InputError):
    """What came in is not what this agent's hooks are given; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event for the plugins. ``decides``: the agent obeys the answer."""

    event: P
    payload: JsonObject
    decides: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """One call of a hook: by whom, the agent's own name for it, and what it means. May mean nothing."""

    agent: Agent
    name: str
    session_id: str
    told: tuple[Told, ...]
    fields: JsonObject

    @property
    def decides(self) -> bool:
        """Whether the agent waits for a decision."""
        return any(told.decides for told in self.told)


def hear(agent: str, given: Json, variables: Mapping[str, str]) -> Heard:
    """Understand one call of a hook of *agent*: the JSON of its standard input, None without any, and its
    ``JCODE_HOOK_`` variables.

    ``jcode`` is either of its two kinds of hooks. Raises :class:`HearingError`, and InputError for an unknown agent.
    """
    if agent == "jcode" and not variables.get(f"{_JCODE_PREFIX}EVENT"):
        agent = "jcode-v2"
    if agent not in EVENTS:
        raise InputError(f"no agent called {agent!r}; known are {', '.join(EVENTS)}")
    known: Agent = agent  # type: ignore[assignment]  # it is one of the keys
    fields = _jcode_fields(given, variables) if known == "jcode" else _object(given)
    if known == "opencode":
        fields = _opencode_fields(fields)
    name = _text(fields, "hook_event_name", "type")
    if not name:
        raise HearingError("there is no hook_event_name in it")
    found = EVENTS[known].get(name, ())
    if known == "gemini" and name == "AfterTool":
        fields["outcome"] = "error" if _gemini_error(fields) else "success"
    told = []
    for one in found:
        if _holds(one, fields):
            payload = {**fields, **_PAYLOADS[one.event](fields)}
            if one.is_derived:
                payload["derived_from"] = name
            told.append(
                Told(
                    one.event,
                    payload,
                    one.event in DECIDES[known] and not _only_watches(known, one),
                )
            )
    return Heard(known, name, _text(fields, "session_id", "thread-id"), tuple(told), fields)


def _only_watches(agent: Agent, one: Mapped) -> bool:
    # The one derived event with an answer: opencode has no other way to say that it compacts.
    return one.is_derived and not (agent == "opencode" and one.event is P.PRE_COMPACT)


def _holds(one: Mapped, fields: JsonObject) -> bool:
    return one.when is None or fields.get(one.when[0]) in one.when[1]


def _object(given: Json) -> JsonObject:
    if not isinstance(given, dict):
        raise HearingError("the input is no JSON object")
    return dict(given)


def _jcode_fields(given: Json, variables: Mapping[str, str]) -> JsonObject:
    """The variables as fields; the input of a tool comes on its own, whole."""
    fields: JsonObject = {
        name.removeprefix(_JCODE_PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(_JCODE_PREFIX)
    }
    fields.pop("payload", None)  # cut at 16 KiB: often no JSON
    fields["hook_event_name"] = fields.pop("event")
    if fields["hook_event_name"] == "pre_tool":
        fields["tool_input"] = _object(given)
    for name in ("duration_ms", "output_bytes"):
        value = fields.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            fields[name] = int(value)
    return fields


_OPENCODE_NAMES: Final = {
    "sessionID": "session_id",
    "callID": "tool_use_id",
    "tool": "tool_name",
}


def _opencode_fields(sent: JsonObject) -> JsonObject:
    given, output = sent.get("input"), sent.get("output")
    fields: JsonObject = dict(given) if isinstance(given, dict) else {}
    fields = {_OPENCODE_NAMES.get(name, name): value for name, value in fields.items()}
    if isinstance(output, dict):
        fields["output"] = output
    return {**fields, "hook_event_name": _text(sent, "hook"), "cwd": _text(sent, "directory")}


def _gemini_error(fields: JsonObject) -> bool:
    response = fields.get("tool_response")
    return isinstance(response, dict) and bool(response.get("error"))


# What plugins are told, by event.


def _text(fields: JsonObject, *names: str) -> str:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str):
            return value
    return ""


def _taken(fields: JsonObject, **wanted: tuple[str, ...]) -> JsonObject:
    """Return for each wanted field the first of its names that the agent gave a value."""
    found: JsonObject = {}
    for ours, names in wanted.items():
        for name in names:
            if fields.get(name) is not None:
                found[ours] = fields[name]
                break
    return found


def _tool(fields: JsonObject) -> JsonObject:
    output = fields.get("output")
    if "tool_input" not in fields and isinstance(output, dict) and "args" in output:
        fields = {**fields, "tool_input": output["args"]}
    return _taken(fields, tool_name=("tool_name",), tool_input=("tool_input", "args", "input"))


def _tool_end(fields: JsonObject) -> JsonObject:
    output = fields.get("output")
    if isinstance(output, dict):  # opencode's
        fields = {**fields, "tool_response": output.get("output")}
    return _tool(fields) | _taken(
        fields,
        tool_output=("tool_response", "tool_output", "error"),
        duration_ms=("duration_ms",),
    )


def _post_tool(fields: JsonObject) -> JsonObject:
    return _tool_end(fields) | {"success": True}


def _failure(fields: JsonObject) -> JsonObject:
    response = fields.get("tool_response")
    error = response.get("error") if isinstance(response, dict) else None
    told = fields if error is None else {**fields, "error": error}
    return _tool(told) | _taken(told, error=("error",), duration_ms=("duration_ms",))


_TARGETS: Final = ("command", "file_path", "path", "url", "notebook_path", "pattern")
"""Of a tool's input: what a permission is about, as far as that is one text."""


def _permission(fields: JsonObject) -> JsonObject:
    given = fields.get("tool_input")
    details = fields.get("details")
    if not isinstance(given, dict):
        given = details if isinstance(details, dict) else {}
    found = _taken(fields, tool_name=("tool_name",), reason=("reason",))
    action = _text(fields, "action", "permission", "tool_name", "title", "notification_type")
    target = next((given[name] for name in _TARGETS if isinstance(given.get(name), str)), None)
    if target is None:
        target = _text(fields, "pattern") or None
    return found | {"action": action} | ({} if target is None else {"target": target})


def _compact(fields: JsonObject) -> JsonObject:
    return _taken(fields, reason=("trigger", "reason"))


def _prompt(fields: JsonObject) -> JsonObject:
    content = _text(fields, "prompt", "content")
    output = fields.get("output")
    parts = output.get("parts") if isinstance(output, dict) else None
    if not content and isinstance(parts, list):  # opencode's
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        content = "\n".join(text for text in texts if isinstance(text, str))
    return {"content": content}


def _message(fields: JsonObject) -> JsonObject:
    found: JsonObject = {"role": _text(fields, "role") or "assistant"}
    output = fields.get("output")
    if isinstance(output, dict) and isinstance(output.get("text"), str):
        found["content"] = output["text"]
    return found | _taken(fields, content=("content", "text", "delta", "llm_response"))


def _task(fields: JsonObject) -> JsonObject:
    return _taken(
        fields, task_id=("task_id", "id"), subject=("subject", "task_subject", "content")
    )


def _ended(fields: JsonObject) -> JsonObject:
    return _taken(fields, reason=("stop_reason", "reason", "status", "last_assistant_message"))


def _notice(fields: JsonObject) -> JsonObject:
    level = _text(fields, "level") or "info"
    text = _text(fields, "message", "last-assistant-message", "title")
    return {"level": level, "message": text}


def _nothing(_: JsonObject) -> JsonObject:
    return {}


def _session(fields: JsonObject) -> JsonObject:
    return _taken(fields, project_dir=("cwd",), model=("model",), provider=("provider",))


_PAYLOADS: Final[dict[P, Callable[[JsonObject], JsonObject]]] = {
    P.PRE_TOOL_USE: _tool,
    P.POST_TOOL_USE: _post_tool,
    P.POST_TOOL_USE_FAILURE: _failure,
    P.TOOL_EXECUTION_START: _tool,
    P.TOOL_EXECUTION_END: _tool_end,
    P.SESSION_START: _session,
    P.SESSION_END: _nothing,
    P.SESSION_SWITCH: lambda fields: _taken(fields, target_session_id=("session_id",)),
    P.SESSION_COMPACT: _compact,
    P.SESSION_BEFORE_COMPACT: _compact,
    P.SESSION_SHUTDOWN: _nothing,
    P.PERMISSION_REQUEST: _permission,
    P.PERMISSION_DENIED: _permission,
    P.AGENT_START: lambda fields: _taken(
        fields, system_prompt=("system_prompt",), tools=("tools",)
    ),
    P.AGENT_END: _nothing,
    P.TURN_START: _nothing,
    P.TURN_END: lambda fields: _taken(fields, duration_ms=("duration_ms",)),
    P.MESSAGE_START: _message,
    P.MESSAGE_END: _message,
    P.PRE_COMPACT: _nothing,
    P.POST_COMPACT: _nothing,
    P.TASK_CREATED: _task,
    P.TASK_COMPLETED: lambda fields: (
        _task(fields) | {"success": fields.get("success") is not False}
    ),
    P.AUTO_COMPACTION_START: _nothing,
    P.USER_PROMPT_SUBMIT: _prompt,
    P.STOP: _ended,
    P.NOTIFICATION: _notice,
}
