"""Dialogs, keys and choices between a person and a worker that is played by an attacker."""

import json
from collections.abc import Callable
from pathlib import Path
from time import time

import pytest

from host.audit import Kind
from host.config import Config
from host.errors import InputError
from host.outcome import Json, JsonObject, Status
from host.rate import Rate
from host.reactor import now_s
from host.view import dialogs, limits
from host.view.attachments import Attachment
from host.view.pressing import Pressed
from host.waits import Wait
from ipc.codec import encode
from ipc.framing import frame
from ipc.messages import ANSWER, CANCEL, COMMAND, HOSTCALL, PUSH
from ipc.ui import OPERATOR_KEYS, THEME_COLORS
from tests.hostcalls.test_ui_shown import Mirror, of, op, status, tell, wake
from tests.support.scripted import ScriptedWorker, Stage

CONFIRM: JsonObject = {"kind": "confirm", "title": "Go on?"}
SELECT: JsonObject = {"kind": "select", "title": "Which?", "options": ["a", {"label": "b"}]}


def attach(stage: Stage) -> Attachment:
    return stage.workspace.view.attach()


def hear(stage: Stage, worker: ScriptedWorker) -> None:
    """Take what it is told of the interface, as a worker does."""
    stage.turn()
    while worker.has(PUSH):
        worker.take(PUSH)
        worker.end()
        stage.turn()


def ask(
    stage: Stage, worker: ScriptedWorker, id_: int, args: JsonObject, *, call: int = 0
) -> None:
    """Have the worker open a dialog."""
    hear(stage, worker)
    wake(stage)
    worker.hostcall(id_, "ui.dialog", json.dumps(args), call=call)
    worker.end()
    stage.turn()


def answered(stage: Stage, worker: ScriptedWorker) -> tuple[int, JsonObject]:
    """The next answer the worker gets: of which hostcall, and what."""
    stage.until(lambda: (hear(stage, worker), worker.has(ANSWER))[1])
    answer = worker.take(ANSWER)
    worker.end()
    stage.turn()
    told: JsonObject = json.loads(str(answer[3]))
    return int(answer[1]), told


def only_dialog(stage: Stage) -> str:
    (id_,) = of(stage, "dialog")
    return id_


@pytest.mark.parametrize(
    ("args", "answer", "told"),
    [
        (SELECT, {"index": 1}, {"index": 1}),
        ({**SELECT, "kind": "quickpick"}, {"index": 0}, {"index": 0}),
        (CONFIRM, {"value": True}, {"value": True}),
        (CONFIRM, {"value": False}, {"value": False}),
        ({"kind": "input", "title": "Name?"}, {"value": "ada"}, {"value": "ada"}),
        ({"kind": "editor", "prefill": "x"}, {"value": "a\nb"}, {"value": "a\nb"}),
        (SELECT, {"cancelled": True}, {"cancelled": True}),
        (CONFIRM, {"cancelled": True}, {"cancelled": True}),
        ({"kind": "custom", "frame": "f1"}, {"cancelled": True}, {}),
    ],
)
def test_a_person_answers(
    stage: Stage, args: JsonObject, answer: dict[str, Json], told: JsonObject
) -> None:
    """The dialog is shown until then, and the plugin gets what they said."""
    attach(stage)
    worker = stage.load()
    ask(stage, worker, 7, args)
    id_ = only_dialog(stage)
    assert stage.workspace.view.asked_by(id_).plugin == "hostile"
    stage.workspace.view.answer(id_, **answer)  # type: ignore[arg-type]  # by the case

    assert answered(stage, worker) == (7, told)
    assert of(stage, "dialog") == {}
    with pytest.raises(InputError):
        stage.workspace.view.answer(id_, **answer)  # type: ignore[arg-type]  # by the case


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        (SELECT, {}),
        (SELECT, {"index": 2}),
        (SELECT, {"index": -1}),
        (SELECT, {"index": True}),
        (SELECT, {"value": "a"}),
        (SELECT, {"index": 0, "cancelled": True}),
        (CONFIRM, {"value": 1}),
        (CONFIRM, {"index": 0}),
        (CONFIRM, {"value": True, "cancelled": True}),
        ({"kind": "input"}, {"value": None}),
        ({"kind": "input"}, {"value": "x" * (limits.MAX_ANSWER_CHARS + 1)}),
        ({"kind": "custom", "frame": "f1"}, {"value": {}}),
    ],
)
def test_what_is_no_answer_is_refused(
    stage: Stage, args: JsonObject, wrong: dict[str, Json]
) -> None:
    """And the dialog stays open."""
    attach(stage)
    worker = stage.load()
    ask(stage, worker, 7, args)
    id_ = only_dialog(stage)
    with pytest.raises(InputError):
        stage.workspace.view.answer(id_, **wrong)  # type: ignore[arg-type]  # by the case

    assert only_dialog(stage) == id_
    assert not worker.has(ANSWER)


def test_without_an_interface_nobody_is_asked(stage: Stage) -> None:
    """The plugin is told so at once."""
    worker = stage.load()
    ask(stage, worker, 7, CONFIRM)
    assert answered(stage, worker)[1]["code"] == "E_UNAVAILABLE"


def test_a_plugin_that_may_show_nothing_asks_nothing(tmp_path: Path) -> None:
    """By the configuration."""
    with Stage(
        tmp_path, Config.model_validate({"plugins": {"hostile": {"ui": False}}})
    ) as stage:
        attach(stage)
        worker = stage.load()
        ask(stage, worker, 7, CONFIRM)
        assert answered(stage, worker)[1]["code"] == "E_DENIED"


def test_one_is_shown_and_few_wait(stage: Stage) -> None:
    """In the order in which they were asked; more are refused."""
    attach(stage)
    worker = stage.load()
    for id_ in range(1, limits.MAX_DIALOGS + 2):
        ask(stage, worker, id_, {**CONFIRM, "title": f"{id_}"})
    assert answered(stage, worker) == (
        limits.MAX_DIALOGS + 1,
        {"code": "E_QUOTA", "message": f"{limits.MAX_DIALOGS} dialogs of it are open already"},
    )
    for id_ in range(1, limits.MAX_DIALOGS + 1):
        ((shown, value),) = of(stage, "dialog").items()
        assert isinstance(value, dict)
        assert value["title"] == [[f"{id_}", ""]]
        stage.workspace.view.answer(shown, value=True)
        assert answered(stage, worker) == (id_, {"value": True})
    assert of(stage, "dialog") == {}


def test_one_that_waits_cannot_be_answered(stage: Stage) -> None:
    """Nobody has seen it."""
    attach(stage)
    worker = stage.load()
    ask(stage, worker, 1, CONFIRM)
    ask(stage, worker, 2, CONFIRM)
    (waiting,) = set(stage.workspace.view.dialogs._open) - {only_dialog(stage)}
    with pytest.raises(InputError):
        stage.workspace.view.answer(waiting, value=True)


def test_dialogs_are_asked_so_fast_and_so_large(stage: Stage) -> None:
    """Reading them is the host's work: it is refused before, also where each is taken back at once."""
    attach(stage)
    worker = stage.load()
    codes = []
    began = now_s()
    for id_ in range(1, 31):
        ask(stage, worker, id_, CONFIRM)
        if worker.has(ANSWER):
            codes.append(answered(stage, worker)[1]["code"])
            continue
        wake(stage)
        worker.cast("cancel", json.dumps({"id": id_}))
        worker.end()
        stage.turn()
    assert set(codes) == {"E_QUOTA"}
    assert 30 - len(codes) <= limits.DIALOGS_PER_S * (2 + now_s() - began)

    stage.plugin.shown.dialogs = Rate(1e9, 0.0)
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    large: JsonObject = {**CONFIRM, "message": "\x1b[1m" * (limits.MAX_DIALOG_BYTES // 4)}
    wake(stage)
    told = frame(encode([HOSTCALL, 31, 0, 0, "ui.dialog", json.dumps(large)]))
    while told:
        told = told[worker.send_some(told) :]
        stage.turn()
    worker.end()
    assert answered(stage, worker)[1]["code"] == "E_TOO_LARGE"


def test_who_keeps_dismissing_is_left_alone(stage: Stage) -> None:
    """Three in a row, fast; an answer between them counts from the beginning."""
    attach(stage)
    worker = stage.load()
    view = stage.workspace.view
    for at, cancelled in enumerate([True, True, False, True, True, True], 1):
        ask(stage, worker, at, CONFIRM)
        if cancelled:
            view.answer(only_dialog(stage), cancelled=True)
        else:
            view.answer(only_dialog(stage), value=True)
        answered(stage, worker)
    ask(stage, worker, 7, CONFIRM)
    assert answered(stage, worker)[1]["code"] == "E_DENIED"


def test_its_time_is_shown_and_kept(stage: Stage) -> None:
    """From when it is shown; then it is as if it were dismissed, and not the person's doing."""
    attach(stage)
    worker = stage.load()
    ask(stage, worker, 7, {**CONFIRM, "timeout_ms": 60_000})
    value = of(stage, "dialog")[only_dialog(stage)]
    assert isinstance(value, dict)
    assert isinstance(value["until"], float)
    assert 0 < value["until"] - time() < 60.01  # it is rounded
    stage.workspace.view.answer(only_dialog(stage), value=True)
    answered(stage, worker)
    for id_ in range(8, 8 + limits.DISMISSALS + 1):
        ask(stage, worker, id_, {**CONFIRM, "timeout_ms": 1})
        assert answered(stage, worker) == (id_, {"cancelled": True})


def by_word(stage: Stage, worker: ScriptedWorker, _: int) -> None:
    wake(stage)
    worker.cast("cancel", '{"id":7}')
    worker.end()
    stage.turn()


def by_cancel(stage: Stage, worker: ScriptedWorker, call: int) -> None:
    link = stage.plugin.all_instances()[0].link
    assert link is not None
    link.calls[call].give_up()
    stage.until(lambda: worker.has(CANCEL))


def by_death(stage: Stage, worker: ScriptedWorker, _: int) -> None:
    worker.die()
    stage.until(lambda: worker.exit)


def by_unload(stage: Stage, _: ScriptedWorker, __: int) -> None:
    stage.workspace.unload("hostile")


def by_closing(stage: Stage, _: ScriptedWorker, __: int) -> None:
    stage.workspace.close()


@pytest.mark.parametrize("end", [by_word, by_cancel, by_death, by_unload, by_closing])
def test_it_ends_with_what_it_was_for(
    stage: Stage, end: Callable[[Stage, ScriptedWorker, int], None]
) -> None:
    """Nobody answers what nobody waits for, and no timer of it is left."""
    attach(stage)
    worker = stage.load()
    _, call = stage.deliver(worker)
    ask(stage, worker, 7, {**CONFIRM, "timeout_ms": 60_000}, call=call)
    ask(stage, worker, 8, CONFIRM, call=call)
    id_ = only_dialog(stage)
    end(stage, worker, call)
    stage.turn()
    with pytest.raises(InputError):
        stage.workspace.view.answer(id_, value=True)
    if end is by_word:
        assert len(of(stage, "dialog")) == 1  # the next one has its turn
    else:
        assert of(stage, "dialog") == {}


def test_the_deadline_of_its_call_waits(tmp_path: Path) -> None:
    """As long as the person thinks; the control is a call without a question."""
    config = Config.model_validate({"timeouts": {"actionable_ms": 1000}})
    with Stage(tmp_path, config) as stage:
        attach(stage)
        worker = stage.load()
        waiting, call = stage.deliver(worker)
        ask(stage, worker, 7, {**CONFIRM, "timeout_ms": 2500}, call=call)
        assert answered(stage, worker) == (7, {"cancelled": True})  # beyond its deadline
        wake(stage)
        worker.result(call)
        assert stage.run(waiting).results[0].status is Status.ANSWERED

        waiting, call = stage.deliver(worker)
        worker.end()
        assert stage.run(waiting).results[0].status is Status.TIMED_OUT


def test_people_think_about_one_call_only_so_long(tmp_path: Path) -> None:
    """In all: a plugin cannot hold an event open with one dialog after the other."""
    config = Config.model_validate(
        {"ui": {"dialog_secs": 1}, "timeouts": {"actionable_ms": 2000}}
    )
    with Stage(tmp_path, config) as stage:
        attach(stage)
        worker = stage.load()
        waiting, call = stage.deliver(worker)
        ask(stage, worker, 7, CONFIRM, call=call)
        assert answered(stage, worker) == (7, {"cancelled": True})
        wake(stage)
        ask(stage, worker, 8, CONFIRM, call=call)
        assert answered(stage, worker)[1]["code"] == "E_QUOTA"
        assert stage.run(waiting).results[0].status is Status.TIMED_OUT


def test_questions_that_overlap_are_one_time_of_thinking(tmp_path: Path) -> None:
    """What nobody has answered yet counts, too: else a call is held open for ever by one question that overlaps the next."""
    config = Config.model_validate(
        {"ui": {"dialog_secs": 1}, "timeouts": {"actionable_ms": 2000}}
    )
    with Stage(tmp_path, config) as stage:
        attach(stage)
        worker = stage.load()
        waiting, call = stage.deliver(worker)
        began = now_s()
        ask(stage, worker, 7, CONFIRM, call=call)
        while now_s() - began < 0.5:  # a person thinks
            stage.runtime.reactor.run_once(0.05)
        ask(stage, worker, 8, CONFIRM, call=call)
        codes: list[Json] = []
        for next_ in range(9, 14):  # one is open all the time
            codes.append(answered(stage, worker)[1].get("code"))
            wake(stage)
            ask(stage, worker, next_, CONFIRM, call=call)
        assert "E_QUOTA" in codes
        assert stage.run(waiting).results[0].status is Status.TIMED_OUT


def test_an_interface_that_went_away_may_come_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is open waits a little for it; without one in time, it is dismissed."""
    ui = attach(stage)
    worker = stage.load()
    ask(stage, worker, 7, CONFIRM)
    ui.close()
    ui.close()
    again = attach(stage)
    stage.workspace.view.answer(only_dialog(stage), value=True)
    assert answered(stage, worker) == (7, {"value": True})

    ask(stage, worker, 8, CONFIRM)
    monkeypatch.setattr(dialogs, "DETACHED_S", 0.01)
    again.close()
    assert answered(stage, worker) == (8, {"cancelled": True})


# What workers are told of the interface.


def state_of(worker: ScriptedWorker) -> Json:
    """The newest state that it was pushed."""
    found: Json = "none"
    while worker.has(PUSH):
        told: JsonObject = json.loads(str(worker.take(PUSH)[1]))
        assert told["topic"] == "ui"
        found = told["state"]
        worker.end()
    return found


def test_workers_are_told_of_the_interface(stage: Stage) -> None:
    """With their load, and when it changes; the newest one says how large it is."""
    worker, header = stage.begin_load_and_header()
    assert header["ui"] is None
    view = stage.workspace.view
    ui = view.attach(width=100, height=30, theme="light", session="s")
    stage.until(lambda: worker.has(PUSH))
    state = {
        "width": 100,
        "height": 30,
        "theme": "light",
        "colors": list(THEME_COLORS),
        "editor": "",
        "session": "s",
    }
    assert state_of(worker) == state
    assert view.snapshot()["ui"] == state

    second = view.attach(width=50)
    stage.until(lambda: worker.has(PUSH))
    told = state_of(worker)
    assert isinstance(told, dict)
    assert told["width"] == 50
    second.close()
    stage.until(lambda: worker.has(PUSH))
    assert state_of(worker) == state
    ui.close()
    stage.until(lambda: worker.has(PUSH))
    assert state_of(worker) is None
    assert view.snapshot()["ui"] is None


def test_the_next_worker_is_told_with_its_load(stage: Stage) -> None:
    """Also what changed while it was loading."""
    ui = attach(stage)
    loading = stage.begin_load()
    stage.until(lambda: stage.workers)
    worker = stage.workers[-1]
    worker.hello()
    stage.until(lambda: worker.inbox)
    load = worker.inbox.pop()
    assert json.loads(str(load[3]))["ui"]["width"] == 80
    ui.update(width=81)
    stage.turn()
    assert not worker.has(PUSH)
    worker.result(int(load[1]), '{"registered":{}}')
    stage.run(loading)
    stage.until(lambda: worker.has(PUSH))
    told = state_of(worker)
    assert isinstance(told, dict)
    assert told["width"] == 81


def test_many_changes_are_few_messages(stage: Stage) -> None:
    """What is typed fast is told as it stands then."""
    worker = stage.load()
    ui = attach(stage)
    began = now_s()
    for at in range(200):
        ui.update(editor="x" * at)
        stage.turn()
    told: list[Json] = []
    while not (told and "x" * 199 in json.dumps(told[-1])):
        stage.until(lambda: worker.has(PUSH))
        told.append(state_of(worker))
    assert len(told) <= 2 + (now_s() - began) / limits.UI_INTERVAL_S


def test_what_is_typed_is_told_to_those_who_may_see_prompts(tmp_path: Path) -> None:
    """The control is a plugin that may."""
    for deny, seen in (("UserPromptSubmit", ""), ("SessionStart", "rm -rf")):
        folder = tmp_path / deny
        folder.mkdir()
        with Stage(folder, Config.model_validate({"deny": {"events": [deny]}})) as stage:
            stage.workspace.view.attach(editor="rm -rf")
            _, header = stage.begin_load_and_header()
            assert isinstance(header["ui"], dict)
            assert header["ui"]["editor"] == seen


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"width": 10**6},
        {"height": -1},
        {"width": True},
        {"theme": "neon"},
        {"session": "x" * 1001},
        {"session": "\ud800"},
        {"editor": 7},
    ],
)
def test_what_is_no_interface_is_refused(stage: Stage, wrong: dict[str, object]) -> None:
    """When it comes and when it changes."""
    with pytest.raises(InputError):
        stage.workspace.view.attach(**wrong)  # type: ignore[arg-type]  # wrong on purpose
    ui = attach(stage)
    with pytest.raises(InputError):
        ui.update(**wrong)  # type: ignore[arg-type]  # wrong on purpose


# Keys and choices.


def command_of(stage: Stage, worker: ScriptedWorker) -> tuple[int, JsonObject]:
    stage.until(lambda: (hear(stage, worker), worker.has(COMMAND))[1])
    message = worker.take(COMMAND)
    asked: JsonObject = json.loads(str(message[3]))
    return int(message[1]), asked


def handled(worker: ScriptedWorker, id_: int, is_handled: bool = True) -> None:
    worker.result(id_, json.dumps({"output": {"handled": is_handled}}))


def press(stage: Stage, key: str, **more: str) -> "Wait[Pressed]":
    return stage.workspace.view.press(key, **more)  # type: ignore[arg-type]  # by the case


def bind(stage: Stage, worker: ScriptedWorker, key: str = "ctrl+k") -> None:
    tell(stage, worker, op("keymap", key, {"description": "d"}))


def test_a_key_goes_to_the_open_component_first(stage: Stage) -> None:
    """With what a terminal sends for it; what that does not want goes to whoever bound it."""
    worker = stage.load()
    tell(stage, worker, op("frame", "f1", {"lines": "x"}))
    bind(stage, worker)
    pressed = press(stage, "Ctrl+K", frame="f1", plugin="hostile", session="s9")
    id_, asked = command_of(stage, worker)
    assert asked == {
        "ui": {"op": "key", "frame": "f1", "key": "ctrl+k", "data": "\x0b"},
        "ctx": {"session_id": "s9"},
    }
    handled(worker, id_, is_handled=False)
    id_, asked = command_of(stage, worker)
    assert asked["ui"] == {"op": "shortcut", "key": "ctrl+k"}
    handled(worker, id_)
    assert stage.run(pressed) == Pressed(handled=True, plugin="hostile")


def test_text_and_reserved_keys_reach_an_open_component_only(stage: Stage) -> None:
    """Nobody else hears what is typed."""
    worker = stage.load()
    tell(stage, worker, op("frame", "f1", {"lines": "x"}))
    pressed = press(stage, "a", frame="f1", plugin="hostile")
    id_, asked = command_of(stage, worker)
    assert isinstance(asked["ui"], dict)
    assert asked["ui"]["data"] == "a"
    handled(worker, id_)
    assert stage.run(pressed).handled

    pressed = press(stage, "a")
    assert pressed.is_done
    assert not stage.run(pressed).handled
    for key in OPERATOR_KEYS:
        with pytest.raises(InputError):
            press(stage, key, frame="f1", plugin="hostile")


@pytest.mark.parametrize(
    "answer",
    ["", "{}", '{"output":null}', '{"output":{"handled":1}}', '{"output":{"handled":"true"}}', "[]", "nonsense", '{"handled":true}'],
)  # fmt: skip
def test_only_the_word_itself_is_handled(stage: Stage, answer: str) -> None:
    """Anything else falls through."""
    worker = stage.load()
    bind(stage, worker)
    pressed = press(stage, "ctrl+k")
    id_, _ = command_of(stage, worker)
    worker.result(id_, answer)
    assert stage.run(pressed) == Pressed(handled=False)
    assert worker.exit is None


def test_one_that_does_not_answer_in_time_has_not_handled_it(tmp_path: Path) -> None:
    """It is cancelled, and the key falls through."""
    with Stage(tmp_path, Config.model_validate({"timeouts": {"actionable_ms": 200}})) as stage:
        worker = stage.load()
        bind(stage, worker)
        pressed = press(stage, "ctrl+k")
        command_of(stage, worker)
        worker.end()
        assert stage.run(pressed) == Pressed(handled=False)
        stage.until(lambda: worker.has(CANCEL))


def test_one_that_asks_the_person_has_handled_it(stage: Stage) -> None:
    """Whoever waits for the key does not wait for the whole conversation."""
    attach(stage)
    worker = stage.load()
    bind(stage, worker)
    pressed = press(stage, "ctrl+k")
    id_, _ = command_of(stage, worker)
    worker.hostcall(7, "ui.dialog", json.dumps(CONFIRM), call=id_)
    worker.end()
    assert stage.run(pressed) == Pressed(handled=True, plugin="hostile")
    stage.workspace.view.answer(only_dialog(stage), value=True)
    assert answered(stage, worker) == (7, {"value": True})
    wake(stage)
    handled(worker, id_)
    stage.turn()
    press(stage, "ctrl+k")
    command_of(stage, worker)
    assert worker.exit is None


def test_one_that_dies_or_restarts_has_not_handled_it(stage: Stage) -> None:
    """And nobody waits for its next worker."""
    worker = stage.load()
    bind(stage, worker)
    pressed = press(stage, "ctrl+k")
    command_of(stage, worker)
    worker.die()
    assert stage.run(pressed) == Pressed(handled=False)
    assert press(stage, "ctrl+k").is_done


def test_a_shortcut_that_was_registered_is_a_binding(stage: Stage) -> None:
    """Shown, pressed and taken back like one that was set; keys that are not a plugin's are not."""
    worker = stage.load()
    wake(stage)
    shortcuts = [
        {"key": "Ctrl+Shift+P", "description": "d"},
        {"key": "ctrl+c", "description": "mine now"},
        {"key": 7},
    ]
    worker.cast("registry", json.dumps({"events": [0], "shortcuts": shortcuts}))
    worker.end()
    stage.turn()
    assert list(of(stage, "keymap")) == ["ctrl+shift+p"]
    assert set(stage.codes(Kind.REFUSED)) == {"E_UI"}
    pressed = press(stage, "ctrl+shift+p")
    id_, asked = command_of(stage, worker)
    assert asked["ui"] == {"op": "shortcut", "key": "ctrl+shift+p"}
    handled(worker, id_)
    assert stage.run(pressed).handled

    wake(stage)
    worker.cast("registry", '{"events":[0],"shortcuts":[]}')
    worker.end()
    stage.turn()
    assert of(stage, "keymap") == {}


def test_the_first_plugin_has_the_key(stage: Stage) -> None:
    """The other is told who has it, gets it when the first has not handled it, and for good when the first is gone."""
    stage.scripted.add("rival")
    first = stage.load()
    second = stage.load("rival")
    bind(stage, first)
    link = stage.workspace.plugin("rival").all_instances()[0].link
    assert link is not None
    link.wake()
    second.cast("ui.set", json.dumps({"ops": [op("keymap", "ctrl+k", {"description": "d"})]}))
    second.end()
    stage.turn()
    stage.workspace.view.snapshot()  # who has a key is said with what is told next
    ours, theirs = of(stage, "keymap")["ctrl+k"], of(stage, "keymap", "rival")["ctrl+k"]
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert (ours["conflict"], theirs["conflict"]) == (None, "hostile")

    pressed = press(stage, "ctrl+k")
    id_, _ = command_of(stage, first)
    assert not second.has(COMMAND)
    handled(first, id_, is_handled=False)
    id_, _ = command_of(stage, second)
    handled(second, id_)
    assert stage.run(pressed) == Pressed(handled=True, plugin="rival")
    stage.workspace.unload("hostile")
    stage.workspace.view.snapshot()
    theirs = of(stage, "keymap", "rival")["ctrl+k"]
    assert isinstance(theirs, dict)
    assert theirs["conflict"] is None


def test_choices_and_views(stage: Stage) -> None:
    """Of what is there and can be chosen."""
    worker = stage.load()
    items: Json = [{"id": "i1", "line": "one"}]
    node: Json = {
        "kind": "box",
        "title": "",
        "children": [
            {"kind": "list", "title": "", "items": items, "selectable": True},
            {"kind": "list", "title": "", "items": [{"id": "i2", "line": "two"}]},
        ],
    }
    tell(
        stage,
        worker,
        op("slot", "Sidebar/x", {"node": node}),
        op("route", "board", {"title": "t"}),
    )
    view = stage.workspace.view
    chosen = view.select("hostile", "", "Sidebar/x", "i1", "toggle")
    id_, asked = command_of(stage, worker)
    assert asked["ui"] == {
        "op": "select",
        "slot": "Sidebar/x",
        "item": "i1",
        "action": "toggle",
    }
    handled(worker, id_)
    assert stage.run(chosen).handled
    opened = view.open_route("hostile", "board", True)
    id_, asked = command_of(stage, worker)
    assert asked["ui"] == {"op": "route", "name": "board", "open": True}
    handled(worker, id_)
    assert stage.run(opened).handled

    for wrong in (("Sidebar/x", "i2"), ("Sidebar/x", "i3"), ("Sidebar/y", "i1")):
        with pytest.raises(InputError):
            view.select("hostile", "", *wrong)
    with pytest.raises(InputError):
        view.select("hostile", "", "Sidebar/x", "i1", "explode")
    with pytest.raises(InputError):
        view.open_route("hostile", "nowhere", True)
    with pytest.raises(InputError):
        view.open_route("nobody", "board", True)


@pytest.mark.parametrize("key", ["", "nonsense", "ctrl+", "\x1b"])
def test_what_is_no_key_is_refused(stage: Stage, key: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(InputError):
        press(stage, key)
    with pytest.raises(InputError):
        press(stage, "a", frame="f1")


# Commands.


def test_commands_are_entries(stage: Stage) -> None:
    """As long as they are registered."""
    mirror = Mirror(stage.workspace.view)
    worker = stage.load()
    wake(stage)
    registry = {"commands": [{"name": "greet", "description": "\x1b[1mhi", "completes": True}]}
    worker.cast("registry", json.dumps(registry))
    worker.end()
    stage.turn()
    value = {"description": [["hi", "bold"]], "completes": True}
    assert of(stage, "command") == {"greet": value}
    stage.workspace.unload("hostile")
    assert of(stage, "command") == {}
    mirror.view.snapshot()
    mirror.check()


def test_a_plugin_runs_its_own_commands_only(stage: Stage) -> None:
    """The control is its own."""
    path = stage.folder / "neighbour.js"
    path.write_text('pi.registerCommand("theirs", { handler: () => "no" });')
    from host.waits import start

    stage.run(start(stage.workspace.loads.load(path)))
    worker = stage.load()
    wake(stage)
    worker.cast("registry", '{"commands":[{"name":"mine"}]}')
    for id_, name in enumerate(("theirs", "nowhere"), 1):
        worker.hostcall(id_, "command.run", json.dumps({"name": name, "args": ""}))
        worker.end()
        told = answered(stage, worker)
        assert (told[0], told[1]["code"]) == (
            id_,
            "E_DENIED" if name == "theirs" else "E_NOT_FOUND",
        )
        wake(stage)
    worker.hostcall(3, "command.list", "{}")
    worker.end()
    listed = answered(stage, worker)[1]["commands"]
    assert isinstance(listed, list)
    paths = {}
    for one in listed:
        assert isinstance(one, dict)
        assert isinstance(one["sourceInfo"], dict)
        paths[one["name"]] = one["sourceInfo"]["path"]
    assert paths["theirs"] == ""
    assert str(paths["mine"]).endswith("hostile.js")

    wake(stage)
    worker.hostcall(4, "command.run", '{"name":"mine","args":"x"}')
    worker.end()
    id_, asked = command_of(stage, worker)
    assert (asked["name"], asked["args"]) == ("mine", "x")
    worker.result(id_, '{"output":"done"}')
    assert answered(stage, worker) == (4, {"output": "done"})


def test_status_is_shown_to_an_interface_that_comes_later(stage: Stage) -> None:
    """What was set without one is there when it attaches."""
    worker = stage.load()
    tell(stage, worker, status("a"))
    attach(stage)
    assert "a" in of(stage, "status")
