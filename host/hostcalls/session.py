"""``pi.session``: messages of the session that a call belongs to, through the embedding agent."""

import logging
from typing import TYPE_CHECKING, Final

from host.audit import printable
from host.encode import NotEncodableError, encode_json
from host.errors import SessionError
from host.hostcalls.flow import begin
from host.hostcalls.granted import Granted, Needs
from host.hostcalls.refusal import refuse
from host.lineage import MAX_DEPTH, lineage_of
from host.listener import HostcallRequest
from host.outcome import Json
from host.reactor import now_s
from host.session import DELIVERIES, Cause, GetMessages, SessionMessage, SessionRequest
from host.waits import Wait
from policies.capability import NameRequest

if TYPE_CHECKING:
    from host.instance import Instance

MAX_CONTENT_BYTES: Final = 256 * 1024
MAX_MESSAGES: Final = 1000
SENT_AT_ONCE: Final = 10
SENT_PER_S: Final = 0.5
"""A message may make a model answer: what a plugin sends in a loop is somebody's money."""
_DEFAULT_MESSAGES: Final = 100

READ: Final = Needs("session", lambda *_: NameRequest("session", "getMessages"))
SEND: Final = Needs("session", lambda *_: NameRequest("session", "sendMessage"))

_logger = logging.getLogger("jcode_plugins")


def get_messages(
    instance: "Instance", _: Granted, args: dict[str, Json], request: HostcallRequest
) -> None:
    """``{"limit"?}`` -> ``{"messages": [object]}``, the newest, oldest first."""
    limit = args.get("limit", _DEFAULT_MESSAGES)
    session_id = _session(instance, request)
    if type(limit) is not int or not 0 < limit <= MAX_MESSAGES:
        refuse(request, "E_INVALID", f"limit is a whole number from 1 to {MAX_MESSAGES}")
    elif session_id is not None:
        begin(_ask(instance, GetMessages(session_id, limit), request), request)


def send_message(
    instance: "Instance", _: Granted, args: dict[str, Json], request: HostcallRequest
) -> None:
    """``{"content", "role"?, "custom_type"?, "display"?, "details"?, "trigger_turn"?, "deliver_as"?}`` -> ``{}``."""
    content = args.get("content")
    session_id = _session(instance, request)
    if not isinstance(content, str | list):
        refuse(request, "E_INVALID", "content is a text or a list of content blocks")
    elif len(encode_json([content, args.get("details")])) > MAX_CONTENT_BYTES:
        refuse(request, "E_TOO_LARGE", f"a message of more than {MAX_CONTENT_BYTES} bytes")
    elif session_id is not None and not instance.plugin.sent_messages.take(
        1, now_s(), most=SENT_AT_ONCE, back_per_s=SENT_PER_S
    ):
        told = f"more than {SENT_AT_ONCE} messages at once, or {SENT_PER_S * 60:.0f} a minute"
        refuse(request, "E_QUOTA", told)
    elif session_id is not None:
        custom_type, deliver_as = args.get("custom_type"), args.get("deliver_as")
        message = SessionMessage(
            instance.plugin.name,
            session_id,
            content,
            "user" if args.get("role") == "user" else "custom",
            custom_type[:200] if isinstance(custom_type, str) else "",
            args.get("display") is not False,
            args.get("details"),
            args.get("trigger_turn") is True,
            next((known for known in DELIVERIES if known == deliver_as), "steer"),
        )
        begin(_ask(instance, message, request), request)


def _session(instance: "Instance", request: HostcallRequest) -> str | None:
    """Return which session it is about; None when there is none, which is told."""
    if instance.plugin.workspace.ask_session is None:
        refuse(request, "E_UNAVAILABLE", "this agent offers plugins no session")
        return None
    if instance.plugin.scope == "global":
        told = "an instance that serves several projects belongs to no session of theirs"
        refuse(request, "E_UNAVAILABLE", told)
        return None
    own = request.call.session_id if request.call is not None else ""
    session_id = own or instance.key or ""
    if not session_id:
        told = "this call belongs to no session; use the ctx of a handler"
        refuse(request, "E_UNAVAILABLE", told)
        return None
    return session_id


async def _ask(
    instance: "Instance", what: SessionMessage | GetMessages, request: HostcallRequest
) -> None:
    plugin = instance.plugin
    ask, runtime = plugin.workspace.ask_session, plugin.runtime
    lineage = lineage_of(instance, request)
    if ask is None or lineage.depth > MAX_DEPTH:
        refuse(request, "E_DEPTH", f"{MAX_DEPTH} calls wait for each other already")
        return
    cause = Cause(lineage)
    answer: Wait[object] = Wait()
    asked = SessionRequest(what, cause, answer.set)
    runtime.reactor.demand += 1  # the answer is taken also when no caller of ours waits
    try:
        ask(asked)
        value = await answer
    finally:
        cause.is_open = False
        runtime.reactor.demand -= 1
        asked.stop()
    _settle(instance, what, value, request)


def _settle(
    instance: "Instance",
    what: SessionMessage | GetMessages,
    value: object,
    request: HostcallRequest,
) -> None:
    if isinstance(value, SessionError):
        refuse(request, "E_SESSION", str(value))
        return
    if isinstance(value, BaseException):
        told = f"the agent's session failed: {type(value).__name__}: {value}"
        _logger.warning("%s", printable(told))
        refuse(request, "E_SESSION", "the agent could not do it")
        return
    if isinstance(what, SessionMessage):
        request.answer("{}")
        return
    try:
        messages = [dict(message) for message in value]  # type: ignore[attr-defined]  # judged right here
        text = encode_json({"messages": messages[-what.limit :]}).decode()
    except (TypeError, ValueError, NotEncodableError) as error:
        _logger.warning(
            "the agent's messages are no list of objects: %s", printable(str(error))
        )
        refuse(request, "E_SESSION", "the agent could not do it")
        return
    if len(text) > instance.plugin.limits.payload_in_bytes:
        refuse(request, "E_TOO_LARGE", "these messages are too large; ask for fewer")
    else:
        request.answer(text)
