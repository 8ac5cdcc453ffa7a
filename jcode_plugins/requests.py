"""The verbs of both clients: what each sends, and what its answer becomes.

Each is a method name, its parameters, and how long it may take; the two clients only differ in how they wait.
"""

from jcode_plugins.answers import (
    Capabilities,
    Completion,
    ExplainedStep,
    LogLine,
    Outcome,
    PluginInfo,
    ProjectInfo,
    ServerEvent,
    ToolInfo,
    ToolResult,
    ToolVerdict,
)
from jcode_plugins.errors import ConnectionLostError, ProtocolError, error_of
from jcode_plugins.wire import PROTOCOL, decode_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from jcode_plugins.wire import Json, JsonObject

    T = TypeVar("T")

REPEATABLE = frozenset(
    {
        "hello",
        "has_handler",
        "tools",
        "commands",
        "plugins",
        "complete",
        "overview",
        "audit",
        "explain",
        "capabilities",
        "approvals",
        "stats",
        "metrics",
    }
)
"""Methods that may be sent again when a connection is lost before the answer came: they change nothing."""


STOPPING = "E_STOPPING"
"""The code of what was not begun, because the daemon ends: any method may be sent again, to another one."""


def read_answer(line: bytes) -> "JsonObject":
    """Return one line of the daemon's. Raises ProtocolError."""
    try:
        return decode_line(line)
    except ValueError as error:
        raise ProtocolError("E_PROTOCOL", f"the daemon's line is no answer: {error}") from None


def outcome(result: "Json") -> Outcome:
    """Of ``dispatch``."""
    return Outcome(_object(result))


def tool_result(result: "Json") -> ToolResult:
    """Of ``call_tool`` and ``command``."""
    return ToolResult(_object(result))


def verdict(result: "Json") -> ToolVerdict:
    """Of ``check_tool``."""
    return ToolVerdict(_object(result))


def tools(result: "Json") -> list[ToolInfo]:
    """Of ``tools``."""
    return [ToolInfo(_object(one)) for one in _list(_object(result), "tools")]


def plugins(result: "Json") -> list[PluginInfo]:
    """Of ``plugins``."""
    return [PluginInfo(_object(one)) for one in _list(_object(result), "plugins")]


def commands(result: "Json") -> list[str]:
    """Of ``commands``."""
    return [str(one) for one in _list(_object(result), "commands")]


def event(pushed: "Json") -> ServerEvent:
    """Of the stream of ``events``."""
    return ServerEvent(_object(pushed))


def has_handler(result: "Json") -> bool:
    """Of ``has_handler``."""
    return _object(result).get("has_handler") is True


def text_of(name: str) -> "Callable[[Json], str]":
    """Take the text *name* of a result."""
    return lambda result: str(_object(result).get(name, ""))


def overview(result: "Json") -> list[ProjectInfo]:
    """Of ``overview``."""
    return [ProjectInfo(_object(one)) for one in _list(_object(result), "projects")]


def audit_params(recent: int, plugin: str | None, kinds: "list[str] | None") -> "JsonObject":
    """For ``audit``."""
    return given(recent=recent, plugin=plugin, kinds=None if kinds is None else [*kinds])


def audit_entries(result: "Json") -> list[ServerEvent]:
    """Of ``audit``."""
    alone: JsonObject = {"repeats": 1, "dropped": 0}
    return [ServerEvent(alone | _object(one)) for one in _list(_object(result), "entries")]


def log_lines(told: "JsonObject") -> list[LogLine]:
    """Of the answer to ``logs``, and of each line that comes after it."""
    if "event" in told:
        return [LogLine(_object(_object(told["event"]).get("log")))]
    lines = _list(_object(told.get("result")), "lines")
    return [LogLine({"dropped": 0} | _object(one)) for one in lines]


def steps(result: "Json") -> list[ExplainedStep]:
    """Of ``explain``."""
    return [ExplainedStep(_object(one)) for one in _list(_object(result), "steps")]


def capabilities(result: "Json") -> Capabilities:
    """Of ``capabilities``."""
    return Capabilities(_object(result))


def completions(result: "Json") -> list[Completion]:
    """Of ``complete``."""
    return [Completion(_object(one)) for one in _list(_object(result), "completions")]


def change(pushed: "Json") -> "JsonObject":
    """Of the stream of ``view``."""
    return _object(_object(pushed).get("view"))


def asking(
    params: "JsonObject", on_question: "Callable[[JsonObject], None] | None"
) -> "JsonObject":
    """*params*, and that the client's user can be asked where there is *on_question*."""
    return params if on_question is None else {**params, "asks": True}


def questions(
    on_question: "Callable[[JsonObject], None] | None",
) -> "Callable[[JsonObject], None] | None":
    """Give *on_question* what comes as an update ``question``."""
    if on_question is None:
        return None

    def on_update(update: "JsonObject") -> None:
        question = update.get("question")
        if isinstance(question, dict):
            on_question(question)

    return on_update


def given(**values: "Json") -> "JsonObject":
    """Those of *values* that are not None, as parameters."""
    return {name: value for name, value in values.items() if value is not None}


def begun(first: "JsonObject") -> "JsonObject":
    """Return the answer that a stream begins with; raises the error that it holds instead."""
    if "error" in first:
        raise error_of(first["error"])
    if "result" not in first:
        raise ConnectionLostError("the daemon went away before it answered")
    return first


def plain(result: "Json") -> "JsonObject":
    """Of what is an object as it is."""
    return _object(result)


def _object(value: "Json") -> "JsonObject":
    if not isinstance(value, dict):
        raise ProtocolError(
            "E_PROTOCOL", "the daemon's answer has another shape than this client knows"
        )
    return value


def _list(answer: "JsonObject", name: str) -> "list[Json]":
    found = answer.get(name)
    if not isinstance(found, list):
        raise ProtocolError("E_PROTOCOL", f"the daemon's answer has no list {name}")
    return found


def check_hello(result: "Json") -> "JsonObject":
    """Return what ``hello`` told. Raises ProtocolError for a protocol that is not ours."""
    told = plain(result)
    if told.get("protocol") != PROTOCOL:
        theirs = told.get("protocol")
        raise ProtocolError(
            "E_VERSION",
            f"the daemon speaks protocol {theirs}, this client {PROTOCOL}; end it: jcode-plugin serve --stop",
        )
    return told
