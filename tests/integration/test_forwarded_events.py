"""Events that TUI halves hear of: after the fact, without a say, and at nobody's expense."""

import os
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, PluginOptions, Timeouts
from host.audit import Kind
from host.forwarding import MAX_BYTES, MAX_WAITING
from host.outcome import JsonObject
from host.tui_half import MAX_LEAVING
from tests.integration.halves import (
    does,
    half_of,
    heard_of,
    knows,
    look,
    opened,
    package,
    pair,
    tells,
    until,
)

pytestmark = pytest.mark.usefixtures("nothing_stays")


def turn(number: int, session: str = "s", **more: object) -> JsonObject:
    """Payload of a TurnEnd."""
    return {"session_id": session, "turn_number": number, **more}  # type: ignore[dict-item]  # JSON in every call


@pytest.mark.asyncio
async def test_a_half_hears_of_events_in_order(tmp_path: Path) -> None:
    """With their payload as it was, also of those to which no server half subscribed, and not before somebody looks."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", server=tells()))
        await host.dispatch("TurnEnd", turn(0))
        assert not host.has_handler("TurnEnd")
        await look(host, "two")
        assert host.has_handler("TurnEnd")

        for number in range(1, 9):
            outcome = await host.dispatch("TurnEnd", turn(number, text="é\0"))
            assert outcome.results == ()

        events = await heard_of(host, 8)
        assert [event["turn_number"] for event in events] == list(range(1, 9))
        assert (events[0]["event"], events[0]["text"]) == ("TurnEnd", "é\0")


@pytest.mark.asyncio
async def test_a_half_has_no_say(tmp_path: Path) -> None:
    """What its handler returns is ignored; the same handler in a server half stops the tool."""
    verdict = 'return { block: "no" };'
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", tells(), tells("PreToolUse", verdict=verdict)))
        await look(host, "two")
        outcome = await host.dispatch("PreToolUse", {"tool_name": "t", "tool_input": {}})
        assert (outcome.action, outcome.results) == ("continue", ())
        assert len(await heard_of(host, 1)) == 1

        await host.load(pair(tmp_path / "control", tells("PreToolUse", verdict=verdict)))
        assert (await host.dispatch("PreToolUse", {"tool_name": "t"})).reason == "no"


@pytest.mark.asyncio
async def test_a_half_hears_of_what_its_server_half_blocked(tmp_path: Path) -> None:
    """Both are told, the server half first."""
    async with opened(tmp_path) as host:
        await host.load(
            pair(
                tmp_path / "two",
                tells("PreToolUse", verdict='return { block: "no" };'),
                tells("PreToolUse"),
            )
        )
        await look(host, "two")

        assert (await host.dispatch("PreToolUse", {"tool_name": "t", "tool_input": {}})).blocked
        assert [event["tool_name"] for event in await heard_of(host, 1)] == ["t"]


STUCK = """
export default (pi) => {
  pi.on("TurnEnd", () => { for (const end = Date.now() + 3600000; Date.now() < end;); });
};
"""


@pytest.mark.asyncio
async def test_a_half_that_never_comes_back_delays_nobody(tmp_path: Path) -> None:
    """Every event has its outcome while the half is provably still in its handler for the first one."""
    config = Config(timeouts=Timeouts(max_busy_ms=60_000))
    async with opened(tmp_path, config) as host:
        await host.load(pair(tmp_path / "two", tells("TurnEnd"), STUCK))
        await look(host, "two")
        half = half_of(host, "two")
        (instance,) = half.all_instances()
        link = instance.link
        assert link is not None

        for number in range(3):
            outcome = await host.dispatch("TurnEnd", turn(number))
            assert [result.plugin for result in outcome.results] == ["two"]
            assert link.watchdog.has_entry
            assert not link.is_lost

        events = (await knows(host, "server"))["events"]
        assert isinstance(events, list)
        assert len(events) == 3
        assert link.watchdog.has_entry


@pytest.mark.asyncio
async def test_what_a_slow_half_misses_is_the_oldest_and_told_once(tmp_path: Path) -> None:
    """The newest are kept; the audit has one line, the plugin's record the number."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    waits = tells(
        "TurnEnd",
        verdict=f"if (event.turn_number === 0) pi.execSync('cat', [{str(gate)!r}]);",
    )
    config = Config(plugins={"two": PluginOptions(allow={"shell": ["cat *"]})})
    more = 7

    def opened_by_cat() -> bool:
        try:
            os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False  # nobody reads it yet
        return True

    async with opened(tmp_path, config) as host:
        await host.load(pair(tmp_path / "two", tells(), waits))
        await look(host, "two")
        for number in range(1 + MAX_WAITING + more):
            await host.dispatch("TurnEnd", turn(number))
        await until(opened_by_cat)

        events = await heard_of(host, 1 + MAX_WAITING)
        assert [event["turn_number"] for event in events] == [
            0,
            *range(1 + more, 1 + MAX_WAITING + more),
        ]
        assert len(host.audit.recent(1000, plugin="two", kind=Kind.INFO_DROPPED)) == 1
        half = host.plugins()[0].tui
        assert half is not None
        assert half.dropped_events == more


@pytest.mark.asyncio
async def test_a_large_payload_is_left_out(tmp_path: Path) -> None:
    """And one that is no JSON; the event itself comes, with whose it is and why."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", server=tells()))
        await look(host, "two")
        for text in ("x" * (MAX_BYTES - 100), "x" * MAX_BYTES, float("nan")):
            await host.dispatch("TurnEnd", turn(1, text=text))

        whole, large, none = await heard_of(host, 3)
        assert len(str(whole["text"])) == MAX_BYTES - 100
        assert set(large) == set(none) == {"event", "session_id", "omitted"}
        assert f"bytes are more than {MAX_BYTES}" in str(large["omitted"])
        assert "not JSON" in str(none["omitted"])


@pytest.mark.asyncio
async def test_only_what_it_may_observe(tmp_path: Path) -> None:
    """The chain's word holds for halves: what is denied is refused and never told."""
    deny = {"events": ["TurnEnd:*"]}
    async with opened(tmp_path, Config(plugins={"two": PluginOptions(deny=deny)})) as host:
        await host.load(pair(tmp_path / "two", tells(), tells("TurnEnd", "Stop")))
        await look(host, "two")
        await host.dispatch("TurnEnd", turn(1))
        await host.dispatch("Stop", {"session_id": "s", "reason": "done"})

        assert [event["reason"] for event in await heard_of(host, 1)] == ["done"]
        assert not host.has_handler("TurnEnd")


@pytest.mark.asyncio
async def test_no_hook_fires_for_a_half_either(tmp_path: Path) -> None:
    """Under the switch that skips hooks."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await look(host, "two")
        host.set_switches({"JCODE_SKIP_PLUGINS": "1"})
        await host.dispatch("TurnEnd", turn(1))
        host.set_switches({})
        await host.dispatch("TurnEnd", turn(2))

        assert [event["turn_number"] for event in await heard_of(host, 1)] == [2]


@pytest.mark.asyncio
async def test_events_of_a_session_go_to_its_own_half(tmp_path: Path) -> None:
    """Where the plugin has a worker for each session; its end is told before it goes."""
    says = tells("TurnEnd", "SessionEnd").replace(
        "events.push(event);",
        "events.push(event); if (pi.part === 'tui') pi.kv.set('kept', event.session_id + event.event);",
    )
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", says, says, scope="session"))
        await look(host, "two")
        for number, session in enumerate("abab"):
            await host.dispatch("TurnEnd", turn(number, session))
        assert [e["turn_number"] for e in await heard_of(host, 2, "a")] == [0, 2]
        assert [e["turn_number"] for e in await heard_of(host, 2, "b")] == [1, 3]

        half = half_of(host, "two")
        leaving = half.instances["a"]
        await host.dispatch("SessionEnd", {"session_id": "a"})
        await host.dispatch("SessionEnd", {"session_id": "never"})

        assert "a" not in half.instances
        assert "never" not in half.instances
        await until(lambda: leaving.state.value == "stopped")
        assert half._leaving == []
        while (await knows(host, "server", "b"))["kept"] != "aSessionEnd":
            pass
        kept = host.workspace.plugin("two").instance_for("b")
        assert kept.state.value == "active"


@pytest.mark.asyncio
async def test_handlers_of_pi_s_names_hear_in_turn(tmp_path: Path) -> None:
    """With pi's event object; one that throws is reported, one that runs once runs once."""
    source = """
    export default (pi) => {
      const events = [];
      pi.on("turn_end", async (event) => { events.push(["first", event.type, event.turnIndex]); throw new Error("oh"); });
      pi.once("TurnEnd", () => { events.push("once"); });
      pi.on("turn_end", (event, ctx) => { events.push(["last", ctx.sessionId]); });
      pi.registerCommand("tui-does", { handler: () => ({ output: { events } }) });
    };
    """
    async with opened(tmp_path) as host:
        await host.load(package(tmp_path / "two", {"t.js": source}, entry={"tui": "t.js"}))
        await look(host, "two")
        await host.dispatch("TurnEnd", turn(4))
        await host.dispatch("TurnEnd", turn(5))

        while len(events := (await knows(host, "tui", "s"))["events"]) < 5:  # type: ignore[arg-type]  # a list
            pass
        assert events == [
            ["first", "turn_end", 4],
            "once",
            ["last", "s"],
            ["first", "turn_end", 5],
            ["last", "s"],
        ]


@pytest.mark.asyncio
async def test_events_of_a_plugin_s_own_tool_calls_are_told(tmp_path: Path) -> None:
    """Those that the host fires around a tool, not an agent."""
    server = tells() + "export const more = 1;"
    tool = server.replace(
        "pi.registerCommand(",
        'pi.registerTool({ name: "t", description: "d", tier: "read", handler: () => 1 });\npi.registerCommand(',
        1,
    )
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", tool, tells("PreToolUse", "PostToolUse")))
        await look(host, "two")
        await host.call_tool("plugin_t", {}, typed=True)

        assert [e["tool_name"] for e in await heard_of(host, 2)] == ["plugin_t", "plugin_t"]


def test_a_blocking_host_tells_halves_too(tmp_path: Path) -> None:
    """Between its calls, without anybody waiting."""
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(pair(tmp_path / "two", server=tells()))
        with host._lock:
            host.workspace.show_interface(True)
        while host.plugins()[0].tui.state != "active":  # type: ignore[union-attr]  # it has one
            pass
        host.dispatch("TurnEnd", turn(1))

        while True:
            output = host.run_command("tui-does").output
            assert isinstance(output, dict)
            if output["events"]:
                break


@pytest.mark.asyncio
async def test_only_one_of_many_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One text for every half that listens, none for an event that nobody hears of."""
    from host import forwarding  # the name that forward() looks up

    texts: list[str] = []
    real = forwarding.news_of
    monkeypatch.setattr(
        forwarding,
        "news_of",
        lambda event, payload: texts.append(real(event, payload)) or texts[-1],
    )
    async with opened(tmp_path) as host:
        for name in ("one", "two"):
            await host.load(pair(tmp_path / name, server=tells()))
        await look(host, "one", "two")
        await host.dispatch("TurnEnd", turn(1))
        await host.dispatch("Stop", {"session_id": "s"})

        assert len(texts) == 1
        await does(host, "tui")


@pytest.mark.asyncio
async def test_sessions_that_end_at_once_leave_few_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a moment for its last words, but only so many at a time."""
    monkeypatch.setattr("host.tui_half.LAST_WORDS_S", 600.0)
    async with opened(tmp_path) as host:
        await host.load(
            pair(tmp_path / "two", tells(), tells("TurnEnd", "SessionEnd"), scope="session")
        )
        await look(host, "two")
        half = half_of(host, "two")
        for number in range(MAX_LEAVING + 3):
            await host.dispatch("TurnEnd", turn(number, f"s{number}"))
            await host.dispatch("SessionEnd", {"session_id": f"s{number}"})

            assert len(half._leaving) == min(number + 1, MAX_LEAVING)
        assert len(half.all_instances()) == MAX_LEAVING
