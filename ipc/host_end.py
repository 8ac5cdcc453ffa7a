"""The host's end of a worker's two pipes: never blocks, never trusts.

Promises    :meth:`send` returns at once; what the pipe does not take waits in a queue bounded in
            bytes. :meth:`receive` returns whole, checked messages or raises.
Relies on   The caller polls the descriptors and calls :meth:`flush` and :meth:`receive` when ready.
"""

import os
from collections import deque

from ipc.codec import decode, encode
from ipc.errors import ChannelClosedError, QueueFullError, TooLargeError
from ipc.framing import FrameReader, frame
from ipc.limits import MAX_FRAME_BYTES, MAX_OUT_QUEUE_BYTES
from ipc.messages import FROM_WORKER, Message, check

READ_BYTES = 65536


class HostEnd:
    """Two descriptors that this object owns and closes."""

    __slots__ = (
        "_max_frame",
        "_max_queue",
        "_queue",
        "_queued",
        "_reader",
        "read_fd",
        "write_fd",
    )

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        *,
        max_frame_bytes: int = MAX_FRAME_BYTES,
        max_queue_bytes: int = MAX_OUT_QUEUE_BYTES,
    ) -> None:
        self.read_fd = read_fd
        self.write_fd = write_fd
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)
        self._reader = FrameReader(max_frame_bytes)
        self._max_frame = max_frame_bytes + 4  # with the length in front
        self._queue: deque[memoryview] = deque()
        self._queued = 0
        self._max_queue = max_queue_bytes

    @property
    def is_partial(self) -> bool:
        """Whether the worker has begun a frame and not finished it."""
        return self._reader.is_partial

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait for the worker to read."""
        return self._queued

    def send(self, message: Message) -> None:
        """Send *message*, or queue what the pipe does not take.

        Raises :class:`ipc.errors.TooLargeError`, :class:`QueueFullError` (nothing was sent in either
        case) or :class:`ChannelClosedError`.
        """
        self.send_bytes(frame(encode(message)))

    def send_bytes(self, data: bytes) -> bool:
        """As :meth:`send`, for a frame that is encoded already; whether the pipe took all of it."""
        if len(data) > self._max_frame:
            raise TooLargeError(
                f"a frame to this worker holds {self._max_frame - 4} bytes at most"
            )
        if self._queue:
            self._enqueue(memoryview(data))
            return False
        try:
            written = os.write(self.write_fd, data)
        except BlockingIOError:
            written = 0
        except OSError as error:
            raise ChannelClosedError(str(error)) from None
        if written == len(data):
            return True
        self._enqueue(memoryview(data)[written:], partly_sent=written > 0)
        return False

    def _enqueue(self, rest: memoryview, *, partly_sent: bool = False) -> None:
        # A frame whose head is already in the pipe must be finished, whatever the bound says.
        if self._queued + len(rest) > self._max_queue and not partly_sent:
            raise QueueFullError(f"{self._queued} bytes already wait for this worker")
        self._queue.append(rest)
        self._queued += len(rest)

    def flush(self) -> bool:
        """Write what fits; return whether nothing is left to write."""
        while self._queue:
            head = self._queue[0]
            try:
                written = os.write(self.write_fd, head)
            except BlockingIOError:
                return False
            except OSError as error:
                raise ChannelClosedError(str(error)) from None
            self._queued -= written
            if written < len(head):
                self._queue[0] = head[written:]
                return False
            self._queue.popleft()
        return True

    def receive(self) -> list[Message]:
        """Read once and return the messages that are now complete, possibly none.

        Raises :class:`ipc.errors.FrameError` on a violation, :class:`ChannelClosedError` at end of file.
        """
        return self.parse(self.read())

    def read(self) -> bytes:
        """Return what is in the pipe, at most 64 KiB; empty when there is nothing now."""
        try:
            data = os.read(self.read_fd, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise ChannelClosedError(str(error)) from None
        if not data:
            raise ChannelClosedError("end of file")
        return data

    def parse(self, data: bytes) -> list[Message]:
        """Return the messages that *data* completes, checked."""
        messages = []
        for body in self._reader.feed(data):
            message = decode(body)
            check(message, FROM_WORKER)
            messages.append(message)
        return messages

    def close(self) -> None:
        """Close both descriptors; safe to call twice."""
        for name in ("read_fd", "write_fd"):
            fd = getattr(self, name)
            if fd >= 0:
                setattr(self, name, -1)
                os.close(fd)
        self._queue.clear()
        self._queued = 0
