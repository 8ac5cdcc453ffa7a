"""``top``: what is seen of workers from outside, and what their hosts say when they are asked."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import psutil

from host import BlockingPluginHost
from host.outcome import Json, JsonObject
from host.status import ask, run_directory, status_file
from host.top.processes import Processes
from host.top.rows import Watch
from tests.integration.cli_support import Cli
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, bash, pid_of, plugin

COUNTS = plugin(
    'pi.on("PreToolUse", async () => { await pi.kv.set("n", 1); await pi.kv.set("n", 2); });'
)


def top_of(host: BlockingPluginHost, cli: Cli) -> JsonObject:
    """What ``top --json`` prints in a process of its own, while *host* is used."""
    process = subprocess.Popen(
        [sys.executable, "-m", "host", "top", "--json"],
        env=cli.environment(),
        cwd=cli.cwd,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    while process.poll() is None:
        host.runtime.look_if_due()  # as any call does
        host.dispatch("PostToolUse", bash())
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: object = json.loads(out)
    assert isinstance(found, dict)
    return found


def mine(rows: Json) -> list[JsonObject]:
    """The rows of this process."""
    assert isinstance(rows, list)
    return [
        row
        for row in rows
        if isinstance(row, dict) and row["host_pid"] == os.getpid() and row["role"] == "plugins"
    ]


def test_a_host_that_is_asked_says_what_runs_in_its_workers(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """And nothing is written before anybody asks, or stays when it is closed."""
    cli = Cli(tmp_path, tmp_path / "home")
    host = make_host()
    host.load(write("counts.js", COUNTS))
    host.dispatch("PreToolUse", bash())
    host.runtime.look_at_switches()
    assert not run_directory(cli.home).exists()

    view = Watch(cli.home).look()  # by the thread that would have to call the host
    (row,) = mine([row.to_json() for row in view.rows])
    assert row["pid"] == pid_of(host, "counts")
    assert (row["plugin"], row["hostcalls"]) == (None, None)
    assert os.getpid() in view.silent

    told = top_of(host, cli)
    while os.getpid() in told["silent_hosts"]:  # type: ignore[operator]  # a machine that is busy with other things
        told = top_of(host, cli)
    (row,) = mine(told["workers"])
    assert row["pid"] == pid_of(host, "counts")
    assert (row["plugin"], row["state"], row["restarts"]) == ("counts", "active", 0)
    assert row["hostcalls"] == 2
    assert isinstance(row["rss_bytes"], int)
    assert row["rss_bytes"] > 1 << 20
    file = status_file(cli.home, os.getpid())
    assert file.stat().st_mode & 0o777 == 0o600

    host.close()
    assert not file.exists()
    assert os.getpid() not in {worker.host_pid for worker in Processes().look()}


def test_a_plugin_without_a_worker_is_a_row_too(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """One that the breaker stopped is what one looks for."""
    host = make_host()
    host.load(write("counts.js", COUNTS))
    worker = psutil.Process(pid_of(host, "counts"))
    (instance,) = host.workspace.plugin("counts").all_instances()
    instance.block("tried")
    worker.wait(10)
    asked = ask(tmp_path / "home")
    host.runtime.look_at_switches()

    view = Watch(tmp_path / "home")
    told = view._answers([os.getpid()], asked)

    (found,) = told[os.getpid()].plugins
    assert (found.name, found.state) == ("counts", "blocked")
    assert [(one.pid, one.state) for one in found.instances] == [(None, "blocked")]


def test_answers_are_read_with_suspicion(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Another's words in a host's place are no answer, and neither is an old one."""
    home = tmp_path / "home"
    host = make_host()
    host.load(write("counts.js", COUNTS))
    asked = ask(home)
    host.runtime.look_at_switches()
    file, watch = status_file(home, os.getpid()), Watch(home)
    assert set(watch._answers([os.getpid()], asked)) == {os.getpid()}
    good = file.read_bytes()

    for data, mode in (
        (b"{", 0o600),
        (good.replace(b'"pid":', b'"pid":1', 1), 0o600),
        (good, 0o666),
    ):
        file.write_bytes(data)
        file.chmod(mode)
        assert watch._answers([os.getpid()], asked) == {}
    file.chmod(0o600)
    assert set(watch._answers([os.getpid()], asked)) == {os.getpid()}
    assert watch._answers([os.getpid()], asked + 3600) == {}


def test_cpu_is_counted_between_two_looks(make_host: MakeHost, write: Write) -> None:
    """A worker that spins uses some, one that idles next to none; one that is gone is gone."""
    host = make_host()
    host.load(
        write(
            "spins.js", plugin('pi.on("PreToolUse", () => { for (let i = 0; i < 3e6; i++); });')
        )
    )
    host.load(write("idles.js", plugin("")))
    spins, idles = pid_of(host, "spins"), pid_of(host, "idles")
    processes = Processes()
    first = {worker.pid: worker for worker in processes.look()}
    assert {spins, idles} <= first.keys()
    assert first[spins].host_pid == first[idles].host_pid == os.getpid()
    assert first[spins].usage.uss_bytes is None or first[spins].usage.uss_bytes > 0

    for _ in range(5):
        host.dispatch("PreToolUse", bash())
    second = {worker.pid: worker for worker in processes.look()}
    assert second[spins].usage.cpu_percent > second[idles].usage.cpu_percent

    gone = psutil.Process(spins)
    host.unload("spins")
    gone.wait(10)
    assert spins not in {worker.pid for worker in processes.look()}


def test_for_people_it_is_a_table(make_host: MakeHost, write: Write, tmp_path: Path) -> None:
    """Once, into a pipe."""
    host = make_host()
    host.load(write("counts.js", COUNTS))

    out = Cli(tmp_path, tmp_path / "home")("top", "--once", check=0).out

    assert str(pid_of(host, "counts")) in out
    assert "did not say what runs in its workers" in out


def test_on_a_terminal_it_goes_on_until_ctrl_c(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Drawn again and again; ending it is no error."""
    host = make_host()
    host.load(write("counts.js", COUNTS))
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    cli = Cli(tmp_path, tmp_path / "home")
    process = subprocess.Popen(
        [sys.executable, "-m", "host", "top"],
        env=cli.environment() | {"TERM": "xterm"},
        cwd=cli.cwd,
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(slave)
    shown, drawn = b"", 0
    while drawn < 3:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            shown += os.read(master, 65536)
        host.runtime.look_if_due()
        drawn = shown.count(b"counts")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    os.close(master)

    assert (process.returncode, err) == (0, b"")
