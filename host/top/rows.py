"""A row for each worker: what the process table shows, and what its host says, if it says anything."""

import select
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from host.outcome import JsonObject
from host.state_file import StateFileError, read_state
from host.status import MAX_STATUS_BYTES, ask, status_file
from host.switching import TICK_S
from host.top.processes import Processes, Worker

ANSWERED_WITHIN_S: Final = 3 * TICK_S
_PAUSE_S: Final = 0.05


class _Instance(msgspec.Struct):
    pid: int | None
    session: str | None
    state: str
    restarts: int
    hostcalls: int


class _Plugin(msgspec.Struct):
    name: str
    version: str
    scope: str
    state: str
    project: str
    instances: list[_Instance]
    part: str = "server"


class _Status(msgspec.Struct):
    pid: int
    written_at: float
    plugins: list[_Plugin]


@dataclass(frozen=True, slots=True)
class Row:
    """One worker, and the instance of the plugin in it if its host told; or one that has no worker now."""

    host_pid: int
    worker: Worker | None = None
    plugin: _Plugin | None = None
    instance: _Instance | None = None

    def to_json(self) -> JsonObject:
        """What ``top --json`` prints of it; null is what is not known."""
        worker, plugin, instance = self.worker, self.plugin, self.instance
        return {
            "pid": worker.pid if worker is not None else None,
            "host_pid": self.host_pid,
            "role": worker.role if worker is not None else "plugins",
            "user": worker.user if worker is not None else None,
            "plugin": plugin.name if plugin is not None else None,
            "part": plugin.part if plugin is not None else None,
            "version": plugin.version if plugin is not None else None,
            "project": plugin.project if plugin is not None else None,
            "session": instance.session if instance is not None else None,
            "state": instance.state if instance is not None else None,
            "restarts": instance.restarts if instance is not None else None,
            "hostcalls": instance.hostcalls if instance is not None else None,
            "cpu_percent": round(worker.usage.cpu_percent, 1) if worker is not None else None,
            "rss_bytes": worker.usage.rss_bytes if worker is not None else None,
            "uss_bytes": worker.usage.uss_bytes if worker is not None else None,
            "age_s": round(worker.usage.age_s, 1) if worker is not None else None,
        }


@dataclass(frozen=True, slots=True)
class View:
    """One look: its rows, and the hosts that have workers and did not answer."""

    rows: tuple[Row, ...]
    silent: tuple[int, ...]


class Watch:
    """Looks at the workers of this machine, and asks the hosts of *home*."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._processes = Processes()
        self._has_looked = False

    def look(self) -> View:
        """Ask, and look. The first time it waits for answers, as long as a host's tick may take; they go on after
        that for as long as somebody asks, and then the newest that is there will do."""
        try:
            asked = ask(self._home)
        except OSError:
            asked = None  # of another user, or read-only: the process table has to do
        workers = self._processes.look()
        hosts = {worker.host_pid for worker in workers}
        told: dict[int, _Status] = {}
        if asked is not None:
            wait_s = 0.0 if self._has_looked else ANSWERED_WITHIN_S
            since = asked - ANSWERED_WITHIN_S if self._has_looked else asked
            told = self._answers(hosts, since, wait_s)
        self._has_looked = True
        return View(tuple(_rows(workers, told)), tuple(sorted(hosts - told.keys())))

    def _answers(
        self, hosts: Iterable[int], since: float, wait_s: float = 0.0
    ) -> dict[int, _Status]:
        until = monotonic() + wait_s
        told: dict[int, _Status] = {}
        waiting = set(hosts)
        while waiting:
            for pid in sorted(waiting):
                status = _read(status_file(self._home, pid))
                if status is not None and status.pid == pid and status.written_at >= since:
                    told[pid] = status
                    waiting.discard(pid)
            if not waiting or monotonic() >= until:
                break
            select.select([], [], [], _PAUSE_S)
        return told


def _read(path: Path) -> _Status | None:
    try:
        data = read_state(path, MAX_STATUS_BYTES)
        return None if data is None else msgspec.json.decode(data, type=_Status)
    except (StateFileError, msgspec.DecodeError, ValueError, RecursionError):
        return None


def _rows(workers: list[Worker], told: Mapping[int, _Status]) -> list[Row]:
    by_pid = {
        (pid, instance.pid): (plugin, instance)
        for pid, status in told.items()
        for plugin in status.plugins
        for instance in plugin.instances
        if instance.pid is not None
    }
    rows = []
    shown: set[int] = set()
    for worker in workers:
        plugin, instance = by_pid.get((worker.host_pid, worker.pid), (None, None))
        shown.add(id(instance))
        rows.append(Row(worker.host_pid, worker, plugin, instance))
    # A plugin that is blocked or between two workers has none to be seen.
    rows += [
        Row(pid, None, plugin, instance)
        for pid, status in told.items()
        for plugin in status.plugins
        for instance in plugin.instances
        if id(instance) not in shown
    ]
    return sorted(rows, key=lambda row: (row.host_pid, row.worker is None))
