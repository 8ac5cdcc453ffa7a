"""Sockets of the families that matter, with real peers on the host's side."""

import errno
import socket

from tests.support.attempts.shape import Attempt, row, steps
from tests.support.attempts.world import World
from worker.lockdown.kernel import syscall

_ABSENT = (errno.EAFNOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EPROTONOSUPPORT)
_BUILT = "where the kernel was built without"
_MSG_FASTOPEN = 0x20000000
_LAST_FAMILY = 46


def _connects(world: World) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(world.tcp)


def _sends_udp(world: World) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", world.udp)


def _fast_open(world: World) -> None:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.sendto(b"x", _MSG_FASTOPEN, world.tcp)


def _unix(world: World) -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(world.stream)


def _unix_datagram(world: World) -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", world.datagram)


def _abstract(world: World) -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(world.abstract)


def _binds(world: World) -> None:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind(("127.0.0.1", 0))
    made.listen(1)


def _binds_path(world: World) -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(f"{world.folder}/bound")


def _passes_a_descriptor(world: World) -> None:
    left, right = socket.socketpair()
    left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, (4).to_bytes(4, "little"))])
    right.recvmsg(1, 64)


def _asks_for_interfaces(world: World) -> None:
    """RTM_GETLINK for all: does the answer name more than one's own loopback, which has number 1?"""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    made.bind((0, 0))
    header = (
        (20).to_bytes(4, "little") + (18).to_bytes(2, "little") + (0x301).to_bytes(2, "little")
    )
    made.send(header + bytes(4) + bytes(8))
    answer, at = made.recv(65536), 0
    while at + 24 <= len(answer):
        if int.from_bytes(answer[at + 20 : at + 24], "little") > 1:
            return
        at += max(int.from_bytes(answer[at : at + 4], "little"), 16)
    raise OSError(errno.ENODEV, "only the loopback")


def _each_family(_: World) -> int:
    return max(syscall(41, family, 99, 0) for family in range(_LAST_FAMILY))


ATTEMPTS: tuple[Attempt, ...] = (
    row("a TCP socket", 41, 2, 1, 0),
    row("a UDP socket", 41, 2, 2, 0),
    row("TCP over IPv6", 41, 10, 1, 0, reason=f"{_BUILT} IPv6", refused=_ABSENT),
    row("a multipath TCP socket", 41, 2, 1, 262, reason=f"{_BUILT} MPTCP",
        refused=(*_ABSENT, errno.ENOPROTOOPT)),
    row("a raw IP socket", 41, 2, 3, 1, for_root=True),
    row("a unix socket", 41, 1, 1, 0),
    row("a netlink socket", 41, 16, 3, 0),
    row("a packet socket", 41, 17, 3, 0, reason=f"{_BUILT} packet sockets", refused=_ABSENT, for_root=True),
    row("a vsock to the hypervisor", 41, 40, 1, 0, reason=f"{_BUILT} vsock", refused=_ABSENT),
    row("a socket of the kernel's ciphers", 41, 38, 5, 0, reason=f"{_BUILT} AF_ALG", refused=_ABSENT),
    row("a socket for XDP", 41, 44, 3, 0, reason=f"{_BUILT} AF_XDP", refused=_ABSENT, for_root=True),
    steps("a socket of each of 46 families", _each_family,
          reason="the type is none, so that no module is loaded for it", refused=(errno.EINVAL, errno.EAFNOSUPPORT)),
    row("socketpair", 53, 1, 1, 0, lambda world: world.two),
    steps("TCP to a server of the host", _connects),
    steps("TCP by its first packet", _fast_open,
          reason="where fast open is off for clients", refused=(errno.EOPNOTSUPP,)),
    steps("UDP to a server of the host", _sends_udp),
    steps("a unix socket with a path", _unix),
    steps("a datagram to a unix socket with a path", _unix_datagram),
    steps("an abstract unix socket", _abstract),
    steps("serve TCP", _binds),
    steps("serve a unix socket with a path", _binds_path),
    steps("pass a descriptor on", _passes_a_descriptor),
    steps("find the host's network interfaces", _asks_for_interfaces,
          reason="where the machine has none but the loopback", refused=(errno.ENODEV,)),
    row("connect", 42, 3, 0, 0, reason="the channel is no socket", refused=(errno.ENOTSOCK, errno.EFAULT)),
    row("sendmsg", 46, 4, 0, 0, reason="the channel is no socket", refused=(errno.ENOTSOCK, errno.EFAULT)),
    row("recvfrom", 45, 3, 0, 0, 0, 0, 0, reason="the channel is no socket", refused=(errno.ENOTSOCK,)),
)  # fmt: skip
