"""A person's word about a plugin by way of the socket: off for every host of the user, or back.

Promises    Taking away is anybody's. Giving back is not for what a client of the daemon started, a command of its model's
            among them; see ``modes.py`` for what that holds against, and what it does not.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from host.audit import Kind, printable
from host.daemon.persons import started_by
from host.daemon.wire import RefusedError
from host.errors import HostError, InputError
from host.lifting import lift, lift_all
from host.off import MAX_NAME_CHARS, OffFile, entry
from host.orders import Orders
from host.outcome import Json
from host.waits import Wait

if TYPE_CHECKING:
    from host.daemon.call import Call
    from host.daemon.server import Server

T = TypeVar("T")
_logger = logging.getLogger("jcode_plugins")


async def kill(call: "Call") -> Json:
    """Handle the method ``kill``, as ``jcode-plugin kill`` does."""
    name = _name(call)
    server = call.server

    def write() -> None:
        with OffFile(server.home).changing() as off:
            if name is None:
                off.all = off.all or entry("kill")
            else:
                off.plugins[name] = entry("kill")

    await _in_thread(server, write)
    server.runtime.look_at_switches()
    return {"killed": name, "all": name is None}


async def enable(call: "Call") -> Json:
    """Handle the method ``enable``, as ``jcode-plugin enable`` does."""
    name = _name(call)
    server = call.server
    told = "--all" if name is None else name
    by = started_by(call.peer, server.peers())
    if by is not None:
        why = f"whoever enables it {by}"
        server.runtime.audit.record(
            Kind.REFUSED,
            plugin=name or "",
            code="E_ANSWERER",
            detail=f"enable {told} by process {call.peer.pid}: {why}",
        )
        hint = f"do it in that client, or in a terminal: jcode-plugin enable {printable(told)}"
        raise RefusedError("denied", "E_ANSWERER", f"{why}; {hint}")
    known = {
        plugin.name
        for project in server.projects.all()
        for plugin in project.workspace.loaded()
    }

    def write() -> list[str]:
        if name is None:
            return lift_all(server.home)
        lifted = lift(server.home, name, is_known=lambda: name in known, warn=_logger.warning)
        Orders(server.home).give("enable", name)  # to hosts in which it is blocked, us included
        return lifted

    lifted = await _in_thread(server, write)
    server.runtime.audit.record(
        Kind.ENABLED,
        plugin=name or "",
        code="enabled",
        detail=f"enable {told} by process {call.peer.pid}: lifted {', '.join(lifted) or 'nothing'}",
    )
    server.runtime.look_at_switches()
    return {"enabled": name, "all": name is None, "lifted": [*lifted]}


def _name(call: "Call") -> str | None:
    """The plugin that is meant, or None for all of them."""
    if call.a_flag("all"):
        return None
    name = call.a_text("name")
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise InputError(f"a name has 1 to {MAX_NAME_CHARS} characters")
    return name


async def _in_thread(server: "Server", write: Callable[[], T]) -> T:
    """Do *write*, which waits for a lock, where nobody else has to wait for it."""
    done: Wait[T] = Wait()

    def job() -> Callable[[], None]:
        try:
            result = write()
        except HostError as error:
            problem = error
            return lambda: done.fail(problem)
        return lambda: done.set(result)

    server.runtime.files.submit("switches", job)
    return await done
