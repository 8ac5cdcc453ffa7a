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
    write_state,
)
from policies.plugin_name import RESERVED, slug

SCHEMA: Final = 1
WAIT_S: Final = 60.0
"""How long a change waits for another process's: those that hold the lock copy no file and ask nobody."""
_MAX_BYTES: Final = 64 * 1024 * 1024
_ADVICE: Final = "nothing installed is run or changed until it is mended, or moved away and the plugins are installed again"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    plugins: dict[str, Installed]


class Store:
    """The file ``plugins/installed.json`` in *home*."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "plugins" / "installed.json"

    def read(self) -> dict[str, Installed]:
        """Return what is installed, by name. Raises InstallError (``E_STATE``) for a file that cannot be used."""
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
            before = self.read()
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
            _decode(data)  # what could not be read again is refused while the old file is there
            write_state(self.path, data)
        except StateFileError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: StateFileError) -> InstallError:
        return InstallError("E_STATE", f"{self.path}: {error}; {_ADVICE}")


def _decode(data: bytes) -> dict[str, Installed]:
    if len(data) > _MAX_BYTES:
        raise StateFileError(f"is larger than {_MAX_BYTES >> 20} MiB")
    try:
        head: object = msgspec.json.decode(data)
        schema = head.get("schema") if isinstance(head, dict) else None
        if type(schema) is int and schema > SCHEMA:
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
    kept = plugin.last_known_good
    releases = (plugin.current,) if kept is None else (plugin.current, kept)
    for release in releases:
        what = _what_is_wrong_in(release)
        if what is not None:
            return f"{name}: {what}"
        if (release.tree == "") != (plugin.origin.type == "link"):
            return f"{name}: {'a link has a tree' if release.tree else 'it has no tree'}"
    return None


def _what_is_wrong_in(release: Release) -> str | None:
    if not release.tree:
        return "it has files and no tree" if release.files else None
    for path, sha256 in release.files.items():
        unfit = why_unfit(path)
        if unfit is not None or not is_sha256(sha256):
            return f"{path[:100]!a}: {unfit or 'its hash is none'}"
    return (
        None
        if tree_of(release.files) == release.tree
        else "its files are not those of its tree"
    )
