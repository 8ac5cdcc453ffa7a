"""From a plan that was agreed to, to a plugin that is installed; and away again. Everything of it is in the audit.

Elsewhere   The files: ``snapshots``. The step from one version to another: ``switch``.
"""

import shutil
from pathlib import Path
from time import time

from host.audit import AuditRing, Kind
from host.errors import InstallError
from host.install.flow import Plan
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.switch import back, put, remove
from host.install.values import Installed, Release
from host.outcome import JsonObject
from policies.accepting import pairs
from policies.plugin_name import folder_name


def keep(home: Path, plan: Plan, audit: AuditRing) -> Installed:
    """Keep the files of *plan*, make them what runs, and say so in *audit*.

    Raises InstallError; then what was installed is as it was.
    """
    with Snapshots(home).keep(plan.fetched.directory) as kept:
        if kept.tree != plan.contents.tree:
            raise InstallError(
                "E_INTEGRITY",
                f"the files of {plan.name} changed while you looked at them; try again",
            )
        plugin = _as_installed(plan, dict(kept.files))
        plugin = put(home, plugin, instead_of=plan.previous)
    is_new = plan.previous is None
    audit.record(
        Kind.INSTALLED if is_new else Kind.UPDATED,
        plan.name,
        "installed" if is_new else "updated",
        _named(plugin.current),
        data=_told(plugin, plan.previous),
    )
    return plugin


def make_whole(home: Path, plan: Plan) -> bool:
    """See to it that the files of *plan*, which is installed already, are what they were; whether they were not."""
    snapshots = Snapshots(home)
    if plan.previous is None or not snapshots.verify(
        plan.contents.tree, plan.previous.current.files
    ):
        return False
    with snapshots.keep(plan.fetched.directory):
        return True


def _as_installed(plan: Plan, files: dict[str, str]) -> Installed:
    before, now = plan.previous, time()
    return Installed(
        name=plan.name,
        id=plan.id,
        origin=plan.fetched.origin,
        current=Release(
            version=plan.version,
            resolved=plan.fetched.resolved,
            integrity=plan.fetched.integrity,
            tree=plan.contents.tree,
            files=files,
            accepted=pairs(plan.accept),
            features=plan.features,
            signed_by=plan.built.signature.signed_by,
        ),
        enabled=before.enabled if before is not None else True,
        installed_at=before.installed_at if before is not None else now,
        updated_at=now,
        settings=dict(plan.settings),
    )


def roll_back(home: Path, name: str, audit: AuditRing) -> Installed:
    """Make the version that ran before the current one run again, with what was accepted of it then.

    Raises InstallError; then what was installed is as it was.
    """
    plugin = back(home, name)
    before = plugin.last_known_good
    told: JsonObject = {"previous_version": None if before is None else before.version}
    audit.record(
        Kind.ROLLED_BACK,
        name,
        "rolled_back",
        _named(plugin.current),
        data=_release_json(plugin.current) | told,
    )
    return plugin


def uninstall(home: Path, name: str, audit: AuditRing, *, purge: bool) -> None:
    """Forget the installed plugin *name*; with *purge* also what it kept, be it gone already. Raises InstallError."""
    is_gone = name not in Store(home).read()
    if not (is_gone and purge and data_of(home, name)):
        plugin = remove(home, name)
        told = _release_json(plugin.current)
        audit.record(Kind.UNINSTALLED, name, "uninstalled", _named(plugin.current), data=told)
    if purge:
        for path in data_of(home, name):
            shutil.rmtree(path)
        audit.record(Kind.UNINSTALLED, name, "purged", "what it kept was removed")


def data_of(home: Path, name: str) -> list[Path]:
    """Return where there is something that the plugin *name* kept: files, and its key-value stores."""
    folder = folder_name(name)
    return [
        path
        for path in (home / "data" / folder, home / "kv" / folder)
        if path.is_dir() and not path.is_symlink()
    ]


def _named(release: Release) -> str:
    return f"{release.resolved} {release.tree}" if release.tree else release.resolved


def _told(plugin: Installed, before: Installed | None) -> JsonObject:
    return _release_json(plugin.current) | {
        "source": plugin.origin.spec,
        "previous_version": None if before is None else before.current.version,
    }


def _release_json(release: Release) -> JsonObject:
    return {
        "version": release.version,
        "resolved": release.resolved,
        "integrity": release.integrity,
        "tree": release.tree,
        "signed_by": release.signed_by,
        "accepted": [f"{kind} {pattern}" for kind, pattern in release.accepted],
        "features": None if release.features is None else list(release.features),
    }
