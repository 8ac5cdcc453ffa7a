"""Getting to a first answer: hosts, workers, builds."""

import itertools
import os
import signal
import tempfile
import time
from pathlib import Path

from minisign import SecretKey

from benchmarks.families.hosting import (
    BlockingRow,
    HostRow,
    answered,
    config,
    expect,
    until_readable,
)
from benchmarks.names import (
    LOAD_CACHED,
    LOAD_SOURCE,
    RELOAD_CHANGED,
    RELOAD_UNCHANGED,
    SWC_1K,
    SWC_10K,
    WORKER_READY,
)
from benchmarks.payload import PAYLOAD, PLUGINS
from benchmarks.row import Row, WrongAnswerError
from host import BlockingPluginHost, Config, PluginEvent
from host.install.snapshots import Snapshots
from host.install.switch import put, remove
from host.install.values import Installed, Origin, Release
from host.looking import NO_VERSION
from host.reactor import Reactor
from host.signing.contents import Place
from host.signing.detached import make_key
from host.signing.making import sign_plugin
from host.spawn import Exit, WorkerLimits, Zygote
from ipc.limits import MAX_FRAME_BYTES
from ipc.messages import HELLO
from policies.plugin_name import slug
from worker.build.compile import compile_file

_KILOBYTE = PLUGINS / "kilobyte.ts"


class ColdStart(HostRow):
    """A new host, its zygotes, one plugin, one event; the package is already imported."""

    warm_up = 0
    max_per_round = 5

    def setup(self) -> None:
        """See one start; what is cached after a first start is cached now."""
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds, from constructor to outcome; closing is not counted."""
        samples = []
        for _ in range(n):
            begin = time.perf_counter_ns()
            with BlockingPluginHost(config()) as host:
                host.load(PLUGINS / "noop.ts")
                outcome = host.dispatch(PluginEvent.PRE_TOOL_USE, PAYLOAD)
                samples.append(float(time.perf_counter_ns() - begin))
            expect(self.name, answered, outcome)
        return samples


class _Load(BlockingRow):
    """Loads a file into a running host; unloading it is not counted."""

    warm_up = 1
    max_per_round = 50

    def load(self, path: Path, installed: Installed | None = None) -> float:
        """Return the duration of one load in nanoseconds."""
        assert self.host is not None
        begin = time.perf_counter_ns()
        info = self.host.load(path, installed=installed)
        took = float(time.perf_counter_ns() - begin)
        if not self.host.has_handler(PluginEvent.PRE_TOOL_USE):
            raise WrongAnswerError(f"{self.name}: loaded without its handler")
        self.host.unload(info.name)
        return took


class LoadCached(_Load):
    """The same bytes at the same path, again and again."""

    def setup(self) -> None:
        """Build it once."""
        self.open()
        self.load(_KILOBYTE)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""
        return [self.load(_KILOBYTE) for _ in range(n)]


class LoadSource(_Load):
    """Bytes that were never seen before: a comment with a number at the end."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = itertools.count()

    def setup(self) -> None:
        """Make a directory for the plugin's file."""
        self._directory = tempfile.TemporaryDirectory(prefix="bench-load-")
        self.open()
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds; writing the file is not counted."""
        assert self._directory is not None
        path = Path(self._directory.name) / "kilobyte.ts"
        source = _KILOBYTE.read_text()
        samples = []
        for _ in range(n):
            path.write_text(f"{source}// {next(self._numbers)}\n")
            samples.append(self.load(path))
        return samples

    def teardown(self) -> None:
        """Close the host, remove the directory."""
        super().teardown()
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None


class Reload(LoadSource):
    """Reloads the file of a plugin that runs: with bytes never seen before, or with those that it was loaded from."""

    def __init__(self, name: str, *, changed: bool) -> None:
        super().__init__(name)
        self._changed = changed

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds; writing the file is not counted."""
        assert self.host is not None
        assert self._directory is not None
        path = Path(self._directory.name) / "kilobyte.ts"
        source = _KILOBYTE.read_text()
        if not path.exists():
            path.write_text(source)
            self.host.load(path)
        samples = []
        for _ in range(n):
            if self._changed:
                path.write_text(f"{source}// {next(self._numbers)}\n")
            begin = time.perf_counter_ns()
            done = self.host.reload("kilobyte")
            samples.append(float(time.perf_counter_ns() - begin))
            if done.changed is not self._changed:
                raise WrongAnswerError(f"{self.name}: changed is {done.changed}")
        return samples


class LoadFiles(LoadSource):
    """A plugin of fifty files, each importing the next; from source, one of them is new each time."""

    files = 50

    def __init__(self, name: str, *, is_built: bool) -> None:
        super().__init__(name)
        self._is_built = is_built

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds; writing the files is not counted."""
        assert self._directory is not None
        root = Path(self._directory.name)
        if not (root / "index.ts").exists():
            self._write(root)
        samples = []
        for _ in range(n):
            if not self._is_built:
                last = f"export const f{self.files} = {next(self._numbers)};\n"
                (root / f"f{self.files}.ts").write_text(last)
            samples.append(self.load(root))
        return samples

    def _write(self, root: Path) -> None:
        for i in range(1, self.files):
            (root / f"f{i}.ts").write_text(
                f'import {{ f{i + 1} }} from "./f{i + 1}";\n'
                f"interface Shape{i} {{ n: number }}\n"
                f"export const f{i}: number = f{i + 1} + {i};\n"
                f"export function make{i}(n: number): Shape{i} {{ return {{ n: n + f{i} }}; }}\n"
            )
        (root / f"f{self.files}.ts").write_text(f"export const f{self.files} = 0;\n")
        (root / "index.ts").write_text(
            'import { f1 } from "./f1";\n'
            'export default (pi) => pi.on("PreToolUse", () => (f1 < 0 ? { block: "no" } : undefined));\n'
        )


class LoadInstalled(LoadFiles):
    """The same files, installed: each is compared with what was remembered of it. Built before."""

    def __init__(self, name: str) -> None:
        super().__init__(name, is_built=True)
        self._installed: Installed | None = None

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds; installing it is not counted."""
        assert self.host is not None
        assert self._directory is not None
        snapshots = Snapshots(self.host.runtime.home)
        if self._installed is None:
            root = Path(self._directory.name)
            self._write(root)
            with snapshots.keep(root) as kept:
                self._installed = Installed(
                    name="fifty",
                    id="file:fifty",
                    origin=Origin("directory", str(root)),
                    current=Release(
                        "1.0.0",
                        str(root),
                        tree=kept.tree,
                        files=dict(kept.files),
                        accepted=(("events", "PreToolUse"),),
                    ),
                    enabled=True,
                    installed_at=0.0,
                    updated_at=0.0,
                )
                put(self.host.runtime.home, self._installed, instead_of=None)
        path = snapshots.path(self._installed.current.tree)
        return [self.load(path, self._installed) for _ in range(n)]

    def teardown(self) -> None:
        """Remove it, as well as what the others remove."""
        if self.host is not None and self._installed is not None:
            remove(self.host.runtime.home, self._installed.name)
        self._installed = None
        super().teardown()


class LoadSigned(LoadFiles):
    """The same files, signed, in a host that requires it: each is hashed before anything is read. Built before."""

    def __init__(self, name: str) -> None:
        super().__init__(name, is_built=True)
        self._key = make_key(None)

    def config(self, **timeouts: int) -> Config:
        """Return a configuration that runs what this row signed, and nothing else."""
        keys = {self._key.id: {"key": self._key.public}}
        return Config.model_validate(
            {"timeouts": timeouts, "require_signature": "require", "trusted_keys": keys}
        )

    def _write(self, root: Path) -> None:
        super()._write(root)
        with SecretKey.from_bytes(self._key.secret) as secret:
            sign_plugin(Place(root), slug(root.name), NO_VERSION, secret)


class _Newborn:
    """Hears of one worker and keeps what is needed to end it."""

    def __init__(self) -> None:
        self.pidfd = -1
        self.has_ended = False
        self.failure: str | None = None

    def on_spawned(self, pid: int, pidfd: int) -> None:
        self.pidfd = pidfd

    def on_exited(self, how: Exit) -> None:
        self.has_ended = True

    def on_spawn_failed(self, reason: str) -> None:
        self.failure = reason

    def on_zygote_lost(self) -> None:
        self.failure = "the zygote died"


class WorkerReady(HostRow):
    """From asking the zygote to the worker's HELLO, which it sends when it is locked down."""

    warm_up = 2
    max_per_round = 100
    limits = WorkerLimits()

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._reactor: Reactor | None = None
        self._zygote: Zygote | None = None

    def setup(self) -> None:
        """Start a zygote and see one worker; the first fork waits for its prewarming."""
        self._reactor = Reactor()
        self._zygote = Zygote(self._reactor, "plugins", on_lost=lambda _: None)
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds; each worker is gone before the next is asked for."""
        return [self._one() for _ in range(n)]

    def _one(self) -> float:
        assert self._reactor is not None
        assert self._zygote is not None
        child = _Newborn()
        begin = time.perf_counter_ns()
        end = self._zygote.spawn(child, self.limits, MAX_FRAME_BYTES)
        # The descriptor is polled by hand: a handler in the reactor would add its own turn.
        until_readable(end.read_fd)
        messages = end.receive()
        took = float(time.perf_counter_ns() - begin)
        try:
            if not messages or messages[0][0] != HELLO:
                raise WrongAnswerError(f"{self.name}: {messages!r}")
            while child.pidfd < 0 and child.failure is None:
                self._reactor.run_once(1.0)
            if child.failure is not None:
                raise WrongAnswerError(f"{self.name}: {child.failure}")
            signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
            while not child.has_ended and child.failure is None:
                self._reactor.run_once(1.0)
        finally:
            end.close()
            if child.pidfd >= 0:
                os.close(child.pidfd)
        return took

    def teardown(self) -> None:
        """End the zygote."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
        if self._reactor is not None:
            self._reactor.close()
            self._reactor = None


class Compile(HostRow):
    """The compiler alone, in this process, on files of two sizes."""

    warm_up = 2
    max_per_round = 200

    def __init__(self, name: str, kilobytes: int) -> None:
        super().__init__(name)
        self._bytes = kilobytes * 1000
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._path = ""

    def setup(self) -> None:
        """Write the file: the 1 KB plugin, and copies of it in namespaces up to the size."""
        self._directory = tempfile.TemporaryDirectory(prefix="bench-swc-")
        text = _KILOBYTE.read_text()
        body = "enum " + text.partition("\nenum ")[2].replace("export default ", "")
        for number in itertools.count():
            if len(text) >= self._bytes:
                break
            text += f"namespace N{number} {{\n{body}}}\n"
        path = Path(self._directory.name) / "source.ts"
        path.write_text(text)
        self._path = str(path)
        if "enum " in compile_file(self._path):
            raise WrongAnswerError(f"{self.name}: not compiled")

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""
        samples = []
        for _ in range(n):
            begin = time.perf_counter_ns()
            compile_file(self._path)
            samples.append(float(time.perf_counter_ns() - begin))
        return samples

    def teardown(self) -> None:
        """Remove the file."""
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None


def rows() -> list[Row]:
    """From the whole to its parts."""
    return [
        ColdStart("cold start: host, plugin, first answer"),
        WorkerReady(WORKER_READY),
        LoadSource(LOAD_SOURCE),
        LoadCached(LOAD_CACHED),
        Reload(RELOAD_CHANGED, changed=True),
        Reload(RELOAD_UNCHANGED, changed=False),
        LoadFiles("load of a plugin of 50 files, from source", is_built=False),
        LoadFiles("load of a plugin of 50 files, built before", is_built=True),
        LoadInstalled("load of a plugin of 50 files, installed"),
        LoadSigned("load of a plugin of 50 files, signed"),
        Compile(SWC_1K, 1),
        Compile(SWC_10K, 10),
    ]
