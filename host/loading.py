"""What a workspace loads: at its start, by hand, and again for another version.

Promises    A plugin is in its place in the workspace while it starts, and is taken out when that fails. What it was
            loaded with holds for every later version of it.
Elsewhere   What is decided before a worker starts: ``looking.py``. How a version takes another's place:
            ``reloading.py``. What loads by itself when the disk changes: ``following.py``.
"""

import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from host.audit import Kind, printable
from host.discovery import Discovered, Found, by_hand, discover, found_now
from host.errors import IsolationError, PluginDisabledError, PluginLoadError
from host.events import PluginEvent, Right
from host.halves import plugin_of
from host.install.values import Installed
from host.looking import Looking
from host.outcome import JsonObject
from host.plugin import Plugin
from host.plugin_info import PluginInfo
from host.plugin_spec import PluginSpec, Scope

if TYPE_CHECKING:
    from host.workspace import Workspace

_logger = logging.getLogger("jcode_plugins")


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """What a plugin was loaded with: it holds for every version of it."""

    found: Found
    name: str | None = None
    scope: Scope | None = None
    rights: Mapping[PluginEvent, frozenset[Right]] | None = None
    settings: JsonObject | None = None

    def absolute(self) -> "LoadOrder":
        """The same, whatever directory is the current one."""
        return replace(
            self, found=replace(self.found, path=self.found.path.expanduser().absolute())
        )


class Loads:
    """The loads of one workspace."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._looking = Looking(workspace)
        self._orders: dict[str, LoadOrder] = {}

    async def load(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        settings: JsonObject | None = None,
        installed: Installed | None = None,
    ) -> PluginInfo:
        """Build and start the plugin at *path*; see :meth:`host.aio.PluginHost.load`."""
        found = by_hand(Path(path), self._workspace.runtime.home, installed)
        return await self.load_found(
            found, name=name, scope=scope, rights=rights, settings=settings
        )

    async def load_found(
        self,
        found: Found,
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        settings: JsonObject | None = None,
    ) -> PluginInfo:
        """Build and start what was *found*. Raises PluginLoadError."""
        workspace = self._workspace
        order = LoadOrder(found, name, scope, rights, settings)
        told = found.name or name or str(found.path)
        try:
            spec = await self.look_at_found(found, name=name, scope=scope, rights=rights)
            told = spec.name
            spec = self._looking.judge(spec, settings)
        except PluginDisabledError:
            raise
        except PluginLoadError as error:
            # What fails later is noted by its instance.
            workspace.runtime.audit.record(
                Kind.LOAD_FAILED, plugin=told, code=error.code, detail=str(error)
            )
            raise
        wanted = spec.name
        plugin = plugin_of(workspace, spec)
        shared = (
            workspace.runtime.shared.get(plugin.shared_key)
            if plugin.scope == "global"
            else None
        )
        if shared is not None:
            plugin = shared
            plugin.users.append(workspace)
        elif plugin.scope == "global":
            workspace.runtime.shared[plugin.shared_key] = plugin
        workspace.put(wanted, plugin)
        self._orders[wanted] = order.absolute()
        try:
            await (plugin.start() if shared is None else plugin.loaded)
        except BaseException as error:
            workspace.take_out(wanted)
            self._orders.pop(wanted, None)
            plugin.leave(workspace)
            if isinstance(error, PluginLoadError) and error.code == "E_LOCKDOWN":
                # Not the author's to mend: this machine does not give what its operator requires.
                raise IsolationError(error.message) from None
            raise
        workspace.publish()
        half = workspace.halves.load(plugin, spec)
        # Else a half that takes its time keeps nobody from its server half.
        if workspace.only_looks:
            with contextlib.suppress(PluginLoadError):
                await half
        workspace.runtime.audit.record(
            Kind.LOADED, plugin=wanted, code="loaded", detail=spec.content
        )
        _warn_of_missing_tools(plugin)
        return workspace.info(plugin)

    async def look_again(self, old: Plugin) -> PluginSpec:
        """Do with the source of *old* as it is now what a load does before it starts a worker. Raises PluginLoadError."""
        workspace = self._workspace
        order = self._orders[old.name]
        found = found_now(
            order.found,
            workspace.config,
            workspace.runtime.home,
            workspace.project_dir,
        )
        spec = await self.look_at_found(
            found, name=order.name, scope=order.scope, rights=order.rights, old=old
        )
        if spec.name != old.name:
            raise PluginLoadError(
                "E_NAME",
                f"{old.name} calls itself {spec.name} now; unload it, and load it under that name",
            )
        return self._looking.judge(spec, order.settings, old)

    async def look_at(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        installed: Installed | None = None,
    ) -> PluginSpec:
        """Build the plugin at *path* and read its manifest; nothing of it runs. Raises PluginLoadError.

        One that is *installed* goes by the name it was installed under, and its files are what they were then.
        """
        found = by_hand(Path(path), self._workspace.runtime.home, installed)
        return await self.look_at_found(found, name=name, scope=scope, rights=rights)

    async def look_at_found(
        self,
        found: Found,
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        old: Plugin | None = None,
    ) -> PluginSpec:
        """See :meth:`host.looking.Looking.look_at`."""
        return await self._looking.look_at(
            found, name=name, scope=scope, rights=rights, old=old
        )

    def discover(self) -> Discovered:
        """Return what the workspace loads at its start, with what is missed noted; nothing when plugins are off.

        Raises PluginLoadError for what must not be missed: when failing closed, all that somebody relies on.
        """
        workspace = self._workspace
        if workspace.switches.disable is not None or not workspace.loads_configured:
            return Discovered()
        result = discover(workspace.config, workspace.runtime.home, workspace.project_dir)
        for missed in result.missed:
            workspace.runtime.audit.record(
                Kind.REFUSED, plugin="", code=missed.code, detail=missed.line
            )
            if missed.is_failure and workspace.config.fail_closed:
                raise PluginLoadError(missed.code, missed.line)
        return result

    async def load_configured(self) -> None:
        """Load what was found. A plugin that fails is left out, unless failing closed."""
        result = self.discover()
        for missed in result.missed:
            _logger.warning("%s", printable(missed.line))
        for found in result.found:
            await self.load_or_tell(found, fail_closed=self._workspace.config.fail_closed)
        if self._workspace.following is not None:
            self._workspace.following.begin()

    async def load_or_tell(self, found: Found, *, fail_closed: bool = False) -> None:
        """Load what was *found*; log why it does not load, unless failing closed, when that is raised."""
        workspace = self._workspace
        try:
            info = await self.load_found(found)
        except PluginDisabledError as error:
            _logger.info("%s", printable(str(error)))  # the operator's word is no failure
            if workspace.following is not None:
                workspace.following.note_missed(found, is_off=True)
        except PluginLoadError as error:
            if fail_closed:
                raise
            _logger.warning(
                "%s was not loaded: %s", printable(str(found.path)), printable(str(error))
            )
            if workspace.following is not None:
                workspace.following.note_missed(found, is_off=False)
        else:
            if workspace.following is not None:
                workspace.following.note_loaded(found, info.name)

    def forget(self, name: str) -> None:
        """The plugin *name* was unloaded, and there will be no other version of it."""
        self._orders.pop(name, None)


def _warn_of_missing_tools(plugin: Plugin) -> None:
    """Say which tools a manifest promises and the plugin did not register while it loaded: others may count on them."""
    if plugin.spec.part == "tui":
        return  # it says so itself when somebody looks
    registered = {tool.name for tool in plugin.registry.tools}
    missing = [tool for tool in plugin.spec.manifest.provides_tools if tool not in registered]
    if missing:
        _logger.warning(
            "[%s] its manifest says that it provides %s, which it did not register",
            plugin.name,
            printable(", ".join(missing)),
        )
