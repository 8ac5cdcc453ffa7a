"""Hashes in C for JavaScript, beside hashlib's."""

import base64
import hashlib

import pytest

from worker.digests import derive, digest

NAMES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def b64(data: bytes) -> str:
    """As JavaScript hands it over."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [b"", b"abc", b"\x00\xff" * 500, b"x" * 100_000])
def test_digests_are_hashlibs(name: str, data: bytes) -> None:
    """For every name and any bytes."""
    assert digest(name, b64(data)) == hashlib.new(name, data).hexdigest()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("password", "salt", "rounds", "length"),
    [
        (b"password", b"salt", 1, 20),
        (b"", b"", 1, 64),
        (b"p" * 300, b"s" * 200, 7, 150),
        (b"p", b"s", 3, 1),
        (b"p", b"s", 1, 0),
    ],
)
def test_derived_keys_are_hashlibs(
    name: str, password: bytes, salt: bytes, rounds: int, length: int
) -> None:
    """Keys longer than a block, several blocks, and none at all."""
    expected = hashlib.pbkdf2_hmac(name, password, salt, rounds, length or 1)[:length].hex()

    assert derive(name, b64(password), b64(salt), rounds, length) == expected


@pytest.mark.parametrize(
    ("name", "data"),
    [("nope", ""), ("sha256", "a"), ("sha256", "é"), ("", ""), ("sha256", "\ud800")],
)
def test_what_cannot_be_hashed_is_nothing(name: str, data: str) -> None:
    """Never an exception, which would break the binding."""
    assert digest(name, data) == ""
    assert derive(name, data, data, 1, 1) == ""


@pytest.mark.parametrize(("rounds", "length"), [(0, 1), (-1, 1), (1, -1), (1, 65537)])
def test_a_derivation_is_bounded(rounds: int, length: int) -> None:
    """In what it gives; in time it is the plugin's own, which the host watches."""
    assert derive("sha256", "", "", rounds, length) == ""
