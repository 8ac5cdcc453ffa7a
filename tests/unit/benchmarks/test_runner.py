"""Rounds over real, small rows."""

import gc
import os
import time
from collections.abc import Callable

import pytest

from benchmarks.families.floor import PipeFloor
from benchmarks.names import FLOOR_PINNED
from benchmarks.results import Family
from benchmarks.row import Row, SkipRowError
from benchmarks.runner import measure


class Sorting(Row):
    """Sorts a list, and writes down what the runner does with it."""

    family: Family = "ours"
    max_per_round = 40

    def __init__(self, name: str, journal: list[str], *, pinned: bool = True) -> None:
        self.name = name
        self.pinned = pinned
        self._journal = journal
        self.cores: set[int] = set()
        self.collecting: list[tuple[int, bool]] = []

    def setup(self) -> None:
        self._journal.append(f"setup {self.name}")

    def sample(self, n: int) -> list[float]:
        self._journal.append(f"sample {self.name}")
        self.cores |= os.sched_getaffinity(0)
        self.collecting.append((n, gc.isenabled()))
        samples = []
        for _ in range(n):
            begin = time.perf_counter_ns()
            sorted(range(1000), key=lambda one: -one)
            samples.append(float(time.perf_counter_ns() - begin))
        return samples

    def teardown(self) -> None:
        self._journal.append(f"teardown {self.name}")


class Refusing(Sorting):
    """Does what *act* does instead of starting."""

    def __init__(self, name: str, journal: list[str], act: Callable[[], None]) -> None:
        super().__init__(name, journal)
        self._act = act

    def setup(self) -> None:
        super().setup()
        self._act()


def skip() -> None:
    raise SkipRowError("not here")


def fail() -> None:
    raise RuntimeError("broken row")


def floor() -> PipeFloor:
    return PipeFloor(FLOOR_PINNED, pinned=True)


def test_rows_take_turns_and_end_together() -> None:
    """Every row is open before the first sample and stays so until the last."""
    journal: list[str] = []

    results, skipped = measure(
        [floor(), Sorting("a", journal), Sorting("b", journal)], seconds=0.2, rounds=4
    )

    names = [line.split()[0] for line in journal]
    assert names == sorted(names, key=["setup", "sample", "teardown"].index)
    turns = [line[-1] for line in journal if line.startswith("sample")]
    assert "".join(turns).count("ab") + "".join(turns).count("ba") >= 4
    assert skipped == []
    assert [result.name for result in results] == [FLOOR_PINNED, "a", "b"]
    for result in results:
        assert len(result.rounds) == 4
        assert sum(one.n for one in result.rounds) == result.n
        assert 0 < result.p50_us <= result.p99_us


def test_the_floor_is_its_own_unit_and_others_are_ratios_to_it() -> None:
    """x_floor of a row is its p50 over the floor's."""
    results, _ = measure([floor(), Sorting("a", [])], seconds=0.2, rounds=2)

    unit, row = results
    assert unit.x_floor == unit.x_like == 1
    assert row.x_floor == pytest.approx(row.p50_us / unit.p50_us, rel=0.01)


def test_a_skipped_row_is_reported_and_torn_down() -> None:
    """And the others are measured."""
    journal: list[str] = []

    results, skipped = measure(
        [floor(), Refusing("a", journal, skip), Sorting("b", journal)], seconds=0.1, rounds=1
    )

    assert [(one.name, one.note) for one in skipped] == [("a", "not here")]
    assert [result.name for result in results] == [FLOOR_PINNED, "b"]
    assert "teardown a" in journal


def test_a_broken_row_stops_the_run_and_leaves_nothing_open() -> None:
    """All that was set up, the broken one included, is torn down."""
    journal: list[str] = []

    with pytest.raises(RuntimeError, match="broken row"):
        measure(
            [floor(), Sorting("a", journal), Refusing("b", journal, fail)], seconds=1, rounds=1
        )

    assert journal == ["setup a", "setup b", "teardown b", "teardown a"]


def test_a_batch_runs_where_it_should_without_the_collector() -> None:
    """Pinned rows see one core; afterwards core set and collector are as before."""
    everywhere = os.sched_getaffinity(0)
    pinned, free = Sorting("a", []), Sorting("b", [], pinned=False)

    measure([floor(), pinned, free], seconds=0.1, rounds=1)

    assert len(pinned.cores) == 1
    assert free.cores == everywhere == os.sched_getaffinity(0)
    assert pinned.collecting[-1][1] is False
    assert gc.isenabled()
