"""What the daemon answers, as values. The fields are those of the command line's ``--json``."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jcode_plugins.wire import Json, JsonObject


class _Answer:
    """The fields of one JSON object; one that a daemon does not send is None."""

    __slots__: "tuple[str, ...]" = ()
    _fields: "tuple[str, ...]" = ()

    def __init_subclass__(cls) -> None:
        cls._fields = (*cls._fields, *cls.__slots__)

    def __init__(self, answer: "JsonObject") -> None:
        for name in self._fields:
            setattr(self, name, answer.get(name))

    def to_json(self) -> "JsonObject":
        """Return the object that it was made of, without fields that are unknown here."""
        return {name: _plain(getattr(self, name)) for name in self._fields}

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(
            getattr(self, name) == getattr(other, name) for name in self._fields
        )

    __hash__ = None  # type: ignore[assignment]  # it holds lists and objects


def _plain(value: object) -> "Json":
    if isinstance(value, _Answer):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value  # type: ignore[return-value]  # it came from JSON


def _objects(answer: "JsonObject", name: str) -> "list[JsonObject]":
    """The objects of the list *name*; none when there is no such list."""
    found = answer.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class PluginResult(_Answer):
    """What one plugin made of an event; ``status`` is ``answered`` or why it is not."""

    __slots__ = ("action", "elapsed_ms", "error", "output", "plugin", "status")
    plugin: str
    status: str
    action: str
    output: "JsonObject"
    error: str | None
    elapsed_ms: float


class Outcome(_Answer):
    """What an agent acts on: ``action`` is continue, block, allow, deny or ask; ``output`` holds what is changed."""

    __slots__ = (
        "action",
        "blocked_by",
        "conflicts",
        "elapsed_ms",
        "event",
        "generation",
        "output",
        "reason",
        "results",
    )
    event: str
    action: str
    output: "JsonObject"
    blocked_by: str | None
    reason: str | None
    results: tuple[PluginResult, ...]
    conflicts: "list[JsonObject]"
    generation: int
    elapsed_ms: float

    def __init__(self, answer: "JsonObject") -> None:
        super().__init__(answer)
        self.results = tuple(PluginResult(one) for one in _objects(answer, "results"))

    @property
    def blocked(self) -> bool:
        """Whether the agent must not go on: blocked, denied or prevented."""
        return self.action in ("block", "deny")


class ToolResult(_Answer):
    """How a call of a tool or a command ended. ``ok`` false: ``error`` says why, ``status`` is ``blocked`` for a refusal."""

    __slots__ = (
        "code",
        "content",
        "details",
        "elapsed_ms",
        "error",
        "images",
        "metadata",
        "ok",
        "output",
        "plugin",
        "status",
        "title",
        "tool",
    )
    ok: bool
    tool: str
    plugin: str
    output: "Json"
    content: "list[JsonObject]"
    title: str | None
    metadata: "Json"
    images: "list[Json]"
    details: "Json"
    error: str | None
    code: str | None
    status: str
    elapsed_ms: float


class ToolVerdict(_Answer):
    """Whether a tool may run. ``reason`` says of a refusal which rule it was and what to do about it."""

    __slots__ = (
        "allowed",
        "asked_ms",
        "code",
        "layer",
        "mode",
        "plugin",
        "reason",
        "source",
        "step",
        "tier",
        "tool",
    )
    allowed: bool
    tool: str
    plugin: str
    tier: str
    mode: str
    step: str
    code: str
    source: str
    layer: int | None
    reason: str | None
    asked_ms: float


class ToolInfo(_Answer):
    """A tool as an agent offers it; ``name`` is the public one, ``plugin_<name>``."""

    __slots__ = ("description", "name", "parameters", "plugin", "tier")
    name: str
    description: str
    tier: str
    plugin: str
    parameters: "JsonObject | None"


class PluginInfo(_Answer):
    """A loaded plugin, or one half of it. ``state``: active, starting, restarting, blocked, stopped, disabled, or waiting for
    an interface. ``kind``: server, tui or both; ``part``: which half this is; ``tui``: the TUI half beside a server half."""

    __slots__ = (
        "commands",
        "error",
        "events",
        "id",
        "kind",
        "load_ms",
        "name",
        "part",
        "path",
        "pids",
        "scope",
        "state",
        "tools",
        "tui",
        "version",
    )
    id: str
    name: str
    version: str
    path: str
    scope: str
    state: str
    error: str | None
    events: list[str]
    tools: list[str]
    commands: list[str]
    pids: list[int]
    load_ms: float
    kind: str
    part: str
    tui: "PluginInfo | None"

    def __init__(self, answer: "JsonObject") -> None:
        super().__init__(answer)
        half = answer.get("tui")
        self.tui = type(self)(half) if isinstance(half, dict) else None


class ServerEvent(_Answer):
    """Something that happened in the daemon. ``repeats``: so many of the same kind, plugin and code, of which this is
    the newest. ``dropped``: so many before it were left out, because they were not read fast enough."""

    __slots__ = (
        "code",
        "data",
        "detail",
        "dropped",
        "event",
        "kind",
        "plugin",
        "repeats",
        "seq",
        "time",
    )
    seq: int
    time: float
    kind: str
    plugin: str
    code: str
    detail: str | None
    event: str | None
    data: "JsonObject | None"
    repeats: int
    dropped: int


class InstanceInfo(_Answer):
    """A worker of a plugin, or the place of one. ``session`` is empty for one that serves a whole project; ``pid`` is None
    while there is no process. ``refused`` counts hostcalls that were not allowed."""

    __slots__ = ("hostcalls", "pid", "refused", "restarts", "session", "state")
    pid: int | None
    session: str
    state: str
    restarts: int
    hostcalls: int
    refused: int


class PluginOverview(PluginInfo):
    """A plugin with all that its operator looks at. Numbers are of the instances that are there now."""

    __slots__ = ("hostcalls", "instances", "last_error", "refused", "restarts")
    restarts: int
    hostcalls: int
    refused: int
    last_error: str | None
    instances: tuple[InstanceInfo, ...]

    def __init__(self, answer: "JsonObject") -> None:
        super().__init__(answer)
        self.instances = tuple(InstanceInfo(one) for one in _objects(answer, "instances"))


class ProjectInfo(_Answer):
    """A project of the daemon. Two of one directory differ in their clients' variables or switches."""

    __slots__ = ("cwd", "is_loading", "permission_mode", "plugins")
    cwd: str
    permission_mode: str
    is_loading: bool
    plugins: tuple[PluginOverview, ...]

    def __init__(self, answer: "JsonObject") -> None:
        super().__init__(answer)
        self.plugins = tuple(PluginOverview(one) for one in _objects(answer, "plugins"))


class LogLine(_Answer):
    """A line that a plugin logged. ``level``: debug, info, warn or error; ``at`` is in seconds since the epoch; ``project``
    is empty for a plugin of scope ``global``. ``dropped``: so many before it were left out, because they were not read
    fast enough."""

    __slots__ = ("at", "dropped", "level", "plugin", "project", "text")
    plugin: str
    level: str
    text: str
    at: float
    project: str
    dropped: int


class ExplainedStep(_Answer):
    """What one layer says to a request: ``verdict`` allow, deny, ask, or None where it has nothing to say. One of them
    decides."""

    __slots__ = ("decides", "layer", "name", "reason", "source", "verdict")
    layer: int
    name: str
    verdict: str | None
    reason: str
    source: str
    decides: bool


class CapabilityEntry(_Answer):
    """One rule about a plugin, in the order in which they are asked: the first with a ``verdict`` that covers a request
    decides it. ``within``: it counts only for what one of these patterns, which the manifest declares, covers too."""

    __slots__ = (
        "kind",
        "layer",
        "layer_name",
        "pattern",
        "reason",
        "source",
        "verdict",
        "within",
    )
    kind: str
    pattern: str
    verdict: str | None
    layer: int
    layer_name: str
    source: str
    reason: str
    within: list[str]


class Capabilities(_Answer):
    """What a plugin may do and why. ``declared`` is what its manifest asks for, None where it says nothing; ``rights`` by
    event: observe, veto, rewrite, decide; ``limits`` by name: ``value`` and what is ``told`` of it."""

    __slots__ = (
        "declared",
        "entries",
        "limits",
        "loaded",
        "mode",
        "mode_source",
        "permission_mode",
        "plugin",
        "rights",
        "tier",
        "tools",
    )
    plugin: str
    loaded: str
    mode: str
    mode_source: str
    permission_mode: str
    entries: tuple[CapabilityEntry, ...]
    declared: "list[JsonObject] | None"
    rights: "dict[str, list[str]]"
    tier: str | None
    tools: "list[JsonObject]"
    limits: "dict[str, JsonObject]"

    def __init__(self, answer: "JsonObject") -> None:
        super().__init__(answer)
        self.entries = tuple(CapabilityEntry(one) for one in _objects(answer, "entries"))


class Completion(_Answer):
    """One way to go on with a command: ``value`` takes the place of its arguments, ``label`` is shown."""

    __slots__ = ("description", "label", "value")
    value: str
    label: str
    description: str
