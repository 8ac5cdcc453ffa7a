"""``doctor``: what holds on this machine, how it is known, and what to do about the rest."""

import os
from pathlib import Path

from rich.table import Table
from rich.text import Text

from host.cli.show import make_console, print_json, safe, table
from host.config import jcode_home
from host.doctor.examine import LayerRow, Report, examine
from host.doctor.remains import tidy
from host.doctor.rows import State
from host.doctor.state import fix_state
from policies import protected_rows

_STYLE: dict[State, str] = {"ok": "green", "note": "", "warn": "yellow", "bad": "bold red"}


def run_doctor(*, fix: bool, as_json: bool) -> int:
    """Examine, print, return the exit code: 1 if a required layer is missing or something needed is wrong."""
    home = jcode_home(os.environ)
    fixed = fix_state(home) if fix else []
    tidied = tidy(home) if fix else []
    report = examine(home, Path.cwd(), os.environ)
    if as_json:
        print_json(report.to_json() | {"fixed": list(fixed), "tidied": list(tidied)})
    else:
        _print(report, [*(f"closed to others: {path}" for path in fixed), *tidied])
    return 0 if report.ok else 1


def _print(report: Report, done: list[str]) -> None:
    console = make_console()
    for line in done:
        console.print(safe(line))
    console.print(_layers(report.layers))
    console.print(
        table(
            ("check", "", "found", "what to do"),
            [
                (
                    safe(row.name),
                    safe(row.state, _STYLE[row.state]),
                    safe(row.value),
                    safe(row.todo),
                )
                for row in report.rows
            ],
        )
    )
    console.print(
        table(
            ("protected whatever is configured", "for", "what it is", "patterns"),
            [
                (
                    safe(row.name),
                    safe(", ".join(row.kinds)),
                    safe(row.reason),
                    safe(str(len(row.patterns))),
                )
                for row in protected_rows.ROWS
            ],
            right=("patterns",),
        )
    )
    console.print(_verdict(report))


def _layers(rows: tuple[LayerRow, ...]) -> Table:
    return table(
        ("layer", "available", "applied", "required", "verified by", "found", "what to do"),
        [
            (
                safe(row.name),
                safe("no" if row.why_not else "yes"),
                safe("yes" if row.seen.applied else "NO", _STYLE[row.state]),
                safe("yes" if row.is_required else ""),
                safe(row.seen.verified_by),
                safe(row.seen.detail or row.why_not),
                safe(row.todo),
            )
            for row in rows
        ],
    )


def _verdict(report: Report) -> Text:
    missing = [row.name for row in report.layers if row.state == "bad"]
    wrong = [row.name for row in report.rows if row.state == "bad"]
    if missing:
        return safe(f"required and missing: {', '.join(missing)}; nothing runs", _STYLE["bad"])
    if wrong:
        return safe(f"to be put right: {', '.join(wrong)}", _STYLE["bad"])
    return safe("every required layer holds", _STYLE["ok"])
