"""The process of one worker: that it comes up locked down, and that it is ended and reaped.

Promises    A process that does not say HELLO in time is ended. Once :meth:`WorkerProcess.end` was called it is
            ended also if the zygote tells of it only later.
Relies on   The zygote for forking and reaping (``spawn.py``), its owner for what is lost with it (``link.py``).
"""

import os
import signal
from collections.abc import Callable
from typing import Final

import msgspec

from host.cgroup import Group
from host.channel import check_name
from host.layers import overruled
from host.loss import Loss
from host.outcome import Status
from host.reactor import Reactor, Timer, now_s
from ipc.errors import FrameError
from ipc.messages import PROTOCOL_VERSION, Message

START_WITHIN_S: Final = 30.0
"""From the request for a worker to its HELLO."""
_MAX_LAYERS_CHARS: Final = 4096


class WorkerProcess:
    """See the module's text. ``pid`` is 0 until the zygote has told."""

    def __init__(
        self,
        reactor: Reactor,
        group: Group,
        *,
        look: Callable[[], object],
        on_late: Callable[[Loss], None],
    ) -> None:
        self._reactor = reactor
        self._group = group
        self._look = look
        self._on_late = on_late
        self.pid = 0
        self._pidfd = -1
        self.layers = ""
        """What it said of its isolation, as JSON; empty before HELLO."""
        self.said_hello = False
        self._is_ended = False
        self._start: Timer | None = None
        self.expect_hello(START_WITHIN_S)

    def expect_hello(self, within_s: float) -> None:
        """Count the worker as lost unless it says HELLO *within_s* seconds from now."""
        if self._start is not None:
            self._start.cancel()
        self._start = self._reactor.at(now_s() + within_s, lambda: self._on_no_hello(within_s))

    def _on_no_hello(self, within_s: float) -> None:
        self._start = None
        self._look()  # a host that was busy itself looks before it judges
        if not (self._is_ended or self.said_hello):
            # Nothing of the plugin is in it yet, so this is nobody's fault but the machine's or ours.
            detail = f"the worker was not ready within {within_s:.1f} s"
            self._on_late(Loss("E_START", detail, Status.KILLED, is_own_fault=False))

    def on_hello(self, message: Message) -> None:
        """Take its HELLO. Raises :class:`ipc.errors.FrameError` for one out of place or out of shape."""
        if self.said_hello:
            raise FrameError("E_ORDER", "a second hello")
        if message[1] != PROTOCOL_VERSION:
            raise FrameError("E_VERSION", f"protocol {message[1]}, not {PROTOCOL_VERSION}")
        check_name(str(message[2]))
        layers = str(message[3])
        if len(layers) > _MAX_LAYERS_CHARS or not _is_object(layers):
            raise FrameError("E_SHAPE", "the layers of a hello are not a small JSON object")
        if self._group.why_not:
            layers = overruled(layers, "cgroup", self._group.why_not)
        self.said_hello = True
        self.layers = layers
        if self._start is not None:
            self._start.cancel()
            self._start = None

    def on_spawned(self, pid: int, pidfd: int) -> None:
        """See :class:`host.spawn.Child`."""
        self.pid = pid
        self._pidfd = pidfd
        if self._is_ended:
            self.signal()

    def end(self) -> None:
        """End it now; the reaping follows."""
        self._is_ended = True
        self.signal()
        if self._start is not None:
            self._start.cancel()

    def signal(self) -> None:
        """Send SIGKILL to it and to whatever else is in its group."""
        self._group.kill()
        if self._pidfd >= 0:
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                return  # already dead; the zygote reaps it

    def on_reaped(self) -> None:
        """It is no more, or never was."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return False
