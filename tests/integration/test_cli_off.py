"""``kill``, ``disable`` and ``enable``: what they do to hosts that run, and what they say."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from host import BlockingPluginHost, PluginDisabledError
from host.audit import Kind
from host.cli.run import run
from host.install.store import Store
from host.install.switch import put
from host.install.values import Installed, Origin, Release
from host.off import OffFile
from tests.integration.cli_support import Cli, Ran
from tests.integration.host_support import Write, audited, bash, on
from tests.support.processes import wait_gone

GUARD = on("PreToolUse", 'return { block: "guarded" };')


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a plugin in its directory."""
    (tmp_path / "home" / "plugins").mkdir(parents=True)
    (tmp_path / "home" / "plugins" / "guard.js").write_text(GUARD)
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path) -> Cli:
    """Runs in an empty project."""
    (home.parent / "project").mkdir()
    return Cli(home.parent / "project", home)


@pytest.fixture
def inside(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs the command line in this process, for what starts none: an interpreter's start takes longer than all of it."""
    monkeypatch.chdir(cli.cwd)
    for name, value in cli.environment().items():
        monkeypatch.setenv(name, value)

    def run_here(*words: str, check: int) -> Ran:
        code = run([*words])
        out, err = capsys.readouterr()
        assert code == check, err
        return Ran(code, out, err)

    return run_here


@pytest.fixture
def host(home: Path, write: Write, nothing_stays: None) -> Iterator[BlockingPluginHost]:
    """A host that runs, with two plugins of a program's own."""
    with BlockingPluginHost(project_dir=home.parent, home=home) as host:
        host.load(write("guard.js", GUARD))
        host.load(write("other.js", GUARD.replace("guarded", "other")))
        yield host


def reason(host: BlockingPluginHost) -> str | None:
    """Who blocks a command, once the time of the next tick has come."""
    host.runtime.look_at = 0.0
    return host.dispatch("PreToolUse", bash()).reason


@pytest.mark.parametrize("word", ["kill", "disable"])
def test_a_plugin_is_stopped_in_a_host_that_runs_and_comes_back(
    cli: Cli, host: BlockingPluginHost, home: Path, word: str
) -> None:
    """Its process is gone; the audit of the host and the one on disk name the command; no other host starts it."""
    (pid,) = host.plugins()[0].pids
    assert reason(host) == "guarded"

    said = cli(word, "guard", check=0)
    assert said.out.startswith("guard is off: hosts that run stop it")
    assert "jcode-plugin enable guard" in said.out

    assert reason(host) == "other"
    assert wait_gone({pid}) == set()
    assert host.plugins()[0].state == "disabled"
    assert any(f"jcode-plugin {word} guard" in e.detail for e in audited(host, Kind.SWITCH))
    refused = cli("dispatch", "PreToolUse", "-i", json.dumps(bash()), check=0)
    assert f"guard was switched off (jcode-plugin {word} guard)" in refused.err
    shown = cli("audit", "--kind", "switch", "--json").out
    assert f"jcode-plugin {word} guard: guard is off" in shown

    assert cli("enable", "guard", "--json", check=0).json()["lifted"] == [word]
    assert reason(host) == "guarded"


def test_all_are_stopped_and_come_back_but_for_those_that_have_their_own(
    cli: Cli, inside: Callable[..., Ran], host: BlockingPluginHost
) -> None:
    """A command that would run a plugin exits with 3 meanwhile."""
    inside("kill", "guard", check=0)
    assert inside("kill", "--all", "--json", check=0).json() == {
        "ok": True,
        "error": None,
        "killed": None,
        "all": True,
        "was_off": False,
    }

    assert reason(host) is None
    with pytest.raises(PluginDisabledError, match="jcode-plugin enable --all"):
        host.load(host.home / "plugins" / "guard.js", name="third")
    for words in (("dispatch", "Stop"), ("inspect", str(host.home / "plugins" / "guard.js"))):
        refused = cli(*words, check=3)
        assert refused.err == (
            "disabled: plugins were switched off (jcode-plugin kill --all), so none was looked at; "
            "to have them back: jcode-plugin enable --all\n"
        )
    only = inside("enable", "guard", check=0)
    assert "all plugins are off" in only.err
    assert reason(host) is None

    inside("kill", "guard", check=0)
    lifted = inside("enable", "--all", "--json", check=0).json()
    assert lifted["still_off"] == ["guard"]
    assert reason(host) == "other"


def test_a_typo_does_not_look_like_success(inside: Callable[..., Ran], home: Path) -> None:
    """Nothing is written; the nearest name and the way to insist are told."""
    refused = inside("kill", "gaurd", check=1)

    assert "no plugin named gaurd is known here; did you mean guard?" in refused.err
    assert "jcode-plugin kill gaurd --force" in refused.err
    assert not OffFile(home).path.exists()
    assert inside("kill", "gaurd", "--force", "--json", check=0).json()["was_off"] is False
    assert list(OffFile(home).read().plugins) == ["gaurd"]
    assert "gaurd is off (already before)" in inside("kill", "gaurd", check=0).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("kill",), "name one plugin, or all of them"),
        (("kill", "guard", "--all"), "name one plugin, or all of them"),
        (("kill", "ALL", "--force"), "name one plugin, or all of them"),
        (("enable",), "name one plugin, or all of them"),
        (("enable", "gaurd"), "gaurd is not off; no plugin is"),
        (("enable", "--all"), "kill --all is not in force"),
        (("disable",), "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_one_line(
    inside: Callable[..., Ran], words: tuple[str, ...], told: str
) -> None:
    """To people and to programs."""
    ran = inside(*words, "--json", check=1)

    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert ran.json()["ok"] is False


def test_a_reload_is_told_to_hosts_that_run(
    cli: Cli, host: BlockingPluginHost, write: Write
) -> None:
    """The command hears of what came of it through the audit, and of nothing where no host writes."""
    assert reason(host) == "guarded"
    nobody = cli("reload", "other", "--force", "--wait", "0.1", check=0)
    assert "none wrote of it: no host runs it, or none was called" in nobody.out

    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(0.01):
            reason(host)

    agent = threading.Thread(target=go_on)
    agent.start()
    try:
        write("guard.js", GUARD.replace("guarded", "newer"))
        done = cli("reload", "guard", "--wait", "60", "--json", check=0).json()
        counted = {key: done[key] for key in ("ok", "reloaded", "unchanged", "failed")}
        assert counted == {"ok": True, "reloaded": 1, "unchanged": 0, "failed": []}
        assert "1 had it already" in cli("reload", "guard", "--wait", "60", check=0).out
        write("guard.js", "export default (")
        failed = cli("reload", "guard", "--wait", "60", check=1)
        assert "1 could not, and go on as they are:\n  guard.js:1" in failed.out
    finally:
        is_over.set()
        agent.join(60)
    assert reason(host) == "newer"


def test_what_failed_too_often_in_a_host_that_runs_is_started_again(
    inside: Callable[..., Ran], host: BlockingPluginHost
) -> None:
    """Only the host knows that it was stopped; the person need not know which host."""
    plugin = host.workspace.plugin("guard")
    with host._lock:
        for instance in plugin.all_instances():
            instance.block("it failed too often")
    assert reason(host) == "other"

    said = inside("enable", "guard", check=0)

    assert said.out.startswith("guard is not off; hosts that run were told")
    until_s = monotonic() + 30
    while reason(host) != "guarded":
        assert monotonic() < until_s


def test_a_damaged_file_is_told_and_left(
    cli: Cli, inside: Callable[..., Ran], home: Path, host: BlockingPluginHost
) -> None:
    """All is off, for hosts that run as well; no command writes over it."""
    file = OffFile(home).path
    file.write_text("{")

    assert reason(host) is None
    for words in (("kill", "guard"), ("enable", "--all")):
        assert "off.json is damaged" in inside(*words, check=1).err
    assert "off.json, which is damaged" in cli("dispatch", "Stop", check=3).err
    assert file.read_text() == "{"

    file.unlink()
    assert reason(host) == "guarded"


def test_the_record_of_an_installed_plugin_says_it_too(
    inside: Callable[..., Ran], home: Path
) -> None:
    """``disable`` and ``enable`` mark it; ``enable`` alone is enough where only the record says so."""
    release = Release("1", "/x")
    put(
        home,
        Installed("made", "file:/x", Origin("link", "/x"), release, True, 0.0, 0.0),
        instead_of=None,
    )

    inside("disable", "made", check=0)
    assert not Store(home).read()["made"].enabled
    with OffFile(home).changing() as off:
        off.plugins.clear()
    assert inside("enable", "made", "--json", check=0).json()["lifted"] == ["disable"]
    assert Store(home).read()["made"].enabled
