"""The channel to one worker: frames out, messages in, and how much of either.

Promises    A write never blocks: what the pipe does not take waits, bounded in bytes. Who sends faster than it
            may is read less. A frame that is begun and not finished, and an end that is closed by somebody
            who lives on, are violations.
Relies on   Its owner for what messages mean, and for what a violation leads to (``link.py``).
"""

from collections.abc import Callable
from typing import Final

from host.calls import NO_ANSWER
from host.listener import Sent
from host.reactor import HOST_IS_LATE_S, READABLE, Reactor, Timer, now_s
from ipc.errors import ChannelClosedError, FrameError, QueueFullError, TooLargeError
from ipc.host_end import HostEnd
from ipc.limits import HALF_FRAME_EXPIRES_S, MAX_NAME_BYTES
from ipc.messages import Message

_EXIT_WITHIN_S: Final = 1.0
_FLOOD_BURST: Final = 8000
_FLOOD_PER_S: Final = 4000
_BYTES_PER_TOKEN: Final = 4096
"""A message costs one token and one more for each so many characters: its size is our work, too."""


class Channel:
    """See the module's text. The callbacks come from the reactor; each may end the worker from within.

    ``on_expected`` is called for bytes that are equal to :attr:`expected`, and says whether they were taken;
    ``on_message`` may raise :class:`ipc.errors.FrameError`, which is a violation.
    """

    def __init__(
        self,
        reactor: Reactor,
        end: HostEnd,
        *,
        on_expected: Callable[[], bool],
        on_message: Callable[[Message], None],
        on_throttled: Callable[[], None],
        on_violation: Callable[[str, str], None],
    ) -> None:
        self._reactor = reactor
        self._on_expected = on_expected
        self._on_message = on_message
        self._on_throttled = on_throttled
        self._on_violation = on_violation
        self.end = end
        self.read_fd = end.read_fd
        self._write_fd = end.write_fd
        self.expected = NO_ANSWER
        """Bytes that need no decoding: the plain answer to what runs."""
        self.is_writing = False
        """Whether something waits until the worker reads."""
        self.is_closed = False
        """The worker closed an end: its death is near, or is ours to cause."""
        self.is_shut = False
        """We gave it up."""
        self.half_since = 0.0
        """Since when a frame is begun and not finished; 0 when none is."""
        self._is_at_end = False  # nothing more will come: end of file
        self._half: Timer | None = None
        self._leave: Timer | None = None
        self._tokens = float(_FLOOD_BURST)
        self._tokens_at = now_s()
        self._uncharged = 0
        self._pause: Timer | None = None
        reactor.add(self.read_fd, self.read_once)

    # To the worker.

    def send(self, what: Message | bytes) -> Sent:
        """Send a message, or a frame that is made already; what the pipe does not take is written later."""
        try:
            if isinstance(what, bytes):
                self.end.send_bytes(what)
            else:
                self.end.send(what)
        except (TooLargeError, QueueFullError):
            return Sent.REFUSED
        except ChannelClosedError:
            self.on_closed()
            return Sent.CLOSED
        if self.end.queued_bytes:
            self.write_later()
        return Sent.YES

    def write_later(self) -> None:
        """Write what is queued when the pipe takes bytes again."""
        if not self.is_writing:
            self.is_writing = True
            self._reactor.add_for_writing(self._write_fd, self._on_writable)

    def _on_writable(self, _: int) -> None:
        try:
            drained = self.end.flush()
        except ChannelClosedError:
            self.on_closed()
            drained = True
        if drained and self.is_writing:
            self.is_writing = False
            self._reactor.remove(self._write_fd)

    # From the worker.

    def read_once(self, _: int = 0) -> bool:
        """Read and handle one pipe-full; whether anything came.

        Not whether more may come: a pipe that somebody else holds open has no end of file.
        """
        try:
            data = self.end.read()
        except ChannelClosedError:
            self._is_at_end = True
            self._reactor.remove(self.read_fd)
            self.on_closed()
            return False
        return self.take(data)

    def drain(self) -> None:
        """Handle all that came: what a process wrote before it died counts."""
        while not self.is_shut and not self._is_at_end and self.read_once():
            pass

    def take(self, data: bytes) -> bool:
        """Handle what was read; whether it was anything, and the worker still lives."""
        if data == self.expected and self._on_expected():
            return True
        try:
            messages = self.end.parse(data)
            for message in messages:
                self._on_message(message)
                if self.is_shut:
                    return False
        except FrameError as error:
            self._on_violation(error.code, error.detail)
            return False
        if self._uncharged:
            self._spend()
        if self.end.is_partial:
            if not self.half_since:
                self.half_since = now_s()
                self._half = self._reactor.at(
                    self.half_since + HALF_FRAME_EXPIRES_S, self._on_half
                )
            elif messages:
                self.half_since = now_s()
        elif self.half_since:
            self.half_since = 0.0
        return bool(data)

    def _on_half(self) -> None:
        self._half = None
        if self.is_shut or not self.half_since:
            return
        left = self.half_since + HALF_FRAME_EXPIRES_S - now_s()
        if left < -HOST_IS_LATE_S:
            # We were stopped or busy ourselves: what we did not read, it could not write.
            self.half_since = now_s()
            left = HALF_FRAME_EXPIRES_S
        if left > 0:
            self._half = self._reactor.at(now_s() + left, self._on_half)
        elif self.read_once() and not self.end.is_partial:
            return
        elif not self.is_shut:
            self._on_violation(
                "E_HALF_FRAME", f"a frame was not finished within {HALF_FRAME_EXPIRES_S:.0f} s"
            )

    # How much.

    def charge(self, tokens: int) -> None:
        """Count *tokens* more against what it may send."""
        self._uncharged += tokens

    def charge_text(self, text: str) -> None:
        """Count one message with *text*."""
        self._uncharged += 1 + len(text) // _BYTES_PER_TOKEN

    def _spend(self) -> None:
        """Charge what it asked and told; stop reading when that is faster than it may."""
        now = now_s()
        refilled = min(_FLOOD_BURST, self._tokens + (now - self._tokens_at) * _FLOOD_PER_S)
        self._tokens = refilled - self._uncharged
        self._uncharged = 0
        self._tokens_at = now
        if self._tokens < 0 and not self.is_shut:
            self._reactor.watch(self.read_fd, 0)
            self._pause = self._reactor.at(
                now - self._tokens / _FLOOD_PER_S, self._read_again, demand=True
            )
            self._on_throttled()

    def _read_again(self) -> None:
        if not (self.is_shut or self._is_at_end):
            self._reactor.watch(self.read_fd, READABLE)

    # The end.

    def on_closed(self) -> None:
        """The worker closed an end, as somebody found who wrote or read."""
        # An exit report follows and tells why, as a dying process closes its pipes first. One that lives
        # on has no way back, and is given a moment only to tell the two apart.
        if not self.is_closed:
            self.is_closed = True
            self._leave = self._reactor.at(
                now_s() + _EXIT_WITHIN_S, self._on_no_exit, demand=True
            )

    def _on_no_exit(self) -> None:
        if not self.is_shut:
            self._on_violation("E_CLOSED", "it closed its channel and lived on")

    def shut(self) -> None:
        """Give it up: nothing is sent or heard any more."""
        self.is_closed = self.is_shut = True
        for timer in (self._half, self._leave, self._pause):
            if timer is not None:
                timer.cancel()
        self._reactor.remove(self.read_fd)
        self._reactor.remove(self._write_fd)
        self.end.close()


def check_text(text: str, max_bytes: int) -> None:
    """Raise :class:`ipc.errors.FrameError` if *text* has more than *max_bytes* in UTF-8."""
    # A character takes one to four bytes; only what could be too much is encoded to be counted.
    if len(text) * 4 > max_bytes and len(text.encode()) > max_bytes:
        raise FrameError("E_TOO_LARGE", f"a text of more than {max_bytes} bytes")


def check_name(name: str) -> None:
    """Raise :class:`ipc.errors.FrameError` if *name* is longer than a name."""
    if len(name) > MAX_NAME_BYTES:
        raise FrameError("E_SHAPE", f"a name of more than {MAX_NAME_BYTES} characters")
