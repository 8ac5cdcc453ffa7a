"""Judge two runs: ``python -m benchmarks.compare BEFORE.json AFTER.json``.

Ratios are compared, never times: each row against the pinned pipe floor of its own run, so that a slower
machine or a busier hour is not a regression. A row of ours is worse when its
p99 ratio, less the spread of AFTER's rounds, exceeds that of BEFORE, plus the spread of its rounds, by more
than a tenth. The floor and the peers are shown and not judged: they are not ours to slow down.

Exit codes: 0 no row is worse, 1 at least one is, 3 a file cannot be used.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.results import RowResult, Run, read
from benchmarks.stats import P99_NEEDS, spread

TOLERANCE: Final = 1.10
EXIT_WORSE: Final = 1
EXIT_UNUSABLE: Final = 3


class Verdict(Enum):
    """What became of a row."""

    SAME = "same"
    BETTER = "better"
    WORSE = "worse"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A percentile of a row as a multiple of the floor, and how far its rounds stray from it."""

    value: float
    spread: float


@dataclass(frozen=True, slots=True)
class Change:
    """One row in both runs. ``percentile`` is 50 where a run was too short to know its p99."""

    name: str
    before: Ratio
    after: Ratio
    percentile: int
    verdict: Verdict


def ratio(row: RowResult, percentile: int) -> Ratio:
    """Return p50 or p99 of *row* as a multiple of the pinned floor."""
    floor_us = row.p50_us / row.x_floor
    rounds = [
        (one.p99_us if percentile == 99 else one.p50_us) / one.floor_us for one in row.rounds
    ]
    whole = row.p99_us if percentile == 99 else row.p50_us
    return Ratio(whole / floor_us, spread(rounds))


def exceeds(low: Ratio, high: Ratio) -> bool:
    """Whether *high* is above *low* by more than a tenth beyond both spreads."""
    return high.value - high.spread > TOLERANCE * (low.value + low.spread)


def compare(before: Run, after: Run) -> list[Change]:
    """Return the rows that both runs have, in the order of *after*."""
    changes = []
    for new in after.rows:
        old = before.row(new.name)
        if old is None:
            continue
        percentile = 99 if min(old.n, new.n) >= P99_NEEDS else 50
        low, high = ratio(old, percentile), ratio(new, percentile)
        if new.family != "ours":
            verdict = Verdict.NOT_JUDGED
        elif exceeds(low, high):
            verdict = Verdict.WORSE
        elif exceeds(high, low):
            verdict = Verdict.BETTER
        else:
            verdict = Verdict.SAME
        changes.append(Change(new.name, low, high, percentile, verdict))
    return changes


_STYLE: Final = {
    Verdict.SAME: "",
    Verdict.BETTER: "green",
    Verdict.WORSE: "bold red",
    Verdict.NOT_JUDGED: "dim",
}


def _print(before: Run, after: Run, changes: Sequence[Change], console: Console) -> None:
    table = Table(title=f"{before.commit} -> {after.commit}, multiples of the pinned floor")
    table.add_column("row")
    for heading in ("", "before", "±", "after", "±", "change"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for one in changes:
        table.add_row(
            one.name,
            f"p{one.percentile}",
            f"{one.before.value:.3g}",
            f"{one.before.spread:.2g}",
            f"{one.after.value:.3g}",
            f"{one.after.spread:.2g}",
            f"{one.after.value / one.before.value - 1:+.0%}",
            one.verdict.value,
            style=_STYLE[one.verdict],
        )
    console.print(table)
    if before.machine != after.machine:
        console.print(
            "The runs come from different machines or versions: ratios still hold roughly."
        )
    for run, other, which in ((before, after, "before"), (after, before, "after")):
        only = [row.name for row in run.rows if other.row(row.name) is None]
        if only:
            console.print(f"Only {which}: {', '.join(only)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the two files named in *arguments*; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args(arguments)
    path: Path = options.before
    try:
        before = read(path)
        path = options.after
        after = read(path)
    except (OSError, msgspec.MsgspecError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    changes = compare(before, after)
    _print(before, after, changes, Console(width=None if sys.stdout.isatty() else 120))
    worse = [one.name for one in changes if one.verdict is Verdict.WORSE]
    if worse:
        print(f"worse by more than {TOLERANCE - 1:.0%}: {', '.join(worse)}")
        return EXIT_WORSE
    return 0


if __name__ == "__main__":
    sys.exit(main())
