"""One event to many workers at once, and the answers of all of them by the deadline.

The whole of the fast path: the frame is made once, each subscriber gets it, one timer holds the deadline.
"""

from collections.abc import Callable
from typing import Final

from host.calls import Call
from host.events import CLASS_OF, EventClass, PluginEvent
from host.outcome import Status
from host.reactor import Reactor, Timer, now_s
from host.snapshot import Route
from ipc.codec import event_frame
from ipc.messages import EVENT, Message

_MAX_BUDGET_MS: Final = 2**31 - 1
_NEVER: Final = float("inf")


class Answer:
    """What became of one subscriber's share; ``text`` is its JSON, or our words when it did not answer."""

    __slots__ = ("elapsed_ms", "route", "status", "text")

    def __init__(self, route: Route, status: Status, text: str, elapsed_ms: float) -> None:
        self.route = route
        self.status = status
        self.text = text
        self.elapsed_ms = elapsed_ms


class FanOut:
    """Sends on construction; calls *on_all* once, with the answers in plugin order."""

    __slots__ = ("_answers", "_calls", "_missing", "_on_all", "_reactor", "_routes", "_started", "_timer", "_until")

    def __init__(
        self,
        reactor: Reactor,
        id_: int,
        event: PluginEvent,
        routes: tuple[Route, ...],
        payload: bytes,
        session_id: str,
        on_all: "Callable[[list[Answer]], None]",
        *,
        until: float | None = None,
    ) -> None:
        self._reactor = reactor
        self._on_all = on_all
        self._routes = routes
        now = now_s()
        self._started = now
        self._until = until
        self._missing = len(routes)
        self._answers: list[Answer | None] = [None] * len(routes)
        self._timer: Timer | None = None
        self._calls: list[Call] = []
        is_info = CLASS_OF[event] is EventClass.INFO
        message: Message = [EVENT, id_]
        frame, frame_budget, earliest = b"", -1.0, _NEVER
        for index, route in enumerate(routes):
            budget = route.timeout_s
            if budget != frame_budget:
                frame = event_frame(id_, min(int(budget * 1000), _MAX_BUDGET_MS), event, payload)
                frame_budget = budget
                earliest = min(earliest, budget)
            self._calls.append(
                Call(
                    message,
                    budget_s=budget,
                    submitted_at=now,
                    on_done=self._on_done,
                    index=index,
                    frame=frame,
                    is_info=is_info,
                )
            )
        self._arm(now + earliest)
        # Submitted only now: an answer may come from within, and must find everything in place.
        for call, route in zip(self._calls, routes, strict=True):
            route.plugin.instance_for(session_id).submit(call)

    def _arm(self, when: float) -> None:
        if self._until is not None:
            when = min(when, self._until)
        self._timer = self._reactor.at(when, self._on_deadline)

    def _on_deadline(self) -> None:
        self._timer = None
        now = now_s()
        until = _NEVER if self._until is None else self._until
        next_at = _NEVER
        for call in self._calls:
            if self._answers[call.index] is None:
                deadline = min(self._started + call.budget_s, until)
                if deadline <= now:
                    call.give_up()
                else:
                    next_at = min(next_at, deadline)
        if self._missing:
            self._arm(next_at)

    def _on_done(self, call: Call, status: Status, text: str) -> None:
        index = call.index
        if self._answers[index] is not None:
            return
        elapsed_ms = (now_s() - self._started) * 1000
        self._answers[index] = Answer(self._routes[index], status, text, elapsed_ms)
        self._missing -= 1
        if not self._missing:
            if self._timer is not None:
                self._timer.cancel()
            self._on_all([answer for answer in self._answers if answer is not None])
