"""Several plugins, one outcome: order, strictness, additions, conflicts, rights."""

import itertools

import pytest

from host import BlockingPluginHost, Conflict, PluginEvent
from host.audit import Kind
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, on, plugin, result_of

EVERYTHING = frozenset({"observe", "veto", "rewrite", "decide"})

SAYS = {
    "blocks": 'return { action: "block", output: "because" };',
    "asks": 'return { action: "ask" };',
    "allows": 'return { action: "allow" };',
    "continues": "return undefined;",
}
WINNERS = {"blocks": "deny", "asks": "ask", "allows": "allow", "continues": "continue"}


@pytest.fixture
def four(host: BlockingPluginHost, write: Write) -> BlockingPluginHost:
    """A host with four plugins that say what the payload tells each to say."""
    table = ", ".join(f"{name}() {{ {body} }}" for name, body in SAYS.items())
    for name in ("a", "b", "c", "d"):
        body = f"const says = {{ {table} }}; return says[event.metadata.{name}]();"
        rights = {PluginEvent.PERMISSION_REQUEST: EVERYTHING}
        host.load(write(f"{name}.js", on("PermissionRequest", body)), rights=rights)
    return host


def test_the_strictest_word_wins_in_any_order(four: BlockingPluginHost) -> None:
    """block beats ask beats allow beats continue, whoever says it."""
    for said in itertools.product(SAYS, repeat=3):
        words = dict(zip("abcd", (*said, "continues"), strict=True))
        outcome = four.dispatch(
            "PermissionRequest", {"action": "x", "session_id": "s", "metadata": words}
        )

        strictest = min(said, key=list(SAYS).index)
        assert outcome.action == WINNERS[strictest], words
        first = next((name for name, word in words.items() if word == "blocks"), None)
        assert outcome.blocked_by == first


def test_the_first_blocker_in_plugin_order_is_named(
    host: BlockingPluginHost, write: Write
) -> None:
    """Not the fastest, and all of them are in the results."""
    gate = 'pi.on("PreToolUse", async () => { await pi.sleep(20); return { block: "slow" }; });'
    host.load(write("slow.js", plugin(gate)))
    host.load(write("fast.js", on("PreToolUse", 'return { block: "fast" };')))

    outcome = host.dispatch("PreToolUse", bash())

    assert (outcome.blocked_by, outcome.reason) == ("slow", "slow")
    assert [(r.plugin, r.action) for r in outcome.results] == [
        ("slow", "block"),
        ("fast", "block"),
    ]
    (entry,) = audited(host, Kind.VETO)
    assert (entry.plugin, entry.detail, entry.event) == (
        "slow",
        "slow",
        PluginEvent.PRE_TOOL_USE,
    )


def test_additions_are_concatenated_in_plugin_order(
    host: BlockingPluginHost, write: Write
) -> None:
    """Nobody's prompt line replaces another's."""
    for name in ("one", "two", "three"):
        body = f'return {{ additional_system_prompt: ["{name} a", "{name} b"] }};'
        host.load(write(f"{name}.js", on("AgentStart", body)))

    outcome = host.dispatch("AgentStart", {"session_id": "s", "system_prompt": "p"})

    lines = [f"{name} {part}" for name in ("one", "two", "three") for part in "ab"]
    assert outcome.output == {"additional_system_prompt": lines}
    assert outcome.conflicts == ()


def test_changes_of_different_parts_are_both_kept(
    host: BlockingPluginHost, write: Write
) -> None:
    """Two rewriters of one input do not undo each other."""
    host.load(
        write(
            "a.js",
            on(
                "PreToolUse",
                "event.tool_input.a = 1; return { modified_input: event.tool_input };",
            ),
        )
    )
    host.load(
        write(
            "b.js",
            on(
                "PreToolUse",
                "event.tool_input.b = 2; return { modified_input: event.tool_input };",
            ),
        )
    )

    outcome = host.dispatch("PreToolUse", bash("x"))

    assert outcome.output == {"modified_input": {"command": "x", "a": 1, "b": 2}}
    assert outcome.conflicts == ()


def test_a_conflict_is_won_by_the_later_and_named(
    host: BlockingPluginHost, write: Write
) -> None:
    """In the outcome and in the audit, with the place that both changed."""
    for name in ("first", "second"):
        body = f'return {{ modified_input: {{ ...event.tool_input, command: "{name}" }} }};'
        host.load(write(f"{name}.js", on("PreToolUse", body)))

    outcome = host.dispatch("PreToolUse", bash("x"))

    assert outcome.output["modified_input"] == {"command": "second"}
    assert outcome.conflicts == (Conflict("modified_input", "/command", "second", "first"),)
    (entry,) = audited(host, Kind.CONFLICT)
    assert entry.plugin == "first"
    assert "/command" in entry.detail
    assert "second" in entry.detail


def test_the_same_change_is_no_conflict(host: BlockingPluginHost, write: Write) -> None:
    """Two that agree have nothing to settle."""
    for name in ("first", "second"):
        host.load(
            write(
                f"{name}.js", on("PreToolUse", 'return { modified_input: { command: "y" } };')
            )
        )

    outcome = host.dispatch("PreToolUse", bash("x"))

    assert outcome.output["modified_input"] == {"command": "y"}
    assert outcome.conflicts == ()


def test_a_block_drops_what_others_would_have_changed(
    host: BlockingPluginHost, write: Write
) -> None:
    """A blocked event carries no rewrite that somebody might run after all."""
    host.load(write("r.js", on("PreToolUse", 'return { modified_input: { command: "y" } };')))
    host.load(write("g.js", on("PreToolUse", 'return { block: "no" };')))

    outcome = host.dispatch("PreToolUse", bash("x"))

    assert outcome.output == {"block": "no"}
    assert result_of(outcome, "r").output == {"modified_input": {"command": "y"}}


def test_a_failing_plugin_does_not_cost_the_others_their_say(
    host: BlockingPluginHost, write: Write
) -> None:
    """One throws, the next one still rewrites; both are told apart in the results."""
    observes = {PluginEvent.PRE_TOOL_USE: frozenset({"observe"})}
    host.load(write("bad.js", on("PreToolUse", "throw new Error('mine');")), rights=observes)
    host.load(write("r.js", on("PreToolUse", 'return { modified_input: { command: "y" } };')))

    outcome = host.dispatch("PreToolUse", bash("x"))

    assert outcome.output == {"modified_input": {"command": "y"}}
    assert [r.status.value for r in outcome.results] == ["failed", "answered"]
    (entry,) = audited(host, Kind.FAILED, "bad")
    assert "mine" in entry.detail


# Rights.

ASK = {"action": "shell", "session_id": "s"}


def test_an_allow_of_a_hand_loaded_plugin_is_dropped_and_audited(
    host: BlockingPluginHost, write: Write
) -> None:
    """A silent approval is a right of its own."""
    host.load(
        write("p.js", on("PermissionRequest", 'return { decision: "allow", message: "ok" };'))
    )

    outcome = host.dispatch("PermissionRequest", ASK)

    assert (outcome.action, outcome.output) == ("continue", {})
    (entry,) = audited(host, Kind.DROPPED_OUTPUT)
    assert (entry.plugin, entry.code) == ("p", "E_RIGHT")
    assert "decide" in entry.detail


def test_an_allow_counts_with_its_right(host: BlockingPluginHost, write: Write) -> None:
    """The control: the same plugin, given the right."""
    source = on("PermissionRequest", 'return { decision: "allow", message: "ok" };')
    rights = {PluginEvent.PERMISSION_REQUEST: frozenset({"observe", "decide"})}
    host.load(write("p.js", source), rights=rights)

    outcome = host.dispatch("PermissionRequest", ASK)

    assert outcome.action == "allow"
    assert outcome.output == {"decision": "allow", "message": "ok"}
    assert audited(host, Kind.DROPPED_OUTPUT) == []


MISSING = [
    ("PreToolUse", bash(), 'return { modified_input: { command: "y" } };', "veto", "rewrite"),
    ("PreToolUse", bash(), 'return { block: "no" };', "rewrite", "veto"),
    ("PreToolUse", bash(), 'return { action: "ask" };', "rewrite", "veto"),
    ("PermissionRequest", ASK, 'return { decision: "deny" };', "decide", "veto"),
    ("PermissionRequest", ASK, 'return { decision: "ask" };', "decide", "veto"),
    ("PreCompact", {"session_id": "s"}, "return { prevent: true };", "rewrite", "veto"),
    (
        "AgentStart",
        {"session_id": "s", "system_prompt": "p"},
        'return { additional_system_prompt: "x" };',
        "veto",
        "rewrite",
    ),
    (
        "AgentStart",
        {"session_id": "s", "system_prompt": "p"},
        'return { system_prompt: "x" };',
        "veto",
        "rewrite",
    ),
    (
        "UserPromptSubmit",
        {"content": "hi", "session_id": "s"},
        'return { modified_prompt: "x" };',
        "veto",
        "rewrite",
    ),
    (
        "Notification",
        {"level": "i", "message": "m"},
        "return { suppress: true };",
        "rewrite",
        "veto",
    ),
]


@pytest.mark.parametrize(
    ("event", "payload", "body", "has", "needs"),
    MISSING,
    ids=[f"{row[0]}-{row[4]}-{n}" for n, row in enumerate(MISSING)],
)
def test_an_output_without_its_right_is_dropped(
    host: BlockingPluginHost,
    write: Write,
    event: str,
    payload: dict[str, object],
    body: str,
    has: str,
    needs: str,
) -> None:
    """The event goes on as if it had not been said, and the audit names the right."""
    rights = {PluginEvent[_constant(event)]: frozenset({"observe", has})}
    host.load(write("p.js", on(event, body)), rights=rights)  # type: ignore[arg-type]

    outcome = host.dispatch(event, payload)  # type: ignore[arg-type]

    assert (outcome.action, outcome.output) == ("continue", {})
    (entry,) = audited(host, Kind.DROPPED_OUTPUT)
    assert needs in entry.detail


def _constant(event: str) -> str:
    return "".join(f"_{c}" if c.isupper() else c for c in event).lstrip("_").upper()


def test_no_right_at_all_means_not_even_told(host: BlockingPluginHost, write: Write) -> None:
    """A plugin without ``observe`` is not on the event's route."""
    host.load(
        write("p.js", on("PreToolUse", "return { block: 'no' };")),
        rights={PluginEvent.PRE_TOOL_USE: frozenset()},
    )

    assert host.has_handler("PreToolUse") is False
    assert host.dispatch("PreToolUse", bash()).results == ()


def test_rights_come_per_event(make_host: MakeHost, write: Write) -> None:
    """Taking one event's rights leaves the others as they were."""
    body = """
      pi.on("PreToolUse", () => ({ block: "no" }));
      pi.on("UserPromptSubmit", () => ({ block: "no" }));
    """
    host = make_host()
    rights = {PluginEvent.PRE_TOOL_USE: frozenset({"observe"})}
    host.load(write("p.js", plugin(body)), rights=rights)

    assert host.dispatch("PreToolUse", bash()).action == "continue"
    assert host.dispatch("UserPromptSubmit", {"content": "x"}).action == "block"


def test_an_event_without_subscribers_is_the_empty_outcome(
    host: BlockingPluginHost, write: Write
) -> None:
    """Nothing is looked at, not even whether the payload could be encoded."""
    host.load(write("p.js", on("Stop", "")))

    outcome = host.dispatch("PreToolUse", {"tool_input": object()})  # type: ignore[dict-item]

    assert (outcome.action, outcome.output, outcome.results) == ("continue", {}, ())
