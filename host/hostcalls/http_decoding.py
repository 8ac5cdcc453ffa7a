"""Content codings of a response's body, undone piece by piece.

Promises    However little comes in, no more than one piece comes out at a time: a body that unfolds to gigabytes costs a
            piece of memory, and whoever counts the pieces ends it.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

PIECE_BYTES: Final = 64 * 1024
MAX_CODINGS: Final = 3
MAX_MEMBERS: Final = 1024
"""Of one gzip: empty ones cost a server twenty bytes and us a turn."""
ACCEPTED: Final = "gzip, deflate"


class DecodingError(ValueError):
    """The body is not what its Content-Encoding says."""


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Undo *encoding*, the value of Content-Encoding; one that nobody here knows is left as it is.

    An empty piece says that something came in and nothing came out. Raises :class:`DecodingError`.
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > MAX_CODINGS:
        raise DecodingError(f"more than {MAX_CODINGS} content codings")
    if not all(name in ("gzip", "x-gzip", "deflate") for name in names):
        return iter(chunks)
    pieces: Iterator[bytes] = iter(chunks)
    for name in reversed(names):
        pieces = _inflated(pieces, name)
    return pieces


def _inflated(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    inflater = None
    came = False
    members = 0
    for chunk in chunks:
        data = chunk
        came = came or bool(data)
        if not data:
            yield b""
        while data:
            if inflater is None:
                members += 1
                if members > MAX_MEMBERS:
                    raise DecodingError(f"more than {MAX_MEMBERS} members in its {name}")
                inflater = zlib.decompressobj(_window(name, data))
            try:
                piece = inflater.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise DecodingError(f"the body is not {name}: {error}") from None
            data = inflater.unconsumed_tail
            yield piece
            if inflater.eof:
                data = inflater.unused_data
                if name == "deflate" or not data.startswith(b"\x1f"):
                    data = b""  # as every client does, what comes after the end is ignored
                else:
                    inflater = None  # another member of the same file
            elif not data and len(piece) == PIECE_BYTES:
                yield from _rest(inflater)
    if came and inflater is not None and not inflater.eof:
        raise DecodingError(f"the body ends within its {name}")


def _rest(inflater: "zlib._Decompress") -> Iterator[bytes]:
    """What the inflater still holds although all that came in is consumed."""
    while True:
        piece = inflater.decompress(b"", PIECE_BYTES)
        if not piece:
            return
        yield piece


def _window(name: str, data: bytes) -> int:
    if name != "deflate":
        return 16 + zlib.MAX_WBITS
    # Some servers send deflate without its wrapper.
    has_wrapper = data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
    return zlib.MAX_WBITS if has_wrapper else -zlib.MAX_WBITS
