"""The first three judges of a worker's bytes: frame reader, decoder, shape check."""

import random
from collections import Counter
from typing import Final

from ipc.codec import decode, encode
from ipc.errors import FrameError
from ipc.framing import FrameReader, frame
from ipc.messages import CONTROL, FROM_WORKER, check
from tests.fuzz.steps import any_message, framed, wound

_TABLES: Final = (FROM_WORKER, FROM_WORKER, CONTROL)
_MAX_BYTES: Final = 1 << 20
_KEPT: Final = 512


class Decoding:
    """Streams of frames. ``seen`` counts how each ended: a code of the protocol, or ``message``."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._kept: list[bytes] = []
        self.frames = 0
        self.seen: Counter[str] = Counter()

    def run(self, frames: int) -> None:
        """Give so many frames to the host's side. What is not a FrameError comes out of here."""
        until = self.frames + frames
        while self.frames < until:
            self._stream()

    def _stream(self) -> None:
        chance = self._chance
        parts = []
        for _ in range(chance.randrange(1, 9)):
            if self._kept and chance.random() < 0.4:
                parts.append(wound(chance, chance.choice(self._kept)))
            else:
                data = framed(chance, any_message(chance))
                parts.append(wound(chance, data) if chance.random() < 0.7 else data)
        stream = b"".join(parts)
        reader = FrameReader(_MAX_BYTES)
        table = chance.choice(_TABLES)
        at = 0
        while at < len(stream):
            # A pipe cuts where it likes.
            size = len(stream) if chance.random() < 0.7 else chance.randrange(1, 32)
            try:
                bodies = reader.feed(stream[at : at + size])
            except FrameError as error:
                self._count(error.code, b"")
                return
            for body in bodies:
                if not self._judge(body, table):
                    return
            at += size

    def _judge(self, body: bytes, table: dict[int, tuple[str, tuple[type, ...]]]) -> bool:
        try:
            message = decode(body)
            check(message, table)
        except FrameError as error:
            self._count(f"{error.code} {error.detail}", body)
            return False
        assert encode(message) == body
        self._count("message", body)
        return True

    def _count(self, how: str, body: bytes) -> None:
        self.frames += 1
        self.seen[how] += 1
        # What ended in a way that is rare is worth more of the same.
        if body and self.seen[how] < 16 and len(self._kept) < _KEPT:
            self._kept.append(frame(body))
