"""Whether a plugin on its way in is who it says: it may take no other's name, and no other's place.

Promises    A package of npm carries the name under which it was asked for. A name that is taken, or could be taken for
            one that is, goes to whoever has it: what is installed is only replaced from where it came from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from host.audit import printable
from host.errors import InstallError
from host.install.values import Fetched, Installed
from host.plugin_spec import PluginSpec
from policies.identity import identity
from policies.plugin_name import slug

_OF_DISK: Final = ("file", "directory")


@dataclass(frozen=True, slots=True)
class Known:
    """What is here already. ``by_hand`` are plugins that load without being installed: a name, and where it lies.

    ``provides`` are the tools of installed plugins, as far as their manifests name them.
    """

    installed: Mapping[str, Installed]
    by_hand: Mapping[str, str] = field(default_factory=dict)
    provides: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def tools(self, but: str) -> frozenset[str]:
        """Return the tools of every installed plugin but the one called *but*."""
        return frozenset(
            tool for name, tools in self.provides.items() if name != but for tool in tools
        )


def id_of(fetched: Fetched, name: str) -> str:
    """Return what the plugin is known by, whatever its version: ``npm:NAME``, ``git:...#NAME``, ``file:PATH``."""
    origin = fetched.origin
    match origin.type:
        case "npm":
            return f"npm:{_npm_name(fetched)}"
        case "git":
            return f"{origin.spec.partition('#')[0]}#{name}"
        case "file" | "directory" | "link":
            return f"file:{origin.spec}"


def check_identity(fetched: Fetched, built: PluginSpec, id_: str, known: Known) -> None:
    """Raise InstallError (``E_IDENTITY``, ``E_DUPLICATE``) unless the plugin may be called what it calls itself."""
    manifest = built.manifest
    if fetched.origin.type == "npm":
        asked = _npm_name(fetched)
        stated = manifest.package_name
        if stated is not None and slug(stated) != slug(asked):
            raise InstallError(
                "E_IDENTITY",
                f"the package {asked} says that it is {printable(stated)}; do without it, and tell its registry",
            )
    previous = known.installed.get(built.name)
    if previous is not None and not _may_replace(previous, fetched, id_):
        raise InstallError(
            "E_DUPLICATE",
            f"{built.name} is installed from {printable(previous.origin.spec)}; to have the other one: "
            f"jcode-plugin uninstall {built.name}",
        )
    names = (built.name, manifest.package_name, manifest.title)
    mine = {identity(name) for name in names if name}
    for name, other in known.installed.items():
        if name != built.name and mine & {identity(name), identity(_package_of(other))}:
            _refuse(built.name, name, f"installed from {other.origin.spec}")
    for name, where in known.by_hand.items():
        if identity(name) in mine:
            _refuse(built.name, name, f"loaded from {where}")


def _refuse(name: str, other: str, how: str) -> NoReturn:
    told = (
        f"{name} is taken" if name == other else f"{name} could be taken for {other}, which is"
    )
    raise InstallError(
        "E_DUPLICATE",
        f"{told}{':' if name == other else ''} {printable(how)}; remove that one first, or do without this",
    )


def _may_replace(previous: Installed, fetched: Fetched, id_: str) -> bool:
    """Whether it comes from where the installed one came from. Files of this disk are the user's own to replace."""
    if previous.origin.type in _OF_DISK and fetched.origin.type in _OF_DISK:
        return True
    return previous.origin.type == fetched.origin.type and previous.id == id_


def _package_of(installed: Installed) -> str:
    """Return the name of its package, where that is not its own."""
    kind, _, name = installed.id.partition(":")
    return name if kind == "npm" else installed.name


def _npm_name(fetched: Fetched) -> str:
    """Return NAME of ``npm:NAME@VERSION``."""
    return fetched.resolved.removeprefix("npm:").rpartition("@")[0]
