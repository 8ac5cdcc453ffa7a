"""What the kernel says of a process, and waiting for the end of several without a clock."""

import os
import select
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path


class Watch:
    """Hold pidfds of processes, to learn of their end whatever becomes of their numbers."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._fds = {os.pidfd_open(pid): pid for pid in pids}

    def close(self) -> None:
        """Let go of them."""
        for fd in self._fds:
            os.close(fd)
        self._fds = {}

    def wait(self, within_s: float) -> set[int]:
        """Wait until all have ended, *within_s* for each at most; return those that have not."""
        left = dict(self._fds)
        poll = select.poll()
        for fd in left:
            poll.register(fd, select.POLLIN)
        while left:
            ended = poll.poll(within_s * 1000)
            if not ended:
                break
            for fd, _ in ended:
                poll.unregister(fd)
                del left[fd]
        return set(left.values())


def wait_gone(pids: Iterable[int], within_s: float = 5.0) -> set[int]:
    """Return which of *pids* are still there after *within_s*; those that went before count as gone."""
    alive = []
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        alive.append(pid)
    with ExitStack() as stack:
        return stack.enter_context(closing(Watch(alive))).wait(within_s)


def status_of(pid: int) -> dict[str, str]:
    """``/proc/<pid>/status``, by its keys."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def descriptors_of(pid: int) -> dict[int, str]:
    """Descriptor number to what it is, for example ``pipe:[123]``."""
    folder = Path(f"/proc/{pid}/fd")
    return {int(entry.name): str(entry.readlink()) for entry in folder.iterdir()}


def environment_of(pid: int) -> bytes:
    """What the process was given at its start."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def mapped_files(pid: int) -> set[str]:
    """Paths of the files that the process has mapped: every extension module is among them."""
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    return {parts[5] for line in lines if len(parts := line.split(maxsplit=5)) == 6}
