"""Which plugins a host loads when it starts, in the order in which their answers are merged.

Order       What the configuration lists, in its order; the user's plugin directory and tools directory; what is
            installed; the project's plugins and tools, if a person trusts them. There are no built-in ones.
Promises    Nothing is read as code here. What was found twice is loaded once, where it was found first. What cannot
            be loaded is told with what to do, and keeps nothing else from being found.
Elsewhere   Loading: ``loading.py``. What a project has: ``project_code.py``. Whether it runs: ``trusting.py``.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from host.audit import E_NOT_INSTALLED, E_STATE, E_TRUST
from host.config import Config, PluginSource
from host.errors import InstallError, PluginLoadError, TrustError
from host.install.snapshots import Snapshots
from host.install.spec import GitSpec, NpmSpec, parse_spec
from host.install.store import Store
from host.install.values import Installed
from host.integrity import Expected, expected_of
from host.project_code import ProjectCode, beneath, plugins_in, project_code
from host.trusting import Trust
from policies.consent import Loaded

_REVISION: Final = re.compile(r"(\.git)?(#.*)?\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """One plugin to load, and how it came here."""

    path: Path
    where: str
    """What it was found by, for people: a line of the configuration, a directory."""
    loaded: Loaded = "hand"
    is_tool: bool = False
    """Its default export is a tool, or gives some."""
    installed: Installed | None = None
    expected: Expected | None = None
    """Of a project's: the only bytes that may be read."""

    @property
    def name(self) -> str | None:
        """The name that it goes by whatever it calls itself."""
        return None if self.installed is None else self.installed.name

    def must_be(self) -> Expected | None:
        """Return what its files must be, if somebody agreed to them."""
        return self.expected or expected_of(self.installed)


@dataclass(frozen=True, slots=True)
class Missed:
    """What is not loaded and why, in one line; a failure where plugins must not be missing."""

    code: str
    line: str
    is_failure: bool = True


@dataclass(slots=True)
class Discovered:
    """All that was found, in order, and what was missed."""

    found: list[Found] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


def discover(config: Config, home: Path, project_dir: Path) -> Discovered:
    """Return what a host with *config* loads in *project_dir*.

    A configuration that was made in code stands for what it lists and nothing else.
    """
    result = Discovered()
    try:
        installed = Store(home).read() if _is_needed(config) else {}
    except InstallError as error:
        installed = {}
        result.missed.append(Missed(E_STATE, str(error)))
    for at, source in enumerate(config.sources):
        result.found += _of_source(config, at, source, home, installed, result.missed)
    if config.plugin_dir is not None:
        result.found += _in(config.plugin_dir)
        result.found += _in(home / "tools", is_tool=True)
        result.found += _all_installed(home, installed)
        result.found += _of_project(home, project_dir, config.plugin_dir, result.missed)
    result.found = list(_once(result.found))
    return result


def _is_needed(config: Config) -> bool:
    return config.plugin_dir is not None or any(
        source.type in ("npm", "git") for source in config.sources
    )


def path_of(home: Path, plugin: Installed) -> Path:
    """Return where the files of *plugin* are that run."""
    if plugin.origin.type == "link":
        return Path(plugin.current.resolved.removeprefix("link:"))
    return Snapshots(home).path(plugin.current.tree)


def by_hand(path: Path, home: Path, installed: Installed | None = None) -> Found:
    """Return what somebody named: by hand, unless it is what was *installed*; a tool, if it lies where tools do."""
    # A link is its user's own work, and runs from where it lies.
    is_hand = installed is None or installed.origin.type == "link"
    place = path.expanduser().absolute().parent
    return Found(
        path,
        str(path),
        "hand" if is_hand else "installed",
        is_tool=is_hand
        and (place == home / "tools" or place.parts[-2:] == (".jcode", "tools")),
        installed=installed,
    )


def found_now(found: Found, config: Config, home: Path, project_dir: Path) -> Found:
    """Return where the plugin that was *found* is by now, and what its files must be. Raises PluginLoadError.

    Of an installed one the record may name another version; a project's is read as it is trusted by now.
    """
    if found.installed is not None:
        try:
            record = Store(home).read().get(found.installed.name)
        except InstallError as error:
            raise PluginLoadError(E_STATE, str(error)) from error
        if record is None or not record.enabled:
            what = "not installed" if record is None else "disabled"
            raise PluginLoadError(E_NOT_INSTALLED, f"{found.installed.name} is {what} by now")
        return replace(_installed(home, record, found.where), is_tool=found.is_tool)
    if found.expected is None:
        return found
    missed: list[Missed] = []
    plugin_dir = config.plugin_dir or home / "plugins"
    for one in _of_project(home, project_dir, plugin_dir, missed):
        if one.path == found.path:
            return one
    told = next((one.line for one in missed), f"{found.path} is not there any more")
    raise PluginLoadError(E_TRUST, told)


def _in(directory: Path, *, is_tool: bool = False) -> Iterator[Found]:
    for path in plugins_in(directory):
        yield Found(path, str(directory), is_tool=is_tool)


def _all_installed(home: Path, installed: Mapping[str, Installed]) -> Iterator[Found]:
    for plugin in installed.values():
        if plugin.enabled:
            yield _installed(home, plugin, f"installed from {plugin.origin.spec}")


def _installed(home: Path, plugin: Installed, where: str) -> Found:
    return replace(by_hand(path_of(home, plugin), home, plugin), where=where)


def _of_source(
    config: Config,
    at: int,
    source: PluginSource,
    home: Path,
    installed: Mapping[str, Installed],
    missed: list[Missed],
) -> Iterator[Found]:
    place = config.places.get(("sources", at))
    where = place.where if place is not None and place.where else f"source {at + 1}"
    if source.type in ("file", "directory"):
        if source.path:
            # A path that is relative means the directory of the file it stands in: the current one may be a stranger's.
            base = Path() if config.plugin_dir is None else home
            yield Found(base / Path(source.path).expanduser(), where)
        else:
            missed.append(Missed(E_NOT_INSTALLED, f"{where}: has no path; name one"))
        return
    spec = source.spec_text()
    if spec is None:
        keys = "name" if source.type == "npm" else "url"
        missed.append(Missed(E_NOT_INSTALLED, f"{where}: names nothing; add {keys} or spec"))
        return
    plugin = next((one for one in installed.values() if _is_from(one, source, spec)), None)
    if plugin is None:
        missed.append(
            Missed(
                E_NOT_INSTALLED,
                f"{where}: {spec} is not installed; jcode-plugin install {shlex.quote(spec)}",
            )
        )
    elif plugin.enabled:
        yield _installed(home, plugin, where)


def _is_from(plugin: Installed, source: PluginSource, spec: str) -> bool:
    """Whether *plugin* is what *spec* names; which version of it, installing decided."""
    if plugin.origin.type != source.type:
        return False
    return _named(plugin.origin.spec) == _named(spec)


def _named(text: str) -> str:
    """What a spec is about, without its version."""
    try:
        spec = parse_spec(text, Path("/"))
    except InstallError:
        return text
    match spec:
        case NpmSpec(name=name):
            return f"npm:{name.lower()}"
        case GitSpec():
            return _REVISION.sub("", spec.origin)
        case _:
            return spec.spec


def _of_project(
    home: Path, project_dir: Path, plugin_dir: Path, missed: list[Missed]
) -> list[Found]:
    code = project_code(project_dir, home, plugin_dir)
    if code is None:
        return []
    try:
        files = Trust(home).files_of(code)
    except TrustError as error:
        missed.append(Missed(E_TRUST, str(error), is_failure=not error.is_new))
        return []
    return of_project(code, files)


def of_project(code: ProjectCode, files: dict[str, str]) -> list[Found]:
    """Return the plugins of *code*, to be read from exactly *files*."""
    command = f"to see it and decide: jcode-plugin trust {shlex.quote(str(code.root))}"
    found = []
    for path in (*code.plugins, *code.tools):
        root = path if path.is_dir() else path.parent
        expected = Expected(
            beneath(files, code.root, root), f"{code.root} was trusted", command, root
        )
        found.append(
            Found(
                path,
                str(path.parent),
                "project",
                is_tool=path in code.tools,
                expected=expected,
            )
        )
    return found


def _once(found: list[Found]) -> Iterator[Found]:
    seen: set[str] = set()
    for one in found:
        key = os.path.realpath(one.path.expanduser())
        if key not in seen:
            seen.add(key)
            yield one
