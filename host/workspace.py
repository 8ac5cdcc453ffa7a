"""A workspace: one project directory, its plugins in order, and the snapshot that routes its events.

Promises    One project's plugins never see another's events, cwd, settings or kv: everything they are given
            comes from here. The snapshot is replaced whole, last statement of :meth:`Workspace.publish`.
"""

import contextlib
import difflib
import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from host.audit import E_SWITCH, Kind, printable
from host.capabilities import Capabilities, only_own
from host.config import Config
from host.discovery import Discovered, Found, by_hand, discover, found_now
from host.dispatch import dispatch
from host.errors import (
    HostError,
    InputError,
    IsolationError,
    PluginDisabledError,
    PluginLoadError,
)
from host.events import BY_NAME, ENDS_SESSION, PluginEvent, Right
from host.following import Following
from host.forwarding import forward
from host.gate import read_mode
from host.halves import Halves, plugin_of
from host.install.values import Installed
from host.looking import Looking, switch_names
from host.nested import dispatch_caused
from host.orders import Order
from host.outcome import JsonObject, Outcome
from host.plugin import Plugin
from host.plugin_spec import PluginSpec, Scope
from host.preflight import examine
from host.registry import Registry
from host.reloading import LoadOrder, Reloaded, Reloads
from host.session import AskSession, current_lineage
from host.signing import loading as signing
from host.signing.keyring import Keyring
from host.snapshot import Refusal, Snapshot, build
from host.switching import check_enabled
from host.view.model import View
from host.waits import Wait, start
from policies.chain import Chain
from policies.gate import PermissionMode
from policies.gate_order import is_within
from policies.manifest_values import Manifest, Part
from policies.plugin_name import folder_name
from policies.preflight import Finding, Report
from policies.switches import NOTHING_OFF, Switches

if TYPE_CHECKING:
    from host.runtime import Runtime

_logger = logging.getLogger("jcode_plugins")

_MAX_MODES: Final = 4096


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
        self.permission_mode: PermissionMode = config.permission_mode
        self._modes: dict[str, PermissionMode] = {}
        """Of single sessions."""
        self._refused: list[Refusal] = []
        self.own_switches: Switches = NOTHING_OFF
        """What is off here beside what is off in all workspaces of this process."""
        self.shares = ""
        """Workspaces with the same text here share the instances of plugins of scope ``global``."""
        runtime.workspaces.add(self)
        self._foreseen: dict[Plugin, tuple[int, Chain]] = {}
        self.only_looks = False
        """Whether plugins are only looked at: then their hostcalls reach what is their own, whatever is configured."""
        self._looking = Looking(self)
        self.loads_configured = True
        """Whether it begins with what is found; else with nothing."""
        self.view = View(self)
        """What its plugins show, for whoever draws it."""
        self._plugins: dict[str, Plugin] = {}  # in the order that decides merges
        self._orders: dict[str, LoadOrder] = {}
        self.reloads = Reloads(self)
        self.halves = Halves(self)
        self.following: Following | None = None
        self.is_closed = False

    @property
    def switches(self) -> Switches:
        """What is off here, as of the last look."""
        return self.runtime.switches | self.own_switches

    def mode_for(self, session_id: str) -> PermissionMode:
        """Return the permission mode that the gate decides in for that session."""
        return self._modes.get(session_id, self.permission_mode)

    def set_mode(self, mode: str, session_id: str = "") -> None:
        """Change the permission mode, of one session if one is named; the next decision of the gate is made in it.

        Raises :class:`InputError` for a word that is none, and for a mode that exceeds the ceiling of this machine.
        """
        found = read_mode(mode)
        ceiling = self.config.ceiling
        if ceiling is not None and "permission_mode" in ceiling.model_fields_set:
            bound = ceiling.permission_mode
            if not is_within(found, bound):
                where = ceiling.source_of("permission_mode")
                raise InputError(
                    f"permission mode {found} exceeds the ceiling, {bound} ({where})"
                )
        if not session_id:
            self.permission_mode = found
            return
        self._modes.pop(session_id, None)
        while len(self._modes) >= _MAX_MODES:
            del self._modes[next(iter(self._modes))]
        self._modes[session_id] = found

    def take_modes(self, other: "Workspace") -> None:
        """Go on in the modes that were set in *other*, which this one takes the place of, as far as they may be."""
        live = (
            {}
            if other.permission_mode == other.config.permission_mode
            else {"": other.permission_mode}
        )
        for session_id, mode in (live | other._modes).items():  # noqa: SLF001 - of this class
            with contextlib.suppress(InputError):  # the ceiling is lower now
                self.set_mode(mode, session_id)

    # Loading.

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
        found = by_hand(Path(path), self.runtime.home, installed)
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
            self.runtime.audit.record(
                Kind.LOAD_FAILED, plugin=told, code=error.code, detail=str(error)
            )
            raise
        wanted = spec.name
        plugin = plugin_of(self, spec)
        shared = (
            self.runtime.shared.get(plugin.shared_key) if plugin.scope == "global" else None
        )
        if shared is not None:
            plugin = shared
            plugin.users.append(self)
        elif plugin.scope == "global":
            self.runtime.shared[plugin.shared_key] = plugin
        self._plugins[wanted] = plugin
        self._orders[wanted] = order.absolute()
        try:
            await (plugin.start() if shared is None else plugin.loaded)
        except BaseException as error:
            self._plugins.pop(wanted, None)
            self._orders.pop(wanted, None)
            plugin.leave(self)
            if isinstance(error, PluginLoadError) and error.code == "E_LOCKDOWN":
                # Not the author's to mend: this machine does not give what its operator requires.
                raise IsolationError(error.message) from None
            raise
        self.publish()
        half = self.halves.load(plugin, spec)
        if self.only_looks:  # else a half that takes its time keeps nobody from its server half
            with contextlib.suppress(PluginLoadError):
                await half
        self.runtime.audit.record(
            Kind.LOADED, plugin=wanted, code="loaded", detail=spec.content
        )
        _warn_of_missing_tools(plugin)
        return self.info(plugin)

    async def reload(self, name: str) -> Reloaded:
        """Replace the plugin *name* by what its source is now; see :meth:`host.aio.PluginHost.reload`."""
        return await self.reloads.reload(name)

    async def look_again(self, old: Plugin) -> PluginSpec:
        """Do with the source of *old* as it is now what a load does before it starts a worker. Raises PluginLoadError."""
        order = self._orders[old.name]
        found = found_now(order.found, self.config, self.runtime.home, self.project_dir)
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
        found = by_hand(Path(path), self.runtime.home, installed)
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

    def discover(self) -> Discovered:
        """Return what this workspace loads at its start, with what is missed noted; nothing when plugins are off.

        Raises PluginLoadError for what must not be missed: when failing closed, all that somebody relies on.
        """
        if self.switches.disable is not None or not self.loads_configured:
            return Discovered()
        result = discover(self.config, self.runtime.home, self.project_dir)
        for missed in result.missed:
            self.runtime.audit.record(
                Kind.REFUSED, plugin="", code=missed.code, detail=missed.line
            )
            if missed.is_failure and self.config.fail_closed:
                raise PluginLoadError(missed.code, missed.line)
        return result

    async def load_configured(self) -> None:
        """Load what was found. A plugin that fails is left out, unless failing closed."""
        result = self.discover()
        for missed in result.missed:
            _logger.warning("%s", printable(missed.line))
        for found in result.found:
            await self.load_or_tell(found, fail_closed=self.config.fail_closed)
        if self.following is not None:
            self.following.begin()

    async def load_or_tell(self, found: Found, *, fail_closed: bool = False) -> None:
        """Load what was *found*; log why it does not load, unless failing closed, when that is raised."""
        try:
            info = await self.load_found(found)
        except PluginDisabledError as error:
            _logger.info("%s", printable(str(error)))  # the operator's word is no failure
            if self.following is not None:
                self.following.note_missed(found, is_off=True)
        except PluginLoadError as error:
            if fail_closed:
                raise
            _logger.warning(
                "%s was not loaded: %s", printable(str(found.path)), printable(str(error))
            )
            if self.following is not None:
                self.following.note_missed(found, is_off=False)
        else:
            if self.following is not None:
                self.following.note_loaded(found, info.name)

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
        plugin = self._plugins.pop(self._known(name).name)
        self._orders.pop(plugin.name, None)
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
        plugin = self._known(name)
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

    def _known(self, name: str) -> Plugin:
        plugin = self._plugins.get(name)
        if plugin is None:
            raise InputError(
                f"no plugin named {name!r} is loaded{nearest(name, self._plugins)}"
            )
        return plugin

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

    def put(self, plugin: Plugin) -> None:
        """Have *plugin* in the place of the version that is loaded; :meth:`publish` makes it so for events."""
        self._plugins[plugin.name] = plugin

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
        self._modes.pop(session_id, None)
        self.runtime.approvals.end_session(session_id)

    def plugins(self) -> list[PluginInfo]:
        """Every loaded plugin, in order."""
        # A copy: another thread may be in the middle of a load.
        return [self.info(plugin) for plugin in list(self._plugins.values())]

    def plugin(self, name: str) -> Plugin:
        """Return the loaded plugin *name*; raises InputError."""
        return self._known(name)

    def tools(self) -> list[ToolInfo]:
        """Every tool that an agent may offer."""
        return [
            ToolInfo(
                f"plugin_{route.spec.name}",
                route.spec.description,
                route.spec.tier,
                route.plugin.name,
                route.spec.parameters,
            )
            for route in self.snapshot.tools.values()
        ]

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
            preflight=self.preflight(plugin.spec).findings,
            signed_by=plugin.spec.signature.signed_by,
            part=plugin.spec.part,
            tui=None if half is None else self.info(half),
            dropped_events=sum(inbox.dropped for inbox in inboxes),
        )


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


_NUMBERS = frozenset(int(event) for event in PluginEvent)


def read_event(name: object) -> PluginEvent:
    """Return the event called *name*, or the one of that number; raises InputError with the nearest names."""
    if isinstance(name, str):
        event = BY_NAME.get(name)
        if event is not None:
            return event
        raise InputError(f"unknown event {name!r}{nearest(name, BY_NAME)}")
    if type(name) is int and name in _NUMBERS:
        return PluginEvent(name)
    last = max(_NUMBERS)
    raise InputError(f"unknown event {name!r}: events are 0..{last} without 11, or their names")


def nearest(name: str, known: "Mapping[str, object] | list[str]") -> str:
    """Return what follows a message about the unknown *name*: those of *known* that it may stand for, if any."""
    by_lower = {one.lower().replace("_", ""): one for one in known}
    close = difflib.get_close_matches(name.lower().replace("_", ""), by_lower, 3, 0.5)
    return f"; did you mean {' or '.join(by_lower[one] for one in close)}?" if close else ""


__all__ = ["PluginInfo", "ToolInfo", "Workspace", "nearest", "read_event"]
