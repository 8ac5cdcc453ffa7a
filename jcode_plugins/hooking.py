"""A hook's process: read what the agent hands over, ask the daemon, say what it answers.

Promises    Standard input is read to its end before anything else: an agent may wait for that without a bound. The
            process ends within :data:`WITHIN_S`. It exits with 2 for a block that the daemon decided; where a guard
            could not be shown what it guards (too large, too deep, a configuration that cannot be read), which whoever
            wrote the input could otherwise bring about to be rid of it; with ``--fail-closed``, for an event that an
            agent lets be stopped, whenever the daemon cannot be asked; and for nothing else. Every failure has one line
            on standard error, never an empty one.
Cost        A process for each event. What is imported here is all there is; see ``tests/daemon/test_hooks.py``.
"""

import posix
import sys
import time

from jcode_plugins.errors import JcodePluginsError, NotRunningError
from jcode_plugins.place import connect, socket_path
from jcode_plugins.surroundings import switches_of, variables_of
from jcode_plugins.wire import MAX_LINE_BYTES, decode_line, encode_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Mapping
    from typing import NoReturn

    from jcode_plugins.wire import Json, JsonObject

WITHIN_S = 55.0
"""Less than what agents are configured to wait."""
_CONNECT_S = 20.0
_DAEMONS = 8
"""How many are asked, one after the other, when each is about to end and has not begun what was asked of it."""
_OFF = frozenset({"", "0", "false", "no", "off"})
_DISABLE = ("JCODE_DISABLE_PLUGINS", "JCODE_PLUGIN_KILL_ALL")
GATES = frozenset(
    {
        "PreToolUse",
        "PermissionRequest",
        "UserPromptSubmit",
        "PreCompact",
        "BeforeTool",
        "BeforeAgent",
        "pre_tool",
    }
)
"""Events at which agents can be stopped. Their names, whoever has them."""
GUARDED = frozenset({"PreToolUse", "PermissionRequest", "BeforeTool", "pre_tool"})
"""Those of them that are stopped when a guard cannot be shown them whole, even when failing open."""
_UNSHOWN = frozenset({"input", "config", "load"})
_UNSHOWN_CODES = frozenset({"E_GARBAGE", "E_TOO_LARGE"})
"""Types and codes of answers by which no plugin saw what was asked about, for a reason that lasts: the input or the
project says so, and whoever wrote those may mean it."""
_MOST_READ_BYTES = 4 * MAX_LINE_BYTES
_PROJECT_VARIABLES = ("CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "JCODE_HOOK_CWD")
_PREFIX = "JCODE_HOOK_"
_FAILED, _BLOCKED = 1, 2
_ENCODED = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
_environ = {
    name.decode(*_ENCODED): value.decode(*_ENCODED) for name, value in posix.environ.items()
}
"""As ``os`` has it, whose import would cost as much as the request."""


class _FailedError(Exception):
    """What keeps the daemon from being asked, for the user."""


class _UnshownError(_FailedError):
    """No plugin can be shown what the agent asks about."""


def main(words: "list[str]") -> "NoReturn":
    """Do all of it and end the process."""
    is_closed = "--fail-closed" in words
    data, name = b"", ""
    try:
        data = _read_all(0)
        if any(_environ.get(switch, "").lower() not in _OFF for switch in _DISABLE):
            _end(0)
        agent, path, said = _understood(words)
        data = said.encode() if said else data
        name = _name_of(None)
        given = _given(data)
        name = _name_of(given)
        code, out, told = _ask(agent, path, given)
    except Exception as error:  # noqa: BLE001 - a failure of any kind must not look like a decision
        is_known = isinstance(error, (JcodePluginsError, _FailedError))
        what = str(error) if is_known else f"{type(error).__name__}: {error}"
        stops = is_closed and (not name or name in GATES)
        so = "blocked, as --fail-closed says" if stops else "going on without plugins"
        if not stops and isinstance(error, _UnshownError):
            # Of an input that cannot be read nobody knows what it is about; one that is not there is about nothing.
            stops = name in GUARDED or (not name and bool(data.strip()))
            so = "blocked, as no plugin could look at it" if stops else so
        code, out, told = (_BLOCKED if stops else _FAILED), "", f"jcode-plugins: {what}; {so}\n"
    if out and not _write(1, out):  # something was decided, and this is left to say it with
        code, told = _BLOCKED, "jcode-plugins: the answer could not be written; blocked\n"
    _write(2, told)
    _end(code)


def _end(code: int) -> "NoReturn":
    # Everything is written, and taking the interpreter down costs as much as the work.
    posix._exit(code)  # noqa: SLF001 - its name


def _read_all(fd: int) -> bytes:
    """Return what *fd* gives until its end; of what is much too large, only the beginning."""
    parts, size = [], 0
    while True:
        try:
            part = posix.read(fd, 1 << 20)
        except OSError:  # closed, or a terminal that went away
            break
        if not part:
            break
        if size <= _MOST_READ_BYTES:
            parts.append(part)
            size += len(part)
    return b"".join(parts)


def _understood(words: "list[str]") -> "tuple[str, str, str]":
    """Return the agent, where the daemon listens, and the JSON that Codex gives as a last word."""
    agent = path = said = ""
    rest = iter(words)
    for word in rest:
        if word == "--socket":
            path = next(rest, "")
        elif word.startswith("{"):
            said = word
        elif not word.startswith("--"):
            agent = agent or word
    if not agent:
        raise _FailedError(
            "no agent was named; install the hook again: jcode-plugin hook AGENT --install"
        )
    return agent, _environ.get("JCODE_PLUGIN_SOCKET") or path or socket_path(_environ), said


def _given(data: bytes) -> "Json":
    if len(data) > _MOST_READ_BYTES:
        raise _too_large()
    if not data.strip():
        return None
    try:
        return decode_line(data)
    except (ValueError, RecursionError) as error:
        raise _UnshownError(f"the agent's input is no JSON object ({error})") from None


def _too_large() -> _UnshownError:
    return _UnshownError(f"the agent's input is larger than {MAX_LINE_BYTES >> 20} MiB")


def _name_of(given: "Json") -> str:
    name = _environ.get(f"{_PREFIX}EVENT", "")
    if not name and isinstance(given, dict):
        told = given.get("hook_event_name")
        name = told if isinstance(told, str) else ""
    return name


def _ask(agent: str, path: str, given: "Json") -> "tuple[int, str, str]":
    until = time.monotonic() + WITHIN_S
    params: JsonObject = {"agent": agent, "input": given}
    hooks = {name: value for name, value in _environ.items() if name.startswith(_PREFIX)}
    hooks.pop(f"{_PREFIX}PAYLOAD", None)  # a cut copy of what is there already
    if hooks:
        params["variables"] = dict(hooks)
    line = _line_of(params)
    answer, asked = _asked(path, line, until), 1
    while _is_ending(answer) and asked < _DAEMONS:
        answer, asked = _asked(path, line, until), asked + 1
    return _printed(answer)


def _asked(path: str, line: bytes, until: float) -> "JsonObject":
    connected = _connect(path, max(0.01, min(_CONNECT_S, until - time.monotonic())))
    connected.settimeout(max(0.01, until - time.monotonic()))
    try:
        try:  # noqa: SIM105 - contextlib costs an import
            connected.sendall(line)
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said before it went is still there to be read
        return _answer(connected, until)
    except TimeoutError:
        raise _FailedError(
            f"the daemon at {path} did not answer within {WITHIN_S:.0f} s"
        ) from None
    except OSError as error:
        raise _FailedError(
            f"the daemon at {path} went away ({error.strerror or error})"
        ) from None
    finally:
        connected.close()


def _line_of(params: "JsonObject") -> bytes:
    try:
        line = encode_line(
            {
                "id": 1,
                "method": "hook",
                "params": params,
                "deadline_ms": int(WITHIN_S * 1000),
                "cwd": _project(_environ),
                "env": variables_of(_environ),
                "switches": switches_of(_environ),
            }
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise _UnshownError(f"the agent's input cannot be handed on ({error})") from None
    if len(line) > MAX_LINE_BYTES:
        raise _too_large()
    return line


def _is_ending(answer: "JsonObject") -> bool:
    """Whether the daemon said that it ends and did nothing: the next one may."""
    error = answer.get("error")
    return isinstance(error, dict) and error.get("code") == "E_STOPPING"


def _connect(path: str, timeout_s: float) -> "_socket.socket":
    try:
        return connect(path, timeout_s)
    except NotRunningError:
        from jcode_plugins.starting import connect_or_start  # only where there is none yet

        return connect_or_start(path, _environ, timeout_s)


def _project(environment: "Mapping[str, str]") -> str:
    for name in _PROJECT_VARIABLES:
        found = environment.get(name, "")
        if found.startswith("/"):
            return found
    try:
        return posix.getcwd()
    except OSError as error:
        raise _UnshownError(f"the current directory is gone ({error.strerror})") from None


def _answer(connected: "_socket.socket", until: float) -> "JsonObject":
    buffer = bytearray()
    while b"\n" not in buffer:
        connected.settimeout(max(0.01, until - time.monotonic()))
        part = connected.recv(1 << 18)
        if not part:
            raise _FailedError("the daemon went away before it answered")
        buffer += part  # a daemon that ends may say so behind its answer
        if len(buffer) > MAX_LINE_BYTES:
            raise _FailedError("the daemon's answer does not end")
    try:
        return decode_line(bytes(buffer.partition(b"\n")[0]))
    except ValueError as error:
        raise _FailedError(f"the daemon's answer is none ({error})") from None


def _printed(line: "JsonObject") -> "tuple[int, str, str]":
    error = line.get("error")
    if isinstance(error, dict):
        is_unshown = error.get("type") in _UNSHOWN or error.get("code") in _UNSHOWN_CODES
        raise (_UnshownError if is_unshown else _FailedError)(str(error.get("message")))
    result = line.get("result")
    if not isinstance(result, dict):
        raise _FailedError("the daemon's answer is of another version; restart it")
    code, out, told = result.get("code"), result.get("stdout"), result.get("stderr")
    if code not in (0, _BLOCKED) or not isinstance(out, str) or not isinstance(told, str):
        raise _FailedError("the daemon's answer is of another version; restart it")
    return (0 if code == 0 else _BLOCKED), out, told


def _write(fd: int, text: str) -> bool:
    """Write all of *text*; whether that could be done."""
    rest = memoryview(text.encode("utf-8", "replace"))
    try:
        while rest:
            rest = rest[posix.write(fd, rest) :]
    except OSError:
        return False
    return True
