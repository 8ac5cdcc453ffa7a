"""What the daemon answers, as values. The fields are those of the command line's ``--json``."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jcode_plugins.wire import Json, JsonObject


class _Answer:
    """The fields of one JSON object; one that a daemon does not send is None."""

    __slots__: "tuple[str, ...]" = ()

    def __init__(self, answer: "JsonObject") -> None:
        for name in self.__slots__:
            setattr(self, name, answer.get(name))

    def to_json(self) -> "JsonObject":
        """Return the object that it was made of, without fields that are unknown here."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    __hash__ = None  # type: ignore[assignment]  # it holds lists and objects


def _plain(value: object) -> "Json":
    if isinstance(value, _Answer):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value  # type: ignore[return-value]  # it came from JSON


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
        found = answer.get("results")
        results = found if isinstance(found, list) else []
        self.results = tuple(PluginResult(one) for one in results if isinstance(one, dict))

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
    """A loaded plugin. ``state``: active, starting, restarting, blocked, stopped or disabled."""

    __slots__ = (
        "commands",
        "error",
        "events",
        "id",
        "load_ms",
        "name",
        "path",
        "pids",
        "scope",
        "state",
        "tools",
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


class ServerEvent(_Answer):
    """Something that happened in the daemon. ``repeats``: so many of the same kind, plugin and code, of which this is
    the newest. ``dropped``: so many before it were left out, because they were not read fast enough."""

    __slots__ = (
        "code",
        "data",
        "detail",
        "dropped",
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
    data: "JsonObject | None"
    repeats: int
    dropped: int
