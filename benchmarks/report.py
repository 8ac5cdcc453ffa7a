"""A run as text: tables for a terminal, and the part of README.md that a run rewrites."""

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.results import Budget, RowResult, Run

BEGIN: Final = "<!-- last run: begin; written by python -m benchmarks --write-readme -->"
END: Final = "<!-- last run: end -->"

QUIET_LOAD: Final = 0.5
"""Above this load average before a run, its tables say that the machine was not quiet."""

_STYLE: Final = {"floor": "dim", "ours": "", "peer": "yellow"}


def duration(us: float | None) -> str:
    """Return *us* microseconds in the unit that reads best."""
    if us is None:
        return ""
    if us < 1:
        return f"{us * 1000:.3g} ns"
    if us < 1000:
        return f"{us:.3g} us"
    if us < 1_000_000:
        return f"{us / 1000:.3g} ms"
    return f"{us / 1_000_000:.3g} s"


def multiple(ratio: float) -> str:
    """Return *ratio* with three digits, without an exponent."""
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def verdict(budget: Budget) -> str:
    """Return ``met``, ``missed`` or ``not measured``; ``met, stretch too`` where there is one."""
    if budget.ok is None or budget.measured is None:
        return "not measured"
    if not budget.ok:
        return "missed"
    if budget.stretch is None:
        return "met"
    reached = (
        budget.measured >= budget.stretch
        if budget.at_least
        else budget.measured <= budget.stretch
    )
    return "met, stretch too" if reached else "met"


def print_run(run: Run, console: Console) -> None:
    """Print rows, figures, budgets and what was skipped."""
    machine = run.machine
    table = Table(
        title=f"{machine.cpu}, {machine.cores} cores, Linux {machine.kernel}, commit {run.commit}"
    )
    table.add_column("row")
    for heading in ("p50", "p99", "p99.9", "xF", "x like", "n"):
        table.add_column(heading, justify="right")
    for row in run.rows:
        table.add_row(*_cells(row), style=_STYLE[row.family])
    for figure in run.figures:
        table.add_row(figure.name, f"{figure.value:.3g} {figure.unit}", "", "", "", "", "")
    console.print(table)
    if run.load > QUIET_LOAD:
        console.print(
            f"load average {run.load:g} before the run: other work shows in every p99",
            style="yellow",
        )
    for one in run.skipped:
        console.print(f"skipped: {one.name}: {one.note}", style="yellow")
    budgets = Table(title="budgets")
    budgets.add_column("what")
    for heading in ("budget", "stretch", "measured"):
        budgets.add_column(heading, justify="right")
    budgets.add_column("verdict")
    for budget in run.budgets:
        budgets.add_row(*_budget_cells(budget), style="bold red" if budget.ok is False else "")
    console.print(budgets)


def _cells(row: RowResult) -> list[str]:
    return [
        row.name,
        duration(row.p50_us),
        duration(row.p99_us),
        duration(row.p999_us),
        multiple(row.x_floor),
        multiple(row.x_like),
        str(row.n),
    ]


def _budget_cells(budget: Budget) -> list[str]:
    sign = ">=" if budget.at_least else "<="
    return [
        budget.name,
        f"{sign} {budget.budget:g} {budget.unit}",
        "" if budget.stretch is None else f"{budget.stretch:g}",
        "" if budget.measured is None else multiple(budget.measured),
        verdict(budget),
    ]


def markdown(run: Run) -> str:
    """Return the rows, figures and budgets of *run* as Markdown tables."""
    machine = run.machine
    node = f", Node {machine.node}" if machine.node else ""
    lines = [
        f"Commit {run.commit}, {run.date}, {run.seconds:.0f} s; {machine.cpu}, {machine.cores} cores, "
        f"{machine.memory_gib:g} GiB, Linux {machine.kernel}, Python {machine.python}, "
        f"quickjs-ng {machine.quickjs}{node}; load average {run.load:g} before the run.",
        "",
        "| budget | promised | stretch | measured | verdict |",
        "| --- | ---: | ---: | ---: | --- |",
        *(_line(_budget_cells(budget)) for budget in run.budgets),
        "",
        "| row | p50 | p99 | p99.9 | xF | x like | n |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_line(_cells(row)) for row in run.rows),
    ]
    if run.figures:
        lines += ["", "| figure | value |", "| --- | ---: |"]
        lines += [_line([one.name, f"{one.value:.3g} {one.unit}"]) for one in run.figures]
    if run.skipped:
        lines += ["", *(f"Skipped: {one.name}: {one.note}." for one in run.skipped)]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write_readme(run: Run, path: Path) -> None:
    """Replace what lies between the two comments of *path*; ValueError unless both are there, in order."""
    head, begin, rest = path.read_text().partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the comments {BEGIN!r} and {END!r}")
    path.write_text(f"{head}{BEGIN}\n\n{markdown(run)}\n{END}{tail}")
