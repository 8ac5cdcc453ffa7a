"""What an agent is told when a guard cannot answer: fail_closed, and what cannot be shown at all."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from host import Config, Limits, Outcome, PluginEvent, PluginHost, PluginOptions, Status
from host.audit import Kind
from host.errors import InputError, PluginLoadError
from host.outcome import JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, on, plugin, result_of

EVENTS: dict[str, JsonObject] = {
    "PreToolUse": bash(),
    "PermissionRequest": {"action": "shell", "session_id": "s"},
    "PreCompact": {"session_id": "s", "message_count": 3},
    "SessionBeforeSwitch": {"session_id": "s", "reason": "new"},
}
STOPPED = dict.fromkeys(EVENTS, "block") | {"PermissionRequest": "deny"}
FIELD: dict[str, tuple[str, object]] = {
    "PreToolUse": ("block", str),
    "PermissionRequest": ("decision", "deny"),
    "PreCompact": ("prevent", True),
    "SessionBeforeSwitch": ("cancel", True),
}

SUBSCRIBES = "".join(f'pi.on("{event}", answer);' for event in EVENTS)
NEVER = plugin(f"const answer = () => new Promise(() => {{}}); {SUBSCRIBES}")
SPINS = plugin(f"const answer = () => {{ for (;;); }}; {SUBSCRIBES}")
THROWS = plugin(f'const answer = () => {{ throw new Error("mine"); }}; {SUBSCRIBES}')
# Loads once; the second worker of it fails, or never finishes.
LOADS_ONCE = """
export default async (pi) => {{
  const answer = () => new Promise(() => {{}});
  {subscribes}
  const loads = (pi.kv.get("loads") ?? 0) + 1;
  await pi.kv.set("loads", loads);
  if (loads > 1) {then}
}};
"""
FAILS_TO_RELOAD = LOADS_ONCE.format(subscribes=SUBSCRIBES, then='throw new Error("not again");')
NEVER_RELOADS = LOADS_ONCE.format(subscribes=SUBSCRIBES, then="await new Promise(() => {});")

MakeFail = Callable[[PluginHost, str], Awaitable[Outcome]]


async def _ask(host: PluginHost, event: str) -> Outcome:
    return await host.dispatch(event, EVENTS[event])


async def _lose_worker(host: PluginHost) -> Outcome:
    """Kill the worker in the middle of an event, and return that event's outcome."""
    waiting = asyncio.ensure_future(host.dispatch("PreToolUse", bash()))
    await asyncio.sleep(0)  # it is delivered in its first step
    os.kill(host.plugins()[0].pids[0], signal.SIGKILL)
    return await waiting


async def _crashed(host: PluginHost, event: str) -> Outcome:
    waiting = asyncio.ensure_future(host.dispatch(event, EVENTS[event]))
    await asyncio.sleep(0)
    os.kill(host.plugins()[0].pids[0], signal.SIGSEGV)  # as a fault of the engine would
    return await waiting


async def _after_a_crash(host: PluginHost, event: str) -> Outcome:
    await _lose_worker(host)
    return await host.dispatch(event, EVENTS[event])


async def _blocked(host: PluginHost, event: str) -> Outcome:
    await _lose_worker(host)
    await host.dispatch(event, EVENTS[event])  # waits until the second load has failed
    return await host.dispatch(event, EVENTS[event])


# name -> (source, how it comes to fail, status)
FAILURES: dict[str, tuple[str, MakeFail, Status]] = {
    "timeout": (NEVER, _ask, Status.TIMED_OUT),
    "hang": (SPINS, _ask, Status.TIMED_OUT),
    "error": (THROWS, _ask, Status.FAILED),
    "crash": (NEVER, _crashed, Status.CRASHED),
    "blocked": (FAILS_TO_RELOAD, _blocked, Status.BLOCKED),
    "restarting": (NEVER_RELOADS, _after_a_crash, Status.BUSY),
}


async def _fail(
    tmp_path: Path, how: str, event: str, *, fail_closed: bool, rights: frozenset[str]
) -> tuple[Outcome, PluginHost]:
    source, make_fail, _ = FAILURES[how]
    path = tmp_path / "guard.js"
    path.write_text(source)
    config = Config(fail_closed=fail_closed, plugins={"guard": PluginOptions(timeout_ms=150)})
    async with PluginHost(config, home=tmp_path / "home", project_dir=tmp_path) as host:
        given = {
            PluginEvent[name]: rights
            for name in (
                "PRE_TOOL_USE",
                "PERMISSION_REQUEST",
                "PRE_COMPACT",
                "SESSION_BEFORE_SWITCH",
            )
        }
        await host.load(path, rights=given)  # type: ignore[arg-type]
        return await make_fail(host, event), host


VETO = frozenset({"observe", "veto"})
OBSERVE = frozenset({"observe"})


@pytest.mark.asyncio
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("how", FAILURES)
async def test_failing_closed_a_failed_guard_stops_the_event(
    tmp_path: Path, nothing_stays: None, how: str, event: str
) -> None:
    """Whatever kept it from answering, the agent does not go on, and is told who and why."""
    outcome, host = await _fail(tmp_path, how, event, fail_closed=True, rights=VETO)

    assert (outcome.action, outcome.blocked_by) == (STOPPED[event], "guard")
    assert outcome.results[0].status is FAILURES[how][2]
    assert FAILURES[how][2].value in (outcome.reason or "")
    name, value = FIELD[event]
    if value is str:
        assert outcome.output[name] == outcome.reason
    else:
        assert outcome.output[name] == value
    assert audited(host, Kind.VETO, "guard")


@pytest.mark.asyncio
@pytest.mark.parametrize("how", FAILURES)
async def test_failing_open_the_event_goes_on(
    tmp_path: Path, nothing_stays: None, how: str
) -> None:
    """The control: the failure is in the results, and nothing is stopped."""
    outcome, _ = await _fail(tmp_path, how, "PreToolUse", fail_closed=False, rights=VETO)

    assert (outcome.action, outcome.output) == ("continue", {})
    assert outcome.results[0].status is FAILURES[how][2]


@pytest.mark.asyncio
@pytest.mark.parametrize("how", FAILURES)
async def test_failing_closed_an_observer_stops_nothing(
    tmp_path: Path, nothing_stays: None, how: str
) -> None:
    """Who may not veto does not do so by failing."""
    outcome, _ = await _fail(tmp_path, how, "PreToolUse", fail_closed=True, rights=OBSERVE)

    assert (outcome.action, outcome.output) == ("continue", {})
    assert outcome.results[0].status is FAILURES[how][2]


def test_failing_closed_an_event_that_cannot_be_stopped_goes_on(
    make_host: MakeHost, write: Write
) -> None:
    """There is no veto on a turn's start, so nobody's failure is one."""
    host = make_host(Config(fail_closed=True))
    host.load(write("p.js", on("TurnStart", "throw new Error('x');")))

    assert host.dispatch("TurnStart", {"session_id": "s"}).action == "continue"


def test_failing_closed_a_plugin_that_does_not_load_stops_the_start(
    tmp_path: Path, make_host: MakeHost, write: Write
) -> None:
    """The agent was to be guarded by it; failing open, the start goes on without."""
    bad = write("bad.js", "throw new Error('no');")
    good = write("good.js", on("Stop", ""))
    sources = tuple({"type": "file", "path": str(path)} for path in (bad, good))

    host = make_host(Config(sources=sources))  # type: ignore[arg-type]
    assert [info.name for info in host.plugins()] == ["good"]
    assert audited(host, Kind.LOAD_FAILED, "bad")

    with pytest.raises(PluginLoadError, match="no"):
        make_host(Config(sources=sources, fail_closed=True))  # type: ignore[arg-type]


# What cannot be shown whole.

SMALL = Config(limits=Limits(payload_in_bytes=2048))


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


UNDELIVERABLE: dict[str, object] = {
    "too_large": "x" * 5000,
    "not_a_number": float("nan"),
    "infinite": {"deep": [1, float("-inf")]},
    "object": object(),
    "complex": 1j,
    "too_deep": _nested(100_000),
}


@pytest.mark.parametrize("what", UNDELIVERABLE)
def test_what_a_guard_cannot_be_shown_is_blocked(
    make_host: MakeHost, write: Write, what: str
) -> None:
    """Even failing open: what no guard has seen must not run as if they had."""
    host = make_host(SMALL)
    host.load(write("guard.js", on("PreToolUse", "")))

    outcome = host.dispatch("PreToolUse", bash("ls", value=UNDELIVERABLE[what]))  # type: ignore[arg-type]

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")
    assert "could not be shown" in (outcome.reason or "")
    assert outcome.results[0].status is Status.FAILED
    (entry,) = audited(host, Kind.FAILED, "guard")
    assert entry.code == "E_UNDELIVERED"


def test_a_permission_that_cannot_be_shown_is_denied(make_host: MakeHost, write: Write) -> None:
    """In the words of its own event."""
    host = make_host(SMALL)
    host.load(write("guard.js", on("PermissionRequest", "")))

    outcome = host.dispatch("PermissionRequest", {"action": "x" * 5000, "session_id": "s"})

    assert outcome.action == "deny"
    assert outcome.output["decision"] == "deny"


@pytest.mark.parametrize(("fail_closed", "action"), [(False, "continue"), (True, "block")])
def test_an_undeliverable_compaction_is_prevented_only_when_failing_closed(
    make_host: MakeHost, write: Write, fail_closed: bool, action: str
) -> None:
    """It runs nothing, so it follows the failure mode."""
    host = make_host(Config(fail_closed=fail_closed, limits=Limits(payload_in_bytes=2048)))
    host.load(write("p.js", on("PreCompact", "")))

    outcome = host.dispatch("PreCompact", {"session_id": "s", "system_prompt": "x" * 5000})

    assert outcome.action == action
    assert outcome.output == ({"prevent": True} if fail_closed else {})


def test_undeliverable_to_observers_only_goes_on(make_host: MakeHost, write: Write) -> None:
    """Nobody who could have stopped it was left out."""
    host = make_host(SMALL)
    rights = {PluginEvent.PRE_TOOL_USE: frozenset({"observe"})}
    host.load(write("o.js", on("PreToolUse", "")), rights=rights)  # type: ignore[arg-type]

    outcome = host.dispatch("PreToolUse", bash("x" * 5000))

    assert outcome.action == "continue"
    assert outcome.results[0].status is Status.FAILED


def test_a_rewrite_that_cannot_be_shown_to_the_guard_is_blocked(
    make_host: MakeHost, write: Write
) -> None:
    """Small enough before the rewrite, too large after it: no second look, no run."""
    host = make_host(SMALL)
    host.load(write("guard.js", on("PreToolUse", "")))
    body = 'return { modified_input: { command: "x".repeat(5000) } };'
    host.load(write("r.js", on("PreToolUse", body)))

    outcome = host.dispatch("PreToolUse", bash())

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")


def test_in_a_chain_too_what_grew_over_the_limit_is_blocked(
    make_host: MakeHost, write: Write
) -> None:
    """The guard behind the rewriter would be shown more than it may be."""
    host = make_host(Config(dispatch="chain", limits=Limits(payload_in_bytes=2048)))
    body = 'return { modified_input: { command: "x".repeat(5000) } };'
    host.load(write("r.js", on("PreToolUse", body)))
    host.load(write("guard.js", on("PreToolUse", "")))

    outcome = host.dispatch("PreToolUse", bash())

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")


def test_a_lone_surrogate_is_shown_and_blocked_for_what_it_is(
    make_host: MakeHost, write: Write
) -> None:
    """Badly encoded commands reach their guard, whose words come back as they are."""
    host = make_host()
    body = 'if (event.tool_input.command.includes("rm")) return { block: event.tool_input.command };'
    host.load(write("guard.js", on("PreToolUse", body)))

    outcome = host.dispatch("PreToolUse", bash("rm \udcff x"))

    assert outcome.reason == "rm \udcff x"
    assert outcome.results[0].error is None
    assert host.dispatch("PreToolUse", bash("ls \udcff")).action == "continue"


def test_null_is_no_reason_to_refuse(host: object, make_host: MakeHost, write: Write) -> None:
    """The control of not-a-number: what JSON has a word for is delivered."""
    host = make_host()
    host.load(write("p.js", on("PreToolUse", "return { block: String(event.tool_input.x) };")))

    assert host.dispatch("PreToolUse", bash(x=None, y=1.5)).reason == "null"
    assert host.dispatch("PreToolUse", bash(x="null")).reason == "null"


def test_a_payload_that_is_no_object_is_the_callers_mistake(
    make_host: MakeHost, write: Write
) -> None:
    """It raises in the agent's face: no plugin did anything."""
    host = make_host()
    host.load(write("p.js", on("PreToolUse", "")))

    with pytest.raises(InputError, match="PreToolUse must be an object"):
        host.dispatch("PreToolUse", [])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="did you mean PreToolUse"):
        host.dispatch("PreToolUSe", {})
    with pytest.raises(InputError, match="without 11"):
        host.dispatch(11, {})  # type: ignore[arg-type]


def test_one_failing_guard_does_not_hide_the_words_of_another(
    make_host: MakeHost, write: Write
) -> None:
    """Failing closed, the first in plugin order stops it, be it by failing or by a block."""
    host = make_host(Config(fail_closed=True))
    host.load(write("bad.js", on("PreToolUse", "throw new Error('mine');")))
    host.load(write("guard.js", on("PreToolUse", "return { block: 'no' };")))

    outcome = host.dispatch("PreToolUse", bash())

    assert outcome.blocked_by == "bad"
    assert result_of(outcome, "guard").action == "block"
