"""Following: what changes on disk while a host runs is loaded, reloaded and unloaded by itself.

Promises    A look costs the status of a bounded number of files that are known by name: the places where plugins are found,
            the records of what is installed and trusted, and the files that plugins were built from. No directory is
            searched unless one of these changed. A change counts once it is the same at two looks: what is still being
            written is left alone. What is done about it is what :meth:`Workspace.reload`, a load and an unload do, and
            waits its turn: an event is never looked up in one list of plugins and sent to another.
Why so      The tick that reads the switches looks anyway. Rejected: inotify, of which a user has few, which sees nothing on
            network file systems and whose queue runs over in a blocking host that nobody calls; a watcher with a thread
            of its own, which would hold up every event while it holds the interpreter.
Gap         A file that would be found before one of these (an ``a.ts`` beside ``a.js``) is noticed where its directory is
            the plugin's own. A plugin that is new comes last in the order of merges until the host starts again.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Final, TypeAlias

from host.audit import E_STATE, E_TRUST, printable
from host.discovery import Discovered, Found
from host.errors import HostError, PluginLoadError
from host.waits import Wait, start

if TYPE_CHECKING:
    from host.plugin import Plugin
    from host.workspace import Workspace

MAX_FILES: Final = 2048
_OF_ONE_PLUGIN: Final = 512
_RECENT_S: Final = 90.0
"""What is looked at for the first time and changed so short a time ago may have changed after it was built."""

_Status: TypeAlias = tuple[int, int, int, int] | None

_logger = logging.getLogger("jcode_plugins")


class Following:
    """What one workspace follows."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._found: dict[str, tuple[str, ...]] = {}
        """By the name of a loaded plugin that was found: what it was found as."""
        self._missed: dict[tuple[str, ...], Found] = {}
        """What was found and does not run: it failed to load, or is switched off."""
        self._off: set[tuple[str, ...]] = set()
        """Those of them that are switched off."""
        self._seen: dict[str, _Status] = {}
        self._moving: dict[str, _Status] = {}
        self._dirty: set[str] = set()
        self._places = _places(workspace)
        self._of: tuple[int, int, tuple[str, ...]] = (-1, -1, ())
        self._paths: list[str] = []
        self._is_busy = True  # until begin()
        self._is_told = False

    def begin(self) -> None:
        """What there was at the start is loaded: look from here on."""
        self._is_busy = False

    def note_loaded(self, found: Found, name: str) -> None:
        """*found* runs as the plugin *name*."""
        key = _key(found)
        self._found[name] = key
        self._missed.pop(key, None)
        self._off.discard(key)

    def note_missed(self, found: Found, *, is_off: bool) -> None:
        """*found* does not run; it is tried again when it changed, or when switches changed by which it *is_off*."""
        key = _key(found)
        self._missed[key] = found
        (self._off.add if is_off else self._off.discard)(key)

    # Looking.

    def look(self) -> None:
        """See what changed since the last look; from the tick."""
        if self._is_busy:
            return
        seen = self._seen
        moving: dict[str, _Status] = {}
        for path in self._known_paths():
            status = _status(path)
            if path not in seen:
                seen[path] = status
                is_expected = status is None and path in self._places
                if not is_expected and _is_recent(status):
                    self._dirty.add(path)
            elif status != seen[path]:
                if path in self._moving and self._moving[path] == status:
                    seen[path] = status
                    self._dirty.add(path)
                else:
                    moving[path] = status
        self._moving = moving
        if self._dirty:
            self.go()

    def look_for_new(self) -> None:
        """Look for plugins as if a place where they are found had changed."""
        self._dirty.update(self._places)
        self.go()

    def go(self) -> None:
        """Act on what changed, in the reactor's turn."""
        if not self._is_busy:
            self._is_busy = True
            self._workspace.runtime.soon(self._begin)

    def _begin(self) -> None:
        if self._workspace.is_closed:
            return
        done = start(self._act())
        done.when_done(lambda: self._ended(done))

    def _ended(self, done: Wait[None]) -> None:
        self._is_busy = False
        if self._dirty:
            self.go()
        try:
            done.result()
        except HostError as error:
            _logger.warning("what changed was not followed: %s", printable(str(error)))
        except Exception:
            # A mistake of ours: it must not come up in whatever call has its turn now.
            _logger.exception("what changed was not followed")

    def _known_paths(self) -> list[str]:
        of = (self._workspace.snapshot.generation, len(self._missed), self._places)
        if of != self._of:
            paths = dict.fromkeys(self._places)
            for plugin in self._workspace.loaded():
                paths.update(dict.fromkeys(_files_of(plugin)))
            for found in self._missed.values():
                paths.update(dict.fromkeys(_files_at(found.path)))
            if len(paths) > MAX_FILES and not self._is_told:
                self._is_told = True
                _logger.warning(
                    "more than %d files of plugins: of the rest no change is seen; reload by name",
                    MAX_FILES,
                )
            self._paths = list(paths)[:MAX_FILES]
            self._of = of
            known = set(self._paths)
            self._seen = {path: was for path, was in self._seen.items() if path in known}
        return self._paths

    # Acting.

    async def _act(self) -> None:
        dirty, self._dirty = self._dirty, set()
        workspace = self._workspace
        if workspace.switches.disable is not None:
            return  # no plugin's file is looked at; when that is lifted, all are
        reactor = workspace.runtime.reactor
        reactor.demand += 1  # it goes on also when nobody calls
        try:
            if not dirty.isdisjoint(self._places):
                await self._discover()
            for found in list(self._missed.values()):
                if not dirty.isdisjoint(_files_at(found.path)):
                    await self._load(found)
            for plugin in workspace.loaded():
                if not dirty.isdisjoint(_files_of(plugin)):
                    await self._reload(plugin.name)
        finally:
            reactor.demand -= 1

    async def _discover(self) -> None:
        workspace = self._workspace
        try:
            result = workspace.loads.discover()
        except PluginLoadError as error:  # failing closed; what runs goes on
            _logger.warning("what there is to load cannot be told: %s", printable(str(error)))
            return
        self._places = _places(workspace)
        found_now = {_key(found): found for found in result.found}
        for key in [key for key in self._missed if key not in found_now]:
            del self._missed[key]
        for name, key in list(self._found.items()):
            plugin = workspace.find(name)
            if plugin is None:
                del self._found[name]  # its program unloaded it
            elif key not in found_now and _is_gone(plugin, key, result):
                del self._found[name]
                workspace.unload(name)
                _logger.info("%s is gone and was unloaded", printable(name))
        loaded = {key: name for name, key in self._found.items()}
        for key, found in found_now.items():
            runs_as = loaded.get(key)
            if runs_as is not None:
                if _is_other(workspace.find(runs_as), found):
                    await self._reload(runs_as)
            elif key in self._off or self._missed.get(key) != found:
                await self._load(found)

    async def _load(self, found: Found) -> None:
        await self._workspace.loads.load_or_tell(found)

    async def _reload(self, name: str) -> None:
        if self._workspace.find(name) is None:
            return
        try:
            await self._workspace.reload(name)
        except HostError as error:
            _logger.debug(
                "%s: %s", printable(name), printable(str(error))
            )  # told where it failed


def _places(workspace: "Workspace") -> tuple[str, ...]:
    """Where a change means that other plugins may be found."""
    config, home = workspace.config, workspace.runtime.home
    places = [home / "plugins" / "installed.json"]
    if config.plugin_dir is not None:
        project = workspace.project_dir / ".jcode"
        folders = (config.plugin_dir, home / "tools", project / "plugins", project / "tools")
        places += [home / "trust.json", *folders]
        places += [inner for folder in folders for inner in _inner(folder)]
    return tuple(map(str, places))


def _inner(folder: Path) -> list[Path]:
    """Directories in *folder*: what has no entry yet may have one later."""
    try:
        with os.scandir(folder) as entries:
            return [Path(one.path) for one in entries if one.is_dir()][:_OF_ONE_PLUGIN]
    except OSError:
        return []


def _is_gone(plugin: "Plugin", key: tuple[str, ...], result: Discovered) -> bool:
    """Whether *plugin*, which is not found any more, was taken away; else it is only not to be told at the moment."""
    missed = {one.code: one for one in result.missed}
    if key[0] == "installed":
        return E_STATE not in missed
    if plugin.spec.loaded == "project" and E_TRUST in missed:
        # Other code than was trusted lies there: what was trusted goes on. Unless nobody trusts it any more.
        return not missed[E_TRUST].is_failure
    return True


def _key(found: Found) -> tuple[str, ...]:
    if found.installed is not None:
        return "installed", found.installed.name
    return "path", os.path.realpath(found.path.expanduser())


def _is_other(plugin: "Plugin | None", found: Found) -> bool:
    """Whether the record or the trust that *plugin* was loaded by says something else by now."""
    if plugin is None:
        return False
    was, now = plugin.spec.installed, found.installed
    return was != now if now is not None else found.expected is not None


def _files_of(plugin: "Plugin") -> list[str]:
    """What a plugin that is no snapshot was built from. An installed one changes with its record alone."""
    spec = plugin.spec
    if spec.loaded == "installed":
        return []
    root = str(spec.root)
    paths = dict.fromkeys(
        path for artifact in spec.artifacts() for path in artifact.positions.paths
    )
    files = [f"{root}/{path}" for path in list(paths)[:_OF_ONE_PLUGIN]]
    if spec.is_package:
        files.append(f"{root}/package.json")
        files += dict.fromkeys(os.path.dirname(file) for file in list(files))
    return files


def _files_at(path: Path) -> list[str]:
    """What may be mended of a plugin that does not load: it, and what lies directly in it."""
    files = [str(path)]
    with suppress(OSError), os.scandir(path) as entries:  # a file, or gone
        files += [entry.path for entry in entries][:_OF_ONE_PLUGIN]
    return files


def _status(path: str) -> _Status:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_recent(status: _Status) -> bool:
    return status is None or status[3] > (time() - _RECENT_S) * 1e9
