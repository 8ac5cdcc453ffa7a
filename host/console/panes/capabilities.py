"""The capabilities pane: what each plugin of the project may do and by which rule; and why, for one request."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from host.console.background import in_background
from host.console.cells import cell, listed
from host.console.panes.detailed import DetailedPane
from host.console.table import Column, Look, Row, Table
from jcode_plugins import Capabilities, CapabilityEntry, ExplainedStep

COLUMNS: Final = (
    Column("kind", 12),
    Column("what", 16, grows=True),
    Column("verdict", 9),
    Column("layer", 14, drop=1),
    Column("source", 14, grows=True, drop=2, end=True),
)
_LOOKS: Final[dict[str, Look]] = {"allow": "good", "deny": "bad", "ask": "busy"}


class CapabilitiesPane(DetailedPane):
    """See the module's text."""

    NAME = "Capabilities"
    EVERY_S = 5.0
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("left, right", "plugin"),
        ("x", "explain"),
        ("Enter", "all about it"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("x", "explain", show=False),
    ]
    DEFAULT_CSS = """
    CapabilitiesPane #whose { height: auto; max-height: 3; text-style: bold; }
    CapabilitiesPane Input { height: 1; border: none; padding: 0; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._names: list[str] = []
        self._whose = ""
        self._about: dict[str, list[tuple[str, object]]] = {}
        self._is_explaining = False

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Static("", markup=False, id="whose")
        line = Input(placeholder="kind and target, for example: fs_read ~/.ssh/id_rsa")
        line.display = False
        yield line
        yield Table(COLUMNS, empty="no plugin is loaded")
        yield self.hidden_detail()

    async def look(self) -> None:
        """See :class:`Pane`."""
        plugins = await self.ask(lambda client: client.plugins())
        self._names = [plugin.name for plugin in plugins]
        if self._whose not in self._names:
            self._whose = self._names[0] if self._names else ""
        name = self._whose
        if not name:
            self.query_one("#whose", Static).update("")
            self.table.set_rows(())
            return
        found = await self.ask(lambda client: client.capabilities(name))
        if name == self._whose:  # else another one was chosen meanwhile
            self._show(found)

    def _show(self, found: Capabilities) -> None:
        at = self._names.index(self._whose) + 1
        told = (
            f"{cell(found.plugin)} ({at} of {len(self._names)}), loaded {cell(found.loaded)}; "
            f"mode {cell(found.mode)} by {cell(found.mode_source)}; "
            f"permission mode {cell(found.permission_mode)}; tier {cell(found.tier) or 'exec'}"
        )
        self.query_one("#whose", Static).update(Content(told))
        rows: list[Row] = []
        self._about = {}
        for row, about in _rows(found):
            rows.append(row)
            self._about[row.key] = about
        self.table.set_rows(rows)
        self.show_detail()

    def action_turn(self, step: int) -> None:
        """Show the plugin after this one, or before it."""
        if self._names and self._whose in self._names:
            at = (self._names.index(self._whose) + step) % len(self._names)
            self._whose = self._names[at]
            self.look_soon()

    def look_soon(self) -> None:
        """At once, also while an earlier look waits: its answer may be about another plugin."""
        self._is_looking = False
        super().look_soon()

    # Why.

    def action_explain(self) -> None:
        """Let the person type what to explain."""
        line = self.query_one(Input)
        line.display = True
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Explain what was typed."""
        event.stop()
        kind, _, target = event.value.strip().partition(" ")
        if not kind or not target.strip():
            self.tell("type a kind and a target, for example: shell git status", is_error=True)
            return
        work = partial(self._explain, self._whose, kind, target.strip())
        in_background(self, work, group="explain", only_newest=True)

    async def _explain(self, plugin: str, kind: str, target: str) -> None:
        steps = await self.ask(lambda client: client.explain(plugin, kind, target))
        self._is_explaining = True
        self.detail.display = True
        self.detail.show([("explained", f"{kind} {target} of {plugin}"), *map(_step, steps)])

    def action_less(self) -> None:
        """Close what was opened last: the explanation or the details, then the line."""
        self._is_explaining = False
        if self.detail.display:
            super().action_less()
        else:
            self.query_one(Input).display = False
        self.focus_first()

    def about(self, row: Row) -> Sequence[tuple[str, object]]:
        """See :class:`DetailedPane`."""
        return self._about.get(row.key, ())

    def toggle_detail(self) -> None:
        """From an explanation to the row."""
        self.detail.display = self._is_explaining or not self.detail.display
        self._is_explaining = False

    def show_detail(self) -> None:
        """An explanation stays as long as it is wanted."""
        if not self._is_explaining:
            super().show_detail()


def _rows(found: Capabilities) -> Iterator[tuple[Row, list[tuple[str, object]]]]:
    """Give a row, and all about it, for each rule, declaration, right, tool and limit."""
    for at, entry in enumerate(found.entries):
        verdict = entry.verdict or "no effect"
        cells = (
            cell(entry.kind),
            cell(entry.pattern),
            verdict,
            cell(entry.layer_name),
            cell(entry.source),
        )
        yield Row(f"rule {at}", cells, _LOOKS.get(verdict, "dim")), _entry(entry)
    for at, rule in enumerate(found.declared or ()):
        cells = (cell(rule.get("kind")), cell(rule.get("pattern")), "declared", "manifest", "")
        about: list[tuple[str, object]] = [*rule.items()]
        yield Row(f"declared {at}", cells, "dim"), about
    for at, tool in enumerate(found.tools):
        cells = ("tool", cell(tool.get("name")), cell(tool.get("tier")), "", "")
        yield Row(f"tool {at}", cells), [*tool.items()]
    for name, limit in found.limits.items():
        cells = ("limit", cell(name), cell(limit.get("value")), "", cell(limit.get("told")))
        yield Row(f"limit {name}", cells), [("limit", name), *limit.items()]
    for rights, events in _by_rights(found.rights).items():
        cells = ("events", f"{rights}: {listed(events)}", "rights", "", "")
        yield Row(f"rights {rights}", cells), [("rights", rights), ("events", listed(events))]


def _by_rights(rights: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event, its in rights.items():
        found.setdefault(listed(its), []).append(event)
    return found


def _entry(entry: CapabilityEntry) -> list[tuple[str, object]]:
    return [
        ("kind", entry.kind),
        ("what", entry.pattern),
        ("verdict", entry.verdict or "no effect"),
        ("because", entry.reason),
        ("layer", f"{entry.layer}, {entry.layer_name}"),
        ("source", entry.source),
        ("only within", ", ".join(map(cell, entry.within or ()))),
    ]


def _step(step: ExplainedStep) -> tuple[str, object]:
    verdict = step.verdict or "nothing"
    told = f"{verdict}; {step.reason}" if step.reason else verdict
    decides = " <- this decides" if step.decides else ""
    source = f" ({step.source})" if step.source else ""
    return f"layer {step.layer} {cell(step.name)}", f"{told}{source}{decides}"
