"""Workers that talk without end. They are slowed, bounded, and ended; the others have their answers."""

import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import backlog, channel, kv_hub
from host.audit import Kind
from host.backlog import MAX_PENDING_HOSTCALLS
from host.blocking import BlockingPluginHost
from host.config import Config, Timeouts
from host.hostcalls.table import ASKS, Ask
from host.outcome import Status
from ipc.codec import encode
from ipc.framing import frame
from ipc.messages import ANSWER, CAST, HOSTCALL, YIELD
from tests.support.scripted import HONEST, REGISTRY, ScriptedWorker, Stage

LOG = frame(encode([CAST, 0, "log", '{"level":"debug","text":"again"}']))
BUSY_MS = 700
"""How long the flood goes on before its entry counts as hung."""


@pytest.fixture
def flooded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage on which an entry may last no longer than it takes to see a flood, even on a slow machine."""
    monkeypatch.setattr(channel, "_FLOOD_BURST", 500)
    monkeypatch.setattr(channel, "_FLOOD_PER_S", 250)
    times = Timeouts(actionable_ms=60_000, max_busy_ms=BUSY_MS)
    with Stage(folder, Config(timeouts=times)) as made:
        made.load_honest()
        yield made


def flood(stage: Stage, worker: ScriptedWorker, data: bytes) -> tuple[int, int]:
    """Write *data* again and again until the worker is ended; bytes written, events answered beside it.

    Before each event of the real plugin the pipe is as full as it gets.
    """
    written = answered = at = 0
    view = memoryview(data)
    while worker.exit is None:
        while sent := worker.send_some(view[at:]):
            written += sent
            at = (at + sent) % len(data)
        stage.honest_answers()
        answered += 1
    return written, answered


@pytest.mark.parametrize(
    "what",
    [
        LOG * 100,
        frame(encode([YIELD])) * 1000,
        frame(encode([CAST, 0, "timer", '{"in_ms":5}'])) * 100,
        frame(encode([CAST, 0, "registry", REGISTRY])) * 100,
    ],
    ids=["log", "yield", "timer", "registry"],
)
def test_a_flood_is_throttled_then_ended_and_the_others_are_answered(
    flooded: Stage, what: bytes
) -> None:
    """A burst passes; from then on the host reads what it has budgeted, and no more."""
    stage = flooded
    worker = stage.load()
    worker.stop_reading()  # a flooder does not
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    waiting = stage.begin()
    size = int.from_bytes(what[:4], "big") + 4

    began = time.monotonic()
    written, answered = flood(stage, worker, what)
    took_s = time.monotonic() - began  # on a busy machine longer than the limit

    assert stage.run(waiting).results[0].status is Status.KILLED
    assert stage.codes(Kind.KILLED) == ["E_HUNG"]
    assert "E_FLOOD" in stage.codes(Kind.REFUSED)
    messages = written // size
    allowed = channel._FLOOD_BURST + channel._FLOOD_PER_S * (BUSY_MS / 1000 + took_s)
    # One in the pipe, one read over the budget; one more where the host was late itself, looked, and excused it.
    pipes = (3 if link.watchdog._excused else 2) * (65536 // size)
    assert channel._FLOOD_BURST <= messages <= allowed + pipes
    assert answered > 1


def test_large_texts_are_charged_by_their_size(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes cost the host more than messages do, so that megabytes a second are bounded as well."""
    monkeypatch.setattr(channel, "_FLOOD_BURST", 10)
    monkeypatch.setattr(channel, "_FLOOD_PER_S", 50)
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)
    link = stage.plugin.all_instances()[0].link
    assert link is not None

    worker.cast("log", '{"level":"debug","text":"x"}', call=id_)
    stage.until(lambda: link._channel._tokens < channel._FLOOD_BURST)
    assert stage.codes(Kind.REFUSED) == []  # one small message is within the budget
    worker.cast("log", '{"level":"debug","text":"' + "x" * 60_000 + '"}', call=id_)
    stage.until(lambda: stage.codes(Kind.REFUSED))

    assert stage.codes(Kind.REFUSED) == ["E_FLOOD"]
    worker.result(id_)  # it is read when the debt is paid, and stands
    assert stage.run(waiting).results[0].status is Status.ANSWERED


def test_a_flood_does_not_grow_the_host(flooded: Stage) -> None:
    """What is asked for and not read again waits in bounded queues."""
    stage = flooded
    worker = stage.load()
    worker.stop_reading()
    stage.begin()
    stage.turn()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    flood(stage, worker, frame(encode([YIELD])) * 1000)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024  # KiB


def test_pending_hostcalls_are_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than may be pending is answered at once, with a quota error."""
    monkeypatch.setattr(channel, "_FLOOD_BURST", 10 * MAX_PENDING_HOSTCALLS)
    worker = stage.load()
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    link._channel._tokens = float(10 * MAX_PENDING_HOSTCALLS)
    # A disk that takes its time.
    monkeypatch.setitem(ASKS, "kv.delete", Ask("kv.delete", lambda *_: None, quota="none"))
    _, id_ = stage.deliver(worker)

    for at in range(1, MAX_PENDING_HOSTCALLS + 2):
        data = frame(encode([HOSTCALL, at, id_, 0, "kv.delete", '{"key":"k"}']))
        while not worker.send_some(data):
            stage.turn()
    worker.end()
    stage.until(lambda: worker.has(ANSWER))

    assert worker.take(ANSWER)[1:3] == [MAX_PENDING_HOSTCALLS + 1, 2]
    assert len(link._hostcalls) == MAX_PENDING_HOSTCALLS
    assert worker.exit is None


def test_the_blocking_host_answers_beside_a_flood_from_real_javascript(tmp_path: Path) -> None:
    """The same from a plugin's own code, through the front end that agents use, with threads."""
    (tmp_path / "honest.js").write_text(HONEST)
    (tmp_path / "loud.js").write_text(
        "export default (pi) => pi.on('PreToolUse', async () => {\n"
        "  for (;;) { pi.logger.debug('again'); await null; } });"
    )
    config = Config(timeouts=Timeouts(actionable_ms=600, max_busy_ms=800))
    with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "honest.js")
        host.load(tmp_path / "loud.js")
        outcomes = []
        caller = threading.Thread(
            target=lambda: outcomes.append(host.dispatch("PreToolUse", {"tool_name": "bash"}))
        )
        caller.start()
        slowest = 0.0
        answered = 0
        while caller.is_alive() or answered < 5:
            began = time.monotonic()
            outcome = host.dispatch("UserPromptSubmit", {"content": "hi"})
            slowest = max(slowest, time.monotonic() - began)
            answered += 1
            assert outcome.output == {"modified_prompt": "hi!"}
        caller.join()

    assert outcomes[0].results[0].status is Status.TIMED_OUT
    assert slowest < 2.0  # generous; benchmarks measure it


def ask_for(stage: Stage, worker: ScriptedWorker, call: int, count: int) -> None:
    """Ask *count* times for something that is answered at once, without ever letting the entry end."""
    for at in range(1, count + 1):
        data = frame(encode([HOSTCALL, at, call, 0, "kv.delete", "{}"]))
        while worker.exit is None and not worker.send_some(data):
            stage.turn()


def test_answers_that_nobody_takes_are_bounded_in_number(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry may ask for as long as it is busy, and each answer is an entry: the host would keep them all."""
    monkeypatch.setattr(backlog, "MAX_OWED", 20)
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)

    ask_for(stage, worker, id_, 25)

    assert stage.run(waiting).results[0].status is Status.KILLED
    stage.until(lambda: stage.codes(Kind.KILLED))
    assert stage.codes(Kind.KILLED) == ["E_QUEUE"]
    assert stage.honest_answers()


def test_answers_that_nobody_takes_are_bounded_in_size(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few, but large."""
    monkeypatch.setattr(backlog, "MAX_OWED_CHARS", 10_000)
    large = Ask(
        "kv.delete",
        lambda _, __, request: request.answer('"' + "x" * 4000 + '"'),
        quota="none",
    )
    monkeypatch.setitem(ASKS, "kv.delete", large)
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)

    ask_for(stage, worker, id_, 3)

    assert stage.run(waiting).results[0].status is Status.KILLED
    stage.until(lambda: stage.codes(Kind.KILLED))
    assert stage.codes(Kind.KILLED) == ["E_QUEUE"]


def test_answers_within_the_bound_are_taken_one_after_another(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what is owed goes down again as it is delivered."""
    monkeypatch.setattr(backlog, "MAX_OWED", 20)
    worker = stage.load()
    waiting, id_ = stage.deliver(worker)

    for round_ in range(3):
        ask_for(stage, worker, id_, 15)
        stage.turn()
        for _ in range(15):
            worker.end()
            stage.until(lambda: worker.has(ANSWER))
            worker.take(ANSWER)
        assert worker.exit is None, round_
    worker.result(id_)

    assert stage.run(waiting).results[0].status is Status.ANSWERED


def test_what_waits_for_the_disk_is_bounded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin writes faster than a disk that stands still: it hears so, and the host keeps no more of it."""
    monkeypatch.setattr(kv_hub, "MAX_WAITING_CHARS", 100 + kv_hub.WEIGHT_CHARS)
    monkeypatch.setattr(stage.runtime.kv, "submit", lambda _: None)
    worker = stage.load()
    _, id_ = stage.deliver(worker)
    for at in (1, 2, 3):
        worker.hostcall(at, "kv.set", '{"key":"k","value":"' + "x" * 90 + '"}', call=id_)
    stage.turn()

    worker.end()
    stage.until(lambda: worker.has(ANSWER))

    answer = worker.take(ANSWER)
    assert answer[1] == 3
    assert "E_BUSY" in str(answer[3])
    assert worker.exit is None


def test_cancelled_writes_wait_for_the_disk_as_any(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that takes back what it asked for has none pending, and the host no more to keep for that."""
    monkeypatch.setattr(kv_hub, "MAX_WAITING_CHARS", 10 * kv_hub.WEIGHT_CHARS)
    monkeypatch.setattr(stage.runtime.kv, "submit", lambda _: None)
    worker = stage.load()
    _, id_ = stage.deliver(worker)
    for at in range(1, 40):
        worker.hostcall(at, "kv.set", '{"key":"k","value":1}', call=id_)
        worker.cast("cancel", f'{{"id":{at}}}')
        stage.turn()
    (instance,) = stage.plugin.all_instances()

    assert len(instance.kv()._waiting) <= 11
    assert worker.exit is None
