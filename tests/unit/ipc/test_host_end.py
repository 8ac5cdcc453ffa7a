"""The host's end on real pipes: it never blocks, keeps a bounded queue, and says when the other end is gone."""

import fcntl
import os

import pytest

from ipc.codec import encode
from ipc.errors import ChannelClosedError, FrameError, QueueFullError, TooLargeError
from ipc.framing import FrameReader, frame
from ipc.limits import MAX_FRAME_BYTES
from ipc.messages import ANSWER, CANCEL, END, RESUME, YIELD, Message
from tests.support.wire import host_end

PIPE_BYTES = 65536


def drain(fd: int) -> bytes:
    """Everything that is in the pipe now."""
    parts = []
    while True:
        try:
            data = os.read(fd, 1 << 20)
        except BlockingIOError:
            return b"".join(parts)
        if not data:
            return b"".join(parts)
        parts.append(data)


def test_a_message_that_fits_is_sent_at_once() -> None:
    """Nothing is left to flush."""
    with host_end() as (end, from_host, _):
        end.send([CANCEL, 7])

        assert drain(from_host) == frame(encode([CANCEL, 7]))
        assert end.queued_bytes == 0
        assert end.flush()


def test_what_the_pipe_does_not_take_waits_and_arrives_whole_and_in_order() -> None:
    """A reader that comes late gets every byte, whatever the sizes of its reads."""
    with host_end() as (end, from_host, _):
        sent: list[Message] = [[ANSWER, n, 1, "x" * (40_000 * n)] for n in range(1, 6)]
        for message in sent:
            end.send(message)
        assert end.queued_bytes > 0
        assert not end.flush()

        reader = FrameReader()
        bodies: list[bytes] = []
        while True:
            bodies += reader.feed(drain(from_host))
            if end.flush():
                bodies += reader.feed(drain(from_host))
                break

        assert bodies == [encode(message) for message in sent]
        assert end.queued_bytes == 0


def test_a_full_queue_refuses_a_frame_whole() -> None:
    """Nothing of it was sent, and what was queued before still arrives."""
    with host_end(max_queue_bytes=1000) as (end, from_host, _):
        first: Message = [ANSWER, 1, 1, "x" * PIPE_BYTES]
        end.send(first)  # its head is in the pipe, so its rest is kept whatever the bound says
        end.send([ANSWER, 2, 1, "y" * 900])
        queued = end.queued_bytes

        with pytest.raises(QueueFullError):
            end.send([ANSWER, 3, 1, "z" * 900])
        assert end.queued_bytes == queued
        reader = FrameReader()
        bodies = reader.feed(drain(from_host))
        assert end.flush()
        bodies += reader.feed(drain(from_host))
        assert bodies == [encode(first), encode([ANSWER, 2, 1, "y" * 900])]


def test_a_frame_that_has_begun_is_finished_over_the_bound() -> None:
    """Half a frame would make everything after it unreadable."""
    with host_end(max_queue_bytes=10) as (end, from_host, _):
        end.send([ANSWER, 1, 1, "x" * (3 * PIPE_BYTES)])

        assert end.queued_bytes > 10
        got = b""
        while not end.flush():
            got += drain(from_host)
        got += drain(from_host)
        assert got == frame(encode([ANSWER, 1, 1, "x" * (3 * PIPE_BYTES)]))


def test_a_frame_for_a_full_pipe_is_refused_when_the_queue_has_no_room() -> None:
    """Of this one not a byte is in the pipe, so the bound holds."""
    with host_end(max_queue_bytes=10) as (end, from_host, _):
        filled = os.write(end.write_fd, b"x" * PIPE_BYTES)
        assert filled == fcntl.fcntl(end.write_fd, fcntl.F_GETPIPE_SZ)

        with pytest.raises(QueueFullError):
            end.send([ANSWER, 1, 1, "x" * 100])
        assert len(drain(from_host)) == filled


def test_a_frame_over_the_limit_is_not_sent() -> None:
    """Not even its head."""
    with host_end() as (end, from_host, _):
        with pytest.raises(TooLargeError):
            end.send([ANSWER, 1, 1, "x" * MAX_FRAME_BYTES])
        assert drain(from_host) == b""


def test_sending_to_a_closed_pipe_says_so() -> None:
    """Directly, and from the queue."""
    with host_end() as (end, from_host, _):
        end.send([ANSWER, 1, 1, "x" * (2 * PIPE_BYTES)])
        os.close(from_host)

        with pytest.raises(ChannelClosedError):
            end.flush()
    with host_end() as (end, from_host, _):
        os.close(from_host)
        with pytest.raises(ChannelClosedError):
            end.send([RESUME])


def test_receiving_with_nothing_there_gives_nothing() -> None:
    """It is asked again when the descriptor is readable."""
    with host_end() as (end, _, _):
        assert end.receive() == []
        assert end.read() == b""


def test_the_end_of_file_is_the_end() -> None:
    """After everything that was written before it; every time it is asked."""
    with host_end() as (end, _, to_host):
        os.write(to_host, frame(encode([YIELD])))
        os.close(to_host)

        assert end.receive() == [[YIELD]]
        for _ in range(2):
            with pytest.raises(ChannelClosedError):
                end.receive()


def test_half_a_frame_before_the_end_is_no_message() -> None:
    """It is dropped with the channel."""
    with host_end() as (end, _, to_host):
        os.write(to_host, frame(encode([YIELD]))[:-1])
        os.close(to_host)

        assert end.receive() == []
        assert end.is_partial
        with pytest.raises(ChannelClosedError):
            end.receive()


def test_one_read_is_bounded() -> None:
    """A flooding worker gets one turn like everybody else."""
    with host_end() as (end, _, to_host):
        one = frame(encode([END, 0]))
        fcntl.fcntl(to_host, fcntl.F_SETPIPE_SZ, 4 * PIPE_BYTES)
        os.write(to_host, one * (3 * PIPE_BYTES // len(one)))

        assert len(end.receive()) <= PIPE_BYTES // len(one)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\0\0\0\0", "E_LENGTH"),
        (frame(b"\xff"), "E_CBOR"),
        (frame(encode([CANCEL, 1])), "E_KIND"),
        (frame(encode([END])), "E_SHAPE"),
        (frame(encode([END, 2**31])), "E_RANGE"),
    ],
)
def test_a_violation_carries_its_code(data: bytes, code: str) -> None:
    """Stable, for the audit."""
    with host_end() as (end, _, to_host):
        os.write(to_host, data)
        with pytest.raises(FrameError) as caught:
            end.receive()
        assert caught.value.code == code


def test_the_frame_limit_is_the_one_it_was_given() -> None:
    """An operator may lower it."""
    with host_end(max_frame_bytes=8) as (end, _, to_host):
        os.write(to_host, frame(encode([END, 0])))
        assert end.receive() == [[END, 0]]
        os.write(to_host, (9).to_bytes(4, "big"))
        with pytest.raises(FrameError):
            end.receive()


def test_closing_twice_closes_each_descriptor_once() -> None:
    """The number may be somebody else's by then."""
    with host_end() as (end, _, _):
        read_fd = end.read_fd
        end.close()
        taken = os.dup2(0, read_fd)

        end.close()

        os.fstat(taken)
        os.close(taken)


def test_both_descriptors_do_not_block() -> None:
    """Whatever the pipe was before."""
    with host_end() as (end, _, _):
        assert not os.get_blocking(end.read_fd)
        assert not os.get_blocking(end.write_fd)
