"""Layers ``uid`` and ``capabilities``: whose process this is, and what the kernel lets it do for that.

A host that is root gives each worker a user id that owns nothing and that no other process has, so that
files, signals, ptrace and the limits that count per user are closed to it even without the layers above.
Without root a worker keeps the user's id, and the layer says that it does not hold.
"""

import ctypes
import os

from worker.lockdown.kernel import LockdownError, capget, capset, prctl

_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_KILL, _CAP_SETGID, _CAP_SETUID, _CAP_SETPCAP = 5, 6, 7, 8
_MAX_CAPABILITIES = 64

_FIRST_ID = 0x7000_0000
"""Above what distributions, containers and systemd give out, below 2^31; process ids are below 2^22."""
_NOBODY = 65534
"""Where a user namespace has no such numbers. Shared with whatever else runs as nobody."""


class _Header(ctypes.Structure):
    _fields_ = (  # type: ignore[mutable-override]  # as the ctypes manual has it
        ("version", ctypes.c_uint32),
        ("pid", ctypes.c_int),
    )


_Sets = ctypes.c_uint32 * 6
"""Effective, permitted, inheritable of the lower 32 capabilities, then of the upper."""


def _sets() -> "tuple[_Header, ctypes.Array[ctypes.c_uint32]]":
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), _Sets()
    if capget(ctypes.byref(header), ctypes.byref(sets)) != 0:
        raise LockdownError("capget failed")
    return header, sets


def take_own_user() -> str:
    """Become a user of our own; return why not, or nothing. Clears PDEATHSIG and the dumpable flag."""
    if os.getuid() != 0:
        return "the host is not root, so its workers run as the same user"
    effective = _sets()[1][0]
    # Without CAP_KILL, a host could no longer end a worker of another user.
    needed = 1 << _CAP_SETUID | 1 << _CAP_SETGID | 1 << _CAP_KILL
    if effective & needed != needed:
        return "the host is root without CAP_SETUID, CAP_SETGID or CAP_KILL"
    try:
        os.setgroups([])
        try:
            _become(_FIRST_ID + os.getpid())
        except OSError:
            _become(_NOBODY)
    except OSError as error:
        return f"changing the user failed: {error.strerror}"
    if 0 in (*os.getresuid(), *os.getresgid()) or os.getgroups():
        raise LockdownError("a user id of root's is left")
    return ""


def _become(id_: int) -> None:
    os.setresgid(id_, id_, id_)
    os.setresuid(id_, id_, id_)


def empty_bounding_set() -> None:
    """Take every capability from the bounding set, where that is allowed; before the user changes."""
    if not _sets()[1][0] >> _CAP_SETPCAP & 1:
        return  # then there is nothing to gain it back from either: NO_NEW_PRIVS stands before exec
    for capability in range(_MAX_CAPABILITIES):
        if prctl(_PR_CAPBSET_DROP, capability) < 0:
            break
    if prctl(_PR_CAPBSET_READ, 0) != 0:
        raise LockdownError("the bounding set is not empty")


def drop_capabilities() -> bool:
    """Empty the effective, permitted, inheritable and ambient sets; read them back."""
    prctl(
        _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL
    )  # fails before Linux 4.3, which has no such set
    header = _Header(_CAPABILITY_VERSION_3, 0)
    if capset(ctypes.byref(header), ctypes.byref(_Sets())) != 0:
        return False
    return not any(_sets()[1])
