"""Packages as they are published, from the registry that this machine's npm uses, through all commands."""

import os
import shutil
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from host.install.npmrc import ask_npm
from host.outcome import JsonObject
from tests.integration.cli_support import InProcess

PLUGINS: Final = ("pi-aliases", "pi-prompt-template-model", "pi-system-theme")
SESSION: Final = '{"session_id": "s1", "project_dir": ".", "model": "m", "provider": "p"}'

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None, reason="asks npm which registry there is"
)


@cache
def registry() -> str:
    """The registry that npm is configured with here."""
    told = ask_npm(os.environ)
    assert told is not None
    return told


class WithRegistry(InProcess):
    """The command line of somebody whose environment names a registry."""

    def environment(self) -> dict[str, str]:
        """The variables of a run."""
        passed = {
            name: value
            for name, value in os.environ.items()
            if name.lower().endswith("_proxy")
            or name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        }
        return super().environment() | passed | {"NPM_CONFIG_REGISTRY": registry()}


@pytest.fixture
def cli(tmp_path: Path) -> WithRegistry:
    """The command line with a home of the test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return WithRegistry(tmp_path / "work", tmp_path / "home")


def by_name(cli: WithRegistry, *words: str) -> dict[str, JsonObject]:
    """What a command that lists plugins says of each."""
    listed = cli(*words, "--json", check=0).json()["plugins"]
    assert isinstance(listed, list)
    return {str(one["name"]): one for one in listed if isinstance(one, dict)}


def answering(cli: WithRegistry) -> set[str]:
    """The plugins that are told of a session's start."""
    results = cli("dispatch", "SessionStart", "-i", SESSION, "--json", check=0).json()[
        "results"
    ]
    assert isinstance(results, list)
    return {str(one["plugin"]) for one in results if isinstance(one, dict)}


def test_the_life_of_published_packages(cli: WithRegistry) -> None:
    """Installed with what they need, listed, used, switched off and on, up to date, removed."""
    for name in PLUGINS:
        told = cli("install", name, "--yes", "--json", check=0).json()
        assert (told["name"], told["changed"]) == (name, True)
        assert str(told["integrity"]).startswith("sha512-")
        assert told["resolved"] == f"npm:{name}@{told['version']}"
        assert told["declares_capabilities"] is False
        capabilities = told["capabilities"]
        assert isinstance(capabilities, list)
        granted = [
            (one["kind"], one["pattern"]) for one in capabilities if isinstance(one, dict)
        ]
        assert granted == [  # what it registers, nothing done for it, no approval
            ("events", "*"),
            ("events", "*:rewrite"),
            ("tools", "*"),
            ("commands", "*"),
        ]
    shown = cli("install", PLUGINS[1], "--dry-run", "--features", "", check=0).out
    for part in ("brings", "minimatch@", "uses files", "nothing grants that unless you do"):
        assert part in shown

    rows = by_name(cli, "list")
    assert {(name, row["type"], row["state"]) for name, row in rows.items()} == {
        (name, "npm", "on") for name in PLUGINS
    }
    assert "npm:pi-aliases" in cli("info", "pi-aliases", check=0).out
    assert set(PLUGINS[1:]) <= answering(cli)

    told = by_name(cli, "update", "--all")
    assert [one["changed"] for one in told.values()] == [False] * len(PLUGINS)
    assert "is installed already" in cli("install", "pi-aliases", "--yes", check=0).out

    cli("disable", PLUGINS[1], check=0)
    assert by_name(cli, "list")[PLUGINS[1]]["state"] == "off"
    assert PLUGINS[1] not in answering(cli)
    cli("enable", PLUGINS[1], check=0)
    assert PLUGINS[1] in answering(cli)

    for name in PLUGINS:
        cli("uninstall", name, check=0)
    assert by_name(cli, "list") == {}
    assert list((cli.home / "cache" / "packages").glob("[0-9a-f]*")) == []


def test_a_package_that_there_is_not(cli: WithRegistry) -> None:
    """One line, and nothing stays."""
    ran = cli("install", "pi-aliases@99.0.0", "--yes", "--json", check=1)
    assert ran.json()["code"] == "E_NOT_FOUND"
    assert "pi-aliases" in ran.err
    assert not list((cli.home / "cache" / "staging").glob("staged-*"))
