"""Confinement of a worker, in one ordered function.

Promises    When :func:`enter_lockdown` returns, the process holds the two descriptors of its channel and
            no other, has an empty environment, cannot gain privileges, dies with its zygote, and is
            bounded in memory, files and size of files. What each step did is returned, read back from the
            kernel where the kernel tells.
Relies on   Being called before a byte of a plugin is read, with everything imported that will ever be.
"""

import ctypes
import os
import resource
from typing import Final

CHANNEL_READ_FD: Final = 3
CHANNEL_WRITE_FD: Final = 4

_PR_SET_PDEATHSIG: Final = 1
_PR_GET_PDEATHSIG: Final = 2
_PR_SET_DUMPABLE: Final = 4
_PR_GET_DUMPABLE: Final = 3
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_GET_NO_NEW_PRIVS: Final = 39
_SIGKILL: Final = 9
_STACK_BYTES: Final = 8 * 1024 * 1024

# Resolved in the zygote: loading a library is an open() that a locked worker cannot make.
_prctl = ctypes.CDLL(None, use_errno=True).prctl


class Limits:
    """What one worker may use: bytes of JavaScript heap, bytes of data segment, niceness."""

    __slots__ = ("data_bytes", "heap_bytes", "niceness", "parent_pid")

    def __init__(self, heap_bytes: int, data_bytes: int, niceness: int) -> None:
        self.heap_bytes = heap_bytes
        self.data_bytes = data_bytes
        self.niceness = niceness
        self.parent_pid = 0


class LockdownError(Exception):
    """A step of the lockdown did not hold. The worker must not run a plugin."""


def _call(option: int, value: int, name: str) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        raise LockdownError(f"prctl {name} failed with errno {ctypes.get_errno()}")


def _set_limit(which: int, value: int) -> bool:
    resource.setrlimit(which, (value, value))
    return resource.getrlimit(which) == (value, value)


def enter_lockdown(limits: Limits, *, max_fds: int = CHANNEL_WRITE_FD + 1) -> dict[str, bool]:
    """Confine this process; return layer name -> verified. Raises :class:`LockdownError`.

    ``max_fds`` is the exact bound on descriptor numbers; a builder, which opens files, gets a few more.
    """
    layers: dict[str, bool] = {}
    # An inherited descriptor would outlive every later barrier, so they go first.
    os.closerange(0, CHANNEL_READ_FD)
    os.closerange(CHANNEL_WRITE_FD + 1, 65536)
    layers["descriptors"] = _only_channel_open()
    os.environ.clear()
    layers["environment"] = not os.environ
    if limits.niceness:
        os.nice(limits.niceness)
    # The zygote started us from its only thread, which is what the kernel watches here.
    _call(_PR_SET_PDEATHSIG, _SIGKILL, "PDEATHSIG")
    if os.getppid() != limits.parent_pid:
        raise LockdownError("the zygote ended while this worker was being made")
    signal = ctypes.c_int()
    _prctl(_PR_GET_PDEATHSIG, ctypes.byref(signal), 0, 0, 0)
    layers["pdeathsig"] = signal.value == _SIGKILL
    layers["rlimits"] = all(
        (
            _set_limit(resource.RLIMIT_CORE, 0),
            _set_limit(resource.RLIMIT_FSIZE, 0),
            _set_limit(resource.RLIMIT_MEMLOCK, 0),
            _set_limit(resource.RLIMIT_MSGQUEUE, 0),
            _set_limit(resource.RLIMIT_DATA, limits.data_bytes),
            _set_limit(resource.RLIMIT_STACK, _STACK_BYTES),
            _set_limit(resource.RLIMIT_NOFILE, max_fds),
        )
    )
    _call(_PR_SET_DUMPABLE, 0, "DUMPABLE")
    layers["not_dumpable"] = _prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
    _call(_PR_SET_NO_NEW_PRIVS, 1, "NO_NEW_PRIVS")
    layers["no_new_privs"] = _prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
    failed = [name for name, held in layers.items() if not held]
    if failed:
        raise LockdownError(f"not in force: {', '.join(failed)}")
    return layers


def _only_channel_open() -> bool:
    for fd in range(256):
        try:
            os.fstat(fd)
        except OSError:
            is_open = False
        else:
            is_open = True
        if is_open != (fd in (CHANNEL_READ_FD, CHANNEL_WRITE_FD)):
            return False
    return True
