"""What most agents do: plugins in a Node child that speaks JSON lines over its pipes."""

import asyncio
import json
import os
import shutil
import subprocess
import time

import msgspec

from benchmarks.families.floor import end_child
from benchmarks.names import FLOOR_PINNED, FLOOR_UNPINNED, NODE_ASYNCIO, NODE_BLOCKING, NODE_RAW
from benchmarks.payload import PAYLOAD, PEERS
from benchmarks.results import Family
from benchmarks.row import Row, SkipRowError, WrongAnswerError

_PROGRAM = str(PEERS / "node_lines.mjs")


def node() -> str:
    """Return the path of node, or skip the row."""
    path = shutil.which("node")
    if path is None:
        raise SkipRowError("no node on this machine")
    return path


def _check(name: str, number: int, answer: object) -> None:
    if answer != {"id": number, "action": "continue"}:
        raise WrongAnswerError(f"{name}: {answer!r}")


def _request(number: int) -> bytes:
    return (
        json.dumps({"id": number, "event": "PreToolUse", "payload": PAYLOAD}).encode() + b"\n"
    )


class BlockingNode(Row):
    """Popen's own buffered streams and the standard library's json: the driver that people write."""

    family: Family = "peer"

    def __init__(self, name: str, *, pinned: bool) -> None:
        self.name = name
        self.pinned = pinned
        self.floor = FLOOR_PINNED if pinned else FLOOR_UNPINNED
        self._child: subprocess.Popen[bytes] | None = None

    def setup(self) -> None:
        """Start the child and see answers, enough of them for V8 to have compiled the handler."""
        self._child = subprocess.Popen(
            [node(), _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.sample(3000)

    def sample(self, n: int) -> list[float]:
        """Return *n* round trips in nanoseconds, encoding and decoding included."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        source, sink = child.stdout, child.stdin
        now, decode = time.perf_counter_ns, json.loads
        samples = [0.0] * n
        answer: object = None
        for i in range(n):
            begin = now()
            sink.write(_request(i))
            sink.flush()
            answer = decode(source.readline())
            samples[i] = now() - begin
        _check(self.name, n - 1, answer)
        return samples

    def teardown(self) -> None:
        """Close the pipes; the child ends at end of file."""
        if self._child is not None:
            end_child(self._child)
            self._child = None


class RawNode(BlockingNode):
    """The fastest a Python driver for such a child can be: bare descriptors and msgspec."""

    note: str | None = "the best case of this design; few drivers are written so"

    def sample(self, n: int) -> list[float]:
        """As above, past Popen's streams."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        source, sink = child.stdout.fileno(), child.stdin.fileno()
        now, read, write = time.perf_counter_ns, os.read, os.write
        encode, decode = msgspec.json.encode, msgspec.json.decode
        samples = [0.0] * n
        answer: object = None
        for i in range(n):
            begin = now()
            write(sink, encode({"id": i, "event": "PreToolUse", "payload": PAYLOAD}) + b"\n")
            line = read(source, 65536)
            while line and not line.endswith(b"\n"):
                line += read(source, 65536)
            answer = decode(line)
            samples[i] = now() - begin
        _check(self.name, n - 1, answer)
        return samples


class AsyncioNode(Row):
    """asyncio's own subprocess streams, as a host with an event loop would use them."""

    name = NODE_ASYNCIO
    family: Family = "peer"

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._child: asyncio.subprocess.Process | None = None

    def setup(self) -> None:
        """Start a loop and the child, and see one answer."""
        program = node()
        self._loop = asyncio.new_event_loop()
        self._child = self._loop.run_until_complete(
            asyncio.create_subprocess_exec(
                program, _PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )
        self.sample(3000)

    def sample(self, n: int) -> list[float]:
        """As the blocking row; the loop is entered once a batch."""
        assert self._loop is not None
        return self._loop.run_until_complete(self._sample(n))

    async def _sample(self, n: int) -> list[float]:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        source, sink = child.stdout, child.stdin
        now, decode = time.perf_counter_ns, json.loads
        samples = [0.0] * n
        answer: object = None
        for i in range(n):
            begin = now()
            sink.write(_request(i))
            answer = decode(await source.readline())
            samples[i] = now() - begin
        _check(self.name, n - 1, answer)
        return samples

    def teardown(self) -> None:
        """Close the child's stdin, wait for it, end the loop."""
        if self._loop is None:
            return
        if self._child is not None:
            self._loop.run_until_complete(self._end(self._child))
            self._child = None
        self._loop.close()
        self._loop = None

    async def _end(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), 1)
        except TimeoutError:
            child.kill()
            await child.wait()


def rows() -> list[Row]:
    """The child behind each kind of driver."""
    return [
        BlockingNode(NODE_BLOCKING, pinned=True),
        BlockingNode("Node child, JSON lines, blocking, unpinned", pinned=False),
        RawNode(NODE_RAW, pinned=True),
        AsyncioNode(),
    ]
