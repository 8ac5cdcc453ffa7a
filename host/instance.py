"""A plugin in one scope: its queue, its worker, and what happens when that worker is lost.

Promises    Calls are delivered in the order they were submitted, at most ``max_inflight`` of them unanswered.
            Every call that was submitted is finished exactly once, whatever happens to the worker.
Elsewhere   What counts as hung: ``watchdog.py``. Which instance serves a session: ``plugin.py``.
"""

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from host.audit import E_SANDBOX, Kind
from host.breaker import Breaker, restart_delay_s
from host.bus import Seat
from host.calls import QUEUED, Call
from host.errors import IsolationError, PluginLoadError
from host.forwarding import Inbox
from host.hostcalls.table import answer_ask, take_tell
from host.hostcalls.timers import AT_ONCE_PER_S
from host.kv_hub import KvSpace
from host.link import Link
from host.listener import HostcallRequest, Sent
from host.loss import Loss, violation
from host.memory import peak_bytes
from host.outcome import Json, Status
from host.rate import Rate
from host.reactor import Timer, now_s
from host.registry import EMPTY, Registry, read_registry
from host.view.presence import Presence
from host.watchdog import QUICK_S
from host.worker_json import parse_told
from ipc.messages import LOAD, PUSH, STATUS_CONTINUE, STATUS_ERROR, Message

if TYPE_CHECKING:
    from host.plugin import Plugin

_STABLE_S: Final = 60.0
_MAX_PROBLEMS: Final = 64
"""Of what one instance registers, that are audited."""
_OOM_SHARE: Final = 0.9
_MAYBE_NO_MEMORY: Final = '"message":"null was thrown (poss'
"""What a worker says of a thrown null: the engine throws it where it has no memory for an error, and so may any plugin."""
_LEAST_TEXT_BYTES: Final = 1024 * 1024
"""Errors, log lines and a registry pass whatever ``payload_out_bytes`` is."""
_NO_WORKER: Final = ("E_LOCKDOWN", "E_START", "E_SPAWN")
"""This system gives no worker: a first load fails instead of trying again for ever."""


class State(Enum):
    """Where an instance is in its life."""

    STARTING = "starting"  # no worker yet, or one that has not loaded the plugin
    ACTIVE = "active"
    RESTARTING = "restarting"  # its worker was lost; the next one starts after a pause
    BLOCKED = "blocked"  # too many failures; a person must enable it
    STOPPED = "stopped"


class Instance:
    """See the module's text. Made by its plugin, which it outlives only to be reaped."""

    def __init__(self, plugin: "Plugin", key: str | None) -> None:
        self.plugin = plugin
        self.key = key
        self.state = State.STARTING
        self.presence = Presence(self)
        """What it shows."""
        self.registry: Registry = EMPTY
        self.link: Link | None = None
        self.restarts = 0
        self.hostcalls = 0
        """How many it has asked for, whatever became of them."""
        self._refused = 0  # by workers before this one
        self.last_error = ""
        self.last_used = now_s()
        self.waiting: deque[Call] = deque()
        self._room = plugin.limits.max_inflight
        self._failures = 0
        self._started_at = 0.0
        self._breaker = Breaker()
        self._has_loaded = False
        self._wake: Timer | None = None
        self._restart: Timer | None = None
        self._late: Timer | None = None
        self._kv: KvSpace | None = None
        self._throttled = 0
        self.seat = Seat(now_s())
        self.inbox = Inbox() if plugin.spec.part == "tui" else None
        self.problems: dict[str, None] = {}
        """Of its registry, as far as they were audited."""
        self.wake_rate = Rate(AT_ONCE_PER_S, now_s())
        self.log_rate = Rate(plugin.limits.logs_per_s, now_s())
        self.was_loud = False
        self._is_demanding = False
        why_not = plugin.quarantined or plugin.distrusted
        if why_not:
            self.block(why_not)
        else:
            self.start()

    @property
    def refused(self) -> int:
        """How many hostcalls were not allowed, or more than it may make."""
        return self._refused + (0 if self.link is None else self.link.refused)

    # Life.

    def start(self) -> None:
        """Get a worker and load the plugin into it."""
        self._restart = None
        why_not = self.plugin.off_because or self.plugin.resting
        if why_not is not None:
            # Whoever still holds an older snapshot may ask for an instance of what is off by now.
            self.last_error = why_not
            self._enter(State.STOPPED)
            self.presence.close()
            return
        self._enter(State.STARTING if not self._has_loaded else State.RESTARTING)
        runtime = self.plugin.runtime
        if not self._is_demanding:
            self._is_demanding = True
            runtime.reactor.demand += 1  # until it has loaded or failed, somebody has to look
        self._refused, self.link = self.refused, None
        try:
            self.link = runtime.open_link(
                self,
                self.plugin.worker_limits(),
                max_busy_s=self.plugin.limits.load_busy_ms / 1000,
            )
            self.link.max_text_bytes = max(
                self.plugin.limits.payload_out_bytes, _LEAST_TEXT_BYTES
            )
            self.link.expect_hello(self.plugin.limits.load_total_ms / 1000)
            if self.plugin.successor is not None or self.inbox is not None:
                self.link.tell_every_end()
        except (IsolationError, OSError) as error:
            # No worker to be had: out of descriptors or processes, or a zygote that keeps dying.
            self.link = None
            self._load_failed(PluginLoadError("E_SPAWN", str(error)))

    def _enter(self, state: State) -> None:
        self.state = state
        self.presence.on_state()

    @property
    def is_serving(self) -> bool:
        """Whether its worker has loaded the plugin and lives."""
        return self.state is State.ACTIVE and self.link is not None and not self.link.is_lost

    def _settled(self) -> None:
        self._forget_load()
        if self._is_demanding:
            self._is_demanding = False
            self.plugin.runtime.reactor.demand -= 1

    def _forget_load(self) -> None:
        # Its timer holds the worker's link and the whole script.
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def stop(
        self,
        code: str = "E_STOPPED",
        why: str = "the plugin was stopped",
        status: Status = Status.CANCELLED,
    ) -> None:
        """End the worker and every call with *status*; final."""
        if self.state is State.STOPPED:
            return
        self.last_error = why
        self._enter(State.STOPPED)
        self._drop_timers()
        if self.link is not None:
            self.link.kill(Loss(code, why, status, is_own_fault=False))
        self._fail_queue(status, why)
        self._leave_kv()
        self.plugin.runtime.programs.end_of(self)
        self.presence.close()

    def block(self, why: str) -> None:
        """Stop serving until a person enables the plugin."""
        self.last_error = why
        self._enter(State.BLOCKED)
        self._drop_timers()
        if self.link is not None and not self.link.is_lost:
            self.link.kill(Loss("E_BLOCKED", why, Status.BLOCKED, is_own_fault=False))
        self._fail_queue(Status.BLOCKED, why)

    def unblock(self) -> None:
        """Start again with a clean record."""
        if self.state is State.BLOCKED:
            self._failures = 0
            self._breaker = Breaker()
            self.start()

    def _drop_timers(self) -> None:
        self._settled()
        for timer in (self._wake, self._restart):
            if timer is not None:
                timer.cancel()
        self._wake = self._restart = None

    def _fail_queue(self, status: Status, why: str) -> None:
        if self.inbox is not None:
            self.inbox.clear()
        while self.waiting:
            self.waiting.popleft().finish(status, why)

    # Calls.

    def submit(self, call: Call) -> None:
        """Deliver *call* now or when its turn comes."""
        call.owner = self
        self._note_use(call.started)
        link = self.link
        if self.state is State.ACTIVE and link is not None:
            if self.waiting or not self._deliver(link, call):
                self._enqueue(call)
        elif self.state in (State.BLOCKED, State.STOPPED):
            call.finish(Status.BLOCKED, self.last_error or "the plugin is stopped")
        else:
            self._enqueue(call)

    def hear(self, text: str) -> None:
        """Have the worker of this TUI half told of an event, when it is at nothing else."""
        inbox, link = self.inbox, self.link
        if inbox is None or self.state in (State.BLOCKED, State.STOPPED):
            return
        if inbox.add(text):  # once: what somebody else sends is not to fill the audit either
            told = "it is behind with the events that it hears of; the oldest are lost"
            self.note(Kind.INFO_DROPPED, "E_QUEUE", told)
        self._note_use(now_s())
        if self.state is State.ACTIVE and link is not None and not self.waiting:
            inbox.pass_on(link)

    def quiet_link(self, now: float) -> Link | None:
        """The link, if an event could be sent this moment with nothing before it."""
        if self.state is State.ACTIVE and not self.waiting:
            self._note_use(now)
            return self.link
        return None

    def _note_use(self, now: float) -> None:
        self.last_used = now
        if self._kv is not None:
            self._kv.revalidate(now)

    def _enqueue(self, call: Call) -> None:
        queue = self.waiting
        if len(queue) >= self.plugin.limits.info_queue:
            if not call.is_info:
                call.finish(Status.BUSY, f"{len(queue)} events already wait for this plugin")
                return
            oldest = next((waiting for waiting in queue if waiting.is_info), None)
            if oldest is not None:
                queue.remove(oldest)
                oldest.finish(Status.BUSY, "dropped: too many events wait for this plugin")
                self.note(
                    Kind.INFO_DROPPED, "E_QUEUE", "an event was dropped from the full queue"
                )
        queue.append(call)

    def give_up(self, call: Call) -> None:
        """The caller of *call* waits no longer."""
        if call.state == QUEUED:
            if call.is_info:
                # It will be delivered late, for the plugin's sake; nobody waits for the answer.
                call.on_done(call, Status.BUSY, self._why_waiting())
                call.on_done = _nobody
            else:
                call.finish(Status.BUSY, self._why_waiting())
        elif self.link is not None:
            on_done, call.on_done = call.on_done, _nobody
            self.link.cancel(call)
            on_done(call, Status.TIMED_OUT, f"no answer within {call.budget_s * 1000:.0f} ms")
        if self.plugin.successor is not None:
            self.plugin.end_idle()

    def _why_waiting(self) -> str:
        if self.state is State.ACTIVE:
            return "the plugin was busy with earlier work"
        return f"the plugin's worker is {self.state.value}"

    def _deliver(self, link: Link, call: Call) -> bool:
        """Whether *call* needs no place in the queue any more."""
        sent = link.deliver(call, self._room)
        if sent is Sent.YES:
            return True
        if sent is Sent.REFUSED:
            call.finish(Status.FAILED, "E_UNDELIVERED: it could not be sent whole")
            return True
        return False  # not now; or never to this worker, and the next one may have it

    def on_ready(self, link: Link) -> None:
        """See :class:`host.listener.Listener`."""
        if link.watchdog.took_s > QUICK_S and self._is_out_of_memory(link):
            return
        queue = self.waiting
        while queue and self.state is State.ACTIVE:
            if queue[0].state == QUEUED and not self._deliver(link, queue[0]):
                return
            queue.popleft()
        if self.inbox is not None and self.state is State.ACTIVE:
            self.inbox.pass_on(link)
        if self.plugin.successor is not None:
            self.plugin.end_idle()

    @property
    def is_done(self) -> bool:
        """Whether nobody waits for it, and no handler of it is under way."""
        if any(call.state == QUEUED for call in self.waiting):
            return False
        link = self.link
        if self.state is not State.ACTIVE or link is None:
            return True  # what it was at ended with its worker, and another one would only load
        return link.is_idle and not link.calls

    def _is_out_of_memory(self, link: Link) -> bool:
        """Retire a worker that came near its heap limit: a plugin can swallow the error, and the engine
        has had bugs on those paths."""
        link.watchdog.took_s = 0.0
        peak = peak_bytes(link.pid)
        if (
            peak is None
            or peak - self.plugin.runtime.baseline_bytes < link.limits.heap_bytes * _OOM_SHARE
        ):
            return False
        self._retire_for_memory(link)
        return True

    def _retire_for_memory(self, link: Link) -> None:
        detail = f"it used its {link.limits.heap_bytes >> 20} MiB of memory"
        link.kill(Loss("E_MEMORY", detail, Status.KILLED, is_own_fault=True))

    # From the worker.

    def on_hello(self, link: Link, layers: str) -> None:
        """See :class:`host.listener.Listener`."""
        self._started_at = now_s()
        budget_s = self.plugin.limits.load_total_ms / 1000
        message: Message = [
            LOAD,
            self.plugin.runtime.ids.next(),
            int(budget_s * 1000),
            self.plugin.load_header(self),
            self.plugin.script(),
        ]
        call = Call(message, budget_s=budget_s, started=now_s(), on_done=self._on_load_ended)
        if link.deliver(call, 1) is Sent.REFUSED:
            self._load_failed(
                PluginLoadError("E_TOO_LARGE", "the plugin's code exceeds the frame limit")
            )
        else:
            self._late = self.plugin.runtime.reactor.at(
                now_s() + budget_s,
                lambda: call.when_over(
                    self.plugin.runtime.reactor, lambda: self._on_load_late(link, call)
                ),
            )

    def _on_load_late(self, link: Link, call: Call) -> None:
        if call.id in link.calls and not link.is_lost:
            link.kill(
                Loss(
                    "E_LOAD_TIMEOUT",
                    f"loading took over {call.budget_s:.0f} s",
                    Status.KILLED,
                    is_own_fault=True,
                )
            )

    def _on_load_ended(self, call: Call, status: Status, text: str) -> None:
        """Only losses come this way; answers go through on_result."""

    def on_result(self, link: Link, call: Call, status: int, text: str) -> None:
        """See :class:`host.listener.Listener`."""
        if call.message[0] == LOAD:
            self._on_loaded(link, status, text)
            return
        if status == STATUS_ERROR:
            call.finish(Status.FAILED, text)
        else:
            call.finish(Status.ANSWERED, "" if status == STATUS_CONTINUE else text)
        if link.is_lost:
            return
        if _tells_of_no_memory(status, text[:400]):
            self._retire_for_memory(link)
        elif status == STATUS_ERROR and _MAYBE_NO_MEMORY in text[:400]:
            self._is_out_of_memory(link)

    def _on_loaded(self, link: Link, status: int, text: str) -> None:
        answer = parse_told(text)
        if status == STATUS_ERROR or answer is None:
            self._load_failed(self.plugin.load_error(answer or {}))
            return
        raw = answer.get("registered")
        self._settled()
        link.watchdog.max_busy_s = self.plugin.workspace.config.timeouts.max_busy_ms / 1000
        self._has_loaded = True
        self._enter(State.ACTIVE)
        self._read_registry(raw if isinstance(raw, dict) else {})
        self.plugin.on_instance_loaded(self)
        self.presence.on_loaded()
        self.on_ready(link)

    def _load_failed(self, error: PluginLoadError) -> None:
        self._settled()
        self.last_error = str(error)
        had_loaded = self._has_loaded
        self._enter(State.BLOCKED)
        self._fail_queue(Status.BLOCKED, self.last_error)
        if self.link is not None and not self.link.is_lost:
            self.link.kill(Loss("E_LOAD", self.last_error, Status.BLOCKED, is_own_fault=False))
        self.note(Kind.LOAD_FAILED, error.code, self.last_error)
        self.plugin.on_instance_failed(self, error, first=not had_loaded)

    def on_hostcall(self, link: Link, request: HostcallRequest) -> None:
        """See :class:`host.listener.Listener`."""
        self.hostcalls += 1
        answer_ask(self, request)

    def on_cast(self, link: Link, call: Call | None, name: str, text: str) -> None:
        """See :class:`host.listener.Listener`."""
        if not take_tell(self, call, name, text):
            link.kill(violation("E_CAST", f"no such tell: {name[:64]!r}"))

    def on_throttled(self, link: Link) -> None:
        """See :class:`host.listener.Listener`."""
        self._throttled += 1
        if self._throttled == 1:
            self.note(Kind.REFUSED, "E_FLOOD", "it sends faster than it may")

    def on_lost(self, link: Link, why: Loss) -> None:
        """See :class:`host.listener.Listener`."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        self._on_worker_lost(link, why)
        if self.plugin.successor is not None:
            self.plugin.end_idle()

    def _on_worker_lost(self, link: Link, why: Loss) -> None:
        self._forget_load()
        self._leave_kv()
        self.seat.names = frozenset()  # the next worker says anew what it listens to
        self.presence.on_lost()
        self.plugin.runtime.programs.end_of(self)
        if self.state in (State.STOPPED, State.BLOCKED):
            return
        self.last_error = why.detail
        kind = Kind.KILLED if why.status is Status.KILLED else Kind.CRASHED
        if why.is_violation:
            kind = Kind.VIOLATION
        if why.code == E_SANDBOX:
            # No accident: what runs in a worker has no way to such a call but through a hole in the engine.
            self.plugin.runtime.sandbox.explain(self.plugin.name, link.pid, why.detail)
            self.plugin.quarantine(f"{why.detail}; it stays off until it is enabled")
        else:
            self.note(kind, why.code, why.detail)
        if not self._has_loaded and (why.is_own_fault or why.code in _NO_WORKER):
            self._load_failed(PluginLoadError(why.code, why.detail))
            return
        if why.code == E_SANDBOX:
            return
        now = now_s()
        if now - self._started_at > _STABLE_S:
            self._failures = 0
        # What came from outside says nothing about the plugin: it restarts as after a first failure.
        self._failures += int(why.is_own_fault)
        if why.is_own_fault and self._breaker.record(now):
            detail = f"{why.detail}; it failed too often and stays off until it is enabled"
            self.block(detail)
            self.note(Kind.BLOCKED, "E_BREAKER", detail)
            self.plugin.on_instance_blocked(self, detail)
            return
        self._enter(State.RESTARTING)
        self.restarts += 1
        delay = restart_delay_s(max(self._failures, 1), jitter=self.plugin.runtime.jitter())
        self._restart = self.plugin.runtime.reactor.at(
            now + delay, self._start_again, demand=True
        )

    def _start_again(self) -> None:
        self.note(Kind.RESTART, "restart", f"worker {self.restarts + 1}")
        self.start()

    # For the hostcalls.

    def wake_in(self, seconds: float | None) -> None:
        """Replace the wake-up that the worker wants."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if seconds is not None:
            self._wake = self.plugin.runtime.reactor.at(
                now_s() + seconds, self._on_wake, demand=True
            )

    def _on_wake(self) -> None:
        self._wake = None
        if self._kv is not None:
            self._kv.revalidate(now_s())
        if self.link is not None and not self.link.is_lost:
            self.link.wake()

    def kv(self) -> KvSpace:
        """The key-value space of this plugin in this workspace."""
        if self._kv is None:
            self._kv = self.plugin.kv_space()
        return self._kv

    def push(self, data: object) -> None:
        """Tell the worker something it did not ask for; *data* is what msgspec encodes."""
        if self.link is not None and not self.link.is_lost:
            self.link.push([PUSH, msgspec.json.encode(data).decode()])

    def _leave_kv(self) -> None:
        if self._kv is not None:
            self._kv.forget(self)
            self._kv = None

    def _read_registry(self, raw: dict[str, Json]) -> None:
        masked = self.plugin.masked.known_in(raw)  # what is registered is shown to everybody
        read = read_registry(masked if isinstance(masked, dict) else {})
        self.registry = self.plugin.admit(read)
        for problem in self.registry.problems:
            if problem not in self.problems and len(self.problems) < _MAX_PROBLEMS:
                self.problems[problem] = None
                self.note(Kind.REFUSED, "E_REGISTRATION", problem)

    def take_registry(self, raw: dict[str, Json]) -> None:
        """The plugin registered or took back something."""
        self._read_registry(raw)
        if self.state is State.ACTIVE:
            self.plugin.on_registry_changed()
            self.presence.take_shortcuts()

    def note(self, kind: Kind, code: str, detail: str) -> None:
        """Write an audit entry about this instance's plugin."""
        told = f"tui half: {detail}" if self.plugin.is_beside else detail
        self.plugin.runtime.audit.record(kind, plugin=self.plugin.name, code=code, detail=told)


def _tells_of_no_memory(status: int, head: str) -> bool:
    """Whether *head*, the beginning of a result, is the engine's own word that it had no memory left.

    One that a plugin makes up costs only that plugin its worker.
    """
    if status == STATUS_ERROR:
        return '"message":"out of memory"' in head
    return head.startswith('{"action":"error"') and "InternalError: out of memory" in head


def _nobody(call: Call, status: Status, text: str) -> None:
    """Nobody waits for this any more."""
