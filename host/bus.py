"""Messages from one plugin, or one half of it, to the others of its workspace.

Promises    Nobody hears another project's messages, nor another session's where both plugins have an instance for each.
            A message is small, a sender and a listener have a rate each, and a listener that is behind misses some: a
            plugin that talks without end costs the others no more than that. A message that answers a message that
            answers a message ... is one deeper each time, through promises and hostcalls too, and goes no deeper than
            ``MAX_DEPTH``; what begins anew with a timer has the sender's rate.
Elsewhere   The hostcalls: ``hostcalls/bus.py``. ``pi.events``: ``worker/js/lazy/pi/events.js``.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from host.audit import Kind
from host.outcome import Json
from host.rate import Rate
from host.reactor import now_s
from ipc.messages import PUSH

if TYPE_CHECKING:
    from host.instance import Instance

MAX_DEPTH: Final = 8
MAX_NAME_CHARS: Final = 200
MAX_NAMES: Final = 256
"""That one instance listens to."""
MAX_DATA_BYTES: Final = 64 * 1024
SENT_PER_S: Final = 50
HEARD_PER_S: Final = 100
MAX_WAITING: Final = 64
MAX_WAITING_CHARS: Final = 2 * 1024 * 1024
"""What may wait for one listener to have its turn, its answers and other news included."""


class BusError(Exception):
    """A message that was not sent; ``code`` is what the plugin gets."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Seat:
    """An instance at the bus: what it listens to, how much it says and hears."""

    __slots__ = ("heard", "missed", "names", "sent", "too_deep")

    def __init__(self, now: float) -> None:
        self.names: frozenset[str] = frozenset()
        self.sent = Rate(SENT_PER_S, now)
        self.heard = Rate(HEARD_PER_S, now)
        self.missed = 0
        self.too_deep = 0


def emit(sender: "Instance", name: str, data: Json, depth: int) -> int:
    """Send a message that came about at *depth*; return how many instances will hear it. Raises :class:`BusError`."""
    if sender.plugin.scope == "global":
        told = "an instance that serves several projects has no others to talk to"
        raise BusError("E_UNAVAILABLE", told)
    if depth >= MAX_DEPTH:
        sender.seat.too_deep += 1
        if sender.seat.too_deep == 1:
            told = f"messages that answer each other without end: {name}"
            sender.note(Kind.REFUSED, "E_DEPTH", told)
        raise BusError("E_DEPTH", f"{MAX_DEPTH} messages answer each other already")
    if not sender.seat.sent.take(now_s()):
        raise BusError("E_QUOTA", f"more than {SENT_PER_S} messages a second")
    news = {
        "topic": "bus",
        "name": name,
        "data": data,
        "from": sender.plugin.name,
        "part": sender.plugin.spec.part,
    }
    text = msgspec.json.encode(news).decode()
    if len(text.encode()) > MAX_DATA_BYTES:
        raise BusError("E_TOO_LARGE", f"a message of more than {MAX_DATA_BYTES} bytes")
    return sum(_hand_over(listener, text, depth + 1) for listener in _listeners(sender, name))


def _listeners(sender: "Instance", name: str) -> "Iterator[Instance]":
    for plugin in sender.plugin.workspace.parts():
        if plugin is sender.plugin or plugin.scope == "global":
            continue
        apart = plugin.scope == sender.plugin.scope == "session"
        for instance in plugin.all_instances():
            if name in instance.seat.names and not (apart and instance.key != sender.key):
                yield instance


def _hand_over(listener: "Instance", text: str, depth: int) -> bool:
    """Whether *listener* will hear it."""
    link, seat = listener.link, listener.seat
    if link is None or link.is_lost:
        return False
    if seat.heard.take(now_s()) and link.has_room(len(text), MAX_WAITING, MAX_WAITING_CHARS):
        link.push([PUSH, text], depth=depth)
        return True
    seat.missed += 1
    if seat.missed == 1:  # once: what somebody else sends is not to fill the audit either
        listener.note(
            Kind.REFUSED, "E_BUS", "it hears more messages than it takes; some are lost"
        )
    return False
