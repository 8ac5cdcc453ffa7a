"""Between a link and whoever owns it: what it reports, what may be answered, what became of a message."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from host.calls import Call
from host.loss import Loss
from ipc.messages import STATUS_ERROR, STATUS_VALUE

if TYPE_CHECKING:
    from host.link import Link


class Sent(Enum):
    """What became of a message that was to be sent."""

    YES = 1
    NOT_NOW = 4  # something runs, or too much is unanswered
    REFUSED = 2  # too large, or the worker does not read
    CLOSED = 3  # the worker has closed its end


class Listener(Protocol):
    """What a link reports. Called from the reactor; may submit, answer or kill from within.

    ``waiting`` holds the calls that have not been delivered; after a quick answer ``on_ready`` is called only
    when there are any.
    """

    waiting: deque[Call]

    def on_hello(self, link: "Link", layers: str) -> None:
        """The worker is locked down and waits for its plugin."""

    def on_hostcall(self, link: "Link", request: "HostcallRequest") -> None:
        """The plugin asks for something; answer through ``request.answer`` now or later."""

    def on_cast(self, link: "Link", call: Call | None, name: str, text: str) -> None:
        """The plugin tells something and expects no answer."""

    def on_result(self, link: "Link", call: Call, status: int, text: str) -> None:
        """The worker answered *call*."""

    def on_ready(self, link: "Link") -> None:
        """Nothing runs: the next entry may be delivered."""

    def on_throttled(self, link: "Link") -> None:
        """It sends faster than it may; we stopped reading for a while."""

    def on_lost(self, link: "Link", why: "Loss") -> None:
        """The process is gone or as good as gone; nothing more will come."""


class HostcallRequest:
    """A hostcall under way. :meth:`answer` counts once; late answers are dropped.

    It is cancelled when its call is, when the plugin says that it needs it no more, and when its worker is lost:
    whoever works for it longer than a turn gives :meth:`on_cancel` a way to stop.
    """

    __slots__ = (
        "_link",
        "_stop",
        "args",
        "call",
        "depth",
        "id",
        "is_cancelled",
        "is_sync",
        "name",
    )

    def __init__(
        self, link: "Link", id_: int, call: Call | None, name: str, args: str, *, is_sync: bool
    ) -> None:
        self._link = link
        self.id = id_
        self.call = call
        self.name = name
        self.args = args
        self.is_sync = is_sync
        self.depth = 0
        self.is_cancelled = False
        self._stop: Callable[[], None] | None = None

    @property
    def pending(self) -> int:
        """How many hostcalls of this worker are unanswered, this one included."""
        return self._link.pending_hostcalls

    def charge(self, tokens: int) -> None:
        """Count *tokens* against what the worker may send, as if it had sent so many messages more."""
        self._link.charge(tokens)

    def note_refused(self) -> None:
        """Count it among what was not allowed."""
        self._link.refused += 1

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Have *stop* called, once, if this is cancelled before it is answered; at once if it is already.

        Called in the reactor's turn; neither blocks nor raises. A second one takes the place of the first.
        """
        if self.is_cancelled:
            stop()
        else:
            self._stop = stop

    def cancel(self) -> None:
        """Nobody waits for the answer any more. For the link alone."""
        self.is_cancelled = True
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()

    def answer(self, text: str, *, is_error: bool = False) -> None:
        """Send *text* (JSON) back, as a value or as ``{"code", "message"}``."""
        self._stop = None  # it may hold what is large, and this may wait in a queue
        self._link.answer(self, STATUS_ERROR if is_error else STATUS_VALUE, text)
