"""Workers that do not read, do not answer, close what they hold, or die: at every step of the protocol."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import link as link_module
from host.audit import Kind
from host.config import Config, Limits, Timeouts
from host.errors import PluginLoadError
from host.events import PluginEvent
from host.hostcalls.table import ASKS, Ask
from host.instance import State
from host.outcome import Status
from host.spawn import Exit
from host.waits import Wait
from ipc.codec import encode
from ipc.framing import frame
from ipc.messages import ANSWER, CANCEL, EVENT, FLAG_SYNC, LOAD, RESULT, RESUME, YIELD
from tests.support.scripted import ScriptedWorker, Stage

KILLED = Exit(0, signal.SIGKILL)


def quick(folder: Path, **timeouts: int) -> Stage:
    """A stage with short deadlines, for tests about the deadline itself."""
    times = {"actionable_ms": 40, "grace_ms": 30, "max_busy_ms": 5000} | timeouts
    return Stage(folder, Config(timeouts=Timeouts.model_validate(times)))


@pytest.fixture
def quick_stage(folder: Path) -> Iterator[Stage]:
    with quick(folder) as made:
        made.load_honest()
        yield made


def ended(stage: Stage, worker: ScriptedWorker, kind: Kind, code: str) -> None:
    """The worker is gone, the audit says why, and the real plugin answers."""
    stage.until(lambda: worker.exit)
    stage.until(lambda: stage.codes(kind))
    assert stage.codes(kind)[-1] == code
    assert stage.honest_answers().results[0].status is Status.ANSWERED


# Silence.


def test_half_a_frame_then_silence_expires(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame that was begun must be finished in time, or its sender is gone."""
    monkeypatch.setattr(link_module, "HALF_FRAME_EXPIRES_S", 0.05)
    worker = stage.load()
    waiting, _ = stage.deliver(worker)

    worker.send_raw(b"\x00\x00\x01\x00half")

    assert stage.run(waiting).results[0].status is Status.KILLED
    ended(stage, worker, Kind.VIOLATION, "E_HALF_FRAME")
    assert worker.exit == KILLED


def test_half_a_frame_when_idle_expires_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for this worker, and it still may not hold a frame open."""
    monkeypatch.setattr(link_module, "HALF_FRAME_EXPIRES_S", 0.05)
    worker = stage.load()

    worker.send_raw(b"\x00")

    ended(stage, worker, Kind.VIOLATION, "E_HALF_FRAME")


def test_a_frame_finished_in_time_starts_a_new_clock(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what counts is one frame, not how long the worker has been talking."""
    monkeypatch.setattr(link_module, "HALF_FRAME_EXPIRES_S", 30.0)
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    answer = frame(encode([RESULT, id_, 0, 1, ""]))
    worker.send_raw(answer[:5])
    stage.turn()
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    assert link._half_since

    worker.send_raw(answer[5:])

    assert stage.run(waiting).results[0].status is Status.ANSWERED
    assert not link._half_since


def test_a_host_that_was_stopped_itself_does_not_blame_the_worker(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a suspend the first thing that fires is the timer; what was not read could not be written."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    answer = frame(encode([RESULT, id_, 0, 1, ""]))
    worker.send_raw(answer[:5])
    stage.turn()
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    real = link_module.now_s

    monkeypatch.setattr(link_module, "now_s", lambda: real() + 3600)
    link._on_half()
    monkeypatch.setattr(link_module, "now_s", real)

    assert not link.is_lost
    worker.send_raw(answer[5:])
    assert stage.run(waiting).results[0].status is Status.ANSWERED


def test_a_worker_that_never_says_hello_fails_the_load(folder: Path) -> None:
    """A start has a deadline, and is counted against nobody: nothing of the plugin was in it yet."""
    config = Config(limits=Limits(load_total_ms=60))
    with Stage(folder, config) as stage:
        loading = stage.begin_load()
        stage.until(lambda: stage.workers)
        worker = stage.workers[0]

        stage.until(lambda: loading.is_done)

        with pytest.raises(PluginLoadError) as caught:
            loading.result()
        assert caught.value.code == "E_START"
        stage.until(lambda: worker.exit)
        assert worker.exit == KILLED
        assert stage.codes(Kind.KILLED) == ["E_START"]
        assert stage.reactor_demand() == 0


def test_a_restarted_worker_that_never_says_hello_is_tried_again_and_not_counted(
    folder: Path,
) -> None:
    """After a first load, no worker is a matter of trying again: the breaker stays out of it."""
    config = Config(limits=Limits(load_total_ms=60), timeouts=Timeouts(actionable_ms=60_000))
    with Stage(folder, config) as stage:
        worker = stage.load()
        worker.die(signal.SIGKILL)  # from outside: not counted either

        stage.until(lambda: stage.codes(Kind.KILLED).count("E_START") == 4)
        instance = stage.plugin.all_instances()[0]

        assert instance.state is State.RESTARTING
        assert instance._breaker.failures(link_module.now_s()) == 0
        count = len(stage.workers)
        stage.until(lambda: len(stage.workers) > count)
        stage.bring_up(stage.workers[-1])
        assert instance.state is State.ACTIVE


def test_a_worker_that_says_hello_and_never_loads_fails_the_load(folder: Path) -> None:
    """The load's own deadline: an entry that is busy for too long is hung."""
    with quick(folder, max_busy_ms=80) as stage:
        loading = stage.begin_load()
        stage.until(lambda: stage.workers)
        worker = stage.workers[0]
        worker.hello()

        stage.until(lambda: loading.is_done)

        with pytest.raises(PluginLoadError) as caught:
            loading.result()
        assert caught.value.code == "E_HUNG"
        stage.until(lambda: worker.exit)


def test_an_event_without_an_answer_times_out_and_then_its_worker_goes(
    quick_stage: Stage,
) -> None:
    """The agent has its answer at the deadline; the kill follows after the grace, as hung."""
    stage = quick_stage
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)

    outcome = stage.run(waiting)

    assert outcome.results[0].status is Status.TIMED_OUT
    stage.until(lambda: worker.has(CANCEL))
    assert worker.take(CANCEL) == [CANCEL, id_]
    ended(stage, worker, Kind.KILLED, "E_HUNG")


def test_a_cancel_that_is_answered_keeps_the_worker(stage: Stage) -> None:
    """The control: a handler that only waited unwinds, and its late answer is nobody's."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.end()  # it waits for something
    stage.turn()
    stage.expire(id_)
    assert stage.run(waiting).results[0].status is Status.TIMED_OUT
    stage.until(lambda: worker.has(CANCEL))

    worker.end(id_)
    waiting, second = stage.deliver(worker)
    worker.send([RESULT, id_, 0, 0, ""], [RESULT, second, 0, 1, ""])

    assert stage.run(waiting).results[0].status is Status.ANSWERED
    assert worker.exit is None


def test_a_late_answer_may_come_once(stage: Stage) -> None:
    """A cancelled call's answer is forgotten when it was taken: a second one is forged."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.end()
    stage.turn()
    stage.expire(id_)
    stage.run(waiting)
    stage.until(lambda: worker.has(CANCEL))
    worker.end(id_)
    waiting, _ = stage.deliver(worker)

    worker.send([RESULT, id_, 0, 0, ""], [RESULT, id_, 0, 0, ""])

    assert stage.run(waiting).results[0].status is Status.KILLED
    ended(stage, worker, Kind.VIOLATION, "E_ID")


def test_a_cancelled_entry_may_end_with_the_very_answer_that_was_expected(
    stage: Stage,
) -> None:
    """Cancelled between two jobs, unwound, and answered: the order that a polite handler produces."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.send([YIELD])
    stage.turn()
    stage.expire(id_)
    assert stage.run(waiting).results[0].status is Status.TIMED_OUT
    stage.until(lambda: worker.has(CANCEL))

    worker.end(id_)
    stage.turn()
    worker.result(id_)
    stage.turn()

    assert worker.exit is None
    waiting, id_ = stage.deliver(worker)
    worker.result(id_)
    assert stage.run(waiting).results[0].status is Status.ANSWERED


def test_a_sync_hostcall_is_answered_when_its_call_is_cancelled(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that waits in place hears E_CANCELLED instead of waiting for ever."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.hostcall(5, "kv.load", call=id_, flags=FLAG_SYNC)
    stage.until(lambda: worker.has(ANSWER))
    worker.inbox.clear()
    # A disk that never answers.
    monkeypatch.setitem(ASKS, "kv.load", Ask("kv.load", lambda *_: None, sync=True))
    worker.hostcall(6, "kv.load", call=id_, flags=FLAG_SYNC)
    stage.turn()

    stage.expire(id_)

    assert stage.run(waiting).results[0].status is Status.TIMED_OUT

    stage.until(lambda: worker.has(ANSWER))
    assert worker.take(ANSWER)[:3] == [ANSWER, 6, 2]


# Not reading.


def test_a_worker_that_never_reads_is_hung_and_the_rest_goes_on(folder: Path) -> None:
    """The host never blocks on a write: what the pipe does not take waits, bounded, until the deadline."""
    with quick(folder, actionable_ms=300) as stage:
        stage.load_honest()
        worker = stage.load()
        worker.stop_reading()

        waiting = [stage.begin("x" * 3_000_000) for _ in range(4)]

        assert stage.honest_answers()
        for one in waiting:
            assert stage.run(one).results[0].status in (
                Status.TIMED_OUT,
                Status.BUSY,
                Status.KILLED,
            )
        ended(stage, worker, Kind.KILLED, "E_HUNG")


def test_what_does_not_fit_into_the_queue_is_refused_whole(stage: Stage) -> None:
    """Entries go one at a time, so a queue fills with answers and pushes; full, it costs the worker its life."""
    worker = stage.load()
    worker.stop_reading()
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    waiting = stage.begin("x" * 11_000_000)
    stage.turn()
    link._channel._max_queue = link._channel.queued_bytes

    link.push([ANSWER, 1, 1, "x"])
    link._end_entry()

    assert stage.run(waiting).results[0].status is Status.KILLED
    ended(stage, worker, Kind.KILLED, "E_QUEUE")


# Closing.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a closed channel may wait for the report of an exit, shortened: none will come."""
    monkeypatch.setattr(link_module, "_EXIT_WITHIN_S", 0.02)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("which", ["read", "write", "both"])
def test_a_worker_that_closes_its_pipes_and_lives_on_is_ended(stage: Stage, which: str) -> None:
    """It has no way back, so the host ends it; its plugin is counted for it."""
    worker = stage.load()
    if which != "write":
        worker.close_read()
    if which != "read":
        worker.close_write()
        stage.turn()

    waiting = stage.begin()

    ended(stage, worker, Kind.VIOLATION, "E_CLOSED")
    assert worker.exit == KILLED
    stage.until(lambda: len(stage.workers) == 2)
    again = stage.workers[-1]
    stage.bring_up(again)
    # Never delivered, so it was not lost with the worker: the next one answers it.
    stage.until(lambda: again.has(EVENT))
    again.result(int(again.take(EVENT)[1]))
    assert stage.run(waiting).results[0].status is Status.ANSWERED


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("which", ["read", "write"])
def test_a_pipe_closed_with_an_event_in_hand_fails_that_event(stage: Stage, which: str) -> None:
    """The event is finished once, as killed."""
    worker = stage.load()
    waiting, _ = stage.deliver(worker)
    if which == "write":
        worker.close_write()
    else:
        worker.close_read()
        worker.send([YIELD])  # the RESUME finds the pipe broken

    assert stage.run(waiting).results[0].status is Status.KILLED
    ended(stage, worker, Kind.VIOLATION, "E_CLOSED")


@pytest.mark.usefixtures("impatient")
def test_a_pipe_closed_before_the_process_is_known_is_ended_when_it_is(folder: Path) -> None:
    """The zygote's report may come after the worker's misdeed."""
    with Stage(folder) as stage:
        stage.tells_pids = False
        stage.begin_load()
        stage.until(lambda: stage.workers)
        worker = stage.workers[0]
        worker.close_write()
        stage.turn()
        assert worker.exit is None

        worker.tell_pid()

        stage.until(lambda: worker.exit)
        assert worker.exit == KILLED


def test_a_violation_before_the_process_is_known_is_punished_when_it_is(folder: Path) -> None:
    """As above, for a worker that is lost already."""
    with Stage(folder) as stage:
        stage.tells_pids = False
        loading = stage.begin_load()
        stage.until(lambda: stage.workers)
        worker = stage.workers[0]
        worker.send_raw(b"\xff" * 8)
        stage.until(lambda: loading.is_done)
        assert worker.exit is None

        worker.tell_pid()

        stage.until(lambda: worker.exit)
        assert worker.exit == KILLED


@pytest.mark.usefixtures("impatient")
def test_a_throttled_worker_that_closes_its_pipe_does_not_disturb_the_reactor(
    stage: Stage,
) -> None:
    """The moment of reading again comes after the descriptor was given up."""
    worker = stage.load()
    stage.deliver(worker)
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    link._tokens, link._tokens_at = -10.0 * link_module._FLOOD_PER_S, link_module.now_s()
    worker.cast("log", '{"level":"debug","text":"one too many"}')
    stage.until(lambda: stage.codes(Kind.REFUSED) == ["E_FLOOD"])
    worker.close_write()
    stage.turn()
    assert link._read_all
    assert not link.is_lost

    link._read_again()

    ended(stage, worker, Kind.VIOLATION, "E_CLOSED")


def test_a_pipe_that_somebody_else_holds_open_has_an_end_all_the_same(stage: Stage) -> None:
    """A worker that forked and died left half a frame and no end of file: the host must not spin on it."""
    worker = stage.load()
    waiting, _ = stage.deliver(worker)
    worker.send_raw(b"\x00\x00\x01\x00half")
    held, worker.write_fd = worker.write_fd, -1

    worker.die()

    assert stage.run(waiting).results[0].status is Status.CRASHED
    ended(stage, worker, Kind.CRASHED, "E_CRASH")
    worker.write_fd = held
    worker.close_write()


# Dying.


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
    assert instance._breaker.failures(link_module.now_s()) == counted
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
