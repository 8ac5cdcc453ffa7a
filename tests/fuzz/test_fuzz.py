"""A short run of the fuzzer, and proof that it would notice."""

from pathlib import Path

import pytest

from host.calls import Call
from host.link import Link
from ipc.codec import decode
from ipc.messages import HOSTCALL, Message
from tests.fuzz import decoder
from tests.fuzz.decoder import Decoding
from tests.fuzz.play import Playing

SEED = 20_26


def test_bytes_are_messages_or_errors_of_the_protocol() -> None:
    """Frame reader, decoder and shape check give nothing else, whatever comes in whatever pieces."""
    decoding = Decoding(SEED)
    decoding.run(60_000)

    assert decoding.seen["message"] > 1000
    assert len(decoding.seen) > 30, "the frames are all of a kind"


def test_conversations_leave_the_host_in_order(tmp_path: Path) -> None:
    """No exception, every call finished once, nothing left that counts as going on."""
    with Playing(tmp_path, SEED) as playing:
        playing.play(8_000)

    ended = {how.removeprefix("violation ") for how in playing.seen}
    assert ended >= {"E_ORDER", "E_RANGE", "E_ID", "E_CALL", "E_END", "E_CAST", "E_CBOR"}


def test_it_notices_a_decoder_that_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: one kind of message in one state, and the run ends there."""

    def trips(body: bytes) -> Message:
        message = decode(body)
        if message[0] == HOSTCALL and message[-1] == "":
            raise IndexError
        return message

    monkeypatch.setattr(decoder, "decode", trips)

    with pytest.raises(IndexError):
        Decoding(SEED).run(60_000)


def test_it_notices_a_call_that_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a cancelled call's late answer takes another call with it."""
    end_cancel = Link._end_cancel

    def forgets(link: Link, id_: int) -> None:
        end_cancel(link, id_)
        open_: list[Call] = list(link.calls.values())
        if open_:
            link.calls.pop(open_[0].id)

    monkeypatch.setattr(Link, "_end_cancel", forgets)

    with Playing(tmp_path, SEED) as playing, pytest.raises(AssertionError):
        playing.play(30_000)
