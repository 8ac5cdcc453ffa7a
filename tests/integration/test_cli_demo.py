"""``demo``: it passes here, it fails when the plugins do not do what it says, and it keeps nothing."""

import os
import shutil
from pathlib import Path

import pytest

from tests.integration.cli_support import EXAMPLES, ROOT, Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs in an empty project with an empty home."""
    project = tmp_path / "project"
    project.mkdir()
    return Cli(project, tmp_path / "home")


def test_the_demo_meets_its_expectations(cli: Cli) -> None:
    """Every one, in the time somebody watches, and leaves nothing behind."""
    report = cli("demo", "--json", check=0).json()

    assert report["ok"] is True
    checks = report["checks"]
    assert isinstance(checks, list)
    assert len(checks) >= 15
    medians = report["p50_us"]
    assert isinstance(medians, dict)
    assert all(isinstance(value, float) and value > 0 for value in medians.values())
    assert isinstance(report["seconds"], float)
    assert report["seconds"] < 15
    assert not cli.home.exists()
    assert os.listdir(cli.cwd) == []


def test_the_demo_tells_its_story(cli: Cli) -> None:
    """For people: chapters, verdicts, a table and a sum."""
    ran = cli("demo", check=0)

    for told in (
        'PreToolUse {"command": "rm -rf /"}\n     -> block: refused',
        "-> block: .env holds secrets",
        "modified_prompt",
        "plugin_note_add",
        "timed_out",
        "was killed",
        "The audit trail",
        "p50",
        "expectations met in",
    ):
        assert told in ran.out
    assert "\u2717" not in ran.out
    assert "\x1b" not in ran.out
    assert ran.err == ""


@pytest.mark.parametrize(
    ("name", "part", "instead", "told"),
    [
        ("guard.ts", "if (rule)", "if (false)", "guard blocks rm -rf / and says why"),
        ("hang.js", 'command.startsWith("hang")', "false", "its worker was killed"),
    ],
)
def test_the_demo_fails_when_a_plugin_does_something_else(
    cli: Cli, tmp_path: Path, name: str, part: str, instead: str, told: str
) -> None:
    """Its checks look: with a guard that guards nothing, it says so and exits with 1."""
    folder = tmp_path / "changed"
    shutil.copytree(EXAMPLES, folder)
    source = (folder / name).read_text()
    assert part in source
    (folder / name).write_text(source.replace(part, instead))
    ran = cli("demo", "--examples", str(folder), check=1)

    assert f"not as told: {told}\n" in ran.out


def test_without_the_examples_the_demo_says_where_they_are(cli: Cli, tmp_path: Path) -> None:
    """As installed from a wheel, which has the packages and nothing else."""
    site = tmp_path / "site"
    site.mkdir()
    for package in ("host", "worker", "ipc", "policies"):
        shutil.copytree(
            ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "jcode_plugin_start.py", site)
    installed = cli("demo", env={"PYTHONPATH": str(site)}, check=1)
    wrong = cli("demo", "--examples", str(cli.cwd), check=1)

    assert installed.err.startswith(
        "error: the example plugins are not part of an installed package; run `make demo`"
    )
    assert wrong.err.startswith(f"error: {cli.cwd} lacks guard.ts, ")
