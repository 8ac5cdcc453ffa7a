"""Stopping a worker where it waits for a message, and having it make one system call. x86_64 only.

Promises    A worker that is let go without :func:`prepare_call` goes on as if nothing had been.
Relies on   ptrace(2): one thread does everything from :func:`stop_in_read` to :func:`let_go`, as root with
            CAP_SYS_PTRACE; a worker is not dumpable, so nobody else may.
"""

import ctypes
import os
import signal
from typing import Final

MACHINE: Final = "x86_64"
READ: Final = 0
SUSPEND_SECCOMP: Final = 1 << 21
"""PTRACE_O_SUSPEND_SECCOMP: no filter on the tracee while it is traced; needs CAP_SYS_ADMIN."""

_SEIZE, _INTERRUPT, _DETACH, _SYSCALL = 0x4206, 0x4207, 17, 24
_GETREGS, _SETREGS = 12, 13
_WALL: Final = 0x40000000
_WORD: Final = (1 << 64) - 1
_INSTRUCTION_BYTES: Final = 2
_TRIES: Final = 10_000
_NAMES: Final = [
    "r15",
    "r14",
    "r13",
    "r12",
    "rbp",
    "rbx",
    "r11",
    "r10",
    "r9",
    "r8",
    "rax",
    "rcx",
    "rdx",
    "rsi",
    "rdi",
    "orig_rax",
    "rip",
    "cs",
    "eflags",
    "rsp",
    "ss",
    "fs_base",
    "gs_base",
    "ds",
    "es",
    "fs",
    "gs",
]
_ARGUMENTS: Final = ("rdi", "rsi", "rdx", "r10", "r8", "r9")

_libc: Final = ctypes.CDLL(None, use_errno=True)
_ptrace: Final = _libc.ptrace
_ptrace.restype = ctypes.c_long


class Registers(ctypes.Structure):
    """struct user_regs_struct."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in _NAMES)  # type: ignore[mutable-override]  # as the ctypes manual has it


def _call(request: int, pid: int, data: object = None) -> None:
    if int(_ptrace(ctypes.c_long(request), pid, None, data)) != 0:
        failed = ctypes.get_errno()
        raise OSError(failed, os.strerror(failed), f"process {pid}")


def _wait_for_stop(pid: int) -> int:
    _, status = os.waitpid(pid, _WALL)
    if not os.WIFSTOPPED(status):
        raise OSError(f"process {pid} ended while it was traced")
    return os.WSTOPSIG(status)


def stop_in_read(pid: int, options: int = 0) -> Registers:
    """Stop *pid* in the read(2) that it waits in; on the way there it is let go again. Raises ``OSError``."""
    registers = Registers()
    for _ in range(_TRIES):
        _call(_SEIZE, pid, ctypes.c_long(options))
        _call(_INTERRUPT, pid)
        _wait_for_stop(pid)
        _call(_GETREGS, pid, ctypes.byref(registers))
        if registers.orig_rax == READ:
            return registers
        let_go(pid)
        os.sched_yield()
    raise OSError(f"process {pid} does not wait in read(2)")


def prepare_call(pid: int, registers: Registers, number: int = READ, *args: int) -> None:
    """Have *pid*, stopped in its read with *registers*, make system call *number* instead when it goes on.

    Missing *args* stay the read's; without a number it reads again, as if nothing had been.
    """
    changed = Registers.from_buffer_copy(registers)
    changed.rip -= _INSTRUCTION_BYTES  # back to the instruction that it waits in
    changed.rax = number
    changed.orig_rax = _WORD  # none: the kernel is not to begin the interrupted one again
    for name, value in zip(_ARGUMENTS, args, strict=False):
        setattr(changed, name, value & _WORD)
    _call(_SETREGS, pid, ctypes.byref(changed))


def answer_of_call(pid: int) -> int:
    """Let *pid* make the call that was prepared, stop it again, and return what the kernel gave (``-errno``)."""
    for _ in ("into the call", "out of it"):
        _call(_SYSCALL, pid)
        if _wait_for_stop(pid) != signal.SIGTRAP:
            raise OSError(f"process {pid} was stopped by a signal, not by its call")
    registers = Registers()
    _call(_GETREGS, pid, ctypes.byref(registers))
    result = int(registers.rax)
    return result - _WORD - 1 if result >> 63 else result


def let_go(pid: int) -> None:
    """Trace *pid* no longer."""
    _call(_DETACH, pid)
