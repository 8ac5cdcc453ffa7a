"""One line of the log, sealed: numbered, chained to the line before, and signed.

A line is one JSON object in ASCII that ends in ``"prev":"...","hash":"...","mac":"..."``. *hash* is BLAKE2b-256
over every byte before it, *prev* included, so that a line vouches for all lines before it; anyone can check
that. *mac* is keyed BLAKE2b over the hash: only who can read the key can make a line.

Promises    Pure. A byte changed anywhere in a line, its line break included, makes it unreadable here or
            breaks the chain.
"""

import hmac
import json
import re
from hashlib import blake2b
from typing import Final, NamedTuple

from host.outcome import JsonObject

GENESIS: Final = "0" * 64
"""What the first line of a log names as the hash before it."""

_LINE_PERSON: Final = b"jcode-audit-line"
_HEAD_PERSON: Final = b"jcode-audit-head"
_LINE: Final = re.compile(
    rb'\{"seq":(?P<seq>[1-9][0-9]{0,17}),[\x20-\x7e]*,"prev":"(?P<prev>[0-9a-f]{64})"'
)
_TAIL: Final = re.compile(rb',"hash":"(?P<hash>[0-9a-f]{64})","mac":"(?P<mac>[0-9a-f]{32})"\}')
_TAIL_BYTES: Final = len(b',"hash":"') + 64 + len(b'","mac":"') + 32 + len(b'"}')


class Line(NamedTuple):
    """A line whose own hash is right. *is_signed* is None where there was no key to tell."""

    seq: int
    prev: str
    hash: str
    is_signed: bool | None

    def follows(self, seq: int, last: str) -> bool:
        """Whether this is signed, and the line after number *seq* with the hash *last*."""
        return self.is_signed is True and self.seq == seq + 1 and self.prev == last


def encode_body(fields: JsonObject) -> bytes:
    """Return *fields* as JSON without the opening brace. Never fails: what JSON cannot hold is left out."""
    try:
        text = json.dumps(fields, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        kept: JsonObject = {
            name: value for name, value in fields.items() if isinstance(value, str | int)
        }
        text = json.dumps(kept | {"left_out": True}, separators=(",", ":"))
    return text[1:].encode("ascii")


def seal(key: bytes, body: bytes, seq: int, prev: str) -> tuple[bytes, str]:
    """Return the line number *seq* with its line break, and its hash; *body* is of :func:`encode_body`."""
    covered = b'{"seq":%d,%s,"prev":"%s"' % (seq, body[:-1], prev.encode())
    digest = blake2b(covered, digest_size=32).hexdigest()
    mac = _line_mac(key, digest)
    return b'%s,"hash":"%s","mac":"%s"}\n' % (covered, digest.encode(), mac.encode()), digest


def read(line: bytes, key: bytes | None) -> Line | None:
    """Return what *line*, without its line break, vouches for, or None when it is not what was written."""
    covered, tail = line[:-_TAIL_BYTES], _TAIL.fullmatch(line[-_TAIL_BYTES:])
    start = _LINE.fullmatch(covered)
    if tail is None or start is None:
        return None
    digest = tail["hash"].decode()
    if blake2b(covered, digest_size=32).hexdigest() != digest:
        return None
    is_signed = None
    if key is not None:
        is_signed = hmac.compare_digest(_line_mac(key, digest), tail["mac"].decode())
    return Line(int(start["seq"]), start["prev"].decode(), digest, is_signed)


def _line_mac(key: bytes, digest: str) -> str:
    return blake2b(digest.encode(), key=key, person=_LINE_PERSON, digest_size=16).hexdigest()


def fingerprint(data: bytes) -> str:
    """Return what a gap record says of bytes that are no line."""
    return blake2b(data, digest_size=32).hexdigest()


def sign(key: bytes, text: bytes) -> str:
    """Return the signature of a head."""
    return blake2b(text, key=key, person=_HEAD_PERSON, digest_size=32).hexdigest()
