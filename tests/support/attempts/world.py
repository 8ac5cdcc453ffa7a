"""What attempts are made on: files, peers on the loopback, a victim that stands in for the host.

One is made for each way of confinement, before it, by the process that stands in for the zygote. All that it
makes outside of processes goes with :meth:`World.close`.
"""

import ctypes
import os
import resource
import signal
import socket
from struct import pack

from tests.support.attempts.elf import PROVES_ROOT, SAYS_ZERO
from tests.support.attempts.shape import PAGE, called
from worker.lockdown.kernel import syscall

SECRET = b"a secret of the host"
ENVIRONMENT_NAME = b"JCODE_TEST_SECRET"
_FILES = (
    "secret", "chmod", "chown", "unlink", "rename", "link", "truncate", "utimes", "xattr", "write", "handle",
)  # fmt: skip
_FOLDERS = ("rmdir", "mount", "chroot", "pivot", "watch")
_SHM_BYTES = PAGE
SMALL_QUEUE = pack("<4q32x", 0, 1, 64, 0)
"""One message of 64 bytes: all queues of a user together are bounded."""


class World:
    """``host`` and ``sibling`` are process ids; the rest are names, numbers and descriptors."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        os.mkdir(folder, 0o755)
        for name in _FILES:
            with open(f"{folder}/{name}", "wb", opener=_private) as file:
                file.write(SECRET)
        for name in _FOLDERS:
            os.mkdir(f"{folder}/{name}", 0o755)
        for name, code, mode in (
            ("program", SAYS_ZERO, 0o755),
            ("set-user-id", PROVES_ROOT, 0o4755),
        ):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(code)
            os.chmod(f"{folder}/{name}", mode)
        os.mkfifo(f"{folder}/fifo", 0o600)

        self.buffer = ctypes.create_string_buffer(PAGE)
        self.secret = ctypes.create_string_buffer(64)
        """Empty here, filled in the host and in the sibling: same address, other contents."""
        self.two = (ctypes.c_int * 2)()
        self.spare = called(9, 0, 16 * PAGE, 3, 0x22, -1, 0)
        self._serve()
        self._share()
        self._hold()
        self.host = self._victim()
        self.sibling = self.host
        """Replaced by a process that is confined as the attempts are."""

    def at(self, name: str) -> bytes:
        """A path beneath the folder, ready for the kernel."""
        return f"{self.folder}/{name}\0".encode()

    def _serve(self) -> None:
        self._servers = []
        for family, kind, address in (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"{self.folder}/socket"),
            (socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.folder),
            (socket.AF_UNIX, socket.SOCK_DGRAM, f"{self.folder}/datagram"),
        ):
            server = socket.socket(family, kind)
            server.bind(address)
            if kind == socket.SOCK_STREAM:
                server.listen(64)
            self._servers.append(server)
        self.tcp = self._servers[0].getsockname()
        self.udp = self._servers[1].getsockname()
        self.stream = f"{self.folder}/socket"
        self.datagram = f"{self.folder}/datagram"
        self.abstract = "\0" + self.folder

    def _share(self) -> None:
        """The host's objects of System V, and a queue of POSIX."""
        self.memory = called(29, 0, _SHM_BYTES, 0o1600)
        self.semaphores = called(64, 0, 1, 0o1600)
        self.messages = called(68, 0, 0o1600)
        called(69, self.messages, (1).to_bytes(8, "little") + b"x" * 8, 8, 0o4000)
        self.queue = f"jcode-test-{os.getpid()}-{id(self)}\0".encode()
        self.own_queue = b"own-" + self.queue
        self.queues = os.path.exists("/proc/sys/fs/mqueue")
        if self.queues:
            os.close(called(240, self.queue, 0o102, 0o600, SMALL_QUEUE))

    def _hold(self) -> None:
        """Descriptors that a careless host leaves behind: a file, a device to write to, the root directory."""
        self.last_fd = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1024) - 1
        self.held = (self.last_fd - 24, self.last_fd, self.last_fd - 1)
        for fd, name, flags in zip(
            self.held,
            (f"{self.folder}/secret", os.devnull, "/"),
            (os.O_RDONLY, os.O_WRONLY, os.O_RDONLY | os.O_DIRECTORY),
            strict=True,
        ):
            opened = os.open(name, flags)
            os.dup2(opened, fd)
            os.close(opened)

    def _victim(self) -> int:
        """A process like the host: the same user, nothing confined. Ends with us."""
        ready, told = os.pipe()
        wait, self._leash = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(self._leash)
                signal.signal(signal.SIGUSR1, signal.SIG_IGN)
                self.secret.value = SECRET
                os.write(told, b"x")
                os.read(wait, 1)
            finally:
                os._exit(0)
        os.close(told)
        os.read(ready, 1)
        os.close(ready)
        os.close(wait)
        return pid

    def close(self) -> None:
        """Remove what would outlive the processes."""
        os.close(self._leash)
        os.waitpid(self.host, 0)
        syscall(31, self.memory, 0, 0)
        syscall(66, self.semaphores, 0, 0, 0)
        syscall(71, self.messages, 0, 0)
        for name in (self.queue, self.own_queue):
            syscall(241, name)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
