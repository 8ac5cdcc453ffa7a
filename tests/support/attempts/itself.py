"""What a process may do to itself: memory, identity, limits, time; and other doors into the kernel."""

import ctypes
import errno
import mmap
import resource
from struct import pack

from tests.support.attempts.shape import PAGE, Attempt, called, row, steps
from tests.support.attempts.world import ENVIRONMENT_NAME, World
from worker.lockdown.kernel import prctl, syscall

_ALLOW = pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
_ALLOW_ALL = ctypes.create_string_buffer(_ALLOW, len(_ALLOW))
_ALLOWING = pack("=H6xQ", 1, ctypes.addressof(_ALLOW_ALL))
_CLOCK = "a success would set the machine's clock"
_NEVER = "the kernel grants it to nobody"
_NO_X32 = "where the kernel was built without x32, as nearly all are"
_libc = ctypes.CDLL(None)
_libc.getenv.restype = ctypes.c_char_p
_CAP_VERSION = 0x20080522


def _machine_code(code: bytes) -> object:
    """Return *code* as a function, in memory made executable before the lockdown."""
    memory = mmap.mmap(-1, PAGE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    first = ctypes.c_char.from_buffer(memory)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(first))
    function.memory = first  # type: ignore[attr-defined]  # lives as long
    return function


_I386_GETPID = _machine_code(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret


def _buffer(world: World) -> object:
    return world.buffer


def _spare(world: World) -> int:
    return world.spare


def _int80(_: World) -> int:
    return int(_I386_GETPID())


def _reads_environment(_: World) -> None:
    if not _libc.getenv(ENVIRONMENT_NAME):
        raise OSError(errno.ENOENT, "no such variable")


def _raises_a_limit(_: World) -> None:
    """To the hundred descriptors that any process has."""
    called(302, 0, resource.RLIMIT_NOFILE, pack("<QQ", 100, 100), 0)


def _grows_a_file(_: World) -> None:
    fd = called(319, b"x\0", 0)
    called(1, fd, b"x", 1)


def _dumps(_: World) -> None:
    """Leave a core dump: only whether the limit allows one."""
    called(302, 0, resource.RLIMIT_CORE, pack("<QQ", PAGE, PAGE), 0)


def _real_time(_: World) -> None:
    called(144, 0, 1, pack("<i", 1))


def _filters_itself(_: World) -> None:
    prctl(38, 1)
    called(317, 1, 0, _ALLOWING)


def _lives_on(_: World) -> int:
    return 0


ATTEMPTS: tuple[Attempt, ...] = (
    # Memory.
    row("executable memory", 9, 0, PAGE, 7, 0x22, -1, 0),
    row("memory to run only", 9, 0, PAGE, 4, 0x22, -1, 0),
    row("shared memory", 9, 0, PAGE, 3, 0x21, -1, 0),
    row("memory at a fixed address", 9, _spare, PAGE, 3, 0x32, -1, 0),
    row("locked memory", 9, 0, PAGE, 3, 0x2022, -1, 0),
    row("memory that grows down", 9, 0, PAGE, 3, 0x122, -1, 0),
    row("memory of an inherited file", 9, 0, PAGE, 1, 0x02, lambda world: world.held[0], 0),
    row("memory of the channel", 9, 0, PAGE, 1, 0x02, 3, 0, reason="a pipe cannot be mapped",
        refused=(errno.ENODEV, errno.EACCES)),
    row("anonymous, but with a descriptor", 9, 0, PAGE, 3, 0x22, 3, 0),
    row("make memory executable", 10, _spare, PAGE, 7),
    row("mprotect", 10, _spare, PAGE, 1),
    row("pkey_mprotect", 329, _spare, PAGE, 7, -1),
    row("pkey_alloc", 330, 0, 0, reason="where the processor has no protection keys",
        refused=(errno.ENOSPC, errno.EINVAL, errno.ENOSYS)),
    row("mremap to a fixed address", 25, _spare, PAGE, PAGE, 3, lambda world: world.spare + PAGE),
    row("mremap that keeps the old", 25, _spare, PAGE, PAGE, 5, 0),
    row("madvise", 28, _spare, PAGE, 4),
    row("mlock", 149, _spare, PAGE),
    row("mlockall", 151, 2),
    row("msync", 26, _spare, PAGE, 1),
    row("mincore", 27, _spare, PAGE, _buffer),
    row("move_pages", 279, 0, 0, 0, 0, 0, 0, reason="where the kernel was built without NUMA",
        refused=(errno.ENOSYS,)),
    row("mbind", 237, _spare, PAGE, 0, 0, 0, 0, reason="where the kernel was built without NUMA",
        refused=(errno.ENOSYS,)),
    Attempt("a gigabyte of memory", lambda _: syscall(9, 0, 1 << 30, 3, 0x22, -1, 0), dies=False),
    # Identity, limits, this process.
    row("become root", 117, 0, 0, 0, for_root=True),
    row("setuid", 105, 0, for_root=True),
    row("setgid", 106, 0, for_root=True),
    row("setgroups", 116, 0, 0, for_root=True),
    row("setfsuid", 122, 0),
    row("capget", 125, pack("<Ii", _CAP_VERSION, 0), _buffer),
    row("capset of none", 126, pack("<Ii", _CAP_VERSION, 0), bytes(24)),
    row("getuid", 102),
    row("getgroups", 115, 0, 0),
    row("getpid", 39),
    row("gettid", 186),
    steps("more descriptors", _raises_a_limit),
    steps("let a file grow", _grows_a_file),
    steps("a core dump", _dumps),
    row("setrlimit", 160, 4, bytes(16)),
    row("getrlimit", 97, 7, _buffer),
    steps("real-time priority", _real_time, for_root=True,
          reason="where the group of processes has no real-time share", refused=(errno.EPERM,)),
    row("getpriority", 140, 0, 0),
    row("a higher priority", 141, 0, 0, -5, for_root=True),
    row("be dumpable", 157, 4, 1, 0, 0, 0),
    row("forget the parent's death", 157, 1, 0, 0, 0, 0),
    row("let anyone trace it", 157, 0x59616D61, -1, 0, 0, 0, reason="where the kernel was built without Yama",
        refused=(errno.EINVAL,)),
    row("take new privileges again", 157, 38, 0, 0, 0, 0, reason=_NEVER, refused=(errno.EINVAL,)),
    row("switch the filter off", 157, 22, 0, 0, 0, 0, reason=_NEVER, refused=(errno.EINVAL,)),
    row("inherit orphans", 157, 36, 1, 0, 0, 0),
    row("keep capabilities", 157, 8, 1, 0, 0, 0),
    row("ambient capabilities", 157, 47, 3, 0, 0, 0, reason="none is inheritable, so none can be ambient",
        refused=(errno.EPERM, errno.EINVAL)),
    row("the secure bits", 157, 28, 0, 0, 0, 0, for_root=True),
    row("another name", 157, 15, b"host\0", 0, 0, 0),
    row("where its code begins", 157, 35, 1, 0, 0, 0, reason="the address is none of its own",
        refused=(errno.EPERM, errno.EINVAL)),
    steps("another filter", _filters_itself),
    row("ask for an action of filters", 317, 2, 0, pack("<I", 0x7FFF0000)),
    row("strict seccomp", 317, 0, 1, 0, reason="has no flags: a success would end the process that reports it",
        refused=(errno.EINVAL,)),
    row("personality", 135, 0x0040000),
    row("arch_prctl", 158, 0x1003, _buffer),
    row("getrandom", 318, _buffer, 8, 0),
    row("uname", 63, _buffer),
    row("sysinfo", 99, _buffer),
    row("getcpu", 309, _buffer, 0, 0),
    row("times", 100, _buffer),
    # Time.
    row("set the clock", 227, 99, 0, reason=f"there is no such clock: {_CLOCK}", refused=(errno.EINVAL,)),
    row("settimeofday", 164, pack("<qq", 0, 1 << 40), 0, reason=f"the time is none: {_CLOCK}",
        refused=(errno.EINVAL, errno.EPERM)),
    row("look at the clock's adjustment", 159, bytes(208)),
    row("a timer", 222, 1, 0, _buffer),
    row("an interval timer", 38, 0, bytes(32), 0),
    row("an alarm", 37, 0),
    row("sleep", 35, bytes(16), 0),
    row("clock_nanosleep", 230, 1, 0, bytes(16), 0),
    row("gettimeofday by the kernel", 96, _buffer, 0),
    # Other doors into the kernel.
    row("x32 getpid", 0x40000000 | 39, reason=_NO_X32, refused=(errno.ENOSYS,)),
    row("x32 read", 0x40000000, 3, _buffer, 0, reason=_NO_X32, refused=(errno.ENOSYS,)),
    row("x32 execve", 0x40000000 | 520, 0, 0, 0, reason=_NO_X32, refused=(errno.ENOSYS, errno.EFAULT)),
    row("a number that is none", 9999, reason="there is no such call", refused=(errno.ENOSYS,)),
    row("the number -1", -1, reason="there is no such call", refused=(errno.ENOSYS,)),
    Attempt("int 0x80", _int80, reason="where the kernel was built without 32-bit programs", refused=(errno.ENOSYS,)),
    # What takes no system call.
    steps("a secret in the environment", _reads_environment, dies=False),
    Attempt("outlive the zygote", _lives_on, dies=False, is_orphan=True),
)  # fmt: skip

ALLOWED: tuple[Attempt, ...] = (
    row("plain memory", 9, 0, PAGE, 3, 0x22, -1, 0),
    row("memory to reserve", 9, 0, PAGE, 0, 0x22, -1, 0),
    row("giving memory back", 11, _spare, PAGE),
    row("growing memory", 25, _spare, PAGE, 2 * PAGE, 1),
    row("the end of the heap", 12, 0),
    row("the clock", 228, 1, _buffer),
    row("nothing from the channel", 0, 3, _buffer, 0),
    row("nothing to the channel", 1, 4, b"", 0),
)
"""What a worker may do: the other half of the proof, that it was the attempt that a death was for."""
