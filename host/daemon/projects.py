"""A workspace for each client's surroundings: its directory, the variables it sends, its kill switches.

Promises    Clients that agree in all three share plugins; others never see each other's. A switch of a client holds for its
            own workspace only, and can take nothing away from what the daemon's own switches say. A configuration that
            cannot be read leaves in place what was there; calls under way end where they began.
"""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from host.audit import printable
from host.config import Config, load_config
from host.daemon.viewing import Stage
from host.daemon.wire import RefusedError
from host.errors import HostError, InputError
from host.outcome import Json, JsonObject
from host.reactor import now_s
from host.runtime import Runtime
from host.switching import check_names, switches_of
from host.waits import Wait, start
from host.workspace import Workspace
from policies.switches import SwitchError, read_switches

MAX_VARIABLES: Final = 256
_MAX_NAME_CHARS: Final = 256
_MAX_CHARS: Final = 128 * 1024

_logger = logging.getLogger("jcode_plugins")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a client is."""

    cwd: str
    env: Mapping[str, str]
    switches: Mapping[str, str]
    key: str

    @classmethod
    def read(cls, context: JsonObject) -> "Surroundings":
        """Return what a request says. Raises :class:`InputError`."""
        cwd = context.get("cwd")
        if not isinstance(cwd, str) or not os.path.isabs(cwd) or "\0" in cwd or len(cwd) > 4096:
            raise InputError("cwd is the absolute path of the project's directory")
        _check_for_the_system("cwd", cwd)
        env, switches = _texts(context, "env"), _texts(context, "switches")
        check_names(switches)
        real = os.path.realpath(cwd)
        if not os.path.isdir(real):
            raise InputError(f"{printable(cwd)} is no directory; send a cwd that exists")
        text = json.dumps([real, sorted(env.items()), sorted(switches.items())])
        return cls(real, env, switches, hashlib.sha256(text.encode()).hexdigest())


def _texts(context: JsonObject, name: str) -> dict[str, str]:
    raw: Json = context.get(name, {})
    if not isinstance(raw, dict) or len(raw) > MAX_VARIABLES:
        raise InputError(f"{name} is an object of up to {MAX_VARIABLES} texts")
    found: dict[str, str] = {}
    chars = 0
    for key, value in raw.items():
        if not isinstance(value, str) or not 0 < len(key) <= _MAX_NAME_CHARS:
            raise InputError(f"{name} is an object of texts")
        if "\0" in key or "=" in key or "\0" in value:
            raise InputError(f"{name}: {key[:60]!a} is no variable")
        _check_for_the_system(name, key + value)
        chars += len(key) + len(value)
        found[key] = value
    if chars > _MAX_CHARS:
        raise InputError(f"{name} is larger than {_MAX_CHARS >> 10} KiB; send fewer variables")
    return found


def _check_for_the_system(name: str, text: str) -> None:
    """Raise InputError for *text* that no path and no variable can hold."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InputError(
            f"{name}: {printable(text[:60])} has half of a surrogate pair in it"
        ) from None


@dataclass(eq=False, slots=True)
class Project:
    """One workspace and who uses it."""

    surroundings: Surroundings
    workspace: Workspace
    ready: Wait[None]
    stage: Stage
    calls: int = 0
    """That are under way."""
    last_used: float = field(default_factory=now_s)
    is_retired: bool = False
    """Replaced or dropped: it ends with its last call."""

    @property
    def is_used(self) -> bool:
        """Whether a call is under way in it, or somebody looks at what it shows."""
        return bool(self.calls or self.stage)


class Projects:
    """The workspaces of the daemon. *home* is our own directory."""

    def __init__(self, runtime: Runtime, home: Path, most: int) -> None:
        self._most = most
        self._runtime = runtime
        self._home = home
        self._projects: dict[str, Project] = {}
        self._retired: list[Project] = []

    def __len__(self) -> int:
        return len(self._projects)

    def all(self) -> list[Project]:
        """Every one that new calls may go to."""
        return list(self._projects.values())

    def use(self, surroundings: Surroundings) -> Project:
        """Return the project for a call, which :meth:`leave` ends. Raises ConfigError, RefusedError.

        It may still load its plugins: wait for :attr:`Project.ready`.
        """
        project = self._projects.get(surroundings.key)
        if project is None:
            self._make_room()
            project = self._open(surroundings)
            if not project.is_retired:  # else it failed at once
                self._projects[surroundings.key] = project
        project.calls += 1
        project.last_used = now_s()
        return project

    def current(self, project: Project) -> Project:
        """Return what has the place of *project* by now; itself, unless it was replaced meanwhile."""
        return self._projects.get(project.surroundings.key, project)

    def leave(self, project: Project) -> None:
        """A call of *project* has ended."""
        project.calls -= 1
        project.last_used = now_s()
        if project.is_retired and not project.calls:
            self._close(project)

    def _make_room(self) -> None:
        if len(self._projects) < self._most:
            return
        idle = [one for one in self._projects.values() if not one.is_used]
        if not idle:
            told = f"the daemon serves {self._most} projects, and all are busy; try again later"
            raise RefusedError("full", "E_FULL", told)
        self._retire(min(idle, key=lambda one: one.last_used))

    def _open(self, surroundings: Surroundings) -> Project:
        config = self._config_of(surroundings)
        try:
            own = read_switches(surroundings.switches) | switches_of(config)
        except SwitchError as error:
            raise InputError(str(error)) from None
        workspace = Workspace(self._runtime, config, Path(surroundings.cwd))
        workspace.variables = surroundings.env
        workspace.own_switches = own
        workspace.shares = _digest(surroundings, config)
        project = Project(surroundings, workspace, Wait(), Stage(workspace))
        workspace.follow()
        loading = start(workspace.loads.load_configured())
        loading.when_done(lambda: self._on_loaded(project, loading))
        return project

    def _config_of(self, surroundings: Surroundings) -> Config:
        config = load_config(
            self._home, project_dir=Path(surroundings.cwd), variables=surroundings.env
        )
        for warning in config.warnings:
            _logger.warning("%s: %s", printable(surroundings.cwd), printable(warning))
        return config

    def _on_loaded(self, project: Project, loading: Wait[None]) -> None:
        try:
            loading.result()
        except HostError as error:
            # Failing closed: nothing goes on without it, and the next call tries again.
            self._retire(project)
            project.ready.fail(error)
        except BaseException as error:
            self._retire(project)
            project.ready.fail(error)
            raise
        else:
            project.workspace.publish()  # with the switches, also when there is no plugin
            project.ready.set(None)

    def _retire(self, project: Project) -> None:
        if self._projects.get(project.surroundings.key) is project:
            del self._projects[project.surroundings.key]
        if not project.is_retired:
            project.is_retired = True
            self._retired.append(project)
            if not project.calls:
                self._close(project)

    def _close(self, project: Project) -> None:
        if project in self._retired:
            self._retired.remove(project)
            project.workspace.close()

    def drop_idle(self, idle_s: float) -> None:
        """Let go of projects that nobody used for *idle_s* seconds. To be called more often than that."""
        before = now_s() - idle_s
        for project in self.all():
            if project.is_used:
                project.last_used = now_s()  # by whoever looks on, until they look no more
            elif project.last_used < before:
                self._retire(project)

    async def reload(self) -> list[tuple[str, HostError | None]]:
        """Read every configuration again; return each directory with what keeps the old one in place, or None.

        A new workspace takes the place of the old one when its plugins are loaded; calls under way end in the old one.
        """
        done: list[tuple[str, HostError | None]] = []
        for old in self.all():
            problem: HostError | None = None
            try:
                await self._renew(old)
            except HostError as error:
                problem = error
            done.append((old.surroundings.cwd, problem))
        return done

    async def _renew(self, old: Project) -> None:
        workspace = old.workspace
        if self._config_of(old.surroundings) == workspace.config:
            # The same rules: only what has another source by now is replaced, and the others keep all that they know.
            for plugin in workspace.loaded():
                await workspace.reload(plugin.name)
            if workspace.following is not None:
                workspace.following.look_for_new()
            return
        new = self._open(old.surroundings)
        await new.ready
        self._replace(old, new)

    def _replace(self, old: Project, new: Project) -> None:
        key = old.surroundings.key
        current = self._projects.get(key)
        if current is not None:
            new.workspace.modes.take_over(current.workspace.modes)
            new.stage.take_over(current.stage)
            self._retire(current)
        self._projects[key] = new

    def close(self) -> None:
        """Close every workspace; calls that are under way are lost."""
        for project in [*self._projects.values(), *self._retired]:
            project.workspace.close()
        self._projects.clear()
        self._retired.clear()


def _digest(surroundings: Surroundings, config: Config) -> str:
    """What workspaces agree in that may share a plugin of scope ``global``: all but the directory."""
    said = [sorted(surroundings.env.items()), sorted(surroundings.switches.items())]
    text = json.dumps([said, config.model_dump_json()])
    return hashlib.sha256(text.encode()).hexdigest()
