"""A classic BPF machine as seccomp runs it, to try filters of any architecture on any machine.

It refuses what the kernel's verifier would refuse, so that a program that runs here also loads there.
"""

from collections.abc import Sequence
from struct import iter_unpack, pack, unpack_from

from worker.lockdown.bpf import Instruction

_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_DATA_BYTES = 64
_MAX_STEPS = 4096


def from_bytes(program: bytes) -> list[Instruction]:
    """Return an array of struct sock_filter as steps."""
    return [(code, yes, no, k) for code, yes, no, k in iter_unpack("=HBBI", program)]


def check(program: Sequence[Instruction]) -> None:
    """Raise ``ValueError`` for a program that the kernel would not load."""
    if not 1 <= len(program) <= _MAX_STEPS:
        raise ValueError("length")
    for at, (code, yes, no, k) in enumerate(program):
        if code not in (_LD, _JEQ, _JGE, _JSET, _RET):
            raise ValueError(f"step {at}: unknown code {code:#x}")
        if not (0 <= yes <= 255 and 0 <= no <= 255 and 0 <= k <= 0xFFFFFFFF):
            raise ValueError(f"step {at}: a field does not fit")
        if code == _LD and (k % 4 or k >= _DATA_BYTES):
            raise ValueError(f"step {at}: a load outside the data")
        if code in (_JEQ, _JGE, _JSET) and at + 1 + max(yes, no) >= len(program):
            raise ValueError(f"step {at}: a jump out of the program")
    if program[-1][0] != _RET:
        raise ValueError("it does not end with a return")


def run(program: Sequence[Instruction], arch: int, number: int, args: Sequence[int]) -> int:
    """Return what *program* returns for one system call with up to six arguments of 64 bits."""
    full = [value & 0xFFFFFFFFFFFFFFFF for value in (*args, 0, 0, 0, 0, 0, 0)][:6]
    data = pack("<IIQ6Q", number & 0xFFFFFFFF, arch, 0, *full)
    at = accumulator = 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == _RET:
            return k
        if code == _LD:
            (accumulator,) = unpack_from("<I", data, k)
            continue
        holds = {
            _JEQ: accumulator == k,
            _JGE: accumulator >= k,
            _JSET: bool(accumulator & k),
        }[code]
        at += yes if holds else no
