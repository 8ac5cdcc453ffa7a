"""What the lockdown costs: the same worker without it."""

from pathlib import Path
from typing import Final
from unittest.mock import patch

from benchmarks.families.hook import CONTINUE, BlockingHook
from benchmarks.families.lifecycle import WorkerReady
from benchmarks.names import UNLOCKED_HOOK, UNLOCKED_READY
from benchmarks.row import Row, WrongAnswerError
from host import BlockingPluginHost, Config, spawn
from host.config import Sandbox
from host.spawn import RoleName, WorkerLimits

_PEER: Final = str(Path(__file__).resolve().parents[1] / "peers" / "unlocked.py")
_NOTE: Final = "no layer of isolation: a peer, not a mode"
_real_command_line = spawn.command_line


def _unlocked(role: RoleName, control_fd: int, pidfd: int) -> list[str]:
    line = _real_command_line(role, control_fd, pidfd)
    if role == "plugins":
        line[line.index("-S") + 1] = _PEER
    return line


class UnlockedHook(BlockingHook):
    """The blocking hook, to a worker that could do anything."""

    family = "peer"
    note = _NOTE

    def open(self, *plugins: str, copies: int = 1, **timeouts: int) -> BlockingPluginHost:
        """Start the host with a zygote of the peer's."""
        with patch.object(spawn, "command_line", _unlocked):
            host = super().open(*plugins, copies=copies, **timeouts)
        layers = host.plugins()[0].layers
        if '"seccomp":true' in layers or '"rlimits":true' in layers:
            raise WrongAnswerError(f"{self.name}: its worker is locked: {layers}")
        return host

    def config(self, **timeouts: int) -> Config:
        """Return a configuration that asks for no layer."""
        return super().config(**timeouts).model_copy(update={"sandbox": Sandbox(require=())})


class UnlockedReady(WorkerReady):
    """From asking the zygote to the hello of a worker that only forked and started its engine."""

    family = "peer"
    note = _NOTE
    limits = WorkerLimits(required=())

    def setup(self) -> None:
        """Start the peer's zygote."""
        with patch.object(spawn, "command_line", _unlocked):
            super().setup()


def rows() -> list[Row]:
    """One round trip, one start."""
    return [UnlockedHook(UNLOCKED_HOOK, CONTINUE), UnlockedReady(UNLOCKED_READY)]
