"""A host's audit on disk: what is in it, what it costs to lose it, and who waits for it: nobody."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, PluginHost
from host.config import AuditOptions
from host.errors import AuditError
from host.trail.place import Place, place_of
from policies.capability import FileRequest
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, bash, on, plugin
from tests.support.trail import ROOT, assert_intact, entries

GUARD = on("PreToolUse", 'if (event.tool_input.command === "rm") return { block: "no" };')


def log_of(tmp_path: Path, home: str = "home") -> Place:
    """The log of a host that a test made."""
    return place_of(tmp_path / home, None, {})


def kinds(place: Place) -> list[str]:
    """The kinds of all entries, in order."""
    return [str(one["kind"]) for one in entries(place)]


def test_what_happened_to_plugins_is_on_disk(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Loads, denials, tools and commands with their outcome, unloads; in order, and intact."""
    host = make_host()
    host.load(write("guard.js", GUARD))
    tools = plugin(
        'pi.registerTool({name: "hi", description: "d", handler: () => "hello"});'
        'pi.registerCommand("cmd", {description: "d", handler: () => "done"});'
    )
    host.load(write("tools.js", tools))
    assert host.dispatch("PreToolUse", bash("rm")).blocked
    assert host.call_tool("plugin_hi", {}, typed=True).ok
    host.run_command("cmd")
    host.unload("tools")
    host.close()

    place = log_of(tmp_path)
    assert_intact(place)
    found = entries(place)
    assert [k for k in kinds(place) if k != "counts"] == [
        "loaded", "loaded", "veto", "tool", "command", "unloaded"
    ]  # fmt: skip
    (veto,) = [one for one in found if one["kind"] == "veto"]
    assert (veto["plugin"], veto["event"], veto["detail"]) == ("guard", "PreToolUse", "no")


def test_a_plain_continue_is_counted_and_not_written(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """A thousand events that go on are one line."""
    host = make_host()
    host.load(write("guard.js", GUARD))
    for _ in range(1000):
        assert not host.dispatch("PreToolUse", bash("ls")).blocked
    assert len(host.audit.recent(2000)) == 1
    host.close()

    found = entries(log_of(tmp_path))
    assert [one["kind"] for one in found] == ["loaded", "counts"]
    assert found[1]["data"] == {"continues": 1000}


def test_the_asyncio_host_keeps_the_same_record(write: Write, tmp_path: Path) -> None:
    """Nothing of it needs a loop."""

    async def run() -> None:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(write("guard.js", GUARD))
            assert (await host.dispatch("PreToolUse", bash("rm"))).blocked

    asyncio.run(run())

    assert kinds(log_of(tmp_path)) == ["loaded", "veto"]
    assert_intact(log_of(tmp_path))


def test_hosts_of_one_home_share_one_log(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Of one process or of several; nobody is taken for dead who closed."""
    path = write("guard.js", GUARD)
    one, two = make_host(), make_host()
    one.load(path)
    two.load(path)
    one.close()
    two.dispatch("PreToolUse", bash("rm"))
    two.close()

    assert kinds(log_of(tmp_path)) == ["loaded", "loaded", "veto"]
    assert assert_intact(log_of(tmp_path)).notes == []


STRICT = [Config(profile="hardened"), Config(fail_closed=True)]


@pytest.mark.parametrize("config", STRICT, ids=["hardened", "fail_closed"])
def test_without_an_audit_a_strict_host_does_not_start(
    config: Config, tmp_path: Path, nothing_stays: None
) -> None:
    """One clear line, and no process. Control: with a directory that can be used it starts."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "audit").write_text("in the way")

    with pytest.raises(AuditError) as caught:
        BlockingPluginHost(config, project_dir=tmp_path, home=home).__enter__()

    told = str(caught.value)
    assert "\n" not in told
    assert str(home / "audit") in told
    (home / "audit").unlink()
    with BlockingPluginHost(Config(fail_closed=True), project_dir=tmp_path, home=home) as host:
        assert host.audit.trouble is None


def test_without_an_audit_another_host_goes_on_and_says_so(
    write: Write, tmp_path: Path, nothing_stays: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Once in the log, and in `audit.trouble`; events are answered; when it can be used again, it is."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "audit").write_text("in the way")
    with BlockingPluginHost(project_dir=tmp_path, home=home) as host:
        host.load(write("guard.js", GUARD))
        assert host.audit.trouble is not None
        assert host.dispatch("PreToolUse", bash("rm")).blocked
        (home / "audit").unlink()

    assert len([r for r in caplog.records if "the audit is not kept" in r.message]) == 1
    assert host.audit.trouble is None
    assert kinds(log_of(tmp_path)) == ["loaded", "veto"]


@pytest.mark.parametrize("what", ["log", "directory"])
def test_a_log_that_vanishes_under_a_host_costs_no_event(
    make_host: MakeHost, write: Write, tmp_path: Path, what: str
) -> None:
    """It is made anew, and the loss is a record that verification reports."""
    host = make_host(Config(audit=AuditOptions(flush_ms=0)))
    host.load(write("guard.js", GUARD))
    host.dispatch("PreToolUse", bash("rm"))
    host.close()
    place = log_of(tmp_path)
    place.log.unlink()
    if what == "directory":
        place.log.parent.rmdir()

    host = make_host()
    host.load(write("guard.js", GUARD))
    assert host.dispatch("PreToolUse", bash("rm")).blocked
    host.close()

    assert kinds(place) == ["gap", "loaded", "veto"]


def test_an_audit_that_is_off_makes_no_file(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """The ring still records."""
    host = make_host(Config(audit=AuditOptions(enable=False)))
    host.load(write("guard.js", GUARD))
    host.close()

    assert not (tmp_path / "home" / "audit").exists()
    assert not (tmp_path / "home" / "keys").exists()
    assert host.audit.recent()


FORGETFUL = """
import sys
from host import BlockingPluginHost
host = BlockingPluginHost(project_dir=".", home="home").__enter__()
host.load("guard.js")
host.dispatch("PreToolUse", {"tool_name": "bash", "tool_input": {"command": "rm"}})
if sys.argv[1] == "raises":
    raise RuntimeError("of the program")
"""


@pytest.mark.parametrize("how", ["ends", "raises"])
def test_a_program_that_does_not_close_its_host_loses_nothing(tmp_path: Path, how: str) -> None:
    """The interpreter's end is the host's."""
    (tmp_path / "guard.js").write_text(GUARD)

    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL, how],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert (done.returncode == 0) == (how == "ends"), done.stderr
    assert kinds(log_of(tmp_path)) == ["loaded", "veto"]
    assert assert_intact(log_of(tmp_path)).notes == []


def test_a_file_system_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A real one, mounted read-only, even for root. A hardened host refuses, another one warns."""
    (tmp_path / "guard.js").write_text(GUARD)
    mount = tmp_path / "ro"
    mount.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    script = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(mount),
             sys.executable, "-m", "host", "dispatch", "PreToolUse", "-p", "guard.js",
             "-i", '{"tool_name": "bash", "tool_input": {"command": "rm"}, "session_id": "s"}'],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "JCODE_HOME": str(home),
                 "JCODE_PLUGIN_AUDIT_PATH": str(mount / "audit.jsonl")},
        )  # fmt: skip

    lenient = run()
    assert lenient.returncode == 2, lenient.stderr
    assert lenient.stderr.count("Read-only file system") == 1
    (home / "config.toml").write_text("[plugin]\nfail_closed = true\n")
    strict = run()
    assert strict.returncode == 1
    (line,) = strict.stderr.strip().split("\n")
    assert line.startswith(f"error: the audit cannot be kept, so nothing is started: {mount}")


@pytest.mark.parametrize("how", ["environment", "configuration"])
def test_no_plugin_reaches_a_log_that_was_moved(
    make_host: MakeHost,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """Whatever it is allowed. Control: the file beside it, in a directory that is reached by a link."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "link").symlink_to("logs")
    log = tmp_path / "link" / "a.jsonl"
    if how == "environment":
        monkeypatch.setenv("JCODE_PLUGIN_AUDIT_PATH", str(log))
    options = AuditOptions(path=str(log) if how == "configuration" else None)
    host = make_host(
        Config(
            audit=options, mode="permissive", allow={"fs_read": ("/**",), "fs_write": ("/**",)}
        )
    )
    host.load(write("guard.js", GUARD))
    chain = host.workspace.snapshot.chain

    for name in ("a.jsonl", "a.jsonl.3"):
        decision = chain.decide("guard", FileRequest("fs_write", str(tmp_path / "logs" / name)))
        assert decision.code == "deny.protected"
    assert chain.decide("guard", FileRequest("fs_write", str(tmp_path / "logs" / "b"))).allowed
    host.close()
    assert (tmp_path / "logs" / "a.jsonl").stat().st_size
