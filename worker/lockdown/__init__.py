"""Confinement of a worker: each layer a module, one ordered function that enters them all.

Top to bottom: ``enter`` (the order) over ``cgroup``, ``descriptors``, ``identity``, ``rlimits``, ``landlock``,
``seccomp`` (with ``syscalls``, the table, and ``bpf``, the assembler) over ``kernel``. ``namespaces`` is for
the zygote.
"""

from worker.lockdown.enter import EXIT_LOCKDOWN, Layers, Limits, enter_lockdown
from worker.lockdown.kernel import LockdownError
from worker.lockdown.seccomp import Filter
from worker.lockdown.syscalls import CHANNEL_READ_FD, CHANNEL_WRITE_FD

__all__ = [
    "CHANNEL_READ_FD",
    "CHANNEL_WRITE_FD",
    "EXIT_LOCKDOWN",
    "Filter",
    "Layers",
    "Limits",
    "LockdownError",
    "enter_lockdown",
]
