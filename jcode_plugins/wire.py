"""One JSON object a line, to and from bytes.

Relies on   The interpreter's own scanner and encoder in ``_json``, which ``json`` wraps: the wrapper imports ``re``, and
            with it takes longer than a whole request. Where they are not as expected, ``json`` does it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
    JsonObject: TypeAlias = dict[str, Json]

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Of a request or an answer. What a plugin may be sent is limited by the daemon, and lower."""
PROTOCOL = 1
"""Version of the protocol, ``docs/protocol.md``."""


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


class _How:
    """What the scanner is told: plain JSON."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse)
    memo: "dict[str, str]" = {}  # noqa: RUF012 - the scanner's own, emptied by it


def _default(value: object) -> object:
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")


def _make() -> "tuple[Callable[[object], bytes], Callable[[str], object]]":
    try:
        from _json import (
            encode_basestring,
            encode_basestring_ascii,
            make_encoder,
            make_scanner,
        )

        plain = make_encoder(
            None, _default, encode_basestring, None, ":", ",", False, False, False
        )
        escaped = make_encoder(
            None, _default, encode_basestring_ascii, None, ":", ",", False, False, False
        )
        scan = make_scanner(_How())  # type: ignore[arg-type]  # whatever has these attributes
        if "".join(plain(["é"], 0)) != '["é"]' or scan('[1,"é"]', 0) != ([1, "é"], 7):
            return _slow()
    except (ImportError, TypeError, AttributeError):
        return _slow()

    def encode(value: object) -> bytes:
        try:
            return "".join(plain(value, 0)).encode()
        except (
            UnicodeEncodeError
        ):  # half of a surrogate pair has no UTF-8, but it has an escape
            return "".join(escaped(value, 0)).encode()

    def decode(text: str) -> object:
        try:
            value, end = scan(text, 0)
        except (StopIteration, SystemError):
            # The latter without a cause: its own error is a class of json, which is not imported.
            raise ValueError("it is not JSON") from None
        if end != len(text):
            raise ValueError("it is more than one value")
        return value

    return encode, decode


def _slow() -> "tuple[Callable[[object], bytes], Callable[[str], object]]":
    import json

    def encode(value: object) -> bytes:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()

    def decode(text: str) -> object:
        value: object = json.loads(text, parse_constant=_refuse)
        return value

    return encode, decode


_encode, _decode = _make()


def encode_line(value: object) -> bytes:
    """Return *value* as one line. Raises ValueError and TypeError for what is not JSON, RecursionError for depth."""
    return _encode(value) + b"\n"


def decode_line(line: bytes) -> "JsonObject":
    """Return the object that *line* holds. Raises ValueError."""
    value = _decode(line.decode().strip())
    if not isinstance(value, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of the bytes, not of a type
    return value
