"""Whose signature counts, for which plugins, and until when.

Promises    Values, decided without I/O. A key signs only what the operator lets it sign: every reason why one does
            not count is a sentence. A revoked key counts for nothing, whatever else is said of it.
Elsewhere   Whether a signature is one, and over which bytes: ``host/signing``.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

SignatureWord: TypeAlias = Literal["off", "warn", "require"]
WORDS: Final[tuple[SignatureWord, ...]] = ("off", "warn", "require")
"""The later, the stricter."""

_ID: Final = re.compile(r"[0-9A-F]{16}")
_WILD: Final = re.compile(r"[*?\[]")
_KEY_BYTES: Final = 42
_ALGORITHM: Final = b"Ed"


def stricter(one: SignatureWord, two: SignatureWord) -> SignatureWord:
    """Return the word of the two that lets fewer plugins run."""
    return max(one, two, key=WORDS.index)


def is_key_id(text: str) -> bool:
    """Whether *text* has the form of a key's id: 16 digits of hex, in capitals."""
    return _ID.fullmatch(text) is not None


def key_id_of(key: str) -> str | None:
    """Return the id of a public key as ``keygen`` and minisign print it, or None if *key* is none."""
    try:
        data = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) != _KEY_BYTES or not data.startswith(_ALGORITHM):
        return None
    if base64.b64encode(data).decode() != key:
        return None
    return shown_id(data[2:10])


def shown_id(number: bytes) -> str:
    """Return a key's number of eight bytes as people see it."""
    return number[::-1].hex().upper()


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that the operator named. ``key`` is the public one, empty where only its id is known, as it is revoked."""

    id: str
    key: str = ""
    name: str = ""
    plugins: tuple[str, ...] = ("*",)
    """Patterns of the names that it may sign."""
    expires: date | None = None
    """The last day, in UTC, on which it counts."""
    revoked: bool = False
    successor: str = ""
    """The id of the key that takes its place."""

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id

    def why_not_now(self, today: date) -> str:
        """Return why nothing that it signed counts on that day, or nothing."""
        if self.revoked:
            return f"key {self} is revoked"
        if self.expires is not None and today > self.expires:
            return f"key {self} expired on {self.expires.isoformat()}"
        return ""

    def why_not_for(self, plugin: str) -> str:
        """Return why it does not count for *plugin*, or nothing."""
        if _matches(plugin, self.plugins):
            return ""
        return f"key {self} may not sign a plugin called {plugin}"


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


Keys: TypeAlias = Mapping[str, TrustedKey]
"""By id."""


def bound(own: Keys, ceiling: Keys) -> dict[str, TrustedKey]:
    """Return the keys that count where *own* stands beneath a *ceiling*.

    A key that the ceiling revokes is revoked. If the ceiling trusts any key, no other one is trusted, and *own* may
    only revoke one, end it sooner, or let it sign less.
    """
    is_closed = any(not key.revoked for key in ceiling.values())
    met: dict[str, TrustedKey] = {}
    for id_, key in own.items():
        above = ceiling.get(id_)
        if above is not None:
            met[id_] = _both(key, above)
        elif key.revoked or not is_closed:
            met[id_] = key
    for id_, above in ceiling.items():
        met.setdefault(id_, above)
    return met


def _both(own: TrustedKey, above: TrustedKey) -> TrustedKey:
    if above.revoked:
        return replace(own, revoked=True)
    ends = [day for day in (own.expires, above.expires) if day is not None]
    return TrustedKey(
        id=above.id,
        key=above.key,  # whoever makes a key chooses its id: the same id is not the same key
        name=own.name or above.name,
        plugins=meet_patterns(own.plugins, above.plugins),
        expires=min(ends, default=None),
        revoked=own.revoked,
        successor=above.successor or own.successor,
    )


def meet_patterns(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns that match nothing which either of the two does not match, and what both say outright."""
    if "*" in two:
        return one
    if "*" in one:
        return two
    return tuple(
        dict.fromkeys(
            pattern
            for mine, theirs in ((one, two), (two, one))
            for pattern in mine
            if pattern in theirs or (not _WILD.search(pattern) and _matches(pattern, theirs))
        )
    )


def may_follow(old: str, new: str, keys: Keys) -> bool:
    """Whether a release signed by the key *new* may take the place of one signed by *old*, without a person's word.

    The same key, or one that its operator named as successor, step by step.
    """
    seen: set[str] = set()
    while old and old not in seen:
        if old == new:
            return True
        seen.add(old)
        known = keys.get(old)
        old = known.successor if known is not None else ""
    return False
