"""Layer ``landlock``, which no file shows: a worker is made to try and open a directory.

Promises    Returns None where it cannot be tried: another architecture, a host that may not trace, a filter that
            cannot be lifted. The worker reads on afterwards.
Relies on   The filter is lifted while it is traced, so that what denies is not the filter. The root directory of a
            worker is open to everyone, so that it is not the mode of the directory either.
"""

import errno
import os
import stat
from contextlib import suppress
from typing import Final

from host.doctor.tracing import (
    MACHINE,
    SUSPEND_SECCOMP,
    answer_of_call,
    let_go,
    prepare_call,
    stop_in_read,
)

_OPENAT: Final = 257
_AT_FDCWD: Final = -100
_O_DIRECTORY: Final = 0o200000
_BELOW_STACK: Final = 4096
"""Beneath what the interrupted code may use (the red zone is 128 bytes)."""
_OPEN_TO_ALL: Final = stat.S_IROTH | stat.S_IXOTH


def is_denied_by_landlock(pid: int) -> bool | None:
    """Whether the worker *pid* is refused when it opens its root directory; None if that cannot be tried."""
    if os.uname().machine != MACHINE:
        return None
    try:
        if os.stat(f"/proc/{pid}/root/").st_mode & _OPEN_TO_ALL != _OPEN_TO_ALL:
            return None
        registers = stop_in_read(pid, SUSPEND_SECCOMP)
    except OSError:
        return None
    try:
        path = registers.rsp - _BELOW_STACK
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(path)
            memory.write(b"/\0")
        prepare_call(pid, registers, _OPENAT, _AT_FDCWD, path, _O_DIRECTORY)
        answer = answer_of_call(pid)
        prepare_call(pid, registers)
    except OSError:
        return None
    finally:
        with suppress(OSError):
            let_go(pid)
    if answer >= 0:
        return False
    return True if answer == -errno.EACCES else None
