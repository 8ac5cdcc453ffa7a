"""Layer ``seccomp``: the system calls of a profile, and nothing else. Installed last: it takes away
whatever the other layers are made with.
"""

import ctypes
import errno

from worker.lockdown.bpf import assemble, to_bytes
from worker.lockdown.kernel import MACHINE, prctl, syscall
from worker.lockdown.syscalls import MACHINES, Profile, rules

_SET_MODE_FILTER = 1
_GET_ACTION_AVAIL = 2
_PR_GET_SECCOMP = 21
_KILL_PROCESS = 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (  # type: ignore[mutable-override]  # as the ctypes manual has it
        ("length", ctypes.c_ushort),
        ("steps", ctypes.c_void_p),
    )


class Filter:
    """A filter ready to install. Made in the zygote, so that a worker only points at it."""

    def __init__(self, profile: Profile) -> None:
        machine = MACHINES.get(MACHINE)
        self._number = machine.seccomp if machine is not None else 0
        steps = (
            assemble(machine.audit_arch, rules(machine, profile)) if machine is not None else []
        )
        data = to_bytes(steps)
        self._steps = ctypes.create_string_buffer(data, max(len(data), 1))
        self._program = _Program(len(steps), ctypes.addressof(self._steps))

    def install(self) -> str:
        """Put the filter in force for good; return why not, or nothing.

        After this, whatever is not in the table kills the process: the kernel's word that it took the
        filter is all the proof that can be had from inside. Outside, ``/proc/<pid>/status`` tells.
        """
        if not self._number:
            return f"no table of system calls for {MACHINE}"
        action = ctypes.c_uint32(_KILL_PROCESS)
        if syscall(self._number, _GET_ACTION_AVAIL, 0, ctypes.byref(action)) != 0:
            return "the kernel is older than 4.14 or was built without seccomp filters"
        if prctl(_PR_GET_SECCOMP) < 0:
            return "the kernel was built without seccomp"
        result = syscall(self._number, _SET_MODE_FILTER, 0, ctypes.byref(self._program))
        return (
            "" if result == 0 else f"seccomp(2) failed: {errno.errorcode.get(-result, result)}"
        )
