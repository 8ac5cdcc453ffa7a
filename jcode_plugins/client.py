"""The client for programs that block: its verbs, one for each method of the daemon.

Elsewhere   Connections, threads, and what is tried again: ``connecting.py``. What goes over the socket: ``docs/protocol.md``.
"""

from jcode_plugins import requests as _requests
from jcode_plugins.connecting import Connecting
from jcode_plugins.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jcode_plugins.answers import (
        Capabilities,
        Completion,
        ExplainedStep,
        LogLine,
        Outcome,
        PluginInfo,
        ProjectInfo,
        ServerEvent,
        ToolInfo,
        ToolResult,
        ToolVerdict,
    )
    from jcode_plugins.viewing import ViewStream
    from jcode_plugins.wire import Json, JsonObject


class Client(Connecting):
    """A connection to the daemon, or as many as threads need. Use it as ``with Client() as plugins``.

    *path* is the socket's (:func:`jcode_plugins.place.socket_path`). *project_dir* (the current directory), *variables* and
    *switches* (from *environment*, the process's own) say for whom the daemon answers: who agrees in them shares plugins.
    *start*: have a daemon started when none listens. Times are in seconds; *timeout_s* is for each request.
    """

    _attached: "ViewStream | None" = None
    """The newest stream by which a person looks."""

    def hello(self) -> "JsonObject":
        """Return the daemon's version, protocol, process and home. Raises ProtocolError for a protocol that is not ours."""
        return _requests.check_hello(self.request("hello"))

    def dispatch(
        self,
        event: str,
        payload: "JsonObject",
        *,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> "Outcome":
        """Send *event* to every plugin that subscribed and return what the agent should do.

        A PermissionRequest may take as long as a person thinks: give it the *timeout_s* that your agent has.
        """
        params: JsonObject = {"event": event, "payload": payload}
        return _requests.outcome(
            self.request("dispatch", params, session_id=session_id, timeout_s=timeout_s)
        )

    def has_handler(self, event: str) -> bool:
        """Whether any plugin of this project subscribed to *event*."""
        return _requests.has_handler(self.request("has_handler", {"event": event}))

    def call_tool(
        self,
        name: str,
        params: "JsonObject",
        *,
        session_id: str = "",
        timeout_s: float | None = None,
        on_update: "Callable[[JsonObject], None] | None" = None,
    ) -> "ToolResult":
        """Call a plugin's tool through the whole pipeline. Raises ToolError if it cannot be made.

        *on_update* takes what the tool has so far, some times a second at most.
        """
        what: JsonObject = {"name": name, "input": params, "updates": on_update is not None}
        return _requests.tool_result(
            self.request(
                "call_tool",
                what,
                session_id=session_id,
                timeout_s=timeout_s,
                on_update=on_update,
            )
        )

    def check_tool(
        self,
        name: str,
        *,
        tier: str = "exec",
        args: "JsonObject | None" = None,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> "ToolVerdict":
        """Judge a call of one of the agent's own tools by the gate that plugins' tools pass."""
        what: JsonObject = {"name": name, "tier": tier, "input": args or {}}
        return _requests.verdict(
            self.request("check_tool", what, session_id=session_id, timeout_s=timeout_s)
        )

    def command(
        self,
        name: str,
        args: str = "",
        *,
        typed: bool = False,
        session_id: str = "",
        timeout_s: float | None = None,
    ) -> "ToolResult":
        """Run a registered command with the raw text *args*; it passes the gate as a tool of tier exec.

        *typed*: a person typed it here, which stands for their approval, if this process has a terminal and no client of
        the daemon started it. Else it is asked about, as any other. Denials hold.
        """
        what: JsonObject = {"name": name, "args": args, "typed": typed}
        return _requests.tool_result(
            self.request("command", what, session_id=session_id, timeout_s=timeout_s)
        )

    def tools(self) -> "list[ToolInfo]":
        """Every tool that the agent may offer to its model."""
        return _requests.tools(self.request("tools"))

    def commands(self) -> list[str]:
        """Names of the registered commands."""
        return _requests.commands(self.request("commands"))

    def plugins(self) -> "list[PluginInfo]":
        """Every loaded plugin of this project, in the order that decides merges."""
        return _requests.plugins(self.request("plugins"))

    def set_mode(self, mode: str, *, session_id: str = "") -> None:
        """Change the permission mode of this project, or of one session."""
        self.request("set_mode", {"mode": mode}, session_id=session_id)

    def reload(self) -> "JsonObject":
        """Have configuration and plugins read again, without dropping a call."""
        return _requests.plain(self.request("reload"))

    def kill(self, name: str | None = None) -> "JsonObject":
        """Switch off the plugin *name*, or with None all of them, in every host of the user, until a person enables it."""
        params: JsonObject = {"all": True} if name is None else {"name": name}
        return _requests.plain(self.request("kill", params))

    def approvals(self) -> "JsonObject":
        """Return ``{"pending": [...]}``, the questions that wait for a person."""
        return _requests.plain(self.request("approvals"))

    def answer(self, id_: str, answer: str) -> "JsonObject":
        """Answer a question: ``once``, ``session``, ``always`` or ``deny``. Only from a terminal of a person's."""
        return _requests.plain(self.request("answer", {"id": id_, "answer": answer}))

    def stats(self) -> "JsonObject":
        """Return what the daemon has to do and has done, as numbers."""
        return _requests.plain(self.request("stats"))

    def metrics(self) -> str:
        """Return the same in the text format of Prometheus."""
        return _requests.text_of("text")(self.request("metrics"))

    def stop(self) -> None:
        """Have the daemon answer what it has, and end."""
        self.request("stop")

    # Of whoever looks after plugins.

    def overview(self) -> "list[ProjectInfo]":
        """Every project of the daemon, with its plugins and their workers."""
        return _requests.overview(self.request("overview"))

    def audit_entries(
        self,
        recent: int = 100,
        *,
        plugin: str | None = None,
        kinds: "list[str] | None" = None,
    ) -> "list[ServerEvent]":
        """Return the newest entries of the audit, the oldest of them first: up to *recent* (1000 at most), of every project."""
        what = _requests.audit_params(recent, plugin, kinds)
        return _requests.audit_entries(self.request("audit", what))

    def events(self, kinds: "list[str] | None" = None) -> "Iterator[ServerEvent]":
        """Yield what happens to plugins, of every project, from now on, until the daemon ends or the iterator is closed.

        *kinds* as in the audit; None: all. A reader that is slow gets repeats as one event, and is told of gaps.
        """
        params: JsonObject = {} if kinds is None else {"kinds": list(kinds)}
        for pushed in self.stream("events", params):
            if "event" in pushed:
                yield _requests.event(pushed["event"])

    def logs(self, plugin: str | None = None) -> "Iterator[LogLine]":
        """Yield the newest lines that plugins logged, then each new one, until the daemon ends or the iterator is closed.

        Of *plugin*, or of all plugins of all projects. Texts are fit for a terminal. A reader that is slow misses lines,
        and is told how many.
        """
        for pushed in self.stream("logs", {} if plugin is None else {"plugin": plugin}):
            yield from _requests.log_lines(pushed)

    def explain(self, plugin: str, kind: str, target: str) -> "list[ExplainedStep]":
        """Ask each layer whether *plugin* may do what *target* says: a path, ``host:port``, a command line, or a name.

        *kind* is that of a capability, for example ``fs_read``. One step decides, and says why.
        """
        what: JsonObject = {"plugin": plugin, "kind": kind, "target": target}
        return _requests.steps(self.request("explain", what))

    def capabilities(self, plugin: str) -> "Capabilities":
        """Return what *plugin* may do, rule by rule, and where each rule comes from."""
        return _requests.capabilities(self.request("capabilities", {"plugin": plugin}))

    def enable(self, name: str | None = None) -> "JsonObject":
        """Take back :meth:`kill` and all else that keeps the plugin *name* off, or with None ``kill`` of all of them.

        Not from a program that a client of the daemon started.
        """
        params: JsonObject = {"all": True} if name is None else {"name": name}
        return _requests.plain(self.request("enable", params))

    def complete(
        self, name: str, prefix: str = "", *, session_id: str = ""
    ) -> "list[Completion]":
        """Ask what may follow *prefix* as the arguments of the command *name*. All of it is a plugin's text."""
        what: JsonObject = {"name": name, "prefix": prefix}
        return _requests.completions(self.request("complete", what, session_id=session_id))

    # What plugins show, and what a person does with it.

    def view(
        self,
        *,
        attach: bool = False,
        width: int | None = None,
        height: int | None = None,
        theme: str | None = None,
        editor: str | None = None,
        session: str | None = None,
    ) -> "ViewStream":
        """Return what plugins of this project show, as a stream: a snapshot, then each change, as fast as it is iterated.

        With *attach* a person looks: plugins have an interface of that size (80 by 24), *theme* (dark, light, plain), text
        in the prompt and session, until the stream is closed. A reader that is slow gets several changes as one.
        """
        from jcode_plugins.viewing import ViewStream  # for few

        ui = _requests.given(
            width=width, height=height, theme=theme, editor=editor, session=session
        )
        stream = ViewStream(*self.open_stream("view", {"attach": attach, **ui}, here=True))
        if attach:
            self._attached = stream
        return stream

    def update_ui(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        theme: str | None = None,
        editor: str | None = None,
        session: str | None = None,
    ) -> None:
        """Say what changed of the interface that the newest :meth:`view` of this client attached; the rest stays.

        What is wrong with it is raised where that stream is iterated. Raises InputError when there is none.
        """
        if self._attached is None:
            raise InputError("E_INPUT", "no interface is attached: view(attach=True) does that")
        changes = _requests.given(
            width=width, height=height, theme=theme, editor=editor, session=session
        )
        self._attached.update(changes, self._timeout_s)

    def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> "JsonObject":
        """Give *key* (``ctrl+k``) to the open *frame* of *plugin*, else to who bound it; return ``{"handled", "plugin"}``."""
        what = _requests.given(key=key, frame=frame, plugin=plugin, session=session)
        return _requests.plain(self.request("key", what))

    def answer_dialog(
        self,
        dialog: str,
        *,
        value: "Json" = None,
        index: int | None = None,
        cancelled: bool = False,
    ) -> None:
        """Answer an open dialog: *index* of an option, *value* (true or false, a text), or *cancelled*, as its kind takes.

        Not from a program that whoever asked has started.
        """
        what = _requests.given(dialog=dialog, value=value, index=index, cancelled=cancelled)
        self.request("answer_dialog", what)

    def open_route(
        self, plugin: str, name: str, is_open: bool = True, *, session: str = ""
    ) -> "JsonObject":
        """Open or close a full-screen view of *plugin*; return ``{"handled", "plugin"}``."""
        what: JsonObject = {"plugin": plugin, "name": name, "open": is_open, "session": session}
        return _requests.plain(self.request("route", what))

    def select_item(
        self, plugin: str, slot: str, item: str, action: str = "activate", *, session: str = ""
    ) -> "JsonObject":
        """Tell *plugin* that a person chose *item* of a list in its *slot* (``Sidebar/ID``); *action* is activate or toggle.

        Returns ``{"handled", "plugin"}``.
        """
        what: JsonObject = {"plugin": plugin, "slot": slot, "item": item, "action": action}
        return _requests.plain(self.request("select", {**what, "session": session}))
