"""``pi.events``: what a plugin tells the others of its workspace, and what it listens to."""

from typing import TYPE_CHECKING

from host.bus import MAX_NAME_CHARS, MAX_NAMES, BusError
from host.bus import emit as send
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance


def emit(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"name", "data"}`` -> ``{"delivered": n}``, the number of instances that will hear it."""
    name = args.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARS:
        refuse(
            request, "E_INVALID", f"bus.emit takes a name of 1 to {MAX_NAME_CHARS} characters"
        )
        return
    try:
        delivered = send(instance, name, args.get("data"), request.depth)
    except BusError as error:
        refuse(request, error.code, str(error))
    else:
        request.answer(f'{{"delivered":{delivered}}}')


def listen(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"names"}``: all that this instance listens to from now on."""
    names = args.get("names")
    if isinstance(names, list):
        instance.seat.names = frozenset(
            name
            for name in names[:MAX_NAMES]
            if isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS
        )
