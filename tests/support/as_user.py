"""Runs a command as a user without privileges who may not make user namespaces, from a test that is root.

    python as_user.py COMMAND...

A container's or a hardened distribution's denial of user namespaces is stood in for by a filter that answers
EPERM. Where the interpreter or this tree lie beneath a directory that is closed to others, the command sees
copies of the ways to them, in mounts of its own.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from struct import pack

UID = 0x7100_0000
"""Given out by nobody; below the range from which workers take theirs is no user, above are they."""
_PERMITTED_TO_ALL = 0o001
_NEW_MOUNTS, _NEW_USERS = 0x0002_0000, 0x1000_0000
_BIND, _REC, _PRIVATE = 0x1000, 0x4000, 0x4_0000
_CLONE, _UNSHARE, _CLONE3, _SECCOMP = 56, 272, 435, 317
_EPERM, _ENOSYS = 0x0005_0001, 0x0005_0026
_ALLOW = 0x7FFF_0000
_ROOT = Path(__file__).resolve().parents[2]

_NO_USER_NAMESPACES = (
    (0x20, 0, 0, 0),  # the number
    (0x15, 4, 0, _CLONE3),
    (0x15, 1, 0, _CLONE),
    (0x15, 0, 3, _UNSHARE),
    (0x20, 0, 0, 16),  # the flags
    (0x45, 2, 1, _NEW_USERS),
    (0x06, 0, 0, _ENOSYS),  # glibc falls back to clone
    (0x06, 0, 0, _ALLOW),
    (0x06, 0, 0, _EPERM),
)


def command(argv: list[str]) -> list[str]:
    """Return *argv* as that user; as it is where we are a user already."""
    if os.getuid() != 0:
        return argv
    return [sys.executable, "-I", "-S", __file__, *argv]


@contextlib.contextmanager
def opened(folder: str) -> Iterator[None]:
    """Let every user into *folder* and make files there, while it lasts."""
    os.chmod(folder, 0o1777)  # noqa: S103 - as /tmp is
    yield


def main(argv: list[str]) -> None:
    """Become the user and run *argv*."""
    sys.path.insert(0, str(_ROOT))
    from ctypes import addressof, create_string_buffer

    from worker.lockdown.kernel import syscall

    _open_ways([Path(sys.executable), Path(sys.base_prefix), _ROOT])
    os.setgroups([])
    program = create_string_buffer(
        b"".join(pack("=HBBI", *step) for step in _NO_USER_NAMESPACES)
    )
    # Root needs no NO_NEW_PRIVS for it, so that set-user-id programs keep their meaning.
    pointer = pack("=H6xQ", len(_NO_USER_NAMESPACES), addressof(program))
    if syscall(_SECCOMP, 1, 0, pointer) != 0:
        raise OSError("the kernel refused the filter that denies user namespaces")
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    os.chdir("/")
    os.execv(argv[0], argv)  # noqa: S606 - that is what it is for


def _open_ways(wanted: list[Path]) -> None:
    """Make every path of *wanted* reachable for all, in a tree of mounts of our own."""
    from worker.lockdown.kernel import mount, unshare

    is_private = False
    for path in wanted:
        closed = [p for p in reversed(path.parents) if not p.stat().st_mode & _PERMITTED_TO_ALL]
        if not closed:
            continue
        if not is_private:
            _must(unshare(_NEW_MOUNTS), "unshare")
            _must(mount(b"none", b"/", b"", _REC | _PRIVATE, b""), "private mounts")
            is_private = True
        # The entry of the closed directory that leads on is all that the new one in its place has.
        entry = closed[0] / path.relative_to(closed[0]).parts[0]
        held = os.open(entry, os.O_PATH)
        _must(
            mount(b"none", bytes(closed[0]), b"tmpfs", 0, b"mode=755"),
            "a directory in its place",
        )
        if os.path.isdir(f"/proc/self/fd/{held}"):
            entry.mkdir()
        else:
            entry.touch()
        source = f"/proc/self/fd/{held}".encode()
        _must(mount(source, bytes(entry), b"", _BIND | _REC, b""), f"a way to {entry}")
        os.close(held)


def _must(failed: int, what: str) -> None:
    if failed:
        raise OSError(-failed, f"{what}: {os.strerror(-failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
