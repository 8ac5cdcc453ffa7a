"""What vouches for the bytes of an archive: the hash that the registry states, and the registry's signature of it.

Promises    Nothing is unpacked whose SHA-512 is not the one stated. SHA-1, which can be forged, does not count.
Relies on   TLS for what the registry states. A signature adds that whoever serves the description of a package had the
            registry's key: a mirror or a cache in between cannot have changed it.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from host.audit import printable
from host.errors import InstallError
from host.install.npm_package import Published

_ALGORITHM: Final = "sha512-"
_SHA512_BYTES: Final = 64
_MAX_KEYS: Final = 100
_KIND: Final = "ecdsa-sha2-nistp256"


class _RawKey(msgspec.Struct):
    keyid: str
    key: str
    keytype: str = ""
    scheme: str = ""
    expires: str | None = None


class _RawKeys(msgspec.Struct):
    keys: list[_RawKey]


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a registry signs with. What was published after it expired is not signed by it."""

    public: ec.EllipticCurvePublicKey
    expires: datetime | None


def read_keys(body: bytes) -> dict[str, Key]:
    """Return the keys in the answer of a registry, by their id; empty for an answer that holds none.

    Keys of a kind that is not known are left out.
    """
    try:
        raw = msgspec.json.decode(body, type=_RawKeys)
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
    ):  # many registries answer what they do not know with a page
        return {}
    found = {}
    for one in raw.keys[:_MAX_KEYS]:
        if (one.keytype, one.scheme) != (_KIND, _KIND):
            continue
        try:
            public = load_der_public_key(base64.b64decode(one.key, validate=True))
            expires = None if one.expires is None else moment(one.expires)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(
            public.curve, ec.SECP256R1
        ):
            found[one.keyid] = Key(public, expires)
    return found


def moment(text: str) -> datetime:
    """Return the time that *text* states in ISO 8601; without a zone it is UTC. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def stated_sha512(package: Published) -> frozenset[bytes]:
    """Return the hashes of which one must be the archive's. Raises InstallError E_INTEGRITY when there is none."""
    found = set()
    for word in package.integrity.split():
        if word.startswith(_ALGORITHM):
            try:
                value = base64.b64decode(
                    word[len(_ALGORITHM) :].partition("?")[0], validate=True
                )
            except binascii.Error:
                continue
            if len(value) == _SHA512_BYTES:
                found.add(value)
    if not found:
        raise InstallError(
            "E_INTEGRITY",
            f"{printable(package.id)}: the registry states no SHA-512 of it, and without one nothing is installed; "
            "choose a newer version",
        )
    return frozenset(found)


def sha512_of(path: Path) -> str:
    """Return the hash of a file as registries state it: ``sha512-`` and base64."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    return f"{_ALGORITHM}{base64.b64encode(digest).decode()}"


def check_archive(package: Published, archive: bytes) -> None:
    """Raise InstallError E_INTEGRITY unless *archive* is the one that the registry describes."""
    if hashlib.sha512(archive).digest() not in stated_sha512(package):
        raise InstallError(
            "E_INTEGRITY",
            f"{printable(package.id)}: the archive is not the one that the registry describes (its SHA-512 is another); "
            "nothing of it was unpacked",
        )


def check_signatures(
    package: Published,
    keys: Mapping[str, Key],
    *,
    published_at: Callable[[], datetime | None],
) -> None:
    """Raise InstallError E_SIGNATURE unless a key of the registry signed *package*, and none wrongly.

    *published_at* tells when that version was published, and is asked only for a key that has expired.
    """
    known = [
        (keys[signature.keyid], signature.value)
        for signature in package.signatures
        if signature.keyid in keys
    ]
    if not known:
        raise _wrong(package, "is signed, but by no key of the registry")
    message = f"{package.name}@{package.version}:{package.integrity}".encode()
    for key, value in known:
        try:
            key.public.verify(
                base64.b64decode(value, validate=True), message, ec.ECDSA(hashes.SHA256())
            )
        except (InvalidSignature, ValueError):
            raise _wrong(package, "the registry's signature does not hold") from None
    if all(_is_too_late(key, published_at) for key, _ in known):
        raise _wrong(package, "was published after the registry's key for it had expired")


def _is_too_late(key: Key, published_at: Callable[[], datetime | None]) -> bool:
    if key.expires is None or datetime.now(UTC) < key.expires:
        return False
    published = published_at()
    return published is None or published >= key.expires


def _wrong(package: Published, what: str) -> InstallError:
    return InstallError(
        "E_SIGNATURE",
        f"{printable(package.id)}: {what}; do not install it, and tell whoever runs the registry",
    )
