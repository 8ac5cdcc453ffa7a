"""Each hostile plugin against a real host, with a real worker, beside an honest plugin that notices nothing."""

import pytest

from tests.hostile.arena import MAY_GROW_BYTES
from tests.hostile.plugins import FAMILIES
from tests.hostile.row import Row
from tests.hostile.stand import Stand

ROWS = [
    pytest.param(family, row, id=f"{family}-{row.name}")
    for family, rows in FAMILIES.items()
    for row in rows
]


def test_there_are_hundreds_of_them_and_no_two_are_one() -> None:
    """The table is what the claim is made of."""
    rows = [row for rows in FAMILIES.values() for row in rows]

    assert len(rows) >= 200
    assert len({(row.source, row.files) for row in rows}) == len(rows)
    for rows in FAMILIES.values():
        assert len({row.name for row in rows}) == len(rows)


@pytest.mark.parametrize(("family", "row"), ROWS)
def test_a_hostile_plugin_costs_nobody_anything(stand: Stand, family: str, row: Row) -> None:
    """It meets its fate, it decides nothing that it did not return, the honest plugin answers, the host stays as it was."""
    grown = stand.play(family, row)

    assert grown.memory_bytes < MAY_GROW_BYTES
    assert grown.descriptors <= 0
    assert grown.threads <= 0
