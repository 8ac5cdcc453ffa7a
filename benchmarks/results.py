"""What a run leaves behind, as data: the shape of ``results/latest.json``.

Relies on   msgspec, which refuses a file of another shape with the path to the wrong field, so that
            everything after :func:`read` may trust its types.
"""

from pathlib import Path
from typing import Literal

import msgspec

Family = Literal["floor", "ours", "peer"]


class Machine(msgspec.Struct, frozen=True):
    """Where a run was taken. No host name: it says nothing and identifies somebody."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    quickjs: str
    node: str | None


class Round(msgspec.Struct, frozen=True):
    """One row in one round; ``floor_us`` is the p50 of the pinned floor in the same round."""

    n: int
    p50_us: float
    p99_us: float
    floor_us: float


class RowResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row over the whole run.

    ``x_floor`` is p50 against the pinned floor, the unit xF. ``x_like`` is p50 against the floor
    named by ``floor``, taken under the row's own conditions (pinned, unpinned, after idleness).
    """

    name: str
    family: Family
    p50_us: float
    p99_us: float
    p999_us: float | None
    x_floor: float
    x_like: float
    floor: str
    n: int
    rounds: list[Round]
    note: str | None = None


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measured number that is not a duration, for example MiB."""

    name: str
    value: float
    unit: str
    note: str | None = None


class Skipped(msgspec.Struct, frozen=True):
    """A row that could not run here, and why."""

    name: str
    note: str


class Budget(msgspec.Struct, frozen=True, omit_defaults=True):
    """A promise and what became of it. ``ok`` is None when its rows did not run."""

    name: str
    budget: float
    unit: str
    measured: float | None
    ok: bool | None
    stretch: float | None = None
    at_least: bool = False


class Run(msgspec.Struct, frozen=True):
    """One run of the suite. ``load`` is the machine's load average just before it."""

    machine: Machine
    commit: str
    date: str
    seconds: float
    load: float
    rows: list[RowResult]
    figures: list[Figure]
    skipped: list[Skipped]
    budgets: list[Budget]

    def row(self, name: str) -> RowResult | None:
        """Return the row called *name*, or None."""
        return next((row for row in self.rows if row.name == name), None)

    def figure(self, name: str) -> Figure | None:
        """Return the figure called *name*, or None."""
        return next((figure for figure in self.figures if figure.name == name), None)


def read(path: Path) -> Run:
    """Return the run in *path*.

    Raises OSError when it cannot be read and :class:`msgspec.MsgspecError` when it is not a run.
    """
    return msgspec.json.decode(path.read_bytes(), type=Run)


def write(run: Run, path: Path) -> None:
    """Write *run* to *path* as indented JSON, making the directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
