"""What a user does while hosts run: installs a version, trusts a project. And plugins that say which version they are."""

from pathlib import Path

from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.switch import put
from host.install.tree import tree_of
from host.install.values import Installed, Origin, Release
from host.project_code import project_code
from host.trusting import Trust, TrustedProject
from tests.integration.host_support import on
from tests.unit.worker.build_support import write_files


def blocks(reason: str) -> str:
    """A version that says who it is, by what it blocks with."""
    return on("PreToolUse", f'return {{ block: "{reason}" }};')


def install(home: Path, name: str, source: str) -> Installed:
    """Install *source* as *name*, as the command does."""
    root = home.parent / "source"
    write_files(root, {"index.js": source})
    with Snapshots(home).keep(root) as kept:
        accepted = (("events", "PreToolUse:veto"),)
        release = Release(
            "1", str(root), tree=kept.tree, files=dict(kept.files), accepted=accepted
        )
        origin = Origin("directory", str(root))
        plugin = Installed(name, f"file:{name}", origin, release, True, 0.0, 0.0)
        return put(home, plugin, instead_of=Store(home).read().get(name))


def trust(home: Path, project: Path) -> None:
    """Trust *project* as it is now."""
    code = project_code(project, home)
    assert code is not None
    files = code.files()
    Trust(home).add(TrustedProject(str(code.root), tree_of(files), files, 1.0))
