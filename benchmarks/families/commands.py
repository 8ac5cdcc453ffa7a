"""The plugin system of most agents today: a command per event, JSON on stdin, an exit code back."""

import subprocess
import time

from benchmarks.families.node import node
from benchmarks.names import FLOOR_PINNED, FLOOR_UNPINNED, NODE_HOOK, SH_HOOK
from benchmarks.payload import PAYLOAD_JSON, PEERS
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError


class HookCommand(Row):
    """A process per event, waited for."""

    family: Family = "peer"
    warm_up = 1

    def __init__(self, name: str, program: str, script: str, *, pinned: bool) -> None:
        self.name = name
        self.pinned = pinned
        self.floor = FLOOR_PINNED if pinned else FLOOR_UNPINNED
        self._program = program
        self._argv: list[str] = []
        self._script = str(PEERS / script)

    def setup(self) -> None:
        """See that the hook goes on for our event and blocks for the other."""
        self._argv = [node() if self._program == "node" else self._program, self._script]
        self.sample(1)
        never = PAYLOAD_JSON.replace(b'"bash"', b'"never"')
        code = subprocess.run(self._argv, input=never, check=False).returncode
        if code != 2:
            raise WrongAnswerError(f"{self.name}: exit code {code}, not 2")

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the event to the exit code."""
        now, argv, run = time.perf_counter_ns, self._argv, subprocess.run
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            code = run(argv, input=PAYLOAD_JSON, check=False).returncode
            samples[i] = now() - begin
            if code != 0:
                raise WrongAnswerError(f"{self.name}: exit code {code}")
        return samples


def rows() -> list[Row]:
    """The cheapest command there is, and the one that plugin authors would write."""
    return [
        HookCommand(SH_HOOK, "/bin/sh", "hook.sh", pinned=True),
        HookCommand(NODE_HOOK, "node", "hook.mjs", pinned=True),
        HookCommand("hook command: node, unpinned", "node", "hook.mjs", pinned=False),
    ]
