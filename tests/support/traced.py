"""What a tracer sees: the filter that a process installs, and the processes and threads that another makes.

The first is for users to whom the kernel gives no filter back. The tracer stops the process at every system call and copies what it hands to seccomp(2) out of its memory. It is left
dumpable: the kernel lets a tracer without privileges read nothing else.
"""

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack, unpack_from

from tests.support.partial import leave_out
from worker.lockdown import Filter, Limits, enter_lockdown
from worker.lockdown.kernel import MACHINE
from worker.lockdown.syscalls import MACHINES

_TRACEME, _PEEKDATA, _SYSCALL = 0, 2, 24
_CONT, _SEIZE = 7, 0x4206
_TRACE_BIRTHS, _ANY_KIND = 0x2 | 0x4 | 0x8, 0x40000000
_EVENT_FORK, _EVENT_VFORK, _EVENT_CLONE = 1, 2, 3
_SETOPTIONS, _GET_SYSCALL_INFO = 0x4200, 0x420E
_MARK_SYSCALLS, _KILL_WITH_TRACER = 1, 0x100000
_SYSCALL_STOP = signal.SIGTRAP | 0x80
_ENTRY, _EXIT = 1, 2
_SET_MODE_FILTER = 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, pid: int, address: int = 0, data: object = None) -> int:
    ctypes.set_errno(0)
    result = _libc.ptrace(ctypes.c_long(request), pid, ctypes.c_void_p(address), data)
    if ctypes.get_errno():
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
    return int(result)


def _peek(pid: int, address: int, size: int) -> bytes:
    words = range(address, address + size, 8)
    return b"".join(
        (_ptrace(_PEEKDATA, pid, at) & (1 << 64) - 1).to_bytes(8, "little") for at in words
    )[:size]


def installed_filters() -> list[bytes]:
    """Lock a process down under a tracer; return every program that the kernel took from it."""
    pid = os.fork()
    if pid == 0:
        try:
            leave_out({"not_dumpable", "namespaces", "empty_root", "uid", "descriptors"})
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            limits = Limits(0, 128 << 20, 0)
            limits.parent_pid = os.getppid()
            enter_lockdown(limits, Filter("plugins"))
        finally:
            os._exit(0)
    try:
        os.waitpid(pid, 0)
        options = _MARK_SYSCALLS | _KILL_WITH_TRACER
        _ptrace(_SETOPTIONS, pid, 0, ctypes.c_long(options))
        return _watch(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _watch(pid: int) -> list[bytes]:
    taken: list[bytes] = []
    offered = b""
    numbers = MACHINES[MACHINE].numbers
    while True:
        _ptrace(_SYSCALL, pid)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            raise ChildProcessError(f"it ended early: {status:#x}")
        if os.WSTOPSIG(status) != _SYSCALL_STOP:
            continue
        info = ctypes.create_string_buffer(88)
        _ptrace(_GET_SYSCALL_INFO, pid, len(info), info)
        if info.raw[0] == _ENTRY:
            called, operation, _, pointer = unpack_from("<4Q", info, 24)
            if called == numbers["exit_group"]:  # it has done all it does
                return taken
            offered = b""
            if (called, operation) == (MACHINES[MACHINE].seccomp, _SET_MODE_FILTER):
                length, steps = unpack("<H6xQ", _peek(pid, pointer, 16))
                offered = _peek(pid, steps, 8 * length)
        elif info.raw[0] == _EXIT and offered:
            (result,) = unpack_from("<q", info, 24)
            if result == 0:
                taken.append(offered)


@dataclass(frozen=True, slots=True)
class Births:
    """How many processes and threads a process made."""

    processes: int
    threads: int


class Watched:
    """Filled at the end of :func:`watch_births`."""

    seen = Births(0, 0)


@contextlib.contextmanager
def watch_births(pid: int) -> Iterator[Watched]:
    """Trace *pid* and whatever it makes from a process of its own; count forks and threads."""
    ready, told = os.pipe()
    tracer = os.fork()
    if tracer == 0:
        try:
            os.close(ready)
            _count_births(pid, told)
        finally:
            os._exit(0)
    os.close(told)
    watched = Watched()
    with open(ready, "rb", buffering=0) as report:
        assert report.read(1), f"process {pid} cannot be traced"
        try:
            yield watched
        finally:
            os.kill(tracer, signal.SIGUSR1)
            text = report.read(64)
            os.waitpid(tracer, 0)
    watched.seen = Births(*map(int, text.split()))


def _count_births(pid: int, told: int) -> None:
    """Until SIGUSR1. What is still traced then goes on when this process ends."""
    heard = {signal.SIGCHLD, signal.SIGUSR1}
    signal.pthread_sigmask(
        signal.SIG_BLOCK, heard
    )  # taken one by one: none interrupts the count
    forks = threads = 0
    _ptrace(_SEIZE, pid, 0, ctypes.c_long(_TRACE_BIRTHS))
    os.write(told, b"r")
    is_watching = True
    while is_watching:
        is_watching = signal.sigwait(heard) != signal.SIGUSR1
        for tracee, status in _stopped():
            event, number = status >> 16, os.WSTOPSIG(status)
            forks += event in (_EVENT_FORK, _EVENT_VFORK)
            threads += event == _EVENT_CLONE
            with contextlib.suppress(OSError):  # it may be gone by now
                _ptrace(_CONT, tracee, 0, ctypes.c_long(0 if event else number))
    os.write(told, f"{forks} {threads}".encode())


def _stopped() -> Iterator[tuple[int, int]]:
    """Every tracee that has stopped by now, with its status."""
    with contextlib.suppress(ChildProcessError):  # nobody is left
        while (found := os.waitpid(-1, _ANY_KIND | os.WNOHANG)) != (0, 0):
            if os.WIFSTOPPED(found[1]):
                yield found
