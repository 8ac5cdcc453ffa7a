"""Settings of a plugin: whether a value fits its type, and which of several values is in effect.

Promises    Pure and bounded: the pattern comes from a plugin, so it is run by an engine whose time is linear in the
            text and whose compiled size is limited. No message ever holds the value of a secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from policies.json_text import Json
from policies.manifest_values import Setting

MAX_TEXT_CHARS: Final = 100_000
MAX_SECRET_CHARS: Final = 4096
"""Every line that is logged is searched for it."""
_MAX_PATTERN_BYTES: Final = 1024 * 1024
"""Of a compiled pattern."""
MASK: Final = "********"

Step: TypeAlias = str | int


class Secret:
    """A text that is for the plugin it was set for. Everything but :meth:`reveal` shows a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Only what a worker is told of itself may hold it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not copied into anything that is written down")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value at *place* within the settings of one plugin."""

    place: tuple[Step, ...]
    what: str


def check_setting(setting: Setting, *, is_inner: bool = False) -> tuple[str, str] | None:
    """Return which key of a setting's own declaration is wrong and why, or None.

    *is_inner*: it is a part of another setting, whose value is seen whole.
    """
    if is_inner and (setting.is_secret or setting.env is not None):
        return (
            "secret" if setting.is_secret else "env",
            "only for a setting of its own, not a part of one",
        )
    is_text = setting.type == "string"
    if setting.type == "enum" and not setting.values:
        return "values", "an enum needs values; list them"
    if setting.is_secret and not is_text:
        return "secret", "only a string can be a secret"
    if setting.is_secret and setting.default is not None:
        return "default", "a secret in a manifest is none; take the default out"
    if setting.env is not None and setting.type in ("array", "object"):
        return "env", f"a variable cannot hold an {setting.type}"
    if setting.pattern is not None:
        if not is_text:
            return "pattern", "only a string can have a pattern"
        try:
            _matcher(setting.pattern)
        except ValueError as error:
            return "pattern", str(error)
    if setting.min is not None and setting.max is not None and setting.min > setting.max:
        return "min", "is more than max; correct one of them"
    if setting.default is not None:
        wrong = judge(setting, setting.default)
        if isinstance(wrong, Problem):
            return "default", wrong.what
    return None


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> Callable[[str], bool]:
    import jsonschema_rs  # here: few settings have a pattern

    # jsonschema-rs brings the regex crate: no backtracking, so neither look-around nor back-references, and a limit
    # for what a repetition of repetitions compiles to.
    try:
        found = jsonschema_rs.validator_for(
            {"type": "string", "pattern": pattern},
            pattern_options=jsonschema_rs.RegexOptions(
                size_limit=_MAX_PATTERN_BYTES, dfa_size_limit=_MAX_PATTERN_BYTES
            ),
        )
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise ValueError(
            "no pattern that can be used: look-around, back-references and huge repetitions are not supported"
        ) from error
    return found.is_valid


def judge(setting: Setting, value: object) -> Problem | None:
    """Return the first thing that is wrong with *value*, or None when it fits."""
    waiting: list[tuple[tuple[Step, ...], Setting, object]] = [((), setting, value)]
    while waiting:
        place, of, given = waiting.pop()
        wrong = _wrong_here(of, given)
        if wrong is not None:
            shown = "" if of.is_secret else f", not {_shown(given)}"
            return Problem(place, f"{wrong}{shown}")
        if isinstance(given, list) and of.items is not None:
            inner = of.items
            waiting.extend(((*place, at), inner, part) for at, part in enumerate(given))
        if isinstance(given, Mapping):
            for known in of.properties:
                if known.key in given:
                    waiting.append(((*place, known.key), known, given[known.key]))
                elif known.is_required:
                    return Problem(place, f"{known.key} is missing")
    return None


def read_text(setting: Setting, text: str) -> Json:
    """Return what *text*, the value of a variable, means for *setting*. Raises ValueError, without the text."""
    match setting.type:
        case "number":
            try:
                return int(text)
            except ValueError:
                pass
            try:
                return float(text)
            except ValueError:
                raise ValueError("must be a number") from None
        case "boolean":
            word = text.strip().lower()
            if word in _BOOLEANS:
                return _BOOLEANS[word]
            raise ValueError("must be true or false")
        case "enum":
            return next((one for one in setting.values if str(one) == text), text)
        case "string" | "array" | "object":
            return text


_BOOLEANS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}


def _wrong_here(of: Setting, value: object) -> str | None:
    match of.type:
        case "string":
            return _wrong_text(of, value)
        case "number":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                return "must be a number"
            if value != value or value in (float("inf"), float("-inf")):
                return "must be a finite number"
            if of.min is not None and value < of.min:
                return f"must be at least {of.min:g}"
            if of.max is not None and value > of.max:
                return f"must be at most {of.max:g}"
        case "boolean":
            if not isinstance(value, bool):
                return "must be true or false"
        case "enum":
            if not any(value == one and type(value) is type(one) for one in of.values):
                listed = ", ".join(str(one) for one in of.values[:20])
                return f"must be one of {listed}"
        case "array":
            if not isinstance(value, list):
                return "must be an array"
            if of.max_length is not None and len(value) > of.max_length:
                return f"must have at most {of.max_length} items"
        case "object":
            if not isinstance(value, Mapping):
                return "must be a table"
    return None


def _wrong_text(of: Setting, value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    most = MAX_SECRET_CHARS if of.is_secret else MAX_TEXT_CHARS
    limit = most if of.max_length is None else min(of.max_length, most)
    if len(value) > limit:
        return f"must have at most {limit} characters"
    if of.pattern is not None and not _matcher(of.pattern)(value):
        return f"must match {of.pattern[:100]}"
    return None


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "an array"
    told = ascii(value)
    return told if len(told) <= 60 else f"{told[:60]}..."
