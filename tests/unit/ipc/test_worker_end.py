"""The worker's end: whole messages in, whole messages out, and one error when the host is gone."""

import os
import threading
from collections.abc import Iterator

import pytest

from ipc.codec import encode
from ipc.errors import ChannelClosedError, FrameError
from ipc.framing import FrameReader, frame
from ipc.messages import ANSWER, CANCEL, EVENT, RESULT, RESUME, WAKE, Message
from ipc.worker_end import WorkerEnd


class Pipes:
    """Two pipes, the worker's end on one side, bare descriptors on the other."""

    def __init__(self) -> None:
        self.worker_reads, self.host_writes = os.pipe()
        self.host_reads, self.worker_writes = os.pipe()
        self.end = WorkerEnd(self.worker_reads, self.worker_writes)

    def close(self, *names: str) -> None:
        for name in names or ("worker_reads", "host_writes", "host_reads", "worker_writes"):
            fd = getattr(self, name)
            if fd >= 0:
                os.close(fd)
                setattr(self, name, -1)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    made.close()


def test_messages_that_arrive_together_are_read_one_by_one(pipes: Pipes) -> None:
    """In the order in which they were sent."""
    sent: list[Message] = [[EVENT, 1, 500, 0, "{}", ""], [CANCEL, 1], [WAKE]]
    os.write(pipes.host_writes, b"".join(frame(encode(m)) for m in sent))

    assert [pipes.end.receive() for _ in sent] == sent


def test_a_kind_is_waited_for_and_others_are_skipped(pipes: Pipes) -> None:
    """For a builder, whose protocol has one thing at a time."""
    for message in ([WAKE], [RESUME], [ANSWER, 3, 1, "{}"]):
        os.write(pipes.host_writes, frame(encode(message)))

    assert pipes.end.receive_kind(ANSWER) == [ANSWER, 3, 1, "{}"]


def test_a_message_above_the_pipes_capacity_arrives_whole(pipes: Pipes) -> None:
    """The writer waits for its reader as long as it takes."""
    message: Message = [RESULT, 1, 1, 1, "x" * 500_000]
    writer = threading.Thread(target=lambda: pipes.end.send(message))
    writer.start()
    reader = FrameReader()
    bodies: list[bytes] = []
    while not bodies:
        bodies = reader.feed(os.read(pipes.host_reads, 1 << 20))
    writer.join()

    assert bodies == [encode(message)]


def test_the_hosts_end_closed_is_an_error_of_the_channel(pipes: Pipes) -> None:
    """The worker has one reason to leave, whether it reads or writes: never an OSError, which would be a crash."""
    pipes.close("host_writes", "host_reads")

    with pytest.raises(ChannelClosedError):
        pipes.end.receive()
    with pytest.raises(ChannelClosedError):
        pipes.end.send([RESULT, 1, 0, 1, ""])


@pytest.mark.parametrize("data", [b"\0\0\0\0", frame(b"\x00"), frame(b"\x60")])
def test_a_host_that_makes_no_sense_is_an_error_of_the_wire(pipes: Pipes, data: bytes) -> None:
    """A worker trusts its host's messages to be messages, but not to be arrays at any price."""
    os.write(pipes.host_writes, data)

    with pytest.raises(FrameError):
        pipes.end.receive()
