"""What is known of a loaded plugin and of its tools, for whoever asks a host."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from host.config import Config
from host.outcome import JsonObject
from host.plugin import Plugin
from host.plugin_spec import Scope
from host.preflight import examine
from host.registry import Registry
from host.snapshot import ToolRoute
from policies.manifest_values import Manifest, Part
from policies.preflight import Finding


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What is known of a loaded plugin."""

    id: str
    name: str
    version: str
    path: str
    scope: Scope
    state: str
    registry: Registry
    manifest: Manifest
    load_ms: float
    error: str | None = None
    externals: tuple[str, ...] = ()
    pids: tuple[int, ...] = field(default=())
    layers: str = "{}"
    preflight: tuple[Finding, ...] = ()
    signed_by: str = ""
    """The id of the key whose signature holds; empty also where none is asked for."""
    part: Part = "server"
    """Which half this is about."""
    tui: "PluginInfo | None" = None
    """The TUI half beside it, if it has one."""
    dropped_events: int = 0
    """Of a TUI half: what it was too slow to hear of."""


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool as an agent offers it; ``name`` is the public one, ``plugin_<name>``."""

    name: str
    description: str
    tier: str
    plugin: str
    parameters: JsonObject | None


def info_of(plugin: Plugin, config: Config, beside: Plugin | None = None) -> PluginInfo:
    """Return what is known of *plugin* now, and of the TUI half *beside* it."""
    inboxes = [one.inbox for one in plugin.all_instances() if one.inbox is not None]
    links = [
        i.link for i in plugin.all_instances() if i.link is not None and not i.link.is_lost
    ]
    return PluginInfo(
        id=plugin.spec.id,
        name=plugin.name,
        version=plugin.spec.version,
        path=str(plugin.spec.path),
        scope=plugin.scope,
        state=plugin.state,
        registry=plugin.registry,
        manifest=plugin.spec.manifest,
        load_ms=plugin.load_ms,
        error=plugin.last_error or plugin.reload_error or None,
        externals=plugin.spec.artifact.externals,
        pids=tuple(link.pid for link in links if link.pid),
        layers=links[0].layers if links else "{}",
        preflight=examine(plugin.spec, config).findings,
        signed_by=plugin.spec.signature.signed_by,
        part=plugin.spec.part,
        tui=None if beside is None else info_of(beside, config),
        dropped_events=sum(inbox.dropped for inbox in inboxes),
    )


def tools_of(routes: Iterable[ToolRoute]) -> list[ToolInfo]:
    """Return the tools that *routes* lead to, as an agent may offer them."""
    return [
        ToolInfo(
            f"plugin_{route.spec.name}",
            route.spec.description,
            route.spec.tier,
            route.plugin.name,
            route.spec.parameters,
        )
        for route in routes
    ]
