"""The listening socket: made by us, or passed by a manager of services.

Promises    One daemon at a socket: whoever has the lock beside it, for as long as the process lives, and no process that
            it starts. So a socket that is there when we get the lock is a dead one's. Everything happens beneath a
            descriptor of the directory, which is ours and closed to others; nothing is removed but a socket of our own.
"""

import contextlib
import fcntl
import os
import select
import socket
import stat
from collections.abc import MutableMapping
from typing import Final, Self

from host.errors import HostError
from host.reactor import now_s
from jcode_plugins.place import open_directory

_BACKLOG: Final = 1024
_FIRST_PASSED: Final = 3
_LOCK: Final = "daemon.lock"
_ENDS_WITHIN_S: Final = 15.0
_PAUSE_S: Final = 0.02


class ListenError(HostError):
    """Nothing can be listened on; the message says which path, why, and what to do."""


class AlreadyRunningError(ListenError):
    """Another daemon has the lock."""


class Listening:
    """A listening socket and what goes with it: *path* as people write it, the lock, the directory."""

    def __init__(self, listener: socket.socket, path: str, directory: int, lock: int) -> None:
        self.socket = listener
        self.path = path
        self._directory = directory
        self._lock = lock
        self._name = os.path.basename(path)
        self._made = self._identity() if directory >= 0 else None

    @classmethod
    def at(cls, path: str) -> Self:
        """Take the lock and listen at *path*. Raises ListenError, PlaceError of ``jcode_plugins``."""
        directory = open_directory(os.path.dirname(path), create=True)
        lock = -1
        try:
            lock = _take_lock(directory, path)
            _remove_stale(directory, path)
            listener = _bind(directory, path)
        except BaseException:
            if lock >= 0:
                os.close(lock)
            os.close(directory)
            raise
        return cls(listener, path, directory, lock)

    @classmethod
    def passed(cls, variables: MutableMapping[str, str]) -> Self | None:
        """Return the socket that systemd passed to this process, or None; the variables about it are taken out.

        Raises ListenError for what is no listening Unix socket.
        """
        count, pid = variables.pop("LISTEN_FDS", ""), variables.pop("LISTEN_PID", "")
        variables.pop("LISTEN_FDNAMES", None)
        if not count or pid != str(os.getpid()):
            return None
        if count != "1":
            raise ListenError(
                f"{count} descriptors were passed (LISTEN_FDS); pass one Unix socket"
            )
        try:
            os.set_inheritable(_FIRST_PASSED, False)
            listener = socket.socket(fileno=_FIRST_PASSED)
        except OSError:
            raise ListenError(
                f"descriptor {_FIRST_PASSED}, which was passed, is no socket"
            ) from None
        listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if (listener.family, listener.type) != (
            socket.AF_UNIX,
            socket.SOCK_STREAM,
        ) or not listens:
            raise ListenError(
                f"descriptor {_FIRST_PASSED}, which was passed, is no listening Unix stream socket"
            )
        listener.setblocking(False)
        name = listener.getsockname()
        path = os.fsdecode(name) if name else "a passed socket"
        return cls(listener, path, -1, -1)

    @property
    def is_ours(self) -> bool:
        """Whether we made the socket; one that was passed goes on without us, and who waits there waits for the next."""
        return self._lock >= 0

    def hide(self) -> None:
        """Let nobody else connect, but those who did and were not accepted yet. Safe to call twice."""
        if self._made is not None and self._identity() == self._made:
            with contextlib.suppress(OSError):
                os.unlink(self._name, dir_fd=self._directory)
        self._made = None

    def close(self) -> None:
        """Listen no more. Safe to call twice."""
        self.hide()
        self.socket.close()

    def release(self) -> None:
        """Let another daemon begin: the last thing that this one does."""
        for fd in (self._lock, self._directory):
            if fd >= 0:
                os.close(fd)
        self._lock = self._directory = -1

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._name, dir_fd=self._directory, follow_symlinks=False)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _take_lock(directory: int, path: str) -> int:
    where = os.path.join(os.path.dirname(path), _LOCK)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        lock = os.open(_LOCK, flags, 0o600, dir_fd=directory)
    except OSError as error:
        raise ListenError(f"{where}: {error.strerror}; remove it") from None
    until = now_s() + _ENDS_WITHIN_S
    while not _is_free(lock):
        # Without a socket it has only just begun, or is about to end: neither is there to be asked.
        if _exists(directory, path) or now_s() > until:
            pid = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            who = f" (process {pid})" if pid.isdecimal() else ""
            raise AlreadyRunningError(f"a daemon{who} listens at {path} already")
        select.select([], [], [], _PAUSE_S)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _is_free(lock: int) -> bool:
    """Take the lock if nobody has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _exists(directory: int, path: str) -> bool:
    return os.access(os.path.basename(path), os.F_OK, dir_fd=directory, follow_symlinks=False)


def _remove_stale(directory: int, path: str) -> None:
    name = os.path.basename(path)
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise ListenError(f"{path} is there and is no socket of yours; remove it")
    os.unlink(name, dir_fd=directory)


def _bind(directory: int, path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)
    try:
        listener.bind(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ListenError(f"cannot listen at {path}: {error.strerror}") from None
    finally:
        os.umask(before)
    return listener
