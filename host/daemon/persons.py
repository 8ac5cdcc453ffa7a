"""Which process at the socket may be a person's own.

Promises    What a client of the daemon started, a command of its model's among them, is nobody's own word; nor is what has
            no terminal.
Gap         Processes of one user can do anything to each other, and an agent that only has hooks is no client while its
            model's commands run; see ``docs/approval.md``. What is granted here is no more than the same process gets from
            ``jcode-plugin command`` and ``jcode-plugin call``, which take whoever types them at their word.
"""

from collections.abc import Iterable

from host.daemon.peers import Peer, lineage_of


def started_by(peer: Peer, clients: Iterable[Peer]) -> str | None:
    """Return why *peer* may have been started by one of *clients*, or by what one of them started; None if it was not."""
    connected = {client.pid for client in clients}
    lineage = lineage_of(peer.pid)
    if not lineage:
        return "is gone, and nobody knows who started it"
    found = next((one for one in lineage[1:] if one.pid in connected), None)
    return None if found is None else f"was started by a client (process {found.pid})"


def is_at_a_terminal(peer: Peer, clients: Iterable[Peer]) -> bool:
    """Whether a person may be typing into *peer*: it has a terminal, and none of *clients* started it."""
    lineage = lineage_of(peer.pid)
    return bool(lineage and lineage[0].terminal) and started_by(peer, clients) is None
