"""Workers that die, at every step of the protocol: who hears of it, and who is blamed."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from host.audit import Kind
from host.events import PluginEvent
from host.outcome import Status
from host.reactor import now_s
from host.spawn import Exit
from host.waits import Wait
from ipc.messages import EVENT, FLAG_SYNC, LOAD, RESULT, RESUME, YIELD
from tests.support.scripted import ScriptedWorker, Stage, ended

KILLED = Exit(0, signal.SIGKILL)


def _at_start(stage: Stage) -> ScriptedWorker:
    stage.begin_load()
    stage.until(lambda: stage.workers)
    return stage.workers[0]


def _after_hello(stage: Stage) -> ScriptedWorker:
    worker = _at_start(stage)
    worker.hello()
    stage.until(lambda: worker.has(LOAD))
    return worker


@pytest.mark.parametrize("step", [_at_start, _after_hello])
def test_a_crash_before_the_load_is_done_fails_the_load(
    stage: Stage, step: Callable[[Stage], ScriptedWorker]
) -> None:
    """The plugin is not there afterwards, and nothing tries again."""
    worker = step(stage)

    worker.die()

    ended(stage, worker, Kind.CRASHED, "E_CRASH")
    assert stage.codes(Kind.LOAD_FAILED) == ["E_CRASH"]
    assert [info.name for info in stage.plugins()] == ["honest"]
    assert len(stage.workers) == 1


def _idle(stage: Stage, worker: ScriptedWorker) -> None:
    """It has nothing."""


def _in_event(stage: Stage, worker: ScriptedWorker) -> None:
    stage.deliver(worker)


def _in_tool(stage: Stage, worker: ScriptedWorker) -> None:
    stage.deliver_tool(worker)


def _waiting_for_an_answer(stage: Stage, worker: ScriptedWorker) -> None:
    _, id_ = stage.deliver(worker)
    worker.hostcall(1, "kv.set", '{"key":"k","value":1}', call=id_)
    stage.turn()


def _waiting_in_place(stage: Stage, worker: ScriptedWorker) -> None:
    _, id_ = stage.deliver(worker)
    worker.hostcall(1, "kv.load", call=id_, flags=FLAG_SYNC)
    stage.turn()


def _yielding(stage: Stage, worker: ScriptedWorker) -> None:
    stage.deliver(worker)
    worker.send([YIELD])
    stage.until(lambda: worker.has(RESUME))


def _half_way_through_a_frame(stage: Stage, worker: ScriptedWorker) -> None:
    stage.deliver(worker)
    worker.send_raw(b"\x00\x00")
    stage.turn()


def _with_a_queue(stage: Stage, worker: ScriptedWorker) -> None:
    stage.deliver(worker)
    for _ in range(3):
        stage.begin()


STEPS = (
    _idle,
    _in_event,
    _in_tool,
    _waiting_for_an_answer,
    _waiting_in_place,
    _yielding,
    _half_way_through_a_frame,
    _with_a_queue,
)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("end", "code", "counted"),
    [
        (lambda w: w.die(signal.SIGSEGV), "E_CRASH", 1),
        (lambda w: w.die(signal.SIGKILL), "E_SIGNAL", 0),
        (lambda w: w.leave(0), "E_CRASH", 1),
        # The code of a failed lockdown, from one that was long past it: an excuse for nothing.
        (lambda w: w.leave(70), "E_CRASH", 1),
    ],
    ids=["segv", "kill", "exit_0", "exit_70"],
)
def test_a_worker_may_die_at_every_step(
    stage: Stage,
    step: Callable[[Stage, ScriptedWorker], None],
    end: Callable[[ScriptedWorker], None],
    code: str,
    counted: int,
) -> None:
    """What it had is finished as crashed, what waited goes to the next worker, and blame goes where it belongs."""
    worker = stage.load()
    step(stage, worker)
    instance = stage.plugin.all_instances()[0]

    end(worker)

    ended(stage, worker, Kind.CRASHED, code)
    assert instance._breaker.failures(now_s()) == counted
    stage.until(lambda: len(stage.workers) == 2)
    again = stage.workers[-1]
    stage.bring_up(again)
    while again.has(EVENT):  # those that waited in the queue, one after another
        again.result(int(again.take(EVENT)[1]))
        stage.turn()
    waiting, id_ = stage.deliver(again)
    again.result(id_)
    assert stage.run(waiting).results[0].status is Status.ANSWERED
    # Nothing of the dead worker is left in the books.
    assert stage.reactor_demand() == 0


def test_a_worker_whose_lockdown_failed_is_not_blamed_on_the_plugin(stage: Stage) -> None:
    """Exit code 70 before hello is the system's failure; the load fails and says so."""
    worker = _at_start(stage)

    worker.leave(70)

    ended(stage, worker, Kind.CRASHED, "E_LOCKDOWN")
    assert stage.codes(Kind.LOAD_FAILED) == ["E_LOCKDOWN"]


def test_an_answer_that_was_written_before_the_death_is_an_answer(stage: Stage) -> None:
    """What is in the pipe counts, whoever hears of the death first."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.send([RESULT, id_, 1, 1, '{"action":"block","reason":"last words"}'])

    worker.die()
    worker._process.wait()
    worker._on_exit(0)

    outcome = stage.run(waiting)
    assert (outcome.action, outcome.reason) == ("block", "last words")
    ended(stage, worker, Kind.CRASHED, "E_CRASH")


def test_a_tool_call_whose_worker_dies_says_so(stage: Stage) -> None:
    """A tool's caller hears of it once, as an error."""
    worker = stage.load()
    waiting, _ = stage.deliver_tool(worker)

    worker.die()

    result = stage.run(waiting)
    assert not result.ok
    assert "crashed" in str(result.error)


def test_closing_the_host_ends_a_worker_that_does_nothing_at_all(folder: Path) -> None:
    """Neither reading nor answering keeps it alive, and a call under way is cancelled."""
    with Stage(folder) as stage:
        worker = stage.load()
        waiting, _ = stage.deliver(worker)
        worker.stop_reading()

    assert worker.exit == KILLED
    assert waiting.result().results[0].status is Status.CANCELLED


def test_unloading_a_plugin_with_calls_under_way_cancels_them(stage: Stage) -> None:
    """Delivered and queued ones alike, once."""
    worker = stage.load()
    first, _ = stage.deliver(worker)
    second: Wait[object] = stage.begin()  # type: ignore[assignment]  # only its end matters

    stage.workspace.unload("hostile")

    assert first.result().results[0].status is Status.CANCELLED
    assert second.is_done
    stage.until(lambda: worker.exit)
    assert not stage.has_handler(PluginEvent.PRE_TOOL_USE)
    assert stage.reactor_demand() == 0
