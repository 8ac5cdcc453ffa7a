"""What both front ends share: how a host is made and what it holds."""

import contextlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from host.audit import AuditRing, printable
from host.config import Config, jcode_home, load_config, within_ceiling
from host.discovery import Discovered
from host.events import PluginEvent
from host.outcome import Outcome
from host.plugin_info import PluginInfo, ToolInfo
from host.providers import ProviderInfo
from host.realpath import file_request
from host.remembered import Approval
from host.runtime import Runtime
from host.spelling import read_event
from host.surroundings import require_linux
from host.view.model import View
from host.workspace import Workspace
from policies.capability import FileRequest, Request
from policies.gate import PermissionMode
from policies.layers import Step
from policies.switches import Switches

_logger = logging.getLogger("jcode_plugins")


def read_config(project_dir: str | os.PathLike[str], mode: str | None) -> Config:
    """Return what files and environment say for *project_dir*, with its warnings logged. Raises ConfigError."""
    config = load_config(
        jcode_home(os.environ), project_dir=Path(project_dir), variables=os.environ, mode=mode
    )
    for warning in config.warnings:
        _logger.warning("%s", printable(warning))
    return config


class HostCore:
    """Everything of a host that needs no waiting. Base of the two front ends."""

    def __init__(
        self,
        config: Config | None = None,
        *,
        project_dir: str | os.PathLike[str] = ".",
        home: str | os.PathLike[str] | None = None,
        follow: bool = False,
    ) -> None:
        """*project_dir* is what plugins see as their cwd; *home* (``~/.jcode``) holds data and caches.

        With *follow*, what changes on disk is loaded, reloaded and unloaded while the host runs; see ``docs/reloading.md``.

        Raises :class:`IsolationError` where this system cannot isolate a plugin, and :class:`ConfigError` for a
        ceiling of this machine that cannot be read.
        """
        require_linux()
        self.config = within_ceiling(config or Config())
        self.home = Path(home) if home is not None else jcode_home(os.environ)
        self.runtime = Runtime(self.config, self.home)
        self.workspace = Workspace(self.runtime, self.config, Path(project_dir).resolve())
        if follow:
            self.workspace.follow()

    def discover(self) -> Discovered:
        """Return the plugins that a host with this configuration starts with, in order, and what is missed and why.

        Nothing of them is read. Raises :class:`PluginLoadError` when failing closed and something is missed.
        """
        return self.workspace.loads.discover()

    def explain(self, plugin: str, request: Request) -> tuple[Step, ...]:
        """Walk the capability chain for *request* of the loaded *plugin*: a step for each layer, one of them decides.

        For example ``host.explain("guard", FileRequest("fs_read", "/etc/passwd"))``. A file is judged by where its
        path leads now. Raises :class:`InputError` for a plugin that is not loaded.
        """
        self._look()
        name = self.workspace.plugin(plugin).name
        if isinstance(request, FileRequest) and not request.named:
            with contextlib.suppress(
                OSError
            ):  # a path that leads nowhere is judged by its name
                request = file_request(request.kind, request.path)
        return self.workspace.snapshot.chain.explain(name, request)

    def set_mode(self, mode: str) -> None:
        """Change the permission mode; the next decision of the gate is made in it.

        Raises :class:`InputError` for a word that is none, and for a mode that exceeds the ceiling of this machine.
        """
        self.workspace.modes.set(mode)

    @property
    def permission_mode(self) -> PermissionMode:
        """The mode that the gate decides in."""
        return self.workspace.modes.default

    def approvals(self) -> list[Approval]:
        """The answers that a person gave for good and that still hold, the newest first; of every project."""
        return self.runtime.approvals.remembered.list()

    @property
    def audit(self) -> AuditRing:
        """What was killed, refused, dropped, restarted, and why."""
        return self.runtime.audit

    @property
    def switches(self) -> Switches:
        """What is off, as of the last look: half a second old at most while anything goes on."""
        return self.runtime.switches

    def set_switches(self, variables: Mapping[str, str]) -> None:
        """Take *variables* as this program's own kill switches, instead of those it gave before.

        They are named as in the environment, for example ``{"JCODE_PLUGIN_FORCE_DENY": "1"}``, and only add to
        what the environment and the configuration switch off. When this returns, the workers of what is off
        have been killed. Raises :class:`InputError`.
        """
        self.runtime.set_switches(variables)

    @property
    def view(self) -> View:
        """What plugins show and ask, for a program with an interface of its own; see ``docs/ui.md``."""
        return self.workspace.view

    def _look(self) -> None:
        self.runtime.look_if_due()

    def has_handler(self, event: "PluginEvent | str") -> bool:
        """Whether any plugin subscribed to *event*, or hears of it: one attribute, one shift."""
        if type(event) is not PluginEvent:
            event = read_event(event)
        return bool(self.workspace.snapshot.heard >> event & 1)

    def _concerns_nobody(self, event: "PluginEvent | str") -> Outcome | None:
        """The empty outcome, if that is all there is to say: no lock, no coroutine, nothing encoded."""
        snapshot = self.workspace.snapshot
        if type(event) is not PluginEvent or snapshot.concerned >> event & 1:
            return None
        if not self.runtime.is_usable:
            return None
        return Outcome(event, generation=snapshot.generation)

    def plugins(self) -> list[PluginInfo]:
        """Every loaded plugin, in the order that decides merges."""
        self._look()
        return self.workspace.plugins()

    def tools(self) -> list[ToolInfo]:
        """Every tool that the agent may offer to its model."""
        self._look()
        return self.workspace.tools()

    def providers(self) -> list[ProviderInfo]:
        """Every model provider that a plugin defines and is allowed to, by name."""
        self._look()
        found = self.workspace.snapshot.providers
        return [found[name] for name in sorted(found)]

    def commands(self) -> list[str]:
        """Names of the registered commands."""
        self._look()
        return sorted(self.workspace.snapshot.commands)
