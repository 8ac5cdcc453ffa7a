"""Layer ``landlock``: a rule set without rules denies every right that the kernel can deny.

What the kernel offers depends on its Landlock ABI: files from 1 (5.13), linking and renaming across
directories from 2, truncation from 3, TCP from 4 (6.7), device ioctls from 5, abstract sockets and
signals to the outside from 6 (6.12). Not covered by any: stat, chmod, UDP, sockets with a path.
"""

import ctypes
import errno
import os

from worker.lockdown.kernel import syscall

# The same numbers on every architecture.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_READ_FILE = 1 << 2

_FILES = ((1, 13), (2, 14), (3, 15), (5, 16))
"""(from which ABI, how many rights on files there are)."""
_NET_BIND_CONNECT = 0b11
_SCOPES = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (  # type: ignore[mutable-override]  # as the ctypes manual has it
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (  # type: ignore[mutable-override]  # as above
        ("allowed", ctypes.c_uint64),
        ("fd", ctypes.c_int32),
    )


def abi() -> int:
    """Return the kernel's Landlock ABI, or ``-errno``."""
    return syscall(_CREATE_RULESET, 0, 0, _VERSION_FLAG)


def deny_all(readable_fd: int) -> str:
    """Deny everything but reading files beneath the directory *readable_fd* (-1: none).

    Return why not, or nothing. Needs NO_NEW_PRIVS and one free descriptor number.
    """
    version = abi()
    if version < 1:
        if -version == errno.EOPNOTSUPP:
            return "Landlock is switched off at boot (lsm=)"
        if -version == errno.ENOSYS:
            return "the kernel has no Landlock (Linux 5.13 or newer, CONFIG_SECURITY_LANDLOCK)"
        return f"landlock_create_ruleset is denied ({errno.errorcode.get(-version, version)})"
    rights = max(count for since, count in _FILES if version >= since)
    wanted = _Ruleset(
        (1 << rights) - 1,
        _NET_BIND_CONNECT if version >= 4 else 0,
        _SCOPES if version >= 6 else 0,
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    fd = syscall(_CREATE_RULESET, ctypes.byref(wanted), size, 0)
    if fd < 0:
        return f"landlock_create_ruleset failed: {errno.errorcode.get(-fd, fd)}"
    result = 0
    if readable_fd >= 0:
        rule = _PathBeneath(_READ_FILE, readable_fd)
        result = syscall(_ADD_RULE, fd, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    if result == 0:
        result = syscall(_RESTRICT_SELF, fd, 0)
    os.close(fd)
    return "" if result == 0 else f"Landlock refused: {errno.errorcode.get(-result, result)}"
