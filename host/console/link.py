"""The console's connections to the daemon: found, lost, found again.

Promises    A request ends within its time limit, a connection that is gone is tried again with growing pauses, and whatever
            fails is a :class:`LinkError` of one line. Closing cancels everything at once, a daemon being started included.
            A mistake of whoever is called, or of its own, goes to the one who has the link, and then nobody is called any more.
How         The stream of ``events`` is the pulse: as long as it stays open the daemon is there, and when it ends it is not.
            Streams of others wait for that, and are opened anew each time that the daemon is back.
"""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from host.audit import printable
from jcode_plugins import AsyncClient, JcodePluginsError, ServerEvent
from jcode_plugins.place import socket_path
from jcode_plugins.starting import connect_or_start

if TYPE_CHECKING:
    from jcode_plugins.wire import JsonObject

ASK_S: Final = 5.0
"""How long an ordinary question of the console's may take."""
LONGEST_S: Final = 600.0
"""Of what is asked with a time limit of its own, such as a plugin's command."""
START_S: Final = 30.0
_NEEDED: Final = frozenset({"audit", "logs", "overview", "view"})
"""Methods of the daemon without which there is nothing to show."""
_CONNECT_S: Final = 2.0
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0

T = TypeVar("T")


class LinkError(Exception):
    """What was asked for did not come; the text is one line, fit for a terminal."""


class State(Enum):
    """Of the daemon, as far as the console knows."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    SILENT = "not answering"
    LOST = "not connected"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the console stands: its environment, and the project that it is about."""

    environment: Mapping[str, str]
    project: Path
    path: str | None = None
    """Of the socket, if it is not where the environment says."""

    @property
    def here(self) -> str:
        """The project's directory as the daemon names it."""
        return str(self.project.resolve())

    @property
    def socket(self) -> str:
        """The path of the daemon's socket."""
        return self.path if self.path is not None else socket_path(self.environment)

    def client(self) -> AsyncClient:
        """Return a client that starts nothing."""
        return AsyncClient(
            self.path,
            project_dir=self.project,
            environment=self.environment,
            timeout_s=LONGEST_S,
            connect_timeout_s=_CONNECT_S,
        )


def pause_s(failures: int, *, jitter: float) -> float:
    """Return how long to wait after *failures* attempts in a row; *jitter* is within 0..1."""
    most = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures, 8))
    return most * (0.75 + 0.25 * jitter)


class Link:
    """See the module's text. *starts*: the first attempt starts a daemon if none listens; no later one does.

    *broken* is called with a mistake while it is being handled.
    """

    def __init__(
        self, place: Place, broken: Callable[[Exception], None], *, starts: bool = True
    ) -> None:
        self.place = place
        self._broken = broken
        self.state = State.CONNECTING
        self.problem = ""
        """Why there is no connection, in one line."""
        self._starts = starts
        self._hear_state: list[Callable[[], None]] = []
        self._hear_event: list[Callable[[ServerEvent], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = place.client()
        self._is_there = asyncio.Event()
        self._hurry = asyncio.Event()
        self._is_hushed = False

    @property
    def is_there(self) -> bool:
        """Whether there is a connection, answered on or not."""
        return self._is_there.is_set()

    # For the whole of the console.

    def open(self) -> None:
        """Begin to look for the daemon, in the running loop."""
        self._spawn(self._pulse())

    def hush(self) -> None:
        """Call nobody any more, whatever comes; what is asked is still answered. Safe to call twice."""
        self._is_hushed = True
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """End every connection and everything that waits for one. Safe to call twice."""
        self.hush()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def on_state(self, hear: Callable[[], None]) -> None:
        """Have *hear* called whenever :attr:`state` or :attr:`problem` is another one."""
        self._hear_state.append(hear)

    def on_event(self, hear: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Have *hear* called with what happens in the daemon, from now on; return what ends that."""
        self._hear_event.append(hear)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._hear_event.remove(hear)

        return end

    def try_now(self, *, starts: bool = False) -> None:
        """Do not wait for the next attempt; with *starts* it starts a daemon if none listens."""
        self._starts = self._starts or starts
        self._hurry.set()

    # For panes.

    async def ask(
        self, verb: Callable[[AsyncClient], Awaitable[T]], *, timeout_s: float = ASK_S
    ) -> T:
        """Return what *verb* of a client gives. Raises LinkError, within *timeout_s*."""
        try:
            async with asyncio.timeout(timeout_s):
                found = await verb(self._client)
        except TimeoutError:
            self._is_silent(True)
            raise LinkError(f"the daemon did not answer within {timeout_s:.0f} s") from None
        except (JcodePluginsError, OSError) as error:
            raise LinkError(one_line(error)) from None
        self._is_silent(False)
        return found

    def follow(
        self,
        verb: Callable[[AsyncClient], AsyncIterator[T]],
        take: Callable[[T], None],
        *,
        began: Callable[[], None] = lambda: None,
        failed: Callable[[str], None] = lambda why: None,
    ) -> Callable[[], None]:
        """Give *take* what the stream *verb* brings, on a connection of its own, as often as the daemon comes back.

        *began* is called before each opening: what was known may be old. *failed* gets one line when the daemon refuses
        the stream. Returns what ends it.
        """
        task = self._spawn(self._follow(verb, take, began, failed))

        def end() -> None:
            task.cancel()

        return end

    # Inside.

    def _spawn(self, work: "Awaitable[None]") -> asyncio.Task[None]:
        async def run() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - whoever has the link hears of it
                self._break(error)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _tell(self, hear: Callable[[], None]) -> None:
        """Call *hear*, whose mistakes say nothing about the daemon."""
        if self._is_hushed:  # a stream that has more at hand gives it before it is cancelled
            return
        try:
            hear()
        except Exception as error:  # noqa: BLE001 - as above
            self._break(error)

    def _break(self, error: Exception) -> None:
        self.hush()
        self._broken(error)

    def _is_silent(self, silent: bool) -> None:
        """An ordinary question was answered, or was not: the connection alone does not say that anybody works there."""
        if self.is_there:
            self._become(State.SILENT if silent else State.CONNECTED)

    def _become(self, state: State, problem: str = "") -> None:
        if state is State.CONNECTED:
            self._is_there.set()
        elif state is not State.SILENT:
            self._is_there.clear()
        if (state, problem) != (self.state, self.problem):
            self.state, self.problem = state, problem
            for hear in list(self._hear_state):
                self._tell(hear)

    async def _pulse(self) -> None:
        failures = 0
        while not self._is_hushed:
            self._hurry.clear()
            starts, self._starts = self._starts, False
            try:
                if starts:
                    await _start(self.place)
                async with self.place.client() as client:
                    _check_methods(await client.hello())
                    events = client.events()
                    async with contextlib.aclosing(events):  # type: ignore[type-var]  # it is a generator
                        failures = 0
                        self._become(State.CONNECTED)
                        async for event in events:
                            for hear in list(self._hear_event):
                                self._tell(partial(hear, event))
                why = "the daemon went away"
            except (LinkError, JcodePluginsError, OSError) as error:
                why = one_line(error)
            self._become(State.LOST, why)
            with contextlib.suppress(TimeoutError):
                jitter = random.random()  # noqa: S311 - spreads attempts, hides nothing
                async with asyncio.timeout(pause_s(failures, jitter=jitter)):
                    await self._hurry.wait()
            failures += 1

    async def _follow(
        self,
        verb: Callable[[AsyncClient], AsyncIterator[T]],
        take: Callable[[T], None],
        began: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        failures = 0
        while True:
            await self._is_there.wait()
            try:
                async with self.place.client() as client:
                    self._tell(began)
                    async for one in verb(client):
                        failures = 0
                        self._tell(partial(take, one))
            except (JcodePluginsError, OSError) as error:
                self._tell(partial(failed, one_line(error)))
            # The pulse tells within a moment whether the daemon is gone; a refusal alone is tried again, more and more rarely.
            await asyncio.sleep(pause_s(failures, jitter=random.random()))  # noqa: S311 - as above
            failures += 1


def one_line(error: BaseException) -> str:
    """Return what *error* says as one line that a terminal shows and does not obey."""
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return printable(" ".join(str(error).split())) or type(error).__name__


def _check_methods(hello: "JsonObject") -> None:
    """Raise LinkError if the daemon that said *hello* is one that this console cannot work with."""
    methods = hello.get("methods")
    if not (isinstance(methods, list) and _NEEDED.issubset(map(str, methods))):
        raise LinkError(
            "the daemon that runs is older than this console; end it with jcode-plugin serve --stop, and open the console again"
        )


async def _start(place: Place) -> None:
    """Have a daemon started if none listens. Raises what the client's start raises.

    In a thread that nobody waits for: a console that is closed meanwhile ends at once, and the daemon may still come up.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        found: Exception | None = None
        try:
            raw = connect_or_start(place.socket, place.environment, START_S)
            socket.socket(fileno=raw.detach()).close()
        except Exception as error:  # noqa: BLE001 - carried to whoever waits
            found = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=run, name="start", daemon=True).start()
    await done
