"""The audit pane: what was decided about plugins and what became of them, as it happens."""

from collections.abc import Mapping, Sequence
from time import localtime, strftime
from typing import ClassVar, Final

from host.console.cells import cell
from host.console.panes.pane import console_of
from host.console.panes.stream import StreamPane
from host.console.table import Column, Look, Row
from jcode_plugins import ServerEvent

RECENT: Final = 1000
"""How many of what happened before are asked for."""
_BAD: Final = frozenset({"violation", "crashed", "killed", "blocked", "load_failed", "gap"})
_REFUSED: Final = frozenset(
    {"refused", "veto", "dropped_output", "failed", "timeout", "conflict", "reload_failed"}
)


class AuditPane(StreamPane[ServerEvent]):
    """See the module's text. What is recent is asked for once, then events come by themselves."""

    NAME = "Audit"
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("time", 8),
        Column("kind", 12),
        Column("plugin", 14),
        Column("code", 14, drop=1),
        Column("what", 10, grows=True),
    )
    FIELDS: ClassVar[frozenset[str]] = frozenset({"kind", "plugin", "code", "decision"})
    EMPTY = "nothing happened yet"

    _is_filled = False
    _last = 0
    """The number of the newest entry that was asked for; what comes is newer."""

    def on_mount(self) -> None:
        """Listen."""
        console_of(self).link.on_event(self._hear)

    def connected(self) -> None:
        """It may be another daemon, whose numbers begin anew."""
        self._is_filled, self._last = False, 0
        self.begin(())
        self.look_soon()

    async def look(self) -> None:
        """Ask for what was recent, where that was not done."""
        if self._is_filled:
            return
        entries = await self.ask(lambda client: client.audit_entries(RECENT))
        self._is_filled = True
        self._last = entries[-1].seq if entries else 0
        newer = [event for event in self._come if event.seq > self._last]
        self.begin(entries)
        for event in newer:
            self.take(event)

    def _hear(self, event: ServerEvent) -> None:
        if event.seq > self._last:
            self.take(event)

    # What a row says.

    def row(self, item: ServerEvent) -> Row:
        """See :class:`StreamPane`."""
        times = f" ({item.repeats} times)" if (item.repeats or 1) > 1 else ""
        lost = f" ({item.dropped} before it are not shown)" if item.dropped else ""
        cells = (
            strftime("%H:%M:%S", localtime(item.time)),
            cell(item.kind),
            cell(item.plugin),
            cell(item.code),
            _what(item) + times + lost,
        )
        return Row(str(item.seq), cells, _look(item))

    def fields(self, item: ServerEvent) -> Mapping[str, str]:
        """See :class:`StreamPane`."""
        decision = item.data.get("decision") if item.data else None
        return {
            "kind": item.kind,
            "plugin": item.plugin,
            "code": item.code,
            "decision": str(decision or ""),
        }

    def about_item(self, item: ServerEvent) -> Sequence[tuple[str, object]]:
        """See :class:`StreamPane`."""
        data = item.data or {}
        return [
            ("number", item.seq),
            ("time", strftime("%Y-%m-%d %H:%M:%S", localtime(item.time))),
            ("kind", item.kind),
            ("plugin", item.plugin),
            ("code", item.code),
            ("event", item.event),
            ("what", item.detail),
            *((cell(name), value) for name, value in data.items()),
        ]


def _what(event: ServerEvent) -> str:
    """Say *event* in a line: its own text, and of a decision what it was about."""
    data = event.data or {}
    if "decision" not in data:
        return cell(event.detail)
    about = " ".join(
        cell(data.get(name)) for name in ("capability", "target") if data.get(name)
    )
    return f"{cell(data['decision'])} {about}; {cell(event.detail)}"


def _look(event: ServerEvent) -> Look:
    if event.kind in _BAD:
        return "bad"
    decision = event.data.get("decision") if event.data else None
    return "busy" if event.kind in _REFUSED or decision == "deny" else ""
