"""The configuration of an agent with our hook in it, or without: text in, text out.

Promises    What is not ours stays, in its order and, in TOML, with its comments. Adding twice is adding once; removing
            leaves what was there before. A file that cannot be understood is refused, never rewritten.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from host.doors.mapping import DECIDES, EVENTS, Agent
from host.errors import ConfigError
from host.outcome import Json, JsonObject

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

CLIENT: Final = "jcode_plugins/hook.py"
"""The end of the client's path: by it an entry is known as ours."""
_READ: Final = "import sys; exec(open(sys.argv[1]).read())"
_FREQUENT: Final = frozenset({"BeforeModel", "AfterModel", "MessageDisplay"})
"""Fired for every chunk of a model's answer; each would be a process."""
_TIMEOUT_S: Final = 60
"""Longer than our own deadlines and the time a person has to answer."""
_PERMISSION_TIMEOUT_S: Final = 600
_FIXED: Final = frozenset({"SessionEnd"})
"""Claude Code ends these itself, after 1.5 s, whatever is configured."""


@dataclass(frozen=True, slots=True)
class Command:
    """How the agent is to start our client. All words; nothing in them is the agent's or a plugin's."""

    python: str
    client: str
    agent: Agent
    socket: str = ""
    """Where the daemon listens, whatever the agent leaves of the environment."""
    fail_closed: bool = False
    all_events: bool = False
    start: tuple[str, ...] = ()
    """How a daemon is started, for an agent that runs no client of ours."""

    def line(self) -> str:
        """Return the command as one line for a shell, or for a program that splits like one."""
        name = "jcode" if self.agent == "jcode-v2" else self.agent
        words = [self.python, "-I", "-S"]
        if not self.fail_closed:
            words += [
                "-c",
                _READ,
            ]  # a client that is gone must not end with 2, which is a block
        words += [self.client, name]
        if self.socket:
            words += ["--socket", self.socket]
        return shlex.join([*words, "--fail-closed"] if self.fail_closed else words)

    def events(self) -> list[str]:
        """Return the agent's events to be told of, in the order of the table."""
        return [
            name
            for name in EVENTS[self.agent]
            if name != "agent-turn-complete" and (self.all_events or name not in _FREQUENT)
        ]


def with_hook(command: Command, text: str, where: str) -> str:
    """Return the configuration *text*, which may be empty, with *command* in it. Raises ConfigError for *where*."""
    return _EDITS[command.agent](text, where, command)


def without_hook(agent: Agent, text: str, where: str) -> str:
    """Return the configuration *text* without anything of ours. Raises ConfigError for *where*."""
    return _EDITS[agent](text, where, None)


def is_ours(command: object) -> bool:
    """Whether a configured *command* starts our client."""
    if not isinstance(command, str):
        return False
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    return any(word.replace("\\", "/").endswith(CLIENT) for word in words)


# JSON: {"hooks": {EVENT: [{"matcher": ..., "hooks": [{"type": "command", "command": ...}]}]}}.


def _json(text: str, where: str, command: Command | None) -> str:
    document = _read_json(text, where)
    hooks = document.get("hooks", {})
    if not isinstance(hooks, dict):
        raise ConfigError(f"{where}: hooks is no object; correct it first")
    wanted = command.events() if command is not None else []
    changed: JsonObject = {}
    for name, groups in hooks.items():
        kept = _without_ours(groups)
        if kept or not groups or name in wanted:  # where it was, it stays
            changed[name] = kept
    for name in wanted:
        groups = changed.setdefault(name, [])
        if not isinstance(groups, list):
            raise ConfigError(f"{where}: hooks.{name} is no list; correct it first")
        if command is not None:
            groups.append({"hooks": [_JSON_ENTRIES[command.agent](command, name)]})
    if changed or (hooks == {} and "hooks" in document):
        document["hooks"] = changed
    else:
        document.pop("hooks", None)
    if not document and not text.strip():
        return text
    found = re.search(r"\n([ \t]+)\S", text)
    indent = found[1] if found else "  "
    return json.dumps(document, indent=indent, ensure_ascii=False) + "\n"


def _read_json(text: str, where: str) -> JsonObject:
    if not text.strip():
        return {}
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{where}: not plain JSON ({error}); add the hook by hand, --dry-run shows it"
        ) from None
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: not a JSON object")
    return value


def _without_ours(groups: Json) -> Json:
    if not isinstance(groups, list):
        return groups
    kept: list[Json] = []
    for group in groups:
        hooks = group.get("hooks") if isinstance(group, dict) else None
        if not isinstance(group, dict) or not isinstance(hooks, list):
            kept.append(group)
            continue
        others = [hook for hook in hooks if not _is_our_entry(hook)]
        if others or not hooks:
            kept.append({**group, "hooks": others})
    return kept


def _is_our_entry(hook: Json) -> bool:
    return isinstance(hook, dict) and is_ours(hook.get("command"))


def _seconds(name: str) -> int:
    return _PERMISSION_TIMEOUT_S if name == "PermissionRequest" else _TIMEOUT_S


def _gates(agent: Agent, name: str) -> bool:
    return any(
        one.event in DECIDES[agent] and not one.is_derived
        for one in EVENTS[agent].get(name, ())
    )


def _claude_entry(command: Command, name: str) -> JsonObject:
    entry: JsonObject = {"type": "command", "command": command.line()}
    if name not in _FIXED:
        entry["timeout"] = _seconds(name)
    if command.fail_closed and _gates("claude", name):
        entry["onFailure"] = "block"  # what the client cannot say: that it could not be started
    return entry


def _codex_entry(command: Command, name: str) -> JsonObject:
    return {"type": "command", "command": command.line(), "timeout": _seconds(name)}


def _gemini_entry(command: Command, _: str) -> JsonObject:
    return {
        "name": "jcode-plugins",
        "type": "command",
        "command": command.line(),
        "timeout": _TIMEOUT_S * 1000,
    }


_JSON_ENTRIES: Final[Mapping[Agent, Callable[[Command, str], JsonObject]]] = {
    "claude": _claude_entry,
    "codex": _codex_entry,
    "gemini": _gemini_entry,
}


# TOML.


def _read_toml(text: str, where: str) -> "TOMLDocument":
    import tomlkit  # only these two need it
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise ConfigError(f"{where}: not TOML ({error}); correct it first") from None


def _jcode(text: str, where: str, command: Command | None) -> str:
    """``[hooks]`` with a string or an array of strings for each event."""
    import tomlkit

    document = _read_toml(text, where)
    had_table = "hooks" in document
    if not had_table and command is None:
        return text
    table = document["hooks"] if had_table else tomlkit.table()
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: hooks is no table; correct it first")
    had_ours = False
    for name in EVENTS["jcode"]:
        lines = _lines(table.get(name), f"{where}: hooks.{name}")
        others = [line for line in lines if not is_ours(line)]
        had_ours = had_ours or others != lines
        wanted = [*others, command.line()] if command is not None else others
        if wanted == lines:
            continue
        if not wanted:
            del table[name]
        else:
            table[name] = wanted[0] if len(wanted) == 1 else wanted
    key = "pre_tool_timeout_ms"
    if command is not None:
        table.setdefault(key, _TIMEOUT_S * 1000)
    elif had_ours and table.get(key) == _TIMEOUT_S * 1000:
        del table[key]
    if not table:
        if had_table:
            del document["hooks"]
    elif not had_table:
        document["hooks"] = table
    return tomlkit.dumps(document)


def _lines(value: object, where: str) -> list[str]:
    found = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(line, str) for line in found):
        raise ConfigError(f"{where} is no command; correct it first")
    return list(map(str, found))


def _jcode_v2(text: str, where: str, command: Command | None) -> str:
    """``[[events.NAME]]`` with a handler each."""
    import tomlkit

    document = _read_toml(text, where)
    events = document.get("events")
    if events is None:
        if command is None:
            return text
        events = document["events"] = tomlkit.table(is_super_table=True)
    if not isinstance(events, dict):
        raise ConfigError(f"{where}: events is no table; correct it first")
    for name in list(events):
        handlers = events[name]
        ours = [at for at, one in enumerate(handlers) if is_ours(one.get("command"))]
        for at in reversed(ours):
            del handlers[at]
        if ours and not handlers:
            del events[name]
    for name in command.events() if command is not None else ():
        entry = tomlkit.table()
        entry["type"] = "command"
        entry["command"] = command.line() if command is not None else ""
        entry["timeout_secs"] = _seconds(name)
        if name in events:
            events[name].append(entry)
        else:
            events[name] = tomlkit.aot()
            events[name].append(entry)
    if not events:
        del document["events"]
    return tomlkit.dumps(document)


_EDITS: Final[Mapping[Agent, Callable[[str, str, Command | None], str]]] = {
    "jcode": _jcode,
    "jcode-v2": _jcode_v2,
    "claude": _json,
    "codex": _json,
    "gemini": _json,
}


def agents() -> Iterable[Agent]:
    """Return the agents that are told of us in a file of this kind."""
    return _EDITS
