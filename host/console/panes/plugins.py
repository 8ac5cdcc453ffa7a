"""The plugins pane: what runs in the daemon, what it uses, and what was refused; kill, enable, reload."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from os.path import basename
from time import monotonic
from typing import ClassVar, Final, NamedTuple, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from host.console.background import in_background
from host.console.cells import cell, listed
from host.console.confirm import Confirm
from host.console.guard import Guard
from host.console.panes.detailed import DetailedPane
from host.console.panes.pane import console_of
from host.console.table import Column, Look, Row, Table
from host.console.usage import Usage, Used
from jcode_plugins import AsyncClient, PluginOverview, ProjectInfo

COLUMNS: Final = (
    Column("plugin", 12, grows=True),
    Column("state", 10),
    Column("events", 6, right=True, drop=2),
    Column("tools", 5, right=True, drop=2),
    Column("cpu %", 5, right=True),
    Column("MiB", 5, right=True),
    Column("restarts", 8, right=True, drop=1),
    Column("calls/s", 7, right=True),
    Column("refused", 7, right=True),
    Column("last error", 12, grows=True, drop=3),
    Column("project", 12, grows=True, drop=4),
)
_LOOKS: Final[dict[str, Look]] = {
    "active": "good",
    "starting": "busy",
    "restarting": "busy",
    "blocked": "bad",
    "disabled": "dim",
    "stopped": "dim",
}
Verb: TypeAlias = Callable[[AsyncClient], Awaitable[object]]
"""What a key has the daemon do."""
_MIB: Final = 1024 * 1024
_ENABLE_S: Final = 30.0


class _Seen(NamedTuple):
    """One plugin of one project, with what was measured."""

    project: ProjectInfo
    plugin: PluginOverview
    calls_per_s: float | None
    cpu_percent: float | None
    rss_bytes: int


class PluginsPane(DetailedPane):
    """See the module's text."""

    NAME = "Plugins"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("k", "kill"),
        ("e", "enable"),
        ("r", "reload"),
        ("Enter", "all about it"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "kill", show=False),
        Binding("e", "enable", show=False),
        Binding("r", "reload", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._usage = Usage()
        self._seen: dict[str, _Seen] = {}
        self._calls: dict[str, tuple[float, int]] = {}

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Table(COLUMNS, empty="no plugin is loaded; jcode-plugin list says which are here")
        yield self.hidden_detail()

    async def look(self) -> None:
        """See :class:`Pane`."""
        projects = await self.ask(lambda client: client.overview())
        console_of(self).take_overview(projects)
        here = console_of(self).options.place.here
        projects.sort(key=lambda project: (project.cwd != here, project.cwd))
        self._seen = self._measure(projects)
        self.table.set_rows(
            Row(key, _cells(seen), _LOOKS.get(seen.plugin.state, ""))
            for key, seen in self._seen.items()
        )
        self.show_detail()

    def _measure(self, projects: Iterable[ProjectInfo]) -> dict[str, _Seen]:
        plugins = {
            f"{at} {project.cwd} {plugin.id}": (project, plugin)
            for at, project in enumerate(projects)
            for plugin in project.plugins
        }
        pids = [pid for _, plugin in plugins.values() for pid in plugin.pids]
        used = self._usage.look(pids)
        now = monotonic()
        found: dict[str, _Seen] = {}
        for key, (project, plugin) in plugins.items():
            then, before = self._calls.get(key, (now, plugin.hostcalls))
            rate = max(0, plugin.hostcalls - before) / (now - then) if now > then else None
            mine = [used[pid] for pid in plugin.pids if pid in used]
            memory = sum(one.rss_bytes for one in mine)
            found[key] = _Seen(project, plugin, rate, _percent(mine), memory)
        self._calls = {key: (now, plugin.hostcalls) for key, (_, plugin) in plugins.items()}
        return found

    # What a row is about.

    @property
    def _current(self) -> _Seen | None:
        row = self.table.current
        return self._seen.get(row.key) if row is not None else None

    def about(self, row: Row) -> Sequence[tuple[str, object]]:
        """See :class:`DetailedPane`."""
        seen = self._seen.get(row.key)
        return _lines(seen) if seen is not None else ()

    # What can be done.

    def action_kill(self) -> None:
        """Stop the plugin in every host of the user, if the person says yes."""
        if (seen := self._current) is not None:
            name = seen.plugin.name
            self._confirm(
                f"Kill {cell(name)} in every host of yours? It stays off until it is enabled.",
                lambda client: client.kill(name),
                f"{cell(name)} is killed",
            )

    def action_enable(self) -> None:
        """Let the plugin run again, if the person says yes."""
        if (seen := self._current) is not None:
            name = seen.plugin.name
            self._confirm(
                f"Enable {cell(name)} again in every host of yours?",
                lambda client: client.enable(name),
                f"{cell(name)} is enabled",
            )

    def action_reload(self) -> None:
        """Have every configuration and plugin read again."""
        console_of(self).reload()

    def _confirm(self, question: str, verb: Verb, done: str) -> None:
        console = console_of(self)
        guard = Guard(console.options.clock)

        def on_answer(yes: bool | None) -> None:
            if yes:
                in_background(self, partial(self._do, verb, done), group="do")

        console.push_screen(Confirm(question, console.mark, guard), on_answer)

    async def _do(self, verb: Verb, done: str) -> None:
        await self.ask(verb, timeout_s=_ENABLE_S)
        self.tell(done)
        self.look_soon()


def _percent(used: Iterable[Used]) -> float | None:
    known = [one.cpu_percent for one in used if one.cpu_percent is not None]
    return sum(known) if known else None


def _cells(seen: _Seen) -> tuple[str, ...]:
    plugin = seen.plugin
    return (
        cell(plugin.name),
        cell(plugin.state),
        str(len(plugin.events)),
        str(len(plugin.tools)),
        "" if seen.cpu_percent is None else f"{seen.cpu_percent:.0f}",
        f"{seen.rss_bytes / _MIB:.1f}" if seen.rss_bytes else "",
        str(plugin.restarts),
        "" if seen.calls_per_s is None else f"{seen.calls_per_s:.0f}",
        str(plugin.refused),
        cell(plugin.last_error or plugin.error),
        cell(basename(seen.project.cwd)),
    )


def _lines(seen: _Seen) -> list[tuple[str, object]]:
    plugin, project = seen.plugin, seen.project
    return [
        ("plugin", f"{plugin.name} {plugin.version or ''}"),
        ("state", plugin.state),
        ("error", plugin.error),
        ("last error", plugin.last_error),
        ("events", listed(plugin.events)),
        ("tools", listed(plugin.tools)),
        ("commands", listed(plugin.commands)),
        ("kind and scope", f"{plugin.kind}, {plugin.scope}"),
        ("hostcalls", f"{plugin.hostcalls}, of which {plugin.refused} were refused"),
        *(
            (
                "worker",
                f"process {one.pid or 'none'}, {one.state}, {one.restarts} restarts"
                + (f", session {one.session}" if one.session else ""),
            )
            for one in plugin.instances
        ),
        ("file", plugin.path),
        ("project", f"{project.cwd}, permission mode {project.permission_mode}"),
    ]
