"""The arena in a process of its own, so that what is measured is the host and not what runs the tests.

One JSON line a question, one an answer. A plain child: a pool's helpers would outlive it and be counted by tests that
look for processes left behind.
"""

import dataclasses
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hostile.arena import Arena, Usage
from tests.hostile.plugins import FAMILIES
from tests.hostile.row import Row

ROOT = Path(__file__).resolve().parents[2]


class Stand:
    """Use it as ``with Stand(folder) as stand``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.most_grown_bytes = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.stand", self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._hear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait() == 0
        self._process.stdout.close()

    def play(self, family: str, row: Row) -> Usage:
        """See :meth:`tests.hostile.arena.Arena.play`; what the host holds more than after its warm-up."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([family, row.name]) + "\n")
        self._process.stdin.flush()
        grown = Usage(**self._hear())
        self.most_grown_bytes = max(self.most_grown_bytes, grown.memory_bytes)
        return grown

    def _hear(self) -> dict[str, int]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the arena's process ended"
        answer = json.loads(line)
        assert "failed" not in answer, answer["failed"]
        grown: dict[str, int] = answer
        return grown


def _first_of_each_kind(rows: tuple[Row, ...]) -> list[Row]:
    """One row for each way in which rows of a family end."""
    return list({(row.fate, bool(row.load_codes)): row for row in reversed(rows)}.values())


def main(folder: Path) -> None:
    """Play what is asked for until nobody asks."""
    # Standard output is for answers; whatever else is printed goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with Arena(folder) as arena:
        arena.warm_up([row for rows in FAMILIES.values() for row in _first_of_each_kind(rows)])
        print("{}", file=answers, flush=True)
        for question in sys.stdin:
            family, name = json.loads(question)
            (row,) = [row for row in FAMILIES[family] if row.name == name]
            try:
                arena.play(row)
                answer: dict[str, object] = dataclasses.asdict(arena.grown())
            except Exception:  # noqa: BLE001 - told to whoever runs the tests
                answer = {"failed": traceback.format_exc()}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
