"""What the command line shows of plugins of two halves."""

import json
from pathlib import Path

import pytest

from tests.integration.cli_support import Cli
from tests.integration.halves import package, pair, tells


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line in an empty project."""
    project = tmp_path / "project"
    project.mkdir()
    return Cli(project, tmp_path / "home")


def test_inspect_loads_both_halves(cli: Cli, tmp_path: Path) -> None:
    """Each with what it registers, its problems and its worker."""
    offers = tells() + 'pi.registerTool({ name: "t", description: "d", handler: () => 1 });'
    folder = pair(tmp_path / "two", tells("PreToolUse"), offers)
    report = cli("inspect", str(folder), "--json", check=0).json()

    half = report["tui"]
    assert isinstance(half, dict)
    assert (report["ok"], report["kind"], report["part"]) == (True, "both", "server")
    assert (half["ok"], half["kind"], half["part"]) == (True, "both", "tui")
    assert (report["events"], half["events"]) == (["PreToolUse"], [])
    assert [one["name"] for one in half["commands"]] == ["tui-does"]  # type: ignore[union-attr,index,call-overload]  # objects
    assert half["problems"] == ["tools are a server half's to offer: t"]
    pids = {json.dumps(one["worker"]["pid"]) for one in (report, half)}  # type: ignore[index,call-overload]  # an object
    assert len(pids) == 2

    shown = cli("inspect", str(folder), check=0).out
    assert "the half for an interface" in shown
    assert "tui-does" in shown


def test_inspect_says_that_one_half_does_not_load(cli: Cli, tmp_path: Path) -> None:
    """And still shows the other; the exit code tells."""
    folder = pair(tmp_path / "two", tells(), 'throw new Error("no screen");')
    report = cli("inspect", str(folder), "--json", check=1).json()

    assert report["ok"] is False
    assert "the tui half was not loaded" in str(report["error"])
    assert "no screen" in str(report["error"])
    assert report["commands"]
    assert "no screen" in cli("inspect", str(folder), check=1).out


def test_inspect_of_a_tui_half_alone(cli: Cli, tmp_path: Path) -> None:
    """It runs as if somebody looked."""
    folder = package(tmp_path / "screen", {"t.js": tells()}, entry={"tui": "t.js"})
    report = cli("inspect", str(folder), "--json", check=0).json()

    assert (report["kind"], report["part"], report["tui"]) == ("tui", "tui", None)
    assert report["commands"]


def test_check_reads_both_halves(cli: Cli, tmp_path: Path) -> None:
    """Preflight finds what is in either, with its file."""
    folder = pair(
        tmp_path / "two", tells(), 'export default (pi) => { pi.exec("rm", ["-rf", "/"]); };'
    )
    told = cli("check", str(folder), "--json")
    report = told.json()

    assert told.code == 2
    assert report["blocked"] is True
    assert (report["part"], report["tui"]) == ("server", str(folder / "tui.js"))
    findings = report["preflight"]
    assert isinstance(findings, list)
    assert {one["file"] for one in findings if isinstance(one, dict)} == {"tui.js"}
    assert "tui half" in cli("check", str(folder)).out


def test_list_and_info_say_which_halves_there_are(cli: Cli, tmp_path: Path) -> None:
    """For what is installed, without building it."""
    folder = pair(tmp_path / "two")
    cli("install", str(folder), "--yes", check=0)

    (row,) = cli("list", "--json", check=0).json()["plugins"]  # type: ignore[misc]  # one plugin
    assert isinstance(row, dict)
    assert row["kind"] == "both"
    assert "two (both)" in cli("list", check=0).out
    assert cli("info", "two", "--json", check=0).json()["kind"] == "both"
    assert "one runs where there is an interface" in cli("info", "two", check=0).out


def test_a_changed_file_of_a_tui_half_stops_an_installed_plugin(
    cli: Cli, tmp_path: Path
) -> None:
    """Its files are those that were agreed to, whichever half they are of."""
    cli("install", str(pair(tmp_path / "two")), "--yes", check=0)
    path = Path(str(cli("info", "two", "--json", check=0).json()["path"]))
    file = path / "tui.js"
    path.chmod(0o755)
    file.chmod(0o644)
    file.write_text(tells("TurnEnd") + "// changed")

    assert "E_INTEGRITY" in cli("check", "two", "--json", check=2).out


def test_top_tells_halves_apart(tmp_path: Path) -> None:
    """Their host says which worker is which half's."""
    from host import BlockingPluginHost
    from host.status import _status

    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        host.workspace.halves.is_shown = True
        host.load(pair(tmp_path / "two"))
        told = _status(host.runtime)["plugins"]

    assert isinstance(told, list)
    assert [(one["name"], one["part"]) for one in told if isinstance(one, dict)] == [
        ("two", "server"),
        ("two", "tui"),
    ]
