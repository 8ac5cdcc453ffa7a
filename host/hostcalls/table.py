"""Every hostcall, one row each. What is not a row does not exist for a plugin.

Promises    A handler runs in the reactor's turn, on the host's side of the pipe, and never blocks.
            Arguments reach it as parsed JSON; it answers once, now or later. A row that needs a
            permission is decided before its handler runs, in one place for all: ``granted.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from host.hostcalls import kv, registry, report, timers
from host.hostcalls.granted import Granted, Needs, grant
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.worker_json import parse_args, parse_told

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

AskHandler = Callable[["Instance", dict[str, Json], HostcallRequest], None]
GuardedHandler = Callable[["Instance", Granted, dict[str, Json], HostcallRequest], None]
TellHandler = Callable[["Instance", "Call | None", dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """A hostcall that is answered and touches nothing but the plugin's own. ``sync``: it may be waited for in place."""

    name: str
    handler: AskHandler
    sync: bool = False
    needs: None = None


@dataclass(frozen=True, slots=True)
class Guarded:
    """A hostcall that is answered if the chain allows what it ``needs``; its handler gets the proof."""

    name: str
    handler: GuardedHandler
    needs: Needs
    sync: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """A hostcall without an answer. ``per_s`` bounds how many of one worker are looked at."""

    name: str
    handler: TellHandler
    needs: None = None


Row: TypeAlias = Ask | Guarded

ASKS: Final[dict[str, Row]] = {
    row.name: row
    for row in (
        Ask("kv.load", kv.load, sync=True),
        Ask("kv.set", kv.set_),
        Ask("kv.delete", kv.delete),
    )
}

TELLS: Final[dict[str, Tell]] = {
    row.name: row
    for row in (
        Tell("log", report.log),
        Tell("unhandled", report.unhandled),
        Tell("timer", timers.set_wake_up),
        Tell("registry", registry.changed),
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
    args = parse_args(request.args)
    request.args = ""  # it may wait for a disk, and its text need not
    if args is None:
        refuse(
            request,
            "E_INVALID",
            "its arguments are no JSON object, or hold half a surrogate pair (see String.prototype.toWellFormed)",
        )
    elif isinstance(row, Ask):
        row.handler(instance, args, request)
    elif (granted := grant(instance, row.needs, args, request)) is not None:
        row.handler(instance, granted, args, request)


def take_tell(instance: "Instance", call: "Call | None", name: str, text: str) -> bool:
    """Route what a plugin tells; False when it is no row or no JSON object, which only a forger sends."""
    row = TELLS.get(name)
    args = parse_told(text) if row is not None else None
    if row is None or args is None:
        return False
    row.handler(instance, call, args)
    return True
