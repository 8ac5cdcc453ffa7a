"""Tools and commands: registration, both of pi's argument orders, results."""

import pytest

from tests.unit.worker.js_support import Failed, Js, Json, as_list, as_object


@pytest.mark.parametrize(
    "execute",
    [
        "async execute(toolCallId, params, onUpdate, ctx, signal) { onUpdate({}); return [toolCallId, params, ctx.hasUI, signal.aborted]; }",
        "async execute(_id, { x }, _onUpdate, ctx, signal) { return [_id, {x}, ctx.hasUI, signal.aborted]; }",
        "execute: async (id, params = {a: ',', b: [1, 2]}, /* not, this */ update, ctx, signal) => [id, params, ctx.hasUI, signal.aborted]",
        "execute: function (id, params, onUpdate) { return [id, params, arguments[3].hasUI, arguments[4].aborted]; }",
        "execute(id, params, signal, onUpdate, ctx) { onUpdate({}); return [id, params, ctx.hasUI, signal.aborted]; }",
        "execute: async (id, params, _signal, _onUpdate, ctx) => [id, params, ctx.hasUI, _signal.aborted]",
        "execute: async (id, params, abort, ...rest) => [id, params, rest[1].hasUI, abort.aborted]",
        "execute: (...a) => [a[0], a[1], a[4].hasUI, a[2].aborted]",
    ],
)
def test_execute_works_in_both_argument_orders(execute: str) -> None:
    """Only the third parameter's name tells pi 0.50 from 0.51."""
    js = Js()
    js.plugin(f"pi.registerTool({{name: 't', description: 'd', {execute}}});")

    assert js.tool("t", {"x": 1}, {"tool_call_id": "c1"}) == {
        "output": ["c1", {"x": 1}, False, False]
    }


def test_a_call_without_an_id_gets_one() -> None:
    """pi's tools rely on it being a unique string."""
    js = Js()
    js.plugin("pi.registerTool({name: 't', description: 'd', execute: (id) => id});")
    first, second = js.tool("t")["output"], js.tool("t")["output"]

    assert str(first).startswith("call_")
    assert first != second


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("'text'", {"output": "text"}),
        ("undefined", {"output": None}),
        ("null", {"output": None}),
        ("7", {"output": 7}),
        ("[1, 2]", {"output": [1, 2]}),
        ("({a: 1})", {"output": {"a": 1}}),
        (
            "({output: 'o', title: 't', metadata: {m: 1}, images: []})",
            {"output": "o", "title": "t", "metadata": {"m": 1}, "images": []},
        ),
        ("({output: 'o', other: 1})", {"output": {"output": "o", "other": 1}}),
        ("({output: 'o', is_error: true})", {"output": "o", "is_error": True}),
        (
            "({content: [{type: 'text', text: 'a'}, {type: 'text', text: 'b'}], details: {d: 1}})",
            {
                "output": "a\nb",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                "details": {"d": 1},
            },
        ),
        (
            "({content: [{type: 'image', data: 'x', mimeType: 'image/png'}], isError: true})",
            {
                "output": "",
                "content": [{"type": "image", "data": "x", "mimeType": "image/png"}],
                "is_error": True,
            },
        ),
        ("({content: [], terminate: true})", {"output": "", "content": []}),
    ],
)
def test_results_are_normalised(value: str, result: Json) -> None:
    """Text, jcode's shape, pi's content blocks, and any other JSON; at once or later."""
    for form in (
        f"handler: () => {value}",
        f"handler: async () => {value}",
        f"execute: () => {value}",
    ):
        js = Js()
        js.plugin(f"pi.registerTool({{name: 't', description: 'd', {form}}});")

        assert js.tool("t") == result


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("() => { throw new Error('broken'); }", "broken"),
        ("async () => { throw new Error('broken'); }", "broken"),
        ("() => () => 1", "a function"),
        ("() => 1n", "bigint"),
        ("() => ({content: ['x']})", "content block"),
        ("() => ({content: [{type: 'text'}]})", "has a text"),
        ("() => 'x'.repeat(70000)", "limit of 65536"),
    ],
)
def test_failures_are_errors_of_the_call(body: str, named: str) -> None:
    """Thrown, or a result that is none."""
    js = Js()
    js.plugin(f"pi.registerTool({{name: 't', description: 'd', handler: {body}}});")

    with pytest.raises(Failed, match=named):
        js.tool("t")


def test_handler_gets_params_and_ctx() -> None:
    """jcode's own order; ``this`` is the definition, as for any method."""
    js = Js()
    js.plugin(
        "class Tool { name = 't'; description = 'd'; prefix = 'p:'; handler(params, ctx) { return this.prefix + params.x + ctx.sessionId + ctx.cwd; } }"
        "pi.registerTool(new Tool());"
    )

    assert js.tool("t", {"x": 1}, {"session_id": "s", "cwd": "/w"}) == {"output": "p:1s/w"}


def test_prepare_arguments_runs_first() -> None:
    """pi's hook for old argument shapes."""
    js = Js()
    js.plugin(
        "pi.registerTool({name: 't', description: 'd', prepareArguments: (a) => ({y: a.x}), handler: (p) => p});"
    )

    assert js.tool("t", {"x": 1}) == {"output": {"y": 1}}


def test_a_tool_without_a_handler_is_listed_and_says_so() -> None:
    """Only name and description are required."""
    js = Js()
    registered = js.plugin("pi.registerTool({name: 't', description: 'd'});")

    assert registered["tools"] == [{"name": "t", "description": "d", "has_handler": False}]
    with pytest.raises(Failed, match="without a handler") as failed:
        js.tool("t")
    assert failed.value.info["code"] == "E_NO_HANDLER"
    with pytest.raises(Failed, match='no tool "other"'):
        js.tool("other")


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        ("undefined", "needs an object"),
        ("[]", "needs an object"),
        ("{description: 'd'}", "a name is 1 to 64"),
        ("{name: '', description: 'd'}", "a name is 1 to 64"),
        ("{name: 'a b', description: 'd'}", "a name is 1 to 64"),
        ("{name: 'a\\n', description: 'd'}", "a name is 1 to 64"),
        ("{name: 'x'.repeat(65), description: 'd'}", "a name is 1 to 64"),
        ("{name: 't'}", 'tool "t": description must be a string, not undefined'),
        ("{name: 't', description: 'x'.repeat(20000)}", "description is longer"),
        ("{name: 't', description: 'd', tier: 'root'}", "tier is"),
        ("{name: 't', description: 'd', tier: '__proto__'}", "tier is"),
        ("{name: 't', description: 'd', parameters: []}", "parameters must be"),
        ("{name: 't', description: 'd', parameters: {a: 1n}}", "bigint"),
        ("{name: 't', description: 'd', handler: 'x'}", "handler must be a function"),
        ("{name: 't', description: 'd', execute: 1}", "execute must be a function"),
        ("{name: 't', description: 'd', label: 1}", "label must be a string"),
    ],
)
def test_a_bad_definition_is_told_to_its_author(definition: str, named: str) -> None:
    """The error names the tool and the field."""
    js = Js()

    with pytest.raises(Failed, match=named):
        js.plugin(f"pi.registerTool({definition});")


def test_definitions_are_plain_data_read_once() -> None:
    """Symbols, functions and toJSON of a schema are left out; the last of a name wins and stands last."""
    js = Js()
    registered = js.plugin(
        "pi.registerTool({name: 't', description: 'old'}); pi.registerTool({name: 'u', description: 'd'});"
        "pi.registerTool({name: 't', description: 'new', label: 'T', tier: 'exec', parameters: {type: 'object', [Symbol('k')]: 1, f() {}, toJSON() { return 1; }}});"
    )

    assert registered["tools"] == [
        {"name": "u", "description": "d", "has_handler": False},
        {
            "name": "t",
            "description": "new",
            "parameters": {"type": "object"},
            "tier": "exec",
            "label": "T",
            "has_handler": False,
        },
    ]


def test_tools_come_and_go() -> None:
    """unregisterTool says whether there was one; getTools gives copies."""
    js = Js()
    js.plugin(
        "pi.registerTool({name: 't', description: 'd', parameters: {type: 'object'}, handler: () => 1});"
        "pi.on('Stop', () => { pi.getTools()[0].name = 'x'; return {reason: [pi.getTools()[0].name, pi.unregisterTool('t'), pi.unregisterTool('t'), pi.getTools().length].join()}; });"
    )

    assert js.event("Stop")["output"] == {"reason": "t,true,false,0"}
    assert js.casts("registry")[-1]["tools"] == []


def test_registrations_are_bounded() -> None:
    """All kinds together; the same name again is no new registration."""
    js = Js()
    with pytest.raises(Failed, match="more than 200 registrations") as failed:
        js.plugin(
            "for (let k = 0; k < 999; k++) pi.registerTool({name: 'same', description: ''}); for (let k = 0;; k++) { pi.on('Stop', () => {}); pi.registerCommand('c' + k, {handler() {}}); }"
        )

    assert failed.value.info["code"] == "E_QUOTA"


def test_commands_in_both_forms() -> None:
    """(name, definition) and one definition; args is the raw text."""
    js = Js()
    registered = js.plugin(
        "pi.registerCommand('a', {description: 'A', handler: async (args, ctx) => `${args}|${ctx.hasUI}`});"
        "pi.registerCommand({name: 'b', description: 'B', handler: () => ({output: {x: 1}})});"
        "pi.registerCommand('c', {handler() {}}); pi.registerCommand('d', {handler() { throw new Error('broken'); }});"
    )

    assert as_list(registered["commands"])[0] == {"name": "a", "description": "A"}
    assert js.command("a", "x  y") == {"output": "x  y|false"}
    assert js.command("b") == {"output": {"x": 1}}
    assert js.command("c") == {"output": None}
    with pytest.raises(Failed, match="broken"):
        js.command("d")
    with pytest.raises(Failed, match="no command"):
        js.command("e")
    with pytest.raises(Failed, match="needs a handler"):
        Js().plugin("pi.registerCommand('x', {description: ''});")


def test_everything_else_that_registers_is_recorded() -> None:
    """Flags, shortcuts, renderers and providers are listed as plain data."""
    js = Js()
    registered = js.plugin(
        "pi.registerFlag('plan', {type: 'boolean', default: true, description: 'Plan'}); pi.registerFlag('name', {type: 'string'});"
        "pi.registerShortcut('Ctrl+P', {description: 'P', handler() {}}); pi.registerMessageRenderer('card', () => {});"
        "pi.registerProvider('acme', {baseUrl: 'https://x', models: [{id: 'm'}], streamSimple() {}});"
        "pi.on('Stop', () => ({reason: [pi.getFlag('plan'), pi.getFlag('name'), pi.getFlag('other')].join()}));",
        flags={"name": "Ada", "plan": "not a boolean"},
    )

    assert registered["flags"] == [
        {"name": "plan", "type": "boolean", "default": True, "description": "Plan"},
        {"name": "name", "type": "string"},
    ]
    assert registered["shortcuts"] == [{"key": "ctrl+p", "description": "P"}]
    assert registered["renderers"] == ["card"]
    assert registered["providers"] == [
        {"baseUrl": "https://x", "models": [{"id": "m"}], "name": "acme"}
    ]
    assert js.event("Stop")["output"] == {"reason": "true,Ada,"}


def test_two_calls_of_one_tool_overlap() -> None:
    """Each has its own ctx and answers with its own result."""
    js = Js()
    js.plugin(
        "pi.registerTool({name: 't', description: 'd', handler: async (p, ctx) => { await ctx.kv.set('k', p); return ctx.sessionId; }});"
    )
    first, _ = js.start_tool("t", 1, {"session_id": "a"})
    second, _ = js.start_tool("t", 2, {"session_id": "b"})
    calls = js.hostcalls("kv.set")
    js.answer(calls[1][0])
    js.answer(calls[0][0])

    assert js.result(first, None) == {"output": "a"}
    assert js.result(second, None) == {"output": "b"}
    assert as_object(calls[0][2]) == {"key": "k", "value": 1}
