"""A worker that a test plays by hand, behind the host's real runtime.

``Stage`` is a third front end beside the blocking and the asyncio one: the real runtime, workspace, link,
routing and zygote, and a reactor that only the test's own thread turns. Plugins named in ``scripted`` get
a :class:`ScriptedWorker` instead of a forked one; all others get what they always get.

Nothing here waits for a clock: :meth:`Stage.until` turns the reactor until something is so, and its bound
only ends a test that has failed.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from host.audit import AuditEntry, Kind
from host.config import Config
from host.core import HostCore
from host.events import PluginEvent
from host.link import Link
from host.outcome import JsonObject, Outcome, Status
from host.plugin import Plugin
from host.plugin_info import PluginInfo
from host.reactor import now_s
from host.runtime import Runtime
from host.spawn import Child, Exit, WorkerLimits, Zygote
from host.tools import Caller, ToolResult, call_tool
from host.waits import Wait, start
from ipc.codec import decode, encode
from ipc.framing import FrameReader, frame
from ipc.host_end import HostEnd
from ipc.layers import LAYERS
from ipc.messages import (
    CAST,
    END,
    EVENT,
    FLAG_ENTRY_ENDED,
    FROM_HOST,
    HELLO,
    HOSTCALL,
    LOAD,
    PROTOCOL_VERSION,
    RESULT,
    STATUS_CONTINUE,
    STATUS_VALUE,
    TOOL,
    Message,
    check,
)

T = TypeVar("T")

ALL_LAYERS: Final = json.dumps(dict.fromkeys(LAYERS, True))
"""What a worker says in which every layer of isolation holds."""

LOOK_S: Final = 0.02
"""How long another thread's doing may stay unnoticed."""
WITHIN_S: Final = 20.0
"""Generous: only a test that fails gets there."""

REGISTRY: Final = '{"events":[0],"tools":[{"name":"poke","description":"d","has_handler":true,"tier":"read"}]}'
REGISTERED: Final = '{"registered":' + REGISTRY + "}"
"""What a scripted plugin says of itself: PreToolUse and one tool."""

HONEST: Final = """
export default (pi) => {
  pi.on("UserPromptSubmit", (event) => ({ modified_prompt: event.content + "!" }));
};
"""


class ScriptedWorker:
    """The far end of a link, and a process that stands for it.

    The process does nothing but live until it is told to end, so that signals, pidfds and reaping are the
    kernel's; the two pipes belong to the test.
    """

    def __init__(self, runtime: Runtime, child: Child, *, tell_pid: bool = True) -> None:
        from_host, to_worker = os.pipe()
        from_worker, to_host = os.pipe()
        self._runtime = runtime
        self._child = child
        self.read_fd = from_host
        self.write_fd = to_host
        self.host_end_fds = (from_worker, to_worker)
        self.inbox: list[Message] = []
        self.is_host_gone = False
        self.exit: Exit | None = None
        self._reader = FrameReader()
        self._is_reading = False
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", "read code; exit $code"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={},
        )
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)
        os.set_blocking(self.read_fd, False)
        os.set_blocking(self.write_fd, False)
        self.read()
        runtime.reactor.add(self._pidfd, self._on_exit)
        if tell_pid:
            runtime.reactor.post(self.tell_pid)

    def tell_pid(self) -> None:
        """What the zygote's SPAWNED does."""
        if self.exit is None:
            self._child.on_spawned(self.pid, os.pidfd_open(self.pid))

    # What it hears.

    def read(self) -> None:
        """Take what the host sends, whenever there is something."""
        if not self._is_reading:
            self._is_reading = True
            self._runtime.reactor.add(self.read_fd, self._on_readable)

    def stop_reading(self) -> None:
        """Leave what the host sends in the pipe."""
        self._is_reading = False
        self._runtime.reactor.remove(self.read_fd)

    def _on_readable(self, _: int) -> None:
        try:
            data = os.read(self.read_fd, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            self.is_host_gone = True
            self.stop_reading()
            return
        for body in self._reader.feed(data):
            message = decode(body)
            check(message, FROM_HOST)
            self.inbox.append(message)

    def take(self, kind: int) -> Message:
        """Return the oldest message of *kind* from the inbox, which holds one."""
        message = next(message for message in self.inbox if message[0] == kind)
        self.inbox.remove(message)
        return message

    def has(self, kind: int) -> bool:
        """Whether a message of *kind* has come."""
        return any(message[0] == kind for message in self.inbox)

    # What it says.

    def send(self, *messages: Message) -> None:
        """Write whole frames."""
        self.send_raw(b"".join(frame(encode(message)) for message in messages))

    def send_raw(self, data: bytes) -> None:
        """Write *data*, which fits into the pipe; a host that has closed its end is no error."""
        try:
            assert os.write(self.write_fd, data) == len(data)
        except BrokenPipeError:
            return

    def send_some(self, data: bytes) -> int:
        """Write what the pipe takes; return how many bytes that were (0 for a full or closed pipe)."""
        try:
            return os.write(self.write_fd, data)
        except (BlockingIOError, BrokenPipeError):
            return 0

    def hello(self, version: int = PROTOCOL_VERSION, layers: str = ALL_LAYERS) -> None:
        """Say that the lockdown is done."""
        self.send([HELLO, version, "scripted", layers])

    def result(
        self, id_: int, text: str = "", status: int | None = None, flags: int = FLAG_ENTRY_ENDED
    ) -> None:
        """Answer a call; a continue without *text*."""
        known = (STATUS_VALUE if text else STATUS_CONTINUE) if status is None else status
        self.send([RESULT, id_, known, flags, text])

    def end(self, of: int = 0) -> None:
        """Report the end of an entry, or of the CANCEL of a call."""
        self.send([END, of])

    def hostcall(
        self,
        id_: int,
        name: str = "kv.load",
        args: str = "{}",
        *,
        call: int = 0,
        flags: int = 0,
    ) -> None:
        """Ask for something."""
        self.send([HOSTCALL, id_, call, flags, name, args])

    def cast(self, name: str, args: str, *, call: int = 0) -> None:
        """Tell something."""
        self.send([CAST, call, name, args])

    # How it ends.

    def close_read(self) -> None:
        """Close the end on which the host writes."""
        self.stop_reading()
        os.close(self.read_fd)
        self.read_fd = -1

    def close_write(self) -> None:
        """Close the end on which the host reads."""
        os.close(self.write_fd)
        self.write_fd = -1

    def die(self, number: int = signal.SIGSEGV) -> None:
        """End by a signal that is not the host's."""
        os.kill(self.pid, number)

    def leave(self, code: int) -> None:
        """End with an exit code."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{code}\n".encode())
        self._process.stdin.close()

    def _on_exit(self, _: int) -> None:
        self._runtime.reactor.remove(self._pidfd)
        status = self._process.wait()
        self.exit = Exit(max(status, 0), max(-status, 0))
        # As the kernel does it: what the process held is closed before anyone hears of its end.
        self._close_pipes()
        os.close(self._pidfd)
        self._child.on_exited(self.exit)

    def _close_pipes(self) -> None:
        if self.read_fd >= 0:
            self.close_read()
        if self.write_fd >= 0:
            self.close_write()

    def discard(self) -> None:
        """End it when the test is over, whatever became of it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.exit is None:
            self._process.kill()
            self._process.wait()
            self._close_pipes()
            os.close(self._pidfd)


class SwitchingZygote:
    """Gives scripted workers to the plugins that a test plays, real ones to the others."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage

    def spawn(self, child: Child, limits: WorkerLimits, max_frame_bytes: int) -> HostEnd:
        """See :meth:`host.spawn.Zygote.spawn`."""
        stage = self._stage
        assert isinstance(child, Link)
        name = child._listener.plugin.name  # type: ignore[attr-defined]  # of an Instance
        if name not in stage.scripted:
            return stage.real_zygote("plugins").spawn(child, limits, max_frame_bytes)
        worker = ScriptedWorker(stage.runtime, child, tell_pid=stage.tells_pids)
        stage.workers.append(worker)
        read_fd, write_fd = worker.host_end_fds
        return HostEnd(read_fd, write_fd, max_frame_bytes=max_frame_bytes)


class Stage(HostCore):
    """A host whose reactor the test turns. Use as ``with Stage(tmp_path) as stage``."""

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        super().__init__(config, project_dir=folder, home=folder / "home")
        self.folder = folder
        self.scripted = {"hostile"}
        self.tells_pids = True
        self.session_id = ""
        self.workers: list[ScriptedWorker] = []
        self.real_zygote: Callable[[str], Zygote] = self.runtime.zygote  # type: ignore[assignment]  # str for RoleName
        switch = SwitchingZygote(self)
        self.runtime.zygote = (  # type: ignore[method-assign]  # the one seam: who forks
            lambda role: switch if role == "plugins" else self.real_zygote(role)  # type: ignore[return-value]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.workspace.close()
        self.runtime.close()
        for worker in self.workers:
            worker.discard()

    # Time.

    def until(self, is_so: Callable[[], object], within_s: float = WITHIN_S) -> None:
        """Turn the reactor until *is_so* gives something true, which a thread of the test's may bring about unheard."""
        limit = now_s() + within_s
        while not is_so():
            assert now_s() < limit, "it did not happen"
            self.runtime.reactor.run_once(LOOK_S)

    def turn(self) -> None:
        """Handle all that is ready now, and what follows from it, without waiting."""
        reactor = self.runtime.reactor
        while ready := reactor.poll(0):
            reactor.handle(ready)
        reactor.run_once(0)

    def run(self, wait: "Wait[T]") -> T:
        """Turn the reactor until *wait* has its value."""
        self.until(lambda: wait.is_done)
        return wait.result()

    # Plugins.

    def begin_load(self, name: str = "hostile") -> "Wait[PluginInfo]":
        """Start to load the plugin *name*, which a test plays."""
        path = self.folder / f"{name}.js"
        path.write_text("export default () => {};\n")
        return start(self.workspace.loads.load(path))

    def load(self, name: str = "hostile") -> ScriptedWorker:
        """Load a plugin that a test plays; its worker, idle."""
        before = len(self.workers)
        loading = self.begin_load(name)
        self.until(lambda: len(self.workers) > before)
        worker = self.workers[-1]
        self.bring_up(worker)
        self.run(loading)
        return worker

    def begin_load_and_header(self) -> tuple[ScriptedWorker, JsonObject]:
        """Load as :meth:`load` does; the worker, and what it was told of itself."""
        loading = self.begin_load()
        self.until(lambda: self.workers)
        worker = self.workers[-1]
        worker.hello()
        self.until(lambda: worker.has(LOAD))
        load = worker.take(LOAD)
        worker.result(int(load[1]), REGISTERED)
        self.run(loading)
        header: JsonObject = json.loads(str(load[3]))
        return worker, header

    def bring_up(self, worker: ScriptedWorker) -> None:
        """Play the start of *worker*: hello, then a load that registers PreToolUse and a tool."""
        worker.hello()
        self.until(lambda: worker.has(LOAD))
        worker.result(int(worker.take(LOAD)[1]), REGISTERED)
        self.turn()

    def load_honest(self) -> None:
        """Load a real plugin into a real worker."""
        path = self.folder / "honest.js"
        path.write_text(HONEST)
        self.run(start(self.workspace.loads.load(path)))

    @property
    def plugin(self) -> Plugin:
        """The plugin that the test plays."""
        return self.workspace.plugin("hostile")

    # Use.

    def begin(self, command: str = "ls") -> "Wait[Outcome]":
        """Dispatch PreToolUse; the outcome to be."""
        payload: JsonObject = {"tool_name": "bash", "tool_input": {"command": command}}
        if self.session_id:
            payload["session_id"] = self.session_id
        outcome = self.workspace.dispatch(PluginEvent.PRE_TOOL_USE, payload)
        assert isinstance(outcome, Wait)
        return outcome

    def deliver_tool(self, worker: ScriptedWorker) -> "tuple[Wait[ToolResult], int]":
        """Call the scripted plugin's tool and take it on *worker*'s side; the result to be, and the id.

        The plugin sees PreToolUse first, as for every tool, and lets it pass.
        """
        waiting = start(call_tool(self.workspace, "poke", {}, Caller()))
        self.until(lambda: worker.has(EVENT) or worker.has(TOOL))
        if worker.has(EVENT):
            worker.result(int(worker.take(EVENT)[1]))
            self.until(lambda: worker.has(TOOL))
        return waiting, int(worker.take(TOOL)[1])

    def deliver(self, worker: ScriptedWorker) -> "tuple[Wait[Outcome], int]":
        """Dispatch PreToolUse and take it on *worker*'s side; the outcome to be, and the call's id."""
        waiting = self.begin()
        self.until(lambda: worker.has(EVENT))
        return waiting, int(worker.take(EVENT)[1])

    def expire(self, id_: int) -> None:
        """Let the deadline of the call *id_* of the scripted plugin pass, now."""
        link = self.plugin.all_instances()[0].link
        assert link is not None
        link.calls[id_].give_up()

    def honest_answers(self) -> Outcome:
        """Show an event to the real plugin; the outcome, which is its answer."""
        outcome = self.workspace.dispatch(PluginEvent.USER_PROMPT_SUBMIT, {"content": "hi"})
        assert isinstance(outcome, Wait)
        answered = self.run(outcome)
        assert answered.output == {"modified_prompt": "hi!"}
        return answered

    def entries(self, kind: Kind, plugin: str = "hostile") -> list[AuditEntry]:
        """The audit's entries of *kind* about *plugin*."""
        return self.audit.recent(1000, plugin=plugin, kind=kind)

    def codes(self, kind: Kind, plugin: str = "hostile") -> list[str]:
        """Their codes, oldest first."""
        return [entry.code for entry in self.entries(kind, plugin)]

    def reactor_demand(self) -> int:
        """How much goes on that no caller waits for: 0 when every worker is idle."""
        return self.runtime.reactor.demand


def ended(stage: Stage, worker: ScriptedWorker, kind: Kind, code: str) -> None:
    """The worker is gone, the audit says why, and the real plugin answers."""
    stage.until(lambda: worker.exit)
    stage.until(lambda: stage.codes(kind))
    assert stage.codes(kind)[-1] == code
    assert stage.honest_answers().results[0].status is Status.ANSWERED
