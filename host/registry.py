"""What a plugin registered, as checked values.

A worker's registry is plugin data: names are matched, lengths and counts capped, unknown shapes refused,
before anything of it reaches a table that an agent reads.
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from host.outcome import Json, JsonObject
from host.providers import provider_problem
from ipc.events import PluginEvent
from policies.gate import TIERS, Tier

MAX_EACH: Final = 256
MAX_TEXT: Final = 16_384
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as its plugin describes it. ``parameters`` is a JSON Schema, or None for anything. ``tier`` is a guess
    where ``says_tier`` is false."""

    name: str
    description: str
    tier: Tier = "exec"
    label: str | None = None
    parameters: JsonObject | None = None
    has_handler: bool = True
    output_schema: JsonObject | None = None
    says_tier: bool = True


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command that a person may type."""

    name: str
    description: str = ""
    completes: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything one instance registered. ``events`` is a bitmap; ``speaks_pi`` says that it uses pi's
    event names or one of pi's packages."""

    events: int = 0
    tools: tuple[ToolSpec, ...] = ()
    commands: tuple[CommandSpec, ...] = ()
    flags: tuple[JsonObject, ...] = ()
    shortcuts: tuple[JsonObject, ...] = ()
    providers: tuple[JsonObject, ...] = ()
    speaks_pi: bool = False
    problems: tuple[str, ...] = field(default=())

    def event_names(self) -> list[str]:
        """Names of the subscribed events, by number."""
        return [event.wire_name for event in PluginEvent if self.events >> event & 1]


EMPTY: Final = Registry()


def _is_object(value: Json) -> TypeGuard[JsonObject]:
    return isinstance(value, dict)


def _text(value: Json, limit: int = MAX_TEXT) -> str:
    return value[:limit] if isinstance(value, str) else ""


class _Reader:
    def __init__(self) -> None:
        self.problems: list[str] = []

    def named(self, raw: Json, what: str) -> list[JsonObject]:
        """Return the entries of a list that carry a usable, unique name."""
        if raw is None:
            return []
        if not isinstance(raw, list):
            self.problems.append(f"{what}s are not a list")
            return []
        if len(raw) > MAX_EACH:
            self.problems.append(f"{len(raw)} {what}s; the first {MAX_EACH} count")
        seen: dict[str, JsonObject] = {}
        for item in raw[:MAX_EACH]:
            name = item.get("name") if _is_object(item) else None
            if not _is_object(item) or not isinstance(name, str) or not _NAME.match(name):
                self.problems.append(f"a {what} without a usable name")
            else:
                seen[name] = item
        return list(seen.values())

    def providers(self, raw: Json) -> list[JsonObject]:
        """Return the definitions that can be used."""
        found = []
        for definition in self.named(raw, "provider"):
            problem = provider_problem(definition)
            if problem is None:
                found.append(definition)
            else:
                self.problems.append(f"provider {definition['name']}: {problem}")
        return found


def read_registry(raw: JsonObject) -> Registry:
    """Return *raw* as checked values; what cannot be used is left out and named in ``problems``."""
    reader = _Reader()
    bitmap = 0
    events = raw.get("events")
    known = {int(event) for event in PluginEvent}
    for number in events if isinstance(events, list) else []:
        if type(number) is int and number in known:
            bitmap |= 1 << number
    tools = []
    for item in reader.named(raw.get("tools"), "tool"):
        parameters, tier = item.get("parameters"), item.get("tier")
        schema = item.get("output_schema")
        tools.append(
            ToolSpec(
                name=_text(item["name"]),
                description=_text(item.get("description")),
                tier=next((known_tier for known_tier in TIERS if known_tier == tier), "exec"),
                label=_text(item.get("label"), 200) or None,
                parameters=parameters if _is_object(parameters) else None,
                has_handler=item.get("has_handler") is not False,
                output_schema=schema if _is_object(schema) else None,
                says_tier=tier is not None,
            )
        )
    commands = [
        CommandSpec(
            _text(item["name"]), _text(item.get("description")), item.get("completes") is True
        )
        for item in reader.named(raw.get("commands"), "command")
    ]
    shortcuts = raw.get("shortcuts")
    return Registry(
        events=bitmap,
        tools=tuple(tools),
        commands=tuple(commands),
        flags=tuple(reader.named(raw.get("flags"), "flag")),
        shortcuts=tuple(s for s in shortcuts[:MAX_EACH] if _is_object(s))
        if isinstance(shortcuts, list)
        else (),
        providers=tuple(reader.providers(raw.get("providers"))),
        speaks_pi=bool(raw.get("pi_events")) or raw.get("imports_pi") is True,
        problems=tuple(reader.problems[:20]),
    )
