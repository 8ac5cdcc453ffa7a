"""The ``[plugin]`` table of ``config.toml``: its shape, its defaults, and how it is read.

Promises    What a :class:`Config` holds has been checked, and it never changes. A file that cannot be
            understood gives one line, ``path:line: what is wrong, what to do``. A key that is not
            known gives a warning with the nearest known one, except under ``allow`` and ``deny``:
            a denial that is misspelt must not pass for one.
Elsewhere   Kill switches of the environment and the ceiling of ``/etc/jcode`` are laid over this by
            their own modules; what a decision means is in ``policies``.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias, get_args

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
    ValidationError,
)

from host.errors import ConfigError
from host.events import CLASS_OF, EventClass, PluginEvent
from ipc import limits as wire
from ipc.layers import DEFAULT_REQUIRED, LAYERS, LayerName
from policies.capability import KINDS, Kind

_MIB: Final = 1024 * 1024

Ms = Annotated[StrictInt, Field(gt=0, le=24 * 3600 * 1000)]
"""Milliseconds, up to a day."""
Count = Annotated[StrictInt, Field(gt=0, le=1_000_000)]
Names: TypeAlias = tuple[StrictStr, ...]

_OLDER_MODES: Final = {"all": "strict", "trusted": "permissive", "none": "disabled"}
Mode = Annotated[
    Literal["strict", "prompt", "permissive", "disabled", "interactive"],
    BeforeValidator(
        lambda word: _OLDER_MODES.get(word, word) if isinstance(word, str) else word
    ),
]


def _feature_names(value: object) -> object:
    """Accept ``[plugin.features.name] enable = [...]`` for ``[plugin.features] name = [...]``."""
    return value["enable"] if isinstance(value, dict) and set(value) == {"enable"} else value


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


class Limits(_Section):
    """What one worker, and the host for one plugin, may use. Sizes are in bytes."""

    heap_bytes: Annotated[StrictInt, Field(ge=4 * _MIB, le=4096 * _MIB)] = 64 * _MIB
    """JavaScript heap. The engine itself is not safe below 4 MiB."""
    data_bytes: Annotated[StrictInt, Field(ge=16 * _MIB, le=8192 * _MIB)] = 128 * _MIB
    """RLIMIT_DATA of the worker."""
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
    load_busy_ms: Ms = 5000
    load_total_ms: Ms = 30_000


class Sandbox(_Section):
    """Which layers of isolation must hold for anything to start; an empty list is the operator's word that
    whatever holds will do."""

    require: tuple[LayerName, ...] = DEFAULT_REQUIRED


class Source(BaseModel):
    """Where plugins come from; the keys beside ``type`` depend on it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: Literal["npm", "git", "file", "directory"]
    path: StrictStr | None = None
    """Of a file or a directory."""


class PluginOptions(_Section):
    """``[plugin.plugins."name"]``: what the operator says about one plugin."""

    enable: StrictBool = True
    timeout_ms: Ms | None = None
    limits: Limits = Limits()
    allow: dict[Kind, Names] = {}
    deny: dict[Kind, Names] = {}
    scope: Literal["project", "session", "global"] | None = None


class Config(_Section):
    """The configuration of one host. Every field has a default; construct it in code or load it."""

    enable: StrictBool | Names = True
    """False: no plugin runs; a list: only these do."""
    disable: Names = ()
    mode: Mode | None = None
    """None: ``prompt`` with an approver, else ``strict``."""
    global_default: Literal["deny", "allow", "ask"] | None = None
    permission_mode: Literal[
        "default", "plan", "accept_edits", "bypass_permissions", "dont_ask", "auto"
    ] = "default"
    fail_closed: StrictBool = False
    dispatch: Literal["parallel", "chain"] = "parallel"
    skip_hooks: StrictBool = False
    force_deny: StrictBool = False
    profile: Literal["standard", "hardened"] = "standard"
    require_signature: StrictBool = False
    sources: tuple[Source, ...] = ()
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    sandbox: Sandbox = Sandbox()
    approval: dict[StrictStr, Literal["allow", "deny", "prompt"]] = {}
    allow: dict[Kind, Names] = {}
    deny: dict[Kind, Names] = {}
    kill: dict[StrictStr, StrictBool] = {}
    settings: dict[StrictStr, dict[StrictStr, JsonValue]] = {}
    features: dict[StrictStr, Annotated[Names, BeforeValidator(_feature_names)]] = {}
    plugins: dict[StrictStr, PluginOptions] = {}

    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def load(cls, home: Path) -> Self:
        """Read ``home/config.toml``; a file that does not exist gives the defaults.

        Raises :class:`ConfigError` with one line. What is only odd is in :attr:`warnings`.
        """
        path = home / "config.toml"
        try:
            text = path.read_bytes().decode()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise ConfigError(
                f"{path}: cannot be read ({error.strerror}); make it a readable file or remove it"
            ) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError(f"{path}:{line}: not UTF-8 text; save it as UTF-8") from error
        return cls._parse(path, text)

    @classmethod
    def _parse(cls, path: Path, text: str) -> Self:
        lines = _Lines(text)
        name, table = _plugin_table(path, text, lines)
        if table is None:
            return cls()
        warnings = [
            f"{path}:{lines.find((name, *where))}: {what}"
            for where, what in _take_unknown(cls, table, ())
        ]
        try:
            config = cls.model_validate(table)
        except ValidationError as error:
            where, what = _first_error(error)
            key = ".".join(str(part) for part in (name, *where))
            at = lines.find((name, *where))
            raise ConfigError(f"{path}:{at}: {key}: {what}") from error
        config._warnings = tuple(warnings)  # noqa: SLF001 - a classmethod of the same class
        return config

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was ignored in the file, a line each, with its place."""
        return self._warnings

    def timeout_s(self, event: PluginEvent, plugin: str) -> float:
        """Return how long *plugin* may take over *event*, in seconds."""
        options = self.plugins.get(plugin)
        if options is not None and options.timeout_ms is not None:
            return options.timeout_ms / 1000
        match CLASS_OF[event]:
            case EventClass.INFO:
                return self.timeouts.info_ms / 1000
            case EventClass.ACTIONABLE:
                return self.timeouts.actionable_ms / 1000
            case EventClass.PERMISSION:
                return self.timeouts.permission_ms / 1000

    def limits_for(self, plugin: str) -> Limits:
        """Return the limits of *plugin*: its own where it has them, else the general ones."""
        options = self.plugins.get(plugin)
        if options is None or not options.limits.model_fields_set:
            return self.limits
        own = {name: getattr(options.limits, name) for name in options.limits.model_fields_set}
        return self.limits.model_copy(update=own)


def jcode_home(env: Mapping[str, str]) -> Path:
    """Return where our state lives: ``JCODE_HOME``, or ``.jcode`` in the home directory."""
    given = env.get("JCODE_HOME")
    if given:
        return Path(given).expanduser().absolute()
    home = env.get("HOME")
    return (Path(home) if home else Path.home()) / ".jcode"


def _plugin_table(
    path: Path, text: str, lines: "_Lines"
) -> tuple[str, dict[str, object] | None]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # "... (at line 3, column 7)", or "(at end of document)"
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        what = found[1] if found else str(error).removesuffix(" (at end of document)")
        place = f"{found[2]}:{found[3]}" if found else str(text.count("\n") + 1)
        raise ConfigError(f"{path}:{place}: not TOML: {what}; correct this line") from error
    if "plugin" in document and "plugins" in document:
        here, there = lines.find(("plugin",)), lines.find(("plugins",))
        raise ConfigError(
            f"{path}:{max(here, there)}: both [plugin] (line {here}) and [plugins] (line {there}); "
            "put everything under [plugin]"
        )
    name = "plugins" if "plugins" in document else "plugin"
    table: object = document.get(name)
    if table is not None and not isinstance(table, dict):
        raise ConfigError(
            f"{path}:{lines.find((name,))}: {name} must be a table; write [plugin] on its own line"
        )
    return name, table


_Where: TypeAlias = tuple[str | int, ...]


def _take_unknown(
    model: type[BaseModel], table: dict[str, object], where: _Where
) -> Iterator[tuple[_Where, str]]:
    """Remove keys of *table* that *model* does not have, and say which they were."""
    for key in list(table):
        known = model.model_fields.get(key)
        if known is None:
            if model.model_config.get("extra") != "allow":
                del table[key]
                near = difflib.get_close_matches(key, model.model_fields, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield (*where, key), f"unknown key {key!r} is ignored{hint}"
            continue
        inner = _model_within(known.annotation)
        value = table[key]
        if inner is None:
            continue
        if isinstance(value, list):
            parts: list[tuple[_Where, object]] = [
                ((*where, key, at), part) for at, part in enumerate(value)
            ]
        elif isinstance(value, dict) and known.annotation is not inner:
            parts = [((*where, key, name), part) for name, part in value.items()]
        else:
            parts = [((*where, key), value)]
        for place, part in parts:
            if isinstance(part, dict):
                yield from _take_unknown(inner, part, place)


def _model_within(annotation: object) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _first_error(error: ValidationError) -> tuple[_Where, str]:
    """Return where the first error is, and what it is and what to do, in one line."""
    details = error.errors(include_url=False)[0]
    where = details["loc"]
    kind = details["type"]
    if where and where[-1] == "[key]":  # a key of allow or deny that is no kind of capability
        where = where[:-1]
        known = KINDS
        near = difflib.get_close_matches(str(where[-1]), known, 1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        return where, f"no such kind of capability; {hint}"
    # Where a field has two shapes, pydantic names the shape it tried; the file has no such key.
    where = tuple(part for part in where if part not in _SHAPES)
    if kind == "missing":
        return where[:-1], f"{where[-1]} is missing; add it"
    what = details["msg"].removeprefix("Input ").replace("\n", " ")
    given = details["input"]
    shown = "a table" if isinstance(given, dict) else ascii(given)
    return where, f"{what}, not {shown if len(shown) <= 60 else shown[:60] + '...'}; correct it"


_OF_THE_SYSTEM: Final = frozenset({"namespaces", "empty_root", "uid"})
"""Layers that take a host which is root; the others any recent kernel gives to anyone."""


def required_layers(config: Config) -> tuple[str, ...]:
    """Return the layers without which no worker of *config* runs, in the order of ``ipc/layers.py``.

    The profile ``hardened`` adds to ``sandbox.require`` all that a kernel gives without privileges.
    """
    named = set(config.sandbox.require)
    if config.profile == "hardened":
        named.update(layer for layer in LAYERS if layer not in _OF_THE_SYSTEM)
    return tuple(layer for layer in LAYERS if layer in named)


_SHAPES: Final = frozenset({"bool", "tuple[StrictStr, ...]", "tuple[str, ...]"})


class _Lines:
    """Finds the line of a key. tomllib keeps no positions, so the text is scanned once more."""

    _KEY: Final = re.compile(
        r"""\s*((?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
        r"""(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'))*)\s*="""
    )
    _HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]=]+?)\s*\]\]?\s*(?:#.*)?")

    def __init__(self, text: str) -> None:
        self._places: list[tuple[_Where, int]] = []
        table: _Where = ()
        counts: dict[_Where, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            header = self._HEADER.fullmatch(line)
            if header is not None:
                table = self._keys(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                self._places.append((table, number))
            elif (found := self._KEY.match(line)) is not None:
                self._places.append(((*table, *self._keys(found[1])), number))

    def find(self, where: _Where) -> int:
        """Return the line that says the most of *where*, or 1."""
        best, at = 0, 1
        for place, number in self._places:
            shared = 0
            while shared < min(len(place), len(where)) and place[shared] == where[shared]:
                shared += 1
            # A whole key first; a table that only leads to it is second best.
            score = 2 * shared + (shared == len(place))
            if shared and score > best:
                best, at = score, number
        return at

    @staticmethod
    def _keys(dotted: str) -> _Where:
        try:
            level: object = tomllib.loads(f"{dotted}=0")
        except tomllib.TOMLDecodeError:  # a line inside a multi-line text that looks like a key
            return ()
        keys: list[str] = []
        while isinstance(level, dict):
            key, level = next(iter(level.items()))
            keys.append(key)
        return tuple(keys)
