"""Keys and detached signatures in minisign's format: what is made here ``minisign`` verifies, and the other way round.

Promises    A signature has one text: bytes before, between or after what belongs to it make it none. Only the hashed
            kind counts: what a key signed the older way, a file that is itself a hash, could pass for another file's.
Relies on   Ed25519 of OpenSSL, which refuses the other forms of a number that a signature could take.
"""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from host.errors import InputError
from policies.signing import key_id_of, shown_id

if TYPE_CHECKING:
    from minisign import SecretKey, Signature

MAX_SIGNATURE_BYTES: Final = 16 * 1024
_MAX_KEY_BYTES: Final = 4096
_COMMENT: Final = "signature from a jcode-plugin key"


class SignatureError(Exception):
    """Bytes that are no signature, or one that does not hold. The text says why."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair as text; ``secret`` is the file that is to be kept, ``public`` the line to hand out."""

    id: str
    public: str
    secret: bytes


def make_key(password: str | None) -> NewKey:
    """Return a new key, its secret part encrypted with *password* if there is one. Takes a second with one."""
    from minisign import KeyPair

    pair = KeyPair.generate()
    public = pair.public_key.to_base64().decode("ascii")
    id_ = key_id_of(public)
    if id_ is None:
        raise RuntimeError("the library made a key that is none")
    with pair.secret_key as secret:
        if password is not None:
            secret.encrypt(password)
        secret.untrusted_comment = (
            f"jcode-plugin {'encrypted ' if password else ''}secret key {id_}"
        )
        return NewKey(id_, public, bytes(secret) + b"\n")


def read_public(path: Path) -> str:
    """Return the public key in the file at *path*: a line of its own, or under minisign's comment.

    Raises InputError.
    """
    text = _read(path).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) not in (1, 2) or key_id_of(lines[-1]) is None:
        raise InputError(f"{path}: not a public key; use what keygen printed")
    return lines[-1]


def open_secret(path: Path, ask: Callable[[], str | None]) -> "SecretKey":
    """Return the secret key in the file at *path*; *ask* gives the password of one that is encrypted.

    Raises InputError. The caller wipes it.
    """
    import minisign

    data = _read(path, is_secret=True)
    try:
        secret = minisign.SecretKey.from_bytes(data)
    except ValueError:
        raise InputError(
            f"{path}: not a secret key of keygen or minisign; name its file with --key"
        ) from None
    if secret.is_encrypted():
        password = ask()
        if password is None:
            raise InputError(f"{path}: has a password, and there is no terminal to ask for it")
        try:
            secret.decrypt(password)
        except ValueError:
            raise InputError(f"{path}: not the password of this key; try again") from None
    return secret


def id_of_secret(secret: "SecretKey") -> str:
    """Return the id that the public half of *secret* goes by."""
    return key_id_of(secret.get_public_key().to_base64().decode("ascii")) or ""


def sign(data: bytes, secret: "SecretKey", comment: str) -> bytes:
    """Return the signature of *data*; *comment* is signed with it."""
    signature = secret.sign(
        data, prehash=True, untrusted_comment=_COMMENT, trusted_comment=comment
    )
    return bytes(signature) + b"\n"


def signer_of(signature: bytes) -> str:
    """Return the id of the key that *signature* says it is from: nothing is known to be true of it yet.

    Raises SignatureError.
    """
    number: bytes = _parse(signature)._key_id  # noqa: SLF001 - the library does not say it another way
    return shown_id(number)


def verify(data: bytes, signature: bytes, key: str) -> str:
    """Return the comment that was signed with *data*. Raises SignatureError unless *key*, a public one, signed both."""
    import minisign

    parsed = _parse(signature)
    try:
        minisign.PublicKey.from_base64(key).verify(data, parsed)
    except ValueError:  # of the library or of the curve: a point that is none
        raise SignatureError("the signature is not by that key, or not of this text") from None
    comment: str = parsed.trusted_comment
    return comment


def _parse(data: bytes) -> "Signature":
    import minisign

    if len(data) > MAX_SIGNATURE_BYTES:
        raise SignatureError(f"a signature is no larger than {MAX_SIGNATURE_BYTES >> 10} KiB")
    try:
        parsed = minisign.Signature.from_bytes(data)
    except ValueError:
        raise SignatureError("it is no signature of minisign's format") from None
    if not parsed.is_prehashed():
        raise SignatureError("it is of minisign's older kind; sign again")
    if bytes(parsed) + b"\n" != data:
        raise SignatureError("it has bytes that do not belong to a signature")
    return parsed


def _read(path: Path, *, is_secret: bool = False) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            data = file.read(_MAX_KEY_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}; name a key's file with --key, or make one: jcode-plugin keygen"
        ) from None
    if not data or len(data) > _MAX_KEY_BYTES:
        raise InputError(f"{path}: not the file of a key")
    if is_secret and status.st_mode & 0o077:
        raise InputError(f"{path}: others may read this secret key; close it: chmod 600 {path}")
    return data


def write_secret(path: Path, data: bytes) -> None:
    """Write a secret key to a new file that only its owner reads. Raises InputError if there is one already."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, flags, 0o600)
    except FileExistsError:
        raise InputError(
            f"{path}: exists, and a key that is overwritten is gone; move it away, or name another with --out"
        ) from None
    try:
        with open(fd, "wb") as file:
            os.fchmod(fd, 0o600)  # whatever our umask is
            file.write(data)
            file.flush()
            os.fsync(fd)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
