"""One host, one honest plugin in it, and a place for one hostile plugin after another."""

import contextlib
import ctypes
import gc
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

import psutil

from host import (
    BlockingPluginHost,
    Config,
    Limits,
    Outcome,
    PluginEvent,
    PluginLoadError,
    PluginResult,
    Status,
    Timeouts,
)
from host.audit import Kind
from host.config import PluginOptions
from host.events import Right
from host.outcome import JsonObject
from host.pool import THREADS as POOL_THREADS
from tests.hostile.row import Fate, Row, answers, waits

MIB: Final = 1024 * 1024
MAY_GROW_BYTES: Final = 16 * MIB
GONE_WITHIN_S: Final = 20.0
"""Generous: a worker that is to die does so within milliseconds of its limit."""

HONEST: Final = """
export default (pi) => {
  let seen = 0;
  pi.on("UserPromptSubmit", (event) => { seen += 1; return { modified_prompt: `${event.content}:${seen}` }; });
  pi.on("PermissionRequest", (event) => (event.target === "secret" ? { decision: "deny", message: "honest" } : undefined));
  pi.on("PreToolUse", () => undefined);
};
"""
ALL_RIGHTS: Final[dict[PluginEvent, frozenset[Right]]] = {
    event: frozenset({"observe", "veto", "rewrite", "decide"}) for event in PluginEvent
}
"""With every right, so that nothing that is forged is dropped for the lack of one."""

HOSTILE_LIMITS: Final = Limits(
    heap_bytes=32 * MIB, data_bytes=96 * MIB, load_busy_ms=500, load_total_ms=1000
)
CONFIG: Final = Config(
    timeouts=Timeouts(grace_ms=100, max_busy_ms=3000, permission_ms=5000),
    plugins={
        "hasty": PluginOptions(timeout_ms=200, limits=HOSTILE_LIMITS),
        "patient": PluginOptions(
            limits=HOSTILE_LIMITS.model_copy(
                update={"load_busy_ms": 10_000, "load_total_ms": 20_000}
            )
        ),
    },
)
"""The honest plugin's deadline is the default one, five seconds. A plugin that is to hang has a shorter one."""


KEEPS: Final = (
    answers("keeps", "attack(async () => { await pi.kv.set('kept', 1); });"),
    waits(
        "keeps_and_waits",
        "attack(async () => { await pi.kv.set('kept', 1); await new Promise(() => {}); });",
    ),
)
"""A database is opened once for each plugin name, and stays."""


class Arena:
    """Use it as ``with Arena(folder) as arena``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = BlockingPluginHost(CONFIG, project_dir=folder, home=folder / "home")
        self._logger = logging.getLogger("jcode_plugins")
        self._silence = logging.NullHandler()
        self._told = 0
        self._asked = 0
        self._files = 0
        self._floor = Usage.now()

    def __enter__(self) -> Self:
        # Log lines of floods would pile up in pytest's capture, which is not the host's memory.
        self._logger.propagate = False
        self._logger.addHandler(self._silence)
        self.host.__enter__()
        path = self.folder / "honest.js"
        path.write_text(HONEST)
        self.host.load(path)
        self.ask_honest()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.host.close()
        self._logger.removeHandler(self._silence)
        self._logger.propagate = True

    def warm_up(self, rows: list[Row]) -> None:
        """Have each way of ending taken once, so that what is allocated once is there, and start to measure."""
        for row in [*KEEPS, *rows]:
            with contextlib.suppress(
                AssertionError, PluginLoadError
            ):  # said by the row's own test
                self.play(row)
        self._start_threads()
        self._until_alone()
        self._floor = Usage.now()

    def _start_threads(self) -> None:
        """Have every thread that works on files started: they are few, shared, and stay."""
        pool = self.host.runtime.files
        together = threading.Barrier(POOL_THREADS + 1)

        def work() -> Callable[[], None]:
            together.wait(GONE_WITHIN_S)
            return lambda: None

        for owner in range(POOL_THREADS):
            pool.submit(owner, work)
        together.wait(GONE_WITHIN_S)

    # One row.

    def play(self, row: Row) -> None:
        """Load the row's plugin, attack, look at everything that a row promises, unload."""
        before = self.host.audit.recent(1)
        self._told = before[-1].seq if before else 0
        path = self._write(row)
        name = "patient" if row.is_patient else "hasty"
        try:
            if row.load_codes:
                self._refused(row, path, name)
            else:
                self.host.load(path, name=name, rights=ALL_RIGHTS)
                self._attack(row, name)
        finally:
            if any(info.name == name for info in self.host.plugins()):
                self.host.unload(name)
        self.ask_honest()

    def _write(self, row: Row) -> Path:
        self._files += 1
        root = self.folder / f"row{self._files}"
        root.mkdir()
        for name, text in row.files:
            (root / name).write_text(text)
        path = root / "plugin.js"
        path.write_text(row.text, errors="surrogatepass")
        return path

    def _refused(self, row: Row, path: Path, name: str) -> None:
        code = "it loaded"
        try:
            self.host.load(path, name=name, rights=ALL_RIGHTS)
        except PluginLoadError as error:
            code = error.code
        assert code in row.load_codes, f"load ended with {code}"
        assert [info.name for info in self.host.plugins()] == ["honest"]

    def _attack(self, row: Row, name: str) -> None:
        pid = self._pid_of(name)
        outcome = self.host.dispatch(row.event, payload_of(row.event))
        honest = [r for r in outcome.results if r.plugin == "honest"]
        assert [r.status for r in honest] == [Status.ANSWERED], outcome
        (result,) = [r for r in outcome.results if r.plugin == name]
        self.ask_honest()  # while a plugin that hangs does so
        self._judge(row, outcome, result)
        match row.fate:
            case Fate.LIVES:
                again = self.host.dispatch("Stop", {"session_id": "s"})
                assert again.output == {"reason": "alive"}, again
                assert self._pid_of(name) == pid
                ends = self._codes(Kind.KILLED, Kind.CRASHED, Kind.VIOLATION)
                assert ends == [], ends
            case Fate.HUNG:
                ends = self._ends_of(pid)
                assert ends == ["E_HUNG"], ends
            case Fate.OOM:
                ends = self._ends_of(pid)
                assert ends == ["E_MEMORY"], ends
            case Fate.GONE:
                ends = self._ends_of(pid)
                assert not set(ends) - {"E_HUNG", "E_FLOOD", "E_MEMORY", "E_CRASH"}, ends
            case Fate.ANY:
                ends = self._codes(Kind.CRASHED)
                assert "E_ZYGOTE" not in ends, ends

    def _judge(self, row: Row, outcome: Outcome, result: PluginResult) -> None:
        assert result.status in row.statuses, result
        if result.status is not Status.ANSWERED:
            assert result.action == "continue"
            assert result.output == {}
        # Whatever it did: a decision is one that it returned, and nothing else.
        assert outcome.action == result.action == row.action, outcome
        if row.output is not None:
            assert result.output == row.output
        elif row.action == "continue":
            assert not set(result.output) & {"decision", "block", "prevent", "cancel"}, result
        assert row.error in (result.error or ""), result

    def _pid_of(self, name: str) -> int:
        plugin = self.host.workspace.plugin(name)
        link = plugin.all_instances()[0].link
        assert link is not None
        while not link.pid:  # the zygote's word may come after the worker's
            self.ask_honest()
        return link.pid

    def _codes(self, *kinds: Kind) -> list[str]:
        entries = self.host.audit.recent(1000)
        return [e.code for e in entries if e.seq > self._told and e.kind in kinds]

    def _ends_of(self, pid: int) -> list[str]:
        """Wait until the worker's process is gone, and return what the host wrote down of that."""
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(GONE_WITHIN_S)
        self.ask_honest()  # the host kills first and writes down then; its next event waits for that
        return self._codes(Kind.KILLED, Kind.CRASHED, Kind.VIOLATION)

    # The honest plugin.

    def ask_honest(self) -> None:
        """The next event of the honest plugin has its right answer, within the plugin's own deadline.

        Its count of events says that it is the same worker as ever.
        """
        self._asked += 1
        outcome = self.host.dispatch("UserPromptSubmit", {"content": "hi", "session_id": "s"})
        (result,) = [r for r in outcome.results if r.plugin == "honest"]
        assert result.status is Status.ANSWERED, (result, self.host.audit.recent(5))
        assert result.output == {"modified_prompt": f"hi:{self._asked}"}

    # The host itself.

    def _until_alone(self) -> None:
        """Wait until the last worker but the honest one's is reaped, and with it what it held."""
        while len(self.host.runtime.links) > 1:
            self.ask_honest()
        gc.collect()
        # What the allocator keeps for the next time is not what the host holds.
        ctypes.CDLL(None).malloc_trim(0)

    def grown(self) -> "Usage":
        """What the host holds more than after the warm-up."""
        self._until_alone()
        now = Usage.now()
        until = monotonic() + GONE_WITHIN_S
        while now.descriptors > self._floor.descriptors and monotonic() < until:
            self.ask_honest()  # a database whose last user left is closed by the thread that wrote to it
            now = Usage.now()
        return Usage(
            now.memory_bytes - self._floor.memory_bytes,
            now.descriptors - self._floor.descriptors,
            now.threads - self._floor.threads,
        )


@dataclass(frozen=True)
class Usage:
    """Of this process: memory that is its own, descriptors, threads."""

    memory_bytes: int
    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Self:
        """Ask the kernel."""
        process = psutil.Process(os.getpid())
        return cls(process.memory_full_info().uss, process.num_fds(), process.num_threads())


def payload_of(event: str) -> JsonObject:
    """An input for *event*, as plain as it gets."""
    if event == "PermissionRequest":
        return {"action": "bash", "target": "ls", "session_id": "s"}
    return {"tool_name": "bash", "tool_input": {"command": "ls", "n": 1}, "session_id": "s"}
