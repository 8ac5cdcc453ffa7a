"""What each event means to the host: its deadline class and the power of its outputs."""

from enum import Enum
from typing import Final, Literal

from ipc.events import BY_NAME, FIELDS, OUTPUTS, PluginEvent
from policies.rights import FIELD_RIGHT, Right

__all__ = [
    "BY_NAME",
    "CLASS_OF",
    "ENDS_SESSION",
    "FIELDS",
    "FIELD_RIGHT",
    "IS_INFO",
    "OUTPUTS",
    "REWRITES",
    "VETO_ACTION",
    "EventClass",
    "PluginEvent",
    "Right",
]


class EventClass(Enum):
    """How long an agent waits: 0.5 s, 5 s, an hour, each configurable."""

    INFO = "info"
    ACTIONABLE = "actionable"
    PERMISSION = "permission"


_INFO: Final = frozenset(
    {
        PluginEvent.SESSION_END,
        PluginEvent.TURN_END,
        PluginEvent.POST_COMPACT,
        PluginEvent.AUTO_COMPACTION_START,
    }
)
_PERMISSION: Final = frozenset({PluginEvent.PERMISSION_REQUEST, PluginEvent.PERMISSION_DENIED})

CLASS_OF: Final[dict[PluginEvent, EventClass]] = {
    event: (
        EventClass.INFO
        if event in _INFO
        else EventClass.PERMISSION
        if event in _PERMISSION
        else EventClass.ACTIONABLE
    )
    for event in PluginEvent
}

IS_INFO: Final = tuple(number in _INFO for number in range(32))
"""By number, for the path of every event: an enum member is slow to look up in a dict."""

ENDS_SESSION: Final = 1 << PluginEvent.SESSION_SHUTDOWN | 1 << PluginEvent.SESSION_END
"""A bitmap: events after which a session's own instances are stopped, whether anybody listens or not."""

VETO_ACTION: Final[dict[PluginEvent, Literal["block", "deny", "prevent", "cancel"]]] = {
    PluginEvent.PRE_TOOL_USE: "block",
    PluginEvent.USER_PROMPT_SUBMIT: "block",
    PluginEvent.PERMISSION_REQUEST: "deny",
    PluginEvent.PRE_COMPACT: "prevent",
    PluginEvent.SESSION_BEFORE_SWITCH: "cancel",
    PluginEvent.SESSION_BEFORE_FORK: "cancel",
}
"""Events that a plugin can stop, and the word for it."""

REWRITES: Final[dict[PluginEvent, dict[str, str]]] = {
    PluginEvent.PRE_TOOL_USE: {"modified_input": "tool_input"},
    PluginEvent.POST_TOOL_USE: {"modified_output": "tool_output"},
    PluginEvent.USER_PROMPT_SUBMIT: {"modified_prompt": "content"},
    PluginEvent.NOTIFICATION: {"modified_message": "message"},
    PluginEvent.PRE_COMPACT: {"system_prompt": "system_prompt"},
}
"""Output field -> the input field that it replaces."""
