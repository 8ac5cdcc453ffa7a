"""Properties of merging that hold for whatever plugins send."""

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from host.events import PluginEvent, Right
from host.merge import PluginAnswer, merge
from host.outcome import Json, JsonObject, Outcome, Status
from host.validate import STRICTNESS, validate

ALL: Final[tuple[Right, ...]] = ("observe", "veto", "rewrite", "decide")
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["x", "deny", "allow"]),
)
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "block",
        "prevent",
        "cancel",
        "suppress",
        "decision",
        "message",
        "reason",
        "modified_input",
        "modified_output",
        "modified_prompt",
        "additional_system_prompt",
        "system_prompt",
        "messages",
        "unknown",
    ]
)
WORDS = st.sampled_from(["continue", "block", "allow", "deny", "ask", "error"])
RESULTS: st.SearchStrategy[Json] = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {},
        optional={
            "action": st.one_of(WORDS, ANYTHING),
            "output": st.dictionaries(FIELDS, ANYTHING, max_size=3),
            "error": st.one_of(st.just("e"), ANYTHING),
            "reason": st.one_of(st.just("r"), ANYTHING),
        },
    ),
)
EVENTS = st.sampled_from(PluginEvent)
RIGHTS = st.frozensets(st.sampled_from(ALL))
PAYLOADS: st.SearchStrategy[JsonObject] = st.dictionaries(
    st.sampled_from(["tool_input", "tool_output", "content", "message", "system_prompt"]),
    ANYTHING,
)


@st.composite
def answer_to(draw: st.DrawFn, event: PluginEvent, rights: frozenset[Right]) -> PluginAnswer:
    status = draw(st.sampled_from(Status))
    if status is Status.ANSWERED:
        checked = validate(event, draw(RESULTS))
        return PluginAnswer(
            "p", 0, checked.status, checked.action, checked.output, checked.error, 0.0, rights
        )
    return PluginAnswer("p", 0, status, error="lost", rights=rights)


@st.composite
def cases(draw: st.DrawFn) -> tuple[PluginEvent, JsonObject, list[PluginAnswer], bool]:
    event = draw(EVENTS)
    answers = draw(st.lists(RIGHTS.flatmap(lambda r: answer_to(event, r)), max_size=4))
    numbered = [replace(a, plugin=f"p{i}", order=i) for i, a in enumerate(answers)]
    return event, draw(PAYLOADS), numbered, draw(st.booleans())


def outcome_of(
    event: PluginEvent, payload: JsonObject, answers: list[PluginAnswer], fail_closed: bool
) -> Outcome:
    return merge(
        event, payload, answers, fail_closed=fail_closed, generation=1, elapsed_ms=0.0
    ).outcome


@given(EVENTS, RESULTS, RIGHTS, st.booleans())
@settings(max_examples=300)
def test_nothing_a_worker_sends_raises(
    event: PluginEvent, raw: Json, rights: frozenset[Right], fail_closed: bool
) -> None:
    """Also when the merge is given output that skipped validation."""
    checked = validate(event, raw)
    unchecked = raw if isinstance(raw, dict) else {}
    for action, output in ((checked.action, checked.output), (checked.action, unchecked)):
        answer = PluginAnswer(
            "p", 0, checked.status, action, output, checked.error, 0.0, rights
        )
        outcome_of(event, {"tool_input": raw}, [answer], fail_closed)


@given(cases(), st.integers(0, 4))
def test_one_more_block_never_makes_an_outcome_less_strict(
    case: tuple[PluginEvent, JsonObject, list[PluginAnswer], bool], at: int
) -> None:
    """Wherever it stands in the order; and where the event can be stopped, it is."""
    event, payload, answers, fail_closed = case
    checked = validate(event, {"action": "block", "reason": "no"})
    block = PluginAnswer(
        "guard", 0, checked.status, checked.action, checked.output, rights=frozenset({"veto"})
    )
    more = [*answers[:at], block, *answers[at:]]

    before = outcome_of(event, payload, answers, fail_closed)
    after = outcome_of(
        event, payload, [replace(a, order=i) for i, a in enumerate(more)], fail_closed
    )

    assert STRICTNESS[after.action] >= STRICTNESS[before.action]
    assert after.blocked == (checked.action != "continue")


@given(cases(), st.randoms())
def test_the_action_does_not_depend_on_the_order(
    case: tuple[PluginEvent, JsonObject, list[PluginAnswer], bool], random: Random
) -> None:
    """Neither on the order of plugins nor on that of the answers."""
    event, payload, answers, fail_closed = case
    shuffled = answers.copy()
    random.shuffle(shuffled)
    reordered = [replace(a, order=i) for i, a in enumerate(shuffled)]

    outcome = outcome_of(event, payload, answers, fail_closed)

    assert outcome_of(event, payload, shuffled, fail_closed) == outcome
    assert outcome_of(event, payload, reordered, fail_closed).action == outcome.action


@given(cases(), RESULTS, st.integers(0, 4))
def test_an_answer_without_rights_changes_nothing(
    case: tuple[PluginEvent, JsonObject, list[PluginAnswer], bool], raw: Json, at: int
) -> None:
    """Its result is listed, with nothing in it; what it tried is reported."""
    event, payload, answers, fail_closed = case
    checked = validate(event, raw)
    watcher = PluginAnswer("watcher", 0, checked.status, checked.action, checked.output)
    more = [*answers[:at], watcher, *answers[at:]]

    before = outcome_of(event, payload, answers, fail_closed)
    merged = merge(
        event,
        payload,
        [replace(a, order=i) for i, a in enumerate(more)],
        fail_closed=fail_closed,
        generation=1,
        elapsed_ms=0.0,
    )

    assert replace(merged.outcome, results=()) == replace(before, results=())
    (listed,) = [r for r in merged.outcome.results if r.plugin == "watcher"]
    assert (listed.action, listed.output) == ("continue", {})
    tried = checked.action != "continue" or bool(checked.output)
    reported = [one for one in merged.dropped if one.plugin == "watcher"]
    assert bool(reported) == tried
