"""Frames: a four-byte big-endian length, then so many bytes of body. Pure; no descriptors here.

Promises    A length is judged before anything is kept for it, and at most one frame plus one read
            is ever buffered.
"""

from ipc.errors import FrameError, TooLargeError
from ipc.limits import MAX_FRAME_BYTES


def frame(body: bytes) -> bytes:
    """Return *body* with its length in front; :class:`TooLargeError` above 16 MiB."""
    length = len(body)
    if not 1 <= length <= MAX_FRAME_BYTES:
        raise TooLargeError(f"a frame holds 1..{MAX_FRAME_BYTES} bytes, not {length}")
    return length.to_bytes(4, "big") + body


class FrameReader:
    """Cuts a byte stream into bodies.

    ``max_bytes`` bounds the body; a peer that announces more, or nothing, is a :class:`FrameError`.
    """

    __slots__ = ("_buffer", "_max")

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max = min(max_bytes, MAX_FRAME_BYTES)
        self._buffer = bytearray()

    @property
    def is_partial(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Add *data* and return the bodies it completes, in order."""
        # The usual case in a request-response exchange: nothing kept, exactly one frame here.
        if not self._buffer and len(data) > 4:
            length = int.from_bytes(data[:4], "big")
            if length == len(data) - 4 and length <= self._max:
                return [data[4:]]
        buffer = self._buffer
        buffer += data
        bodies: list[bytes] = []
        start = 0
        while len(buffer) - start >= 4:
            length = int.from_bytes(buffer[start : start + 4], "big")
            # The peer chose this number, so it is judged before it is waited for.
            if not 1 <= length <= self._max:
                raise FrameError("E_LENGTH", f"body length {length} outside 1..{self._max}")
            end = start + 4 + length
            if len(buffer) < end:
                break
            bodies.append(bytes(memoryview(buffer)[start + 4 : end]))
            start = end
        if start:
            del buffer[:start]
        return bodies
