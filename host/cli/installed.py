"""``list`` and ``info``: what is here, and what is known of it. Nothing is built or started."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from host.audit import printable
from host.cli.session import read_config
from host.cli.show import compact, make_console, print_json, safe, table
from host.config import Config
from host.discovery import path_of
from host.install.here import Here, here
from host.install.keeping import data_of
from host.install.store import Store
from host.install.switch import not_installed
from host.install.values import Installed, Release
from host.outcome import JsonObject
from policies.decision import Rule, Source
from policies.wording import meaning, spelled

_HALVES = {
    "tui": "one, which runs where there is an interface",
    "both": "two: one answers events, one runs where there is an interface",
}
_STYLES = {"on": "green", "off": "yellow"}


def run_list(*, as_json: bool) -> int:
    """List what is here; return the exit code."""
    config, home = read_config()
    found = here(config, home, Path.cwd())
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "plugins": [one.to_json() for one in found.plugins],
                "missed": list(found.missed),
            }
        )
        return 0
    console = make_console()
    if found.plugins:
        rows = [_row(one) for one in found.plugins]
        console.print(table(("plugin", "version", "how", "state", "from"), rows))
    else:
        console.print(safe("no plugin is here; jcode-plugin install SPEC brings one"))
    for line in found.missed:
        console.print(safe(line, "yellow"))
    return 0


def _row(one: Here) -> list[Text]:
    style = _STYLES.get(one.state, "bold red")
    return [
        safe(one.name if one.kind in (None, "server") else f"{one.name} ({one.kind})", "bold"),
        safe(one.version),
        safe(one.type),
        safe(one.state, style),
        safe(one.source),
    ]


def run_info(name: str, *, as_json: bool) -> int:
    """Show what is known of the installed plugin *name*; return the exit code."""
    config, home = read_config()
    plugin = Store(home).read().get(name)
    if plugin is None:
        raise not_installed(name)
    told = _info(config, home, plugin)
    if as_json:
        print_json({"ok": True, "error": None, **told})
    else:
        _print(home, plugin, told)
    return 0


def _info(config: Config, home: Path, plugin: Installed) -> JsonObject:
    now = plugin.current
    row = next(
        (one for one in here(config, home, Path.cwd()).plugins if one.name == plugin.name), None
    )
    return {
        "name": plugin.name,
        "id": plugin.id,
        "version": now.version,
        "type": plugin.origin.type,
        "source": plugin.origin.spec,
        "track": plugin.origin.track,
        "resolved": now.resolved,
        "integrity": now.integrity or None,
        "signed_by": now.signed_by or None,
        "tree": now.tree or None,
        "path": str(path_of(home, plugin)),
        "files": len(now.files),
        "kind": row.kind if row is not None else None,
        "state": row.state if row is not None else "off",
        "why": row.why if row is not None else "",
        "enabled": plugin.enabled,
        "installed_at": plugin.installed_at,
        "updated_at": plugin.updated_at,
        "features": None if now.features is None else list(now.features),
        "settings": dict(plugin.settings),
        "accepted": [
            {"kind": rule.kind, "pattern": rule.pattern, "meaning": meaning(rule)}
            for rule in _rules(now)
        ],
        "previous_version": _before(plugin),
        "data": [str(path) for path in data_of(home, plugin.name)],
    }


def _rules(release: Release) -> Iterable[Rule]:
    source = Source("consent", "installed")
    return (Rule(kind, pattern, source) for kind, pattern in release.accepted)


def _before(plugin: Installed) -> str | None:
    return None if plugin.last_known_good is None else plugin.last_known_good.version


def _print(home: Path, plugin: Installed, told: JsonObject) -> None:
    now = plugin.current
    console = make_console()
    console.print(Text.assemble((printable(plugin.name), "bold"), f" {printable(now.version)}"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    facts: tuple[tuple[str, object], ...] = (
        ("state", f"{told['state']}{': ' if told['why'] else ''}{told['why']}"),
        ("halves", _HALVES.get(str(told["kind"]), "")),
        ("from", plugin.origin.spec),
        ("follows", plugin.origin.track),
        ("resolved", now.resolved),
        ("integrity", now.integrity),
        ("signed by", now.signed_by),
        ("files", f"{told['path']} ({len(now.files)} files)" if now.files else told["path"]),
        ("since", _when(plugin.installed_at)),
        (
            "updated",
            _when(plugin.updated_at) if plugin.updated_at != plugin.installed_at else "",
        ),
        ("features", ", ".join(now.features) if now.features else ""),
        ("settings", compact(dict(plugin.settings)) if plugin.settings else ""),
        ("before", f"{_before(plugin)}; rollback goes back to it" if _before(plugin) else ""),
        ("keeps", ", ".join(str(path) for path in data_of(home, plugin.name))),
    )
    for title, text in facts:
        if text:
            grid.add_row(title, safe(text))
    console.print(grid)
    if plugin.origin.type == "link":
        console.print(safe("it gets what a plugin gets that you load by hand", "dim"))
        return
    rows = [[safe(r.kind), safe(spelled(r)), safe(meaning(r))] for r in _rules(now)]
    if rows:
        console.print()
        console.print(table(("you agreed to", "", "which means that it"), rows))


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
