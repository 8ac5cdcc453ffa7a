"""Everything that is decided of a plugin before a worker of it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from host.artifact import Artifact, content_id
from host.install.values import Installed
from host.settings import NO_SETTINGS, Settings
from host.signing.examine import NOT_LOOKED_AT, Signature
from policies.consent import Loaded
from policies.decision import Rule
from policies.manifest_values import NO_MANIFEST, Manifest, Part
from policies.rights import Right

Scope = Literal["project", "session", "global"]


@dataclass(frozen=True, slots=True)
class TuiCode:
    """What a TUI half runs that stands beside a server half: the main file, relative to the root, and what was built."""

    file: str
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """Everything that is decided before a worker starts. Without a scope, what the plugin registers decides."""

    name: str
    version: str
    path: Path
    scope: Scope | None
    artifact: Artifact
    root: Path
    """Its directory: the package's, or the one in which its only file lies."""
    is_package: bool = False
    given_rights: Mapping[int, frozenset[Right]] = field(default_factory=dict)
    """By event: all that the embedding program lets it do, instead of what loading it consents to."""
    settings: Settings = NO_SETTINGS
    id: str = ""
    manifest: Manifest = NO_MANIFEST
    file_name: str = ""
    """What it would be called if its manifest gave it no name."""
    loaded: Loaded = "hand"
    """How it came here, which decides what that consents to."""
    accepted: tuple[Rule, ...] = ()
    """What the user said yes to when it was installed."""
    features: tuple[str, ...] | None = None
    """Those that somebody chose; None: those that are on by default."""
    installed: Installed | None = None
    """What is remembered of it, when it is installed."""
    is_named: bool = False
    """Its name is another's word than its own: the program's that loads it, or its installation's."""
    tool_files: tuple[int, ...] = ()
    """Which of its entries export tools as default."""
    signature: Signature = NOT_LOOKED_AT
    """What holds of its signature, where one is asked for."""
    part: Part = "server"
    """Which half of its plugin this is. One of kind ``tui`` has no other."""
    tui: TuiCode | None = None
    """Of a server half: the half for where there is an interface, if there is one beside it."""
    package: str = ""
    """Of a TUI half beside a server half: :attr:`content` of both."""

    @property
    def configured_as(self) -> str:
        """What it is called where something is allowed or kept for it.

        A project's plugin must not get what the user gave to another one by calling itself the same.
        """
        return f"project:{self.name}" if self.loaded == "project" else self.name

    @property
    def content(self) -> str:
        """A stable identity of all the code of the plugin, whichever half this is."""
        return self.package or content_id(*self.artifacts())

    def artifacts(self) -> tuple[Artifact, ...]:
        """What was built of it: each half's, or the one of both."""
        if self.tui is None or self.tui.artifact is self.artifact:
            return (self.artifact,)
        return (self.artifact, self.tui.artifact)

    def externals(self) -> tuple[str, ...]:
        """The packages that it lacks, whichever half would use them."""
        return tuple(
            dict.fromkeys(name for built in self.artifacts() for name in built.externals)
        )

    def tui_half(self) -> "PluginSpec | None":
        """The TUI half beside this server half, with everything but the code the same; None if there is none."""
        if self.tui is None:
            return None
        return replace(
            self,
            part="tui",
            artifact=self.tui.artifact,
            path=self.root / self.tui.file,
            tui=None,
            package=self.content,
            tool_files=self.tool_files if self.tui.artifact is self.artifact else (),
        )
