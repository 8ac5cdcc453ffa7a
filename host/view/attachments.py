"""Interfaces that show the view to a person, and what workers are told of them.

Promises    Workers know of an interface as long as one is attached, by the newest one's size. A change reaches each of
            them at most every ``UI_INTERVAL_S``, and one that does not read is told later, not buried. What stands in
            the prompt is told to those plugins alone that may see what a person submits.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from host.errors import InputError
from host.outcome import JsonObject
from host.reactor import Timer, now_s
from host.view.limits import (
    MAX_ATTACHMENTS,
    MAX_COLUMNS,
    MAX_EDITOR_CHARS,
    MAX_ROWS,
    UI_INTERVAL_S,
)
from host.view.text import clean_text
from ipc.ui import THEME_COLORS
from policies.capability import NameRequest

if TYPE_CHECKING:
    from host.plugin import Plugin
    from host.view.model import View

THEMES: Final = ("dark", "light", "plain")
_MAX_SESSION_CHARS: Final = 1_000
_SEES_PROMPTS: Final = NameRequest("events", "UserPromptSubmit:observe")


class Attachment:
    """One interface, until :meth:`close`."""

    def __init__(self, attachments: "Attachments", state: JsonObject) -> None:
        self._attachments = attachments
        self.state = state

    def update(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        theme: str | None = None,
        editor: str | None = None,
        session: str | None = None,
    ) -> None:
        """Say what changed; what is not named stays. Raises InputError."""
        with self._attachments.guard:
            changes = {
                "width": width,
                "height": height,
                "theme": theme,
                "editor": editor,
                "session": session,
            }
            given = {name: value for name, value in changes.items() if value is not None}
            self.state = _checked({**self.state, **given})
            self._attachments.changed()

    def close(self) -> None:
        """Nobody looks through this any more; safe to call twice."""
        with self._attachments.guard:
            self._attachments.detach(self)


class Attachments:
    """See the module's text."""

    def __init__(self, view: "View") -> None:
        self._view = view
        self._open: dict[Attachment, None] = {}
        self.state: JsonObject | None = None
        """What workers are told: null, or size, theme, colours, prompt and session."""
        self.version = 0
        """Grows with :attr:`state`."""
        self._timer: Timer | None = None
        self._told_at = 0.0

    @property
    def guard(self) -> AbstractContextManager[object]:
        """The lock of the view."""
        return self._view.guard

    def attach(
        self, width: int, height: int, theme: str, editor: str, session: str
    ) -> Attachment:
        """See :meth:`host.view.model.View.attach`."""
        if len(self._open) >= MAX_ATTACHMENTS:
            raise InputError(f"{MAX_ATTACHMENTS} interfaces are attached already")
        given: JsonObject = {
            "width": width,
            "height": height,
            "theme": theme,
            "editor": editor,
            "session": session,
        }
        attachment = Attachment(self, _checked(given))
        self._open[attachment] = None
        self._view.dialogs.on_attached()
        self.changed()
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Take *attachment* away."""
        if self._open.pop(attachment, self) is None:
            self.changed()
            if not self._open:
                self._view.dialogs.on_detached()

    @property
    def is_attached(self) -> bool:
        """Whether somebody may be looking."""
        return bool(self._open)

    def changed(self) -> None:
        """Take the newest attachment's state, and tell workers soon."""
        newest = next(reversed(self._open), None)
        state: JsonObject | None = None
        if newest is not None:
            state = {**newest.state, "colors": list(THEME_COLORS)}
        if state == self.state:
            return
        if (state is None) != (self.state is None):
            self._view.workspace.show_interface(state is not None)
        self.state = state
        self.version += 1
        self._view.note_ui()
        self._schedule()

    def state_for(self, plugin: "Plugin") -> JsonObject | None:
        """Return what *plugin* is told."""
        state = self.state
        if state is None or not plugin.has_ui:
            return None
        if state["editor"] and not self._may_read(plugin):
            return {**state, "editor": ""}
        return state

    def _may_read(self, plugin: "Plugin") -> bool:
        chain = self._view.workspace.chain_for(plugin)
        return chain.decide(plugin.name, _SEES_PROMPTS).allowed

    def _schedule(self) -> None:
        if self._timer is None:
            runtime = self._view.workspace.runtime
            due = self._told_at + UI_INTERVAL_S
            if due <= now_s():
                self._tell()  # at once: what comes next, a command perhaps, finds the interface as it is
            else:
                self._timer = runtime.reactor.at(due, self._tell, demand=True)
            runtime.on_work()

    def _tell(self) -> None:
        self._timer = None
        self._told_at = now_s()
        workspace = self._view.workspace
        is_told = True
        for plugin in (*workspace.parts(), *workspace.reloads.others()):
            for instance in plugin.all_instances():
                is_told &= instance.presence.tell_ui()
        if not is_told:
            self._schedule()

    def close(self) -> None:
        """No interface is here any more, and nobody is told."""
        self._open.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _checked(state: JsonObject) -> JsonObject:
    for name, most in (("width", MAX_COLUMNS), ("height", MAX_ROWS)):
        value = state[name]
        if type(value) is not int or not 0 < value <= most:
            raise InputError(f"{name} is a whole number from 1 to {most}")
    if state["theme"] not in THEMES:
        raise InputError(f"theme is one of {', '.join(THEMES)}")
    editor, session = state["editor"], state["session"]
    if not isinstance(editor, str) or not isinstance(session, str):
        raise InputError("editor and session are texts")
    if len(session) > _MAX_SESSION_CHARS or not _is_text(session):
        raise InputError(f"session is a text of at most {_MAX_SESSION_CHARS} characters")
    editor = editor[:MAX_EDITOR_CHARS]  # what is beyond is not looked at
    editor = clean_text(editor, max_characters=MAX_EDITOR_CHARS, max_lines=MAX_EDITOR_CHARS)
    return {**state, "editor": editor}


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
