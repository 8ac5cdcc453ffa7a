"""What a zygote and a worker are made of, asked of live ones and of the kernel."""

import ast
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host.blocking import BlockingPluginHost
from host.config import Config
from host.plugin_info import PluginInfo
from host.spawn import RoleName, command_line
from tests.support.processes import (
    Watch,
    descriptors_of,
    environment_of,
    mapped_files,
    status_of,
)
from tests.support.scripted import HONEST

ROOT: Final = Path(__file__).resolve().parents[2]
FORBIDDEN: Final = frozenset(
    {
        "host",
        "policies",
        "pydantic",
        "pydantic_core",
        "multiprocess",
        "multiprocessing",
        "asyncio",
        "msgspec",
        "psutil",
        "subprocess",
        "socket",
        "ssl",
        "sqlite3",
        "pickle",
        "threading",
        "logging",
    }
)
IN_A_BUILDER: Final = frozenset({"threading", "logging", "socket", "subprocess", "pickle"})
"""What its compilers bring along; it serves one build and is gone."""

PROBE: Final = """
import os, select, sys

class Poll:
    # Stands where the zygote would begin to serve: everything that it ever imports is there.
    def register(self, *_): pass
    def poll(self):
        told = {"zygote": sorted(sys.modules)}
        if sys.argv[1] == "plugins":
            told["worker"] = worker(sys._getframe(1).f_locals["self"]._role)
        print(told, flush=True)  # no import: there may be no file system left
        os._exit(0)

def worker(role):
    from worker import loop
    from worker.lockdown import Limits
    from_host, _ = os.pipe()
    out, to_host = os.pipe()
    parent = os.getpid()
    if os.fork() == 0:
        try:
            # The names as they are when it begins to serve, by its channel: there is no other way out.
            loop.Loop.run = lambda self: (os.write(4, ("\\n" + " ".join(sys.modules)).encode()), os._exit(0))
            os.dup2(os.dup2(from_host, 100), 3)
            os.dup2(os.dup2(to_host, 101), 4)
            limits = Limits(64 << 20, 128 << 20, 0)
            limits.parent_pid = parent
            role.live(limits)
        finally:
            os._exit(1)
    os.close(to_host)
    with open(out, "rb") as file:
        data = file.read()
    return sorted(data.rpartition(b"\\n")[2].decode().split())

script, sys.argv = sys.argv[1], sys.argv[1:]
select.poll = Poll
names = {"__name__": "probe"}
exec(compile(open(script).read(), script, "exec"), names)
names["main"](sys.argv[1:])
"""


def modules_of(role: RoleName) -> dict[str, set[str]]:
    """Run the real start of a zygote up to its first wait; module names in it and in its fork."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pidfd = os.pidfd_open(os.getpid())
    try:
        python, isolated, no_site, *rest = command_line(role, theirs.fileno(), pidfd)
        listing = subprocess.run(
            [python, isolated, no_site, "-c", PROBE, *rest],
            env={},
            cwd="/",
            pass_fds=(theirs.fileno(), pidfd),
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        ).stdout
    finally:
        ours.close()
        theirs.close()
        os.close(pidfd)
    return {name: set(found) for name, found in ast.literal_eval(listing.decode()).items()}


def tops(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_a_zygote_and_its_worker_have_nothing_of_the_host() -> None:
    """Neither its code nor its libraries; asked where the zygote would serve, and in a locked-down fork."""
    found = modules_of("plugins")

    assert {"worker.loop", "ipc.codec", "_quickjs"} <= found["zygote"]  # it was the real one
    assert FORBIDDEN.isdisjoint(tops(found["zygote"]))
    assert found["worker"] >= found["zygote"] - {"worker"}
    assert FORBIDDEN.isdisjoint(tops(found["worker"]))


def test_a_builder_has_nothing_of_the_host_either() -> None:
    """Its compilers bring more of the standard library than a worker has; nothing of ours."""
    found = modules_of("builder")

    assert {"worker.builder", "jsmeld", "tree_sitter"} <= found["zygote"]
    assert (FORBIDDEN - IN_A_BUILDER).isdisjoint(tops(found["zygote"]))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BlockingPluginHost]:
    with BlockingPluginHost(Config(), project_dir=tmp_path, home=tmp_path / "home") as made:
        yield made


@pytest.fixture
def plugin(host: BlockingPluginHost, tmp_path: Path) -> PluginInfo:
    path = tmp_path / "honest.js"
    path.write_text(HONEST)
    info = host.load(path)
    assert host.dispatch("UserPromptSubmit", {"content": "a"}).output == {
        "modified_prompt": "a!"
    }
    return info


def zygote_pid(host: BlockingPluginHost, role: RoleName = "plugins") -> int:
    return host.runtime._zygotes[role].pid


def test_a_live_worker_holds_its_two_pipes_and_nothing_else(
    host: BlockingPluginHost, plugin: PluginInfo
) -> None:
    """As the kernel lists them; not what the worker says of itself."""
    (pid,) = plugin.pids
    if os.geteuid() != 0:  # the descriptors of a process that is not dumpable are root's to see
        assert json.loads(plugin.layers)["descriptors"] is True
        return
    held = descriptors_of(pid)

    assert set(held) == {3, 4}
    assert all(what.startswith("pipe:") for what in held.values())
    assert held[3] != held[4]


def test_no_worker_holds_a_pipe_of_another(host: BlockingPluginHost, tmp_path: Path) -> None:
    """A worker that held a sibling's pipe could speak for it, or keep it from ending."""
    pids = []
    for name in ("a", "b", "c"):
        path = tmp_path / f"{name}.js"
        path.write_text(HONEST)
        pids += host.load(path).pids
    if os.geteuid() != 0:
        pytest.skip("needs root to list the descriptors of processes that are not dumpable")

    pipes = [what for pid in pids for what in descriptors_of(pid).values()]
    assert len(pipes) == len(set(pipes)) == 6


def test_the_zygote_holds_no_pipe_of_its_workers(
    host: BlockingPluginHost, plugin: PluginInfo
) -> None:
    """It passes them on and forgets them: a dead worker's pipe must read as ended."""
    pipes = {
        what for what in descriptors_of(zygote_pid(host)).values() if what.startswith("pipe:")
    }
    ours = {os.readlink(f"/proc/self/fd/{fd}") for fd in (1, 2)}  # its stderr is the host's

    assert pipes <= ours


@pytest.mark.parametrize("role", ["plugins", "builder"])
def test_the_environment_is_empty(
    host: BlockingPluginHost, plugin: PluginInfo, role: RoleName
) -> None:
    """From its first instruction, so there is nothing to scrub and nothing to forget."""
    assert environment_of(zygote_pid(host, role)) == b""
    if os.geteuid() == 0:
        for pid in plugin.pids:
            assert environment_of(pid) == b""
    assert environment_of(os.getpid())  # the control: ours is not


def test_the_zygote_and_the_worker_have_one_thread(
    host: BlockingPluginHost, plugin: PluginInfo
) -> None:
    """A second one would have been lost in the fork, with whatever lock it held."""
    for pid in (zygote_pid(host), *plugin.pids):
        assert status_of(pid)["Threads"] == "1"


def test_the_worker_is_the_zygotes_child_and_the_zygote_ours(
    host: BlockingPluginHost, plugin: PluginInfo
) -> None:
    """Who dies with whom follows from it."""
    zygote = zygote_pid(host)

    assert [int(status_of(pid)["PPid"]) for pid in plugin.pids] == [zygote]
    assert int(status_of(zygote)["PPid"]) == os.getpid()


def test_no_library_of_the_host_is_mapped_into_a_live_worker(
    host: BlockingPluginHost, plugin: PluginInfo
) -> None:
    """Whatever sys.modules says: an extension module that was ever loaded is mapped."""
    if os.geteuid() != 0:
        pytest.skip("needs root to read the maps of a process that is not dumpable")
    mapped = {Path(path).name for path in mapped_files(plugin.pids[0])}

    assert any(name.startswith("_quickjs") for name in mapped)
    for name in (
        "_pydantic_core",
        "_asyncio",
        "_core.cpython",
        "_sqlite3",
        "_ssl",
        "_multiprocess",
        "_psutil",
        "_posixsubprocess",
    ):
        assert not [one for one in mapped if one.startswith(name)], name


HOST_TO_KILL: Final = """
import logging, sys, threading
from pathlib import Path
from host.blocking import BlockingPluginHost
from host.config import Config, Timeouts

class Tell(logging.Handler):
    def emit(self, record):
        print("SPINS", flush=True)

logger = logging.getLogger("jcode_plugins")
logger.setLevel(logging.INFO)
logger.addHandler(Tell())
folder = Path(sys.argv[1])
config = Config(timeouts=Timeouts(actionable_ms=600_000, max_busy_ms=600_000))
with BlockingPluginHost(config, project_dir=folder, home=folder / "home") as host:
    pids = [pid for name in ("a", "b", "c") for pid in host.load(folder / f"{name}.js").pids]
    zygotes = [zygote.pid for zygote in host.runtime._zygotes.values()]
    print(*pids, *zygotes, flush=True)
    host.dispatch("PreToolUse", {"tool_name": "bash"})
"""


def test_nothing_outlives_a_host_that_was_killed(tmp_path: Path) -> None:
    """Two idle workers, a spinning one, and both zygotes: all gone when the host gets SIGKILL."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.js").write_text(HONEST)
    (tmp_path / "c.js").write_text(
        "export default (pi) => pi.on('PreToolUse', () => { pi.logger.info('now'); for (;;) {} });"
    )
    host = subprocess.Popen(
        [sys.executable, "-c", HOST_TO_KILL, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    watch = None
    try:
        assert host.stdout is not None
        pids = [int(pid) for pid in host.stdout.readline().split()]
        assert len(pids) == 5
        watch = Watch(pids)
        assert host.stdout.readline() == "SPINS\n"

        host.send_signal(signal.SIGKILL)

        assert watch.wait(5.0) == set()
    finally:
        host.kill()
        host.wait()
        if host.stdout is not None:
            host.stdout.close()
        if watch is not None:
            watch.close()
