"""The address that a name led to: whether a connection that was allowed by name may be made to it.

Promises    Whoever controls a name's records does not choose what of this network is reached. An address of this
            machine, its network or a metadata service takes a rule that means it: one for the address itself, or the
            operator's own for exactly that name, or one for a name that can be nothing but internal. A metadata
            service takes a rule for its address. A denial of the address holds under every name.
Elsewhere   What an inner address is: ``hosts.py``. Who resolves the name, once, and connects to what was judged here:
            the host.
"""

from policies.decision import BUILT_IN, Decision
from policies.hosts import Address, Host, HostPatternError, is_inner, is_metadata, read

_WHY = "is of this machine, its network or a metadata service; allow the address itself to reach it"


def judge(
    host: Host,
    by_name: Decision,
    address: Address,
    by_address: Decision,
    *,
    is_own: bool = False,
) -> Decision:
    """Return whether *host*, which *by_name* allows, may be reached at *address*.

    *by_address* is what the chain says to the address as if it had been asked for itself. *is_own* says that a
    connection would not leave this machine, public as the address may be.
    """
    if by_address.verdict == "deny" and by_address.layer <= 2:
        return by_address
    if not is_inner(address):
        if not is_own or _spells_out(str(address), by_address):
            return by_name
    elif by_address.allowed:
        return by_name
    if not is_metadata(address) and (host.inner or _is_operators_word(host, by_name)):
        return by_name
    return Decision(
        "deny", 5, "deny.address", BUILT_IN, f"{host.text} is {address}, which {_WHY}"
    )


def _is_operators_word(host: Host, decision: Decision) -> bool:
    """Whether the rule names exactly this host and is no stranger's: what a manifest asks for and a user
    accepted was read as a name of the public internet."""
    return decision.source.origin not in ("consent", "manifest") and _spells_out(
        host.text, decision
    )


def _spells_out(text: str, decision: Decision) -> bool:
    """Whether a rule allows it that names *text*, and by no wildcard."""
    if not decision.allowed or decision.layer not in (3, 4):
        return False
    try:
        pattern = read(decision.detail)
        return not pattern.wild and pattern.text == text
    except HostPatternError:
        return False
