"""Deadlines of events: as many as there are events, for the price of one timer.

Events of one budget expire in the order in which they began, so the oldest open one is the only one that
needs a timer, and when it is answered the timer may as well stay: it looks again when it fires.
"""

from collections.abc import Callable
from typing import Protocol

from host.reactor import Reactor, now_s


class Dated(Protocol):
    """Something that began and is to be told when its time is up."""

    started: float

    def on_deadline(self, budget_s: float, reactor: Reactor) -> None:
        """*budget_s* have passed since it began; what needs more time takes it from *reactor*."""


class Deadlines:
    """One ordered set of open things for each budget that is in use (a handful)."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._open: dict[float, dict[Dated, None]] = {}
        self._armed: set[float] = set()

    def add(self, budget_s: float, thing: Dated) -> None:
        """Tell *thing* when *budget_s* have passed; it has begun just now."""
        of_budget = self._open.get(budget_s)
        if of_budget is None:
            of_budget = self._open[budget_s] = {}
        of_budget[thing] = None
        if budget_s not in self._armed:
            self._arm(budget_s, thing.started + budget_s)

    def remove(self, budget_s: float, thing: Dated) -> None:
        """It is done, or was told."""
        self._open[budget_s].pop(thing, None)

    def _arm(self, budget_s: float, when: float) -> None:
        self._armed.add(budget_s)
        self._reactor.at(when, self._look(budget_s))

    def _look(self, budget_s: float) -> Callable[[], None]:
        def look() -> None:
            self._armed.discard(budget_s)
            of_budget = self._open[budget_s]
            limit = now_s() - budget_s
            due = []
            for thing in of_budget:
                if thing.started > limit:
                    break
                due.append(thing)
            for thing in due:
                del of_budget[thing]
            for thing in due:
                thing.on_deadline(budget_s, self._reactor)
            if of_budget and budget_s not in self._armed:
                self._arm(budget_s, next(iter(of_budget)).started + budget_s)

        return look
