"""Text for people: consoles, tables, cells. Plugin strings go through :func:`safe` or :func:`block`."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from host.audit import printable
from host.outcome import Json, JsonObject
from policies.preflight import Finding

_PIPE_WIDTH = 200


def make_console(*, stderr: bool = False) -> Console:
    """Return the console of standard output, or of *stderr*. Nothing that is printed is read as markup."""
    # Into a pipe, lines are for grep: wide enough not to be folded at 80 columns.
    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if is_terminal or os.environ.get("COLUMNS") else _PIPE_WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width, stderr=stderr)


def safe(text: object, style: str = "") -> Text:
    """One line of *text* that a terminal shows and does not obey."""
    return Text(printable(str(text)), style=style)


def block(text: str) -> str:
    """*text* with its line breaks kept and everything else made harmless."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.split("\n"))


def compact(value: Json) -> str:
    """JSON on one line; what a terminal might obey is escaped by JSON itself."""
    return printable(json.dumps(value, ensure_ascii=False))


def print_json(value: JsonObject) -> None:
    """Print one object: indented on a terminal, else one line. ASCII only, so nothing in it is obeyed."""
    print(json.dumps(value, indent=2 if sys.stdout.isatty() else None))


def print_value(value: Json) -> None:
    """Print what a tool or command gave: text as it is, anything else as JSON."""
    if value is not None:
        print(
            block(value)
            if isinstance(value, str)
            else block(json.dumps(value, indent=2, ensure_ascii=False))
        )


_COLOURS: Final = {"info": "dim", "warning": "yellow", "block": "bold red"}


def finding_line(finding: Finding) -> Text:
    """One finding of preflight."""
    where = printable(f"{finding.file}:{finding.line}")
    return Text.assemble(
        (f"{finding.severity} ", _COLOURS[finding.severity]),
        f"{where} {finding.rule}: {printable(finding.message)}",
    )


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Text]], *, right: Sequence[str] = ()
) -> Table:
    """Return a table without borders, as wide as what it holds."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made
