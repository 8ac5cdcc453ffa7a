"""Whatever a worker does in whatever order: mirrors agree, bounds hold, the books balance, and nothing is left at the end."""

import json
import random
import signal
from contextlib import suppress

import pytest

from host.errors import InputError
from host.outcome import Json, JsonObject
from host.view import limits
from host.view.attachments import Attachment
from ipc.messages import COMMAND
from ipc.ui import WRITABLE_AREAS
from tests.hostcalls.test_ui_shown import Mirror, wake
from tests.support.scripted import REGISTERED, ScriptedWorker, Stage

STEPS = 300


class Play:
    """A worker that does what a generator of numbers says, and a person who does, too."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = random.Random(seed)  # noqa: S311 - a play, not a secret
        self.worker: ScriptedWorker = stage.load()
        self.mirrors = [Mirror(stage.workspace.view)]
        self.interfaces: list[Attachment] = []
        self._last = 0

    def value(self) -> Json:
        """Something, of a shape that may or may not be an area's."""
        text = self.random.choice(["x", "\x1b[31mred", "\u202e", "a\nb\nc", "x" * 300, ""])
        node: Json = {
            "kind": self.random.choice(["text", "list", "box", "none"]),
            "lines": text,
        }
        return self.random.choice(
            [
                None,
                7,
                {"line": text},
                {"lines": text, "title": text, "color": "accent", "text": text},
                {"node": node, "order": 1},
                {"line": text, "lines": [text] * 30, "node": node, "color": "#000000"},
            ]
        )

    def op(self) -> JsonObject:
        area = self.random.choice([*WRITABLE_AREAS, "plugin", "dialog"])
        place = self.random.choice(["Sidebar/", "", "Footer/"])
        key = self.random.choice(
            ["", f"k{self.random.randrange(90)}", "ctrl+k", "accent", "f9"]
        )
        return {"area": area, "key": place + key, "value": self.value()}

    def ops(self) -> None:
        wake(self.stage)
        ops = [self.op() for _ in range(self.random.randrange(8))]
        self.worker.cast("ui.set", json.dumps({"ops": ops}))

    def notice(self) -> None:
        wake(self.stage)
        self.worker.cast("ui.notify", '{"message":"m","level":"error"}')

    def shortcuts(self) -> None:
        wake(self.stage)
        keys = self.random.sample(["ctrl+k", "ctrl+o", "f9", "enter", "?"], 3)
        told = {"events": [0], "shortcuts": [{"key": key} for key in keys]}
        self.worker.cast("registry", json.dumps(told))

    def dialog(self) -> None:
        wake(self.stage)
        self._last += 1
        kind = self.random.choice(["select", "confirm", "custom", "nonsense"])
        args: JsonObject = {"kind": kind, "options": ["a", "b"], "timeout_ms": 5}
        if kind == "custom":
            args["frame"] = "f1"
        self.worker.hostcall(self._last, "ui.dialog", json.dumps(args))

    def answer(self) -> None:
        view = self.stage.workspace.view
        for key in view.keys("dialog"):
            with suppress(InputError):
                view.answer(key[3], index=self.random.randrange(3))
            with suppress(InputError):
                view.answer(key[3], cancelled=True)

    def press(self) -> None:
        view = self.stage.workspace.view
        for key in ("ctrl+k", "a", "f9"):
            view.press(key, frame="k1", plugin="hostile")
        with suppress(InputError):
            view.open_route("hostile", "k1", True)

    def attach(self) -> None:
        if self.interfaces and self.random.random() < 0.5:
            self.interfaces.pop().close()
        else:
            self.interfaces.append(
                self.stage.workspace.view.attach(width=self.random.randrange(1, 300))
            )

    def listen(self) -> None:
        if len(self.mirrors) > 1 and self.random.random() < 0.5:
            self.mirrors.pop().listener.close()
        else:
            self.mirrors.append(Mirror(self.stage.workspace.view))

    def die(self) -> None:
        before = len(self.stage.workers)
        if before < 3 and self.random.random() < 0.2:
            self.worker.die(signal.SIGKILL)  # not its own fault, or it would be blocked soon
            self.stage.until(lambda: len(self.stage.workers) > before)
            self.worker = self.stage.workers[-1]
            self.worker.hello()
            self.stage.until(lambda: any(message[0] == 1 for message in self.worker.inbox))
            self.worker.result(int(self.worker.take(1)[1]), REGISTERED)

    def speak(self) -> None:
        """End what was begun, and answer what it was asked."""
        self._end()
        while self.worker.inbox:
            message = self.worker.inbox.pop(0)
            if message[0] == COMMAND:
                wake(self.stage)
                self.worker.result(int(message[1]), '{"output":{"handled":false}}')
                self.stage.turn()
            else:
                self._end()

    def _end(self) -> None:
        self.stage.turn()
        link = self.stage.plugin.all_instances()[0].link
        if link is not None and link.watchdog.has_entry:
            self.worker.end()
        self.stage.turn()

    def check(self) -> None:
        """What always holds."""
        stage, view = self.stage, self.stage.workspace.view
        view.snapshot()
        for mirror in self.mirrors:
            mirror.check()
        snapshot = view.snapshot()
        assert isinstance(snapshot["entries"], list)
        counts: dict[str, int] = {}
        for entry in snapshot["entries"]:
            assert isinstance(entry, dict)
            assert entry["plugin"] == "hostile"
            assert len(json.dumps(entry["value"])) <= 2 * limits.MAX_DIALOG_BYTES
            assert "\x1b" not in json.loads(json.dumps(str(entry)))
            counts[str(entry["area"])] = counts.get(str(entry["area"]), 0) + 1
        assert all(counts.get(area, 0) <= limits.MAX_ENTRIES * 2 for area in WRITABLE_AREAS)
        shown = stage.plugin.shown
        assert 0 <= shown.bytes <= limits.MAX_PLUGIN_BYTES
        assert 0 <= shown.waiting_bytes <= limits.MAX_PLUGIN_BYTES
        assert len(view.keys("dialog")) <= 1


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_things_is_borne(stage: Stage, seed: int) -> None:
    """The worker is not killed for it either: all of it is what a plugin could do."""
    play = Play(stage, seed)
    steps = [play.ops] * 8 + [
        play.notice,
        play.shortcuts,
        play.dialog,
        play.dialog,
        play.answer,
    ]
    steps += [play.press, play.attach, play.listen, play.die]
    for _ in range(STEPS):
        play.random.choice(steps)()
        play.speak()
        play.check()

    assert play.worker.exit is None
    shown = stage.plugin.shown
    stage.workspace.unload("hostile")
    assert stage.workspace.view.snapshot()["entries"] == []
    assert (shown.bytes, shown.waiting_bytes) == (0, 0)
    for interface in play.interfaces:
        interface.close()
    for mirror in play.mirrors:
        mirror.check()
        mirror.listener.close()
    stage.until(lambda: stage.reactor_demand() == 0)
