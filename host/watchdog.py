"""What a worker is doing, since when, and when that counts as hung.

Promises    A worker that is busy for longer than it may is ended: an entry beyond its deadline and the grace, and
            whatever runs without a pause for longer than an entry may. While it waits for us in place, the
            clocks stand.
Relies on   Its owner for which entry runs, and that what the worker wrote is read before it is judged.
"""

from collections.abc import Callable
from typing import Final

from host.calls import Call
from host.listener import HostcallRequest
from host.loss import Loss
from host.outcome import Status
from host.reactor import HOST_IS_LATE_S, Reactor, Timer, now_s

QUICK_S: Final = 0.01
"""An entry that took longer is worth a look at its worker's memory."""
NEVER: Final = float("inf")


class Watchdog:
    """See the module's text. Of the entry under way it is told at once, on the path of every event.

    Each entry and each cancel under way counts as demand of the reactor: its end is taken also when no caller waits.
    """

    def __init__(
        self,
        reactor: Reactor,
        *,
        grace_s: float,
        max_busy_s: float,
        look: Callable[[], object],
        on_hung: Callable[[Loss], None],
    ) -> None:
        self._reactor = reactor
        self._grace_s = grace_s
        self.max_busy_s = max_busy_s
        """How long one entry may keep the worker busy; may be changed between two."""
        self._look = look
        self._on_hung = on_hung
        self.has_entry = False
        self.call: Call | None = None
        """What the entry under way is for; None for a continuation, a timer, a push."""
        self.depth = 0
        """How many messages between plugins led to the entry under way."""
        self.cancels: set[int] = set()
        """Calls that the worker unwinds."""
        self.held_by: HostcallRequest | None = None
        """The hostcall whose answer the worker waits for in place."""
        self.took_s = 0.0
        """The longest entry since somebody looked, who sets it back."""
        self._deadline = NEVER
        self._busy_from = 0.0
        self._busy_used = 0.0
        self._resumed_at = 0.0
        self._excused = False
        self._timer: Timer | None = None
        self._timer_at = NEVER

    # What runs.

    def begin(self, call: Call | None, deadline: float, now: float, depth: int = 0) -> None:
        """An entry was delivered."""
        self._reactor.demand += 1
        self.call = call
        self.has_entry = True
        self._deadline = deadline
        self._busy_from = now
        self._busy_used = 0.0
        self._resumed_at = 0.0
        self._excused = False
        self.depth = depth
        # Keep a timer that comes early enough: it looks again when it fires, so that a quick
        # exchange costs no timer of its own.
        limit = min(now + self.max_busy_s, deadline + self._grace_s)
        if self._timer_at > limit:
            self._set_timer(limit)

    def end(self) -> float:
        """The entry under way ended; how long it was busy, in seconds."""
        now = now_s()
        took_s = self._busy_used + now - self._busy_from
        if took_s > self.took_s:
            self.took_s = took_s
        self._reactor.demand -= 1
        self.has_entry = False
        self.call = None
        self._busy_from, self._busy_used = now, 0.0
        return took_s

    def begin_cancel(self, id_: int) -> None:
        """The worker is about to hear that nobody waits for the call *id_*; :meth:`schedule` follows."""
        if not self.cancels and not self.has_entry:
            self._busy_from, self._busy_used = now_s(), 0.0
        self.cancels.add(id_)
        self._reactor.demand += 1

    def end_cancel(self, id_: int) -> None:
        """The worker has unwound the call *id_*."""
        self.cancels.discard(id_)
        self._reactor.demand -= 1
        if not self.has_entry:
            self._busy_from, self._busy_used = now_s(), 0.0

    def hold(self, request: HostcallRequest) -> None:
        """The worker waits in place for the answer to *request*."""
        self.held_by = request
        now = now_s()
        self._busy_used += now - self._busy_from
        self._busy_from = now

    def resume(self) -> None:
        """It is about to have its answer; :meth:`schedule` follows."""
        self.held_by = None
        self._busy_from = self._resumed_at = now_s()
        if self.call is not None and self.call.thinking is not None:
            self._deadline = self.call.over_at

    def stop(self) -> None:
        """Nothing runs any more: the worker is lost."""
        self._reactor.demand -= int(self.has_entry) + len(self.cancels)
        self.has_entry = False
        self.cancels.clear()
        self.held_by = None
        if self._timer is not None:
            self._timer.cancel()

    # When does it count as hung?

    def _hung_at(self) -> float:
        if self.held_by is not None or not (self.has_entry or self.cancels):
            return NEVER
        limit = self._busy_from + self.max_busy_s - self._busy_used
        if self.has_entry:
            limit = min(limit, max(self._deadline, self._resumed_at) + self._grace_s)
        return limit

    def schedule(self) -> None:
        """Look no later than when what runs counts as hung."""
        limit = self._hung_at()
        if limit < self._timer_at:
            self._set_timer(limit)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._reactor.at(when, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, NEVER
        limit = self._hung_at()
        now = now_s()
        if limit > now:
            if limit < NEVER:
                self._set_timer(limit)
            return
        # What it wrote while nobody looked comes first: a busy host must not call others hung.
        self._look()
        if now - limit > HOST_IS_LATE_S and not self._excused:
            # We were stopped ourselves: it may have waited for us. Once.
            self._excused = True
            self._busy_from, self._busy_used, self._resumed_at = now, 0.0, now
            self.schedule()
            return
        self._judge(now)

    def _judge(self, now: float) -> None:
        if self._hung_at() <= now:
            busy_ms = (self._busy_used + now - self._busy_from) * 1000
            what = self.call.what if self.call is not None else "continuation"
            self._on_hung(
                Loss(
                    "E_HUNG",
                    f"busy for {busy_ms:.0f} ms ({what})",
                    Status.KILLED,
                    is_own_fault=True,
                )
            )
