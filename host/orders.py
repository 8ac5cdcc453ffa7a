"""What a person tells hosts that run: ``orders.json`` in our home.

Promises    An order is numbered, and carried out once by every host that ran when it was given; a host that starts later
            begins with what there is then and needs none. Written whole or not at all, by one process at a time.
Gap         Nobody answers: whoever gives an order learns that it was given, not what came of it. A host that looks only
            after many more orders misses the oldest.
Relies on   Layer 0: no plugin reads or writes our home.
"""

from contextlib import ExitStack
from pathlib import Path
from time import time
from typing import Final, Literal

import msgspec

from host.errors import OrdersError
from host.state_file import (
    StateBusyError,
    StateFileError,
    lock_state,
    read_state,
    signature_of,
    write_state,
)

VERSION: Final = 1
KEPT: Final = 256
_MAX_BYTES: Final = 1024 * 1024
_WAIT_S: Final = 10.0

Word = Literal["reload", "enable"]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order about the plugin *name*; *given* is in seconds since the epoch."""

    number: int
    word: Word
    name: str
    given: float


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    last: int
    orders: list[Order]


class Orders:
    """The file in *home*, and how far it was read."""

    def __init__(self, home: Path) -> None:
        self.path = home / "orders.json"
        self._seen = signature_of(self.path)
        self._last = self._read_last()

    def give(self, word: Word, name: str) -> Order:
        """Tell every host that runs. Raises OrdersError, and then nothing was told."""
        with ExitStack() as stack:
            try:
                stack.enter_context(lock_state(self.path, wait_s=_WAIT_S))
                file = self._read()
                order = Order(file.last + 1, word, name, time())
                orders = [*file.orders, order][-KEPT:]
                data = msgspec.json.encode(_File(VERSION, order.number, orders))
                write_state(self.path, msgspec.json.format(data, indent=1))
            except StateBusyError as error:
                raise OrdersError(
                    f"{self.path} is being changed by {error}; try again"
                ) from None
            except StateFileError as error:
                raise OrdersError(
                    f"{self.path} {error}; no host was told: mend it or move it away"
                ) from error
        return order

    def new(self) -> list[Order]:
        """Return what was ordered since the last look. One look at the file's status, as long as it stays what it was.

        Raises OrdersError, once, for a file that cannot be used.
        """
        seen = signature_of(self.path)
        if seen == self._seen:
            return []
        self._seen = seen
        file = self._checked()
        if file.last < self._last:
            self._last = 0  # it was moved away, and counts from the beginning
        found = [order for order in file.orders if order.number > self._last]
        self._last = file.last
        return found

    def check(self) -> None:
        """Raise OrdersError for a file that cannot be used."""
        self._checked()

    def _checked(self) -> _File:
        try:
            return self._read()
        except StateFileError as error:
            raise OrdersError(
                f"{self.path} {error}; orders are not seen until it is mended or moved away"
            ) from error

    def _read_last(self) -> int:
        try:
            return self._read().last
        except StateFileError:
            return 0

    def _read(self) -> _File:
        data = read_state(self.path, _MAX_BYTES)
        if data is None:
            return _File(VERSION, 0, [])
        try:
            file = msgspec.json.decode(data, type=_File)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise StateFileError(f"is damaged ({error})") from error
        if file.version != VERSION:
            raise StateFileError(
                f"is of version {file.version}, and this program knows {VERSION}"
            )
        return file
