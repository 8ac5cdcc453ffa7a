"""The console is a client of the daemon: it reaches for nothing of the host's but values."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = ("host", "worker", "ipc", "policies", "jcode_plugins")
MAY: Final = (
    "host.audit",
    "host.console",
    "host.errors",  # what reading a key raises
    "host.view.text",
    "host.view.keys",
    "jcode_plugins",
)


def imported_by(path: Path) -> set[str]:
    """Names of modules that the source at *path* imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
    return found


def test_the_console_needs_the_client_and_values() -> None:
    """So it can do nothing that another program could not."""
    sources = [*(ROOT / "host" / "console").rglob("*.py")]
    assert sources
    for path in sources:
        ours = {name for name in imported_by(path) if name.partition(".")[0] in OURS}
        wrong = {n for n in ours if not any(n == may or n.startswith(f"{may}.") for may in MAY)}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_the_command_line_does_not_load_textual() -> None:
    """Only the command that draws pays for it."""
    listing = subprocess.run(
        [sys.executable, "-c", "import sys, host.cli.app, host.cli.tui; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    ).stdout.split()

    assert "host.cli.tui" in listing
    assert "textual" not in listing
