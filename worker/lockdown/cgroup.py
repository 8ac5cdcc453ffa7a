"""Layer ``cgroup``: the host made a group and opened the file that moves a process into it."""

import os


def join(procs_fd: int) -> str:
    """Move this process into the group of *procs_fd* (-1: there is none); return why not, or nothing."""
    if procs_fd < 0:
        return "the host has no group for it"
    try:
        os.write(
            procs_fd, b"0"
        )  # 0 is whoever writes: no number that could be another process's by now
    except OSError as error:
        return f"joining its group failed: {error.strerror}"
    return ""
