"""``installed.json``: which plugins are installed, in which version, and what the user accepted of each.

Promises    Written whole or not at all, for its owner only, by one process at a time. A file that cannot be trusted
            (damaged, newer than this program, another user's) is an error for whoever reads it and is left as it is.
Relies on   Layer 0: no plugin reads or writes our home.
Elsewhere   The files that run: ``snapshots``. Going from one version to another: ``switch``.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from host.errors import InstallError
from host.install.tree import is_sha256, tree_of, why_unfit
from host.install.values import Installed, Release
from host.state_file import (
    StateBusyError,
    StateFileError,
    lock_state,
    read_state,
    signature_of,
    write_state,
)
from policies.plugin_name import RESERVED, slug

SCHEMA: Final = 1
WAIT_S: Final = 60.0
"""How long a change waits for another process's: those that hold the lock copy no file and ask nobody."""
_MAX_BYTES: Final = 64 * 1024 * 1024
_ADVICE: Final = "nothing installed is run or changed until it is mended, or moved away and the plugins are installed again"


class _Head(msgspec.Struct):
    schema: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    plugins: dict[str, Installed]


_MAX_KNOWN: Final = 8
_known: Final[dict[Path, tuple[tuple[int, ...], dict[str, Installed]]]] = {}
"""Files as they were last read: a host asks at every load, and a large one takes a while."""


class Store:
    """The file ``plugins/installed.json`` in *home*."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "plugins" / "installed.json"

    def read(self) -> dict[str, Installed]:
        """Return what is installed, by name. Raises InstallError (``E_STATE``) for a file that cannot be used."""
        before = signature_of(self.path)
        known = _known.get(self.path)
        if before is not None and known is not None and known[0] == before:
            return dict(known[1])
        installed = self._read()
        if before is not None and signature_of(self.path) == before:
            if len(_known) >= _MAX_KNOWN:
                _known.clear()
            _known[self.path] = (before, installed)
        return dict(installed)

    def _read(self) -> dict[str, Installed]:
        try:
            data = read_state(self.path, _MAX_BYTES)
            return {} if data is None else _decode(data)
        except StateFileError as error:
            raise self._unusable(error) from error

    @contextmanager
    def changing(self, *, wait_s: float = WAIT_S) -> Iterator[dict[str, Installed]]:
        """Hold the lock and yield what is installed; what the caller makes of it is written at the end.

        After an exception nothing is written. Raises InstallError: ``E_BUSY`` when another process holds the lock
        for longer than *wait_s* seconds, ``E_STATE`` for a file that cannot be used or written.
        """
        with self.locked(wait_s=wait_s):
            before = self._read()
            installed = dict(before)
            yield installed
            if installed != before:
                self._write(installed)

    @contextmanager
    def locked(self, *, wait_s: float = WAIT_S) -> Iterator[None]:
        """Hold the lock without a change. Raises as :meth:`changing`."""
        with ExitStack() as stack:
            try:
                stack.enter_context(lock_state(self.path, wait_s=wait_s))
            except StateBusyError as error:
                raise InstallError(
                    "E_BUSY",
                    f"{error} is changing what is installed, for {wait_s:g} s now; wait for it to end, or end it",
                ) from None
            except StateFileError as error:
                raise self._unusable(error) from error
            yield

    def _write(self, installed: Mapping[str, Installed]) -> None:
        whole = _File(SCHEMA, dict(sorted(installed.items())))
        data = msgspec.json.format(msgspec.json.encode(whole), indent=1)
        try:
            # What could not be read again, or could not be loaded, is refused while the old file is there.
            _check_fitness(_decode(data))
            write_state(self.path, data)
        except StateFileError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: StateFileError) -> InstallError:
        return InstallError("E_STATE", f"{self.path}: {error}; {_ADVICE}")


def _decode(data: bytes) -> dict[str, Installed]:
    if len(data) > _MAX_BYTES:
        raise StateFileError(f"is larger than {_MAX_BYTES >> 20} MiB")
    try:
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema > SCHEMA:
            raise StateFileError(
                f"is of schema {schema}, and this program knows {SCHEMA}: a newer one wrote it"
            )
        plugins = msgspec.json.decode(data, type=_File).plugins
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise StateFileError(f"is damaged ({error})") from error
    if schema != SCHEMA:
        raise StateFileError(f"is damaged (no schema {SCHEMA})")
    for name, plugin in plugins.items():
        what = _what_is_wrong(name, plugin)
        if what is not None:
            raise StateFileError(f"is damaged ({what})")
    return plugins


def _what_is_wrong(name: str, plugin: Installed) -> str | None:
    if not name or slug(name) != name or name == RESERVED:
        return f"{name[:100]!a} is no name of a plugin"
    if plugin.name != name:
        return f"{plugin.name[:100]!a} is listed as {name}"
    for release in _releases(plugin):
        if (release.tree == "") != (plugin.origin.type == "link"):
            return f"{name}: {'a link has a tree' if release.tree else 'it has no tree'}"
        if release.tree and not is_sha256(release.tree):
            return f"{name}: its tree is none"
    return None


def _check_fitness(plugins: Mapping[str, Installed]) -> None:
    """Refuse what could never be loaded. Looked at when it is written: it takes a while, and whoever loads a plugin
    compares every file anyway."""
    for name, plugin in plugins.items():
        what = _what_is_unfit(plugin)
        if what is not None:
            raise StateFileError(f"would be damaged ({name}: {what})")


def _what_is_unfit(plugin: Installed) -> str | None:
    for release in _releases(plugin):
        for path, sha256 in release.files.items():
            unfit = why_unfit(path)
            if unfit is not None or not is_sha256(sha256):
                return f"{path[:100]!a}: {unfit or 'its hash is none'}"
        if tree_of(release.files) != release.tree and release.tree:
            return "its files are not those of its tree"
    return None


def _releases(plugin: Installed) -> tuple[Release, ...]:
    kept = plugin.last_known_good
    return (plugin.current,) if kept is None else (plugin.current, kept)
