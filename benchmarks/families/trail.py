"""The audit: what an event waits for, and what the thread behind it does. A sample is the mean of a short loop."""

import tempfile
import time
from pathlib import Path

from benchmarks.families.hosting import HostRow
from benchmarks.names import AUDIT_DISK, AUDIT_ONE, AUDIT_RECORD
from benchmarks.row import Row, WrongAnswerError
from host.audit import AuditRing
from host.trail.place import Place, Policy
from host.trail.store import Store
from host.trail.verify import verify
from host.trail.writer import TrailWriter, body_of
from policies.capability import ShellRequest
from policies.decision import Decision, Source

_CALLS = 32
_REQUEST = ShellRequest(("git", "push", "--force", "origin", "main"))
_DECISION = Decision(
    "deny", 2, "deny.global", Source("file", "/etc/jcode/plugin.toml:14"), "git push *"
)


class _AuditRow(HostRow):
    """Keeps a log open in a directory of its own."""

    max_per_round = 200

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.store: Store | None = None
        self.place: Place | None = None

    def setup(self) -> None:
        """Open the log and append once."""
        self._directory = tempfile.TemporaryDirectory(prefix="bench-audit-")
        root = Path(self._directory.name)
        self.place = Place(root / "audit" / "audit.jsonl", root / "keys")
        self.store = Store(self.place, Policy())
        self.store.open()
        self.sample(1)

    def teardown(self) -> None:
        """See that the log is what was written; remove it."""
        if self.store is not None:
            self.store.close()
            self.store = None
        if self.place is not None:
            report = verify(self.place)
            if not report.is_intact or not report.lines:
                raise WrongAnswerError(f"{self.name}: {report}")
            self.place = None
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None


class Record(_AuditRow):
    """Recording a denial: masking, the ring, the queue. The thread writes between the samples."""

    def setup(self) -> None:
        """Start the thread behind the ring."""
        self.audit = AuditRing()
        self.writer: TrailWriter | None = None
        super().setup()

    def sample(self, n: int) -> list[float]:
        """Return *n* means over a short loop, in nanoseconds an entry."""
        assert self.store is not None
        if self.writer is None:
            self.writer = TrailWriter(
                self.store,
                flush_s=0.2,
                on_trouble=lambda _: None,
                on_tick=self.audit.record_counts,
            )
            self.audit.sink = self.writer.put
        now, record = time.perf_counter_ns, self.audit.record_decision
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            for _ in range(_CALLS):
                record("plugin", _REQUEST, _DECISION, tool="bash", tier="exec")
            samples[i] = (now() - begin) / _CALLS
            time.sleep(0.002)  # the queue is bounded: a burst without an end is another row
        return samples

    def teardown(self) -> None:
        """Have everything written."""
        if self.writer is not None:
            self.writer.close()
        super().teardown()


class Disk(_AuditRow):
    """What the thread does: encode, seal, lock, write, sign the head; *batch* entries at a time."""

    def __init__(self, name: str, batch: int) -> None:
        super().__init__(name)
        self._batch = batch

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, divided by the entries in a batch."""
        assert self.store is not None
        entry = AuditRing().record_decision("plugin", _REQUEST, _DECISION, tool="bash")
        now, append = time.perf_counter_ns, self.store.append
        entries = [entry] * self._batch
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            append([body_of(one) for one in entries])
            samples[i] = (now() - begin) / self._batch
        return samples


def rows() -> list[Row]:
    """What is waited for, and what is not."""
    return [Record(AUDIT_RECORD), Disk(AUDIT_DISK, _CALLS), Disk(AUDIT_ONE, 1)]
