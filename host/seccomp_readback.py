"""The filters that the kernel holds for a process, read back from the kernel, and what they let through.

Promises    :func:`read_filters` stops the process for some microseconds and lets it go on as it was.
            :func:`allowed_calls` leaves nothing out: it follows every path of a program over all numbers,
            all architectures and all arguments at once, and where it cannot know it says allowed.
Relies on   PTRACE_SECCOMP_GET_FILTER, which the kernel gives to a tracer with CAP_SYS_ADMIN that runs under no
            filter itself, and has if built with CONFIG_CHECKPOINT_RESTORE. Threads: a tracer is one thread, so
            attaching and letting go happen within one call.
"""

import ctypes
import errno
import os
from struct import iter_unpack
from typing import Final

from host.errors import HostError

_PTRACE_DETACH: Final = 17
_PTRACE_SEIZE: Final = 0x4206
_PTRACE_INTERRUPT: Final = 0x4207
_PTRACE_SECCOMP_GET_FILTER: Final = 0x420C
_EVENT_STOP: Final = 128
_WALL: Final = 0x40000000
_STEP_BYTES: Final = 8

_MAX_NUMBERS: Final = 4096
"""More than any architecture has system calls."""

_libc: Final = ctypes.CDLL(None, use_errno=True)
_ptrace: Final = _libc.ptrace
_ptrace.restype = ctypes.c_long


class ReadbackError(HostError):
    """The kernel did not give the filters of a process; the message says why and what it takes."""


def _call(request: int, pid: int, address: int = 0, data: object = None) -> int:
    """Return what ptrace returns, or ``-errno``."""
    result = int(_ptrace(ctypes.c_long(request), pid, ctypes.c_ulong(address), data))
    return result if result >= 0 else -ctypes.get_errno()


def read_filters(pid: int) -> list[bytes]:
    """Return the filters in force on the process *pid*, oldest first, each an array of struct sock_filter.

    An empty list: it runs without a filter. A call must pass all of them. Raises :class:`ReadbackError`.
    """
    failed = -_call(_PTRACE_SEIZE, pid)
    if failed > 0:
        raise ReadbackError(f"cannot trace process {pid}: {_why_not_traced(failed)}")
    pending = 0
    try:
        _call(_PTRACE_INTERRUPT, pid)
        _, status = os.waitpid(pid, _WALL)
        if not os.WIFSTOPPED(status):
            raise ReadbackError(f"process {pid} ended while it was looked at")
        if status >> 16 != _EVENT_STOP:
            pending = os.WSTOPSIG(status)  # a signal was on its way: it gets it when we let go
        return _filters_of_stopped(pid)
    finally:
        _call(_PTRACE_DETACH, pid, 0, ctypes.c_long(pending))


def _filters_of_stopped(pid: int) -> list[bytes]:
    found: list[bytes] = []
    while True:
        steps = _call(_PTRACE_SECCOMP_GET_FILTER, pid, len(found))
        if steps in (-errno.ENOENT, -errno.EINVAL):  # no further one; none at all
            return found
        if steps < 0:
            raise ReadbackError(f"no filter of process {pid}: {_why_not_read(-steps)}")
        program = ctypes.create_string_buffer(steps * _STEP_BYTES)
        if _call(_PTRACE_SECCOMP_GET_FILTER, pid, len(found), program) != steps:
            raise ReadbackError(f"the filter of process {pid} changed while it was read")
        found.append(program.raw)


def _why_not_traced(failed: int) -> str:
    if failed == errno.ESRCH:
        return "there is no such process"
    if failed == errno.EPERM:
        return "run as root with CAP_SYS_PTRACE, and let no other tracer hold it"
    return os.strerror(failed)


def _why_not_read(failed: int) -> str:
    if failed == errno.EACCES:
        return (
            "the kernel gives it to root with CAP_SYS_ADMIN only, to a process without a filter of its own"
            " (in a container: --security-opt seccomp=unconfined)"
        )
    if failed == errno.EIO:
        return "the kernel was built without CONFIG_CHECKPOINT_RESTORE"
    return os.strerror(failed)


# What a program lets through.

_NUMBER_AT: Final = 0
_ARCH_AT: Final = 4
_REFUSED: Final = (
    0x80000000,  # kill the process
    0x00000000,  # kill the thread
    0x00030000,  # a signal
    0x00050000,  # an error
)
"""Actions after which the call is not made. To ask a tracer or a supervisor, or to log, is to let through."""
_ACTION: Final = 0xFFFF0000
_WORD: Final = 0xFFFFFFFF

_LD, _LDX, _ST, _STX, _ALU, _JMP, _RET, _MISC = range(8)
_IMMEDIATE, _ABSOLUTE, _MEMORY = 0x00, 0x20, 0x60
_JA, _JEQ, _JGT, _JGE, _JSET = 0x00, 0x10, 0x20, 0x30, 0x40
_SOURCE_X: Final = 0x08
_RET_A: Final = 0x10

_Span = tuple[int, int]
_EVERY: Final[_Span] = (0, _WORD)
_Value = str | int | None
"""What the accumulator holds: ``"number"``, ``"arch"``, a constant, or None for what cannot be known."""
_State = tuple[int, _Value, _Span, _Span]
"""Step, accumulator, and what the system call's number and architecture may still be."""


def allowed_calls(program: bytes) -> frozenset[tuple[int, int]]:
    """Return every (audit architecture, system call number) that *program* lets through for any arguments.

    Raises :class:`ReadbackError` for a program that jumps out of itself, or that lets through a range of
    numbers or of architectures too large to be a list.
    """
    steps = list(iter_unpack("=HBBI", program))
    allowed: set[tuple[int, int]] = set()
    todo: list[_State] = [(0, None, _EVERY, _EVERY)]
    seen: set[_State] = set()
    while todo:
        state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        at, value, numbers, archs = state
        if at >= len(steps):
            raise ReadbackError("the program has no end")
        code, yes, no, k = steps[at]
        kind = code & 7
        if kind == _RET:
            if code & 0x18 == _RET_A or (k & _ACTION) not in _REFUSED:
                allowed |= _pairs(numbers, archs)
        elif kind == _JMP:
            todo += _jump(code, at + 1, (yes, no, k), state)
        else:
            todo.append((at + 1, _after(code, k, value), numbers, archs))
    return frozenset(allowed)


def allowed_numbers(program: bytes) -> set[int]:
    """Return the numbers of :func:`allowed_calls`, of whatever architecture."""
    return {number for _, number in allowed_calls(program)}


def _after(code: int, k: int, value: _Value) -> _Value:
    """Return what the accumulator holds after a step that does not jump."""
    if code == _LD | _ABSOLUTE:
        return {_NUMBER_AT: "number", _ARCH_AT: "arch"}.get(k)
    if code == _LD | _IMMEDIATE:
        return k
    if code & 7 in (_LDX, _ST, _STX) or code == _MISC:  # the last copies it elsewhere
        return value
    return None


def _jump(code: int, after: int, jump: tuple[int, int, int], state: _State) -> list[_State]:
    """Return the states to which a jump may lead."""
    yes, no, k = jump
    _, value, numbers, archs = state
    test = code & 0xF0
    if test == _JA:
        return [(after + k, value, numbers, archs)]
    either = [(after + yes, value, numbers, archs), (after + no, value, numbers, archs)]
    if code & _SOURCE_X or value is None or (test == _JSET and isinstance(value, str)):
        return either
    if isinstance(value, int):
        holds = {_JEQ: value == k, _JGT: value > k, _JGE: value >= k, _JSET: bool(value & k)}
        return either[:1] if holds[test] else either[1:]
    span = numbers if value == "number" else archs
    first = {_JEQ: (k, k), _JGT: (k + 1, _WORD), _JGE: (k, _WORD)}[test]
    rest = [(0, first[0] - 1), (first[1] + 1, _WORD)]
    found: list[_State] = []
    for target, part in ((yes, first), *((no, part) for part in rest)):
        low, high = max(span[0], part[0]), min(span[1], part[1])
        if low <= high:
            left = (low, high)
            of_number = value == "number"
            found.append(
                (
                    after + target,
                    value,
                    left if of_number else numbers,
                    archs if of_number else left,
                )
            )
    return found


def _pairs(numbers: _Span, archs: _Span) -> set[tuple[int, int]]:
    for what, (low, high) in (("numbers", numbers), ("architectures", archs)):
        if high - low >= _MAX_NUMBERS:
            raise ReadbackError(f"the program lets through all {what} from {low} to {high}")
    return {
        (arch, number)
        for arch in range(archs[0], archs[1] + 1)
        for number in range(numbers[0], numbers[1] + 1)
    }
