"""Remembered answers on disk: whole or not at all, one writer at a time, nothing believed that is not ours."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from host.errors import ApprovalsError
from host.remembered import (
    MAX_ANSWERS,
    VERSION,
    Approval,
    Remembered,
    approval_id,
)
from host.state_file import StateBusyError

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    """Seconds since the epoch, as the test wants them."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def answer(name: str, clock: Clock, days: float = 30) -> Approval:
    """An answer about the tool *name*."""
    return Approval(
        id=approval_id("code", f"tools:{name}", "exec", "target", "/project"),
        plugin="p",
        content="code",
        subject=f"tools:{name}",
        tier="exec",
        target="target",
        project="/project",
        summary="{}",
        answered=clock.now,
        expires=clock.now + days * 86400,
    )


@pytest.fixture
def problems() -> list[str]:
    """What was reported."""
    return []


@pytest.fixture
def make(tmp_path: Path, clock: Clock, problems: list[str]) -> Callable[[], Remembered]:
    """Return a function that opens the store, as another process would."""
    path = tmp_path / "home" / "approvals.json"
    return lambda: Remembered(path, on_problem=problems.append, wall_clock=clock)


def test_an_answer_is_kept_for_the_next_process(
    make: Callable[[], Remembered], clock: Clock
) -> None:
    """For its owner only, and without anything left beside it."""
    store = make()
    one, two = answer("one", clock), answer("two", clock)
    store.add(one)
    clock.now += 1
    store.add(two := answer("two", clock))

    other = make()
    assert other.find(one.id) == one
    assert other.list() == [two, one]
    assert other.find(approval_id("something", "else")) is None
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(store.path.parent)) == ["approvals.json", "approvals.lock"]


def test_what_another_process_adds_or_removes_is_seen(
    make: Callable[[], Remembered], clock: Clock
) -> None:
    """At the next look."""
    ours, theirs = make(), make()
    one = answer("one", clock)
    assert ours.find(one.id) is None

    theirs.add(one)
    assert ours.find(one.id) == one
    assert theirs.remove(one.id)
    assert ours.find(one.id) is None
    assert not theirs.remove(one.id)


@pytest.mark.parametrize("moved_s", [30 * 86400, 31 * 86400, -301, -86400])
def test_an_answer_holds_for_its_time(
    make: Callable[[], Remembered], clock: Clock, moved_s: float
) -> None:
    """Not after it, and not before it was given: a clock that was put back makes no answer younger."""
    store = make()
    one = answer("one", clock)
    store.add(one)
    assert store.find(one.id) == one

    clock.now += moved_s

    assert store.find(one.id) is None
    assert store.list() == []


def test_expired_answers_leave_the_file_with_the_next_write(
    make: Callable[[], Remembered], clock: Clock
) -> None:
    """And the file does not grow for ever."""
    store = make()
    store.add(answer("old", clock))
    clock.now += 40 * 86400
    store.add(answer("new", clock))

    kept = json.loads(store.path.read_text())
    assert kept["version"] == VERSION
    assert [one["subject"] for one in kept["answers"]] == ["tools:new"]
    assert MAX_ANSWERS <= 10_000


UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "damaged"),
    "cut": (b'{"version": 1, "answers": [', "damaged"),
    "not_json": (b"\x00\xff", "damaged"),
    "a_list": (b"[]", "damaged"),
    "deep": (b"[" * 100_000, "damaged"),
    "no_version": (b'{"answers": []}', "damaged"),
    "older": (b'{"version": 0, "answers": []}', "no version 1"),
    "newer": (b'{"version": 2, "answers": [], "more": 1}', "of version 2"),
    "unknown_key": (b'{"version": 1, "answers": [], "more": 1}', "damaged"),
    "bad_answer": (b'{"version": 1, "answers": [{"id": 5}]}', "damaged"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_cannot_be_trusted_is_reported_and_left_alone(
    make: Callable[[], Remembered], clock: Clock, problems: list[str], what: str
) -> None:
    """Nothing counts as remembered, nothing is written over it, and it is told once."""
    data, told = UNUSABLE[what]
    store = make()
    store.path.parent.mkdir()
    store.path.write_bytes(data)

    for _ in range(3):
        assert store.find(answer("one", clock).id) is None
    assert len(problems) == 1
    assert told in problems[0]
    assert problems[0].startswith(f"{store.path}: ")
    for change in (lambda: store.add(answer("one", clock)), lambda: store.remove("x")):
        with pytest.raises(ApprovalsError, match="no answer is remembered until"):
            change()
    assert store.path.read_bytes() == data


def test_a_mended_file_counts_again(
    make: Callable[[], Remembered], clock: Clock, problems: list[str]
) -> None:
    """Without a restart."""
    store = make()
    one = answer("one", clock)
    store.add(one)
    good = store.path.read_bytes()
    store.path.write_bytes(good[:-5])
    assert store.find(one.id) is None

    store.path.write_bytes(good)
    os.utime(store.path)

    assert store.find(one.id) == one
    assert len(problems) == 1


@pytest.mark.parametrize("mode", [0o622, 0o660, 0o666])
def test_a_file_that_others_may_write_is_not_believed(
    make: Callable[[], Remembered], clock: Clock, problems: list[str], mode: int
) -> None:
    """They could approve for us; readable ones are believed."""
    store = make()
    one = answer("one", clock)
    store.add(one)
    store.path.chmod(0o644)
    assert store.find(one.id) == one

    store.path.chmod(mode)

    assert store.find(one.id) is None
    assert "written by other users" in problems[0]


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_what_is_no_plain_file_is_not_opened(
    make: Callable[[], Remembered],
    clock: Clock,
    tmp_path: Path,
    problems: list[str],
    kind: str,
) -> None:
    """A link would let somebody choose the file, and a pipe would hold up every plugin."""
    store = make()
    one = answer("one", clock)
    elsewhere = Remembered(
        tmp_path / "other" / "approvals.json", on_problem=problems.append, wall_clock=clock
    )
    elsewhere.add(one)
    store.path.parent.mkdir()
    if kind == "link":
        store.path.symlink_to(elsewhere.path)
    elif kind == "pipe":
        os.mkfifo(store.path)
    else:
        store.path.mkdir()

    assert store.find(one.id) is None
    assert len(problems) == 1
    assert elsewhere.find(one.id) == one


def test_a_locked_file_is_not_waited_for(make: Callable[[], Remembered], clock: Clock) -> None:
    """The caller decides whether to try again; afterwards it works."""
    store = make()
    store.add(answer("one", clock))
    lock = os.open(store.path.with_suffix(".lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)

    with pytest.raises(StateBusyError):
        store.add(answer("two", clock))
    os.close(lock)
    store.add(answer("two", clock))

    assert len(store.list()) == 2


def _add_many(path: str, name: str, now: float) -> None:
    clock = Clock()
    clock.now = now
    store = Remembered(Path(path), on_problem=print, wall_clock=clock)
    for number in range(20):
        while True:
            try:
                store.add(answer(f"{name}{number}", clock))
                break
            except StateBusyError:
                continue


def test_processes_that_write_at_once_lose_nothing(
    make: Callable[[], Remembered], clock: Clock, problems: list[str]
) -> None:
    """Each reads what the others wrote before it writes."""
    store = make()
    program = (
        "import sys; from tests.unit.host.test_remembered import _add_many as add;"
        " add(sys.argv[1], sys.argv[2], float(sys.argv[3]))"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, store.path, name, str(clock.now)], cwd=ROOT
        )
        for name in "abc"
    ]

    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(store.list()) == 60
    assert problems == []
