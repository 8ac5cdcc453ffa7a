"""What goes over the socket: one JSON object a line, each way.

Promises    A line is a request, or a :class:`GarbageError`, whatever it holds; an answer is always one line.
"""

import json
from dataclasses import dataclass
from math import isfinite
from typing import Final, NoReturn, TypeAlias

import msgspec

from host.audit import printable
from host.errors import (
    ConfigError,
    HostClosedError,
    HostError,
    InputError,
    PluginDisabledError,
    PluginLoadError,
    ToolError,
)
from host.outcome import Json, JsonObject

PROTOCOL: Final = 1
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
MAX_DEADLINE_MS: Final = 24 * 3600 * 1000
_MAX_ID_CHARS: Final = 128
_MAX_TEXT_CHARS: Final = 4096
_FIELDS: Final = frozenset(
    {"id", "method", "params", "deadline_ms", "cwd", "env", "switches", "session_id"}
)

Id: TypeAlias = int | str


class GarbageError(Exception):
    """The line is no request: whoever sent it does not speak this protocol, and the connection ends."""


@dataclass(frozen=True, slots=True)
class Request:
    """One line. ``context`` is what it says of where the client is, or None for what was said before."""

    id: Id
    method: str
    params: JsonObject
    deadline_ms: int | None
    session_id: str
    context: JsonObject | None


class RefusedError(HostError):
    """The daemon does not do what was asked. ``kind`` and ``code`` are stable."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


def read_request(line: bytes) -> Request:
    """Return what *line* asks for. Raises :class:`GarbageError`."""
    raw = _parse(line)
    if not isinstance(raw, dict):
        raise GarbageError("a request is an object")
    unknown = raw.keys() - _FIELDS
    if unknown:
        raise GarbageError(f"a request has no {printable(min(unknown)[:60])}")
    id_, method, params = raw.get("id"), raw.get("method"), raw.get("params")
    deadline, session = raw.get("deadline_ms"), raw.get("session_id")
    if type(id_) is not int and not (isinstance(id_, str) and len(id_) <= _MAX_ID_CHARS):
        raise GarbageError(
            f"id is a whole number, or a text of up to {_MAX_ID_CHARS} characters"
        )
    if not isinstance(method, str) or not 0 < len(method) <= _MAX_ID_CHARS:
        raise GarbageError("method is the name of one")
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise GarbageError("params is an object")
    if deadline is not None and (
        type(deadline) is not int or not 0 < deadline <= MAX_DEADLINE_MS
    ):
        raise GarbageError(f"deadline_ms is a whole number up to {MAX_DEADLINE_MS}")
    if session is not None and not (
        isinstance(session, str) and len(session) <= _MAX_TEXT_CHARS
    ):
        raise GarbageError("session_id is a text")
    context: JsonObject = {
        name: raw[name] for name in ("cwd", "env", "switches") if name in raw
    }
    return Request(id_, method, params, deadline, session or "", context or None)


def _parse(line: bytes) -> Json:
    try:
        value: Json = msgspec.json.decode(line)
    except RecursionError:
        raise GarbageError("it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return _parse_slowly(line)
    return value


def _parse_slowly(line: bytes) -> Json:
    """As above; half of a surrogate pair is JSON, but no UTF-8, and the fast reader refuses it."""

    def refuse(text: str) -> NoReturn:
        raise ValueError(f"{text} is not JSON")

    def number(text: str) -> float:
        value = float(text)
        return value if isfinite(value) else refuse(text[:40])

    try:
        value: Json = json.loads(line, parse_constant=refuse, parse_float=number)
    except RecursionError:
        raise GarbageError("it is nested too deeply") from None
    except ValueError as error:
        raise GarbageError(f"it is not JSON: {printable(str(error)[:200])}") from None
    return value


def encoded(value: JsonObject) -> bytes:
    """Return *value* as JSON without a line break in it."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, separators=(",", ":")).encode()


def line_of(answer: JsonObject) -> bytes:
    """Return *answer* as one line."""
    return encoded(answer) + b"\n"


def event_line(id_: Id, event: bytes) -> bytes:
    """Return the line that tells *event*, which is JSON already, to whoever asked for such by the request *id_*."""
    return b'{"id":%b,"event":%b}\n' % (msgspec.json.encode(id_), event)


def result_line(id_: Id, result: Json) -> bytes:
    """Return the answer *result*; what does not fit becomes an error."""
    try:
        line = line_of({"id": id_, "result": result})
    except (RecursionError, TypeError, ValueError) as error:
        return line_of({"id": id_, "error": failure_of(error)})
    if len(line) > MAX_LINE_BYTES:
        told = f"the answer is larger than {MAX_LINE_BYTES >> 20} MiB"
        return line_of({"id": id_, "error": failure("input", "E_TOO_LARGE", told)})
    return line


def failure(kind: str, code: str, message: str) -> JsonObject:
    """The ``error`` of an answer."""
    return {"type": kind, "code": code, "message": printable(message)}


def stopping() -> JsonObject:
    """The ``error`` of a request that was not begun because the daemon ends."""
    return failure("stopping", "E_STOPPING", "the daemon is ending; connect anew")


def failure_of(error: BaseException) -> JsonObject:
    """Return *error* as the ``error`` of an answer; a mistake of ours is told as one."""
    match error:
        case RefusedError(kind=kind, code=code):
            return failure(kind, code, str(error))
        case PluginDisabledError(message=message, switch=switch):
            return failure("disabled", "E_SWITCH", message) | {"switch": switch}
        case PluginLoadError(code=code):
            return failure("load", code, str(error))
        case ToolError(code=code):
            return failure("tool", code, str(error))
        case ConfigError():
            return failure("config", "E_CONFIG", str(error))
        case InputError():
            return failure("input", "E_INPUT", str(error))
        case HostClosedError():
            return failure("stopping", "E_STOPPING", str(error))
        case HostError():
            return failure("host", "E_HOST", str(error))
        case _:
            what = f"{type(error).__name__}: {error}"
            return failure(
                "internal", "E_INTERNAL", f"{what}; this is a mistake of jcode-plugin"
            )
