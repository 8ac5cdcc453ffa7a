"""What workers use, by what the kernel says of their processes.

Promises    Only workers of this user's hosts are looked at: they are of this user, or were started by a process that is (root's
            have a user of their own). One that is gone, or not to be seen, has no numbers. How much of the processor was
            used is counted between two looks.
"""

import os
from collections.abc import Iterable
from time import monotonic
from typing import Final, NamedTuple

import psutil

_GONE: Final = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


class Used(NamedTuple):
    """``cpu_percent`` of one processor since the last look, None the first time; ``rss_bytes`` now."""

    cpu_percent: float | None
    rss_bytes: int


class _Seen(NamedTuple):
    process: psutil.Process
    at: float
    cpu_s: float


class Usage:
    """Looks again and again at the same processes."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def look(self, pids: Iterable[int]) -> dict[int, Used]:
        """Return what each of *pids* uses, as far as it may be seen."""
        found: dict[int, Used] = {}
        seen: dict[int, _Seen] = {}
        for pid in pids:
            try:
                before = self._seen.get(pid)
                process = before.process if before is not None else _of_this_user(pid)
                if (
                    process is None or not process.is_running()
                ):  # its number may be another's now
                    continue
                with process.oneshot():
                    times, memory = process.cpu_times(), process.memory_info()
            except _GONE:
                continue
            now, used = monotonic(), times.user + times.system
            percent = None
            if before is not None and now > before.at:
                percent = max(0.0, 100 * (used - before.cpu_s) / (now - before.at))
            seen[pid] = _Seen(process, now, used)
            found[pid] = Used(percent, memory.rss)
        self._seen = seen
        return found


def _of_this_user(pid: int) -> psutil.Process | None:
    process = psutil.Process(pid)
    mine = os.getuid()
    if process.uids().real != mine:
        parent = process.parent()
        if parent is None or parent.uids().real != mine:
            return None
    return process
