"""Which file a command's name stands for, so that what is decided is what is executed.

A name without a slash is looked for in directories of the host's own PATH that nobody else may write to and that lie
outside of the project and of the plugin: a file called ``git`` in a repository is not git.
"""

import os
import stat
from collections.abc import Iterable
from typing import Final

from host.realpath import resolve

_DEFAULT_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_MOST_DIRECTORIES: Final = 64


def sane_path(path: str, without: Iterable[str]) -> str:
    """Return what of *path* is absolute, writable by us and root alone, and not beneath any of *without*."""
    places = [os.path.realpath(place).rstrip("/") + "/" for place in without if place]
    kept: list[str] = []
    for directory in dict.fromkeys(path.split(":")):
        if len(kept) < _MOST_DIRECTORIES and _is_ours(directory, places):
            kept.append(directory)
    return ":".join(kept) or _DEFAULT_PATH


def _is_ours(directory: str, places: list[str]) -> bool:
    if not directory.startswith("/"):
        return False
    real = os.path.realpath(directory)
    if any(f"{real}/".startswith(place) for place in places if place != "/"):
        return False
    try:
        found = os.stat(real)
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid in (0, os.geteuid())
        and not found.st_mode & stat.S_IWOTH
    )


def find_program(name: str, path: str, cwd: str) -> str:
    """Return the file that executing *name* in *cwd* would execute: absolute, without links.

    Raises FileNotFoundError or PermissionError with *name*.
    """
    if "/" in name:
        candidates = [os.path.join(cwd, name)]
    else:
        candidates = [os.path.join(directory, name) for directory in path.split(":")]
    is_there = False
    for candidate in candidates:
        try:
            real = resolve(candidate)
            found = os.stat(real)
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(found.st_mode):
            is_there = True
            if os.access(real, os.X_OK):
                return real
    if is_there:
        raise PermissionError(name)
    raise FileNotFoundError(name)
