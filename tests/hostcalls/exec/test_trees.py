"""Whatever a program started is gone when the program is to be gone: by timeout, by abort, by kill, with its plugin."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.hostcalls.exec.programs_support import ALL, Runner, runner
from tests.support.processes import Watch

ROOT = Path(__file__).resolve().parents[3]
FAMILY = Path(__file__).with_name("family.py")
WAYS = {"program", "child", "group", "session", "orphan", "daemon", "daemon twice"}
WITHIN_S = 20.0


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Where the members of a family tell of themselves."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def members(fifo: Path) -> dict[str, int]:
    """Wait until every member of a family has told its way and its pid."""
    found: dict[str, int] = {}
    while found.keys() != WAYS:
        with open(fifo) as lines:
            for line in lines:
                pid, _, way = line.strip().partition(" ")
                found[way] = int(pid)
    return found


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Runner]:
    """A plugin that may run everything."""
    with runner(tmp_path, commands=ALL) as made:
        yield made


def start_family(programs: Runner, fifo: Path, how: str, after: str = "") -> dict[str, int]:
    """Have the plugin start a family by *how*, which uses ``command`` and ``args``."""
    args = json.dumps(["-I", "-S", str(FAMILY), str(fifo)])
    programs.run(f"const command = {json.dumps(sys.executable)}, args = {args}; {how}")
    return members(fifo)


def end_by_kill(programs: Runner) -> None:
    programs.run("globalThis.child.kill('SIGKILL')")


def end_by_abort(programs: Runner) -> None:
    programs.run("globalThis.stop.abort()")


def end_by_worker(programs: Runner) -> None:
    os.kill(programs.worker_pid, signal.SIGKILL)


def end_by_unload(programs: Runner) -> None:
    programs.host.unload("programs")


def end_by_close(programs: Runner) -> None:
    programs.host.close()


def end_by_switch(programs: Runner) -> None:
    programs.host.set_switches({"JCODE_PLUGIN_KILL_ALL": "1"})


SPAWN = "globalThis.child = cp.spawn(command, args);"
EXEC = "void pi.exec(command, args).catch(() => 0);"
ENDS = {
    "kill": (SPAWN, end_by_kill),
    "abort": (
        "globalThis.stop = new AbortController(); void pi.exec(command, args, {signal: stop.signal});",
        end_by_abort,
    ),
    "timeout": ("void pi.exec(command, args, {timeout: 700});", lambda _: None),
    "worker": (EXEC, end_by_worker),
    "worker, started": (SPAWN, end_by_worker),
    "unload": (EXEC, end_by_unload),
    "unload, started": (SPAWN, end_by_unload),
    "close": (EXEC, end_by_close),
    "close, started": (SPAWN, end_by_close),
    "switch": (SPAWN, end_by_switch),
}


@pytest.mark.parametrize("way", ENDS)
def test_a_whole_family_is_gone(programs: Runner, fifo: Path, way: str) -> None:
    """Seven processes in four sessions, deaf to every wish to end."""
    how: str
    end: Callable[[Runner], None]
    how, end = ENDS[way]
    with closing(Watch(start_family(programs, fifo, how).values())) as watch:
        end(programs)

        assert watch.wait(WITHIN_S) == set()


def test_a_deadline_ends_what_was_waited_for_in_place(tmp_path: Path, fifo: Path) -> None:
    """execSync in a handler: the event's deadline passes, the worker lives, the family does not."""
    with runner(tmp_path, commands=ALL) as programs:
        code = f"cp.execFileSync({json.dumps(sys.executable)}, {json.dumps([str(FAMILY), str(fifo)])})"
        programs.host.dispatch("UserPromptSubmit", {"content": "return 1"})
        before = programs.worker_pid
        reader = subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE, text=True)
        outcome = programs.host.dispatch("UserPromptSubmit", {"content": code})
        told, _ = reader.communicate(timeout=WITHIN_S)

        assert outcome.results[0].status.value == "timed_out"
        pids = [int(line.split()[0]) for line in told.splitlines()]
        assert pids
        with closing(Watch(pid for pid in pids if os.path.exists(f"/proc/{pid}"))) as watch:
            assert watch.wait(WITHIN_S) == set()
        assert programs.run("return 1") == 1
        assert programs.worker_pid == before


def test_what_a_program_leaves_behind_ends_with_it(programs: Runner, tmp_path: Path) -> None:
    """A background process that holds no pipe: the program is over, and so is that."""
    result = programs.exec("sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!")
    pid = int(str(result["stdout"]))

    if os.path.exists(f"/proc/{pid}"):
        with closing(Watch([pid])) as watch:
            assert watch.wait(WITHIN_S) == set()
    assert result["code"] == 0


def test_without_a_supervisor_they_would_stay(fifo: Path) -> None:
    """The control: ended as a group, as most programs do it, the family lives on."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(FAMILY), str(fifo)], start_new_session=True
    )
    pids = members(fifo)
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with closing(Watch([pids["child"]])) as watch:
            watch.wait(WITHIN_S)

        assert all(
            os.path.exists(f"/proc/{pids[way]}")
            for way in ("session", "daemon", "daemon twice")
        )
    finally:
        for way in ("group", "session", "daemon", "daemon twice"):
            os.kill(pids[way], signal.SIGKILL)


HOST_TO_KILL = """
import sys
from pathlib import Path
from tests.hostcalls.exec.programs_support import ALL, runner
with runner(Path(sys.argv[1]), commands=ALL) as programs:
    programs.run(sys.argv[2])
    sys.stdin.read()
"""


def test_nothing_outlives_a_host_that_was_killed(tmp_path: Path, fifo: Path) -> None:
    """SIGKILL for the host: two families, one run and one started, end without it."""
    args = json.dumps(["-I", "-S", str(FAMILY), str(fifo)])
    first = f"void pi.exec({json.dumps(sys.executable)}, {args}).catch(() => 0);"
    host = subprocess.Popen(
        [sys.executable, "-c", HOST_TO_KILL, str(tmp_path), first],
        stdin=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        with closing(Watch(members(fifo).values())) as watch:
            host.send_signal(signal.SIGKILL)
            host.wait()

            assert watch.wait(WITHIN_S) == set()
    finally:
        host.kill()
        host.wait()
        if host.stdin is not None:
            host.stdin.close()


def test_a_program_that_stops_or_signals_its_supervisor_gains_nothing(
    programs: Runner, fifo: Path
) -> None:
    """It asks its parent to end, then stops it; the family is ended all the same."""
    line = f"kill -TERM $PPID; kill -HUP $PPID; kill -STOP $PPID; exec {sys.executable} -I -S {FAMILY} {fifo}"
    programs.run(f"globalThis.child = cp.spawn('sh', ['-c', {json.dumps(line)}])")
    with closing(Watch(members(fifo).values())) as watch:
        programs.host.close()

        assert watch.wait(WITHIN_S) == set()
