"""What a plugin may ask for, as values: one request, one kind, one target.

Promises    A request is complete: whoever decides needs nothing beside it and the rules. It says nothing
            about whether the thing exists; making a path absolute or following a link is the asker's work.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Kind = Literal[
    "fs_read",
    "fs_write",
    "http_hosts",
    "shell",
    "env",
    "tools",
    "commands",
    "providers",
    "config_read",
    "config_write",
    "session",
    "events",
    "llm",
]
"""The kinds of capabilities, as ``allow`` and ``deny`` in a configuration spell them."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


NameKind = Literal[
    "env",
    "tools",
    "commands",
    "providers",
    "config_read",
    "config_write",
    "session",
    "events",
    "llm",
]
"""The kinds of what has a name."""


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Reading or writing what *path* leads to: absolute, and resolved as far as the asker could.

    ``named`` is how the plugin wrote it, made absolute: a denial of either name denies, a permission
    counts for *path* alone.
    """

    kind: Literal["fs_read", "fs_write"]
    path: str
    named: str = ""


@dataclass(frozen=True, slots=True)
class HostRequest:
    """A connection to *host*, as written in the URL, on *port*."""

    host: str
    port: int
    kind: Literal["http_hosts"] = "http_hosts"


@dataclass(frozen=True, slots=True)
class ShellRequest:
    """Running *argv*. A command that is one string is ``("sh", "-c", string)``.

    ``program`` is the executable that would run, absolute and without links, once somebody has looked.
    """

    argv: tuple[str, ...]
    program: str = ""
    kind: Literal["shell"] = "shell"


@dataclass(frozen=True, slots=True)
class NameRequest:
    """Anything that has a name: a variable, a tool, a command, a provider, a configuration key, a model.

    Of kind ``events`` the name is ``Event:right``, for example ``PreToolUse:veto``.
    """

    kind: NameKind
    name: str


Request: TypeAlias = FileRequest | HostRequest | ShellRequest | NameRequest


def target(request: Request) -> str:
    """Return what *request* is about, in one text for people and for remembered answers."""
    match request:
        case FileRequest(path=path):
            return path
        case HostRequest(host=host, port=port):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case ShellRequest(argv=argv):
            return " ".join(argv)
        case NameRequest(name=name):
            return name
