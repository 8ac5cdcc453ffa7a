"""The page about the protocol says what the code does, and the units name what there is."""

import configparser
import re
from pathlib import Path
from typing import Final

from host.daemon.methods import METHODS
from host.daemon.wire import MAX_LINE_BYTES, PROTOCOL
from jcode_plugins import requests, wire
from jcode_plugins.aio import AsyncClient
from jcode_plugins.client import Client
from jcode_plugins.errors import OF_TYPE
from jcode_plugins.surroundings import SWITCHES, VARIABLES
from policies.switch_words import DENY, DISABLE, FORCE_DENY, SKIP_HOOKS

ROOT: Final = Path(__file__).resolve().parents[2]
VERBS: Final = {
    "audit": "audit_entries",
    "key": "press_key",
    "route": "open_route",
    "select": "select_item",
    "ui": "update_ui",
}
"""What a method is called in Python, where that is not its name."""
PAGE: Final = (ROOT / "docs" / "protocol.md").read_text()


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the table under *heading*, without its head."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_s_methods_are_those_of_the_code() -> None:
    """Their names, parameters, and whether they need a project."""
    told = {
        name.strip("`"): (tuple(params.split(", ")) if params else (), here == "yes")
        for name, params, here, _ in rows_of("Methods")
    }

    assert told == {name: (method.params, method.here) for name, method in METHODS.items()}


def test_both_clients_have_every_method() -> None:
    """As a verb of the same name, or of one that says what it gives."""
    for name in METHODS.keys() - {"hook"}:  # which has a client of its own, a command
        assert callable(getattr(Client, VERBS.get(name, name)))
        assert callable(getattr(AsyncClient, VERBS.get(name, name)))
    assert METHODS.keys() >= requests.REPEATABLE


def test_the_page_s_types_of_errors_are_known_to_the_client() -> None:
    """What it does not name is an AnswerError with the daemon's code."""
    told = {name for row in rows_of("Errors") for name in re.findall(r"`(\w+)`", row[0])}

    assert told >= OF_TYPE.keys() | {"deadline"}


def test_both_sides_agree_without_importing_each_other() -> None:
    """Version, size of a line, and the names of the switches."""
    assert (wire.PROTOCOL, wire.MAX_LINE_BYTES) == (PROTOCOL, MAX_LINE_BYTES)
    assert set(SWITCHES) == {*DISABLE, *SKIP_HOOKS, *FORCE_DENY, DENY}
    for name in VARIABLES:
        assert f"`{name}`" in PAGE


def test_units_start_what_there_is() -> None:
    """The socket is where a client looks, the service passes it on."""
    found = {}
    for name in ("socket", "service"):
        unit = configparser.RawConfigParser(strict=False, delimiters=("=",))
        unit.read(ROOT / "packaging" / "systemd" / f"jcode-plugin.{name}")
        found[name] = unit

    assert found["socket"]["Socket"]["ListenStream"] == "%t/jcode-plugins/daemon.sock"
    assert found["socket"]["Socket"]["DirectoryMode"] == "0700"
    assert found["service"]["Service"]["ExecStart"].split()[1:3] == ["jcode-plugin", "serve"]
    assert found["service"]["Service"]["Type"] == "notify"
