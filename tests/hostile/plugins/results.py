"""What a handler may give back: getters, Proxies, thenables, cycles, odd numbers, and things that look like answers."""

from typing import Final

from tests.hostile.row import Row, answers, ends, fails, hangs

_REWRITE: Final = "PreToolUse"


def _rewrite(name: str, value: str, becomes: object, *, before: str = "") -> Row:
    """A rewritten input that holds *value* and arrives as *becomes*."""
    source = f"pi.on('PreToolUse', () => {{ {before} return {{ modified_input: {{ v: {value} }} }}; }});"
    return answers(name, source, output={"modified_input": {"v": becomes}}, event=_REWRITE)  # type: ignore[dict-item]


def _refused(name: str, source: str, error: str) -> Row:
    return fails(name, f"pi.on('PreToolUse', () => ({source}));", error, event=_REWRITE)


ROWS: tuple[Row, ...] = (
    # The control: what a plugin with every right returns is what counts.
    answers(
        "really_allows",
        "attack(() => ({ decision: 'allow' }));",
        action="allow",
        output={"decision": "allow"},
    ),
    answers(
        "really_denies", "attack(() => ({ decision: 'deny', message: 'no' }));", action="deny"
    ),
    answers("really_asks", "attack(() => ({ action: 'ask' }));", action="ask"),
    answers(
        "really_allows_by_getter",
        "attack(() => ({ get decision() { return 'allow'; } }));",
        action="allow",
    ),
    # Inherited, hidden, or said by something else than the answer.
    answers(
        "inherited",
        "attack(() => Object.create({ action: 'allow', decision: 'allow' }));",
        output={},
    ),
    answers(
        "class_field_on_prototype",
        "class A { get decision() { return 'allow'; } } attack(() => new A());",
        output={},
    ),
    answers(
        "not_enumerable",
        "attack(() => Object.defineProperty({}, 'decision', { value: 'allow' }));",
        output={},
    ),
    answers(
        "symbol_keys",
        "attack(() => ({ [Symbol('decision')]: 'allow', [Symbol.for('action')]: 'allow' }));",
        output={},
    ),
    fails("array_like", "attack(() => Object.assign([], { decision: 'allow' }));", "an array"),
    fails(
        "function_result",
        "attack(() => Object.assign(() => 1, { decision: 'allow' }));",
        "a function",
    ),
    fails(
        "string_object_word", "attack(() => ({ decision: new String('allow') }));", "must be"
    ),
    fails(
        "to_string_word",
        "attack(() => ({ action: { toString: () => 'allow', valueOf: () => 'allow' } }));",
        "neither a word",
    ),
    fails(
        "to_primitive_word",
        "attack(() => ({ decision: { [Symbol.toPrimitive]: () => 'allow' } }));",
        "must be",
    ),
    fails("array_word", "attack(() => ({ decision: ['allow'] }));", "must be"),
    fails("padded_word", "attack(() => ({ decision: 'allow ' }));"),
    fails("nul_word", "attack(() => ({ decision: 'allow\\0' }));"),
    fails("case_word", "attack(() => ({ action: 'ALLOW' }));", "unknown action"),
    fails("lookalike_word", "attack(() => ({ decision: '\\u0430llow' }));"),
    fails("surrogate_word", "attack(() => ({ action: 'allow\\ud800' }));", "unknown action"),
    fails(
        "nested_output",
        "attack(() => ({ output: { output: { decision: 'allow' } } }));",
        "does not take",
    ),
    fails(
        "proto_key",
        'attack(() => JSON.parse(\'{"__proto__": {"decision": "allow"}}\'));',
        "does not take",
    ),
    answers(
        "proto_literal", "attack(() => ({ __proto__: { decision: 'allow' } }));", output={}
    ),
    fails(
        "constructor_key",
        "attack(() => ({ constructor: { prototype: { decision: 'allow' } } }));",
        "does not take",
    ),
    answers(
        "to_json",
        "attack(() => ({ toJSON: undefined, message: 'm' }));",
        output={"message": "m"},
    ),
    fails(
        "to_json_function",
        "attack(() => ({ toJSON: () => ({ decision: 'allow' }) }));",
        "does not take",
    ),
    answers("thenable", "attack(() => ({ then: undefined }));", output={}),
    fails(
        "thenable_allows",
        "attack(() => ({ then(f) { f({ decision: 'allow' }); } }));",
        "does not take",
    ),
    answers(
        "thenable_awaited",
        "attack(async () => ({ then(f) { f(undefined); f({ decision: 'allow' }); } }));",
        output={},
    ),
    fails(
        "thenable_throws",
        "attack(async () => ({ get then() { throw new Error('trap'); } }));",
        "trap",
    ),
    answers(
        "promise_with_fields",
        "attack(() => Object.assign(Promise.resolve(), { decision: 'allow', action: 'allow' }));",
        output={},
    ),
    answers(
        "promise_own_then",
        "attack(() => Object.assign(Promise.resolve(), { then(f) { f({ decision: 'allow' }); } }));",
        output={},
    ),
    answers(
        "promise_own_constructor",
        "attack(() => Object.assign(Promise.resolve(), { constructor: { [Symbol.species]: function (run) { run((v) => v, () => {}); } } }));",
        output={},
    ),
    answers(
        "promise_subclass",
        "class P extends Promise { then(f) { f({ decision: 'allow' }); } } attack(() => P.resolve());",
        output={},
    ),
    fails("promise_lookalike", "attack(() => Object.create(Promise.prototype));"),
    fails(
        "promise_proxy", "attack(() => new Proxy(Promise.resolve({ decision: 'allow' }), {}));"
    ),
    answers("frozen_promise", "attack(() => Object.freeze(Promise.resolve()));", output={}),
    answers(
        "prototype_for_ever",
        "attack(() => { const p = new Proxy({}, { getPrototypeOf: () => p }); return p; });",
        output={},
    ),
    fails(
        "prototype_trap_throws",
        "attack(() => new Proxy({}, { getPrototypeOf() { throw new Error('trap'); } }));",
        "trap",
    ),
    fails(
        "proxy_keys_throw",
        "attack(() => new Proxy({}, { ownKeys() { throw new Error('trap'); } }));",
        "trap",
    ),
    answers(
        "proxy_revoked_inside",
        "attack(() => { const r = Proxy.revocable({ decision: 'deny' }, { get(t, k) { r.revoke(); return t[k]; } }); return r.proxy; });",
        action="deny",
    ),
    fails(
        "proxy_revoked",
        "attack(() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy; });",
    ),
    answers(
        "getter_changes_word",
        "attack(() => { let n = 0; return { get decision() { return n++ ? 'allow' : 'deny'; } }; });",
        action="deny",
    ),
    answers(
        "getter_adds_field",
        "attack(() => { const r = { get message() { this.decision = 'allow'; return 'm'; } }; return r; });",
        output={"message": "m"},
    ),
    answers(
        "deny_then_deleted",
        "attack(() => ({ get message() { delete this.decision; return 'm'; }, decision: 'deny' }));",
        output={"message": "m"},
    ),
    answers(
        "deny_among_faults",
        "attack(() => ({ junk: 1, decision: 'deny', get message() { throw 1; } }));",
        action="deny",
    ),
    answers(
        "both_words", "attack(() => ({ action: 'allow', decision: 'deny' }));", action="deny"
    ),
    answers(
        "later_allow_earlier_deny",
        "attack(() => ({ decision: 'deny' })); attack(() => ({ decision: 'allow' }));",
        action="deny",
    ),
    hangs("proxy_keys_spin", "attack(() => new Proxy({}, { ownKeys() { for (;;) {} } }));"),
    hangs(
        "array_length_spin",
        "attack(() => ({ get message() { Array.prototype.every.call({ length: 2 ** 53 - 1 }, () => true); return 'm'; } }));",
    ),
    # Width and depth.
    fails(
        "million_keys",
        "attack(() => { const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = 1; return o; });",
        "more than 64 fields",
    ),
    hangs(
        "proxy_many_keys",
        "attack(() => new Proxy({}, { ownKeys: () => Array.from({ length: 1e5 }, (_, i) => 'k' + i), getOwnPropertyDescriptor: () => ({ value: 'allow', enumerable: true, configurable: true }) }));",
    ),
    fails(
        "word_behind_keys",
        "attack(() => { const o = {}; for (let i = 0; i < 100; i++) o['k' + i] = 1; o.decision = 'allow'; return o; });",
        "more than 64 fields",
    ),
    _refused(
        "depth_hundred_thousand",
        "{ modified_input: (() => { let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return a; })() }",
        "nested deeper",
    ),
    _refused(
        "array_depth",
        "{ modified_input: { a: (() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })() } }",
        "nested deeper",
    ),
    _refused(
        "cycle",
        "{ modified_input: (() => { const a = {}; a.a = a; return a; })() }",
        "contains itself",
    ),
    _refused(
        "getter_depth",
        "{ modified_input: (() => { const a = { get a() { return Object.create(Object.prototype, { a: { get: () => a, enumerable: true } }); } }; return a; })() }",
        "nested deeper",
    ),
    _refused(
        "values_million", "{ modified_input: { a: new Array(1e6).fill(0) } }", "more than"
    ),
    ends(
        "doubling",
        "attack(() => ({ output: { message: (() => { let a = {}; for (let i = 0; i < 60; i++) a = { l: a, r: a }; return a; })() } })); pi.registerTool({ name: 'twice', description: '', parameters: (() => { let a = {}; for (let i = 0; i < 14; i++) a = { l: a, r: a }; return a; })() });",
    ),
    _refused(
        "length_lies",
        "{ modified_input: { a: new Proxy([], { get: (t, k) => (k === 'length' ? 2 ** 53 - 1 : t[k]) }) } }",
        "more than",
    ),
    _refused(
        "length_not_a_number",
        "{ modified_input: { a: new Proxy([], { get: (t, k) => (k === 'length' ? { valueOf: () => 1 } : t[k]) }) } }",
        "more than",
    ),
    _refused("text_of_nine_megabytes", "{ modified_input: { a: 'x'.repeat(9e6) } }", "limit"),
    _refused(
        "escapes_of_megabytes", "{ modified_input: { a: '\\u0001'.repeat(2e6) } }", "limit"
    ),
    _refused(
        "keys_of_megabytes",
        "{ modified_input: { ['k'.repeat(5e6)]: 1, ['l'.repeat(5e6)]: 1 } }",
        "limit",
    ),
    ends(
        "wide_and_true",
        "pi.on('PermissionRequest', () => { const o = {}; for (let i = 0; i < 1e6; i++) o['k' + i] = i; return { message: String(Object.keys(o).length) }; });",
    ),
    # Values that JSON, JavaScript and Python do not agree on.
    _rewrite("minus_zero", "-0", 0),
    _rewrite("not_a_number", "NaN", None),
    _rewrite("infinity", "-Infinity", None),
    _rewrite("above_two_to_53", "2 ** 53 + 2", 9007199254740994),
    _rewrite("largest_number", "Number.MAX_VALUE", 1.7976931348623157e308),
    _rewrite("smallest_number", "Number.MIN_VALUE", 5e-324),
    _refused("bigint", "{ modified_input: { v: 1n } }", "bigint"),
    _rewrite("boxed_number", "new Number(5)", {}),
    _rewrite("nul_text", "'a\\0b'", "a\0b"),
    _rewrite("surrogate_text", "'a\\ud800b'", "a\ud800b"),
    _rewrite("surrogate_key", "{ '\\udfff': 1 }", {"\udfff": 1}),
    _rewrite("proto_data", 'JSON.parse(\'{"__proto__": {"x": 1}}\')', {"__proto__": {"x": 1}}),
    _rewrite("holes", "[, 1, , undefined]", [None, 1, None, None]),
    _rewrite(
        "holes_behind_prototype", "[, 1]", [None, 1], before="Array.prototype[0] = 'allow';"
    ),
    _rewrite("date", "new Date(NaN)", None),
    _rewrite("map_value", "new Map([['decision', 'allow']])", {}),
    _rewrite("error_value", "new Error('e')", {}),
    _rewrite("regexp_value", "/allow/g", {}),
    _rewrite("typed_array", "new Uint8Array([1, 2])", {"0": 1, "1": 2}),
    _rewrite("left_out", "{ f: () => 1, s: Symbol('s'), u: undefined }", {}),
)
