"""LOAD, the pi object, configuration, host modules, console and Type."""

import pytest

from tests.unit.worker.js_support import Failed, Js, Json, as_object, bundle


def value_of(expression: str, **header: Json) -> Json:
    """JSON of *expression*, evaluated in a handler."""
    js = Js()
    js.plugin(
        f"pi.on('PostToolUse', async () => ({{modified_output: await ({expression})}}));",
        **header,
    )
    return as_object(js.event("PostToolUse")["output"])["modified_output"]


def test_the_default_function_gets_pi_which_is_also_global() -> None:
    """pi and jcode are one frozen object."""
    js = Js()
    registered = js.load(
        "exports.default = (x) => { if (x === pi && x === jcode && x === globalThis.pi) x.on('Stop', () => {}); };"
    )

    assert registered["events"] == [26]


def test_an_asynchronous_default_is_awaited() -> None:
    """What it registers after its awaits is in the registry; nothing is announced twice."""
    js = Js()
    registered = js.load(
        "exports.default = async (pi) => { await null; pi.on('Stop', () => {}); await null; };"
    )

    assert registered["events"] == [26]
    assert js.casts("registry") == []


def test_top_level_await_is_awaited() -> None:
    """The module's promise first, its default export then."""
    js = Js()
    registered = js.load(
        "const v = yield Promise.resolve('t'); exports.default = (pi) => pi.registerTool({name: v, description: ''});",
        awaits=True,
    )

    assert [as_object(tool)["name"] for tool in registered["tools"]] == ["t"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "code",
    [
        "exports.default = {name: 'n', f() {}};",
        "exports.default = {manifest: {name: 'n'}, other: 1n};",
        "exports.manifest = 7; exports.default = () => {};",
        "exports.default = undefined;",
    ],
)
def test_metadata_is_left_to_whoever_read_the_file(code: str) -> None:
    """An object as default export is no mistake, and nothing of it is looked at here."""
    assert "manifest" not in Js().load(code)


@pytest.mark.parametrize("value", ["1", "'text'", "[]", "null", "true", "Symbol()", "1n"])
def test_any_other_default_export_is_a_load_error(value: str) -> None:
    """Said in the contract's words."""
    with pytest.raises(
        Failed, match="default export is neither a function nor an object with metadata"
    ):
        Js().load(f"exports.default = {value};")


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("throw new RangeError('top');", "RangeError", "top"),
        ("exports.default = () => { nope(); };", "ReferenceError", "nope is not defined"),
        (
            "exports.default = async () => { await null; throw new Error('later'); };",
            "Error",
            "later",
        ),
        ("exports.default = () => { throw 'text'; };", "Error", "text"),
    ],
)
def test_a_failed_load_says_what_failed(code: str, name: str, message: str) -> None:
    """Name, message and a stack for the author."""
    with pytest.raises(Failed) as failed:
        Js().load(code)

    assert (failed.value.info["name"], failed.value.info["message"]) == (name, message)
    assert "stack" in failed.value.info


def test_a_load_that_waits_can_be_answered_later() -> None:
    """A factory that waits for the host delays the registry."""
    js = Js()
    id_, given = js.start_load(
        bundle("exports.default = async (pi) => { await pi.kv.set('k', 1); };")
    )
    assert (given, js.results(id_)) == (None, [])
    js.answer(js.hostcalls("kv.set")[0][0])

    assert "registered" in as_object(js.result(id_, None))


def test_who_the_plugin_is() -> None:
    """The header's words."""
    assert value_of("[pi.id, pi.name, pi.version, pi.cwd, pi.dataDir]") == [
        "file:guard",
        "guard",
        "1.2.3",
        "/project",
        "/data/guard",
    ]


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("pi.getConfig('a')", {"x": 1}),
        ("pi.getConfig('none')", ""),
        ("pi.getConfig('none', 7)", 7),
        ("pi.getConfig('none', null)", None),
        ("pi.getConfig('constructor')", ""),
        ("pi.getConfig('zero', 7)", 0),
        ("(pi.getConfig('a').x = 2, pi.getConfig('a'))", {"x": 1}),
        ("pi.getSettings()", {"s": {"t": 1}}),
        ("(pi.getSettings().s.t = 2, pi.getSettings())", {"s": {"t": 1}}),
        ("[pi.settings.s.t, Object.isFrozen(pi.settings.s)]", [1, True]),
    ],
)
def test_configuration_answers_at_once(call: str, value: Json) -> None:
    """Fresh copies, the empty text when unset, nothing inherited."""
    assert value_of(call, config={"a": {"x": 1}, "zero": 0}, settings={"s": {"t": 1}}) == value


def test_uuid_and_random() -> None:
    """Version 4, variant 1, no repetition."""
    ids = value_of("Array.from({length: 100}, () => pi.uuid())")

    assert isinstance(ids, list)
    assert len({str(i) for i in ids}) == 100
    assert all(str(i)[14] == "4" and str(i)[19] in "89ab" and len(str(i)) == 36 for i in ids)


@pytest.mark.parametrize(
    "spec",
    [
        "@mariozechner/pi-ai",
        "@earendil-works/pi-ai",
        "@oh-my-pi/pi-ai",
        "typebox",
        "@sinclair/typebox",
    ],
)
def test_host_modules_give_type(spec: str) -> None:
    """The three scopes and both names of TypeBox."""
    js = Js()
    registered = js.load(
        "exports.default = (pi) => pi.registerTool({name: 't', description: '', parameters: imports.Type.Object({a: imports.Type.String()})});",
        imports={"Type": (spec, "Type")},
    )

    tools = registered["tools"]
    assert isinstance(tools, list)
    assert as_object(tools[0])["parameters"] == {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
    }


def test_define_tool_and_string_enum() -> None:
    """defineTool gives its argument; StringEnum is an enum of strings, not a union."""
    js = Js()
    registered = js.load(
        "exports.default = (pi) => pi.registerTool(imports.defineTool({name: 't', description: '', parameters: imports.StringEnum(['a', 'b'], {description: 'D', default: 'a'})}));",
        imports={
            "defineTool": ("@mariozechner/pi-coding-agent", "defineTool"),
            "StringEnum": ("@mariozechner/pi-ai", "StringEnum"),
        },
    )

    tools = registered["tools"]
    assert isinstance(tools, list)
    assert as_object(tools[0])["parameters"] == {
        "description": "D",
        "default": "a",
        "type": "string",
        "enum": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            "T.Object({a: T.String(), b: T.Optional(T.Number({minimum: 1}))}, {additionalProperties: false})",
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "number", "minimum": 1}},
                "required": ["a"],
                "additionalProperties": False,
            },
        ),
        ("T.Object({})", {"type": "object", "properties": {}}),
        (
            "T.Array(T.Integer(), {minItems: 1})",
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        ),
        (
            "T.Union([T.Literal('a'), T.Literal(1), T.Null()])",
            {
                "anyOf": [
                    {"const": "a", "type": "string"},
                    {"const": 1, "type": "number"},
                    {"type": "null"},
                ]
            },
        ),
        ("T.Boolean({description: 'd'})", {"type": "boolean", "description": "d"}),
        ("[T.Any(), T.Unknown()]", [{}, {}]),
        ("T.Unsafe({type: 'x', enum: ['y']})", {"type": "x", "enum": ["y"]}),
        (
            "T.Record(T.String(), T.Number())",
            {"type": "object", "patternProperties": {"^(.*)$": {"type": "number"}}},
        ),
        (
            "T.Record(T.Union([T.Literal('a'), T.Literal('b')]), T.Any())",
            {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b"]},
        ),
        (
            "T.Enum({A: 'a', B: 'b'})",
            {"anyOf": [{"const": "a", "type": "string"}, {"const": "b", "type": "string"}]},
        ),
        ("T.Enum({0: 'A', A: 0})", {"anyOf": [{"const": 0, "type": "number"}]}),
        (
            "T.Tuple([T.String()])",
            {
                "type": "array",
                "items": [{"type": "string"}],
                "additionalItems": False,
                "minItems": 1,
                "maxItems": 1,
            },
        ),
        (
            "T.Partial(O)",
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "title": "O",
            },
        ),
        (
            "T.Required(T.Partial(O))",
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "required": ["a", "b"],
            },
        ),
        (
            "T.Pick(O, ['b'])",
            {"type": "object", "properties": {"b": {"type": "string"}}, "title": "O"},
        ),
        (
            "T.Omit(O, T.Literal('b'))",
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "required": ["a"],
                "title": "O",
            },
        ),
        ("T.Intersect([T.String(), T.Any()])", {"allOf": [{"type": "string"}, {}]}),
        (
            "T.Object({x: {...T.Optional(T.String())}})",
            {"type": "object", "properties": {"x": {"type": "string"}}},
        ),
        ("T.String({type: 'forged'})", {"type": "string"}),
        ("JSON.parse(JSON.stringify(T.Optional(T.String())))", {"type": "string"}),
    ],
)
def test_type_builds_plain_json_schema(schema: str, expected: Json) -> None:
    """Options are merged; optional properties are left out of required."""
    js = Js()
    js.load(
        "const T = imports.T, O = T.Object({a: T.String(), b: T.Optional(T.String())}, {title: 'O'});"
        f"exports.default = (pi) => pi.on('PostToolUse', () => ({{modified_output: {schema}}}));",
        imports={"T": ("typebox", "Type")},
    )

    assert as_object(js.event("PostToolUse")["output"])["modified_output"] == expected


@pytest.mark.parametrize(
    ("call", "level", "text"),
    [
        ("console.log('a', 1, true, null, undefined)", "info", "a 1 true null undefined"),
        (
            "console.error('%s is %d%% of %i, %f', 'x', 1.5, 1.5, 2.5, 'more')",
            "error",
            "x is 1.5% of 1, 2.5 more",
        ),
        ("console.warn('%o %j %O', {a: [1]}, {a: 1}, 'x')", "warn", '{ a: [ 1 ] } {"a":1} x'),
        ("console.debug('%s')", "debug", "%s"),
        ("console.info('100%', '%d')", "info", "100% %d"),
        (
            "console.log({a: 'x', 'b-c': [1, , 'y'], n: null})",
            "info",
            "{ a: 'x', 'b-c': [ 1, <1 empty item>, 'y' ], n: null }",
        ),
        (
            "console.log({get a() { throw 1; }, f() {}, s: Symbol('q'), b: 1n, z: -0})",
            "info",
            "{ a: [Getter], f: [Function: f], s: Symbol(q), b: 1n, z: -0 }",
        ),
        (
            "console.log((() => { const o = {}; o.self = o; return o; })())",
            "info",
            "{ self: [Circular] }",
        ),
        (
            "console.log({a: {b: {c: {d: {e: 1}}}}})",
            "info",
            "{ a: { b: { c: { d: [Object] } } } }",
        ),
        (
            "console.log(new (class Foo { x = 1; })(), Object.create(null), [], {})",
            "info",
            "Foo { x: 1 } [Object: null prototype] {} [] {}",
        ),
        (
            "console.log(new Date(0), Promise.resolve(), () => {})",
            "info",
            "1970-01-01T00:00:00.000Z [Promise] [Function (anonymous)]",
        ),
        ("console.log(new Proxy({}, {ownKeys() { throw 1; }}))", "info", "[unreadable]"),
        (
            "console.log({toString() { throw 1; }, toJSON() { throw 2; }})",
            "info",
            "{ toString: [Function: toString], toJSON: [Function: toJSON] }",
        ),
        ("console.log()", "info", ""),
        ("pi.logger.warn('w', {a: 1})", "warn", "w { a: 1 }"),
        ("console.assert(false, 'x', 1)", "error", "Assertion failed: x 1"),
        ("console.count('c')", "info", "c: 1"),
    ],
)
def test_console_and_logger(call: str, level: str, text: str) -> None:
    """Formats, and a look at values that runs none of the plugin's code."""
    js = Js()
    js.plugin(f"pi.on('Stop', () => {{ {call}; }});")
    js.event("Stop")

    assert js.casts("log") == [{"level": level, "text": text}]


def test_log_lines_are_cut_and_groups_indent() -> None:
    """1024 bytes in this header, said at the end; never half a pair."""
    js = Js()
    js.plugin(
        "pi.on('Stop', () => { console.log('\\u{1F600}'.repeat(1000)); console.log({a: new Array(1e6).fill('x')}); console.group('g'); console.log('in'); console.groupEnd(); console.log('out'); });"
    )
    js.event("Stop")
    lines = js.logged()

    assert all(len(line.encode()) <= 1024 for line in lines)
    assert lines[0].endswith("characters cut]")
    assert lines[2:] == ["g", "  in", "out"]


def test_errors_are_logged_with_their_stack() -> None:
    """What console.error(e) is for."""
    js = Js()
    js.plugin(
        "pi.on('Stop', function named() { console.error('failed:', new TypeError('why')); });"
    )
    js.event("Stop")

    assert js.logged()[0].startswith("failed: TypeError: why\n")
    assert "named" in js.logged()[0]


def test_a_logger_of_a_call_names_its_call() -> None:
    """ctx.logger's lines belong to the call, console's to the instance."""
    js = Js()
    js.plugin("pi.on('Stop', (i, o, ctx) => { ctx.logger.info('x'); console.log('y'); });")
    id_, _ = js.start_event("Stop", {})

    assert [n for _, _, n, name, _ in js.sent if name == "log"] == [id_, 0]


@pytest.mark.parametrize("size", [10, 511, 513, 8191, 40000])
def test_texts_of_every_size_cross(size: int) -> None:
    """The engine's ropes and slices cannot cross the binding: all that does is flat."""
    js = Js()
    js.plugin(
        "pi.on('PostToolUse', (i) => ({modified_output: 'x' + i.tool_output})); pi.registerTool({name: 't', description: 'd', handler: async (p) => 'y' + p.s});"
        "pi.on('Stop', async (i) => { throw new Error('z' + i.s); });"
    )
    text = "\u20ac" * (size // 3)

    assert (
        as_object(js.event("PostToolUse", {"tool_output": text})["output"])["modified_output"]
        == "x" + text
    )
    assert js.tool("t", {"s": text})["output"] == "y" + text
    assert str(js.event("Stop", {"s": text})["error"]).startswith("z")
