"""What ``-i`` names: a JSON object on the command line, in a file, or on standard input."""

import json
import os
import re
import sys
from typing import Final, NoReturn

from host.audit import printable
from host.errors import InputError
from host.outcome import Json, JsonObject

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of input that is read at all; what a plugin may be sent is limited elsewhere, and lower."""

_HOW: Final = "give -i a JSON object, @FILE, or - for standard input"
_KINDS: Final = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
}
# Strings are matched to be skipped: a NaN within one is text.
_NO_JSON_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', re.DOTALL)


def read_input(given: str | None) -> JsonObject:
    """Return the object that *given* stands for; nothing given is an empty object. Raises InputError."""
    if given is None:
        return {}
    where, data = _bytes_of(given)
    if len(data) > MAX_BYTES:
        raise InputError(f"{where} is larger than {MAX_BYTES >> 20} MiB; send less")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError(f"{where}:{line}:{column}: not UTF-8; save it as UTF-8") from None
    value = _parse(text, where)
    if not isinstance(value, dict):
        raise InputError(f"{where} holds {_KINDS[type(value)]}, not an object; {_HOW}")
    return value


def _bytes_of(given: str) -> tuple[str, bytes]:
    if given == "-":
        return "standard input", sys.stdin.buffer.read(MAX_BYTES + 1)
    if not given.startswith("@"):
        return "input", os.fsencode(given)
    path = given[1:]
    shown = printable(path)
    try:
        with open(path, "rb") as file:
            return shown, file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"cannot read {shown or 'a file without a name'}: {what}; {_HOW}"
        ) from None


def _parse(text: str, where: str) -> Json:
    def refuse(_: str) -> NoReturn:
        found = next(match for match in _NO_JSON_NUMBER.finditer(text) if match[1])
        raise json.JSONDecodeError(f"{found[1]} is not JSON", text, found.start())

    try:
        value: Json = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        what = (
            error.msg[:1].lower() + error.msg[1:]
            if not error.msg.startswith("NaN")
            else error.msg
        )
        raise InputError(
            f"{where}:{error.lineno}:{error.colno}: malformed JSON: {what} (line {error.lineno}, "
            f"column {error.colno}); {_HOW}"
        ) from None
    except RecursionError:
        raise InputError(
            f"{where}: malformed JSON: nested too deeply; send something flatter"
        ) from None
    except ValueError as error:  # a number with thousands of digits
        raise InputError(f"{where}: malformed JSON: {error}; {_HOW}") from None
    return value
