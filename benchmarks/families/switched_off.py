"""A hook command while plugins are switched off, against an interpreter that has nothing to do."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.names import EMPTY_PYTHON, SWITCHED_OFF
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError

_SCRIPT = Path(__file__).resolve().parents[2] / "bin" / "jcode-plugin"


class Command(Row):
    """A process, waited for."""

    warm_up = 2
    max_per_round = 20

    def __init__(self, name: str, family: Family, words: list[str], code: int) -> None:
        self.name = name
        self.family = family
        self._words = words
        self._code = code

    def setup(self) -> None:
        """See that it ends as it should."""
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the start to the exit code."""
        now, run = time.perf_counter_ns, subprocess.run
        env = {
            **os.environ,
            "JCODE_DISABLE_PLUGINS": "1",
            "PYTHONPATH": str(_SCRIPT.parents[1]),
        }
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            code = run(self._words, check=False, env=env, stderr=subprocess.DEVNULL).returncode
            samples[i] = float(now() - begin)
            if code != self._code:
                raise WrongAnswerError(f"{self.name}: exit code {code}")
        return samples


def rows() -> list[Row]:
    """The floor, and ours as it is installed."""
    return [
        Command(EMPTY_PYTHON, "peer", [sys.executable, "-I", "-c", "pass"], 0),
        Command(
            SWITCHED_OFF, "ours", [sys.executable, str(_SCRIPT), "dispatch", "PreToolUse"], 3
        ),
    ]
