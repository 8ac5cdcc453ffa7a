"""The host for programs without an event loop: the calling thread reads the pipes itself.

Threads     One lock guards everything. Of the threads that wait, one polls with the lock released and the
            others sleep until it has news; when it has its own answer, the next one polls. A thread of ours
            polls only while there is work that no caller waits for (a timer, a worker still at it), and
            sleeps otherwise.
"""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Self, TypeVar

from host.approvals import BlockingApprover, Question, Unanswered
from host.completions import Completion, complete
from host.config import Config
from host.core import HostCore, read_config
from host.discovery import Found
from host.errors import HostClosedError
from host.events import PluginEvent, Right
from host.gate import ToolVerdict, check_tool
from host.install.values import Installed
from host.outcome import JsonObject, Outcome
from host.plugin_info import PluginInfo
from host.plugin_spec import PluginSpec, Scope
from host.reactor import now_s
from host.reloading import Reloaded
from host.session import CAUSE, BlockingSessionProvider, SessionMessage, SessionRequest
from host.tool_result import ToolResult, ToolUpdate
from host.tools import Caller, call_tool, run_command, until_of
from host.updates import heard_in_a_thread
from host.view.pressing import Pressed
from host.waits import Wait, start

T = TypeVar("T")


class BlockingPluginHost(HostCore):
    """The twin of :class:`host.aio.PluginHost`: the same verbs, from any number of threads.

    Use it as ``with BlockingPluginHost(...) as host``.
    """

    _is_polling = False
    _is_closing = False
    _sleepers = 0
    _callers = 0
    _background: threading.Thread | None = None
    _background_sleeps = False

    def __init__(
        self,
        config: Config | None = None,
        *,
        project_dir: str | os.PathLike[str] = ".",
        home: str | os.PathLike[str] | None = None,
        approver: BlockingApprover | None = None,
        session: BlockingSessionProvider | None = None,
        follow: bool = False,
    ) -> None:
        """See :class:`host.core.HostCore`.

        *approver* is called for each :class:`host.Question`, in a thread of its own, and returns ``once``,
        ``session``, ``always`` or ``deny``. Without one, what would be asked is denied.
        *session* is what plugins send messages through and read them from; without one they have no session.
        """
        super().__init__(config, project_dir=project_dir, home=home, follow=follow)
        self._approver = approver
        self._session = session
        if session is not None:
            self.workspace.ask_session = self._ask_session
        if approver is not None:
            self.runtime.approvals.ask_person = self._ask_person
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self.workspace.view.guard = self._lock

    @classmethod
    def from_config(
        cls,
        *,
        project_dir: str | os.PathLike[str] = ".",
        mode: str | None = None,
        approver: BlockingApprover | None = None,
        session: BlockingSessionProvider | None = None,
        follow: bool = True,
    ) -> Self:
        """Make a host from the files, the environment and the capability *mode*, in the order of
        ``docs/configuration.md``.

        What its user changes in those places is followed, unless *follow* is false (``docs/reloading.md``).
        Raises :class:`ConfigError`; what was only ignored is logged.
        """
        return cls(
            read_config(project_dir, mode),
            project_dir=project_dir,
            approver=approver,
            session=session,
            follow=follow,
        )

    def __enter__(self) -> Self:
        """Start the zygote and load the plugins that the configuration names."""
        self.runtime.reactor.on_earlier = self._on_earlier
        self.runtime.on_work = self._wake_background
        try:
            self.runtime.start()
            with self._lock:
                self._wait(start(self.workspace.loads.load_configured()))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every worker; returns when they are gone."""
        with self._lock:
            if self.runtime.is_closed:
                return
            if self.runtime.is_foreign:
                self.runtime.close()
                return
            if self._is_closing:
                return
            self._is_closing = (
                True  # from here on nobody begins to poll, or this could wait for ever
            )
            while self._is_polling:
                self.runtime.reactor.wake()
                self._sleep()
            self.workspace.close()
            self.runtime.close()
            self._news.notify_all()
            self._work.notify_all()
        if self._background is not None:
            self._background.join()

    def _ask_person(self, question: Question, answered: Callable[[object], None]) -> None:
        # A thread that nobody waits for: an approver that never returns must not keep a program from ending.
        threading.Thread(
            target=self._ask, args=(question, answered), name="jcode-approver", daemon=True
        ).start()

    def _ask(self, question: Question, answered: Callable[[object], None]) -> None:
        answer: object
        try:
            if self._approver is None:
                return
            answer = self._approver(question)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits, and the thread ends
            answer = Unanswered(error)
        self.runtime.reactor.post(lambda: answered(answer))

    def _ask_session(self, request: SessionRequest) -> None:
        threading.Thread(
            target=self._provide, args=(request,), name="jcode-session", daemon=True
        ).start()

    def _provide(self, request: SessionRequest) -> None:
        answer: object = None
        CAUSE.set(request.cause)
        try:
            if self._session is None:
                return
            if isinstance(request.what, SessionMessage):
                self._session.send_message(request.what)
            else:
                what = request.what
                answer = self._session.get_messages(what.session_id, what.limit)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits, and the thread ends
            answer = error
        self.runtime.reactor.post(lambda: request.answered(answer))

    # Time and descriptors.

    def _on_earlier(self, _: float) -> None:
        if self._is_polling:  # it went to sleep for longer than this
            self.runtime.reactor.wake()

    def _turn(self) -> None:
        """Poll once with the lock released, then handle what came. The lock is held around this."""
        reactor = self.runtime.reactor
        timeout_s = reactor.timeout_s()
        self._is_polling = True
        self._lock.release()
        try:
            ready = reactor.poll(timeout_s)
        finally:
            self._lock.acquire()
            self._is_polling = False
        reactor.handle(ready)
        if self._sleepers:
            self._news.notify_all()

    def _sleep(self) -> None:
        self._sleepers += 1
        try:
            self._news.wait()
        finally:
            self._sleepers -= 1

    def _wait(self, wait: Wait[T]) -> T:
        self._callers += 1
        try:
            while not wait.is_done:
                if self.runtime.is_closed:
                    raise HostClosedError("the host was closed before there was an answer")
                if self._is_polling or self._is_closing:
                    self._sleep()
                else:
                    self._turn()
        finally:
            self._callers -= 1
            if self._sleepers:
                self._news.notify_all()  # one of them polls from here on
            elif not self._callers and self.runtime.reactor.demand > 0:
                self._wake_background()
        return wait.result()

    def _wake_background(self) -> None:
        if self._background is None:
            self._background = threading.Thread(
                target=self._tend, name="jcode-plugins-background", daemon=True
            )
            self._background.start()
        elif self._background_sleeps:
            self._work.notify()

    def _tend(self) -> None:
        """Serve what goes on between calls."""
        with self._lock:
            while not self.runtime.is_closed:
                if self._is_closing:
                    self._sleep()
                elif self.runtime.reactor.demand > 0 and not self._callers:
                    if self._is_polling:
                        self._sleep()
                    else:
                        self._turn()
                else:
                    self._background_sleeps = True
                    self._work.wait()
                    self._background_sleeps = False

    def _look(self) -> None:
        if (
            now_s() >= self.runtime.look_at
        ):  # else no reason to wait for a call that has the lock
            with self._lock:
                super()._look()

    # The verbs.

    def set_switches(self, variables: Mapping[str, str]) -> None:
        """See :meth:`host.core.HostCore.set_switches`."""
        with self._lock:
            super().set_switches(variables)

    def load(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        settings: JsonObject | None = None,
        installed: Installed | None = None,
    ) -> PluginInfo:
        """See :meth:`host.aio.PluginHost.load`."""
        with self._lock:
            self.runtime.check_usable()
            flow = self.workspace.loads.load(
                path,
                name=name,
                scope=scope,
                rights=rights,
                settings=settings,
                installed=installed,
            )
            return self._wait(start(flow))

    def load_found(self, found: Found) -> PluginInfo:
        """See :meth:`host.aio.PluginHost.load_found`."""
        with self._lock:
            self.runtime.check_usable()
            return self._wait(start(self.workspace.loads.load_found(found)))

    def look_at_found(self, found: Found) -> PluginSpec:
        """Build one of :meth:`discover`'s plugins and read its manifest; nothing of it runs."""
        with self._lock:
            self.runtime.check_usable()
            return self._wait(start(self.workspace.loads.look_at_found(found)))

    def look_at(
        self, path: str | os.PathLike[str], *, installed: Installed | None = None
    ) -> PluginSpec:
        """See :meth:`host.aio.PluginHost.look_at`."""
        with self._lock:
            self.runtime.check_usable()
            return self._wait(start(self.workspace.loads.look_at(path, installed=installed)))

    def reload(self, name: str) -> Reloaded:
        """See :meth:`host.aio.PluginHost.reload`."""
        with self._lock:
            self.runtime.check_usable()
            return self._wait(start(self.workspace.reload(name)))

    def unload(self, name: str) -> None:
        """Stop the plugin *name*; its tools and handlers are gone with the next event."""
        with self._lock:
            self.runtime.check_usable()
            self.workspace.unload(name)

    def enable(self, name: str) -> None:
        """Let a plugin that the breaker stopped run again."""
        with self._lock:
            self.runtime.check_usable()
            self.workspace.enable(name)

    def dispatch(self, event: "PluginEvent | str", payload: JsonObject) -> Outcome:
        """See :meth:`host.aio.PluginHost.dispatch`."""
        nothing = self._concerns_nobody(event)
        if nothing is not None:
            return nothing
        with self._lock:
            outcome = self.workspace.dispatch(event, payload)
            return outcome if isinstance(outcome, Outcome) else self._wait(outcome)

    def call_tool(
        self,
        name: str,
        params: JsonObject,
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        typed: bool = False,
        on_update: Callable[[ToolUpdate], None] | None = None,
    ) -> ToolResult:
        """See :meth:`host.aio.PluginHost.call_tool`. *on_update* is called in a thread of its own; when this returns,
        it has seen every update."""
        with heard_in_a_thread(on_update) as hear, self._lock:
            self.runtime.check_usable()
            caller = Caller(session_id, until_of(timeout_s), typed, on_update=hear)
            return self._wait(start(call_tool(self.workspace, name, params, caller)))

    def complete_command(
        self, name: str, prefix: str = "", *, session_id: str = ""
    ) -> list[Completion]:
        """See :meth:`host.aio.PluginHost.complete_command`."""
        with self._lock:
            self.runtime.check_usable()
            return self._wait(start(complete(self.workspace, name, prefix, session_id)))

    def run_command(
        self,
        name: str,
        args: str = "",
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        typed: bool = True,
    ) -> ToolResult:
        """See :meth:`host.aio.PluginHost.run_command`."""
        with self._lock:
            self.runtime.check_usable()
            caller = Caller(session_id, until_of(timeout_s), typed)
            return self._wait(start(run_command(self.workspace, name, args, caller)))

    def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> Pressed:
        """See :meth:`host.aio.PluginHost.press_key`."""
        with self._lock:
            self.runtime.check_usable()
            view = self.workspace.view
            return self._wait(view.press(key, frame=frame, plugin=plugin, session=session))

    def open_route(
        self, plugin: str, name: str, *, is_open: bool = True, session: str = ""
    ) -> Pressed:
        """See :meth:`host.aio.PluginHost.open_route`."""
        with self._lock:
            self.runtime.check_usable()
            view = self.workspace.view
            return self._wait(view.open_route(plugin, name, is_open, session=session))

    def select_item(
        self, plugin: str, slot: str, item: str, *, action: str = "activate", session: str = ""
    ) -> Pressed:
        """See :meth:`host.aio.PluginHost.select_item`."""
        with self._lock:
            self.runtime.check_usable()
            view = self.workspace.view
            return self._wait(view.select(plugin, session, slot, item, action))

    def check_tool(
        self,
        name: str,
        *,
        tier: str = "exec",
        args: JsonObject | None = None,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> ToolVerdict:
        """See :meth:`host.aio.PluginHost.check_tool`."""
        with self._lock:
            self.runtime.check_usable()
            flow = check_tool(
                self.workspace,
                name,
                args if args is not None else {},
                tier=tier,
                session_id=session_id,
                until=until_of(timeout_s),
            )
            return self._wait(start(flow))

    def forget_approval(self, id_: str) -> bool:
        """See :meth:`host.aio.PluginHost.forget_approval`."""
        with self._lock:
            self.runtime.check_usable()
            return self._wait(start(self.runtime.approvals.forget(id_)))
