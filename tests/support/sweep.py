"""Calls system calls by number, each in a locked process of its own: ``python -I -S sweep.py ROOT NUMBER...``

Prints one JSON object: number -> ``[signal that ended it, code it left with]``.
"""

import gc
import json
import os
import sys

REFUSED, CAME_THROUGH = 1, 2
"""Codes of a process that lives to see the kernel's answer."""


def main(root: str, *numbers: str) -> None:
    """Make the calls one after another."""
    sys.path.insert(0, root)
    from worker.lockdown import Filter

    confine = Filter("plugins")
    gc.freeze()
    print(json.dumps({number: ended_by(confine, int(number)) for number in numbers}))


def ended_by(confine: object, number: int) -> tuple[int, int]:
    """Call *number* in a fork that is locked down by the filter *confine* and all other layers."""
    from worker.lockdown import CHANNEL_READ_FD, CHANNEL_WRITE_FD, Limits, enter_lockdown
    from worker.lockdown.kernel import syscall

    host = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            ours, theirs = os.pipe()
            os.dup2(os.dup2(ours, 100), CHANNEL_READ_FD)
            os.dup2(os.dup2(theirs, 101), CHANNEL_WRITE_FD)
            limits = Limits(0, 128 << 20, 0)
            limits.parent_pid = host
            enter_lockdown(limits, confine)  # type: ignore[arg-type]
            answer = syscall(number, 0, 0, 0, 0, 0, 0)
            os._exit(REFUSED if answer < 0 else CAME_THROUGH)
        finally:
            os._exit(70)
    _, status = os.waitpid(pid, 0)
    return status & 0x7F, status >> 8


if __name__ == "__main__":
    main(*sys.argv[1:])
