"""Handlers, tools and commands that a plugin adds or takes back after it was loaded."""

from typing import TYPE_CHECKING

from host.outcome import Json

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance


def changed(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """The whole registry anew; visible to the agent from the next snapshot on."""
    instance.take_registry(args)
