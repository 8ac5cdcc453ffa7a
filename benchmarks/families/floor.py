"""The unit: two Python processes, two pipes, 106 bytes there and back."""

import os
import subprocess
import sys
import time

from benchmarks.names import FLOOR_IDLE, FLOOR_PINNED, FLOOR_UNPINNED
from benchmarks.payload import PAYLOAD_BYTES, PAYLOAD_JSON, PEERS
from benchmarks.results import Family
from benchmarks.row import IDLE_S, Row, WrongAnswerError


class PipeFloor(Row):
    """What any design with a process boundary pays before it does anything."""

    family: Family = "floor"

    def __init__(self, name: str, *, pinned: bool, idle: bool = False) -> None:
        self.name = name
        self.floor = name
        self.pinned = pinned
        self._idle = idle
        self._child: subprocess.Popen[bytes] | None = None
        self._fds = (-1, -1)

    def setup(self) -> None:
        """Start the other half and see one echo."""
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PEERS / "pipe_echo.py"), str(PAYLOAD_BYTES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={},
        )
        self._child = child
        assert child.stdin is not None
        assert child.stdout is not None
        self._fds = (child.stdout.fileno(), child.stdin.fileno())
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* round trips in nanoseconds."""
        source, sink = self._fds
        ping, size, idle = PAYLOAD_JSON, PAYLOAD_BYTES, self._idle
        now, read, write = time.perf_counter_ns, os.read, os.write
        samples = [0.0] * n
        echo = b""
        for i in range(n):
            if idle:
                time.sleep(IDLE_S)
            begin = now()
            write(sink, ping)
            echo = read(source, size)
            samples[i] = now() - begin
        if echo != ping:
            raise WrongAnswerError(f"{self.name}: the echo differs from the ping")
        return samples

    def teardown(self) -> None:
        """Close the pipes, which ends the other half."""
        if self._child is not None:
            end_child(self._child)
            self._child = None


def end_child(child: subprocess.Popen[bytes]) -> None:
    """Close *child*'s pipes, so that a reader ends by itself; kill it if it does not."""
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()
    try:
        child.wait(1)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def rows() -> list[Row]:
    """The floor under each of the conditions that other rows run under."""
    return [
        PipeFloor(FLOOR_PINNED, pinned=True),
        PipeFloor(FLOOR_UNPINNED, pinned=False),
        PipeFloor(FLOOR_IDLE, pinned=True, idle=True),
    ]
