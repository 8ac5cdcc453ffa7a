"""Tar archives byte by byte, so that a test can write what no packer would."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)


def header(
    name: str | bytes,
    *,
    size: int | bytes = 0,
    kind: bytes = b"0",
    mode: int = 0o644,
    link: str = "",
    prefix: bytes = b"",
    magic: bytes = b"ustar\x0000",
    rest: bytes = b"",
) -> bytes:
    """One header with a right checksum. *size* as bytes is put there as it is; *rest* is what a GNU header ends in."""
    raw = name.encode() if isinstance(name, str) else name
    length = size if isinstance(size, bytes) else b"%011o\0" % size
    fields = (
        raw.ljust(100, b"\0"),
        b"%07o\0" % mode,
        b"0000000\0" * 2,
        length.ljust(12, b"\0"),
        b"00000000000\0",
        b" " * 8,
        kind,
        link.encode().ljust(100, b"\0"),
        magic,
        bytes(64 + 16),
        (prefix or rest).ljust(167, b"\0"),
    )
    return sealed(b"".join(fields))


def sealed(block: bytes) -> bytes:
    """*block* with the checksum that is right for the rest of it."""
    assert len(block) == BLOCK
    blank = block[:148] + b" " * 8 + block[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def padded(data: bytes) -> bytes:
    """*data* up to a whole block."""
    return data + bytes(-len(data) % BLOCK)


def file(
    name: str | bytes, data: bytes = b"x", *, mode: int = 0o644, kind: bytes = b"0"
) -> bytes:
    """One file."""
    return header(name, size=len(data), mode=mode, kind=kind) + padded(data)


def record(key: str, value: str | bytes) -> bytes:
    """One line of a pax header."""
    rest = (
        b" "
        + key.encode()
        + b"="
        + (value.encode() if isinstance(value, str) else value)
        + b"\n"
    )
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    """A pax header of *records*, for the member after it."""
    return file("PaxHeader/x", b"".join(records), kind=kind)


def long_name(name: str | bytes, *, kind: bytes = b"L") -> bytes:
    """GNU's header of a long name."""
    raw = name.encode() if isinstance(name, str) else name
    return header("././@LongLink", size=len(raw), kind=kind, magic=b"ustar  \0") + padded(raw)


def extract_trusting(archive: bytes, into: Path) -> None:
    """What a careless installer does."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="fully_trusted")  # noqa: S202 - as such a one does


def bomb(mebibytes: int, first: bytes = b"") -> bytes:
    """gzip of *first* and then that many MiB of zeros, without having compressed them all."""
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as packed:
        packed.write(first)
        packed.flush(3)  # Z_FULL_FLUSH: what follows can be repeated
        before = made.tell()
        packed.write(bytes(1 << 20))
        packed.flush(3)
        after = made.tell()
    whole = made.getvalue()
    return whole[:before] + whole[before:after] * mebibytes + whole[after:]


@dataclass
class Endless(io.RawIOBase):
    """A stream of what *pieces* yields, made as it is read; ``given`` counts the bytes."""

    pieces: Iterator[bytes]
    given: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (piece := next(self.pieces, b"")):
            self._left += piece
        found, self._left = self._left[:size], self._left[size:]
        self.given += len(found)
        return found
