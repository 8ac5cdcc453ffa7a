"""No plugin writes what the host, a shell or another plugin runs, whatever it may write around it."""

import os
import sys
from pathlib import Path

import pytest

import host
from tests.hostcalls.fs.conftest import MakeFiles, allowing
from tests.hostcalls.fs.test_bounds import EVERYTHING


def test_no_plugin_rewrites_a_plugin(files_of: MakeFiles) -> None:
    """Neither another's code nor its own: with it would come whatever that one may do. The file beside it is the control."""
    files = files_of(allowing("$CWD/**"))
    files.stage.load_honest()
    root = files.stage.plugin.spec.root
    assert root == files.stage.folder
    mine = files.stage.plugin.spec.path
    before = mine.read_text()

    assert files.code("fs.write", path=str(root / "notes.js"), text="x") == ""
    for other in sorted(root.glob("*.js")):
        if other.name != "notes.js":
            assert files.code("fs.write", path=str(other), text="x") == "E_DENIED", other
            assert files.code("fs.remove", path=str(other)) == "E_DENIED"
            args = {"from": str(root / "notes.js"), "to": str(other)}
            assert files.code("fs.rename", **args) == "E_DENIED"
    assert mine.read_text() == before


def test_no_plugin_writes_what_the_host_runs(
    files_of: MakeFiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its own modules, its interpreter's, programs on the path and in environments of the project."""
    on_path = tmp_path / "work" / "tools"
    monkeypatch.setenv("PATH", f"{on_path}:relative::{os.environ['PATH']}")
    files = files_of(EVERYTHING)
    work = files.stage.folder
    (work / ".venv" / "lib" / "site-packages").mkdir(parents=True)
    (work / "node_modules" / ".bin").mkdir(parents=True)
    (work / "node_modules" / "left").mkdir(parents=True)
    on_path.mkdir()

    assert files.code("fs.write", path=str(work / "a.py"), text="x") == ""
    assert files.code("fs.write", path=str(work / "node_modules/left/x.js"), text="x") == ""
    for path in (
        on_path / "git",
        work / ".venv/lib/site-packages/a.pth",
        work / "node_modules/.bin/tsc",
        Path(str(host.__file__)).with_name("no_such_module.py"),
        Path(sys.prefix) / "bin" / "no-such-program",
    ):
        assert files.code("fs.write", path=str(path), text="x") == "E_DENIED", path
        assert not path.exists()
    # What is there already cannot be moved to such a place either.
    (work / "made").mkdir()
    (work / "made" / "tsc").write_text("x")
    args = {"from": str(work / "made/tsc"), "to": str(on_path / "tsc")}
    assert files.code("fs.rename", **args) == "E_DENIED"


def test_code_is_still_read(files_of: MakeFiles) -> None:
    """It is no secret."""
    files = files_of(EVERYTHING)

    assert files.code("fs.read", path=str(host.__file__)) == ""
