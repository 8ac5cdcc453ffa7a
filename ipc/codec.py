"""CBOR bodies to messages and back, strictly.

Promises    :func:`decode` returns one array of at most as many items as the longest row of
            ``messages.py``, none of them an array or a map with anything in it, read from definite
            lengths and shortest forms with nothing after them. Everything else is a
            :class:`FrameError`; no other exception leaves this module. The types of the items are
            for :func:`ipc.messages.check`, which knows the row.
Relies on   cbor2's extension module, >= 6.1.4 (older decoders have known memory and recursion bugs).
            Its defaults build regexes, e-mail messages and cyclic lists from tags and ignore bytes
            after the value, so every built-in tag gets a decoder that refuses, and the result must
            encode to the very bytes that came in.
"""

from struct import Struct
from typing import Final, NoReturn

from cbor2._cbor2 import dumps, loads

from ipc.errors import FrameError
from ipc.framing import frame
from ipc.limits import MAX_FRAME_BYTES, MIN_HOST_ID
from ipc.messages import CONTROL, EVENT, FROM_HOST, FROM_WORKER, RESULT, Message

_MAX_DEPTH: Final = 1
_MAX_ITEMS: Final = 1 + max(
    len(shape) for table in (FROM_HOST, FROM_WORKER, CONTROL) for _, shape in table.values()
)
# First byte of an array of so many items. Judged before the decoder makes anything of the rest: a
# frame of sixteen million empty lists took it half a minute and over a gigabyte.
_HEADS: Final = frozenset(range(0x81, 0x81 + _MAX_ITEMS))


def _refuse(*_: object) -> NoReturn:
    raise ValueError("tags are not part of this protocol")


# cbor2 does not call tag_hook for tags it knows; these ranges hold all of them.
_REFUSE_BUILT_IN: Final = dict.fromkeys([*range(300), 43000, 55799], _refuse)


def encode(message: Message) -> bytes:
    """Return the body of a frame. *message* holds integers and text only."""
    body: bytes = dumps(message)
    return body


def decode(body: bytes) -> Message:
    """Return the message in *body*, whose length the caller has bounded.

    Raises :class:`FrameError` for anything that :func:`encode` would not have written.
    """
    if not body or body[0] not in _HEADS:
        raise FrameError("E_CBOR", f"not an array of 1..{_MAX_ITEMS} items")
    try:
        # A fresh decoder per frame (loads makes one): reuse leaked values between messages once.
        message: object = loads(
            body,
            tag_hook=_refuse,
            semantic_decoders=_REFUSE_BUILT_IN,
            max_depth=_MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
        same = type(message) is list and dumps(message) == body
    except Exception as error:  # noqa: BLE001 - hostile bytes: whatever it was, it is not a message
        raise FrameError("E_CBOR", f"not a message ({type(error).__name__})") from None
    if not same:
        raise FrameError("E_CBOR", "not the one canonical array that a frame holds")
    return message  # type: ignore[return-value]  # a list; its fields are checked by messages.check


def decode_trusted(body: bytes) -> Message:
    """Return the message in *body*, for a reader that trusts its writer: a worker its host.

    A host that wanted to harm its worker would not need the wire for it, and this is on the path of every
    event. Raises :class:`FrameError` for what is no array at all.
    """
    try:
        message: object = loads(body)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is not a message
        raise FrameError("E_CBOR", f"not a message ({type(error).__name__})") from None
    if type(message) is not list:
        raise FrameError("E_CBOR", "not an array")
    return message


def _head(major: int, value: int) -> bytes:
    """Return CBOR's head of a value of *major* type in its shortest form (RFC 8949, section 3)."""
    if value < 24:
        return bytes((major | value,))
    if value < 0x100:
        return bytes((major | 24, value))
    if value < 0x10000:
        return bytes((major | 25, value >> 8, value & 0xFF))
    return bytes((major | 26,)) + value.to_bytes(4, "big")


_EMPTY_TEXT: Final = b"\x60"
_RESULT_HEAD: Final = bytes((0x80 | 5, 0x18, RESULT))
_EVENT_HEAD: Final = bytes((0x80 | 6, EVENT))

# The two frames of an ordinary event, with an id of the range that the host uses: its head has five bytes.
_LONG_ID: Final = 0x1A
_PLAIN: Final = Struct(">I3sBIBBB")
_EVENT_START: Final = Struct(">I2sBI")


def result_frame(id_: int, status: int, flags: int, payload: str) -> bytes:
    """Return a whole RESULT frame: what ``frame(encode([RESULT, ...]))`` gives, for the path of every event.

    *status* and *flags* are below 24.
    """
    if payload:
        return frame(dumps([RESULT, id_, status, flags, payload]))
    if id_ >= MIN_HOST_ID:
        return _PLAIN.pack(11, _RESULT_HEAD, _LONG_ID, id_, status, flags, 0x60)
    return frame(b"".join((_RESULT_HEAD, _head(0, id_), bytes((status, flags)), _EMPTY_TEXT)))


def event_middle(budget_ms: int, event: int) -> bytes:
    """Return the fields of an EVENT that do not change from one to the next, for :func:`event_frame`."""
    return _head(0, budget_ms) + _head(0, event)


def event_frame(id_: int, middle: bytes, payload: bytes) -> bytes:
    """Return a whole EVENT frame around *payload*, which is JSON in UTF-8 already.

    The same bytes that ``frame(encode([EVENT, ...]))`` gives, without decoding the payload to encode it
    again: this is the one message that is made for every event of an agent.
    """
    rest = b"".join((middle, _head(0x60, len(payload)), payload, _EMPTY_TEXT))
    if id_ >= MIN_HOST_ID and len(rest) < MAX_FRAME_BYTES - 7:
        return _EVENT_START.pack(len(rest) + 7, _EVENT_HEAD, _LONG_ID, id_) + rest
    return frame(_EVENT_HEAD + _head(0, id_) + rest)
