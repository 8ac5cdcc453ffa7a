"""The command line as tests run it: a real process, a home and a working directory of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host.outcome import JsonObject

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str

    def json(self) -> JsonObject:
        """Standard output as one JSON object."""
        value: object = json.loads(self.out)
        assert isinstance(value, dict)
        return value


class Cli:
    """Runs ``python -m host`` in *cwd* with *home* as JCODE_HOME."""

    def __init__(self, cwd: Path, home: Path) -> None:
        self.cwd = cwd
        self.home = home

    def __call__(
        self,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        check: int | None = None,
    ) -> Ran:
        """Run with *words*; fail the test when the exit code is not *check*."""
        done = subprocess.run(
            [sys.executable, "-m", "host", *words],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            cwd=cwd or self.cwd,
            env=self.environment() | dict(env or {}),
        )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert check is None or ran.code == check, ran
        return ran

    def environment(self) -> dict[str, str]:
        """The variables of a run."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "JCODE_HOME": str(self.home),
            "HOME": str(self.home),
        }
