"""A hostcall that takes a permission: decided before its handler, refused with a code, audited once."""

import json
from pathlib import Path

import pytest

from host.audit import Kind
from host.config import Config
from host.hostcalls.granted import ArgumentsError, Decisions, Granted, Needs
from host.hostcalls.table import ASKS, Guarded
from host.instance import Instance
from host.listener import HostcallRequest
from host.outcome import Json
from host.reactor import now_s
from ipc.messages import ANSWER
from policies.capability import FileRequest, NameRequest, Request
from policies.decision import Decision, Source
from tests.support.scripted import ScriptedWorker, Stage


def read_name(_: Instance, args: dict[str, Json]) -> Request:
    name = args.get("name")
    if not isinstance(name, str):
        raise ArgumentsError("env.get takes a name")
    return NameRequest("env", name)


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """A row that reads a variable, and what its handler was given."""
    given: list[Request] = []

    def act(
        _: Instance, granted: Granted, args: dict[str, Json], request: HostcallRequest
    ) -> None:
        given.append(granted.request)
        request.answer(json.dumps({"value": "x"}))

    row = Guarded("env.get", act, Needs("env", read_name), sync=True)
    monkeypatch.setitem(ASKS, row.name, row)
    return given


def call_env(
    stage: Stage, worker: ScriptedWorker, args: str, number: int = 7
) -> tuple[bool, dict[str, Json]]:
    """Make the hostcall from within an event; whether it was answered with a value, and with what."""
    waiting, call = stage.deliver(worker)
    worker.hostcall(number, "env.get", args, call=call)
    worker.end()
    stage.until(lambda: worker.has(ANSWER))
    answer = json.loads(str(worker.take(ANSWER)[-1]))
    worker.result(call)
    stage.run(waiting)
    assert isinstance(answer, dict)
    return "code" not in answer, answer


ALLOWS = Config(allow={"env": ("LANG", "LC_*")}, deny={"env": ("LC_SECRET",)})


def test_only_what_is_allowed_reaches_the_handler(tmp_path: Path, acted: list[Request]) -> None:
    """The handler is given the request that was decided. A refusal names kind, target and code, and no file of ours."""
    with Stage(tmp_path, ALLOWS) as stage:
        worker = stage.load()
        found = {
            name: call_env(stage, worker, json.dumps({"name": name}), number)
            for number, name in enumerate(("LANG", "LC_ALL", "LC_SECRET", "AWS_SECRET"), 7)
        }

    assert {name: ok for name, (ok, _) in found.items()} == {
        "LANG": True,
        "LC_ALL": True,
        "LC_SECRET": False,
        "AWS_SECRET": False,
    }
    assert acted == [NameRequest("env", "LANG"), NameRequest("env", "LC_ALL")]
    assert found["LC_SECRET"][1] == {
        "code": "E_DENIED",
        "message": "env: LC_SECRET: not allowed (deny.global)",
    }


def test_arguments_that_are_none_are_not_decided(tmp_path: Path, acted: list[Request]) -> None:
    """An author's mistake is told as one."""
    with Stage(tmp_path, ALLOWS) as stage:
        ok, answer = call_env(stage, stage.load(), '{"name": 1}')

        assert stage.audit.recent(10, kind=Kind.DECISION) == []
    assert (ok, answer["code"], acted) == (False, "E_INVALID", [])


def test_asking_without_anybody_to_ask_is_a_refusal(
    tmp_path: Path, acted: list[Request]
) -> None:
    """The mode says ask; there is nobody."""
    with Stage(tmp_path, Config(mode="prompt")) as stage:
        ok, answer = call_env(stage, stage.load(), '{"name": "LANG"}')

    assert (ok, answer["code"], acted) == (False, "E_DENIED", [])
    assert "nobody can be asked (no approver is set) (deny.no_approver)" in str(
        answer["message"]
    )


def test_the_next_generation_decides_the_next_call(
    tmp_path: Path, acted: list[Request]
) -> None:
    """A switch takes a permission away between two calls of one worker."""
    with Stage(tmp_path, ALLOWS) as stage:
        worker = stage.load()
        before, _ = call_env(stage, worker, '{"name": "LANG"}', 7)
        stage.set_switches({"JCODE_PLUGIN_FORCE_DENY": "1"})
        during, answer = call_env(stage, worker, '{"name": "LANG"}', 8)
        stage.set_switches({})
        after, _ = call_env(stage, worker, '{"name": "LANG"}', 9)

    assert (before, during, after) == (True, False, True)
    assert "deny.switch" in str(answer["message"])


def test_repeats_are_counted_and_not_written(tmp_path: Path, acted: list[Request]) -> None:
    """One entry for each target, another at ten and at a hundred."""
    with Stage(tmp_path, ALLOWS) as stage:
        worker = stage.load()
        for number in range(100):
            call_env(stage, worker, '{"name": "AWS"}', number + 10)
        call_env(stage, worker, '{"name": "LANG"}', 500)
        entries = stage.audit.recent(100, kind=Kind.DECISION)

    seen = [
        (e.code, e.data and e.data["target"], e.data and e.data.get("repeats")) for e in entries
    ]
    assert seen == [
        ("deny.mode", "AWS", None),
        ("deny.mode", "AWS", 10),
        ("deny.mode", "AWS", 100),
        ("allow.global", "LANG", None),
    ]


def test_targets_without_end_do_not_fill_the_audit(tmp_path: Path) -> None:
    """Beyond some hundred they are counted together; unloading forgets them."""
    with Stage(tmp_path) as stage:
        decisions = Decisions(stage.audit)
        denied = Decision("deny", 5, "deny.mode")
        for number in range(5000):
            decisions.note("p", FileRequest("fs_read", f"/{number}" + "x" * 1000), denied)

        assert len(stage.audit.recent(10_000, kind=Kind.DECISION)) < 600
        assert len(decisions._counts["p"]) <= 513
        decisions.forget("p")
        assert not decisions._counts


def test_a_path_that_is_no_text_is_refused_like_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a link leads may be bytes: neither the answer nor the audit stumbles over them."""

    def act(
        _: Instance, granted: Granted, args: dict[str, Json], request: HostcallRequest
    ) -> None:
        raise AssertionError(granted)

    needs = Needs("fs_read", lambda *_: FileRequest("fs_read", "/srv/\udcff"))
    monkeypatch.setitem(ASKS, "env.get", Guarded("env.get", act, needs))
    with Stage(tmp_path) as stage:
        ok, answer = call_env(stage, stage.load(), "{}")
        (entry,) = stage.audit.recent(10, kind=Kind.DECISION)

    assert not ok
    assert answer["message"] == "fs_read: /srv/\\udcff: not allowed (deny.mode)"
    assert entry.code == "deny.mode"


def test_a_proof_comes_from_the_chain_alone() -> None:
    """No handler makes its own."""
    with pytest.raises(TypeError, match="grant"):
        Granted(NameRequest("env", "X"), Decision("allow", 4, "allow.global"), mint=object())


def test_what_comes_late_is_written_down_too(tmp_path: Path) -> None:
    """A plugin hides nothing behind a thousand other things, neither of the same kind nor of another."""
    with Stage(tmp_path) as stage:
        decisions = Decisions(stage.audit)
        no = Decision("deny", 5, "deny.mode", Source("built-in"))

        def targets() -> set[object]:
            return {e.data["target"] for e in stage.entries(Kind.DECISION, "p") if e.data}

        for at in range(1000):
            decisions.note("p", NameRequest("env", f"NOISE{at}"), no)
        decisions.note("p", NameRequest("llm", "other-kind"), no)
        assert "other-kind" in targets()
        assert "NOISE999" not in targets()  # together with others: it comes too fast
        until = now_s() + 30
        while "SECRET" not in targets() and now_s() < until:
            decisions.note("p", NameRequest("env", "SECRET"), no)
        assert "SECRET" in targets()
