"""Conversations with a real host, whose worker's end of the pipes is the fuzzer's.

Everything behind the pipes is the host's own: link, instance, hostcalls with their database, registry, merge, tools.
Only the process is missing: a death is told to the host at once, so that a million of them take minutes.

Promises    :meth:`Playing.play` raises whatever the host raised, and ``AssertionError`` when its books do not
            balance: a call that never ended or ended twice, something that still counts as going on.
"""

import gc
import logging
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from host import link as link_module
from host.breaker import Breaker
from host.config import Config, Timeouts
from host.errors import ToolError
from host.events import PluginEvent
from host.instance import Instance
from host.link import Link
from host.outcome import JsonObject, Outcome
from host.spawn import Child, Exit, WorkerLimits
from host.tools import Caller, call_tool
from host.waits import Wait, start
from ipc.codec import encode
from ipc.framing import frame
from ipc.host_end import HostEnd
from ipc.messages import (
    FLAG_ENTRY_ENDED,
    HELLO,
    LOAD,
    PROTOCOL_VERSION,
    RESULT,
    STATUS_VALUE,
    Message,
)
from tests.fuzz.steps import Act, Raw, Say, Step, change
from tests.support.scripted import ALL_LAYERS, REGISTERED, Stage

_ROOT: Final = Path(__file__).resolve().parents[2]
_OURS: Final = (f"{_ROOT}/host/", f"{_ROOT}/ipc/")
_LONG_MS: Final = 24 * 3600 * 1000
_PAYLOAD: Final[JsonObject] = {"tool_name": "bash", "tool_input": {"command": "ls"}}
_EXPLORE: Final = 3000
"""Conversations at the start whose coverage is always looked at; of the later ones, one in ``_SAMPLE`` is."""
_SAMPLE: Final = 40
_COLLECT_EVERY: Final = 100
_FRESH_LOADS: Final = 0.02
_KEPT: Final = 4096


class _Pipes:
    """A zygote as far as a link knows one. It remembers the ends of the last worker it made."""

    def __init__(self) -> None:
        self.fds: tuple[int, int] | None = None

    def spawn(self, child: Child, limits: WorkerLimits, max_frame_bytes: int) -> HostEnd:
        """See :meth:`host.spawn.Zygote.spawn`."""
        from_host, to_worker = os.pipe()
        from_worker, to_host = os.pipe()
        self.close()
        self.fds = (from_host, to_host)
        os.set_blocking(from_host, False)
        os.set_blocking(to_host, False)
        return HostEnd(from_worker, to_worker, max_frame_bytes=max_frame_bytes)

    def close(self) -> None:
        """Close the worker's ends."""
        if self.fds is not None:
            for fd in self.fds:
                os.close(fd)
            self.fds = None


class Playing(Stage):
    """A host with one loaded plugin that the fuzzer plays. A context manager.

    ``seen`` counts the codes with which the host ended workers; ``lines`` is the coverage so far.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        times = Timeouts(
            info_ms=_LONG_MS,
            actionable_ms=_LONG_MS,
            permission_ms=_LONG_MS,
            max_busy_ms=_LONG_MS,
        )
        super().__init__(
            folder,
            Config(timeouts=times, mode="permissive", permission_mode="bypass_permissions"),
        )
        self._chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._pipes = _Pipes()
        self.runtime.zygote = (  # type: ignore[method-assign]  # the one seam: who forks
            lambda role: self._pipes if role == "plugins" else self.real_zygote(role)  # type: ignore[return-value]
        )
        self._kept: list[list[Step]] = []
        self._open: list[Wait[Outcome]] = []
        self._instance: Instance | None = None
        self._link: Link | None = None
        self.frames = 0
        self.conversations = 0
        self.seen: Counter[str] = Counter()
        self.lines: set[tuple[str, int]] = set()

    # The run.

    def play(self, frames: int) -> None:
        """Play conversations until the host was given so many frames."""
        logger = logging.getLogger("jcode_plugins")
        was_disabled, logger.disabled = logger.disabled, True
        # Else it could come inside a message nested to the limit, where no callback of garbage has stack left.
        gc.disable()
        looked, link_module.LOOK_FOR_S = link_module.LOOK_FOR_S, 0.0  # type: ignore[misc]  # nobody answers there
        try:
            if self._instance is None:
                self._load_first()
            until = self.frames + frames
            while self.frames < until:
                self._converse()
                if self.conversations % _COLLECT_EVERY == 0:
                    gc.collect(1 if self.conversations % (100 * _COLLECT_EVERY) else 2)
        finally:
            gc.enable()
            logger.disabled = was_disabled
            link_module.LOOK_FOR_S = looked  # type: ignore[misc]  # as above

    def _load_first(self) -> None:
        loading = self.begin_load()
        self.until(lambda: self._pipes.fds is not None)
        self._say([HELLO, PROTOCOL_VERSION, "fuzz", ALL_LAYERS])
        self._finish_load()
        super().run(loading)

    def _converse(self) -> None:
        self.conversations += 1
        steps = change(self._chance, self._kept)
        self._revive(fresh=self._chance.random() < _FRESH_LOADS)
        if self.conversations > _EXPLORE and self.conversations % _SAMPLE:
            self._perform(steps)
            return
        before = len(self.lines)
        with _tracing(self.lines):
            self._perform(steps)
        if len(self.lines) > before and len(self._kept) < _KEPT:
            self._kept.append(steps)

    def _perform(self, steps: list[Step]) -> None:
        for step in steps:
            if self._is_lost:
                break
            match step:
                case Say(message=message, in_turn=in_turn):
                    if in_turn and not self._has_turn:
                        self._act(Act("dispatch"))
                    if self._is_lost:
                        break
                    self._say(self._with_ids(message))
                case Raw(data=data):
                    self._write(data)
                case Act():
                    self._act(step)
        if self._is_lost or self._chance.random() < 0.2:
            self._end()

    @property
    def _is_lost(self) -> bool:
        return self._link is None or self._link.is_lost

    @property
    def _has_turn(self) -> bool:
        if self._link is None:
            return False
        return self._link.watchdog.has_entry or bool(self._link.watchdog.cancels)

    # The worker.

    def _say(self, message: Message) -> None:
        self._write(frame(encode(message)))

    def _write(self, data: bytes) -> None:
        assert self._pipes.fds is not None
        self.frames += 1
        try:
            os.write(self._pipes.fds[1], data)
        except BrokenPipeError:
            assert self._is_lost
        self.turn()
        self._drain()

    def _drain(self) -> None:
        assert self._pipes.fds is not None
        try:
            while os.read(self._pipes.fds[0], 1 << 20):
                self.turn()
        except BlockingIOError:
            return

    def _with_ids(self, message: tuple[int | str, ...]) -> Message:
        assert self._link is not None
        open_ = list(self._link.calls) or list(self._link._cancelled) or [1]
        return [
            open_[(-field - 1) % len(open_)] if isinstance(field, int) and field < 0 else field
            for field in message
        ]

    # The host.

    def _act(self, act: Act) -> None:
        link, instance = self._link, self._instance
        assert link is not None
        assert instance is not None
        match act.name:
            case "dispatch":
                outcome = self.workspace.dispatch(PluginEvent.PRE_TOOL_USE, _PAYLOAD)
                if isinstance(outcome, Wait):
                    self._open.append(outcome)
            case "tool":
                self._open.append(start(self._call_tool()))  # type: ignore[arg-type]  # its value is not looked at
            case "expire" if link.calls:
                next(iter(link.calls.values())).give_up()
            case "push":
                instance.push({"topic": "kv", "changed": {}})
            case "wake":
                link.wake()
            case _:
                self.workspace.publish()
        self.turn()
        self._drain()

    async def _call_tool(self) -> None:
        try:
            await call_tool(self.workspace, "poke", {}, Caller(typed=True))
        except ToolError:
            return  # the worker took its tool back

    # Death and return.

    def _end(self) -> None:
        """The process ends; whatever it left must be finished, once."""
        link, instance = self._link, self._instance
        assert link is not None
        assert instance is not None
        if not link.is_gone:
            link.on_exited(Exit(0, 11))
        while instance.waiting:  # calls that would wait for the next worker
            instance.waiting.popleft().give_up()
        self.turn()
        for entry in self.audit.recent(1, plugin="hostile"):
            self.seen[f"{entry.kind.value} {entry.code}"] += 1
        self._settle()
        assert not link.calls
        self._link = None

    def _settle(self) -> None:
        """Calls that were in flight have an outcome, but for what a second step of them waits for."""
        instance = self._instance
        assert instance is not None
        for _ in range(64):
            if all(wait.is_done for wait in self._open):
                break
            while instance.waiting:
                instance.waiting.popleft().give_up()
            self.turn()
        assert all(wait.is_done for wait in self._open), "a call was never finished"
        for wait in self._open:
            wait.result()
        self._open.clear()

    def _revive(self, *, fresh: bool) -> None:
        """See that there is a worker; *fresh*: one that has not said hello yet."""
        instance = self._instance
        assert instance is not None
        if not self._is_lost:
            return
        if instance.link is not None and not instance.link.is_gone:
            # This process was kept waiting for so long that the host has started another by itself.
            instance.link.on_exited(Exit(0, 11))
        instance._drop_timers()
        instance._failures = 0
        instance._breaker = Breaker()
        assert self.runtime.reactor.demand == 0, "something still counts as going on"
        instance.start()
        self._link = instance.link
        assert self._link is not None
        if fresh:
            return
        self._say([HELLO, PROTOCOL_VERSION, "fuzz", ALL_LAYERS])
        self._finish_load()

    def _finish_load(self) -> None:
        if self._link is None:
            (self._instance,) = self.plugin.all_instances()
            self._link = self._instance.link
        assert self._link is not None
        (id_,) = [c.id for c in self._link.calls.values() if c.message[0] == LOAD]
        self._say([RESULT, id_, STATUS_VALUE, FLAG_ENTRY_ENDED, REGISTERED])

    def __exit__(self, *about: object) -> None:
        if self._link is not None and not self._link.is_gone:
            self._link.on_exited(Exit(0, 11))
        super().__exit__(None, None, None)
        self._pipes.close()


@contextmanager
def _tracing(lines: set[tuple[str, int]]) -> Iterator[None]:
    """Collect which lines of ours run."""

    def local(at: FrameType, what: str, _: object) -> object:
        if what == "line":
            lines.add((at.f_code.co_filename, at.f_lineno))
        return local

    def enter(at: FrameType, what: str, _: object) -> object:
        file = at.f_code.co_filename
        return local if file.startswith(_OURS) else None

    was = sys.gettrace()
    sys.settrace(enter)  # type: ignore[arg-type]  # a local trace function, or none
    try:
        yield
    finally:
        sys.settrace(was)
