"""``pi.env``: variables of the workspace's environment, those alone that the plugin may read.

A worker's own environment is empty; what a plugin is told of ours it asks for by name.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from host.hostcalls.granted import ArgumentsError, Granted, Needs, decide
from host.listener import HostcallRequest
from host.outcome import Json
from policies.capability import NameRequest, Request

if TYPE_CHECKING:
    from host.instance import Instance

_MAX_NAME_CHARS: Final = 1024


def _name(_: "Instance", args: dict[str, Json]) -> Request:
    name = args.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_CHARS:
        raise ArgumentsError(
            f"env.get takes the name of a variable, 1 to {_MAX_NAME_CHARS} characters"
        )
    return NameRequest("env", name)


NEEDS: Final = Needs("env", _name)


def get(
    instance: "Instance", granted: Granted, _: dict[str, Json], request: HostcallRequest
) -> None:
    """``{"name"}`` -> ``{"value": text or null}``."""
    asked = granted.request
    assert isinstance(asked, NameRequest)  # noqa: S101 - of NEEDS
    value = instance.plugin.workspace.variables.get(asked.name)
    request.answer(msgspec.json.encode({"value": value and _text(value)}).decode())


def list_(instance: "Instance", _: dict[str, Json], request: HostcallRequest) -> None:
    """``{}`` -> ``{"names": [...]}``: of the variables that there are, those that may be read, in order."""
    names = [
        name
        for name in sorted(instance.plugin.workspace.variables)
        if decide(instance.plugin, NameRequest("env", name)).allowed
    ]
    request.answer(msgspec.json.encode({"names": [_text(name) for name in names]}).decode())


def _text(value: str) -> str:
    """Return *value* as text: a variable may hold any bytes."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
