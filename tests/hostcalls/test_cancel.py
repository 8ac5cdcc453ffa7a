"""Whoever works for a hostcall is told when nobody waits for it any more, and a late answer finds nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from host.hostcalls.table import ASKS, Ask
from host.listener import HostcallRequest
from host.outcome import Status
from ipc.messages import ANSWER, CANCEL, FLAG_SYNC
from tests.support.scripted import ScriptedWorker, Stage


class Work:
    """A hostcall that takes its time: its requests, and which of them were to stop."""

    def __init__(self) -> None:
        self.requests: list[HostcallRequest] = []
        self.stopped: list[int] = []

    def handle(self, _: object, __: object, request: HostcallRequest) -> None:
        """Begin."""
        self.requests.append(request)
        request.on_cancel(lambda: self.stopped.append(request.id))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """A row called "work"."""
    made = Work()
    monkeypatch.setitem(ASKS, "work", Ask("work", made.handle, sync=True))
    return made


def begin(stage: Stage, worker: ScriptedWorker, work: Work, *, flags: int = 0) -> int:
    """Ask for it within an event; the event's call."""
    _, call = stage.deliver(worker)
    worker.hostcall(7, "work", call=call, flags=flags)
    stage.until(lambda: work.requests)
    return call


def by_deadline(stage: Stage, worker: ScriptedWorker, call: int) -> None:
    stage.expire(call)
    stage.until(lambda: worker.has(CANCEL))


def by_word(stage: Stage, worker: ScriptedWorker, _: int) -> None:
    worker.cast("cancel", '{"id":7}')
    stage.turn()


def by_death(stage: Stage, worker: ScriptedWorker, _: int) -> None:
    worker.die()
    stage.until(lambda: worker.exit)


def by_unload(stage: Stage, _: ScriptedWorker, __: int) -> None:
    stage.workspace.unload("hostile")


ENDS: dict[str, Callable[[Stage, ScriptedWorker, int], None]] = {
    "deadline": by_deadline,
    "word": by_word,
    "death": by_death,
    "unload": by_unload,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_work_is_stopped_once(
    stage: Stage, work: Work, end: Callable[[Stage, ScriptedWorker, int], None]
) -> None:
    """However it ends, and what it answers then goes nowhere."""
    worker = stage.load()
    call = begin(stage, worker, work)
    end(stage, worker, call)

    assert work.stopped == [7]
    work.requests[0].answer('"late"')
    stage.turn()
    assert not worker.has(ANSWER)
    assert work.stopped == [7]


def test_an_answer_is_the_end_of_it(stage: Stage, work: Work) -> None:
    """The control: what was answered is not stopped any more."""
    worker = stage.load()
    call = begin(stage, worker, work)
    work.requests[0].answer('"in time"')
    by_word(stage, worker, call)
    by_deadline(stage, worker, call)
    worker.end()
    worker.end(call)
    stage.until(lambda: worker.has(ANSWER))

    assert worker.take(ANSWER)[3] == '"in time"'
    assert work.stopped == []


def test_what_is_waited_for_in_place_is_stopped_with_its_call(stage: Stage, work: Work) -> None:
    """The plugin gets its error, whoever works for it hears of it."""
    worker = stage.load()
    call = begin(stage, worker, work, flags=FLAG_SYNC)
    by_deadline(stage, worker, call)
    stage.until(lambda: worker.has(ANSWER))

    assert "E_CANCELLED" in str(worker.take(ANSWER)[3])
    assert work.stopped == [7]


def test_a_number_may_be_used_again(stage: Stage, work: Work) -> None:
    """The late answer to the first is not taken for one to the second, nor does it take its place."""
    worker = stage.load()
    call = begin(stage, worker, work)
    by_word(stage, worker, call)
    worker.hostcall(7, "work", call=call)
    stage.until(lambda: len(work.requests) == 2)
    work.requests[0].answer('"first"')
    work.requests[1].answer('"second"')
    worker.end()
    stage.until(lambda: worker.has(ANSWER))

    assert worker.take(ANSWER)[3] == '"second"'


def test_one_that_comes_too_late_is_stopped_at_once(stage: Stage, work: Work) -> None:
    """Whoever registers after the cancellation is called then and there."""
    worker = stage.load()
    call = begin(stage, worker, work)
    by_word(stage, worker, call)

    work.requests[0].on_cancel(lambda: work.stopped.append(0))

    assert work.stopped == [7, 0]


@pytest.mark.parametrize("id_", ["8", "null", "-1", "true", '"7"', "1e99", "[7]"])
def test_only_its_own_can_be_cancelled(stage: Stage, work: Work, id_: str) -> None:
    """A number that is nobody's does nothing; numbers are a worker's own."""
    worker = stage.load()
    begin(stage, worker, work)
    worker.cast("cancel", f'{{"id":{id_}}}')
    stage.turn()

    assert work.stopped == []
    assert worker.exit is None


def test_nothing_is_held_when_it_is_over(tmp_path: Path, work: Work) -> None:
    """Answered, cancelled or lost, a link holds no request."""
    with Stage(tmp_path) as stage:
        worker = stage.load()
        reactor = stage.runtime.reactor
        before = reactor.demand
        waiting, call = stage.deliver(worker)
        worker.hostcall(1, "work", call=call)
        worker.hostcall(2, "work", call=call)
        stage.until(lambda: len(work.requests) == 2)
        assert reactor.demand == before + 3  # the entry, too
        work.requests[0].answer("1")
        worker.cast("cancel", '{"id":2}')
        worker.result(call)
        assert stage.run(waiting).results[0].status is Status.ANSWERED
        link = stage.plugin.all_instances()[0].link

        assert link is not None
        assert link.pending_hostcalls == 0
        stage.until(lambda: worker.has(ANSWER))
        worker.end()
        stage.turn()
        assert reactor.demand == before
        assert work.requests[0]._stop is None
