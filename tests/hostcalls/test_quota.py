"""How much a plugin may ask: what counts, whose limit holds, and what becomes of one that does not mind."""

import json
from pathlib import Path

import pytest

from host.audit import Kind
from host.config import Config, Limits
from host.hostcalls import quota as quota_module
from host.hostcalls.table import ASKS, Ask
from host.outcome import Status
from host.reactor import now_s
from host.waits import start
from ipc.codec import encode
from ipc.framing import frame
from ipc.messages import ANSWER, HOSTCALL
from tests.support.scripted import ScriptedWorker, Stage

PLENTY = 100_000.0


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostcall that counts as a call and is answered at once."""
    monkeypatch.setitem(
        ASKS, "poke", Ask("poke", lambda _, __, request: request.answer("1"), sync=True)
    )


def ask(
    stage: Stage, worker: ScriptedWorker, name: str, count: int, args: str = "{}"
) -> list[str]:
    """Ask *count* times within one event; the codes of the answers, "" for a value."""
    waiting, call = stage.deliver(worker)
    for number in range(1, count + 1):
        data = frame(encode([HOSTCALL, number, call, 0, name, args]))
        while worker.exit is None and not worker.send_some(data):
            stage.turn()
    worker.end()
    codes = []
    for _ in range(count):
        stage.until(lambda: worker.has(ANSWER))
        answer = worker.take(ANSWER)
        codes.append("" if answer[2] == 1 else str(json.loads(str(answer[3]))["code"]))
        worker.end()
    worker.result(call, flags=0)
    stage.run(waiting)
    return codes


@pytest.mark.usefixtures("row")
@pytest.mark.parametrize(
    ("mode", "per_s"), [("strict", 50), ("prompt", 100), ("permissive", 500)]
)
def test_the_mode_gives_the_rate(tmp_path: Path, mode: str, per_s: int) -> None:
    """Four seconds of it may come at once; what is above is an error that says who raises it."""
    with Stage(tmp_path, Config.model_validate({"mode": mode})) as stage:
        codes = ask(stage, stage.load(), "poke", per_s * 4 + per_s)
        (entry, *_) = stage.entries(Kind.REFUSED)

    assert codes[: per_s * 4] == [""] * (per_s * 4)
    assert "E_QUOTA" in codes
    assert entry.code == "E_QUOTA"
    assert entry.detail == (
        f"poke: more than {per_s} hostcalls a second; "
        '[plugin.plugins."hostile".limits] max_hostcalls_per_sec raises it'
    )


@pytest.mark.usefixtures("row")
def test_refusals_are_written_once_and_then_counted(tmp_path: Path) -> None:
    """The first, the tenth, the hundredth."""
    with Stage(tmp_path, Config(limits=Limits(max_hostcalls_per_sec=0))) as stage:
        codes = ask(stage, stage.load(), "poke", 120)
        details = [entry.detail for entry in stage.entries(Kind.REFUSED)]

    assert set(codes) == {"E_QUOTA"}
    assert len(details) == 3
    assert details[1].endswith("(10 times by now)")
    assert details[2].endswith("(100 times by now)")


def test_the_lesser_of_both_words_holds(tmp_path: Path) -> None:
    """A manifest lowers what the operator gives; it does not raise it."""
    source = (
        "export const manifest = { name: 'hostile', capabilities: "
        "{ max_hostcalls_per_sec: %d, max_bytes_written: %d } };\nexport default () => {};\n"
    )
    for stated, mine, holds in (
        (20, (5, 10), (5, "its manifest says max_hostcalls_per_sec = 5")),
        (
            20,
            (90, 10),
            (20, '[plugin.plugins."hostile".limits] max_hostcalls_per_sec raises it'),
        ),
        (
            None,
            (90, 10),
            (50, '[plugin.plugins."hostile".limits] max_hostcalls_per_sec raises it'),
        ),
    ):
        folder = tmp_path / f"{stated}-{mine[0]}"
        folder.mkdir()
        with Stage(folder, Config(limits=Limits(max_hostcalls_per_sec=stated))) as stage:
            stage.scripted.clear()
            (folder / "hostile.js").write_text(source % mine)
            stage.run(start(stage.workspace.loads.load(folder / "hostile.js")))

            assert stage.plugin.quota.hostcalls_per_s() == holds
            assert stage.plugin.quota.write(10, now_s()) is None
            told = stage.plugin.quota.write(1, now_s())
            assert told is not None
            assert "its manifest says max_bytes_written = 10" in told


def test_bytes_come_back_within_an_hour(stage: Stage) -> None:
    """All at once or little by little; one that is larger than all is never within it."""
    stage.load()
    quota = stage.plugin.quota
    most = stage.plugin.limits.max_bytes_written

    assert quota.write(most + 1, PLENTY) is not None
    assert quota.write(most, PLENTY) is None
    assert quota.write(1, PLENTY) is not None
    assert quota.write(most // 4, PLENTY + 1000) is None
    assert quota.write(most // 4, PLENTY + 1000) is not None


def test_a_new_worker_does_not_bring_a_new_quota(tmp_path: Path, row: None) -> None:
    """It is the plugin's: crashing is no way to more."""
    with Stage(tmp_path, Config(limits=Limits(max_hostcalls_per_sec=1))) as stage:
        worker = stage.load()
        assert ask(stage, worker, "poke", 5) == [""] * 4 + ["E_QUOTA"]
        worker.die()
        stage.until(lambda: len(stage.workers) == 2, 30)
        fresh = stage.workers[-1]
        stage.bring_up(fresh)

        assert "E_QUOTA" in ask(stage, fresh, "poke", 10)


@pytest.mark.usefixtures("row")
def test_one_that_does_not_mind_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused again and again it is read less, then no more; the others have their answers."""
    monkeypatch.setattr(quota_module, "FLOOD_REFUSALS", 200)
    with Stage(tmp_path, Config(limits=Limits(max_hostcalls_per_sec=1))) as stage:
        stage.load_honest()
        worker = stage.load()
        waiting, call = stage.deliver(worker)
        for number in range(1, 1000):
            data = frame(encode([HOSTCALL, number, call, 0, "poke", "{}"]))
            while worker.exit is None and not worker.send_some(data):
                stage.turn()
        outcome = stage.run(waiting)

        assert outcome.results[0].status is Status.KILLED
        stage.until(lambda: stage.codes(Kind.KILLED))
        (entry,) = stage.entries(Kind.KILLED)
        assert entry.code == "E_FLOOD"
        assert "although it was refused" in entry.detail
        assert stage.plugin.quota.refuse("again", now_s()) == (1, False)
        assert stage.honest_answers()


def test_bytes_that_no_argument_holds_are_counted_where_they_are_written(
    tmp_path: Path,
) -> None:
    """A copy of a large file: an error that names the limit, one entry of the audit, and no more than that on the disk."""
    (tmp_path / "from.txt").write_bytes(b"x" * 5000)
    config = Config.model_validate(
        {
            "limits": {"max_bytes_written": 4000},
            "allow": {"fs_read": ["$CWD"], "fs_write": ["$CWD"]},
        }
    )
    args = json.dumps({"from": str(tmp_path / "from.txt"), "to": str(tmp_path / "to.txt")})
    with Stage(tmp_path, config) as stage:
        worker = stage.load()
        assert ask(stage, worker, "fs.copy", 1, args) == ["E_QUOTA"]
        (entry,) = stage.entries(Kind.REFUSED)

    assert entry.detail.startswith("fs.copy: more than 4000 bytes written within an hour; ")
    assert (tmp_path / "to.txt").stat().st_size <= 4000


def test_what_is_its_own_does_not_count(tmp_path: Path) -> None:
    """Without a single hostcall allowed, kv, timers and the log go on."""
    with Stage(tmp_path, Config(limits=Limits(max_hostcalls_per_sec=0))) as stage:
        codes = ask(stage, stage.load(), "kv.set", 100, '{"key":"k","value":1}')

    assert codes == [""] * 100
