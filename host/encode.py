"""An event's payload as the JSON text that workers read."""

import json
from math import isfinite
from typing import Final

import msgspec

from host.errors import InputError
from host.events import PluginEvent
from host.outcome import JsonObject

_encode = msgspec.json.Encoder().encode

_NAMES: Final = {int(event): event.wire_name for event in PluginEvent}
_OPENING: Final = tuple(
    f'{{"event":"{_NAMES.get(number, "")}",'.encode() for number in range(32)
)
"""By number: looking an enum member up in a dict costs more than the rest of this module's path."""


class NotEncodableError(Exception):
    """The payload has no JSON form: not finite, too deep, or holding what is not JSON."""


def encode_payload(event: PluginEvent, payload: JsonObject) -> bytes:
    """Return *payload* with its event's name, in UTF-8.

    What msgspec cannot take (lone surrogates, integers over 64 bits) goes the slow way, where surrogates are
    escaped: a command must not slip past its guard by being badly encoded.
    """
    if type(payload) is dict and "event" not in payload:
        try:
            text = _encode(payload)
        except (UnicodeEncodeError, OverflowError, TypeError, ValueError, RecursionError):
            return _encode_slowly({"event": event.wire_name, **payload})
        if b"null" in text:
            _check_finite(text, payload)
        return (
            _OPENING[event] + text[1:] if payload else encode_json({"event": event.wire_name})
        )
    if not isinstance(payload, dict):
        raise InputError(
            f"the payload of {event.wire_name} must be an object, not {type(payload).__name__}"
        )
    return encode_json({**payload, "event": event.wire_name})


def encode_json(value: object) -> bytes:
    """Return *value* as JSON in UTF-8, without what JSON has no word for; raises NotEncodableError."""
    try:
        text = _encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError, ValueError, RecursionError):
        return _encode_slowly(value)
    _check_finite(text, value)
    return text


def _check_finite(text: bytes, value: object) -> None:
    # msgspec writes what is not finite as null: a guard would see another value than the tool.
    if b"null" in text and _holds_non_finite(value):
        raise NotEncodableError("a number in it is not finite")


def _encode_slowly(value: object) -> bytes:
    try:
        return json.dumps(value, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise NotEncodableError(str(error)) from None


def _holds_non_finite(value: object) -> bool:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, float):
            if not isfinite(item):
                return True
        elif isinstance(item, dict):
            left.extend(item.values())
        elif isinstance(item, list | tuple):
            left.extend(item)
    return False
