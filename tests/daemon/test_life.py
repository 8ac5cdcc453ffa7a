"""How a daemon begins and ends, and that there is one."""

import _socket
import asyncio
import fcntl
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from host.config import load_config
from host.daemon.listening import ListenError, Listening
from host.daemon.peers import Peer, is_ours
from host.daemon.server import Server
from host.daemon.wire import stopping
from host.reactor import now_s
from jcode_plugins import (
    AsyncClient,
    Client,
    ConnectionLostError,
    DeadlineError,
    NotRunningError,
    PlaceError,
    StartError,
    aio_connecting,
)
from jcode_plugins.place import connect, socket_path
from jcode_plugins.starting import _read
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, ROOT, Daemon
from tests.support.as_user import UID as NOBODY

GUARD: Final = (
    'export default (pi) => { pi.on("PreToolUse", () => ({ block: "guarded" })); };\n'
)
WAITS: Final = """
export default (pi) => { pi.on("UserPromptSubmit", async () => { await pi.sleep(700); }); };
"""


def test_a_second_daemon_ends_before_it_starts_anything(start: StartDaemon) -> None:
    """It says who is there; the first one does not notice."""
    daemon = start()
    second = daemon.popen()
    _, err = second.communicate(timeout=HANG_S)

    assert second.returncode == 1
    assert err.decode().splitlines()[-1] == (
        f"error: a daemon (process {daemon.pid}) listens at {daemon.path} already"
    )
    with daemon.client() as client:
        assert client.hello()["pid"] == daemon.pid


def test_after_a_kill_the_next_one_takes_over(start: StartDaemon) -> None:
    """The dead one's socket is no trouble, its workers are gone, and a client goes on with a new connection."""
    daemon = start(guard=GUARD)
    with daemon.client() as client:
        assert client.dispatch("PreToolUse", {}).blocked
        workers = psutil.Process(daemon.pid).children(recursive=True)
        assert workers
        daemon.kill()
        assert daemon.path.is_socket()
        with pytest.raises(NotRunningError):
            client.dispatch("PreToolUse", {})
        psutil.wait_procs(workers, HANG_S)
        daemon.start()

        assert client.dispatch("PreToolUse", {}).blocked


def test_a_call_that_was_lost_is_not_made_twice(start: StartDaemon) -> None:
    """Only its caller knows whether it may be."""
    daemon = start(waits=WAITS)
    caught: list[BaseException] = []

    def ask(client: Client) -> None:
        try:
            client.dispatch("UserPromptSubmit", {})
        except ConnectionLostError as error:
            caught.append(error)

    with daemon.client() as client, daemon.client() as other:
        client.tools()
        asking = threading.Thread(target=ask, args=(client,))
        asking.start()
        while other.stats()["calls"] != 2:
            pass
        daemon.kill()
        asking.join(HANG_S)

    assert len(caught) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_what_it_has_and_ends(start: StartDaemon, number: signal.Signals) -> None:
    """New calls are refused, the socket is gone, no process stays."""
    daemon = start(waits=WAITS)
    with daemon.raw() as raw:
        raw.request(1, "tools")
        raw.answer()
        children = psutil.Process(daemon.pid).children(recursive=True)
        raw.request(2, "dispatch", event="UserPromptSubmit", payload={})
        raw.request(3, "hello")
        assert raw.answer()["id"] == 3
        os.kill(daemon.pid, number)
        answer = raw.answer()

        assert answer["id"] == 2
        assert answer["result"]["action"] == "continue"  # type: ignore[index, call-overload]
        assert raw.is_closed()
    assert daemon.process is not None
    assert daemon.process.wait(HANG_S) == 0
    assert not daemon.path.exists()
    assert psutil.wait_procs(children, HANG_S)[1] == []


def test_an_ending_daemon_waits_only_so_long(start: StartDaemon) -> None:
    """What is not answered within its grace is lost."""
    config = "[plugin.daemon]\ngrace_ms = 200\n"
    slow = WAITS.replace("700", "60000")
    daemon = start(config=config, waits=slow)
    with daemon.raw() as raw:
        raw.request(1, "dispatch", event="UserPromptSubmit", payload={})
        raw.request(2, "hello")
        assert raw.answer()["id"] == 2

        assert daemon.end() == 0
        # Not an outcome: that the plugin was ended by its own daemon decides nothing.
        lost = raw.error()
        assert (lost["id"], lost["type"], lost["code"]) == (1, "lost", "E_LOST")


def test_a_client_of_an_ending_daemon_asks_the_next_one(start: StartDaemon, home: Path) -> None:
    """What was not begun is asked again, whatever it is: a hook must not fail because a daemon was idle."""
    config = "[plugin.daemon]\ngrace_ms = 20000\n"
    daemon = start(config=config, waits=WAITS)
    with daemon.raw() as raw, starting(daemon.home) as client:
        first = client.hello()["pid"]
        raw.request(1, "dispatch", event="UserPromptSubmit", payload={})
        raw.request(2, "hello")
        assert raw.answer()["id"] == 2
        assert daemon.process is not None
        daemon.process.terminate()  # it still has something to answer, and the lock
        outcome = client.dispatch("PreToolUse", {})

        assert outcome.action == "continue"
        assert client.hello()["pid"] != first
        assert raw.answer()["id"] == 1
    daemon.process.communicate(timeout=HANG_S)
    daemon.process = None


def test_nobody_hears_of_an_end_while_the_socket_is_there(home: Path) -> None:
    """Whoever is told to connect anew would find the same daemon, and have asked in vain twice."""
    seen: list[object] = []

    async def run() -> None:
        server = Server(load_config(home), home, "unknown")
        server.on_stop = lambda: seen.append(server.refuse_call())
        assert server.refuse_call() is None
        server.stop("a test")
        server.stop("a test")
        seen.append(server.refuse_call())
        server.close()

    asyncio.run(run())

    assert seen == [None, stopping()]


def test_a_program_with_many_descriptors_hears_the_daemon_that_it_starts() -> None:
    """Also on one that select, the control, cannot wait for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    told, tell = os.pipe()
    high = fcntl.fcntl(told, fcntl.F_DUPFD_CLOEXEC, 2000)
    try:
        with pytest.raises(ValueError, match="out of range"):
            select.select([high], [], [], 0)
        os.write(tell, b"error: it is broken")
        os.close(tell)
        assert _read(high, now_s() + HANG_S) == b"error: it is broken"
    finally:
        os.close(told)
        os.close(high)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_no_plugin_touches_what_lies_beside_the_socket(
    start: StartDaemon, tmp_path: Path
) -> None:
    """Wherever that is, and whatever is allowed; beside it, the control, it does."""
    run, free = tmp_path / "elsewhere", tmp_path / "free"
    source = """
export default (pi) => { pi.registerTool({ name: "write", description: "Writes", tier: "read",
  handler: async ({ path }) => { await pi.fs.writeText(path, "x"); return "written"; } }); };
"""
    config = f'[plugin.allow]\nfs_write = ["{tmp_path}/**"]\n'
    free.mkdir()
    daemon = start("--socket", str(run / "its.sock"), config=config, writes=source)
    daemon.path = run / "its.sock"
    with Client(daemon.path, project_dir=daemon.project) as client:
        assert client.call_tool("write", {"path": str(free / "a")}).output == "written"
        refused = client.call_tool("write", {"path": str(run / "its.sock.new")})

    assert not refused.ok
    assert "deny.protected" in str(refused.error)
    assert sorted(os.listdir(run)) == ["daemon.lock", "its.sock"]


def test_stop_is_a_method(start: StartDaemon) -> None:
    """As the signal; and an option, for people."""
    daemon = start()
    assert daemon.process is not None
    _, err = (stopping := daemon.popen("--stop")).communicate(timeout=HANG_S)
    assert stopping.returncode == 0, err
    assert daemon.process.wait(HANG_S) == 0


def test_without_clients_it_ends_by_itself(start: StartDaemon) -> None:
    """After the time that was named, and not while one is connected."""
    daemon = start("--idle-exit", "0.2")
    with daemon.raw() as raw:
        raw.request(1, "hello")
        raw.answer()
        assert daemon.process is not None
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.process.wait(1.2)  # it looks once a second
    assert daemon.process.wait(HANG_S) == 0


def test_plugins_see_the_client_s_variables_and_not_the_daemon_s(start: StartDaemon) -> None:
    """Those that it sends and the operator allows."""
    source = """
export default (pi) => { pi.registerTool({ name: "env", description: "Reads", tier: "read",
  handler: () => ["USER", "LANG", "SECRET_TOKEN"].map((name) => pi.env.get(name) ?? null) }); };
"""
    config = '[plugin]\n[plugin.allow]\nenv = ["*"]\n'
    env = {"SECRET_TOKEN": "hunter2", "USER": "daemon", "JCODE_PLUGIN_KILL_OFF": "1"}
    daemon = start(config=config, env=env, reads=source, off=GUARD)
    with daemon.client(USER="client", LANG="C.UTF-8", SECRET_TOKEN="mine") as client:
        assert client.call_tool("env", {}).output == ["client", "C.UTF-8", None]
        # A switch that the daemon was started with stays, and holds for all.
        assert {plugin.name for plugin in client.plugins()} == {"reads"}
    with daemon.client(SECRET_TOKEN="mine", JCODE_PLUGIN_ENV="SECRET_TOKEN, OTHER") as client:
        assert client.call_tool("env", {}).output == [None, None, "mine"]


# Started on demand.


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose daemon, whoever starts it, is ended with the test."""
    home = tmp_path / "home"
    home.mkdir()
    yield home
    lock = home / "run" / "daemon.lock"
    if lock.exists():
        pid = int(lock.read_text())
        if psutil.pid_exists(pid):
            process = psutil.Process(pid)
            process.terminate()
            process.wait(HANG_S)


def starting(home: Path, **more: str) -> Client:
    environment = {"PATH": os.environ["PATH"], "JCODE_HOME": str(home), **more}
    return Client(
        project_dir=home, environment=environment, start=True, connect_timeout_s=HANG_S
    )


def test_clients_that_find_none_start_one(home: Path) -> None:
    """One, however many there are; it is nobody's child, has no terminal and none of their variables."""
    pids: set[object] = set()
    at_once = threading.Barrier(8)

    def ask() -> None:
        with starting(home, SECRET_TOKEN="x", JCODE_PLUGIN_KILL_ALL="1") as client:
            at_once.wait(HANG_S)
            pids.add(client.hello()["pid"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)

    (pid,) = pids
    assert isinstance(pid, int)
    daemon = psutil.Process(pid)
    assert daemon.terminal() is None
    assert os.getpid() not in [parent.pid for parent in daemon.parents()[:1]]
    assert os.getsid(pid) != os.getsid(0)
    environment = daemon.environ()
    assert "SECRET_TOKEN" not in environment
    assert "JCODE_PLUGIN_KILL_ALL" not in environment
    names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)]
    assert names == ["/dev/null", *[str(home / "run" / "daemon.log")] * 2]
    assert "listening at" in (home / "run" / "daemon.log").read_text()


def test_who_listens_and_takes_nobody_is_not_replaced(home: Path) -> None:
    """A daemon that is stopped, or has too much to do, is still the one."""
    (home / "run").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(home / "run" / "daemon.sock"))
        listener.listen(0)
        first.connect(str(home / "run" / "daemon.sock"))
        with (
            Client(
                project_dir=home,
                environment={"JCODE_HOME": str(home)},
                start=True,
                connect_timeout_s=0.3,
            ) as client,
            pytest.raises(DeadlineError, match="took no connection"),
        ):
            client.hello()

    assert not (home / "run" / "daemon.lock").exists()


@pytest.mark.asyncio
async def test_nobody_keeps_a_connection_that_was_given_up_while_it_was_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made in a thread, which cannot be called off: it stands a while later, and is closed then."""
    began = threading.Event()

    def connecting(path: str, timeout_s: float) -> "_socket.socket":
        began.set()
        return connect(path, timeout_s)

    monkeypatch.setattr(aio_connecting, "connect", connecting)
    (home / "run").mkdir(mode=0o700)
    path = str(home / "run" / "daemon.sock")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(path)
        listener.listen(0)
        first.connect(path)  # and the queue is full: the next one waits
        async with AsyncClient(
            project_dir=home, environment={"JCODE_HOME": str(home)}, connect_timeout_s=HANG_S
        ) as client:
            asked = asyncio.create_task(client.hello())
            assert await asyncio.to_thread(began.wait, HANG_S)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            for _ in range(2):
                taken, _ = await asyncio.to_thread(listener.accept)
                taken.settimeout(HANG_S)
                with taken:
                    first.close()
                    assert await asyncio.to_thread(taken.recv, 1) == b""


def test_one_that_does_not_start_says_why(home: Path) -> None:
    """In the client's error, with the place of the mistake."""
    (home / "config.toml").write_text("[plugin]\nmode = 5\n")

    with starting(home) as client, pytest.raises(StartError, match=r"config.toml:2: "):
        client.hello()


# The place.


def test_the_socket_is_where_it_is_said_to_be() -> None:
    """In this order."""
    every = {
        "JCODE_PLUGIN_SOCKET": "/a/b.sock",
        "JCODE_HOME": "/h",
        "XDG_RUNTIME_DIR": "/run/user/1",
        "HOME": "/home/ada",
    }
    assert socket_path(every) == "/a/b.sock"
    del every["JCODE_PLUGIN_SOCKET"]
    assert socket_path(every) == "/h/run/daemon.sock"
    del every["JCODE_HOME"]
    assert socket_path(every) == "/run/user/1/jcode-plugins/daemon.sock"
    del every["XDG_RUNTIME_DIR"]
    assert socket_path(every) == "/home/ada/.jcode/run/daemon.sock"


@pytest.mark.parametrize(
    "given", ["/a/b", "/a//b", "/a/../b", "/a/.b/c", "/a/", "/", "//a", "~", "~/x", "x/y", "x"]
)
def test_however_a_path_is_written(given: str) -> None:
    """It means what it means to ``os.path``, which a hook cannot afford."""
    meant = os.path.abspath(os.path.expanduser(given))
    assert socket_path({"JCODE_PLUGIN_SOCKET": given}) == meant
    assert socket_path({"JCODE_HOME": given}) == os.path.join(meant, "run", "daemon.sock")


def _linked(run: Path) -> None:
    (run.parent / "elsewhere").mkdir(mode=0o700)
    run.symlink_to(run.parent / "elsewhere")


def _open(run: Path) -> None:
    run.mkdir(mode=0o700)
    run.chmod(0o750)


def _foreign(run: Path) -> None:
    run.mkdir(mode=0o700)
    os.chown(run, NOBODY, NOBODY)


def _file(run: Path) -> None:
    run.write_text("")


def _socket_is_a_file(run: Path) -> None:
    run.mkdir(mode=0o700)
    (run / "daemon.sock").write_text("mine")


def _socket_is_a_link(run: Path) -> None:
    run.mkdir(mode=0o700)
    (run / "daemon.sock").symlink_to(run.parent / "target")


def _lock_is_a_link(run: Path) -> None:
    run.mkdir(mode=0o700)
    (run / "daemon.lock").symlink_to(run.parent / "target")


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (_linked, "run is a link or no directory"),
        (_open, "run is open to other users; close it: chmod 700"),
        (_foreign, f"run belongs to user {NOBODY}, not to you"),
        (_file, "run is a link or no directory"),
        (_socket_is_a_file, "daemon.sock is there and is no socket of yours; remove it"),
        (_socket_is_a_link, "daemon.sock is there and is no socket of yours; remove it"),
        (_lock_is_a_link, "daemon.lock: Too many levels of symbolic links; remove it"),
    ],
)
def test_a_place_that_is_not_ours_is_refused(
    tmp_path: Path, prepare: Callable[[Path], None], told: str
) -> None:
    """With one line, before anything listens; what is there stays."""
    prepare(tmp_path / "run")

    with pytest.raises((ListenError, PlaceError)) as caught:
        Listening.at(str(tmp_path / "run" / "daemon.sock"))

    (line,) = str(caught.value).splitlines()
    assert told in line
    assert not (tmp_path / "target").exists()


def test_a_refused_place_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    """On the command line."""
    daemon = Daemon(tmp_path / "home", tmp_path / "project")
    _linked(daemon.home / "run")
    _, err = (process := daemon.popen()).communicate(timeout=HANG_S)

    assert process.returncode == 1
    (line,) = err.decode().splitlines()
    assert line.startswith(f"error: {daemon.home}/run is a link or no directory; ")


@pytest.mark.parametrize("prepare", [_linked, _open, _foreign, _file])
def test_a_client_sends_nothing_to_a_place_that_is_not_its_own(
    tmp_path: Path, prepare: Callable[[Path], None]
) -> None:
    """Even when somebody listens there; the control is every other test."""
    daemon = Daemon(tmp_path / "home", tmp_path / "project")
    prepare(daemon.home / "run")

    with daemon.client() as client, pytest.raises((PlaceError, NotRunningError)):
        client.hello()


def test_a_long_path_is_no_trouble(tmp_path: Path) -> None:
    """A socket's address holds 107 bytes; ours goes by the directory's descriptor."""
    home = tmp_path / ("long" * 30)
    daemon = Daemon(home, tmp_path / "project")
    daemon.start()
    with daemon.client() as client:
        assert client.hello()["home"] == str(home)
    assert daemon.end() == 0


CONNECT: Final = """
import os, socket, sys
fd = os.open(sys.argv[1], os.O_PATH)  # as whoever may open the directory; only then another user
uid = int(sys.argv[2])
if uid:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
s = socket.socket(socket.AF_UNIX)
s.settimeout(30)
try:
    s.connect(f"/proc/self/fd/{fd}/daemon.sock")
    s.sendall(b'{"id": 1, "method": "hello"}\\n')
    print("heard" if s.recv(100).startswith(b'{"id":1,"result"') else "not heard")
except OSError as error:
    print(type(error).__name__)
"""


def test_root_is_heard_by_its_own_daemon_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is let in for being root: it can become the user whose plugins it means."""
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    assert not is_ours(Peer(1, 0))
    assert is_ours(Peer(1, NOBODY))
    assert not is_ours(Peer(1, -1))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert is_ours(Peer(1, 0))


def connect_as(uid: int, run: Path) -> str:
    """Say what came of connecting as the user *uid*."""
    return subprocess.run(
        [sys.executable, "-I", "-c", CONNECT, str(run), str(uid)],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
    ).stdout.strip()


def test_another_user_is_not_heard(start: StartDaemon) -> None:
    """Neither by the modes, nor, were they loosened, by the daemon, which audits it. Our own user is the control."""
    daemon = start()
    run = daemon.path.parent
    assert connect_as(0, run) == "heard"

    assert connect_as(NOBODY, run) == "PermissionError"

    for parent in [daemon.path, run, *run.parents]:
        if parent.stat().st_uid == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o007)
    try:
        assert connect_as(NOBODY, run) in (
            "not heard",
            "ConnectionResetError",
            "BrokenPipeError",
        )
        assert connect_as(0, run) == "heard"
    finally:
        run.chmod(0o700)
    with daemon.client() as client:
        assert client.stats()["cut_off"] == {"E_STRANGER": 1}


# Managers of services.

PASS: Final = """
import os, sys
fd = int(sys.argv[1])
if fd != 3: os.dup2(fd, 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="x")
os.execv(sys.executable, [sys.executable, "-m", "host", "serve"])
"""


def serve_on(daemon: Daemon, listener: socket.socket, **env: str) -> subprocess.Popen[bytes]:
    """Start a daemon with *listener* as a manager of services would."""
    return subprocess.Popen(
        [sys.executable, "-c", PASS, str(listener.fileno())],
        cwd=ROOT,
        env=daemon.environment(**env),
        pass_fds=[listener.fileno()],
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def test_a_passed_socket_is_served(tmp_path: Path) -> None:
    """Clients may connect before the daemon is up; the manager hears when it is; the socket stays the manager's."""
    daemon = Daemon(tmp_path / "home", tmp_path / "project")
    daemon.path.parent.mkdir(mode=0o700)
    with (
        socket.socket(socket.AF_UNIX) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        listener.bind(str(daemon.path))
        listener.listen()
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(HANG_S)
        with daemon.raw() as early:
            early.request(1, "hello")
            daemon.process = serve_on(daemon, listener, NOTIFY_SOCKET=str(tmp_path / "notify"))
            assert early.answer()["id"] == 1
        assert manager.recv(100) == b"READY=1"
        with daemon.client() as client:
            assert client.hello()["pid"] == daemon.pid
        daemon.log_until("listening at")
        assert daemon.end() == 0
        assert manager.recv(100) == b"STOPPING=1"
        assert daemon.path.is_socket()


def test_a_descriptor_that_does_not_listen_is_refused(tmp_path: Path) -> None:
    """One line, not a daemon that nobody reaches."""
    daemon = Daemon(tmp_path / "home", tmp_path / "project")
    with socket.socket(socket.AF_UNIX) as idle:
        process = serve_on(daemon, idle)
        _, err = process.communicate(timeout=HANG_S)

    assert process.returncode == 1
    assert "is no listening Unix stream socket" in err.decode()


def test_logs_are_lines_of_json(start: StartDaemon) -> None:
    """With --log-json, every one."""
    daemon = start("--log-json", guard=GUARD)
    process = daemon.process
    assert process is not None
    with daemon.client() as client:
        client.tools()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=HANG_S)
    daemon.process = None
    lines = [json.loads(line) for line in err.decode().splitlines()]

    assert lines[-1]["message"] == "ending: SIGTERM"
    assert {frozenset(line) for line in lines} == {frozenset({"time", "level", "message"})}
