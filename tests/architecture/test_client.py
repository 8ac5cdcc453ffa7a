"""The client is a module that any program can afford to import."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import jcode_plugins

ROOT: Final = Path(__file__).resolve().parents[2]
LOADED: Final = """
import os, sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
{what}
print(*sorted(set(sys.modules) - before))
"""
ITS_OWN: Final = {
    "answers",
    "client",
    "connecting",
    "errors",
    "place",
    "requests",
    "surroundings",
    "wire",
}


def modules_of(what: str) -> list[str]:
    """Names of what a bare interpreter has after *what* that it had not before."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", LOADED.format(what=what), str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()


def test_a_client_pulls_in_two_modules_of_c_and_its_own() -> None:
    """A hook is a process for each event: ``json`` or ``socket`` alone would cost more than a request."""
    found = modules_of("from jcode_plugins import Client; Client(project_dir='/')")

    own = {name for name in found if name.partition(".")[0] == "jcode_plugins"}
    assert own == {"jcode_plugins", *(f"jcode_plugins.{name}" for name in ITS_OWN)}
    assert set(found) - own <= {"_socket", "_json"}


@pytest.mark.parametrize("module", ["aio", "starting"])
def test_nothing_of_it_needs_more_than_the_standard_library(module: str) -> None:
    """Without any directory of packages on the path."""
    found = modules_of(f"import jcode_plugins.{module}")

    others = {name.partition(".")[0] for name in found} - {"jcode_plugins"}
    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize("name", jcode_plugins.__all__)
def test_every_public_name_resolves(name: str) -> None:
    """They are imported when they are first used, so a typo in their table shows only here."""
    assert getattr(jcode_plugins, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no_such"):
        jcode_plugins.no_such  # noqa: B018 - the access is the test
