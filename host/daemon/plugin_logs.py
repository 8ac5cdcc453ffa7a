"""What plugins log, for whoever looks on: the newest lines of all projects, and each new one as it comes.

Promises    Every text is fit for a terminal, and what is logged elsewhere is not changed by this. What is kept is bounded,
            in lines and in characters; a reader that is slow loses lines, not the daemon its memory, and is told how many.
Gap         The lines of all plugins share one bound: one that logs much has the lines of others forgotten sooner. How much
            it may log is its own limit, ``logs_per_s``.
"""

from collections import deque
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Final, NamedTuple

from host.daemon.watching import Take, Watching
from host.outcome import Json, JsonObject

if TYPE_CHECKING:
    from host.daemon.call import Call
    from host.plugin import Plugin

MAX_LINES: Final = 1000
MAX_CHARS: Final = 2 * 1024 * 1024
"""Of all lines: as JSON they fit into one answer, whatever they hold."""
MAX_UNREAD: Final = 256
_MAX_LINE_CHARS: Final = 16 * 1024


class Line(NamedTuple):
    """One line; *at* is in seconds since the epoch, *project* is empty for a plugin that serves several."""

    plugin: str
    level: str
    text: str
    at: float
    project: str

    def to_json(self) -> JsonObject:
        """The object that a client is sent."""
        return {**self._asdict(), "at": round(self.at, 3)}


class LogWatcher:
    """One who listens; with *plugin*, to that one alone."""

    def __init__(self, take: Take, plugin: str | None, on_close: Callable[[], None]) -> None:
        self._take = take
        self._plugin = plugin
        self._on_close = on_close
        self._kept: deque[Line] = deque()
        self._dropped = 0
        self.has_room = True

    def hear(self, line: Line) -> None:
        """Hand *line* on, now or when there is room."""
        if self._plugin not in (None, line.plugin):
            return
        if len(self._kept) >= MAX_UNREAD:
            self._kept.popleft()
            self._dropped += 1
        self._kept.append(line)
        if self.has_room:
            self.flush()

    def flush(self) -> None:
        """See :class:`host.daemon.watching.Watching`."""
        self.has_room = True
        while self.has_room and self._kept:
            dropped, self._dropped = self._dropped, 0
            told = self._kept.popleft().to_json() | {"dropped": dropped}
            self.has_room = self._take({"log": told})

    def close(self) -> None:
        """See :class:`host.daemon.watching.Watching`."""
        self._on_close()


class PluginLogs:
    """The newest lines, and who listens. Used in the reactor's turn."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._chars = 0
        self._watchers: dict[LogWatcher, None] = {}

    def hear(self, plugin: "Plugin", level: str, text: str) -> None:
        """Take a line of *plugin*'s; *text* has no secrets in it and is fit for a terminal."""
        project = "" if plugin.scope == "global" else str(plugin.workspace.project_dir)
        self.add(Line(plugin.name, level, text[:_MAX_LINE_CHARS], time(), project))

    def add(self, line: Line) -> None:
        """Keep *line*, and tell whoever listens."""
        self._lines.append(line)
        self._chars += len(line.text)
        while len(self._lines) > MAX_LINES or self._chars > MAX_CHARS:
            self._chars -= len(self._lines.popleft().text)
        for watcher in list(self._watchers):
            watcher.hear(line)

    def recent(self, plugin: str | None = None) -> list[Json]:
        """Return what is kept, the oldest first; of *plugin*, or of all."""
        return [line.to_json() for line in self._lines if plugin in (None, line.plugin)]

    def watch(self, take: Take, plugin: str | None = None) -> Watching:
        """Have *take* told of each new line."""
        watcher = LogWatcher(take, plugin, lambda: self._watchers.pop(watcher, None))
        self._watchers[watcher] = None
        return watcher


async def logs(call: "Call") -> Json:
    """Handle the method ``logs``: the newest lines, and from then on each new one."""
    plugin = call.a_text("plugin") if "plugin" in call.params else None
    kept = call.server.plugin_logs
    call.watch(lambda take: kept.watch(take, plugin))
    return {"lines": kept.recent(plugin)}
