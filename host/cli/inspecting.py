"""``inspect``: build and load a plugin that need not be trusted, and show what it registers."""

from collections.abc import Mapping
from pathlib import Path

import psutil
from rich.table import Table
from rich.text import Text

from host.audit import printable
from host.cli.declared import capabilities_json, foreseen
from host.cli.session import load, open_scratch_host
from host.cli.show import compact, finding_line, make_console, print_json, safe
from host.core import HostCore
from host.doctor.outside import Seen, look
from host.outcome import Json, JsonObject
from host.plugin import worker_limits
from host.plugin_info import PluginInfo
from host.preflight import finding_json
from ipc.layers import DEFAULT_REQUIRED

_MIB = 1024 * 1024


def run_inspect(path: Path, mode: str | None = None, *, as_json: bool) -> int:
    """Load the plugin at *path* in a host that keeps nothing; return the exit code."""
    with open_scratch_host(mode) as host:
        info = load(host, path)
        seen = seen_of(host, info)
        report = report_on(info, seen)
        half, report["tui"] = info.tui, None
        seen_half: dict[str, Seen] = {}
        if half is not None:
            seen_half = seen_of(host, half)
            of_half = report_on(half, seen_half)
            if not half.pids:
                of_half |= {"ok": False, "error": half.error}
                report |= {"ok": False, "error": f"the tui half was not loaded: {half.error}"}
            report["tui"] = of_half
        report["capabilities"] = capabilities_json(
            foreseen(host, host.workspace.plugin(info.name).spec)
        )
    if as_json:
        print_json(report)
    else:
        _print_report(info, report, seen)
        if half is not None:
            _print_half(half, seen_half)
    return 0 if report["ok"] else 1


def report_on(info: PluginInfo, seen: Mapping[str, Seen]) -> JsonObject:
    """Return what ``inspect --json`` prints of a plugin whose worker is running."""
    registry = info.registry
    pid = info.pids[0] if info.pids else None
    return {
        "ok": True,
        "error": None,
        "id": info.id,
        "name": info.name,
        "kind": info.manifest.kind,
        "part": info.part,
        "version": info.version,
        "origin": info.path,
        "tools": [
            {"name": t.name, "description": t.description, "tier": t.tier}
            for t in registry.tools
        ],
        "commands": [{"name": c.name, "description": c.description} for c in registry.commands],
        "events": list(registry.event_names()),
        "flags": list(registry.flags),
        "shortcuts": list(registry.shortcuts),
        "providers": list(registry.providers),
        "externals": list(info.externals),
        "problems": list(registry.problems),
        "preflight": [finding_json(finding) for finding in info.preflight],
        "load_ms": round(info.load_ms, 3),
        "worker": {
            "pid": pid,
            "memory_bytes": _memory_of(pid),
            "layers": {name: layer.to_json() for name, layer in seen.items()},
        },
    }


def _memory_of(pid: int | None) -> int | None:
    """Return the resident size in bytes, what the zygote shares with every worker included."""
    if pid is None:
        return None
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def seen_of(host: HostCore, info: PluginInfo) -> dict[str, Seen]:
    """Return every layer of isolation of the plugin's worker, seen from outside where that can be."""
    if not info.pids:
        return {}
    return look(
        info.pids[0],
        info.layers,
        zygote_pid=host.runtime.zygote("plugins").pid,
        limits=worker_limits(host.config.limits_for(info.name)),
    )


def _print_half(half: PluginInfo, seen: Mapping[str, Seen]) -> None:
    if half.pids:
        _print_report(half, report_on(half, seen), seen)
    else:
        make_console().print(safe(f"the tui half was not loaded: {half.error}", "bold red"))


def _print_report(info: PluginInfo, report: JsonObject, seen: Mapping[str, Seen]) -> None:
    registry = info.registry
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")

    def rows(title: str, lines: list[Text]) -> None:
        for at, line in enumerate(lines):
            grid.add_row(title if at == 0 else "", line)

    rows("origin", [safe(info.path)])
    rows("events", [safe(", ".join(registry.event_names()))] if registry.events else [])
    rows(
        "tools",
        [
            Text.assemble(
                (printable(tool.name), "bold"),
                f"  {tool.tier}  {printable(tool.description)}",
                ("" if tool.has_handler else "  (no handler: calls will fail)", "yellow"),
            )
            for tool in registry.tools
        ],
    )
    rows("commands", [_named(c.name, c.description) for c in registry.commands])
    rows(
        "flags",
        [_named(f.get("name"), f.get("description") or f.get("type")) for f in registry.flags],
    )
    rows("shortcuts", [_named(s.get("key"), s.get("description")) for s in registry.shortcuts])
    rows("providers", [_named(p.get("name"), compact(p)) for p in registry.providers])
    rows(
        "missing",
        [
            safe(f"{name} (not available to plugins: using it fails)", "yellow")
            for name in info.externals
        ],
    )
    rows("problems", [safe(problem, "yellow") for problem in registry.problems])
    rows("preflight", [finding_line(finding) for finding in info.preflight])
    memory = _memory_text(report)
    rows(
        "worker",
        [
            safe(
                f"pid {info.pids[0] if info.pids else '?'}{memory}, loaded in {info.load_ms:.0f} ms"
            )
        ],
    )
    rows(
        "isolation",
        [
            Text(", ").join(
                safe(name, "green")
                if layer.applied
                else safe(f"{name} NOT APPLIED ({layer.detail})", _style_of(name))
                for name, layer in seen.items()
            )
        ],
    )
    console = make_console()
    part = ", the half for an interface" if info.part == "tui" else ""
    console.print(
        Text.assemble((printable(info.name), "bold"), f" {printable(info.version)}{part}")
    )
    console.print(grid)


def _named(name: Json, text: Json) -> Text:
    return Text.assemble(
        (printable(str(name)), "bold"), f"  {printable(str(text))}" if text else ""
    )


def _memory_text(report: JsonObject) -> str:
    worker = report["worker"]
    memory = worker.get("memory_bytes") if isinstance(worker, dict) else None
    return f", {memory / _MIB:.1f} MiB resident" if isinstance(memory, int) else ""


def _style_of(missing: str) -> str:
    return "bold red" if missing in DEFAULT_REQUIRED else "yellow"
