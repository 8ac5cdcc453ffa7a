"""Runs to compare, made by hand: what the suite would have written."""

from collections.abc import Sequence

from benchmarks.budgets import judge_all
from benchmarks.names import FLOOR_PINNED, HOOK_BLOCKING, NODE_BLOCKING
from benchmarks.results import Family, Figure, Machine, Round, RowResult, Run, Skipped

FLOOR_US = 10.0

MACHINE = Machine(
    cpu="A <fast> & small CPU",
    cores=2,
    memory_gib=4.0,
    kernel="6.1",
    python="3.11.7",
    quickjs="0.17.0",
    node=None,
)


def row(
    name: str,
    *,
    p50: float,
    p99: float,
    family: Family = "ours",
    p99_rounds: Sequence[float] = (),
    n: int = 5000,
    floor_us: float = FLOOR_US,
) -> RowResult:
    """Return a row in microseconds; without *p99_rounds* every round was like the whole."""
    each = list(p99_rounds) or [p99] * 4
    return RowResult(
        name=name,
        family=family,
        p50_us=p50,
        p99_us=p99,
        p999_us=None,
        x_floor=p50 / floor_us,
        x_like=p50 / floor_us,
        floor=FLOOR_PINNED,
        n=n,
        rounds=[Round(n // len(each), p50, one, floor_us) for one in each],
    )


def run(
    *rows: RowResult,
    figures: Sequence[Figure] = (),
    skipped: Sequence[Skipped] = (),
    floor_us: float = FLOOR_US,
    load: float = 0.1,
) -> Run:
    """Return a run of the floor and *rows*."""
    floor = row(FLOOR_PINNED, p50=floor_us, p99=2 * floor_us, family="floor", floor_us=floor_us)
    table = [floor, *rows]
    return Run(
        machine=MACHINE,
        commit="abc1234",
        date="2026-01-01T00:00:00+00:00",
        seconds=60.0,
        load=load,
        rows=table,
        figures=list(figures),
        skipped=list(skipped),
        budgets=judge_all(table, figures),
    )


def usual() -> Run:
    """Return a small run with one row of ours and one peer."""
    return run(
        row(HOOK_BLOCKING, p50=30, p99=60),
        row(NODE_BLOCKING, p50=80, p99=200, family="peer"),
    )
