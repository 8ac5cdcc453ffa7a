"""The daemon itself: one runtime, the projects on it, and whoever is connected.

Promises    It ends within a bound: what is under way has ``daemon.grace_ms`` to be answered, then every worker is ended.
"""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from host.approvals import Question
from host.audit import Kind, printable
from host.config import Config
from host.daemon.call import Call
from host.daemon.connection import Connection
from host.daemon.feed import Feed
from host.daemon.metrics import Histogram, render
from host.daemon.peers import Peer
from host.daemon.plugin_logs import PluginLogs
from host.daemon.projects import Projects
from host.daemon.questions import Pending, Questions
from host.daemon.standing_back import StandingBack
from host.daemon.wire import failure, stopping
from host.errors import HostError
from host.outcome import Json, JsonObject
from host.reactor import now_s
from host.runtime import Runtime
from host.turns import Turns
from host.waits import Wait, start
from host.workspace import Workspace

_LOOK_S: Final = 1.0

_logger = logging.getLogger("jcode_plugins")


def _without_switches(config: Config) -> Config:
    """Each project has those of its own configuration, which is read again while the daemon runs."""
    plugins = {n: o.model_copy(update={"enable": True}) for n, o in config.plugins.items()}
    none: dict[str, object] = {"enable": True, "disable": (), "kill": {}, "plugins": plugins}
    return config.model_copy(update=none | {"skip_hooks": False, "force_deny": False})


class Server:
    """See the module's text. Make it and use it in one asyncio loop."""

    def __init__(self, config: Config, home: Path, version: str) -> None:
        self.options = config.daemon
        self.home = home
        self.version = version
        self.pid = os.getpid()
        self.runtime = Runtime(_without_switches(config), home)
        self.projects = Projects(self.runtime, home, config.daemon.max_projects)
        self.feed = Feed(self.runtime.reactor)
        self.runtime.audit.watcher = self.feed.on_entry
        self.plugin_logs = PluginLogs()
        self.runtime.on_plugin_log = self.plugin_logs.hear
        self.questions = Questions(self.runtime.audit, self._askers_of)
        self.questions.on_asked = self._hand_over
        self.runtime.approvals.ask_person = self.questions.ask
        self._turns = Turns(self.runtime.reactor)
        self._standing = StandingBack()
        self._connections: dict[Connection, None] = {}
        self._calls = 0
        self._stop_because: str | None = None
        self.on_stop: Callable[[], object] = lambda: None
        """Called once, before the first client is told that the daemon ends."""
        self._stopped = asyncio.Event()
        self._all_answered = asyncio.Event()
        self._began = time.time()
        self._last_used = now_s()
        self.requests: Counter[tuple[str, str]] = Counter()
        """By method, and ``ok`` or the code of the error."""
        self.refusals: Counter[str] = Counter()
        """Connections that were ended, by code."""
        self.durations = Histogram()

    # Life.

    def open(self) -> None:
        """Start the zygote and the audit; the loop that runs gives the reactor its turns."""
        self._turns.begin()
        self.runtime.start()

    async def serve(self, idle_exit_s: float | None) -> str:
        """Look after the time until something stops the daemon; return what."""
        while self._stop_because is None:
            try:
                await asyncio.wait_for(self._stopped.wait(), _LOOK_S)
            except TimeoutError:
                self._look_after(idle_exit_s)
        return self._stop_because

    def _look_after(self, idle_exit_s: float | None) -> None:
        self.projects.drop_idle(self.options.idle_project_secs)
        for connection in list(self._connections):
            connection.look()
        self._standing.look(self._pids(), now_s())
        if self._connections:
            self._last_used = now_s()
        elif idle_exit_s is not None and now_s() - self._last_used >= idle_exit_s:
            self.stop(f"nobody connected for {idle_exit_s:.0f} s")

    def stop(self, why: str) -> None:
        """End: see :meth:`serve`. Safe to call twice."""
        if self._stop_because is None:
            self.on_stop()
            self._stop_because = why
            self._stopped.set()

    async def finish(self) -> None:
        """Answer what is under way, for ``daemon.grace_ms`` at most."""
        for connection in list(self._connections):
            connection.finish()
        if self._connections:
            try:
                await asyncio.wait_for(self._all_answered.wait(), self.options.grace_ms / 1000)
            except TimeoutError:
                _logger.warning("%d calls were not answered in time", self._calls)
                for connection in list(self._connections):
                    connection.give_up()

    def close(self) -> None:
        """End every worker; returns when they are gone."""
        self.runtime.audit.watcher = None
        self._turns.end()
        self.projects.close()
        self.runtime.close()

    # Connections and calls.

    def connect(self) -> Connection:
        """Make what serves a new connection."""
        return Connection(self)

    def admit(self, connection: Connection) -> bool:
        """Whether there is room for *connection*."""
        if len(self._connections) >= self.options.max_connections:
            return False
        self._connections[connection] = None
        self._last_used = now_s()
        return True

    def forget(self, connection: Connection) -> None:
        """*connection* is gone."""
        self._connections.pop(connection, None)
        self._last_used = now_s()
        if not self._connections:
            self._all_answered.set()

    def peers(self) -> Iterable[Peer]:
        """Who is connected."""
        return [connection.peer for connection in self._connections]

    def _under_way(self) -> Iterator[Call]:
        for connection in self._connections:
            yield from connection.calls

    def _pids(self) -> Iterator[int]:
        """The workers of all projects."""
        for project in self.projects.all():
            for plugin in project.workspace.parts():
                for instance in plugin.all_instances():
                    if instance.link is not None and instance.link.pid:
                        yield instance.link.pid

    def calls_in(self, workspace: Workspace) -> list[Call]:
        """The calls that are under way in *workspace*."""
        return [
            call
            for call in self._under_way()
            if call.project is not None and call.project.workspace is workspace
        ]

    def refuse_call(self) -> JsonObject | None:
        """Why no call begins now, as the ``error`` of an answer; None when one may."""
        if self._stop_because is not None:
            return stopping()
        if self._calls >= self.options.max_calls:
            told = f"{self.options.max_calls} calls are under way; try again later"
            return failure("full", "E_FULL", told)
        return None

    def note_begin(self, call: Call) -> None:
        """A call begins."""
        self._calls += 1
        _logger.debug("%s by process %d", call.request.method, call.peer.pid)

    def note_end(self, call: Call, error: JsonObject | None) -> None:
        """A call has ended."""
        self._calls -= 1
        code = "ok" if error is None else str(error["code"])
        self.requests[call.request.method, code] += 1
        self.durations.add(now_s() - call.began)

    def note_error(self, call: Call, error: Exception) -> None:
        """What is no refusal but a mistake of ours is logged with its place."""
        if not isinstance(error, HostError):
            _logger.error("%s failed", call.request.method, exc_info=error)

    def note_refusal(self, peer: Peer, error: JsonObject) -> None:
        """A connection was ended."""
        self.refusals[str(error["code"])] += 1
        _logger.warning("process %d was cut off: %s", peer.pid, error["message"])

    def note_stranger(self, peer: Peer) -> None:
        """Somebody connected who may not."""
        self.refusals["E_STRANGER"] += 1
        self.runtime.audit.record(
            Kind.REFUSED,
            plugin="",
            code="E_STRANGER",
            detail=f"process {peer.pid} of user {peer.uid} connected and was not heard",
        )

    def _hand_over(self, pending: Pending) -> None:
        """Give the question to the client whose call it is about, where that is one that asks its user."""
        question = pending.question
        for call in self._under_way():
            is_its = call.takes_questions and call.session_id == question.session_id
            if is_its and question.session_id and self._is_in(call, question):
                pending.client = call.peer
                call.update({"question": pending.to_json()})
                return

    @staticmethod
    def _is_in(call: Call, question: Question) -> bool:
        return call.surroundings is not None and call.surroundings.cwd == question.project

    def _askers_of(self, question: Question) -> Iterable[Peer]:
        """Whose calls a question may come from: those under way in its project, of its session where that is known.

        Where there is none, as for a plugin of scope ``global``, it may be anybody's who is connected.
        """
        calls = [call for call in self._under_way() if self._is_in(call, question)]
        exact = [call for call in calls if question.session_id in ("", call.session_id)]
        found = {call.peer for call in exact or calls}
        return found or {connection.peer for connection in self._connections}

    # What methods do.

    async def reload(self) -> Json:
        """Read every configuration again; see :meth:`host.daemon.projects.Projects.reload`."""
        done = await self.projects.reload()
        for cwd, error in done:
            if error is not None:
                _logger.warning("%s is as it was: %s", printable(cwd), printable(str(error)))
        listed: list[Json] = [
            {"cwd": cwd, "error": None if error is None else printable(str(error))}
            for cwd, error in done
        ]
        return listed

    def reload_soon(self) -> None:
        """The same, without anybody who waits for it."""
        done: Wait[Json] = start(self.reload())
        done.when_done(lambda: self._on_reloaded(done))

    def _on_reloaded(self, done: Wait[Json]) -> None:
        done.result()  # raises what is a mistake of ours
        _logger.info("configuration was read again")

    def stats(self) -> JsonObject:
        """What there is and what was done."""
        audit = self.runtime.audit
        counts: JsonObject = {kind.value: n for kind, n in audit.counts().items()}
        requests: JsonObject = {}
        for (method, code), n in sorted(self.requests.items()):
            of_method = requests.setdefault(method, {})
            assert isinstance(of_method, dict)  # noqa: S101 - made a line above
            of_method[code] = n
        refused: JsonObject = dict(self.refusals.items())
        states: Counter[str] = Counter(
            plugin.state
            for project in self.projects.all()
            for plugin in project.workspace.loaded()
        )
        plugins: JsonObject = dict(states.items())
        return {
            "uptime_s": round(time.time() - self._began, 3),
            "connections": len(self._connections),
            "calls": self._calls,
            "projects": len(self.projects),
            "workers": len(self.runtime.links),
            "plugins": plugins,
            "pending_approvals": len(self.questions),
            "watchers": sum(connection.watching for connection in self._connections),
            "zygote_restarts": self.runtime.zygote_restarts,
            "requests": requests,
            "cut_off": refused,
            "audit": counts,
        }

    def metrics(self) -> str:
        """The same for Prometheus."""
        return render(self.stats(), self.durations, self.version)
