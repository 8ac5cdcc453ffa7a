"""Events on their way to TUI halves: after the fact, for their information only.

Promises    Nobody waits for a half, and it has no say: an event is forwarded when its outcome is there. It is encoded once for
            all who hear of it. What a half does not take in time is lost, the oldest first, and counted.
Elsewhere   Who hears of what: ``snapshot.py``. What a half is: ``tui_half.py``. In the worker:
            ``worker/js/lazy/pi/server_events.js``.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

from host.encode import NotEncodableError, encode_json, encode_payload
from host.events import PluginEvent
from host.link import Link
from host.outcome import JsonObject
from ipc.messages import PUSH

if TYPE_CHECKING:
    from host.workspace import Workspace

MAX_WAITING: Final = 64
"""Events that wait for one worker."""
MAX_BYTES: Final = 64 * 1024
"""Of a payload. One that is larger is left out, and the event says so."""
_MAX_SESSION_CHARS: Final = 256


class Inbox:
    """What one worker has not been told yet: the newest ``MAX_WAITING`` events."""

    __slots__ = ("_waiting", "dropped")

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self.dropped = 0
        """How many were lost because too many waited."""

    def add(self, text: str) -> bool:
        """Have *text* wait; whether the first one was lost for it."""
        self._waiting.append(text)
        if len(self._waiting) <= MAX_WAITING:
            return False
        self._waiting.popleft()
        self.dropped += 1
        return self.dropped == 1

    def pass_on(self, link: Link) -> None:
        """Send what has waited longest, if the worker is at nothing; its end calls for the next."""
        if self._waiting and link.is_idle and not link.is_lost:
            link.push([PUSH, self._waiting.popleft()])

    def clear(self) -> None:
        """Nobody is there to be told."""
        self._waiting.clear()


def forward(workspace: "Workspace", event: PluginEvent, payload: JsonObject) -> None:
    """Tell the halves that listen to *event* of it. Never raises for what is in *payload*."""
    snapshot = workspace.snapshot
    if not snapshot.forwarded >> event & 1 or not isinstance(payload, dict):
        return
    text = news_of(event, payload)
    session_id = payload.get("session_id")
    for half in snapshot.listeners[event]:
        half.hear(event, session_id if isinstance(session_id, str) else "", text)


def news_of(event: PluginEvent, payload: JsonObject) -> str:
    """Return the message to a worker that *event* happened: ``{"topic", "event", "payload"}``.

    A payload that is too large or is no JSON is ``{"event", "session_id"?, "omitted": why}``.
    """
    try:
        body = encode_payload(event, payload)
        why = f"{len(body)} bytes are more than {MAX_BYTES}" if len(body) > MAX_BYTES else ""
    except NotEncodableError as error:
        body, why = b"", f"it is not JSON: {error}"
    if why:
        told: JsonObject = {"event": event.wire_name, "omitted": why}
        session_id = payload.get("session_id")
        if isinstance(session_id, str) and len(session_id) <= _MAX_SESSION_CHARS:
            told["session_id"] = session_id
        body = encode_json(told)
    return f'{{"topic":"server_event","event":"{event.wire_name}","payload":{body.decode()}}}'
