"""Lengths in front of bodies: judged before anything is kept for them."""

import pytest

from ipc.errors import FrameError, TooLargeError
from ipc.framing import FrameReader, frame
from ipc.limits import MAX_FRAME_BYTES


def test_a_frame_is_four_bytes_of_length_and_the_body() -> None:
    """Big-endian, without the four bytes themselves."""
    assert frame(b"abc") == b"\x00\x00\x00\x03abc"


@pytest.mark.parametrize("size", [0, MAX_FRAME_BYTES + 1])
def test_a_body_outside_the_bounds_is_not_framed(size: int) -> None:
    """Nothing is sent that the other side would have to refuse."""
    with pytest.raises(TooLargeError):
        frame(bytes(size))


def test_the_largest_body_is_framed() -> None:
    """The control of the test above."""
    assert len(frame(bytes(MAX_FRAME_BYTES))) == MAX_FRAME_BYTES + 4


@pytest.mark.parametrize("length", [0, 65, 2**31, 2**32 - 1])
@pytest.mark.parametrize("rest", [b"", b"x", b"x" * 100])
def test_a_bad_length_is_refused_with_its_fourth_byte(length: int, rest: bytes) -> None:
    """Not when the body would be complete: it never is."""
    reader = FrameReader(64)
    header = length.to_bytes(4, "big")
    assert reader.feed(header[:3]) == []

    with pytest.raises(FrameError) as caught:
        reader.feed(header[3:] + rest)
    assert caught.value.code == "E_LENGTH"


def test_the_limit_itself_is_accepted() -> None:
    """And one more is not, on the way that whole frames take as well."""
    assert FrameReader(64).feed(frame(b"x" * 64)) == [b"x" * 64]
    with pytest.raises(FrameError):
        FrameReader(64).feed(frame(b"x" * 65))


def test_nobody_raises_the_ceiling() -> None:
    """A reader asked for more than 16 MiB keeps to 16 MiB."""
    with pytest.raises(FrameError):
        FrameReader(MAX_FRAME_BYTES * 4).feed((MAX_FRAME_BYTES + 1).to_bytes(4, "big"))


def test_partial_says_whether_a_frame_was_begun() -> None:
    """From its first byte to its last."""
    reader = FrameReader()
    assert not reader.is_partial
    for byte in frame(b"ab")[:-1]:
        assert reader.feed(bytes((byte,))) == []
        assert reader.is_partial

    assert reader.feed(b"b") == [b"ab"]
    assert not reader.is_partial


def test_several_frames_and_a_half_in_one_read() -> None:
    """The half is kept, the rest handed out in order."""
    reader = FrameReader()

    assert reader.feed(frame(b"a") + frame(b"bb") + frame(b"ccc")[:5]) == [b"a", b"bb"]
    assert reader.is_partial
    assert reader.feed(frame(b"ccc")[5:]) == [b"ccc"]
