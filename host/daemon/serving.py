"""``jcode-plugin serve``: the environment, the socket, the signals, and the order in which all ends.

Order       Scrub the environment; take the socket, so that a second daemon ends before it starts anything; start the
            runtime; tell whoever started us; serve. At the end: listen no more, answer what is under way, end the workers,
            give the lock back.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.config import Config, jcode_home, load_config
from host.daemon.background import Parent
from host.daemon.listening import Listening
from host.daemon.server import Server
from host.surroundings import require_linux
from jcode_plugins.place import SOCKET_VARIABLE, socket_path
from jcode_plugins.surroundings import for_a_daemon, switches_of

_PASSED: Final = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET")
_TURNS: Final = 3
_logger = logging.getLogger("jcode_plugins")


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve. Without *idle_exit_s* the daemon stays."""

    path: str | None = None
    idle_exit_s: float | None = None
    version: str = "unknown"


def scrub(variables: MutableMapping[str, str]) -> None:
    """Take everything out that no daemon has: each client sends what its own plugins may see.

    Kill switches stay: they are the word of whoever started us, and hold for all.
    """
    keep = for_a_daemon(variables) | switches_of(variables)
    for name in [name for name in variables if name not in keep and name not in _PASSED]:
        del variables[name]


def serve(how: Serving, parent: Parent | None = None) -> int:
    """Serve until something stops it; return the exit code. Raises HostError, PlaceError before anything was started."""
    require_linux()
    scrub(os.environ)
    notify = os.environ.pop("NOTIFY_SOCKET", "")
    home = jcode_home(os.environ)
    config = load_config(home, variables=os.environ)
    listening = Listening.passed(os.environ)
    if how.path is not None:
        os.environ[SOCKET_VARIABLE] = how.path  # what lies there is no plugin's to touch
    if listening is None:
        listening = Listening.at(socket_path(os.environ))
    try:
        asyncio.run(_serve(how, config, home, listening, parent, notify))
    finally:
        listening.close()
        listening.release()
    return 0


async def _serve(
    how: Serving,
    config: Config,
    home: Path,
    listening: Listening,
    parent: Parent | None,
    notify: str,
) -> None:
    loop = asyncio.get_running_loop()
    server = Server(config, home, how.version)
    loop.add_signal_handler(signal.SIGHUP, server.reload_soon)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop, signal.Signals(number).name)
    try:
        server.open()
        accepting = await _accept(loop, server, listening.socket)
        # A client that is told "connect anew" must not find us again.
        server.on_stop = listening.hide if listening.is_ours else accepting.close
        _logger.info("listening at %s", listening.path)
        _tell_manager(notify, "READY=1")
        if parent is not None:
            parent.is_ready()
        why = await server.serve(how.idle_exit_s)
        _logger.info("ending: %s", why)
        _tell_manager(notify, "STOPPING=1")
        for _ in range(_TURNS):  # those who connected before that are still let in, and told
            await asyncio.sleep(0)
        accepting.close()
        listening.close()
        await server.finish()
    finally:
        server.close()


async def _accept(
    loop: asyncio.AbstractEventLoop, server: Server, listener: socket.socket
) -> asyncio.AbstractServer:
    if sys.version_info >= (3, 13):  # it would remove a socket that is not ours, a manager's
        return await loop.create_unix_server(
            server.connect, sock=listener, cleanup_socket=False
        )
    return await loop.create_unix_server(server.connect, sock=listener)


def _tell_manager(address: str, what: str) -> None:
    """As sd_notify does; nobody may listen."""
    if not address:
        return
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(what.encode(), name)
