"""Runs a program to which the system denies something: ``python -I -S denied.py WHAT PROGRAM [ARGS]``.

WHAT is ``landlock`` or ``namespaces`` (a seccomp filter answers EPERM, as a container's does), ``setuid`` (root
without the capability), or ``nothing``: the same way to the program, with everything allowed.
"""

import ctypes
import errno
import os
import struct
import sys

_ERRNO, _ALLOW = 0x00050000, 0x7FFF0000
_LANDLOCK = 444
_UNSHARE = {"x86_64": 272, "aarch64": 97}
_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))  # type: ignore[mutable-override]


def _refuse(number: int) -> None:
    steps = (
        (0x20, 0, 0, 0),  # the number
        (0x15, 0, 1, number),
        (0x06, 0, 0, _ERRNO | errno.EPERM),
        (0x06, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.addressof(code))
    assert _libc.prctl(38, 1, 0, 0, 0) == 0
    assert _libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0, os.strerror(ctypes.get_errno())


def main(what: str, program: str, *args: str) -> None:
    """Deny and go on."""
    if what == "landlock":
        _refuse(_LANDLOCK)
    elif what == "namespaces":
        _refuse(_UNSHARE[os.uname().machine])
    elif what == "setuid":
        assert (
            _libc.prctl(24, 7, 0, 0, 0) == 0
        )  # out of the bounding set: the next exec has it no more
    elif what != "nothing":
        raise SystemExit(f"unknown: {what}")
    os.execv(program, [program, *args])  # noqa: S606 - it has no shell, on purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
