"""``exec.run`` and ``exec.start``: what may run is decided on the argument vector and on the file that it leads to.

A command without ``args`` is ``sh -c``. A program that could not be executed is no refusal: its answer has ``failed``,
with the name of the errno. Bytes that are no text, or would grow too much as text, are base64.
"""

import base64
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from host.hostcalls.granted import ArgumentsError, Granted, work_in_thread
from host.hostcalls.programs_asked import (
    MAX_OUTPUT_BYTES,
    Options,
    path_of,
    read_options,
    working_directory,
)
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.programs.directory import DirectoryError, Where, check_directory
from host.programs.environment import VariableError, environment
from host.programs.git import mentions_git, submodules_near
from host.programs.held import Held
from host.programs.lookup import find_program
from host.programs.program import Launch, Program, describe
from host.programs.starting import Starting
from host.reactor import now_s
from policies.capability import ShellRequest

if TYPE_CHECKING:
    from host.instance import Instance

_HOLD_BYTES: Final = 256 * 1024
_TEXT_GROWTH: Final = 4 / 3


@dataclass(frozen=True, slots=True)
class _Place:
    """What files say of a command that may be run, looked up in a thread.

    ``missing``: errno and message for a program that is not there. ``git``: the file of that name, if the command may
    come to run it, and ``submodules`` those near the working directory.
    """

    where: Where
    path: str
    missing: tuple[str, str]
    git: str
    submodules: frozenset[str]

    @classmethod
    def find(cls, instance: "Instance", command: ShellRequest, cwd: str) -> "_Place":
        """Look at the files."""
        path, where = path_of(instance), Where.find(instance.plugin, cwd)
        name = command.argv[0]
        missing = ("ENOENT", f"{name}: no such program")
        if not command.program:
            try:
                find_program(name, path, cwd)
            except PermissionError:
                missing = ("EACCES", f"{name}: not a program that may be executed")
            except OSError:
                pass  # as is said above
        if not mentions_git(command.argv):
            return cls(where, path, missing, "", frozenset())
        try:
            git = find_program("git", path, "/")
        except OSError:
            return cls(where, path, missing, "", frozenset())
        return cls(where, path, missing, git, frozenset(submodules_near(cwd)))


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
        if not isinstance(granted.request, ShellRequest):
            raise TypeError("exec is decided as a shell request")
        self._command = granted.request
        self._args = args
        self._request = request
        self._is_answered = False
        self._launch: Launch | None = None
        self._options: Options | None = None

    def begin(self) -> None:
        """Make ready what the arguments say, and start it."""
        try:
            self._options = read_options(self._args)
            cwd = working_directory(self._instance, self._args)
        except ArgumentsError as error:
            refuse(self._request, "E_INVALID", str(error))
            return
        self._args = {}
        work_in_thread(
            self._instance,
            self._request,
            lambda: _Place.find(self._instance, self._command, cwd),
            self._start,
        )

    def _start(self, place: "_Place") -> None:
        options = self._options
        if options is None:
            return
        plugin = self._instance.plugin
        command = self._command
        try:
            env = environment(
                plugin, plugin.workspace.variables, place.path, options.env, command.argv
            )
            check_directory(plugin, place.where, command)
        except VariableError as error:
            refuse(self._request, error.code, str(error))
            return
        except DirectoryError as error:
            refuse(self._request, "E_DENIED", str(error))
            return
        if not command.program:
            self._answer_failed(*place.missing)
            return
        launch = Launch(
            command.program,
            command.argv,
            place.where.place,
            env,
            takes_input=self.is_held or options.input is not None,
            most_bytes=None if self.is_held else options.max_bytes,
            hold_bytes=_HOLD_BYTES if self.is_held else None,
        )
        self._launch = launch
        starting = Starting(
            self._instance,
            launch,
            git=place.git,
            submodules=place.submodules,
            on_started=self.on_started,
            on_refused=self._refuse,
            on_change=self.on_change,
        )
        self._request.on_cancel(starting.cancel)
        starting.begin()

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
            value = how_it_ended(program)
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


def how_it_ended(program: Program) -> dict[str, object]:
    """Return what is told of the end of *program*."""
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
