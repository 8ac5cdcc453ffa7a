"""A rule as one request that it covers: to ask the chain about something that was declared, not about something done."""

import re
from typing import Final, get_args

from policies import commands, hosts, paths
from policies.capability import (
    FileRequest,
    HostRequest,
    NameKind,
    NameRequest,
    Request,
    ShellRequest,
)
from policies.decision import Rule
from policies.paths import Places

_NAME_KINDS: Final[tuple[NameKind, ...]] = get_args(NameKind)
_GLOB: Final = re.compile(r"\[!?\]?[^\]]*\]|\*+|\?")


def example_of(rule: Rule, places: Places) -> Request | None:
    """Return one request that *rule* covers, or None when its pattern cannot be read or leads nowhere.

    Gap: a rule covers many; a denial of some of them does not show in one.
    """
    try:
        match rule.kind:
            case "fs_read":
                path = paths.expand(rule.pattern, places)
                return None if path is None else FileRequest("fs_read", _filled(path))
            case "fs_write":
                path = paths.expand(rule.pattern, places)
                return None if path is None else FileRequest("fs_write", _filled(path))
            case "http_hosts":
                found = hosts.read(rule.pattern)
                host = found.text
                if found.wild:
                    host = f"x{host}" if host else "example.com"
                return HostRequest(host, found.port or 443)
            case "shell":
                words, _ = commands.read(rule.pattern)
                return ShellRequest(tuple(map(_filled, words)) or ("sh", "-c", "x"))
            case kind:
                name = next((one for one in _NAME_KINDS if one == kind), None)
                return None if name is None else NameRequest(name, _filled(rule.pattern))
    except ValueError:
        return None


def _filled(pattern: str) -> str:
    """Put something in the place of every wildcard."""
    return _GLOB.sub(_letter, pattern)


def _letter(found: re.Match[str]) -> str:
    text = found[0]
    if not text.startswith("["):
        return "x"
    return "x" if text.startswith("[!") else text[1]
