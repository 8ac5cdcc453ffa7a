"""Layers ``descriptors`` and ``environment``: what a process inherits without being asked."""

import os
from _signal import (  # type: ignore[import-not-found]  # the plain module: `signal` drags in enum
    SIG_DFL,
    SIGINT,
    signal,
)

from worker.lockdown.syscalls import CHANNEL_READ_FD, CHANNEL_WRITE_FD

_ALL = 1 << 20
"""Above what nr_open allows by default; close_range(2) takes the whole range at once."""
_PROBED = 256


def keep_only(extra_fd: int = -1) -> None:
    """Close every descriptor but the channel's and *extra_fd*, a number above them (-1: none)."""
    os.closerange(0, CHANNEL_READ_FD)
    if extra_fd >= 0:
        os.closerange(CHANNEL_WRITE_FD + 1, extra_fd)
        os.closerange(extra_fd + 1, _ALL)
    else:
        os.closerange(CHANNEL_WRITE_FD + 1, _ALL)


def only_channel_open() -> bool:
    """Ask the kernel for the first 256 numbers, the channel's and others."""
    for fd in range(_PROBED):
        try:
            os.fstat(fd)
        except OSError:
            is_open = False
        else:
            is_open = True
        if is_open != (fd in (CHANNEL_READ_FD, CHANNEL_WRITE_FD)):
            return False
    return True


def clear_environment() -> bool:
    """Empty the environment, and forget Python's handler of SIGINT: returning from one is a system call."""
    os.environ.clear()
    signal(SIGINT, SIG_DFL)
    return not os.environ
