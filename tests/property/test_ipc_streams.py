"""Frames through cuts: the reader and both ends give the same messages however the bytes arrive."""

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipc.codec import encode
from ipc.errors import ChannelClosedError, FrameError, TooLargeError
from ipc.framing import FrameReader, frame
from ipc.messages import FROM_HOST, FROM_WORKER, Message
from ipc.worker_end import WorkerEnd
from tests.support.wire import host_end, mutated, rows

BODIES = st.lists(st.binary(min_size=1, max_size=60), max_size=8)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """*data* cut at the given places."""
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


@given(BODIES, st.lists(st.integers(0, 600), max_size=12))
def test_bodies_survive_any_cutting(bodies: list[bytes], cuts: list[int]) -> None:
    """What comes out does not depend on where the reads happened to end."""
    reader = FrameReader()
    out: list[bytes] = []
    for piece in pieces(b"".join(frame(body) for body in bodies), cuts):
        out += reader.feed(piece)

    assert out == bodies
    assert not reader.is_partial


@given(st.binary(max_size=300), st.integers(1, 100), st.lists(st.integers(0, 300), max_size=6))
def test_any_stream_is_bodies_within_the_limit_or_a_frame_error(
    data: bytes, limit: int, cuts: list[int]
) -> None:
    """And what is kept in between is one frame at most."""
    reader = FrameReader(limit)
    for piece in pieces(data, cuts):
        try:
            out = reader.feed(piece)
        except FrameError:
            return
        assert all(1 <= len(body) <= limit for body in out)
        assert len(reader._buffer) < 4 + limit


@given(BODIES, st.lists(st.integers(0, 600), max_size=12))
def test_what_came_before_a_bad_length_was_read(bodies: list[bytes], cuts: list[int]) -> None:
    """A violation takes back nothing that was handed out, however the bytes were cut before it."""
    good = b"".join(frame(body) for body in bodies)
    reader = FrameReader()
    out = [body for piece in pieces(good, cuts) for body in reader.feed(piece)]

    assert out == bodies
    with pytest.raises(FrameError, match="E_LENGTH"):
        reader.feed(b"\0\0\0\0")


@given(
    st.lists(rows(FROM_WORKER), min_size=1, max_size=6),
    st.lists(st.integers(0, 900), max_size=8),
)
def test_a_host_end_reads_what_a_worker_wrote(messages: list[Message], cuts: list[int]) -> None:
    """Through a real pipe, in any pieces."""
    with host_end() as (end, _, to_host):
        out: list[Message] = []
        for piece in pieces(b"".join(frame(encode(m)) for m in messages), cuts):
            os.write(to_host, piece)
            out += end.receive()

        assert out == messages
        assert end.receive() == []


@given(st.data())
def test_a_host_end_survives_a_wounded_stream(data: st.DataObject) -> None:
    """Messages, FrameError, or waiting for more: nothing else, whatever the bytes."""
    whole = b"".join(
        frame(encode(m)) for m in data.draw(st.lists(rows(FROM_WORKER), min_size=1, max_size=4))
    )
    wounded = data.draw(mutated(whole))
    with host_end() as (end, _, to_host):
        os.write(to_host, wounded + b"\0")
        try:
            received = end.receive()
        except FrameError:
            return
        assert all(message[0] in FROM_WORKER for message in received)


@given(st.lists(rows(FROM_HOST), min_size=1, max_size=6))
def test_a_worker_end_reads_what_a_host_wrote(messages: list[Message]) -> None:
    """One by one, in order, and then the end."""
    with host_end() as (end, from_host, to_host):
        os.set_blocking(from_host, True)
        worker = WorkerEnd(from_host, to_host)
        for message in messages:
            end.send(message)
        end.close()

        assert [worker.receive() for _ in messages] == messages
        with pytest.raises(ChannelClosedError):
            worker.receive()


@given(st.integers(0, 3))
def test_a_body_has_one_byte_at_least(extra: int) -> None:
    """An empty frame cannot be made, as it would not be read."""
    if extra:
        assert len(frame(b"x" * extra)) == 4 + extra
    else:
        with pytest.raises(TooLargeError):
            frame(b"")
