"""Where a program runs: what lies there is part of what it does, and no rule about a command says where.

Promises    A rule is about the project. Elsewhere ``npm test`` or ``make`` would do what a plugin wrote into its own directory,
            so a program runs in the project, or where the plugin may read and not write, if it is none that runs others.
            Whoever may run ``env -C DIRECTORY command ...`` may run the command there.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from host.hostcalls.granted import decide, denial
from host.realpath import resolve
from policies.capability import FileRequest, ShellRequest
from policies.commands import runs_others

if TYPE_CHECKING:
    from host.plugin import Plugin

_ENV: Final = "/usr/bin/env"


class DirectoryError(Exception):
    """A directory in which the program is not run. The text is what the plugin is told."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a directory leads, without links, and whether that is in a project of the plugin's."""

    place: str
    is_in_project: bool

    @classmethod
    def find(cls, plugin: "Plugin", directory: str) -> Self:
        """Look at the absolute *directory*. May block."""
        try:
            place = resolve(directory)
        except OSError:
            return cls(directory, False)

        def holds(holder: str) -> bool:
            return f"{place}/".startswith(os.path.realpath(holder).rstrip("/") + "/")

        # Our own directory may lie in the project, and the plugin's in that.
        projects = [user.project_dir for user in plugin.users or [plugin.workspace]]
        is_in_project = any(holds(str(one)) for one in projects)
        return cls(place, is_in_project and not holds(str(plugin.runtime.home)))


def check_directory(plugin: "Plugin", where: Where, wanted: ShellRequest) -> None:
    """Raise :class:`DirectoryError` unless *wanted* may run there; in the reactor's turn."""
    if where.is_in_project or _only_looks(plugin, where.place, wanted):
        return
    through = ShellRequest(("env", "-C", where.place, *wanted.argv), program=_ENV)
    decision = decide(plugin, through)
    if not decision.allowed:
        plugin.runtime.decisions.note(plugin.name, through, decision)
        raise DirectoryError(f"cwd: outside of the project: {denial(through, decision)}")


def _only_looks(plugin: "Plugin", place: str, wanted: ShellRequest) -> bool:
    """Whether what lies at *place* is seen by *wanted* and not run, and nothing that the plugin could put there."""
    if any(runs_others(name, wanted.argv) for name in (wanted.argv[0], wanted.program)):
        return False
    return (
        decide(plugin, FileRequest("fs_read", place)).allowed
        and not decide(plugin, FileRequest("fs_write", place)).allowed
    )
