"""Which of an agent's own events is which plugin event. One table an agent; everything else here reads it.

A mapping is *direct* where the agent has an event for it, *derived* where it is read out of another one: then the
payload says ``derived_from``. An event that *decides* is one whose answer the agent obeys; all others only watch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from host.events import PluginEvent as P

Agent: TypeAlias = Literal["jcode", "jcode-v2", "claude", "codex", "gemini", "opencode"]
Coverage: TypeAlias = Literal["direct", "derived", "absent"]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one event of an agent means. ``when`` is a field and the values that it must have for that."""

    event: P
    is_derived: bool = False
    when: tuple[str, frozenset[str]] | None = None


def _direct(event: P) -> Mapped:
    return Mapped(event)


def _derived(event: P, field: str = "", *values: str) -> Mapped:
    return Mapped(event, is_derived=True, when=(field, frozenset(values)) if field else None)


_CLAUDE: Final = {
    "PreToolUse": (_direct(P.PRE_TOOL_USE), _derived(P.TOOL_EXECUTION_START)),
    "PostToolUse": (_direct(P.POST_TOOL_USE), _derived(P.TOOL_EXECUTION_END)),
    "PostToolUseFailure": (_direct(P.POST_TOOL_USE_FAILURE), _derived(P.TOOL_EXECUTION_END)),
    "SessionStart": (
        _direct(P.SESSION_START),
        _derived(P.SESSION_SWITCH, "source", "resume", "clear", "fork"),
    ),
    "SessionEnd": (_direct(P.SESSION_END), _derived(P.SESSION_SHUTDOWN)),
    "PermissionRequest": (_direct(P.PERMISSION_REQUEST),),
    "PermissionDenied": (_direct(P.PERMISSION_DENIED),),
    "SubagentStart": (_direct(P.AGENT_START),),
    "SubagentStop": (_direct(P.AGENT_END),),
    "PreCompact": (
        _direct(P.PRE_COMPACT),
        _derived(P.SESSION_BEFORE_COMPACT),
        _derived(P.AUTO_COMPACTION_START, "trigger", "auto"),
    ),
    "PostCompact": (_direct(P.POST_COMPACT), _derived(P.SESSION_COMPACT)),
    "TaskCreated": (_direct(P.TASK_CREATED),),
    "TaskCompleted": (_direct(P.TASK_COMPLETED),),
    "UserPromptSubmit": (_direct(P.USER_PROMPT_SUBMIT), _derived(P.TURN_START)),
    "Stop": (_direct(P.STOP), _derived(P.TURN_END)),
    "StopFailure": (_derived(P.TURN_END),),
    "Notification": (_direct(P.NOTIFICATION),),
    "MessageDisplay": (_derived(P.MESSAGE_END),),
}
_CODEX: Final = {
    name: mapped
    for name, mapped in _CLAUDE.items()
    if name
    in {
        "PreToolUse",
        "PostToolUse",
        "SessionStart",
        "SessionEnd",
        "PermissionRequest",
        "SubagentStart",
        "SubagentStop",
        "PreCompact",
        "PostCompact",
        "UserPromptSubmit",
        "Stop",
    }
} | {"agent-turn-complete": (_derived(P.NOTIFICATION),)}
_GEMINI: Final = {
    "BeforeTool": (_direct(P.PRE_TOOL_USE), _derived(P.TOOL_EXECUTION_START)),
    "AfterTool": (
        Mapped(P.POST_TOOL_USE, when=("outcome", frozenset({"success"}))),
        Mapped(P.POST_TOOL_USE_FAILURE, when=("outcome", frozenset({"error"}))),
        _derived(P.TOOL_EXECUTION_END),
    ),
    "SessionStart": (
        _direct(P.SESSION_START),
        _derived(P.SESSION_SWITCH, "source", "resume", "clear"),
    ),
    "SessionEnd": (_direct(P.SESSION_END), _derived(P.SESSION_SHUTDOWN)),
    "BeforeAgent": (
        _direct(P.USER_PROMPT_SUBMIT),
        _direct(P.AGENT_START),
        _derived(P.TURN_START),
    ),
    "AfterAgent": (_direct(P.STOP), _direct(P.AGENT_END), _derived(P.TURN_END)),
    "BeforeModel": (_direct(P.MESSAGE_START),),
    "AfterModel": (_direct(P.MESSAGE_END),),
    "PreCompress": (
        _direct(P.PRE_COMPACT),
        _derived(P.SESSION_BEFORE_COMPACT),
        _derived(P.AUTO_COMPACTION_START, "trigger", "auto"),
    ),
    "Notification": (
        _direct(P.NOTIFICATION),
        _derived(P.PERMISSION_REQUEST, "notification_type", "ToolPermission"),
    ),
}
_JCODE: Final = {
    "pre_tool": (_direct(P.PRE_TOOL_USE), _derived(P.TOOL_EXECUTION_START)),
    "post_tool": (
        Mapped(P.POST_TOOL_USE, when=("status", frozenset({"ok"}))),
        Mapped(P.POST_TOOL_USE_FAILURE, when=("status", frozenset({"error"}))),
        _derived(P.TOOL_EXECUTION_END),
    ),
    "session_start": (
        _direct(P.SESSION_START),
        _derived(P.SESSION_SWITCH, "source", "resume", "attach"),
    ),
    "session_end": (_direct(P.SESSION_END), _derived(P.SESSION_SHUTDOWN)),
    "turn_start": (_direct(P.TURN_START),),
    "turn_end": (_direct(P.TURN_END), _derived(P.STOP)),
}
_JCODE_V2: Final = {
    event.wire_name: (_direct(event),)
    for event in (
        P.PRE_TOOL_USE,
        P.POST_TOOL_USE,
        P.POST_TOOL_USE_FAILURE,
        P.SESSION_START,
        P.SESSION_END,
        P.PERMISSION_REQUEST,
        P.PERMISSION_DENIED,
        P.AGENT_START,
        P.AGENT_END,
        P.TURN_END,
        P.PRE_COMPACT,
        P.POST_COMPACT,
        P.TASK_CREATED,
        P.TASK_COMPLETED,
        P.USER_PROMPT_SUBMIT,
        P.STOP,
    )
}
_OPENCODE: Final = {
    "tool.execute.before": (_direct(P.PRE_TOOL_USE), _derived(P.TOOL_EXECUTION_START)),
    "tool.execute.after": (_direct(P.POST_TOOL_USE), _derived(P.TOOL_EXECUTION_END)),
    "permission.ask": (_direct(P.PERMISSION_REQUEST),),
    "chat.message": (_direct(P.USER_PROMPT_SUBMIT), _derived(P.TURN_START)),
    "experimental.session.compacting": (
        _derived(P.PRE_COMPACT),
        _derived(P.SESSION_BEFORE_COMPACT),
    ),
    "experimental.text.complete": (_derived(P.MESSAGE_END),),
    "dispose": (_derived(P.SESSION_SHUTDOWN),),
    "session.created": (_derived(P.SESSION_START),),
    "session.deleted": (_derived(P.SESSION_END),),
    "session.compacted": (_derived(P.POST_COMPACT), _derived(P.SESSION_COMPACT)),
    "session.idle": (_derived(P.STOP), _derived(P.AGENT_END), _derived(P.TURN_END)),
    "permission.replied": (_derived(P.PERMISSION_DENIED, "reply", "reject"),),
    "message.updated": (_derived(P.MESSAGE_START),),
    "message.part.updated": (_derived(P.POST_TOOL_USE_FAILURE, "status", "error"),),
    "todo.created": (_derived(P.TASK_CREATED),),
    "todo.completed": (_derived(P.TASK_COMPLETED),),
}

EVENTS: Final[Mapping[Agent, Mapping[str, tuple[Mapped, ...]]]] = {
    "jcode": _JCODE,
    "jcode-v2": _JCODE_V2,
    "claude": _CLAUDE,
    "codex": _CODEX,
    "gemini": _GEMINI,
    "opencode": _OPENCODE,
}
"""By agent and by its own name of an event. The first that is direct and decides is asked first."""

DECIDES: Final[Mapping[Agent, frozenset[P]]] = {
    "jcode": frozenset({P.PRE_TOOL_USE}),
    "jcode-v2": frozenset(
        {
            P.PRE_TOOL_USE,
            P.PERMISSION_REQUEST,
            P.USER_PROMPT_SUBMIT,
            P.AGENT_START,
            P.PRE_COMPACT,
        }
    ),
    "claude": frozenset(
        {
            P.PRE_TOOL_USE,
            P.POST_TOOL_USE,
            P.PERMISSION_REQUEST,
            P.AGENT_START,
            P.PRE_COMPACT,
            P.USER_PROMPT_SUBMIT,
            P.STOP,
        }
    ),
    "codex": frozenset(
        {P.PRE_TOOL_USE, P.PERMISSION_REQUEST, P.PRE_COMPACT, P.USER_PROMPT_SUBMIT, P.STOP}
    ),
    "gemini": frozenset(
        {P.PRE_TOOL_USE, P.POST_TOOL_USE, P.USER_PROMPT_SUBMIT, P.AGENT_START, P.STOP}
    ),
    "opencode": frozenset(
        {
            P.PRE_TOOL_USE,
            P.POST_TOOL_USE,
            P.PERMISSION_REQUEST,
            P.USER_PROMPT_SUBMIT,
            P.PRE_COMPACT,
        }
    ),
}
"""What the agent obeys: it waits for these answers, and for no other."""


def coverage(agent: Agent) -> dict[P, Coverage]:
    """Return for each event of plugins whether *agent* has it, has something it can be read from, or neither."""
    found: dict[P, Coverage] = dict.fromkeys(P, "absent")
    for mapped in EVENTS[agent].values():
        for one in mapped:
            if found[one.event] != "direct":
                found[one.event] = "derived" if one.is_derived else "direct"
    return found
