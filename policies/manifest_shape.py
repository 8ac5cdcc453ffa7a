"""The shape of a manifest in its file. Nothing but types and bounds; what they mean is in ``manifest.py``."""

from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)

from policies.gate import Tier

MAX_EACH: Final = 1000
MAX_SETTINGS: Final = 200

Text = Annotated[StrictStr, Field(max_length=10_000)]
Word = Annotated[StrictStr, Field(min_length=1, max_length=1024)]
Words = Annotated[tuple[Word, ...], Field(max_length=MAX_EACH)]
ToolName = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$")]
Count = Annotated[StrictInt, Field(ge=0, le=2**53)]
Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]


def _all_or_none(given: object) -> object:
    """Accept ``true`` for everything and ``false`` for nothing."""
    if given is True:
        return ("*",)
    return () if given is False else given


WordsOrAll = Annotated[Words, BeforeValidator(_all_or_none)]


def _events(given: object) -> object:
    """Accept a list of events for their observation and veto."""
    if isinstance(given, list):
        if not all(isinstance(name, str) for name in given):
            raise ValueError(
                "must be an array of names of events, or an object of their rights"
            )
        return dict.fromkeys(given, ("observe", "veto"))
    return given


def _entry(given: object) -> object:
    return {"server": given} if isinstance(given, str) else given


def _named(given: object) -> object:
    """Accept ``{"name": ...}`` or ``{"url": ...}``, as npm does, for a text."""
    if isinstance(given, dict):
        return given.get("name", given.get("url", given))
    return given


def _approval(given: object) -> object:
    """Bring the three ways of writing an approval to one: a word by tool, ``*`` for all others."""
    if isinstance(given, str):
        return {"*": given}
    if isinstance(given, dict) and "kind" in given:
        kind, overrides = given["kind"], given.get("overrides", {})
        if kind == "per_tool":
            return overrides
        return {"*": kind}
    return given


def _choice(given: object) -> object:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise ValueError("must be a string or a number")  # noqa: TRY004 - pydantic takes no TypeError
    return given


# Not a union of the three: its errors would name the one that was tried as if it were a key.
Choice = Annotated[JsonValue, BeforeValidator(_choice)]


class _Shape(BaseModel):
    # What is not known stays at hand, to be named in a warning.
    model_config = ConfigDict(frozen=True, extra="allow")


Rights = Annotated[
    tuple[Literal["observe", "veto", "rewrite", "decide"], ...], Field(max_length=4)
]


class CapabilitiesShape(_Shape):
    """``capabilities``, and ``additional_capabilities`` of a feature. None is "not mentioned"."""

    fs_read: Words | None = None
    fs_write: Words | None = None
    http_hosts: WordsOrAll | None = None
    env_read: Words | None = None
    shell_commands: WordsOrAll | None = None
    requires_tools: Words = ()
    register_tools: WordsOrAll | None = None
    register_commands: WordsOrAll | None = None
    register_providers: WordsOrAll | None = None
    read_config: WordsOrAll | None = None
    write_config: WordsOrAll | None = None
    events: (
        Annotated[
            dict[Word, Rights],
            BeforeValidator(_events),
            Field(max_length=MAX_EACH),
        ]
        | None
    ) = None
    llm_access: WordsOrAll | None = None
    session_access: WordsOrAll | None = None
    max_hostcalls_per_sec: Count | None = None
    max_tool_duration_secs: Annotated[Number, Field(gt=0, le=24 * 3600)] | None = None
    max_bytes_written: Count | None = None


class EntryShape(_Shape):
    """``entry``: the main file, by where it runs."""

    server: Word | None = None
    tui: Word | None = None
    both: Word | None = None


class EnginesShape(_Shape):
    """``engines``; what other programs want is theirs."""

    jcode: Annotated[StrictStr, Field(max_length=200)] | None = None


class FeatureShape(_Shape):
    """One of ``features``."""

    description: Text = ""
    default: StrictBool = False
    entry: Word | None = None
    extensions: Annotated[Words, Field(max_length=20)] = ()
    """As oh-my-pi calls such files."""
    additional_capabilities: CapabilitiesShape | None = None


class SettingShape(_Shape):
    """One of ``settings``."""

    type: Literal["string", "number", "boolean", "enum", "array", "object"]
    description: Text = ""
    default: JsonValue = None
    secret: StrictBool = False
    env: Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None
    pattern: Annotated[StrictStr, Field(max_length=500)] | None = None
    max_length: Count | None = None
    min: Number | None = None
    max: Number | None = None
    step: Annotated[Number, Field(gt=0)] | None = None
    """For the widget of a front end; values between are fine."""
    values: Annotated[tuple[Choice, ...], Field(max_length=500)] = ()
    items: "SettingShape | None" = None
    properties: Annotated[dict[Word, "SettingShape"], Field(max_length=MAX_SETTINGS)] = {}
    required: StrictBool = False


class ManifestShape(_Shape):
    """A manifest of schema ``jcode-plugin.v2``."""

    schema_id: StrictStr | None = Field(default=None, alias="schema")
    name: Word | None = None
    package_name: Word | None = None
    version: Annotated[StrictStr, Field(min_length=1, max_length=64)] | None = None
    description: Text = ""
    author: Annotated[Text, BeforeValidator(_named)] = ""
    license: Annotated[Text, BeforeValidator(_named)] = ""
    kind: Literal["server", "tui", "both"] | None = None
    entry: Annotated[EntryShape, BeforeValidator(_entry)] = EntryShape()
    tier: Tier | None = None
    capabilities: CapabilitiesShape | None = None
    approval: Annotated[
        dict[
            Annotated[StrictStr, Field(pattern=r"^(\*|[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63})$")],
            Literal["read", "write", "exec", "deny", "prompt", "allow"],
        ],
        BeforeValidator(_approval),
        Field(max_length=MAX_EACH),
    ] = {}
    scope: Literal["project", "session", "global"] | None = None
    features: Annotated[dict[Word, FeatureShape], Field(max_length=MAX_SETTINGS)] = {}
    settings: Annotated[dict[Word, SettingShape], Field(max_length=MAX_SETTINGS)] = {}
    engines: EnginesShape = EnginesShape()
    provides_tools: Annotated[tuple[ToolName, ...], Field(max_length=MAX_EACH)] = ()
    icon: Text = ""
    homepage: Text = ""
    repository: Annotated[Text, BeforeValidator(_named)] = ""
    tags: Annotated[Words, Field(max_length=100)] = ()
