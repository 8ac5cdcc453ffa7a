"""Installing as a command does, without one: by tests and by the many processes that they start."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from host.errors import InstallError
from host.install.snapshots import Snapshots, trees_of
from host.install.store import Store
from host.install.switch import back, put, remove
from host.install.values import Installed, Origin, Release


def install(home: Path, root: Path, name: str = "guard") -> Installed:
    """Install the package in *root*, whose version is its name, as a command does."""
    with Snapshots(home).keep(root) as kept:
        release = Release(root.name, f"x@{root.name}", tree=kept.tree, files=dict(kept.files))
        before = Store(home).read().get(name)
        origin = Origin("directory", str(root))
        plugin = Installed(name, f"file:{name}", origin, release, True, 0.0, 0.0)
        return put(home, plugin, instead_of=before)


def link(home: Path) -> Installed:
    """Remember a plugin that lies elsewhere: a change that copies nothing."""
    plugin = Installed(
        "another", "file:/x", Origin("link", "/x"), Release("1", "/x"), True, 0, 0
    )
    return put(home, plugin, instead_of=None)


State: TypeAlias = dict[str, list[str | None]]
"""By name: the version that runs, and the one that can be gone back to."""


def state(home: Path) -> State:
    """What is installed, every file of it checked: AssertionError for one that is not as it was."""
    installed = Store(home).read()
    for plugin in installed.values():
        for release in (plugin.current, plugin.last_known_good):
            if release is not None and release.tree:
                assert Snapshots(home).verify(release.tree, release.files) == []
    return {
        name: [
            plugin.current.version,
            None if plugin.last_known_good is None else plugin.last_known_good.version,
        ]
        for name, plugin in installed.items()
    }


def left_in(home: Path) -> list[str]:
    """What lies there beside what is installed, or is missing of it."""
    packages = home / "cache" / "packages"
    found = set(os.listdir(packages)) if packages.exists() else set()
    others = {*os.listdir(home / "plugins")} - {"installed.json", "installed.lock"}
    return sorted(others | (found ^ trees_of(Store(home).read())))


def insist(change: Callable[[], object]) -> None:
    """Do *change* until nobody else was faster."""
    while True:
        try:
            change()
        except InstallError as error:
            if error.code != "E_BUSY":
                raise
        else:
            return


def switch_off(home: Path, name: str) -> None:
    """Disable the installed plugin *name*, as a command does."""
    with Store(home).changing() as installed:
        installed[name] = msgspec.structs.replace(installed[name], enabled=False)


def use_as_one_of_many(home: Path, fetched: Path, number: int) -> None:
    """Install, update, take back, disable and remove, among others who do the same."""
    mine = f"plugin-{number}"
    insist(lambda: install(home, fetched / "1", mine))
    insist(lambda: install(home, fetched / str(number % 2 + 1), "shared"))
    insist(lambda: install(home, fetched / "2", mine))
    if number % 3 == 0:
        back(home, mine)
    if number % 3 == 1:
        switch_off(home, mine)
    if number % 5 == 4:
        remove(home, mine)


if __name__ == "__main__":
    import sys

    home, fetched, number = sys.argv[1:]
    sys.stdin.read()  # until all are there
    use_as_one_of_many(Path(home), Path(fetched), int(number))
