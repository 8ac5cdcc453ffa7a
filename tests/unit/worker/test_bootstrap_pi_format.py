"""pi's lower-case events, their payloads and their results."""

import pytest

from tests.unit.worker.js_support import Js, Json, JsonObject, as_object
from tests.unit.worker.test_lazy_globals import SPY


def pi(
    name: str, body: str, event: str, payload: JsonObject | None = None, **header: Json
) -> JsonObject:
    """The result of *event* with one pi handler ``async (event, ctx) => {body}``."""
    js = Js()
    js.plugin(f"pi.on('{name}', async (event, ctx) => {{ {body} }});", **header)
    return js.event(event, payload or {})


CALL: JsonObject = {
    "tool_name": "bash",
    "tool_input": {"command": "ls"},
    "session_id": "s",
    "tool_call_id": "c1",
}


def test_registrations_name_both_worlds() -> None:
    """pi's names are listed beside the numbers that they stand for."""
    js = Js()
    registered = js.plugin(
        "pi.on('tool_call', () => {}); pi.on('tool_result', () => {}); pi.on('Stop', () => {});"
    )

    assert registered["pi_events"] == ["tool_call", "tool_result"]
    assert registered["events"] == [0, 1, 2, 26]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "return {block: true, reason: event.type + ' ' + event.toolName + ' ' + event.toolCallId + ' ' + event.input.command};",
            "tool_call bash c1 ls",
        ),
        ("return {block: true};", "blocked by guard"),
        ("throw new Error('cannot tell');", "cannot tell"),
        ("event.input.x = 1n;", "a bigint is not JSON; convert it to a string or a number"),
    ],
)
def test_tool_call_blocks(body: str, reason: str) -> None:
    """By result, and by a throw: a guard that fails is no permission."""
    result = pi("tool_call", body, "PreToolUse", CALL)

    assert (result["action"], as_object(result["output"])["block"]) == ("block", reason)


@pytest.mark.parametrize(
    "body",
    [
        "return undefined;",
        "return null;",
        "return {};",
        "return {block: false};",
        "return 7;",
        "event.input.command = 'ls';",
    ],
)
def test_tool_call_goes_on(body: str) -> None:
    """pi ignores what it does not know; an input that stayed the same is no rewrite."""
    assert pi("tool_call", body, "PreToolUse", CALL) == {}


@pytest.mark.parametrize(
    "body",
    [
        "event.input.command = 'pwd';",
        "event.input = {command: 'pwd'};",
        "return {input: {command: 'pwd'}};",
        "await null; event.input.command = 'pwd';",
    ],
)
def test_tool_call_input_changed_in_place_is_a_rewrite(body: str) -> None:
    """pi's way of rewriting, reported as modified_input."""
    assert pi("tool_call", body, "PreToolUse", CALL)["output"] == {
        "modified_input": {"command": "pwd"}
    }


def test_tool_calls_chain_across_formats() -> None:
    """A native handler behind sees the change, and the other way round."""
    js = Js()
    js.plugin(
        "pi.on('tool_call', (e) => { e.input.command += ' a'; }); pi.on('PreToolUse', (i) => ({modified_input: {command: i.tool_input.command + ' b'}}));"
        "pi.on('tool_call', (e) => { e.input.command += ' c'; }); pi.on('tool_call', () => {});"
    )

    assert js.pre_tool()["output"] == {"modified_input": {"command": "ls a b c"}}


def test_inherited_results_are_nothing() -> None:
    """Own fields only, in pi's format, too."""
    assert (
        pi("tool_call", "Object.prototype.block = true; return {};", "PreToolUse", CALL) == {}
    )


@pytest.mark.parametrize(
    ("output", "body", "expected"),
    [
        (
            "text",
            "return {content: [{type: 'text', text: event.content[0].text + '!'}]};",
            "text!",
        ),
        (
            "text",
            "return {details: {d: 1}};",
            {
                "content": [{"type": "text", "text": "text"}],
                "details": {"d": 1},
                "isError": False,
            },
        ),
        (
            "text",
            "return {isError: true};",
            {"content": [{"type": "text", "text": "text"}], "isError": True},
        ),
        (
            {"output": "inner", "title": "t"},
            "return {content: [{type: 'text', text: event.content[0].text}]};",
            {"content": [{"type": "text", "text": "inner"}], "isError": False},
        ),
        (
            {"content": [{"type": "text", "text": "block"}], "details": {"a": 1}},
            "return {content: [...event.content, {type: 'text', text: String(event.details.a)}]};",
            {
                "content": [{"type": "text", "text": "block"}, {"type": "text", "text": "1"}],
                "details": {"a": 1},
                "isError": False,
            },
        ),
    ],
)
def test_tool_result_patches(output: Json, body: str, expected: Json) -> None:
    """A text stays a text while a text can say it; otherwise pi's own shape."""
    result = pi("tool_result", body, "PostToolUse", CALL | {"tool_output": output})

    assert as_object(result["output"])["modified_output"] == expected


def test_tool_result_patches_chain() -> None:
    """Each handler sees the one before, with native ones in between."""
    js = Js()
    js.plugin(
        "pi.on('tool_result', (e) => ({content: [{type: 'text', text: e.content[0].text + 'a'}]}));"
        "pi.on('PostToolUse', (i) => ({modified_output: i.tool_output + 'b'}));"
        "pi.on('tool_result', (e) => ({content: [{type: 'text', text: e.content[0].text + 'c'}]}));"
        "pi.on('tool_result', (e) => ({details: e.isError}));"
    )

    output = as_object(js.event("PostToolUse", {"tool_name": "t", "tool_output": ""})["output"])
    assert output["modified_output"] == {
        "content": [{"type": "text", "text": "abc"}],
        "details": False,
        "isError": False,
    }


def test_a_failed_tool_is_a_result_with_is_error() -> None:
    """PostToolUseFailure takes no output, so a patch stays among the handlers."""
    js = Js()
    js.plugin(
        "pi.on('tool_result', (e) => ({content: [{type: 'text', text: `${e.isError} ${e.content[0].text}`}]}));"
        "pi.on('tool_result', (e) => { console.log(e.content[0].text); });"
    )

    assert js.event("PostToolUseFailure", {"tool_name": "t", "error": "no such file"}) == {}
    assert js.logged() == ["true no such file"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return {action: 'continue'};", {}),
        (
            "return {action: 'transform', text: event.text + '!' + event.source};",
            {"action": "continue", "output": {"modified_prompt": "hi!interactive"}},
        ),
        (
            "return {text: 'older'};",
            {"action": "continue", "output": {"modified_prompt": "older"}},
        ),
        (
            "return {action: 'handled'};",
            {
                "action": "block",
                "output": {"handled": True, "block": "handled by guard"},
                "reason": "handled by guard",
            },
        ),
        (
            "return {handled: true};",
            {
                "action": "block",
                "output": {"handled": True, "block": "handled by guard"},
                "reason": "handled by guard",
            },
        ),
    ],
)
def test_input(body: str, expected: JsonObject) -> None:
    """continue, transform, handled, and omp's older shape."""
    assert pi("input", body, "UserPromptSubmit", {"content": "hi"}) == expected


def test_input_transforms_chain_and_handled_ends_them() -> None:
    """Nobody behind the one who handled it is asked."""
    js = Js()
    js.plugin(
        "pi.on('input', (e) => ({action: 'transform', text: e.text + 'a'})); pi.on('input', (e) => ({action: 'transform', text: e.text + 'b'}));"
        "pi.on('input', (e) => e.text === 'xab' ? undefined : {action: 'handled'}); pi.on('input', () => { console.log('last'); });"
    )

    assert js.event("UserPromptSubmit", {"content": "x"})["output"] == {
        "modified_prompt": "xab"
    }
    js.event("UserPromptSubmit", {"content": "y"})
    assert js.logged() == ["last"]


@pytest.mark.parametrize(
    ("handlers", "expected"),
    [
        (
            "(e) => ({systemPrompt: e.systemPrompt + ' more'})",
            {"additional_system_prompt": [" more"]},
        ),
        ("(e) => ({systemPrompt: 'new'})", {"system_prompt": "new"}),
        ("(e) => ({systemPrompt: e.systemPrompt})", None),
        (
            "(e) => ({systemPrompt: e.systemPrompt + '1'}) ; (e) => ({systemPrompt: e.systemPrompt + '2'})",
            {"additional_system_prompt": ["1", "2"]},
        ),
        (
            "(e) => ({systemPrompt: e.systemPrompt + '1'}) ; (e) => ({systemPrompt: 'X' + e.systemPrompt}) ; (e) => ({systemPrompt: e.systemPrompt + '3'})",
            {"system_prompt": "Xold1", "additional_system_prompt": ["3"]},
        ),
        (
            "(e) => ({message: {customType: 'c', content: e.systemPrompt, display: true}})",
            {"messages": [{"customType": "c", "content": "old", "display": True}]},
        ),
        (
            "(e) => ({message: {content: 1}}) ; (e) => ({message: {content: 2}})",
            {"messages": [{"content": 1}, {"content": 2}]},
        ),
    ],
)
def test_before_agent_start(handlers: str, expected: JsonObject | None) -> None:
    """A prompt that only grew is an addition, so that several plugins' additions do not collide."""
    js = Js()
    js.plugin(
        "".join(f"pi.on('before_agent_start', {handler});" for handler in handlers.split(" ; "))
    )
    result = js.event("AgentStart", {"system_prompt": "old"})

    assert result.get("output") == expected


def test_native_additions_survive_a_replaced_prompt() -> None:
    """Only pi's own earlier additions are part of the prompt that replaced them."""
    js = Js()
    js.plugin(
        "pi.on('AgentStart', () => ({additional_system_prompt: 'native'})); pi.on('before_agent_start', (e) => ({systemPrompt: e.systemPrompt + 'x'}));"
        "pi.on('before_agent_start', () => ({systemPrompt: 'new'}));"
    )

    assert js.event("AgentStart", {"system_prompt": "old"})["output"] == {
        "system_prompt": "new",
        "additional_system_prompt": ["native"],
    }


def test_agent_start_comes_after_before_agent_start() -> None:
    """Both hang on AgentStart; pi's order holds whatever the order of registration."""
    js = Js()
    js.plugin(
        "pi.on('agent_start', () => console.log('start')); pi.on('before_agent_start', async () => { await null; console.log('before'); });"
    )
    js.event("AgentStart", {})

    assert js.logged() == ["before", "start"]


@pytest.mark.parametrize(
    ("name", "event", "payload", "expected"),
    [
        ("session_start", "SessionStart", {}, '{"type":"session_start","reason":"startup"}'),
        (
            "session_start",
            "SessionStart",
            {"reason": "resume"},
            '{"type":"session_start","reason":"resume"}',
        ),
        (
            "session_shutdown",
            "SessionShutdown",
            {},
            '{"type":"session_shutdown","reason":"quit"}',
        ),
        ("session_switch", "SessionSwitch", {}, '{"type":"session_switch","reason":"resume"}'),
        (
            "session_tree",
            "SessionTree",
            {"session_id": "s", "old_leaf_id": "a"},
            '{"type":"session_tree","newLeafId":null,"oldLeafId":"a"}',
        ),
        (
            "model_select",
            "ModelSelect",
            {"model": {"provider": "p", "id": "m", "reasoning": True}, "previous_model": None},
            '{"type":"model_select","model":{"provider":"p","id":"m","reasoning":true},"source":"set"}',
        ),
        (
            "model_select",
            "ModelSelect",
            {"model": "p/m/1", "previous_model": "old", "source": "cycle"},
            '{"type":"model_select","model":{"provider":"p","id":"m/1","name":"m/1"},'
            '"previousModel":{"provider":"","id":"old","name":"old"},"source":"cycle"}',
        ),
        (
            "session_compact",
            "SessionCompact",
            {"reason": "r"},
            '{"type":"session_compact","reason":"r"}',
        ),
        ("agent_end", "AgentEnd", {}, '{"type":"agent_end","messages":[]}'),
        (
            "turn_end",
            "TurnEnd",
            {"turn_number": 2},
            '{"type":"turn_end","turnIndex":2,"message":{"role":"assistant","content":[]},"toolResults":[]}',
        ),
        (
            "message_end",
            "MessageEnd",
            {"role": "user", "content": "c"},
            '{"type":"message_end","message":{"role":"user","content":"c"}}',
        ),
        (
            "message_start",
            "MessageStart",
            {"role": "user"},
            '{"type":"message_start","message":{"role":"user","content":[]}}',
        ),
        (
            "tool_execution_start",
            "ToolExecutionStart",
            CALL,
            '{"type":"tool_execution_start","toolCallId":"c1","toolName":"bash","args":{"command":"ls"}}',
        ),
        (
            "tool_execution_end",
            "ToolExecutionEnd",
            {"tool_use_id": "c2", "tool_name": "bash", "tool_output": "o"},
            '{"type":"tool_execution_end","toolCallId":"c2","toolName":"bash","result":"o","isError":false}',
        ),
    ],
)
def test_payloads_of_the_other_events(
    name: str, event: str, payload: JsonObject, expected: str
) -> None:
    """In pi's shape; their results are ignored."""
    js = Js()
    js.plugin(
        f"pi.on('{name}', (event) => {{ console.log(JSON.stringify(event)); return {{block: true}}; }});"
    )

    assert js.event(event, payload) == {}
    assert js.logged() == [expected]


BEFORE = {
    "session_before_switch": "SessionBeforeSwitch",
    "session_before_fork": "SessionBeforeFork",
}


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        (
            "session_before_switch",
            {"reason": "new"},
            '{"type":"session_before_switch","reason":"new"}',
        ),
        (
            "session_before_switch",
            {"target_session_id": "other"},
            '{"type":"session_before_switch","reason":"resume","targetSessionFile":"other"}',
        ),
        (
            "session_before_fork",
            {"entry_id": "e1", "position": "at"},
            '{"type":"session_before_fork","entryId":"e1","position":"at"}',
        ),
        (
            "session_before_fork",
            {},
            '{"type":"session_before_fork","entryId":"","position":"before"}',
        ),
    ],
)
def test_what_is_about_to_happen_to_a_session_is_told(
    name: str, payload: JsonObject, expected: str
) -> None:
    """In pi's shape, with what the agent left out as pi has it."""
    js = Js()
    js.plugin(f"pi.on('{name}', (event) => {{ console.log(JSON.stringify(event)); }});")

    assert js.event(BEFORE[name], payload) == {}
    assert js.logged() == [expected]


@pytest.mark.parametrize("name", BEFORE)
def test_what_is_about_to_happen_to_a_session_is_cancelled(name: str) -> None:
    """pi's word, as a veto that names the plugin."""
    result = pi(name, "return {cancel: true};", BEFORE[name], {"session_id": "s"})

    assert result["action"] == "block"
    assert result["output"] == {"block": "cancelled by guard", "cancel": True}


@pytest.mark.parametrize("name", BEFORE)
@pytest.mark.parametrize(
    "body",
    [
        "return undefined;",
        "return {cancel: false};",
        "return {block: true};",
        "return {skipConversationRestore: true};",
        "Object.prototype.cancel = true; return {};",
    ],
)
def test_a_session_goes_on(name: str, body: str) -> None:
    """Without that word, of the result's own, nothing is stopped."""
    assert pi(name, body, BEFORE[name], {"session_id": "s"}) == {}


def test_the_first_that_cancels_is_the_last_that_is_asked() -> None:
    """As in pi: nobody is asked about what will not happen."""
    js = Js()
    js.plugin(
        "pi.on('session_before_switch', () => ({cancel: true})); pi.on('session_before_switch', () => { console.log('asked'); });"
    )

    assert js.event("SessionBeforeSwitch", {})["action"] == "block"
    assert js.logged() == []


def test_what_judges_results_is_not_handed_to_built_ins() -> None:
    """The adapters are read late: a plugin that wraps every built-in before that sees none of what they work with."""
    js = Js()
    js.plugin(
        f"{SPY} pi.on('tool_call', (e) => {{ e.input.x = 1; }}); pi.on('session_before_fork', () => ({{cancel: true}}));"
        "pi.on('Stop', () => { const names = []; seen.forEach((one) => { if (typeof one === 'function') names[names.length] = one.name; });"
        " return {reason: names.join()}; });"
    )
    fork = js.event("SessionBeforeFork", {})
    rewritten = js.event("PreToolUse", CALL)
    seen = str(as_object(js.event("Stop")["output"])["reason"]).split(",")

    assert fork["action"] == "block"
    assert as_object(rewritten["output"])["modified_input"] == {"command": "ls", "x": 1}
    assert {"decide", "addOutput", "changeInput", "makeError", "event", "returned"}.isdisjoint(
        seen
    )


def test_turn_start_has_index_and_time() -> None:
    """The time is the worker's own clock."""
    js = Js()
    js.plugin(
        "pi.on('turn_start', (e) => { console.log(e.turnIndex, Math.abs(e.timestamp - Date.now()) < 60000); });"
    )
    js.event("TurnStart", {"turn_number": 3})

    assert js.logged() == ["3 true"]


def test_a_throw_elsewhere_is_reported_and_no_more() -> None:
    """Only tool_call's throw decides something."""
    result = pi("tool_result", "throw new Error('broken');", "PostToolUse", CALL)

    assert (result["action"], result["error"]) == ("error", "broken")


def test_ctx_is_that_of_a_session_without_a_ui() -> None:
    """Dialogs are cancelled, the rest does nothing, reads answer at once."""
    js = Js()
    js.plugin(
        "pi.on('session_start', async (e, ctx) => { const { ui, sessionManager: sm } = ctx; const t = ui.theme;"
        "ui.notify('x', 'info'); ui.setStatus('k', undefined); ui.setWidget('w', ['x']); ui.setTitle('t'); ui.onTerminalInput(() => {})();"
        "console.log([ctx.hasUI, await ui.select('t', ['a']), await ui.confirm('t', 'm'), await ui.input('t'), await ui.editor('t'), await ui.custom(() => {}), ui.getEditorText(),"
        " t.fg('accent', 'a') + t.bg('b', 'b') + t.bold('c') + t.italic('d'), ctx.cwd, ctx.isIdle(), ctx.hasPendingMessages(), ctx.getContextUsage(), ctx.getSystemPrompt(), ctx.model, ctx.modelRegistry, ctx.signal.aborted]);"
        "console.log([sm.getBranch(), sm.getEntries(), sm.getSessionId(), sm.getSessionFile(), sm.getLeafId(), sm.getCwd(), sm.getSessionName()]); });"
    )
    js.event("SessionStart", {"session_id": "s9"})

    assert js.logged() == [
        "[ false, undefined, false, undefined, undefined, undefined, '', 'abcd', '/project', true, false, undefined, '', undefined, undefined, false ]",
        "[ [], [], 's9', undefined, null, '/project', undefined ]",
    ]


def test_what_is_not_there_yet_is_absent() -> None:
    """``typeof`` tells; nothing pretends."""
    js = Js()
    absent = ["setModel", "getThinkingLevel", "setThinkingLevel", "llm"]
    js.plugin(f"pi.on('Stop', () => ({{reason: {absent}.filter((k) => k in pi).join()}}));")

    assert js.event("Stop")["output"] == {"reason": ""}
