"""What a worker shows, as the view has it: a worker that is played by an attacker, the host's real runtime."""

import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from host.audit import Kind
from host.config import Config
from host.outcome import Json, JsonObject
from host.rate import Rate
from host.reactor import now_s
from host.view import limits
from host.view.model import View
from host.view.presence import Shown
from ipc.codec import encode
from ipc.framing import frame
from ipc.messages import CAST, LOAD, PUSH
from tests.support.scripted import REGISTERED, ScriptedWorker, Stage


class Mirror:
    """What a program has that took a snapshot and every diff since."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.diffs: list[JsonObject] = []
        self.listener = view.listen(self.take)
        snapshot = view.snapshot()
        assert isinstance(snapshot["entries"], list)
        self.version = snapshot["version"]
        self.entries = {_key(entry): entry["value"] for entry in snapshot["entries"]}  # type: ignore[index,call-overload]

    def take(self, diff: JsonObject) -> None:
        """Apply one."""
        assert diff["from"] == self.version
        self.version = diff["to"]
        self.diffs.append(diff)
        assert isinstance(diff["set"], list)
        assert isinstance(diff["remove"], list)
        for entry in diff["set"]:
            self.entries[_key(entry)] = json.loads(json.dumps(entry["value"]))  # type: ignore[index,call-overload]
        for key in diff["remove"]:
            self.entries.pop(tuple(key), None)  # type: ignore[arg-type]

    def check(self) -> None:
        """It is what a new snapshot would be."""
        snapshot = self.view.snapshot()
        assert isinstance(snapshot["entries"], list)
        assert self.version == snapshot["version"]
        assert self.entries == {_key(one): one["value"] for one in snapshot["entries"]}  # type: ignore[index,call-overload]


def _key(entry: Json) -> tuple[Json, ...]:
    assert isinstance(entry, dict)
    return entry["plugin"], entry["session"], entry["area"], entry["key"]


def of(stage: Stage, area: str, plugin: str = "hostile") -> dict[str, Json]:
    """The entries of *area*, by key; of every session."""
    view = stage.workspace.view
    return {key[3]: view.get(key) for key in view.keys(area) if key[0] == plugin}


def wake(stage: Stage) -> None:
    """Give the worker an entry to speak in."""
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    if not link.watchdog.has_entry:
        link.wake()


def tell(stage: Stage, worker: ScriptedWorker, *ops: JsonObject) -> None:
    """Have the worker set entries."""
    wake(stage)
    told = frame(encode([CAST, 0, "ui.set", json.dumps({"ops": list(ops)})]))
    while told:  # a pipe holds less than a large one
        told = told[worker.send_some(told) :]
        stage.turn()
    worker.end()
    stage.turn()


def op(area: str, key: str, value: Json) -> JsonObject:
    return {"area": area, "key": key, "value": value}


def status(key: str, text: str = "x") -> JsonObject:
    return op("status", key, {"line": text})


def line(text: str) -> Json:
    return [[text, ""]]


def without_rate(stage: Stage) -> None:
    """Let everything pass at once, for tests of other bounds."""
    stage.plugin.shown.rate = Rate(1e9, 0.0)


def test_what_is_set_is_shown_and_what_is_null_is_gone(stage: Stage) -> None:
    """In the entries of the plugin that said so, with the diffs of whoever listens."""
    worker = stage.load()
    mirror = Mirror(stage.workspace.view)
    tell(stage, worker, status("a", "one"), op("title", "", {"line": "t"}))
    assert of(stage, "status") == {"a": {"line": line("one"), "severity": "info"}}
    stage.until(lambda: mirror.diffs)
    mirror.check()

    tell(stage, worker, op("status", "a", None))
    assert of(stage, "status") == {}
    stage.until(lambda: len(mirror.diffs) > 1)
    mirror.check()
    assert mirror.diffs[-1]["remove"] == [["hostile", "", "status", "a"]]


def test_nobody_is_told_of_what_changed_back(stage: Stage) -> None:
    """One diff has the newest of all that changed within its time, and equal values are no change."""
    worker = stage.load()
    tell(stage, worker, status("a", "one"))
    mirror = Mirror(stage.workspace.view)
    tell(stage, worker, status("a", "one"))
    stage.turn()
    assert mirror.diffs == []

    tell(stage, worker, status("a", "two"))
    tell(stage, worker, status("a", "three"), status("b"), op("status", "b", None))
    stage.until(
        lambda: (
            mirror.entries["hostile", "", "status", "a"]
            != {"line": line("one"), "severity": "info"}
        )
    )
    stage.workspace.view.snapshot()
    assert len(mirror.diffs) <= 2
    assert mirror.entries["hostile", "", "status", "a"] == {
        "line": line("three"),
        "severity": "info",
    }
    mirror.check()


def test_without_a_listener_nothing_is_timed(stage: Stage) -> None:
    """A view that nobody sees makes no work."""
    worker = stage.load()
    before = stage.reactor_demand()
    tell(stage, worker, status("a"))
    assert stage.reactor_demand() == before

    mirror = Mirror(stage.workspace.view)
    mirror.listener.close()
    mirror.listener.close()
    tell(stage, worker, status("a", "b"))
    assert stage.reactor_demand() == before
    assert mirror.diffs == []


def test_a_listener_that_fails_hinders_nobody(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are told; the log says what happened."""

    def fail(_: JsonObject) -> None:
        raise RuntimeError("mine")

    worker = stage.load()
    stage.workspace.view.listen(fail)
    mirror = Mirror(stage.workspace.view)
    tell(stage, worker, status("a"))
    stage.until(lambda: mirror.diffs)
    mirror.check()
    assert "what listens to the view failed" in caplog.text


def test_what_comes_too_fast_is_shown_later(stage: Stage) -> None:
    """The newest of each entry; a removal takes what waits with it."""
    worker = stage.load()
    tell(stage, worker, *(status(f"k{number % 50}", str(number)) for number in range(200)))
    assert stage.plugin.shown.waiting_bytes > 0  # the control: not all at once
    tell(stage, worker, op("status", "k49", None))

    stage.until(lambda: len(of(stage, "status")) == 49)
    stage.until(
        lambda: (
            of(stage, "status")
            == {f"k{at}": {"line": line(str(150 + at)), "severity": "info"} for at in range(49)}
        )
    )
    assert stage.plugin.shown.waiting_bytes == 0


def test_an_area_holds_so_many_entries(stage: Stage) -> None:
    """One more is refused and noted once; what is there may change, and what goes makes room."""
    worker = stage.load()
    without_rate(stage)
    tell(stage, worker, *(status(f"k{at}") for at in range(limits.MAX_ENTRIES + 5)))
    assert len(of(stage, "status")) == limits.MAX_ENTRIES
    assert stage.codes(Kind.REFUSED) == ["E_UI"]

    tell(stage, worker, op("status", "k0", None), status("k1", "new"), status("late"))
    assert of(stage, "status")["k1"] == {"line": line("new"), "severity": "info"}
    assert "late" in of(stage, "status")
    tell(stage, worker, op("widget", "w", {"lines": "x"}))
    assert "w" in of(stage, "widget")


def test_values_have_a_size(stage: Stage) -> None:
    """Each, and all of a plugin together; what goes gives its bytes back."""
    worker = stage.load()
    without_rate(stage)
    large = "\n".join(["x" * 300] * 200)
    tell(stage, worker, op("widget", "w", {"lines": "x" * limits.MAX_VALUE_BYTES}))
    assert of(stage, "widget") == {}
    assert "of more than 65536 bytes" in stage.entries(Kind.REFUSED)[-1].detail

    for at in range(30):
        tell(stage, worker, op("widget", f"w{at}", {"lines": large}))
    shown = len(of(stage, "widget"))
    assert 10 < shown < 30
    assert stage.plugin.shown.bytes <= limits.MAX_PLUGIN_BYTES
    for at in range(30):
        tell(stage, worker, op("widget", f"w{at}", None))
    assert stage.plugin.shown.bytes == 0
    tell(stage, worker, op("widget", "again", {"lines": large}))
    assert list(of(stage, "widget")) == ["again"]


def test_what_waits_has_a_size(stage: Stage) -> None:
    """A flood of large values is not kept."""
    worker = stage.load()
    stage.plugin.shown.rate.take(now_s() + 3600, 1e9)  # nothing passes for an hour
    for at in range(40):
        tell(stage, worker, op("widget", f"w{at}", {"lines": "x" * 60_000}))
    assert of(stage, "widget") == {}
    assert (
        limits.MAX_PLUGIN_BYTES - 61_000
        < stage.plugin.shown.waiting_bytes
        <= limits.MAX_PLUGIN_BYTES
    )
    assert "wait to be shown" in stage.entries(Kind.REFUSED)[-1].detail
    stage.workspace.unload("hostile")


@pytest.mark.parametrize(
    "args",
    [
        '{"ops":7}',
        '{"ops":[1,null,[],{}]}',
        '{"ops":[{"area":"plugin","key":"","value":{"state":"active"}}]}',
        '{"ops":[{"area":"dialog","key":"x","value":{"kind":"confirm"}}]}',
        '{"ops":[{"area":"notice","key":"1","value":{}}]}',
        '{"ops":[{"area":"command","key":"x","value":{}}]}',
        '{"ops":[{"area":"status","key":7,"value":{}}]}',
        '{"ops":[{"area":"status","key":"\\u001b[2J","value":{"line":"x"}}]}',
        '{"ops":[{"area":"slot","key":"Approvals/x","value":{}}]}',
        '{"ops":[{"area":"keymap","key":"ctrl+c","value":{}}]}',
        '{"ops":[{"area":"keymap","key":"f2","value":{}}]}',
        '{"ops":[{"area":"keymap","key":"a","value":{}}]}',
    ],
)
def test_what_is_not_its_to_set_is_not_set(stage: Stage, args: str) -> None:
    """The areas of the host, other shapes, reserved keys; the worker lives, the audit has it."""
    worker = stage.load()
    before = stage.workspace.view.snapshot()["entries"]
    wake(stage)
    worker.cast("ui.set", args)
    worker.end()
    stage.turn()
    assert stage.workspace.view.snapshot()["entries"] == before
    assert stage.codes(Kind.REFUSED) == ["E_UI"]
    assert worker.exit is None


def test_the_audit_is_not_filled_with_it(stage: Stage) -> None:
    """A problem that repeats is noted at 1, 10, 100 times."""
    worker = stage.load()
    for _ in range(120):
        tell(stage, worker, op("nowhere", "k", {}))
    assert stage.codes(Kind.REFUSED) == ["E_UI"] * 3


def test_descriptions_that_are_costly_are_few(stage: Stage) -> None:
    """A registry that is another one each time costs the host no more than plain characters; plain ones are all there."""
    worker = stage.load()
    stage.plugin.shown.descriptions = Rate(2, now_s())
    commands: list[Json] = [
        {"name": f"c{at}", "description": f"e\u0301 {at}"} for at in range(100)
    ]
    commands.append({"name": "plain", "description": "all of it"})
    wake(stage)
    worker.cast("registry", json.dumps({**json.loads(REGISTERED), "commands": commands}))
    worker.end()
    stage.turn()
    shown = of(stage, "command")
    assert len(shown) == 101
    lines = [one["description"] for one in shown.values() if isinstance(one, dict)]
    assert line("all of it") in lines
    whole = [one for one in lines if "\u0301" in json.dumps(one, ensure_ascii=False)]
    assert 1 <= len(whole) < 50
    assert line("e 99") in lines


def test_few_wait_for_their_turn(stage: Stage) -> None:
    """However small each is: their names take room as well. The newest of what waits is still taken."""
    worker = stage.load()
    stage.plugin.shown.rate = Rate(1e-9, 0.0)  # the turn of two, and then of nothing
    tell(stage, worker, status("a"), status("b"))
    first = op("status", f"{0:0100}", {"line": "old"})
    tell(stage, worker, first, *(op("widget", f"{at:0100}", 0) for at in range(limits.MAX_OPS)))
    tell(stage, worker, *(op("slot", f"Sidebar/{at:090}", 0) for at in range(limits.MAX_OPS)))
    tell(stage, worker, op("status", f"{0:0100}", {"line": "new"}))
    (instance,) = stage.plugin.all_instances()
    waiting = instance.presence._waiting
    assert len(waiting) == limits.MAX_OPS
    assert waiting["status", f"{0:0100}"][0] == {"line": "new"}
    assert "E_UI" in stage.codes(Kind.REFUSED)


def test_what_nobody_listens_to_is_not_remembered(stage: Stage) -> None:
    """Names that come and go by the thousand cost nothing where no interface is, and the next one is told the truth."""
    worker = stage.load()
    without_rate(stage)
    Mirror(stage.workspace.view).listener.close()
    for at in range(50):
        tell(stage, worker, status(f"k{at}"))
        tell(stage, worker, op("status", f"k{at}", None))
    assert len(stage.workspace.view._changed) <= 1
    mirror = Mirror(stage.workspace.view)
    mirror.check()
    tell(stage, worker, status("seen"))
    stage.until(lambda: mirror.diffs)
    mirror.check()


def test_notices_are_few_and_counted(stage: Stage) -> None:
    """More of them than pass are told as one, the newest are kept."""
    worker = stage.load()
    began = now_s()
    wake(stage)
    for at in range(100):
        worker.cast("ui.notify", json.dumps({"message": f"n{at}\x1b[2J", "level": "nonsense"}))
    worker.end()
    stage.turn()
    first = list(of(stage, "notice").values())
    most = limits.NOTICES_PER_S * (2 + now_s() - began)
    assert 2 * limits.NOTICES_PER_S <= len(first) <= most
    assert isinstance(first[0], dict)
    assert (first[0]["line"], first[0]["level"]) == (line("n0"), "info")
    stage.until(lambda: len(of(stage, "notice")) > len(first))
    last = list(of(stage, "notice").values())[-1]
    assert isinstance(last, dict)
    assert last["line"] == line(f"{100 - len(first)} more messages, too many a second to show")

    stage.plugin.shown.notices = Rate(1e9, 0.0)
    wake(stage)
    for at in range(100):
        worker.cast("ui.notify", json.dumps({"message": f"m{at}", "level": "error"}))
    worker.end()
    stage.turn()
    assert len(of(stage, "notice")) == limits.MAX_NOTICES

    stage.plugin.shown = Shown(now_s())  # as a newer version has
    wake(stage)
    worker.cast("ui.notify", json.dumps({"message": "of the next", "level": "error"}))
    worker.end()
    stage.turn()
    assert len(of(stage, "notice")) == limits.MAX_NOTICES


def test_numbers_of_wishes_grow(stage: Stage) -> None:
    """So that an interface obeys each wish once."""
    worker = stage.load()
    seen = []
    for text in ("a", "a", "b"):
        tell(stage, worker, op("editor", "", {"text": text}))
        value = of(stage, "editor")[""]
        assert isinstance(value, dict)
        seen.append(value["n"])
    assert seen == sorted(set(seen))  # type: ignore[type-var]


def test_what_a_lost_worker_showed_says_so(stage: Stage) -> None:
    """Slots, status and widgets, until the next one has loaded; the rest is gone at once."""
    worker = stage.load()
    node: JsonObject = {"node": {"kind": "text", "lines": "x"}}
    tell(
        stage,
        worker,
        status("a"),
        status("b"),
        op("slot", "Sidebar/x", node),
        op("frame", "f1", {"lines": "x"}),
        op("keymap", "ctrl+k", {"description": "d"}),
        op("title", "", {"line": "t"}),
    )
    worker.die()
    stage.until(lambda: worker.exit)
    gone = {"gone": "hostile is restarting"}
    assert of(stage, "status") == {"a": gone, "b": gone}
    assert of(stage, "slot") == {"Sidebar/x": gone}
    assert of(stage, "frame") == of(stage, "keymap") == of(stage, "title") == {}
    about = of(stage, "plugin")[""]
    assert isinstance(about, dict)
    assert about["state"] == "restarting"
    assert about["error"]

    stage.until(lambda: len(stage.workers) == 2)
    again = stage.workers[-1]
    again.hello()
    stage.until(lambda: again.has(LOAD))
    again.cast("ui.set", json.dumps({"ops": [status("a", "back")]}))
    again.result(int(again.take(LOAD)[1]), REGISTERED)
    stage.until(lambda: stage.plugin.state == "active")
    assert of(stage, "status") == {"a": {"line": line("back"), "severity": "info"}}
    assert of(stage, "slot") == {}
    about = of(stage, "plugin")[""]
    assert isinstance(about, dict)
    assert (about["state"], about["error"]) == ("active", "")


def by_unload(stage: Stage) -> None:
    stage.workspace.unload("hostile")


def by_quarantine(stage: Stage) -> None:
    stage.plugin.quarantine("it went against its sandbox")


@pytest.mark.parametrize(
    ("end", "left"), [(by_unload, []), (by_quarantine, ["plugin", "status"])]
)
def test_what_is_over_leaves_nothing_that_could_be_pressed(
    stage: Stage, end: Callable[[Stage], None], left: list[str]
) -> None:
    """Unloaded: nothing at all. Blocked: that it is."""
    worker = stage.load()
    tell(
        stage,
        worker,
        status("a"),
        op("keymap", "ctrl+k", {"description": "d"}),
        op("frame", "f1", {"lines": "x"}),
    )
    end(stage)
    stage.turn()
    entries = stage.workspace.view.snapshot()["entries"]
    assert isinstance(entries, list)
    assert sorted({str(entry["area"]) for entry in entries if isinstance(entry, dict)}) == left
    if left:
        value = of(stage, "status")["a"]
        assert value == {"gone": "hostile is off: it went against its sandbox"}


def test_each_session_has_its_own_entries(tmp_path: Path) -> None:
    """What the first instance showed before its session began moves with it; a session's end takes its own."""
    config = Config.model_validate({"plugins": {"hostile": {"scope": "session"}}})
    with Stage(tmp_path, config) as stage:
        first = stage.load()
        tell(stage, first, status("a", "first"))
        view = stage.workspace.view
        assert view.get(("hostile", "", "status", "a"))
        stage.plugin.instance_for("s1")
        assert view.get(("hostile", "", "status", "a")) is None
        assert view.get(("hostile", "s1", "status", "a"))
        stage.plugin.instance_for("s2")
        stage.until(lambda: len(stage.workers) == 2)
        second = stage.workers[-1]
        stage.bring_up(second)
        link = stage.plugin.instance_for("s2").link
        assert link is not None
        link.wake()
        second.cast("ui.set", json.dumps({"ops": [status("a", "second")]}))
        second.end()
        stage.turn()
        one, two = (
            view.get(("hostile", "s1", "status", "a")),
            view.get(("hostile", "s2", "status", "a")),
        )
        assert isinstance(one, dict)
        assert isinstance(two, dict)
        assert (one["line"], two["line"]) == (line("first"), line("second"))
        assert view.get(("hostile", "s2", "plugin", ""))

        stage.plugin.end_session("s1")
        assert view.get(("hostile", "s1", "status", "a")) is None
        assert view.get(("hostile", "s1", "plugin", "")) is None
        assert view.get(("hostile", "s2", "status", "a")) == two


def test_a_plugin_of_all_projects_has_no_interface(tmp_path: Path) -> None:
    """It would show one project's things to another."""
    config = Config.model_validate({"plugins": {"hostile": {"scope": "global"}}})
    with Stage(tmp_path, config) as stage:
        stage.workspace.view.attach()
        worker = stage.begin_load_and_header()
        assert worker[1]["ui"] is None
        tell(stage, worker[0], status("a"))
        assert of(stage, "status") == {}


@pytest.mark.parametrize(
    "config", [{"ui": {"enable": False}}, {"plugins": {"hostile": {"ui": False}}}]
)
def test_what_is_configured_to_show_nothing_shows_nothing(
    tmp_path: Path, config: dict[str, object]
) -> None:
    """And is told that there is no interface."""
    with Stage(tmp_path, Config.model_validate(config)) as stage:
        stage.workspace.view.attach()
        worker, header = stage.begin_load_and_header()
        assert header["ui"] is None
        tell(stage, worker, status("a"))
        wake(stage)
        worker.cast("ui.notify", '{"message":"x","level":"info"}')
        worker.end()
        stage.turn()
        assert of(stage, "status") == of(stage, "notice") == {}
        assert not worker.has(PUSH)


def test_secrets_of_its_settings_are_not_shown(stage: Stage) -> None:
    """As in everything else that people see of a plugin."""
    worker = stage.load()
    stage.plugin.masked.add("s3cr3t-token")
    tell(stage, worker, status("a", "key s3cr3t-token"))
    assert "s3cr3t" not in json.dumps(stage.workspace.view.snapshot())


def test_bindings_are_compared_once_for_each_difference(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has which key is worked out when it is told, not for every key that is bound."""
    worker = stage.load()
    view = stage.workspace.view
    view.snapshot()
    refresh = Mock(wraps=view.bindings.refresh)
    monkeypatch.setattr(view.bindings, "refresh", refresh)
    keys = [f"ctrl+alt+{letter}" for letter in "abefgh"]
    tell(stage, worker, *(op("keymap", key, {"description": "d"}) for key in keys))
    assert set(of(stage, "keymap")) == set(keys)

    view.snapshot()
    view.snapshot()

    assert refresh.call_count == 1
