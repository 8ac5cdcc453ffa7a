"""What a plugin may do and why: all that is known of it, or one question that is answered layer by layer."""

import os
import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, get_args

from host.capabilities import EVENT_NAMES
from host.errors import InputError
from host.outcome import Json, JsonObject
from host.plugin import Plugin
from host.programs.lookup import find_program, sane_path
from host.realpath import file_request
from host.spelling import nearest
from host.waits import Wait
from host.workspace import Workspace
from policies.capability import (
    KINDS,
    FileRequest,
    HostRequest,
    NameKind,
    NameRequest,
    Request,
    ShellRequest,
)
from policies.decision import Rule
from policies.layers import Step
from policies.listing import Entry, entries
from policies.wording import meaning, spelled

if TYPE_CHECKING:
    from host.daemon.call import Call

_NAME_KINDS: Final[tuple[NameKind, ...]] = get_args(NameKind)
_MAX_TARGET_CHARS: Final = 4096
_HOST: Final = re.compile(
    r"(?:https?://)?(?:\[(?P<inner>[^\]\[/]+)\]|(?P<host>[^:/\[\]]+))(?::(?P<port>\d{1,5}))?(?:/.*)?"
)
_HTTPS: Final = 443
_HTTP: Final = 80


async def explain(call: "Call") -> Json:
    """Handle the method ``explain``: what each layer says to one request of a plugin's, and which one decides."""
    name, kind, target = call.a_text("plugin"), call.a_text("kind"), call.a_text("target")
    if not 0 < len(target) <= _MAX_TARGET_CHARS or "\0" in target:
        raise InputError(f"target is a text of 1 to {_MAX_TARGET_CHARS} characters")
    workspace = await call.workspace()
    workspace.runtime.look_if_due()
    plugin = workspace.plugin(name)
    read = _reader(workspace, plugin, kind, target)
    request = await _in_thread(workspace, read)
    steps = workspace.chain_for(plugin).explain(plugin.name, request)
    return {"plugin": plugin.name, "steps": [_step(step) for step in steps]}


async def capabilities(call: "Call") -> Json:
    """Handle the method ``capabilities``."""
    name = call.a_text("plugin")
    workspace = await call.workspace()
    workspace.runtime.look_if_due()
    plugin = workspace.plugin(name)
    chain = workspace.chain_for(plugin)
    manifest = plugin.spec.manifest
    rights = chain.rights(plugin.name, EVENT_NAMES)
    declared: list[Json] | None = None
    if manifest.capabilities is not None:
        declared = [_rule(rule) for rule in manifest.declared(plugin.spec.features)]
    return {
        "plugin": plugin.name,
        "loaded": plugin.spec.loaded,
        "mode": chain.mode,
        "mode_source": str(chain.mode_source),
        "permission_mode": workspace.modes.default,
        "entries": [_entry(entry) for entry in entries(chain, plugin.name)],
        "declared": declared,
        "rights": {
            EVENT_NAMES[event]: [*sorted(rights.of(event))]
            for event in EVENT_NAMES
            if rights.of(event)
        },
        "tier": manifest.tier,
        "tools": [{"name": tool.name, "tier": tool.tier} for tool in plugin.registry.tools],
        "limits": _limits(plugin),
    }


def _entry(entry: Entry) -> JsonObject:
    return {
        "kind": entry.kind,
        "pattern": entry.pattern,
        "verdict": entry.verdict,
        "layer": entry.layer,
        "layer_name": entry.layer_name,
        "source": str(entry.source),
        "reason": entry.reason,
        "within": [*entry.within],
    }


def _rule(rule: Rule) -> JsonObject:
    return {
        "kind": rule.kind,
        "pattern": spelled(rule),
        "source": str(rule.source),
        "meaning": meaning(rule),
    }


def _limits(plugin: Plugin) -> JsonObject:
    limits = plugin.limits
    per_s, who_calls = plugin.quota.hostcalls_per_s()
    written, who_writes = plugin.quota.bytes_written()
    return {
        "max_hostcalls_per_sec": {"value": per_s, "told": who_calls},
        "max_bytes_written": {"value": written, "told": f"within an hour; {who_writes}"},
        "max_tool_duration_secs": {"value": plugin.tool_budget_s, "told": ""},
        "heap_bytes": {"value": limits.heap_bytes, "told": "of each worker"},
        "kv_bytes": {"value": limits.kv_bytes, "told": ""},
        "logs_per_s": {"value": limits.logs_per_s, "told": ""},
        "max_sessions": {"value": limits.max_sessions, "told": ""},
    }


def _step(step: Step) -> JsonObject:
    return {
        "layer": step.layer,
        "name": step.name,
        "verdict": step.verdict,
        "reason": step.detail,
        "source": str(step.source),
        "decides": step.decides,
    }


# From what a person writes to a request.


def _reader(
    workspace: Workspace, plugin: Plugin, kind: str, target: str
) -> Callable[[], Request]:
    """Return what makes the request; it looks at files, and is to be called in a thread."""
    cwd = str(workspace.project_dir)
    if kind in ("fs_read", "fs_write"):
        of_files: Literal["fs_read", "fs_write"] = (
            "fs_read" if kind == "fs_read" else "fs_write"
        )
        return lambda: _file(of_files, _absolute(target, cwd))
    if kind == "http_hosts":
        host = _host(target)
        return lambda: host
    if kind == "shell":
        argv = _words(target)
        without = (cwd, str(plugin.spec.root), str(workspace.runtime.home))
        path = workspace.variables.get("PATH", "")
        return lambda: ShellRequest(argv, _program(argv[0], path, without))
    named = next((one for one in _NAME_KINDS if one == kind), None)
    if named is None:
        known = f"; the kinds are {', '.join(KINDS)}"
        raise InputError(
            f"there is no kind {kind[:60]!a}{nearest(kind[:60], [*KINDS]) or known}"
        )
    name = NameRequest(named, target)
    return lambda: name


def _absolute(target: str, cwd: str) -> str:
    if target == "~" or target.startswith("~/"):
        target = os.path.expanduser("~") + target[1:]
    return os.path.join(cwd, target)


def _file(kind: Literal["fs_read", "fs_write"], path: str) -> Request:
    try:
        return file_request(kind, path)
    except OSError:  # a path that leads nowhere is judged by its name
        return FileRequest(kind, path)


def _host(target: str) -> HostRequest:
    found = _HOST.fullmatch(target)
    if found is None:
        raise InputError(f"{target[:60]!a} is no host, host:port or URL")
    default = _HTTP if target.startswith("http://") else _HTTPS
    return HostRequest(found["inner"] or found["host"], int(found["port"] or default))


def _words(target: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(target))
    except ValueError as error:
        raise InputError(f"{target[:60]!a} is no command: {error}") from None
    if not words:
        raise InputError("target is a command and its arguments")
    return words


def _program(name: str, path: str, without: tuple[str, ...]) -> str:
    try:
        return find_program(name, sane_path(path, without), without[0])
    except (OSError, ValueError):
        return ""


async def _in_thread(workspace: Workspace, read: Callable[[], Request]) -> Request:
    done: Wait[Request] = Wait()

    def job() -> Callable[[], None]:
        try:
            request = read()
        except Exception as error:  # noqa: BLE001 - told to the one who asked
            problem = error
            return lambda: done.fail(problem)
        return lambda: done.set(request)

    workspace.runtime.files.submit("explain", job)
    return await done
