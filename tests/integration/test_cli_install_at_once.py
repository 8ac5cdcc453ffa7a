"""Real commands that change what is installed: killed at any moment, and many at a time."""

import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.cli_support import Cli, InProcess, Ran
from tests.integration.packages import package
from tests.integration.test_cli_install import listed
from tests.support.installing import left_in, state


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line with a home of the test's own, a process for each command."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return Cli(tmp_path / "work", tmp_path / "home")


@pytest.mark.parametrize("times", [6, pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_an_installation_that_is_killed_leaves_what_was_or_what_is_new(
    cli: Cli, times: int
) -> None:
    """At random moments: what is listed is whole, and the next command that ends leaves nothing half done."""
    looking = InProcess(cli.cwd, cli.home)
    for version in ("1.0.0", "2.0.0"):
        package(cli.cwd / version, version=version)
    command = [sys.executable, "-m", "host", "install", "--yes"]
    allowed = [{"guard": ["1.0.0", before]} for before in (None, "2.0.0")]
    allowed += [{"guard": ["2.0.0", "1.0.0"]}]
    looking("install", "./1.0.0", "--yes", check=0)
    for number in range(times):
        version = ("2.0.0", "1.0.0")[number % 2]
        process = subprocess.Popen(
            [*command, f"./{version}"],
            cwd=cli.cwd,
            env=cli.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(random.uniform(0.1, 1.2))  # noqa: S311 - any moment will do
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()

        assert state(cli.home) in allowed
        assert listed(looking).keys() == {"guard"}
    looking("install", "./1.0.0", "--yes", check=0)
    looking("install", "./2.0.0", "--yes", check=0)

    assert state(cli.home) == {"guard": ["2.0.0", "1.0.0"]}
    assert left_in(cli.home) == []
    assert [one.name for one in (cli.home / "cache" / "staging").iterdir()] == ["lock"]


@pytest.mark.parametrize("processes", [4, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_commands_at_once_lose_nothing(cli: Cli, processes: int) -> None:
    """Half of them want the same plugin, the others install and disable one of their own; all comes out as it was meant."""
    package(cli.cwd / "shared", name="shared")
    own = {f"plugin-{number}" for number in range(1, processes, 2)}
    for name in own:
        package(cli.cwd / name, name=name)

    def use(number: int) -> Ran:
        if number % 2 == 0:
            return cli("install", "./shared", "--yes")
        cli("install", f"./plugin-{number}", "--yes", check=0)
        return cli("disable", f"plugin-{number}", check=0)

    with ThreadPoolExecutor(processes) as pool:
        for ran in pool.map(use, range(processes)):
            assert ran.code == 0 or (ran.code == 1 and "by another command" in ran.err), ran

    assert state(cli.home) == {name: ["1.0.0", None] for name in (*own, "shared")}
    assert left_in(cli.home) == []
    states = {name: one["state"] for name, one in listed(cli).items()}
    assert states == dict.fromkeys(own, "off") | {"shared": "on"}
