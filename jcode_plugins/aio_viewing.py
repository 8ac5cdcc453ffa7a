"""What plugins show, as a stream: for asyncio programs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, TypeAlias

from jcode_plugins import requests as _requests
from jcode_plugins.errors import ConnectionLostError, error_of
from jcode_plugins.wire import encode_line

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]
Opened: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter, JsonObject]


class AsyncViewStream:
    """As :class:`jcode_plugins.ViewStream`. It connects when it is first iterated, and is read as fast as that is done."""

    def __init__(
        self, open_: Callable[[JsonObject], Awaitable[Opened]], params: JsonObject
    ) -> None:
        self._open = open_
        self._params = params
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._next_id = 1
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> JsonObject:
        if self._is_closed:
            raise StopAsyncIteration
        if self._reader is None:
            sent = self._params
            self._reader, self._writer, first = await self._open(sent)
            await self._end_if_closed()
            if self._params is not sent:  # it changed while we connected
                await self._send(self._params)
            return {"snapshot": _requests.plain(first.get("result"))}
        while True:
            try:
                line = await self._reader.readline()
            except OSError:
                line = b""
            if not line:
                await self.aclose()
                raise StopAsyncIteration
            told = _requests.read_answer(line)
            if "error" in told:
                raise error_of(told["error"])
            if told.get("id") == 1 and "event" in told:
                return _requests.change(told["event"])

    async def _end_if_closed(self) -> None:
        """Another task may have closed it while we connected."""
        if self._is_closed:
            await self.aclose()
            raise StopAsyncIteration

    async def update(self, changes: JsonObject) -> None:
        """See :meth:`jcode_plugins.ViewStream.update`."""
        self._params = {**self._params, **changes}
        if self._writer is not None:
            await self._send(changes)

    async def _send(self, changes: JsonObject) -> None:
        assert self._writer is not None  # noqa: S101 - whoever calls has looked
        self._next_id += 1
        what = {name: value for name, value in changes.items() if name != "attach"}
        request: JsonObject = {"id": self._next_id, "method": "ui", "params": what}
        self._writer.write(encode_line(request))
        try:
            await self._writer.drain()
        except OSError:
            raise ConnectionLostError("the daemon closed the connection") from None

    async def aclose(self) -> None:
        """Look no more. Safe to call twice."""
        self._is_closed = True
        if self._writer is not None:
            self._writer.close()
