"""Makes a live process call what it never would, as native code that broke out of the engine could.

A tracer stops it where it waits in read(2), and lets it go on with another system call in its registers. Needs
root, as a locked worker is not dumpable, and x86_64, whose registers these are.
"""

import ctypes
import os

_SEIZE, _INTERRUPT, _DETACH, _GETREGS, _SETREGS = 0x4206, 0x4207, 17, 12, 13
_NAMES = (
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
    "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
)  # fmt: skip
_SYSCALL = b"\x0f\x05"
"""The instruction."""


class _Registers(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_ulonglong) for name in _NAMES)  # type: ignore[mutable-override]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


def _ptrace(request: int, pid: int, data: object = None) -> None:
    if _libc.ptrace(request, pid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {pid}")


def _stop_in_read(pid: int) -> _Registers:
    """Stop *pid* where it waits for a message; on the way there it is let go again."""
    registers = _Registers()
    for _ in range(10_000):
        _ptrace(_SEIZE, pid)
        _ptrace(_INTERRUPT, pid)
        os.waitpid(pid, 0x40000000)  # __WALL
        _ptrace(_GETREGS, pid, ctypes.byref(registers))
        if registers.orig_rax == 0:
            return registers
        _ptrace(_DETACH, pid)
        os.sched_yield()
    raise AssertionError(f"{pid} does not wait in read(2)")


def make_it_call(pid: int, number: int, *args: int) -> None:
    """Have *pid* make system call *number* instead of the read(2) that it waits in; missing *args* stay the read's."""
    registers = _stop_in_read(pid)
    registers.rip -= len(_SYSCALL)
    registers.rax = number
    registers.orig_rax = (
        1 << 64
    ) - 1  # none: the kernel is not to begin the interrupted one again
    for name, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), args, strict=False):
        setattr(registers, name, value & ((1 << 64) - 1))
    _ptrace(_SETREGS, pid, ctypes.byref(registers))
    _ptrace(_DETACH, pid)
