"""What workers forked from one zygote have in common, and what they must not."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.config import Timeouts
from tests.support.processes import status_of
from tests.support.traced import Births, watch_births
from worker.engine import Engine

IS_ROOT = os.getuid() == 0
WORKERS = 6
DRAWS = 100
CANARY = "JCODE_CANARY_e41d"
PLUGIN = """
const canary = "%s";
export default (pi) => {
  pi.on("Stop", () => ({ reason: [
    ...Array.from({ length: %d }, Math.random),
    ...Array.from({ length: %d }, () => pi.uuid()),
  ].join(" ") }));
};
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BlockingPluginHost]:
    # A worker that takes a dead one's place on a busy machine has its time.
    config = Config(timeouts=Timeouts(actionable_ms=60_000))
    with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as made:
        yield made


@pytest.fixture
def load(host: BlockingPluginHost, tmp_path: Path) -> Callable[[str], int]:
    """Return a function that loads a plugin with a string of its own and gives its worker's process id."""

    def load_plugin(name: str, canary: str = "") -> int:
        path = tmp_path / f"{name}.js"
        path.write_text(PLUGIN % (canary or name, DRAWS, DRAWS))
        (pid,) = host.load(path).pids
        return pid

    return load_plugin


def drawn(host: BlockingPluginHost, name: str) -> list[str]:
    """What the plugin *name* drew, in order; of its next worker if this one is found dead."""
    for _ in range(3):
        outcome = host.dispatch("Stop", {"session_id": "s", "reason": "end"})
        (result,) = [result for result in outcome.results if result.plugin == name]
        if "reason" in result.output:
            return str(result.output["reason"]).split()
    raise AssertionError(result)


def test_no_two_workers_share_a_random_stream(
    host: BlockingPluginHost, load: Callable[[str], int]
) -> None:
    """Math.random and pi.uuid; also those of a worker that took a dead one's place."""
    names = [f"p{at}" for at in range(WORKERS)]
    pids = {name: load(name) for name in names}
    streams = [drawn(host, name) for name in names]
    os.kill(pids["p0"], signal.SIGKILL)
    streams.append(drawn(host, "p0"))

    values = [value for stream in streams for value in stream]
    assert len(values) == 2 * DRAWS * (WORKERS + 1)
    assert len(set(values)) == len(values)


def test_the_same_entropy_would_give_the_same_stream() -> None:
    """The control: forked from one parent, they differ by what each draws from the kernel and by nothing else."""
    streams = []
    for seed in (bytes(32), bytes(32), b"\1" * 32):
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                engine = Engine()
                engine.start(seed, 64 << 20)
                os.write(tell, str(engine._entropy(16)).encode())
            finally:
                os._exit(0)
        os.close(tell)
        with open(told, "rb") as answer:
            streams.append(answer.read())
        os.waitpid(pid, 0)

    assert streams[0]
    assert streams[0] == streams[1] != streams[2]


def test_neither_the_zygote_nor_a_worker_ever_has_a_second_thread(
    host: BlockingPluginHost, load: Callable[[str], int]
) -> None:
    """A tracer sees every birth: forks only, one for each worker, and none by a worker."""
    zygote = host.runtime._zygotes["plugins"].pid if host.runtime._zygotes else 0
    first = load("first")
    zygote = zygote or host.runtime._zygotes["plugins"].pid
    assert status_of(zygote)["Threads"] == status_of(first)["Threads"] == "1"
    if not IS_ROOT:
        return  # another user's tracer may be forbidden

    with watch_births(zygote) as watched:
        for at in range(3):
            load(f"p{at}")
        drawn(host, "p0")
    assert watched.seen == Births(processes=3, threads=0)


def test_the_tracer_would_have_seen_a_thread() -> None:
    """The control of the above: one fork, one thread."""
    wait, go = os.pipe()
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(told, b"x")
            os.read(wait, 1)
            import threading

            thread = threading.Thread(target=lambda: None)
            thread.start()
            thread.join()
            if os.fork() == 0:
                os._exit(0)
            os.wait()
        finally:
            os._exit(0)
    os.read(ready, 1)
    with watch_births(pid) as watched:
        os.write(go, b"x")
        os.waitpid(pid, 0)

    assert watched.seen == Births(processes=1, threads=1)


def memory_holds(pid: int, what: bytes) -> bool:
    """Whether any readable memory of the process has the bytes *what*."""
    with (
        open(f"/proc/{pid}/maps", encoding="utf-8") as maps,
        open(f"/proc/{pid}/mem", "rb", buffering=0) as memory,
    ):
        for line in maps:
            span, rights, *_ = line.split()
            if not rights.startswith("r") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except OSError:
                continue
            if data and what in data:
                return True
    return False


def test_a_worker_holds_nothing_of_the_host_or_of_its_siblings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its whole memory is searched: a variable of the host's, a sibling's source, the library of processes."""
    if not IS_ROOT:
        pid = os.getpid()
        assert status_of(pid)["Threads"]  # a worker hides its memory from its own user
        return
    monkeypatch.setenv("SECRET_TOKEN", CANARY + "-host")
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        pids = {}
        for name in ("one", "two"):
            path = tmp_path / f"{name}.js"
            path.write_text(PLUGIN % (f"{CANARY}-{name}", DRAWS, DRAWS))
            (pids[name],) = host.load(path).pids

        # The controls: the host has its own, and each its own.
        assert memory_holds(os.getpid(), f"{CANARY}-host".encode())
        for name, other in (("one", "two"), ("two", "one")):
            assert memory_holds(pids[name], f"{CANARY}-{name}".encode())
            for foreign in (
                f"{CANARY}-host",
                f"{CANARY}-{other}",
                "multiprocess.",
                "resource_tracker",
            ):
                assert not memory_holds(pids[name], foreign.encode()), foreign


def test_what_siblings_do_share_is_on_the_page(load: Callable[[str], int]) -> None:
    """Addresses are one zygote's, so one worker's are a guess at another's: written down, not promised away."""
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    assert "share the layout of their memory" in page
    assert "hash secret" in page
    if IS_ROOT:
        layouts = [_mapped(load(name)) for name in ("a", "b")]
        assert layouts[0] & layouts[1]


def _mapped(pid: int) -> set[str]:
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        return {line.split()[0] for line in file if "_quickjs" in line}
