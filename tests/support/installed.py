"""Values of installed plugins, as the tests of what is remembered of them need."""

from collections.abc import Mapping

from host.install.tree import tree_of
from host.install.values import Installed, Origin, Release


def release(version: str = "1.0.0", files: Mapping[str, str] | None = None) -> Release:
    """A release of *files* (the SHA-256 of each by its path); of one file that depends on *version*."""
    given = dict(files or {"index.js": tree_of({version: ""})})
    return Release(
        version=version,
        resolved=f"npm:guard@{version}",
        integrity="sha512-x",
        tree=tree_of(given),
        files=given,
        accepted=(("events", "PreToolUse"), ("fs_read", "$CWD")),
    )


def installed(
    name: str = "guard",
    version: str = "1.0.0",
    *,
    current: Release | None = None,
    before: Release | None = None,
) -> Installed:
    """A plugin that is installed."""
    return Installed(
        name=name,
        id=f"npm:{name}",
        origin=Origin("npm", f"npm:{name}"),
        current=current or release(version),
        enabled=True,
        installed_at=1_700_000_000.0,
        updated_at=1_700_000_000.0,
        last_known_good=before,
    )
