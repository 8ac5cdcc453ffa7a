"""The connection of the client for asyncio programs: any number of requests on it at a time.

Reconnects  As the blocking client: see ``connecting.py``. A request that was cancelled is not taken back; its answer is dropped.
"""

import _socket
import asyncio
import os
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Self, TypeAlias

from jcode_plugins import requests as _requests
from jcode_plugins.connecting import CONNECT_TIMEOUT_S, MARGIN_S, TIMEOUT_S, make_context
from jcode_plugins.errors import (
    AnswerError,
    ConnectionLostError,
    DeadlineError,
    InputError,
    error_of,
)
from jcode_plugins.place import connect, socket_path
from jcode_plugins.starting import connect_or_start
from jcode_plugins.wire import MAX_LINE_BYTES, encode_line

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]


class _Making:
    """A connection that a thread makes, also when nobody waits for it any more: then it is closed."""

    def __init__(self, make: "Callable[[], _socket.socket]") -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: _socket.socket | None = None
        self._is_left = False

    async def result(self) -> socket.socket:
        """Return it. Raises what *make* raises."""
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(None, self._run)
        except asyncio.CancelledError:
            self._leave()
            raise
        return socket.socket(fileno=made.detach())

    def _run(self) -> "_socket.socket":
        made = self._make()
        with self._lock:
            self._made = made
            if self._is_left:
                made.close()
        return made

    def _leave(self) -> None:
        with self._lock:
            self._is_left = True
            if self._made is not None:
                self._made.close()


class _Connection:
    """A connected socket of one loop, and who waits for what on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._hearing: dict[int, Callable[[JsonObject], None]] = {}
        self._next_id = 0
        self._task = asyncio.get_running_loop().create_task(self._read())
        self.has_context = False
        self.is_lost = False

    async def _read(self) -> None:
        error: Exception = ConnectionLostError("the daemon went away before it answered")
        try:
            while line := await self._reader.readline():
                self._on_line(line)
        except OSError:
            pass  # told as any loss
        except Exception as found:  # noqa: BLE001 - carried to whoever waits
            error = found
        finally:
            self.is_lost = True
            waiting, self._waiting = self._waiting, {}
            for future in waiting.values():
                if not future.done():
                    future.set_exception(error)
            self._writer.close()

    def _on_line(self, line: bytes) -> None:
        answer = _requests.read_answer(line)
        id_ = answer.get("id")
        if id_ is None and "error" in answer:
            raise error_of(answer["error"])
        if not isinstance(id_, int):
            return
        update, hear = answer.get("update"), self._hearing.get(id_)
        if hear is not None and isinstance(update, dict):
            hear(update)
        future = self._waiting.get(id_)
        if future is None or future.done():
            return  # nobody waits for it any more
        if "error" in answer:
            future.set_exception(error_of(answer["error"]))
        elif "result" in answer:
            future.set_result(answer["result"])

    def send(
        self, request: JsonObject, hear: Callable[[JsonObject], None] | None
    ) -> "tuple[int, asyncio.Future[Json]]":
        self._next_id += 1
        id_ = self._next_id
        try:
            line = encode_line({"id": id_, **request})
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError("E_INPUT", f"the request is not JSON: {error}") from None
        if len(line) > MAX_LINE_BYTES:
            told = f"the request is larger than {MAX_LINE_BYTES >> 20} MiB; send less"
            raise InputError("E_TOO_LARGE", told)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = future
        if hear is not None:
            self._hearing[id_] = hear
        self._writer.write(line)
        return id_, future

    async def drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError:
            return  # the reader tells whoever waits

    def forget(self, id_: int) -> None:
        self._waiting.pop(id_, None)
        self._hearing.pop(id_, None)

    async def close(self) -> None:
        self._task.cancel()
        self._writer.close()
        await asyncio.gather(self._task, return_exceptions=True)


class AsyncConnecting:
    """See the module's text. What its arguments mean: :class:`jcode_plugins.Client`."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        project_dir: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        switches: Mapping[str, str] | None = None,
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
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; who waits is told that it was lost. Safe to call twice."""
        self._is_closed = True
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._is_closed:
                raise ConnectionLostError("this client was closed")
            if self._connection is None or self._connection.is_lost:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> _Connection:
        return _Connection(*await self._open())

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        make = partial(connect, self.path, self._connect_timeout_s)
        if self._starts:  # files, locks and a process to wait for
            make = partial(
                connect_or_start, self.path, self._environment, self._connect_timeout_s
            )
        found = await _Making(make).result()
        found.setblocking(False)
        return await asyncio.open_unix_connection(sock=found, limit=MAX_LINE_BYTES + 1)

    async def request(
        self,
        method: str,
        params: JsonObject | None = None,
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        on_update: Callable[[JsonObject], None] | None = None,
    ) -> Json:
        """Send one request and return its ``result``; every verb is this. Raises what ``errors`` names."""
        budget_s = self._timeout_s if timeout_s is None else timeout_s
        request: JsonObject = {"method": method, "params": params or {}}
        request["deadline_ms"] = max(1, int(budget_s * 1000))
        if session_id:
            request["session_id"] = session_id

        try:
            async with asyncio.timeout(budget_s + MARGIN_S):
                return await self._send(method, request, on_update)
        except TimeoutError:
            raise DeadlineError("no answer in time") from None

    async def _send(
        self, method: str, request: JsonObject, hear: Callable[[JsonObject], None] | None
    ) -> Json:
        for attempt in (0, 1):
            connection = await self._connected()
            whole = request if connection.has_context else {**request, **self._context}
            id_, future = connection.send(whole, hear)
            connection.has_context = True
            try:
                await connection.drain()
                return await future
            except ConnectionLostError:
                if attempt or self._is_closed or method not in _requests.REPEATABLE:
                    raise
            except AnswerError as error:
                if attempt or error.code != _requests.STOPPING:
                    raise
                await connection.close()  # it was not begun: another daemon may do it
            finally:
                connection.forget(id_)
        raise ConnectionLostError("the daemon closed the connection")

    async def open_stream(
        self, method: str, params: JsonObject, *, here: bool = False
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, JsonObject]:
        """See :meth:`jcode_plugins.connecting.Connecting.open_stream`; the request's id is 1."""
        reader, writer = await self._open()
        try:
            request: JsonObject = {"id": 1, "method": method, "params": params}
            writer.write(encode_line({**request, **(self._context if here else {})}))
            async with asyncio.timeout(self._timeout_s):
                line = await reader.readline()
            first = _requests.begun(_requests.read_answer(line or b"{}"))
        except TimeoutError:
            writer.close()
            raise DeadlineError("no answer in time") from None
        except BaseException:
            writer.close()
            raise
        return reader, writer, first

    async def stream(self, method: str, params: JsonObject) -> AsyncGenerator[JsonObject, None]:
        """See :meth:`jcode_plugins.connecting.Connecting.stream`; it is read as fast as this is iterated."""
        reader, writer, first = await self.open_stream(method, params)
        try:
            yield first
            while line := await reader.readline():
                pushed = _requests.read_answer(line)
                if pushed.get("id") == 1 and "event" in pushed:
                    yield pushed
        finally:
            writer.close()
