"""How an event reaches its handlers, and when: payloads, handlers, deadlines, queues."""

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from host import (
    BlockingPluginHost,
    Config,
    Limits,
    PluginEvent,
    PluginHost,
    PluginOptions,
    Status,
    Timeouts,
)
from host.audit import Kind
from host.events import FIELDS
from host.outcome import JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, on, plugin, result_of

# What a handler sees.


def camel(name: str) -> str:
    """``tool_name`` as ``toolName``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def test_every_field_of_every_event_can_be_read_in_both_spellings(
    host: BlockingPluginHost, write: Write
) -> None:
    """The handler compares them itself and throws when one is not what was sent."""
    body = """
      for (const name of NAMES) pi.on(name, (event) => {
        const { expected } = event;
        if (event.event !== name) throw new Error(`event is ${event.event}`);
        for (const [key, value] of Object.entries(expected)) {
          if (event[key] !== value) throw new Error(`${key} is ${event[key]}`);
        }
      });
    """
    names = [event.wire_name for event in PluginEvent]
    host.load(write("p.js", plugin(body.replace("NAMES", str(names)))))

    for event, fields in FIELDS.items():
        payload: JsonObject = {field: f"value of {field}" for field in fields}
        payload["session_id"] = "s"
        expected = {**payload, **{camel(key): value for key, value in payload.items()}}
        outcome = host.dispatch(event, {**payload, "expected": expected})
        assert [(r.status, r.error) for r in outcome.results] == [(Status.ANSWERED, None)], (
            event
        )


def test_the_name_of_the_event_is_the_hosts_word(
    host: BlockingPluginHost, write: Write
) -> None:
    """A payload that claims to be another event does not fool the handler."""
    host.load(write("p.js", on("PreToolUse", "return { block: event.event };")))

    outcome = host.dispatch("PreToolUse", {**bash(), "event": "Stop"})

    assert outcome.reason == "PreToolUse"


def test_events_are_named_by_number_name_and_member(
    host: BlockingPluginHost, write: Write
) -> None:
    """All three ways of saying it reach the handler."""
    host.load(write("p.js", on("PreToolUse", "return { block: 'no' };")))

    for event in (PluginEvent.PRE_TOOL_USE, "PreToolUse", 0):
        assert host.dispatch(event, bash()).action == "block"  # type: ignore[arg-type]
        assert host.has_handler(event)  # type: ignore[arg-type]


@pytest.mark.parametrize("character", ["x", "\u20ac", "\U0001f600", '"'])
def test_five_megabytes_make_the_round_trip(
    make_host: MakeHost, write: Write, character: str
) -> None:
    """A large file's content goes in, comes back changed, and is shown to the guard again."""
    # Time is not what is tested here, and a busy machine takes its own.
    host = make_host(Config(timeouts=Timeouts(actionable_ms=60_000, max_busy_ms=60_000)))
    host.load(
        write(
            "r.js",
            on(
                "PreToolUse",
                "event.tool_input.content += '!'; return { modified_input: event.tool_input };",
            ),
        )
    )
    guard = "if (!event.tool_input.content.endsWith('!')) return; if (event.tool_input.content.length < 100) return { block: 'lost' };"
    host.load(write("guard.js", on("PreToolUse", guard)))
    content = character * (
        5 * 1024 * 1024 // len(character.encode()) // (2 if character == '"' else 1)
    )

    outcome = host.dispatch("PreToolUse", bash(content=content))

    assert outcome.action == "continue"
    assert outcome.output["modified_input"] == {"command": "ls", "content": content + "!"}
    assert [info.state for info in host.plugins()] == ["active", "active"]
    assert audited(host, Kind.KILLED) == []


def test_an_output_over_its_limit_fails_and_a_veto_gets_through_without_it(
    make_host: MakeHost, write: Write
) -> None:
    """Too much said is a failure of the handler; a block is never lost for its luggage."""
    host = make_host(Config(limits=Limits(payload_out_bytes=4096)))
    body = """
      pi.on("PreToolUse", (event, output) => {
        output.modified_input = { command: "x".repeat(9000) };
        if (event.tool_input.command === "rm") output.block = "no";
      });
    """
    host.load(write("p.js", plugin(body)))

    rewritten = host.dispatch("PreToolUse", bash("ls"))
    blocked = host.dispatch("PreToolUse", bash("rm"))

    assert (rewritten.action, rewritten.output) == ("continue", {})
    assert rewritten.results[0].status is Status.FAILED
    assert (blocked.action, blocked.reason) == ("block", "no")


# Handlers.


def test_handlers_of_one_plugin_run_in_order_and_see_each_others_changes(
    host: BlockingPluginHost, write: Write
) -> None:
    """Registration order, asynchronous ones awaited."""
    body = """
      pi.on("UserPromptSubmit", async (e) => { await pi.sleep(1); return { modified_prompt: e.content + "a" }; });
      pi.on("UserPromptSubmit", (e) => ({ modified_prompt: e.content + "b" }));
      pi.on("UserPromptSubmit", async (e, out) => { await null; out.modifiedPrompt = e.content + "c"; });
    """
    host.load(write("p.js", plugin(body)))

    outcome = host.dispatch("UserPromptSubmit", {"content": "-", "session_id": "s"})

    assert outcome.output == {"modified_prompt": "-abc"}


def test_the_first_veto_ends_a_plugins_handlers(host: BlockingPluginHost, write: Write) -> None:
    """Those behind it are not run; those before it were."""
    body = """
      const ran = [];
      pi.on("PreToolUse", () => { ran.push("a"); });
      pi.on("PreToolUse", () => { ran.push("b"); return { block: "b" }; });
      pi.on("PreToolUse", () => { ran.push("c"); });
      pi.on("Stop", () => ({ reason: ran.join("") }));
    """
    host.load(write("p.js", plugin(body)))

    assert host.dispatch("PreToolUse", bash()).reason == "b"
    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "ab"}


def test_once_is_once(host: BlockingPluginHost, write: Write) -> None:
    """And when nothing else is subscribed, the event has no handler any more."""
    host.load(write("p.js", plugin('pi.once("PreToolUse", () => ({ block: "once" }));')))

    assert host.has_handler("PreToolUse")
    assert host.dispatch("PreToolUse", bash()).reason == "once"

    assert not host.has_handler("PreToolUse")
    assert host.dispatch("PreToolUse", bash()).results == ()


def test_off_and_the_returned_function_both_unsubscribe(
    host: BlockingPluginHost, write: Write
) -> None:
    """From within an event, seen by the next dispatch."""
    body = """
      const first = () => ({ reason: "first" });
      pi.on("Stop", first);
      const undo = pi.on("PreToolUse", () => ({ block: "no" }));
      pi.on("TurnStart", () => { pi.off("Stop", first); undo(); });
    """
    host.load(write("p.js", plugin(body)))
    assert host.has_handler("Stop")
    assert host.has_handler("PreToolUse")

    host.dispatch("TurnStart", {"session_id": "s"})

    assert not host.has_handler("Stop")
    assert not host.has_handler("PreToolUse")
    assert host.has_handler("TurnStart")


def test_a_handler_added_later_is_called(host: BlockingPluginHost, write: Write) -> None:
    """Registration is open for a plugin's whole life."""
    host.load(write("p.js", on("TurnStart", 'pi.on("Stop", () => ({ reason: "late" }));')))
    assert not host.has_handler("Stop")

    host.dispatch("TurnStart", {"session_id": "s"})

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "late"}


def test_a_subscription_of_an_unknown_event_costs_nothing(
    host: BlockingPluginHost, write: Write
) -> None:
    """A plugin for a newer agent loads and works."""
    body = 'pi.on("FutureEvent", () => {}); pi.on("Stop", () => ({ reason: "ok" }));'
    host.load(write("p.js", plugin(body)))

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "ok"}


# Deadlines.

NEVER = on("PreToolUse", "return new Promise(() => {});")


def test_a_plugins_own_timeout_overrides_its_events_class(
    make_host: MakeHost, write: Write
) -> None:
    """The impatient one is given up long before the others' five seconds."""
    host = make_host(Config(plugins={"stuck": PluginOptions(timeout_ms=50)}))
    host.load(write("stuck.js", NEVER))
    host.load(write("good.js", on("PreToolUse", "return { block: 'no' };")))

    outcome = host.dispatch("PreToolUse", bash())

    assert outcome.reason == "no"
    stuck = result_of(outcome, "stuck")
    assert (stuck.status, stuck.error) == (Status.TIMED_OUT, "no answer within 50 ms")
    assert 50 <= outcome.elapsed_ms < 4000


def test_a_plugin_may_also_be_given_more_time(make_host: MakeHost, write: Write) -> None:
    """Longer than its class, in the same event as one with the class's own."""
    config = Config(
        timeouts=Timeouts(actionable_ms=60), plugins={"slow": PluginOptions(timeout_ms=20_000)}
    )
    host = make_host(config)
    slow = (
        'pi.on("PreToolUse", async () => { await pi.sleep(120); return { block: "slow" }; });'
    )
    host.load(write("slow.js", plugin(slow)))
    host.load(write("stuck.js", NEVER))

    outcome = host.dispatch("PreToolUse", bash())

    assert outcome.reason == "slow"
    assert result_of(outcome, "stuck").status is Status.TIMED_OUT


def test_a_waiting_handler_keeps_its_state_and_its_worker(
    make_host: MakeHost, write: Write
) -> None:
    """Waiting is not hanging: the deadline ends the call, not the plugin."""
    host = make_host(Config(timeouts=Timeouts(actionable_ms=50)))
    body = """
      let calls = 0;
      pi.on("PreToolUse", () => { calls += 1; return new Promise(() => {}); });
      pi.on("Stop", () => ({ reason: String(calls) }));
    """
    host.load(write("p.js", plugin(body)))
    pids = host.plugins()[0].pids

    for _ in range(3):
        assert host.dispatch("PreToolUse", bash()).results[0].status is Status.TIMED_OUT

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "3"}
    assert host.plugins()[0].pids == pids


def test_a_cancelled_handler_hears_of_it(make_host: MakeHost, write: Write) -> None:
    """Its signal is aborted, and what it waited for rejects."""
    host = make_host(Config(plugins={"p": PluginOptions(timeout_ms=50)}))
    body = """
      const heard = [];
      pi.on("PreToolUse", async (event, output, ctx) => {
        ctx.signal.addEventListener("abort", () => heard.push("signal"));
        try { await ctx.sleep(60000); } catch (error) { heard.push(error.code); }
      });
      pi.on("Stop", () => ({ reason: heard.join(",") }));
    """
    host.load(write("p.js", plugin(body)))

    assert host.dispatch("PreToolUse", bash()).results[0].status is Status.TIMED_OUT

    heard = str(host.dispatch("Stop", {"session_id": "s"}).output["reason"])
    assert sorted(heard.split(",")) == ["E_CANCELLED", "signal"]


def test_events_of_one_plugin_are_delivered_in_the_order_of_dispatch(
    tmp_path: Path, nothing_stays: None
) -> None:
    """A hundred at once, more than may be in flight, each awaited inside."""
    path = tmp_path / "p.js"
    body = """
      const seen = [];
      pi.on("TurnStart", async (event) => { seen.push(event.turn_number); await pi.sleep(1); });
      pi.on("Stop", () => ({ reason: seen.join(",") }));
    """
    path.write_text(plugin(body))

    async def run() -> object:
        async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
            await host.load(path)
            events = [
                host.dispatch("TurnStart", {"session_id": "s", "turn_number": n})
                for n in range(100)
            ]
            outcomes = await asyncio.gather(*events)
            assert {o.results[0].status for o in outcomes} == {Status.ANSWERED}
            return (await host.dispatch("Stop", {"session_id": "s"})).output["reason"]

    assert asyncio.run(run()) == ",".join(map(str, range(100)))


# A worker that is restarting.

# Every load but the first waits until another instance of the same plugin opens the gate.
GATED = """
export default async (pi) => {
  let seen = [];
  pi.on("TurnEnd", (event) => { seen.push(event.turn_number); });
  pi.on("Stop", () => ({ reason: seen.join(",") }));
  pi.on("SessionStart", () => pi.kv.set("open", true));
  const loads = (pi.kv.get("loads") ?? 0) + 1;
  await pi.kv.set("loads", loads);
  if (loads > 2) while (pi.kv.get("open") !== true) await pi.sleep(1);
};
"""


async def _restarting(tmp_path: Path, config: Config) -> PluginHost:
    """A host with sessions ``a`` (at work) and ``b``, whose second worker waits for the gate."""
    path = tmp_path / "gated.js"
    path.write_text(GATED)
    host = await PluginHost(config, home=tmp_path / "home", project_dir=tmp_path).__aenter__()
    info = await host.load(path, scope="session")
    (pid_a,) = info.pids
    await host.dispatch("Stop", {"session_id": "a"})
    assert (await host.dispatch("Stop", {"session_id": "b"})).results[
        0
    ].status is Status.ANSWERED
    (pid_b,) = set(host.plugins()[0].pids) - {pid_a}
    os.kill(pid_b, signal.SIGKILL)
    while host.plugins()[0].state != "restarting":
        await asyncio.sleep(0)
    return host


@pytest.mark.asyncio
async def test_info_events_reach_a_restarting_worker_late(
    tmp_path: Path, nothing_stays: None
) -> None:
    """The agent is not kept waiting, the plugin misses nothing."""
    host = await _restarting(tmp_path, Config(timeouts=Timeouts(info_ms=30)))
    try:
        for n in (1, 2, 3):
            outcome = await host.dispatch("TurnEnd", {"session_id": "b", "turn_number": n})
            assert outcome.results[0].status is Status.BUSY
            assert "restarting" in (outcome.results[0].error or "")
        await host.dispatch("SessionStart", {"session_id": "a"})

        outcome = await host.dispatch("Stop", {"session_id": "b"})

        assert outcome.output == {"reason": "1,2,3"}
        assert audited(host, Kind.INFO_DROPPED) == []
    finally:
        await host.close()


@pytest.mark.asyncio
async def test_a_full_queue_drops_the_oldest_and_counts_it(
    tmp_path: Path, nothing_stays: None
) -> None:
    """What is lost is in the audit, one entry for each event."""
    config = Config(timeouts=Timeouts(info_ms=30), limits=Limits(info_queue=2))
    host = await _restarting(tmp_path, config)
    try:
        for n in range(1, 6):
            await host.dispatch("TurnEnd", {"session_id": "b", "turn_number": n})
        await host.dispatch("SessionStart", {"session_id": "a"})
        while host.plugins()[0].state != "active":
            await asyncio.sleep(0)

        assert (await host.dispatch("Stop", {"session_id": "b"})).output == {"reason": "4,5"}
        assert len(audited(host, Kind.INFO_DROPPED, "gated")) == 3
    finally:
        await host.close()


@pytest.mark.asyncio
async def test_an_actionable_event_waits_for_a_restarting_worker(
    tmp_path: Path, nothing_stays: None
) -> None:
    """Within its deadline it is answered by the new worker."""
    host = await _restarting(tmp_path, Config(timeouts=Timeouts(actionable_ms=20_000)))
    try:
        waiting = asyncio.ensure_future(host.dispatch("Stop", {"session_id": "b"}))
        await asyncio.sleep(0)
        assert not waiting.done()
        await host.dispatch("SessionStart", {"session_id": "a"})

        assert (await waiting).results[0].status is Status.ANSWERED
    finally:
        await host.close()


def test_the_clock_of_a_late_event_starts_at_its_delivery(
    make_host: MakeHost, write: Write
) -> None:
    """What waited behind the plugin's own work has its whole budget from then on."""
    host = make_host(Config(timeouts=Timeouts(actionable_ms=600)))
    host.load(
        write(
            "p.js",
            """export default (pi) => {
              pi.registerTool({ name: "slow", description: "computes", tier: "read", handler() {
                const until = Date.now() + 400; while (Date.now() < until) {} return "done"; } });
              pi.on("Stop", async () => { await pi.sleep(400); return { reason: "late but whole" }; });
            };""",
        )
    )
    started = threading.Event()
    results: list[object] = []

    def call() -> None:
        started.set()
        results.append(host.call_tool("slow", {}).output)

    thread = threading.Thread(target=call)
    thread.start()
    started.wait()
    outcome = host.dispatch("Stop", {"session_id": "s"})
    thread.join()

    assert results == ["done"]
    assert outcome.output == {"reason": "late but whole"}
