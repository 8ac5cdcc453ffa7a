"""The page on security names tests that exist and numbers that hold."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from host.spawn import WorkerLimits
from worker.lockdown.syscalls import CHANNEL_WRITE_FD, PROFILES

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED: Final = sorted(set(re.findall(r"`(tests/[\w/.]+?)(?:::(\w+))?`", PAGE)))
MIB: Final = 1024 * 1024


@cache
def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_what_the_page_names_exists(file: str, function: str) -> None:
    """A test that was renamed leaves a promise without proof."""
    path = ROOT / file

    assert path.exists()
    assert not function or function in functions_of(path)


def test_every_threat_has_its_proof() -> None:
    """Each line of the table, and each of the six kinds."""
    table = PAGE.partition("## What is promised")[2].partition("## Numbers")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line][
        1:
    ]

    assert len(rows) >= 20
    assert [row for row in rows if "::test_" not in row] == []
    assert re.findall(r"\*\*(\w)\*\*\w+", table) == list("STRIDE")


def test_what_is_named_is_code_or_a_file() -> None:
    """Paths of ours beside the tests'."""
    for path in re.findall(r"`((?:host|worker|ipc|policies|docs)/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path


def test_the_numbers_are_those_of_the_code() -> None:
    """Calls, memory, descriptors."""
    limits = WorkerLimits()
    workers, builders = len(PROFILES["plugins"]), len(PROFILES["builder"])
    bounded = sum(bool(row.conditions) for row in PROFILES["plugins"])

    assert f"**{workers} system calls**" in PAGE
    assert f"| a worker of this project | {workers} |" in PAGE
    assert f"TypeScript with {builders}." in PAGE
    assert {4: "four", 5: "five"}[bounded] + " of them with bounds" in " ".join(PAGE.split())
    assert f"| JavaScript heap | {limits.heap_bytes // MIB} MiB |" in PAGE
    assert f"| data segment | {limits.data_bytes // MIB} MiB |" in PAGE
    assert f"| descriptors | {CHANNEL_WRITE_FD + 1} numbers" in PAGE
