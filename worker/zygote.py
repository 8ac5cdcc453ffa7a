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
from ipc.messages import CONTROL, EXITED, SPAWN, SPAWN_FAILED, SPAWNED, check
from worker.lockdown import CHANNEL_READ_FD, CHANNEL_WRITE_FD, Limits

_MAX_PACKET = 4096
_INT_BYTES = 4


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

    def __init__(self, role: Role, control_fd: int, host_pidfd: int) -> None:
        self._role = role
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
        try:
            if message[0] != SPAWN or len(fds) != 2:
                raise ValueError("a spawn request carries two descriptors")  # noqa: TRY301 - one exit
            limits = Limits(int(message[2]), int(message[3]), int(message[4]))
            self._spawn(token, limits, fds[0], fds[1])
        except (OSError, ValueError) as error:
            self._control.send(encode([SPAWN_FAILED, token, str(error)]))
        finally:
            for fd in fds:
                os.close(fd)

    def _spawn(self, token: int, limits: Limits, read_fd: int, write_fd: int) -> None:
        zygote_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                limits.parent_pid = zygote_pid
                # Above every number that the channel uses, so that dup2 cannot overwrite its source.
                os.dup2(os.dup2(read_fd, 100, inheritable=False), CHANNEL_READ_FD)
                os.dup2(os.dup2(write_fd, 101, inheritable=False), CHANNEL_WRITE_FD)
                self._role.live(limits)
            finally:
                os._exit(70)  # live() does not return; whatever came out of it ends here
        pidfd = os.pidfd_open(pid)
        self._children[pidfd] = (token, pid)
        self._poll.register(pidfd, select.POLLIN)
        rights = (SOL_SOCKET, SCM_RIGHTS, pidfd.to_bytes(_INT_BYTES, sys.byteorder))
        self._control.sendmsg([encode([SPAWNED, token, pid])], [rights])

    def _reap(self, pidfd: int) -> None:
        token, pid = self._children.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        signal = status & 0x7F
        code = 0 if signal else (status >> 8) & 0xFF
        self._control.send(encode([EXITED, token, code, signal]))


def run(role: Role, control_fd: int, host_pidfd: int) -> NoReturn:
    """Serve spawn requests until the host is gone."""
    zygote = Zygote(role, control_fd, host_pidfd)
    gc.collect()
    gc.freeze()  # children never write to the collector's headers of what they inherited
    zygote.run()
