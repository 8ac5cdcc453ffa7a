"""One host with an attached interface, one honest plugin in it, and a place for one hostile plugin after another."""

import contextlib
import ctypes
import gc
import os
import queue
from collections import Counter
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import patch

import psutil

from host import (
    BlockingPluginHost,
    Config,
    InputError,
    Limits,
    PluginLoadError,
    Status,
    Timeouts,
)
from host.audit import Kind
from host.config import PluginOptions
from host.hostcalls import ui as hostcalls
from host.outcome import Json, JsonObject
from host.view.presence import Presence
from tests.hostile_ui.checker import Watcher, is_clean
from tests.hostile_ui.rows import DIE, HARMLESS, MAY_DIE, REFUSED, ROWS, Row

MIB: Final = 1024 * 1024
HANG_S: Final = 60.0
ROUNDS: Final = 4
DIFFS: Final = 3
BURST: Final = 40
A_SECOND: Final = 20

HONEST: Final = """
export default (pi) => {
  let seen = 0;
  pi.on("UserPromptSubmit", (event) => { seen += 1; pi.ui.setStatus("seen", `seen ${seen}`); return { modified_prompt: `${seen}` }; });
};
"""
_LIMITS: Final = Limits(heap_bytes=32 * MIB, data_bytes=96 * MIB)
_PATIENT: Final = _LIMITS.model_copy(update={"load_busy_ms": 30_000})
"""For those that are to live: on a busy machine it takes them a while to prepare what they attack with."""
CONFIG: Final = Config(
    timeouts=Timeouts(grace_ms=100, max_busy_ms=3000),
    plugins={
        row.name: PluginOptions(timeout_ms=200, limits=_LIMITS if row.name in DIE else _PATIENT)
        for row in ROWS
    },
)


class Sent:
    """What reached the host of the plugins, before anything of it was judged."""

    def __init__(self) -> None:
        self.is_attempted = False
        self.ops = 0
        self.hostile = 0
        """Texts that would have done something to a terminal that prints what it is given."""

    def note(self, value: Json) -> None:
        """One value, whatever is in it."""
        todo = [value]
        while todo:
            match todo.pop():
                case str(text):
                    self.hostile += not all(map(is_clean, text.split("\n"))) or "\n" in text
                case list(items):
                    todo += items
                case dict(entries):
                    self.is_attempted |= entries.get("key") == "attempted"
                    todo += [*entries, *entries.values()]
                case _:
                    pass


class Ring:
    """Use it as ``with Ring(folder) as ring``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = BlockingPluginHost(CONFIG, project_dir=folder, home=folder / "home")
        self.sent = Sent()
        self._diffs: queue.SimpleQueue[JsonObject] = queue.SimpleQueue()
        self._watcher = Watcher("honest", *(row.name for row in ROWS))
        self._asked = 0
        self._patches = [
            patch.object(Presence, "set", self._on_set(Presence.set)),
            patch.object(Presence, "notify", self._on_notify(Presence.notify)),
            patch.object(hostcalls, "read_dialog", self._on_dialog(hostcalls.read_dialog)),
        ]

    def _on_set(self, real: Any) -> Any:  # type: ignore[explicit-any]  # stands for the method
        def noted(presence: Presence, ops: Json) -> None:
            self.sent.ops += len(ops) if isinstance(ops, list) else 1
            self.sent.note(ops)
            real(presence, ops)

        return noted

    def _on_notify(self, real: Any) -> Any:  # type: ignore[explicit-any]  # stands for the method
        def noted(presence: Presence, message: str, level: str) -> None:
            self.sent.note([message, level])
            real(presence, message, level)

        return noted

    def _on_dialog(self, real: Any) -> Any:  # type: ignore[explicit-any]  # stands for the function
        def noted(args: dict[str, Json]) -> object:
            self.sent.note(dict(args))
            return real(args)

        return noted

    def __enter__(self) -> Self:
        for one in self._patches:
            one.start()
        self.host.__enter__()
        path = self.folder / "honest.js"
        path.write_text(HONEST)
        self.host.load(path)
        self._listener = self.host.view.listen(self._diffs.put)
        self.host.view.attach(width=80, height=24)
        self._watcher.start(self.host.view.snapshot())
        self.ask_honest()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        self.host.close()
        for one in self._patches:
            one.stop()

    def ask_honest(self) -> None:
        """The honest plugin has its right answer, from the same worker as ever."""
        self._asked += 1
        outcome = self.host.dispatch("UserPromptSubmit", {"content": "hi", "session_id": "s"})
        (result,) = [one for one in outcome.results if one.plugin == "honest"]
        assert result.status is Status.ANSWERED, (result, self.host.audit.recent(5))
        assert result.output == {"modified_prompt": str(self._asked)}

    def _take(self) -> None:
        """Check every diff that came."""
        while not self._diffs.empty():
            self._watcher.take(self._diffs.get())

    def _until(self, row: Row, what: str, *, more: int = 0) -> None:
        """Return when the attack reached the host, or its worker met its end, and *more* diffs came."""
        until, version = monotonic() + HANG_S, self._watcher.version
        assert isinstance(version, int)
        while True:
            self.ask_honest()  # which makes a diff of its own, too
            self._take()
            assert monotonic() < until, f"{row.name}: {what}"
            now = self._watcher.version
            if self.sent.is_attempted or self._ends(row):
                assert isinstance(now, int)
                if now >= version + more:
                    return

    def _ends(self, row: Row) -> bool:
        codes = {entry.kind for entry in self.host.audit.recent(1000, plugin=row.name)}
        return row.name in DIE and bool(codes & {Kind.KILLED, Kind.CRASHED, Kind.VIOLATION})

    def play(self, row: Row) -> None:
        """Load the row's plugin, be the person in front of it, look at all there is, unload."""
        self.sent = Sent()
        self._watcher.updates.clear()
        began = monotonic()
        try:
            with (
                contextlib.suppress(PluginLoadError)
                if row.name in DIE
                else contextlib.nullcontext()
            ):
                self.host.load(row.path)
            self._until(row, "it was not tried")
            self._be_the_person(row)
            self._until(row, "nothing more is shown", more=DIFFS)
            if row.name in DIE:
                self._until_ended(row)
            self._watcher_agrees()
            self._judge(row, monotonic() - began)
        finally:
            if any(info.name == row.name for info in self.host.plugins()):
                self.host.unload(row.name)
        self.ask_honest()
        self._watcher_agrees()
        assert {key[0] for key in self._watcher.entries} == {"honest"}

    def _watcher_agrees(self) -> None:
        snapshot = self.host.view.snapshot()
        self._take()
        until = monotonic() + HANG_S
        while self._watcher.version != snapshot["version"]:  # it changes all the time
            snapshot = self.host.view.snapshot()
            self._take()
            assert monotonic() < until
        self._watcher.compare(snapshot)

    def _be_the_person(self, row: Row) -> None:
        """Press what there is to press, answer what is asked, open what is offered: in no case anybody waits for ever."""
        for turn in range(ROUNDS):
            for plugin, _, area, key in list(self._watcher.entries):
                if plugin == "honest":
                    continue
                with contextlib.suppress(InputError):  # it is gone meanwhile
                    self._touch(plugin, area, key, turn)
                self._take()
            self.ask_honest()
            self._take()

    def _touch(self, plugin: str, area: str, key: str, turn: int) -> None:
        value = self._watcher.entries.get((plugin, "", area, key))
        if not isinstance(value, dict) or "gone" in value:
            return
        view = self.host.view
        if area == "dialog":
            if turn == 0 and value["kind"] == "confirm":
                view.answer(key, value=True)
            elif turn == 0 and value["kind"] in ("input", "editor"):
                view.answer(key, value="typed\x1b[2J")
            elif turn == 0 and value["kind"] in ("select", "quickpick"):
                view.answer(key, index=0)
            else:
                view.answer(key, cancelled=True)
        elif area == "frame" and turn < 2:
            self.host.press_key("a", frame=key, plugin=plugin)
        elif area == "keymap" and turn == 0:
            if self._watcher.updates[plugin, "pressed"] < 5:
                self._watcher.updates[plugin, "pressed"] += 1
                self.host.press_key(key)
        elif area == "route" and turn < 2 and self._watcher.updates[plugin, "opened"] < 5:
            self._watcher.updates[plugin, "opened"] += 1
            self.host.open_route(plugin, key, is_open=turn == 0)

    def _until_ended(self, row: Row) -> None:
        until = monotonic() + HANG_S
        while not self._ends(row):
            self._be_the_person(row)
            assert monotonic() < until, self.host.audit.recent(5, plugin=row.name)

    def _judge(self, row: Row, took_s: float) -> None:
        """The attack was one; no more was shown than may be in that time, and nothing of it was a violation of the wire."""
        updates: Counter[str] = Counter()
        for (plugin, area), count in self._watcher.updates.items():
            if plugin == row.name and area not in (
                "keymap",
                "plugin",
                "command",
                "dialog",
                "notice",
            ):
                updates["entries"] += count
            elif plugin == row.name and area == "notice":
                updates["notices"] += count
        # Every applied entry is told at most once, and once more when its worker is lost.
        assert updates["entries"] <= 2 * BURST + (A_SECOND + 2) * took_s + 64, updates
        assert updates["notices"] <= 10 + 6 * took_s + 4, updates
        kinds = {entry.kind for entry in self.host.audit.recent(1000, plugin=row.name)}
        ended = kinds & {Kind.KILLED, Kind.CRASHED, Kind.VIOLATION}
        if row.name not in MAY_DIE:
            assert bool(ended) == (row.name in DIE), self.host.audit.recent(5, plugin=row.name)
        if row.is_of_text and row.name not in HARMLESS:
            assert self.sent.hostile > 5  # the control: it was sent as it is
        until = monotonic() + HANG_S
        while row.name in REFUSED and "E_UI" not in self._codes(row):
            self.ask_honest()
            self._take()
            assert monotonic() < until, self._codes(row)

    def _codes(self, row: Row) -> set[str]:
        return {entry.code for entry in self.host.audit.recent(1000, plugin=row.name)}

    def memory_bytes(self) -> int:
        """Memory that only this process has, without what its allocator keeps for the next time."""
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        return int(psutil.Process(os.getpid()).memory_full_info().uss)
