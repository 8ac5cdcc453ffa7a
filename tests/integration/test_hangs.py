"""Plugins that never come back, in every place where JavaScript can run.

Bounds on time are generous: what is claimed here is that an answer comes at all, that the worker is gone and
that the others are not held up. How fast is measured by the benchmarks.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from host import BlockingPluginHost, Config, PluginLoadError, Status, Timeouts
from host.audit import Kind
from host.outcome import Outcome

DEADLINE_MS = 400
BUSY_MS = 1200
SLACK_MS = 3000
"""For a loaded machine; a plugin that is never stopped would take for ever."""

HONEST = """
export default (pi) => pi.on("PreToolUse", (event) =>
  event.tool_input.command === "rm" ? { block: "honest says no" } : undefined);
"""

SPINS = {
    "handler": "pi.on('PreToolUse', (e) => { if (e.tool_input.command === 'spin') for (;;) {} });",
    "async_handler": "pi.on('PreToolUse', async (e) => { await null; if (e.tool_input.command === 'spin') for (;;) {} });",
    "promise_job": "pi.on('PreToolUse', (e) => e.tool_input.command === 'spin' ? new Promise(() => {}).constructor.resolve().then(() => { for (;;) {} }) : undefined);",
    "getter": "pi.on('PreToolUse', (e) => e.tool_input.command === 'spin' ? { get block() { for (;;) {} } } : undefined);",
    "proxy": "pi.on('PreToolUse', (e) => e.tool_input.command === 'spin' ? new Proxy({}, { ownKeys() { for (;;) {} }, getOwnPropertyDescriptor() { for (;;) {} }, get() { for (;;) {} } }) : undefined);",
    "nested_getter": "pi.on('PreToolUse', (e) => e.tool_input.command === 'spin' ? { modified_input: { get command() { for (;;) {} } } } : undefined);",
    "endless_await": "pi.on('PreToolUse', async (e) => { if (e.tool_input.command === 'spin') for (;;) await null; });",
    "requeueing_promise": "pi.on('PreToolUse', (e) => { if (e.tool_input.command === 'spin') return new Promise(() => { const f = () => { Promise.resolve().then(f); }; f(); }); });",
    "native_loop": "pi.on('PreToolUse', (e) => { if (e.tool_input.command === 'spin') ('a'.repeat(4e5)).indexOf('a'.repeat(2e5) + 'b'); });",
}


def payload(command: str) -> dict[str, object]:
    return {"tool_name": "bash", "tool_input": {"command": command}, "session_id": "s"}


HASTY = Timeouts(actionable_ms=DEADLINE_MS, max_busy_ms=BUSY_MS)


@pytest.fixture
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[BlockingPluginHost]:
    config = Config(timeouts=getattr(request, "param", HASTY))
    with BlockingPluginHost(config, home=tmp_path / "home", project_dir=tmp_path) as made:
        yield made


@pytest.fixture
def load(host: BlockingPluginHost, tmp_path: Path) -> Callable[[str, str], int]:
    def load(name: str, code: str) -> int:
        path = tmp_path / f"{name}.js"
        path.write_text(code)
        return host.load(path).pids[0]

    return load


def until_gone(pid: int) -> None:
    """Wait on the process itself; bounded."""
    try:
        psutil.Process(pid).wait(SLACK_MS / 1000)
    except psutil.NoSuchProcess:
        return


def statuses(outcome: Outcome) -> dict[str, Status]:
    return {result.plugin: result.status for result in outcome.results}


@pytest.mark.parametrize("where", SPINS)
def test_a_spinning_plugin_is_killed_and_comes_back(
    where: str, host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """The agent has its answer in time, the other plugin too, and the next event finds the plugin well."""
    load("honest", HONEST)
    pid = load("spinner", f"export default (pi) => {{ {SPINS[where]} }}")
    assert statuses(host.dispatch("PreToolUse", payload("ls"))) == {
        "honest": Status.ANSWERED,
        "spinner": Status.ANSWERED,
    }

    outcome = host.dispatch("PreToolUse", payload("spin"))

    assert outcome.elapsed_ms < DEADLINE_MS + SLACK_MS
    assert statuses(outcome) == {"honest": Status.ANSWERED, "spinner": Status.TIMED_OUT}
    honest = next(result for result in outcome.results if result.plugin == "honest")
    assert honest.elapsed_ms < DEADLINE_MS
    until_gone(pid)
    again = until_answered(host, "spinner")
    assert again.action == "continue"
    assert host.plugins()[1].pids != (pid,)
    assert [entry.plugin for entry in host.audit.recent(kind=Kind.KILLED)] == ["spinner"]


def until_answered(host: BlockingPluginHost, name: str) -> Outcome:
    """Dispatch until *name* answers: its worker may need longer than one deadline to start on a busy machine."""
    for _ in range(20):
        outcome = host.dispatch("PreToolUse", payload("ls"))
        if statuses(outcome)[name] is Status.ANSWERED:
            return outcome
    pytest.fail(f"{name} did not come back: {host.audit.recent(20)}")


def test_a_plugin_that_spins_while_loading_does_not_load(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """Loading has a limit of its own, and the host goes on."""
    load("honest", HONEST)

    with pytest.raises(PluginLoadError, match="busy for") as caught:
        load("spinner", "for (;;) {}")

    assert caught.value.code == "E_HUNG"
    assert host.dispatch("PreToolUse", payload("rm")).blocked


def test_a_handler_that_only_waits_is_cancelled_and_keeps_its_state(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """Waiting is not hanging: the worker lives on."""
    pid = load(
        "waiter",
        """let seen = 0;
        export default (pi) => pi.on("PreToolUse", async (event) => {
          seen += 1;
          if (event.tool_input.command === "wait") await new Promise(() => {});
          return { block: `seen ${seen}` };
        });""",
    )

    outcome = host.dispatch("PreToolUse", payload("wait"))

    assert statuses(outcome) == {"waiter": Status.TIMED_OUT}
    assert host.dispatch("PreToolUse", payload("ls")).reason == "seen 2"
    assert host.plugins()[0].pids == (pid,)
    assert not host.audit.recent(kind=Kind.KILLED)


def test_more_waiting_handlers_than_may_be_in_flight_are_all_let_go(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """Cancelled calls give their places back."""
    load(
        "waiter",
        """export default (pi) => pi.on("Stop", () => new Promise(() => {}));""",
    )
    first = host.dispatch("Stop", {"session_id": "s"})
    for _ in range(3):
        assert statuses(host.dispatch("Stop", {"session_id": "s"})) == statuses(first)

    assert statuses(first) == {"waiter": Status.TIMED_OUT}
    assert host.plugins()[0].state == "active"


def test_a_permission_handler_may_think_for_an_hour_but_not_spin(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """The busy limit holds whatever the deadline is."""
    pid = load(
        "judge", "export default (pi) => pi.on('PermissionRequest', () => { for (;;) {} });"
    )
    began = time.monotonic()

    outcome = host.dispatch("PermissionRequest", {"action": "bash", "session_id": "s"})

    assert time.monotonic() - began < (BUSY_MS + SLACK_MS) / 1000
    assert statuses(outcome) == {"judge": Status.KILLED}
    until_gone(pid)


def test_a_slow_tool_is_not_killed_because_an_event_waited_behind_it(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """The event is busy, a named failure; the tool answers."""
    pid = load(
        "worker",
        """export default (pi) => {
          pi.registerTool({ name: "slow", description: "computes", tier: "read", handler() {
            const until = Date.now() + 900; while (Date.now() < until) {} return "done"; } });
          pi.on("TurnEnd", () => {});
        };""",
    )
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(host.call_tool("slow", {}).output))
    thread.start()
    outcome = host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 1, "duration_ms": 1})
    thread.join()

    assert statuses(outcome)["worker"] in (Status.BUSY, Status.ANSWERED)
    assert results == ["done"]
    assert host.plugins()[0].pids == (pid,)


def test_a_crash_loop_ends_blocked_until_a_person_enables_it(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """Three failures of its own within the window open the breaker; enabling closes it."""
    load("spinner", f"export default (pi) => {{ {SPINS['handler']} }}")

    for _ in range(3):
        until_answered(host, "spinner")
        pid = host.plugins()[0].pids[0]
        host.dispatch("PreToolUse", payload("spin"))
        until_gone(pid)
    blocked = host.dispatch("PreToolUse", payload("ls"))

    assert statuses(blocked) == {"spinner": Status.BLOCKED}
    assert host.plugins()[0].state == "blocked"
    assert host.audit.recent(kind=Kind.BLOCKED)
    host.enable("spinner")
    until_answered(host, "spinner")


@pytest.mark.parametrize(
    "host", [Timeouts(actionable_ms=60_000, max_busy_ms=60_000)], indirect=True
)
def test_memory_is_bounded_and_a_worker_that_ran_out_is_retired(
    host: BlockingPluginHost, load: Callable[[str, str], int]
) -> None:
    """Also when the plugin swallows the error. It may take its time to eat: no other limit is to be there first."""
    pid = load(
        "glutton",
        """export default (pi) => pi.on("PreToolUse", (event) => {
          if (event.tool_input.command !== "eat") return;
          const held = [];
          try { for (;;) held.push(new Uint8Array(1 << 20).fill(1)); } catch { held.length = 0; }
        });""",
    )

    host.dispatch("PreToolUse", payload("eat"))

    until_gone(pid)
    until_answered(host, "glutton")
    assert [entry.code for entry in host.audit.recent(kind=Kind.KILLED)] == ["E_MEMORY"]
