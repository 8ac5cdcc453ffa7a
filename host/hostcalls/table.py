"""Every hostcall, one row each. What is not a row does not exist for a plugin.

Promises    A handler runs in the reactor's turn, on the host's side of the pipe, and never blocks.
            Arguments reach it as parsed JSON; it answers once, now or later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from host.hostcalls import kv, registry, report, timers
from host.listener import HostcallRequest
from host.outcome import Json

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

AskHandler = Callable[["Instance", dict[str, Json], HostcallRequest], None]
TellHandler = Callable[["Instance", "Call | None", dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """A hostcall that is answered. ``sync``: a plugin may wait for it in place."""

    name: str
    handler: AskHandler
    sync: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """A hostcall without an answer. ``per_s`` bounds how many of one worker are looked at."""

    name: str
    handler: TellHandler


ASKS: Final[dict[str, Ask]] = {
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


def parse_args(text: str) -> dict[str, Json] | None:
    """Return the JSON object in *text*, or None when it is anything else."""
    try:
        args: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return args if isinstance(args, dict) else None


def answer_ask(instance: "Instance", request: HostcallRequest) -> None:
    """Route *request* to its row; what has none, or lacks its shape, gets an error it can catch."""
    row = ASKS.get(request.name)
    if row is None:
        request.answer(
            '{"code":"E_UNKNOWN","message":"there is no such hostcall"}', is_error=True
        )
    elif request.is_sync and not row.sync:
        request.answer(
            '{"code":"E_INVALID","message":"this hostcall cannot be waited for in place"}',
            is_error=True,
        )
    elif (args := parse_args(request.args)) is None:
        request.answer(
            '{"code":"E_INVALID","message":"arguments are not a JSON object"}', is_error=True
        )
    else:
        row.handler(instance, args, request)


def take_tell(instance: "Instance", call: "Call | None", name: str, text: str) -> bool:
    """Route what a plugin tells; False when it is no row or no JSON object, which only a forger sends."""
    row = TELLS.get(name)
    args = parse_args(text) if row is not None else None
    if row is None or args is None:
        return False
    row.handler(instance, call, args)
    return True
