"""What plugins show, as a stream: for programs that block."""

from _thread import allocate_lock

from jcode_plugins import requests as _requests
from jcode_plugins.connecting import FOR_EVER, Connection
from jcode_plugins.errors import ConnectionLostError, DeadlineError, error_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from jcode_plugins.wire import JsonObject


class ViewStream:
    """Yields ``{"snapshot": {"version", "entries", "ui"}}``, then ``{"from", "to", "set", "remove"}`` for each change, until
    the daemon ends or it is closed. See ``docs/protocol.md``.

    A change may come as a snapshot once more: what was known before is void. One thread iterates; :meth:`update` and
    :meth:`close` are for any. What is attached ends with it.
    """

    def __init__(self, connection: Connection, id_: int, first: "JsonObject") -> None:
        self._connection = connection
        self._id = id_
        self._first: JsonObject | None = first
        self._sending = allocate_lock()
        self._reading = allocate_lock()
        self._is_closed = False

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> "Self":
        return self

    def __next__(self) -> "JsonObject":
        if self._first is not None:
            first, self._first = self._first, None
            return {"snapshot": _requests.plain(first.get("result"))}
        while True:
            with self._reading:
                if self._is_closed:
                    raise StopIteration
                try:
                    told = self._connection.receive(FOR_EVER)
                except (
                    DeadlineError
                ):  # of an update, which another thread sent on the same socket
                    continue
                except ConnectionLostError:
                    raise StopIteration from None
            if "error" in told:
                raise error_of(told["error"])
            if told.get("id") == self._id and "event" in told:
                return _requests.change(told["event"])

    def update(self, changes: "JsonObject", timeout_s: float) -> None:
        """Say what changed of the interface. What is wrong with it is raised by the iteration, which goes on after that."""
        with self._sending:
            self._connection.send({"method": "ui", "params": changes}, timeout_s)

    def close(self) -> None:
        """Look no more. Safe to call twice; who iterates gets no more."""
        self._is_closed = True
        self._connection.hang_up()
        with self._reading, self._sending:  # by nobody any more
            self._connection.close()
