"""Other processes: making them, ending them, reading them; the host's and those of other plugins."""

import _thread
import ctypes
import errno
import os
import signal
from struct import pack

from tests.support.attempts.shape import AT_FDCWD, Attempt, called, row, steps
from tests.support.attempts.world import SECRET, World
from worker.lockdown.kernel import syscall

_SEIZE, _INTERRUPT, _PEEK, _POKE = 0x4206, 0x4207, 2, 5
_KCMP_VM = 1
_HERE = os.getpid


def _host(world: World) -> int:
    return world.host


def _buffer(world: World) -> object:
    return world.buffer


def _fork(number: int, *args: object) -> int:
    result = syscall(number, *args)
    if result == 0:
        os._exit(0)
    return result


def _runs(world: World, name: str) -> int:
    return syscall(59, world.at(name), _arguments(world, name), 0)


def _arguments(world: World, name: str) -> object:
    return (ctypes.c_char_p * 2)(world.at(name)[:-1], None)


def _runs_from_memory(world: World) -> None:
    fd = called(319, b"x\0", 0)
    with open(world.at("program")[:-1], "rb", buffering=0) as file:
        os.write(fd, file.read())
    called(322, fd, b"\0", _arguments(world, "program"), 0, 0x1000)


def _gains_privileges(world: World) -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    called(59, world.at("set-user-id"), _arguments(world, "set-user-id"), 0)


def _clone3(world: World) -> int:
    return _fork(435, pack("<8Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0), 64)


def _thread_(world: World) -> None:
    lock = _thread.allocate_lock()
    lock.acquire()
    try:
        _thread.start_new_thread(lock.release, ())
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from error
    lock.acquire()


def _waits(world: World) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _reads_memory(pid: int, world: World) -> None:
    local = pack("<QQ", ctypes.addressof(world.buffer), 16)
    remote = pack("<QQ", ctypes.addressof(world.secret), 16)
    called(310, pid, local, 1, remote, 1, 0)
    if world.buffer.raw[:16] != SECRET[:16]:
        raise OSError(errno.EIO, "other bytes")


def _writes_memory(pid: int, world: World) -> None:
    local = pack("<QQ", ctypes.addressof(world.buffer), 1)
    called(311, pid, local, 1, pack("<QQ", world.spare, 1), 1, 0)


def _traces(pid: int, world: World) -> None:
    called(101, _SEIZE, pid, 0, 0)
    called(101, _INTERRUPT, pid, 0, 0)
    os.waitpid(pid, 0x40000000)
    called(101, _PEEK, pid, ctypes.addressof(world.secret), world.buffer)
    if world.buffer.raw[:8] != SECRET[:8]:
        raise OSError(errno.EIO, "other bytes")


def _sibling_as_a_file(world: World) -> None:
    fd = called(257, AT_FDCWD, b"/proc/%d/mem\0" % world.sibling, 0, 0)
    called(17, fd, world.buffer, 16, ctypes.addressof(world.secret))
    if world.buffer.raw[:16] != SECRET[:16]:
        raise OSError(errno.EIO, "other bytes")


def _signals_by_descriptor(world: World) -> None:
    called(424, called(434, world.host, 0), signal.SIGUSR1, 0, 0)


def _steals(world: World) -> None:
    """A descriptor of the host's."""
    stolen = called(438, called(434, world.host, 0), world.held[0], 0)
    if os.pread(stolen, 64, 0) != SECRET:
        raise OSError(errno.EIO, "other bytes")


def _is_traced(world: World) -> int:
    return syscall(101, 0, 0, 0, 0)


def _process_madvise(world: World) -> None:
    pidfd = called(434, world.host, 0)
    called(440, pidfd, pack("<QQ", world.spare, 4096), 1, 20, 0)


ATTEMPTS: tuple[Attempt, ...] = (
    Attempt("fork", lambda world: _fork(57)),
    Attempt("clone", lambda world: _fork(56, 17, 0, 0, 0, 0)),
    Attempt("clone3", _clone3, "where a container denies it, to see the flags in clone", (errno.ENOSYS,)),
    steps("a thread", _thread_),
    steps("fork and wait", _waits),
    row("wait", 61, -1, 0, 1, 0, reason="it has no child", refused=(errno.ECHILD,)),
    Attempt("execve", lambda world: _runs(world, "program")),
    steps("execveat of a file in memory", _runs_from_memory),
    steps("execve of a set-user-id program", _gains_privileges, for_root=True),
    row("a signal to the host", 62, _host, signal.SIGUSR1),
    row("a signal to everyone", 62, -1, 0),
    row("a signal to nobody", 62, 1 << 30, 19, reason="there is no such process", refused=(errno.ESRCH,)),
    row("tgkill", 234, _host, _host, signal.SIGUSR1),
    row("tkill", 200, _host, signal.SIGUSR1),
    row("rt_sigqueueinfo", 129, _host, signal.SIGUSR1, pack("<iii", signal.SIGUSR1, 0, -1) + bytes(116)),
    row("pidfd_open of the host", 434, _host, 0),
    steps("a signal to the host by its descriptor", _signals_by_descriptor),
    steps("steal a descriptor of the host's", _steals),
    steps("trace the host", lambda world: _traces(world.host, world)),
    Attempt("be traced", _is_traced),
    steps("read the host's memory", lambda world: _reads_memory(world.host, world)),
    steps("write the host's memory", lambda world: _writes_memory(world.host, world)),
    steps("read another worker's memory", lambda world: _reads_memory(world.sibling, world)),
    steps("write another worker's memory", lambda world: _writes_memory(world.sibling, world)),
    steps("read another worker's memory as a file", _sibling_as_a_file),
    steps("trace another worker", lambda world: _traces(world.sibling, world)),
    row("a signal to another worker", 62, lambda world: world.sibling, 0),
    row("the host's limits", 302, _host, 7, 0, _buffer),
    row("kcmp", 312, _host, lambda world: world.sibling, _KCMP_VM, 0, 0,
        reason="where the kernel was built without it", refused=(errno.ENOSYS,)),
    steps("process_madvise of the host", _process_madvise, for_root=True,
          reason="where the kernel is older than 5.10", refused=(errno.ENOSYS,)),
    row("the host's robust list", 274, _host, _buffer, _buffer),
    row("the host's name", 140, 0, _host),
    row("slow the host down", 141, 0, _host, 1),
    row("the host's input and output priority", 251, 1, _host, (2 << 13) | 4,
        reason="where the kernel was built without it", refused=(errno.ENOSYS,)),
    row("the host's processors", 203, _host, 128, b"\xff" * 128),
    row("the host's scheduler", 144, _host, 3, bytes(8)),
    row("setsid", 112),
    row("setpgid", 109, 0, 0),
    row("getsid of the host", 124, _host),
    row("sched_setaffinity", 203, 0, 128, b"\xff" * 128),
    row("sched_yield", 24),
    row("sigaction", 13, 10, bytes(32), 0, 8),
    row("sigprocmask", 14, 0, bytes(8), 0, 8),
    row("sigaltstack", 131, 0, _buffer),
    row("getrusage of children", 98, -1, _buffer),
)  # fmt: skip
