"""What doctor says of what is installed and of what is left over, and what it removes: each beside a state in order."""

import fcntl
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from host.config import Config
from host.doctor.installed import check_installed, check_keys
from host.doctor.remains import check_remains, tidy
from host.doctor.rows import Row
from host.doctor.state import check_state
from host.install.snapshots import Snapshots
from host.install.staging import staging
from host.install.store import Store
from host.install.tree import tree_of
from host.install.values import Installed, Origin, Release
from host.off import OffFile, entry
from host.project_code import project_code
from host.quarantine import Quarantine
from host.signing.examine import today
from host.status import run_directory, status_file
from host.trusting import Trust, TrustedProject
from tests.integration.cli_support import Cli
from tests.support.signing import new_signer

NO_VARIABLES = {"PATH": os.environ["PATH"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one installed plugin, and one that is linked."""
    home = tmp_path / "home"
    source = tmp_path / "guard"
    source.mkdir()
    (source / "index.js").write_text("export default () => {};\n")
    linked = tmp_path / "linked"
    shutil.copytree(source, linked)
    release = keep(home, source)
    with Store(home).changing() as installed:
        installed["guard"] = Installed(
            "guard", f"file:{source}", Origin("directory", str(source)), release, True, 1.0, 1.0
        )
        origin = Origin("link", str(linked))
        link = Release("1.0.0", f"link:{linked}")
        installed["linked"] = Installed(
            "linked", f"file:{linked}", origin, link, True, 1.0, 1.0
        )
    return home


def keep(home: Path, source: Path, version: str = "1.0.0") -> Release:
    with Snapshots(home).keep(source) as kept:
        return Release(version, f"file:{source}", "", kept.tree, dict(kept.files))


def row_of(rows: list[Row], name: str) -> Row:
    (found,) = [row for row in rows if row.name == name]
    return found


def installed_rows(home: Path, config: Config | None = None) -> list[Row]:
    return check_installed(home, config or Config(), NO_VARIABLES)


def remains(home: Path) -> list[Row]:
    return check_remains(home, Config(), home.parent)


def test_a_state_in_order_has_nothing_to_do(home: Path) -> None:
    """The control of all below; and looking changes nothing."""
    before = sorted(str(path) for path in home.rglob("*"))

    rows = [*installed_rows(home), *remains(home), check_keys(Config())]

    states = {row.name: row.state for row in rows if row.name != "npm registry"}
    assert set(states.values()) == {"ok"}, rows
    assert row_of(rows, "installed plugins").value == "2, every file as it was installed"
    assert not [row for row in rows if row.state == "ok" and row.todo]
    assert tidy(home) == []
    assert sorted(str(path) for path in home.rglob("*")) == before


def test_a_link_to_nothing_and_a_changed_file_are_named(home: Path, tmp_path: Path) -> None:
    """With the command that mends it."""
    shutil.rmtree(tmp_path / "linked")
    tree = Store(home).read()["guard"].current.tree
    file = Snapshots(home).path(tree) / "index.js"
    file.chmod(0o644)
    file.write_text("changed\n")

    rows = installed_rows(home)

    assert row_of(rows, "linked").state == "bad"
    assert row_of(rows, "linked").value == f"a link to {tmp_path / 'linked'}, where nothing is"
    assert "index.js was changed" in row_of(rows, "guard").value
    assert row_of(rows, "guard").todo == (
        f"to have it whole: jcode-plugin install {tmp_path / 'guard'}"
    )
    assert row_of(rows, "installed plugins").state == "warn"


def test_copies_that_nothing_runs_from_are_told_of_and_removed(
    home: Path, tmp_path: Path
) -> None:
    """The one that runs stays, and so does one that somebody holds."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.js").write_text("1;\n")
    tree = keep(home, other).tree
    staged = home / "cache" / "packages" / ".staged-0123456789abcdef"
    staged.mkdir()
    (staged / "half").write_text("")
    assert row_of(remains(home), "snapshots").value == "2 that nothing installed runs from"
    (other / "index.js").write_text("2;\n")
    with Snapshots(home).keep(other) as held:
        done = tidy(home)

        assert done == ["removed 2 copies that nothing installed runs from"]
        assert not Snapshots(home).path(tree).exists()
        assert not staged.exists()
        assert Snapshots(home).path(held.tree).exists()
    assert row_of(installed_rows(home), "installed plugins").state == "ok"


def test_what_cannot_be_read_is_left_alone(home: Path) -> None:
    """Nobody knows then which copies are needed."""
    for name in ("plugins/installed.json", "trust.json", "approvals.json", "orders.json"):
        (home / name).write_text("{")
        (home / name).chmod(0o600)
    copies = sorted((home / "cache" / "packages").iterdir())

    rows = [*installed_rows(home), *remains(home)]

    for name in ("installed plugins", "trusted projects", "remembered answers", "orders"):
        assert row_of(rows, name).state == "bad", name
        assert "damaged" in row_of(rows, name).value
    assert row_of(rows, "snapshots").state == "note"
    assert tidy(home) == []
    assert sorted((home / "cache" / "packages").iterdir()) == copies
    assert (home / "plugins" / "installed.json").read_text() == "{"


def test_files_of_hosts_that_are_gone_are_removed(home: Path) -> None:
    """Those of a host that lives stay."""
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    pid = int(gone.stdout)
    run_directory(home).mkdir()
    for each in (pid, os.getpid()):
        status_file(home, each).write_text("{}")
    (run_directory(home) / "asked").write_text("")
    assert row_of(remains(home), "run files").value == "1 of hosts that are gone"

    assert tidy(home) == [f"removed {status_file(home, pid)}, of a host that is gone"]

    assert sorted(path.name for path in run_directory(home).iterdir()) == sorted(
        ["asked", f"{os.getpid()}.json"]
    )


def test_what_a_killed_installation_left_is_removed(home: Path) -> None:
    """And not where somebody is at work."""
    with staging(home) as within:
        assert row_of(remains(home), "stagings").state == "ok"
        left = shutil.copytree(within.parent, within.parent.with_name("staged-left"))
        assert row_of(remains(home), "stagings").value.startswith("1 left by")

        assert tidy(home) == ["removed 1 that an installation left which was killed"]

        assert within.exists()
        assert not left.exists()


def test_data_of_nobody_is_told_of_and_kept(home: Path) -> None:
    """Who loads a plugin by path has data of none that is installed."""
    for folder in ("data/guard/x", "kv/gone/x", "data/left/x"):
        (home / folder).mkdir(parents=True)
    row = row_of(remains(home), "data of plugins")
    assert row.state == "note"
    assert row.value.endswith("here: gone, left")

    tidy(home)

    assert (home / "kv" / "gone" / "x").exists()


def test_trust_of_a_project_that_is_gone_is_told_of(home: Path, tmp_path: Path) -> None:
    """It may be on a disk that comes back."""
    for name in ("here", "away"):
        Trust(home).add(TrustedProject(str(tmp_path / name), tree_of({}), {}, 1.0))
    (tmp_path / "here").mkdir()

    row = row_of(remains(home), "trusted projects")

    assert (row.state, row.value) == ("note", f"1 of 2 are gone: {tmp_path / 'away'}")
    assert len(Trust(home).read()) == 2


def test_a_project_that_changed_since_it_was_trusted_is_told_of(
    home: Path, tmp_path: Path
) -> None:
    """Its plugins do not run, and somebody may wonder why."""
    plugin = tmp_path.resolve() / "here" / ".jcode" / "plugins" / "guard.ts"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("one")
    code = project_code(tmp_path / "here")
    assert code is not None
    files = code.files()
    Trust(home).add(TrustedProject(str(code.root), tree_of(files), files, 1.0))
    assert row_of(remains(home), "trusted projects").state == "ok"
    plugin.write_text("two")

    row = row_of(remains(home), "trusted projects")

    assert (row.state, row.value) == (
        "warn",
        f"1 of 1 changed since, and run nothing: {code.root}",
    )


def test_who_holds_a_lock_is_named(home: Path) -> None:
    """It ends with its process."""
    lock = home / "plugins" / "installed.lock"
    fd = os.open(lock, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.ftruncate(fd, 0)
    os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    row = row_of(remains(home), "locks")
    assert row.value == f"held now: installed.lock by process {os.getpid()}"

    os.close(fd)
    assert row_of(remains(home), "locks").state == "ok"


def test_why_a_plugin_is_off_is_told(home: Path) -> None:
    """Not only that it is."""
    Quarantine(home).add("guard", "file:x", "it called ptrace")

    row = row_of(check_state(home, Config()), "plugins off")

    assert "guard (it called ptrace)" in row.value


def test_what_a_person_switched_off_is_told(home: Path) -> None:
    """One plugin, all, and a file of which nobody knows what it says."""

    def row() -> Row:
        return row_of(check_state(home, Config()), "switched off")

    assert row().state == "ok"
    with OffFile(home).changing() as off:
        off.plugins["guard"] = entry("disable")
    assert row().value.startswith("guard by jcode-plugin disable since 2")
    with OffFile(home).changing() as off:
        off.all = entry("kill")
    assert row().state == "warn"
    (home / "off.json").write_text("{")
    assert row().state == "bad"
    assert "damaged" in row().value


def test_keys_that_do_not_help_are_told_of(home: Path, tmp_path: Path) -> None:
    """None where signatures are required; one that ends soon; an installed plugin that is not signed."""
    signer = new_signer()
    required = Config.model_validate({"require_signature": "require"})
    assert check_keys(required).state == "bad"
    trusting = Config.model_validate(
        {"require_signature": "require", "trusted_keys": signer.trusted()}
    )
    assert check_keys(trusting).state == "ok"
    soon = str(today() + timedelta(3))
    ending = Config.model_validate(
        {"require_signature": "warn", "trusted_keys": signer.trusted(expires=soon)}
    )
    assert check_keys(ending).state == "warn"
    assert soon in check_keys(ending).value

    rows = installed_rows(home, trusting)
    assert row_of(rows, "guard").value == "its signature does not hold: it is not signed"
    assert row_of(rows, "guard").state == "bad"
    signer.sign(tmp_path / "guard", "guard", "0.0.0")
    signer.sign(tmp_path / "linked", "linked", "0.0.0")
    release = keep(home, tmp_path / "guard")
    with Store(home).changing() as installed:
        old = installed["guard"]
        installed["guard"] = Installed(
            old.name, old.id, old.origin, release, True, 1.0, 1.0, {}, old.current
        )
    assert row_of(installed_rows(home, trusting), "installed plugins").state == "ok"


def test_from_the_command_line(home: Path, tmp_path: Path) -> None:
    """What was done is said, before what is found then."""
    home.chmod(0o700)
    run_directory(home).mkdir()
    (run_directory(home) / "4194000.json").write_text("{}")
    cli = Cli(tmp_path, home)

    told = cli("doctor", "--fix", "--json", check=0).json()

    file = run_directory(home) / "4194000.json"
    assert told["tidied"] == [f"removed {file}, of a host that is gone"]
    checks = {row["name"]: row["state"] for row in told["checks"]}  # type: ignore[index,union-attr]
    assert checks["run files"] == "ok"
