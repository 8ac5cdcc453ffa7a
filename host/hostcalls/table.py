"""Every hostcall, one row each. What is not a row does not exist for a plugin.

Promises    A handler runs in the reactor's turn, on the host's side of the pipe, and never blocks.
            Arguments reach it as parsed JSON; it answers once, now or later. One way for all of them:
            request, row, quota (``quota.py``), decision (``granted.py``), then the handler acts. Refusals and
            decisions are audited on the way, by number where they repeat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from host.backlog import MAX_PENDING_HOSTCALLS
from host.hostcalls import (
    bus,
    env,
    fs_read,
    fs_tree,
    fs_write,
    http,
    kv,
    pending,
    programs,
    programs_held,
    registry,
    report,
    session,
    timers,
    tools,
    ui,
    updates,
)
from host.hostcalls.files import FileHandler, FileKind, answer_in_thread
from host.hostcalls.granted import Granted, Needs, grant
from host.hostcalls.programs_asked import NEEDS as ON_PROGRAMS
from host.hostcalls.quota import QuotaClass
from host.hostcalls.refusal import over_quota, refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.reactor import now_s
from host.worker_json import parse_args, parse_told

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

AskHandler = Callable[["Instance", dict[str, Json], HostcallRequest], None]
GuardedHandler = Callable[["Instance", Granted, dict[str, Json], HostcallRequest], None]
TellHandler = Callable[["Instance", "Call | None", dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """A hostcall that is answered and touches nothing but the plugin's own.

    ``sync``: it may be waited for in place; ``only_sync``: it is never asked for otherwise.
    """

    name: str
    handler: AskHandler
    sync: bool = False
    needs: None = None
    quota: QuotaClass = "call"
    only_sync: bool = False


@dataclass(frozen=True, slots=True)
class Guarded:
    """A hostcall that is answered if the chain allows what it ``needs``; its handler gets the proof."""

    name: str
    handler: GuardedHandler
    needs: Needs
    sync: bool = False
    quota: QuotaClass = "call"
    only_sync: bool = False


@dataclass(frozen=True, slots=True)
class OnFiles:
    """A hostcall on files. What it needs, of ``kinds``, is decided in its thread, when its paths were looked up."""

    name: str
    handler: FileHandler
    kinds: tuple[FileKind, ...]
    sync: bool = True
    needs: None = None
    quota: QuotaClass = "call"
    only_sync: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """A hostcall without an answer. It is the plugin's own and bounded where it is handled: no quota counts it."""

    name: str
    handler: TellHandler
    needs: None = None
    quota: QuotaClass = "none"


Row: TypeAlias = Ask | Guarded | OnFiles

_READ: Final[tuple[FileKind, ...]] = ("fs_read",)
_WRITE: Final[tuple[FileKind, ...]] = ("fs_write",)
_BOTH: Final[tuple[FileKind, ...]] = ("fs_read", "fs_write")

ASKS: Final[dict[str, Row]] = {
    row.name: row
    for row in (
        Ask("kv.load", kv.load, sync=True, only_sync=True, quota="none"),
        Ask("kv.set", kv.set_, quota="own_bytes"),
        Ask("kv.delete", kv.delete, quota="own_bytes"),
        Guarded("env.get", env.get, env.NEEDS, sync=True),
        Ask("env.list", env.list_, sync=True),
        Ask("bus.emit", bus.emit),
        Guarded("http.request", http.request, http.NEEDS, quota="bytes_written"),
        # Pieces of what was asked for, one at a time and no more than there are bytes: they do not count.
        Ask("http.read", http.read, quota="none"),
        Ask("http.cancel", http.cancel, quota="none"),
        OnFiles("fs.read", fs_read.read, _READ),
        OnFiles("fs.stat", fs_read.stat_, _READ),
        OnFiles("fs.lstat", fs_read.lstat, _READ),
        OnFiles("fs.list", fs_read.list_, _READ),
        OnFiles("fs.exists", fs_read.exists, _READ),
        OnFiles("fs.realpath", fs_read.realpath, _READ),
        OnFiles("fs.readlink", fs_read.readlink, _READ),
        OnFiles("fs.access", fs_read.access, _BOTH),
        OnFiles("fs.open", fs_write.open_, _BOTH),
        OnFiles("fs.write", fs_write.write, _WRITE, quota="bytes_written"),
        OnFiles("fs.truncate", fs_write.truncate, _WRITE),
        OnFiles("fs.sync", fs_write.sync, _WRITE),
        OnFiles("fs.chmod", fs_write.chmod, _WRITE),
        OnFiles("fs.utimes", fs_write.utimes, _WRITE),
        OnFiles("fs.mkdir", fs_write.mkdir, _WRITE),
        OnFiles("fs.mkdtemp", fs_write.mkdtemp, _WRITE),
        OnFiles("fs.symlink", fs_write.symlink, _BOTH),
        OnFiles("fs.copy", fs_write.copy, _BOTH, quota="bytes_written"),
        OnFiles("fs.remove", fs_tree.remove, _WRITE),
        OnFiles("fs.rename", fs_tree.rename, _BOTH),
        Guarded("session.getMessages", session.get_messages, session.READ),
        Guarded("session.sendMessage", session.send_message, session.SEND),
        Guarded("tool.call", tools.call, tools.NEEDS),
        Ask("tool.list", tools.list_all, sync=True),
        Ask("command.list", ui.list_commands, sync=True),
        Ask("command.run", ui.run_command),
        Ask("ui.dialog", ui.dialog),
        Guarded("exec.run", programs.run, ON_PROGRAMS, sync=True),
        Guarded("exec.start", programs.start, ON_PROGRAMS),
        # What was started is the plugin's own; whoever floods with these is read less (host/channel.py).
        Ask("exec.read", programs_held.read, quota="none"),
        Ask("exec.write", programs_held.write, quota="none"),
        Ask("exec.close_stdin", programs_held.close_stdin, quota="none"),
        Ask("exec.kill", programs_held.kill, quota="none"),
        Ask("exec.wait", programs_held.wait, quota="none"),
    )
}

TELLS: Final[dict[str, Tell]] = {
    row.name: row
    for row in (
        Tell("log", report.log),
        Tell("unhandled", report.unhandled),
        Tell("timer", timers.set_wake_up),
        Tell("registry", registry.changed),
        Tell("cancel", pending.cancel),
        Tell("bus.listen", bus.listen),
        Tell("tool.update", updates.update),
        Tell("ui.set", ui.set_),
        Tell("ui.notify", ui.notify),
    )
}


def answer_ask(instance: "Instance", request: HostcallRequest) -> None:
    """Route *request* to its row; what has none, or lacks its shape, gets an error it can catch."""
    row = ASKS.get(request.name)
    if row is None:
        refuse(request, "E_UNKNOWN", "there is no such hostcall")
        return
    if request.is_sync and not row.sync:
        refuse(request, "E_INVALID", "this hostcall cannot be waited for in place")
        return
    if row.only_sync and not request.is_sync:
        refuse(request, "E_INVALID", "this hostcall is only waited for in place")
        return
    if request.pending > MAX_PENDING_HOSTCALLS:
        over_quota(instance, request, f"more than {MAX_PENDING_HOSTCALLS} hostcalls pending")
        return
    args = parse_args(request.args)
    size = len(request.args)
    request.args = ""  # it may wait for a disk, and its text need not
    if args is None:
        refuse(
            request,
            "E_INVALID",
            "its arguments are no JSON object, or hold half a surrogate pair (see String.prototype.toWellFormed)",
        )
        return
    # First of all: what will be refused counts as well, it is work to decide.
    why = instance.plugin.quota.take(row.quota, size, now_s())
    if why is not None:
        over_quota(instance, request, why)
    elif isinstance(row, OnFiles):
        answer_in_thread(instance, row.handler, args, request)
    elif isinstance(row, Ask):
        row.handler(instance, args, request)
    else:
        _decide_and_act(instance, row, args, request)


def _decide_and_act(
    instance: "Instance", row: Guarded, args: dict[str, Json], request: HostcallRequest
) -> None:
    def act(granted: Granted) -> None:
        row.handler(instance, granted, args, request)

    grant(instance, row.needs, args, request, act)


def take_tell(instance: "Instance", call: "Call | None", name: str, text: str) -> bool:
    """Route what a plugin tells; False when it is no row or no JSON object, which only a forger sends."""
    row = TELLS.get(name)
    args = parse_told(text) if row is not None else None
    if row is None or args is None:
        return False
    row.handler(instance, call, args)
    return True
