"""Layer ``rlimits``: what the kernel counts. Hard and soft alike, so that nothing can be raised again."""

import resource
from typing import Final

_STACK_BYTES: Final = 8 * 1024 * 1024
"""With less, deep recursion in JavaScript is a crash and not an error."""

_NONE: Final = (
    resource.RLIMIT_CORE,  # a dump would hold whatever the plugin was told
    resource.RLIMIT_FSIZE,  # no file grows, whoever opened it
    resource.RLIMIT_MEMLOCK,
    resource.RLIMIT_MSGQUEUE,
    resource.RLIMIT_NPROC,  # no process, no thread; the kernel does not count root's
    resource.RLIMIT_SIGPENDING,  # nor queued signals, timers
    resource.RLIMIT_RTPRIO,
    resource.RLIMIT_NICE,
)


def _set(which: int, value: int) -> bool:
    resource.setrlimit(which, (value, value))
    return resource.getrlimit(which) == (value, value)


def limit_all(data_bytes: int) -> bool:
    """Set every limit but the number of descriptors; tell whether the kernel has them."""
    held = [_set(which, 0) for which in _NONE]
    held += [
        _set(resource.RLIMIT_DATA, data_bytes),
        _set(resource.RLIMIT_STACK, _STACK_BYTES),
    ]
    return all(held)


def limit_descriptors(count: int) -> bool:
    """Set the exact number of descriptors, after the last one that confinement itself opens."""
    return _set(resource.RLIMIT_NOFILE, count)
