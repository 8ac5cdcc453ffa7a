"""Changes go on side by side; a rename is alone, comes to its turn, and does not wait for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import host.tree_lock
from host.tree_lock import TreeLock

WITHIN_S = 20.0


def test_changes_go_on_side_by_side() -> None:
    """Both are inside at once."""
    lock = TreeLock()
    both = threading.Barrier(2)

    def change() -> int:
        with lock.changing():
            return both.wait(WITHIN_S)

    with ThreadPoolExecutor(2) as pool:
        assert {one.result() for one in (pool.submit(change), pool.submit(change))} == {0, 1}


def test_nothing_is_changed_during_a_rename() -> None:
    """Many threads, and never anybody beside a rename."""
    lock = TreeLock()
    inside: list[str] = []
    wrong: list[list[str]] = []

    def work(what: str) -> None:
        for _ in range(50):
            with lock.moving() if what == "move" else lock.changing():
                inside.append(what)
                now = list(inside)
                if "move" in now and len(now) > 1:
                    wrong.append(now)
                inside.remove(what)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, what) for what in ("move", "change", "change") * 2]:
            done.result(WITHIN_S)

    assert wrong == []


def test_a_rename_gives_up_when_the_others_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs costs an error, and afterwards all goes on."""
    monkeypatch.setattr(host.tree_lock, "_RENAME_WITHIN_S", 0.05)
    lock = TreeLock()
    with lock.changing(), pytest.raises(OSError, match="other files"), lock.moving():
        raise AssertionError("it was not alone")
    with lock.moving():
        pass
    with lock.changing():
        pass


def test_a_rename_that_waits_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one hanging disk and one rename would stop every write."""
    monkeypatch.setattr(host.tree_lock, "_YIELD_S", 0.05)
    lock = TreeLock()
    hangs = threading.Event()
    entered = threading.Event()

    def hang() -> None:
        with lock.changing():
            entered.set()
            assert hangs.wait(WITHIN_S)

    def move() -> None:
        with lock.moving():
            pass

    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(hang)
        assert entered.wait(WITHIN_S)
        moving = pool.submit(move)
        with lock.changing():
            hangs.set()
        hanging.result(WITHIN_S)
        moving.result(WITHIN_S)
