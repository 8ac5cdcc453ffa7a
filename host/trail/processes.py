"""Who writes: a process is named by its number, its start and its namespace, so that no two share a name."""

import os
from collections.abc import Sequence
from contextlib import suppress

from host.trail.head import Writer


def this_writer() -> Writer:
    """Return the name of this process."""
    pid = os.getpid()
    return Writer(pid, _started(pid) or 0, _namespace())


def ended(writers: Sequence[Writer]) -> tuple[Writer, ...]:
    """Return those of *writers* that run no more; of other namespaces nothing can be said."""
    here = _namespace()
    return tuple(w for w in writers if w.namespace == here and not _runs(w))


def _runs(writer: Writer) -> bool:
    try:
        os.kill(writer.pid, 0)
    except ProcessLookupError:
        return False
    except (
        PermissionError
    ):  # somebody else's, so it runs; whether it is the same one shows its start
        pass
    started = _started(writer.pid)
    return started is None or started == writer.started


def _started(pid: int) -> int | None:
    """Return the start of process *pid* in clock ticks since boot, or None where that is hidden."""
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/stat", "rb") as file:
        # The name in parentheses may hold anything; the fields after the last one do not.
        return int(file.read().rpartition(b")")[2].split()[19])
    return None


def _namespace() -> str:
    """Return what tells this boot and this PID namespace from others."""
    with suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = file.read(64).strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    return ""
