"""The arena in a process of its own, so that what is measured is the host and not what runs the tests."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hostile.arena import Arena, Usage
from tests.hostile.plugins import FAMILIES
from tests.hostile.row import Row

_arena: Arena | None = None


class Stand:
    """Use it as ``with Stand(folder) as stand``."""

    def __init__(self, folder: Path) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self._folder = folder
        self.most_grown_bytes = 0

    def __enter__(self) -> Self:
        self._pool.submit(_open, self._folder).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.submit(_close).result()
        self._pool.shutdown()

    def play(self, family: str, row: Row) -> Usage:
        """See :meth:`tests.hostile.arena.Arena.play`; what the host holds more than after its warm-up."""
        grown = self._pool.submit(_play, family, row.name).result()
        self.most_grown_bytes = max(self.most_grown_bytes, grown.memory_bytes)
        return grown


def _open(folder: Path) -> None:
    global _arena
    _arena = Arena(folder).__enter__()
    _arena.warm_up([row for rows in FAMILIES.values() for row in _first_of_each_kind(rows)])


def _first_of_each_kind(rows: tuple[Row, ...]) -> list[Row]:
    """One row for each way in which rows of a family end."""
    return list({(row.fate, bool(row.load_codes)): row for row in reversed(rows)}.values())


def _play(family: str, name: str) -> Usage:
    assert _arena is not None
    (row,) = [row for row in FAMILIES[family] if row.name == name]
    _arena.play(row)
    return _arena.grown()


def _close() -> None:
    if _arena is not None:
        _arena.__exit__(None, None, None)
