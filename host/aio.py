"""The host for programs with an asyncio loop."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from contextvars import copy_context
from functools import partial
from typing import Self, TypeVar

from host.approvals import Approver, Question, Unanswered
from host.completions import Completion, complete
from host.config import Config
from host.core import HostCore, read_config
from host.discovery import Found
from host.events import PluginEvent, Right
from host.gate import ToolVerdict, check_tool
from host.install.values import Installed
from host.outcome import JsonObject, Outcome
from host.plugin_info import PluginInfo
from host.plugin_spec import PluginSpec, Scope
from host.reloading import Reloaded
from host.session import CAUSE, SessionMessage, SessionProvider, SessionRequest
from host.tool_result import ToolResult, ToolUpdate
from host.tools import Caller, call_tool, run_command, until_of
from host.turns import Turns
from host.view.pressing import Pressed
from host.waits import Wait

T = TypeVar("T")


class PluginHost(HostCore):
    """Plugins for an asyncio program.

    Use it as ``async with PluginHost(...) as host``, from tasks of one loop. Every method is safe to call
    from several tasks at once. A fork of the program must make its own.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        project_dir: str | os.PathLike[str] = ".",
        home: str | os.PathLike[str] | None = None,
        approver: Approver | None = None,
        session: SessionProvider | None = None,
        follow: bool = False,
    ) -> None:
        """See :class:`host.core.HostCore`.

        *approver* is a coroutine function that is awaited, on this loop, for each :class:`host.Question` and returns
        ``once``, ``session``, ``always`` or ``deny``. Without one, what would be asked is denied.
        *session* is what plugins send messages through and read them from; without one they have no session.
        """
        super().__init__(config, project_dir=project_dir, home=home, follow=follow)
        self._turns = Turns(self.runtime.reactor)
        self._approver = approver
        self._session = session
        if session is not None:
            self.workspace.ask_session = self._ask_session
        self._questions: set[asyncio.Task[None]] = set()
        if approver is not None:
            self.runtime.approvals.ask_person = self._ask_person

    @classmethod
    def from_config(
        cls,
        *,
        project_dir: str | os.PathLike[str] = ".",
        mode: str | None = None,
        approver: Approver | None = None,
        session: SessionProvider | None = None,
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

    async def __aenter__(self) -> Self:
        """Start the zygote and load the plugins that the configuration names."""
        self._turns.begin()
        try:
            self.runtime.start()
            await self._run(self.workspace.loads.load_configured())
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every worker; returns when they are gone."""
        if self.runtime.is_foreign:
            self.runtime.close()  # the loop's own descriptors are shared with the parent, too
        elif not self.runtime.is_closed:
            self._turns.end()
            self.workspace.close()
            self.runtime.close()
            for question in self._questions:
                question.cancel()

    def _ask_person(self, question: Question, answered: Callable[[object], None]) -> None:
        task = self._turns.loop.create_task(self._ask(question, answered))
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)

    async def _ask(self, question: Question, answered: Callable[[object], None]) -> None:
        answer: object
        try:
            if self._approver is None:
                return
            answer = await self._approver(question)
        except BaseException as error:  # cancelled or not: whoever waits is told
            answered(Unanswered(error))
            if not isinstance(error, Exception):
                raise
        else:
            answered(answer)

    def _ask_session(self, request: SessionRequest) -> None:
        context = copy_context()
        context.run(CAUSE.set, request.cause)
        task = self._turns.loop.create_task(self._provide(request), context=context)
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)
        request.stop = partial(_cancel, task)

    async def _provide(self, request: SessionRequest) -> None:
        answer: object = None
        try:
            if self._session is None:
                return
            if isinstance(request.what, SessionMessage):
                await self._session.send_message(request.what)
            else:
                what = request.what
                answer = await self._session.get_messages(what.session_id, what.limit)
        except BaseException as error:  # cancelled or not: whoever waits is told
            request.stop = lambda: None
            request.answered(error)
            if not isinstance(error, Exception):
                raise
        else:
            request.stop = lambda: None  # it ends by itself
            request.answered(answer)

    async def _wait(self, wait: Wait[T]) -> T:
        return await self._turns.wait(wait)

    async def _run(self, flow: Coroutine[Wait[object], None, T]) -> T:
        return await self._turns.run(flow)

    # The verbs.

    async def load(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        rights: Mapping[PluginEvent, frozenset[Right]] | None = None,
        settings: JsonObject | None = None,
        installed: Installed | None = None,
    ) -> PluginInfo:
        """Build, start and register the plugin at *path*, a file or a directory.

        *rights* replaces what the plugin may do with an event (by default observe, veto and rewrite; never
        decide). One that is *installed* goes by the name it was installed under, with what the user accepted then; its
        files must be what they were. Raises :class:`PluginLoadError` with code, file and line; nothing of the plugin then runs.
        """
        self.runtime.check_usable()
        flow = self.workspace.loads.load(
            path, name=name, scope=scope, rights=rights, settings=settings, installed=installed
        )
        return await self._run(flow)

    async def load_found(self, found: Found) -> PluginInfo:
        """Load one of :meth:`discover`'s plugins. Raises as :meth:`load` does."""
        self.runtime.check_usable()
        return await self._run(self.workspace.loads.load_found(found))

    async def look_at(
        self, path: str | os.PathLike[str], *, installed: Installed | None = None
    ) -> PluginSpec:
        """Build the plugin at *path* and read its manifest; nothing of it runs.

        Raises :class:`PluginLoadError`, also for what a load would refuse because of its manifest.
        """
        self.runtime.check_usable()
        return await self._run(self.workspace.loads.look_at(path, installed=installed))

    async def reload(self, name: str) -> Reloaded:
        """Look at the source of the plugin *name* again, with what it was loaded with, and run what is there now.

        When its code, manifest and settings are what they were, nothing happens. Else the newer version is started
        beside the older one and takes its place: from one event to the next, with the older one's kv and data. What
        the older one has begun it finishes. Raises :class:`PluginLoadError`, and then the older one serves as before.
        """
        self.runtime.check_usable()
        return await self._run(self.workspace.reload(name))

    async def unload(self, name: str) -> None:
        """Stop the plugin *name*; its tools and handlers are gone with the next event."""
        self.runtime.check_usable()
        self.workspace.unload(name)

    def enable(self, name: str) -> None:
        """Let a plugin that the breaker stopped run again."""
        self.runtime.check_usable()
        self.workspace.enable(name)

    async def dispatch(self, event: "PluginEvent | str", payload: JsonObject) -> Outcome:
        """Send *event* to every plugin that subscribed and return what the agent should do.

        Never raises for what a plugin does. Raises :class:`InputError` for an unknown event or a payload that
        is not an object.
        """
        nothing = self._concerns_nobody(event)
        if nothing is not None:
            return nothing
        outcome = self.workspace.dispatch(event, payload)
        return outcome if isinstance(outcome, Outcome) else await self._wait(outcome)

    async def call_tool(
        self,
        name: str,
        params: JsonObject,
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        typed: bool = False,
        on_update: Callable[[ToolUpdate], None] | None = None,
    ) -> ToolResult:
        """Call a plugin's tool through the whole pipeline. Raises :class:`ToolError` if it cannot be made.

        *timeout_s* is how long the agent waits in all, a person's thinking included; None: as long as the question
        and the tool may take. *typed* says that a person asked for this very call, which stands for their
        approval of it; what is denied stays denied. A refusal has the status ``blocked`` and says which rule it was.
        *on_update* is called on the loop with what the tool has so far, some times a second at most; it does not
        block. Cancelling the task that waits cancels the call: the plugin's signal is aborted.
        """
        self.runtime.check_usable()
        caller = Caller(session_id, until_of(timeout_s), typed, on_update=on_update)
        return await self._run(call_tool(self.workspace, name, params, caller))

    async def run_command(
        self,
        name: str,
        args: str = "",
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        typed: bool = True,
    ) -> ToolResult:
        """Run a registered command with the raw text *args*.

        Commands are what a person types. An agent that runs one by itself says so with *typed* false, and it passes
        the gate as a tool of tier exec.
        """
        self.runtime.check_usable()
        caller = Caller(session_id, until_of(timeout_s), typed)
        return await self._run(run_command(self.workspace, name, args, caller))

    async def complete_command(
        self, name: str, prefix: str = "", *, session_id: str = ""
    ) -> list[Completion]:
        """Return what may follow *prefix*, the arguments of a command as far as they are typed.

        Raises :class:`ToolError` for a command that there is not, or whose plugin fails or takes too long.
        """
        self.runtime.check_usable()
        return await self._run(complete(self.workspace, name, prefix, session_id))

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> Pressed:
        """Give a pressed *key* to the plugin that it is for: the open *frame* of *plugin*, else whoever bound it.

        What no plugin handles is the program's own. Raises :class:`InputError` for what is no key, and for the keys that
        never are a plugin's (F2, F12).
        """
        self.runtime.check_usable()
        view = self.workspace.view
        return await self._wait(view.press(key, frame=frame, plugin=plugin, session=session))

    async def open_route(
        self, plugin: str, name: str, *, is_open: bool = True, session: str = ""
    ) -> Pressed:
        """Open or close a full-screen view of *plugin*. Raises :class:`InputError` for one that it does not have."""
        self.runtime.check_usable()
        view = self.workspace.view
        return await self._wait(view.open_route(plugin, name, is_open, session=session))

    async def select_item(
        self, plugin: str, slot: str, item: str, *, action: str = "activate", session: str = ""
    ) -> Pressed:
        """Tell *plugin* that an *item* of a list in its *slot* was chosen; *action* is ``activate`` or ``toggle``.

        Raises :class:`InputError` for what is not there to be chosen.
        """
        self.runtime.check_usable()
        view = self.workspace.view
        return await self._wait(view.select(plugin, session, slot, item, action))

    async def check_tool(
        self,
        name: str,
        *,
        tier: str = "exec",
        args: JsonObject | None = None,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> ToolVerdict:
        """Judge a call of one of the agent's own tools by the gate that plugins' tools pass, and audit it.

        *tier* is ``read``, ``write`` or ``exec``. A person is asked through the approver for as long as the
        configuration says (25 s) and *timeout_s* allows. The event PreToolUse is the agent's to dispatch; an input
        that it changes is another call to check. Raises :class:`InputError` for a tier that is none.
        """
        self.runtime.check_usable()
        flow = check_tool(
            self.workspace,
            name,
            args if args is not None else {},
            tier=tier,
            session_id=session_id,
            until=until_of(timeout_s),
        )
        return await self._run(flow)

    async def forget_approval(self, id_: str) -> bool:
        """Take back a remembered answer of :meth:`approvals`; False when there is none of that id."""
        self.runtime.check_usable()
        return await self._run(self.runtime.approvals.forget(id_))


def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
