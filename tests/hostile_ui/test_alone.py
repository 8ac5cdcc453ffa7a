"""Each hostile plugin alone, with a real worker, in a host at whose interface a person sits, beside an honest plugin."""

from collections.abc import Iterator

import pytest

from tests.hostile_ui.ring import MIB, Ring
from tests.hostile_ui.rows import CROWD, DIE, HARMLESS, MAY_DIE, REFUSED, ROWS, Row

MAY_GROW_BYTES = 24 * MIB


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    """A host in which the largest and the most text was shown once, so that what is kept once is there."""
    with Ring(tmp_path_factory.mktemp("ring")) as made:
        for name in ("full_values", "style_storm", "thousand_long_items"):
            made.play(next(row for row in ROWS if row.name == name))
        yield made


def test_there_are_many_of_them_and_each_says_what_it_does() -> None:
    """The files are what the claim is made of."""
    assert len(ROWS) >= 90
    assert len(set(CROWD)) >= 60
    assert len({row.path.read_text() for row in ROWS}) == len(ROWS)
    assert len({row.attack for row in ROWS}) == len(ROWS)
    assert {row.name for row in ROWS} >= DIE | HARMLESS | MAY_DIE | REFUSED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_hostile_plugin_shows_clean_and_bounded_data_only(ring: Ring, row: Row) -> None:
    """Every value of every diff is judged a second time; the honest plugin answers, and the host keeps nothing."""
    before = ring.memory_bytes()

    ring.play(row)

    assert ring.memory_bytes() - before < MAY_GROW_BYTES
