"""The few calls into the kernel that Python has no name for.

Relies on   Being imported in the zygote: loading a library is an open() that a locked worker cannot make.
"""

import ctypes
import errno
import os
from typing import Final


class LockdownError(Exception):
    """A step of the lockdown did not hold. The worker must not run a plugin."""


# The name of the machine, as the tables of syscalls.py are keyed.
MACHINE: Final = os.uname().machine

_libc: Final = ctypes.CDLL(None, use_errno=True)
_prctl: Final = _libc.prctl
_syscall: Final = _libc.syscall
_syscall.restype = ctypes.c_long
_LONG: Final = ctypes.c_ulong


def prctl(option: int, value: int = 0, third: int = 0) -> int:
    """Return what prctl returns, or ``-errno``."""
    result = int(_prctl(option, _LONG(value), _LONG(third), _LONG(0), _LONG(0)))
    return result if result >= 0 else -ctypes.get_errno()


def prctl_get(option: int) -> int:
    """Return the integer that prctl *option* writes through its first argument."""
    value = ctypes.c_int()
    _prctl(option, ctypes.byref(value), _LONG(0), _LONG(0), _LONG(0))
    return value.value


def syscall(number: int, *args: object) -> int:
    """Make a system call; return its result, or ``-errno``. Integers are passed at full width."""
    full = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = int(_syscall(ctypes.c_long(number), *full))
    return result if result >= 0 else -ctypes.get_errno()


def mount(source: bytes, target: bytes, kind: bytes, flags: int, data: bytes) -> int:
    """Return 0 or ``-errno``."""
    if int(_libc.mount(source, target, kind, _LONG(flags), data)) == 0:
        return 0
    return -ctypes.get_errno()


def unmount(target: bytes, flags: int) -> int:
    """Return 0 or ``-errno``."""
    return 0 if int(_libc.umount2(target, flags)) == 0 else -ctypes.get_errno()


def unshare(flags: int) -> int:
    """Return 0 or ``-errno``."""
    return 0 if int(_libc.unshare(flags)) == 0 else -ctypes.get_errno()


def capget(header: object, sets: object) -> int:
    """Return 0 or ``-errno``."""
    return 0 if int(_libc.capget(header, sets)) == 0 else -ctypes.get_errno()


def capset(header: object, sets: object) -> int:
    """Return 0 or ``-errno``."""
    return 0 if int(_libc.capset(header, sets)) == 0 else -ctypes.get_errno()


def pivot_root(new: bytes, old: bytes) -> int:
    """Return 0 or ``-errno``. glibc has no name for it."""
    number = {"x86_64": 155, "aarch64": 41}.get(MACHINE)
    return -errno.ENOSYS if number is None else syscall(number, new, old)
