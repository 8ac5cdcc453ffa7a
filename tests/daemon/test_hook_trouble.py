"""The hook and the daemon while the machine is against them: a restart, a full disk, another user's socket."""

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Final

import psutil
import pytest

from jcode_plugins import Client
from tests.daemon.hooks import Ended, hook, tool
from tests.daemon.running import HANG_S, ROOT, Daemon
from tests.support.as_user import UID as SOMEBODY

GUARD: Final = """
export default (pi) => {
  pi.on("PreToolUse", (event) => {
    const command = event.tool_input.command;
    if (command) return { block: "no " + command };
  });
  pi.registerTool({ name: "keep", description: "d", tier: "read", handler: async () => {
    await pi.kv.set("k", "x".repeat(10000)); } });
};
"""


@pytest.fixture
def stopped(tmp_path: Path) -> Daemon:
    """A daemon that was not started yet."""
    made = Daemon(tmp_path / "home", tmp_path / "project")
    made.write("[plugin.timeouts]\nactionable_ms = 20000\n", {"guard": GUARD})
    return made


# --- a restart -------------------------------------------------------------------------------------------


def starting(daemon: Daemon) -> Client:
    return Client(
        project_dir=daemon.project,
        environment=daemon.environment(),
        start=True,
        connect_timeout_s=HANG_S,
    )


def stop(daemon: Daemon, *, kills: bool) -> None:
    """End the daemon that is there, whoever started it, and wait until it is gone."""
    with starting(daemon) as client:
        process = psutil.Process(client.hello()["pid"])  # type: ignore[arg-type]
        if kills:
            process.kill()
        else:
            client.stop()
    process.wait(HANG_S)


@pytest.mark.parametrize("kills", [False, True], ids=["it is stopped", "it is killed"])
def test_a_daemon_that_is_restarted_while_hooks_come(stopped: Daemon, kills: bool) -> None:
    """Stopped, each hook has its answer, of this one or of the next. Killed, each has it or says why not, and blocks."""
    done: list[tuple[int, Ended]] = []
    came = threading.Condition()

    def come(numbers: range) -> None:
        for number in numbers:
            found = hook(stopped, "jcode", tool(f"rm {number}"), "--fail-closed")
            with came:
                done.append((number, found))
                came.notify()

    threads = [threading.Thread(target=come, args=(range(at, 48, 6),)) for at in range(6)]
    for thread in threads:
        thread.start()
    try:
        for enough in (12, 30):
            with came:
                assert came.wait_for(lambda enough=enough: len(done) >= enough, HANG_S)
            stop(stopped, kills=kills)
    finally:
        for thread in threads:
            thread.join(HANG_S)
        stop(stopped, kills=False)

    assert sorted(number for number, _ in done) == list(range(48))
    lost = [found for number, found in done if found.err != f"no rm {number} (guard)\n"]
    assert [found for _, found in done if found.code != 2] == []
    assert kills or not lost, lost
    assert len(lost) <= 12  # those of both kills
    for found in lost:
        assert found.err.startswith("jcode-plugins: the daemon ")
        assert found.err.endswith("; blocked, as --fail-closed says\n")
        assert found.err.count("\n") == 1


# --- a full disk -----------------------------------------------------------------------------------------

IN_A_SMALL_HOME: Final = """
mount -t tmpfs -o size=2m,mode=700 none "$JCODE_HOME" && cp -a "$1/." "$JCODE_HOME" && shift && exec "$@"
"""


@contextmanager
def in_a_small_home(daemon: Daemon) -> Iterator[Path]:
    """Start *daemon* with a home of its own disk, its log on one that is always full; return a way into that home."""
    seed = daemon.home.parent / "seed"
    daemon.home.rename(seed)
    daemon.home.mkdir()
    run = daemon.home.parent / "run"
    run.mkdir(mode=0o700)
    daemon.path = run / "daemon.sock"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        open("/dev/full", "wb") as full,
    ):
        manager.bind(str(daemon.home.parent / "notify"))
        manager.settimeout(HANG_S)
        words = ["unshare", "--mount", "/bin/sh", "-ec", IN_A_SMALL_HOME, "sh", str(seed)]
        process = subprocess.Popen(
            [*words, sys.executable, "-m", "host", "serve"],
            cwd=ROOT,
            env=daemon.environment(
                NOTIFY_SOCKET=str(daemon.home.parent / "notify"),
                JCODE_PLUGIN_SOCKET=str(daemon.path),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=full,
        )
        try:
            assert manager.recv(100) == b"READY=1"
            yield Path(f"/proc/{process.pid}/root") / str(daemon.home).lstrip("/")
        finally:
            process.terminate()
            assert process.wait(HANG_S) in (0, 120)  # Python's own word for a log that is full


def fill(directory: Path) -> None:
    """Write until there is no room, not even for a byte."""
    with open(directory / "ballast", "wb", buffering=0) as ballast:
        for size in (1 << 16, 1):
            while has_room_for(ballast, bytes(size)):
                pass


def has_room_for(file: FileIO, data: bytes) -> bool:
    try:
        return file.write(data) > 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False


@pytest.mark.parametrize("is_loaded", [True, False], ids=["later", "from the start"])
def test_a_full_disk_keeps_nobody_from_an_answer(stopped: Daemon, is_loaded: bool) -> None:
    """Neither the plugin's build, nor the audit, nor the log is needed for one; what needs the disk says so."""
    with in_a_small_home(stopped) as home:
        there = {"JCODE_PLUGIN_SOCKET": str(stopped.path)}
        if is_loaded:
            assert hook(stopped, "jcode", tool("rm 0"), **there).err == "no rm 0 (guard)\n"
        fill(home)
        for number in range(5):
            found = hook(stopped, "jcode", tool(f"rm {number}"), **there)
            assert (found.code, found.err) == (2, f"no rm {number} (guard)\n")
        with stopped.client(**there) as client:
            kept = client.call_tool("keep", {})
            assert not kept.ok
            (home / "ballast").unlink()
            assert client.call_tool("keep", {}).ok  # and it was the disk


# --- another user's socket -------------------------------------------------------------------------------

LISTEN: Final = """
import os, socket, sys
uid = int(sys.argv[2])
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chown(sys.argv[1], uid, uid)
if uid:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
s.listen()
print("listening", flush=True)
connected, _ = s.accept()
heard = connected.recv(100)
if heard:
    connected.sendall(b'{"id":1,"result":{"code":0,"stdout":"fooled","stderr":""}}\\n')
print(len(heard), flush=True)
"""


def a_hook_where(
    daemon: Daemon, uid: int, *words: str, event: str = "PreToolUse"
) -> tuple[Ended, int]:
    """Run a hook where the user *uid* listens; return how it ended, and how many bytes that user was sent."""
    daemon.path.parent.mkdir(mode=0o700)
    line = [sys.executable, "-I", "-c", LISTEN, str(daemon.path), str(uid)]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"listening\n"
        found = hook(daemon, "claude", tool("ls", event), *words)
        sent = int(listener.stdout.readline())
    return found, sent


CODES: Final = [
    ((), "PreToolUse", 1),
    (("--fail-closed",), "PreToolUse", 2),
    (("--fail-closed",), "SessionStart", 1),
]


@pytest.mark.parametrize(("words", "event", "code"), CODES)
def test_a_socket_of_another_user_is_sent_nothing(
    stopped: Daemon, words: tuple[str, ...], event: str, code: int
) -> None:
    """Though it lies in a directory of our own."""
    found, sent = a_hook_where(stopped, SOMEBODY, *words, event=event)

    so = "blocked, as --fail-closed says" if code == 2 else "going on without plugins"
    assert sent == 0
    assert (found.code, found.out) == (code, "")
    assert found.err == (
        f"jcode-plugins: {stopped.path}: user {SOMEBODY} listens there, not you; nothing was sent; {so}\n"
    )


def test_a_socket_of_our_own_is_believed(stopped: Daemon) -> None:
    """The control: the same program, as the same user."""
    found, sent = a_hook_where(stopped, os.geteuid())

    assert sent > 0
    assert (found.code, found.out) == (0, "fooled")


@pytest.mark.parametrize(("words", "event", "code"), CODES)
def test_a_directory_of_another_user_is_refused(
    stopped: Daemon, words: tuple[str, ...], event: str, code: int
) -> None:
    """And no daemon is started there."""
    run = stopped.path.parent
    run.mkdir(mode=0o700)
    os.chown(run, SOMEBODY, SOMEBODY)

    found = hook(stopped, "claude", tool("ls", event), *words)

    so = "blocked, as --fail-closed says" if code == 2 else "going on without plugins"
    assert (found.code, found.out) == (code, "")
    assert found.err == (
        f"jcode-plugins: {run} belongs to user {SOMEBODY}, not to you ({os.geteuid()}); "
        f"remove it, or set JCODE_PLUGIN_SOCKET to a path elsewhere; {so}\n"
    )
    assert list(run.iterdir()) == []
