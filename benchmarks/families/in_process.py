"""A user's first thought: the engine inside the host's own process, with no boundary at all."""

import time

import _quickjs
import msgspec

from benchmarks.payload import PAYLOAD, PEERS
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError


class InProcess(Row):
    """quickjs-ng called directly; JSON text in and out, as ours."""

    name = "QuickJS in the host's process, no isolation"
    family: Family = "peer"

    def __init__(self) -> None:
        self._context: _quickjs.Context | None = None
        self._handler: object = None

    def setup(self) -> None:
        """Make the context and the handler."""
        self._context = _quickjs.Context()
        self._handler = self._context.eval((PEERS / "in_process.js").read_text())
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* handler calls in nanoseconds, encoding and decoding included."""
        now, encode, decode = time.perf_counter_ns, msgspec.json.encode, msgspec.json.decode
        handler = self._handler
        assert callable(handler)
        samples = [0.0] * n
        answer: object = None
        for i in range(n):
            begin = now()
            answer = decode(handler(encode(PAYLOAD).decode()))
            samples[i] = now() - begin
        if answer != {"action": "continue"}:
            raise WrongAnswerError(f"{self.name}: {answer!r}")
        return samples

    def teardown(self) -> None:
        """Let the context go."""
        self._handler = self._context = None


def rows() -> list[Row]:
    """One row: the handler and nothing around it."""
    return [InProcess()]
