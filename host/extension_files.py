"""Which files are the extensions of a package that is written for another agent.

Its manifest lists files, directories and patterns; ``!`` in front takes away what those before it named. A directory
stands for its ``index``, or else for the files and the directories with an ``index`` that lie in it, as pi looks for them.

Promises    Names only: nothing is opened. Who builds from them reads beneath the package's root, and what was agreed to.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from host.errors import PluginLoadError
from host.integrity import Expected
from host.project_code import SUFFIXES, is_code

MAX_LOOKED_AT: Final = 20_000
"""Files of a package among which a pattern is looked for."""
MAX_NAMED: Final = 100
_PATTERN: Final = re.compile(r"[*?\[]")
_NOT_ITS_OWN: Final = ("node_modules", ".git")


def extension_files(
    root: Path, named: Sequence[str], where: str, expected: Expected | None
) -> list[str]:
    """Return the files that *named* stands for, relative to *root*, in its order, each once.

    Where the files are *expected*, those are all there are. *where* is the manifest. Raises PluginLoadError.
    """

    @cache
    def files() -> list[str]:
        there = _beneath(root) if expected is None else expected.files
        return sorted(file for file in there if is_code(file) and not _is_foreign(file))

    def exists(file: str) -> bool:
        return (root / file).is_file() if expected is None else file in expected.files

    if len(named) > MAX_NAMED:
        raise PluginLoadError(
            "E_MANIFEST", f"{where} names more than {MAX_NAMED} extensions; use a pattern"
        )
    chosen: dict[str, None] = {}
    for name in named:
        pattern = os.path.normpath(name.removeprefix("!"))
        if pattern.startswith(("/", "..")):
            raise PluginLoadError(
                "E_ESCAPE", f"{where} names an entry outside the plugin: {name}"
            )
        if name.startswith("!"):
            matches = _matcher(pattern)
            chosen = {
                file: None
                for file in chosen
                if not matches(file) and not _lies_in(file, pattern)
            }
        else:
            chosen |= dict.fromkeys(_of(pattern, exists, files))
    return list(chosen)


def _of(
    pattern: str, exists: Callable[[str], bool], files: Callable[[], list[str]]
) -> list[str]:
    if exists(pattern):
        return [pattern]
    if _PATTERN.search(pattern):
        return list(filter(_matcher(pattern), files()))
    found = list(_in_directory(pattern, files()))
    return found or [pattern]  # without its ending, perhaps: the builder knows more


def _in_directory(directory: str, files: list[str]) -> Iterator[str]:
    inner = {
        file if directory == "." else file.removeprefix(f"{directory}/"): file
        for file in files
        if _lies_in(file, directory)
    }
    indexes = [inner[name] for suffix in SUFFIXES if (name := f"index{suffix}") in inner]
    if indexes:
        yield indexes[0]
        return
    seen = set()
    for name, file in inner.items():
        folder, _, rest = name.partition("/")
        if not rest:
            yield file
        elif folder not in seen and rest in {f"index{suffix}" for suffix in SUFFIXES}:
            seen.add(folder)
            yield file


def _lies_in(file: str, directory: str) -> bool:
    return directory == "." or file.startswith(f"{directory}/")


def _is_foreign(file: str) -> bool:
    return any(part in _NOT_ITS_OWN for part in file.split("/"))


def _beneath(root: Path) -> Iterator[str]:
    left = MAX_LOOKED_AT
    for folder, directories, files in os.walk(root):
        directories[:] = sorted(set(directories) - set(_NOT_ITS_OWN))
        for file in files:
            left -= 1
            if left < 0:
                raise PluginLoadError(
                    "E_TOO_LARGE",
                    f"{root} has more than {MAX_LOOKED_AT} files to look for its extensions in; name them one by one",
                )
            yield os.path.relpath(os.path.join(folder, file), root)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """What a pattern covers: ``*`` and ``?`` within one part of a path, ``**`` any number of parts."""
    wanted = pattern.split("/")

    def onward(states: Iterable[int]) -> set[int]:
        reached: set[int] = set()
        for state in states:
            end = state
            while end < len(wanted) and wanted[end] == "**":
                end += 1
            reached.update(range(state, end + 1))
        return reached

    def covers(file: str) -> bool:
        states = onward([0])
        for part in file.split("/"):
            # All ways at once: a pattern of many stars takes no longer than its length.
            stay = {at for at in states if at < len(wanted) and wanted[at] == "**"}
            step = {
                at + 1
                for at in states - stay
                if at < len(wanted) and fnmatchcase(part, wanted[at])
            }
            states = onward(stay | step)
        return len(wanted) in states

    return covers
