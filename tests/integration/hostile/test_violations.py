"""Bytes and messages that the protocol does not allow, from a worker that a native exploit has taken over.

Each of these ends that worker, is in the audit by its code, finishes what waited exactly once, and leaves the
other plugins and the host as they were.
"""

from collections.abc import Callable

import pytest

from host.audit import Kind
from host.errors import PluginLoadError
from host.instance import State
from host.outcome import Outcome, Status
from host.plugin_info import PluginInfo
from host.spawn import Exit
from host.waits import Wait
from ipc.codec import encode
from ipc.framing import frame
from ipc.limits import MAX_FRAME_BYTES, MAX_ID, MAX_PAYLOAD_OUT_BYTES
from ipc.messages import (
    CAST,
    END,
    EVENT,
    FLAG_ENTRY_ENDED,
    FLAG_SYNC,
    HELLO,
    HOSTCALL,
    LOAD,
    PROTOCOL_VERSION,
    RESULT,
    YIELD,
)
from tests.support.scripted import ALL_LAYERS, ScriptedWorker, Stage

SIGKILL = 9

BUSY: dict[str, tuple[str, Callable[[ScriptedWorker, int], None]]] = {
    # The worker has an event and says this instead of answering it.
    "random_bytes": ("E_LENGTH", lambda w, _: w.send_raw(bytes(range(255, 155, -1)))),
    "length_zero": ("E_LENGTH", lambda w, _: w.send_raw(b"\0\0\0\0")),
    "length_over_the_limit": (
        "E_LENGTH",
        lambda w, _: w.send_raw((MAX_FRAME_BYTES + 1).to_bytes(4, "big")),
    ),
    "length_of_four_gigabytes": ("E_LENGTH", lambda w, _: w.send_raw(b"\xff\xff\xff\xff")),
    "body_of_noise": ("E_CBOR", lambda w, _: w.send_raw(frame(b"\x85\xff\x00\xfe"))),
    "body_is_no_array": ("E_CBOR", lambda w, _: w.send_raw(frame(b"\x18\x41"))),
    "body_is_a_map": ("E_CBOR", lambda w, _: w.send_raw(frame(b"\xa1\x01\x02"))),
    "empty_array": ("E_CBOR", lambda w, _: w.send_raw(frame(b"\x80"))),
    "trailing_byte": ("E_CBOR", lambda w, _: w.send_raw(frame(encode([END, 0]) + b"\0"))),
    "number_not_shortest": ("E_CBOR", lambda w, _: w.send_raw(frame(b"\x82\x19\x00\x44\x00"))),
    "tag": ("E_CBOR", lambda w, _: w.send_raw(frame(b"\x82\x18\x44\xc1\x00"))),
    "text_not_utf8": (
        "E_CBOR",
        lambda w, _: w.send_raw(frame(b"\x84\x18\x43\x00\x61\xff\x60")),
    ),
    "no_such_kind": ("E_KIND", lambda w, _: w.send([99, 0])),
    "a_kind_of_the_host": ("E_KIND", lambda w, id_: w.send([EVENT, id_, 0, 0, "", ""])),
    "a_kind_of_the_zygote": ("E_KIND", lambda w, _: w.send([129, 1, 1])),
    "kind_is_text": ("E_KIND", lambda w, _: w.send(["END", 0])),
    "field_missing": ("E_SHAPE", lambda w, id_: w.send([RESULT, id_, 0, 0])),
    "field_too_many": ("E_SHAPE", lambda w, _: w.send([END, 0, 0])),
    "id_is_text": ("E_SHAPE", lambda w, _: w.send([RESULT, "1", 0, 1, ""])),
    "text_is_a_number": ("E_SHAPE", lambda w, id_: w.send([RESULT, id_, 0, 1, 5])),
    "id_is_true": ("E_SHAPE", lambda w, _: w.send([END, True])),
    "id_is_negative": ("E_RANGE", lambda w, _: w.send([END, -1])),
    "id_above_31_bits": ("E_RANGE", lambda w, _: w.send([END, MAX_ID + 1])),
    "result_of_nothing": ("E_ID", lambda w, id_: w.send([RESULT, id_ + 7, 0, 1, ""])),
    "result_of_id_zero": ("E_ID", lambda w, _: w.send([RESULT, 0, 0, 1, ""])),
    "result_with_a_wrong_status": ("E_RANGE", lambda w, id_: w.send([RESULT, id_, 3, 1, "{}"])),
    "result_with_a_wrong_flag": ("E_RANGE", lambda w, id_: w.send([RESULT, id_, 0, 2, ""])),
    "result_over_the_limit": (
        "E_LENGTH",
        lambda w, id_: w.send_raw((MAX_FRAME_BYTES + 1).to_bytes(4, "big") + b"\x85"),
    ),
    "end_of_a_cancel_that_was_not_sent": ("E_END", lambda w, id_: w.end(id_)),
    "second_hello": ("E_ORDER", lambda w, _: w.hello()),
    "hostcall_for_a_call_it_has_not": (
        "E_CALL",
        lambda w, id_: w.hostcall(1, call=id_ + 7),
    ),
    "hostcall_with_a_wrong_flag": ("E_RANGE", lambda w, _: w.hostcall(1, flags=2)),
    "hostcall_with_a_long_name": ("E_SHAPE", lambda w, _: w.hostcall(1, "n" * 65)),
    "cast_for_a_call_it_has_not": ("E_CALL", lambda w, id_: w.cast("log", "{}", call=id_ + 7)),
    "cast_of_an_unknown_name": ("E_CAST", lambda w, _: w.cast("fs.write", "{}")),
    "cast_without_json": ("E_CAST", lambda w, _: w.cast("log", "{")),
    "cast_of_a_list": ("E_CAST", lambda w, _: w.cast("log", "[]")),
    "cast_nested_too_deeply": ("E_CAST", lambda w, _: w.cast("log", '{"a":' * 9000)),
    "speaks_while_it_waits_in_place": (
        "E_ORDER",
        lambda w, _: w.send(
            [HOSTCALL, 1, 0, FLAG_SYNC, "kv.load", "{}"], [CAST, 0, "log", "{}"]
        ),
    ),
    "answers_while_it_waits_in_place": (
        "E_ORDER",
        lambda w, id_: w.send(
            [HOSTCALL, 1, 0, FLAG_SYNC, "kv.load", "{}"], [RESULT, id_, 0, 1, ""]
        ),
    ),
    "hostcall_id_in_use": (
        "E_ID",
        lambda w, _: w.send(
            [HOSTCALL, 1, 0, 0, "kv.delete", '{"key":"k"}'],
            [HOSTCALL, 1, 0, 0, "kv.delete", '{"key":"k"}'],
        ),
    ),
    "result_in_an_entry_that_ended": (
        "E_ORDER",
        lambda w, id_: w.send([END, 0], [RESULT, id_, 0, 0, ""]),
    ),
    "ends_twice": ("E_ORDER", lambda w, _: w.send([END, 0], [END, 0])),
}

ANSWERED: dict[str, tuple[str, Callable[[ScriptedWorker, int], None]]] = {
    # The worker answered its event, has nothing to do, and says this.
    "result_again": ("E_ORDER", lambda w, id_: w.result(id_)),
    "result_again_with_a_value": (
        "E_ORDER",
        lambda w, id_: w.result(id_, '{"action":"block"}'),
    ),
    "end_without_an_entry": ("E_ORDER", lambda w, _: w.end()),
    "end_of_a_cancel": ("E_ORDER", lambda w, id_: w.end(id_)),
    "hostcall_when_idle": ("E_ORDER", lambda w, _: w.hostcall(1)),
    "sync_hostcall_when_idle": ("E_ORDER", lambda w, _: w.hostcall(1, flags=FLAG_SYNC)),
    "cast_when_idle": ("E_ORDER", lambda w, _: w.cast("log", '{"text":"x"}')),
    "yield_when_idle": ("E_ORDER", lambda w, _: w.send([YIELD])),
    "second_hello": ("E_ORDER", lambda w, _: w.hello()),
}

STARTING: dict[str, tuple[str, Callable[[ScriptedWorker], None]]] = {
    # The worker has not said hello.
    "wrong_version": ("E_VERSION", lambda w: w.hello(version=PROTOCOL_VERSION + 1)),
    "version_zero": ("E_VERSION", lambda w: w.hello(version=0)),
    "layers_are_no_json": ("E_SHAPE", lambda w: w.hello(layers="x")),
    "layers_are_a_list": ("E_SHAPE", lambda w: w.hello(layers="[]")),
    "layers_are_large": ("E_SHAPE", lambda w: w.hello(layers='{"a":"' + "x" * 5000 + '"}')),
    "engine_name_is_long": (
        "E_SHAPE",
        lambda w: w.send([HELLO, PROTOCOL_VERSION, "e" * 65, "{}"]),
    ),
    "result_before_hello": ("E_ORDER", lambda w: w.result(1)),
    "hostcall_before_hello": ("E_ORDER", lambda w: w.hostcall(1)),
    "noise_before_hello": (
        "E_LENGTH",
        lambda w: w.send_raw(b"Traceback (most recent call last)"),
    ),
    "hello_twice_at_once": (
        "E_ORDER",
        lambda w: w.send(*[[HELLO, PROTOCOL_VERSION, "s", ALL_LAYERS]] * 2),
    ),
}


def check_ended(stage: Stage, worker: ScriptedWorker, code: str) -> None:
    """The worker was killed for *code*, and nobody else felt it."""
    stage.until(lambda: worker.exit)
    assert worker.exit == Exit(0, SIGKILL)
    violation = stage.entries(Kind.VIOLATION)[-1]
    assert violation.code == code
    assert "violation" in violation.detail
    assert stage.honest_answers().results[0].status is Status.ANSWERED


@pytest.mark.parametrize("name", BUSY)
def test_a_violation_in_an_entry_ends_the_worker(stage: Stage, name: str) -> None:
    """The call that waited is finished once, by name; the next worker serves the next event."""
    code, misbehave = BUSY[name]
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    finished: list[Outcome] = []
    waiting.when_done(lambda: finished.append(waiting.result()))

    misbehave(worker, id_)

    outcome = stage.run(waiting)
    assert [(r.plugin, r.status) for r in outcome.results] == [("hostile", Status.KILLED)]
    assert outcome.action == "continue"
    check_ended(stage, worker, code)
    stage.until(lambda: len(stage.workers) == 2)
    again = stage.workers[-1]
    stage.bring_up(again)
    waiting, id_ = stage.deliver(again)
    again.result(id_)
    assert stage.run(waiting).results[0].status is Status.ANSWERED
    assert len(finished) == 1


@pytest.mark.parametrize("name", ANSWERED)
def test_a_worker_with_nothing_to_do_may_not_speak(stage: Stage, name: str) -> None:
    """What it answered stands; what it says after that ends it."""
    code, misbehave = ANSWERED[name]
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.result(id_)
    assert stage.run(waiting).results[0].status is Status.ANSWERED

    misbehave(worker, id_)

    check_ended(stage, worker, code)


@pytest.mark.parametrize("name", STARTING)
def test_a_violation_at_the_start_fails_the_load(stage: Stage, name: str) -> None:
    """The load ends with the violation's code, and the plugin is not there."""
    code, misbehave = STARTING[name]
    loading = stage.begin_load()
    stage.until(lambda: stage.workers)
    worker = stage.workers[0]

    misbehave(worker)

    stage.until(lambda: loading.is_done)
    with pytest.raises(PluginLoadError, match="protocol violation") as caught:
        loading.result()
    assert caught.value.code == code
    assert [info.name for info in stage.plugins()] == ["honest"]
    check_ended(stage, worker, code)
    assert len(stage.workers) == 1


def test_a_load_that_is_answered_with_noise_fails(stage: Stage) -> None:
    """A worker that has its plugin's bytes and then turns fails the load, not the host."""
    loading = stage.begin_load()
    stage.until(lambda: stage.workers)
    worker = stage.workers[0]
    worker.hello()
    stage.until(lambda: worker.has(LOAD))

    worker.send_raw(b"\xff" * 64)

    stage.until(lambda: loading.is_done)
    with pytest.raises(PluginLoadError, match="protocol violation"):
        loading.result()
    check_ended(stage, worker, "E_LENGTH")


def answer_load(stage: Stage, text: str) -> "Wait[PluginInfo]":
    loading = stage.begin_load()
    stage.until(lambda: stage.workers)
    worker = stage.workers[0]
    worker.hello()
    stage.until(lambda: worker.has(LOAD))
    worker.result(int(worker.take(LOAD)[1]), text, status=1)
    stage.until(lambda: loading.is_done)
    return loading


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_load_answered_with_no_object_fails(stage: Stage, text: str) -> None:
    """A load's answer is judged like everything else."""
    loading = answer_load(stage, text)

    with pytest.raises(PluginLoadError) as caught:
        loading.result()
    assert caught.value.code == "E_LOAD"
    assert stage.honest_answers()


@pytest.mark.parametrize(
    "text", ['{"registered":5}', '{"registered":{"events":"x","tools":7,"commands":{}}}']
)
def test_a_load_answered_with_another_shape_registers_nothing(stage: Stage, text: str) -> None:
    """What is no registry is an empty one."""
    info = answer_load(stage, text).result()

    assert (info.registry.events, info.registry.tools) == (0, ())
    assert stage.honest_answers()


def test_a_result_for_a_call_that_waits_in_the_queue_is_forged(stage: Stage) -> None:
    """Only a call that was delivered can be answered: ids of queued ones are the host's alone."""
    worker = stage.load()
    first, id_ = stage.deliver(worker)
    second = stage.begin()
    stage.turn()
    assert not worker.has(EVENT)

    worker.send([RESULT, id_ + 1, 1, 0, '{"action":"block","reason":"forged"}'])

    assert stage.run(first).results[0].status is Status.KILLED
    check_ended(stage, worker, "E_ID")
    stage.until(lambda: len(stage.workers) == 2)
    again = stage.workers[-1]
    stage.bring_up(again)
    stage.until(lambda: again.has(EVENT))
    again.result(int(again.take(EVENT)[1]))
    outcome = stage.run(second)
    assert (outcome.action, outcome.results[0].status) == ("continue", Status.ANSWERED)


def test_a_result_given_twice_in_one_entry_is_a_violation(stage: Stage) -> None:
    """Also when the second one has the very bytes of a plain answer, which take a shorter way."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    worker.result(id_, flags=0)
    assert stage.run(waiting).results[0].status is Status.ANSWERED

    worker.result(id_, flags=FLAG_ENTRY_ENDED)

    check_ended(stage, worker, "E_ID")


@pytest.mark.parametrize("call", ["event", "tool", "load", "none"])
def test_one_zero_byte_is_no_answer(stage: Stage, call: str) -> None:
    """The first byte of nearly every frame, alone in the pipe, is half a frame and nothing else."""
    if call == "load":
        stage.begin_load()
        stage.until(lambda: stage.workers)
        worker = stage.workers[0]
        worker.hello()
        stage.until(lambda: worker.has(LOAD))
        id_ = int(worker.take(LOAD)[1])
    else:
        worker = stage.load()
        id_ = 0
        if call == "event":
            _, id_ = stage.deliver(worker)
        elif call == "tool":
            _, id_ = stage.deliver_tool(worker)

    worker.send_raw(b"\0")
    stage.turn()

    assert worker.exit is None
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    assert link.watchdog.has_entry == (call != "none")
    if id_:
        worker.send_raw(frame(encode([RESULT, id_, 1, 1, "{}"]))[1:])
        stage.until(lambda: not link.calls)
        assert worker.exit is None


def test_frames_cut_at_every_byte_are_read_as_if_whole(stage: Stage) -> None:
    """The control of the cases above: cutting is no violation."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    answer = b"".join(
        frame(encode(m))
        for m in (
            [CAST, id_, "log", '{"level":"info","text":"é"}'],
            [RESULT, id_, 1, 1, '{"action":"block","reason":"cut"}'],
        )
    )

    for at in range(len(answer)):
        worker.send_raw(answer[at : at + 1])
        stage.turn()

    assert stage.run(waiting).reason == "cut"
    assert worker.exit is None


def test_a_result_of_exactly_the_limit_is_an_answer(stage: Stage) -> None:
    """8 MiB are the plugin's to use; the control of the next test."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    head = '{"action":"block","reason":"'
    text = head + "r" * (MAX_PAYLOAD_OUT_BYTES - len(head) - 2) + '"}'
    assert len(text) == MAX_PAYLOAD_OUT_BYTES

    pour(stage, worker, frame(encode([RESULT, id_, 1, 1, text])))

    assert stage.run(waiting).blocked
    assert worker.exit is None
    assert stage.honest_answers()


@pytest.mark.parametrize("letter", ["r", "é"])
def test_a_result_one_byte_over_the_limit_ends_its_sender(stage: Stage, letter: str) -> None:
    """Bytes are counted, not characters; the worker's own side would have refused it."""
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    text = letter * (MAX_PAYLOAD_OUT_BYTES // len(letter.encode()) + 1)

    pour(stage, worker, frame(encode([RESULT, id_, 1, 1, text])))

    assert stage.run(waiting).results[0].status is Status.KILLED
    check_ended(stage, worker, "E_TOO_LARGE")


@pytest.mark.parametrize("filler", [b"\x80", b"\x00", b"\xa0", b"\x60"])
def test_a_frame_of_millions_of_items_is_refused_before_it_is_built(
    stage: Stage, filler: bytes
) -> None:
    """16 MiB of empty lists took the decoder half a minute and over a gigabyte."""
    worker = stage.load()
    waiting, _ = stage.deliver(worker)
    count = MAX_FRAME_BYTES - 5
    body = b"\x9a" + count.to_bytes(4, "big") + filler * count

    pour(stage, worker, len(body).to_bytes(4, "big") + body)

    assert stage.run(waiting).results[0].status is Status.KILLED
    check_ended(stage, worker, "E_CBOR")


def pour(stage: Stage, worker: ScriptedWorker, data: bytes) -> None:
    """Write *data*, more than a pipe holds, as fast as the host reads it."""
    view = memoryview(data)
    while view:
        written = worker.send_some(view)
        view = view[written:]
        stage.runtime.reactor.run_once(0 if written else 5)
        if worker.exit is not None:
            return


def test_after_three_violations_the_plugin_stays_off(stage: Stage) -> None:
    """A violation is the plugin's own failure, so the breaker counts it."""
    for count in range(1, 4):
        worker = stage.load() if count == 1 else stage.workers[-1]
        if count > 1:
            stage.bring_up(worker)
        waiting, _ = stage.deliver(worker)
        worker.send([99])
        assert stage.run(waiting).results[0].status is Status.KILLED
        check_ended(stage, worker, "E_KIND")
        if count < 3:
            stage.until(lambda count=count: len(stage.workers) > count)

    assert stage.plugin.all_instances()[0].state is State.BLOCKED
    assert stage.codes(Kind.BLOCKED) == ["E_BREAKER"]
    outcome = stage.begin()
    assert stage.run(outcome).results[0].status is Status.BLOCKED
