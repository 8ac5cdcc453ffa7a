"""What is installed stays whole: processes that are killed at any step, and many that change it at once."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from host.errors import InstallError
from host.install.snapshots import Snapshots, trees_of
from host.install.store import Store
from host.install.switch import back, put, remove
from host.install.values import Installed, Origin, Release
from tests.support.installing import install
from tests.support.killed import killed_at
from tests.unit.worker.build_support import ROOT, write_files

MAX_STEPS: Final = 1000
PROCESSES: Final = 20


def package(folder: Path, version: str) -> Path:
    """The files of one version, in *folder*."""
    root = folder / version
    write_files(
        root,
        {
            "index.js": f"export const version = {version!r};\n",
            "lib/a.js": "export {};",
            f"only-in-{version}.js": "",
        },
    )
    return root


def link(home: Path) -> Installed:
    """Remember a plugin that lies elsewhere: a change that copies nothing."""
    plugin = Installed(
        "another", "file:/x", Origin("link", "/x"), Release("1", "/x"), True, 0, 0
    )
    return put(home, plugin, instead_of=None)


def state(home: Path) -> dict[str, tuple[str, str | None]]:
    """What runs, and what can be gone back to; each of it checked to be whole."""
    installed = Store(home).read()
    for plugin in installed.values():
        for release in (plugin.current, plugin.last_known_good):
            if release is not None and release.tree:
                assert Snapshots(home).verify(release.tree, release.files) == []
    return {
        name: (
            plugin.current.version,
            None if plugin.last_known_good is None else plugin.last_known_good.version,
        )
        for name, plugin in installed.items()
    }


def check_nothing_is_left(home: Path) -> None:
    """Beside what is installed there is nothing."""
    assert sorted(os.listdir(home / "plugins")) == ["installed.json", "installed.lock"]
    packages = home / "cache" / "packages"
    found = set(os.listdir(packages)) if packages.exists() else set()
    assert found == trees_of(Store(home).read())


def make_writable(folder: Path) -> None:
    """So that a test may remove its snapshots, whoever runs it."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A directory that is on no disk, where there is such: for hundreds of homes, each of which waits for its disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        yield Path(made)
        make_writable(Path(made))


Change = Callable[[Path, Path], object]
CHANGES: dict[str, tuple[list[Change], Change, list[dict[str, tuple[str, str | None]]]]] = {
    "install": (
        [],
        lambda home, folder: install(home, folder / "3"),
        [{}, {"guard": ("3", None)}],
    ),
    "update": (
        [lambda home, folder: [install(home, folder / one) for one in "12"]],
        lambda home, folder: install(home, folder / "3"),
        [{"guard": ("2", "1")}, {"guard": ("3", "2")}],
    ),
    "rollback": (
        [lambda home, folder: [install(home, folder / one) for one in "12"]],
        lambda home, _: back(home, "guard"),
        [{"guard": ("2", "1")}, {"guard": ("1", "2")}],
    ),
    "remove": (
        [lambda home, folder: [install(home, folder / one) for one in "12"]],
        lambda home, _: remove(home, "guard"),
        [{"guard": ("2", "1")}, {}],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_is_killed_at_any_step_is_done_or_not_done(
    in_memory: Path, what: str
) -> None:
    """Every step: what is installed is the old or the new, whole, and the next change leaves nothing else behind."""
    before, change, (old, new) = CHANGES[what]
    for version in "123":
        package(in_memory / "fetched", version)
    start = in_memory / "start"
    with Store(start).locked():
        pass
    for one in before:
        one(start, in_memory / "fetched")
    found = []
    for step in range(1, MAX_STEPS):
        home = in_memory / f"home{step}"
        shutil.copytree(start, home)
        is_killed = killed_at(step, partial(change, home, in_memory / "fetched"))
        found.append(state(home))
        link(home)
        check_nothing_is_left(home)
        assert state(home) == {**found[-1], "another": ("1", None)}
        make_writable(home)
        shutil.rmtree(home)
        if not is_killed:
            break

    assert not is_killed
    assert len(found) > 20
    switched = found.index(new)
    assert found == [old] * switched + [new] * (len(found) - switched)
    assert 0 < switched < len(found) - 1  # both sides of the switch were seen


def test_twenty_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each on its own plugin and all on a shared one; every change is there, and every file of it."""
    home = tmp_path / "home"
    for version in "12":
        package(tmp_path / "fetched", version)
    gate, opened = os.pipe()
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.support.installing",
                home,
                tmp_path / "fetched",
                str(number),
            ],
            cwd=ROOT,
            stdin=gate,
        )
        for number in range(PROCESSES)
    ]
    os.close(gate)
    os.close(opened)  # all at once

    assert [process.wait(100) for process in processes] == [0] * PROCESSES
    found = state(home)
    assert found.pop("shared")[0] in ("1", "2")
    assert found == {
        f"plugin-{number}": ("1", "2") if number % 3 == 0 else ("2", "1")
        for number in range(PROCESSES)
        if number % 5 != 4
    }
    enabled = {name: plugin.enabled for name, plugin in Store(home).read().items()}
    assert not any(enabled[f"plugin-{n}"] for n in range(1, PROCESSES, 3) if n % 5 != 4)
    check_nothing_is_left(home)


def test_what_was_agreed_to_is_what_is_replaced(tmp_path: Path) -> None:
    """Somebody else updated it while the user was asked: the question was about another change."""
    home, fetched = tmp_path / "home", tmp_path / "fetched"
    asked_about = install(home, package(fetched, "1"))
    theirs = install(home, package(fetched, "2"))

    with pytest.raises(InstallError, match="changed by another command") as caught:
        put(home, asked_about, instead_of=asked_about)

    assert caught.value.code == "E_BUSY"
    assert Store(home).read() == {"guard": theirs}


def test_a_version_that_was_damaged_is_not_gone_back_to(tmp_path: Path) -> None:
    """What runs goes on; installing it again mends it."""
    home, fetched = tmp_path / "home", tmp_path / "fetched"
    first = install(home, package(fetched, "1"))
    install(home, package(fetched, "2"))
    damaged = Snapshots(home).path(first.current.tree) / "index.js"
    damaged.chmod(0o600)
    damaged.write_text("")

    with pytest.raises(
        InstallError, match=r"guard 1 is not what it was \(index.js was"
    ) as caught:
        back(home, "guard")

    assert caught.value.code == "E_INTEGRITY"
    with Snapshots(home).keep(fetched / "1"):
        back(home, "guard")
    assert state(home) == {"guard": ("1", "2")}


def test_there_is_no_way_back_from_the_first_version(tmp_path: Path) -> None:
    """Nor from what is not installed; the same version again does not lose the way back."""
    home, fetched = tmp_path / "home", tmp_path / "fetched"
    install(home, package(fetched, "1"))
    for name, told in (("guard", "no other version"), ("x", "x is not installed")):
        with pytest.raises(InstallError, match=told) as caught:
            back(home, name)
        assert caught.value.code == "E_NOT_FOUND"
    install(home, package(fetched, "2"))
    install(home, fetched / "2")

    assert state(home) == {"guard": ("2", "1")}
    with pytest.raises(InstallError, match="x is not installed"):
        remove(home, "x")


def test_a_link_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    """It has no files that were kept."""
    home = tmp_path / "home"
    link(home)
    with Snapshots(home).keep(package(tmp_path, "1")) as kept:
        release = Release("1", "x", tree=kept.tree, files=dict(kept.files))
        plugin = Installed(
            "another", "file:/x", Origin("directory", "/x"), release, True, 0.0, 0.0
        )
        put(home, plugin, instead_of=Store(home).read()["another"])

    assert state(home) == {"another": ("1", None)}
