"""One live worker process: its channel, what it is doing, and when it counts as hung.

Promises    At most one entry into JavaScript is under way at a time, so at every moment it is known which
            call keeps the worker busy and since when. Everything from the worker is checked here: a
            message out of place is a violation and ends it.
Relies on   Its listener for what messages mean (``instance.py``), the reactor for time.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

import msgspec

from host.calls import ABANDONED, DELIVERED, FINISHED, NO_ANSWER, Call
from host.cgroup import Group
from host.layers import missing_layers, overruled
from host.listener import HostcallRequest, Listener, Sent
from host.loss import Loss, loss_of, violation
from host.outcome import Status
from host.reactor import READABLE, Reactor, Timer, now_s
from host.spawn import Exit, WorkerLimits, Zygote
from ipc.errors import ChannelClosedError, FrameError, QueueFullError, TooLargeError
from ipc.host_end import READ_BYTES
from ipc.limits import HALF_FRAME_EXPIRES_S, MAX_FRAME_BYTES, MAX_NAME_BYTES
from ipc.messages import (
    ANSWER,
    CANCEL,
    CAST,
    END,
    FLAG_ENTRY_ENDED,
    FLAG_SYNC,
    HELLO,
    HOSTCALL,
    PROTOCOL_VERSION,
    RESULT,
    RESUME,
    STATUS_ERROR,
    WAKE,
    YIELD,
    Message,
)

MAX_PENDING_HOSTCALLS: Final = 16384
"""Of one worker. One more is refused by whoever judges hostcalls (``hostcalls/table.py``)."""
MAX_OWED: Final = 2 * MAX_PENDING_HOSTCALLS
MAX_OWED_CHARS: Final = 32 * 1024 * 1024
"""Answers and news that wait for a worker's entry to end. One entry can ask for five seconds and each answer is an
entry again: without a bound this grows for as long as the plugin lives."""
LOOK_FOR_S: Final = 0.0002
"""How long an event's sender looks for the answer before it waits; no other task notices so little."""
QUICK_S: Final = 0.01
"""An entry that took longer is worth a look at its worker's memory."""
_EXIT_WITHIN_S: Final = 1.0
_REMEMBERED_CANCELS: Final = 1024
_FLOOD_BURST: Final = 8000
_FLOOD_PER_S: Final = 4000
_BYTES_PER_TOKEN: Final = 4096
"""A message costs one token and one more for each so many characters: its size is our work, too."""
_INFINITY: Final = float("inf")
_SOMETHING: Final = (None,)
_CANCELLED: Final = '{"code":"E_CANCELLED","message":"the call was cancelled"}'
START_WITHIN_S: Final = 30.0
"""From the request for a worker to its HELLO."""
_MAX_LAYERS_CHARS: Final = 4096
_HOST_IS_LATE_S: Final = 1.0


class Link:
    """See the module's text. ``pid`` is 0 until the zygote has told."""

    def __init__(
        self,
        reactor: Reactor,
        zygote: Zygote,
        listener: Listener,
        limits: WorkerLimits,
        *,
        grace_s: float,
        max_busy_s: float,
        max_frame_bytes: int = MAX_FRAME_BYTES,
        on_gone: "Callable[[Link], None]",
        group: Group | None = None,
        was_starved: "Callable[[Link], bool]" = lambda _: False,
    ) -> None:
        self._reactor = reactor
        self._listener = listener
        self._on_gone = on_gone
        self.limits = limits
        self.group = group or Group()
        self._was_starved = was_starved
        self._grace_s = grace_s
        self.max_busy_s = max_busy_s
        """How long one entry may keep the worker busy; its listener may change it between two."""
        self.pid = 0
        self._pidfd = -1
        self.waiting: Collection[object] = listener.waiting
        self.is_lost = False
        self.is_gone = False
        self.layers = ""
        self._said_hello = False
        self.max_text_bytes = MAX_FRAME_BYTES
        """Bound on one JSON text from the worker, in bytes of UTF-8; its listener may lower it."""
        self.calls: dict[int, Call] = {}
        self._cancelled: dict[int, None] = {}
        self._hostcalls: dict[int, HostcallRequest] = {}
        # The entry under way: a call, or None for a continuation, a timer, a push.
        self._entry: Call | None = None
        self._expected = NO_ANSWER
        self.has_entry = False
        self._entry_deadline = _INFINITY
        self._busy_from = 0.0
        self._busy_used = 0.0
        self._resumed_at = 0.0
        self._excused = False
        self._depth = 0  # how many messages between plugins led to the entry under way
        self._sync: HostcallRequest | None = None
        self._cancels: set[int] = set()
        self._continuations: deque[tuple[Message, Call | None, int]] = deque()
        self._owed_chars = 0
        self._watch: Timer | None = None
        self._watch_at = _INFINITY
        self._half_since = 0.0
        self._half: Timer | None = None
        self.refused = 0
        """Hostcalls that were not allowed."""
        self._tokens = float(_FLOOD_BURST)
        self._tokens_at = now_s()
        self._uncharged = 0
        self._pause: Timer | None = None
        self._writing = False
        self._closed = False  # it closed an end; its death is near, or is ours to cause
        self._read_all = False  # nothing more will come: end of file
        self._leave: Timer | None = None
        self.entry_took_s = 0.0
        """The longest entry since its listener last looked, which sets it back."""
        self._channel = zygote.spawn(self, limits, max_frame_bytes)
        self._read_fd = self._channel.read_fd
        self._write_fd = self._channel.write_fd
        reactor.add(self._read_fd, self._on_readable)
        self._start: Timer | None = None
        self.expect_hello(START_WITHIN_S)

    def expect_hello(self, within_s: float) -> None:
        """Count the worker as lost unless it says HELLO *within_s* seconds from now."""
        if self._start is not None:
            self._start.cancel()
        self._start = self._reactor.at(now_s() + within_s, lambda: self._on_no_hello(within_s))

    def _on_no_hello(self, within_s: float) -> None:
        self._start = None
        self._read_once()  # a host that was busy itself looks before it judges
        if not (self.is_lost or self._said_hello):
            # Nothing of the plugin is in it yet, so this is nobody's fault but the machine's or ours.
            detail = f"the worker was not ready within {within_s:.1f} s"
            self.kill(Loss("E_START", detail, Status.KILLED, is_own_fault=False))

    # From the zygote.

    def on_spawned(self, pid: int, pidfd: int) -> None:
        """See :class:`host.spawn.Child`."""
        self.pid = pid
        self._pidfd = pidfd
        if self.is_lost:
            self._signal()

    def on_exited(self, how: Exit) -> None:
        """See :class:`host.spawn.Child`."""
        # What it wrote before it died counts: an answer already in the pipe is an answer.
        while not self.is_lost and not self._read_all and self._read_once():
            pass
        starved = how.signal == signal.SIGKILL and self._was_starved(self)
        self._lose(loss_of(how, was_ready=self._said_hello, was_starved=starved))
        self._gone()

    def on_spawn_failed(self, reason: str) -> None:
        """See :class:`host.spawn.Child`."""
        self._lose(Loss("E_SPAWN", reason, Status.CRASHED, is_own_fault=False))
        self._gone()

    def on_zygote_lost(self) -> None:
        """See :class:`host.spawn.Child`."""
        self._lose(Loss("E_ZYGOTE", "the zygote died", Status.CRASHED, is_own_fault=False))
        self._signal()
        self._gone()

    # To the worker.

    @property
    def is_idle(self) -> bool:
        """Whether an entry may be delivered now."""
        return not (self.has_entry or self._cancels or self._continuations or self._closed)

    def tell_every_end(self) -> None:
        """From now on tell the listener of the end of each entry, also when nothing waits for its turn."""
        self.waiting = _SOMETHING

    def deliver(self, call: Call, room: int) -> "Sent":
        """Start *call* if nothing runs and fewer than *room* calls are unanswered; its clock runs from now.

        On the path of every event, hence in one piece.
        """
        calls = self.calls
        if (
            self.has_entry
            or self._cancels
            or self._continuations
            or self._closed
            or len(calls) >= room
        ):
            return Sent.NOT_NOW
        if call.frame is None or self._writing:
            sent = self._send(call.frame if call.frame is not None else call.message)
            if sent is not Sent.YES:
                return sent
        else:
            try:
                if not self._channel.send_bytes(call.frame):
                    self._write_later()
            except (QueueFullError, TooLargeError):
                return Sent.REFUSED
            except ChannelClosedError:
                self._on_closed()
                return Sent.CLOSED
        now = now_s()
        call.state = DELIVERED
        call.delivered_at = now
        calls[call.id] = call
        self._expected = call.plain_answer
        self._begin(call, now + call.budget_s, now)
        return Sent.YES

    def exchange(self, frame: bytes, plain: bytes) -> bytes | None:
        """Send an event and look for its answer for some microseconds, before anything is set up for waiting.

        Most handlers have nothing to add and say so at once; for them neither a call nor a deadline need exist.
        Returns *plain* when that came, and all is as before. Returns other bytes, or none, when the event was
        sent and is not over: :meth:`adopt` takes it from there. Returns None when nothing was sent.

        The caller holds the lock, so nobody else reads or writes this channel meanwhile. It gives up its turn on
        the processor instead of sleeping: a timer this short costs more than the whole exchange.
        """
        if (
            self.has_entry
            or self._cancels
            or self._continuations
            or self._closed
            or self._writing
            or self._half_since
            or self.calls
        ):
            return None
        channel = self._channel
        try:
            if not channel.send_bytes(frame):
                self._write_later()
                return b""
        except (QueueFullError, TooLargeError, ChannelClosedError):
            return None  # the slow path meets it again, and knows what to do
        until = 0.0
        while True:
            os.sched_yield()
            try:
                data = os.read(self._read_fd, READ_BYTES)
            except BlockingIOError:
                now = now_s()
                if not until:
                    until = now + LOOK_FOR_S
                elif now > until:
                    return b""
            except OSError:
                return b""  # met again by whoever reads next
            else:
                # End of file is not ours to judge: it will be read again.
                return data

    def adopt(self, call: Call, data: bytes) -> None:
        """Go on with a *call* that :meth:`exchange` sent; *data* came since."""
        call.state = DELIVERED
        call.delivered_at = call.started
        self.calls[call.id] = call
        self._expected = call.plain_answer
        self._begin(call, call.started + call.budget_s, call.started)
        if data:
            self._take(data)

    def push(self, message: Message, call: Call | None = None, depth: int = 0) -> None:
        """Deliver WAKE, PUSH or ANSWER as an entry of its own, when its turn comes; *depth* is the entry's."""
        self._continuations.append((message, call, depth))
        self._owed_chars += _chars_of(message)
        if self._owed_chars > MAX_OWED_CHARS or len(self._continuations) > MAX_OWED:
            self.kill(
                Loss(
                    "E_QUEUE",
                    "it asks for more than it takes",
                    Status.KILLED,
                    is_own_fault=True,
                )
            )
            return
        self._advance()

    def cancel(self, call: Call) -> None:
        """Tell the worker that nobody waits for *call* any more. It unwinds what only waits."""
        call.state = ABANDONED
        if self.is_lost or call.id not in self.calls or call.id in self._cancels:
            return
        if not self._cancels and not self.has_entry:
            self._busy_from, self._busy_used = now_s(), 0.0
        self._cancels.add(call.id)
        self._reactor.demand += 1
        for request in [
            r for r in self._hostcalls.values() if r.call is call and not r.is_sync
        ]:
            self._forget(request.id)
            request.cancel()
        self._send([CANCEL, call.id])
        waiting = self._sync
        # Whoever it is for: it holds up the entry, and with it this call.
        if waiting is not None and (waiting.call is call or self._entry is call):
            self.answer(waiting, STATUS_ERROR, _CANCELLED)
            waiting.cancel()
        self._schedule_watch()

    def cancel_hostcall(self, id_: int) -> None:
        """The plugin does not wait for that hostcall any more, if it ever did."""
        request = self._hostcalls.get(id_)
        if request is not None and not request.is_sync:
            self._forget(id_)
            request.cancel()

    def concerned_by(self, request: HostcallRequest) -> list[Call]:
        """Calls that wait for the answer to *request*: its own, or whatever is under way where it has none."""
        if request.call is not None and not request.is_sync:
            return [request.call]
        return [call for call in self.calls.values() if call.state == DELIVERED]

    def has_room(self, chars: int, most: int, most_chars: int) -> bool:
        """Whether fewer than *most* things wait for their turn, and with *chars* more no more than *most_chars*."""
        return len(self._continuations) < most and self._owed_chars + chars <= most_chars

    @property
    def pending_hostcalls(self) -> int:
        """How many hostcalls are unanswered."""
        return len(self._hostcalls)

    def _forget(self, id_: int) -> None:
        del self._hostcalls[id_]
        self._reactor.demand -= 1

    def charge(self, tokens: int) -> None:
        """Count *tokens* more against what it may send."""
        self._uncharged += tokens

    def answer(self, request: HostcallRequest, status: int, text: str) -> None:
        """Answer a hostcall; dropped when nobody waits for it any more."""
        if self._hostcalls.get(request.id) is not request or self.is_lost:
            return  # its id may be another's by now
        self._forget(request.id)
        message: Message = [ANSWER, request.id, status, text]
        if request is self._sync:
            self._sync = None
            self._busy_from = self._resumed_at = now_s()
            if self._entry is not None and self._entry.thinking is not None:
                self._entry_deadline = self._entry.over_at
            self._send(message)
            self._schedule_watch()
        else:
            self.push(message, request.call, request.depth)

    def kill(self, loss: Loss) -> None:
        """End the process now. Its calls are told at once; the reaping follows."""
        self._lose(loss)

    def _signal(self) -> None:
        self.group.kill()
        if self._pidfd >= 0:
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                return  # already dead; the zygote reaps it

    def _send(self, what: Message | bytes) -> "Sent":
        try:
            if isinstance(what, bytes):
                self._channel.send_bytes(what)
            else:
                self._channel.send(what)
        except (TooLargeError, QueueFullError):
            return Sent.REFUSED
        except ChannelClosedError:
            self._on_closed()
            return Sent.CLOSED
        if self._channel.queued_bytes:
            self._write_later()
        return Sent.YES

    def _write_later(self) -> None:
        if not self._writing:
            self._writing = True
            self._reactor.add_for_writing(self._write_fd, self._on_writable)

    def _on_closed(self) -> None:
        # An exit report follows and tells why, as a dying process closes its pipes first. One that lives
        # on has no way back, and is given a moment only to tell the two apart.
        if not self._closed:
            self._closed = True
            self._leave = self._reactor.at(
                now_s() + _EXIT_WITHIN_S, self._on_no_exit, demand=True
            )

    def _on_no_exit(self) -> None:
        if not self.is_lost:
            self._violation("E_CLOSED", "it closed its channel and lived on")

    def _begin(self, call: Call | None, deadline: float, now: float) -> None:
        self._reactor.demand += 1
        self._entry = call
        self.has_entry = True
        self._entry_deadline = deadline
        self._busy_from = now
        self._busy_used = 0.0
        self._resumed_at = 0.0
        self._excused = False
        self._depth = 0
        # Keep a watch that comes early enough: it looks again when it fires, so that a quick
        # exchange costs no timer of its own.
        limit = min(now + self.max_busy_s, deadline + self._grace_s)
        if self._watch_at > limit:
            self._set_watch(limit)

    def _advance(self) -> None:
        """Deliver the next continuation, or say that there is room."""
        if self._continuations and self.entry_took_s > QUICK_S and not self.has_entry:
            # A stream of answers must not keep anybody from looking at its memory.
            self._listener.on_ready(self)
        if self.has_entry or self._cancels or self.is_lost:
            return
        if self._continuations:
            message, call, depth = self._continuations.popleft()
            self._owed_chars -= _chars_of(message)
            now = now_s()
            deadline = _INFINITY
            if call is not None and call.id in self.calls:
                deadline = call.over_at
            sent = self._send(message)
            if sent is Sent.CLOSED:
                return
            if sent is Sent.REFUSED:
                self.kill(
                    Loss(
                        "E_QUEUE", "the worker does not read", Status.KILLED, is_own_fault=True
                    )
                )
                return
            self._begin(call, max(deadline, now), now)
            self._depth = depth
        else:
            self._listener.on_ready(self)

    # When does it count as hung?

    def _hung_at(self) -> float:
        if self._sync is not None or not (self.has_entry or self._cancels):
            return _INFINITY
        limit = self._busy_from + self.max_busy_s - self._busy_used
        if self.has_entry:
            limit = min(limit, max(self._entry_deadline, self._resumed_at) + self._grace_s)
        return limit

    def _schedule_watch(self) -> None:
        limit = self._hung_at()
        if limit < self._watch_at:
            self._set_watch(limit)

    def _set_watch(self, when: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch_at = when
        self._watch = self._reactor.at(when, self._on_watch)

    def _on_watch(self) -> None:
        self._watch, self._watch_at = None, _INFINITY
        if self.is_lost:
            return
        limit = self._hung_at()
        now = now_s()
        if limit > now:
            if limit < _INFINITY:
                self._set_watch(limit)
            return
        # What it wrote while nobody looked comes first: a busy host must not call others hung.
        self._read_once()
        if now - limit > _HOST_IS_LATE_S and not self._excused:
            # We were stopped ourselves (a suspended machine, Ctrl-Z): it may have waited for us. Once.
            self._excused = True
            self._busy_from, self._busy_used, self._resumed_at = now, 0.0, now
            self._schedule_watch()
            return
        self._judge(now)

    def _judge(self, now: float) -> None:
        if not self.is_lost and self._hung_at() <= now:
            busy_ms = (self._busy_used + now - self._busy_from) * 1000
            what = self._entry.what if self._entry is not None else "continuation"
            self.kill(
                Loss(
                    "E_HUNG",
                    f"busy for {busy_ms:.0f} ms ({what})",
                    Status.KILLED,
                    is_own_fault=True,
                )
            )

    # From the worker.

    def _on_writable(self, _: int) -> None:
        try:
            drained = self._channel.flush()
        except ChannelClosedError:
            self._on_closed()
            drained = True
        if drained and self._writing:
            self._writing = False
            self._reactor.remove(self._write_fd)

    def _on_readable(self, _: int) -> None:
        self._read_once()

    def _read_once(self) -> bool:
        """Read and handle one pipe-full; whether anything came.

        Not whether more may come: a pipe that somebody else holds open has no end of file.
        """
        try:
            data = self._channel.read()
        except ChannelClosedError:
            self._read_all = True
            self._reactor.remove(self._read_fd)
            self._on_closed()
            return False
        return self._take(data)

    def _take(self, data: bytes) -> bool:
        """Handle what was read; whether it was anything, and the worker still lives."""
        if data == self._expected and self._on_continue():
            return True
        try:
            messages = self._channel.parse(data)
            for message in messages:
                self._on_message(message)
                if self.is_lost:
                    return False
        except FrameError as error:
            self._violation(error.code, error.detail)
            return False
        if self._uncharged:
            self._spend()
        if self._channel.is_partial:
            if not self._half_since:
                self._half_since = now_s()
                self._half = self._reactor.at(
                    self._half_since + HALF_FRAME_EXPIRES_S, self._on_half
                )
            elif messages:
                self._half_since = now_s()
        elif self._half_since:
            self._half_since = 0.0
        return bool(data)

    def _on_continue(self) -> bool:
        """Take the very bytes of "nothing to add, and nothing left to run" for the call under way.

        What nearly every event is answered with needs no decoding. False where the bytes may mean something
        else (the rest of a frame, an answer that came before, a worker that waits): the slow path knows.
        """
        call = self._entry
        if (
            call is None
            or self._sync is not None
            or self._half_since
            or call.state != DELIVERED
        ):
            return False
        if self.calls.pop(call.id, None) is None:
            return False
        now = now_s()
        took_s = self._busy_used + now - self._busy_from
        if took_s > self.entry_took_s:
            self.entry_took_s = took_s
        self._reactor.demand -= 1
        self.has_entry = False
        self._entry = None
        self._expected = NO_ANSWER
        self._busy_from, self._busy_used = now, 0.0
        call.state = FINISHED
        call.on_done(call, Status.ANSWERED, "")
        more = self._continuations or self.waiting or took_s > QUICK_S
        if more and not self.is_lost:
            self._advance()
        return True

    def _on_half(self) -> None:
        self._half = None
        if self.is_lost or not self._half_since:
            return
        left = self._half_since + HALF_FRAME_EXPIRES_S - now_s()
        if left < -_HOST_IS_LATE_S:
            # We were stopped or busy ourselves: what we did not read, it could not write.
            self._half_since = now_s()
            left = HALF_FRAME_EXPIRES_S
        if left > 0:
            self._half = self._reactor.at(now_s() + left, self._on_half)
        elif self._read_once() and not self._channel.is_partial:
            return
        elif not self.is_lost:
            self._violation(
                "E_HALF_FRAME", f"a frame was not finished within {HALF_FRAME_EXPIRES_S:.0f} s"
            )

    def _spend(self) -> None:
        """Charge what it asked and told; stop reading when that is faster than it may."""
        now = now_s()
        refilled = min(_FLOOD_BURST, self._tokens + (now - self._tokens_at) * _FLOOD_PER_S)
        self._tokens = refilled - self._uncharged
        self._uncharged = 0
        self._tokens_at = now
        if self._tokens < 0 and not self.is_lost:
            self._reactor.watch(self._read_fd, 0)
            self._pause = self._reactor.at(
                now - self._tokens / _FLOOD_PER_S, self._read_again, demand=True
            )
            self._listener.on_throttled(self)

    def _read_again(self) -> None:
        if not (self.is_lost or self._read_all):
            self._reactor.watch(self._read_fd, READABLE)

    def _on_message(self, message: Message) -> None:
        kind = message[0]
        if kind == HELLO:
            self._on_hello(message)
        elif not self.has_entry and not self._cancels:
            raise FrameError("E_ORDER", "it speaks although nothing runs in it")
        elif self._sync is not None:
            raise FrameError("E_ORDER", "it speaks although it waits for an answer in place")
        elif kind == RESULT:
            self._on_result(message)
        elif kind == END:
            if message[1] == 0:
                self._end_entry()
            elif message[1] in self._cancels:
                self._end_cancel(int(message[1]))
            else:
                raise FrameError("E_END", "the end of a cancel that was not sent")
        elif kind == YIELD:
            self._uncharged += 1  # each costs us a RESUME, which a flooder does not even read
            self._send([RESUME])
        else:
            text = str(message[-1])
            self._check_text(text)
            self._check_name(str(message[-2]))
            self._uncharged += 1 + len(text) // _BYTES_PER_TOKEN
            call_id = int(message[2] if kind == HOSTCALL else message[1])
            call = self.calls.get(call_id) if call_id else None
            if call_id and call is None and call_id not in self._cancelled:
                raise FrameError("E_CALL", "it names a call that it does not have")
            if kind == CAST:
                self._listener.on_cast(self, call, str(message[2]), str(message[3]))
            else:
                self._on_hostcall(message, call, is_late=bool(call_id) and call is None)

    def _on_hello(self, message: Message) -> None:
        if self._said_hello:
            raise FrameError("E_ORDER", "a second hello")
        if message[1] != PROTOCOL_VERSION:
            raise FrameError("E_VERSION", f"protocol {message[1]}, not {PROTOCOL_VERSION}")
        self._check_name(str(message[2]))
        layers = str(message[3])
        if len(layers) > _MAX_LAYERS_CHARS or not _is_object(layers):
            raise FrameError("E_SHAPE", "the layers of a hello are not a small JSON object")
        if self.group.why_not:
            layers = overruled(layers, "cgroup", self.group.why_not)
        self._said_hello = True
        self.layers = layers
        if self._start is not None:
            self._start.cancel()
            self._start = None
        missing = missing_layers(layers, self.limits.required)
        if missing:  # it leaves by itself; why it does is known only now
            self.kill(Loss("E_LOCKDOWN", missing, Status.CRASHED, is_own_fault=False))
            return
        self._listener.on_hello(self, layers)

    def _check_text(self, text: str) -> None:
        limit = self.max_text_bytes
        # A character takes one to four bytes; only what could be too much is encoded to be counted.
        if len(text) * 4 > limit and len(text.encode()) > limit:
            raise FrameError("E_TOO_LARGE", f"a text of more than {limit} bytes")

    def _check_name(self, name: str) -> None:
        if len(name) > MAX_NAME_BYTES:
            raise FrameError("E_SHAPE", f"a name of more than {MAX_NAME_BYTES} characters")

    def _on_hostcall(self, message: Message, call: Call | None, *, is_late: bool) -> None:
        id_, name, args = int(message[1]), str(message[4]), str(message[5])
        if message[3] not in (0, FLAG_SYNC):
            raise FrameError("E_RANGE", f"no such flag on a hostcall: {message[3]}")
        is_sync = message[3] == FLAG_SYNC
        if id_ in self._hostcalls:
            raise FrameError("E_ID", "a hostcall id that is in use")
        request = HostcallRequest(self, id_, call, name, args, is_sync=is_sync)
        request.depth = self._depth
        self._hostcalls[id_] = request
        self._reactor.demand += 1  # its answer is taken also when no caller waits
        if is_sync:
            self._sync = request
            now = now_s()
            self._busy_used += now - self._busy_from
            self._busy_from = now
        if is_late or (call is not None and call.state == ABANDONED):
            request.answer(_CANCELLED, is_error=True)
        else:
            self._listener.on_hostcall(self, request)

    def _on_result(self, message: Message) -> None:
        _, id_, status, flags, text = message
        # All is judged before the call is taken out: one that is taken is finished here.
        if id_ not in self.calls and id_ not in self._cancelled:
            raise FrameError("E_ID", "an answer to what was not asked")
        if int(status) > STATUS_ERROR or flags not in (0, FLAG_ENTRY_ENDED):
            raise FrameError(
                "E_RANGE", f"no such status or flag on a result: {status}, {flags}"
            )
        self._check_text(str(text))
        if flags == FLAG_ENTRY_ENDED:
            self._end_entry(advance=False)
        call = self.calls.pop(int(id_), None)
        if call is None:
            self._cancelled.pop(int(id_), None)
        if call is not None:  # one that nobody waits for any more may still tell of its memory
            self._listener.on_result(self, call, int(status), str(text))
        if not self.is_lost:
            self._advance()

    def _end_entry(self, *, advance: bool = True) -> None:
        if not self.has_entry:
            raise FrameError("E_END", "the end of an entry that was not delivered")
        now = now_s()
        self.entry_took_s = max(self.entry_took_s, self._busy_used + now - self._busy_from)
        self._reactor.demand -= 1
        self.has_entry = False
        self._entry = None
        self._expected = NO_ANSWER
        self._busy_from, self._busy_used = now, 0.0
        if advance:
            self._advance()

    def _end_cancel(self, id_: int) -> None:
        self._cancels.discard(id_)
        self._reactor.demand -= 1
        if self.calls.pop(id_, None) is not None:
            # Its handler may still settle; that answer is nobody's, but not a forgery.
            self._cancelled[id_] = None
            if len(self._cancelled) > _REMEMBERED_CANCELS:
                del self._cancelled[next(iter(self._cancelled))]
        if not self.has_entry:
            self._busy_from, self._busy_used = now_s(), 0.0
        self._advance()

    # The end.

    def _violation(self, code: str, detail: str) -> None:
        self.kill(violation(code, detail))

    def _lose(self, loss: Loss) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        # For whoever hears of it below and has more to send: this worker takes nothing any more.
        self._closed = True
        self._reactor.demand -= int(self.has_entry) + len(self._cancels)
        self.has_entry = False
        self._cancels.clear()
        self._signal()
        for timer in (self._watch, self._half, self._start, self._leave, self._pause):
            if timer is not None:
                timer.cancel()
        self._reactor.remove(self._read_fd)
        self._reactor.remove(self._write_fd)
        self._channel.close()
        calls, self.calls = list(self.calls.values()), {}
        hostcalls, self._hostcalls = list(self._hostcalls.values()), {}
        self._reactor.demand -= len(hostcalls)
        self._sync = None
        self._continuations.clear()
        self._owed_chars = 0
        for call in calls:
            call.finish(loss.status, loss.detail)
        for request in hostcalls:
            request.cancel()
        self._listener.on_lost(self, loss)

    def _gone(self) -> None:
        self.is_gone = True
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        self._on_gone(self)

    def wake(self) -> None:
        """Tell the worker that a timer is due."""
        self.push([WAKE])

    def kill_quietly(self, status: Status) -> None:
        """End it because the host ends, or because its work is done."""
        self._lose(Loss("E_STOPPED", "the host stopped it", status, is_own_fault=False))


def _chars_of(message: Message) -> int:
    text = message[-1]
    return len(text) if isinstance(text, str) else 0


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return False
