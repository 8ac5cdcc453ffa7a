"""The zygote: a process that has imported everything and started nothing, and forks workers.

Promises    One thread, ever. Holds no descriptor of the host's but the control socket and a pidfd, and
            ends when either says that the host is gone; its children end with it.
Relies on   Being started by exec with an empty environment (``host/spawn.py``).
            It is the parent of the workers: it reaps them and reports how each ended.
"""

import gc
import os
import select
import sys
from _socket import (
    SCM_RIGHTS,
    SOL_SOCKET,
    socket,
)  # the plain module: `socket` drags in selectors
from typing import NoReturn, Protocol

from ipc.codec import decode, encode
from ipc.messages import (
    CONTROL,
    EXITED,
    EXTRA_CGROUP,
    EXTRA_DIRECTORY,
    SPAWN,
    SPAWN_FAILED,
    SPAWNED,
    Message,
    check,
)
from worker.lockdown import CHANNEL_READ_FD, CHANNEL_WRITE_FD, Limits
from worker.lockdown.namespaces import leave_shared

_MAX_PACKET = 4096
_INT_BYTES = 4
# Above every number that the channel uses, so that dup2 cannot overwrite its source.
_HIGH_FDS = (100, 101, 102, 103)


class Role(Protocol):
    """What a forked child does with its life."""

    def live(self, limits: Limits) -> NoReturn:
        """Lock this process down and serve the channel until told to stop."""


def make_role(name: str) -> Role:
    """Import and prepare all that children of this role will ever need."""
    if name == "plugins":
        from worker.loop import PluginRole

        return PluginRole()
    from worker.builder import BuilderRole

    return BuilderRole()


class Zygote:
    """Control socket on one side, children on the other."""

    def __init__(
        self, role: Role, control_fd: int, host_pidfd: int, layers: dict[str, str]
    ) -> None:
        self._role = role
        self._layers = layers
        self._control = socket(fileno=control_fd)
        self._host_pidfd = host_pidfd
        self._children: dict[int, tuple[int, int]] = {}  # pidfd -> (token, pid)
        self._poll = select.poll()
        self._poll.register(control_fd, select.POLLIN)
        self._poll.register(host_pidfd, select.POLLIN)

    def run(self) -> NoReturn:
        """Serve until the host is gone."""
        control_fd = self._control.fileno()
        while True:
            for fd, _ in self._poll.poll():
                if fd == self._host_pidfd:
                    os._exit(0)  # children carry PDEATHSIG and follow at once
                if fd == control_fd:
                    self._serve_request()
                else:
                    self._reap(fd)

    def _serve_request(self) -> None:
        data, ancillary, _, _ = self._control.recvmsg(_MAX_PACKET, 4 * 64)
        if not data:
            os._exit(0)
        fds = [
            int.from_bytes(payload[at : at + _INT_BYTES], sys.byteorder)
            for level, kind, payload in ancillary
            if level == SOL_SOCKET and kind == SCM_RIGHTS
            for at in range(0, len(payload), _INT_BYTES)
        ]
        message = decode(data)
        check(message, CONTROL)
        token = int(message[1])
        gate = told = -1
        try:
            if message[0] != SPAWN:
                raise ValueError("only spawn requests come from the host")  # noqa: TRY301 - one exit
            heap_kib, data_kib, niceness, descriptors, required, extras = map(int, message[2:])
            if len(fds) != 2 + (extras & 3).bit_count():
                raise ValueError("a spawn request carries its channel and its extras")  # noqa: TRY301 - one exit
            limits = Limits(heap_kib * 1024, data_kib * 1024, niceness, required, descriptors)
            limits.zygote_layers = self._layers
            gate, told = os.pipe()
            pid = self._fork(limits, fds, extras, gate, told)
            pidfd = os.pidfd_open(pid)
        except (OSError, ValueError) as error:
            for fd in (gate, told):
                if fd >= 0:
                    os.close(fd)  # whoever waits there leaves
            self._tell([SPAWN_FAILED, token, str(error)])
            return
        finally:
            for fd in fds:
                os.close(fd)
        self._children[pidfd] = (token, pid)
        self._poll.register(pidfd, select.POLLIN)
        # In this order: a host knows who it is that speaks before it hears a word of it.
        self._tell([SPAWNED, token, pid], pidfd)
        os.write(told, b"g")  # both ends are open here: that it died meanwhile is no error
        os.close(told)
        os.close(gate)

    def _tell(self, message: Message, pidfd: int = -1) -> None:
        fds = [pidfd.to_bytes(_INT_BYTES, sys.byteorder)] if pidfd >= 0 else []
        try:
            self._control.sendmsg(
                [encode(message)], [(SOL_SOCKET, SCM_RIGHTS, fd) for fd in fds]
            )
        except OSError:
            os._exit(0)  # nobody is left to be told

    def _fork(self, limits: Limits, fds: list[int], extras: int, gate: int, told: int) -> int:
        zygote_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(told)
                if not os.read(gate, 1):
                    os._exit(70)
                os.close(gate)
                limits.parent_pid = zygote_pid
                high = [
                    os.dup2(fd, to, inheritable=False)
                    for fd, to in zip(fds, _HIGH_FDS, strict=False)
                ]
                os.dup2(high[0], CHANNEL_READ_FD)
                os.dup2(high[1], CHANNEL_WRITE_FD)
                if extras & EXTRA_DIRECTORY:
                    limits.directory_fd = high[2]
                if extras & EXTRA_CGROUP:
                    limits.cgroup_fd = high[-1]
                self._role.live(limits)
            finally:
                os._exit(70)  # live() does not return; whatever came out of it ends here
        return pid

    def _reap(self, pidfd: int) -> None:
        token, pid = self._children.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        signal = status & 0x7F
        code = 0 if signal else (status >> 8) & 0xFF
        self._tell([EXITED, token, code, signal])


def run(role: Role, control_fd: int, host_pidfd: int) -> NoReturn:
    """Serve spawn requests until the host is gone."""
    # Everything is imported: whoever comes out of this process needs no file of this system.
    zygote = Zygote(role, control_fd, host_pidfd, leave_shared())
    gc.collect()
    gc.freeze()  # children never write to the collector's headers of what they inherited
    zygote.run()
