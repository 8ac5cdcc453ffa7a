"""JSON objects that a worker wrote, read without ever raising."""

import json

import msgspec

from host.outcome import Json


def parse_args(text: str) -> dict[str, Json] | None:
    """Return the JSON object in *text*, or None when it is anything else."""
    try:
        args: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return args if isinstance(args, dict) else None


def parse_told(text: str) -> dict[str, Json] | None:
    """As :func:`parse_args`, for what is only shown or described: halves of surrogate pairs become U+FFFD.

    JavaScript strings hold them wherever a text was cut in the middle of an emoji, which is nobody's attack.
    """
    args = parse_args(text)
    if args is not None or "\\ud" not in text.lower():
        return args
    try:
        whole = json.dumps(json.loads(text), ensure_ascii=False)
    except (RecursionError, ValueError):
        return None
    return parse_args(whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
