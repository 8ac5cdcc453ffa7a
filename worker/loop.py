"""A worker's life: read a message, enter JavaScript, run its jobs, report.

Promises    One entry into JavaScript at a time. Exactly one report that it ended for each entry the host
            delivered, and one for each CANCEL. Between two reads only ``read`` and ``write`` are called.
Relies on   The host delivers the next entry only after the report of the last, so what else arrives in
            the middle of one is a CANCEL or the answer that is being waited for.
"""

import os
from collections import deque
from typing import Final, NoReturn

from ipc.codec import result_frame
from ipc.errors import IpcError
from ipc.limits import JOBS_PER_YIELD, MAX_ID
from ipc.messages import (
    ANSWER,
    CANCEL,
    CAST,
    COMMAND,
    END,
    EVENT,
    FLAG_ENTRY_ENDED,
    FLAG_SYNC,
    HELLO,
    HOSTCALL,
    LOAD,
    PROTOCOL_VERSION,
    PUSH,
    RESUME,
    TOOL,
    WAKE,
    YIELD,
    Message,
)
from ipc.worker_end import WorkerEnd
from worker.engine import (
    OP_ANSWER,
    OP_CANCEL,
    OP_COMMAND,
    OP_EVENT,
    OP_LOAD,
    OP_PUSH,
    OP_TOOL,
    OP_WAKE,
    Engine,
)
from worker.lockdown import (
    CHANNEL_READ_FD,
    CHANNEL_WRITE_FD,
    EXIT_LOCKDOWN,
    Filter,
    Limits,
    enter_lockdown,
)

_JS_RESULT: Final = 1
_JS_HOSTCALL: Final = 2
_CANCELLED: Final = '2{"code":"E_CANCELLED","message":"the call was cancelled"}'


class PluginRole:
    """Runs one plugin instance. Made in the zygote, lived in the fork."""

    def __init__(self) -> None:
        self._engine = Engine()
        self._filter = Filter("plugins")

    def live(self, limits: Limits) -> NoReturn:
        """Lock down, say hello, serve until the host closes the channel."""
        engine = self._engine
        engine.start(os.urandom(32), limits.heap_bytes)
        layers = enter_lockdown(limits, self._filter)
        end = WorkerEnd(CHANNEL_READ_FD, CHANNEL_WRITE_FD)
        end.send([HELLO, PROTOCOL_VERSION, "quickjs-ng", layers.to_json()])
        if layers.missing(limits.required):
            os._exit(EXIT_LOCKDOWN)  # the host has read which
        try:
            Loop(engine, end).run()
        except IpcError:
            os._exit(0)  # the host closed the channel


class Loop:
    """The state machine between the channel and the engine."""

    def __init__(self, engine: Engine, end: WorkerEnd) -> None:
        self._enter = engine.enter
        self._run_job = engine.run_job
        self._end = end
        self._deferred: deque[Message] = deque()
        self._cancelled: set[int] = set()
        self._held: tuple[int, int, str] | None = (
            None  # the last RESULT, in case the entry ends with it
        )
        self._next_sync_id = 0
        engine.outlet = self

    def run(self) -> NoReturn:
        """Serve for ever; the end of the channel is raised as ChannelClosedError."""
        end, deferred, enter = self._end, self._deferred, self._enter
        while True:
            message = deferred.popleft() if deferred else end.receive()
            kind = message[0]
            if kind == EVENT:
                _, id_, _, event, payload, context = message
                out = enter(OP_EVENT, id_, event, payload, context)
                if type(out) is str and self._is_over():
                    # Answered at once, which is how nearly every event ends.
                    end.send_bytes(
                        result_frame(int(id_), int(out[0]), FLAG_ENTRY_ENDED, out[1:])
                    )
                    continue
            elif kind == ANSWER:
                _, id_, status, text = message
                out = enter(OP_ANSWER, id_, status, text, "")
            elif kind == WAKE:
                out, id_ = enter(OP_WAKE, 0, 0, "", ""), 0
            elif kind == TOOL:
                _, id_, _, text = message
                out = enter(OP_TOOL, id_, 0, text, "")
            elif kind == COMMAND:
                _, id_, _, text = message
                out = enter(OP_COMMAND, id_, 0, text, "")
            elif kind == PUSH:
                out, id_ = enter(OP_PUSH, 0, 0, message[1], ""), 0
            elif kind == LOAD:
                _, id_, _, header, script = message
                out = enter(OP_LOAD, id_, 0, header, script)
            elif kind == CANCEL:
                self._cancel(int(message[1]))
                self._run_jobs()
                self._flush()
                end.send([END, message[1]])
                continue
            else:  # RESUME without a YIELD: the host's mistake, nothing depends on it
                continue
            if type(out) is str:
                self._hold(int(id_), int(out[0]), out[1:])
            self._run_jobs()
            held = self._held
            if held is not None:
                self._held = None
                end.send_bytes(result_frame(*held[:2], FLAG_ENTRY_ENDED, held[2]))
            else:
                end.send([END, 0])
            if self._cancelled:
                self._cancelled.clear()

    def _is_over(self) -> bool:
        """Run one job if there is one; whether the entry ends with what it has returned."""
        try:
            return not (self._run_job() or self._held or self._cancelled)
        except Exception:  # noqa: BLE001 - as in _run_jobs
            return False

    def _hold(self, id_: int, status: int, text: str) -> None:
        if self._held is not None:
            self._flush()
        self._held = (id_, status, text)

    def _flush(self) -> None:
        if self._held is not None:
            (id_, status, text), self._held = self._held, None
            self._end.send_bytes(result_frame(id_, status, 0, text))

    def _run_jobs(self) -> None:
        run_job = self._run_job
        left = JOBS_PER_YIELD
        while True:
            try:
                if not run_job():
                    return
            except Exception:  # noqa: BLE001, S110 - a job's own error (a finalizer's callback threw) is no one's call
                pass
            left -= 1
            if not left:
                left = JOBS_PER_YIELD
                self._yield()

    def _yield(self) -> None:
        """Let the host speak between two jobs: a promise that queues itself never ends otherwise."""
        self._flush()
        self._end.send([YIELD])
        while (message := self._end.receive())[0] != RESUME:
            if message[0] == CANCEL:
                # Now, so that a loop that looks at its signal can end. Its jobs are the entry's own.
                self._cancel(int(message[1]))
                self._flush()
                self._end.send([END, message[1]])
            else:
                self._deferred.append(message)

    def _cancel(self, call_id: int) -> None:
        self._cancelled.discard(call_id)
        self._enter(OP_CANCEL, call_id, 0, "", "")

    # Called from JavaScript, through the engine.

    def send(self, kind: int, id_: int, n: int, name: str, text: str) -> None:
        """See :class:`worker.engine.Outlet`."""
        if kind == _JS_RESULT:
            self._hold(id_, n, text)
            return
        self._flush()
        if kind == _JS_HOSTCALL:
            self._end.send([HOSTCALL, id_, n, 0, name, text])
        else:
            self._end.send([CAST, n, name, text])

    def sync(self, n: int, name: str, text: str) -> str:
        """See :class:`worker.engine.Outlet`.

        A CANCEL that comes meanwhile is noted, and from then on every hostcall of that call fails: code
        that loops over synchronous calls gets no further, and only its unwinding counts as an answer.
        """
        if n in self._cancelled:
            return _CANCELLED
        self._flush()
        # Its own range above JavaScript's ids, which count from 1.
        self._next_sync_id = (self._next_sync_id + 1) % (MAX_ID // 2)
        id_ = MAX_ID - self._next_sync_id
        self._end.send([HOSTCALL, id_, n, FLAG_SYNC, name, text])
        while True:
            message = self._end.receive()
            if message[0] == ANSWER and message[1] == id_:
                return f"{message[2]}{message[3]}"
            if message[0] == CANCEL:
                self._cancelled.add(int(message[1]))
            self._deferred.append(message)
