"""How far an installation is, on standard error: a bar on a terminal, lines in a pipe, nothing for programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
)
from rich.progress import Progress as Bars

from host.audit import printable
from host.install.progress import Progress, Quiet


class _Lines:
    """One line for each step."""

    def step(self, told: str) -> None:
        """Write it."""
        sys.stderr.write(f"{printable(told)}\n")
        sys.stderr.flush()

    def moved(self, done: int, total: int | None) -> None:
        """Say nothing: a log is no place for a bar."""


class _OnTerminal:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def step(self, told: str) -> None:
        """Show it instead of the one before."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(printable(told), total=None)

    def moved(self, done: int, total: int | None) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total)


@contextmanager
def showing(*, quiet: bool) -> Iterator[Progress]:
    """Show progress until the context is left; nothing of a bar stays behind."""
    if quiet:
        yield Quiet()
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(binary_units=True),
        )
        with Bars(*columns, console=console, transient=True) as bars:
            yield _OnTerminal(bars)
