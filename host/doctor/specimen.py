"""A real worker for the doctor to look at: locked down as any other, without a plugin, and ended afterwards."""

import os
import select
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from host.calls import Call
from host.config import Config, Sandbox
from host.errors import IsolationError
from host.link import Link
from host.listener import HostcallRequest
from host.loss import Loss
from host.plugin import worker_limits
from host.reactor import now_s
from host.runtime import Runtime
from host.spawn import WorkerLimits

_WITHIN_S: Final = 30.0
_GONE_WITHIN_MS: Final = 5000


class _Listener:
    """Hears the hello, and keeps the worker from anything else."""

    def __init__(self) -> None:
        self.waiting: deque[Call] = deque()
        self.said_hello = False
        self.lost: Loss | None = None

    def on_hello(self, link: Link, layers: str) -> None:
        """It is locked down and waits."""
        self.said_hello = True

    def on_hostcall(self, link: Link, request: HostcallRequest) -> None:
        """Nothing runs in it that could ask."""

    def on_cast(self, link: Link, call: Call | None, name: str, text: str) -> None:
        """Nothing runs in it that could tell."""

    def on_result(self, link: Link, call: Call, status: int, text: str) -> None:
        """It was asked nothing."""

    def on_ready(self, link: Link) -> None:
        """It is given nothing."""

    def on_throttled(self, link: Link) -> None:
        """It says nothing after its hello."""

    def on_lost(self, link: Link, why: Loss) -> None:
        """It ended, or was ended."""
        self.lost = why


class Specimen:
    """A worker that waits for a plugin which never comes."""

    def __init__(self, runtime: Runtime, link: Link, limits: WorkerLimits) -> None:
        self._runtime = runtime
        self.pid = link.pid
        self.told = link.layers
        self.limits = limits

    @property
    def zygote_pid(self) -> int:
        """Its parent."""
        return self._runtime.zygote("plugins").pid

    def outlives_its_zygote(self) -> bool:
        """End the zygote and see whether the worker goes, too, without anybody ending it. The last thing to try.

        Nobody turns the reactor meanwhile, so the host does not learn of it and its hand is not in it.
        """
        pidfd = os.pidfd_open(self.pid)
        try:
            os.kill(self.zygote_pid, signal.SIGKILL)
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            return not poll.poll(_GONE_WITHIN_MS)
        finally:
            os.close(pidfd)


@contextmanager
def specimen(config: Config, home: Path) -> Iterator[Specimen]:
    """Start a worker as *config* has it, whatever layers are missing; *home* is scratch.

    Raises :class:`IsolationError` with one line if there is none to be had.
    """
    # What is missing is to be seen, so nothing may be required; the caller compares.
    lenient = config.model_copy(
        update={
            "profile": "standard",
            "sandbox": Sandbox(require=(), cgroup=config.sandbox.cgroup),
        }
    )
    runtime = Runtime(lenient, home)
    try:
        listener = _Listener()
        limits = worker_limits(config.limits)
        link = runtime.open_link(listener, limits)
        until = now_s() + _WITHIN_S
        while not (listener.said_hello and link.pid) and listener.lost is None:
            if now_s() > until:
                raise IsolationError("a worker did not say hello in time")
            runtime.reactor.run_once(until - now_s())
        if listener.lost is not None:
            raise IsolationError(f"a worker ended at its start: {listener.lost.detail}")
        yield Specimen(runtime, link, limits)
    finally:
        runtime.close()
