"""What is here already: installed, linked, loaded by hand, of the project. Nothing is built or run to know."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from host.build import find_entry
from host.config import Config
from host.discovery import Found, discover, path_of
from host.errors import PluginLoadError
from host.install.identity import Known
from host.install.store import Store
from host.install.values import Installed
from host.looking import NO_VERSION
from host.manifests import read_package
from host.off import OffFile
from host.outcome import JsonObject
from host.quarantine import Quarantine
from host.switching import Switchboard, named
from policies.manifest_values import Manifest, PluginKind
from policies.switches import Switches


@dataclass(frozen=True, slots=True)
class Here:
    """One plugin. ``state`` is ``on``, ``off`` (a person's word or a switch), ``quarantined`` or ``broken``;
    ``why`` says what keeps it from running."""

    name: str
    version: str
    type: str
    source: str
    path: str
    state: str = "on"
    why: str = ""
    enabled: bool = True
    kind: PluginKind | None = None
    """Which halves it has, as its package says; None where only its main file could say it."""

    def to_json(self) -> JsonObject:
        """Plain data, as ``list --json`` prints it."""
        return {
            "name": self.name,
            "version": self.version,
            "type": self.type,
            "source": self.source,
            "path": self.path,
            "state": self.state,
            "why": self.why or None,
            "enabled": self.enabled,
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class Everything:
    """All plugins, in the order in which a host loads them, and lines about what it does not load."""

    plugins: tuple[Here, ...]
    missed: tuple[str, ...] = field(default=())


def here(config: Config, home: Path, project_dir: Path) -> Everything:
    """Return all that a host with *config* knows of in *project_dir*. Raises InstallError."""
    switches, quarantine = Switchboard(config, OffFile(home)).current, Quarantine(home)
    installed = Store(home).read()
    found = discover(config, home, project_dir)
    rows = [
        _row(one, switches, quarantine)
        if one.installed is None
        else _installed(home, one.installed, switches, quarantine)
        for one in found.found
    ]
    listed = {one.installed.name for one in found.found if one.installed is not None}
    rows += [
        _installed(home, plugin, switches, quarantine)
        for name, plugin in installed.items()
        if name not in listed  # it is off
    ]
    return Everything(tuple(rows), tuple(missed.line for missed in found.missed))


def _row(found: Found, switches: Switches, quarantine: Quarantine) -> Here:
    path = str(found.path)
    kind = "project" if found.loaded == "project" else "by hand"
    try:
        entry = find_entry(found.path, found.must_be())
    except PluginLoadError as error:
        return Here(found.path.name, "", kind, found.where, path, "broken", str(error))
    state, why = _state(switches, quarantine, entry.id, (entry.name, entry.package.name))
    version = entry.package.version or NO_VERSION
    return Here(
        entry.name,
        version,
        kind,
        found.where,
        path,
        state,
        why,
        kind=_kind_of(entry.package),
    )


def _installed(
    home: Path, plugin: Installed, switches: Switches, quarantine: Quarantine
) -> Here:
    path = path_of(home, plugin)
    state, why = _state(switches, quarantine, plugin.id, (plugin.name,))
    if not plugin.enabled:
        state, why = "off", f"jcode-plugin enable {plugin.name} switches it on"
    elif not path.exists():
        state, why = "broken", f"{path} is not there"
    return Here(
        plugin.name,
        plugin.current.version,
        plugin.origin.type,
        plugin.origin.spec,
        str(path),
        state,
        why,
        plugin.enabled,
        _kind_at(path),
    )


def _kind_at(path: Path) -> PluginKind | None:
    try:
        package = read_package(path) if path.is_dir() else None
    except PluginLoadError:
        return None  # told where it is loaded
    return None if package is None else _kind_of(package)


def _kind_of(package: Manifest) -> PluginKind | None:
    return package.kind if package.origin else None


def _state(
    switches: Switches, quarantine: Quarantine, id_: str, names: Iterable[str | None]
) -> tuple[str, str]:
    off = quarantine.find(id_)
    if off is not None:
        return "quarantined", off.why
    switch = switches.disable or switches.off_by(*(name for name in names if name))
    return ("on", "") if switch is None else ("off", f"switched off by {named(switch)}")


def known_here(config: Config, home: Path) -> Known:
    """Return what a plugin that is to be installed must get along with. Raises InstallError."""
    installed = Store(home).read()
    by_hand = {}
    # Those of the directory one is in by chance do not count: they keep no name elsewhere.
    for found in discover(config, home, home).found:
        if found.installed is None:
            with suppress(PluginLoadError):  # it does not load either, and takes no name
                by_hand[find_entry(found.path).name] = str(found.path)
    provides = {name: _tools(home, plugin) for name, plugin in installed.items()}
    return Known(installed, by_hand, provides)


def _tools(home: Path, plugin: Installed) -> frozenset[str]:
    """Return the tools that the package of *plugin* names; those of a manifest in its code show when it runs."""
    manifest: Manifest | None = None
    with suppress(PluginLoadError, OSError):
        manifest = read_package(path_of(home, plugin))
    return frozenset() if manifest is None else frozenset(manifest.provides_tools)
