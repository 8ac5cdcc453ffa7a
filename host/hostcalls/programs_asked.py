"""What ``exec.*`` is asked for: the command and the file that it leads to, the directory, the options."""

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from host.hostcalls.granted import ArgumentsError, Needs
from host.outcome import Json
from host.programs.lookup import find_program, sane_path
from policies.capability import Request, ShellRequest
from policies.commands import MAX_ARGUMENTS

if TYPE_CHECKING:
    from host.instance import Instance

MAX_OUTPUT_BYTES: Final = 4 * 1024 * 1024
"""Of each stream of ``exec.run``: both, as base64, fit into one answer."""
_MAX_ARGUMENT_CHARS: Final = 1024 * 1024
_MAX_MS: Final = 2**31


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
    return ShellRequest(argv, _find(instance, argv[0], working_directory(instance, args)))


def _word(value: Json) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ArgumentsError("each of exec's args is a string without NUL")
    return value


def _find(instance: "Instance", name: str, cwd: str) -> str:
    try:
        return find_program(name, path_of(instance), cwd)
    except OSError:
        return ""  # whether it exists is told only to those who may run it


def path_of(instance: "Instance") -> str:
    plugin = instance.plugin
    projects = [str(workspace.project_dir) for workspace in plugin.users or [plugin.workspace]]
    path = plugin.workspace.variables.get("PATH", "")
    return sane_path(path, (*projects, str(plugin.spec.root), str(plugin.runtime.home)))


def working_directory(instance: "Instance", args: dict[str, Json]) -> str:
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


NEEDS: Final = Needs("shell", read_command, in_thread=True)


@dataclass(frozen=True, slots=True)
class Options:
    input: bytes | None
    timeout_s: float | None
    max_bytes: int
    env: dict[str, str] | None


def read_options(args: dict[str, Json]) -> Options:
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
    return Options(
        read_data(args, "input"),
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


def read_data(args: dict[str, Json], name: str) -> bytes | None:
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
