"""Hashes for JavaScript in C: an interpreter inside an interpreter would take seconds for a megabyte.

Promises    Nothing here raises: a name that is not known, or data that is none, gives "". No system call is made.
Relies on   The hash modules of CPython itself, imported before the lockdown. hashlib would bring OpenSSL along, five
            megabytes of C that a plugin's bytes need not meet.
"""

import binascii
import sys
from _md5 import md5  # type: ignore[import-not-found] # CPython's own; typeshed does not list it
from _sha1 import sha1  # type: ignore[import-not-found] # CPython's own; typeshed does not list it
from collections.abc import Callable
from typing import Final, Protocol

if sys.version_info >= (3, 12):
    from _sha2 import sha224, sha256, sha384, sha512  # type: ignore[import-not-found] # CPython's own; typeshed does not list it
else:
    from _sha256 import sha224, sha256  # type: ignore[import-not-found] # CPython's own; typeshed does not list it
    from _sha512 import sha384, sha512  # type: ignore[import-not-found] # CPython's own; typeshed does not list it


class _Hash(Protocol):
    block_size: int

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def copy(self) -> "_Hash": ...


_HASHES: Final[dict[str, Callable[[bytes], _Hash]]] = {
    "md5": md5,
    "sha1": sha1,
    "sha224": sha224,
    "sha256": sha256,
    "sha384": sha384,
    "sha512": sha512,
}
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_MAX_DERIVED_BYTES: Final = 65536


def digest(name: str, data: str) -> str:
    """Return the digest of *data*, which is base64, in hex."""
    try:
        return _HASHES[name](binascii.a2b_base64(data)).digest().hex()
    except (KeyError, ValueError, MemoryError):
        return ""


def derive(name: str, password: str, salt: str, rounds: int, length: int) -> str:
    """Return *length* bytes of PBKDF2 (RFC 8018) with HMAC in hex; *password* and *salt* are base64."""
    try:
        make = _HASHES[name]
        if rounds < 1 or not 0 <= length <= _MAX_DERIVED_BYTES:
            return ""
        inner, outer = _keyed(make, binascii.a2b_base64(password))
        seed = binascii.a2b_base64(salt)
        derived = bytearray()
        while len(derived) < length:
            number = len(derived) // len(inner.digest()) + 1
            derived += _block(inner, outer, seed + number.to_bytes(4, "big"), rounds)
        return derived[:length].hex()
    except (KeyError, ValueError, MemoryError):
        return ""


def _keyed(make: Callable[[bytes], _Hash], password: bytes) -> tuple[_Hash, _Hash]:
    """Return the two hashes of HMAC that have taken the key, to be copied for every message."""
    size = make(b"").block_size
    key = (make(password).digest() if len(password) > size else password).ljust(size, b"\0")
    return make(key.translate(_INNER)), make(key.translate(_OUTER))


def _block(inner: _Hash, outer: _Hash, message: bytes, rounds: int) -> bytes:
    total = 0
    for _ in range(rounds):
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        message = second.digest()
        total ^= int.from_bytes(message, "big")
    return total.to_bytes(len(message), "big")
