"""``http.request``, ``http.read``, ``http.cancel``: the network, through the host and for named hosts only."""

from typing import TYPE_CHECKING, Final

from host.hostcalls import http_arguments
from host.hostcalls.granted import ArgumentsError, Granted, Needs
from host.hostcalls.http_exchange import Exchange
from host.hostcalls.http_failure import Failure
from host.hostcalls.refusal import over_quota, refuse
from host.listener import HostcallRequest
from host.outcome import Json

if TYPE_CHECKING:
    from host.instance import Instance


NEEDS: Final = Needs("http_hosts", lambda _, args: http_arguments.host_of(args))


def request(
    instance: "Instance", granted: Granted, args: dict[str, Json], request: HostcallRequest
) -> None:
    """``{"method", "url", "headers": [[name, value]], "body" | "body_base64", "timeout_ms", "redirect"}`` ->
    ``{"id", "status", "status_text", "url", "headers", "redirected", "done"}`` when the head is there.

    With ``done`` there is no body; else it waits to be read.
    """
    try:
        wanted = http_arguments.read(args)
    except ArgumentsError as error:
        refuse(request, "E_INVALID", str(error))
        return
    link = instance.link
    if link is None:
        refuse(request, "E_CANCELLED", "its worker is gone")
        return
    hub = instance.plugin.runtime.http
    exchange = Exchange(hub, instance, link, wanted)
    if not exchange.is_open:
        exchange.end(Failure("E_QUOTA", "too many requests"))
        most = hub.options.max_open
        told = (
            f"more than {most} requests that are not read to the end; http.max_open raises it"
        )
        over_quota(instance, request, told)
        return
    exchange.start(granted, request)


def read(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"id", "stream": bool}`` -> ``{"data": base64, "done"}``: the next piece of a body, when it comes."""
    found = _find(instance, args)
    if found is None:
        refuse(request, "E_NOT_FOUND", "no request is open under that id")
        return
    found.read(request, is_stream=args.get("stream") is True)


def cancel(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"id"}`` -> ``{}``: close the connection. One that is over already is nothing to cancel."""
    found = _find(instance, args)
    if found is not None:
        found.end(Failure("E_CANCELLED", "it was cancelled"))
    request.answer("{}")


def _find(instance: "Instance", args: dict[str, Json]) -> Exchange | None:
    link = instance.link
    return None if link is None else instance.plugin.runtime.http.find(link, args.get("id"))
