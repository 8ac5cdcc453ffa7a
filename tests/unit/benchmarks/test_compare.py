"""Two files in, a verdict out."""

from pathlib import Path

import pytest

from benchmarks.compare import EXIT_UNUSABLE, Verdict, compare, main
from benchmarks.names import HOOK_BLOCKING, NODE_BLOCKING
from benchmarks.results import Run, write
from tests.unit.benchmarks.runs import row, run, usual


def judge(before: Run, after: Run) -> dict[str, Verdict]:
    return {change.name: change.verdict for change in compare(before, after)}


def files(tmp_path: Path, before: Run, after: Run) -> list[str]:
    paths = [tmp_path / "before.json", tmp_path / "after.json"]
    for one, path in zip((before, after), paths, strict=True):
        write(one, path)
    return [str(path) for path in paths]


def test_the_same_run_twice_is_no_change(tmp_path: Path) -> None:
    """Exit 0."""
    assert main(files(tmp_path, usual(), usual())) == 0


def test_a_p99_that_grew_by_a_fifth_is_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, and the row is named."""
    after = run(row(HOOK_BLOCKING, p50=30, p99=72))

    assert main(files(tmp_path, usual(), after)) == 1
    assert f"worse by more than 10%: {HOOK_BLOCKING}" in capsys.readouterr().out


def test_a_tenth_more_is_tolerated() -> None:
    """The bound is more than ten percent."""
    assert (
        judge(usual(), run(row(HOOK_BLOCKING, p50=30, p99=65)))[HOOK_BLOCKING] is Verdict.SAME
    )


def test_growth_within_the_rounds_own_spread_is_noise() -> None:
    """The same growth that is worse in a quiet run is nothing in a loud one."""
    quiet = run(row(HOOK_BLOCKING, p50=30, p99=80))
    loud = run(row(HOOK_BLOCKING, p50=30, p99=80, p99_rounds=(40, 60, 90, 120)))

    assert judge(usual(), quiet)[HOOK_BLOCKING] is Verdict.WORSE
    assert judge(usual(), loud)[HOOK_BLOCKING] is Verdict.SAME


def test_a_machine_half_as_fast_is_no_regression() -> None:
    """Everything takes twice as long, the floor too."""
    slow = run(row(HOOK_BLOCKING, p50=60, p99=120, floor_us=20), floor_us=20)

    assert judge(usual(), slow)[HOOK_BLOCKING] is Verdict.SAME


def test_peers_and_floor_are_shown_but_not_judged() -> None:
    """A slower Node is not our regression."""
    after = run(
        row(HOOK_BLOCKING, p50=30, p99=60), row(NODE_BLOCKING, p50=800, p99=2000, family="peer")
    )

    verdicts = judge(usual(), after)

    assert verdicts.pop(HOOK_BLOCKING) is Verdict.SAME
    assert set(verdicts.values()) == {Verdict.NOT_JUDGED}


def test_better_is_said() -> None:
    """And is no failure."""
    assert (
        judge(usual(), run(row(HOOK_BLOCKING, p50=20, p99=30)))[HOOK_BLOCKING] is Verdict.BETTER
    )


def test_a_row_with_few_samples_is_judged_by_its_p50() -> None:
    """Its p99 would be its single slowest sample."""
    before = run(row("rare", p50=30, p99=60, n=20))
    after = run(row("rare", p50=30, p99=600, n=20))

    (change,) = [one for one in compare(before, after) if one.name == "rare"]

    assert (change.percentile, change.verdict) == (50, Verdict.SAME)


def test_rows_of_one_run_only_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new row is not a regression, and not silence either."""
    after = run(row(HOOK_BLOCKING, p50=30, p99=60), row("brand new", p50=1, p99=1))

    assert main(files(tmp_path, usual(), after)) == 0
    out = capsys.readouterr().out
    assert "Only after: brand new" in out
    assert f"Only before: {NODE_BLOCKING}" in " ".join(out.split())


@pytest.mark.parametrize("content", ["", "[]", '{"rows": [{"name": 3}]}'])
def test_a_file_that_is_no_run_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """Exit 3, and the file is named: 1 would read as a regression."""
    good, _ = files(tmp_path, usual(), usual())
    bad = tmp_path / "bad.json"
    bad.write_text(content)

    assert main([good, str(bad)]) == EXIT_UNUSABLE
    assert str(bad) in capsys.readouterr().err
    assert main([str(tmp_path / "absent.json"), good]) == EXIT_UNUSABLE
