"""Two programs of the smallest kind for x86_64: a header, one segment, a few instructions."""

from struct import pack

_BASE = 0x400000
_HEADERS = 64 + 56


def _program(code: bytes) -> bytes:
    size = _HEADERS + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code


_WRITE_AND_EXIT = (
    b"\xb8\x01\x00\x00\x00"  # mov eax, 1: write
    b"\xbf\x04\x00\x00\x00"  # mov edi, 4: the channel
    b"\x0f\x05"  # syscall
    b"\xb8\xe7\x00\x00\x00"  # mov eax, 231: exit_group
    b"\x31\xff"  # xor edi, edi
    b"\x0f\x05"  # syscall
)

SAYS_ZERO = _program(
    b"\x48\x8d\x35\x1a\x00\x00\x00"  # lea rsi, [rip + 26]: the text
    b"\xba\x01\x00\x00\x00" + _WRITE_AND_EXIT + b"0"  # mov edx, 1
)
"""Writes ``0`` to the channel."""

PROVES_ROOT = _program(
    b"\xb8\x6b\x00\x00\x00"  # mov eax, 107: geteuid
    b"\x0f\x05"  # syscall
    b"\x48\x8d\x35\x26\x00\x00\x00"  # lea rsi, [rip + 38]: "0"
    b"\xba\x01\x00\x00\x00"  # mov edx, 1
    b"\x85\xc0"  # test eax, eax
    b"\x74\x08"  # je +8: over the next two
    b"\x48\xff\xc6"  # inc rsi
    b"\xba\x03\x00\x00\x00" + _WRITE_AND_EXIT + b"0-13"  # mov edx, 3: "-13"
)
"""Writes ``0`` if its effective user is root, else ``-13``."""
