"""One request to one worker, from the queue to its answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from host.outcome import Status
from host.reactor import Reactor, now_s
from ipc.limits import MIN_HOST_ID
from ipc.messages import BUILD, COMMAND, EVENT, LOAD, TOOL, Message

if TYPE_CHECKING:
    from host.instance import Instance
    from host.lineage import Lineage
    from host.thinking import Thinking
    from host.tool_result import ToolUpdate

_WORDS: Final = {EVENT: "event", TOOL: "tool", COMMAND: "command", LOAD: "load", BUILD: "build"}

NO_ANSWER: Final = bytes(1 + 65536)
"""Longer than one read of a pipe, so that no bytes from a worker are equal to it."""

QUEUED: Final = 0
DELIVERED: Final = 1
ABANDONED: Final = 2  # its caller has an answer; the worker may still be at it
FINISHED: Final = 3


class Call(msgspec.Struct, eq=False):
    """A LOAD, EVENT, TOOL, COMMAND or BUILD. A struct: one is made for every event and plugin.

    ``on_done(call, status, text)`` is called once: ``text`` is the worker's JSON (a value, or an error
    when the status is FAILED and the worker said why), or the host's own words otherwise. ``index`` is the
    caller's; ``frame`` is the request as bytes where that is made already; ``plain_answer`` is the frame of an
    answer without anything in it; ``owner`` is the instance it was submitted to; ``agent_until`` is when the calling
    agent waits no longer (``now_s``); ``lineage`` says which plugin's call led to this one, if one did; ``on_update`` takes what a tool has so far.
    """

    message: Message
    budget_s: float
    started: float
    on_done: "Callable[[Call, Status, str], None]"
    index: int = 0
    frame: bytes | None = None
    plain_answer: bytes = NO_ANSWER
    is_info: bool = False
    session_id: str = ""
    agent_until: float = float("inf")
    owner: "Instance | None" = None
    thinking: "Thinking | None" = None
    lineage: "Lineage | None" = None
    on_update: "Callable[[ToolUpdate], None] | None" = None
    state: int = QUEUED
    delivered_at: float = 0.0

    @property
    def id(self) -> int:
        """The second field of every request."""
        return self.message[1]  # type: ignore[return-value]  # by its row

    @property
    def what(self) -> str:
        """For messages: ``event``, ``tool``, ``command``, ``load`` or ``build``."""
        return _WORDS[int(self.message[0])]

    def on_deadline(self, _: float, reactor: Reactor) -> None:
        """See :class:`host.deadlines.Dated`.

        The clock of what was delivered runs from its delivery: having waited its turn is not its fault.
        """
        if self.state == DELIVERED:
            self.when_over(reactor, self.give_up)
        else:
            self.give_up()

    @property
    def over_at(self) -> float:
        """When the time of a delivered call is up, as far as people have thought by now (``now_s``)."""
        thought_s = self.thinking.took_s if self.thinking is not None else 0.0
        return self.delivered_at + self.budget_s + thought_s

    def when_over(self, reactor: Reactor, act: "Callable[[], None]") -> None:
        """Do *act* when the time of a delivered call is up, at once if it is."""
        if self.thinking is not None and self.thinking.is_open:
            self.thinking.hold(lambda: self.when_over(reactor, act))
        elif self.over_at > now_s():
            reactor.at(self.over_at, lambda: self.when_over(reactor, act))
        else:
            act()

    def give_up(self) -> None:
        """The caller waits no longer; it hears why."""
        if self.owner is not None and self.state < ABANDONED:
            self.owner.give_up(self)

    def finish(self, status: Status, text: str = "") -> None:
        """Tell the caller, once."""
        if self.state < ABANDONED:
            self.state = FINISHED
            self.on_done(self, status, text)


class IdSource:
    """Ids of requests, unique among those in flight, small enough for JavaScript's 32-bit integers.

    One source serves all workers, so that an event is encoded once for all of them. Ids from the upper
    half are the workers' own, for synchronous hostcalls.
    """

    __slots__ = ("_last",)

    _WRAP: Final = 2**30

    def __init__(self) -> None:
        self._last = MIN_HOST_ID - 1

    def next(self) -> int:
        """Return the next id, 2^16..2^30."""
        last = self._last
        self._last = last = last + 1 if last < self._WRAP else MIN_HOST_ID
        return last
