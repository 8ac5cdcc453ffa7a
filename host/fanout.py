"""One event to many workers at once, and the answers of all of them by the deadline.

The whole of the fast path: the frame is made once, each subscriber gets it, nothing is allocated for time.
"""

from collections.abc import Callable

import msgspec

from host.calls import Call
from host.deadlines import Deadlines
from host.events import IS_INFO, PluginEvent
from host.lineage import Lineage
from host.outcome import Status
from host.reactor import Reactor, now_s
from host.snapshot import Route
from ipc.codec import event_frame, result_frame
from ipc.messages import EVENT, FLAG_ENTRY_ENDED, STATUS_CONTINUE, Message


class Answer(msgspec.Struct):
    """What became of one subscriber's share; ``text`` is its JSON, or our words when it did not answer."""

    route: Route
    status: Status
    text: str
    elapsed_ms: float


class FanOut:
    """Sends on construction; calls *on_all* once, with the answers in plugin order.

    ``all_plain`` on the call says that everybody answered and nobody had anything to add.
    """

    __slots__ = (
        "_answers",
        "_budgets",
        "_calls",
        "_deadlines",
        "_missing",
        "_on_all",
        "_others",
        "_routes",
        "started",
    )

    def __init__(
        self,
        deadlines: Deadlines,
        id_: int,
        event: PluginEvent,
        routes: tuple[Route, ...],
        payload: bytes,
        session_id: str,
        on_all: "Callable[[list[Answer | None], bool], None]",
        lineage: "Lineage | None" = None,
    ) -> None:
        self._deadlines = deadlines
        self._on_all = on_all
        self._routes = routes
        self._missing = self._others = len(routes)
        self._answers: list[Answer | None] = [None] * len(routes)
        now = self.started = now_s()
        is_info = IS_INFO[event]
        message: Message = [EVENT, id_]
        plain = result_frame(id_, STATUS_CONTINUE, FLAG_ENTRY_ENDED, "")
        middle, frame = b"", b""
        budgets: list[float] = []
        calls: list[Call] = []
        for index, route in enumerate(routes):
            if route.frame_middle != middle:
                middle = route.frame_middle
                frame = event_frame(id_, middle, payload)
                if route.timeout_s not in budgets:
                    budgets.append(route.timeout_s)
            calls.append(
                Call(
                    message,
                    route.timeout_s,
                    now,
                    self._on_done,
                    index,
                    frame,
                    plain,
                    is_info,
                    session_id,
                )
            )
        if lineage is not None:
            for call in calls:
                call.lineage = lineage
        self._calls = calls
        self._budgets = budgets
        for budget in budgets:
            deadlines.add(budget, self)
        # Submitted only now: an answer may come from within, and must find everything in place.
        for call in calls:
            routes[call.index].plugin.instance_for(session_id).submit(call)

    def on_deadline(self, budget_s: float, reactor: Reactor) -> None:
        """See :class:`host.deadlines.Dated`."""
        for call in self._calls:
            if self._answers[call.index] is None and call.budget_s <= budget_s:
                call.on_deadline(budget_s, reactor)

    def give_up(self, reactor: Reactor) -> None:
        """The time of all of them is up, whatever their budgets, but for those that a person thinks about."""
        for call in self._calls:
            if self._answers[call.index] is None:
                if call.thinking is not None:
                    call.on_deadline(0.0, reactor)
                else:
                    call.give_up()

    def _on_done(self, call: Call, status: Status, text: str) -> None:
        index = call.index
        if self._answers[index] is not None:
            return
        elapsed_ms = (now_s() - self.started) * 1000
        self._answers[index] = Answer(self._routes[index], status, text, elapsed_ms)
        if not text and status is Status.ANSWERED:
            self._others -= 1
        self._missing -= 1
        if not self._missing:
            for budget in self._budgets:
                self._deadlines.remove(budget, self)
            self._calls = []  # they hold us: a cycle for each event would keep the collector busy
            self._on_all(self._answers, not self._others)
