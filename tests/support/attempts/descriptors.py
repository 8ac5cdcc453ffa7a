"""Descriptors: the channel's, those that a careless host leaves behind, and new ones."""

import ctypes
import errno
import os
from struct import pack

from tests.support.attempts.shape import AT_FDCWD, Attempt, called, row, steps
from tests.support.attempts.world import SECRET, World

_EPIPE_END = "a pipe's end has one direction"
_SPACE = ctypes.create_string_buffer(b" ")
_SPACE_VECTOR = pack("<QQ", ctypes.addressof(_SPACE), 1)


def _buffer(world: World) -> object:
    return world.buffer


def _vector(world: World) -> object:
    return pack("<QQ", ctypes.addressof(world.buffer), 1)


def _held(index: int) -> object:
    return lambda world: world.held[index]


def _reads_any(world: World) -> None:
    """Every number to 1023 but the channel's: does one give the secret away?"""
    for fd in range(1024):
        if fd not in (3, 4):
            try:
                if os.pread(fd, 64, 0) == SECRET:
                    return
            except OSError:
                continue
    raise OSError(errno.EBADF, "none is open")


def _counts_any(world: World) -> None:
    """Every number to 1023: is one open beside the channel's, even though unreadable?"""
    for fd in range(1024):
        if fd not in (3, 4):
            try:
                os.fstat(fd)
            except OSError:
                continue
            return
    raise OSError(errno.EBADF, "none is open")


def _out_of_an_empty_root(world: World) -> None:
    """A directory's descriptor is a way around whatever root there is."""
    called(257, world.held[2], b"etc/passwd\0", 0, 0)


def _passes(world: World) -> None:
    called(53, 1, 1, 0, world.two)
    called(1, world.two[0], b"x", 1)
    called(0, world.two[1], world.buffer, 1)


ATTEMPTS: tuple[Attempt, ...] = (
    steps("read a secret from any inherited descriptor", _reads_any),
    steps("find an open descriptor up to 1023", _counts_any),
    steps("a file by way of an inherited directory", _out_of_an_empty_root),
    row("read of an inherited file", 0, _held(0), _buffer, 1),
    row("pread of an inherited file", 17, _held(0), _buffer, 1, 0),
    row("write to an inherited descriptor", 1, _held(1), b"x", 1),
    row("lseek", 8, _held(0), 0, 0),
    row("getdents of an inherited directory", 217, _held(2), _buffer, 4096),
    row("fchdir to an inherited directory", 81, _held(2)),
    row("sendfile", 40, _held(1), _held(0), 0, 1),
    row("copy_file_range", 326, _held(0), 0, _held(1), 0, 1, 0,
        reason="the device it would write to is no file", refused=(errno.EINVAL,)),
    row("dup", 32, 3),
    row("dup2", 33, 3, 1000),
    row("dup3", 292, 3, 1001, 0),
    row("fcntl", 72, 3, 3, 0),
    row("fcntl duplicates", 72, 3, 0, 100),
    row("ioctl", 16, 3, 0x541B, _buffer),
    row("pipe2", 293, lambda world: world.two, 0),
    row("pipe", 22, lambda world: world.two),
    row("close of the channel", 3, 3),
    row("close_range", 436, 3, 3, 0),
    row("memfd_create", 319, b"x\0", 0),
    row("memfd_secret", 447, 0, reason="where secret memory is off", refused=(errno.ENOSYS,)),
    row("eventfd", 290, 0, 0),
    row("signalfd", 289, -1, bytes(8), 8, 0),
    row("timerfd", 283, 1, 0),
    row("epoll_create", 291, 0),
    row("poll", 7, 0, 0, 0),
    row("ppoll", 271, 0, 0, bytes(16), 0),
    row("select", 23, 0, 0, 0, 0, bytes(16)),
    row("splice from the channel to the channel", 275, 3, 0, 4, 0, 1, 2),
    row("tee", 276, 3, 4, 1, 2),
    row("vmsplice", 278, 4, _SPACE_VECTOR, 1, 0),
    row("read of the standard input", 0, 0, _buffer, 0),
    row("read of the writing end", 0, 4, _buffer, 1, reason=_EPIPE_END, refused=(errno.EBADF,)),
    row("read of 3 with a high bit", 0, (1 << 32) | 3, _buffer, 0),
    row("write to standard error", 1, 2, b"", 0),
    row("write to the reading end", 1, 3, b"", 0, reason=_EPIPE_END, refused=(errno.EBADF,)),
    row("writev", 20, 4, _SPACE_VECTOR, 1),
    row("readv", 19, 3, _vector, 1),
    row("pwritev2", 328, 4, _SPACE_VECTOR, 1, -1, -1, 0),
    row("fadvise", 221, _held(0), 0, 0, 0),
    row("flock", 73, _held(0), 2),
    row("fallocate", 285, _held(0), 0, 0, 1, reason="it is open for reading only",
        refused=(errno.EBADF,)),
    row("aio", 206, 1, lambda world: bytes(8), reason="where the kernel has no old asynchronous I/O",
        refused=(errno.ENOSYS,)),
    steps("a pair of sockets to talk through", _passes),
    row("open beneath the working directory", 257, AT_FDCWD, b".\0", 0o200000, 0),
)  # fmt: skip
