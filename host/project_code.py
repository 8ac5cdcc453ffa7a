"""What a project could have us run: the plugins and tools in its ``.jcode``, and the hash of every file there.

Promises    Nothing is read as code. No link is followed, neither ``.jcode`` itself nor anything in it: what is hashed
            lies in the project. Files are counted and measured before they are taken.
Elsewhere   Who trusts what: ``trusting.py``.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from host.errors import TrustError
from host.install.tree import why_unfit

PLACES: Final = ("plugins", "tools")
"""Beneath ``.jcode``: directories of plugins, and of files that export tools."""
MAX_FILES: Final = 5000
MAX_BYTES: Final = 64 * 1024 * 1024

SUFFIXES: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
DECLARATIONS: Final = (".d.ts", ".d.mts", ".d.cts")
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK: Final = 1024 * 1024


def plugins_in(directory: Path) -> list[Path]:
    """Return the plugins in *directory*, by name: files of JavaScript or TypeScript, and directories with an entry.

    A directory that does not exist, or is not ours to read, holds none; no more than MAX_FILES entries are looked at.
    """
    try:
        entries = sorted(islice(directory.iterdir(), MAX_FILES))
    except OSError:
        return []
    return [entry for entry in entries if not entry.name.startswith(".") and _is_plugin(entry)]


def is_code(name: str) -> bool:
    """Whether a file of that name can be a plugin's: JavaScript or TypeScript, but no declarations."""
    return name.endswith(SUFFIXES) and not name.endswith(DECLARATIONS)


def _is_plugin(entry: Path) -> bool:
    try:
        if entry.is_file():
            return entry.name.endswith(SUFFIXES) and not entry.name.endswith(DECLARATIONS)
        names = ("package.json", *(f"index{suffix}" for suffix in SUFFIXES))
        return any((entry / name).is_file() for name in names)
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class ProjectCode:
    """The plugins of one project. ``root`` is its real directory."""

    root: Path
    plugins: tuple[Path, ...]
    tools: tuple[Path, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.plugins) + len(self.tools)

    def files(self) -> dict[str, str]:
        """Return the SHA-256 of every file, in hex, by its path beneath ``.jcode``.

        Raises TrustError for what cannot be trusted as a whole: a link, a device, too much of anything.
        """
        reader = _Reader()
        try:
            root = os.open(self.root, _DIRECTORY)
            try:
                reader.read(root)
            finally:
                os.close(root)
        except OSError as error:
            raise TrustError(f"{self.root}: cannot be read ({error.strerror})") from None
        return reader.found


def project_code(
    project_dir: Path, home: Path | None = None, plugin_dir: Path | None = None
) -> ProjectCode | None:
    """Return the plugins in the ``.jcode`` of *project_dir*, or None if it has none.

    What is the user's own by another name (our *home*, the directories in it, *plugin_dir*) is no project's.
    """
    own = [plugin_dir]
    if home is not None:
        own += [home, *(home / name for name in PLACES)]
    root = Path(os.path.realpath(project_dir))
    place = root / ".jcode"
    if any(_is_same(place, one) for one in own):
        return None
    found = [
        [] if any(_is_same(place / name, one) for one in own) else plugins_in(place / name)
        for name in PLACES
    ]
    code = ProjectCode(root, tuple(found[0]), tuple(found[1]))
    return code if code.count else None


def beneath(files: dict[str, str], root: Path, directory: Path) -> dict[str, str]:
    """Return those of *files* (of a project at *root*) that lie in *directory*, by their paths there."""
    prefix = f"{directory.relative_to(root / '.jcode').as_posix()}/"
    return {
        path.removeprefix(prefix): sha256
        for path, sha256 in files.items()
        if path.startswith(prefix)
    }


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._bytes = 0

    def read(self, root: int) -> None:
        with _opened(root, ".jcode", ".jcode") as jcode:
            for name in PLACES:
                try:
                    status = os.stat(name, dir_fd=jcode, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                self._entry(jcode, name, name, status.st_mode)

    def _directory(self, fd: int, path: str) -> None:
        with os.scandir(fd) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode) and path.endswith("node_modules/.bin"):
                continue  # npm's names for programs: no module is looked for there
            self._entry(fd, name, f"{path}/{name}", status.st_mode)

    def _entry(self, fd: int, name: str, path: str, mode: int) -> None:
        unfit = why_unfit(path)
        if unfit is not None:
            raise TrustError(f".jcode/{path}: {unfit}; rename it")
        if stat.S_ISDIR(mode):
            with _opened(fd, name, f".jcode/{path}") as directory:
                self._directory(directory, path)
        elif stat.S_ISREG(mode):
            self._file(fd, name, path)
        else:
            what = "a link" if stat.S_ISLNK(mode) else "no plain file"
            raise TrustError(
                f".jcode/{path}: is {what}, and only what lies there itself can be trusted; "
                "put the files in its place"
            )

    def _file(self, directory: int, name: str, path: str) -> None:
        if len(self.found) >= MAX_FILES:
            raise TrustError(f".jcode holds more than {MAX_FILES} files of plugins and tools")
        digest = hashlib.sha256()
        with open(os.open(name, _FILE, dir_fd=directory), "rb") as file:
            while data := file.read(_CHUNK):
                self._bytes += len(data)
                if self._bytes > MAX_BYTES:
                    raise TrustError(
                        f".jcode holds more than {MAX_BYTES >> 20} MiB of plugins and tools"
                    )
                digest.update(data)
        self.found[path] = digest.hexdigest()


class _opened:  # noqa: N801 - used as a function
    """A directory in another one, which must not be a link."""

    def __init__(self, parent: int, name: str, path: str) -> None:
        try:
            self._fd = os.open(name, _DIRECTORY, dir_fd=parent)
        except NotADirectoryError:
            raise TrustError(
                f"{path}: is a link or no directory; put the directory in its place"
            ) from None

    def __enter__(self) -> int:
        return self._fd

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _is_same(one: Path, two: Path | None) -> bool:
    try:
        return two is not None and os.path.samefile(one, two)
    except OSError:
        return False


def changed(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """Yield what differs, a few words for each file."""
    for path in sorted(before.keys() | now.keys()):
        if path not in before:
            yield f"{path} is new"
        elif path not in now:
            yield f"{path} is gone"
        elif before[path] != now[path]:
            yield f"{path} changed"
