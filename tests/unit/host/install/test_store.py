"""What is installed, on disk: whole or not at all, one writer at a time, nothing believed that is not ours."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from host.errors import InstallError
from host.install.store import SCHEMA, Store
from host.install.tree import tree_of
from host.install.values import Installed, Origin
from tests.support.installed import installed, release

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    return Store(tmp_path / "home")


def write(store: Store, *plugins: str) -> None:
    """Have *plugins* installed."""
    with store.changing() as now:
        for name in plugins:
            now[name] = installed(name)


def test_a_home_that_does_not_exist_has_nothing_installed(store: Store) -> None:
    """And reading makes none."""
    assert store.read() == {}

    assert not store.home.exists()


def test_what_is_installed_is_there_for_the_next_process(store: Store) -> None:
    """For its owner only, and without anything left beside it."""
    guard = installed("guard", before=release("0.9.0"))
    with store.changing() as now:
        now["guard"] = guard

    assert Store(store.home).read() == {"guard": guard}
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(store.path.parent)) == ["installed.json", "installed.lock"]


def test_a_change_that_fails_changes_nothing(store: Store) -> None:
    """Neither the file nor, afterwards, the lock."""
    write(store, "guard")
    before = store.path.read_bytes()

    def fail() -> None:
        with store.changing() as now:
            now.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert store.path.read_bytes() == before
    write(store, "other")  # the lock is free


def test_looking_without_a_change_writes_nothing(store: Store) -> None:
    """Whoever follows the file sees no change where there was none."""
    write(store, "guard")
    before = store.path.stat()

    with store.changing() as now:
        assert now.keys() == {"guard"}

    assert store.path.stat().st_ino == before.st_ino


def damaged(**changes: object) -> bytes:
    """The file of one good plugin, but for *changes* to it."""
    plugin = msgspec.to_builtins(installed("guard"))
    assert isinstance(plugin, dict)
    return json.dumps({"schema": SCHEMA, "plugins": {"guard": {**plugin, **changes}}}).encode()


RELEASE = msgspec.to_builtins(release())
UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "damaged"),
    "cut": (b'{"schema": 1, "plugins": {', "damaged"),
    "not_json": (b"\x00\xff", "damaged"),
    "a_list": (b"[]", "damaged"),
    "deep": (b"[" * 100_000, "damaged"),
    "no_schema": (b'{"plugins": {}}', "damaged"),
    "older": (b'{"schema": 0, "plugins": {}}', "no schema 1"),
    "newer": (b'{"schema": 2, "plugins": {}, "more": 1}', "of schema 2"),
    "unknown_key": (b'{"schema": 1, "plugins": {}, "more": 1}', "damaged"),
    "bad_plugin": (b'{"schema": 1, "plugins": {"guard": {}}}', "damaged"),
    "other_name": (damaged(name="other"), "'other' is listed as guard"),
    "tree_elsewhere": (damaged(current={**RELEASE, "tree": "../../x"}), "its tree is none"),
    "no_tree": (damaged(current={**RELEASE, "tree": "", "files": {}}), "it has no tree"),
}


def test_the_good_file_is_read() -> None:
    """The control: what is damaged below is damaged by its change."""
    plugins = msgspec.json.decode(damaged())["plugins"]

    assert msgspec.convert(plugins["guard"], type(installed())) == installed("guard")


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_cannot_be_trusted_is_an_error_and_left_alone(
    store: Store, what: str
) -> None:
    """For readers and writers alike, in one line that says which, why, and what to do."""
    data, told = UNUSABLE[what]
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(data)

    for use in (store.read, lambda: write(store, "other")):
        with pytest.raises(InstallError, match="mended, or moved away") as caught:
            use()
        assert caught.value.code == "E_STATE"
        assert str(caught.value).startswith(f"{store.path}: ")
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
    assert store.path.read_bytes() == data


@pytest.mark.parametrize("mode", [0o622, 0o660, 0o666])
def test_a_file_that_others_may_write_is_not_believed(store: Store, mode: int) -> None:
    """They could install for us; readable ones are believed."""
    write(store, "guard")
    store.path.chmod(0o644)
    assert store.read().keys() == {"guard"}

    store.path.chmod(mode)

    with pytest.raises(InstallError, match="written by other users"):
        store.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_believed(store: Store) -> None:
    """Whatever its mode says."""
    write(store, "guard")
    os.chown(store.path, 65534, 65534)  # nobody

    with pytest.raises(InstallError, match="written by other users"):
        store.read()


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_what_is_no_plain_file_is_not_opened(store: Store, tmp_path: Path, kind: str) -> None:
    """A link would let somebody choose the file, and a pipe would hold up every start."""
    elsewhere = Store(tmp_path / "other")
    write(elsewhere, "guard")
    store.path.parent.mkdir(parents=True)
    if kind == "link":
        store.path.symlink_to(elsewhere.path)
    elif kind == "pipe":
        os.mkfifo(store.path)
    else:
        store.path.mkdir()

    for use in (store.read, lambda: write(store, "other")):
        with pytest.raises(InstallError) as caught:
            use()
        assert caught.value.code == "E_STATE"
    assert elsewhere.read().keys() == {"guard"}


def take(store: Store, wait_s: float) -> None:
    """Get the lock, and nothing else."""
    with store.changing(wait_s=wait_s):
        pass


def test_a_lock_that_is_held_is_waited_for_and_its_holder_named(store: Store) -> None:
    """Not for ever; afterwards it works."""
    with store.locked():
        with pytest.raises(InstallError, match=f"process {os.getpid()} is") as caught:
            take(store, 0.05)
        assert caught.value.code == "E_BUSY"

    take(store, 0)


def test_a_holder_that_is_not_known_is_another_process(store: Store) -> None:
    """One that has the lock, but could not write who it is."""
    take(store, 0)
    lock = os.open(store.path.with_suffix(".lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.ftruncate(lock, 0)

    with pytest.raises(InstallError, match="another process is"):
        take(store, 0)
    os.close(lock)


def test_a_home_that_was_removed_while_we_waited_is_made_anew(store: Store) -> None:
    """The lock that counts is the one that has the name."""
    write(store, "guard")
    with store.locked():
        store.path.with_suffix(".lock").unlink()
        write(store, "other")

    assert store.read().keys() == {"guard", "other"}


def of(files: dict[str, str], tree: str | None = None) -> Installed:
    """A plugin with *files*."""
    current = msgspec.structs.replace(release(), files=files, tree=tree or tree_of(files))
    return installed("x", current=current)


WRONG: dict[str, tuple[Installed, str]] = {
    "link": (
        msgspec.structs.replace(installed("x"), origin=Origin("link", "/x")),
        "x: a link has a tree",
    ),
    "other_tree": (of({"a.js": "0" * 64}, "0" * 64), "not those of its tree"),
    "file_elsewhere": (of({"../a.js": "0" * 64}), "leads elsewhere"),
    "absolute": (of({"/a.js": "0" * 64}), "leads elsewhere"),
    "no_hash": (of({"a.js": "x"}), "its hash is none"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_could_not_be_loaded_is_not_written(store: Store, what: str) -> None:
    """A mistake of a caller costs the caller, not the file."""
    plugin, told = WRONG[what]
    write(store, "guard")

    def write_wrong() -> None:
        with store.changing() as now:
            now["x"] = plugin

    with pytest.raises(InstallError, match=told):
        write_wrong()

    assert store.read().keys() == {"guard"}


def test_what_another_process_changes_is_seen_at_the_next_look(store: Store) -> None:
    """What was read before is no answer any more, nor is what a caller made of it."""
    write(store, "guard")
    store.read().clear()
    assert store.read().keys() == {"guard"}
    program = (
        "import sys; from pathlib import Path; from host.install.store import Store\n"
        "with Store(Path(sys.argv[1])).changing() as now: now.clear()"
    )

    subprocess.run(
        [sys.executable, "-c", program, store.home], cwd=ROOT, check=True, timeout=60
    )

    assert store.read() == {}


def test_what_a_killed_writer_left_is_gone_with_the_next_write(store: Store) -> None:
    """Its half file is nobody's."""
    write(store, "guard")
    left = store.path.with_name(".installed.json.new")
    left.write_bytes(b"{")

    write(store, "other")

    assert not left.exists()


def test_a_full_disk_costs_nothing_that_was_there(store: Store) -> None:
    """The process is not allowed to write so large a file."""
    write(store, "guard")
    before = store.path.read_bytes()
    program = (
        "import resource, signal, sys; from pathlib import Path;"
        " from host.errors import InstallError; from host.install.store import Store;"
        " from tests.support.installed import installed;"
        " signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        "try:\n"
        "  with Store(Path(sys.argv[1])).changing() as now: now['b'] = installed('b')\n"
        "except InstallError as error: print(error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, store.home],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert "cannot be written (File too large)" in told
    assert store.path.read_bytes() == before
    assert not store.path.with_name(".installed.json.new").exists()
