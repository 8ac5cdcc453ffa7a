"""The promises, each evaluated on the rows and figures of one run.

Promises    A budget whose rows did not run is reported as not measured, never as met.
Relies on   Row names; ``tests/unit/benchmarks`` checks that every name used here is a real row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import names
from benchmarks.results import Budget, Figure, RowResult


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and figures by name."""

    rows: dict[str, RowResult]
    figures: dict[str, Figure]


Measure = Callable[[Table], float]
"""Takes a number from a table; KeyError says that its row did not run."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the budget table."""

    name: str
    limit: float
    unit: str
    measure: Measure
    uses: tuple[str, ...]
    stretch: float | None = None
    at_least: bool = False

    def judge(self, table: Table) -> Budget:
        """Return what became of this promise."""
        try:
            measured: float | None = float(f"{self.measure(table):.4g}")
        except KeyError:
            measured = None
        ok = None
        if measured is not None:
            ok = measured >= self.limit if self.at_least else measured <= self.limit
        return Budget(
            name=self.name,
            budget=self.limit,
            unit=self.unit,
            measured=measured,
            ok=ok,
            stretch=self.stretch,
            at_least=self.at_least,
        )


def judge_all(rows: Sequence[RowResult], figures: Sequence[Figure]) -> list[Budget]:
    """Return every promise, in the order of the table."""
    table = Table({row.name: row for row in rows}, {one.name: one for one in figures})
    return [promise.judge(table) for promise in PROMISES]


def _floors(name: str, row: str, limit: float, stretch: float) -> Promise:
    return Promise(
        name, limit, "xF", lambda table: table.rows[row].x_floor, (row,), stretch=stretch
    )


def _p50(
    name: str,
    row: str,
    limit: float,
    unit: str,
    per_unit_us: float,
    stretch: float | None = None,
) -> Promise:
    return Promise(
        name,
        limit,
        unit,
        lambda table: table.rows[row].p50_us / per_unit_us,
        (row,),
        stretch=stretch,
    )


def _worst(name: str, row: str, limit: float) -> Promise:
    # Few samples: their nearest-rank p99 is the largest of them, which is what is promised.
    return Promise(name, limit, "ms", lambda table: table.rows[row].p99_us / 1000, (row,))


def _faster(name: str, ours: str, theirs: str, limit: float, stretch: float) -> Promise:
    return Promise(
        name,
        limit,
        "times faster",
        lambda table: table.rows[theirs].p50_us / table.rows[ours].p50_us,
        (ours, theirs),
        stretch=stretch,
        at_least=True,
    )


def _times(name: str, row: str, reference: str, limit: float) -> Promise:
    return Promise(
        name,
        limit,
        "times",
        lambda table: table.rows[row].p50_us / table.rows[reference].p50_us,
        (row, reference),
    )


_US: Final = 1.0
_MS: Final = 1000.0
_NS: Final = 0.001

PROMISES: Final = (
    _floors("one hook, one plugin, blocking, pinned, p50", names.HOOK_BLOCKING, 5, 3.2),
    _floors("one hook, one plugin, asyncio, pinned, p50", names.HOOK_ASYNCIO, 7, 4.5),
    _floors("one event through the daemon, a client that stays", names.DAEMON_DISPATCH, 25, 15),
    _faster(
        "against a Node child, blocking", names.HOOK_BLOCKING, names.NODE_BLOCKING, 1.5, 2.5
    ),
    _faster("against a Node child, asyncio", names.HOOK_ASYNCIO, names.NODE_ASYNCIO, 1.5, 2.5),
    _faster("against a `node` hook command", names.HOOK_BLOCKING, names.NODE_HOOK, 500, 1000),
    _p50("event that nobody subscribed to", names.NOBODY_BLOCKING, 1, "us", _US),
    _p50("has_handler", names.HAS_HANDLER, 150, "ns", _NS),
    _p50(
        "fan-out to 64 plugins, blocking",
        names.fan_out(64, "blocking"),
        40,
        "us a plugin",
        _US,
        26,
    ),
    _p50(
        "fan-out to 64 plugins, asyncio",
        names.fan_out(64, "asyncio"),
        65,
        "us a plugin",
        _US,
        45,
    ),
    _times(
        "a plugin while another spins, p50 against an unrelated spinner",
        names.BESIDE_PLUGIN,
        names.BESIDE_PROGRAM,
        1.25,
    ),
    _times(
        "a switched-off hook command against an empty interpreter",
        names.SWITCHED_OFF,
        names.EMPTY_PYTHON,
        1.5,
    ),
    _times(
        "a hook's process against a bare interpreter, nobody subscribed",
        names.HOOK_PROCESS_NOBODY,
        names.BARE_PYTHON,
        1.6,
    ),
    _times(
        "a hook's process against a bare interpreter, a plugin blocks",
        names.HOOK_PROCESS_BLOCKS,
        names.BARE_PYTHON,
        1.6,
    ),
    _faster(
        "a hook's process against node's, nobody subscribed",
        names.HOOK_PROCESS_NOBODY,
        names.NODE_PROCESS_NOBODY,
        2,
        4,
    ),
    _faster(
        "a hook's process against node's, a plugin blocks",
        names.HOOK_PROCESS_BLOCKS,
        names.NODE_PROCESS_BLOCKS,
        2,
        4,
    ),
    _worst("a plugin while another spins, p99", names.BESIDE_PLUGIN, 5),
    _p50("worker from fork to ready", names.WORKER_READY, 8, "ms", _MS, 4),
    _times(
        "a locked worker's round trip against an unlocked one's",
        names.HOOK_BLOCKING,
        names.UNLOCKED_HOOK,
        1.15,
    ),
    _p50("load of a cached build", names.LOAD_CACHED, 15, "ms", _MS),
    _p50("load of 1 KB TypeScript from source", names.LOAD_SOURCE, 30, "ms", _MS),
    _p50("hot reload, changed", names.RELOAD_CHANGED, 100, "ms", _MS),
    _p50("hot reload, unchanged", names.RELOAD_UNCHANGED, 1, "ms", _MS),
    Promise(
        "idle worker, USS at 100 workers",
        3,
        "MiB",
        lambda table: table.figures[names.IDLE_USS].value,
        (names.IDLE_USS,),
        stretch=1.6,
    ),
    Promise(
        "the console before 100 plugins and 1,000 events a second",
        30,
        "% of a core",
        lambda table: table.figures[names.CONSOLE_BUSY].value,
        (names.CONSOLE_BUSY,),
        stretch=15,
    ),
    Promise(
        "a key at the console among 60 hostile plugins, p99",
        100,
        "ms",
        lambda table: table.figures[names.CROWD_KEY_P99].value,
        (names.CROWD_KEY_P99,),
    ),
    _worst("hang: the agent's answer after the deadline, worst", names.HANG_ANSWERED, 50),
    _worst("hang: the worker gone after the limit, worst", names.HANG_GONE, 50),
    _p50("capability decision, repeated", names.DECISION_REPEATED, 1, "us", _US),
    _p50("capability decision, never made before", names.DECISION_COLD, 20, "us", _US),
    _p50("audit append, as an event waits for it", names.AUDIT_RECORD, 30, "us", _US),
    _p50("audit append, on disk, per entry of 32", names.AUDIT_DISK, 30, "us", _US),
    _p50("SWC: 1 KB", names.SWC_1K, 5, "ms", _MS),
    _p50("SWC: 10 KB", names.SWC_10K, 30, "ms", _MS),
)
