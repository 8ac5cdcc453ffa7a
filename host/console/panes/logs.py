"""The logs pane: what plugins write to their logs, and what the console itself told."""

from collections.abc import Mapping, Sequence
from itertools import count
from time import localtime, strftime, time
from typing import ClassVar, Final, NamedTuple

from host.console.cells import cell
from host.console.panes.pane import console_of
from host.console.panes.stream import StreamPane
from host.console.table import Column, Look, Row
from jcode_plugins import LogLine

OURS: Final = "(console)"
"""Where others have a plugin's name; no name has such signs."""
_LOOKS: Final[dict[str, Look]] = {"error": "bad", "warn": "busy", "debug": "dim"}


class Line(NamedTuple):
    """One line, numbered as it came."""

    number: int
    at: float
    plugin: str
    level: str
    text: str
    project: str
    dropped: int


class LogsPane(StreamPane[Line]):
    """See the module's text."""

    NAME = "Logs"
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("time", 8),
        Column("plugin", 14),
        Column("level", 5),
        Column("text", 20, grows=True),
    )
    FIELDS: ClassVar[frozenset[str]] = frozenset({"plugin", "level"})
    EMPTY = "nothing was logged yet"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._numbers = count(1)

    def on_mount(self) -> None:
        """Listen to every plugin, and to the console."""
        console = console_of(self)
        console.on_told(self._hear_console)
        console.link.follow(
            lambda client: client.logs(), self._hear, began=self._begin, failed=self._fail
        )

    def _begin(self) -> None:
        """What was kept comes again: show only what the console told."""
        self.begin([line for line in (*self._kept, *self._come) if line.plugin == OURS])

    def _fail(self, why: str) -> None:
        if console_of(self).is_connected:
            self.tell(f"logs: {why}", is_error=True)

    def _hear(self, line: LogLine) -> None:
        self.take(
            Line(
                next(self._numbers),
                line.at,
                line.plugin,
                line.level,
                line.text,
                line.project or "",
                line.dropped or 0,
            )
        )

    def _hear_console(self, text: str, is_error: bool) -> None:
        level = "error" if is_error else "info"
        self.take(Line(next(self._numbers), time(), OURS, level, text, "", 0))

    # What a row says.

    def row(self, item: Line) -> Row:
        """See :class:`StreamPane`."""
        lost = f" ({item.dropped} before it are not shown)" if item.dropped else ""
        cells = (
            strftime("%H:%M:%S", localtime(item.at)),
            cell(item.plugin),
            cell(item.level),
            cell(item.text) + lost,
        )
        return Row(str(item.number), cells, _LOOKS.get(item.level, ""))

    def fields(self, item: Line) -> Mapping[str, str]:
        """See :class:`StreamPane`."""
        return {"plugin": item.plugin, "level": item.level}

    def about_item(self, item: Line) -> Sequence[tuple[str, object]]:
        """See :class:`StreamPane`."""
        return [
            ("time", strftime("%Y-%m-%d %H:%M:%S", localtime(item.at))),
            ("plugin", item.plugin),
            ("level", item.level),
            ("text", item.text),
            ("project", item.project),
        ]
