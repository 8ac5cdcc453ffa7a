"""What one instance shows: its entries in the view, judged, in their turn, and gone when their worker is.

Promises    Whatever a worker sends, its plugin shows no more than ``limits.py`` says, under its own name and session.
            What comes faster than it may waits, the newest of each entry, and is shown later; nothing else waits for it.
            What a lost worker showed is taken away or says that it is gone, until the next one has loaded.
Elsewhere   What a value is: ``shapes.py``. The hostcalls: ``host/hostcalls/ui.py``.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from host.audit import Kind
from host.outcome import Json, JsonObject
from host.rate import Rate, is_told
from host.reactor import Timer, now_s
from host.view.dialogs import Dismissals
from host.view.limits import (
    CHARS_PER_UPDATE,
    DESCRIPTIONS_PER_S,
    DIALOGS_PER_S,
    MAX_ENTRIES,
    MAX_OPS,
    MAX_PLUGIN_BYTES,
    MAX_TOLD_CHARS,
    MAX_VALUE_BYTES,
    NOTICES_PER_S,
    UPDATES_PER_S,
)
from host.view.notices import Notices
from host.view.shapes import RefusedValueError, judge, judge_key, line_of
from ipc.ui import WRITABLE_AREAS

if TYPE_CHECKING:
    from host.instance import Instance
    from host.view.model import Key, View

_KEPT: Final = ("slot", "status", "widget")
"""What stands for a lost worker until the next one has loaded."""
_OUTLIVING: Final = ("frame",)
"""What a version that lost its place may still show: it finishes what it has begun."""
_MAX_PROBLEMS: Final = 64
_PUSHES: Final = 64
_PUSHED_CHARS: Final = 1024 * 1024
"""What may wait for a worker that is to be told of the interface."""
_Name = tuple[str, str]
"""Area and key."""


class Shown:
    """What all instances of one plugin share: their rates, and how much they show."""

    def __init__(self, now: float) -> None:
        self.rate = Rate(UPDATES_PER_S, now)
        self.notices = Rate(NOTICES_PER_S, now)
        self.dialogs = Rate(DIALOGS_PER_S, now)
        self.descriptions = Rate(DESCRIPTIONS_PER_S, now)
        self.bytes = 0
        self.waiting_bytes = 0
        self.dismissals = Dismissals()
        self._problems: dict[str, int] = {}

    def described(self, text: str) -> tuple[Json, bool]:
        """Return *text* as a line, and whether that is all of it: what is costly to clean, and often another one, is its
        plain characters."""
        text = text[:MAX_TOLD_CHARS]
        is_plain = text.isascii() and text.isprintable()
        if is_plain or self.descriptions.take(now_s()):
            return line_of(text), True
        return line_of("".join(one for one in text if " " <= one <= "~")), False

    def count(self, problem: str) -> int:
        """Return how often *problem* came up, with this time."""
        if problem not in self._problems and len(self._problems) >= _MAX_PROBLEMS:
            problem = "other problems"
        self._problems[problem] = self._problems.get(problem, 0) + 1
        return self._problems[problem]


class Presence:
    """See the module's text. Of one instance, whatever worker it has."""

    def __init__(self, instance: "Instance") -> None:
        self._instance = instance
        self.plugin = instance.plugin
        self.session = instance.key or ""
        self._values: dict[_Name, tuple[JsonObject, int]] = {}
        self._counts: dict[str, int] = {}
        self._waiting: dict[_Name, tuple[Json, int]] = {}
        self._gone: dict[_Name, None] = {}
        self._shortcuts: dict[str, JsonObject] = {}
        self._described: dict[str, str] = {}
        """By shortcut, what was described as a whole."""
        self._timer: Timer | None = None
        self._told_ui = -1
        self._is_closed = False
        self.notices = Notices(self)

    @property
    def instance(self) -> "Instance":
        """Whose it is."""
        return self._instance

    @property
    def view(self) -> "View":
        """Where it shows."""
        return self.plugin.workspace.view

    @property
    def shown(self) -> Shown:
        """What its plugin shows in all."""
        return self.plugin.shown

    def key_of(self, area: str, name: str) -> "Key":
        """Return the key of its entry *name* in *area*."""
        return self.plugin.shown_as, self.session, area, name

    # From the worker.

    def set(self, ops: Json) -> None:
        """Take ``[{"area", "key", "value"}]``: each entry anew, null takes it away."""
        if self._is_closed or not self.plugin.has_ui:
            return
        if not isinstance(ops, list):
            self.complain("ui.set takes a list of ops")
            return
        if len(ops) > MAX_OPS:
            self.complain(f"more than {MAX_OPS} ops at once")
        for op in ops[:MAX_OPS]:
            if isinstance(op, dict):
                self._take(op.get("area"), op.get("key"), op.get("value"))
        self._apply()

    def _take(self, area: Json, key: Json, value: Json) -> None:
        if not isinstance(area, str) or area not in WRITABLE_AREAS or not isinstance(key, str):
            self.complain("an entry without an area or a key")
            return
        if self.plugin.successor is not None and area not in _OUTLIVING:
            return
        try:
            name = area, judge_key(area, key)
        except RefusedValueError as error:
            self.complain(str(error))
            return
        if value is None:
            self._forget_waiting(name)
            self._remove(name)
            return
        size = len(msgspec.json.encode(value))
        if size > MAX_VALUE_BYTES:
            self.complain(f"{area}: a value of more than {MAX_VALUE_BYTES} bytes")
            return
        had = self._waiting.get(name)
        if had is None and len(self._waiting) >= MAX_OPS:
            self.complain(f"more than {MAX_OPS} entries wait to be shown")
            return
        more = size - (had[1] if had is not None else 0)
        if self.shown.waiting_bytes + more > MAX_PLUGIN_BYTES:
            self.complain(f"more than {MAX_PLUGIN_BYTES} bytes wait to be shown")
            return
        self.shown.waiting_bytes += more
        self._waiting[name] = value, size

    def _forget_waiting(self, name: _Name) -> None:
        had = self._waiting.pop(name, None)
        if had is not None:
            self.shown.waiting_bytes -= had[1]

    def _apply(self) -> None:
        """Show what waits, as far as it is its turn."""
        if self._timer is not None or self.plugin.is_staged:
            return
        while self._waiting:
            name, (value, size) = next(iter(self._waiting.items()))
            if not self.shown.rate.take(now_s(), 1 + size / CHARS_PER_UPDATE):
                self._timer = self.plugin.runtime.reactor.at(
                    now_s() + 1 / UPDATES_PER_S, self._on_turn, demand=True
                )
                return
            self._forget_waiting(name)
            try:
                self._put(name, judge(*name, self.plugin.masked.known_in(value)))
            except RefusedValueError as error:
                self.complain(str(error))

    def _on_turn(self) -> None:
        self._timer = None
        self._apply()

    def _put(self, name: _Name, value: JsonObject) -> None:
        area, key = name
        had = self._values.get(name)
        if had is None and self._counts.get(area, 0) >= MAX_ENTRIES:
            raise RefusedValueError(f"{area}: more than {MAX_ENTRIES} entries")
        if area in ("editor", "keymap"):
            value["n"] = self.view.next_number()
        size = len(msgspec.json.encode(value))
        more = size - (had[1] if had is not None else 0)
        if size > MAX_VALUE_BYTES:
            raise RefusedValueError(f"{area}: more than {MAX_VALUE_BYTES} bytes to show")
        if self.shown.bytes + more > MAX_PLUGIN_BYTES:
            raise RefusedValueError(f"more than {MAX_PLUGIN_BYTES} bytes to show in all")
        self.shown.bytes += more
        if had is None:
            self._counts[area] = self._counts.get(area, 0) + 1
        self._values[name] = value, size
        self._gone.pop(name, None)
        self._show(area, key, value)

    def _remove(self, name: _Name) -> None:
        had = self._values.pop(name, None)
        if had is None:
            return
        area, key = name
        self.shown.bytes -= had[1]
        self._counts[area] -= 1
        self._gone.pop(name, None)
        if area == "keymap" and key in self._shortcuts:
            self._show(area, key, self._shortcuts[key])
            return
        self.view.drop(self.key_of(area, key), self)
        if area == "keymap":
            self.view.note_bindings()

    def _show(self, area: str, key: str, value: JsonObject) -> None:
        if area == "keymap":
            value = {**value, "conflict": None}
        self.view.put(self.key_of(area, key), value, self)
        if area == "keymap":
            self.view.note_bindings()

    def take_shortcuts(self) -> None:
        """Bind the keys that its plugin registered with a function."""
        if self._is_closed or not self.plugin.has_ui or self.plugin.successor is not None:
            return
        found: dict[str, JsonObject] = {}
        for shortcut in self._instance.registry.shortcuts[:MAX_ENTRIES]:
            key, told = shortcut.get("key"), shortcut.get("description")
            told = told[:MAX_TOLD_CHARS] if isinstance(told, str) else ""
            try:
                name = judge_key("keymap", key if isinstance(key, str) else "")
            except RefusedValueError as error:
                self.complain(str(error))
            else:
                found[name] = {"description": self._describe(name, told)}
        for key, value in found.items():
            had = self._shortcuts.get(key)
            is_known = had is not None and had["description"] == value["description"]
            value["n"] = had["n"] if had is not None and is_known else self.view.next_number()
        before, self._shortcuts = self._shortcuts, found
        if self.plugin.is_staged:
            return
        for key in before.keys() | found.keys():
            if ("keymap", key) in self._values:
                continue
            if key in found:
                self.view.put(
                    self.key_of("keymap", key), {**found[key], "conflict": None}, self
                )
            else:
                self.view.drop(self.key_of("keymap", key), self)
        self.view.note_bindings()

    def _describe(self, shortcut: str, told: str) -> Json:
        had = self._shortcuts.get(shortcut)
        if had is not None and self._described.get(shortcut) == told:
            return had["description"]
        line, is_whole = self.shown.described(told)
        self._described.pop(shortcut, None)
        if is_whole and len(self._described) < 2 * MAX_ENTRIES:
            self._described[shortcut] = told
        return line

    def complain(self, problem: str) -> None:
        """Note in the audit, by number where it repeats, what is not shown and why."""
        count = self.shown.count(problem)
        if is_told(count):
            repeats = f" ({count} times by now)" if count > 1 else ""
            self._instance.note(Kind.REFUSED, "E_UI", f"not shown: {problem}{repeats}")

    def notify(self, message: str, level: str) -> None:
        """Show one line to the person."""
        if not self._is_closed and self.plugin.has_ui:
            self.notices.add(self.plugin.masked.cut(message, MAX_TOLD_CHARS), level)

    # From the instance.

    def tell_ui(self) -> bool:
        """Tell the worker of the interface as it is now; False when it has to be told later."""
        version = self.view.attachments.version
        link = self._instance.link
        if self._told_ui == version or link is None or not self._instance.is_serving:
            return True  # it is told when it has loaded
        state = self.view.attachments.state_for(self.plugin)
        text: JsonObject = {"topic": "ui", "state": state}
        if not link.has_room(len(msgspec.json.encode(text)), _PUSHES, _PUSHED_CHARS):
            return False
        self._told_ui = version
        self._instance.push(text)
        return True

    def state_to_load(self) -> JsonObject | None:
        """Return what a worker that is about to load is told of the interface."""
        self._told_ui = self.view.attachments.version
        return self.view.attachments.state_for(self.plugin)

    def on_state(self) -> None:
        """The instance is in another state of its life."""
        if not self._is_closed:
            self.view.listed.note_state(self)
            for name in self._gone:
                self.view.put(self.key_of(*name), self._gone_value(), self)

    def on_loaded(self) -> None:
        """The worker has loaded the plugin: what it did not show again is gone for good."""
        for name in list(self._gone):
            if name not in self._waiting:
                self._remove(name)
        self.take_shortcuts()
        self.tell_ui()

    def on_lost(self) -> None:
        """The worker is gone; another one may come."""
        self._drop_waiting()
        self.view.dialogs.end_of(self)
        self._shortcuts.clear()
        self._described.clear()
        for name in list(self._values):
            if name[0] in _KEPT and self.plugin.successor is None:
                self._gone[name] = None
                self.view.put(self.key_of(*name), self._gone_value(), self)
            else:
                self._remove(name)
        for key in self.view.keys("keymap"):
            self.view.drop(key, self)
        self.view.note_bindings()

    def _gone_value(self) -> JsonObject:
        return {"gone": self.view.listed.gone_text(self._instance)}

    def _drop_waiting(self) -> None:
        for name in list(self._waiting):
            self._forget_waiting(name)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def move_to(self, session: str) -> None:
        """The instance serves *session* from now on."""
        if session == self.session:
            return
        old = self.session
        self.session = session
        for area, key in self._values:
            self._move(old, area, key)
        for key in self._shortcuts:
            self._move(old, "keymap", key)
        self.view.note_bindings()
        self.view.listed.note_state(self)

    def _move(self, old: str, area: str, key: str) -> None:
        was = (self.plugin.shown_as, old, area, key)
        if self.view.owner_of(was) is self:
            value = self.view.get(was)
            self.view.drop(was, self)
            self.view.put(self.key_of(area, key), value, self)

    def unstage(self) -> None:
        """Its version has its place now: show what it has set until here."""
        self._apply()
        self.take_shortcuts()

    def retire(self) -> None:
        """A newer version has its place: show only what was begun."""
        self._shortcuts.clear()
        self._described.clear()
        for name in list(self._values):
            if name[0] not in _OUTLIVING:
                self._remove(name)
        for key in self.view.keys("keymap"):
            self.view.drop(key, self)

    def close(self) -> None:
        """The instance has stopped: nothing of it is left."""
        if self._is_closed:
            return
        self._is_closed = True
        self._drop_waiting()
        self.notices.close()
        self.view.dialogs.end_of(self)
        self._shortcuts.clear()
        self._described.clear()
        for name in list(self._values):
            self._remove(name)
        for key in self.view.keys("keymap"):
            self.view.drop(key, self)
        self.view.note_bindings()
        self.view.listed.forget(self)
