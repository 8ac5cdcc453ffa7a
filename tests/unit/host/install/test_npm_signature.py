"""Keys and signatures of registries: those that a test makes are in ``test_npm_fetch``, here are real ones."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host.errors import InstallError
from host.install.npm_package import Published, published
from host.install.npm_signature import check_signatures, moment, read_keys

EXPIRED: Final = "2025-01-29T00:00:00.000Z"
KEY: Final = {
    "expires": EXPIRED,
    "keyid": "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
    "keytype": "ecdsa-sha2-nistp256",
    "scheme": "ecdsa-sha2-nistp256",
    "key": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==",
}
SIGNED: Final = {
    "tool5@5.0.1": (
        "sha512-gPClNFHEACDPrNPIY9nQ5CtgNzXLek1VKLkenI/RRKrrWSSyIVte0HloLzyQJFW0bXgFnv5TgtcUM+xHE7B6/w==",
        "MEYCIQDhX2SZFZyV3rBaQp/tH0NRk1YWw6rF2KrietBA6xDIFQIhANJcAYMSl+mvNefhpxjyApSUK/CXFEnCeUSEQf113OPI",
    ),
    "venv@0.1.0": (
        "sha512-RMdeiD0OJC+S2w4931iqdi5MB9xe2T/lXZbRrHxbsmQrSA+FwhPk2bIqIwbNDCmThPgNw841Q272O6EFSYhBjQ==",
        "MEUCICKQJCEvvV3HdhCSj3TwH9qqIWLwc0GR1m/NED/s1bPIAiEAvkTmhIDIrD4MZoI2g27+HsuxoFJhC/evORT6T2UUwSc=",
    ),
}


def described(id_: str) -> Published:
    name, _, version = id_.rpartition("@")
    integrity, sig = SIGNED[id_]
    signatures = [{"keyid": KEY["keyid"], "sig": sig}]
    return published(
        name, version, {"dist": {"integrity": integrity, "signatures": signatures}}
    )


def keys(**changed: object) -> bytes:
    return json.dumps({"keys": [KEY | changed]}).encode()


def other_curve() -> str:
    """A key that is named as if it were of the right one."""
    public = ec.generate_private_key(ec.SECP384R1()).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def before() -> datetime:
    return moment("2024-10-09T22:57:17.000Z")


@pytest.mark.parametrize("id_", SIGNED)
def test_a_public_registry_signs_what_we_verify(id_: str) -> None:
    """Packages and a key of it, as published; none of their parts may be another."""
    package = described(id_)
    known = read_keys(keys())
    check_signatures(package, known, published_at=before)

    for other in (
        replace(package, name="other"),
        replace(package, version="9.9.9"),
        replace(package, integrity="sha512-" + "A" * 86 + "=="),
    ):
        with pytest.raises(InstallError) as caught:
            check_signatures(other, known, published_at=before)
        assert caught.value.code == "E_SIGNATURE"


def test_its_key_has_expired() -> None:
    """When something was published decides, and not knowing it is not having been before."""
    package = described("venv@0.1.0")
    for told in (None, moment(EXPIRED), datetime.now(UTC)):
        with pytest.raises(InstallError, match="expired"):
            check_signatures(package, read_keys(keys()), published_at=lambda told=told: told)


def test_a_key_that_holds_needs_no_time() -> None:
    """Whoever asks for one gets another document from the registry."""

    def ask() -> datetime:
        raise AssertionError

    for expires in (None, "2999-01-01T00:00:00.000Z"):
        check_signatures(
            described("venv@0.1.0"), read_keys(keys(expires=expires)), published_at=ask
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>",
        b'{"keys": {}}',
        b'{"keys": [1]}',
        b"\xff",
        keys(keytype="ssh-ed25519"),
        keys(scheme="other"),
        keys(key="AAAA"),
        keys(key="no base64"),
        keys(expires="soon"),
        keys(key=other_curve()),
    ],
)
def test_what_holds_no_key(body: bytes) -> None:
    """Nothing is verified with it."""
    assert read_keys(body) == {}
