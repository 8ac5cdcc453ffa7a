"""The worker's end: blocking reads, blocking writes, two descriptors, nothing else.

Promises    After construction it makes only ``read`` and ``write`` system calls.
"""

import os

from ipc.codec import decode_trusted, encode
from ipc.errors import ChannelClosedError
from ipc.framing import FrameReader, frame
from ipc.messages import Message

_READ_BYTES = 65536


class WorkerEnd:
    """Reads messages one by one; what arrived together is kept in order."""

    __slots__ = ("_read_fd", "_reader", "_ready", "_write_fd")

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._reader = FrameReader()
        self._ready: list[bytes] = []

    def receive(self) -> Message:
        """Wait for the next message. Raises :class:`ChannelClosedError` when the host is gone."""
        ready = self._ready
        while not ready:
            data = os.read(self._read_fd, _READ_BYTES)
            if not data:
                raise ChannelClosedError("end of file")
            bodies = self._reader.feed(data)
            if len(bodies) == 1:
                return decode_trusted(bodies[0])
            ready += bodies
        return decode_trusted(ready.pop(0))

    def receive_kind(self, kind: int) -> Message:
        """Wait for the next message, which the protocol says is of *kind*; others are skipped."""
        while (message := self.receive())[0] != kind:
            continue
        return message

    def send(self, message: Message) -> None:
        """Write the whole message, however long the host takes to read it.

        Raises :class:`ChannelClosedError` when the host is gone.
        """
        self.send_bytes(frame(encode(message)))

    def send_bytes(self, data: bytes) -> None:
        """As :meth:`send`, for a frame that is made already."""
        try:
            written = os.write(self._write_fd, data)
            if written < len(data):  # only above the pipe's capacity
                rest = memoryview(data)[written:]
                while rest:
                    rest = rest[os.write(self._write_fd, rest) :]
        except OSError as error:
            raise ChannelClosedError(str(error)) from None
