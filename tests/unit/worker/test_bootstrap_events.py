"""How one event runs through a plugin's handlers."""

import pytest

from tests.unit.worker.js_support import Js, as_list, as_object


def test_handlers_run_in_order_and_each_is_awaited() -> None:
    """An asynchronous handler keeps those behind it waiting."""
    js = Js()
    js.plugin(
        "const seen = [];"
        "pi.on('PostToolUse', async () => { await null; await null; await null; seen.push('a'); });"
        "pi.on('PostToolUse', () => { seen.push('b'); });"
        "pi.on('PostToolUse', async () => { seen.push('c'); return {modified_output: seen}; });"
    )

    assert js.event("PostToolUse")["output"] == {"modified_output": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("event", "payload", "first", "second", "expected"),
    [
        (
            "PreToolUse",
            {"tool_input": {"a": 1}},
            "({modified_input: {a: i.tool_input.a + 1}})",
            "({modified_input: {a: i.toolInput.a * 10}})",
            {"modified_input": {"a": 20}},
        ),
        (
            "PostToolUse",
            {"tool_output": "x"},
            "({modified_output: i.tool_output + 'y'})",
            "({modified_output: i.toolOutput + 'z'})",
            {"modified_output": "xyz"},
        ),
        (
            "UserPromptSubmit",
            {"content": "x"},
            "({modified_prompt: i.content + 'y'})",
            "({modified_prompt: i.content + 'z'})",
            {"modified_prompt": "xyz"},
        ),
        (
            "Notification",
            {"message": "x"},
            "({modified_message: i.message + 'y'})",
            "({modified_message: i.message + 'z'})",
            {"modified_message": "xyz"},
        ),
        (
            "PreCompact",
            {"system_prompt": "x"},
            "({system_prompt: i.system_prompt + 'y'})",
            "({system_prompt: i.systemPrompt + 'z'})",
            {"system_prompt": "xyz"},
        ),
        (
            "AgentStart",
            {},
            "({additional_system_prompt: 'one'})",
            "({additional_system_prompt: ['two']})",
            {"additional_system_prompt": ["one", "two"]},
        ),
    ],
)
def test_a_later_handler_sees_what_an_earlier_one_changed(
    event: str, payload: dict[str, object], first: str, second: str, expected: dict[str, object]
) -> None:
    """Chained within a plugin, synchronously and not."""
    for wrap in ("{}", "Promise.resolve().then(() => {})"):
        js = Js()
        js.plugin(
            f"pi.on('{event}', (i) => {wrap.format(first)}); pi.on('{event}', (i) => {wrap.format(second)});"
            if wrap == "{}"
            else f"pi.on('{event}', async (i) => {first}); pi.on('{event}', async (i) => {second});"
        )

        assert js.event(event, payload)["output"] == expected  # type: ignore[arg-type]


def test_the_first_veto_ends_the_chain() -> None:
    """Nobody behind a block is asked."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', () => ({block: 'first'}));"
        "pi.on('PreToolUse', () => { console.log('asked'); return {block: 'second'}; });"
    )

    assert js.pre_tool()["reason"] == "first"
    assert js.logged() == []


def test_a_throw_does_not_stop_the_others() -> None:
    """The error is in the result beside what the others decided."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', () => { throw new Error('first'); });"
        "pi.on('PreToolUse', async () => { throw new Error('second'); });"
        "pi.on('PreToolUse', () => ({block: 'no'}));"
    )
    result = js.pre_tool()

    assert result["action"] == "block"
    assert result["error"] == "first (and 1 more)"
    assert "index.js" not in str(result["output"])


def test_only_errors_make_the_action_error() -> None:
    """Message and stack; the stack points into the bundle, behind the bootstrap's lines."""
    js = Js()
    js.plugin("pi.on('PreToolUse', function guard() { throw new Error('broken'); });")
    result = js.pre_tool()

    assert (result["action"], result["error"]) == ("error", "broken")
    assert "guard (<input>:2000" in str(result["stack"])


def test_a_synchronous_handler_answers_at_once() -> None:
    """The fast path: enter() itself returns the result, and nothing is sent."""
    js = Js()
    js.plugin("pi.on('PreToolUse', () => {}); pi.on('Stop', async () => {});")

    assert js.start_event("PreToolUse", {})[1] == "0"
    assert js.start_event("SessionEnd", {})[1] == "0"
    assert js.sent == []
    id_, given = js.start_event("Stop", {})
    assert given is None
    assert js.results(id_) == [(0, "")]


def test_input_reads_and_writes_in_both_spellings() -> None:
    """camelCase is a view of the snake_case field; the payload stays an ordinary object."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', (i) => { const before = [i.toolName, i.sessionId, i.event, Object.keys(i), i.hasOwnProperty('tool_name'), i instanceof Object];"
        "i.toolName = 'changed'; return {modified_input: [...before, i.tool_name]}; });"
    )

    value = as_object(js.pre_tool()["output"])["modified_input"]
    assert value == [
        "bash",
        "s1",
        "PreToolUse",
        ["tool_name", "tool_input", "session_id", "event"],
        True,
        True,
        "changed",
    ]


def test_a_payload_cannot_rename_its_event() -> None:
    """``event`` is the host's word, whatever the agent's payload holds."""
    js = Js()
    js.plugin("pi.on('Stop', (i) => ({reason: i.event}));")

    assert js.event("Stop", {"event": "PreToolUse", "__proto__": {"x": 1}})["output"] == {
        "reason": "Stop"
    }


def test_once_off_and_unsubscribe() -> None:
    """once runs once, even when two events overlap; off and the returned function remove."""
    js = Js()
    js.plugin(
        "const h = () => console.log('h'); pi.on('Stop', h); pi.on('SessionEnd', () => pi.off('Stop', h));"
        "const stop = pi.on('TurnEnd', () => { console.log('t'); stop(); });"
        "pi.once('TurnStart', async () => { console.log('once'); await new Promise(() => {}); });"
    )
    js.start_event("TurnStart", {})
    js.start_event("TurnStart", {})
    for name in ("Stop", "TurnEnd", "TurnEnd", "SessionEnd", "Stop"):
        js.event(name)

    assert js.logged() == ["once", "h", "t"]


def test_changes_after_load_are_announced_once_an_entry() -> None:
    """The whole registry, coalesced, and only when something changed."""
    js = Js()
    js.plugin(
        "pi.on('Stop', () => { for (let k = 0; k < 5; k++) pi.registerTool({name: 't' + k, description: ''}); });"
    )
    assert js.casts("registry") == []
    js.event("Stop")
    js.event("Stop")

    casts = js.casts("registry")
    assert len(casts) == 1
    assert [as_object(tool)["name"] for tool in as_list(casts[0]["tools"])] == [
        "t0",
        "t1",
        "t2",
        "t3",
        "t4",
    ]


def test_a_change_made_in_a_job_is_announced_too() -> None:
    """After an await there is no entry to end; the announcement is a job of its own."""
    js = Js()
    js.plugin(
        "pi.on('Stop', async () => { await null; await null; pi.on('TurnEnd', () => {}); });"
    )
    js.event("Stop")

    assert js.casts("registry")[-1]["events"] == [17, 26]


def test_a_handler_removed_during_an_event_still_runs_in_it() -> None:
    """An event keeps the handlers it started with."""
    js = Js()
    js.plugin(
        "const b = () => console.log('b'); pi.on('Stop', () => pi.off('Stop', b)); pi.on('Stop', b);"
    )
    js.event("Stop")
    js.event("Stop")

    assert js.logged() == ["b"]


def test_handlers_are_called_bare_with_three_arguments() -> None:
    """No receiver through which the runtime's own records could be reached."""
    js = Js()
    js.plugin(
        "pi.on('Stop', function () { 'use strict'; return {reason: String(this) + arguments.length}; });"
    )

    assert js.event("Stop")["output"] == {"reason": "undefined3"}


def test_ctx_belongs_to_its_call() -> None:
    """Two overlapping calls see their own session, from the host's word or the payload's."""
    js = Js()
    js.plugin(
        "pi.on('PostToolUse', async (i, o, ctx) => { i.session_id = 'forged'; await ctx.kv.set('k', 1); return {modified_output: ctx.sessionId}; });"
    )
    first, _ = js.start_event("PostToolUse", {"session_id": "one"})
    second, _ = js.start_event("PostToolUse", {}, {"session_id": "two"})
    calls = js.hostcalls("kv.set")
    assert [n for _, n, _ in calls] == [first, second]
    for id_, _, _ in reversed(calls):
        js.answer(id_)

    assert [as_object(js.result(c, None))["output"] for c in (first, second)] == [
        {"modified_output": "one"},
        {"modified_output": "two"},
    ]


def test_unknown_names_are_accepted_and_said_once() -> None:
    """pi has events that nothing fires here; a misspelt one of ours is a warning."""
    js = Js()
    js.plugin(
        "for (let k = 0; k < 3; k++) { pi.on('PreToolUze', () => {}); pi.on('user_bash', () => {}); pi.on('', () => {}); }"
    )

    assert [line["level"] for line in js.casts("log")] == ["warn", "debug", "debug"]


def test_a_payload_that_is_no_object_is_refused() -> None:
    """The host promises an object; anything else is an error of the call, not of the runtime."""
    js = Js()
    js.plugin("pi.on('Stop', () => {});")

    given = js.enter(1, 99, 26, "[1]", "")
    assert given is not None
    assert given.startswith("2")
