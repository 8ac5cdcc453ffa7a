"""Every hostcall of the table: allowed it is answered, denied and over its quota it is refused and audited, cancelled
it is forgotten. A new row needs a case in ``cases.py``; then it is tried here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from host.audit import Kind
from host.config import Config
from host.hostcalls import table
from host.hostcalls.quota import Quota
from host.hostcalls.table import ASKS, TELLS, Ask, Guarded, OnFiles
from host.listener import HostcallRequest
from host.outcome import Json, JsonObject, Status
from host.reactor import now_s
from ipc.messages import ANSWER, FLAG_SYNC, STATUS_VALUE
from policies.capability import KINDS
from tests.hostcalls.cases import CASES, TOLD, Case
from tests.support.scripted import ScriptedWorker, Stage

ROWS = sorted(ASKS)
COUNTED = [name for name in ROWS if ASKS[name].quota != "none"]
FREE = [name for name in ROWS if ASKS[name].quota == "none"]
GUARDED = [name for name in ROWS if not isinstance(ASKS[name], Ask)]


def use_up(quota: Quota) -> None:
    """Leave nothing of it, and for so long that a slow machine makes no difference."""
    for bucket in (quota._calls, quota._bytes):
        bucket.take(0, now_s(), most=0, back_per_s=0)
        bucket._taken = 1e15


class Trial:
    """One hostcall, about to be made from within an event."""

    def __init__(self, stage: Stage, name: str, case: Case) -> None:
        self.stage = stage
        self.name = name
        self.worker: ScriptedWorker = stage.load()
        self.waiting, self.call = stage.deliver(self.worker)
        self.worker.end()
        self._last = 0
        self._meanwhile = case.meanwhile
        self.args = case.args(stage.folder)
        link = stage.plugin.all_instances()[0].link
        assert link is not None
        link.wake()
        case.begin(self.worker)
        self.worker.end()
        stage.turn()
        if case.after is not None:
            opener, make = case.after
            _, answer = self.ask(opener, CASES[opener].args(stage.folder))
            self.args = self.args | make(answer)

    def send(self, name: str, args: JsonObject) -> int:
        """Make the hostcall in an entry of its own; its number."""
        self._last += 1
        # An entry is what a worker speaks in; a wake-up is one.
        self.stage.runtime.reactor.run_once(0)
        link = self.stage.plugin.all_instances()[0].link
        assert link is not None
        if not link.watchdog.has_entry:
            link.wake()
        flags = FLAG_SYNC if ASKS[name].only_sync else 0
        self.worker.hostcall(self._last, name, json.dumps(args), call=self.call, flags=flags)
        return self._last

    def ask(self, name: str, args: JsonObject) -> tuple[bool, Json]:
        """Make the hostcall; whether it was answered with a value, and the answer."""
        number = self.send(name, args)
        if not ASKS[name].only_sync:
            self.worker.end()
        self._meanwhile(self.stage, self.worker)
        self.stage.until(lambda: self.worker.has(ANSWER))
        answer = self.worker.take(ANSWER)
        assert answer[1] == number
        self.worker.end()
        value: Json = json.loads(str(answer[3])) if answer[3] else None
        return answer[2] == STATUS_VALUE, value

    def run(self) -> tuple[bool, Json]:
        """Make the one that this is about."""
        return self.ask(self.name, self.args)

    def use_up(self) -> None:
        """Leave nothing of its quota."""
        use_up(self.stage.plugin.quota)


@contextmanager
def trial(folder: Path, name: str, *, allowed: bool = True) -> Iterator[Trial]:
    case = CASES[name]
    undo = case.prepare(folder)
    config = Config.model_validate(
        {"allow": dict(case.allow) if allowed else {}, "deny": dict(case.deny)}
    )
    try:
        with Stage(folder, config) as stage:
            case.set_up(stage)
            yield Trial(stage, name, case)
    finally:
        undo()


def test_every_row_has_a_case() -> None:
    """Neither a row without one nor one without a row."""
    assert set(CASES) == set(ASKS)
    assert set(TOLD) == set(TELLS)


def kinds_of(name: str) -> tuple[str, ...]:
    """What the row *name* may need."""
    match ASKS[name]:
        case Guarded(needs=needs):
            return (needs.kind,)
        case OnFiles(kinds=kinds):
            return kinds
        case _:
            return ()


def test_every_row_says_what_it_needs() -> None:
    """A kind that there is, and a case that allows it; what needs nothing is a plugin's own."""
    for name in ROWS:
        assert set(kinds_of(name)) <= set(KINDS)
        if CASES[name].after is None:
            assert set(CASES[name].allow) <= set(kinds_of(name))
            assert bool(kinds_of(name)) == bool(CASES[name].allow)


@pytest.mark.parametrize("name", ROWS)
def test_what_is_allowed_is_answered(tmp_path: Path, name: str) -> None:
    """With a value; and the audit has the decision, where there is one."""
    with trial(tmp_path, name) as trying:
        ok, answer = trying.run()
        decisions = trying.stage.entries(Kind.DECISION)

    assert ok, answer
    if name in GUARDED:
        assert {entry.data and entry.data["decision"] for entry in decisions} == {"allow"}


@pytest.mark.parametrize("name", GUARDED)
def test_what_is_denied_is_refused_and_audited(tmp_path: Path, name: str) -> None:
    """The same hostcall without the permission."""
    with trial(tmp_path, name, allowed=False) as trying:
        ok, answer = trying.run()
        (entry,) = trying.stage.entries(Kind.DECISION)

    assert not ok
    assert isinstance(answer, dict)
    assert answer["code"] == "E_DENIED"
    assert entry.data is not None
    assert entry.data["decision"] == "deny"
    assert entry.data["capability"] in kinds_of(name)
    assert str(answer["message"]).startswith(f"{entry.data['capability']}: ")


@pytest.mark.parametrize("name", COUNTED)
def test_what_is_over_its_quota_is_refused_and_audited(tmp_path: Path, name: str) -> None:
    """The same hostcall when nothing is left; the control is that it is answered above."""
    with trial(tmp_path, name) as trying:
        trying.use_up()
        ok, answer = trying.run()
        (entry,) = trying.stage.entries(Kind.REFUSED)

    assert not ok
    assert isinstance(answer, dict)
    assert answer["code"] == "E_QUOTA"
    assert "raises it" in str(answer["message"])
    assert (entry.code, entry.detail.startswith(f"{name}: more than")) == ("E_QUOTA", True)


@pytest.mark.parametrize("name", FREE)
def test_what_does_not_count_goes_on(tmp_path: Path, name: str) -> None:
    """A plugin that has used up its quota keeps what is its own."""
    with trial(tmp_path, name) as trying:
        trying.use_up()
        ok, answer = trying.run()

    assert ok, answer


@pytest.mark.parametrize("name", [name for name in ROWS if not ASKS[name].only_sync])
def test_what_is_cancelled_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever works for it is told, and its answer goes nowhere."""
    seen: list[HostcallRequest] = []
    row = ASKS[name]

    if isinstance(row, Ask):
        ask = row.handler

        def watch(instance: object, args: object, request: HostcallRequest) -> None:
            seen.append(request)
            ask(instance, args, request)  # type: ignore[arg-type]  # what the table gave

        watched = replace(row, handler=watch)
    elif isinstance(row, OnFiles):
        in_thread = table.answer_in_thread

        def watch_files(
            instance: object, act: object, args: object, request: HostcallRequest
        ) -> None:
            seen.append(request)
            in_thread(instance, act, args, request)  # type: ignore[arg-type]  # what the table gave

        monkeypatch.setattr(table, "answer_in_thread", watch_files)
        watched = row  # type: ignore[assignment]  # of the other kind
    else:
        grant = (
            table.grant
        )  # what looks at files first is cancelled before its handler hears of it

        def watch_granted(
            instance: object, needs: object, args: object, request: HostcallRequest, act: object
        ) -> None:
            seen.append(request)
            grant(instance, needs, args, request, act)  # type: ignore[arg-type]  # what the table gave

        monkeypatch.setattr(table, "grant", watch_granted)
        watched = row  # type: ignore[assignment]  # of the other kind
    with trial(tmp_path, name) as trying:
        monkeypatch.setitem(ASKS, name, watched)
        stage, worker = trying.stage, trying.worker
        number = trying.send(name, trying.args)
        worker.cast("cancel", json.dumps({"id": number}))
        stage.until(lambda: seen)
        (request,) = seen
        stage.turn()
        link = stage.plugin.all_instances()[0].link
        assert link is not None

        assert link.pending_hostcalls == 0
        if CASES[name].takes_time:
            assert request.is_cancelled
        if request.is_cancelled:
            worker.end()
            request.answer('"late"')
            stage.turn()
            assert not worker.has(ANSWER)
        assert worker.exit is None


@pytest.mark.parametrize("name", sorted(TOLD))
def test_what_is_told_is_taken(stage: Stage, name: str) -> None:
    """Also by a plugin that has used up its quota: the event has its answer, the worker lives."""
    worker = stage.load()
    use_up(stage.plugin.quota)
    waiting, call = stage.deliver(worker)
    worker.cast(name, json.dumps(TOLD[name]), call=call)
    worker.result(call)

    assert stage.run(waiting).results[0].status is Status.ANSWERED
    assert stage.entries(Kind.VIOLATION) == []
