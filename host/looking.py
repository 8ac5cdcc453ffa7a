"""From what was found to all that is decided before a worker starts.

Promises    Nothing of the plugin runs. Its bytes are those that somebody agreed to, where somebody did; no name is
            another's; what a switch, the quarantine, a signature or preflight forbids ends here, in one line.
Elsewhere   What is found: ``discovery.py``. What becomes of it: ``loading.py``.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from host.artifact import Artifact
from host.audit import printable
from host.build import Entry, find_entry, tui_entry
from host.discovery import Found
from host.events import PluginEvent, Right
from host.install.values import Installed
from host.manifests import complete
from host.naming import names_of, refuse_taken
from host.outcome import JsonObject
from host.plugin import Plugin
from host.plugin_spec import PluginSpec, Scope, TuiCode
from host.preflight import refuse_blocked
from host.settings import effective
from host.signing import loading as signing
from host.signing.contents import place_of
from host.signing.examine import Signature
from policies.manifest_values import Manifest

if TYPE_CHECKING:
    from host.workspace import Workspace

_logger = logging.getLogger("jcode_plugins")

NO_VERSION: Final = "0.0.0"
"""The version of a plugin that states none."""


class Looking:
    """See the module's text."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    async def look_at(
        self,
        found: Found,
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        old: Plugin | None = None,
    ) -> PluginSpec:
        """Build what was *found* and read its manifest; nothing of it runs. It may take the place of *old*.

        Raises PluginLoadError.
        """
        self._workspace.runtime.look_if_due()
        self._workspace.check_switches(found.name or name or str(found.path))
        spec = await self._build(found, found.name or name, old)
        options = self._workspace.config.plugins.get(spec.configured_as)
        configured = options.scope if options is not None else None
        return replace(
            spec,
            scope=scope or configured or spec.scope,
            given_rights={int(event): of for event, of in (rights or {}).items()},
        )

    def judge(
        self, spec: PluginSpec, settings: JsonObject | None, old: Plugin | None = None
    ) -> PluginSpec:
        """Return *spec* with its settings, unless preflight blocks it or they do not fit."""
        refuse_blocked(self._workspace.preflight(spec), spec.configured_as)
        signing.refuse(spec.signature, self._workspace.keyring, str(spec.path))
        signing.warn(spec.signature, self._workspace.keyring, spec.name)
        spec = self._with_settings(spec, settings or {})
        if old is None or old.spec.manifest.warnings != spec.manifest.warnings:
            for warning in (*spec.manifest.warnings, *spec.settings.warnings):
                _logger.warning("[%s] %s", spec.name, printable(warning))
        return spec

    async def _build(self, found: Found, name: str | None, old: Plugin | None) -> PluginSpec:
        entry = find_entry(found.path, found.must_be())
        if found.is_tool:
            entry = replace(entry, tool_files=(0,))
        if found.installed is not None:
            entry = replace(entry, name=found.installed.name, known_as=found.installed.id)
        self._workspace.runtime.quarantine.refuse(entry.id)
        early = name or entry.name
        self._workspace.check_switches(early, early, *_names_in(entry.package), entry.name)
        if name is not None or entry.package.name is not None:
            self._check_new(found, (early,), old)
        signature = await self._signature_of(found, entry)
        try:
            artifact = await self._workspace.runtime.builds.build(entry)
        finally:
            # Again: it may be what ended the build.
            self._workspace.check_switches(early, early, entry.name)
        spec = self._spec(found, entry, artifact, name, signature)
        self._workspace.check_switches(spec.name, *_names_in_spec(spec))
        enabled = spec.manifest.enabled_features(spec.features)
        more = tuple(file for feature in enabled for file in feature.entries)
        if more:  # only now is it known which; the plugin without them is in the cache for good
            artifact = await self._workspace.runtime.builds.build(
                replace(entry, more=(*entry.more, *more))
            )
            spec = self._spec(found, entry, artifact, name, spec.signature)
        spec = await self._with_tui(spec, entry)
        self._check_new(found, names_of(spec), old)  # again: another load may have been faster
        if not self._workspace.only_looks:
            signing.refuse(spec.signature, self._workspace.keyring, str(found.path))
        return spec

    async def _with_tui(self, spec: PluginSpec, entry: Entry) -> PluginSpec:
        """Return *spec* with the code of its TUI half, if there is one beside it."""
        other = tui_entry(entry, spec.manifest)
        if other is None:
            return spec
        if other is entry:
            return replace(spec, tui=TuiCode(entry.file, spec.artifact))
        artifact = await self._workspace.runtime.builds.build(other)
        signature = spec.signature.covering(artifact.reads, entry.package.sha256)
        return replace(spec, tui=TuiCode(other.file, artifact), signature=signature)

    async def _signature_of(self, found: Found, entry: Entry) -> Signature:
        """What holds of the signature of what was *found*. Raises PluginLoadError where that is too little."""
        is_directory = found.path.expanduser().is_dir()
        place = place_of(entry.root, entry.file, is_directory=is_directory)
        signature = await signing.look(self._workspace.runtime, self._workspace.keyring, place)
        if not self._workspace.only_looks:  # who only looks is told, and nothing of it runs
            signing.refuse(signature, self._workspace.keyring, str(found.path))
        return signature

    def _spec(
        self,
        found: Found,
        entry: Entry,
        artifact: Artifact,
        name: str | None,
        signature: Signature,
    ) -> PluginSpec:
        installed = found.installed
        manifest = complete(
            entry.package, artifact, entry.root / entry.file, is_tool_file=0 in entry.tool_files
        )
        wanted = name or manifest.name or entry.name
        signature = signature.covering(artifact.reads, entry.package.sha256)
        spec = PluginSpec(
            name=wanted,
            version=_version_of(manifest, installed),
            path=entry.root / entry.file,
            scope=manifest.scope,
            artifact=artifact,
            root=entry.root,
            is_package=found.path.expanduser().is_dir(),
            id=entry.id,
            manifest=manifest,
            file_name=entry.name,
            loaded=found.loaded,
            accepted=installed.consent() if installed is not None else (),
            installed=installed,
            is_named=name is not None,
            tool_files=entry.tool_files,
            signature=signature.naming(wanted, manifest.version or NO_VERSION),
            part="server" if manifest.has_server else "tui",
        )
        configured = self._workspace.config.features.get(spec.configured_as)
        if configured is None and installed is not None:
            configured = installed.current.features
        return replace(spec, features=configured)

    def _with_settings(self, spec: PluginSpec, given: JsonObject) -> PluginSpec:
        settings = effective(
            spec.manifest,
            spec.configured_as,
            self._workspace.config,
            given,
            self._workspace.variables,
            self._workspace.foresee(spec),
            spec.installed.settings if spec.installed is not None else {},
        )
        return replace(spec, settings=settings)

    def _check_new(self, found: Found, names: tuple[str, ...], old: Plugin | None) -> None:
        if self._workspace.only_looks:
            return  # nothing will go by them here; it may be the next version of who has them
        refuse_taken(
            names,
            found.path,
            [plugin for plugin in self._workspace.loaded() if plugin is not old],
            self._workspace.runtime.home,
            installed=found.installed is not None,
        )


def _version_of(manifest: Manifest, installed: Installed | None) -> str:
    known = installed.current.version if installed is not None else ""
    return known or manifest.version or NO_VERSION


def switch_names(plugin: Plugin) -> tuple[str, ...]:
    """Every name that a switch may call *plugin* by: ours, and those that it gives itself."""
    return (*_names_in_spec(plugin.spec), plugin.spec.file_name)


def _names_in_spec(spec: PluginSpec) -> tuple[str, ...]:
    return (spec.name, spec.configured_as, *_names_in(spec.manifest))


def _names_in(manifest: Manifest) -> tuple[str, ...]:
    return tuple(
        name for name in (manifest.name, manifest.title, manifest.package_name) if name
    )
