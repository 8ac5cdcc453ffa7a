"""A daemon at work and the console before it, each in processes of their own, as a person has them.

How         A hundred plugins of which twenty fill a slot again and again; a client that has events blocked, each of them an
            entry of the audit; ``jcode-plugin tui`` in a pseudo-terminal that is read and thrown away.
"""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import psutil

from benchmarks.row import WrongAnswerError
from jcode_plugins import Client

_ROOT: Final = Path(__file__).resolve().parents[1]
PLUGINS: Final = 100
SHOWING: Final = 20
EVENTS_A_SECOND: Final = 1000
UPDATES_A_SECOND: Final = 20
"""Of each slot."""
_PLACES: Final = ("Sidebar", "Header", "StatusBar", "Sidebar", "Footer")
SIZE: Final = (120, 40)
NEXT_PANE: Final = b"\x1bOR"
"""F3."""
_PATIENCE_S: Final = 120.0
_QUIET = """
pi.registerTool({name: "NAME", description: "a tool", tier: "read", handler: () => "x"});
pi.on("TurnEnd", () => {});
"""
_SHOWING = (
    _QUIET
    + """
let n = 0;
setInterval(() => {
  n += 1;
  pi.tui.slot.fill("PLACE", [`NAME ${n}`, `of ${n + 7}`], {id: "counts", order: ORDER});
}, EVERY_MS);
"""
)
_GUARD = 'pi.on("PreToolUse", () => ({block: "not today"}));\n'
_CONFIG = '[plugin]\npermission_mode = "bypass_permissions"\n'
_LOAD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from jcode_plugins import Client
every = 1 / float(sys.argv[4])
event = {"tool_name": "bash", "tool_input": {"command": "ls"}, "session_id": "s"}
with Client(sys.argv[2], project_dir=sys.argv[3]) as client:
    due, done, told = time.monotonic(), 0, time.monotonic() + 1
    while True:
        assert client.dispatch("PreToolUse", event).blocked
        done += 1
        due = max(due + every, time.monotonic() - 1)
        if told < time.monotonic():
            told += 1
            print(done, flush=True)
        time.sleep(max(0.0, due - time.monotonic()))
"""


class Window(NamedTuple):
    """What was seen for some seconds."""

    cpu_percent: float
    """Of one core, by the console's process alone."""
    daemon_percent: float
    rss_mib: float
    """Of the console, at the end."""
    daemon_mib: float
    events_a_second: float
    written_a_second: float
    """Bytes, to the terminal."""


class Busy:
    """See the module's text. A context; what it holds is gone after it."""

    def __init__(
        self, place: Path, *, plugins: int = PLUGINS, more: Mapping[str, str] | None = None
    ) -> None:
        self.home = place / "home"
        self.project = place / "project"
        self._plugins = plugins
        self._more = dict(more or {})
        self.on_data: Callable[[bytes], None] = lambda data: None
        """Called in another thread with what the console writes."""
        self._stack = contextlib.ExitStack()
        self._daemon: subprocess.Popen[bytes] | None = None
        self._console: psutil.Process | None = None
        self._terminal = -1
        self.written = 0
        self.events = 0

    @property
    def environment(self) -> dict[str, str]:
        """Of the daemon and of its clients."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "JCODE_HOME": str(self.home),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }

    def client(self) -> Client:
        """A client in the project."""
        return Client(
            project_dir=self.project, environment=self.environment, timeout_s=_PATIENCE_S
        )

    def __enter__(self) -> Self:
        """Start the daemon and wait until every plugin is active."""
        with contextlib.ExitStack() as stack:
            self._write()
            self._daemon = stack.enter_context(self._serving())
            with self.client() as client:
                until = time.monotonic() + _PATIENCE_S
                while not self.is_loaded(client):
                    if time.monotonic() > until:
                        raise WrongAnswerError("busy: the plugins did not load")
                    time.sleep(0.2)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self._stack.close()

    def is_loaded(self, client: Client) -> bool:
        """Whether everything runs that is to run."""
        active = sum(one.state == "active" for one in client.plugins())
        return active == self._plugins + 1 + len(self._more)

    def _write(self) -> None:
        (self.home / "plugins").mkdir(parents=True)
        (self.home / "config.toml").write_text(_CONFIG)
        self.project.mkdir()
        for name, source in {"guard.js": _GUARD, **self._more}.items():
            (self.home / "plugins" / name).write_text(source)
        every_ms = str(1000 // UPDATES_A_SECOND)
        for at in range(self._plugins):
            source = _SHOWING if at < SHOWING else _QUIET
            name = f"plugin-{at:03}"
            text = source.replace("NAME", name).replace("EVERY_MS", every_ms)
            text = text.replace("PLACE", _PLACES[at % len(_PLACES)]).replace("ORDER", str(at))
            (self.home / "plugins" / f"{name}.js").write_text(text)

    @contextlib.contextmanager
    def _serving(self) -> Iterator[subprocess.Popen[bytes]]:
        words = [sys.executable, "-m", "host", "serve"]
        with subprocess.Popen(
            words,
            cwd=_ROOT,
            env=self.environment,
            stderr=subprocess.PIPE,
            start_new_session=True,  # as in the background
        ) as process:
            try:
                assert process.stderr is not None
                while b"listening at" not in (line := process.stderr.readline()):
                    if not line:
                        raise WrongAnswerError("busy: the daemon did not start")
                _drain(process.stderr.fileno())
                yield process
            finally:
                process.terminate()
                process.wait(60)

    # What is before it.

    def load(self, events_a_second: int = EVENTS_A_SECOND) -> None:
        """Have so many events a second from now on, or as many as the machine can do."""
        with self.client() as client:
            path = client.path
        words = [sys.executable, "-c", _LOAD, str(_ROOT), path, str(self.project)]
        process = self._stack.enter_context(
            subprocess.Popen([*words, str(events_a_second)], stdout=subprocess.PIPE)
        )
        self._stack.callback(process.kill)
        assert process.stdout is not None
        lines = process.stdout

        def count() -> None:
            for line in lines:
                self.events = int(line)

        threading.Thread(target=count, daemon=True).start()
        until = time.monotonic() + _PATIENCE_S
        while not self.events:
            if process.poll() is not None or time.monotonic() > until:
                raise WrongAnswerError("busy: no events")
            time.sleep(0.1)

    def show(
        self, words: Sequence[str] = ("-m", "host", "tui"), until: bytes = b"plugin-000"
    ) -> int:
        """Start the console and return its process id once it has drawn *until*: what the plugins show."""
        ours, theirs = pty.openpty()
        self._terminal = ours
        rows_columns = struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, rows_columns)
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.project,
            env=self.environment | {"PYTHONPATH": str(_ROOT)},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        drawn = threading.Event()

        def read() -> None:
            with contextlib.suppress(OSError):  # what a terminal that is gone says
                while data := os.read(ours, 65536):
                    self.written += len(data)
                    self.on_data(data)
                    if until in data:
                        drawn.set()

        threading.Thread(target=read, daemon=True).start()
        self._stack.callback(os.close, ours)
        self._stack.callback(process.wait, 60)
        self._stack.callback(process.terminate)
        if not drawn.wait(_PATIENCE_S):
            raise WrongAnswerError("busy: the console drew nothing of the plugins")
        self._console = psutil.Process(process.pid)
        return process.pid

    def press(self, keys: bytes) -> None:
        """Type *keys* into the console."""
        os.write(self._terminal, keys)

    def watch(self, seconds: float) -> Window:
        """See for so many seconds what the console and the daemon use."""
        assert self._console is not None
        assert self._daemon is not None
        daemon = psutil.Process(self._daemon.pid)
        before, served = _cpu_s(self._console), _cpu_s(daemon)
        began, events, written = time.monotonic(), self.events, self.written
        time.sleep(seconds)
        passed = time.monotonic() - began
        mib = 1024 * 1024
        return Window(
            100 * (_cpu_s(self._console) - before) / passed,
            100 * (_cpu_s(daemon) - served) / passed,
            self._console.memory_info().rss / mib,
            daemon.memory_info().rss / mib,
            (self.events - events) / passed,
            (self.written - written) / passed,
        )


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _drain(fd: int) -> None:
    """Read what comes, so that nobody waits to write it."""

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(fd, 65536):
                pass

    threading.Thread(target=read, daemon=True).start()
