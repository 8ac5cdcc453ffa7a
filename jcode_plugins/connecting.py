"""The connections of the client for programs that block, and one request over one of them.

Threads     Any number. Each request takes a connection that is idle, or a new one, so none waits for another's answer.
Reconnects  A connection that the daemon closed while it was idle is replaced without a word. One that is lost before
            the answer is replaced when the request had not been sent whole, or changes nothing; else the caller is told
            (:class:`ConnectionLostError`), who alone knows whether it may be done twice.
"""

import _socket
import os
import time
from _thread import allocate_lock

from jcode_plugins import requests as _requests
from jcode_plugins.errors import (
    ConnectionLostError,
    DeadlineError,
    InputError,
    JcodePluginsError,
    ProtocolError,
    error_of,
)
from jcode_plugins.place import connect, socket_path
from jcode_plugins.surroundings import switches_of, variables_of
from jcode_plugins.wire import MAX_LINE_BYTES, encode_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Self

    from jcode_plugins.wire import Json, JsonObject

TIMEOUT_S = 120.0
"""How long a request may take unless the caller says otherwise: a question to a person and a tool's minute fit in."""
CONNECT_TIMEOUT_S = 20.0
MARGIN_S = 1.0
"""How much longer than its deadline an answer is waited for: the daemon's own words about a deadline are better."""
_MAX_IDLE = 8
_CHUNK = 256 * 1024
FOR_EVER = float("inf")
"""A time that never comes."""


class Connection:
    """One connected socket, used by one thread at a time."""

    def __init__(self, connected: "_socket.socket") -> None:
        self._socket = connected
        self._buffer = bytearray()
        self._next_id = 0
        self.has_context = False
        """Whether the daemon knows already where this client is."""

    def close(self) -> None:
        """Close it; safe to call twice."""
        self._socket.close()

    def hang_up(self) -> None:
        """End it for both sides, also for a thread that waits for a line: it gets :class:`ConnectionLostError`."""
        try:
            self._socket.shutdown(_socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    def is_stale(self) -> bool:
        """Whether the daemon closed it, or said something that nobody asked for."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1, _socket.MSG_PEEK)
        except BlockingIOError:
            return bool(self._buffer)
        except OSError:
            return True
        return True

    def send(self, request: "JsonObject", timeout_s: float) -> int:
        """Send *request* with an id of its own, which is returned. Raises ConnectionLostError when it was not sent whole."""
        self._next_id += 1
        try:
            line = encode_line({"id": self._next_id, **request})
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError("E_INPUT", f"the request is not JSON: {error}") from None
        if len(line) > MAX_LINE_BYTES:
            raise InputError(
                "E_TOO_LARGE",
                f"the request is larger than {MAX_LINE_BYTES >> 20} MiB; send less",
            )
        self._socket.settimeout(timeout_s)
        try:
            self._socket.sendall(line, _socket.MSG_NOSIGNAL)
        except TimeoutError:
            raise DeadlineError("the daemon did not take the request in time") from None
        except OSError:
            raise ConnectionLostError("the daemon closed the connection") from None
        return self._next_id

    def last_word(self) -> "JcodePluginsError | None":
        """Return why the daemon closed the connection, if it said so."""
        try:
            answer = self.receive(time.monotonic() + MARGIN_S)
        except JcodePluginsError:
            return None
        return error_of(answer["error"]) if answer.get("error") else None

    def receive(self, until: float) -> "JsonObject":
        """Return the next line. Raises DeadlineError, ConnectionLostError, ProtocolError."""
        scanned = 0
        while (end := self._buffer.find(b"\n", scanned)) < 0:
            scanned = len(self._buffer)
            if scanned > MAX_LINE_BYTES:
                raise ProtocolError("E_PROTOCOL", "the daemon's line does not end")
            left = until - time.monotonic()
            if left <= 0:
                raise DeadlineError("no answer in time")
            self._socket.settimeout(None if until == FOR_EVER else left)
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                raise DeadlineError("no answer in time") from None
            except OSError:
                data = b""
            if not data:
                raise ConnectionLostError("the daemon went away before it answered")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return _requests.read_answer(line)


class Connecting:
    """See the module's text. What its arguments mean: :class:`jcode_plugins.Client`."""

    def __init__(
        self,
        path: "str | os.PathLike[str] | None" = None,
        *,
        project_dir: "str | os.PathLike[str] | None" = None,
        environment: "Mapping[str, str] | None" = None,
        variables: "Mapping[str, str] | None" = None,
        switches: "Mapping[str, str] | None" = None,
        start: bool = False,
        timeout_s: float = TIMEOUT_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self.path = os.fspath(path) if path is not None else socket_path(self._environment)
        self._context = make_context(project_dir, self._environment, variables, switches)
        self._starts = start
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._lock = allocate_lock()
        self._idle: list[Connection] = []
        self._is_closed = False
        self._pid = os.getpid()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    # Connections.

    def _connect(self) -> Connection:
        if self._starts:
            from jcode_plugins.starting import connect_or_start  # hardly ever needed

            return Connection(
                connect_or_start(self.path, self._environment, self._connect_timeout_s)
            )
        return Connection(connect(self.path, self._connect_timeout_s))

    def _take(self) -> Connection:
        while True:
            with self._lock:
                if self._is_closed:
                    raise ConnectionLostError("this client was closed")
                if self._pid != os.getpid():  # a fork: the connections are the parent's
                    self._idle, self._pid = [], os.getpid()
                found = self._idle.pop() if self._idle else None
            if found is None:
                return self._connect()
            if not found.is_stale():
                return found
            found.close()

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._is_closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def request(
        self,
        method: str,
        params: "JsonObject | None" = None,
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        on_update: "Callable[[JsonObject], None] | None" = None,
    ) -> "Json":
        """Send one request and return its ``result``; every verb is this. Raises what ``errors`` names."""
        budget_s = self._timeout_s if timeout_s is None else timeout_s
        until = time.monotonic() + budget_s
        request: JsonObject = {"method": method, "params": params or {}}
        request["deadline_ms"] = max(1, int(budget_s * 1000))
        if session_id:
            request["session_id"] = session_id
        was_sent = False
        for attempt in (0, 1):
            connection = self._take()
            keep = False
            try:
                was_sent = False
                whole = request if connection.has_context else {**request, **self._context}
                id_ = connection.send(whole, budget_s + MARGIN_S)
                was_sent = connection.has_context = True
                answer = _answer(connection, id_, until + MARGIN_S, on_update)
                keep = True
                return answer
            except ConnectionLostError:
                if not was_sent and (refused := connection.last_word()) is not None:
                    raise refused from None
                if attempt or (was_sent and method not in _requests.REPEATABLE):
                    raise
            except _Refused as refused_by:
                keep = refused_by.is_ours
                if attempt or refused_by.error.code != _requests.STOPPING:
                    raise refused_by.error from None
                keep = False  # it was not begun: another daemon may do it
            finally:
                if keep:
                    self._give_back(connection)
                else:
                    connection.close()
        raise ConnectionLostError("the daemon closed the connection")

    def open_stream(
        self, method: str, params: "JsonObject", *, here: bool = False
    ) -> "tuple[Connection, int, JsonObject]":
        """Send a request on a connection of its own; return that, the request's id and its answer.

        *here*: it is about this client's project. Raises what ``errors`` names.
        """
        connection = self._connect()
        try:
            request: JsonObject = {"method": method, "params": params}
            id_ = connection.send(
                {**request, **(self._context if here else {})}, self._timeout_s
            )
            until = time.monotonic() + self._timeout_s
            first = _requests.begun(connection.receive(until))
        except BaseException:
            connection.close()
            raise
        return connection, id_, first

    def stream(self, method: str, params: "JsonObject") -> "Iterator[JsonObject]":
        """Yield the answer to a request, and then what the daemon goes on to tell, on a connection of its own, until
        it ends or the iterator is closed. Raises what ``errors`` names."""
        connection, id_, first = self.open_stream(method, params)
        try:
            yield first
            while True:
                try:
                    pushed = connection.receive(FOR_EVER)
                except ConnectionLostError:
                    return
                if pushed.get("id") == id_ and "event" in pushed:
                    yield pushed
        finally:
            connection.close()


class _Refused(Exception):  # noqa: N818 - not an error of ours: it carries the daemon's
    """The answer is an error. ``is_ours``: of this request, so that the connection goes on."""

    def __init__(self, answer: "JsonObject", *, is_ours: bool) -> None:
        self.error = error_of(answer.get("error"))
        self.is_ours = is_ours


def _answer(
    connection: Connection,
    id_: int,
    until: float,
    on_update: "Callable[[JsonObject], None] | None",
) -> "Json":
    while True:
        answer = connection.receive(until)
        if answer.get("id") != id_:
            if answer.get("id") is None and "error" in answer:
                raise _Refused(answer, is_ours=False)
            raise ProtocolError("E_PROTOCOL", "the daemon answered what was not asked")
        if "error" in answer:
            raise _Refused(answer, is_ours=True)
        if "result" in answer:
            return answer["result"]
        update = answer.get("update")
        if on_update is not None and isinstance(update, dict):
            on_update(update)


def make_context(
    project_dir: "str | os.PathLike[str] | None",
    environment: "Mapping[str, str]",
    variables: "Mapping[str, str] | None",
    switches: "Mapping[str, str] | None",
) -> "JsonObject":
    """Return the part of a request that says where a client is."""
    env = variables_of(environment) if variables is None else variables
    off = switches_of(environment) if switches is None else switches
    context: JsonObject = {
        "cwd": os.path.abspath(project_dir) if project_dir is not None else os.getcwd(),
        "env": dict(env),
        "switches": dict(off),
    }
    return context
