"""The ``[plugin]`` table of ``config.toml``: its shape and its defaults.

Promises    What a :class:`Config` holds has been checked, and it never changes.
Elsewhere   How a file is read: ``reading.py``. What a project or the ceiling may change of it, and what the
            environment says: ``layers.py``. What a rule means: ``policies``.
"""

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from host.config.files import Files
from host.config.keys import KeyOptions, check_keys, keys_of
from host.config.places import Where
from host.errors import ConfigError
from host.events import BY_NAME, CLASS_OF, EventClass, PluginEvent
from ipc import limits as wire
from ipc.layers import DEFAULT_REQUIRED, LAYERS, LayerName
from policies import modes
from policies.capability import Kind
from policies.decision import Rule, Source
from policies.gate import OverrideWord, PermissionMode
from policies.rules import problem
from policies.signing import SignatureWord, TrustedKey

_MIB: Final = 1024 * 1024

_DAY_MS: Final = 24 * 3600 * 1000

Ms = Annotated[StrictInt, Field(gt=0, le=_DAY_MS)]
"""Milliseconds, up to a day."""
Count = Annotated[StrictInt, Field(gt=0, le=1_000_000)]
HOSTCALLS_PER_S: Final[Mapping[modes.Mode, int]] = {
    "strict": 50,
    "disabled": 50,
    "prompt": 100,
    "interactive": 100,
    "permissive": 500,
}
"""Hostcalls that one plugin may make a second where nothing else is configured, by mode."""
Names: TypeAlias = tuple[StrictStr, ...]

Mode = Annotated[
    modes.Mode,
    BeforeValidator(
        lambda word: modes.OLDER_MODES.get(word, word) if isinstance(word, str) else word
    ),
]


def _feature_names(value: object) -> object:
    """Accept ``[plugin.features.name] enable = [...]`` for ``[plugin.features] name = [...]``."""
    return value["enable"] if isinstance(value, dict) and set(value) == {"enable"} else value


def _signature_word(value: object) -> object:
    """Accept true for ``require`` and false for ``off``."""
    if isinstance(value, bool):
        return "require" if value else "off"
    return value


class _Section(BaseModel):
    # Unknown keys of a file are taken out, with a warning, before; in code they are a mistake.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timeouts(_Section):
    """How long things may take, in milliseconds."""

    info_ms: Ms = 500
    actionable_ms: Ms = 5000
    permission_ms: Ms = 3600 * 1000
    grace_ms: Ms = 250
    """How long an entry into JavaScript may stay busy after its own deadline before it is hung."""
    max_busy_ms: Ms = 5000
    """How long one entry into JavaScript may be busy, whatever it is."""
    approval_ms: Ms = 25_000
    """How long a person's answer is waited for, where the calling agent allows as much."""


class Limits(_Section):
    """What one worker, and the host for one plugin, may use. Sizes are in bytes."""

    heap_bytes: Annotated[StrictInt, Field(ge=4 * _MIB, le=4096 * _MIB)] = 64 * _MIB
    """JavaScript heap. The engine itself is not safe below 4 MiB."""
    data_bytes: Annotated[StrictInt, Field(ge=16 * _MIB, le=8192 * _MIB)] = 128 * _MIB
    """RLIMIT_DATA of the worker."""
    niceness: Annotated[StrictInt, Field(ge=0, le=19)] = 10
    """Of the worker, relative to the host; its weight in a cgroup follows from it."""
    descriptors: Annotated[StrictInt, Field(ge=5, le=64)] = 5
    """RLIMIT_NOFILE of the worker. Its channel takes the numbers up to 4."""
    max_inflight: Annotated[StrictInt, Field(gt=0, le=1024)] = 32
    """Calls that one instance may have in flight."""
    info_queue: Count = 256
    """Info events that wait for a worker which is restarting."""
    audit_entries: Count = 1000
    max_sessions: Annotated[StrictInt, Field(gt=0, le=4096)] = 64
    """Instances of one plugin with scope ``session``."""
    kv_bytes: Annotated[StrictInt, Field(ge=0, le=1024 * _MIB)] = 4 * _MIB
    frame_bytes: Annotated[StrictInt, Field(ge=64 * 1024, le=wire.MAX_FRAME_BYTES)] = (
        wire.MAX_FRAME_BYTES
    )
    payload_in_bytes: Annotated[StrictInt, Field(ge=1024, le=wire.MAX_PAYLOAD_IN_BYTES)] = (
        wire.MAX_PAYLOAD_IN_BYTES
    )
    payload_out_bytes: Annotated[StrictInt, Field(ge=1024, le=wire.MAX_PAYLOAD_OUT_BYTES)] = (
        wire.MAX_PAYLOAD_OUT_BYTES
    )
    log_bytes: Annotated[StrictInt, Field(ge=64, le=wire.MAX_LOG_BYTES)] = wire.MAX_LOG_BYTES
    logs_per_s: Annotated[StrictInt, Field(gt=0, le=4000)] = 200
    """Log lines that are passed on; a burst may be twice as many. The rest is counted and dropped."""
    max_hostcalls_per_sec: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = None
    """Hostcalls of one plugin; those of four seconds may come at once. None: by mode, HOSTCALLS_PER_S."""
    max_bytes_written: Annotated[StrictInt, Field(ge=0, le=1024 * 1024 * _MIB)] = 64 * _MIB
    """What one plugin may write within an hour, into files and its key-value store."""
    max_tool_duration_secs: Annotated[float, Field(gt=0, le=24 * 3600, strict=True)] = 60.0
    """How long a tool or a command may run, from the moment it is its turn."""
    load_busy_ms: Ms = 5000
    load_total_ms: Ms = 30_000


class Sandbox(_Section):
    """Which layers of isolation must hold for anything to start; an empty list is the operator's word that
    whatever holds will do."""

    require: tuple[LayerName, ...] = DEFAULT_REQUIRED
    cgroup: Literal["auto", "off"] | Annotated[StrictStr, Field(pattern="^/")] = "auto"
    """Where workers get control groups: in what this process was given, nowhere, or in a directory of cgroup2."""


class Preflight(_Section):
    """What the operator wants to hear of a plugin's code before it runs."""

    off: Names = ()
    """Rules (``policies/preflight.py``) without findings."""


class AuditOptions(_Section):
    """``[plugin.audit]``: what is kept of the audit on disk."""

    enable: StrictBool = True
    """False: the newest entries are in memory, and nothing is written."""
    path: StrictStr | None = None
    """None: ``audit/audit.jsonl`` beneath the home. ``JCODE_PLUGIN_AUDIT_PATH`` goes before."""
    max_bytes: Annotated[StrictInt, Field(ge=4096, le=1024 * _MIB)] = 16 * _MIB
    """Of one file; a full one is put aside and a new one begun."""
    max_files: Annotated[StrictInt, Field(ge=0, le=200)] = 16
    """Full files that are kept; the oldest goes first."""
    max_age_days: Annotated[StrictInt, Field(gt=0, le=36_500)] | None = 90
    """A file is put aside when its oldest line is of that age, and removed when its newest line is."""
    flush_ms: Annotated[StrictInt, Field(ge=0, le=60_000)] = 200
    """How long an entry that is not urgent may wait for others before all are written."""


class HttpOptions(_Section):
    """``[plugin.http]``: requests of plugins over the network. Sizes are in bytes."""

    proxy: Annotated[StrictStr, Field(pattern=r"^https?://[^/\s]+/?$")] | None = Field(
        default=None, repr=False
    )
    """``http://[user:password@]host:port`` through which all of them go; variables of the environment do not count."""
    ca_file: StrictStr | None = None
    """Certificates of authorities (PEM) that are trusted beside the system's."""
    max_body_bytes: Annotated[StrictInt, Field(ge=0, le=1024 * _MIB)] = 8 * _MIB
    """Of an answer that a plugin takes whole."""
    max_stream_bytes: Annotated[StrictInt, Field(ge=0, le=64 * 1024 * _MIB)] = 256 * _MIB
    """Of an answer that it reads as a stream."""
    max_time_ms: Ms = 300_000
    """From the request to the last byte."""
    max_open: Annotated[StrictInt, Field(gt=0, le=1024)] = 32
    """Requests of one worker that are not read to the end."""


class UiOptions(_Section):
    """``[plugin.ui]``: what plugins may show a person and ask them."""

    enable: StrictBool = True
    """False: no plugin has an interface, whoever attaches one."""
    dialog_secs: Annotated[StrictInt, Field(gt=0, le=24 * 3600)] = 600
    """How long dialogs may keep the deadline of one call waiting, all of them together."""


class InstallOptions(_Section):
    """``[plugin.install]``: how plugins come here."""

    registry: Annotated[StrictStr, Field(pattern=r"^https?://[^\s?#@]+$")] | None = None
    """Address of the npm registry. None: what npm itself is configured with."""


class DaemonOptions(_Section):
    """``[plugin.daemon]``: what ``jcode-plugin serve`` bears. Of the user's own file, read at its start."""

    max_connections: Annotated[StrictInt, Field(gt=0, le=10_000)] = 512
    max_calls: Annotated[StrictInt, Field(gt=0, le=100_000)] = 1024
    """Requests that are under way, of all connections."""
    max_calls_each: Annotated[StrictInt, Field(gt=0, le=10_000)] = 64
    """The same, of one connection."""
    max_projects: Annotated[StrictInt, Field(gt=0, le=10_000)] = 64
    """Workspaces: directories with their variables and switches."""
    line_ms: Ms = 10_000
    """From the first byte of a request to its end."""
    read_ms: Ms = 10_000
    """How long a client may leave its answers unread, once there are too many to keep."""
    idle_project_secs: Annotated[StrictInt, Field(gt=0, le=7 * 24 * 3600)] = 1800
    """After which a workspace that nobody uses is closed."""
    grace_ms: Ms = 5000
    """How long an ending daemon waits for what is under way."""
    elicit: StrictBool = False
    """Whether a client that calls a tool may be asked about that call itself, and its answer counts for this once."""


class PluginSource(BaseModel):
    """Where plugins come from; the keys beside ``type`` depend on it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: Literal["npm", "git", "file", "directory"]
    path: StrictStr | None = None
    """Of a file or a directory."""

    def spec_text(self) -> str | None:
        """Return how ``install`` is told of this package or repository; None when nothing is named."""
        keys, prefix, mark = _SPEC_KEYS[self.type]
        given = {key: value for key, value in (self.model_extra or {}).items() if value}
        whole = given.get("spec")
        if isinstance(whole, str):
            return whole
        named = next((given[key] for key in keys if isinstance(given.get(key), str)), None)
        if named is None:
            return None
        wanted = next((given[key] for key in _VERSION_KEYS if key in given), "")
        is_web = self.type == "git" and named.startswith(("https://", "http://"))
        known = f"git+{named}" if is_web else named if ":" in named else f"{prefix}{named}"
        return f"{known}{mark}{wanted}" if wanted else str(known)


_SPEC_KEYS: Final[Mapping[str, tuple[tuple[str, ...], str, str]]] = {
    "npm": (("name", "package"), "npm:", "@"),
    "git": (("url", "repository", "repo"), "git:", "#"),
    "file": ((), "", ""),
    "directory": ((), "", ""),
}
"""By type: the keys that name the thing, what its spec begins with, and what goes before its version."""
_VERSION_KEYS: Final = ("version", "ref", "revision")


class PluginOptions(_Section):
    """``[plugin.plugins."name"]``: what the operator says about one plugin."""

    enable: StrictBool = True
    trusted: StrictBool = False
    """Nothing that preflight finds keeps it from running."""
    timeout_ms: Ms | None = None
    limits: Limits = Limits()
    allow: dict[Kind, Names] = {}
    deny: dict[Kind, Names] = {}
    scope: Literal["project", "session", "global"] | None = None
    ui: StrictBool = True
    """False: it shows and asks nothing."""


class Config(_Section):
    """The configuration of one host. Every field has a default; construct it in code or load it."""

    enable: StrictBool | Names = True
    """False: no plugin runs; a list: only these do."""
    disable: Names = ()
    mode: Mode | None = None
    """None: ``prompt`` with an approver, else ``strict``."""
    global_default: Literal["deny", "allow", "ask"] | None = None
    permission_mode: PermissionMode = "default"
    remember_days: Annotated[StrictInt, Field(ge=0, le=3650)] = 30
    """How long an "always" to a question holds; 0: nothing is remembered."""
    fail_closed: StrictBool = False
    dispatch: Literal["parallel", "chain"] = "parallel"
    skip_hooks: StrictBool = False
    force_deny: StrictBool = False
    profile: Literal["standard", "hardened"] = "standard"
    require_signature: Annotated[SignatureWord, BeforeValidator(_signature_word)] = "off"
    trusted_keys: dict[StrictStr, KeyOptions] = {}
    sources: tuple[PluginSource, ...] = ()
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    sandbox: Sandbox = Sandbox()
    preflight: Preflight = Preflight()
    audit: AuditOptions = AuditOptions()
    http: HttpOptions = HttpOptions()
    daemon: DaemonOptions = DaemonOptions()
    ui: UiOptions = UiOptions()
    install: InstallOptions = InstallOptions()
    approval: dict[StrictStr, OverrideWord] = {}
    allow: dict[Kind, Names] = {}
    deny: dict[Kind, Names] = {}
    kill: dict[StrictStr, StrictBool] = {}
    settings: dict[StrictStr, dict[StrictStr, JsonValue]] = Field(default={}, repr=False)
    """By plugin. Not shown: which of them are secrets only the plugins' manifests tell."""
    features: dict[StrictStr, Annotated[Names, BeforeValidator(_feature_names)]] = {}
    plugins: dict[StrictStr, PluginOptions] = {}

    @model_validator(mode="before")
    @classmethod
    def _hardened_fails_closed(cls, given: object) -> object:
        """A guard that does not answer is a veto there, whatever else is written."""
        if isinstance(given, dict) and given.get("profile") == "hardened":
            return given | {"fail_closed": True}
        return given

    _warnings: tuple[str, ...] = PrivateAttr(default=())
    _places: Mapping[Where, Source] = PrivateAttr(default_factory=dict)
    _caps_ms: Mapping[EventClass, int] = PrivateAttr(default_factory=dict)
    _ceiling: "Config | None" = PrivateAttr(default=None)
    _plugin_dir: Path | None = PrivateAttr(default=None)
    _files: Files | None = PrivateAttr(default=None)

    def told(self, places: Mapping[Where, Source], warnings: tuple[str, ...]) -> Self:
        """Return the same configuration that knows where its values are written, and what was odd there."""
        copy = self.model_copy()
        copy._places, copy._warnings = dict(places), warnings  # noqa: SLF001 - of this class
        return copy

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was ignored in the file, a line each, with its place."""
        return self._warnings

    @property
    def places(self) -> Mapping[Where, Source]:
        """Where each value is written: by its keys, a pattern of a list by its keys and itself."""
        return self._places

    def source_of(self, *where: str) -> Source:
        """Return where a value is written; what was made in code comes from the embedding program."""
        for end in range(len(where), 0, -1):
            if (found := self._places.get(where[:end])) is not None:
                return found
        return Source("api")

    def rules(
        self, verdict: Literal["allow", "deny"], plugin: str | None = None
    ) -> tuple[Rule, ...]:
        """Return the rules of ``[plugin.allow]`` or ``[plugin.deny]``, or of one *plugin*'s own table.

        Each carries where it is written, for example ``Source("file", "/home/ada/.jcode/config.toml:14")``.
        """
        if plugin is None:
            where: tuple[str, ...] = (verdict,)
            lists = self.allow if verdict == "allow" else self.deny
        else:
            options = self.plugins.get(plugin, _NO_OPTIONS)
            lists = options.allow if verdict == "allow" else options.deny
            where = ("plugins", plugin, verdict)
        return tuple(
            Rule(kind, pattern, self.source_of(*where, kind, pattern))
            for kind, patterns in lists.items()
            for pattern in patterns
        )

    def keys(self) -> dict[str, TrustedKey]:
        """Return the keys of ``[plugin.trusted_keys]``, by id."""
        return keys_of(self.trusted_keys)

    @property
    def plugin_dir(self) -> Path | None:
        """Where the user puts plugins to have them loaded; None for a configuration that was made in code."""
        return self._plugin_dir

    def looking_in(self, plugin_dir: Path) -> Self:
        """Return the same configuration with another plugin directory."""
        copy = self.model_copy()
        copy._plugin_dir = plugin_dir  # noqa: SLF001 - of this class
        return copy

    @property
    def files(self) -> Files | None:
        """What it was read from; None for a configuration that was made in code."""
        return self._files

    def read_from(self, files: Files) -> Self:
        """Return the same configuration that knows its files."""
        copy = self.model_copy()
        copy._files = files  # noqa: SLF001 - of this class
        return copy

    @property
    def ceiling(self) -> "Config | None":
        """What this is within: the operator's of the machine, if there is one."""
        return self._ceiling

    def within(self, ceiling: "Config") -> Self:
        """Return the same configuration that remembers *ceiling*."""
        copy = self.model_copy()
        copy._ceiling = ceiling  # noqa: SLF001 - of this class
        return copy

    def capped(self, timeouts: Timeouts) -> Self:
        """Return the same configuration in which no plugin's own deadline exceeds what *timeouts* says."""
        caps = dict(self._caps_ms)
        for of_class in EventClass:
            key = f"{of_class.value}_ms"
            if key in timeouts.model_fields_set:
                caps[of_class] = min(getattr(timeouts, key), caps.get(of_class, _DAY_MS))
        copy = self.model_copy()
        copy._caps_ms = caps  # noqa: SLF001 - of this class
        return copy

    def check_patterns(self) -> None:
        """Raise :class:`ConfigError` for a pattern of ``allow`` or ``deny`` that nobody can read, or no event has."""
        for plugin in (None, *self.plugins):
            for verdict in _VERDICTS:
                for rule in self.rules(verdict, plugin):
                    what = problem(rule.kind, rule.pattern)
                    if what is None and rule.kind == "events":
                        what = _no_event(rule.pattern.partition(":")[0])
                    if what is not None:
                        raise ConfigError(
                            f"{rule.source}: {verdict}.{rule.kind}: {rule.pattern[:60]!a}: {what}"
                        )

    def check_keys(self) -> None:
        """Raise :class:`ConfigError` for a trusted key that is none, or not the one that its id says."""
        check_keys(self.trusted_keys, self.source_of)

    def timeout_s(self, event: PluginEvent, plugin: str) -> float:
        """Return how long *plugin* may take over *event*, in seconds."""
        options = self.plugins.get(plugin)
        of_class = CLASS_OF[event]
        if options is not None and options.timeout_ms is not None:
            return min(options.timeout_ms, self._caps_ms.get(of_class, _DAY_MS)) / 1000
        match of_class:
            case EventClass.INFO:
                return self.timeouts.info_ms / 1000
            case EventClass.ACTIONABLE:
                return self.timeouts.actionable_ms / 1000
            case EventClass.PERMISSION:
                return self.timeouts.permission_ms / 1000

    def has_ui(self, plugin: str) -> bool:
        """Whether *plugin* may show something at an interface."""
        return self.ui.enable and self.plugins.get(plugin, _NO_OPTIONS).ui

    def limits_for(self, plugin: str) -> Limits:
        """Return the limits of *plugin*: its own where it has them, else the general ones."""
        options = self.plugins.get(plugin)
        if options is None or not options.limits.model_fields_set:
            return self.limits
        own = {name: getattr(options.limits, name) for name in options.limits.model_fields_set}
        return self.limits.model_copy(update=own)


_NO_OPTIONS: Final = PluginOptions()
_VERDICTS: Final[tuple[Literal["allow", "deny"], ...]] = ("allow", "deny")


def _no_event(pattern: str) -> str | None:
    """Say that *pattern* is the name of no event, misspelt as it may be; None when it is."""
    if any(fnmatchcase(name, pattern) for name in BY_NAME):
        return None
    near = difflib.get_close_matches(pattern[:100], BY_NAME, 1)
    return f"no event has that name{f'; did you mean {near[0]}?' if near else ''}"


_OF_ROOT: Final = frozenset({"uid", "namespaces", "empty_root"})
"""Layers that take a host which is root; the others any recent kernel gives to anyone."""


def required_layers(config: Config, *, is_root: bool, has_cgroups: bool) -> tuple[str, ...]:
    """Return the layers without which no worker of *config* runs, in the order of ``ipc/layers.py``.

    The profile ``hardened`` adds to ``sandbox.require`` all that can be had: what any recent kernel gives to
    anyone, what root has besides, and control groups where this process was given some to make.
    """
    named = set(config.sandbox.require)
    if config.profile == "hardened":
        named.update(
            layer
            for layer in LAYERS
            if (is_root or layer not in _OF_ROOT) and (has_cgroups or layer != "cgroup")
        )
    return tuple(layer for layer in LAYERS if layer in named)
