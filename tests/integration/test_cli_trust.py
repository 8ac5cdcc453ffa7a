"""`trust` on the command line: what is shown, who is asked, what is remembered and what runs afterwards."""

import json
from pathlib import Path

import pytest

from tests.integration.cli_support import Cli, InProcess, Terminal

GUARD = """
export const manifest = { name: "guard", version: "1.2.3", capabilities: { fs_read: ["src"], events: ["PreToolUse"] } };
export default (pi) => pi.on("PreToolUse", () => ({ block: "not here" }));
"""
EVENT = ("dispatch", "PreToolUse", "-i", '{"tool_name": "bash", "tool_input": {}, "session_id": "s"}')  # fmt: skip


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs in a project that brings a plugin and a tool."""
    project = tmp_path.resolve() / "project"
    (project / ".jcode" / "plugins").mkdir(parents=True)
    (project / ".jcode" / "tools").mkdir()
    (project / ".jcode" / "plugins" / "guard.ts").write_text(GUARD)
    (project / ".jcode" / "tools" / "deploy.ts").write_text(
        "export default { description: 'd', handler: () => 1 };"
    )
    return InProcess(project, tmp_path / "home")


def test_without_a_person_nothing_is_trusted(cli: Cli) -> None:
    """What would be is shown all the same: plugins, capabilities, decisions."""
    ran = cli("trust", check=2)
    told = cli("trust", "--json", check=2).json()

    for part in ("guard 1.2.3", "deploy 0.0.0", "fs_read", "PreToolUse:veto", "the project is trusted"):  # fmt: skip
        assert part in ran.out
    assert ran.err == (
        f"blocked: {cli.cwd} was not trusted: nobody is at a terminal to agree to it; look at what it has, and "
        "give --yes\n"
    )
    assert told == {"ok": False, "error": ran.err.removeprefix("blocked: ").rstrip("\n")}
    assert not (cli.home / "trust.json").exists()


def test_from_trust_to_a_change_and_back(cli: Cli) -> None:
    """What is trusted runs, until a byte of it differs; what is forgotten runs no more."""
    before = cli(*EVENT, check=0)
    given = cli("trust", "--yes", "--json", check=0).json()
    runs = cli(*EVENT, check=2)
    again = cli("trust", "--json", check=0).json()
    guard = cli.cwd / ".jcode" / "plugins" / "guard.ts"
    guard.write_text(GUARD + "//")
    changed = cli(*EVENT, check=0)
    asked = cli("trust", check=2)
    listed = cli("trust", "--list", "--json", check=0).json()
    guard.write_text(GUARD)

    assert "2 plugins of this project will not run" in before.err
    assert (given["project"], given["changed"], given["files"]) == (str(cli.cwd), True, 2)
    plugins = given["plugins"]
    assert isinstance(plugins, list)
    assert [(p["name"], p["tool_file"]) for p in plugins if isinstance(p, dict)] == [("guard", False), ("deploy", True)]  # fmt: skip
    assert runs.out.startswith("plugin")
    assert "not here" in runs.out
    assert runs.err == ""
    assert (again["changed"], again["plugins"]) == (False, ["deploy", "guard"])
    assert "plugins/guard.ts changed" in changed.err
    assert "since it was trusted: plugins/guard.ts changed" in asked.out
    (project,) = listed["projects"]  # type: ignore[misc]
    assert isinstance(project, dict)
    assert (project["project"], project["state"]) == (str(cli.cwd), "changed")
    assert project["plugins"] == {
        "guard": ["fs_read src", "events PreToolUse:observe", "events PreToolUse:veto"],
        "deploy": [],
    }
    assert cli(*EVENT, check=2)
    assert "is trusted no more" in cli("trust", "--forget", check=0).out
    assert "2 plugins of this project will not run" in cli(*EVENT, check=0).err
    assert cli("trust", "--forget", check=1).err.startswith(
        f"error: {cli.cwd} is not trusted; "
    )
    entries = [
        json.loads(line) for line in cli("audit", "--json", "-n", "500").out.splitlines()
    ]
    assert [one["code"] for one in entries if one["kind"] == "trust"] == [
        "trusted",
        "forgotten",
    ]
    assert "E_TRUST" in {one["code"] for one in entries if one["kind"] == "refused"}


def test_a_person_is_asked(cli: Cli) -> None:
    """After what there is was shown; a no is a denial."""
    terminal = Terminal(cli, "trust", str(cli.cwd))
    terminal.wait_for(b"as it is now? [y/N] ")
    ended, out = terminal.press(b"n")

    assert ended == 2
    assert b"guard 1.2.3" in out
    assert not (cli.home / "trust.json").exists()


def test_what_changes_while_a_person_reads_is_not_trusted(cli: Cli) -> None:
    """The answer is about what was shown."""
    terminal = Terminal(cli, "trust")
    terminal.wait_for(b"as it is now? [y/N] ")
    (cli.cwd / ".jcode" / "plugins" / "guard.ts").write_text("export default () => {};")

    assert terminal.press(b"y")[0] == 0
    assert (cli.home / "trust.json").exists()
    assert "plugins/guard.ts changed" in cli(*EVENT, check=0).err


def test_a_plugin_that_does_not_load_is_shown_as_such(cli: Cli) -> None:
    """The others can be trusted; a name cannot draw on the terminal."""
    (cli.cwd / ".jcode" / "plugins" / "bad.ts").write_text("const = 1;")
    ran = cli("trust", "--yes", check=0)

    assert "does not load: .jcode/plugins/bad.ts:1:1: " in ran.out
    assert "3 plugins will run there" in ran.out
    assert "not here" in cli(*EVENT, check=2).out


def test_a_warning_is_told_once(cli: Cli) -> None:
    """However often the configuration is looked at."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text("[plugin]\nmodus = 1\n")

    assert cli("trust", "--yes", check=0).err.count("warning: ") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("trust", "nowhere"), "nowhere: there is no such directory; check the path"),
        (("trust", ".jcode"), ".jcode: no plugin of a project is there: nothing to run in .jcode/plugins and .jcode/tools"),
        (("trust", "--list", "--yes"), "--list stands alone; it shows every project that is trusted"),
        (("trust", "--forget", "--yes"), "--forget and --yes are opposites; give one of them"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_one_line(cli: Cli, words: tuple[str, ...], told: str) -> None:
    """What, where, and what to do."""
    assert cli(*words, check=1).err == f"error: {told}\n"


def test_a_link_in_it_is_refused_by_name(cli: Cli) -> None:
    """Nothing is trusted that lies elsewhere."""
    (cli.cwd / ".jcode" / "plugins" / "more.ts").symlink_to("/etc/hostname")
    ran = cli("trust", "--yes", check=1)

    assert ran.err.startswith("error: .jcode/plugins/more.ts: is a link, ")


def test_the_home_directory_is_no_project(cli: Cli) -> None:
    """Its plugins are the user's own."""
    home = cli.cwd / ".jcode"
    ran = InProcess(cli.cwd, home)(*EVENT, check=2)

    assert "not here" in ran.out
    assert "trust" not in ran.err
    assert "no plugin of a project is there" in InProcess(cli.cwd, home)("trust", check=1).err
    assert cli("trust", "--list", check=0).out == "no project is trusted\n"
