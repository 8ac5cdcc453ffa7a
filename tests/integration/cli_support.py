"""The command line as tests run it: a real process, a home and a working directory of the test's own."""

import contextlib
import io
import json
import logging
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from host.cli.run import run
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


class InProcess(Cli):
    """The same without a process of its own for each run: for tests of many commands, none of which is about how a
    process starts or ends."""

    def __call__(
        self,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        check: int | None = None,
    ) -> Ran:
        """Run with *words*; fail the test when the exit code is not *check*."""
        out, err = io.StringIO(), io.StringIO()
        logger = logging.getLogger("jcode_plugins")
        before = list(logger.handlers)
        with (
            contextlib.chdir(cwd or self.cwd),
            mock.patch.dict(os.environ, self.environment() | dict(env or {}), clear=True),
            mock.patch.object(sys, "stdin", io.StringIO(stdin.decode())),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(list(words))
        for handler in set(logger.handlers) - set(before):
            logger.removeHandler(handler)
        ran = Ran(code, out.getvalue(), err.getvalue())
        assert check is None or ran.code == check, ran
        return ran


class Terminal:
    """A run whose standard input and error are a terminal of ours."""

    def __init__(self, cli: Cli, *words: str, typed_ahead: bytes = b"") -> None:
        self._master, slave = pty.openpty()
        os.write(self._master, typed_ahead)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            [sys.executable, "-m", "host", *words],
            stdin=slave,
            stderr=slave,
            stdout=subprocess.PIPE,
            cwd=cli.cwd,
            env=cli.environment(),
            start_new_session=True,
        )
        self.shown = b""

    def wait_for(self, text: bytes) -> None:
        """Read until *text* was shown."""
        while text not in self.shown:
            ready, _, _ = select.select([self._master], [], [], 60)
            assert ready, self.shown
            self.shown += os.read(self._master, 4096)

    def is_as_before(self) -> bool:
        """Whether keys echo, lines are lines and Ctrl-C is a signal again."""
        return bool(termios.tcgetattr(self._slave)[3] == self.before[3])

    def press(self, key: bytes) -> tuple[int, bytes]:
        """Press *key*, and return the exit code and standard output."""
        os.write(self._master, key)
        out, _ = self.process.communicate(timeout=60)
        assert self.is_as_before()
        os.close(self._master)
        os.close(self._slave)
        return self.process.returncode, out
