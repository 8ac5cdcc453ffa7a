"""A hostcall that the rules leave open: a person is asked, deadlines wait, and a yes is judged by the rules of then."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.approvals import Question
from host.audit import Kind
from host.config import Config
from host.config.model import Timeouts
from host.hostcalls.asking import DENIED_FOR_S, MAX_ASKED, about
from host.hostcalls.granted import ArgumentsError, Granted, Needs
from host.hostcalls.table import ASKS, Guarded
from host.instance import Instance
from host.listener import HostcallRequest
from host.outcome import Json, Status
from host.reactor import now_s
from ipc.messages import ANSWER, CANCEL, FLAG_SYNC
from policies.capability import FileRequest, NameRequest, Request, ShellRequest
from tests.support.scripted import ScriptedWorker, Stage

DEADLINE_MS = 400


def read_name(_: Instance, args: dict[str, Json]) -> Request:
    name = args.get("name")
    if not isinstance(name, str):
        raise ArgumentsError("it takes a name")
    return NameRequest("env", name)


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """A row that takes a permission, and what its handler was given."""
    given: list[Request] = []

    def act(
        _: Instance, granted: Granted, __: dict[str, Json], request: HostcallRequest
    ) -> None:
        given.append(granted.request)
        request.answer('{"value":"x"}')

    monkeypatch.setitem(ASKS, "open", Guarded("open", act, Needs("env", read_name), sync=True))
    return given


class Person:
    """Somebody who answers when the test lets them."""

    def __init__(self, stage: Stage) -> None:
        self.asked: list[tuple[Question, Callable[[object], None]]] = []
        stage.runtime.approvals.ask_person = lambda question, answered: self.asked.append(
            (question, answered)
        )
        stage.workspace.publish()

    def say(self, answer: str, which: int = -1) -> None:
        """Answer a question."""
        self.asked[which][1](answer)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[Stage, Person]]:
    """A host in mode prompt, with short deadlines, and a person."""
    config = Config(mode="prompt", timeouts=Timeouts(actionable_ms=DEADLINE_MS))
    with Stage(tmp_path, config) as stage:
        yield stage, Person(stage)


def ask(
    stage: Stage,
    worker: ScriptedWorker,
    person: Person,
    name: str = "LANG",
    *,
    id_: int = 7,
    call: int = 0,
    flags: int = 0,
) -> None:
    """Make the hostcall and wait until a person is asked about it."""
    before = len(person.asked)
    worker.hostcall(id_, "open", json.dumps({"name": name}), call=call, flags=flags)
    stage.until(lambda: len(person.asked) > before)


def answer_to(stage: Stage, worker: ScriptedWorker) -> dict[str, Json]:
    stage.until(lambda: worker.has(ANSWER))
    answer = json.loads(str(worker.take(ANSWER)[3]))
    assert isinstance(answer, dict)
    return answer


def pass_time(stage: Stage, ms: float) -> None:
    """Let the reactor's clock go on."""
    over: list[bool] = []
    stage.runtime.reactor.at(now_s() + ms / 1000, lambda: over.append(True))
    stage.until(lambda: over)


def test_a_yes_lets_it_act_and_is_audited(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """The question names plugin, kind and target; nothing is done before the answer."""
    stage, person = asking
    worker = stage.load()
    waiting, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    question = person.asked[0][0]

    assert acted == []
    assert (question.plugin, question.tool, question.tier) == ("hostile", "env", "read")
    assert (question.summary, question.subject) == ("LANG", "capability:env")
    assert question.project == str(stage.workspace.project_dir)

    person.say("once")
    worker.end()
    assert answer_to(stage, worker) == {"value": "x"}
    worker.result(call)
    assert stage.run(waiting).results[0].status is Status.ANSWERED
    assert acted == [NameRequest("env", "LANG")]
    assert stage.codes(Kind.DECISION) == ["allow.once"]


@pytest.mark.parametrize("flags", [0, FLAG_SYNC], ids=["promise", "in place"])
def test_deadlines_wait_for_a_person(
    asking: tuple[Stage, Person], acted: list[Request], flags: int
) -> None:
    """Two deadlines go by while a person thinks; then the handler has the rest of its time."""
    stage, person = asking
    worker = stage.load()
    waiting, call = stage.deliver(worker)
    ask(stage, worker, person, call=call, flags=flags)
    if not flags:
        worker.end()
    pass_time(stage, 2 * DEADLINE_MS)
    assert not waiting.is_done

    person.say("once")
    assert answer_to(stage, worker) == {"value": "x"}
    worker.result(call)
    assert stage.run(waiting).results[0].status is Status.ANSWERED


def test_without_a_question_the_deadline_passes(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """The control for the one above."""
    stage, _ = asking
    waiting, _ = stage.deliver(stage.load())
    assert stage.run(waiting).results[0].status is Status.TIMED_OUT


def test_after_the_answer_the_clock_goes_on(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """What a person took is added once, and the rest of its time is a handler's as before."""
    stage, person = asking
    worker = stage.load()
    waiting, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    worker.end()
    person.say("once")
    assert answer_to(stage, worker) == {"value": "x"}
    worker.end()
    assert stage.run(waiting).results[0].status is Status.TIMED_OUT


def test_work_of_the_instance_makes_all_its_calls_wait(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """Asked through the global ``pi``, nobody can tell which handler waits for it."""
    stage, person = asking
    worker = stage.load()
    waiting, call = stage.deliver(worker)
    ask(stage, worker, person, call=0)
    worker.end()
    pass_time(stage, 2 * DEADLINE_MS)
    assert not waiting.is_done

    person.say("deny")
    assert answer_to(stage, worker)["code"] == "E_DENIED"
    worker.result(call)
    assert stage.run(waiting).results[0].status is Status.ANSWERED


def test_a_no_is_told_and_holds_for_a_moment(
    asking: tuple[Stage, Person], acted: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked until they give in; another target is another question."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    person.say("deny")
    worker.end()
    answer = answer_to(stage, worker)
    assert answer["code"] == "E_DENIED"
    assert (
        answer["message"]
        == "env: LANG: it was denied by the person who was asked (deny.person)"
    )

    worker.hostcall(8, "open", '{"name":"LANG"}', call=call)
    worker.end()
    assert "a moment ago" in str(answer_to(stage, worker)["message"])
    assert len(person.asked) == 1

    ask(stage, worker, person, "HOME", id_=9, call=call)
    later = now_s() + DENIED_FOR_S + 1
    monkeypatch.setattr("host.hostcalls.asking.now_s", lambda: later)
    worker.hostcall(10, "open", '{"name":"LANG"}', call=call)
    stage.until(lambda: len(person.asked) == 3)
    assert acted == []


@pytest.mark.parametrize(
    ("answer", "questions"), [("once", 2), ("session", 1), ("always", 1), ("maybe", 2)]
)
def test_what_an_answer_is_about(
    asking: tuple[Stage, Person], acted: list[Request], answer: str, questions: int
) -> None:
    """Session and always hold for the same target; an answer that is none is a denial."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    for id_ in (7, 8):
        before = len(person.asked)
        worker.hostcall(id_, "open", '{"name":"LANG"}', call=call)
        stage.until(
            lambda b=before: len(person.asked) > b or worker.has(ANSWER) or len(acted) == 2
        )
        if len(person.asked) > before:
            person.say(answer)
        worker.end()
        told = answer_to(stage, worker)
        assert ("code" in told) == (answer == "maybe")

    assert len(person.asked) == questions
    assert len(acted) == (0 if answer == "maybe" else 2)
    ask(stage, worker, person, "OTHER", id_=9, call=call)


def test_what_is_denied_meanwhile_is_denied(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """A person's yes lifts no switch."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    stage.set_switches({"JCODE_PLUGIN_FORCE_DENY": "1"})
    person.say("once")
    worker.end()

    assert "deny.switch" in str(answer_to(stage, worker)["message"])
    assert acted == []


def test_a_cancelled_call_waits_for_no_answer(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """Nothing is done for it when the answer comes; the next call that asks the same is served by it."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    stage.expire(call)
    stage.until(lambda: worker.has(CANCEL))
    person.say("once")
    assert acted == []

    worker.end(call)
    worker.end()
    _, call = stage.deliver(worker)
    worker.hostcall(8, "open", '{"name":"LANG"}', call=call)
    worker.end()
    assert answer_to(stage, worker) == {"value": "x"}
    assert len(person.asked) == 1


def test_a_lost_worker_waits_for_nothing(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """Its question stays open for whoever asks the same; its answer does nothing."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    worker.die()
    stage.until(lambda: worker.exit)
    person.say("once")

    assert acted == []
    assert stage.plugin.asked._open == 0


def test_a_plugin_has_few_questions_open(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """One more is a denial at once, and an answer makes room."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    for n in range(MAX_ASKED):
        ask(stage, worker, person, f"V{n}", id_=10 + n, call=call)
    worker.hostcall(20, "open", '{"name":"MORE"}', call=call)
    worker.end()
    assert "deny.too_many" in str(answer_to(stage, worker)["message"])
    worker.end()

    person.say("once", 0)
    assert answer_to(stage, worker) == {"value": "x"}
    ask(stage, worker, person, "MORE", id_=21, call=call)


def test_a_target_is_shown_as_one_harmless_line(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """A plugin chooses it."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, person, "A\n\x1b[2Jyes?", call=call)

    assert "\n" not in person.asked[0][0].summary
    assert "\x1b" not in person.asked[0][0].summary


def test_a_command_is_shown_as_what_it_is() -> None:
    """Where an argument ends, and which file would run: two commands never look the same."""
    shown = {
        about(ShellRequest(argv, program))
        for argv in (("rm", "a b"), ("rm", "a", "b"), ("rm", "'a", "b'"), ("rm a", "b"))
        for program in ("", "/usr/bin/rm", "/home/u/proj/rm")
    }

    assert len(shown) == 12
    assert (
        about(ShellRequest(("sh", "-c", "ls; rm x"), "/bin/sh")) == "sh -c 'ls; rm x' (/bin/sh)"
    )
    assert about(FileRequest("fs_read", "/a b")) == "/a b"


def test_the_end_of_what_is_asked_about_is_shown(
    asking: tuple[Stage, Person], acted: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What matters is not pushed out of sight."""
    wanted = ShellRequest(("sh", "-c", "#" * 3000 + "\nrm -rf /"))
    row = ASKS["open"]
    assert isinstance(row, Guarded)
    needs = Needs("shell", lambda *_: wanted)
    monkeypatch.setitem(ASKS, "open", Guarded("open", row.handler, needs, sync=True))
    stage, person = asking
    worker = stage.load()
    _, id_ = stage.deliver(worker)
    worker.hostcall(1, "open", "{}", call=id_)
    stage.until(lambda: person.asked)
    summary = person.asked[0][0].summary

    assert summary.endswith("#\\nrm -rf /'")
    assert "characters left out" in summary
    assert acted == []


def test_dont_ask_asks_nobody_and_plan_anew(
    asking: tuple[Stage, Person], acted: list[Request]
) -> None:
    """An earlier answer holds where nobody is asked, and not where everything is asked anew."""
    stage, person = asking
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, person, call=call)
    person.say("always")
    worker.end()
    assert answer_to(stage, worker) == {"value": "x"}

    stage.set_mode("dont_ask")
    worker.hostcall(8, "open", '{"name":"LANG"}', call=call)
    worker.end()
    assert answer_to(stage, worker) == {"value": "x"}
    worker.hostcall(9, "open", '{"name":"HOME"}', call=call)
    worker.end()
    assert "deny.dont_ask" in str(answer_to(stage, worker)["message"])
    assert len(person.asked) == 1

    stage.set_mode("plan")
    ask(stage, worker, person, "LANG", id_=10, call=call)
