"""The session a plugin runs in, as the embedding agent offers it: who supplies it, and what a plugin sends.

Promises    A plugin reaches the session that its call belongs to, and no other. A message says which plugin it is of.
            While the agent handles one, events that it dispatches from there skip whoever waits for it, as all events
            do that a plugin causes (``nested.py``); once it is answered, they are the agent's own again.
Elsewhere   The hostcalls: ``hostcalls/session.py``. Who runs the provider: ``aio.py`` on the loop, ``blocking.py`` in a
            thread for each request.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias, get_args

from host.lineage import Lineage
from host.outcome import Json, JsonObject

Delivery = Literal["steer", "followUp", "nextTurn"]
DELIVERIES: Final[tuple[Delivery, ...]] = get_args(Delivery)


@dataclass(frozen=True, slots=True)
class SessionMessage:
    """What *plugin* sends into the session *session_id*.

    ``role`` is ``user`` for what is to count as typed by the user, else ``custom``. ``content`` is a text or a list of
    content blocks. ``display``: people see it. ``trigger_turn``: the model is to answer it. ``deliver_as`` says when it
    comes, while the agent is at work: with the next step, after the turn, or with the next prompt.
    """

    plugin: str
    session_id: str
    content: Json
    role: Literal["user", "custom"] = "custom"
    custom_type: str = ""
    display: bool = True
    details: Json = None
    trigger_turn: bool = False
    deliver_as: Delivery = "steer"


class SessionProvider(Protocol):
    """What an agent gives to :class:`host.aio.PluginHost`. Called on its loop; may raise :class:`host.SessionError`."""

    async def send_message(self, message: SessionMessage) -> None:
        """Take *message*; returning means that it is accepted."""

    async def get_messages(self, session_id: str, limit: int) -> Sequence[JsonObject]:
        """Return the newest *limit* messages of the session, oldest first, as plain data."""


class BlockingSessionProvider(Protocol):
    """The same for :class:`host.blocking.BlockingPluginHost`; called in threads of their own."""

    def send_message(self, message: SessionMessage) -> None:
        """See :class:`SessionProvider`."""

    def get_messages(self, session_id: str, limit: int) -> Sequence[JsonObject]:
        """See :class:`SessionProvider`."""


@dataclass(frozen=True, slots=True)
class GetMessages:
    """A plugin wants to read."""

    session_id: str
    limit: int


@dataclass(slots=True)
class Cause:
    """A plugin's call that the agent is at, until :attr:`is_open` is false."""

    lineage: Lineage
    is_open: bool = True


@dataclass(slots=True)
class SessionRequest:
    """What the provider is asked for. ``answered`` takes its value, or the exception that it raised."""

    what: SessionMessage | GetMessages
    cause: Cause
    answered: Callable[[object], None]
    stop: Callable[[], None] = field(default=lambda: None)
    """Set by a front end that can end it early."""


AskSession: TypeAlias = Callable[[SessionRequest], None]
"""A front end's: have the provider asked, and hand on what it gives in the reactor's turn."""

CAUSE: Final[ContextVar[Cause | None]] = ContextVar("jcode_plugins_cause", default=None)
"""What the agent's own code is doing for a plugin: set around the provider."""


def current_lineage() -> Lineage | None:
    """Return whose call the running code is handling, if it is handling one."""
    cause = CAUSE.get()
    return cause.lineage if cause is not None and cause.is_open else None
