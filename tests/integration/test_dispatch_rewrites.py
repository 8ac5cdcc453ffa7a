"""Rewrites: what survives them, the second look of the guards, and the chain."""

import pytest

from host import BlockingPluginHost, Config, PluginEvent, PluginOptions, Status, Timeouts
from host.audit import Kind
from host.outcome import JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, on, plugin, result_of

GUARD = on(
    "PreToolUse",
    'if (event.tool_input.command.includes("rm")) return { block: `no ${event.tool_input.command}` };',
)


def rewriter(change: str) -> str:
    """Source of a plugin that runs *change* on ``input`` and returns it."""
    return on(
        "PreToolUse",
        f"const input = event.tool_input; {change}; return {{ modified_input: input }};",
    )


COUNTING_GUARD = plugin("""
  const seen = [];
  pi.on("PreToolUse", (event) => { seen.push(event.tool_input.command); });
  pi.on("Stop", () => ({ reason: seen.join(",") }));
""")


def seen_by(host: BlockingPluginHost) -> object:
    """What the counting guard was shown, in order."""
    return host.dispatch("Stop", {"session_id": "s"}).output["reason"]


# What survives.

EXACT: list[tuple[str, object]] = [
    ("big", 2**60 + 1),
    ("bigger", 2**63 + 1),
    ("huge", 10**40 + 1),
    ("negative", -(2**53) - 1),
    ("nested", {"id": 2**60 + 1, "list": [1, 2**60 + 3]}),
    ("float", 0.1),
    ("minus_zero", -0.0),
    ("lone", "\ud800"),
    ("__proto__", {"x": 2**60 + 1}),
]


@pytest.mark.parametrize(("key", "value"), EXACT, ids=[key for key, _ in EXACT])
def test_what_javascript_cannot_hold_survives_a_rewrite_beside_it(
    host: BlockingPluginHost, write: Write, key: str, value: object
) -> None:
    """A rewrite of the command is a change of the command and of nothing else."""
    host.load(write("r.js", rewriter('input.command = "new"')))
    payload = bash("old")
    payload["tool_input"] = {"command": "old", key: value}  # type: ignore[dict-item]

    outcome = host.dispatch("PreToolUse", payload)

    assert outcome.output["modified_input"] == {"command": "new", key: value}
    assert repr(outcome.output["modified_input"][key]) == repr(value)  # type: ignore[index,call-overload]


def test_the_agents_own_payload_is_not_touched(host: BlockingPluginHost, write: Write) -> None:
    """The outcome holds a new input; the old one is the agent's."""
    host.load(write("r.js", rewriter("input.list.push(3); delete input.gone")))
    payload: JsonObject = bash("old", list=[1, 2], gone=True)

    outcome = host.dispatch("PreToolUse", payload)

    assert outcome.output["modified_input"] == {"command": "old", "list": [1, 2, 3]}
    assert payload == bash("old", list=[1, 2], gone=True)


# The second look.


@pytest.mark.parametrize("guard_first", [True, False])
def test_a_guard_sees_the_rewritten_input_and_blocks(
    host: BlockingPluginHost, write: Write, guard_first: bool
) -> None:
    """It approved the old command; the new one is shown to it before anything runs."""
    sources = {"guard": GUARD, "rewriter": rewriter('input.command = "rm -rf /"')}
    for name in sorted(sources, reverse=not guard_first):
        host.load(write(f"{name}.js", sources[name]))

    outcome = host.dispatch("PreToolUse", bash("ls"))

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")
    assert outcome.reason == "no rm -rf /"
    assert outcome.output == {"block": "no rm -rf /"}
    (entry,) = audited(host, Kind.VETO)
    assert (entry.plugin, entry.code) == ("guard", "second_look")


def test_a_guard_that_accepts_lets_the_rewrite_through(
    host: BlockingPluginHost, write: Write
) -> None:
    """The control: the same two, a harmless rewrite; the guard saw both."""
    host.load(write("guard.js", COUNTING_GUARD))
    host.load(write("r.js", rewriter('input.command = "true"')))

    outcome = host.dispatch("PreToolUse", bash("ls"))

    assert outcome.output == {"modified_input": {"command": "true"}}
    assert seen_by(host) == "ls,true"


def test_a_rewriter_alone_is_not_asked_about_its_own_words(
    host: BlockingPluginHost, write: Write
) -> None:
    """The final input is exactly what it gave, so it has seen it."""
    body = """
      let calls = 0;
      pi.on("PreToolUse", (event) => { calls += 1; return { modified_input: { command: "new" } }; });
      pi.on("Stop", () => ({ reason: String(calls) }));
    """
    host.load(write("r.js", plugin(body)))

    assert host.dispatch("PreToolUse", bash()).output == {"modified_input": {"command": "new"}}
    assert seen_by(host) == "1"


def test_two_rewriters_are_shown_what_they_made_together(
    host: BlockingPluginHost, write: Write
) -> None:
    """Neither has seen the sum of both, so either may still block it."""
    a = """
      pi.on("PreToolUse", (event) => {
        if (event.tool_input.a && event.tool_input.b) return { block: "not both" };
        return { modified_input: { ...event.tool_input, a: 1 } };
      });
    """
    host.load(write("a.js", plugin(a)))
    host.load(write("b.js", rewriter("input.b = 1")))

    outcome = host.dispatch("PreToolUse", bash("ls"))

    assert (outcome.action, outcome.blocked_by, outcome.reason) == ("block", "a", "not both")


def test_rewrites_of_the_second_look_do_not_count(
    host: BlockingPluginHost, write: Write
) -> None:
    """Only a block counts then, or two rewriters could go on for ever."""
    for name in "ab":
        host.load(
            write(f"{name}.js", rewriter(f'input.command += "{name}"; input.{name} = true'))
        )

    outcome = host.dispatch("PreToolUse", bash("x"))

    assert outcome.output["modified_input"] == {"command": "xb", "a": True, "b": True}


FAILS_ON_NEW = {
    "throws": (
        on("PreToolUse", 'if (event.tool_input.command === "new") throw new Error("x");'),
        Status.FAILED,
    ),
    "waits": (
        on(
            "PreToolUse",
            'if (event.tool_input.command === "new") return new Promise(() => {});',
        ),
        Status.TIMED_OUT,
    ),
    "spins": (
        on("PreToolUse", 'if (event.tool_input.command === "new") for (;;);'),
        Status.TIMED_OUT,
    ),
    "nonsense": (
        on("PreToolUse", 'if (event.tool_input.command === "new") return 42;'),
        Status.FAILED,
    ),
}


@pytest.mark.parametrize("how", FAILS_ON_NEW)
def test_a_guard_that_fails_in_the_second_look_blocks(
    make_host: MakeHost, write: Write, how: str
) -> None:
    """Nobody but the rewriter has seen what would run, so it does not run, failing open or not."""
    source, status = FAILS_ON_NEW[how]
    host = make_host(Config(timeouts=Timeouts(actionable_ms=300)))
    host.load(write("guard.js", source))
    host.load(write("r.js", rewriter('input.command = "new"')))

    outcome = host.dispatch("PreToolUse", bash("old"))

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")
    assert status.value in (outcome.reason or "")
    assert "modified_input" not in outcome.output


def test_an_observer_that_fails_in_the_second_look_is_not_asked(
    host: BlockingPluginHost, write: Write
) -> None:
    """Without veto there is no second look to fail in."""
    rights = {PluginEvent.PRE_TOOL_USE: frozenset({"observe"})}
    host.load(write("o.js", FAILS_ON_NEW["throws"][0]), rights=rights)
    host.load(write("r.js", rewriter('input.command = "new"')))

    outcome = host.dispatch("PreToolUse", bash("old"))

    assert outcome.output == {"modified_input": {"command": "new"}}


# The chain.


@pytest.fixture
def chain(make_host: MakeHost) -> BlockingPluginHost:
    """A host whose modifying events go from plugin to plugin."""
    return make_host(Config(dispatch="chain"))


def test_each_plugin_of_a_chain_sees_the_last_ones_change(
    chain: BlockingPluginHost, write: Write
) -> None:
    """The prompt grows along the chain, and there is nothing to disagree about."""
    for name in "abc":
        body = f'return {{ modified_prompt: event.content + "{name}" }};'
        chain.load(write(f"{name}.js", on("UserPromptSubmit", body)))

    outcome = chain.dispatch("UserPromptSubmit", {"content": "-", "session_id": "s"})

    assert outcome.output == {"modified_prompt": "-abc"}
    assert outcome.conflicts == ()
    assert [r.output["modified_prompt"] for r in outcome.results] == ["-a", "-ab", "-abc"]


def test_in_parallel_each_sees_the_original(host: BlockingPluginHost, write: Write) -> None:
    """The control of the chain: by default nobody waits for another."""
    for name in "abc":
        body = f'return {{ modified_prompt: event.content + "{name}" }};'
        host.load(write(f"{name}.js", on("UserPromptSubmit", body)))

    outcome = host.dispatch("UserPromptSubmit", {"content": "-", "session_id": "s"})

    assert outcome.output == {"modified_prompt": "-c"}


def test_a_block_ends_the_chain(chain: BlockingPluginHost, write: Write) -> None:
    """Those behind it are not asked any more."""
    chain.load(write("a.js", rewriter('input.command = "rm x"')))
    chain.load(write("guard.js", GUARD))
    chain.load(write("c.js", COUNTING_GUARD))

    outcome = chain.dispatch("PreToolUse", bash("ls"))

    assert (outcome.blocked_by, outcome.reason) == ("guard", "no rm x")
    assert [r.plugin for r in outcome.results] == ["a", "guard"]
    assert seen_by(chain) == ""


def test_a_chain_also_has_its_second_look(chain: BlockingPluginHost, write: Write) -> None:
    """A guard before the rewriter saw the old command; it is shown the new one."""
    chain.load(write("guard.js", GUARD))
    chain.load(write("r.js", rewriter('input.command = "rm x"')))

    outcome = chain.dispatch("PreToolUse", bash("ls"))

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")


def test_exact_numbers_survive_a_chain(chain: BlockingPluginHost, write: Write) -> None:
    """Two steps of JavaScript do not round what neither touched."""
    for name in "ab":
        chain.load(write(f"{name}.js", rewriter(f'input.command += "{name}"')))

    outcome = chain.dispatch("PreToolUse", bash("x", id=2**60 + 1))

    assert outcome.output["modified_input"] == {"command": "xab", "id": 2**60 + 1}


def test_a_chain_goes_on_past_a_plugin_that_fails(make_host: MakeHost, write: Write) -> None:
    """Failing open, the next one gets what the last good one made."""
    host = make_host(Config(dispatch="chain", plugins={"stuck": PluginOptions(timeout_ms=100)}))
    host.load(write("a.js", on("UserPromptSubmit", 'return { modified_prompt: "a" };')))
    host.load(write("stuck.js", on("UserPromptSubmit", "return new Promise(() => {});")))
    host.load(write("bad.js", on("UserPromptSubmit", "throw new Error();")))
    body = 'return { modified_prompt: event.content + "b" };'
    host.load(write("b.js", on("UserPromptSubmit", body)))

    outcome = host.dispatch("UserPromptSubmit", {"content": "-", "session_id": "s"})

    assert outcome.output == {"modified_prompt": "ab"}
    assert result_of(outcome, "stuck").status is Status.TIMED_OUT
    assert result_of(outcome, "bad").status is Status.FAILED


def test_an_event_without_outputs_is_not_chained(
    chain: BlockingPluginHost, write: Write
) -> None:
    """There is nothing to pass on, so nobody waits for another."""
    for name in "ab":
        chain.load(write(f"{name}.js", on("TurnStart", "")))

    outcome = chain.dispatch("TurnStart", {"session_id": "s"})

    assert [r.status for r in outcome.results] == [Status.ANSWERED] * 2
