"""Preflight of one plugin under one configuration: what its code does, against what it declares."""

from typing import TYPE_CHECKING

from host.config import Config
from host.errors import PluginLoadError
from host.outcome import JsonObject
from policies.preflight import Finding, Report, judge

if TYPE_CHECKING:
    from host.plugin_spec import PluginSpec


def examine(spec: "PluginSpec", config: Config) -> Report:
    """Return the findings about the built plugin *spec*, as its operator wants to hear of them."""
    options = config.plugins.get(spec.configured_as)
    return judge(
        [fact for artifact in spec.artifacts() for fact in artifact.facts],
        bound=spec.manifest.bound(spec.features),
        off=config.preflight.off,
        trusted=options is not None and options.trusted,
    )


def refuse_blocked(report: Report, name: str) -> None:
    """Raise :class:`PluginLoadError` (``E_PREFLIGHT``) when something in *report* blocks."""
    if not report.blocking:
        return
    first, *others = report.blocking
    more = f" (and {len(others)} more)" if others else ""
    raise PluginLoadError(
        "E_PREFLIGHT",
        f"{first.rule}: {first.message}{more}; read it, and if you trust it all the same, "
        f'set trusted = true under [plugin.plugins."{name}"]',
        path=first.file,
        line=first.line,
        column=first.column,
    )


def finding_json(finding: Finding) -> JsonObject:
    """Return *finding* as ``inspect`` and ``check`` print it."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
    }
