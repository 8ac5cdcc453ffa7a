"""The table of messages itself: what reviewers rely on when they read it."""

import pytest

from ipc import messages
from ipc.errors import FrameError
from ipc.limits import MAX_ID
from ipc.messages import CONTROL, END, FROM_HOST, FROM_WORKER, RESULT, check

TABLES = (FROM_HOST, FROM_WORKER, CONTROL)


def test_every_kind_has_one_number_and_one_row() -> None:
    """No number means two things, and each row's name is the constant's."""
    numbers = [kind for table in TABLES for kind in table]
    assert len(numbers) == len(set(numbers))
    for table in TABLES:
        for kind, (name, _) in table.items():
            assert getattr(messages, name) == kind


def test_the_sides_have_ranges_of_their_own() -> None:
    """Host 1..63, worker 64..127, control 128..255: a kind tells who may say it."""
    assert all(1 <= kind < 64 for kind in FROM_HOST)
    assert all(64 <= kind < 128 for kind in FROM_WORKER)
    assert all(128 <= kind < 256 for kind in CONTROL)


def test_fields_are_numbers_and_text_only() -> None:
    """Whatever else a message wants to say is JSON in a text."""
    assert {field for table in TABLES for _, shape in table.values() for field in shape} == {
        int,
        str,
    }


@pytest.mark.parametrize("value", [0, 1, MAX_ID])
def test_numbers_within_31_bits_pass(value: int) -> None:
    """They cross into JavaScript as 32-bit integers."""
    check([END, value], FROM_WORKER)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ([], "E_KIND"),
        ([None], "E_KIND"),
        ([True, 0], "E_KIND"),
        ([[END], 0], "E_KIND"),
        ([68.0, 0], "E_KIND"),
        (["68", 0], "E_KIND"),
        ([0], "E_KIND"),
        ([2**70], "E_KIND"),
        ([END], "E_SHAPE"),
        ([END, 0, 0], "E_SHAPE"),
        ([END, True], "E_SHAPE"),
        ([END, 0.0], "E_SHAPE"),
        ([END, None], "E_SHAPE"),
        ([END, "0"], "E_SHAPE"),
        ([RESULT, 1, 0, 0, b""], "E_SHAPE"),
        ([RESULT, 1, 0, 0, 0], "E_SHAPE"),
        ([END, -1], "E_RANGE"),
        ([END, MAX_ID + 1], "E_RANGE"),
        ([END, 2**64], "E_RANGE"),
    ],
)
def test_what_is_no_row_is_refused_by_its_code(message: list[object], code: str) -> None:
    """Kind first, then the shape, then the range."""
    with pytest.raises(FrameError) as caught:
        check(message, FROM_WORKER)  # type: ignore[arg-type]  # what is no Message is the point
    assert caught.value.code == code
