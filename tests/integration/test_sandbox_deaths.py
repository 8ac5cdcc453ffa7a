"""A worker that goes against its sandbox: killed by the kernel, told to the audit, off until a person enables it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from host import BlockingPluginHost
from host import build as build_module
from host.audit import Kind
from host.errors import PluginLoadError
from host.link import Link
from host.outcome import Status
from tests.integration.cli_support import Cli
from tests.integration.host_support import Write, audited, bash, on, pid_of, result_of
from tests.support.inject import make_it_call
from tests.support.processes import wait_gone

MakeHost = Callable[..., BlockingPluginHost]

ANSWERS = on("PreToolUse", "return { block: 'guarded' };")
READ, SOCKET, GETPID, KILL = 0, 41, 39, 62

needs_a_tracer = pytest.mark.skipif(
    os.getuid() != 0 or os.uname().machine != "x86_64",
    reason="a locked worker can be traced by root only; the registers are those of x86_64",
)


@needs_a_tracer
@pytest.mark.parametrize(
    ("number", "args", "name"),
    [(SOCKET, (2, 1, 0), "socket"), (GETPID, (), "getpid"), (425, (8, 0), "io_uring_setup")],
)
def test_a_forbidden_call_is_the_last_of_the_plugin(
    make_host: MakeHost, write: Write, number: int, args: tuple[int, ...], name: str
) -> None:
    """One is enough: no restart, no other worker, and the neighbour does not notice."""
    host = make_host()
    for file in ("bad", "good"):
        host.load(write(f"{file}.js", ANSWERS))
    assert result_of(host.dispatch("PreToolUse", bash()), "bad").status is Status.ANSWERED
    bad, good = pid_of(host, "bad"), pid_of(host, "good")

    make_it_call(bad, number, *args)
    assert not wait_gone([bad])
    outcome = host.dispatch("PreToolUse", bash())

    assert result_of(outcome, "good").status is Status.ANSWERED
    entry, *later = audited(host, Kind.VIOLATION, "bad")
    assert entry.code == "E_SANDBOX"
    assert "forbidden system call" in entry.detail
    if named := [e.detail for e in (entry, *later) if name in e.detail]:
        assert (
            len(named) == 1
        )  # the kernel drops records when there are many, so a name is not certain
    assert [e.code for e in audited(host, Kind.BLOCKED, "bad")] == ["E_SANDBOX"]
    assert audited(host, Kind.RESTART, "bad") == []
    (info,) = [info for info in host.plugins() if info.name == "bad"]
    assert (info.state, info.pids) == ("blocked", ())
    assert result_of(host.dispatch("PreToolUse", bash()), "bad").status is Status.BLOCKED
    assert pid_of(host, "good") == good

    host.enable("bad")
    assert result_of(host.dispatch("PreToolUse", bash()), "bad").status is Status.ANSWERED
    assert pid_of(host, "bad") != bad


@needs_a_tracer
def test_a_worker_that_kills_itself_is_not_excused(make_host: MakeHost, write: Write) -> None:
    """SIGKILL from outside says nothing about a plugin; its own would, and the filter ends it before it is sent."""
    host = make_host()
    host.load(write("bad.js", ANSWERS))
    pid = pid_of(host, "bad")

    make_it_call(pid, KILL, pid, signal.SIGKILL)
    assert not wait_gone([pid])
    host.dispatch("PreToolUse", bash())

    assert [e.code for e in audited(host, Kind.VIOLATION, "bad")][:1] == ["E_SANDBOX"]
    assert audited(host, Kind.CRASHED, "bad") == []


def test_a_kill_from_outside_is_one(make_host: MakeHost, write: Write) -> None:
    """The control: the same signal sent by somebody else costs a restart and no blame."""
    host = make_host()
    host.load(write("bad.js", ANSWERS))
    os.kill(pid_of(host, "bad"), signal.SIGKILL)

    host.dispatch(
        "PreToolUse", bash()
    )  # crashed, or answered by the next worker: whichever comes first
    assert result_of(host.dispatch("PreToolUse", bash()), "bad").status is Status.ANSWERED
    assert [e.code for e in audited(host, Kind.CRASHED, "bad")] == ["E_SIGNAL"]
    assert audited(host, Kind.VIOLATION) == []


@needs_a_tracer
def test_no_session_gets_a_worker_of_a_plugin_that_violated(
    make_host: MakeHost, write: Write
) -> None:
    """Neither the sessions that were there nor the next one."""
    host = make_host()
    host.load(write("bad.js", ANSWERS), scope="session")
    for session in ("one", "two"):
        assert host.dispatch("PreToolUse", bash() | {"session_id": session}).blocked
    (info,) = host.plugins()
    assert len(info.pids) == 2

    make_it_call(info.pids[0], SOCKET, 2, 1, 0)
    assert not wait_gone(info.pids[:1])

    for session in ("one", "two", "three"):
        outcome = host.dispatch("PreToolUse", bash() | {"session_id": session})
        assert result_of(outcome, "bad").status is Status.BLOCKED, session
    assert not wait_gone(info.pids)
    (info,) = host.plugins()
    assert info.pids == ()


@needs_a_tracer
def test_the_tracer_does_what_it_says(make_host: MakeHost, write: Write) -> None:
    """The control of the tests above: a call that is allowed, made the same way, ends nothing."""
    host = make_host()
    host.load(write("bad.js", ANSWERS))
    pid = pid_of(host, "bad")
    make_it_call(pid, READ)  # with the arguments that it waits with

    assert result_of(host.dispatch("PreToolUse", bash()), "bad").status is Status.ANSWERED
    assert pid_of(host, "bad") == pid


@needs_a_tracer
def test_a_host_that_starts_later_does_not_run_it_either(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Until a person enables it by the command that the refusal names; its neighbours load."""
    bad, good = write("bad.js", ANSWERS), write("good.js", ANSWERS)
    host = make_host()
    host.load(bad)
    pid = pid_of(host, "bad")
    make_it_call(pid, SOCKET, 2, 1, 0)
    assert not wait_gone([pid])
    host.dispatch("PreToolUse", bash())
    host.close()

    bad.write_text(ANSWERS + "// an update is no reason to trust it")
    later = make_host()
    with pytest.raises(PluginLoadError, match="jcode-plugin enable bad") as caught:
        later.load(bad)
    assert caught.value.code == "E_SANDBOX"
    later.load(good)
    later.close()

    cli = Cli(tmp_path, tmp_path / "home")
    assert "these are off: bad" in cli("enable", "good", check=1).err
    assert cli("enable", "bad", "--json", check=0).json()["enabled"] == "bad"
    assert "no plugin is" in cli("enable", "bad", check=1).err
    last = make_host()
    last.load(bad)
    assert last.dispatch("PreToolUse", bash()).blocked


@needs_a_tracer
def test_a_source_that_breaks_its_builder_is_a_violation_too(
    make_host: MakeHost, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiler reads what strangers wrote, in native code: the same sandbox, the same end."""
    real = build_module._Session.on_hello

    def broken(session: build_module._Session, link: Link, layers: str) -> None:
        if not link.pid:  # its hello came before the zygote's word
            link._reactor.post(lambda: broken(session, link, layers))
            return
        make_it_call(link.pid, SOCKET, 2, 1, 0)
        real(session, link, layers)

    host = make_host()
    path = write("bad.js", ANSWERS)
    monkeypatch.setattr(build_module._Session, "on_hello", broken)
    with pytest.raises(PluginLoadError) as caught:
        host.load(path)
    monkeypatch.undo()

    assert caught.value.code == "E_SANDBOX"
    assert audited(host, Kind.VIOLATION, "bad")[0].code == "E_SANDBOX"
    with pytest.raises(PluginLoadError, match="bad is off"):
        host.load(path)
    host.enable("bad")
    host.load(path)
