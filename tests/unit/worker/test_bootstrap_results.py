"""What a handler may answer, and what becomes of it."""

import pytest

from tests.unit.worker.js_support import Failed, Js, JsonObject, as_object

VETO_IN_JS = [
    "({block: 'why'})",
    "({block: true, reason: 'why'})",
    "({action: 'block', output: 'why'})",
    "({action: 'block', output: {block: 'why'}})",
    "({action: 'block', reason: 'why'})",
    "({action: {block: 'why'}})",
    "({output: {block: 'why'}})",
    "void (o.block = 'why')",
    "({action: 'continue', output: {block: 'why'}})",
    "(o.block = 'why', {action: 'allow'})",
    "Promise.resolve({block: 'why'})",
    "(async () => { await null; await null; o.block = 'why'; })()",
    "Object.freeze({block: 'why'})",
    "new (class { constructor() { this.block = 'why'; } })()",
]


def answer(event: str, expression: str, payload: JsonObject | None = None) -> JsonObject:
    """The result of one handler that answers with *expression* (of i, o, ctx)."""
    js = Js()
    js.plugin(f"pi.on('{event}', (i, o, ctx) => {expression});")
    return js.event(event, payload or {})


@pytest.mark.parametrize("expression", VETO_IN_JS)
def test_every_spelling_of_a_block_blocks(expression: str) -> None:
    """All shapes of DESIGN's contract end as one."""
    result = answer("PreToolUse", expression)

    assert result["action"] == "block"
    assert result["reason"] == "why"
    assert result["output"] == {"block": "why"}
    assert "error" not in result


@pytest.mark.parametrize(
    "expression",
    [
        "undefined",
        "({})",
        "({action: 'continue'})",
        "({block: false})",
        "({block: null})",
        "({block: undefined})",
        "Promise.resolve()",
        "({action: 'continue', reason: 'because'})",
        "({action: 'continue', output: {}})",
    ],
)
def test_saying_nothing_is_a_plain_continue(expression: str) -> None:
    """No decision and no field: the shortest answer there is."""
    assert answer("PreToolUse", expression) == {}


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("null", "returned null"),
        ("1", "returned a number"),
        ("true", "returned a boolean"),
        ("'block'", "returned a string"),
        ("[]", "returned an array"),
        ("(() => 1)", "returned a function"),
        ("Symbol()", "returned a symbol"),
        ("10n", "returned a bigint"),
        ("({bloc: 'why'})", 'does not take "bloc"'),
        ("({action: 'Block'})", 'unknown action "Block"'),
        ("({action: 1})", "neither a word"),
        ("({action: {block: 1}})", "neither a word"),
        ("({action: {}})", "neither a word"),
        ("({block: 1})", '"block" in a result of PreToolUse must be'),
        ("({block: ''})", '"block" in a result of PreToolUse must be'),
        ("({block: {}})", '"block" in a result of PreToolUse must be'),
        ("({decision: 'maybe'})", '"decision" in a result'),
        ("({modified_input: 1n})", "bigint"),
        ("({modified_input: () => 1})", '"modified_input" in a result'),
        ("({modified_prompt: 'x'})", 'PreToolUse does not take "modified_prompt"'),
        ("({reason: 'because'})", "a reason but no decision"),
        ("({action: 'continue', output: 'text'})", "gave a string as output"),
        ("({action: 'block', output: 7})", "gave a number as output"),
        ("({action: 'error', error: 'my error'})", "my error"),
        ("({action: 'error', output: 'my error'})", "my error"),
        ("({action: {error: 'my error'}})", "my error"),
        ("({action: 'error'})", "without saying which"),
        ("({error: new TypeError('inner')})", "TypeError: inner"),
        ("{ throw new RangeError('thrown'); }", "RangeError: thrown"),
        ("Promise.reject(new Error('rejected'))", "rejected"),
        ("{ throw 'text'; }", "text"),
        ("{ throw undefined; }", "undefined"),
        ("{ throw null; }", "null was thrown"),
        ("({then: (f) => f({block: 'x'})})", 'does not take "then"'),
    ],
)
def test_anything_else_is_a_named_error_of_the_handler(expression: str, named: str) -> None:
    """The author can see what was wrong; the event goes on to the host's failure rules."""
    result = answer("PreToolUse", expression)

    assert named in str(result["error"])
    assert result["action"] in ("error", "block")


def test_a_veto_beside_a_mistake_still_counts() -> None:
    """A guard must not lose its word to a typo."""
    result = answer("PreToolUse", "({block: 'why', extra: 1})")

    assert result["action"] == "block"
    assert 'does not take "extra"' in str(result["error"])


def test_a_veto_written_before_a_throw_still_counts() -> None:
    """What else was written may be half done and is dropped."""
    result = answer(
        "PreToolUse", "{ o.block = 'why'; o.modified_input = {a: 1}; throw new Error('late'); }"
    )

    assert result["action"] == "block"
    assert result["output"] == {"block": "why"}
    assert result["error"] == "late"


def test_a_throw_without_a_veto_drops_what_was_written() -> None:
    """A rewrite by a handler that failed is not applied."""
    result = answer("PreToolUse", "{ o.modified_input = {a: 1}; throw new Error('late'); }")

    assert result["action"] == "error"
    assert "output" not in result
    assert "stack" in result


@pytest.mark.parametrize(
    ("event", "expression", "output"),
    [
        (
            "PreToolUse",
            "({modified_input: {a: [1, 'x', null]}})",
            {"modified_input": {"a": [1, "x", None]}},
        ),
        ("PreToolUse", "({modifiedInput: {a: 1}})", {"modified_input": {"a": 1}}),
        ("PreToolUse", "void (o.modifiedInput = {a: 1})", {"modified_input": {"a": 1}}),
        (
            "PreToolUse",
            "({action: 'continue', output: {modified_input: {a: 1}}})",
            {"modified_input": {"a": 1}},
        ),
        ("PostToolUse", "({modifiedOutput: 'new'})", {"modified_output": "new"}),
        ("PostToolUse", "({modified_output: null})", {"modified_output": None}),
        (
            "AgentStart",
            "({additional_system_prompt: 'one'})",
            {"additional_system_prompt": ["one"]},
        ),
        (
            "AgentStart",
            "({additionalSystemPrompt: ['one', 'two']})",
            {"additional_system_prompt": ["one", "two"]},
        ),
        (
            "PreCompact",
            "({instructions: 'keep names', systemPrompt: 'p'})",
            {"instructions": "keep names", "system_prompt": "p"},
        ),
        ("UserPromptSubmit", "({modifiedPrompt: 'p'})", {"modified_prompt": "p"}),
        (
            "Notification",
            "({suppress: true, modified_message: 'm'})",
            {"suppress": True, "modified_message": "m"},
        ),
        ("Stop", "({reason: 'not done'})", {"reason": "not done"}),
    ],
)
def test_output_fields_come_out_in_snake_case(
    event: str, expression: str, output: JsonObject
) -> None:
    """Both spellings are read; a field alone is a continue."""
    assert answer(event, expression) == {"action": "continue", "output": output}


@pytest.mark.parametrize(
    ("expression", "action", "message"),
    [
        ("({decision: 'deny', message: 'no'})", "deny", "no"),
        ("({decision: 'ask'})", "ask", None),
        ("({decision: 'allow', message: 'fine'})", "allow", "fine"),
        ("({action: 'deny', output: 'no'})", "deny", "no"),
        ("({action: 'allow'})", "allow", None),
        ("({action: 'ask', output: {message: 'sure?'}})", "ask", "sure?"),
        ("({block: 'no'})", "deny", "no"),
        ("({action: 'allow', output: {decision: 'deny', message: 'no'}})", "deny", "no"),
        ("({decision: 'deny'})", "deny", "blocked by guard"),
    ],
)
def test_a_permission_decision_is_action_and_output(
    expression: str, action: str, message: str | None
) -> None:
    """The strongest word of one answer wins; a denial always has a reason."""
    result = answer("PermissionRequest", expression)
    output = as_object(result["output"])

    assert result["action"] == output["decision"] == action
    if action == "deny" and message == "blocked by guard":
        assert output["message"] == "denied by guard"
    else:
        assert output.get("message") == message


def test_prevent_is_a_veto_of_compaction() -> None:
    """PreCompact's own word, said as a block, too."""
    result = answer("PreCompact", "({prevent: true})")

    assert result["action"] == "block"
    assert result["output"] == {"prevent": True}


@pytest.mark.parametrize("event", ["SessionBeforeSwitch", "SessionBeforeFork"])
@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("({cancel: true})", "blocked by guard"),
        ("({block: 'unsaved'})", "unsaved"),
        ("({cancel: true, block: 'unsaved'})", "unsaved"),
        ("({action: 'block', output: 'unsaved'})", "unsaved"),
    ],
)
def test_cancel_is_a_veto_of_what_happens_to_a_session(
    event: str, expression: str, reason: str
) -> None:
    """pi's word or ours: both are said."""
    result = answer(event, expression)

    assert result["action"] == "block"
    assert result["output"] == {"block": reason, "cancel": True}


def test_a_block_without_a_reason_names_the_plugin() -> None:
    """Somebody reads this: an empty reason would help nobody."""
    assert answer("PreToolUse", "({block: true})")["reason"] == "blocked by guard"


@pytest.mark.parametrize("text", ["a\u0000b", "\ud800", "\U0001f600 \u2028", '"\\\n'])
def test_odd_text_survives(text: str) -> None:
    """NUL and lone surrogates cross as escapes; the pair and the separators cross as they are."""
    result = answer("PostToolUse", "({modified_output: i.tool_output})", {"tool_output": text})

    assert as_object(result["output"])["modified_output"] == text


def test_values_that_json_has_not_follow_json_stringify() -> None:
    """NaN is null, undefined and functions are left out, holes are null, a date is its text."""
    result = answer(
        "PostToolUse",
        "({modified_output: {n: NaN, u: undefined, f() {}, h: [,1], d: new Date(0), m: -0}})",
    )

    output = as_object(as_object(result["output"])["modified_output"])
    assert output == {"n": None, "h": [None, 1], "d": "1970-01-01T00:00:00.000Z", "m": 0}


@pytest.mark.parametrize(
    "expression",
    [
        "{ const a = {}; a.a = a; return {modified_output: a}; }",
        "{ let a = {}; for (let k = 0; k < 300; k++) a = {a}; return {modified_output: a}; }",
        "({modified_output: new Array(4e9 - 4e9 % 2 - 1)})",
        "({modified_output: 'x'.repeat(70000)})",
        "({modified_output: new Proxy([], {get: (t, k) => k === 'length' ? Infinity : t[k]})})",
    ],
)
def test_what_is_too_big_or_endless_is_refused(expression: str) -> None:
    """Cycles, depth, width and length all end as the handler's error."""
    result = answer("PostToolUse", expression)

    assert result["action"] == "error"
    assert "modified_output" in str(result["error"])


def test_an_output_over_the_limit_is_e_too_large() -> None:
    """Two fields that fit alone, but not together."""
    with pytest.raises(Failed) as failed:
        answer(
            "PreCompact",
            "({system_prompt: 'x'.repeat(40000), instructions: 'x'.repeat(40000)})",
        )

    assert failed.value.info["code"] == "E_TOO_LARGE"


def test_a_veto_gets_through_without_its_luggage() -> None:
    """A guard cannot be silenced by making its answer too large; a long reason is cut."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', () => ({modified_input: {a: 'x'.repeat(60000)}}));"
        "pi.on('PreToolUse', () => ({block: '\\u0007'.repeat(500000)}));"
    )
    result = js.pre_tool()

    assert result["action"] == "block"
    assert "modified_input" not in as_object(result["output"])
    assert len(str(result["reason"])) <= 16384


def test_bytes_are_counted_not_characters() -> None:
    """The limit is bytes of UTF-8: 30000 characters of three bytes are over 65536."""
    with pytest.raises(Failed) as failed:
        answer("PostToolUse", "({modified_output: '\\u20ac'.repeat(30000)})")

    assert failed.value.info["code"] == "E_TOO_LARGE"
