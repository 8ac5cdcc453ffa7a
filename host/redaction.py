"""What must not be kept: secrets that we know of, and values that are credentials by their name or form.

Promises    What :meth:`Redactor.text` and :meth:`Redactor.data` return holds no known secret, whole or cut
            at the end. Patterns are linear: a text that a plugin chose costs its length, which is capped.
Gap         A secret that nobody named and that looks like nothing is not recognised. So the audit keeps no
            inputs of tools, and this is the second line.
Threads     Any: the pattern is replaced whole.
"""

import json
import re
from functools import lru_cache
from threading import Lock
from typing import Final
from urllib.parse import quote

from host.outcome import Json, JsonObject

MASK: Final = "[masked]"
MIN_SECRET_CHARS: Final = 4
"""Less is no secret: masking every ``a`` would hide the record and protect nothing."""

_MAX_DEPTH: Final = 16
_MAX_KNOWN_DEPTH: Final = 200
"""What a plugin registers is no deeper; beyond it nothing can be vouched for."""
_MAX_NODES: Final = 2000
_MAX_CACHED_CHARS: Final = 64
_MAX_VALUE_CHARS: Final = 1024

_NAMES: Final = (
    r"pass(?:word|wd|phrase)|secret(?:[_-]?key)?|(?:access|refresh|id|auth|bearer|api|session)?[_-]?token"
    r"|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|authorization|set[_-]?cookie|cookie|credentials?"
)
_KEY: Final = re.compile(rf"(?:^|[a-z0-9_. -])(?:{_NAMES})s?$", re.IGNORECASE)
_KEY_EXACT: Final = re.compile("auth|pwd|pin|otp", re.IGNORECASE)

# Plain searches, ten times cheaper than the pattern: what holds none of these cannot match it.
_HINTS: Final = (
    "pass", "secret", "token", "key", "authorization", "cookie", "credential", "bearer", "basic", "://",
    "gh", "github_pat_", "sk-", "xox", "akia", "npm_", "glpat-", "eyj",
)  # fmt: skip

_WORDS: Final = (
    r"passw(?:or)?d|passphrase|secret(?:[_-]?key)?|token|(?:api|access|private|signing)[_-]?key"
    r"|authorization|cookie|credentials?"
)
_MIN_SHAPE_CHARS: Final = 9

_SHAPES: Final = re.compile(
    # a name and a value: password=..., --token ..., "api_key": "...", Authorization: Bearer ...
    rf"""(?P<name>(?:{_WORDS})["']?(?:\s{{0,4}}[=:]\s{{0,4}}|\s{{1,4}})(?:(?:bearer|basic|token)\s{{1,4}})?["']?)(?P<value>[^\s"',;&]{{4,}})"""
    r"|(?P<scheme>\b(?:bearer|basic)\s{1,4})(?P<bearer>[A-Za-z0-9+/=._~-]{8,})"
    # a URL with a password in it
    r"|(?P<url>://[^\s/:@]{0,64}:)(?P<userinfo>[^\s/@]{1,256})(?=@)"
    # tokens that say themselves what they are
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|sk-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{8,}"
    r"|AKIA[A-Z0-9]{12,}|npm_[A-Za-z0-9]{16,}|glpat-[A-Za-z0-9_-]{16,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{8,})"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,8192}",
    re.IGNORECASE,
)


_CUT: Final = re.compile(r"\.{3} \[[0-9]{1,12} characters cut\]\Z")
"""How a worker ends a log line that was too long."""


class Redactor:
    """See the module's text."""

    __slots__ = ("_known", "_lock", "_state")

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._lock = Lock()
        # The pattern of all secrets and the length of the longest: replaced together.
        self._state: tuple[re.Pattern[str] | None, int] = (None, 0)

    def add(self, secret: str) -> bool:
        """Mask *secret* from now on, also as JSON or a URL would write it. False when it is too short.

        The same text may be added by several; it is masked until each of them has removed it.
        """
        if len(secret) < MIN_SECRET_CHARS:
            return False
        with self._lock:
            self._known[secret] = self._known.get(secret, 0) + 1
            self._compile()
        return True

    def remove(self, secret: str) -> None:
        """Take back one :meth:`add`. What was never added is no error."""
        with self._lock:
            left = self._known.pop(secret, 0) - 1
            if left > 0:
                self._known[secret] = left
            self._compile()

    def _compile(self) -> None:
        forms = {form for secret in self._known for form in _forms(secret)}
        ordered = sorted(forms, key=len, reverse=True)  # the longer one wins where both match
        pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._state = (pattern, len(ordered[0]) if ordered else 0)

    def known(self, text: str) -> str:
        """Return *text* without known secrets; for names, which are nothing else."""
        pattern, _ = self._state
        return text if pattern is None else pattern.sub(MASK, text)

    def cut(self, text: str, limit: int) -> str:
        """Return *text* without known secrets, cut to *limit* characters.

        Not even the beginning of one stays at the end, whoever cut the text there.
        """
        pattern, longest = self._state
        if pattern is None:
            return text[:limit]
        secrets = tuple(self._known)
        kept = text[: limit + longest]
        masked = pattern.sub(MASK, kept)
        if len(kept) < len(text):
            masked = masked[:-longest]
        masked = masked[:limit]
        end = _CUT.search(masked)
        told = "" if end is None else end[0]
        masked = masked[: len(masked) - len(told)]
        for at in range(max(0, len(masked) - longest), len(masked) - MIN_SECRET_CHARS + 1):
            rest = masked[at:]
            if any(secret.startswith(rest) for secret in secrets):
                return masked[:at] + MASK + told
        return masked + told

    def known_in(self, value: Json, depth: int = 0) -> Json:
        """Return a copy of *value* without known secrets in its texts and keys; nothing else is changed."""
        if self._state[0] is None:
            return value
        if depth > _MAX_KNOWN_DEPTH:
            return None
        if isinstance(value, str):
            return self.known(value)
        if isinstance(value, list):
            return [self.known_in(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {
                self.known(key): self.known_in(item, depth + 1) for key, item in value.items()
            }
        return value

    def text(self, text: str, limit: int) -> str:
        """Return *text* masked and cut to *limit* characters; what was cut ends in an ellipsis."""
        pattern, longest = self._state
        room = limit + 2 * longest + 64
        is_cut = len(text) > room
        if is_cut:
            text = text[:room]
        if pattern is not None:
            text = pattern.sub(MASK, text)
            if is_cut:
                text = text[:-longest]  # may be the beginning of a secret that was cut in two
        if len(text) >= _MIN_SHAPE_CHARS:
            lower = text.lower()
            for hint in _HINTS:
                if hint in lower:
                    text = _SHAPES.sub(_masked, text)
                    break
        if is_cut or len(text) > limit:
            return text[: limit - 1] + "\u2026"
        return text

    def data(self, value: JsonObject) -> JsonObject:
        """Return a copy of *value* masked, with long texts cut and what is too deep or too much left out."""
        budget = [_MAX_NODES]
        return {
            self.known(key): MASK if _hides(key, item) else self._value(item, 1, budget)
            for key, item in value.items()
        }

    def _value(self, value: Json, depth: int, budget: list[int]) -> Json:
        budget[0] -= 1
        if isinstance(value, str):
            return self.text(value, _MAX_VALUE_CHARS)
        if not isinstance(value, dict | list):
            return value
        if depth > _MAX_DEPTH or budget[0] < 0:
            return "\u2026"
        if isinstance(value, list):
            return [self._value(item, depth + 1, budget) for item in value[:_MAX_NODES]]
        return {
            self.known(str(key)): MASK
            if _hides(str(key), item)
            else self._value(item, depth + 1, budget)
            for key, item in list(value.items())[:_MAX_NODES]
        }


def _forms(secret: str) -> set[str]:
    escaped = json.dumps(secret)[1:-1]
    try:
        return {secret, escaped, json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret)}
    except UnicodeEncodeError:  # a lone surrogate, which no URL can hold
        return {secret, escaped}


def _hides(key: str, value: Json) -> bool:
    """Whether *value* is a credential by its name. Numbers are not: ``max_tokens`` is a count."""
    if not value or not isinstance(value, str | list | dict):
        return False
    return _names_secret(key) if len(key) <= _MAX_CACHED_CHARS else _looks_secret(key)


def _looks_secret(key: str) -> bool:
    return bool(_KEY_EXACT.fullmatch(key) or _KEY.search(key))


# The keys of entries are few and always the same, and asking takes longer than all the rest.
_names_secret = lru_cache(maxsize=512)(_looks_secret)


def _masked(found: re.Match[str]) -> str:
    return (found["name"] or found["scheme"] or found["url"] or "") + MASK
