"""One request, from its line to its answer.

Promises    One answer, whatever happens: the result, an error, the deadline, or nothing when the client has gone. What a
            client that has gone had asked for is ended, as far as it can be.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Final

from host.audit import printable
from host.daemon.methods import Method
from host.daemon.peers import Peer
from host.daemon.projects import Project, Surroundings
from host.daemon.watching import Take, Watching
from host.daemon.wire import Request, failure, failure_of
from host.errors import InputError
from host.outcome import Json, JsonObject
from host.reactor import Timer, now_s
from host.waits import Wait, start
from host.workspace import Workspace

if TYPE_CHECKING:
    from host.daemon.server import Server

_LATE_S: Final = 0.5
"""What a handler that keeps its deadline itself has on top of it."""


class Call:
    """See the module's text. *on_end* is called once with the result, or with an error as it is sent."""

    def __init__(
        self,
        server: "Server",
        request: Request,
        peer: Peer,
        surroundings: Surroundings | None,
        *,
        on_end: Callable[["Call", Json, JsonObject | None], None],
        on_update: Callable[["Call", JsonObject], None],
        on_watch: Callable[["Call", Callable[[Take], Watching]], None],
        watchers: Sequence[Watching] = (),
    ) -> None:
        self.server = server
        self.request = request
        self.peer = peer
        self.surroundings = surroundings
        self.began = now_s()
        self.until = (
            None if request.deadline_ms is None else self.began + request.deadline_ms / 1000
        )
        self.takes_questions = False
        """Whether its client asks its user about this call."""
        self.project: Project | None = None
        self.watchers = watchers
        """What its connection is told of; for :meth:`watch`."""
        self._on_end = on_end
        self._on_update = on_update
        self._on_watch = on_watch
        self._flow: Coroutine[Wait[object], None, Json] | None = None
        self._timer: Timer | None = None
        self.is_done = False

    @property
    def params(self) -> JsonObject:
        """Of the request."""
        return self.request.params

    @property
    def session_id(self) -> str:
        """Of the request; may be empty."""
        return self.request.session_id

    def begin(self, method: Method) -> None:
        """Check the parameters' names and run the handler."""
        unknown = self.params.keys() - set(method.params)
        if unknown:
            known = ", ".join(method.params) or "none"
            told = f"{self.request.method} has no parameter {printable(min(unknown)[:60])}; it has {known}"
            self.end(None, failure("input", "E_INPUT", told))
            return
        if self.until is not None:
            until = self.until + (_LATE_S if method.keeps_time else 0)
            self._timer = self.server.runtime.reactor.at(until, self._on_deadline)
        self._flow = self._run(method)
        done = start(self._flow)
        done.when_done(lambda: self._on_done(done))

    async def _run(self, method: Method) -> Json:
        return await method.handler(self)

    def _on_done(self, done: Wait[Json]) -> None:
        if self.is_done:
            return
        try:
            result = done.result()
        except Exception as error:  # noqa: BLE001 - every error is told to the one who asked, and counted
            self.server.note_error(self, error)
            self.end(None, failure_of(error))
        else:
            self.end(result, None)

    def _on_deadline(self) -> None:
        told = f"{self.request.method} took longer than the deadline of {self.request.deadline_ms} ms"
        self.end(None, failure("deadline", "E_DEADLINE", told))

    def end(self, result: Json, error: JsonObject | None) -> None:
        """Answer, unless that was done; what still goes on for it is given up."""
        if self.is_done:
            return
        self.is_done = True
        if self._timer is not None:
            self._timer.cancel()
        if self.project is not None:
            self.server.projects.leave(self.project)
        self._on_end(self, result, error)
        if self._flow is not None:
            self._close_flow(self._flow)

    def _close_flow(self, flow: Coroutine[Wait[object], None, Json]) -> None:
        try:
            flow.close()
        except ValueError:
            return  # it is running: it is this very flow that ended the call

    # For handlers.

    async def workspace(self) -> Workspace:
        """Return the workspace of the client's surroundings, with its plugins loaded."""
        if self.surroundings is None:
            raise InputError(
                f"{self.request.method} is about a project: send cwd, env and switches with it, or with an earlier "
                f"request of this connection"
            )
        self.project = self.server.projects.use(self.surroundings)
        await self.project.ready
        return self.project.workspace

    def a_text(self, name: str, default: str | None = None) -> str:
        """The parameter *name*. Raises InputError, also for a text that cannot be written to a file."""
        value = self.params.get(name, default)
        if not isinstance(value, str):
            raise InputError(f"{name} is a text")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise InputError(f"{name} has half of a surrogate pair in it") from None
        return value

    def an_object(self, name: str) -> JsonObject:
        """The parameter *name*, an empty object when it is not there. Raises InputError."""
        value = self.params.get(name, {})
        if not isinstance(value, dict):
            raise InputError(f"{name} is an object")
        return value

    def a_flag(self, name: str) -> bool:
        """The parameter *name*, false when it is not there. Raises InputError."""
        value = self.params.get(name, False)
        if not isinstance(value, bool):
            raise InputError(f"{name} is true or false")
        return value

    def update(self, what: JsonObject) -> None:
        """Send something before the answer."""
        if not self.is_done:
            self._on_update(self, what)

    def watch(self, begin: Callable[[Take], Watching]) -> None:
        """From the answer on, send what *begin*, which is given a way to, has to tell, until the connection ends.

        Raises RefusedError when this connection is told of as much as it may be.
        """
        self._on_watch(self, begin)
