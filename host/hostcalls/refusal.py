"""How a hostcall is refused: an error that the plugin can catch, with a stable ``code``."""

from typing import TYPE_CHECKING, Final

import msgspec

from host.audit import Kind
from host.hostcalls.quota import REFUSED_COSTS
from host.listener import HostcallRequest
from host.loss import Loss
from host.outcome import Status
from host.rate import is_told
from host.reactor import now_s

if TYPE_CHECKING:
    from host.instance import Instance


_NOT_ALLOWED: Final = frozenset({"E_DENIED", "E_QUOTA"})


def refuse(request: HostcallRequest, code: str, message: str) -> None:
    """Answer *request* with ``{"code", "message"}``, which the plugin gets as an Error."""
    # A path of the file system may hold bytes that are no text.
    message = message.encode("utf-8", "backslashreplace").decode()
    if code in _NOT_ALLOWED:
        request.note_refused()
    text = msgspec.json.encode({"code": code, "message": message}).decode()
    request.answer(text, is_error=True)


def over_quota(instance: "Instance", request: HostcallRequest, why: str) -> None:
    """Refuse *request* because of *why*, and read this worker less, or no more, when it does not mind being refused."""
    refuse(request, "E_QUOTA", why)
    request.charge(REFUSED_COSTS)
    count, is_flood = instance.plugin.quota.refuse(why, now_s())
    if is_told(count):
        repeats = f" ({count} times by now)" if count > 1 else ""
        instance.note(Kind.REFUSED, "E_QUOTA", f"{request.name}: {why}{repeats}")
    if is_flood and instance.link is not None:
        told = f"it goes on asking although it was refused {count} times: {why}"
        instance.link.kill(Loss("E_FLOOD", told, Status.KILLED, is_own_fault=True))
