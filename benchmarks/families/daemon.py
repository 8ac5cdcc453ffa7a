"""The resident host: one event through its socket, from a client that stays and from one that is a process."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.names import DAEMON_DISPATCH, DAEMON_HELLO, DAEMON_PROCESS
from benchmarks.payload import PLUGINS, event
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError
from jcode_plugins import Client

_ROOT = Path(__file__).resolve().parents[2]
_ONE_EVENT = """
import sys
sys.path.insert(0, sys.argv[1])
from jcode_plugins import Client
with Client(sys.argv[2], project_dir=sys.argv[3]) as client:
    sys.exit(client.dispatch("PreToolUse", {"tool_name": "bash", "tool_input": {"command": "ls"}}).blocked)
"""


class DaemonRow(Row):
    """A daemon of its own, with one plugin."""

    family: Family = "ours"
    plugin = "noop.ts"

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None
        self.home = ""
        self._client: Client | None = None

    def setup(self) -> None:
        """Start it and see the right answer."""
        self.home = tempfile.mkdtemp(prefix="jcode-bench-")
        home = Path(self.home)
        (home / "plugins").mkdir(exist_ok=True)
        (home / "plugins" / self.plugin).write_bytes((PLUGINS / self.plugin).read_bytes())
        environment = self.environment()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "host", "serve"],
            cwd=_ROOT,
            env=environment,
            stderr=subprocess.PIPE,
        )
        assert self._process.stderr is not None
        while b"listening at" not in (line := self._process.stderr.readline()):
            if not line:
                raise WrongAnswerError(f"{self.name}: the daemon did not start")
        self._client = Client(project_dir=home, environment=environment)
        self.sample(1)

    def environment(self) -> dict[str, str]:
        """Of the daemon, and of its clients."""
        return {"PATH": os.environ["PATH"], "HOME": self.home, "JCODE_HOME": self.home}

    def client(self) -> Client:
        """The client that stays."""
        assert self._client is not None
        return self._client

    def teardown(self) -> None:
        """End the daemon; what it kept is gone."""
        if self._client is not None:
            self._client.close()
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=30)
            self._process = None
        if self.home:
            shutil.rmtree(self.home)
            self.home = ""


class Hello(DaemonRow):
    """A request that concerns no plugin: the socket and the two event loops."""

    def sample(self, n: int) -> list[float]:
        """Return *n* round trips in nanoseconds."""
        now, hello = time.perf_counter_ns, self.client().hello
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            hello()
            samples[i] = float(now() - begin)
        return samples


class Dispatch(DaemonRow):
    """A whole event, from call to outcome."""

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""
        now, dispatch, payload = (
            time.perf_counter_ns,
            self.client().dispatch,
            event("git status"),
        )
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            outcome = dispatch("PreToolUse", payload)
            samples[i] = float(now() - begin)
            if len(outcome.results) != 1 or outcome.results[0].status != "answered":
                raise WrongAnswerError(f"{self.name}: {outcome}")
        return samples


class Process(DaemonRow):
    """A process for each event, as agents run their hooks: an interpreter, a connection, one request."""

    warm_up = 1
    max_per_round = 20

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the start to the exit code."""
        now, run, path = time.perf_counter_ns, subprocess.run, self.client().path
        words = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            _ONE_EVENT,
            str(_ROOT),
            path,
            self.home,
        ]
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            code = run(words, check=False, env={}).returncode
            samples[i] = float(now() - begin)
            if code != 0:
                raise WrongAnswerError(f"{self.name}: exit code {code}")
        return samples


def rows() -> list[Row]:
    """From the socket alone to a process for each event."""
    return [Hello(DAEMON_HELLO), Dispatch(DAEMON_DISPATCH), Process(DAEMON_PROCESS)]
