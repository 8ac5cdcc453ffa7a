"""Tables: in a terminal, and in README.md."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import __main__ as program
from benchmarks.budgets import PROMISES
from benchmarks.names import HOOK_BLOCKING, IDLE_USS
from benchmarks.report import (
    BEGIN,
    END,
    duration,
    markdown,
    multiple,
    print_run,
    verdict,
    write_readme,
)
from benchmarks.results import Figure, Skipped, read, write
from tests.unit.benchmarks.runs import row, run, usual


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    """What is read is what was written."""
    path = tmp_path / "new" / "run.json"

    write(usual(), path)

    assert read(path) == usual()


def test_only_what_lies_between_the_comments_is_replaced(tmp_path: Path) -> None:
    """Twice, with the same result."""
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    write_readme(usual(), readme)
    once = readme.read_text()
    write_readme(usual(), readme)

    assert readme.read_text() == once
    assert once.startswith(f"before\n{BEGIN}\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    assert HOOK_BLOCKING in once


def test_a_readme_without_the_comments_is_left_alone(tmp_path: Path) -> None:
    """An error, not a guess."""
    readme = tmp_path / "README.md"
    readme.write_text("text")

    with pytest.raises(ValueError, match="lacks the comments"):
        write_readme(usual(), readme)
    assert readme.read_text() == "text"


def test_our_own_readme_has_its_place() -> None:
    """``--write-readme`` would find it."""
    text = program.README.read_text()

    assert 0 < text.index(BEGIN) < text.index(END)


def test_budgets_are_met_missed_or_not_measured() -> None:
    """Never met without a measurement."""
    table = run(row(HOOK_BLOCKING, p50=60, p99=80), figures=[Figure(IDLE_USS, 1.5, "MiB")])
    verdicts = {budget.name: verdict(budget) for budget in table.budgets}

    assert verdicts["one hook, one plugin, blocking, pinned, p50"] == "missed"
    assert verdicts["idle worker, USS at 100 workers"] == "met, stretch too"
    assert verdicts["one hook, one plugin, asyncio, pinned, p50"] == "not measured"
    assert len(verdicts) == len(PROMISES)


def test_a_budget_of_at_least_is_judged_the_other_way() -> None:
    """80 us for Node against 30 for us is 2.67 times faster: more is better."""
    (budget,) = [one for one in usual().budgets if one.name == "against a Node child, blocking"]

    assert (budget.measured, verdict(budget)) == (2.667, "met, stretch too")


def test_what_was_skipped_is_in_both_reports() -> None:
    """With its reason."""
    table = run(skipped=[Skipped("a node row", "no node on this machine")])
    console = Console(file=io.StringIO(), width=200)

    print_run(table, console)

    assert isinstance(console.file, io.StringIO)
    for text in (console.file.getvalue(), markdown(table)):
        assert "a node row: no node on this machine" in text


@pytest.mark.parametrize(
    ("us", "text"),
    [(0.0812, "81.2 ns"), (12.34, "12.3 us"), (4500, "4.5 ms"), (2e6, "2 s"), (None, "")],
)
def test_durations_read_well(us: float | None, text: str) -> None:
    """Three digits and the unit that fits."""
    assert duration(us) == text


@pytest.mark.parametrize("load", [0.1, 3.0])
def test_a_run_beside_other_work_says_so(load: float) -> None:
    """Its p99s are those of the other work."""
    console = Console(file=io.StringIO(), width=200)

    print_run(run(load=load), console)

    assert isinstance(console.file, io.StringIO)
    assert ("load average 3 before the run" in console.file.getvalue()) == (load == 3.0)
    assert f"load average {load:g} before the run" in markdown(run(load=load))


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.01481, "0.0148"), (18.44, "18.4"), (25512.3, "25,512")]
)
def test_ratios_have_no_exponents(ratio: float, text: str) -> None:
    """From has_handler to a node hook, readable side by side."""
    assert multiple(ratio) == text
