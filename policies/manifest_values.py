"""What a plugin says of itself, as values that have been checked and never change.

A manifest is its author's word. It bounds what a person's consent may give (:meth:`Manifest.bound`) and may
lower limits; it grants nothing by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from policies.decision import BUILT_IN, Rule, Source
from policies.gate import TIERS, Tier
from policies.json_text import Json

PluginKind = Literal["server", "tui", "both"]
Part = Literal["server", "tui"]
"""One half of a plugin: what answers events, and what shows something while a person looks."""
Scope = Literal["project", "session", "global"]
AskOrDeny = Literal["prompt", "deny"]
"""What a manifest may say about calls of its own tools; that they need no question is not its to say."""
SettingType = Literal["string", "number", "boolean", "enum", "array", "object"]

_ANY: Final = {"events": "*:*", "tools": "*", "commands": "*", "providers": "*"}
REGISTRATIONS: Final = frozenset(_ANY)
"""What a plugin registers, as against what it has done for it."""

SCHEMA_V1: Final = "jcode-plugin.v1"
SCHEMA_V2: Final = "jcode-plugin.v2"


@dataclass(frozen=True, slots=True)
class Entry:
    """The main files by where they run, relative to the plugin's root."""

    server: str | None = None
    tui: str | None = None
    both: str | None = None
    choices: tuple[str, ...] = ()
    """Several main files that the author gave the same rank, as a package of another format may."""
    tools: tuple[str, ...] = ()
    """Files that export tools, in a package of another format; they come after *choices*."""
    package_main: str | None = None
    """What npm calls the main file; for want of anything better."""

    @property
    def main(self) -> str | None:
        """The file that a host without a terminal interface runs."""
        return self.server or self.both

    @property
    def interface(self) -> str | None:
        """The file that runs where there is an interface; None: the main file."""
        return self.tui or self.both


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plugin says it gets by with; the operator's limits stand beside them, and the lesser one holds."""

    max_hostcalls_per_sec: int | None = None
    max_tool_duration_secs: float | None = None
    max_bytes_written: int | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What is asked for: *rules* say "at most this"."""

    rules: tuple[Rule, ...] = ()
    kinds: frozenset[str] = frozenset()
    """The kinds that are declared, be it as "none"."""
    requires_tools: tuple[str, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Approval:
    """Tiers and questions by tool. *default* is for the tools that are not named."""

    default: AskOrDeny | None = None
    tiers: Mapping[str, Tier] = field(default_factory=lambda: MappingProxyType({}))
    tools: Mapping[str, AskOrDeny] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of a plugin that a person switches on or off."""

    name: str
    description: str = ""
    is_default: bool = False
    entries: tuple[str, ...] = ()
    """Files that run after the main one while it is on."""
    additional: Capabilities = Capabilities()


@dataclass(frozen=True, slots=True)
class Setting:
    """The type of one setting. Bounds are inclusive; *max_length* counts characters, or items of an array."""

    key: str
    type: SettingType
    description: str = ""
    default: Json = None
    is_secret: bool = False
    env: str | None = None
    """The variable that fills it in when the configuration does not."""
    pattern: str | None = None
    max_length: int | None = None
    min: float | None = None
    max: float | None = None
    values: tuple[str | int | float, ...] = ()
    """Of an enum: strings and numbers."""
    items: "Setting | None" = None
    properties: tuple["Setting", ...] = ()
    is_required: bool = False
    source: Source = field(default=BUILT_IN, compare=False)
    """Where it is declared."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """See ``docs/manifest.md``. What a plugin did not say is None or empty."""

    where: str = ""
    """The file that it was read from; empty when the plugin has none."""
    sha256: str = field(default="", compare=False)
    """Of that file's bytes, in hex, for a package.json."""
    origin: str = ""
    """The key or the export that it stands under, for example ``jcode-plugin.v2``; empty when there is none."""
    schema: str = SCHEMA_V2
    name: str | None = None
    """In the alphabet of plugin names."""
    title: str | None = None
    """The name as its author writes it."""
    package_name: str | None = None
    version: str | None = None
    description: str = ""
    author: str = ""
    license: str = ""
    kind: PluginKind = "server"
    entry: Entry = Entry()
    tier: Tier | None = None
    capabilities: Capabilities | None = None
    approval: Approval = Approval()
    scope: Scope | None = None
    features: tuple[Feature, ...] = ()
    settings: tuple[Setting, ...] = ()
    engine: str | None = None
    """The range of API versions that it works with."""
    engine_line: int | None = None
    provides_tools: tuple[str, ...] = ()
    icon: str = ""
    homepage: str = ""
    repository: str = ""
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What was ignored or migrated, a line each, with its place."""

    @property
    def has_server(self) -> bool:
        """Whether it has a half that answers events."""
        return self.kind != "tui"

    @property
    def has_tui(self) -> bool:
        """Whether it has a half for where there is an interface."""
        return self.kind != "server"

    def enabled_features(self, chosen: Collection[str] | None = None) -> tuple[Feature, ...]:
        """Return the features that are on: those *chosen* (``*`` is all), or those on by default."""
        return tuple(
            feature
            for feature in self.features
            if (
                feature.is_default
                if chosen is None
                else "*" in chosen or feature.name in chosen
            )
        )

    def bound(self, chosen: Collection[str] | None = None) -> tuple[Rule, ...] | None:
        """Return the most that may be given to the plugin, or None when it declares no capabilities.

        A kind of :data:`REGISTRATIONS` that is not mentioned stays open: manifests list what they want done for
        them, and seldom what they register, which shows anyway.
        *chosen* are the features that the operator switched on; None means those that are on by default.
        """
        if self.capabilities is None:
            return None
        silent = REGISTRATIONS - self.capabilities.kinds
        for feature in self.enabled_features(chosen):
            silent -= feature.additional.kinds
        return (*self.declared(chosen), *(Rule(kind, _ANY[kind]) for kind in sorted(silent)))

    def declared(self, chosen: Collection[str] | None = None) -> tuple[Rule, ...]:
        """Return what the plugin asks for by name: what an installer shows and a person accepts.

        A variable that fills in a setting is asked for as well.
        """
        rules = dict.fromkeys(self.capabilities.rules if self.capabilities is not None else ())
        rules.update(
            (Rule("env", setting.env, setting.source), None)
            for setting in self.settings
            if setting.env is not None
        )
        for feature in self.enabled_features(chosen):
            rules.update(dict.fromkeys(feature.additional.rules))
        return tuple(rules)

    def limits(self) -> Limits:
        """Return the limits that the plugin declares."""
        return self.capabilities.limits if self.capabilities is not None else Limits()

    def tool_tier(self, tool: str) -> Tier | None:
        """Return the lowest tier that *tool* may have, or None when the manifest says nothing of tiers."""
        named = self.approval.tiers.get(tool)
        if named is None or self.tier is None:
            return named or self.tier
        return max(named, self.tier, key=TIERS.index)

    def tool_approval(self, tool: str) -> AskOrDeny | None:
        """Return whether calls of *tool* are always asked or always denied; None is neither."""
        return self.approval.tools.get(tool, self.approval.default)


NO_MANIFEST: Final = Manifest()
"""Of a plugin that says nothing of itself."""
