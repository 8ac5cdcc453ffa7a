"""What a plugin tells the person in passing: a few a second, the newest of them kept."""

from time import time
from typing import TYPE_CHECKING, Final

from host.reactor import Timer, now_s
from host.view.limits import MAX_NOTICES
from host.view.shapes import line_of, severity_of

if TYPE_CHECKING:
    from host.view.model import View
    from host.view.presence import Presence

_TOLD_AFTER_S: Final = 1.0


class Notices:
    """Of one instance. More than ``NOTICES_PER_S`` of its plugin are counted, and the count is told as one."""

    def __init__(self, presence: "Presence") -> None:
        self._presence = presence
        self._left_out = 0
        self._timer: Timer | None = None

    def add(self, message: str, level: str) -> None:
        """Show *message* now, or count it."""
        if self._presence.shown.notices.take(now_s()):
            self._put(message, level)
            return
        self._left_out += 1
        if self._timer is None:
            self._timer = self._presence.plugin.runtime.reactor.at(
                now_s() + _TOLD_AFTER_S, self._tell, demand=True
            )

    def _tell(self) -> None:
        self._timer = None
        count, self._left_out = self._left_out, 0
        self._put(f"{count} more messages, too many a second to show", "warning")

    def _put(self, message: str, level: str) -> None:
        presence = self._presence
        view, shown = presence.view, presence.shown
        number = view.next_number()
        key = presence.key_of("notice", str(number))
        view.put(
            key,
            {"line": line_of(message), "level": severity_of(level), "at": round(time(), 3)},
            shown,
        )
        _keep_newest(view, key[0])

    def close(self) -> None:
        """Nothing is counted any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _keep_newest(view: "View", plugin: str) -> None:
    """Take away the oldest notices of *plugin*, also those of a version or a session that is no more."""
    own = [key for key in view.keys("notice") if key[0] == plugin]
    for key in own[:-MAX_NOTICES]:
        view.drop(key, view.owner_of(key))
