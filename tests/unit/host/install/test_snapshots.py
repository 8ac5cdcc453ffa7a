"""Snapshots: what was hashed is what runs, whole or not at all, and nothing that somebody needs is swept away."""

import hashlib
import os
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InstallError
from host.install import snapshots as module
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.tree import tree_of, why_unfit
from host.install.values import Release
from tests.support.installed import installed
from tests.unit.worker.build_support import write_files

FILES = {"package.json": "{}", "index.js": "export {};\n", "lib/deep/a.js": "1", "lib/b.js": ""}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """What was fetched."""
    write_files(tmp_path / "fetched", FILES)
    return tmp_path / "fetched"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where nothing is yet."""
    return tmp_path / "home"


@pytest.fixture
def snapshots(home: Path) -> Snapshots:
    """Those of the home."""
    return Snapshots(home)


def names(home: Path) -> list[str]:
    """What lies where snapshots are."""
    return sorted(os.listdir(home / "cache" / "packages"))


def install(
    home: Path, tree: str, files: dict[str, str], before: Release | None = None
) -> None:
    """Remember a plugin of *files*."""
    current = Release("1.0.0", "npm:guard@1.0.0", tree=tree, files=files)
    with Store(home).changing() as now:
        now["guard"] = installed(current=current, before=before)


def test_what_is_kept_is_what_was_there(
    snapshots: Snapshots, package: Path, home: Path
) -> None:
    """Every byte of it, named by its hash, and for reading only."""
    kept = snapshots.keep(package)

    assert kept.files == {
        path: hashlib.sha256(text.encode()).hexdigest() for path, text in FILES.items()
    }
    assert kept.tree == tree_of(kept.files)
    path = snapshots.path(kept.tree)
    found = {
        str(file.relative_to(path)): file.read_text()
        for file in path.rglob("*")
        if file.is_file()
    }
    assert found == FILES
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (path, *path.rglob("*"))}
    assert modes == {0o444, 0o555}
    assert snapshots.verify(kept.tree, kept.files) == []
    assert names(home) == [kept.tree]


def test_directories_without_a_file_make_no_difference(
    snapshots: Snapshots, package: Path
) -> None:
    """Neither to the name nor to what is kept."""
    first = snapshots.keep(package)
    (package / "empty" / "more").mkdir(parents=True)

    assert snapshots.keep(package).tree == first.tree
    assert snapshots.verify(first.tree, first.files) == []


def test_the_same_files_are_kept_once(snapshots: Snapshots, package: Path, home: Path) -> None:
    """And the snapshot that is there stays in place."""
    first = snapshots.keep(package)
    inode = snapshots.path(first.tree).stat().st_ino

    second = snapshots.keep(package)

    assert second.tree == first.tree
    assert snapshots.path(first.tree).stat().st_ino == inode
    assert names(home) == [first.tree]


def _link(package: Path) -> None:
    (package / "link.js").symlink_to("index.js")


def _folder_link(package: Path) -> None:
    (package / "lib2").symlink_to("lib")


def _pipe(package: Path) -> None:
    os.mkfifo(package / "pipe")


def _socket(package: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(package / "sock"))


def _control(package: Path) -> None:
    (package / "a\x1b[31m.js").touch()


def _not_utf8(package: Path) -> None:
    Path(os.fsdecode(os.fsencode(package) + b"/\xff.js")).touch()


def _deep(package: Path) -> None:
    (package / "/".join("d" * 70)).mkdir(parents=True)


def _empty(package: Path) -> None:
    shutil.rmtree(package)
    package.mkdir()


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "link": (_link, "link.js is a link"),
    "link_to_directory": (_folder_link, "lib2 is a link"),
    "pipe": (_pipe, "pipe is no plain file"),
    "socket": (_socket, "sock is no plain file"),
    "control_characters": (_control, "cannot be shown"),
    "not_utf8": (_not_utf8, "not UTF-8"),
    "too_deep": (_deep, "directories deep"),
    "nothing": (_empty, "holds no file"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_plain_file_is_refused(
    snapshots: Snapshots, package: Path, home: Path, what: str
) -> None:
    """In one line, and nothing of the package stays."""
    spoil, told = REFUSED[what]
    spoil(package)

    with pytest.raises(InstallError) as caught:
        snapshots.keep(package)

    assert caught.value.code == "E_ARCHIVE"
    assert told in str(caught.value)
    assert str(caught.value).isprintable()
    assert names(home) == []


@pytest.mark.parametrize(
    ("cap", "most", "told"),
    [
        ("MAX_ENTRIES", 5, "one of more than 5 files"),
        ("MAX_FILE_BYTES", 10, "is larger than"),
        ("MAX_TOTAL_BYTES", 13, "holds more than"),
    ],
)
def test_too_much_is_refused(
    snapshots: Snapshots,
    package: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    cap: str,
    most: int,
    told: str,
) -> None:
    """One more than fits; what just fits is kept."""
    size = {"MAX_ENTRIES": 6, "MAX_FILE_BYTES": 11, "MAX_TOTAL_BYTES": 14}[cap]
    monkeypatch.setattr(module, cap, size)
    kept = snapshots.keep(package)
    monkeypatch.setattr(module, cap, most)

    with pytest.raises(InstallError, match=told):
        snapshots.keep(package)

    assert names(home) == [kept.tree]


def _writable(path: Path) -> None:
    for one in (path, *path.rglob("*")):
        one.chmod(0o700)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda path: (path / "index.js").write_text("export {};!"), "index.js was"),
    "same_size": (lambda path: (path / "lib/deep/a.js").write_text("2"), "a.js was changed"),
    "missing": (lambda path: (path / "lib/b.js").unlink(), "lib/b.js is missing"),
    "added": (lambda path: (path / "lib/c.js").touch(), "lib/c.js is no part of it"),
    "directory": (lambda path: (path / "more").mkdir(), "more is no part of it"),
    "link": (_link, "link.js is a link"),
    "gone": (shutil.rmtree, "No such file"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_told_and_mended_by_keeping_the_files_again(
    snapshots: Snapshots, package: Path, home: Path, what: str
) -> None:
    """Whatever it is."""
    damage, told = DAMAGE[what]
    kept = snapshots.keep(package)
    path = snapshots.path(kept.tree)
    _writable(path)
    damage(path)

    (problem,) = snapshots.verify(kept.tree, kept.files)
    assert told in problem
    again = snapshots.keep(package)

    assert again.tree == kept.tree
    assert snapshots.verify(kept.tree, kept.files) == []
    assert names(home) == [kept.tree]


def test_a_name_that_is_no_hash_is_no_path(snapshots: Snapshots) -> None:
    """It would lead out of the directory."""
    for name in ("", "..", "../../x", "A" * 64, "0" * 63):
        with pytest.raises(ValueError, match="no name of a snapshot"):
            snapshots.path(name)


def test_a_sweep_leaves_what_is_installed_and_what_is_held(
    snapshots: Snapshots, package: Path, home: Path
) -> None:
    """What runs, what can be gone back to, and what is just about to be installed; the rest goes."""
    trees = []
    for number in range(5):
        (package / "index.js").write_text(f"{number}")
        trees.append(snapshots.keep(package))
    releases = [
        Release(str(number), "x", tree=kept.tree, files=dict(kept.files))
        for number, kept in enumerate(trees)
    ]
    install(home, trees[0].tree, dict(trees[0].files), before=releases[1])
    for kept in (*trees[:2], *trees[3:]):
        kept.let_go()

    snapshots.sweep([trees[3].tree])
    assert names(home) == sorted(kept.tree for kept in trees[:4])
    trees[2].let_go()
    snapshots.sweep()

    assert names(home) == sorted(kept.tree for kept in trees[:2])


def test_a_sweep_takes_what_processes_left_that_are_gone(
    snapshots: Snapshots, package: Path, home: Path
) -> None:
    """Read-only or not; not what is nobody's business, and not what somebody is copying to."""
    snapshots.keep(package)
    folder = home / "cache" / "packages"
    for name in (".staged-1", ".removed-2", "0" * 64):
        shutil.copytree(package, folder / name)
        (folder / name / "lib").chmod(0o555)
        (folder / name).chmod(0o555)
    (folder / "README").touch()
    (folder / ("1" * 64)).symlink_to(package)
    with snapshots._staging() as (staged, _):
        snapshots.sweep()

        assert names(home) == sorted([staged.name, "README"])

    assert names(home) == ["README"]
    assert sorted(os.listdir(package)) == ["index.js", "lib", "package.json"]


def test_a_sweep_that_cannot_know_what_is_installed_takes_nothing(
    snapshots: Snapshots, package: Path, home: Path
) -> None:
    """A damaged file is mended or moved away by a person; what it may name is still there."""
    tree = snapshots.keep(package).tree
    Store(home).path.write_text("{")

    with pytest.raises(InstallError, match="damaged"):
        snapshots.sweep()

    assert names(home) == [tree]


def test_a_snapshot_that_is_read_while_it_is_swept_is_read_to_its_end(
    snapshots: Snapshots, package: Path
) -> None:
    """Its name is gone; whoever has it open has it."""
    path = snapshots.path(snapshots.keep(package).tree)
    with open(path / "index.js") as file:
        snapshots.sweep()

        assert not path.exists()
        assert file.read() == FILES["index.js"]


def test_a_disk_that_cannot_be_written_is_an_error_in_one_line(
    snapshots: Snapshots, package: Path, home: Path
) -> None:
    """Something else lies where snapshots would."""
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "packages").touch()

    with pytest.raises(InstallError, match=r"packages: File exists; make room") as caught:
        snapshots.keep(package)

    assert caught.value.code == "E_STATE"


PATHS = st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=5).map("/".join)
HASHES = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
SETS = st.dictionaries(PATHS.filter(lambda path: why_unfit(path) is None), HASHES, max_size=6)


@given(SETS, SETS)
def test_a_tree_names_one_set_of_files(one: dict[str, str], other: dict[str, str]) -> None:
    """In whatever order they come, and no two sets have the same name."""
    assert tree_of(dict(reversed(one.items()))) == tree_of(one)

    assert (tree_of(one) == tree_of(other)) == (one == other)


@given(PATHS)
def test_a_path_that_fits_stays_below_where_it_is_put(path: str) -> None:
    """And a line of text can hold it."""
    if why_unfit(path) is None:
        assert os.path.normpath(f"/root/{path}") == f"/root/{path}"
        assert "\n" not in path
        assert "\0" not in path
