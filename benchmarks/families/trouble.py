"""When a plugin misbehaves: how late the agent hears, how long the worker lives, what others notice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from benchmarks.families.floor import end_child
from benchmarks.families.hosting import (
    AsyncioRow,
    HostRow,
    answered,
    config,
    expect,
    until_readable,
)
from benchmarks.names import BESIDE_PLUGIN, BESIDE_PROGRAM, HANG_ANSWERED, HANG_GONE
from benchmarks.payload import PAYLOAD, PEERS, PLUGINS, JsonObject
from benchmarks.row import Row, WrongAnswerError
from host import BlockingPluginHost, PluginEvent

_DEADLINE_MS = 100
_GRACE_MS = 50
_FOR_EVER_MS = 3_600_000
_STOP: JsonObject = {"session_id": "s-0f3a9c51d27e4b86a1c7e5", "reason": "done"}


class Hang(HostRow):
    """``while (true) {}`` in a handler: a fresh host each time, because a host remembers failures."""

    warm_up = 0
    max_per_round = 3

    def __init__(self, name: str, *, wait_for_end: bool) -> None:
        super().__init__(name, pinned=False)
        self._wait_for_end = wait_for_end

    def setup(self) -> None:
        """See one hang."""
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds past the deadline, or past the limit."""
        return [self._one() for _ in range(n)]

    def _one(self) -> float:
        settings = config(actionable_ms=_DEADLINE_MS, grace_ms=_GRACE_MS)
        with BlockingPluginHost(settings) as host:
            (worker,) = host.load(PLUGINS / "spin.ts").pids
            pidfd = os.pidfd_open(worker)
            try:
                begin = time.perf_counter_ns()
                outcome = host.dispatch(PluginEvent.STOP, _STOP)
                answered_at = time.perf_counter_ns()
                if [result.status.value for result in outcome.results] not in (
                    ["timed_out"],
                    ["killed"],
                ):
                    raise WrongAnswerError(f"{self.name}: {outcome.to_json()}")
                if not self._wait_for_end:
                    return float(answered_at - begin - _DEADLINE_MS * 1_000_000)
                if not until_readable(pidfd, 10_000):
                    raise WrongAnswerError(f"{self.name}: the worker lives")
                limit_ms = _DEADLINE_MS + _GRACE_MS
                return float(time.perf_counter_ns() - begin - limit_ms * 1_000_000)
            finally:
                os.close(pidfd)


class BesideSpinner(AsyncioRow):
    """The usual hook on a core that something else wants too, with the niceness of a worker.

    The spinner is frozen (SIGSTOP) whenever another row is measured.
    """

    def __init__(self, name: str, *, plugin: bool) -> None:
        super().__init__(name)
        self._is_plugin = plugin
        self._spinner = -1
        self._spun_s: float | None = None
        self._hung: asyncio.Task[object] | None = None
        self._program: subprocess.Popen[bytes] | None = None

    def setup(self) -> None:
        """Start the honest plugin and the spinner, and freeze the latter."""
        host = self.open("noop.ts", actionable_ms=_FOR_EVER_MS, max_busy_ms=_FOR_EVER_MS)
        (honest,) = host.plugins()[0].pids
        if self._is_plugin:
            (self._spinner,) = self.run(host.load(PLUGINS / "spin.ts")).pids
            self.run(self._hang())
        else:
            nice = os.getpriority(os.PRIO_PROCESS, honest)
            self._program = subprocess.Popen(
                [sys.executable, "-I", "-S", str(PEERS / "spinner.py"), str(nice)],
                stdout=subprocess.PIPE,
                env={},
                start_new_session=True,  # unrelated for the scheduler's session groups, too
            )
            assert self._program.stdout is not None
            self._program.stdout.readline()
            self._spinner = self._program.pid
        os.kill(self._spinner, signal.SIGSTOP)
        self.sample(1)
        self._spun_s = _cpu_s(self._spinner)

    async def _hang(self) -> None:
        assert self.host is not None
        self._hung = asyncio.ensure_future(self.host.dispatch(PluginEvent.STOP, _STOP))
        # It hangs once it has used more of a core than any handler of an honest plugin would.
        while _cpu_s(self._spinner) < 0.05:
            await asyncio.sleep(0.01)

    def sample(self, n: int) -> list[float]:
        """Let the spinner go, return *n* durations in nanoseconds, freeze it again."""
        os.kill(self._spinner, signal.SIGCONT)
        try:
            samples = self.run(self._sample(n))
        finally:
            os.kill(self._spinner, signal.SIGSTOP)
        return samples

    async def _sample(self, n: int) -> list[float]:
        assert self.host is not None
        now, dispatch = time.perf_counter_ns, self.host.dispatch
        samples = [0.0] * n
        outcome = None
        for i in range(n):
            begin = now()
            outcome = await dispatch(PluginEvent.PRE_TOOL_USE, PAYLOAD)
            samples[i] = now() - begin
        assert outcome is not None
        expect(self.name, answered, outcome)
        return samples

    def teardown(self) -> None:
        """Close the host, which kills the hung worker; end the program."""
        spun_s = _cpu_s(self._spinner) - self._spun_s if self._spun_s is not None else 1.0
        if self._hung is not None:
            self._hung.cancel()
            with suppress(asyncio.CancelledError):
                self.run(_settled(self._hung))
            self._hung = None
        super().teardown()
        if self._program is not None:
            self._program.kill()
            end_child(self._program)
            self._program = None
        if spun_s <= 0:
            raise WrongAnswerError(f"{self.name}: nothing was spinning")


async def _settled(task: "asyncio.Task[object]") -> object:
    return await task


def _cpu_s(pid: int) -> float:
    """Seconds of processor time so far; counted in clock ticks, so short spans may show nothing."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()  # noqa: SIM115
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows() -> list[Row]:
    """A hang, from both ends, and its neighbours."""
    return [
        Hang(HANG_ANSWERED, wait_for_end=False),
        Hang(HANG_GONE, wait_for_end=True),
        BesideSpinner(BESIDE_PLUGIN, plugin=True),
        BesideSpinner(BESIDE_PROGRAM, plugin=False),
    ]
