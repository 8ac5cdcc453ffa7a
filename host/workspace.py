"""A workspace: one project directory, its plugins in order, and the snapshot that routes its events.

Promises    One project's plugins never see another's events, cwd, settings or kv: everything they are given
            comes from here. The snapshot is replaced whole, last statement of :meth:`Workspace.publish`.
Elsewhere   How plugins come into it: ``loading.py``, ``reloading.py``, ``following.py``.
"""

import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from host.audit import E_SWITCH, Kind, printable
from host.capabilities import Capabilities, only_own
from host.config import Config
from host.dispatch import dispatch
from host.errors import (
    HostError,
    InputError,
    PluginDisabledError,
    PluginLoadError,
)
from host.events import ENDS_SESSION, PluginEvent
from host.following import Following
from host.forwarding import forward
from host.halves import Halves
from host.loading import Loads
from host.looking import switch_names
from host.nested import dispatch_caused
from host.orders import Order
from host.outcome import JsonObject, Outcome
from host.permission_modes import PermissionModes
from host.plugin import Plugin
from host.plugin_info import PluginInfo, ToolInfo, info_of, tools_of
from host.plugin_spec import PluginSpec
from host.preflight import examine
from host.reloading import Reloaded, Reloads
from host.session import AskSession, current_lineage
from host.signing import loading as signing
from host.signing.keyring import Keyring
from host.snapshot import Refusal, Snapshot, build
from host.spelling import nearest, read_event
from host.switching import check_enabled
from host.view.model import View
from host.waits import Wait, start
from policies.chain import Chain
from policies.plugin_name import folder_name
from policies.preflight import Report
from policies.switches import NOTHING_OFF, Switches

if TYPE_CHECKING:
    from host.runtime import Runtime

_logger = logging.getLogger("jcode_plugins")


class Workspace:
    """See the module's text."""

    def __init__(self, runtime: "Runtime", config: Config, project_dir: Path) -> None:
        self.runtime = runtime
        self.config = config
        self.project_dir = project_dir
        self.variables: Mapping[str, str] = os.environ
        """What settings may be taken from, as far as each plugin may read it."""
        self.id = hashlib.sha256(os.fsencode(project_dir)).hexdigest()[:16]
        self.snapshot = Snapshot()
        self.ask_session: AskSession | None = None
        """Set by the front end when it was given a session provider."""
        self.continues = 0
        config.check_patterns()
        config.check_keys()
        self.keyring = Keyring(config)
        self._capabilities = Capabilities(config, project_dir, runtime.home)
        self._end_count = runtime.audit.add_counter("continues", lambda: self.continues)
        self.modes = PermissionModes(config)
        self._refused: list[Refusal] = []
        self.own_switches: Switches = NOTHING_OFF
        """What is off here beside what is off in all workspaces of this process."""
        self.shares = ""
        """Workspaces with the same text here share the instances of plugins of scope ``global``."""
        runtime.workspaces.add(self)
        self._foreseen: dict[Plugin, tuple[int, Chain]] = {}
        self.only_looks = False
        """Whether plugins are only looked at: then their hostcalls reach what is their own, whatever is configured."""
        self.loads_configured = True
        """Whether it begins with what is found; else with nothing."""
        self.view = View(self)
        """What its plugins show, for whoever draws it."""
        self._plugins: dict[str, Plugin] = {}  # in the order that decides merges
        self.loads = Loads(self)
        self.reloads = Reloads(self)
        self.halves = Halves(self)
        self.following: Following | None = None
        self.is_closed = False

    @property
    def switches(self) -> Switches:
        """What is off here, as of the last look."""
        return self.runtime.switches | self.own_switches

    # Plugins.

    async def reload(self, name: str) -> Reloaded:
        """Replace the plugin *name* by what its source is now; see :meth:`host.aio.PluginHost.reload`."""
        return await self.reloads.reload(name)

    def preflight(self, spec: PluginSpec) -> Report:
        """Return what is noticed about the code of *spec* before it runs."""
        return examine(spec, self.config)

    def foresee(self, spec: PluginSpec) -> Chain:
        """Return the capability chain as it will be when the plugin *spec* is loaded."""
        data_dir = self.runtime.home / "data" / folder_name(spec.configured_as) / self.id
        return self._capabilities.foresee(
            spec, str(data_dir), self.switches, can_ask=self._can_ask
        )

    def chain_for(self, plugin: Plugin) -> Chain:
        """Return the chain that decides about hostcalls of *plugin* now: while it loads, the one that it will have."""
        chain = self.snapshot.chain
        current = self._plugins.get(plugin.name)
        # Else it loads, or another version has its place: the chain that it was loaded with is still its own.
        has_place = current is plugin or self.halves.of(plugin.name) is plugin
        is_known = current is None or (has_place and plugin.name in chain.plugins)
        if is_known and not self.only_looks:
            return chain
        generation, found = self._foreseen.get(plugin, (-1, chain))
        if generation != chain.generation:
            found = chain if is_known else self.foresee(plugin.spec)
            if self.only_looks:
                found = only_own(found, plugin.name)
            self._foreseen[plugin] = (chain.generation, found)
        return found

    @property
    def _can_ask(self) -> bool:
        return self.runtime.approvals.ask_person is not None

    def check_switches(self, told: str, *names: str) -> None:
        """Raise PluginDisabledError, and note it, if what goes by *names* may not run."""
        try:
            check_enabled(self.switches, *names)
        except PluginDisabledError as error:
            self._refuse(told, error.switch)
            raise

    def check_may_run(self, plugin: Plugin) -> None:
        """Raise PluginLoadError if *plugin* went against its sandbox, is switched off, or signed by nobody who is trusted."""
        self.runtime.quarantine.refuse(plugin.spec.id)
        self.check_switches(plugin.name, *switch_names(plugin))
        signing.check_signer(plugin.spec.signature, self.keyring, plugin.name)

    def _refuse(self, plugin: str, switch: str, what: str = "not loaded") -> None:
        self.runtime.audit.record(
            Kind.REFUSED, plugin=plugin, code=E_SWITCH, detail=f"{what}: {switch}"
        )

    def follow(self) -> None:
        """From now on do by itself what changes on disk ask for; see :mod:`host.following`."""
        if self.following is None:
            self.following = Following(self)

    def obey(self, order: Order) -> None:
        """Do what a person told every host that runs, as far as it concerns this workspace."""
        plugin = self.find(order.name)
        if plugin is None:
            if self.following is not None:
                self.following.look_for_new()
        elif order.word == "reload":
            done = start(self.reload(order.name))
            done.when_done(lambda: self._note_reload(order.name, done))
        elif any(half.state == "blocked" for half in self.halves_of(order.name)):
            try:
                self.enable(order.name)
            except HostError as error:
                _logger.warning("%s is not enabled: %s", order.name, printable(str(error)))

    def _note_reload(self, name: str, done: Wait[Reloaded]) -> None:
        """Audit what nobody else does: whoever gave the order looks there for what came of it."""
        try:
            changed = done.result().changed
        except HostError:
            return  # told where it failed
        if not changed:
            told = "its source is what it was"
            self.runtime.audit.record(Kind.RELOADED, plugin=name, code="unchanged", detail=told)

    def unload(self, name: str) -> None:
        """Stop the plugin *name* and take it out of every route."""
        plugin = self._plugins.pop(self.plugin(name).name)
        self.loads.forget(plugin.name)
        self.runtime.decisions.forget(plugin.name)
        self.publish()
        plugin.leave(self)
        self.halves.unload(plugin.name)
        self.reloads.leave(plugin.name)
        self.runtime.audit.record(Kind.UNLOADED, plugin=plugin.name, code="unloaded")

    def enable(self, name: str) -> None:
        """A person's word that a blocked plugin may run again; no switch is lifted by it."""
        if self.runtime.quarantine.lift(name) and name not in self._plugins:
            self.runtime.audit.record(Kind.ENABLED, plugin=name, code="enabled")
            return
        plugin = self.plugin(name)
        self.check_switches(name, *switch_names(plugin))
        signing.check_signer(plugin.spec.signature, self.keyring, plugin.name)
        for half in self.halves_of(plugin.name):
            half.enable()
        self.runtime.audit.record(Kind.ENABLED, plugin=plugin.name, code="enabled")

    def _obey_switches(self) -> None:
        """Stop what is off now, start what is off no more."""
        for plugin in self.parts():
            try:
                check_enabled(self.switches, *switch_names(plugin))
            except PluginDisabledError as error:
                if plugin.off_because is None:
                    if not plugin.is_beside:
                        self._refuse(plugin.name, error.switch, "stopped")
                    plugin.switch_off(error)
            else:
                if plugin.off_because is not None:
                    plugin.switch_on()
        for other in self.reloads.others():
            try:
                check_enabled(self.switches, *switch_names(other))
            except PluginDisabledError as error:
                other.switch_off(error)
                other.end_idle()

    def _obey_keys(self) -> None:
        """Stop what was signed by whoever is trusted no more, start what is trusted again."""
        for plugin in [*self.parts(), *self.reloads.others()]:
            try:
                signing.check_signer(plugin.spec.signature, self.keyring, plugin.name)
            except PluginLoadError as error:
                if plugin.distrusted != error.message:
                    self.runtime.audit.record(
                        Kind.BLOCKED, plugin=plugin.name, code=error.code, detail=error.message
                    )
                    plugin.distrust(error)
                    plugin.end_idle()
            else:
                if plugin.distrusted:
                    plugin.trust()

    def loaded(self) -> list[Plugin]:
        """The plugins, in the order that decides merges."""
        return list(self._plugins.values())

    def parts(self) -> list[Plugin]:
        """The plugins, and after them the TUI halves that stand beside one of them."""
        return [*self._plugins.values(), *self.halves.beside()]

    def halves_of(self, name: str) -> list[Plugin]:
        """Return the plugin *name* and the half beside it, as far as they are there."""
        return [half for half in (self._plugins.get(name), self.halves.of(name)) if half]

    def show_interface(self, is_shown: bool) -> None:
        """An interface was attached, or the last one went: workers of TUI halves start, or end a while later."""
        self.halves.show(is_shown)

    def find(self, name: str) -> Plugin | None:
        """Return the plugin *name*, or None if it is not loaded."""
        return self._plugins.get(name)

    def put(self, name: str, plugin: Plugin) -> None:
        """Have *plugin* under *name*, in the place of whatever is; :meth:`publish` makes it so for events."""
        self._plugins[name] = plugin

    def take_out(self, name: str) -> None:
        """Have no plugin *name* any more, if there is one; :meth:`publish` makes it so for events."""
        self._plugins.pop(name, None)

    def close(self) -> None:
        """Stop every plugin that no other workspace uses."""
        self._end_count()
        self.is_closed = True
        plugins, self._plugins = self._plugins, {}
        for plugin in plugins.values():
            plugin.leave(self)
        self.halves.close()
        self.reloads.leave()
        self.view.close()

    def publish(self) -> None:
        """Make the next generation from what the plugins registered and the switches leave of it."""
        self._obey_keys()
        self._obey_switches()  # a plugin may have said only now by what name it is switched off
        plugins, switches = self.parts(), self.switches
        new, refused = build(
            self.snapshot.generation + 1,
            plugins,
            self.config,
            self._capabilities.of(self.loaded(), switches, can_ask=self._can_ask),
            switches,
        )
        for refusal in refused:
            if refusal not in self._refused:  # told once, not at every change of anything
                refusal.record(self.runtime.audit)
        self._refused = refused
        self._foreseen.clear()
        self.snapshot = new  # last: if build() raised, readers never noticed
        self.view.on_published()

    # Use.

    def dispatch(
        self, event: "PluginEvent | str", payload: JsonObject
    ) -> "Outcome | Wait[Outcome]":
        """Send an event; see :func:`host.dispatch.dispatch`."""
        if self.runtime.is_closed or self.runtime.is_foreign:
            self.runtime.check_usable()
        if type(event) is not PluginEvent:
            event = read_event(event)
        lineage = current_lineage()
        outcome = (
            dispatch(self, event, payload)
            if lineage is None
            else start(dispatch_caused(self, event, payload, lineage))
        )
        if self.snapshot.followed >> event & 1:
            if isinstance(outcome, Wait):
                outcome.when_done(lambda: self._follow_up(event, payload))
            else:  # nobody listens, but a session may have ended all the same
                self._follow_up(event, payload)
        return outcome

    def _follow_up(self, event: PluginEvent, payload: JsonObject) -> None:
        forward(self, event, payload)
        session_id = payload.get("session_id") if ENDS_SESSION >> event & 1 else None
        if isinstance(session_id, str):
            self._end_session(session_id)

    def _end_session(self, session_id: str) -> None:
        for plugin in (*self.parts(), *self.reloads.others()):
            plugin.end_session(session_id)
        self.modes.forget(session_id)
        self.runtime.approvals.end_session(session_id)

    def plugins(self) -> list[PluginInfo]:
        """Every loaded plugin, in order."""
        # A copy: another thread may be in the middle of a load.
        return [self.info(plugin) for plugin in list(self._plugins.values())]

    def plugin(self, name: str) -> Plugin:
        """Return the loaded plugin *name*; raises InputError."""
        plugin = self._plugins.get(name)
        if plugin is None:
            raise InputError(
                f"no plugin named {name!r} is loaded{nearest(name, self._plugins)}"
            )
        return plugin

    def tools(self) -> list[ToolInfo]:
        """Every tool that an agent may offer."""
        return tools_of(self.snapshot.tools.values())

    def refusal_of(self, kind: str, name: str) -> Refusal | None:
        """What the chain denied of what plugins registered, by the name that an agent or a person uses."""
        return next((one for one in self._refused if one.is_of(kind, name)), None)

    def unknown_tool(self, name: str) -> str:
        """One line about a tool that does not exist."""
        known = [f"plugin_{tool}" for tool in self.snapshot.tools]
        meant = f"plugin_{name.removeprefix('plugin').lstrip('_:')}"
        return f"there is no tool {name!r}{nearest(meant, known)}; offered: {', '.join(known) or 'none'}"

    def info(self, plugin: Plugin) -> PluginInfo:
        """What is known of *plugin* now."""
        half = None if plugin.is_beside else self.halves.of(plugin.name)
        return info_of(plugin, self.config, half)
