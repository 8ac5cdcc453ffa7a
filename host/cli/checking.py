"""``check``: what a plugin says of itself and what would come of it, without running it."""

import os
import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host.audit import printable
from host.cli.declared import Foreseen, capabilities_json, foreseen
from host.cli.failures import Refusal
from host.cli.session import look_at, open_scratch_host
from host.cli.show import compact, finding_line, make_console, print_json, safe, table
from host.config import jcode_home
from host.discovery import path_of
from host.errors import InstallError
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.values import Installed
from host.outcome import Json, JsonObject
from host.plugin_spec import PluginSpec
from host.preflight import finding_json
from host.signing.examine import told as told_of_signature
from policies.decision import LAYER_NAMES
from policies.manifest_values import Manifest, Setting
from policies.preflight import Report
from policies.wording import spelled

BLOCKED = 2

_STYLES = {"allow": "green", "ask": "yellow", "deny": "red"}


def run_check(path: Path, *, as_json: bool) -> int:
    """Build the plugin at *path*, or the installed one of that name, read it, and tell; return the exit code."""
    plugin, path = _what(path)
    with open_scratch_host() as host:
        spec = look_at(host, path, plugin)
        report = host.workspace.preflight(spec)
        items = foreseen(host, spec)
    if as_json:
        print_json(plugin_json(spec, report, items))
    else:
        print_plugin(spec, report, items, make_console())
    return BLOCKED if report.blocking else 0


def _what(given: Path) -> tuple[Installed | None, Path]:
    """Return what *given* means: a path that there is, else the name of an installed plugin and where its files are.

    Raises Refusal when these are not what was installed.
    """
    if os.path.lexists(given.expanduser()):
        return None, given
    home = jcode_home(os.environ)
    plugin = Store(home).read().get(str(given))
    if plugin is None:
        return None, given
    now = plugin.current
    problems = Snapshots(home).verify(now.tree, now.files) if now.tree else []
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        told = (
            f"{plugin.name} is not what was installed: {problems[0]}{more}; to have it whole: "
            f"jcode-plugin install {shlex.quote(plugin.origin.spec)}"
        )
        raise Refusal(InstallError("E_INTEGRITY", told))
    return plugin, path_of(home, plugin)


def plugin_json(spec: PluginSpec, report: Report, items: list[Foreseen]) -> JsonObject:
    """Return what is known of a plugin that was looked at, as ``check --json`` prints it."""
    return {
        "ok": not report.blocking,
        "error": report.blocking[0].message if report.blocking else None,
        "name": spec.name,
        "version": spec.version,
        "path": str(spec.path),
        "part": spec.part,
        "tui": str(spec.root / spec.tui.file) if spec.tui is not None else None,
        "manifest": manifest_json(spec.manifest, spec.features),
        "warnings": list(spec.manifest.warnings),
        "signature": {
            "signed_by": spec.signature.signed_by or None,
            "problem": spec.signature.problem or None,
        },
        "capabilities": capabilities_json(items),
        "asks": [f"{item.rule.kind} {item.rule.pattern}" for item in items if item.would_ask],
        "preflight": [finding_json(finding) for finding in report.findings],
        "blocked": bool(report.blocking),
    }


def manifest_json(manifest: Manifest, chosen: tuple[str, ...] | None) -> JsonObject:
    """Return *manifest* as plain data. *chosen* are the features that somebody switched on, if any."""
    enabled = {feature.name for feature in manifest.enabled_features(chosen)}
    limits, approval, entry = manifest.limits(), manifest.approval, manifest.entry
    return {
        "file": manifest.where or None,
        "origin": manifest.origin or None,
        "schema": manifest.schema,
        "name": manifest.name,
        "title": manifest.title,
        "package_name": manifest.package_name,
        "version": manifest.version,
        "description": manifest.description,
        "author": manifest.author,
        "license": manifest.license,
        "kind": manifest.kind,
        "entry": {"server": entry.server, "tui": entry.tui, "both": entry.both},
        "tier": manifest.tier,
        "scope": manifest.scope,
        "declares_capabilities": manifest.capabilities is not None,
        "requires_tools": list(
            manifest.capabilities.requires_tools if manifest.capabilities is not None else ()
        ),
        "limits": {
            "max_hostcalls_per_sec": limits.max_hostcalls_per_sec,
            "max_tool_duration_secs": limits.max_tool_duration_secs,
            "max_bytes_written": limits.max_bytes_written,
        },
        "approval": {
            "default": approval.default,
            "tiers": dict(approval.tiers),
            "tools": dict(approval.tools),
        },
        "features": [
            {
                "name": feature.name,
                "description": feature.description,
                "default": feature.is_default,
                "enabled": feature.name in enabled,
            }
            for feature in manifest.features
        ],
        "settings": [_setting_json(setting) for setting in manifest.settings],
        "engine": manifest.engine,
        "provides_tools": list(manifest.provides_tools),
        "icon": manifest.icon,
        "homepage": manifest.homepage,
        "repository": manifest.repository,
        "tags": list(manifest.tags),
    }


def _setting_json(setting: Setting) -> JsonObject:
    return {
        "key": setting.key,
        "type": setting.type,
        "description": setting.description,
        "secret": setting.is_secret,
        "env": setting.env,
        "default": setting.default,
    }


def print_plugin(
    spec: PluginSpec, report: Report, items: list[Foreseen], console: Console
) -> None:
    """Print what is known of a plugin that was looked at."""
    manifest = spec.manifest
    console.print(Text.assemble((printable(spec.name), "bold"), f" {printable(spec.version)}"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for title, text in _facts(spec):
        grid.add_row(title, text)
    for at, warning in enumerate(manifest.warnings):
        grid.add_row("warnings" if at == 0 else "", safe(warning, "yellow"))
    for at, finding in enumerate(report.findings):
        grid.add_row("preflight" if at == 0 else "", finding_line(finding))
    console.print(grid)
    if items:
        console.print(_capabilities(items))
    told = (
        "it declares no capabilities: beyond what it registers, only what you allow it by name"
        if manifest.capabilities is None
        else "it would be asked about: "
        + ", ".join(sorted({i.rule.kind for i in items if i.would_ask}))
        if any(item.would_ask for item in items)
        else ""
    )
    if told:
        console.print(safe(told, "dim"))
    if report.blocking:
        console.print(
            safe(
                f"blocked by preflight: {len(report.blocking)} of the findings above",
                "bold red",
            )
        )


def _facts(spec: PluginSpec) -> list[tuple[str, Text]]:
    manifest = spec.manifest
    limits = manifest.limits()
    where = f"{_shown(manifest.where)} ({manifest.origin})" if manifest.origin else "none"
    enabled = [feature.name for feature in manifest.enabled_features(spec.features)]
    features = [
        f"{feature.name}{' (on)' if feature.name in enabled else ''}"
        for feature in manifest.features
    ]
    settings = [
        f"{setting.key}: {setting.type}{' (secret)' if setting.is_secret else ''}"
        for setting in manifest.settings
    ]
    approval: dict[str, Json] = {**manifest.approval.tiers, **manifest.approval.tools}
    if manifest.approval.default is not None:
        approval["*"] = manifest.approval.default
    facts = (
        ("file", _shown(str(spec.path))),
        ("tui half", _shown(str(spec.root / spec.tui.file)) if spec.tui is not None else ""),
        ("manifest", where),
        ("about", manifest.description),
        ("author", manifest.author),
        ("kind", manifest.kind if manifest.kind != "server" else ""),
        ("tier", manifest.tier or "exec, where a tool does not say"),
        ("scope", spec.scope or ""),
        ("approval", compact(approval) if approval else ""),
        ("calls", f"{limits.max_hostcalls_per_sec}/s" if limits.max_hostcalls_per_sec else ""),
        (
            "needs tools",
            ", ".join(manifest.capabilities.requires_tools if manifest.capabilities else ()),
        ),
        ("features", ", ".join(features)),
        ("settings", ", ".join(settings)),
        ("api", manifest.engine or ""),
        ("signature", told_of_signature(spec.signature)),
    )
    return [(title, safe(text)) for title, text in facts if text]


def _capabilities(items: list[Foreseen]) -> Table:
    rows = []
    for item in items:
        decision = item.attended
        if decision is None:
            rows.append(
                [safe(item.rule.kind), safe(spelled(item.rule)), safe("never", "red"), safe(""),
                 safe("the pattern cannot be read or leads nowhere")]
            )  # fmt: skip
            continue
        alone = item.alone.verdict if item.alone is not None else decision.verdict
        verdict = safe(decision.verdict, _STYLES[decision.verdict])
        if alone != decision.verdict:
            verdict.append(f" ({alone} if nobody can)", "dim")
        because = ", ".join(part for part in (decision.detail, str(decision.source)) if part)
        layer = f"{decision.layer} {LAYER_NAMES[decision.layer]}"
        rows.append(
            [
                safe(item.rule.kind),
                safe(spelled(item.rule)),
                verdict,
                safe(layer),
                safe(because),
            ]
        )
    return table(("capability", "pattern", "decision", "layer", "because"), rows)


def _shown(path: str) -> str:
    try:
        shown = os.path.relpath(path)
    except (OSError, ValueError):  # the current directory is gone
        return path
    return path if shown.startswith("..") else shown
