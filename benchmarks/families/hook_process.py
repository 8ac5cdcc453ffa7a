"""What an agent waits for at each of its events: the hook as it is configured, from its start to its exit.

The daemon is warm. An interpreter that does nothing is the floor of any hook in Python; a hook in JavaScript that asks
the same daemon over the same socket is what most people would write.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.families.daemon import DaemonRow
from benchmarks.families.node import node
from benchmarks.names import (
    BARE_PYTHON,
    HOOK_PROCESS_BLOCKS,
    HOOK_PROCESS_NOBODY,
    NODE_PROCESS_BLOCKS,
    NODE_PROCESS_NOBODY,
)
from benchmarks.payload import PEERS
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError
from host.doors.configs import CLIENT, Command

_HOOK: Final = str(Path(__file__).resolve().parents[2] / CLIENT)


@dataclass(frozen=True, slots=True)
class Case:
    """What Claude Code hands over, and what it must be told."""

    given: bytes
    said: bytes


NOBODY: Final = Case(
    b'{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"List the files"}', b""
)
BLOCKS: Final = Case(
    b'{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash",'
    b'"tool_input":{"command":"rm -rf /srv/data/x"}}',
    json.dumps(
        {
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": "no recursive removal (rule)",
            }
        }
    ).encode(),
)


def _timed(name: str, words: list[str], case: Case, env: dict[str, str], cwd: str) -> float:
    """Return the nanoseconds that one process takes. Raises WrongAnswerError."""
    begin = time.perf_counter_ns()
    done = subprocess.run(
        words, input=case.given, capture_output=True, check=False, env=env, cwd=cwd
    )
    took = float(time.perf_counter_ns() - begin)
    if (done.returncode, done.stdout.strip(), done.stderr) != (0, case.said, b""):
        raise WrongAnswerError(f"{name}: {done}")
    return took


class Bare(Row):
    """An interpreter as ours is started, with the same pipes."""

    family: Family = "peer"
    warm_up = 2
    max_per_round = 20

    def __init__(self, name: str) -> None:
        self.name = name

    def setup(self) -> None:
        """See that it ends as it should."""
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the start to the exit code."""
        words = [sys.executable, "-I", "-S", "-c", "pass"]
        env = {"PATH": os.environ["PATH"]}
        return [_timed(self.name, words, NOBODY, env, "/") for _ in range(n)]


class HookProcess(DaemonRow):
    """Ours, as `jcode-plugin hook claude --install` writes it down."""

    warm_up = 2
    max_per_round = 20
    plugin = "rule.ts"

    def __init__(self, name: str, case: Case) -> None:
        super().__init__(name)
        self._case = case

    def words(self) -> list[str]:
        """Return the command."""
        return shlex.split(Command(sys.executable, _HOOK, "claude").line())

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from the start to the exit code."""
        words, env = self.words(), self.environment()
        return [_timed(self.name, words, self._case, env, self.home) for _ in range(n)]


class NodeProcess(HookProcess):
    """The same in JavaScript."""

    family: Family = "peer"

    def words(self) -> list[str]:
        """Return the command."""
        return [node(), str(PEERS / "hook_socket.cjs"), self.client().path]


def rows() -> list[Row]:
    """The floor, ours and theirs, for an event that nobody wants and for one that is blocked."""
    return [
        Bare(BARE_PYTHON),
        HookProcess(HOOK_PROCESS_NOBODY, NOBODY),
        HookProcess(HOOK_PROCESS_BLOCKS, BLOCKS),
        NodeProcess(NODE_PROCESS_NOBODY, NOBODY),
        NodeProcess(NODE_PROCESS_BLOCKS, BLOCKS),
    ]
