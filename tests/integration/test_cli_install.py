"""``install``, ``list``, ``info``, ``update``, ``rollback``, ``uninstall``, ``link``: from this disk, by real commands."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from host.outcome import Json, JsonObject
from tests.integration.cli_support import EXAMPLES, Cli, InProcess, Ran, Terminal
from tests.integration.packages import CAPABILITIES, archive, package

BAD: JsonObject = {"tool_name": "bash", "tool_input": {"command": "bad"}}
WIDER: JsonObject = {"capabilities": {**CAPABILITIES, "http_hosts": ["api.acme.dev"]}}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line with a home of the test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return InProcess(tmp_path / "work", tmp_path / "home")


@pytest.fixture
def guard(cli: Cli) -> Path:
    """A package beside which the command line runs."""
    return package(cli.cwd / "guard")


def listed(cli: Cli) -> dict[str, JsonObject]:
    """What ``list`` says, by name."""
    plugins = cli("list", "--json", check=0).json()["plugins"]
    assert isinstance(plugins, list)
    return {str(one["name"]): one for one in plugins if isinstance(one, dict)}


def blocked_by(cli: Cli) -> Json:
    """Which of the plugins that load by themselves blocks a bad command, and how it says so."""
    ran = cli("dispatch", "PreToolUse", "-i", json.dumps(BAD), "--json")
    output = ran.json()["output"]
    return output.get("block") if isinstance(output, dict) else None


def kinds(cli: Cli) -> list[str]:
    """What the record has about installing."""
    lines = cli("audit", "--json", check=0).out.splitlines()
    found = [json.loads(line) for line in lines]
    wanted = ("installed", "updated", "uninstalled", "rolled_back")
    return [entry["kind"] for entry in found if entry["kind"] in wanted]


def nothing_is_staged(cli: Cli) -> bool:
    """Whether nothing that was fetched lies about."""
    return not list((cli.home / "cache" / "staging").glob("staged-*"))


def test_the_life_of_a_plugin(cli: Cli, guard: Path) -> None:
    """Installed, it runs from a copy; updated, asked about or not; rolled back; removed. The record has all of it."""
    shown = cli("install", "./guard", "--yes", check=0).out
    for told in (
        "guard 1.0.0",
        "PreToolUse: observe, veto",
        "may block PreToolUse",
        "guard_scan",
    ):
        assert told in shown
    shutil.rmtree(guard)  # it runs from where we keep it

    assert blocked_by(cli) == "guard 1.0.0 says no"
    assert cli("call", "guard_scan", check=0).out == "1.0.0\n"
    row = listed(cli)["guard"]
    assert (row["version"], row["type"], row["state"]) == ("1.0.0", "directory", "on")
    assert row["source"] == str(guard)

    package(guard, version="1.1.0")
    ran = cli("update", "guard", check=0)  # nobody is asked: it wants no more than before
    assert "guard 1.0.0 -> 1.1.0" in ran.out
    assert blocked_by(cli) == "guard 1.1.0 says no"

    assert "back at 1.0.0" in cli("rollback", "guard", check=0).out
    assert blocked_by(cli) == "guard 1.0.0 says no"
    assert cli("info", "guard", "--json", check=0).json()["previous_version"] == "1.1.0"

    assert "is uninstalled" in cli("uninstall", "guard", check=0).out
    assert blocked_by(cli) is None
    assert listed(cli) == {}
    assert kinds(cli) == ["installed", "updated", "rolled_back", "uninstalled"]
    assert list((cli.home / "cache" / "packages").glob("[0-9a-f]*")) == []
    assert nothing_is_staged(cli)


def test_installing_twice_says_so(cli: Cli, guard: Path) -> None:
    """The same files are no change; others are an update."""
    cli("install", "./guard", "--yes", check=0)
    before = (cli.home / "plugins" / "installed.json").read_bytes()
    ran = cli("install", "./guard", "--json", check=0).json()
    assert (ran["ok"], ran["changed"], ran["version"]) == (True, False, "1.0.0")
    assert (cli.home / "plugins" / "installed.json").read_bytes() == before

    shutil.rmtree(guard)
    package(guard, version="2.0.0")
    ran = cli("install", "./guard", "--yes", "--json", check=0).json()
    assert (ran["changed"], ran["previous_version"]) == (True, "1.0.0")
    assert kinds(cli) == ["installed", "updated"]


def test_nobody_at_a_terminal_means_no(cli: Cli, guard: Path) -> None:
    """Exit code 2, what it would get is shown, and nothing is installed."""
    ran = cli("install", "./guard", check=2)
    assert "may block PreToolUse" in ran.out
    assert ran.err.endswith("look at what it gets, and give --yes\n")
    assert cli("install", "./guard", "--json", check=2).json()["code"] == "E_UNATTENDED"
    assert listed(cli) == {}
    assert kinds(cli) == []


@pytest.mark.parametrize(("key", "code"), [(b"y", 0), (b"\r", 2), (b"\x03", 2)])
def test_a_person_is_asked(cli: Cli, guard: Path, key: bytes, code: int) -> None:
    """On the terminal, where they also see what they agree to, wherever the output goes."""
    terminal = Terminal(cli, "install", "./guard")
    terminal.wait_for(b"install guard 1.0.0? [y/N] ")
    assert b"may block PreToolUse" in terminal.shown

    assert terminal.press(key)[0] == code
    assert set(listed(cli)) == ({"guard"} if code == 0 else set())
    assert nothing_is_staged(cli)


def test_an_interrupt_leaves_nothing(cli: Cli, guard: Path) -> None:
    """Of what was fetched, nor of a change."""
    terminal = Terminal(cli, "install", "./guard")
    terminal.wait_for(b"install guard 1.0.0? [y/N] ")
    assert not nothing_is_staged(cli)  # the control: it lies there while the question is open
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.press(b"")[0] == 130
    assert nothing_is_staged(cli)
    assert listed(cli) == {}


def test_an_interrupt_ends_a_registry_that_does_not_answer(cli: Cli) -> None:
    """At once, and nothing stays."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        process = subprocess.Popen(
            [sys.executable, "-m", "host", "install", "npm:anything", "--yes"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cli.cwd,
            env=cli.environment() | {"NPM_CONFIG_REGISTRY": address},
        )
        server.settimeout(60)
        connection, _ = server.accept()
        with connection:
            assert not nothing_is_staged(cli)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)  # less than what an answer is waited for

    assert process.returncode == 130
    assert nothing_is_staged(cli)


def test_an_update_that_wants_more_is_asked_about(cli: Cli, guard: Path) -> None:
    """And stays out when nobody agrees; with --check nothing changes at all."""
    cli("install", "./guard", "--yes", check=0)
    shutil.rmtree(guard)
    package(guard, version="2.0.0", manifest=WIDER)

    told = cli("update", "--all", "--check", "--json", check=0).json()["plugins"]
    assert isinstance(told, list)
    assert isinstance(told[0], dict)
    assert (told[0]["available"], told[0]["changed"]) == (True, False)
    new = [one["pattern"] for one in told[0]["capabilities"] if one["new"]]  # type: ignore[union-attr,index,call-overload]
    assert new == ["api.acme.dev"]
    ran = cli("update", "guard", check=2)
    assert "nobody is at a terminal" in ran.err
    assert re.search(r"new +http_hosts +api\.acme\.dev +connects to api\.acme\.dev", ran.out)
    assert listed(cli)["guard"]["version"] == "1.0.0"

    cli("update", "guard", "--yes", check=0)
    assert listed(cli)["guard"]["version"] == "2.0.0"
    assert "is up to date" in cli("update", "guard", check=0).out


def test_no_script_of_a_package_is_run(cli: Cli, tmp_path: Path) -> None:
    """The control: npm, told to install the same archive, runs it."""
    marker = tmp_path / "marker"
    scripts = {"preinstall": f"touch {marker}", "postinstall": f"touch {marker}"}
    root = package(cli.cwd / "guard", more={"scripts": scripts})
    path = archive(root)
    cli("install", str(path), "--yes", check=0)
    assert blocked_by(cli) == "guard 1.0.0 says no"
    assert not marker.exists()

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(
        ["npm", "install", "--offline", "--no-audit", "--no-fund", str(path)],
        cwd=elsewhere,
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert marker.exists()


def test_a_single_file_is_a_plugin(cli: Cli) -> None:
    """Under its own name, from a copy."""
    shutil.copy(EXAMPLES / "guard.ts", cli.cwd / "careful.ts")
    ran = cli("install", "./careful.ts", "--yes", "--json", check=0).json()
    assert (ran["name"], ran["files"]) == ("careful", 1)
    (cli.cwd / "careful.ts").unlink()

    sent = {"tool_name": "bash", "tool_input": {"command": "rm -rf /"}}
    assert cli("dispatch", "PreToolUse", "-i", json.dumps(sent), check=2)


def failed(ran: Ran, code: str) -> str:
    """The line of a failure with *code*."""
    told = ran.json()
    assert (told["ok"], told["code"]) == (False, code), told
    return ran.err.splitlines()[0]


def test_a_name_that_is_taken_is_refused(cli: Cli, guard: Path) -> None:
    """By what is installed from elsewhere, by what could be taken for it, by what is loaded by hand."""
    cli("install", "./guard", "--yes", check=0)
    link = package(cli.cwd / "other" / "guard", version="9.0.0")
    assert "guard is installed from" in failed(
        cli("link", str(link), "--json", check=1), "E_DUPLICATE"
    )
    package(cli.cwd / "alike", name="journa1")
    by_hand = cli.home / "plugins" / "journal.js"
    shutil.copy(EXAMPLES / "journal.js", by_hand)
    line = failed(cli("install", "./alike", "--yes", "--json", check=1), "E_DUPLICATE")
    assert "journa1 could be taken for journal" in line
    assert set(listed(cli)) == {"guard", "journal"}


def test_a_plugin_that_preflight_blocks_is_not_installed(cli: Cli) -> None:
    """Exit code 2, with the line of its code."""
    package(cli.cwd / "evil", name="evil", source='pi.exec("rm", ["-rf", "/"]);\n')
    ran = cli("install", "./evil", "--yes", "--json", check=2)
    line = failed(ran, "E_PREFLIGHT")
    assert line.startswith("blocked: evil/index.ts:1:")
    assert listed(cli) == {}
    entry = json.loads(cli("audit", "--kind", "refused", "--json", check=0).out)
    assert (entry["code"], entry["plugin"]) == ("E_PREFLIGHT", str(cli.cwd / "evil"))
    assert entry["detail"].startswith("not installed: evil/index.ts:1:")
    assert nothing_is_staged(cli)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("./missing",), "E_NOT_FOUND", "missing"),
        (("./broken",), "E_SYNTAX", "broken/index.ts:1"),
        (("./empty",), "E_NO_ENTRY", "empty has no entry"),
        (("./guard", "--features", "x"), "E_SPEC", "guard has no feature x; it has none"),
        (("./guard", "--set", "a=1"), "E_SETTINGS", "there is no setting a; it has none"),
        (("./guard", "--track", "main"), "E_SPEC", "only a git repository"),
        (("ftp://x/y.tgz",), "E_SPEC", "is of a kind that is not installed from"),
    ],
)
def test_what_cannot_be_installed_changes_nothing(
    cli: Cli, guard: Path, words: tuple[str, ...], code: str, told: str
) -> None:
    """One line with a code that is stable; no path of ours in it."""
    package(cli.cwd / "broken", name="broken", source="export default (\n")
    (cli.cwd / "empty").mkdir()
    (cli.cwd / "empty" / "readme.md").write_text("nothing\n")
    ran = cli("install", *words, "--yes", "--json", check=1)

    assert told in failed(ran, code)
    assert "staged-" not in ran.err + ran.out
    assert listed(cli) == {}
    assert nothing_is_staged(cli)


SETTINGS: JsonObject = {
    "settings": {
        "level": {"type": "enum", "values": ["low", "high"], "default": "low"},
        "token": {"type": "string", "secret": True, "env": "ACME_TOKEN"},
    },
    "features": {
        "loud": {
            "description": "Says it twice",
            "additional_capabilities": {"env_read": ["LOUD"]},
        }
    },
}


def test_settings_and_features_are_remembered(cli: Cli) -> None:
    """Through updates; a secret does not pass by a command line, and a value that does not fit is refused."""
    root = package(cli.cwd / "guard", manifest=SETTINGS)
    wrong = cli("install", "./guard", "--yes", "--set", "level=huge", "--json", check=1)
    assert "level" in failed(wrong, "E_SETTINGS")
    secret = cli("install", "./guard", "--yes", "--set", "token=abc", "--json", check=1)
    line = failed(secret, "E_SETTINGS")
    assert "ACME_TOKEN" in line
    assert "abc" not in secret.out + secret.err

    cli("install", "./guard[loud]", "--yes", "--set", "level=high", check=0)
    shutil.rmtree(root)
    package(root, version="2.0.0", manifest=SETTINGS)
    cli("update", "guard", check=0)
    told = cli("info", "guard", "--json", check=0).json()
    assert (told["version"], told["features"], told["settings"]) == (
        "2.0.0",
        ["loud"],
        {"level": "high"},
    )
    assert {"kind": "env", "pattern": "LOUD", "meaning": "reads the variable LOUD"} in told[
        "accepted"
    ]  # type: ignore[operator]


def test_data_stays_unless_it_is_purged(cli: Cli, guard: Path) -> None:
    """And where it is is told."""
    cli("install", "./guard", "--yes", check=0)
    data = cli.home / "data" / "guard" / "some-workspace"
    data.mkdir(parents=True)
    ran = cli("uninstall", "guard", check=0)
    assert str(data.parent) in ran.out
    assert data.is_dir()

    cli("uninstall", "guard", "--purge", check=0)  # also of one that is gone already
    assert not data.parent.exists()
    assert failed(cli("uninstall", "guard", "--json", check=1), "E_NOT_FOUND")


def test_a_link_runs_from_where_it_lies(cli: Cli, guard: Path) -> None:
    """What is changed there is what runs next."""
    told = cli("link", "./guard", "--json", check=0).json()
    assert (told["name"], told["path"]) == ("guard", str(guard))
    assert blocked_by(cli) == "guard 1.0.0 says no"
    source = (guard / "index.ts").read_text()
    (guard / "index.ts").write_text(source.replace("says no", "says never"))
    assert blocked_by(cli) == "guard 1.0.0 says never"
    assert listed(cli)["guard"]["type"] == "link"
    assert "it runs from where it lies" in cli("update", "--all", check=0).out


def test_what_is_installed_can_be_checked(cli: Cli, guard: Path) -> None:
    """By its name: whether it is what it was, and what preflight says; a changed file is a refusal, and never runs."""
    cli("install", "./guard", "--yes", check=0)
    shutil.rmtree(guard)
    told = cli("check", "guard", "--json", check=0).json()
    assert (told["name"], told["version"]) == ("guard", "1.0.0")

    path = Path(str(cli("info", "guard", "--json").json()["path"])) / "index.ts"
    path.chmod(0o644)
    path.write_text(path.read_text() + "// changed\n")
    line = failed(cli("check", "guard", "--json", check=2), "E_INTEGRITY")
    assert "index.ts was changed" in line
    ran = cli("dispatch", "PreToolUse", "-i", json.dumps(BAD))
    assert "was changed since guard was installed" in ran.err
    assert "correct the plugin" not in ran.err  # it is not its author's to mend

    package(guard)
    cli("install", "./guard", "--yes", check=0)  # as the line says: the copy is made whole
    assert blocked_by(cli) == "guard 1.0.0 says no"


def test_text_of_a_plugin_is_harmless_for_a_terminal(cli: Cli) -> None:
    """And does not push what the plugin gets out of sight: what weighs most stands last, before the question."""
    nasty = "\x1b[2J\x1b[31mfine\u202e" + "long " * 1000
    package(
        cli.cwd / "nasty",
        name="nasty",
        version="1.0.0\x1b[0m",
        manifest={
            "description": nasty,
            "author": nasty,
            "capabilities": {
                "fs_read": [f"src/{at}" for at in range(200)],
                "http_hosts": ["a.dev\x1b[8m"],
                "shell_commands": ["git status"],
            },
        },
    )
    ran = cli("install", "./nasty", check=2)

    assert "\x1b" not in ran.out + ran.err
    assert "\u202e" not in ran.out + ran.err
    assert ran.out.count("long ") < 200
    last = ran.out.rstrip().splitlines()[-1]
    assert last.startswith("as good as your own rights: shell git status")


def test_what_an_author_writes_does_not_push_the_rest_out_of_sight(cli: Cli) -> None:
    """Features, settings and their texts are cut; a command that is hidden behind blanks, and a host that looks like
    another, are told as they are."""
    wordy = {"description": "it asks for nothing " * 100}
    manifest: JsonObject = {
        "capabilities": {
            **CAPABILITIES,
            "shell_commands": [f"ls{' ' * 400}-R *"],
            "http_hosts": ["\u0430pi.acme.dev"],
        },
        "features": {f"f{number}": wordy for number in range(100)},
        "settings": {f"s{number}": {"type": "string", **wordy} for number in range(100)},
    }
    path = package(cli.cwd / "wordy", manifest=manifest)

    ran = cli("install", "--dry-run", str(path))

    assert len(ran.out) < 30_000
    assert ran.out.count("and 88 more") == 2
    assert "as good as your own rights: shell ls [399 blanks]-R *" in ran.out
    assert "connects to xn--pi-6kc.acme.dev" in ran.out
    assert "\u0430" not in ran.out


def test_findings_in_what_it_brings_are_counted(cli: Cli) -> None:
    """So that those in its own code are seen."""
    root = package(
        cli.cwd / "guard",
        source='import "dep";\nconst run = eval;\nrun("1");\nexport default () => {};\n',
        more={"dependencies": {"dep": "1"}},
    )
    dep = root / "node_modules" / "dep"
    dep.mkdir(parents=True)
    (dep / "package.json").write_text('{"name": "dep", "version": "1.0.0", "main": "index.js"}')
    (dep / "index.js").write_text('eval("1");\neval("2");\n')
    shown = cli("install", "./guard", "--dry-run", check=0).out

    assert re.search(r"warning index\.ts:2 eval: ", shown)
    assert "in the packages that it brings (--json lists them): eval 2" in shown
    assert "dep@1.0.0" in shown
    found = cli("install", "./guard", "--dry-run", "--json", check=0).json()["preflight"]
    assert isinstance(found, list)
    assert len(found) == 3


def test_one_update_that_fails_keeps_no_other(cli: Cli, guard: Path) -> None:
    """It stays as it is, the others go on, and the exit code tells."""
    gone = package(cli.cwd / "another", name="another")
    cli("install", "./guard", "--yes", check=0)
    cli("install", "./another", "--yes", check=0)
    for root in (guard, gone):
        shutil.rmtree(root)
    package(guard, version="2.0.0")

    ran = cli("update", "--all", "--json", check=1)
    plugins = ran.json()["plugins"]
    assert isinstance(plugins, list)
    told = {
        one["name"]: (one["ok"], one["changed"]) for one in plugins if isinstance(one, dict)
    }
    assert told == {"another": (False, False), "guard": (True, True)}
    assert ran.err.startswith("warning: another stays as it is: ")
    assert {name: row["version"] for name, row in listed(cli).items()} == {
        "another": "1.0.0",
        "guard": "2.0.0",
    }


def test_one_that_is_switched_off_keeps_no_other_from_its_update(cli: Cli, guard: Path) -> None:
    """Nothing of it is read; the others go on; exit code 3."""
    another = package(cli.cwd / "another", name="another")
    for root in (guard, another):
        cli("install", f"./{root.name}", "--yes", check=0)
        shutil.rmtree(root)
        package(root, name=root.name, version="2.0.0")

    ran = cli("update", "--all", env={"JCODE_PLUGIN_KILL_ANOTHER": "1"}, check=3)
    assert "another stays as it is: another is switched off" in ran.err
    assert {name: row["version"] for name, row in listed(cli).items()} == {
        "another": "1.0.0",
        "guard": "2.0.0",
    }


def test_an_update_does_not_change_its_name(cli: Cli, guard: Path) -> None:
    """What is allowed and kept is by name: under another one it is another plugin."""
    cli("install", "./guard", "--yes", check=0)
    shutil.rmtree(guard)
    package(guard, name="warden", version="2.0.0")
    ran = cli("update", "guard", "--yes", check=1)
    assert "guard calls itself warden now" in ran.err
    assert {name: row["version"] for name, row in listed(cli).items()} == {"guard": "1.0.0"}


def test_everything_that_is_here_is_listed(cli: Cli, guard: Path) -> None:
    """Installed, by hand, what is off, what is broken; and what a project has that nobody trusts."""
    cli("install", "./guard", "--yes", check=0)
    cli("disable", "guard", check=0)
    shutil.copy(EXAMPLES / "journal.js", cli.home / "plugins" / "journal.js")
    package(cli.home / "plugins" / "halved").joinpath("package.json").write_text("{")
    project = cli.cwd / ".jcode" / "plugins"
    project.mkdir(parents=True)
    shutil.copy(EXAMPLES / "relay.ts", project / "relay.ts")

    told = cli("list", "--json", check=0).json()
    rows = {name: (row["type"], row["state"]) for name, row in listed(cli).items()}
    assert rows == {
        "guard": ("directory", "off"),
        "journal": ("by hand", "on"),
        "halved": ("by hand", "broken"),
    }
    assert "is not trusted" in str(told["missed"])
    cli("enable", "guard", check=0)
    assert listed(cli)["guard"]["state"] == "on"


def test_a_dry_run_changes_nothing(cli: Cli, guard: Path) -> None:
    """It says what would come of it, also to programs."""
    told = cli("install", "./guard", "--dry-run", "--json", check=0).json()
    assert (told["ok"], told["changed"]) == (True, False)
    assert {"kind", "pattern", "meaning", "weight", "new"} == set(told["capabilities"][0])  # type: ignore[index,call-overload,arg-type]
    assert listed(cli) == {}


def test_tools_that_nothing_provides_are_told(cli: Cli, guard: Path) -> None:
    """Until something does."""
    needs: JsonObject = {"capabilities": {**CAPABILITIES, "requires_tools": ["guard_scan"]}}
    package(cli.cwd / "user", name="user", manifest=needs)
    assert cli("install", "./user", "--dry-run", "--json").json()["missing_tools"] == [
        "guard_scan"
    ]
    shutil.rmtree(guard)
    package(guard, manifest={"provides_tools": ["guard_scan"]})
    cli("install", "./guard", "--yes", check=0)
    assert cli("install", "./user", "--dry-run", "--json").json()["missing_tools"] == []


def test_tools_that_are_promised_and_not_registered_are_told(cli: Cli, guard: Path) -> None:
    """When it first loads; what is registered is nothing to tell."""
    shutil.rmtree(guard)
    package(guard, manifest={"provides_tools": ["guard_scan", "guard_fix"]})
    cli("install", "./guard", "--yes", check=0)
    ran = cli("dispatch", "PreToolUse", "-i", json.dumps(BAD), check=2)
    assert ran.err == (
        "WARNING [guard] its manifest says that it provides guard_fix, which it did not register\n"
    )


def test_nothing_is_installed_while_plugins_are_switched_off(cli: Cli, guard: Path) -> None:
    """Not even read; exit code 3. What is installed can be removed all the same."""
    cli("install", "./guard", "--yes", check=0)
    off = {"JCODE_DISABLE_PLUGINS": "1"}
    assert cli("install", "./guard", "--yes", env=off, check=3).err.startswith("disabled: ")
    cli("uninstall", "guard", env=off, check=0)


def test_a_file_of_ours_that_is_damaged_stops_everything(cli: Cli, guard: Path) -> None:
    """And is left as it is."""
    (cli.home / "plugins").mkdir()
    state = cli.home / "plugins" / "installed.json"
    state.write_text("{")
    for words in (("install", "./guard", "--yes"), ("list",), ("uninstall", "guard")):
        assert "installed.json" in failed(cli(*words, "--json", check=1), "E_STATE")
    assert state.read_text() == "{"
