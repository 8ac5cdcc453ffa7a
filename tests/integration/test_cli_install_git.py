"""``install`` and ``update`` from a git repository: the commit that runs, the branch that is followed."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.cli_support import Cli, InProcess
from tests.integration.packages import package
from tests.support.repositories import ENVIRONMENT


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line with a home of the test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return InProcess(tmp_path / "work", tmp_path / "home")


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=where,
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode().strip()


def committed(root: Path, version: str) -> str:
    """A commit of the guard in *version*."""
    for name in ("package.json", "index.ts"):
        (root / name).unlink(missing_ok=True)
    new = package(root / "new", version=version)
    for name in ("package.json", "index.ts"):
        (new / name).rename(root / name)
    new.rmdir()
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", version)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def guard(cli: Cli) -> Path:
    """A repository beside which the command line runs, with a link in it."""
    root = cli.cwd / "guard"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "AGENTS.md").symlink_to("README.md")
    return root


def test_a_branch_is_followed(cli: Cli, guard: Path) -> None:
    """What runs is one commit, named to the last digit; an update goes to where the branch is, a rollback back."""
    first = committed(guard, "1.0.0")
    shown = cli("install", "git+file:./guard", "--track", "main", "--yes", check=0).out
    assert "guard 1.0.0" in shown
    assert "a link left out: AGENTS.md" in shown
    told = cli("info", "guard", "--json", check=0).out
    assert f"git+file://{guard}#{first}" in told
    assert '"main"' in told

    assert "is up to date" in cli("update", "guard", check=0).out
    second = committed(guard, "1.1.0")
    assert cli("call", "guard_scan", check=0).out == "1.0.0\n"
    cli("update", "guard", check=0)
    assert cli("call", "guard_scan", check=0).out == "1.1.0\n"
    assert f"#{second}" in cli("info", "guard", "--json", check=0).out

    cli("rollback", "guard", check=0)
    assert cli("call", "guard_scan", check=0).out == "1.0.0\n"


def test_a_revision_holds_still(cli: Cli, guard: Path) -> None:
    """However the branch moves; one that is not there is an error with a code."""
    committed(guard, "1.0.0")
    git(guard, "tag", "v1")
    committed(guard, "2.0.0")
    cli("install", "git+file:./guard#v1", "--yes", check=0)
    cli("update", "guard", check=0)
    assert cli("call", "guard_scan", check=0).out == "1.0.0\n"

    ran = cli("install", "git+file:./guard#v9", "--yes", "--json", check=1)
    assert json.loads(ran.out)["code"] == "E_NOT_FOUND"
