"""The command imports nothing from the directory that it is started in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_CODES = {"module": ["-m", "host"], "control": ["-c", "import pydantic"]}


@pytest.mark.parametrize(("how", "is_run"), [("module", False), ("control", True)])
@pytest.mark.parametrize("variable", ["", "."])
def test_a_project_does_not_bring_modules(
    tmp_path: Path, how: str, is_run: bool, variable: str
) -> None:
    """Whoever can write there would be run without any sandbox; the interpreter by itself does it, the control."""
    plant = "open('mark', 'w').close()\nraise ImportError('planted')\n"
    for name in ("pydantic", "msgspec", "cbor2", "rich", "typer", "tree_sitter"):
        (tmp_path / f"{name}.py").write_text(plant)
    (tmp_path / "p.js").write_text("export default () => {};")
    words = ["inspect", "p.js"] if how == "module" else []
    done = subprocess.run(
        [sys.executable, *_CODES[how], *words],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": variable, "JCODE_HOME": str(tmp_path / "home")},
        capture_output=True,
        timeout=60,
    )

    assert (tmp_path / "mark").exists() is is_run, done.stderr
    assert (done.returncode == 0) is not is_run, done.stderr
