"""The events of a coding agent: their numbers, their fields, and what a handler may answer.

Promises    A number never changes its meaning; 11 is reserved. Bit *n* of a hook bitmap is
            event *n*. Both sides read this table: the host routes by it, a worker derives from
            it the names that a plugin sees.
Elsewhere   Deadlines and the meaning of the outputs: ``host/events.py``.
"""

from enum import IntEnum
from typing import Final


class PluginEvent(IntEnum):
    """One of the 31 events; the value is its number on the wire and its bit in the bitmap."""

    PRE_TOOL_USE = 0
    POST_TOOL_USE = 1
    POST_TOOL_USE_FAILURE = 2
    TOOL_EXECUTION_START = 3
    TOOL_EXECUTION_END = 4
    SESSION_START = 5
    SESSION_END = 6
    SESSION_SWITCH = 7
    SESSION_COMPACT = 8
    SESSION_BEFORE_COMPACT = 9
    SESSION_SHUTDOWN = 10
    PERMISSION_REQUEST = 12
    PERMISSION_DENIED = 13
    AGENT_START = 14
    AGENT_END = 15
    TURN_START = 16
    TURN_END = 17
    MESSAGE_START = 18
    MESSAGE_END = 19
    PRE_COMPACT = 20
    POST_COMPACT = 21
    TASK_CREATED = 22
    TASK_COMPLETED = 23
    AUTO_COMPACTION_START = 24
    USER_PROMPT_SUBMIT = 25
    STOP = 26
    NOTIFICATION = 27
    SESSION_BEFORE_SWITCH = 28
    SESSION_BEFORE_FORK = 29
    SESSION_TREE = 30
    MODEL_SELECT = 31

    @property
    def wire_name(self) -> str:
        """The name that plugins and payloads use, for example ``PreToolUse``."""
        return _NAMES[self]


_NAMES: Final[dict[PluginEvent, str]] = {
    event: "".join(part.capitalize() for part in event.name.split("_")) for event in PluginEvent
}

BY_NAME: Final[dict[str, PluginEvent]] = {name: event for event, name in _NAMES.items()}

_TOOL: Final = ("tool_name", "tool_input")
_COMPACT: Final = ("session_id", "message_count", "token_count", "system_prompt")

FIELDS: Final[dict[PluginEvent, tuple[str, ...]]] = {
    PluginEvent.PRE_TOOL_USE: (*_TOOL, "session_id"),
    PluginEvent.POST_TOOL_USE: (*_TOOL, "tool_output", "duration_ms", "success", "session_id"),
    PluginEvent.POST_TOOL_USE_FAILURE: (*_TOOL, "error", "duration_ms", "session_id"),
    PluginEvent.TOOL_EXECUTION_START: (*_TOOL, "session_id"),
    PluginEvent.TOOL_EXECUTION_END: ("tool_name", "tool_output", "duration_ms", "session_id"),
    PluginEvent.SESSION_START: ("session_id", "project_dir", "model", "provider"),
    PluginEvent.SESSION_END: ("session_id", "duration_seconds", "message_count"),
    PluginEvent.SESSION_SWITCH: ("session_id", "target_session_id"),
    PluginEvent.SESSION_COMPACT: ("session_id", "reason"),
    PluginEvent.SESSION_BEFORE_COMPACT: ("session_id", "reason"),
    PluginEvent.SESSION_SHUTDOWN: ("session_id", "duration_seconds", "message_count"),
    PluginEvent.PERMISSION_REQUEST: ("action", "tool_name", "target", "session_id"),
    PluginEvent.PERMISSION_DENIED: ("action", "tool_name", "target", "reason", "session_id"),
    PluginEvent.AGENT_START: ("session_id", "system_prompt", "tools"),
    PluginEvent.AGENT_END: ("session_id", "duration_seconds", "message_count"),
    PluginEvent.TURN_START: ("session_id", "turn_number", "messages"),
    PluginEvent.TURN_END: ("session_id", "turn_number", "duration_ms"),
    PluginEvent.MESSAGE_START: ("session_id", "role"),
    PluginEvent.MESSAGE_END: ("session_id", "role", "content"),
    PluginEvent.PRE_COMPACT: _COMPACT,
    PluginEvent.POST_COMPACT: ("session_id", "messages_removed", "tokens_saved"),
    PluginEvent.TASK_CREATED: ("session_id", "task_id", "subject"),
    PluginEvent.TASK_COMPLETED: ("session_id", "task_id", "success"),
    PluginEvent.AUTO_COMPACTION_START: _COMPACT,
    PluginEvent.USER_PROMPT_SUBMIT: ("content", "session_id"),
    PluginEvent.STOP: ("session_id", "reason"),
    PluginEvent.NOTIFICATION: ("level", "message", "session_id"),
    PluginEvent.SESSION_BEFORE_SWITCH: ("session_id", "reason", "target_session_id"),
    PluginEvent.SESSION_BEFORE_FORK: ("session_id", "entry_id", "position"),
    PluginEvent.SESSION_TREE: ("session_id", "reason"),
    PluginEvent.MODEL_SELECT: ("session_id", "model", "previous_model", "source"),
}
"""Input fields in snake_case; a plugin reads them in camelCase as well."""

OUTPUTS: Final[dict[PluginEvent, tuple[str, ...]]] = dict.fromkeys(PluginEvent, ()) | {
    PluginEvent.PRE_TOOL_USE: ("block", "modified_input"),
    PluginEvent.POST_TOOL_USE: ("modified_output",),
    PluginEvent.PERMISSION_REQUEST: ("decision", "message"),
    PluginEvent.AGENT_START: ("additional_system_prompt", "system_prompt", "messages"),
    PluginEvent.PRE_COMPACT: ("system_prompt", "instructions", "prevent"),
    PluginEvent.USER_PROMPT_SUBMIT: ("block", "modified_prompt"),
    PluginEvent.STOP: ("reason",),
    PluginEvent.NOTIFICATION: ("suppress", "modified_message"),
    PluginEvent.SESSION_BEFORE_SWITCH: ("block", "cancel"),
    PluginEvent.SESSION_BEFORE_FORK: ("block", "cancel"),
}
"""Fields a handler may give. ``block`` on UserPromptSubmit and ``system_prompt``/``messages`` on
AgentStart carry what pi's ``input`` and ``before_agent_start`` can say and jcode's events cannot; 28 and up are
events that only pi has, with pi's word for a veto: ``cancel``."""


def describe() -> list[dict[str, object]]:
    """Return the table as plain JSON data, for the bootstrap of a worker."""
    return [
        {
            "n": int(event),
            "name": event.wire_name,
            "fields": list(FIELDS[event]),
            "outputs": list(OUTPUTS[event]),
        }
        for event in PluginEvent
    ]
