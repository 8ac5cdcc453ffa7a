"""The environment of a program that a plugin runs: an allow-list, not ours.

Promises    It holds ``PATH`` (see ``lookup.py``), ``HOME``, ``USER``, ``LANG`` and its kin, ``TERM=dumb``, and of the
            rest what the chain lets the plugin read (kind ``env``), or what the plugin set itself where it may.
Elsewhere   Which names are more than data: ``policies/variables.py``. What git gets: ``git.py``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from host.hostcalls.granted import decide, denial
from policies.capability import NameRequest, Request, ShellRequest
from policies.variables import HARMLESS, NAME, steers

if TYPE_CHECKING:
    from host.plugin import Plugin

_ENV: Final = "/usr/bin/env"
_KEPT: Final = ("HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ")


class VariableError(Exception):
    """A variable that may not be set. ``code`` and the text are what the plugin is told."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def base_environment(variables: Mapping[str, str], path: str) -> dict[str, str]:
    """Return what every program gets, from the host's *variables* and a sane *path*."""
    found = {name: variables[name] for name in _KEPT if name in variables}
    found.update({name: value for name, value in variables.items() if name.startswith("LC_")})
    found.setdefault("LANG", "C.UTF-8")
    return {**found, "PATH": path, "TERM": "dumb"}


def environment(
    plugin: "Plugin",
    variables: Mapping[str, str],
    path: str,
    given: Mapping[str, str] | None,
    command: tuple[str, ...],
) -> dict[str, str]:
    """Return the environment of *command*: *given* is what the plugin wants it to be, None for what it would be.

    Raises :class:`VariableError`.
    """
    found = base_environment(variables, path)
    if given is None:
        for name in variables.keys() - found.keys():
            if not steers(name) and decide(plugin, NameRequest("env", name)).allowed:
                found[name] = variables[name]
        return found
    for name, value in given.items():
        if found.get(name) == value:
            continue
        if not NAME.fullmatch(name) or "\0" in value:
            raise VariableError(
                "E_INVALID", f"env: {name!r} is no variable that a program can be given"
            )
        if not HARMLESS.fullmatch(name):
            _check(plugin, name, value, command)
        found[name] = value
    return found


def _check(plugin: "Plugin", name: str, value: str, command: tuple[str, ...]) -> None:
    by_name = NameRequest("env", name)
    if not steers(name) and decide(plugin, by_name).allowed:
        return
    # A value that the plugin chose: for what follows from it, this is another command.
    through = ShellRequest(("env", f"{name}={value}", *command), program=_ENV)
    if not decide(plugin, through).allowed:
        wanted: Request = through if steers(name) else by_name
        decision = decide(plugin, wanted)
        plugin.runtime.decisions.note(plugin.name, wanted, decision)
        raise VariableError("E_DENIED", denial(wanted, decision))
