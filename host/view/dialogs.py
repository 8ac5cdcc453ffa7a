"""Questions of plugins to the person at the interface, one at a time for each instance.

Promises    A dialog ends exactly once: answered, dismissed, out of time, or with the call, the worker or the interface
            that it was for. No more than ``MAX_DIALOGS`` of an instance are open, and one that a person keeps dismissing
            has to be quiet for a while. What a plugin asks is never a permission: an answer means what the plugin makes of it.
Elsewhere   What is asked and answered: ``asked.py``. Deadlines meanwhile: ``host/hostcalls/ui.py``.
"""

import secrets
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING

from host.errors import InputError
from host.outcome import Json, JsonObject
from host.reactor import Timer, now_s
from host.view.asked import Wanted, read_answer
from host.view.limits import (
    CHARS_PER_UPDATE,
    DETACHED_S,
    DIALOGS_PER_S,
    DISMISSALS,
    DISMISSED_WITHIN_S,
    MAX_DIALOG_BYTES,
    MAX_DIALOGS,
    REFUSED_FOR_S,
)
from host.waits import Wait

if TYPE_CHECKING:
    from host.calls import Call
    from host.view.model import Key, View
    from host.view.presence import Presence


class DialogError(Exception):
    """A dialog that is not opened; ``code`` is what the plugin gets."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class AskedBy:
    """Whose call opened a dialog. ``session`` is the call's, or its instance's own; ``has_call``: it belongs to one."""

    plugin: str
    session: str
    has_call: bool


class Dismissals:
    """How often a person dismissed dialogs of one plugin, lately and in a row."""

    def __init__(self) -> None:
        self._at: list[float] = []
        self._until = 0.0

    def note(self, *, dismissed: bool, now: float) -> None:
        """A person ended one."""
        if not dismissed:
            self._at.clear()
            return
        self._at = [at for at in self._at if now - at < DISMISSED_WITHIN_S] + [now]
        if len(self._at) >= DISMISSALS:
            self._at.clear()
            self._until = now + REFUSED_FOR_S

    def is_refused(self, now: float) -> bool:
        """Whether it may not ask now."""
        return now < self._until


@dataclass(eq=False, slots=True)
class Dialog:
    """One that is open; the first of its instance is shown."""

    presence: "Presence"
    wanted: Wanted
    call: "Call | None"
    until: float
    """When it ends whatever happens (``now_s``)."""
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    answer: Wait[JsonObject] = field(default_factory=Wait)
    timers: list[Timer] = field(default_factory=list)
    key: "Key | None" = None
    """Where it is shown."""


class Dialogs:
    """See the module's text."""

    def __init__(self, view: "View") -> None:
        self._view = view
        self._open: dict[str, Dialog] = {}
        self._of: dict[Presence, list[Dialog]] = {}
        self._detached: Timer | None = None

    def check(self, presence: "Presence", size: int) -> None:
        """Raise :class:`DialogError` unless *presence* may ask now; *size* is the text of what it wants to ask."""
        if not self._view.attachments.is_attached:
            raise DialogError(
                "E_UNAVAILABLE", "no interface is attached that could ask a person"
            )
        now, shown = now_s(), presence.shown
        if shown.dismissals.is_refused(now):
            told = f"its dialogs were dismissed {DISMISSALS} times in a row; it may ask again later"
            raise DialogError("E_DENIED", told)
        if len(self._of.get(presence, ())) >= MAX_DIALOGS:
            raise DialogError("E_QUOTA", f"{MAX_DIALOGS} dialogs of it are open already")
        if size > MAX_DIALOG_BYTES:
            raise DialogError("E_TOO_LARGE", f"a dialog of more than {MAX_DIALOG_BYTES} bytes")
        if not shown.dialogs.take(now, 1 + size / CHARS_PER_UPDATE):
            raise DialogError("E_QUOTA", f"more than {DIALOGS_PER_S:.0f} dialogs a second")

    async def ask(
        self, presence: "Presence", wanted: Wanted, call: "Call | None", most_s: float
    ) -> JsonObject:
        """Ask the person and return what they answered, within *most_s*; :meth:`check` first."""
        own = self._of.setdefault(presence, [])
        dialog = Dialog(presence, wanted, call, now_s() + most_s)
        own.append(dialog)
        self._open[dialog.id] = dialog
        self._arm(dialog, most_s)
        self._show_next(presence)
        try:
            return await dialog.answer
        finally:
            self._end(dialog)

    def _arm(self, dialog: Dialog, seconds: float) -> None:
        timer = self._view.workspace.runtime.reactor.at(
            now_s() + seconds, lambda: self._settle(dialog, None), demand=True
        )
        dialog.timers.append(timer)

    def _show_next(self, presence: "Presence") -> None:
        own = self._of.get(presence)
        if not own or own[0].key is not None:
            return
        dialog = own[0]
        dialog.key = presence.key_of("dialog", dialog.id)
        until: float | None = None
        if dialog.wanted.timeout_s is not None:
            self._arm(dialog, dialog.wanted.timeout_s)
            until = round(time() + dialog.wanted.timeout_s, 3)
        value: JsonObject = {
            **dialog.wanted.value,
            "until": until,
            "n": self._view.next_number(),
        }
        self._view.put(dialog.key, value, dialog)
        self._view.pressing.on_dialog(dialog.call)

    def _settle(self, dialog: Dialog, answer: JsonObject | None) -> None:
        dialog.answer.set(dialog.wanted.when_ended if answer is None else answer)

    def _end(self, dialog: Dialog) -> None:
        """However it ended."""
        if self._open.pop(dialog.id, None) is None:
            return
        for timer in dialog.timers:
            timer.cancel()
        presence = dialog.presence
        own = self._of[presence]
        own.remove(dialog)
        if not own:
            del self._of[presence]
        if dialog.key is not None:
            self._view.drop(dialog.key, dialog)
        self._show_next(presence)

    def _find(self, id_: object) -> Dialog:
        dialog = self._open.get(id_) if isinstance(id_, str) else None
        if dialog is None or dialog.key is None or dialog.answer.is_done:
            raise InputError(
                f"no dialog {str(id_)[:60]!a} is open; it was answered, or it ended"
            )
        return dialog

    def answer(self, id_: str, *, value: Json, index: int | None, cancelled: bool) -> None:
        """See :meth:`host.view.model.View.answer`."""
        dialog = self._find(id_)
        answer = read_answer(dialog.wanted, value, index, cancelled=cancelled)
        dialog.presence.shown.dismissals.note(dismissed=cancelled, now=now_s())
        self._settle(dialog, answer)

    def asked_by(self, id_: str) -> AskedBy:
        """See :meth:`host.view.model.View.asked_by`."""
        dialog = self._find(id_)
        call, presence = dialog.call, dialog.presence
        session = call.session_id if call is not None else presence.session
        return AskedBy(presence.plugin.shown_as, session, call is not None)

    def end_of(self, presence: "Presence") -> None:
        """The worker of *presence* is gone, and whoever waited with it."""
        for dialog in list(self._of.get(presence, ())):
            self._settle(dialog, None)

    def on_attached(self) -> None:
        """Somebody looks again."""
        if self._detached is not None:
            self._detached.cancel()
            self._detached = None

    def on_detached(self) -> None:
        """Nobody looks any more: what is open waits a little for them to come back."""
        if self._open and self._detached is None:
            self._detached = self._view.workspace.runtime.reactor.at(
                now_s() + DETACHED_S, self._end_all, demand=True
            )

    def _end_all(self) -> None:
        self._detached = None
        for dialog in list(self._open.values()):
            self._settle(dialog, None)

    def close(self) -> None:
        """End what is open."""
        self.on_attached()
        self._end_all()
