"""What the kernel's log says of a process that it ended: for which system call, or for want of memory.

Promises    Reading never waits and is bounded a turn. Nothing is decided by what is found here: it explains a
            death that is known already, and without a log that we may read it stays unexplained.
Relies on   The records of seccomp (audit type 1326). The kernel drops some when there are many, and writes them
            a moment after the death, so a caller may have to ask again.
"""

import os
import re
from time import time
from typing import Final

from host.syscall_names import syscall_name

_PATH: Final = "/dev/kmsg"
_RECORD_BYTES: Final = 8192
_RECORDS_A_TURN: Final = 512
_KEPT: Final = 64
_WITHIN_S: Final = 10.0
_INITIAL_PID_NAMESPACE: Final = "pid:[4026531836]"

# A head below 8 is of the kernel: what a program writes into the log has a facility of its own. What the process
# chose itself (comm=) comes in quotes, or in hexadecimal if it holds any.
_SECCOMP: Final = re.compile(
    rb"\A[0-7],[^;\n]*;audit: type=1326 audit\((\d{1,12})\.\d+:\d+\): [^\n]*? pid=(\d{1,9}) "
    rb'comm=(?:"[^"\n]*"|[0-9A-F]+) [^\n]*?\bsig=31 arch=([0-9a-f]{1,8}) syscall=(\d{1,9}) '
)
_OUT_OF_MEMORY: Final = re.compile(
    rb"\A[0-7],[^;\n]*;(?:Memory cgroup out|Out) of memory: Killed process (\d{1,9}) "
)


class KernelLog:
    """The log from now on. Closed by :meth:`close`."""

    def __init__(self) -> None:
        self._calls: dict[int, tuple[float, str]] = {}
        self._starved: dict[int, None] = {}
        self._fd = -1
        try:
            # In another namespace the log's process ids would be somebody else's.
            if os.readlink("/proc/self/ns/pid") != _INITIAL_PID_NAMESPACE:
                return
            self._fd = os.open(_PATH, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self._fd, 0, os.SEEK_END)
        except OSError:
            self.close()

    @property
    def is_open(self) -> bool:
        """Whether this process may read the log."""
        return self._fd >= 0

    def forbidden_call(self, pid: int) -> str:
        """Return the name of the system call that *pid* died for in the last seconds, or nothing (yet)."""
        self.catch_up()
        at, name = self._calls.pop(pid, (0.0, ""))
        return name if abs(time() - at) < _WITHIN_S else ""

    def ran_out_of_memory(self, pid: int) -> bool:
        """Whether the kernel ended *pid* to get memory; asked once."""
        self.catch_up()
        return self._starved.pop(pid, 0) is None

    def catch_up(self) -> None:
        """Read on, so that little is left to read when it is needed; what is read stays known for a while."""
        for _ in range(_RECORDS_A_TURN if self._fd >= 0 else 0):
            try:
                record = os.read(self._fd, _RECORD_BYTES)
            except BrokenPipeError:
                continue  # overwritten before we came; the next is the oldest that is left
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self.take(record)

    def take(self, record: bytes) -> None:
        """Remember what one record says."""
        if (found := _SECCOMP.match(record)) is not None:
            at, pid, arch, number = found.groups()
            name = syscall_name(int(arch, 16), int(number))
            self._calls.pop(int(pid), None)
            self._calls[int(pid)] = float(at), name
            if len(self._calls) > _KEPT:
                del self._calls[next(iter(self._calls))]
        elif (found := _OUT_OF_MEMORY.match(record)) is not None:
            self._starved[int(found[1])] = None
            if len(self._starved) > _KEPT:
                del self._starved[next(iter(self._starved))]

    def close(self) -> None:
        """Let go of the log."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
