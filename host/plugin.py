"""A loaded plugin: its code and its instances by scope.

A plugin in scope ``project`` has one instance; in scope ``session`` one per session id. The instance that
was started to learn what a session-scoped plugin registers becomes the first session's own. In scope
``global`` one instance serves every workspace of this process that loads the same code.
"""

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from host.audit import E_SANDBOX, Kind, printable
from host.config import Limits
from host.errors import PluginDisabledError, PluginLoadError
from host.hostcalls.asking import Asked
from host.hostcalls.quota import Bucket, Quota
from host.hostcalls.updates import PER_S as UPDATES_PER_S
from host.instance import Instance, State
from host.kv_hub import KvSpace
from host.manifests import API_VERSION
from host.outcome import Json, JsonObject, Status
from host.plugin_spec import PluginSpec, Scope
from host.positions import map_positions
from host.rate import Rate
from host.reactor import now_s
from host.redaction import Redactor
from host.registry import EMPTY, MAX_EACH, MAX_TEXT, Registry, ToolSpec
from host.reload_news import tell_of_reload
from host.slots import Slots
from host.spawn import WorkerLimits
from host.view.presence import Shown
from host.waits import Wait
from policies.gate import Tier, strictest
from policies.plugin_name import folder_name
from policies.settings import Secret

if TYPE_CHECKING:
    from host.runtime import Runtime
    from host.workspace import Workspace

_REMEMBERED_ENDS: Final = 1024
_REMEMBERED_TIERS: Final = 4096
_CODES_OF_A_LOAD: Final = frozenset({"E_INVALID", "E_TOO_LARGE", "E_QUOTA", "E_NOT_FOUND"})
"""What the runtime says of a failed load. A plugin can throw any code, and ours mean something to whoever started us."""
_COMPILE_ERROR: Final = re.compile(r"at ([^()\n]+):(\d+):(\d+)")
"""The whole stack of what the engine could not compile: a place, but no function that runs."""
SharedKey: TypeAlias = tuple[str, str, str, frozenset[Secret]]

_logger = logging.getLogger("jcode_plugins")
_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class Plugin:
    """See the module's text."""

    def __init__(self, workspace: "Workspace", spec: PluginSpec) -> None:
        self.workspace = workspace
        self.users = [workspace]
        self.runtime: Runtime = workspace.runtime
        self.spec = spec
        self.scope: Scope = spec.scope or "project"
        self.name = spec.name
        self.limits: Limits = workspace.config.limits_for(spec.configured_as)
        self.masked = Redactor()
        for secret in spec.settings.secrets():
            self.masked.add(secret.reveal())
        self._audited_secrets: list[Secret] = []
        self.registry: Registry = EMPTY
        self.instances: dict[str, Instance] = {}
        self.loaded: Wait[None] = Wait()
        self.slots = Slots()
        self.quota = Quota(self)
        self.asked = Asked()
        self.sent_messages = Bucket()
        self.updates = Rate(UPDATES_PER_S, now_s())
        self.shown = Shown(now_s())
        self.tool_calls = 0
        """Tools of other plugins that its instances are waiting for."""
        self._tiers: dict[str, Tier] = {}
        self.load_ms = 0.0
        self.last_error = ""
        self.quarantined = ""
        """Why no instance of it may run until a person enables it; empty if they may."""
        self.distrusted = ""
        """Why nothing of it may run until whoever signed it is trusted again; empty if they are."""
        self.off_because: str | None = None
        """Why no worker of it may start: it was unloaded, or a switch is on."""
        self.resting: str | None = None
        """Why it needs no worker now."""
        self.is_beside = False
        """Whether it is a TUI half, with a server half of the same name."""
        self.is_staged = False
        """Whether another version still has its place: nothing of it is routed."""
        self.successor: Plugin | None = None
        """The version that has its place now: it is only at what it had begun."""
        self.holds = 0
        """How many flows may still call it, from a snapshot that it was in."""
        self.reload_error = ""
        """Why the newest version of it does not run instead."""
        self._moved: dict[str, None] = {}
        self._spare: Instance | None = None
        self._ended: dict[str, None] = {}
        self._load_began = now_s()

    # Instances.

    def start(self) -> Wait[None]:
        """Start the first instance; the result is there when it has registered what it offers."""
        self._load_began = now_s()
        self.take_secrets()
        self._spare = Instance(self, None)
        return self.loaded

    def take_secrets(self) -> None:
        """Keep its secrets out of the audit from here on, until it is stopped."""
        for secret in self.spec.settings.secrets():
            self.runtime.audit.add_secret(secret.reveal())
            self._audited_secrets.append(secret)

    def instance_for(self, session_id: str) -> Instance:
        """Return the instance that serves *session_id*, starting one for a new session."""
        key = session_id if self.scope == "session" else ""
        instance = self.instances.get(key)
        if instance is not None:
            return instance
        if (
            self._spare is not None
            and self._spare.key is None
            and self._spare.state is not State.STOPPED
        ):
            instance, self._spare = self._spare, None
            instance.key = key
            instance.presence.move_to(key)
        else:
            self._make_room()
            instance = Instance(self, key)
        self._ended.pop(key, None)  # resumed
        self.instances[key] = instance
        if key in self._moved:
            del self._moved[key]
            tell_of_reload(instance)
        return instance

    def _make_room(self) -> None:
        while len(self.instances) >= self.limits.max_sessions:
            idle = min(self.instances.values(), key=lambda instance: instance.last_used)
            self.end_session(idle.key or "")

    def end_session(self, session_id: str) -> None:
        """Stop the instance of *session_id*, if this plugin has one of its own."""
        if self.scope == "session":
            instance = self.instances.pop(session_id, None)
            was_moved = session_id in self._moved
            if instance is not None:
                self.end_instance(instance)
            if instance is not None or was_moved:
                self._moved.pop(session_id, None)
                self._ended[session_id] = None
                if len(self._ended) > _REMEMBERED_ENDS:
                    del self._ended[next(iter(self._ended))]

    def end_instance(self, instance: Instance) -> None:
        """The session of *instance* has ended."""
        instance.stop()

    def has_ended(self, session_id: str) -> bool:
        """Whether that session's own instance is gone already: a second end event is not for a fresh one."""
        return self.scope == "session" and session_id in self._ended

    def all_instances(self) -> list[Instance]:
        """Every instance, the spare one included."""
        found = list(self.instances.values())
        if self._spare is not None and self._spare not in found:
            found.append(self._spare)
        return found

    def leave(self, workspace: "Workspace") -> None:
        """*workspace* uses this plugin no more; the last one to leave ends every instance."""
        if workspace not in self.users:
            return  # a load that was under way ends after its workspace did
        self.users.remove(workspace)
        if not self.users:
            self.forget_shared()
            self.stop()

    def forget_shared(self) -> None:
        """Let no other workspace find it."""
        if self.runtime.shared.get(self.shared_key) is self:
            del self.runtime.shared[self.shared_key]

    # From one version to the next.

    def stage(self, old: "Plugin") -> None:
        """Get ready beside *old*, whose place it takes with :meth:`replace`."""
        self.is_staged = True
        if self.scope == old.scope == "global":
            self.users = list(old.users)
        self.slots = old.slots  # its tools take turns with those that are under way
        self.shown = old.shown  # a newer version shows no more than the plugin may

    def replace(self, old: "Plugin") -> None:
        """Take the place of *old*: its sessions move here, one by one, with their next event."""
        open_, ended = old.retire(self)
        if self.scope == old.scope == "session":
            self._moved, self._ended = open_, ended

    def take_place(self) -> None:
        """Nothing stands in its place any more: what it shows is seen from here on."""
        self.is_staged = False
        for instance in self.all_instances():
            instance.presence.unstage()

    def retire(self, successor: "Plugin") -> tuple[dict[str, None], dict[str, None]]:
        """Take nothing new from here on; return the sessions that are open, and those that ended."""
        self.successor = successor
        for instance in self.all_instances():
            instance.presence.retire()
            if instance.link is not None:
                instance.link.tell_every_end()
        return dict.fromkeys((*self.instances, *self._moved)), dict(self._ended)

    def end_idle(self) -> None:
        """Replaced: end what is at nothing any more, and all of it when nothing else is left."""
        if self.successor is None or self.holds:
            return
        instances = self.all_instances()
        for instance in instances:
            if instance.is_done:
                instance.stop(why="a newer version of the plugin took its place")
        if all(instance.state is State.STOPPED for instance in instances):
            self.stop()

    def let_go(self) -> None:
        """A flow that held it has ended."""
        self.holds -= 1
        if self.successor is not None:
            self.end_idle()

    @property
    def shared_key(self) -> SharedKey:
        """What two workspaces must agree on to share an instance: what they say themselves, the name, the code, and
        every secret."""
        return (
            self.workspace.shares,
            self.spec.configured_as,
            self.spec.content,
            self.spec.settings.secrets(),
        )

    def stop(self) -> None:
        """End every instance; none starts again."""
        self.off_because = "the plugin was stopped"
        self.runtime.replaced.pop(self, None)
        for instance in self.all_instances():
            instance.stop()
        self.loaded.fail(PluginLoadError("E_STOPPED", "it was stopped while it was loading"))
        while self._audited_secrets:
            self.runtime.audit.remove_secret(self._audited_secrets.pop().reveal())

    def switch_off(self, error: PluginDisabledError) -> None:
        """Kill every worker; none starts until :meth:`switch_on`."""
        self.off_because = error.message
        for instance in self.all_instances():
            instance.stop(error.code, error.message, Status.BLOCKED)
        self.loaded.fail(error)  # a load that is under way; else it makes no difference

    def switch_on(self) -> None:
        """The switch was lifted: start from what was built when it was loaded."""
        self.off_because = None
        self.instances.clear()
        self._spare = Instance(self, None)

    def distrust(self, error: PluginLoadError) -> None:
        """Whoever signed it is trusted no more: it is there, as something that does not answer."""
        self.distrusted = self.last_error = error.message
        for instance in self.all_instances():
            if instance.state is not State.STOPPED:
                instance.block(error.message)
        self.loaded.fail(error)  # a load that is under way

    def trust(self) -> None:
        """They are trusted again."""
        self.distrusted = ""
        if not self.quarantined:
            self.last_error = ""
            for instance in self.all_instances():
                instance.unblock()

    def enable(self) -> None:
        """A person's word: forget failures and serve again."""
        self.last_error = self.quarantined = ""
        for instance in self.all_instances():
            instance.unblock()
        self.publish()

    @property
    def state(self) -> str:
        """``disabled`` by a switch, else the worst of its instances: ``active``, ``starting``, ``restarting``,
        ``blocked`` or ``stopped``."""
        if self.off_because is not None and self.users:
            return "disabled"
        states = {instance.state for instance in self.all_instances()}
        for state in (State.BLOCKED, State.RESTARTING, State.STARTING, State.ACTIVE):
            if state in states:
                return str(state.value)
        return str(State.STOPPED.value)

    # From the instances.

    def on_instance_loaded(self, instance: Instance) -> None:
        """An instance has registered what it offers."""
        if not self.loaded.is_done:
            self.load_ms = (now_s() - self._load_began) * 1000
            if self.spec.scope is None and instance.registry.speaks_pi:
                # pi runs one process per session, and its extensions keep a session's state in variables.
                self.scope = "session"
            if instance.link is not None:
                self.runtime.measure_baseline(instance.link)
        self.on_registry_changed()
        self.loaded.set(None)

    def on_instance_failed(
        self, instance: Instance, error: PluginLoadError, *, first: bool
    ) -> None:
        """An instance could not load the plugin."""
        self.last_error = str(error)
        if not self.loaded.is_done:
            self.loaded.fail(error)
        elif first:
            self.publish()
        if self.successor is not None:
            self.end_idle()

    def quarantine(self, why: str) -> None:
        """Stop every instance, those of sessions yet to come included, until a person enables the plugin."""
        self.quarantined = self.last_error = why
        self.runtime.quarantine.add(self.name, self.spec.id, why)
        for instance in self.all_instances():
            if instance.state is not State.STOPPED:
                instance.block(why)
        self.runtime.audit.record(Kind.BLOCKED, plugin=self.name, code=E_SANDBOX, detail=why)
        for workspace in self.users:
            for other in workspace.halves_of(self.name):
                if not other.quarantined:
                    other.quarantine(why)  # of the same author
        self.publish()
        if self.successor is not None:
            self.successor.quarantine(why)  # of the same author

    def on_instance_blocked(self, instance: Instance, why: str) -> None:
        """The breaker opened."""
        self.last_error = why
        self.publish()

    def admit(self, registry: Registry) -> Registry:
        """Return what counts of what an instance registered; what does not is named in its ``problems``."""
        return registry

    def on_registry_changed(self) -> None:
        """Merge what the instances registered and publish it if it differs."""
        registries = [i.registry for i in self.all_instances() if i.state is State.ACTIVE]
        if not registries:
            return
        newest = registries[-1]
        events = 0
        for registry in registries:
            events |= registry.events
        merged = replace(newest, events=events, tools=tuple(map(self._as_judged, newest.tools)))
        if merged != self.registry:
            self.registry = merged
            self.publish()

    def _as_judged(self, tool: ToolSpec) -> ToolSpec:
        """*tool* with the tier that holds for it.

        Its own may only raise the manifest's. Once registered it is fixed: a tool that is registered again as
        something milder stays what it was.
        """
        own: tuple[Tier, ...] = (tool.tier,) if tool.says_tier else ()
        least = self.spec.manifest.tool_tier(tool.name)
        stated = own if least is None else (*own, least)
        known = self._tiers.get(tool.name)
        tier = strictest(*(stated or (tool.tier,)), *(() if known is None else (known,)))
        if known is None and len(self._tiers) >= _REMEMBERED_TIERS:
            tier = "exec"  # names without end are no way to be forgotten
        else:
            self._tiers[tool.name] = tier
        return tool if tier == tool.tier else replace(tool, tier=tier)

    def publish(self) -> None:
        """Have every workspace that uses this plugin route anew."""
        if self.is_staged or self.successor is not None:
            return  # nothing is routed to it
        for workspace in self.users:
            workspace.publish()

    # What an instance needs to know.

    @property
    def shown_as(self) -> str:
        """What it is called where its halves are told apart; no plugin's name has a ``#``."""
        return f"{self.name}#tui" if self.is_beside else self.name

    @property
    def has_ui(self) -> bool:
        """Whether it may show something at an interface: one of several projects has none."""
        return self.scope != "global" and self.workspace.config.has_ui(self.spec.configured_as)

    @property
    def tool_budget_s(self) -> float:
        """How long one call of a tool or a command may run: the operator's limit, or less if the plugin says so."""
        own = self.spec.manifest.limits().max_tool_duration_secs
        most = self.limits.max_tool_duration_secs
        return most if own is None else min(own, most)

    def worker_limits(self) -> WorkerLimits:
        """What a worker of this plugin may use."""
        return worker_limits(self.limits)

    def script(self) -> str:
        """The bundle that a worker evaluates."""
        return self.spec.artifact.code

    def load_header(self, instance: Instance) -> str:
        """What the worker of *instance* is told of itself."""
        limits = self.limits
        settings = self.spec.settings.revealed()
        header: JsonObject = {
            "id": self.spec.id,
            "name": self.name,
            "version": self.spec.version,
            "scope": self.scope,
            "kind": self.spec.manifest.kind,
            "part": self.spec.part,
            "entries": list(self.spec.artifact.entries),
            "cwd": str(self.workspace.project_dir) if self.scope != "global" else "",
            "data_dir": str(self.data_dir()),
            "settings": settings,
            "config": settings,
            "session_id": instance.key,
            "api_version": API_VERSION,
            "ui": instance.presence.state_to_load(),
            "limits": {
                "log_bytes": limits.log_bytes,
                "payload_out": limits.payload_out_bytes,
                "max_registrations": MAX_EACH,
            },
        }
        if self.spec.tool_files:
            header["tool_files"] = list(self.spec.tool_files)
        return msgspec.json.encode(header).decode()

    def _space(self) -> str:
        safe = folder_name(self.spec.configured_as)
        # By the scope that both halves were given: a TUI half of a global plugin serves one project, with its store.
        return f"{safe}/{'global' if self.spec.scope == 'global' else self.workspace.id}"

    def data_dir(self) -> Path:
        """Where this plugin's files of this workspace live; made when something is written."""
        return self.runtime.home / "data" / self._space()

    def kv_space(self) -> KvSpace:
        """The key-value space, shared by this plugin's instances of this workspace, those of both halves.

        Not beneath the data directory: what a plugin may write there must not be its own database.
        """
        path = self.runtime.home / "kv" / f"{self._space()}.sqlite"
        return self.runtime.kv.space(path, self.limits.kv_bytes)

    def locate(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return *text* for people: the author's files and lines instead of ours, none of its secrets, cut."""
        return map_positions(self.masked.cut(text, limit), self.spec.artifact.positions)

    def load_error(self, answer: JsonObject) -> PluginLoadError:
        """Turn what a worker says of a failed load into an error for its author."""
        message = self.masked.cut(_text(answer.get("message")), MAX_TEXT)
        message = message or "the plugin failed to load"
        name = self.masked.known(_text(answer.get("name"), 200))
        stack = self.locate(_text(answer.get("stack")))
        code = _text(answer.get("code"))
        told = f"{name}: {message}" if name and name != "Error" else message
        place = _COMPILE_ERROR.fullmatch(stack.strip()) if name == "SyntaxError" else None
        if place is not None:
            return PluginLoadError(
                "E_SYNTAX", message, path=place[1], line=int(place[2]), column=int(place[3])
            )
        return PluginLoadError(
            code if code in _CODES_OF_A_LOAD else "E_LOAD",
            f"the plugin failed while loading: {told}",
            path=str(self.spec.path),
            stack=stack or None,
        )

    def log(self, level: str, text: str) -> None:
        """Pass a line of the plugin to the host's log, harmless for terminals."""
        told = printable(self.masked.known(text))
        _logger.log(_LEVELS.get(level, logging.INFO), "[%s] %s", self.name, told)
        if self.runtime.on_plugin_log is not None:
            self.runtime.on_plugin_log(self, level, told)


def worker_limits(limits: Limits) -> WorkerLimits:
    """Return the part of *limits* that a worker is started with."""
    return WorkerLimits(
        limits.heap_bytes,
        limits.data_bytes,
        limits.niceness,
        limits.descriptors,
        limits.frame_bytes,
    )


def _text(value: Json, limit: int = MAX_TEXT) -> str:
    return value[:limit] if isinstance(value, str) else ""
