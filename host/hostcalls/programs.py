"""``exec.*``: programs. What may run is decided on the argument vector and on the file that it leads to.

A command without ``args`` is ``sh -c``. A program that could not be executed is no refusal: its answer has ``failed``,
with the name of the errno. Bytes that are no text, or would grow too much as text, are base64.
"""

import base64
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from host.hostcalls.granted import ArgumentsError, Granted, Needs
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.programs.environment import VariableError, environment
from host.programs.held import Held
from host.programs.lookup import find_program, sane_path
from host.programs.program import Launch, Program, StreamName, describe
from host.programs.starting import Starting
from host.reactor import now_s
from policies.capability import Request, ShellRequest
from policies.commands import MAX_ARGUMENTS

if TYPE_CHECKING:
    from host.instance import Instance

MAX_OUTPUT_BYTES: Final = 4 * 1024 * 1024
"""Of each stream of ``exec.run``: both, as base64, fit into one answer."""
_MAX_ARGUMENT_CHARS: Final = 1024 * 1024
_MAX_CHUNK_BYTES: Final = 256 * 1024
_HOLD_BYTES: Final = 256 * 1024
_TEXT_GROWTH: Final = 4 / 3
_MAX_MS: Final = 2**31


# What is asked for.


def read_command(instance: "Instance", args: dict[str, Json]) -> Request:
    """``{command, args?, cwd?}`` -> the argument vector and the file that it leads to."""
    command, words = args.get("command"), args.get("args")
    if not isinstance(command, str) or not command or "\0" in command:
        raise ArgumentsError("exec takes a command")
    if words is None:
        argv: tuple[str, ...] = ("sh", "-c", command)
    elif isinstance(words, list) and len(words) < MAX_ARGUMENTS:
        argv = (command, *map(_word, words))
    else:
        raise ArgumentsError(f"exec takes args as a list of fewer than {MAX_ARGUMENTS} strings")
    if sum(map(len, argv)) > _MAX_ARGUMENT_CHARS:
        raise ArgumentsError(
            f"exec takes {_MAX_ARGUMENT_CHARS} characters of arguments at most"
        )
    return ShellRequest(argv, _find(instance, argv[0], _directory(instance, args)))


def _word(value: Json) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ArgumentsError("each of exec's args is a string without NUL")
    return value


def _find(instance: "Instance", name: str, cwd: str) -> str:
    try:
        return find_program(name, _path(instance), cwd)
    except OSError:
        return ""  # whether it exists is told only to those who may run it


def _path(instance: "Instance") -> str:
    plugin = instance.plugin
    projects = [str(workspace.project_dir) for workspace in plugin.users or [plugin.workspace]]
    path = plugin.workspace.variables.get("PATH", "")
    return sane_path(path, (*projects, str(plugin.spec.root), str(plugin.runtime.home)))


def _directory(instance: "Instance", args: dict[str, Json]) -> str:
    cwd = args.get("cwd")
    if cwd is None:
        return str(instance.plugin.workspace.project_dir)
    if (
        not isinstance(cwd, str)
        or not cwd
        or "\0" in cwd
        or len(cwd) > os.pathconf("/", "PC_PATH_MAX")
    ):
        raise ArgumentsError("exec takes cwd as a path")
    return os.path.join(str(instance.plugin.workspace.project_dir), cwd)


NEEDS: Final = Needs("shell", read_command)


@dataclass(frozen=True, slots=True)
class _Options:
    input: bytes | None
    timeout_s: float | None
    max_bytes: int
    env: dict[str, str] | None


def _options(args: dict[str, Json]) -> _Options:
    env = args.get("env")
    variables: dict[str, str] | None = None
    if env is not None:
        if not isinstance(env, dict):
            raise ArgumentsError("exec takes env as an object")
        variables = {}
        for name, value in env.items():
            if not isinstance(value, str):
                raise ArgumentsError("each variable of exec's env is a string")
            variables[name] = value
    return _Options(
        _data(args, "input"),
        None if not (ms := _number(args, "timeout_ms", _MAX_MS)) else ms / 1000,
        MAX_OUTPUT_BYTES
        if (most := _number(args, "max_bytes", MAX_OUTPUT_BYTES)) is None
        else int(most),
        variables,
    )


def _number(args: dict[str, Json], name: str, most: int) -> float | None:
    value = args.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ArgumentsError(f"exec takes {name} as a number that is not negative")
    return min(value, most)


def _data(args: dict[str, Json], name: str) -> bytes | None:
    text, raw = args.get(name), args.get(f"{name}_base64")
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    if isinstance(raw, str):
        try:
            return base64.b64decode(raw, validate=True)
        except ValueError:
            raise ArgumentsError(f"{name}_base64 is not base64") from None
    if text is not None or raw is not None:
        raise ArgumentsError(f"exec takes {name} as a string")
    return None


# Running it.


def run(
    instance: "Instance", granted: Granted, args: dict[str, Json], request: HostcallRequest
) -> None:
    """``{command, args?, cwd?, env?, input?, timeout_ms?, max_bytes?}`` -> how it ended, and what it wrote.

    ``{stdout, stderr, base64: [streams that are], code, signal, killed, timed_out, truncated, failed?}``.
    """
    _Run(instance, granted, args, request).begin()


def start(
    instance: "Instance", granted: Granted, args: dict[str, Json], request: HostcallRequest
) -> None:
    """As ``exec.run``, without ``max_bytes`` -> ``{id, pid}`` once it runs, or ``{failed}``."""
    if not instance.plugin.runtime.programs.has_room(instance):
        refuse(request, "E_QUOTA", "too many programs were started and not read to their end")
        return
    _Start(instance, granted, args, request).begin()


class _Run:
    is_held = False

    def __init__(
        self,
        instance: "Instance",
        granted: Granted,
        args: dict[str, Json],
        request: HostcallRequest,
    ) -> None:
        self._instance = instance
        self._granted = granted
        self._args = args
        self._request = request
        self._is_answered = False
        self._launch: Launch | None = None
        self._options: _Options | None = None

    def begin(self) -> None:
        """Make ready what the arguments say, and start it."""
        wanted = self._granted.request
        if not isinstance(wanted, ShellRequest):
            raise TypeError("exec is decided as a shell request")
        try:
            options = self._options = _options(self._args)
            cwd = _directory(self._instance, self._args)
            env = environment(
                self._instance.plugin,
                self._instance.plugin.workspace.variables,
                _path(self._instance),
                options.env,
                wanted.argv,
            )
        except ArgumentsError as error:
            refuse(self._request, "E_INVALID", str(error))
            return
        except VariableError as error:
            refuse(self._request, error.code, str(error))
            return
        self._args = {}
        if not wanted.program:
            self._answer_failed(*self._not_found(wanted.argv[0], cwd))
            return
        has_pipe = self.is_held or options.input is not None
        launch = Launch(
            wanted.program,
            wanted.argv,
            cwd,
            env,
            takes_input=has_pipe,
            most_bytes=None if self.is_held else options.max_bytes,
            hold_bytes=_HOLD_BYTES if self.is_held else None,
        )
        self._launch = launch
        starting = Starting(
            self._instance,
            launch,
            on_started=self.on_started,
            on_refused=self._refuse,
            on_change=self.on_change,
        )
        self._request.on_cancel(starting.cancel)
        starting.begin()

    def _not_found(self, name: str, cwd: str) -> tuple[str, str]:
        try:
            find_program(name, _path(self._instance), cwd)
        except PermissionError:
            return "EACCES", f"{name}: not a program that may be executed"
        except OSError:
            pass
        return "ENOENT", f"{name}: no such program"

    def _refuse(self, code: str, message: str) -> None:
        refuse(self._request, code, message)

    def _answer_failed(self, code: str, message: str) -> None:
        self._answer({"failed": {"code": code, "message": message}})

    def _answer(self, value: dict[str, object]) -> None:
        self._is_answered = True
        self._request.answer(msgspec.json.encode(value).decode())

    def on_started(self, program: Program) -> None:
        """It is being executed."""
        options = self._options
        if options is None:
            return
        timeout_s = options.timeout_s
        if self._request.is_sync and self._request.call is None:
            # It may belong to no call whose deadline would end it, and nothing else of the plugin runs meanwhile.
            most = self._instance.plugin.tool_budget_s
            timeout_s = most if timeout_s is None else min(timeout_s, most)
        if timeout_s is not None:
            program.end_at(now_s() + timeout_s)
        if options.input is not None:
            program.write(options.input, lambda: None)
            program.end_input()

    def on_change(self, program: Program) -> None:
        """It wrote or ended."""
        if self._is_answered or self._launch is None:
            return
        if program.failed is not None:
            if program.is_gone:
                self._answer_failed(*describe(program.failed, self._launch))
        elif program.is_over:
            value = _how(program)
            names: list[str] = []
            for stream in program.outputs:
                data = program.take(stream, MAX_OUTPUT_BYTES)
                text = _as_text(data)
                value[stream] = base64.b64encode(data).decode() if text is None else text
                if text is None:
                    names.append(stream)
            self._answer({**value, "base64": names})


class _Start(_Run):
    is_held = True

    def __init__(
        self,
        instance: "Instance",
        granted: Granted,
        args: dict[str, Json],
        request: HostcallRequest,
    ) -> None:
        super().__init__(instance, granted, args, request)
        self._held: Held | None = None

    def on_change(self, program: Program) -> None:
        """It runs, or it could not be executed; later, it wrote or ended."""
        if self._held is not None:
            self._held.look()
        elif program.is_gone and (program.failed is not None or self._request.is_cancelled):
            program.close_outputs()
            if program.failed is not None and self._launch is not None:
                self._answer_failed(*describe(program.failed, self._launch))
        elif program.failed is None and (program.pid or program.is_gone):
            if self._request.is_cancelled:
                program.kill()
                return
            programs = self._instance.plugin.runtime.programs
            number, self._held = programs.hold(self._instance, program)
            self._answer({"id": number, "pid": program.pid})
            self._launch = self._options = None


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if len(msgspec.json.encode(text)) > len(data) * _TEXT_GROWTH + 64:
        return None
    return text


def _how(program: Program) -> dict[str, object]:
    return {
        "pid": program.pid,
        "code": program.code,
        "signal": _signal_name(program.signal),
        "killed": program.was_killed,
        "timed_out": program.was_late,
        "truncated": program.is_truncated,
    }


def _signal_name(number: int) -> str | None:
    if not number:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


# What is held.


def read(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id, stream}`` -> ``{data, done}``: base64 of what came next; done after the last of it."""
    held = _held(instance, args, request)
    if held is None:
        return
    stream = _stream(args)
    if stream is None:
        refuse(request, "E_INVALID", "exec.read takes a stream: stdout or stderr")
        return

    def take(data: bytes, is_done: bool) -> None:
        text = base64.b64encode(data).decode()
        request.answer(msgspec.json.encode({"data": text, "done": is_done}).decode())

    request.on_cancel(lambda: held.stop_reading(stream))
    if not held.read(stream, _MAX_CHUNK_BYTES, take):
        refuse(request, "E_INVALID", f"{stream} is being read already")


def write(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id, data | data_base64}`` -> ``{}`` once there is room for more."""
    held = _held(instance, args, request)
    if held is None:
        return
    try:
        data = _data(args, "data")
    except ArgumentsError as error:
        refuse(request, "E_INVALID", str(error))
        return
    if not held.program.write(data or b"", lambda: request.answer("{}")):
        refuse(request, "E_BUSY", "the program has not read what was written before")


def close_stdin(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id}`` -> ``{}``: the program sees the end of its input after what was written."""
    held = _held(instance, args, request)
    if held is not None:
        held.program.end_input()
        request.answer("{}")


def kill(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id, signal?}`` -> ``{}``: signals the program itself; SIGKILL ends all that it started, too."""
    held = _held(instance, args, request)
    if held is None:
        return
    name = args.get("signal")
    number = (
        _SIGNALS.get("SIGTERM" if name is None else name)
        if isinstance(name, str | None)
        else None
    )
    if number is None:
        refuse(request, "E_INVALID", "exec.kill takes the name of a signal, such as SIGTERM")
        return
    if number == signal.SIGKILL:
        held.program.kill()
    else:
        held.program.send_signal(number)
    request.answer("{}")


def wait(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id}`` -> ``{code, signal, killed, timed_out, truncated}`` when it ended."""
    held = _held(instance, args, request)
    if held is not None:
        held.wait(lambda program: request.answer(msgspec.json.encode(_how(program)).decode()))


_SIGNALS: Final = {one.name: int(one) for one in signal.Signals}


def _held(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> Held | None:
    held = instance.plugin.runtime.programs.held(instance, args.get("id"))
    if held is None:
        refuse(request, "E_NOT_FOUND", "no such program of this plugin, or all of it was told")
    return held


def _stream(args: dict[str, Json]) -> StreamName | None:
    match args.get("stream"):
        case "stdout":
            return "stdout"
        case "stderr":
            return "stderr"
        case _:
            return None
