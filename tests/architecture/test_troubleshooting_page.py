"""docs/troubleshooting.md has a row for every code that this program can print, and for no other."""

import ast
import errno
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from host.outcome import Status

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "troubleshooting.md"
CODE: Final = re.compile(r"E_[A-Z][A-Z_]*")
FOLDERS: Final = ("host", "ipc", "policies", "worker", "jcode_plugins")
BUNDLED: Final = ROOT / "worker" / "vendor"
"""Other people's packages, with codes of their own."""


def in_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # Also at the beginning of a text: "E_UNDELIVERED: ...".
            found = CODE.match(node.value)
            if found is not None and node.value[found.end() :][:1] in ("", ":"):
                yield found[0]


def in_javascript(text: str) -> Iterator[str]:
    yield from re.findall(r"""["'`](E_[A-Z][A-Z_]*)["'`]""", text)
    yield from re.findall(r'"code":"(E_[A-Z][A-Z_]*)"', text)


@cache
def codes() -> dict[str, Path]:
    """Every code in what runs, and a file that has it."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".js") and not path.is_relative_to(BUNDLED):
                read = in_python if path.suffix == ".py" else in_javascript
                found.update(dict.fromkeys(read(path.read_text(encoding="utf-8")), path))
    # Made of a status, where a tool's result has no code of its own (host/tool_result.py).
    ended = [status for status in Status if status is not Status.ANSWERED]
    found.update(
        {f"E_{status.value.upper()}": ROOT / "host" / "outcome.py" for status in ended}
    )
    return found


def rows() -> list[str]:
    """The code of every row of the page, in its order."""
    return re.findall(r"^\| `(E_[A-Z_]+)` \| [^|]+ \|(?: [^|]+ \|)?$", PAGE.read_text(), re.M)


def test_every_code_has_a_row() -> None:
    """Whoever reads a code finds what to do."""
    known = codes()
    assert len(known) > 100  # the walk finds them

    missing = {
        code: str(path.relative_to(ROOT)) for code, path in known.items() if code not in rows()
    }
    assert missing == {}


def test_every_row_is_of_a_code() -> None:
    """One that nobody prints any more is no row; an error of the system has its own name."""
    of_system = {f"E_{name[1:]}" for name in errno.errorcode.values()}

    assert set(rows()) - codes().keys() - of_system == set()


def test_no_code_has_two_rows() -> None:
    """One place to look."""
    assert sorted(rows()) == sorted(set(rows()))


def test_every_row_of_a_table_is_read_here() -> None:
    """A row that is written another way would be no row to the tests above."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]

    assert len(lines) == len(rows())
