"""The zygote lost, or gone mad: new workers, and nobody's fault."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.audit import Kind
from host.blocking import BlockingPluginHost
from host.config import Config
from host.outcome import Status
from host.reactor import Reactor, now_s
from host.spawn import Exit, WorkerLimits, Zygote
from ipc.codec import encode
from ipc.messages import EXITED, SPAWN, SPAWNED, Message
from tests.support.processes import Watch, wait_gone
from tests.support.scripted import HONEST


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BlockingPluginHost]:
    with BlockingPluginHost(Config(), project_dir=tmp_path, home=tmp_path / "home") as made:
        for name in ("a", "b", "c"):
            (tmp_path / f"{name}.js").write_text(HONEST)
            made.load(tmp_path / f"{name}.js")
        yield made


def test_after_the_zygotes_death_the_next_event_is_answered_by_new_workers(
    host: BlockingPluginHost,
) -> None:
    """All workers die with it; they start again from a new one, and no breaker counts it."""
    before = {pid for info in host.plugins() for pid in info.pids}
    watch = Watch(before)
    try:
        os.kill(host.runtime._zygotes["plugins"].pid, signal.SIGKILL)
        assert watch.wait(5.0) == set()
    finally:
        watch.close()

    outcome = host.dispatch("UserPromptSubmit", {"content": "hi"})

    assert [result.status for result in outcome.results] == [Status.ANSWERED] * 3
    after = {pid for info in host.plugins() for pid in info.pids}
    assert len(after) == 3
    assert not after & before
    assert [info.state for info in host.plugins()] == ["active"] * 3
    for info in host.plugins():
        instance = host.workspace.plugin(info.name).all_instances()[0]
        assert instance._breaker.failures(now_s()) == 0
        assert {
            entry.code for entry in host.audit.recent(plugin=info.name, kind=Kind.CRASHED)
        } <= {
            "E_ZYGOTE",
            "E_SIGNAL",
        }
    assert host.runtime.zygote_restarts == 1


def test_a_host_whose_zygote_died_closes_cleanly(tmp_path: Path) -> None:
    """Nothing is left, and nothing is waited for that will not come."""
    with BlockingPluginHost(Config(), project_dir=tmp_path, home=tmp_path / "home") as host:
        (tmp_path / "a.js").write_text(HONEST)
        pids = host.load(tmp_path / "a.js").pids
        os.kill(host.runtime._zygotes["plugins"].pid, signal.SIGKILL)

    assert wait_gone(pids) == set()


class Recorder:
    """A child that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_spawned(self, pid: int, pidfd: int) -> None:
        self.told.append("spawned")
        os.close(pidfd)

    def on_exited(self, how: Exit) -> None:
        self.told.append("exited")

    def on_spawn_failed(self, reason: str) -> None:
        self.told.append("failed")

    def on_zygote_lost(self) -> None:
        self.told.append("lost")


class Played:
    """A real host's side of the control socket; the zygote's side is the test's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reactor = Reactor()
        kept: list[socket.socket] = []
        real = socket.socketpair

        def pair(*args: int) -> tuple[socket.socket, socket.socket]:
            ours, theirs = real(*args)
            kept.append(theirs.dup())
            return ours, theirs

        with monkeypatch.context() as patch:
            patch.setattr(socket, "socketpair", pair)
            self.lost: list[Zygote] = []
            self.zygote = Zygote(self.reactor, "plugins", on_lost=self.lost.append)
        # The process that was started is stopped: the test speaks in its place.
        os.kill(self.zygote.pid, signal.SIGSTOP)
        self.socket = kept[0]
        self.child = Recorder()
        self.end = self.zygote.spawn(self.child, WorkerLimits(), 1024)

    def turn(self) -> None:
        while ready := self.reactor.poll(0):
            self.reactor.handle(ready)

    def close(self) -> None:
        if not self.zygote.is_lost:
            os.kill(self.zygote.pid, signal.SIGKILL)
        self.zygote.close()
        self.end.close()
        self.socket.close()
        self.reactor.close()


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    made = Played(monkeypatch)
    yield made
    made.close()


def packet(message: Message) -> Callable[[Played], None]:
    return lambda played: played.socket.send(encode(message)) and None


def with_descriptors(message: Message, count: int) -> Callable[[Played], None]:
    def send(played: Played) -> None:
        socket.send_fds(played.socket, [encode(message)], [0] * count)

    return send


NONSENSE: dict[str, Callable[[Played], None]] = {
    "noise": lambda played: played.socket.send(b"\xff\xfe") and None,
    "of_an_unknown_child": packet([EXITED, 99, 0, 9]),
    "a_request": packet([SPAWN, 1, 1, 1, 1, 1, 1, 0]),
    "a_workers_message": packet([68, 0]),
    "wrong_fields": packet([EXITED, 1]),
    "spawned_without_a_pidfd": packet([SPAWNED, 1, 1]),
    "spawned_with_two": with_descriptors([SPAWNED, 1, 1], 2),
    "exited_with_a_descriptor": with_descriptors([EXITED, 1, 0, 9], 1),
    "end_of_file": lambda played: played.socket.shutdown(socket.SHUT_RDWR),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_zygote_that_makes_no_sense_is_given_up(played: Played, name: str) -> None:
    """Its process is ended, each child hears of it once, and no descriptor is kept."""
    before = set(os.listdir("/proc/self/fd"))

    NONSENSE[name](played)
    played.turn()

    assert played.zygote.is_lost
    assert played.lost == [played.zygote]
    # One that it named in its nonsense may have been dropped with it, but none is told twice.
    assert played.child.told in (["lost"], [])
    assert len(set(os.listdir("/proc/self/fd")) - before) == 0
    assert wait_gone([played.zygote.pid]) == set()


def test_a_zygote_that_makes_sense_is_believed(played: Played) -> None:
    """The control of the cases above."""
    with_descriptors([SPAWNED, 1, 1234], 1)(played)
    packet([EXITED, 1, 0, 9])(played)
    played.turn()

    assert played.child.told == ["spawned", "exited"]
    assert not played.zygote.is_lost
