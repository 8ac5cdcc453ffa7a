"""One live worker: the calls and hostcalls under way in it, and what each of its messages means.

Promises    At most one entry into JavaScript is under way at a time, so at every moment it is known which
            call keeps the worker busy and since when. Everything from the worker is checked here: a
            message out of place is a violation and ends it.
Relies on   Its listener for what hostcalls and results mean (``instance.py``).
Elsewhere   Bytes, frames and floods: ``channel.py``. What counts as hung: ``watchdog.py``. The process, and its
            hello: ``worker_process.py``. What waits for its turn: ``backlog.py``. None of them knows a link.
"""

import os
import signal
from collections.abc import Callable, Collection
from typing import Final

from host.backlog import Backlog
from host.calls import ABANDONED, DELIVERED, FINISHED, NO_ANSWER, Call
from host.cgroup import Group
from host.channel import Channel, check_name, check_text
from host.layers import missing_layers
from host.listener import HostcallRequest, Listener, Sent
from host.loss import Loss, loss_of, violation
from host.outcome import Status
from host.reactor import Reactor, now_s
from host.spawn import Exit, WorkerLimits, Zygote
from host.watchdog import NEVER, QUICK_S, Watchdog
from host.worker_process import WorkerProcess
from ipc.errors import ChannelClosedError, FrameError, QueueFullError, TooLargeError
from ipc.host_end import READ_BYTES
from ipc.limits import MAX_FRAME_BYTES
from ipc.messages import (
    ANSWER,
    CANCEL,
    CAST,
    END,
    FLAG_ENTRY_ENDED,
    FLAG_SYNC,
    HELLO,
    HOSTCALL,
    RESULT,
    RESUME,
    STATUS_ERROR,
    WAKE,
    YIELD,
    Message,
)

LOOK_FOR_S: Final = 0.0002
"""How long an event's sender looks for the answer before it waits; no other task notices so little."""
_REMEMBERED_CANCELS: Final = 1024
_SOMETHING: Final = (None,)
_CANCELLED: Final = '{"code":"E_CANCELLED","message":"the call was cancelled"}'


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
        self.waiting: Collection[object] = listener.waiting
        self.is_lost = False
        self.is_gone = False
        self.max_text_bytes = MAX_FRAME_BYTES
        """Bound on one JSON text from the worker, in bytes of UTF-8; its listener may lower it."""
        self.calls: dict[int, Call] = {}
        self._cancelled: dict[int, None] = {}
        self._hostcalls: dict[int, HostcallRequest] = {}
        self._backlog = Backlog()
        self.refused = 0
        """Hostcalls that were not allowed."""
        self._channel = Channel(
            reactor,
            zygote.spawn(self, limits, max_frame_bytes),
            on_expected=self._on_continue,
            on_message=self._on_message,
            on_throttled=lambda: listener.on_throttled(self),
            on_violation=self._on_violation,
        )
        self.watchdog = Watchdog(
            reactor,
            grace_s=grace_s,
            max_busy_s=max_busy_s,
            look=self._channel.read_once,
            on_hung=self.kill,
        )
        self._process = WorkerProcess(
            reactor, self.group, look=self._channel.read_once, on_late=self.kill
        )

    # The process.

    @property
    def pid(self) -> int:
        """Of the worker."""
        return self._process.pid

    @property
    def layers(self) -> str:
        """What the worker said of its isolation, as JSON; empty before its HELLO."""
        return self._process.layers

    def expect_hello(self, within_s: float) -> None:
        """Count the worker as lost unless it says HELLO *within_s* seconds from now."""
        self._process.expect_hello(within_s)

    def on_spawned(self, pid: int, pidfd: int) -> None:
        """See :class:`host.spawn.Child`."""
        self._process.on_spawned(pid, pidfd)

    def on_exited(self, how: Exit) -> None:
        """See :class:`host.spawn.Child`."""
        self._channel.drain()  # an answer already in the pipe is an answer
        starved = how.signal == signal.SIGKILL and self._was_starved(self)
        was_ready = self._process.said_hello
        self.kill(loss_of(how, was_ready=was_ready, was_starved=starved))
        self._gone()

    def on_spawn_failed(self, reason: str) -> None:
        """See :class:`host.spawn.Child`."""
        self.kill(Loss("E_SPAWN", reason, Status.CRASHED, is_own_fault=False))
        self._gone()

    def on_zygote_lost(self) -> None:
        """See :class:`host.spawn.Child`."""
        self.kill(Loss("E_ZYGOTE", "the zygote died", Status.CRASHED, is_own_fault=False))
        self._process.signal()
        self._gone()

    # To the worker.

    @property
    def is_idle(self) -> bool:
        """Whether an entry may be delivered now."""
        watchdog = self.watchdog
        return not (
            watchdog.has_entry
            or watchdog.cancels
            or self._backlog.waiting
            or self._channel.is_closed
        )

    def tell_every_end(self) -> None:
        """From now on tell the listener of the end of each entry, also when nothing waits for its turn."""
        self.waiting = _SOMETHING

    def deliver(self, call: Call, room: int) -> "Sent":
        """Start *call* if nothing runs and fewer than *room* calls are unanswered; its clock runs from now.

        On the path of every event, hence in one piece.
        """
        calls, channel, watchdog = self.calls, self._channel, self.watchdog
        if (
            watchdog.has_entry
            or watchdog.cancels
            or self._backlog.waiting
            or channel.is_closed
            or len(calls) >= room
        ):
            return Sent.NOT_NOW
        if call.frame is None or channel.is_writing:
            sent = channel.send(call.frame if call.frame is not None else call.message)
            if sent is not Sent.YES:
                return sent
        else:
            try:
                if not channel.end.send_bytes(call.frame):
                    channel.write_later()
            except (QueueFullError, TooLargeError):
                return Sent.REFUSED
            except ChannelClosedError:
                channel.on_closed()
                return Sent.CLOSED
        now = now_s()
        call.state = DELIVERED
        call.delivered_at = now
        calls[call.id] = call
        channel.expected = call.plain_answer
        watchdog.begin(call, now + call.budget_s, now)
        return Sent.YES

    def exchange(self, frame: bytes, plain: bytes) -> bytes | None:
        """Send an event and look for its answer for some microseconds, before anything is set up for waiting.

        Most handlers have nothing to add and say so at once; for them neither a call nor a deadline need exist.
        Returns *plain* when that came, and all is as before. Returns other bytes, or none, when the event was
        sent and is not over: :meth:`adopt` takes it from there. Returns None when nothing was sent.

        The caller holds the lock, so nobody else reads or writes this channel meanwhile. It gives up its turn on
        the processor instead of sleeping: a timer this short costs more than the whole exchange.
        """
        channel, watchdog = self._channel, self.watchdog
        if (
            watchdog.has_entry
            or watchdog.cancels
            or self._backlog.waiting
            or channel.is_closed
            or channel.is_writing
            or channel.half_since
            or self.calls
        ):
            return None
        try:
            if not channel.end.send_bytes(frame):
                channel.write_later()
                return b""
        except (QueueFullError, TooLargeError, ChannelClosedError):
            return None  # the slow path meets it again, and knows what to do
        read_fd = channel.read_fd
        until = 0.0
        while True:
            os.sched_yield()
            try:
                data = os.read(read_fd, READ_BYTES)
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
        self._channel.expected = call.plain_answer
        self.watchdog.begin(call, call.started + call.budget_s, call.started)
        if data:
            self._channel.take(data)

    def push(self, message: Message, call: Call | None = None, depth: int = 0) -> None:
        """Deliver WAKE, PUSH or ANSWER as an entry of its own, when its turn comes; *depth* is the entry's."""
        if self._backlog.add(message, call, depth):
            self._advance()
        else:
            self._kill_for_queue("it asks for more than it takes")

    def wake(self) -> None:
        """Tell the worker that a timer is due."""
        self.push([WAKE])

    def has_room(self, chars: int, most: int, most_chars: int) -> bool:
        """Whether fewer than *most* things wait for their turn, and with *chars* more no more than *most_chars*."""
        return self._backlog.has_room(chars, most, most_chars)

    def cancel(self, call: Call) -> None:
        """Tell the worker that nobody waits for *call* any more. It unwinds what only waits."""
        call.state = ABANDONED
        watchdog = self.watchdog
        if self.is_lost or call.id not in self.calls or call.id in watchdog.cancels:
            return
        watchdog.begin_cancel(call.id)
        for request in [
            r for r in self._hostcalls.values() if r.call is call and not r.is_sync
        ]:
            self._forget(request.id)
            request.cancel()
        self._channel.send([CANCEL, call.id])
        holds = watchdog.held_by
        # Whoever it is for: it holds up the entry, and with it this call.
        if holds is not None and (holds.call is call or watchdog.call is call):
            self.answer(holds, STATUS_ERROR, _CANCELLED)
            holds.cancel()
        watchdog.schedule()

    def _advance(self) -> None:
        """Deliver what waits for its turn, or say that there is room."""
        watchdog, backlog = self.watchdog, self._backlog
        if backlog.waiting and watchdog.took_s > QUICK_S and not watchdog.has_entry:
            # A stream of answers must not keep anybody from looking at its memory.
            self._listener.on_ready(self)
        if watchdog.has_entry or watchdog.cancels or self.is_lost:
            return
        if backlog.waiting:
            message, call, depth = backlog.take()
            now = now_s()
            deadline = NEVER
            if call is not None and call.id in self.calls:
                deadline = call.over_at
            sent = self._channel.send(message)
            if sent is Sent.CLOSED:
                return
            if sent is Sent.REFUSED:
                self._kill_for_queue("the worker does not read")
                return
            watchdog.begin(call, max(deadline, now), now, depth)
        else:
            self._listener.on_ready(self)

    # Hostcalls under way.

    @property
    def pending_hostcalls(self) -> int:
        """How many hostcalls are unanswered."""
        return len(self._hostcalls)

    def concerned_by(self, request: HostcallRequest) -> list[Call]:
        """Calls that wait for the answer to *request*: its own, or whatever is under way where it has none."""
        if request.call is not None and not request.is_sync:
            return [request.call]
        return [call for call in self.calls.values() if call.state == DELIVERED]

    def charge(self, tokens: int) -> None:
        """Count *tokens* more against what the worker may send."""
        self._channel.charge(tokens)

    def answer(self, request: HostcallRequest, status: int, text: str) -> None:
        """Answer a hostcall; dropped when nobody waits for it any more."""
        if self._hostcalls.get(request.id) is not request or self.is_lost:
            return  # its id may be another's by now
        self._forget(request.id)
        message: Message = [ANSWER, request.id, status, text]
        if request is self.watchdog.held_by:
            self.watchdog.resume()
            self._channel.send(message)
            self.watchdog.schedule()
        else:
            self.push(message, request.call, request.depth)

    def cancel_hostcall(self, id_: int) -> None:
        """The plugin does not wait for that hostcall any more, if it ever did."""
        request = self._hostcalls.get(id_)
        if request is not None and not request.is_sync:
            self._forget(id_)
            request.cancel()

    def _forget(self, id_: int) -> None:
        del self._hostcalls[id_]
        self._reactor.demand -= 1

    # From the worker.

    def _on_continue(self) -> bool:
        """Take the very bytes of "nothing to add, and nothing left to run" for the call under way.

        What nearly every event is answered with needs no decoding. False where the bytes may mean something
        else (the rest of a frame, an answer that came before, a worker that waits): the slow path knows.
        """
        watchdog = self.watchdog
        call = watchdog.call
        if (
            call is None
            or watchdog.held_by is not None
            or self._channel.half_since
            or call.state != DELIVERED
        ):
            return False
        if self.calls.pop(call.id, None) is None:
            return False
        took_s = watchdog.end()
        self._channel.expected = NO_ANSWER
        call.state = FINISHED
        call.on_done(call, Status.ANSWERED, "")
        more = self._backlog.waiting or self.waiting or took_s > QUICK_S
        if more and not self.is_lost:
            self._advance()
        return True

    def _on_message(self, message: Message) -> None:
        kind = message[0]
        watchdog = self.watchdog
        if kind == HELLO:
            self._on_hello(message)
        elif not watchdog.has_entry and not watchdog.cancels:
            raise FrameError("E_ORDER", "it speaks although nothing runs in it")
        elif watchdog.held_by is not None:
            raise FrameError("E_ORDER", "it speaks although it waits for an answer in place")
        elif kind == RESULT:
            self._on_result(message)
        elif kind == END:
            if message[1] == 0:
                self._end_entry()
            elif message[1] in watchdog.cancels:
                self._end_cancel(int(message[1]))
            else:
                raise FrameError("E_END", "the end of a cancel that was not sent")
        elif kind == YIELD:
            # Each costs us a RESUME, which a flooder does not even read.
            self._channel.charge(1)
            self._channel.send([RESUME])
        else:
            text = str(message[-1])
            check_text(text, self.max_text_bytes)
            check_name(str(message[-2]))
            self._channel.charge_text(text)
            call_id = int(message[2] if kind == HOSTCALL else message[1])
            call = self.calls.get(call_id) if call_id else None
            if call_id and call is None and call_id not in self._cancelled:
                raise FrameError("E_CALL", "it names a call that it does not have")
            if kind == CAST:
                self._listener.on_cast(self, call, str(message[2]), str(message[3]))
            else:
                self._on_hostcall(message, call, is_late=bool(call_id) and call is None)

    def _on_hello(self, message: Message) -> None:
        self._process.on_hello(message)
        missing = missing_layers(self.layers, self.limits.required)
        if missing:  # it leaves by itself; why it does is known only now
            self.kill(Loss("E_LOCKDOWN", missing, Status.CRASHED, is_own_fault=False))
            return
        self._listener.on_hello(self, self.layers)

    def _on_hostcall(self, message: Message, call: Call | None, *, is_late: bool) -> None:
        id_, name, args = int(message[1]), str(message[4]), str(message[5])
        if message[3] not in (0, FLAG_SYNC):
            raise FrameError("E_RANGE", f"no such flag on a hostcall: {message[3]}")
        is_sync = message[3] == FLAG_SYNC
        if id_ in self._hostcalls:
            raise FrameError("E_ID", "a hostcall id that is in use")
        request = HostcallRequest(self, id_, call, name, args, is_sync=is_sync)
        request.depth = self.watchdog.depth
        self._hostcalls[id_] = request
        self._reactor.demand += 1  # its answer is taken also when no caller waits
        if is_sync:
            self.watchdog.hold(request)
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
        check_text(str(text), self.max_text_bytes)
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
        if not self.watchdog.has_entry:
            raise FrameError("E_END", "the end of an entry that was not delivered")
        self.watchdog.end()
        self._channel.expected = NO_ANSWER
        if advance:
            self._advance()

    def _end_cancel(self, id_: int) -> None:
        if self.calls.pop(id_, None) is not None:
            # Its handler may still settle; that answer is nobody's, but not a forgery.
            self._cancelled[id_] = None
            if len(self._cancelled) > _REMEMBERED_CANCELS:
                del self._cancelled[next(iter(self._cancelled))]
        self.watchdog.end_cancel(id_)
        self._advance()

    # The end.

    def kill(self, loss: Loss) -> None:
        """End the process now, if it lives. Its calls are told at once; the reaping follows."""
        if self.is_lost:
            return
        self.is_lost = True
        self.watchdog.stop()
        self._process.end()
        # For whoever hears of it below and has more to send: this worker takes nothing any more.
        self._channel.shut()
        calls, self.calls = list(self.calls.values()), {}
        hostcalls, self._hostcalls = list(self._hostcalls.values()), {}
        self._reactor.demand -= len(hostcalls)
        self._backlog.clear()
        for call in calls:
            call.finish(loss.status, loss.detail)
        for request in hostcalls:
            request.cancel()
        self._listener.on_lost(self, loss)

    def kill_quietly(self, status: Status) -> None:
        """End it because the host ends, or because its work is done."""
        self.kill(Loss("E_STOPPED", "the host stopped it", status, is_own_fault=False))

    def _kill_for_queue(self, detail: str) -> None:
        self.kill(Loss("E_QUEUE", detail, Status.KILLED, is_own_fault=True))

    def _on_violation(self, code: str, detail: str) -> None:
        self.kill(violation(code, detail))

    def _gone(self) -> None:
        self.is_gone = True
        self._process.on_reaped()
        self._on_gone(self)
