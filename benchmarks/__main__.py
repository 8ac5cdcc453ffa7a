"""``python -m benchmarks``: measure everything in one run and write down what came of it."""

import argparse
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from benchmarks import machine
from benchmarks.budgets import judge_all
from benchmarks.payload import HERE
from benchmarks.plot import render
from benchmarks.report import print_run, write_readme
from benchmarks.results import Run, read, write
from benchmarks.runner import gauge, measure

if TYPE_CHECKING:
    from benchmarks.row import Gauge, Row

RESULTS: Final = HERE / "results"
README: Final = HERE / "README.md"
_FULL: Final = (225.0, 12)
_QUICK: Final = (45.0, 5)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute instead of four")
    parser.add_argument("--seconds", type=float, help="time for sampling, setup not included")
    parser.add_argument("--rounds", type=int, help="how often every row has its turn")
    parser.add_argument(
        "--rows",
        metavar="REGEX",
        help="only rows and figures whose name matches; the floors that they need come along",
    )
    parser.add_argument(
        "--list", action="store_true", help="print the names of the rows and stop"
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "latest.json", help="the plot goes beside it"
    )
    parser.add_argument(
        "--write-readme",
        action="store_true",
        help="measure nothing; put the tables of the run in --output into README.md",
    )
    return parser


def select(
    rows: Sequence["Row"], gauges: Sequence["Gauge"], pattern: str | None
) -> tuple[list["Row"], list["Gauge"]]:
    """Return what *pattern* chooses, with the floors that it is measured against."""
    if pattern is None:
        return list(rows), list(gauges)
    wanted = re.compile(pattern, re.IGNORECASE)
    chosen = [row for row in rows if wanted.search(row.name)]
    floors = {row.floor for row in chosen} | {rows[0].floor}
    return (
        [row for row in rows if row in chosen or row.name in floors],
        [one for one in gauges if wanted.search(one.name)],
    )


@contextlib.contextmanager
def _own_home() -> Iterator[None]:
    """Keep caches and data of the measured hosts apart from the user's."""
    with tempfile.TemporaryDirectory(prefix="bench-home-") as home:
        os.environ["JCODE_HOME"] = home
        yield


def _run(options: argparse.Namespace, console: Console) -> Run | None:
    # Here, not at the top: --write-readme needs none of it, and a host reads JCODE_HOME.
    from benchmarks.catalogue import all_gauges, all_rows

    rows, gauges = select(all_rows(), all_gauges(), options.rows)
    if options.list:
        for name in [row.name for row in rows] + [one.name for one in gauges]:
            print(name)
        return None
    seconds, rounds = _QUICK if options.quick else _FULL
    begin = time.perf_counter()
    load = os.getloadavg()[0]
    with console.status("starting") as status:
        results, skipped = measure(
            rows,
            seconds=options.seconds or seconds,
            rounds=options.rounds or rounds,
            tell=status.update,
        )
        figures, unread = gauge(gauges, tell=status.update)
    return Run(
        machine=machine.describe(),
        commit=machine.commit(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - begin, 1),
        load=round(load, 2),
        rows=results,
        figures=figures,
        skipped=skipped + unread,
        budgets=judge_all(results, figures),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what *arguments* say; return the exit code, which no budget changes."""
    options = _parser().parse_args(arguments)
    # A pipe has no width of its own; eighty columns would fold every name.
    console = Console(width=None if sys.stdout.isatty() else 120)
    if options.write_readme:
        write_readme(read(options.output), README)
        return 0
    with _own_home():
        run = _run(options, console)
    if run is None:
        return 0
    write(run, options.output)
    plot = options.output.with_suffix(".svg")
    plot.write_text(render(run))
    print_run(run, console)
    console.print(f"written: {options.output}, {plot}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
