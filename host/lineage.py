"""What a call comes from when a plugin makes it: who waits for it, how deep it is, whose time it uses.

Promises    A call of a plugin is made on behalf of the call that its hostcall belongs to; of all that its instance is at,
            where it belongs to none, because any of them may be waiting for it. So nobody who waits is entered again,
            and no chain of calls is deeper than ``MAX_DEPTH``, through whatever plugins it goes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance
    from host.listener import HostcallRequest

MAX_DEPTH: Final = 4
_INFINITY: Final = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """See the module's text. ``waiting`` are the instances on the call stack, ``calls`` what they are at."""

    plugin: str
    waiting: frozenset["Instance"]
    calls: tuple["Call", ...]
    depth: int
    parent: "Call | None"
    session_id: str

    @property
    def parent_over_at(self) -> float:
        """When the time of the call that this is made for is up, as far as people have thought by now (``now_s``)."""
        return self.parent.over_at if self.parent is not None else _INFINITY

    @property
    def agent_until(self) -> float | None:
        """When the agent that began it all waits no longer (``now_s``); None: as long as it takes."""
        until = min((call.agent_until for call in self.calls), default=_INFINITY)
        return until if until < _INFINITY else None


def lineage_of(instance: "Instance", request: "HostcallRequest") -> Lineage:
    """Return where a call comes from that *instance* asks for with *request*."""
    link = instance.link
    own = link.concerned_by(request) if link is not None else []
    waiting = {instance}
    depth = 0
    for call in own:
        if call.lineage is not None:
            waiting |= call.lineage.waiting
            depth = max(depth, call.lineage.depth)
    parent = request.call
    return Lineage(
        instance.plugin.name,
        frozenset(waiting),
        tuple(all_waiting(own)),
        depth + 1,
        parent,
        parent.session_id if parent is not None else instance.key or "",
    )


def all_waiting(calls: Iterable["Call"]) -> list["Call"]:
    """Return *calls* and those that wait for them, each once."""
    found: dict[Call, None] = {}
    for call in calls:
        found[call] = None
        if call.lineage is not None:
            found.update(dict.fromkeys(call.lineage.calls))
    return list(found)
