"""What a capability means, in words for the person who is asked to grant it."""

import re
from typing import Final, Literal

from policies.decision import Rule
from policies.hosts import HostPatternError, read
from policies.names import CALL
from policies.paths import Places, expand

Weight = Literal["plain", "notable", "heavy"]
"""How much a person should think about it. ``heavy`` is as good as being the user."""

_RIGHTS: Final = {
    "observe": "is told of {}",
    "veto": "may block {}",
    "rewrite": "may change what {} carries",
    "decide": "may approve {} in your place, without a question",
    "*": "is told of {}, may block it, change it, and approve it in your place",
}
_RUNS_AS_YOU: Final = "PreToolUse"
"""A command that is rewritten there is run with the rights of the user."""

_PLUGIN, _DATA, _CWD, _HOME = "plugin", "data", "cwd", "home"
_STAND_INS: Final = Places(
    cwd=f"/{_CWD}", home=f"/{_HOME}", plugin=f"/{_PLUGIN}", data=f"/{_DATA}"
)
_PLACES: Final = {
    _PLUGIN: "its own files",
    _DATA: "its own data",
    _CWD: "the project",
    _HOME: "your home",
    "all": "all your files",
}

_BLANKS: Final = re.compile(r"(?<=\s)\s+|\A\s+|\s+\Z|[^\S ]")


def spelled(rule: Rule) -> str:
    """Return the pattern of *rule* so that two that differ look different, and nothing of it is out of sight.

    A host has the letters by which it is found (``xn--``...); blanks where one does not expect them are told.
    """
    return _BLANKS.sub(
        _told_blanks, _host(rule.pattern) if rule.kind == "http_hosts" else rule.pattern
    )


def _told_blanks(found: re.Match[str]) -> str:
    blank = found[0]
    if blank.strip(" "):
        return blank.encode("unicode_escape").decode("ascii")
    return f"[{len(blank)} blank{'s' if len(blank) > 1 else ''}]"


def _host(pattern: str) -> str:
    if pattern.isascii():
        return pattern
    try:
        host = read(pattern)
    except HostPatternError:
        return pattern.encode("ascii", "backslashreplace").decode("ascii")
    port = "" if host.port is None else f":{host.port}"
    return f"{'*' if host.wild else ''}{host.text}{port}"


def meaning(rule: Rule) -> str:
    """Return what *rule* lets a plugin do, without a subject: ``reads the files src``."""
    pattern = rule.pattern if rule.kind == "events" else spelled(rule)
    match rule.kind:
        case "fs_read":
            return f"reads {_files(rule)}"
        case "fs_write":
            return f"writes {_files(rule)}"
        case "http_hosts":
            return f"connects to {'any host' if pattern == '*' else pattern}"
        case "shell":
            what = "any program" if pattern == "*" else pattern
            return f"runs {what}, outside of the sandbox and with your full rights"
        case "env":
            return f"reads the variable {pattern}"
        case "tools":
            tool = pattern.removesuffix(CALL)
            if tool != pattern:
                return f"calls the tool {tool} of another plugin"
            return "offers tools to the agent" if tool == "*" else f"offers the tool {tool}"
        case "commands":
            return "offers commands" if pattern == "*" else f"offers the command /{pattern}"
        case "providers":
            return f"offers the model provider {pattern}, which sees what the model is sent"
        case "config_read":
            return f"reads the setting {pattern}"
        case "config_write":
            return f"changes the setting {pattern}"
        case "session":
            return f"takes part in the session ({pattern})"
        case "llm":
            return f"asks the model {pattern}, at your cost"
        case "events":
            return _event(pattern)
        case kind:
            return f"{kind} {pattern}"


def weight(rule: Rule) -> Weight:
    """Return how much a person should think about *rule*."""
    kind, pattern = rule.kind, rule.pattern
    if kind == "shell":
        return "heavy"
    if kind == "events":
        event, _, right = pattern.partition(":")
        if right in ("decide", "*"):
            return "heavy"
        if right == "rewrite":
            return "heavy" if event in ("*", _RUNS_AS_YOU) else "notable"
        return "plain"
    if kind in ("fs_read", "fs_write"):
        return _weight_of_files(_place(pattern), writes=kind == "fs_write")
    if kind in ("tools", "commands"):
        return "notable" if pattern.endswith(CALL) else "plain"
    return "plain" if kind == "config_read" else "notable"


def _weight_of_files(place: str, *, writes: bool) -> Weight:
    if place in (_DATA, _PLUGIN):
        return "plain"
    return "heavy" if writes and place in ("all", "elsewhere") else "notable"


def _event(pattern: str) -> str:
    event, _, right = pattern.partition(":")
    which = "every event" if event == "*" else event
    if not right:
        return f"is told of {which}, and may block it"
    told = _RIGHTS.get(right, f"{right}: {{}}").format(which)
    if right == "rewrite" and event in ("*", _RUNS_AS_YOU):
        told += "; a command that it changes is run as you"
    return told


def _files(rule: Rule) -> str:
    place, told = _place(rule.pattern), spelled(rule)
    return f"{told} ({_PLACES[place]})" if place in _PLACES else told


def _place(pattern: str) -> str:
    """Return where *pattern* leads, whatever it begins with: ``$DATA/../..`` is not in the data directory."""
    try:
        path = expand(pattern, _STAND_INS)
    except ValueError:
        return "unreadable"
    first, _, rest = (path or "").lstrip("/").partition("/")
    if first in ("", "*", "**") or (first == _HOME and rest in ("", "*", "**")):
        return "all"
    return first if first in _PLACES else "elsewhere"
