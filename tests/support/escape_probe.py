"""Runs attempts, each in a fork of its own: ``python -I -S escape_probe.py ROOT FOLDER JOBS < MODES``

MODES is a JSON array of ``[name, layers left out, names of the attempts]``, the last empty for every attempt.
Prints one JSON object: mode -> ``{"layers": what the lockdown reports, "outcomes": {attempt: outcome}}``. An
outcome is ``["signal", number]``, ``["answer", what the kernel returned]``, ``["exit", code]`` or ``["hang", 0]``.

For each mode a driver makes the world and forks a stand-in for the zygote (one thread, everything imported), which
leaves what the zygote leaves and forks once for each attempt. FOLDER is a new directory's name.
"""

import gc
import json
import mmap
import os
import resource
import select
import sys
from collections.abc import Callable
from typing import Self

_WITHIN_MS = 20_000
_PRIVATE_MOUNTS = 0x4000 | 0x4_0000
_SUBREAPER, _PDEATHSIG = 36, 1
_TAKE = b" "
"""What waits in the channel: an attempt may move it to the other end, where a number still reads as one."""


_Mode = tuple[str, list[str], list[str]]


def main(root: str, folder: str, jobs: str) -> None:
    """Run all modes, as many at once as *jobs* says."""
    sys.path.insert(0, root)
    modes = json.load(sys.stdin)
    from worker.lockdown.kernel import mount, unshare

    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    os.mkdir(folder)
    # Nothing that an attempt mounts is to be seen by anyone else.
    if os.getuid() == 0 and unshare(0x0002_0000) == 0:
        mount(b"none", b"/", b"", _PRIVATE_MOUNTS, b"")
    pipes = []
    for job in range(int(jobs)):
        mine = modes[job :: int(jobs)]
        pipes.append(_fork(lambda mine=mine: _run_modes(folder, mine)))
    results = {}
    for fd, pid in pipes:
        with open(fd, "rb") as told:
            results |= json.loads(told.read())
        os.waitpid(pid, 0)
    print(json.dumps(results))


def _fork(run: Callable[[], object]) -> tuple[int, int]:
    """Fork; return a descriptor on which the child writes what *run* returns, as JSON, and its pid."""
    from worker.lockdown.kernel import prctl

    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(told)
            prctl(_PDEATHSIG, 9)
            with open(tell, "wb") as out:
                out.write(json.dumps(run()).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - said, for there is no one further up to say it
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(72)
    os.close(tell)
    return told, pid


def _run_modes(folder: str, modes: list[_Mode]) -> dict[str, object]:
    from tests.support.attempts.world import ENVIRONMENT_NAME, SECRET, World

    os.environb[ENVIRONMENT_NAME] = SECRET
    found: dict[str, object] = {}
    for at, (name, left_out, attempts) in enumerate(modes):
        world = World(f"{folder}/{os.getpid()}-{at}")
        try:
            fd, pid = _fork(
                lambda world=world, out=left_out, these=attempts: _Zygote(world, out).run(these)
            )
            with open(fd, "rb") as told:
                found[name] = json.loads(told.read())
            os.waitpid(pid, 0)
        finally:
            world.close()
    return found


class _Zygote:
    """Leaves what the zygote leaves, then forks."""

    def __init__(self, world: object, left_out: list[str]) -> None:
        from tests.support.modes import CONFINING
        from tests.support.partial import leave_out
        from worker.lockdown import Filter, Limits, enter_lockdown, namespaces
        from worker.lockdown.kernel import prctl, syscall

        prctl(_SUBREAPER, 1)
        self._world = world
        self._pid = os.getpid()
        self._is_open = set(left_out) >= set(CONFINING)
        leave_out(left_out)
        self._shared = {} if self._is_open else namespaces.leave_shared()
        self._filter = Filter("plugins")
        self._limits, self._enter, self._syscall = Limits, enter_lockdown, syscall
        self._flag = mmap.mmap(-1, mmap.PAGESIZE)

    def _lock_down(self) -> dict[str, object]:
        if self._is_open:
            return {}
        limits = self._limits(0, 128 << 20, 0)
        limits.parent_pid = self._pid
        limits.zygote_layers = self._shared
        layers = self._enter(limits, self._filter)
        return {**layers, "why": layers.why}

    def run(self, names: list[str]) -> dict[str, object]:
        """Make the attempts called *names*, or all. Return what the layers are and how each attempt ended."""
        from tests.support.attempts import ALLOWED, ATTEMPTS

        layers = self._child(lambda: os.write(4, _Text(self._lock_down())))
        leash = self._sibling()
        gc.collect()
        gc.freeze()  # as the zygote does: children copy fewer pages
        outcomes = {}
        for made in (*ATTEMPTS, *ALLOWED):
            if names and made.name not in names:
                continue
            start = self._orphan if made.is_orphan else self._child
            pid, told, hangs = start(lambda made=made: self._make(made))
            outcomes[made.name] = _outcome(pid, told, hangs)
        os.close(leash)
        return {"layers": json.loads(_told(layers)), "outcomes": outcomes}

    def _make(self, made: object) -> None:
        self._lock_down()
        os.write(4, b"%d" % made.make(self._world))  # type: ignore[attr-defined]

    def _sibling(self) -> int:
        """Another worker, confined in the same way; it lives as long as the descriptor returned."""
        from tests.support.attempts.world import SECRET

        def live() -> None:
            self._world.secret.value = SECRET  # type: ignore[attr-defined]
            self._lock_down()
            os.write(4, b"x")
            os.read(3, 1)
            os.read(3, 1)

        held: list[int] = []
        ready, tell = os.pipe()
        self._world.sibling = _start(live, tell, held)  # type: ignore[attr-defined]
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)
        return held[0]

    def _child(self, run: Callable[[], object]) -> tuple[int, bytes, bool]:
        told, tell = os.pipe()
        held: list[int] = []
        pid = _start(run, tell, held)
        os.close(tell)
        answer, hangs = _read(told, pid)
        os.close(told)
        os.close(held[0])
        return pid, answer, hangs

    def _orphan(self, run: Callable[[], object]) -> tuple[int, bytes, bool]:
        """*run* in a process whose parent, its zygote, is gone before it begins."""
        flag, told = self._flag, os.pipe()
        flag[0] = 0
        held: list[int] = []

        def live() -> None:
            flag[1:9] = os.getpid().to_bytes(8, "little")
            self._lock_down()
            os.write(4, b" ")
            while not flag[0]:
                pass
            self._syscall(12, 0)  # a signal that waits for us comes no later than this
            os.write(4, b"0")

        between = os.fork()
        if between == 0:
            try:
                self._pid = os.getpid()
                _start(live, told[1], held)
                os.close(told[1])
                select.select([], [], [])
            finally:
                os._exit(72)
        os.close(told[1])
        os.read(told[0], 1)
        os.kill(between, 9)
        os.waitpid(between, 0)
        flag[0] = 1
        pid = int.from_bytes(flag[1:9], "little")
        answer, hangs = _read(told[0], pid)
        os.close(told[0])
        return pid, answer, hangs


class _Text(bytes):
    """What a child reports, as JSON."""

    def __new__(cls, value: object) -> Self:
        return super().__new__(cls, json.dumps(value).encode())


def _start(run: Callable[[], object], tell: int, held: list[int]) -> int:
    """Fork *run* with a channel: 3 to read from, 4 to *tell*; *held* gets the other end of 3."""
    to_child, ours = os.pipe()
    os.write(ours, _TAKE)
    pid = os.fork()
    if pid == 0:
        try:
            a, b = os.dup2(to_child, 100), os.dup2(tell, 101)
            os.dup2(a, 3)
            os.dup2(b, 4)
            os.close(ours)
            run()
            os._exit(0)
        finally:
            os._exit(71)
    os.close(to_child)
    held.append(ours)
    return pid


def _read(fd: int, pid: int) -> tuple[bytes, bool]:
    """Read to the end; kill *pid* if that is long in coming."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    text = b""
    while poll.poll(_WITHIN_MS):
        part = os.read(fd, 4096)
        if not part:
            return text, False
        text += part
    os.kill(pid, 9)
    return text, True


def _told(child: tuple[int, bytes, bool]) -> bytes:
    os.waitpid(child[0], 0)
    return child[1]


def _outcome(pid: int, told: bytes, hangs: bool) -> list[object]:
    _, status = os.waitpid(pid, 0)
    if hangs:
        return ["hang", 0]
    if os.WIFSIGNALED(status):
        return ["signal", os.WTERMSIG(status)]
    if told.strip():
        return ["answer", int(told)]
    return ["exit", os.WEXITSTATUS(status)]


if __name__ == "__main__":
    main(*sys.argv[1:])
