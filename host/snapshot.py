"""Published routing state of a workspace.

Promises    A Snapshot never changes once published; a reader that took one sees one generation of routes,
            rights and tools. Readers take no lock: rebinding the attribute that holds it is atomic.
Elsewhere   Who publishes, and when: ``workspace.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from host.audit import AuditRing, Kind
from host.capabilities import EVENT_NAMES
from host.config import Config
from host.events import ENDS_SESSION, PluginEvent, Right
from host.providers import ProviderInfo
from host.registry import CommandSpec, ToolSpec
from ipc.codec import event_middle
from ipc.limits import MAX_ID
from policies.capability import NameRequest
from policies.chain import Chain
from policies.decision import Decision
from policies.switches import NOTHING_OFF, Switches

if TYPE_CHECKING:
    from host.plugin import Plugin
    from host.tui_half import TuiHalf

_EVENT_SLOTS: Final = 32
_EVERY_EVENT: Final = (1 << _EVENT_SLOTS) - 1

_UNDENIABLE: Final[frozenset[Right]] = frozenset({"observe", "veto"})
"""What is left to a plugin when all it asks for is denied: to see, and to deny in its turn."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What *plugin* registered and does not have: another one has that name, or the chain denies it."""

    plugin: str
    told: str
    request: NameRequest | None = None
    decision: Decision | None = None

    def is_of(self, kind: str, name: str) -> bool:
        """Whether it is about the tool or command that an agent or a person calls *name*."""
        if self.request is None or self.request.kind != kind:
            return False
        own = self.request.name
        if kind == "commands":
            return name.removeprefix("/") == own
        return name in (own, f"plugin_{own}", f"plugin:{own}")

    def record(self, audit: AuditRing) -> None:
        """Write it down."""
        if self.request is not None and self.decision is not None:
            audit.record_decision(self.plugin, self.request, self.decision)
        else:
            audit.record(Kind.REFUSED, plugin=self.plugin, code="E_DUPLICATE", detail=self.told)


@dataclass(frozen=True, slots=True)
class Route:
    """One subscriber of one event, in plugin order."""

    plugin: "Plugin"
    name: str
    order: int
    rights: frozenset[Right]
    timeout_s: float
    frame_middle: bytes


@dataclass(frozen=True, slots=True)
class ToolRoute:
    """A tool and the plugin that answers it."""

    plugin: "Plugin"
    spec: ToolSpec


@dataclass(frozen=True, slots=True)
class CommandRoute:
    """A command and the plugin that answers it."""

    plugin: "Plugin"
    spec: CommandSpec


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation. ``bitmap`` has bit *n* set when event *n* has a subscriber, ``forwarded`` when a TUI half hears
    of it, ``heard`` when either is so, ``followed`` when something is to be done once its outcome is there, ``concerned`` when there is anything to do
    at all. Where an event has a subscriber and no routes, a switch denies it."""

    generation: int = 0
    bitmap: int = 0
    forwarded: int = 0
    heard: int = 0
    followed: int = ENDS_SESSION
    concerned: int = ENDS_SESSION
    routes: tuple[tuple[Route, ...], ...] = ((),) * _EVENT_SLOTS
    listeners: "tuple[tuple[TuiHalf, ...], ...]" = ((),) * _EVENT_SLOTS
    """By event: who hears of it after the fact, and has no say."""
    tools: Mapping[str, ToolRoute] = field(default_factory=lambda: MappingProxyType({}))
    commands: Mapping[str, CommandRoute] = field(default_factory=lambda: MappingProxyType({}))
    providers: Mapping[str, ProviderInfo] = field(default_factory=lambda: MappingProxyType({}))
    switches: Switches = NOTHING_OFF
    """What was off when this was made."""
    chain: Chain = field(default_factory=Chain)
    """Who may do what. Rights and registrations above follow from it."""


def build(
    generation: int,
    plugins: "list[Plugin]",
    config: Config,
    chain: Chain,
    switches: Switches = NOTHING_OFF,
) -> tuple[Snapshot, list[Refusal]]:
    """Make the next generation from *plugins* in order, TUI halves that stand beside others last; also return what had
    to be refused.

    *chain* does not know of the switch that denies everything: what is registered stays known under it.
    """
    refused: list[Refusal] = []
    routes: list[list[Route]] = [[] for _ in range(_EVENT_SLOTS)]
    tools: dict[str, ToolRoute] = {}
    commands: dict[str, CommandRoute] = {}
    providers: dict[str, ProviderInfo] = {}
    bitmap = forwarded = 0
    listeners: list[list[TuiHalf]] = [[] for _ in range(_EVENT_SLOTS)]
    plugins = [plugin for plugin in plugins if plugin.off_because is None]
    has_hooks = switches.disable is None and switches.skip_hooks is None
    for order, plugin in enumerate(plugins):
        registry = plugin.registry
        rights_of = chain.rights(plugin.name, EVENT_NAMES)
        for event in PluginEvent:
            if not has_hooks or not registry.events >> event & 1:
                continue
            rights = rights_of.of(event)
            if switches.force_deny is not None:
                rights &= _UNDENIABLE
            if not rights:
                asked = NameRequest("events", f"{event.wire_name}:observe")
                refused.append(_denied(plugin.name, asked, chain))
                continue
            if plugin.spec.part == "tui":
                forwarded |= 1 << event
                listeners[event].append(cast("TuiHalf", plugin))
                continue
            bitmap |= 1 << event
            if switches.force_deny is not None and event is PluginEvent.PERMISSION_REQUEST:
                continue  # asking would change nothing
            timeout_s = config.timeout_s(event, plugin.spec.configured_as)
            middle = event_middle(min(int(timeout_s * 1000), MAX_ID), event)
            routes[event].append(Route(plugin, plugin.name, order, rights, timeout_s, middle))
        for tool in registry.tools:
            owner = tools.get(tool.name)
            asked = NameRequest("tools", tool.name)
            if chain.decide(plugin.name, asked).verdict == "deny":
                refused.append(_denied(plugin.name, asked, chain))
            elif owner is not None:
                told = f"tool {tool.name} of {plugin.name}: {owner.plugin.name} has one of that name"
                refused.append(Refusal(plugin.name, told))
            else:
                tools[tool.name] = ToolRoute(plugin, tool)
        for command in registry.commands:
            asked = NameRequest("commands", command.name)
            if chain.decide(plugin.name, asked).verdict == "deny":
                refused.append(_denied(plugin.name, asked, chain))
                continue
            if plugin.is_beside and _has(commands, command.name, plugin.name):
                told = f"command {command.name} of the tui half of {plugin.name}: its server half has it"
                refused.append(Refusal(plugin.name, told))
                continue
            # pi keeps commands of the same name apart by a number in load order.
            name, n = command.name, 1
            while name in commands:
                n += 1
                name = f"{command.name}:{n}"
            commands[name] = CommandRoute(plugin, command)
        for definition in registry.providers:
            asked = NameRequest("providers", str(definition["name"]))
            # No gate comes later, at which a person could be asked: what is left open is not offered.
            if not chain.decide(plugin.name, asked).allowed:
                refused.append(_denied(plugin.name, asked, chain))
            elif asked.name in providers:
                told = f"provider {asked.name} of {plugin.name}: {providers[asked.name].plugin} has one of that name"
                refused.append(Refusal(plugin.name, told))
            else:
                providers[asked.name] = ProviderInfo(asked.name, plugin.name, definition)
    snapshot = Snapshot(
        generation,
        bitmap,
        forwarded,
        bitmap | forwarded,
        forwarded | ENDS_SESSION,
        # With a switch on, every event passes where the tick is looked at: it may have been lifted.
        bitmap | forwarded | ENDS_SESSION if switches == NOTHING_OFF else _EVERY_EVENT,
        tuple(tuple(of_event) for of_event in routes),
        tuple(tuple(of_event) for of_event in listeners),
        MappingProxyType(tools),
        MappingProxyType(commands),
        MappingProxyType(providers if switches.force_deny is None else {}),
        switches,
        chain if switches.force_deny is None else chain.with_force_deny(switches.force_deny),
    )
    return snapshot, refused


def _has(commands: Mapping[str, CommandRoute], name: str, plugin: str) -> bool:
    """Whether *plugin* itself has a command of that *name*, under whatever number."""
    return any(
        route.plugin.name == plugin and route.spec.name == name for route in commands.values()
    )


def _denied(plugin: str, request: NameRequest, chain: Chain) -> Refusal:
    decision = chain.decide(plugin, request)
    return Refusal(plugin, str(decision), request, decision)
