"""A plugin that is remembered where it lies: no copy, no hashes, the consent of loading it by hand."""

import os
from pathlib import Path
from time import time

from host.audit import AuditRing, Kind
from host.install.identity import Known, check_identity, id_of
from host.install.switch import put
from host.install.values import Fetched, Installed, Origin, Release
from host.plugin_spec import PluginSpec


def link(
    home: Path, path: Path, built: PluginSpec, known: Known, audit: AuditRing
) -> Installed:
    """Remember the plugin *built* from *path*. Raises InstallError if its name is taken."""
    place = os.path.normpath(path)
    origin = Origin("link", place)
    fetched = Fetched(path, origin, place, built.version)
    id_ = id_of(fetched, built.name)
    check_identity(fetched, built, id_, known)
    before, now = known.installed.get(built.name), time()
    plugin = Installed(
        name=built.name,
        id=id_,
        origin=origin,
        current=Release(version=built.version, resolved=place),
        enabled=before.enabled if before is not None else True,
        installed_at=before.installed_at if before is not None else now,
        updated_at=now,
    )
    plugin = put(home, plugin, instead_of=before)
    audit.record(
        Kind.INSTALLED,
        built.name,
        "linked",
        place,
        data={"source": place, "version": built.version, "accepted": "as loaded by hand"},
    )
    return plugin
