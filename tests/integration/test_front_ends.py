"""The two front ends: threads, tasks, time that passes while nobody waits, ends and forks."""

import asyncio
import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from host import (
    BlockingPluginHost,
    Config,
    HostClosedError,
    PluginHost,
    PluginLoadError,
    Status,
    Timeouts,
)
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, bash, on, plugin

# The slow handler ends when another event lets it, so that "slow" is an order, not a duration.
GATE = plugin("""
  let open;
  const opened = new Promise((done) => { open = done; });
  pi.on("PreToolUse", async (event) => {
    if (event.tool_name === "slow") await opened;
    return { block: event.tool_input.command };
  });
  pi.on("Stop", () => { open(); });
""")


# Threads.


def test_eight_threads_each_get_their_own_answer(
    host: BlockingPluginHost, write: Write
) -> None:
    """Hundreds of calls at once, none of them mixed up."""
    host.load(write("a.js", on("PreToolUse", "return { block: event.tool_input.command };")))
    slow = (
        'if (event.tool_input.command.endsWith("3")) await pi.sleep(3); return { block: "b" };'
    )
    host.load(write("b.js", on("PreToolUse", slow, is_async=True)))

    def work(thread: int) -> list[str | None]:
        return [host.dispatch("PreToolUse", bash(f"{thread}-{n}")).reason for n in range(60)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(8)))

    assert answers == [[f"{thread}-{n}" for n in range(60)] for thread in range(8)]


def test_a_slow_call_of_one_thread_does_not_hold_up_another(
    host: BlockingPluginHost, write: Write
) -> None:
    """The fast ones are answered while the slow ones are under way: they are what ends them."""
    host.load(write("gate.js", GATE))
    slow = {"tool_name": "slow", "tool_input": {"command": "slow"}, "session_id": "s"}

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(host.dispatch, "PreToolUse", slow) for _ in range(6)]
        for n in range(50):
            assert host.dispatch("PreToolUse", bash(str(n))).reason == str(n)
        assert not any(future.done() for future in waiting)

        host.dispatch("Stop", {"session_id": "s"})

        assert [future.result().reason for future in waiting] == ["slow"] * 6


def test_a_plugin_that_spins_does_not_hold_up_another_thread(
    make_host: MakeHost, write: Write
) -> None:
    """Its own event runs into its deadline; other plugins answer meanwhile."""
    host = make_host(Config(timeouts=Timeouts(actionable_ms=1500)))
    host.load(write("spin.js", on("TurnStart", "for (;;);")))
    host.load(write("good.js", on("PreToolUse", "return { block: 'ok' };")))

    with ThreadPoolExecutor(1) as pool:
        spinning = pool.submit(host.dispatch, "TurnStart", {"session_id": "s"})
        while not spinning.running():
            pass
        for _ in range(20):
            assert host.dispatch("PreToolUse", bash()).reason == "ok"
        assert not spinning.done()
        assert spinning.result().results[0].status is Status.TIMED_OUT


def test_threads_may_load_and_unload_while_others_dispatch(
    host: BlockingPluginHost, write: Write
) -> None:
    """Every dispatch sees one generation: with the plugin or without it, never half of it."""
    host.load(write("base.js", on("PreToolUse", "")))
    path = write("extra.js", on("PreToolUse", "return { block: 'extra' };"))
    stop = threading.Event()

    def dispatch() -> set[tuple[str, ...]]:
        seen = set()
        while not stop.is_set():
            outcome = host.dispatch("PreToolUse", bash())
            seen.add((outcome.reason or "", *sorted(r.plugin for r in outcome.results)))
        return seen

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(dispatch) for _ in range(3)]
        for _ in range(5):
            host.load(path)
            assert host.dispatch("PreToolUse", bash()).reason == "extra"
            host.unload("extra")
        stop.set()
        seen = set().union(*(future.result() for future in futures))

    # An event under way when the plugin goes has its result named, and is not blocked by it.
    assert seen <= {("", "base"), ("extra", "base", "extra"), ("", "base", "extra")}


# Time that passes while no caller waits.

CLOCK = plugin("""
  let ticks = 0;
  pi.on("TurnStart", () => {
    const timer = setInterval(() => {
      ticks += 1;
      pi.kv.set("ticks", ticks);
      if (ticks === 5) { clearInterval(timer); pi.logger.warn("five ticks"); }
    }, 1);
  });
  pi.registerCommand("ticks", { handler: () => ({ output: [ticks, pi.kv.get("ticks")] }) });
""")


@pytest.fixture
def five_ticks(caplog: pytest.LogCaptureFixture) -> threading.Event:
    """An event that is set once the clock plugin has logged its fifth tick."""
    heard = threading.Event()
    original = caplog.handler.emit

    def emit(record: object) -> None:
        original(record)  # type: ignore[arg-type]
        if "five ticks" in str(getattr(record, "getMessage", str)()):
            heard.set()

    caplog.handler.emit = emit  # type: ignore[method-assign]
    return heard


def test_timers_run_while_no_thread_waits(
    host: BlockingPluginHost, write: Write, five_ticks: threading.Event
) -> None:
    """A thread of the host's tends them, and kv writes with them, until there is nothing to do."""
    host.load(write("clock.js", CLOCK))
    host.dispatch("TurnStart", {"session_id": "s"})

    assert five_ticks.wait(20), "nobody served the timers"
    assert host.run_command("ticks").output == [5, 5]


@pytest.mark.asyncio
async def test_timers_run_while_no_task_waits(
    tmp_path: Path, write: Write, nothing_stays: None, five_ticks: threading.Event
) -> None:
    """The loop's own time is enough."""
    async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
        await host.load(write("clock.js", CLOCK))
        await host.dispatch("TurnStart", {"session_id": "s"})

        assert await asyncio.to_thread(five_ticks.wait, 20), "nobody served the timers"
        assert (await host.run_command("ticks")).output == [5, 5]


def test_a_killed_worker_is_restarted_while_no_thread_waits(
    host: BlockingPluginHost, write: Write
) -> None:
    """The next event finds a worker, not a restart."""
    host.load(write("p.js", on("Stop", "")))
    (pid,) = host.plugins()[0].pids
    with ThreadPoolExecutor(1) as pool:  # somebody must have been served once for time to pass
        pool.submit(host.dispatch, "Stop", {"session_id": "s"}).result()

    os.kill(pid, 9)

    assert host.dispatch("Stop", {"session_id": "s"}).results[0].status in (
        Status.ANSWERED,
        Status.CRASHED,  # delivered to the pipe of the dying one
        Status.KILLED,
    )
    assert host.dispatch("Stop", {"session_id": "s"}).results[0].status is Status.ANSWERED
    assert host.plugins()[0].pids != (pid,)


# Tasks.


@pytest.mark.asyncio
async def test_fifty_tasks_each_get_their_own_answer(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """More than may be in flight at once, fast and slow mixed."""
    body = """
      if (event.tool_input.command.endsWith("7")) await pi.sleep(5);
      return { block: event.tool_input.command };
    """
    async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
        await host.load(write("p.js", on("PreToolUse", body, is_async=True)))

        outcomes = await asyncio.gather(
            *(host.dispatch("PreToolUse", bash(str(n))) for n in range(50))
        )

    assert [outcome.reason for outcome in outcomes] == [str(n) for n in range(50)]


@pytest.mark.asyncio
async def test_a_cancelled_task_leaves_the_host_usable(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """The plugin's late answer is nobody's; later ones are their askers'."""
    async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
        await host.load(write("gate.js", GATE))
        slow = {"tool_name": "slow", "tool_input": {"command": "slow"}, "session_id": "s"}
        tasks = [asyncio.ensure_future(host.dispatch("PreToolUse", slow)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)

        assert all(isinstance(error, asyncio.CancelledError) for error in ended)
        assert (await host.dispatch("PreToolUse", bash("1"))).reason == "1"
        await host.dispatch("Stop", {"session_id": "s"})
        assert (await host.dispatch("PreToolUse", bash("2"))).reason == "2"
        assert [info.state for info in host.plugins()] == ["active"]


@pytest.mark.asyncio
async def test_wait_for_around_a_dispatch_and_a_load(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """An agent's own, shorter patience works, and a load that was given up leaves nothing."""
    async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
        await host.load(write("never.js", on("PreToolUse", "return new Promise(() => {});")))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(host.dispatch("PreToolUse", bash()), 0.02)
        stuck = write("stuck.js", "export default () => new Promise(() => {});")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(host.load(stuck), 0.5)

        assert [info.name for info in host.plugins()] == ["never"]
        await host.load(write("good.js", on("Stop", "return { reason: 'ok' };")), name="stuck")
        assert (await host.dispatch("Stop", {"session_id": "s"})).output == {"reason": "ok"}


@pytest.mark.asyncio
async def test_a_cancelled_tool_call_gives_its_turn_to_the_next(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """The running one is cancelled in its worker, a waiting one leaves the queue."""
    source = plugin("""
      let heard = 0;
      pi.registerTool({ name: "slow", description: "", handler: (params, ctx) => {
        if (!params.wait) return { output: heard };
        return new Promise((_, reject) => {
          ctx.signal.addEventListener("abort", () => { heard += 1; reject(new Error("ended")); });
        });
      } });
    """)
    async with PluginHost(
        Config(permission_mode="bypass_permissions"),
        home=tmp_path / "home",
        project_dir=tmp_path,
    ) as host:
        await host.load(write("p.js", source))
        calls = [
            asyncio.ensure_future(host.call_tool("slow", {"wait": True})) for _ in range(3)
        ]
        await asyncio.sleep(0)
        last = asyncio.ensure_future(host.call_tool("slow", {}))
        await asyncio.sleep(0)
        for call in (calls[1], calls[0], calls[2]):
            call.cancel()

        assert (await last).output == 1


@pytest.mark.asyncio
async def test_closing_ends_what_is_under_way_in_tasks(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """A dispatch, a tool call, a load and a build: each ends with a name for it."""
    never = plugin("""
      pi.on("PreToolUse", (event) => event.tool_name === "bash" ? new Promise(() => {}) : undefined);
      pi.registerTool({ name: "t", description: "", handler: () => new Promise(() => {}) });
    """)
    async with PluginHost(
        Config(permission_mode="bypass_permissions"),
        home=tmp_path / "home",
        project_dir=tmp_path,
    ) as host:
        await host.load(write("p.js", never))
        stuck = write("stuck.js", "await new Promise(() => {});")
        tasks = [
            asyncio.ensure_future(host.dispatch("PreToolUse", bash())),
            asyncio.ensure_future(host.call_tool("t", {})),
            asyncio.ensure_future(host.load(stuck)),
        ]
        while len(host.plugins()) < 2:  # built, and its worker is loading it
            await asyncio.sleep(0)
        tasks.append(asyncio.ensure_future(host.load(write("unbuilt.js", ""))))
        await asyncio.sleep(0)

    event, tool, load, build = await asyncio.gather(*tasks, return_exceptions=True)
    assert event.results[0].status is Status.CANCELLED  # type: ignore[union-attr]
    assert tool.status == "cancelled"  # type: ignore[union-attr]
    assert isinstance(load, PluginLoadError)
    assert isinstance(build, PluginLoadError)


@pytest.mark.asyncio
async def test_other_tasks_run_while_a_plugin_spins(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """The loop is never blocked by a plugin."""
    config = Config(timeouts=Timeouts(actionable_ms=300))
    async with PluginHost(config, home=tmp_path / "home", project_dir=tmp_path) as host:
        await host.load(write("spin.js", on("PreToolUse", "for (;;);")))
        spinning = asyncio.ensure_future(host.dispatch("PreToolUse", bash()))
        longest, last = 0.0, time.perf_counter()
        while not spinning.done():
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

        assert spinning.result().results[0].status is Status.TIMED_OUT
        assert longest < 0.25


# Ends.


def _all_verbs(host: BlockingPluginHost, path: Path) -> list[tuple[str, object]]:
    return [
        ("dispatch", lambda: host.dispatch("Stop", {})),
        ("load", lambda: host.load(path)),
        ("unload", lambda: host.unload("p")),
        ("enable", lambda: host.enable("p")),
        ("call_tool", lambda: host.call_tool("t", {})),
        ("check_tool", lambda: host.check_tool("bash")),
        ("forget_approval", lambda: host.forget_approval("x")),
        ("run_command", lambda: host.run_command("c")),
    ]


def test_every_verb_of_a_closed_host_says_so(make_host: MakeHost, write: Write) -> None:
    """A clear error, at once; closing again is fine."""
    host = make_host()
    path = write("p.js", on("Stop", ""))
    host.load(path)
    host.close()
    host.close()

    for _, verb in _all_verbs(host, path):
        with pytest.raises(HostClosedError, match="the host is closed"):
            verb()  # type: ignore[operator]


@pytest.mark.asyncio
async def test_every_verb_of_a_closed_asyncio_host_says_so(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """The same words in the other front end."""
    path = write("p.js", on("Stop", ""))
    async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
        await host.load(path)
    await host.close()

    for verb in (
        lambda: host.dispatch("Stop", {}),
        lambda: host.load(path),
        lambda: host.unload("p"),
        lambda: host.call_tool("t", {}),
        lambda: host.check_tool("bash"),
        lambda: host.forget_approval("x"),
        lambda: host.run_command("c"),
    ):
        with pytest.raises(HostClosedError, match="the host is closed"):
            await verb()


def test_after_a_fork_the_child_is_told_and_the_parent_goes_on(
    host: BlockingPluginHost, write: Write
) -> None:
    """The child's copies of our descriptors must not disturb the parent's workers."""
    path = write("p.js", on("Stop", "return { reason: 'parent' };"))
    host.load(path)
    read_fd, write_fd = os.pipe()

    child = os.fork()
    if child == 0:
        try:
            told = []
            for name, verb in _all_verbs(host, path):
                try:
                    verb()  # type: ignore[operator]
                    told.append(f"{name} worked")
                except HostClosedError as error:
                    told.append(str(error))
            host.close()
            os.write(write_fd, "\n".join(told).encode())
        finally:
            os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd) as pipe:
        told = pipe.read().splitlines()
    os.waitpid(child, 0)

    assert len(told) == 8
    assert set(told) == {
        "this host belongs to the process that made it; after a fork, make a new one"
    }
    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "parent"}


def test_closing_ends_calls_that_are_under_way(make_host: MakeHost, write: Write) -> None:
    """A thread that waits is let go with a named result, not left hanging."""
    host = make_host()
    host.load(write("p.js", on("PreToolUse", "return new Promise(() => {});")))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(host.dispatch, "PreToolUse", bash())
        while not host._callers:
            pass
        host.close()

        assert waiting.result().results[0].status is Status.CANCELLED


def test_closing_ends_a_load_of_another_thread(make_host: MakeHost, write: Write) -> None:
    """Its thread is told, too."""
    host = make_host()
    path = write("stuck.js", "await new Promise(() => {});")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(host.load, path)
        while not host.plugins():
            pass
        host.close()

        with pytest.raises((PluginLoadError, HostClosedError)):
            waiting.result()


def test_opening_and_closing_leaves_no_descriptor(make_host: MakeHost, write: Write) -> None:
    """Four hosts later, the process has as many as after the first."""
    path = write("p.js", on("Stop", "return pi.kv.set('a', 1);"))
    counts = []
    for _ in range(4):
        host = make_host()
        host.load(path)
        host.dispatch("Stop", {"session_id": "s"})
        host.close()
        gc.collect()
        counts.append(len(os.listdir("/proc/self/fd")))

    assert len(set(counts)) == 1


def test_a_host_that_was_never_entered_starts_nothing(tmp_path: Path) -> None:
    """It can be closed or dropped; used, it says what is missing."""
    before = threading.active_count()
    host = BlockingPluginHost(home=tmp_path, project_dir=tmp_path)

    assert threading.active_count() == before
    assert psutil.Process().children() == []
    host.close()


@pytest.mark.asyncio
async def test_an_asyncio_host_that_was_not_entered_says_so(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """Without a loop there is nobody to wait."""
    host = PluginHost(home=tmp_path, project_dir=tmp_path)

    with pytest.raises(HostClosedError, match="async with"):
        await host.load(write("p.js", ""))
    await host.close()
