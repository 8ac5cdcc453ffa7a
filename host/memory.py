"""What a worker's memory has been, as the kernel tells anyone."""


def peak_bytes(pid: int) -> int | None:
    """Return the highest resident size of *pid* so far, or None when it is gone.

    ``/proc/<pid>/status`` stays readable for a process that is not dumpable.
    """
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None
