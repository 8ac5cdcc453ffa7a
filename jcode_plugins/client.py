"""The client for programs that block.

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
from jcode_plugins.wire import MAX_LINE_BYTES, PROTOCOL, encode_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Self, TypeVar

    from jcode_plugins.answers import (
        Outcome,
        PluginInfo,
        ServerEvent,
        ToolInfo,
        ToolResult,
        ToolVerdict,
    )
    from jcode_plugins.wire import Json, JsonObject

    T = TypeVar("T")

TIMEOUT_S = 120.0
"""How long a request may take unless the caller says otherwise: a question to a person and a tool's minute fit in."""
CONNECT_TIMEOUT_S = 20.0
MARGIN_S = 1.0
"""How much longer than its deadline an answer is waited for: the daemon's own words about a deadline are better."""
_MAX_IDLE = 8
_CHUNK = 256 * 1024
_FOR_EVER = float("inf")


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
            self._socket.settimeout(None if until == _FOR_EVER else left)
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


class Client:
    """A connection to the daemon, or as many as threads need. Use it as ``with Client() as plugins``.

    *path* is the socket's (:func:`jcode_plugins.place.socket_path`). *project_dir* (the current directory), *variables* and
    *switches* (from *environment*, the process's own) say for whom the daemon answers: who agrees in them shares plugins.
    *start*: have a daemon started when none listens. Times are in seconds; *timeout_s* is for each request.
    """

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

    # The verbs.

    def hello(self) -> "JsonObject":
        """Return the daemon's version, protocol, process and home. Raises ProtocolError for a protocol that is not ours."""
        return check_hello(self.request("hello"))

    def dispatch(
        self,
        event: str,
        payload: "JsonObject",
        *,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> "Outcome":
        """Send *event* to every plugin that subscribed and return what the agent should do.

        A PermissionRequest may take as long as a person thinks: give it the *timeout_s* that your agent has.
        """
        params: JsonObject = {"event": event, "payload": payload}
        return _requests.outcome(
            self.request("dispatch", params, session_id=session_id, timeout_s=timeout_s)
        )

    def has_handler(self, event: str) -> bool:
        """Whether any plugin of this project subscribed to *event*."""
        return _requests.has_handler(self.request("has_handler", {"event": event}))

    def call_tool(
        self,
        name: str,
        params: "JsonObject",
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        on_update: "Callable[[JsonObject], None] | None" = None,
    ) -> "ToolResult":
        """Call a plugin's tool through the whole pipeline. Raises ToolError if it cannot be made.

        *on_update* takes what the tool has so far, some times a second at most.
        """
        what: JsonObject = {"name": name, "input": params, "updates": on_update is not None}
        return _requests.tool_result(
            self.request(
                "call_tool",
                what,
                session_id=session_id,
                timeout_s=timeout_s,
                on_update=on_update,
            )
        )

    def check_tool(
        self,
        name: str,
        *,
        tier: str = "exec",
        args: "JsonObject | None" = None,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> "ToolVerdict":
        """Judge a call of one of the agent's own tools by the gate that plugins' tools pass."""
        what: JsonObject = {"name": name, "tier": tier, "input": args or {}}
        return _requests.verdict(
            self.request("check_tool", what, session_id=session_id, timeout_s=timeout_s)
        )

    def command(
        self, name: str, args: str = "", *, session_id: str = "", timeout_s: float | None = None
    ) -> "ToolResult":
        """Run a registered command with the raw text *args*; it passes the gate as a tool of tier exec."""
        what: JsonObject = {"name": name, "args": args}
        return _requests.tool_result(
            self.request("command", what, session_id=session_id, timeout_s=timeout_s)
        )

    def tools(self) -> "list[ToolInfo]":
        """Every tool that the agent may offer to its model."""
        return _requests.tools(self.request("tools"))

    def commands(self) -> list[str]:
        """Names of the registered commands."""
        return _requests.commands(self.request("commands"))

    def plugins(self) -> "list[PluginInfo]":
        """Every loaded plugin of this project, in the order that decides merges."""
        return _requests.plugins(self.request("plugins"))

    def set_mode(self, mode: str, *, session_id: str = "") -> None:
        """Change the permission mode of this project, or of one session."""
        self.request("set_mode", {"mode": mode}, session_id=session_id)

    def reload(self) -> "JsonObject":
        """Have configuration and plugins read again, without dropping a call."""
        return _requests.plain(self.request("reload"))

    def kill(self, name: str | None = None) -> "JsonObject":
        """Switch off the plugin *name*, or with None all of them, in every host of the user, until a person enables it."""
        params: JsonObject = {"all": True} if name is None else {"name": name}
        return _requests.plain(self.request("kill", params))

    def approvals(self) -> "JsonObject":
        """Return ``{"pending": [...]}``, the questions that wait for a person."""
        return _requests.plain(self.request("approvals"))

    def answer(self, id_: str, answer: str) -> "JsonObject":
        """Answer a question: ``once``, ``session``, ``always`` or ``deny``. Only from a terminal of a person's."""
        return _requests.plain(self.request("answer", {"id": id_, "answer": answer}))

    def stats(self) -> "JsonObject":
        """Return what the daemon has to do and has done, as numbers."""
        return _requests.plain(self.request("stats"))

    def metrics(self) -> str:
        """Return the same in the text format of Prometheus."""
        return _requests.text_of("text")(self.request("metrics"))

    def stop(self) -> None:
        """Have the daemon answer what it has, and end."""
        self.request("stop")

    def events(self, kinds: "list[str] | None" = None) -> "Iterator[ServerEvent]":
        """Yield what happens to plugins, of every project, from now on, until the daemon ends or the iterator is closed.

        *kinds* as in the audit; None: all. A reader that is slow gets repeats as one event, and is told of gaps.
        """
        connection = self._connect()
        try:
            params: JsonObject = {} if kinds is None else {"kinds": list(kinds)}
            request: JsonObject = {"method": "events", "params": params}
            connection.send(request, self._timeout_s)
            first = connection.receive(time.monotonic() + self._timeout_s)
            if "error" in first:
                raise error_of(first["error"])
            while True:
                try:
                    pushed = connection.receive(_FOR_EVER)
                except ConnectionLostError:
                    return
                if "event" in pushed:
                    yield _requests.event(pushed["event"])
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


def check_hello(result: "Json") -> "JsonObject":
    """Return what ``hello`` told. Raises ProtocolError for a protocol that is not ours."""
    told = _requests.plain(result)
    if told.get("protocol") != PROTOCOL:
        theirs = told.get("protocol")
        raise ProtocolError(
            "E_VERSION",
            f"the daemon speaks protocol {theirs}, this client {PROTOCOL}; end it: jcode-plugin serve --stop",
        )
    return told


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
