"""Hosts, zygotes and workers, found in the process table.

How         A zygote is started with a command line of its own, which its workers inherit: a worker is a child of a
            zygote, and a host the parent of one. Anybody can start a process that looks so; this is for people to
            look at, and decides nothing.
Promises    What may not be seen of another user's process is left out, never an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Final

import psutil

_SCRIPT: Final = "/worker/__main__.py"
_ROLES: Final = ("plugins", "builder")
_GONE: Final = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a worker uses. ``cpu_percent``: of one processor, since the last look, else in all its life.

    ``uss_bytes``: what would be free if it ended, None where the kernel does not tell us.
    """

    cpu_percent: float
    rss_bytes: int
    uss_bytes: int | None
    age_s: float


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker."""

    pid: int
    host_pid: int
    role: str
    user: str
    usage: Usage


class Processes:
    """Looks again and again; how much CPU was used is counted between two looks."""

    def __init__(self) -> None:
        self._cpu: dict[tuple[int, float], tuple[float, float]] = {}

    def look(self) -> list[Worker]:
        """Return the workers that there are now, those of one host together."""
        roles: dict[int, str] = {}
        parents: dict[int, int] = {}
        processes: dict[int, psutil.Process] = {}
        for process in psutil.process_iter():
            try:
                role = _role(process.cmdline())
                if role:
                    parents[process.pid] = process.ppid()
                    roles[process.pid] = role
                    processes[process.pid] = process
            except _GONE:
                continue
        found = list(self._workers(roles, parents, processes))
        alive = {(worker.pid, processes[worker.pid].create_time()) for worker in found}
        self._cpu = {key: value for key, value in self._cpu.items() if key in alive}
        return sorted(found, key=lambda worker: (worker.host_pid, worker.pid))

    def _workers(
        self,
        roles: dict[int, str],
        parents: dict[int, int],
        processes: dict[int, psutil.Process],
    ) -> Iterator[Worker]:
        for pid, role in roles.items():
            zygote = parents[pid]
            if zygote not in roles:
                continue  # it is a zygote itself
            try:
                process = processes[pid]
                user = process.username()
                yield Worker(pid, parents[zygote], role, user, self._usage(process))
            except _GONE:
                continue

    def _usage(self, process: psutil.Process) -> Usage:
        with process.oneshot():
            times = process.cpu_times()
            memory = process.memory_info()
            began = process.create_time()
        now, used = time(), times.user + times.system
        then, before = self._cpu.get((process.pid, began), (began, 0.0))
        self._cpu[process.pid, began] = (now, used)
        passed = now - then
        percent = 100 * (used - before) / passed if passed > 0 else 0.0
        return Usage(max(percent, 0.0), memory.rss, _uss(process), max(now - began, 0.0))


def _uss(process: psutil.Process) -> int | None:
    try:
        return int(process.memory_full_info().uss)
    except (*_GONE, OSError):
        return None


def _role(words: list[str]) -> str:
    """Return which kind of zygote was started by the command line *words*, or nothing."""
    if len(words) < 8 or words[1:3] != ["-I", "-S"] or not words[3].endswith(_SCRIPT):
        return ""
    return words[4] if words[4] in _ROLES else ""
