"""The kernel's large surfaces, namespaces, and what processes share without a file."""

import ctypes
import errno
from struct import pack

from tests.support.attempts.shape import PAGE, Attempt, called, row, steps
from tests.support.attempts.world import SMALL_QUEUE, World

_A_CHANGE = "a success would change the machine"
_PROCESS_KEYRING = -2
_NEW = {
    "mounts": 0x0002_0000,
    "cgroups": 0x0200_0000,
    "host names": 0x0400_0000,
    "IPC": 0x0800_0000,
    "process ids": 0x2000_0000,
    "networks": 0x4000_0000,
}
_NEW_TIME, _NEW_USERS = 0x80, 0x1000_0000
_IPC_PRIVATE, _IPC_CREATE = 0, 0o1600


def _buffer(world: World) -> object:
    return world.buffer


def _ring(_: World) -> None:
    called(426, called(425, 8, bytes(120)), 0, 0, 0, 0, 0)


def _event() -> bytes:
    """A clock of the kernel's own, of this process, without looking into the kernel."""
    return pack("<IIQQQQQ", 1, 112, 0, 0, 0, 0, 1 | 1 << 5 | 1 << 6) + bytes(112 - 48)


def _joins(world: World) -> None:
    called(308, called(434, world.host, 0), _NEW["networks"])


def _attaches(world: World) -> None:
    called(30, world.memory, 0, 0o10000)


def _receives(world: World) -> None:
    called(70, world.messages, world.buffer, 64, 0, 0o4000 | 0o40000 | 0o10000)


def _own_memory(_: World) -> None:
    made = called(29, _IPC_PRIVATE, PAGE, _IPC_CREATE)
    called(31, made, 0, 0)


def _own_semaphore(_: World) -> None:
    made = called(64, _IPC_PRIVATE, 1, _IPC_CREATE)
    called(66, made, 0, 0, 0)


def _own_messages(_: World) -> None:
    made = called(68, _IPC_PRIVATE, _IPC_CREATE)
    called(71, made, 0, 0)


def _own_queue(world: World) -> None:
    called(240, world.own_queue, 0o102, 0o600, SMALL_QUEUE)


def _same_name(world: World) -> None:
    called(63, world.buffer)
    name = world.buffer.raw[65:130].split(b"\0")[0]
    called(170, name, len(name))


ATTEMPTS: tuple[Attempt, ...] = (
    row("io_uring_setup", 425, 8, bytes(120), reason="where io_uring is switched off",
        refused=(errno.ENOSYS, errno.EPERM)),
    steps("io_uring_enter", _ring, reason="where io_uring is switched off",
          refused=(errno.ENOSYS, errno.EPERM, errno.EINVAL)),
    row("io_uring_register", 427, -1, 0, 0, 0, reason="there is no ring", refused=(errno.EBADF, errno.EINVAL, errno.ENOSYS)),
    row("bpf", 321, 0, pack("<IIII", 2, 4, 4, 1) + bytes(56), 72, for_root=True,
        reason="where the kernel was built without it", refused=(errno.ENOSYS,)),
    row("perf_event_open", 298, _event(), 0, -1, -1, 0, for_root=True,
        reason="where the kernel was built without it", refused=(errno.ENOSYS, errno.ENOENT)),
    row("userfaultfd", 323, 1, reason="where the kernel was built without it", refused=(errno.ENOSYS,)),
    row("keyctl", 250, 0, _PROCESS_KEYRING, 1, reason="where the kernel was built without keys", refused=(errno.ENOSYS,)),
    row("add_key", 248, b"user\0", b"jcode-test\0", b"x", 1, _PROCESS_KEYRING,
        reason="where the kernel was built without keys", refused=(errno.ENOSYS,)),
    row("request_key", 249, b"user\0", b"jcode-none\0", 0, 0, reason="there is no such key",
        refused=(errno.ENOKEY, errno.ENOSYS)),
    row("unshare of nothing", 272, 0),
    *(row(f"new namespaces of {name}", 272, flag, for_root=True) for name, flag in _NEW.items()),
    row("new namespaces of time", 272, _NEW_TIME, for_root=True,
        reason="where the kernel is older than 5.6", refused=(errno.EINVAL,)),
    row("new namespaces of users", 272, _NEW_USERS,
        reason="where user namespaces are forbidden", refused=(errno.EPERM, errno.ENOSPC, errno.EINVAL)),
    row("setns", 308, -1, 0, reason="the descriptor is none", refused=(errno.EBADF,)),
    steps("join the host's network", _joins, for_root=True),
    row("init_module", 175, 0, 0, 0, reason=f"the image is empty: {_A_CHANGE}",
        refused=(errno.EPERM, errno.EFAULT, errno.ENOEXEC, errno.ENOSYS)),
    row("finit_module", 313, -1, b"\0", 0, reason=f"the descriptor is none: {_A_CHANGE}",
        refused=(errno.EPERM, errno.EBADF, errno.ENOSYS)),
    row("delete_module", 176, b"jcode-none\0", 0o4000, reason=f"there is no such module: {_A_CHANGE}",
        refused=(errno.EPERM, errno.ENOENT, errno.ENOSYS)),
    row("kexec_load", 246, 0, 99, 0, 0, reason=f"99 segments are too many: {_A_CHANGE}",
        refused=(errno.EPERM, errno.EINVAL, errno.ENOSYS)),
    row("reboot", 169, 0, 0, 0, 0, reason=f"the magic number is wrong: {_A_CHANGE}",
        refused=(errno.EPERM, errno.EINVAL)),
    row("the kernel's log", 103, 10, 0, 0, for_root=True),
    row("quotactl", 179, 0, 0, 0, 0, reason=f"there is no such command: {_A_CHANGE}",
        refused=(errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENODEV, errno.ESRCH, errno.ENOENT, errno.EFAULT)),
    row("input and output ports", 172, 3, for_root=True, reason="where the kernel was built without them", refused=(errno.ENOSYS,)),
    row("ioperm", 173, 0x80, 1, 1, for_root=True, reason="where the kernel was built without them", refused=(errno.ENOSYS,)),
    row("modify_ldt", 154, 0, _buffer, 16, reason="where the kernel was built without it",
        refused=(errno.ENOSYS,)),
    steps("the host's name, set to what it is", _same_name, for_root=True),
    # What processes share.
    steps("the host's System V memory", _attaches),
    steps("a message from the host's System V queue", _receives,
          reason="where the kernel was built without copies of messages", refused=(errno.ENOSYS,)),
    row("the host's System V semaphore", 66, lambda world: world.semaphores, 0, 12, 0),
    row("the host's POSIX queue", 240, lambda world: world.queue, 0, 0, 0,
        reason="where the kernel was built without queues", refused=(errno.ENOSYS, errno.ENOENT)),
    row("a list of System V memory", 31, 0, 14, _buffer),
    steps("System V memory of its own", _own_memory),
    steps("a System V semaphore of its own", _own_semaphore),
    steps("a System V queue of its own", _own_messages),
    steps("a POSIX queue of its own", _own_queue,
          reason="where the kernel was built without queues", refused=(errno.ENOSYS,)),
    row("futex", 202, ctypes.create_string_buffer(8), 129, 1, 0, 0, 0),
    row("futex_waitv", 449, 0, 0, 0, 0, 0, reason="no list to wait for", refused=(errno.EINVAL, errno.ENOSYS)),
    row("membarrier", 324, 0, 0, 0, reason="where the kernel was built without it", refused=(errno.ENOSYS,)),
    row("rseq", 334, 0, 0, 0, 0, reason="no area to register", refused=(errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EFAULT, errno.EBUSY)),
)  # fmt: skip
