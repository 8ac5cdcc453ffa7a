"""Who is at the other end of a connection, and which processes stand behind it.

Relies on   What the kernel noted when the connection was made (SO_PEERCRED), and /proc.
"""

import os
import select
import socket
import struct
from dataclasses import dataclass
from typing import Final, Protocol

_CREDENTIALS: Final = struct.Struct("3i")
_MAX_DEPTH: Final = 64


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected. A user of -1: the kernel did not say."""

    pid: int
    uid: int


@dataclass(frozen=True, slots=True)
class Process:
    """One process as /proc shows it. ``terminal`` is the number of its controlling terminal, 0 for none."""

    pid: int
    parent: int
    session: int
    terminal: int
    started: int
    """Clock ticks since the system came up: with the pid, what tells it from a later one of the same number."""


class Connected(Protocol):
    """A socket, or what asyncio gives for one."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        """See :meth:`socket.socket.getsockopt`."""

    def fileno(self) -> int:
        """The descriptor."""


def peer_of(connected: Connected) -> Peer:
    """Return who is at the other end."""
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(told)
    return Peer(pid, uid)


def is_hung_up(connected: Connected) -> bool:
    """Whether the other end is closed in both directions, so that nobody will read an answer."""
    look = select.poll()
    look.register(connected.fileno(), 0)
    return any(events & select.POLLHUP for _, events in look.poll(0))


def is_ours(peer: Peer) -> bool:
    """Whether *peer* is of the user that we are. Root is not, unless we are root: it can become any user, and by that
    says whose plugins it means."""
    return peer.uid == os.geteuid()


def read_process(pid: int) -> Process | None:
    """Return the process *pid*, or None when there is none to see."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rfind(b")") + 2 :].split()
    if len(fields) < 20:
        return None
    _, parent, _, session, terminal = fields[:5]
    return Process(pid, int(parent), int(session), int(terminal), int(fields[19]))


def lineage_of(pid: int) -> list[Process]:
    """Return the process *pid*, its parent, and so on; the nearest first."""
    found: list[Process] = []
    while pid > 0 and len(found) < _MAX_DEPTH:
        process = read_process(pid)
        if process is None:
            break
        found.append(process)
        pid = process.parent
    return found
