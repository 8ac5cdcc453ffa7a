"""What happened, for whoever asks: the newest entries of the audit, and each new one as it comes."""

from typing import TYPE_CHECKING, Final

import msgspec

from host.audit import Kind
from host.daemon.feed import Watcher
from host.errors import InputError
from host.outcome import Json

if TYPE_CHECKING:
    from host.daemon.call import Call

_MAX_KINDS: Final = 64
_KINDS: Final = {kind.value: kind for kind in Kind}
_MOST: Final = 1000
_DEFAULT: Final = 100
_MAX_BYTES: Final = 8 * 1024 * 1024


async def audit(call: "Call") -> Json:
    """Handle the method ``audit``: the newest entries that match, the oldest of them first."""
    recent = call.params.get("recent", _DEFAULT)
    if type(recent) is not int or not 0 < recent <= _MOST:
        raise InputError(f"recent is a whole number from 1 to {_MOST}")
    plugin = call.a_text("plugin") if "plugin" in call.params else None
    kinds = _kinds(call)
    found: list[Json] = []
    size = 0
    for entry in reversed(call.server.runtime.audit.recent(_MOST, plugin=plugin)):
        if kinds is not None and entry.kind not in kinds:
            continue
        told = entry.to_json()
        size += len(msgspec.json.encode(told))
        if len(found) >= recent or size > _MAX_BYTES:
            break
        found.append(told)
    return {"entries": found[::-1]}


async def events(call: "Call") -> Json:
    """Handle the method ``events``."""
    kinds = _kinds(call)
    feed = call.server.feed
    call.watch(lambda take: feed.add(Watcher(take, kinds)))
    return {}


def _kinds(call: "Call") -> frozenset[Kind] | None:
    named = call.params.get("kinds")
    if named is None:
        return None
    if not isinstance(named, list) or len(named) > _MAX_KINDS:
        raise InputError("kinds is a list of kinds of events")
    unknown = [kind for kind in named if not isinstance(kind, str) or kind not in _KINDS]
    if unknown:
        raise InputError(f"{str(unknown[0])[:60]!a} is no kind; one of {', '.join(_KINDS)}")
    return frozenset(_KINDS[kind] for kind in named if isinstance(kind, str))
