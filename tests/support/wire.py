"""Messages and near messages for tests of the wire, and a pair of pipes with both ends in one process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hypothesis import strategies as st

from ipc.host_end import HostEnd
from ipc.limits import MAX_ID
from ipc.messages import CONTROL, FROM_HOST, FROM_WORKER, Message

TABLES: Final = {"from_host": FROM_HOST, "from_worker": FROM_WORKER, "control": CONTROL}

# No lone surrogates: what crosses is JSON text, in which both sides write them as escapes.
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
UINTS: Final = st.one_of(st.integers(0, 300), st.integers(0, MAX_ID), st.just(MAX_ID))


@st.composite
def rows(draw: st.DrawFn, table: dict[int, tuple[str, tuple[type, ...]]]) -> Message:
    """A message that is a row of *table*."""
    kind = draw(st.sampled_from(sorted(table)))
    fields = [draw(UINTS if shape is int else TEXTS) for shape in table[kind][1]]
    return [kind, *fields]


MESSAGES: Final = st.one_of(*(rows(table) for table in TABLES.values()))


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """*data* with one to four small wounds: bits turned, bytes put in, taken out, repeated, cut off."""
    wounded = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(wounded) - 1, 0)))
        match draw(st.sampled_from(("flip", "insert", "delete", "repeat", "cut"))):
            case "flip" if wounded:
                wounded[at] ^= 1 << draw(st.integers(0, 7))
            case "insert":
                wounded[at:at] = draw(st.binary(min_size=1, max_size=9))
            case "delete":
                del wounded[at : at + draw(st.integers(1, 4))]
            case "repeat":
                wounded[at:at] = wounded[at : at + draw(st.integers(1, 8))]
            case _:
                del wounded[at:]
    return bytes(wounded)


def head(major: int, value: int) -> bytes:
    """CBOR's shortest head of *value*, as RFC 8949 (section 3) has it; written apart from the codec's."""
    for limit, extra, size in (
        (24, None, 0),
        (1 << 8, 24, 1),
        (1 << 16, 25, 2),
        (1 << 32, 26, 4),
    ):
        if value < limit:
            first = value if extra is None else extra
            return bytes([major << 5 | first]) + (value.to_bytes(size, "big") if size else b"")
    return bytes([major << 5 | 27]) + value.to_bytes(8, "big")


def by_hand(message: Message) -> bytes:
    """The body of *message*, without a CBOR library."""
    parts = [head(4, len(message))]
    for field in message:
        if isinstance(field, str):
            data = field.encode()
            parts.append(head(3, len(data)) + data)
        else:
            parts.append(head(0, field))
    return b"".join(parts)


@contextmanager
def host_end(**limits: int) -> Iterator[tuple[HostEnd, int, int]]:
    """A host's end on real pipes: ``(end, fd to read what it sends, fd to write what it receives)``."""
    from_host, to_worker = os.pipe()
    from_worker, to_host = os.pipe()
    end = HostEnd(from_worker, to_worker, **limits)
    os.set_blocking(from_host, False)
    try:
        yield end, from_host, to_host
    finally:
        end.close()
        for fd in (from_host, to_host):
            try:
                os.close(fd)
            except OSError:
                continue  # the test closed it
