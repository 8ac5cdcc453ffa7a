"""Workers that do not read, do not answer, or close what they hold."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import channel as channel_module
from host.audit import Kind
from host.config import Config, Limits, Timeouts
from host.errors import PluginLoadError
from host.hostcalls.table import ASKS, Ask
from host.instance import State
from host.outcome import Status
from host.reactor import now_s
from host.spawn import Exit
from ipc.codec import encode
from ipc.framing import frame
from ipc.messages import ANSWER, CANCEL, EVENT, FLAG_SYNC, RESULT, YIELD
from tests.support.scripted import Stage, ended

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


# Silence.


def test_half_a_frame_then_silence_expires(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame that was begun must be finished in time, or its sender is gone."""
    monkeypatch.setattr(channel_module, "HALF_FRAME_EXPIRES_S", 0.05)
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
    monkeypatch.setattr(channel_module, "HALF_FRAME_EXPIRES_S", 0.05)
    worker = stage.load()

    worker.send_raw(b"\x00")

    ended(stage, worker, Kind.VIOLATION, "E_HALF_FRAME")


def test_a_frame_finished_in_time_starts_a_new_clock(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what counts is one frame, not how long the worker has been talking."""
    monkeypatch.setattr(channel_module, "HALF_FRAME_EXPIRES_S", 30.0)
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    answer = frame(encode([RESULT, id_, 0, 1, ""]))
    worker.send_raw(answer[:5])
    stage.turn()
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    assert link._channel.half_since

    worker.send_raw(answer[5:])

    assert stage.run(waiting).results[0].status is Status.ANSWERED
    assert not link._channel.half_since


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
    real = now_s

    monkeypatch.setattr(channel_module, "now_s", lambda: real() + 3600)
    link._channel._on_half()
    monkeypatch.setattr(channel_module, "now_s", real)

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
        assert instance._breaker.failures(now_s()) == 0
        count = len(stage.workers)
        stage.until(lambda: len(stage.workers) > count)
        stage.bring_up(stage.workers[-1])
        assert instance.state is State.ACTIVE


def test_a_worker_that_says_hello_and_never_loads_fails_the_load(folder: Path) -> None:
    """The load's own deadline: an entry that is busy for too long is hung."""
    with Stage(folder, Config(limits=Limits(load_busy_ms=80))) as stage:
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
    link._channel.end._max_queue = link._channel.end.queued_bytes

    link.push([ANSWER, 1, 1, "x"])
    link._end_entry()

    assert stage.run(waiting).results[0].status is Status.KILLED
    ended(stage, worker, Kind.KILLED, "E_QUEUE")


# Closing.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a closed channel may wait for the report of an exit, shortened: none will come."""
    monkeypatch.setattr(channel_module, "_EXIT_WITHIN_S", 0.02)


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
    channel = link._channel
    channel._tokens, channel._tokens_at = -10.0 * channel_module._FLOOD_PER_S, now_s()
    worker.cast("log", '{"level":"debug","text":"one too many"}')
    stage.until(lambda: stage.codes(Kind.REFUSED) == ["E_FLOOD"])
    worker.close_write()
    stage.turn()
    assert channel._is_at_end
    assert not link.is_lost

    channel._read_again()

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
