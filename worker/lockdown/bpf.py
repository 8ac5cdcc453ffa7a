"""Seccomp filters from tables: rules in, classic BPF out. Pure; makes no system call.

Promises    A filter allows exactly what its rules say and ends the process for all else: another
            architecture, an x32 number, a call that is no rule, an argument outside its rule. It only
            jumps forward, and within one rule, so each rule can be read alone.
Relies on   A little-endian machine of 64 bits, as all that ``syscalls.py`` knows are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack
from typing import Final

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
"""The whole process, not the thread: what called this is not to be unwound."""

_LD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JEQ: Final = 0x15
_JGE: Final = 0x35
_JSET: Final = 0x45
_RET: Final = 0x06

# Offsets in struct seccomp_data.
_NR: Final = 0
_ARCH: Final = 4
_ARGS: Final = 16
_WORD: Final = 0xFFFFFFFF

_X32_BIT: Final = 0x40000000
"""Numbers from here on are x32's on x86_64; on any other machine no system call has one."""

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, k."""

_TO_KILL: Final = -1


@dataclass(frozen=True, slots=True)
class Is:
    """Argument *arg* is one of *values*, in all of its 64 bits."""

    arg: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Is32:
    """The lower half of argument *arg*, which is all that the kernel looks at, is *value*."""

    arg: int
    value: int


@dataclass(frozen=True, slots=True)
class Within:
    """Argument *arg* has no bit outside *mask*, in all of its 64 bits."""

    arg: int
    mask: int


Condition = Is | Is32 | Within


@dataclass(frozen=True, slots=True)
class Rule:
    """System call *number*, provided that every condition holds."""

    number: int
    conditions: tuple[Condition, ...] = ()


def assemble(audit_arch: int, rules: Sequence[Rule]) -> list[Instruction]:
    """Return the program for *rules*, tried in their order: the most frequent first."""
    program: list[Instruction] = [
        (_LD, 0, 0, _ARCH),
        (_JEQ, 1, 0, audit_arch),
        (_RET, 0, 0, KILL),
        (_LD, 0, 0, _NR),
        (_JGE, 0, 1, _X32_BIT),
        (_RET, 0, 0, KILL),
    ]
    for rule in rules:
        body = [step for condition in rule.conditions for step in _check(condition)]
        body += [(_RET, 0, 0, ALLOW), (_RET, 0, 0, KILL)]
        last = len(body) - 1
        program.append((_JEQ, 0, len(body), rule.number))
        for at, (code, yes, no, k) in enumerate(body):
            kill = last - at - 1  # from this step to the block's own KILL
            program.append(
                (code, kill if yes == _TO_KILL else yes, kill if no == _TO_KILL else no, k)
            )
    program.append((_RET, 0, 0, KILL))
    return program


def _check(condition: Condition) -> list[Instruction]:
    """Return the steps that fall through if *condition* holds."""
    low = _ARGS + 8 * condition.arg
    high = low + 4
    match condition:
        case Is32(value=value):
            return [(_LD, 0, 0, low), (_JEQ, 0, _TO_KILL, value & _WORD)]
        case Within(mask=mask):
            return [
                (_LD, 0, 0, high),
                (_JSET, _TO_KILL, 0, ~(mask >> 32) & _WORD),
                (_LD, 0, 0, low),
                (_JSET, _TO_KILL, 0, ~mask & _WORD),
            ]
        case Is(values=values):
            if any(value >> 32 for value in values):
                raise ValueError("values of more than 32 bits are not needed so far")
            steps = [(_LD, 0, 0, high), (_JEQ, 0, _TO_KILL, 0), (_LD, 0, 0, low)]
            for left in range(len(values) - 1, 0, -1):
                steps.append((_JEQ, left, 0, values[len(values) - 1 - left]))
            steps.append((_JEQ, 0, _TO_KILL, values[-1]))
            return steps


def to_bytes(program: Sequence[Instruction]) -> bytes:
    """Return *program* as an array of struct sock_filter."""
    return b"".join(pack("=HBBI", *step) for step in program)
