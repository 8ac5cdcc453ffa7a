"""A manifest as its author wrote it, to values: what it says, what of it counts, and where it errs.

Promises    An error is one line that names the file, the line and the way to the value. What is unknown or old is
            told as a warning and grants nothing: migration only ever narrows.
Elsewhere   The values and what they mean: ``manifest_values.py``. Settings: ``settings.py``.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ValidationError

from policies.decision import Rule, Source
from policies.gate import TIERS, Tier
from policies.json_text import Json, Place
from policies.manifest_shape import (
    CapabilitiesShape,
    FeatureShape,
    ManifestShape,
    SettingShape,
)
from policies.manifest_values import (
    SCHEMA_V1,
    SCHEMA_V2,
    Approval,
    AskOrDeny,
    Capabilities,
    Entry,
    Feature,
    Limits,
    Manifest,
    PluginKind,
    Setting,
)
from policies.names import CALL
from policies.plugin_name import RESERVED, slug
from policies.rules import problem
from policies.settings import check_setting

__all__ = ["LineOf", "Manifest", "ManifestError", "no_line", "parse_manifest"]

MAX_WARNINGS: Final = 50
_OLD_KEYS: Final = {"network": "http_hosts", "env_vars": "env_read", "shell": "shell_commands"}
_RIGHTS: Final = ("observe", "veto", "rewrite", "decide")
_LIST_KINDS: Final = {
    "fs_read": "fs_read",
    "fs_write": "fs_write",
    "http_hosts": "http_hosts",
    "env_read": "env",
    "shell_commands": "shell",
    "register_tools": "tools",
    "register_commands": "commands",
    "register_providers": "providers",
    "read_config": "config_read",
    "write_config": "config_write",
    "llm_access": "llm",
    "session_access": "session",
}
"""The key of a list and the kind of capability that its lines are rules of."""

KEYS: Final = frozenset(
    field.alias or name for name, field in ManifestShape.model_fields.items()
)
"""The keys that a manifest may have."""

LineOf = Callable[[Place], int | None]


class ManifestError(ValueError):
    """A manifest that cannot be used; the author acts. The text is one line."""

    def __init__(self, what: str, *, where: str, line: int | None, place: Place) -> None:
        self.what = what
        self.where = where
        self.line = line
        self.place = place
        self.told_place = _told(place)
        """The way to the value, as an author would write it."""
        at = where if line is None else f"{where}:{line}"
        super().__init__(f"{at}: {self.told_place}: {what}" if place else f"{at}: {what}")


def parse_manifest(
    raw: Json,
    *,
    where: str,
    line_of: LineOf | None = None,
    at: Place = (),
    schema: str = SCHEMA_V2,
    events: Mapping[str, str] | None = None,
) -> Manifest:
    """Return the manifest *raw*, which stands at the place *at* of the file *where*.

    *line_of* gives the line of a place in that file. *schema* is what a manifest without one has, which depends on
    where it stands. *events* are the names of events, each with its own spelling; without them none is checked.

    Raises :class:`ManifestError`.
    """
    return _Reader(where, line_of or no_line, at, events).read(raw, schema)


def no_line(_: Place) -> int | None:
    """Of a manifest whose text is not at hand."""
    return None


def _told(place: Place) -> str:
    """Return *place* as an author would write it: ``capabilities.fs_read[0]``."""
    told = ""
    for step in place:
        if isinstance(step, int):
            told += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum() and step.isascii():
            told += f".{step}" if told else step
        else:
            told += f"[{step[:100]!a}]"
    return told


class _Reader:
    """One manifest being read; collects its warnings."""

    def __init__(
        self, where: str, line_of: LineOf, at: Place, events: Mapping[str, str] | None
    ) -> None:
        self._where = where
        self._line_of = line_of
        self._at = at
        self._events = events
        self._warnings: list[str] = []
        self._written: dict[Place, Place] = {}
        """Where something stands that was moved by migration."""

    def read(self, raw: Json, schema: str) -> Manifest:
        if not isinstance(raw, dict):
            raise self._error((), "must be an object; correct it")
        stated = raw.get("schema")
        if stated is not None and stated not in (SCHEMA_V1, SCHEMA_V2):
            raise self._error(
                ("schema",), f"{str(stated)[:60]!a} is not known; write {SCHEMA_V2!r}"
            )
        is_old = (stated or schema) == SCHEMA_V1
        self._refuse_nul(raw)
        try:
            shape = ManifestShape.model_validate(self._migrate(raw, is_old=is_old))
        except ValidationError as error:
            place, what = _first_error(error)
            raise self._error(place, what) from None
        self._unknown(shape, ())
        tier = shape.tier
        if is_old:
            if tier != "exec":
                self._warn(
                    (), f"a manifest of schema {SCHEMA_V1}: every tool has tier exec; migrate"
                )
            tier = "exec"
        name, title = self._name(shape.name, "name")
        kind = self._kind(shape)
        package_name, _ = self._name(shape.package_name, "package_name")
        manifest = Manifest(
            where=self._where,
            schema=SCHEMA_V1 if is_old else SCHEMA_V2,
            name=name,
            title=title,
            package_name=package_name,
            version=shape.version,
            description=shape.description,
            author=shape.author,
            license=shape.license,
            kind=kind,
            entry=Entry(shape.entry.server, shape.entry.tui, shape.entry.both),
            tier=tier,
            capabilities=self._capabilities(shape.capabilities, ("capabilities",)),
            approval=self._approval(shape.approval),
            scope=shape.scope,
            features=tuple(self._feature(*item) for item in shape.features.items()),
            settings=tuple(
                self._setting(key, of, ("settings", key)) for key, of in shape.settings.items()
            ),
            engine=shape.engines.jcode,
            engine_line=self._line_of(self._place(("engines", "jcode"))),
            provides_tools=shape.provides_tools,
            icon=shape.icon,
            homepage=shape.homepage,
            repository=shape.repository,
            tags=shape.tags,
        )
        return replace(manifest, warnings=tuple(self._warnings))

    def _kind(self, shape: ManifestShape) -> PluginKind:
        """Return which halves there are: what ``kind`` says, else what ``entry`` names."""
        entry = shape.entry
        if shape.kind is None:
            if entry.both is not None or (entry.tui is not None and entry.server is not None):
                return "both"
            return "server" if entry.tui is None else "tui"
        if shape.kind == "server" and entry.tui is not None:
            self._warn(
                ("entry", "tui"),
                "it is of kind server, and this file is not run; kind both runs it",
            )
        if shape.kind == "tui" and entry.server is not None and entry.tui is not None:
            self._warn(
                ("entry", "server"),
                "it is of kind tui, and this file is not run; kind both runs it",
            )
        return shape.kind

    # ---- messages ------------------------------------------------------------------------------------------

    def _place(self, place: Place) -> Place:
        for length in range(len(place), 0, -1):
            moved = self._written.get(place[:length])
            if moved is not None:
                return (*self._at, *moved, *place[length:])
        return (*self._at, *place)

    def _error(self, place: Place, what: str) -> ManifestError:
        full = self._place(place)
        return ManifestError(what, where=self._where, line=self._line_of(full), place=full)

    def _warn(self, place: Place, what: str) -> None:
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings.append(str(self._error(place, what)))

    def _warn_near(self, place: Place, what: str, given: str, known: Iterable[str]) -> None:
        """Warn about *given*, and name the nearest of *known*; for as long as warnings are told at all."""
        if len(self._warnings) < MAX_WARNINGS:
            near = difflib.get_close_matches(given[:100], known, 1)
            self._warn(place, f"{what}; did you mean {near[0]}?" if near else what)

    def _source(self, place: Place) -> Source:
        line = self._line_of(self._place(place))
        return Source("manifest", self._where if line is None else f"{self._where}:{line}")

    def _unknown(self, model: BaseModel, place: Place) -> None:
        for key in model.model_extra or {}:
            self._warn_near(
                (*place, key), "unknown key is ignored", key, type(model).model_fields
            )
        for name in type(model).model_fields:
            value: object = getattr(model, name)
            parts: Iterable[tuple[Place, object]] = ()
            if isinstance(value, Mapping):
                parts = (((*place, name, str(key)), part) for key, part in value.items())
            elif isinstance(value, BaseModel):
                parts = (((*place, name), value),)
            for where, part in parts:
                if isinstance(part, BaseModel):
                    self._unknown(part, where)

    def _refuse_nul(self, raw: Json) -> None:
        waiting: list[tuple[Place, Json]] = [((), raw)]
        while waiting:
            place, value = waiting.pop()
            if isinstance(value, str) and "\0" in value:
                raise self._error(place, "holds a NUL character; take it out")
            if isinstance(value, dict):
                if any("\0" in key for key in value):
                    raise self._error(place, "has a key with a NUL character; take it out")
                waiting.extend(((*place, key), part) for key, part in value.items())
            elif isinstance(value, list):
                waiting.extend(((*place, at), part) for at, part in enumerate(value))

    # ---- parts ---------------------------------------------------------------------------------------------

    def _migrate(self, raw: dict[str, Json], *, is_old: bool) -> dict[str, Json]:
        """Give old keys their new names. Where both are there the new one holds, never the union."""
        new = dict(raw)
        new["capabilities"] = self._renamed(raw.get("capabilities"), ("capabilities",), is_old)
        features = raw.get("features")
        if isinstance(features, dict):
            new["features"] = {
                name: {
                    **feature,
                    "additional_capabilities": self._renamed(
                        feature.get("additional_capabilities"),
                        ("features", name, "additional_capabilities"),
                        is_old,
                    ),
                }
                if isinstance(feature, dict)
                else feature
                for name, feature in features.items()
            }
        return new

    def _renamed(self, caps: Json, place: Place, is_old: bool) -> Json:
        if not isinstance(caps, dict):
            return caps
        new = dict(caps)
        for old, name in _OLD_KEYS.items():
            if old not in caps:
                continue
            value = new.pop(old)
            if name in caps:
                self._warn((*place, old), f"{name} stands beside it and is what counts")
                continue
            if not is_old:
                self._warn((*place, old), f"an older name of {name}; write {name}")
            self._written[(*place, name)] = (*place, old)
            new[name] = value
        events = caps.get("events")
        for at, event in enumerate(events) if isinstance(events, list) else ():
            if isinstance(event, str):
                self._written[(*place, "events", event)] = (*place, "events", at)
        return new

    def _name(self, given: str | None, key: str) -> tuple[str | None, str | None]:
        if given is None:
            return None, None
        name = slug(given)
        if name == RESERVED:
            raise self._error(
                (key,), f"the name {RESERVED} stands for every plugin; choose another"
            )
        if not name:
            raise self._error((key,), f"{given[:60]!a} has no letter that a name may have")
        if name != given and key == "package_name":
            self._warn((key,), f"names are of a-z 0-9 @ / . _ -; it is called {name}")
        return name, given

    def _capabilities(
        self, shape: CapabilitiesShape | None, place: Place
    ) -> Capabilities | None:
        if shape is None:
            return None
        rules: list[Rule] = []
        kinds: set[str] = set()
        for key, kind in _LIST_KINDS.items():
            listed: object = getattr(shape, key)
            if not isinstance(listed, tuple):
                continue
            kinds.add(kind)
            for at, item in enumerate(listed):
                wrong = problem(kind, str(item))
                if wrong is not None:
                    self._warn((*place, key, at), f"grants nothing: {wrong}")
                rules.append(Rule(kind, str(item), self._source((*place, key, at))))
        for at, tool in enumerate(shape.requires_tools):
            # Of the kind that registers tools, too, of which nothing is said by this.
            source = self._source((*place, "requires_tools", at))
            rules.append(Rule("tools", f"{tool}{CALL}", source))
        if shape.events is not None:
            kinds.add("events")
            rules += self._events_rules(shape.events, (*place, "events"))
        return Capabilities(
            tuple(rules),
            frozenset(kinds),
            shape.requires_tools,
            Limits(
                shape.max_hostcalls_per_sec,
                shape.max_tool_duration_secs,
                shape.max_bytes_written,
            ),
        )

    def _events_rules(
        self, events: Mapping[str, tuple[str, ...]], place: Place
    ) -> Iterable[Rule]:
        for given, rights in events.items():
            name = given
            if self._events is not None:
                known = self._events.get(given)
                if known is None:
                    told = f"no event {given[:60]!a}; ignored"
                    self._warn_near((*place, given), told, given, self._events)
                    continue
                name = known
            source = self._source((*place, given))
            for right in _RIGHTS:
                if right in rights or right == "observe":
                    yield Rule("events", f"{name}:{right}", source)

    def _approval(self, given: Mapping[str, str]) -> Approval:
        tiers: dict[str, Tier] = {}
        tools: dict[str, AskOrDeny] = {}
        default: AskOrDeny | None = None
        for tool, word in given.items():
            tier = next((tier for tier in TIERS if tier == word), None)
            if tier is not None and tool != "*":
                tiers[tool] = tier
            elif word in ("prompt", "deny"):
                said: AskOrDeny = "deny" if word == "deny" else "prompt"
                if tool == "*":
                    default = said
                else:
                    tools[tool] = said
            else:
                self._warn(
                    ("approval",), "a manifest cannot approve its own calls; it is ignored"
                )
        return Approval(default, MappingProxyType(tiers), MappingProxyType(tools))

    def _feature(self, name: str, shape: FeatureShape) -> Feature:
        place = ("features", name, "additional_capabilities")
        return Feature(
            name,
            shape.description,
            shape.default,
            (shape.entry, *shape.extensions) if shape.entry is not None else shape.extensions,
            self._capabilities(shape.additional_capabilities, place) or Capabilities(),
        )

    def _setting(self, key: str, shape: SettingShape, place: Place) -> Setting:
        made = Setting(
            key,
            shape.type,
            shape.description,
            shape.default,
            shape.secret,
            shape.env,
            shape.pattern,
            shape.max_length,
            shape.min,
            shape.max,
            tuple(one for one in shape.values if isinstance(one, (str, int, float))),
            None if shape.items is None else self._setting("", shape.items, (*place, "items")),
            tuple(
                self._setting(name, of, (*place, "properties", name))
                for name, of in shape.properties.items()
            ),
            shape.required,
            self._source(place),
        )
        wrong = check_setting(made, is_inner=len(place) > 2)
        if wrong is not None:
            step, what = wrong
            raise self._error((*place, step), what)
        return made


def _first_error(error: ValidationError) -> tuple[Place, str]:
    details = error.errors(include_url=False)[0]
    place: Place = details["loc"]
    if place and place[-1] == "[key]":
        return place[:-1], "a key that cannot be used; rename it"
    if details["type"] == "missing":
        return place[:-1], f"{place[-1]} is missing; add it"
    given: object = details["input"]
    limit = details.get("ctx", {}).get("max_length")
    match details["type"]:
        case "string_too_short":
            return place, "must not be empty; correct it"
        case "string_too_long":
            return place, f"has more than {limit} characters; shorten it"
        case "too_long":
            return place, f"has more than {limit} entries; shorten it"
        case kind:
            what = _WORDS.get(kind) or details["msg"].splitlines()[0]
    what = what.removeprefix("Value error, ").replace("Input should be", "must be")
    is_array = isinstance(given, (list, tuple))
    shown = (
        "an object"
        if isinstance(given, dict)
        else "an array"
        if is_array
        else ascii(given)[:60]
    )
    return place, f"{what}, not {shown}; correct it"


_WORDS: Final = {
    "string_type": "must be a string",
    "tuple_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
}
