"""The decoder on noise, near misses and round trips: a message, or FrameError, and nothing else."""

import cbor2._cbor2 as cbor
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipc.codec import decode, encode, event_frame, event_middle, result_frame
from ipc.errors import FrameError
from ipc.framing import frame
from ipc.limits import MAX_ID
from ipc.messages import EVENT, FROM_WORKER, RESULT, Message, check
from tests.support.wire import MESSAGES, TABLES, TEXTS, UINTS, by_hand, head, mutated, rows


def refused(body: bytes) -> bool:
    """Whether *body* is refused by the decoder or by the check behind it, by FrameError alone."""
    try:
        check(decode(body), FROM_WORKER)
    except FrameError as error:
        return error.code.startswith("E_")
    return False


@given(MESSAGES)
def test_messages_survive_the_wire(message: Message) -> None:
    """Decoding undoes encoding for every message that either side can send."""
    assert decode(encode(message)) == message


@given(MESSAGES)
def test_the_encoding_is_what_the_rfc_says(message: Message) -> None:
    """A second implementation, written from the RFC, makes the same bytes."""
    assert encode(message) == by_hand(message)


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x80")
@example(b"\x9f\xff")
def test_noise_is_a_frame_error_or_a_canonical_message(body: bytes) -> None:
    """Whatever is accepted encodes to the very bytes that came in."""
    try:
        message = decode(body)
    except FrameError:
        return
    assert encode(message) == body


@given(st.data())
def test_a_wounded_message_is_refused_or_is_another_message(data: st.DataObject) -> None:
    """Near misses find what noise does not: they get past the first byte."""
    body = encode(data.draw(MESSAGES))
    wounded = data.draw(mutated(body))

    try:
        message = decode(wounded)
    except FrameError:
        return
    assert encode(message) == wounded


@given(rows(FROM_WORKER), st.binary(min_size=1, max_size=8))
def test_nothing_may_follow_a_message(message: Message, rest: bytes) -> None:
    """cbor2 by itself ignores what comes after the value."""
    with pytest.raises(FrameError):
        decode(encode(message) + rest)


@given(rows(FROM_WORKER), st.integers(1, 200))
def test_a_message_that_was_cut_is_none(message: Message, missing: int) -> None:
    """No prefix of a message is a message."""
    body = encode(message)

    with pytest.raises(FrameError):
        decode(body[: max(len(body) - missing, 0)])


@given(
    st.integers(0, 70000), st.sampled_from([b"\x00", b"\x60", b"\x80", b"\x41\x00", b"\xf6"])
)
def test_every_tag_is_refused(tag: int, content: bytes) -> None:
    """Around the array, and around a field of it."""
    assert refused(head(6, tag) + encode([68, 0]))
    assert refused(b"\x82\x18\x44" + head(6, tag) + content)


def test_every_tag_that_the_library_knows_is_refused() -> None:
    """All of the small ones and both large ones, with content that their decoders would take."""
    contents = [
        b"\x00",
        b"\x60",
        b"\x41\x01",
        b"\x80",
        b"\xa0",
        b"\x82\x01\x02",
        b"\x63a.b",
        b"\x74" + b"2013-03-21T20:04:00Z",
    ]
    tags = [*range(301), 1000, 1001, 1002, 1003, 1004, 43000, 55799, 65535, 65536, 70000]
    for tag in tags:
        for content in contents:
            assert refused(b"\x82\x18\x44" + head(6, tag) + content), (tag, content)
            assert refused(head(6, tag) + b"\x82\x18\x44\x00")


NOT_SHORTEST = [
    b"\x82\x18\x44\x18\x00",
    b"\x82\x18\x44\x18\x17",
    b"\x82\x18\x44\x19\x00\xff",
    b"\x82\x18\x44\x1a\x00\x00\xff\xff",
    b"\x82\x18\x44\x1b\x00\x00\x00\x00\x00\x00\x00\x01",
    b"\x82\x19\x00\x44\x00",
    b"\x98\x02\x18\x44\x00",
    b"\x99\x00\x02\x18\x44\x00",
    b"\x9b\x00\x00\x00\x00\x00\x00\x00\x02\x18\x44\x00",
    b"\x84\x18\x43\x00\x78\x01a\x60",
    b"\x84\x18\x43\x00\x79\x00\x01a\x60",
]
INDEFINITE = [
    b"\x9f\x18\x44\x00\xff",
    b"\x84\x18\x43\x00\x7f\x61a\xff\x60",
    b"\x84\x18\x43\x00\x7f\xff\x60",
    b"\x82\x18\x44\x5f\x41a\xff",
    b"\x82\x18\x44\x9f\xff",
    b"\x82\x18\x44\xbf\xff",
    b"\xff",
    b"\x82\x18\x44\xff",
]
OTHER_TYPES = [
    b"\x82\x18\x44\x20",  # -1
    b"\x82\x18\x44\x3a\xff\xff\xff\xff",
    b"\x82\x18\x44\x3b" + b"\xff" * 8,
    b"\x82\x18\x44\xf4",  # false
    b"\x82\x18\x44\xf5",  # true
    b"\x82\xf5\x00",
    b"\x82\x18\x44\xf6",  # null
    b"\x82\x18\x44\xf7",  # undefined
    b"\x82\x18\x44\xe0",  # a simple value
    b"\x82\x18\x44\xf8\xff",
    b"\x82\x18\x44\xf9\x00\x00",  # 0.0
    b"\x82\x18\x44\xfa\x00\x00\x00\x00",
    b"\x82\x18\x44\xfb" + b"\x00" * 8,
    b"\x82\x18\x44\xf9\x7e\x00",  # NaN
    b"\x82\xfb\x40\x51\x00\x00\x00\x00\x00\x00\x00",  # 68.0 as the kind
    b"\x82\x18\x44\x40",  # bytes
    b"\x82\x18\x44\x60",  # text
    b"\x82\x18\x44\x80",  # []
    b"\x82\x18\x44\xa0",  # {}
    b"\x82\x18\x44\xa1\x00\x00",
    b"\x82\x18\x44\xa2\x00\x00\x00\x00",  # one key twice
    b"\xa2\x00\x00\x00\x00",
    b"\xa1\x18\x44\x00",
    b"\x18\x44",
    b"\x62hi",
    b"\xf6",
    b"\x82\x18\x44\x1a\x80\x00\x00\x00",  # 2^31
    b"\x82\x18\x44\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
    b"\x82\x18\x44\x1b" + b"\xff" * 8,
    b"\x82\x1b\x00\x00\x00\x01\x00\x00\x00\x44\x00",
]


@pytest.mark.parametrize("body", [*NOT_SHORTEST, *INDEFINITE, *OTHER_TYPES], ids=bytes.hex)
def test_what_is_no_plain_message_is_refused(body: bytes) -> None:
    """Longer forms than needed, indefinite lengths, and every type that is neither a number nor text."""
    assert refused(body)


@pytest.mark.parametrize("depth", [2, 3, 8, 100, 5000])
@pytest.mark.parametrize(
    "opener", [b"\x81", b"\xa1\x00", b"\x9f", b"\xd8\x64\x81", b"\xd8\x1c\x81"]
)
def test_nesting_is_refused_at_any_depth(depth: int, opener: bytes) -> None:
    """Without recursion errors, and without building what is inside."""
    assert refused(b"\x82\x18\x44" + opener * depth + b"\x00")
    assert refused(opener * depth)


@pytest.mark.parametrize("major", [2, 3, 4, 5])
@pytest.mark.parametrize("claim", [2**16, 2**31, 2**40, 2**63, 2**64 - 1])
def test_a_claimed_length_is_not_believed(major: int, claim: int) -> None:
    """A head may claim a terabyte; nothing is set aside for it."""
    assert refused(head(major, claim))
    assert refused(b"\x82\x18\x44" + head(major, claim))
    assert refused(b"\x82\x18\x44" + head(major, claim) + b"\x00" * 100)


def test_an_array_longer_than_the_longest_row_is_not_built() -> None:
    """Judged by its first byte: what a large one costs is paid nowhere."""
    longest = max(len(shape) for table in TABLES.values() for _, shape in table.values()) + 1
    body = encode([0] * longest)

    assert decode(body) == [0] * longest
    with pytest.raises(FrameError, match="array of"):
        decode(encode([0] * (longest + 1)))


def test_without_the_settings_the_library_accepts_these() -> None:
    """The control: each refusal above is ours, not the library's own."""
    for body in (
        b"\x82\x18\x44\x00\x00",
        b"\x9f\x18\x44\x00\xff",
        b"\x82\x18\x44\x18\x00",
        b"\x82\x18\x44\xc1\x00",
    ):
        assert cbor.loads(body)[0] == 68
        assert refused(body)


@given(UINTS, UINTS, st.integers(0, 27), TEXTS)
@example(23, 255, 0, "x" * 23)
@example(24, 256, 27, "x" * 24)
@example(MAX_ID, MAX_ID, 27, "x" * 65536)
def test_an_event_frame_is_the_frame_of_its_message(
    id_: int, budget_ms: int, event: int, text: str
) -> None:
    """Packed by hand for speed; the same bytes as by the library."""
    packed = event_frame(id_, event_middle(budget_ms, event), text.encode())

    assert packed == frame(encode([EVENT, id_, budget_ms, event, text, ""]))


@given(UINTS, st.integers(0, 2), st.integers(0, 1), TEXTS)
@example(MAX_ID, 0, 1, "")
def test_a_result_frame_is_the_frame_of_its_message(
    id_: int, status: int, flags: int, text: str
) -> None:
    """As above, for the answer."""
    assert result_frame(id_, status, flags, text) == frame(
        encode([RESULT, id_, status, flags, text])
    )


@given(
    st.lists(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.binary(max_size=4)
        ),
        max_size=7,
    ),
    st.sampled_from(sorted(TABLES)),
)
def test_check_accepts_exactly_the_rows(message: list[object], table: str) -> None:
    """Field for field: the right number of them, ints that are no bools and within bounds, text that is text."""
    known = TABLES[table]
    try:
        check(message, known)  # type: ignore[arg-type]  # what is no Message is the point
    except FrameError:
        is_row = False
    else:
        is_row = True
    kind = message[0] if message and type(message[0]) is int else None
    shape = known[kind][1] if kind in known else None
    fits = shape is not None and [type(f) for f in message[1:]] == list(shape)
    in_range = all(0 <= f <= MAX_ID for f in message[1:] if type(f) is int)
    assert is_row == (fits and in_range)


@given(st.sampled_from(sorted(TABLES)), st.data())
def test_a_row_of_one_side_is_refused_from_the_other(side: str, data: st.DataObject) -> None:
    """Kinds of the three tables do not overlap, so nobody can speak for somebody else."""
    message = data.draw(rows(TABLES[side]))

    check(message, TABLES[side])
    for other, table in TABLES.items():
        if other != side:
            with pytest.raises(FrameError) as caught:
                check(message, table)
            assert caught.value.code == "E_KIND"
