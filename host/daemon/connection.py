"""One client's connection: lines in, lines out, and what bounds both.

Promises    Nothing that a client sends or leaves unsent, reads or leaves unread, costs others more than its share. Garbage
            ends the connection with one line that says why; so does a line that is too long, or not finished in time. A
            client that does not read is read from no more, and cut when that lasts.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from host.daemon.call import Call
from host.daemon.methods import METHODS
from host.daemon.peers import Connected, Peer, is_hung_up, is_ours, peer_of
from host.daemon.projects import Surroundings
from host.daemon.watching import Take, Watching
from host.daemon.wire import (
    MAX_LINE_BYTES,
    GarbageError,
    Id,
    RefusedError,
    Request,
    encoded,
    event_line,
    failure,
    failure_of,
    line_of,
    read_request,
    result_line,
    stopping,
)
from host.errors import HostError
from host.outcome import Json, JsonObject

if TYPE_CHECKING:
    from host.daemon.server import Server

_MAX_WATCHERS: Final = 8
_HIGH_WATER_BYTES: Final = 1024 * 1024
_MOST_UNREAD_BYTES: Final = 4 * MAX_LINE_BYTES


class Connection(asyncio.Protocol):
    """See the module's text."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self.peer = Peer(0, -1)
        self._buffer = bytearray()
        self._scanned = 0
        self._line_timer: asyncio.TimerHandle | None = None
        self._cut_timer: asyncio.TimerHandle | None = None
        self.calls: dict[Call, None] = {}
        self._surroundings: Surroundings | None = None
        self._watchers: list[Watching] = []
        self._is_ending = False
        """No further request is read; it closes when what is under way is answered."""
        self._is_last = False
        """The daemon ends: nobody is told of anything after their answer."""

    @property
    def watching(self) -> int:
        """How many things its client is told of."""
        return len(self._watchers)

    # From the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream server
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
        connected: Connected | None = transport.get_extra_info("socket")
        if connected is not None:
            self.peer = peer_of(connected)
        if not is_ours(self.peer):
            self._server.note_stranger(self.peer)
            transport.abort()
            return
        if not self._server.admit(self):
            told = "the daemon has as many connections as it may; try again later"
            self._finish_with(failure("full", "E_FULL", told))

    def connection_lost(self, _: Exception | None) -> None:
        """It is gone, whoever closed it."""
        self._transport = None
        self._is_ending = True
        for timer in (self._line_timer, self._cut_timer):
            if timer is not None:
                timer.cancel()
        self._end_watching()
        for call in list(self.calls):
            call.end(None, failure("lost", "E_LOST", "the client went away"))
        self._server.forget(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes, of any number of lines."""
        buffer = self._buffer
        buffer += data
        while not self._is_ending:
            end = buffer.find(b"\n", self._scanned)
            if end < 0:
                break
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            self._scanned = 0
            self._end_line_timer()
            self._on_line(line)
        if self._is_ending:
            buffer.clear()
            return
        self._scanned = len(buffer)
        if self._scanned > MAX_LINE_BYTES:
            told = f"a line is longer than {MAX_LINE_BYTES >> 20} MiB"
            self._finish_with(failure("protocol", "E_TOO_LARGE", told))
        elif buffer and self._line_timer is None:
            loop = asyncio.get_running_loop()
            self._line_timer = loop.call_later(
                self._server.options.line_ms / 1000, self._on_half_line
            )

    def eof_received(self) -> bool:
        """The client sends no more; it may still read, unless it is gone altogether."""
        self._is_ending = True
        return bool(self.calls or self._watchers) and not self._is_gone()

    def look(self) -> None:
        """To be called now and then: of a client that sends no more, nothing else says that it is gone."""
        if self._is_ending and self._transport is not None and self._is_gone():
            self._transport.abort()

    def _is_gone(self) -> bool:
        connected: Connected | None = None
        if self._transport is not None:
            connected = self._transport.get_extra_info("socket")
        return connected is None or is_hung_up(connected)

    def pause_writing(self) -> None:
        """It does not read as fast as we answer."""
        if self._transport is None:
            return
        for watcher in self._watchers:
            watcher.has_room = False
        self._transport.pause_reading()
        if self._cut_timer is None:
            loop = asyncio.get_running_loop()
            self._cut_timer = loop.call_later(self._server.options.read_ms / 1000, self._cut)

    def resume_writing(self) -> None:
        """It has read."""
        if self._cut_timer is not None:
            self._cut_timer.cancel()
            self._cut_timer = None
        if self._transport is None:
            return
        if not self._transport.is_closing():
            self._transport.resume_reading()
        for watcher in self._watchers:
            watcher.flush()

    # Lines.

    def _on_half_line(self) -> None:
        told = f"a line was not finished within {self._server.options.line_ms} ms"
        self._finish_with(failure("protocol", "E_HALF_LINE", told))

    def _end_line_timer(self) -> None:
        if self._line_timer is not None:
            self._line_timer.cancel()
            self._line_timer = None

    def _on_line(self, line: bytes) -> None:
        if len(line) > MAX_LINE_BYTES:
            told = f"a line is longer than {MAX_LINE_BYTES >> 20} MiB"
            self._finish_with(failure("protocol", "E_TOO_LARGE", told))
            return
        if not line.strip():
            return
        try:
            request = read_request(line)
        except GarbageError as error:
            self._finish_with(
                failure("protocol", "E_GARBAGE", f"{error}; see docs/protocol.md")
            )
            return
        self._begin(request)

    def _begin(self, request: Request) -> None:
        server = self._server
        method = METHODS.get(request.method)
        problem: JsonObject | None = None
        if request.context is not None:
            try:
                self._surroundings = Surroundings.read(request.context)
            except HostError as error:
                problem = failure_of(error)
        if method is None:
            told = f"there is no method {request.method[:60]!a}; see docs/protocol.md"
            problem = failure("protocol", "E_METHOD", told)
        elif len(self.calls) >= server.options.max_calls_each:
            told = f"{server.options.max_calls_each} calls of this connection are under way; wait for one"
            problem = failure("full", "E_FULL", told)
        elif problem is None:
            problem = server.refuse_call()
        if method is None or problem is not None:
            self._send_error(request.id, problem or {})
            return
        call = Call(
            server,
            request,
            self.peer,
            self._surroundings,
            on_end=self._on_end,
            on_update=self._on_update,
            on_watch=self._on_watch,
            watchers=self._watchers,
        )
        self.calls[call] = None
        server.note_begin(call)
        call.begin(method)

    # Answers.

    def _on_end(self, call: Call, result: Json, error: JsonObject | None) -> None:
        self.calls.pop(call, None)
        self._server.note_end(call, error)
        if error is not None:
            self._send_error(call.request.id, error)
        else:
            self._send(result_line(call.request.id, result))
        if self._is_last:
            self._end_watching()  # what that very call began
        if self._is_ending and not (self.calls or self._watchers):
            self._close()

    def _on_update(self, call: Call, update: JsonObject) -> None:
        if self._cut_timer is None:  # else it does not read: what it has so far it may miss
            self._send(line_of({"id": call.request.id, "update": update}))

    def _on_watch(self, call: Call, begin: Callable[[Take], Watching]) -> None:
        if len(self._watchers) >= _MAX_WATCHERS:
            told = f"this connection is told of {_MAX_WATCHERS} things already; use another one"
            raise RefusedError("full", "E_FULL", told)
        id_ = call.request.id

        def take(event: JsonObject | bytes) -> bool:
            self._send(event_line(id_, event if isinstance(event, bytes) else encoded(event)))
            return self._cut_timer is None and self._transport is not None

        self._watchers.append(begin(take))

    def _end_watching(self) -> None:
        while self._watchers:
            self._watchers.pop().close()

    def _send_error(self, id_: Id | None, error: JsonObject) -> None:
        self._send(line_of({"id": id_, "error": error}))

    def _send(self, line: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(line)
        if self._transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            self._cut()

    def _finish_with(self, error: JsonObject) -> None:
        """Say why, and read no more."""
        self._is_ending = True
        self._end_line_timer()
        self._server.note_refusal(self.peer, error)
        self._send_error(None, error)
        self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()  # when what is written is gone
            if self._cut_timer is None:
                loop = asyncio.get_running_loop()
                self._cut_timer = loop.call_later(
                    self._server.options.read_ms / 1000, self._cut
                )

    def _cut(self) -> None:
        self._cut_timer = None
        if self._transport is not None:
            self._server.note_refusal(self.peer, failure("slow", "E_SLOW", "it does not read"))
            self._transport.abort()

    def give_up(self) -> None:
        """The daemon waits no longer: what is under way has no answer, and must not get one from its own end."""
        for call in list(self.calls):
            told = "the daemon ended before there was an answer; it may have been done"
            call.end(None, failure("lost", "E_LOST", told))

    def finish(self) -> None:
        """The daemon ends: answer what is under way, and close."""
        self._is_ending = self._is_last = True
        self._end_watching()
        if not self.calls:
            # What it sent and we did not read was not begun: a client that reads this may ask another daemon.
            self._send_error(None, stopping())
            self._close()
