"""The system calls that a locked process may make, as data with reasons.

Promises    Absence means death. A row is here because a worker died without it.
"""

from dataclasses import dataclass
from typing import Final, Literal

from worker.lockdown.bpf import Condition, Is, Is32, Rule, Within

CHANNEL_READ_FD: Final = 3
CHANNEL_WRITE_FD: Final = 4

Profile = Literal["plugins", "builder"]

_PROT_READ_WRITE: Final = 0x1 | 0x2
_MAP_PRIVATE_ANONYMOUS: Final = 0x02 | 0x20
_MREMAP_MAYMOVE: Final = 1
_AT_FDCWD: Final = -100
_O_RDONLY_CLOEXEC: Final = 0o2000000
_FUTEX_WAKE_PRIVATE: Final = 1 | 128


@dataclass(frozen=True, slots=True)
class Allowed:
    """One system call: what its arguments must be, and why it is needed."""

    name: str
    why: str
    conditions: tuple[Condition, ...] = ()


_MEMORY_AND_END: Final = (
    Allowed(
        "mmap",
        "memory beyond the heap's end: large strings, arrays, the interpreter's arenas; never"
        " executable, never a file, never shared, never at an address of the caller's choice",
        (Within(2, _PROT_READ_WRITE), Is(3, (_MAP_PRIVATE_ANONYMOUS,)), Is32(4, -1)),
    ),
    Allowed("munmap", "giving the same back"),
    Allowed(
        "mremap",
        "growing a large block without copying it; MAYMOVE alone cannot name a destination",
        (Is(3, (_MREMAP_MAYMOVE,)),),
    ),
    Allowed("brk", "the heap of small blocks"),
    Allowed(
        "clock_gettime",
        "Date.now() and performance.now() where the vDSO passes the question on to the kernel",
    ),
    Allowed("exit_group", "leaving"),
)

PROFILES: Final[dict[Profile, tuple[Allowed, ...]]] = {
    "plugins": (
        Allowed("read", "messages from the host", (Is(0, (CHANNEL_READ_FD,)),)),
        Allowed("write", "messages to the host", (Is(0, (CHANNEL_WRITE_FD,)),)),
        *_MEMORY_AND_END,
    ),
    "builder": (
        Allowed("read", "messages from the host, and files opened for reading"),
        Allowed("write", "messages to the host", (Is(0, (CHANNEL_WRITE_FD,)),)),
        *_MEMORY_AND_END,
        Allowed(
            "openat",
            "the compiler reads the copies by name; Landlock and the user id bound what it finds",
            (Is32(0, _AT_FDCWD), Is(2, (_O_RDONLY_CLOEXEC,))),
        ),
        Allowed("statx", "the compiler asks for the size of a file and for its source map"),
        Allowed("close", "after each file"),
        Allowed(
            "mprotect",
            "the compiler gives deeply nested code a larger stack: a mapping opened to reading and writing",
            (Is(2, (_PROT_READ_WRITE,)),),
        ),
        Allowed(
            "futex",
            "the compiler's one-time initialisers wake whoever might wait for them",
            (Is(1, (_FUTEX_WAKE_PRIVATE,)),),
        ),
    ),
}
"""In the order in which the filter tries them."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a filter must know of an architecture."""

    audit_arch: int
    seccomp: int
    """Number of seccomp(2), which installs the filter and is not in it."""
    numbers: dict[str, int]


MACHINES: Final[dict[str, Machine]] = {
    "x86_64": Machine(
        0xC000003E,
        317,
        {
            "read": 0,
            "write": 1,
            "close": 3,
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "mremap": 25,
            "futex": 202,
            "clock_gettime": 228,
            "exit_group": 231,
            "openat": 257,
            "statx": 332,
        },
    ),
    # The filter for this one is tested by simulating it; no worker of ours has run there yet.
    "aarch64": Machine(
        0xC00000B7,
        277,
        {
            "openat": 56,
            "close": 57,
            "read": 63,
            "write": 64,
            "exit_group": 94,
            "futex": 98,
            "clock_gettime": 113,
            "brk": 214,
            "munmap": 215,
            "mremap": 216,
            "mmap": 222,
            "mprotect": 226,
            "statx": 291,
        },
    ),
}


def rules(machine: Machine, profile: Profile) -> list[Rule]:
    """Return the rules of *profile* with the numbers of *machine*."""
    return [Rule(machine.numbers[row.name], row.conditions) for row in PROFILES[profile]]
