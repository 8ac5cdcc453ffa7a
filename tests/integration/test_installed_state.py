"""What is installed stays whole: processes that are killed at any step, and many that change it at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from host.errors import InstallError
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.switch import back, put, remove
from host.install.values import Installed, Origin, Release
from tests.support.installing import State, install, left_in, link, state
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


CHANGES: dict[str, tuple[State, State]] = {
    "install": ({}, {"guard": ["3", None]}),
    "update": ({"guard": ["2", "1"]}, {"guard": ["3", "2"]}),
    "back": ({"guard": ["2", "1"]}, {"guard": ["1", "2"]}),
    "remove": ({"guard": ["2", "1"]}, {}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_is_killed_at_any_step_is_done_or_not_done(
    tmp_path: Path, what: str
) -> None:
    """Every step: what is installed is the old or the new, whole, and the next change leaves nothing else behind."""
    old, new = CHANGES[what]
    for version in "123":
        package(tmp_path, version)

    told = subprocess.run(
        [sys.executable, "-m", "tests.support.killed", what, tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=100,
    ).stdout

    runs = json.loads(told)
    found = [run["state"] for run in runs]
    assert [run["is_killed"] for run in runs] == [True] * (len(runs) - 1) + [False]
    assert [run["left"] for run in runs] == [[]] * len(runs)
    assert [run["after"] for run in runs] == [one | {"another": ["1", None]} for one in found]
    switched = found.index(new)
    assert found == [old] * switched + [new] * (len(found) - switched)
    assert 10 < switched < len(found) - 1  # both sides of the switch were seen


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
        f"plugin-{number}": ["1", "2"] if number % 3 == 0 else ["2", "1"]
        for number in range(PROCESSES)
        if number % 5 != 4
    }
    enabled = {name: plugin.enabled for name, plugin in Store(home).read().items()}
    assert not any(enabled[f"plugin-{n}"] for n in range(1, PROCESSES, 3) if n % 5 != 4)
    assert left_in(home) == []


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
    assert state(home) == {"guard": ["1", "2"]}


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

    assert state(home) == {"guard": ["2", "1"]}
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

    assert state(home) == {"another": ["1", None]}
