"""Starting zygotes and asking them for workers; starting supervisors. The only module that starts processes.

Promises    A child gets an empty environment, one control socket and a pidfd of this process; never our
            descriptors, never a start method that runs the embedding program again. A program that a plugin runs
            is a child of its supervisor (``programs/supervise.py``), which gets that program's pipes as well.
"""

import contextlib
import importlib.util
import os
import select
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from host.errors import IsolationError
from host.reactor import READABLE, WRITABLE, Reactor, now_s
from ipc.codec import decode, encode
from ipc.errors import FrameError
from ipc.host_end import HostEnd
from ipc.layers import DEFAULT_REQUIRED, to_mask
from ipc.limits import MAX_FRAME_BYTES
from ipc.messages import (
    CONTROL,
    EXITED,
    EXTRA_CGROUP,
    EXTRA_DIRECTORY,
    SPAWN,
    SPAWN_FAILED,
    SPAWNED,
    check,
)

_MAX_PACKET: Final = 4096
_INT_BYTES: Final = 4
_ROOT: Final = Path(__file__).resolve().parent.parent
_STOP_GRACE_S: Final = 2.0

RoleName = Literal["plugins", "builder"]

_IMPORTS: Final[dict[RoleName, tuple[str, ...]]] = {
    "plugins": (),
    "builder": ("jsmeld", "tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript"),
}
"""What a role imports by searching for it, beside ``cbor2`` and ``_quickjs``, which are named file by file."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one worker may use, in whole KiB and niceness relative to the host, and what must hold of it.

    ``required``: names of layers (``ipc/layers.py``). ``directory_fd``: the one directory that a builder may
    read; ``cgroup_fd``: the ``cgroup.procs`` of its group. -1 for none; lent until :meth:`Zygote.spawn` returns.
    """

    heap_bytes: int = 64 * 1024 * 1024
    data_bytes: int = 128 * 1024 * 1024
    niceness: int = 10
    descriptors: int = 5
    frame_bytes: int = MAX_FRAME_BYTES
    required: tuple[str, ...] = DEFAULT_REQUIRED
    directory_fd: int = -1
    cgroup_fd: int = -1


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker's process ended: an exit code, or the signal that ended it."""

    code: int
    signal: int

    def __str__(self) -> str:
        if self.signal:
            try:
                return f"signal {signal.Signals(self.signal).name}"
            except ValueError:
                return f"signal {self.signal}"
        return f"exit code {self.code}"


class Child(Protocol):
    """Who hears of a spawned process. Called from the reactor."""

    def on_spawned(self, pid: int, pidfd: int) -> None:
        """The process exists; the callee owns *pidfd*."""

    def on_exited(self, how: Exit) -> None:
        """The process ended and was reaped."""

    def on_spawn_failed(self, reason: str) -> None:
        """There will be no process."""

    def on_zygote_lost(self) -> None:
        """The zygote died and took the process with it."""


def _locate(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise IsolationError(
            f"package {name} is not installed; install jcode-plugins with its dependencies"
        )
    if spec.submodule_search_locations:
        return next(iter(spec.submodule_search_locations))
    return spec.origin


def command_line(role: RoleName, control_fd: int, pidfd: int) -> list[str]:
    """Return the argv of a zygote."""
    mounts = [f"cbor2={_locate('cbor2')}"]
    if role == "plugins":
        mounts.append(f"_quickjs={_locate('_quickjs')}")
    folders = dict.fromkeys(os.path.dirname(_locate(name)) for name in _IMPORTS[role])
    mounts.extend(f"path={folder}" for folder in folders)
    script = str(_ROOT / "worker" / "__main__.py")
    # -I: no user site, no PYTHON* variables, no working directory. -S: no site, so no .pth files.
    return [
        sys.executable,
        "-I",
        "-S",
        script,
        role,
        str(control_fd),
        str(pidfd),
        str(_ROOT),
        *mounts,
    ]


def _stderr() -> int | None:
    """Ours, so that an interpreter that cannot start says why; the null device for a program without one."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return None


class Zygote:
    """One zygote process. Started on construction; used from the reactor's turn only."""

    def __init__(
        self, reactor: Reactor, role: RoleName, *, on_lost: Callable[["Zygote"], None]
    ) -> None:
        self._reactor = reactor
        self._on_lost = on_lost
        self._children: dict[int, Child] = {}
        self._next_token = 0
        self.is_lost = False
        self.was_useful = False
        """Whether it ever made a worker."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pidfd = os.pidfd_open(os.getpid())
        try:
            fds = (theirs.fileno(), pidfd)
            self._process = subprocess.Popen(
                command_line(role, *fds),
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=_stderr(),
                pass_fds=fds,
                cwd="/",
                # A terminal's Ctrl-C is the host's to act on. A group, not a session: the kernel's autogroup
                # would weigh a session of its own against ours and make niceness mean nothing.
                process_group=0,
            )
        finally:
            theirs.close()
            os.close(pidfd)
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        self._socket = ours
        ours.setblocking(False)
        reactor.add(ours.fileno(), self._on_ready)

    @property
    def pid(self) -> int:
        """Process id, for reports and tests."""
        return self._process.pid

    def spawn(self, child: Child, limits: WorkerLimits, max_frame_bytes: int) -> HostEnd:
        """Ask for a worker; return our end of its channel at once. *child* hears the rest."""
        from_host, to_worker = os.pipe()
        from_worker, to_host = os.pipe()
        self._next_token += 1
        token = self._next_token
        try:
            request = encode(
                [
                    SPAWN,
                    token,
                    limits.heap_bytes // 1024,
                    limits.data_bytes // 1024,
                    limits.niceness,
                    limits.descriptors,
                    to_mask(limits.required),
                    EXTRA_DIRECTORY * (limits.directory_fd >= 0)
                    + EXTRA_CGROUP * (limits.cgroup_fd >= 0),
                ]
            )
            fds = [from_host, to_host]
            fds += [os.dup(fd) for fd in (limits.directory_fd, limits.cgroup_fd) if fd >= 0]
        except OSError:
            for fd in (from_host, to_worker, from_worker, to_host):
                os.close(fd)
            raise
        self._children[token] = child
        self._unsent.append((request, fds))
        if len(self._unsent) == 1:
            self._send_requests()
        return HostEnd(from_worker, to_worker, max_frame_bytes=max_frame_bytes)

    def _send_requests(self) -> None:
        """Send what waits, as far as the zygote takes it: it forks one after another."""
        while self._unsent:
            request, fds = self._unsent[0]
            try:
                socket.send_fds(self._socket, [request], fds)
            except BlockingIOError:
                self._reactor.watch(self._socket.fileno(), READABLE | WRITABLE)
                return
            except OSError:
                # Reported through the reactor, so that a caller has one place to handle it.
                self._reactor.post(self._lost)
                return
            self._unsent.popleft()
            for fd in fds:
                os.close(fd)
        self._reactor.watch(self._socket.fileno(), READABLE)

    def _on_ready(self, events: int) -> None:
        if events & WRITABLE:
            self._send_requests()
        while not self.is_lost:
            try:
                data, fds, _, _ = socket.recv_fds(self._socket, _MAX_PACKET, 4)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            if not data:
                self._lost()
                return
            try:
                self._on_packet(data, fds)
            except FrameError:
                for fd in fds:
                    os.close(fd)
                self._lost()
                return

    def _on_packet(self, data: bytes, fds: list[int]) -> None:
        message = decode(data)
        check(message, CONTROL)
        kind, token = message[0], int(message[1])
        if kind == SPAWNED and token in self._children and len(fds) == 1:
            os.set_inheritable(fds[0], False)
            self.was_useful = True
            self._children[token].on_spawned(int(message[2]), fds[0])
            return
        child = self._children.get(token)
        if child is None or fds or kind not in (EXITED, SPAWN_FAILED):
            raise FrameError("E_TOKEN", "not a report about a child of ours")
        del self._children[token]
        if kind == EXITED:
            child.on_exited(Exit(int(message[2]), int(message[3])))
        else:
            child.on_spawn_failed(str(message[2]))

    def _lost(self) -> None:
        if self.is_lost:
            return
        self._forget()
        self._process.kill()
        self._process.wait()
        children, self._children = self._children, {}
        self._on_lost(self)
        for child in children.values():
            child.on_zygote_lost()

    def _forget(self) -> None:
        self.is_lost = True
        self._reactor.remove(self._socket.fileno())
        self._socket.close()
        for _, fds in self._unsent:
            for fd in fds:
                os.close(fd)
        self._unsent.clear()

    def close_after_children(self, within_s: float) -> None:
        """Wait, without the reactor, until every child was reaped; then close. They must have been killed."""
        until = now_s() + within_s
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        while self._children and not self.is_lost and (left := until - now_s()) > 0:
            poll.poll(left * 1000)
            self._on_ready(READABLE | (WRITABLE if self._unsent else 0))
        self.close()

    def close(self) -> None:
        """End the zygote and with it every child; wait until it is gone."""
        if not self.is_lost:
            self._forget()  # end of file on the control socket: it leaves by itself
            self._children.clear()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_GRACE_S)
            return
        self._process.kill()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A process that stands over one program. ``control`` and ``pidfd`` belong to the caller."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    pidfd: int


def start_supervisor(request: bytes, stdin: int, stdout: int, stderr: int) -> Supervisor:
    """Start the supervisor of what *request* says, with those descriptors as the program's; raises OSError.

    The shape of *request*: ``programs/supervise.py``.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    host = file = pidfd = -1
    try:
        host = os.pidfd_open(os.getpid())
        file = os.memfd_create("request", os.MFD_CLOEXEC)
        with open(file, "wb", closefd=False) as writer:
            writer.write(request)
        os.lseek(file, 0, os.SEEK_SET)
        fds = (theirs.fileno(), host, file)
        process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                str(_ROOT / "host" / "programs" / "supervise.py"),
                *map(str, fds),
            ],
            env={},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=fds,
            cwd="/",
            start_new_session=True,
        )
        pidfd = os.pidfd_open(process.pid)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
        for fd in (host, file):
            if fd >= 0:
                os.close(fd)
    ours.setblocking(False)
    return Supervisor(process, ours, pidfd)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended that was waited for. ``code`` is negative for a signal."""

    code: int
    stdout: bytes
    stderr: bytes


def run_to_end(argv: list[str], *, env: dict[str, str], cwd: str, within_s: float) -> Finished:
    """Run a program that the user trusts, and wait for it; for commands, never in a host's reactor.

    Nothing can be typed into it. After *within_s* seconds it is killed with all that it started, and its code is
    that of the signal. Raises OSError when it cannot be started.
    """
    process = subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        _kill_session(process)
        stdout, stderr = process.communicate()
    except BaseException:
        _kill_session(process)
        process.communicate()
        raise
    return Finished(process.returncode, stdout, stderr)


def _kill_session(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
