"""Who may loosen the permission mode by way of the socket.

Promises    What a client of the daemon started, a command of its model's among them, does not loosen the mode that its
            client's tools are judged in; it may tighten it. Nobody does so without a line in the audit.
Gap         Processes of one user can do anything to each other, and an agent that only has hooks is no client while its
            model's commands run; see ``docs/approval.md``.
"""

from collections.abc import Iterable

from host.audit import AuditRing, Kind
from host.daemon.peers import Peer
from host.daemon.persons import started_by
from host.daemon.wire import RefusedError
from host.permission_modes import read_mode
from policies.gate import PermissionMode
from policies.gate_order import is_within


def may_loosen(
    audit: AuditRing, peer: Peer, clients: Iterable[Peer], before: PermissionMode, mode: str
) -> None:
    """Raise RefusedError if *peer*, which wants *mode* instead of *before*, was started by one of the *clients*.

    Raises InputError for a word that is no mode.
    """
    wanted = read_mode(mode)
    if is_within(wanted, before):
        return
    told = started_by(peer, clients)
    if told is None:
        return
    why = f"whoever sets it {told}"
    audit.record(
        Kind.REFUSED,
        plugin="",
        code="E_MODE",
        detail=f"permission mode {wanted} instead of {before}, by process {peer.pid}: {why}",
    )
    raise RefusedError(
        "denied",
        "E_MODE",
        f"{why}, and {wanted} is looser than {before}; set it in that client, or in config.toml",
    )
