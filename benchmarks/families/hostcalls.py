"""What a plugin's own questions cost: hostcalls in place and answered later, the key-value store, files,
timers."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from unittest.mock import patch

from benchmarks.families.hosting import BlockingRow
from benchmarks.names import (
    EXEC_GIT,
    EXEC_TRUE,
    FETCH_1K,
    FS_READ_1K,
    FS_READ_1M,
    HOSTCALL_IN_PLACE,
    HOSTCALL_LATER,
    KV_GET,
    KV_SET,
    TIMERS,
)
from benchmarks.row import Row, WrongAnswerError
from host import Config

_PLENTY_PER_S = 100_000


class Asking(BlockingRow):
    """A command that does one thing *times* times in a row; a sample is the mean of one run of it."""

    def __init__(self, name: str, command: str, times: int, *, per_round: int = 60) -> None:
        super().__init__(name)
        self._command = command
        self._times = times
        # Few: a worker that sends more than some thousand messages a second is not read for a while.
        self.max_per_round = per_round
        self.warm_up = min(20, per_round - 1)

    def config(self, **timeouts: int) -> Config:
        """Return a configuration in which quotas are not what is measured."""
        limits = {"max_hostcalls_per_sec": _PLENTY_PER_S, "max_bytes_written": 1 << 40}
        return Config.model_validate(
            {
                "timeouts": timeouts,
                "limits": limits,
                "allow": {
                    "env": ["PATH"],
                    "http_hosts": ["127.0.0.1"],
                    "shell": ["true", "git --version"],
                },
            }
        )

    def args(self) -> str:
        """Return what the command is given."""
        return str(self._times)

    def setup(self) -> None:
        """Load the plugin, give it an entry, and see one run."""
        # Read when a plugin starts: rates are not what is measured either.
        with (
            patch("host.bus.SENT_PER_S", _PLENTY_PER_S),
            patch("host.instance.AT_ONCE_PER_S", _PLENTY_PER_S),
        ):
            host = self.open("hostcalls.ts")
        host.run_command("kv-set", "1")
        host.run_command("fs-make", "1")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, each of one of *times*."""
        assert self.host is not None
        now, run = time.perf_counter_ns, self.host.run_command
        command, args = self._command, self.args()
        samples = [0.0] * n
        result = None
        for i in range(n):
            begin = now()
            result = run(command, args)
            samples[i] = (now() - begin) / self._times
        if result is None or result.output != self._times:
            raise WrongAnswerError(f"{self.name}: {result!r}")
        return samples


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with 1 KB."""
        self.send_response(200)
        self.send_header("Content-Length", "1024")
        self.end_headers()
        self.wfile.write(b"x" * 1024)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


class Fetching(Asking):
    """Asks a server on loopback, in a thread of this process."""

    def __init__(self, name: str, command: str, times: int) -> None:
        super().__init__(name, command, times)
        self._server: ThreadingHTTPServer | None = None

    def setup(self) -> None:
        """Start the server first."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        Thread(target=self._server.serve_forever, daemon=True).start()
        super().setup()

    def args(self) -> str:
        """Return how often, and the server's port."""
        assert self._server is not None
        return f"{self._times} {self._server.server_port}"

    def teardown(self) -> None:
        """Stop the server last."""
        super().teardown()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def rows() -> list[Row]:
    """In place and later, from the mirror and to the disk, files, the network, and a thousand timers."""
    return [
        Asking(HOSTCALL_IN_PLACE, "in-place", 20),
        Asking(HOSTCALL_LATER, "later", 20),
        Asking(KV_GET, "kv-get", 1000),
        Asking(KV_SET, "kv-set", 1, per_round=100),
        Asking(FS_READ_1K, "fs-read-1k", 20),
        Asking(FS_READ_1M, "fs-read-1m", 1),
        Fetching(FETCH_1K, "fetch", 10),
        Asking(EXEC_TRUE, "exec-true", 1),
        Asking(EXEC_GIT, "exec-git", 1),
        Asking(TIMERS, "timers", 1000, per_round=1),
    ]
