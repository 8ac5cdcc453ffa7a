"""What the plugins of a workspace show: one flat map, its versions, and who listens to them.

Promises    A diff applied to the snapshot before it gives the snapshot after it. A listener is told at most every
            ``DIFF_INTERVAL_S``, however often things change, and what changed back meanwhile costs nothing. Values are
            plain JSON data that nobody changes: whoever is given one shares it.
Threads     In a host without an event loop, what is not called from a hostcall takes ``guard``, the host's lock.
            A listener is called with it held: it hands the diff on and calls nothing of the host.
Elsewhere   What a worker may put here: ``presence.py``. What is asked: ``dialogs.py``. Keys: ``pressing.py``.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, TypeAlias

from host.outcome import Json, JsonObject
from host.reactor import Timer, now_s
from host.view.attachments import Attachment, Attachments
from host.view.bindings import Bindings
from host.view.dialogs import AskedBy, Dialogs
from host.view.limits import DIFF_INTERVAL_S
from host.view.listed import Listed
from host.view.pressing import Pressed, Pressing

if TYPE_CHECKING:
    from host.waits import Wait
    from host.workspace import Workspace

Key: TypeAlias = tuple[str, str, str, str]
"""Plugin, session, area, key."""
Owner: TypeAlias = object
"""Whose an entry is: only its owner takes it away."""

_logger = logging.getLogger("jcode_plugins")
_HOST: Final = object()


class Listener:
    """Somebody who is told of every diff until :meth:`close`."""

    def __init__(self, view: "View", on_diff: Callable[[JsonObject], None]) -> None:
        self._view = view
        self.on_diff = on_diff

    def close(self) -> None:
        """Hear no more; safe to call twice."""
        with self._view.guard:
            self._view.forget(self)


class View:
    """See the module's text; ``docs/ui.md`` has the areas and their values."""

    def __init__(self, workspace: "Workspace") -> None:
        self.workspace = workspace
        self.guard: AbstractContextManager[object] = contextlib.nullcontext()
        self._entries: dict[Key, tuple[Json, Owner]] = {}
        self._changed: dict[Key, None] = {}
        self._ui_changed = False
        self._bindings_changed = False
        self._version = 0
        self._listeners: dict[Listener, None] = {}
        self._timer: Timer | None = None
        self._told_at = 0.0
        self._number = 0
        self.dialogs = Dialogs(self)
        self.attachments = Attachments(self)
        self.bindings = Bindings(self)
        self.pressing = Pressing(self)
        self.listed = Listed(self)

    # For programs with an interface of their own.

    @property
    def version(self) -> int:
        """The number of the newest snapshot or diff."""
        return self._version

    def snapshot(self) -> JsonObject:
        """Return ``{"version", "entries": [{"plugin", "session", "area", "key", "value"}], "ui"}``."""
        with self.guard:
            self._tell()
            return {
                "version": self._version,
                "entries": [_entry(key, value) for key, (value, _) in self._entries.items()],
                "ui": self.attachments.state,
            }

    def listen(self, on_diff: Callable[[JsonObject], None]) -> Listener:
        """Have *on_diff* called with every diff from now on; take a :meth:`snapshot` afterwards."""
        with self.guard:
            self._tell()  # what changed before is for those who listened then
            listener = Listener(self, on_diff)
            self._listeners[listener] = None
            return listener

    def attach(
        self,
        *,
        width: int = 80,
        height: int = 24,
        theme: str = "dark",
        editor: str = "",
        session: str = "",
    ) -> Attachment:
        """Say that a person looks: plugins have an interface from now on. Raises InputError.

        *theme* is ``dark``, ``light`` or ``plain``; *editor* is what stands in the prompt, *session* the session shown.
        """
        with self.guard:
            return self.attachments.attach(width, height, theme, editor, session)

    def press(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> "Wait[Pressed]":
        """Give *key* to whoever it is for: the open *frame* of *plugin* first, then who bound it. Raises InputError."""
        return self.pressing.press(key, frame, plugin, session)

    def open_route(
        self, plugin: str, name: str, is_open: bool, *, session: str = ""
    ) -> "Wait[Pressed]":
        """Open or close a full-screen view of *plugin*. Raises InputError."""
        return self.pressing.open_route(plugin, session, name, is_open=is_open)

    def select(
        self, plugin: str, session: str, slot: str, item: str, action: str = "activate"
    ) -> "Wait[Pressed]":
        """Tell *plugin* that a person chose an *item* of a list in its *slot* (``Sidebar/ID``). Raises InputError."""
        return self.pressing.select(plugin, session, slot, item, action)

    def answer(
        self,
        dialog: str,
        *,
        value: Json = None,
        index: int | None = None,
        cancelled: bool = False,
    ) -> None:
        """Answer an open dialog with the one thing that its kind takes. Raises InputError."""
        with self.guard:
            self.dialogs.answer(dialog, value=value, index=index, cancelled=cancelled)

    def asked_by(self, dialog: str) -> AskedBy:
        """Return whose call opened an open *dialog*. Raises InputError."""
        with self.guard:
            return self.dialogs.asked_by(dialog)

    # For those who write to it.

    def next_number(self) -> int:
        """A number larger than all before, for what is counted or comes in turn."""
        self._number += 1
        return self._number

    def get(self, key: Key) -> Json:
        """Return the value of *key*, None if there is none."""
        found = self._entries.get(key)
        return None if found is None else found[0]

    def owner_of(self, key: Key) -> Owner:
        """Return who wrote *key*, None if it is not there."""
        found = self._entries.get(key)
        return None if found is None else found[1]

    def keys(self, area: str) -> list[Key]:
        """Return the keys of *area*."""
        return [key for key in self._entries if key[2] == area]

    def put(self, key: Key, value: Json, owner: Owner = _HOST) -> None:
        """Have *value* at *key*, as *owner*'s."""
        old = self._entries.get(key)
        if old is not None and old[0] == value:
            if old[1] is not owner:
                self._entries[key] = (value, owner)
            return
        self._entries[key] = (value, owner)
        self._note(key)

    def drop(self, key: Key, owner: Owner = _HOST) -> None:
        """Take *key* away if it is *owner*'s."""
        old = self._entries.get(key)
        if old is not None and old[1] is owner:
            del self._entries[key]
            self._note(key)

    def drop_of(self, plugin: str) -> None:
        """Take away whatever is there under the name *plugin*, whoever wrote it."""
        for key in [key for key in self._entries if key[0] == plugin]:
            del self._entries[key]
            self._note(key)

    def note_ui(self) -> None:
        """The state of the interface changed."""
        self._ui_changed = True
        self._schedule()

    def note_bindings(self) -> None:
        """A binding came or went, or their order is another one: who has which key is said anew with the next diff."""
        self._bindings_changed = True
        self._schedule()

    def on_published(self) -> None:
        """The plugins of the workspace, their order, or what they registered changed."""
        self.listed.refresh()
        self.note_bindings()

    def close(self) -> None:
        """The workspace is closed: nothing is shown, asked or told any more."""
        self._listeners.clear()
        self.dialogs.close()
        self.attachments.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def forget(self, listener: Listener) -> None:
        """*listener* hears no more."""
        self._listeners.pop(listener, None)

    # Diffs.

    def _note(self, key: Key) -> None:
        if not self._listeners:
            self._changed.clear()  # that something changed is enough for nobody
        self._changed[key] = None
        self._schedule()

    def _schedule(self) -> None:
        if self._timer is None and self._listeners:
            runtime = self.workspace.runtime
            due = max(now_s(), self._told_at + DIFF_INTERVAL_S)
            self._timer = runtime.reactor.at(due, self._on_due, demand=True)
            runtime.on_work()

    def _on_due(self) -> None:
        self._timer = None
        self._tell()

    def _tell(self) -> None:
        """Make the next version of what changed, and give listeners the diff."""
        if self._bindings_changed:
            self._bindings_changed = False
            self.bindings.refresh()
        if not (self._changed or self._ui_changed):
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        changed, self._changed = self._changed, {}
        has_ui, self._ui_changed = self._ui_changed, False
        before, self._version = self._version, self._version + 1
        self._told_at = now_s()
        if not self._listeners:
            return
        diff: JsonObject = {
            "from": before,
            "to": self._version,
            "set": list(self._set(changed)),
            "remove": [list(key) for key in changed if key not in self._entries],
        }
        if has_ui:
            diff["ui"] = self.attachments.state
        for listener in list(self._listeners):
            try:
                listener.on_diff(diff)
            except Exception:
                _logger.exception("what listens to the view failed")

    def _set(self, changed: Iterable[Key]) -> Iterable[JsonObject]:
        for key in changed:
            found = self._entries.get(key)
            if found is not None:
                yield _entry(key, found[0])


def _entry(key: Key, value: Json) -> JsonObject:
    plugin, session, area, name = key
    return {"plugin": plugin, "session": session, "area": area, "key": name, "value": value}
