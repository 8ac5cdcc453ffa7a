"""Measures rows in interleaved rounds.

A machine that slows down for ten seconds must slow every row down alike, so a run is many short rounds
over all rows, in another order each time, instead of one long stretch a row.
"""

import gc
import random
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from benchmarks.names import FLOOR_PINNED
from benchmarks.results import Figure, Round, RowResult, Skipped
from benchmarks.row import Gauge, Row, SkipRowError, placed
from benchmarks.stats import summarise

_NS_PER_US: Final = 1000.0


@dataclass(slots=True)
class _Open:
    """A row that has been set up, and all it has yielded so far."""

    row: Row
    per_round: int = 1
    warm_up: int = 0
    rounds: list[list[float]] = field(default_factory=list)


def measure(
    rows: Iterable[Row],
    *,
    seconds: float,
    rounds: int,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[list[RowResult], list[Skipped]]:
    """Set up *rows*, sample them for about *seconds* over *rounds* rounds, tear all of them down.

    The floors that the rows name must be among them. *tell* is called with what is being done.
    Raises whatever a row raises; every row that was set up is torn down first.
    """
    skipped: list[Skipped] = []
    opened: list[_Open] = []
    with ExitStack() as stack:
        for row in rows:
            tell(f"starting {row.name}")
            stack.callback(row.teardown)
            try:
                with placed(pinned=row.pinned):
                    row.setup()
            except SkipRowError as why:
                skipped.append(Skipped(row.name, str(why)))
                continue
            opened.append(_Open(row))
        _sample_all(opened, seconds=seconds, rounds=rounds, tell=tell)
    return _conclude(opened), skipped


def _sample_all(
    opened: list[_Open], *, seconds: float, rounds: int, tell: Callable[[str], None]
) -> None:
    share_s = seconds / max(1, rounds * len(opened))
    for one in opened:
        tell(f"calibrating {one.row.name}")
        _fit(one, share_s)
    # What lives now lives to the end: taken out of the collector's sight, so that a collection
    # between batches is short and one within a batch cannot happen.
    gc.collect()
    gc.freeze()
    try:
        for number in range(rounds):
            order = list(opened)
            random.Random(number).shuffle(order)  # noqa: S311 - an order, not a secret
            for one in order:
                tell(f"round {number + 1}/{rounds}: {one.row.name}")
                one.rounds.append(_batch(one))
    finally:
        gc.unfreeze()


def _fit(one: _Open, share_s: float) -> None:
    """Decide how many samples of a row, a warm-up of at most a fifth included, take about *share_s*."""
    row = one.row
    trial = max(1, min(row.warm_up, row.max_per_round))
    with placed(pinned=row.pinned):
        if row.warm_up:
            row.sample(trial)
        begin = time.perf_counter_ns()
        row.sample(trial)
    each_s = (time.perf_counter_ns() - begin) / 1e9 / trial
    affordable = int(share_s / each_s)
    one.warm_up = min(row.warm_up, affordable // 5)
    one.per_round = max(1, min(row.max_per_round, affordable - one.warm_up))


def _batch(one: _Open) -> list[float]:
    with placed(pinned=one.row.pinned):
        if one.warm_up:
            one.row.sample(one.warm_up)
        gc.disable()
        try:
            return one.row.sample(one.per_round)
        finally:
            gc.enable()


def _conclude(opened: list[_Open]) -> list[RowResult]:
    by_name = {one.row.name: one for one in opened}
    unit = by_name[FLOOR_PINNED]
    unit_ns = _p50(unit)
    results = []
    for one in opened:
        like = by_name[one.row.floor]
        summary = summarise([sample for batch in one.rounds for sample in batch])
        results.append(
            RowResult(
                name=one.row.name,
                family=one.row.family,
                p50_us=_us(summary.p50),
                p99_us=_us(summary.p99),
                p999_us=None if summary.p999 is None else _us(summary.p999),
                x_floor=_significant(summary.p50 / unit_ns),
                x_like=_significant(summary.p50 / _p50(like)),
                floor=like.row.name,
                n=summary.n,
                rounds=[
                    _round(batch, reference)
                    for batch, reference in zip(one.rounds, unit.rounds, strict=True)
                ],
                note=one.row.note,
            )
        )
    return results


def _p50(one: _Open) -> float:
    return summarise([sample for batch in one.rounds for sample in batch]).p50


def _round(batch: list[float], reference: list[float]) -> Round:
    summary = summarise(batch)
    return Round(
        n=summary.n,
        p50_us=_us(summary.p50),
        p99_us=_us(summary.p99),
        floor_us=_us(summarise(reference).p50),
    )


def _us(ns: float) -> float:
    return _significant(ns / _NS_PER_US)


def _significant(value: float) -> float:
    """Four digits: more would be noise written down."""
    return float(f"{value:.4g}")


def gauge(
    gauges: Iterable[Gauge], tell: Callable[[str], None] = lambda _: None
) -> tuple[list[Figure], list[Skipped]]:
    """Measure each gauge once, one after the other."""
    figures: list[Figure] = []
    skipped: list[Skipped] = []
    for one in gauges:
        tell(f"measuring {one.name}")
        try:
            figures += one.measure()
        except SkipRowError as why:
            skipped.append(Skipped(one.name, str(why)))
    return figures, skipped
