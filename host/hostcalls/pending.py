"""Hostcalls that are under way: a plugin that needs one no more says so."""

from typing import TYPE_CHECKING

from host.outcome import Json

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance


def cancel(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"id"}`` of a hostcall of this worker. One that was answered meanwhile, or never was, is nothing to cancel."""
    id_ = args.get("id")
    if isinstance(id_, int) and instance.link is not None:
        instance.link.cancel_hostcall(id_)
