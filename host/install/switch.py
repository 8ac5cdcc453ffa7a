"""From what runs to what shall run, in one step: a version instead of another, the one before it, or none.

Promises    Whenever the process is killed, what is installed is the old version or the new one, whole; nobody sees
            anything between. What is left behind by one that was killed is removed by the next change.
            What the user was asked about is what is replaced: a change by somebody else in between is an error.
Relies on   ``installed.json`` is replaced by one rename, and names only snapshots that are whole and held meanwhile.
Elsewhere   Fetching, looking and asking come before; the audit of it comes after.
"""

from contextlib import suppress
from pathlib import Path
from time import time

from msgspec.structs import replace

from host.audit import printable
from host.errors import InstallError
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.values import Installed, Release


def put(home: Path, plugin: Installed, *, instead_of: Installed | None) -> Installed:
    """Make *plugin* what runs under its name, and return it with what it can be taken back to.

    The caller holds the snapshot of its current release (:class:`~host.install.snapshots.Kept`). *instead_of* is
    what was installed under that name when the user agreed. Raises InstallError, and then nothing has changed.
    """
    with Store(home).changing() as installed:
        before = installed.get(plugin.name)
        if before != instead_of:
            raise InstallError(
                "E_BUSY",
                f"{plugin.name} was changed by another command meanwhile; look at it (jcode-plugin info "
                f"{plugin.name}) and try again",
            )
        new = replace(plugin, last_known_good=_to_go_back_to(before, plugin))
        installed[plugin.name] = new
    _tidy(home)
    return new


def back(home: Path, name: str) -> Installed:
    """Make the release that ran before the current one run again, and return the plugin as it is then.

    The current one is what the next call goes back to. Raises InstallError, and then nothing has changed.
    """
    with Store(home).changing() as installed:
        plugin = installed.get(name)
        if plugin is None:
            raise not_installed(name)
        before = plugin.last_known_good
        if before is None:
            raise InstallError(
                "E_NOT_FOUND",
                f"{name} has had no other version; there is nothing to go back to",
            )
        problems = Snapshots(home).verify(before.tree, before.files) if before.tree else []
        if problems:
            raise InstallError(
                "E_INTEGRITY",
                f"{name} {before.version} is not what it was ({problems[0]}); to have it again: "
                f"jcode-plugin install {plugin.origin.spec}",
            )
        plugin = replace(
            plugin, current=before, last_known_good=plugin.current, updated_at=time()
        )
        installed[name] = plugin
    _tidy(home)
    return plugin


def remove(home: Path, name: str) -> Installed:
    """Forget the plugin *name* and return what was remembered of it. Raises InstallError, and then nothing has changed."""
    with Store(home).changing() as installed:
        plugin = installed.pop(name, None)
        if plugin is None:
            raise not_installed(name)
    _tidy(home)
    return plugin


def not_installed(name: str) -> InstallError:
    """Return the error of there being no plugin *name*."""
    return InstallError(
        "E_NOT_FOUND", f"{printable(name)} is not installed; see jcode-plugin list"
    )


def _to_go_back_to(before: Installed | None, plugin: Installed) -> Release | None:
    if before is None or (before.origin.type == "link") != (plugin.origin.type == "link"):
        return None
    same = before.current.tree == plugin.current.tree
    return before.last_known_good if same else before.current


def _tidy(home: Path) -> None:
    with suppress(
        InstallError
    ):  # the switch is done; what is not needed can go at the next one
        Snapshots(home).sweep()
