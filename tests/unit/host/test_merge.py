"""One outcome from many answers: who counts, who wins, and what is only reported."""

from typing import Final

import pytest

from host.events import OUTPUTS, PluginEvent, Right
from host.merge import Dropped, Merged, PluginAnswer, merge, rewritten
from host.outcome import Action, Conflict, Json, JsonObject, Status
from host.validate import MAX_ADDITIONS, MAX_REASON_CHARS, Checked, validate, validate_text

PRE: Final = PluginEvent.PRE_TOOL_USE
ASKED: Final = PluginEvent.PERMISSION_REQUEST
COMPACT: Final = PluginEvent.PRE_COMPACT
SWITCH: Final = PluginEvent.SESSION_BEFORE_SWITCH
ALL: Final[frozenset[Right]] = frozenset({"observe", "veto", "rewrite", "decide"})
BIG: Final = 2**53 + 1


def answer(
    event: PluginEvent,
    raw: Json,
    *,
    plugin: str = "p",
    order: int = 0,
    rights: frozenset[Right] = ALL,
) -> PluginAnswer:
    checked = validate(event, raw)
    return PluginAnswer(
        plugin,
        order,
        checked.status,
        checked.action,
        checked.output,
        checked.error,
        1.0,
        rights,
    )


def merged(
    event: PluginEvent,
    payload: JsonObject,
    *raws: Json,
    rights: frozenset[Right] = ALL,
    chained: bool = False,
) -> Merged:
    answers = [
        answer(event, raw, plugin=f"p{index}", order=index, rights=rights)
        for index, raw in enumerate(raws)
    ]
    return merge(
        event,
        payload,
        answers,
        fail_closed=False,
        generation=7,
        elapsed_ms=2.5,
        chained=chained,
    )


def lost(status: Status, rights: frozenset[Right] = ALL) -> PluginAnswer:
    return PluginAnswer("guard", 0, status, error="why", rights=rights)


# --- validate -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "raw", "action", "output"),
    [
        (PRE, None, "continue", {}),
        (PRE, {}, "continue", {}),
        (PRE, {"action": "continue"}, "continue", {}),
        (PRE, {"output": {"block": "no"}}, "block", {"block": "no"}),
        (PRE, {"output": {"block": True}}, "block", {"block": True}),
        (PRE, {"output": {"block": ""}}, "block", {"block": True}),
        (PRE, {"output": {"block": False}}, "continue", {}),
        (PRE, {"output": {"block": None}}, "continue", {}),
        (PRE, {"action": "block", "reason": "no"}, "block", {"block": "no"}),
        (PRE, {"action": "block", "output": "no"}, "block", {"block": "no"}),
        (PRE, {"action": "deny"}, "block", {"block": True}),
        (PRE, {"action": "allow", "output": {"block": "no"}}, "block", {"block": "no"}),
        (PRE, {"action": "allow"}, "allow", {}),
        (PRE, {"action": "ask"}, "ask", {}),
        (
            PRE,
            {"output": {"modified_input": {"a": 1}}},
            "continue",
            {"modified_input": {"a": 1}},
        ),
        (ASKED, {"action": "block"}, "deny", {"decision": "deny"}),
        (ASKED, {"output": {"decision": "allow"}}, "allow", {"decision": "allow"}),
        (
            ASKED,
            {"action": "allow", "output": {"decision": "deny", "message": "no"}},
            "deny",
            {"decision": "deny", "message": "no"},
        ),
        (
            ASKED,
            {"action": "deny", "reason": "r"},
            "deny",
            {"decision": "deny", "message": "r"},
        ),
        (ASKED, {"output": {"message": "hm"}}, "continue", {"message": "hm"}),
        (COMPACT, {"output": {"prevent": True}}, "block", {"prevent": True}),
        (COMPACT, {"output": {"prevent": "why"}}, "block", {"prevent": "why"}),
        (COMPACT, {"action": "allow"}, "continue", {}),
        (SWITCH, {"output": {"cancel": True}}, "block", {"cancel": True}),
        (SWITCH, {"output": {"cancel": False}}, "continue", {}),
        (
            SWITCH,
            {"action": "block", "output": {"cancel": True, "block": "why"}},
            "block",
            {"cancel": True, "block": "why"},
        ),
        (
            PluginEvent.AGENT_START,
            {"output": {"additional_system_prompt": "one"}},
            "continue",
            {"additional_system_prompt": ["one"]},
        ),
        (
            PluginEvent.POST_TOOL_USE,
            {"output": {"modified_output": None}},
            "continue",
            {"modified_output": None},
        ),
        (PluginEvent.NOTIFICATION, {"output": {"suppress": False}}, "continue", {}),
        (
            PluginEvent.NOTIFICATION,
            {"output": {"suppress": True}},
            "continue",
            {"suppress": True},
        ),
    ],
)
def test_a_result_is_brought_into_the_words_of_its_event(
    event: PluginEvent, raw: Json, action: Action, output: JsonObject
) -> None:
    """Decision and text end up in one place, whatever way the handler said them."""
    assert validate(event, raw) == Checked(action, output, None)


@pytest.mark.parametrize(
    ("event", "raw", "error"),
    [
        (PRE, 5, "a result must be an object, not a number"),
        (PRE, [1], "a result must be an object, not an array"),
        (PRE, {"action": "explode"}, "unknown action 'explode'"),
        (PRE, {"action": 1}, "action must be text, not a number"),
        (PRE, {"action": "error", "error": "boom"}, "boom"),
        (PRE, {"action": "error"}, "the handler reported an error"),
        (PRE, {"output": 5}, "output must be an object, not a number"),
        (PRE, {"output": {"block": 5}}, "output.block must be text or true, not a number"),
        (PRE, {"output": {"modified_input": "x"}}, "must be an object, not 'x'"),
        (PRE, {"output": {"bloc": "x"}}, "has no output field 'bloc' (it has: block, mod"),
        (PRE, {"error": {}}, "error must be text, not an object"),
        (PRE, {"extra": 1}, "unknown key 'extra'"),
        (PRE, {"output": {"\x1b[2J": 1}}, r"'\x1b[2J'"),
        (ASKED, {"output": {"decision": "yes"}}, "must be allow, deny or ask, not 'yes'"),
        (ASKED, {"output": {"decision": []}}, "must be allow, deny or ask, not an array"),
        (
            PluginEvent.AGENT_START,
            {"output": {"additional_system_prompt": ["a", 1]}},
            "must be text or an array of texts",
        ),
        (
            PluginEvent.AGENT_START,
            {"output": {"additional_system_prompt": ["a"] * (MAX_ADDITIONS + 1)}},
            "more than 256",
        ),
        (PluginEvent.AGENT_START, {"output": {"messages": {}}}, "must be an array"),
        (PluginEvent.USER_PROMPT_SUBMIT, {"output": {"modified_prompt": 1}}, "must be text"),
        (PluginEvent.NOTIFICATION, {"output": {"suppress": "yes"}}, "must be true or false"),
        (PluginEvent.SESSION_END, {"output": {"block": "x"}}, "(it has: none)"),
    ],
)
def test_what_is_not_a_result_is_the_handlers_failure(
    event: PluginEvent, raw: Json, error: str
) -> None:
    """It says what is wrong, and nothing of it is used."""
    checked = validate(event, raw)

    assert checked.status is Status.FAILED
    assert (checked.action, checked.output) == ("continue", {})
    assert checked.error is not None
    assert error in checked.error


@pytest.mark.parametrize(
    "raw",
    [
        {"output": {"modified_input": 5, "block": "no"}},
        {"output": {"block": "no"}, "error": 5},
        {"action": "explode", "output": {"block": "no"}},
        {"action": "error", "error": "boom", "output": {"block": "no"}},
        {"action": "block", "reason": "no", "output": 5},
    ],
)
def test_a_veto_survives_a_mistake_beside_it(raw: Json) -> None:
    """A guard with a typing mistake is still a guard; the mistake is told."""
    checked = validate(PRE, raw)

    assert (checked.status, checked.action) == (Status.ANSWERED, "block")
    assert checked.output == {"block": "no"}
    assert checked.error


@pytest.mark.parametrize("word", ["block", "deny", "ask"])
def test_an_action_that_the_event_does_not_know_leaves_the_output(word: str) -> None:
    """PostToolUse cannot be blocked, but its output can be changed all the same."""
    checked = validate(
        PluginEvent.POST_TOOL_USE, {"action": word, "output": {"modified_output": 1}}
    )

    assert checked.action == "continue"
    assert checked.output == {"modified_output": 1}
    assert checked.error == f"PostToolUse does not know {word}: ignored"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        '{"action": NaN}',
        "[" * 100_000,
        '{"action":"block"} trailing',
        "\ud800",
    ],
)
def test_text_that_is_not_json_is_a_failed_answer(text: str) -> None:
    """Never a continue: under fail_closed it must count."""
    assert validate_text(PRE, text) == Checked(
        "continue", {}, "the result is not JSON", Status.FAILED
    )


def test_a_block_that_quotes_a_lone_surrogate_is_a_block() -> None:
    """The fast decoder refuses such text; the guard's word must not get lost with it."""
    checked = validate_text(PRE, r'{"action":"block","reason":"no \ud800"}')

    assert (checked.action, checked.output) == ("block", {"block": "no \ud800"})
    assert validate_text(PRE, "{}") == Checked("continue", {}, None)


def test_long_texts_are_cut_and_still_count() -> None:
    """A block with a reason of a megabyte is a block."""
    checked = validate(PRE, {"action": "block", "reason": "x" * 1_000_000})

    reason = checked.output["block"]
    assert checked.action == "block"
    assert isinstance(reason, str)
    assert len(reason) == MAX_REASON_CHARS


# --- merge: the action ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "action", "blocked_by"),
    [
        (["continue", "continue"], "continue", None),
        (["continue", "allow"], "allow", None),
        (["allow", "ask"], "ask", None),
        (["ask", "allow"], "ask", None),
        (["allow", "block", "ask"], "block", "p1"),
        (["block", "block"], "block", "p0"),
        ([], "continue", None),
    ],
)
def test_the_strictest_word_counts(
    words: list[str], action: str, blocked_by: str | None
) -> None:
    """Block beats ask beats allow beats continue; the first blocker in order is named."""
    raws: list[Json] = [{"action": word} for word in words]

    outcome = merged(PRE, {}, *raws).outcome

    assert (outcome.action, outcome.blocked_by) == (action, blocked_by)
    assert outcome.reason == (f"blocked by {blocked_by}" if blocked_by else None)
    assert (outcome.generation, outcome.elapsed_ms) == (7, 2.5)
    assert [result.plugin for result in outcome.results] == [f"p{i}" for i in range(len(words))]


def test_answers_are_put_in_plugin_order() -> None:
    """Which worker was faster decides nothing."""
    late = answer(PRE, {"output": {"block": "second"}}, plugin="second", order=2)
    early = answer(PRE, {"output": {"block": "first"}}, plugin="first", order=1)

    outcome = merge(
        PRE, {}, [late, early], fail_closed=False, generation=0, elapsed_ms=0.0
    ).outcome

    assert (outcome.blocked_by, outcome.reason) == ("first", "first")
    assert outcome.output == {"block": "first"}


def test_a_blocked_event_carries_no_rewrites() -> None:
    """Nothing runs, so there is nothing to run it with."""
    outcome = merged(
        PRE,
        {"tool_input": {"a": 1}},
        {"output": {"modified_input": {"a": 2}}},
        {"action": "block", "reason": "no"},
    ).outcome

    assert outcome.output == {"block": "no"}
    assert outcome.results[0].output == {"modified_input": {"a": 2}}


@pytest.mark.parametrize(
    ("raws", "action", "output", "reason"),
    [
        ([{"output": {"decision": "allow"}}], "allow", {"decision": "allow"}, None),
        (
            [{"output": {"decision": "allow", "message": "a"}}, {"action": "ask"}],
            "ask",
            {"decision": "ask"},
            None,
        ),
        (
            [{"action": "ask", "output": {"message": "sure?"}}, {"action": "allow"}],
            "ask",
            {"decision": "ask", "message": "sure?"},
            None,
        ),
        (
            [{"action": "allow"}, {"output": {"decision": "deny", "message": "no"}}],
            "deny",
            {"decision": "deny", "message": "no"},
            "no",
        ),
        (
            [{"action": "deny"}],
            "deny",
            {"decision": "deny", "message": "denied by p0"},
            "denied by p0",
        ),
        ([{}], "continue", {}, None),
        ([{"output": {"message": "note"}}], "continue", {"message": "note"}, None),
    ],
)
def test_a_permission_request_is_answered_in_its_own_words(
    raws: list[Json], action: str, output: JsonObject, reason: str | None
) -> None:
    """The message is that of a plugin whose decision counted."""
    outcome = merged(ASKED, {}, *raws).outcome

    assert (outcome.action, outcome.output, outcome.reason) == (action, output, reason)


def test_a_compaction_is_prevented() -> None:
    """The action is a block, and the event's own field says so."""
    outcome = merged(COMPACT, {}, {"output": {"prevent": "later"}}).outcome

    assert (outcome.action, outcome.reason) == ("block", "later")
    assert outcome.output == {"prevent": True}
    assert outcome.blocked


def test_a_switch_is_cancelled() -> None:
    """pi's word beside ours: both kinds of agents find their own."""
    outcome = merged(
        SWITCH, {}, {"output": {"cancel": True}}, {"output": {"block": "b"}}
    ).outcome

    assert (outcome.action, outcome.blocked_by, outcome.reason) == (
        "block",
        "p0",
        "blocked by p0",
    )
    assert outcome.output == {"cancel": True, "block": "blocked by p0"}
    assert outcome.blocked


def test_an_answer_with_an_error_keeps_its_decision() -> None:
    """A handler may report a problem and still say no."""
    outcome = merged(PRE, {}, {"action": "block", "error": "and a warning"}).outcome

    assert outcome.blocked
    assert outcome.results[0].error == "and a warning"


# --- merge: failing closed ------------------------------------------------------------------

LOST: Final = [status for status in Status if status is not Status.ANSWERED]


@pytest.mark.parametrize("status", LOST)
@pytest.mark.parametrize(
    ("event", "action"),
    [
        (PRE, "block"),
        (ASKED, "deny"),
        (COMPACT, "block"),
        (PluginEvent.SESSION_END, "continue"),
    ],
)
def test_failing_closed_counts_silence_as_a_veto(
    status: Status, event: PluginEvent, action: str
) -> None:
    """Whatever kept a subscriber with veto from answering, where there is something to veto."""
    outcome = merge(
        event, {}, [lost(status)], fail_closed=True, generation=0, elapsed_ms=0.0
    ).outcome

    assert outcome.action == action
    if action != "continue":
        assert outcome.blocked_by == "guard"
        assert outcome.reason is not None
        assert "guard" in outcome.reason
        assert status.value in outcome.reason


@pytest.mark.parametrize("status", LOST)
def test_silence_alone_changes_nothing(status: Status) -> None:
    """Without fail_closed, and always without the right to veto, the event goes on."""
    only_watching = lost(status, frozenset({"observe", "rewrite", "decide"}))

    for answers, fail_closed in (([lost(status)], False), ([only_watching], True)):
        outcome = merge(
            PRE, {}, answers, fail_closed=fail_closed, generation=0, elapsed_ms=0.0
        ).outcome
        assert (outcome.action, outcome.output) == ("continue", {})
        assert outcome.results[0].status is status
        assert outcome.results[0].error == "why"


# --- merge: rights --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "raw", "needs", "field"),
    [
        (PRE, {"output": {"block": "x"}}, "veto", "block"),
        (PRE, {"action": "ask"}, "veto", "action"),
        (PRE, {"action": "allow"}, "decide", "action"),
        (PRE, {"output": {"modified_input": {"a": 2}}}, "rewrite", "modified_input"),
        (ASKED, {"output": {"decision": "deny", "message": "m"}}, "veto", "decision"),
        (ASKED, {"output": {"decision": "ask", "message": "m"}}, "veto", "decision"),
        (ASKED, {"output": {"decision": "allow", "message": "m"}}, "decide", "decision"),
        (COMPACT, {"output": {"prevent": True}}, "veto", "prevent"),
        (SWITCH, {"output": {"cancel": True, "block": "b"}}, "veto", "cancel"),
        (COMPACT, {"output": {"instructions": "x"}}, "rewrite", "instructions"),
        (COMPACT, {"output": {"system_prompt": "x"}}, "rewrite", "system_prompt"),
        (PluginEvent.NOTIFICATION, {"output": {"suppress": True}}, "veto", "suppress"),
        (
            PluginEvent.NOTIFICATION,
            {"output": {"modified_message": "x"}},
            "rewrite",
            "modified_message",
        ),
        (
            PluginEvent.AGENT_START,
            {"output": {"additional_system_prompt": "x"}},
            "rewrite",
            "additional_system_prompt",
        ),
        (PluginEvent.AGENT_START, {"output": {"messages": [1]}}, "rewrite", "messages"),
        (
            PluginEvent.POST_TOOL_USE,
            {"output": {"modified_output": 1}},
            "rewrite",
            "modified_output",
        ),
        (PluginEvent.STOP, {"output": {"reason": "x"}}, "rewrite", "reason"),
        (
            PluginEvent.USER_PROMPT_SUBMIT,
            {"output": {"modified_prompt": "x"}},
            "rewrite",
            "modified_prompt",
        ),
    ],
)
def test_an_output_needs_its_right(
    event: PluginEvent, raw: Json, needs: Right, field: str
) -> None:
    """With every right but that one it is dropped and reported; with it, it counts."""
    without = merged(event, {}, raw, rights=ALL - {needs})

    assert without.outcome.action == "continue"
    assert without.outcome.output == {}
    assert without.outcome.results[0].output == {}
    assert without.dropped == (Dropped("p0", field, needs),)

    with_it = merged(event, {}, raw, rights=frozenset({"observe", needs}))

    assert with_it.dropped == ()
    assert with_it.outcome.action != "continue" or with_it.outcome.output


def test_only_what_lacks_its_right_is_dropped() -> None:
    """A rewrite without its right does not take the block beside it along."""
    result = merged(
        PRE,
        {"tool_input": {}},
        {"output": {"block": "no", "modified_input": {"a": 1}}},
        rights=frozenset({"observe", "veto"}),
    )

    assert result.outcome.action == "block"
    assert result.outcome.results[0].output == {"block": "no"}
    assert result.dropped == (Dropped("p0", "modified_input", "rewrite"),)


# --- merge: modifications -------------------------------------------------------------------


def test_two_plugins_change_different_parts_of_one_input() -> None:
    """Each one's change is kept, and so is what JavaScript cannot hold."""
    payload: JsonObject = {"tool_input": {"id": BIG, "cmd": "ls", "cwd": "/"}}

    outcome = merged(
        PRE,
        payload,
        {"output": {"modified_input": {"id": 2**53, "cmd": "ls -l", "cwd": "/"}}},
        {"output": {"modified_input": {"id": 2**53, "cmd": "ls", "cwd": "/tmp"}}},
    ).outcome

    assert outcome.output == {"modified_input": {"id": BIG, "cmd": "ls -l", "cwd": "/tmp"}}
    assert outcome.conflicts == ()
    assert payload == {"tool_input": {"id": BIG, "cmd": "ls", "cwd": "/"}}


def test_the_later_plugin_wins_a_conflict() -> None:
    """And the place, the winner and the loser are named."""
    outcome = merged(
        PRE,
        {"tool_input": {"a/b": {"c": 1}}},
        {"output": {"modified_input": {"a/b": {"c": 2}}}},
        {"output": {"modified_input": {"a/b": {"c": 3}}}},
    ).outcome

    assert outcome.output == {"modified_input": {"a/b": {"c": 3}}}
    assert outcome.conflicts == (Conflict("modified_input", "/a~1b/c", "p1", "p0"),)


def test_the_same_change_twice_is_no_conflict() -> None:
    """Agreement is not a conflict."""
    outcome = merged(
        PluginEvent.USER_PROMPT_SUBMIT,
        {"content": "hi"},
        {"output": {"modified_prompt": "hello"}},
        {"output": {"modified_prompt": "hello"}},
    ).outcome

    assert outcome.output == {"modified_prompt": "hello"}
    assert outcome.conflicts == ()


@pytest.mark.parametrize(
    ("event", "field", "target", "value"),
    [
        (PRE, "modified_input", "tool_input", {"x": 1}),
        (PluginEvent.POST_TOOL_USE, "modified_output", "tool_output", [1, 2]),
        (PluginEvent.USER_PROMPT_SUBMIT, "modified_prompt", "content", "hi"),
        (PluginEvent.NOTIFICATION, "modified_message", "message", "hi"),
        (COMPACT, "system_prompt", "system_prompt", "hi"),
        (PluginEvent.AGENT_START, "system_prompt", "system_prompt", "hi"),
        (PluginEvent.STOP, "reason", "reason", "hi"),
    ],
)
def test_a_modification_that_changes_nothing_is_not_in_the_outcome(
    event: PluginEvent, field: str, target: str, value: Json
) -> None:
    """Handing the input back as it was is how a handler says that it is content."""
    same = merged(event, {target: value}, {"output": {field: value}}).outcome
    other = merged(event, {}, {"output": {field: value}}).outcome

    assert same.output == {}
    assert other.output == {field: value}
    assert rewritten(event, {"k": 1}, other.output) == {"k": 1, target: value}


def test_a_chain_of_plugins_hands_the_value_on() -> None:
    """Each answer is about what the one before it left; no two of them can disagree."""
    outcome = merged(
        PRE,
        {"tool_input": {"n": BIG, "cmd": "a"}},
        {"output": {"modified_input": {"n": 2**53, "cmd": "a b"}}},
        {},
        {"output": {"modified_input": {"n": 2**53, "cmd": "a b c"}}},
        chained=True,
    ).outcome

    assert outcome.output == {"modified_input": {"n": BIG, "cmd": "a b c"}}
    assert outcome.conflicts == ()


def test_additions_are_joined_in_plugin_order() -> None:
    """Prompt lines and messages are appended, none replaces another."""
    started = merged(
        PluginEvent.AGENT_START,
        {"system_prompt": "base"},
        {"output": {"additional_system_prompt": ["a", "b"], "messages": [{"m": 1}]}},
        {"output": {"additional_system_prompt": "c", "messages": [2]}},
    ).outcome
    compact = merged(
        COMPACT, {}, {"output": {"instructions": "x"}}, {"output": {"instructions": "y"}}
    ).outcome

    assert started.output == {
        "additional_system_prompt": ["a", "b", "c"],
        "messages": [{"m": 1}, 2],
    }
    assert compact.output == {"instructions": "x\n\ny"}


def test_one_plugin_is_enough_to_suppress_a_notification() -> None:
    """The event itself goes on."""
    outcome = merged(PluginEvent.NOTIFICATION, {}, {}, {"output": {"suppress": True}}).outcome

    assert (outcome.action, outcome.output) == ("continue", {"suppress": True})


@pytest.mark.parametrize("event", list(PluginEvent))
def test_every_output_field_of_the_table_can_reach_the_outcome(event: PluginEvent) -> None:
    """A field added to the table without a rule here would be lost in silence."""
    samples: list[Json] = ["allow", "text", True, [1], {"k": 1}]
    for name in OUTPUTS[event]:
        results = [merged(event, {}, {"output": {name: value}}).outcome for value in samples]
        assert any(name in outcome.output for outcome in results), name
