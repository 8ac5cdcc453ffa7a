"""What is thrown: nothing, everything, and errors that answer back when they are looked at."""

from tests.hostile.row import Row, answers, ends, fails

ROWS: tuple[Row, ...] = (
    fails("null", "attack(() => { throw null; });", "null was thrown"),
    fails("undefined", "attack(() => { throw undefined; });", "undefined"),
    fails("zero", "attack(() => { throw -0; });"),
    fails("rejected_undefined", "attack(() => Promise.reject());", "undefined"),
    fails(
        "proxy",
        "attack(() => { throw new Proxy({}, new Proxy({}, { get() { for (let i = 0; i < 10; i++) pi.uuid(); throw new Error('trap'); } })); });",
    ),
    fails(
        "proxy_of_error",
        "attack(() => { throw new Proxy(new Error('inner'), { getOwnPropertyDescriptor: () => ({ value: 'forged', configurable: true, writable: true, enumerable: true }) }); });",
        "forged",
    ),
    fails(
        "proxy_descriptor_lies",
        "attack(() => { throw new Proxy({}, { getOwnPropertyDescriptor: () => 5 }); });",
    ),
    fails(
        "prototype_for_ever",
        "attack(() => { const p = new Proxy({}, { getPrototypeOf: () => p, getOwnPropertyDescriptor: () => undefined }); throw p; });",
    ),
    fails("huge_message", "attack(() => { throw new Error('m'.repeat(5e6)); });", "mmmm"),
    fails(
        "huge_stack",
        "attack(() => { const e = new Error('m'); e.stack = 's'.repeat(5e6); throw e; });",
        "m",
    ),
    fails(
        "rope_message",
        "attack(() => { let s = 'm'; for (let i = 0; i < 16; i++) s += s; throw new Error(s + '\\u2713'); });",
        "mmmm",
    ),
    fails(
        "getters",
        "attack(() => { const e = new Error('m'); for (const k of ['message', 'stack', 'name', 'cause', 'code']) Object.defineProperty(e, k, { get() { for (;;) {} } }); throw e; });",
    ),
    fails(
        "getters_on_prototype",
        "class E extends Error { get message() { for (;;) {} } get name() { for (;;) {} } } attack(() => { throw Object.create(E.prototype); });",
    ),
    fails(
        "cause_cycle", "attack(() => { const e = new Error('m'); e.cause = e; throw e; });", "m"
    ),
    fails(
        "aggregate",
        "attack(() => Promise.any(Array.from({ length: 1e4 }, () => Promise.reject(new Error('e')))));",
    ),
    fails(
        "code_forged",
        "attack(() => { throw Object.assign(new Error('m'), { code: 'E_MEMORY' }); });",
        "m",
    ),
    fails(
        "message_looks_like_memory", "attack(() => { throw new Error('ran and ran'); });", "ran"
    ),
    fails(
        "message_is_object",
        "attack(() => { throw Object.assign(new Error(), { message: { decision: 'allow' } }); });",
    ),
    fails(
        "name_is_symbol",
        "attack(() => { throw Object.assign(new Error('m'), { name: Symbol('s') }); });",
        "m",
    ),
    fails(
        "terminal_escapes", "attack(() => { throw new Error('\\u001b[2J\\u0007\\u202e'); });"
    ),
    fails(
        "json_in_message",
        'attack(() => { throw new Error(\'"},"action":"allow","x":{"\'); });',
        '"action":"allow"',
    ),
    fails(
        "nul_and_surrogates", "attack(() => { throw new Error('a\\0\\ud800\\udc00\\udfff'); });"
    ),
    fails(
        "decision_as_error",
        "attack(() => { throw { action: 'allow', decision: 'allow', message: 'm' }; });",
        "m",
    ),
    fails("promise_thrown", "attack(() => { throw Promise.resolve({ decision: 'allow' }); });"),
    fails(
        "thenable_thrown",
        "attack(() => { throw { then(f) { f({ decision: 'allow' }); }, message: 'm' }; });",
        "m",
    ),
    fails("stack_overflow", "attack(() => { const f = () => f() + 1; f(); });", "call stack"),
    fails(
        "stack_overflow_in_getter",
        "attack(() => ({ get message() { return this.message; } }));",
        "call stack",
    ),
    fails(
        "stack_overflow_in_proxy",
        "attack(() => { const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x; });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_native",
        "attack(() => { const a = []; a[0] = { toString: () => a.join() + [a, a] }; const b = { toJSON: () => JSON.stringify(b) }; JSON.stringify(b); });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_sort",
        "attack(() => { const f = () => [1, 2].sort(f); f(); });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_replace",
        "attack(() => { const f = () => 'a'.replace(/a/, f); f(); });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_construct",
        "class A { constructor() { new A(); } } attack(() => { new A(); });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_primitive",
        "attack(() => { const o = { [Symbol.toPrimitive]: () => `${o}` }; `${o}`; });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_regex",
        "attack(() => { new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5)); });",
    ),
    fails(
        "stack_overflow_in_parse",
        "attack(() => { JSON.parse('['.repeat(1e6)); });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_eval",
        "attack(() => { (0, eval)('['.repeat(1e5) + ']'.repeat(1e5)); });",
    ),
    fails(
        "stack_overflow_in_flat",
        "attack(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity); });",
        "call stack",
    ),
    fails(
        "stack_overflow_in_generator",
        "attack(() => { const f = function* () { yield* f(); }; f().next(); });",
    ),
    answers(
        "stack_overflow_swallowed",
        "attack(() => { let n = 0; const f = () => { n++; try { f(); } catch {} }; f(); return { message: 'm' }; });",
        output={"message": "m"},
    ),
    ends(
        "stack_overflow_at_the_edge",
        "attack(() => { const f = () => { try { return f(); } catch { return { decision: 'deny', get message() { return f() ? 'm' : 'n'; } }; } }; f(); });",
    ),
    answers(
        "async_stack_overflow",
        "attack(async () => { const f = async () => { await f(); }; try { await f(); } catch {} });",
    ),
    answers(
        "prepare_stack_trace",
        "attack(() => { let got = 0; Error.prepareStackTrace = (e, sites) => { got += sites.length; return sites; }; try { null.x; } catch (e) { e.stack; } return { message: String(got) }; });",
        output={"message": "0"},
    ),
    answers(
        "stack_trace_limit",
        "attack(() => { Error.stackTraceLimit = { valueOf() { throw 1; } }; try { pi.registerTool(); } catch (e) { e.stack; } });",
    ),
    answers(
        "error_is_deny",
        "attack((e, o) => { o.decision = 'deny'; throw new Error('after the veto'); });",
        action="deny",
        error="after the veto",
    ),
    fails(
        "error_after_allow",
        "attack((e, o) => { o.decision = 'allow'; throw new Error('after the allow'); });",
        "after the allow",
    ),
    answers(
        "unhandled_thousand",
        "attack(() => { for (let i = 0; i < 1000; i++) Promise.reject(new Error('x' + i)); });",
    ),
    answers(
        "unhandled_toString",
        "attack(() => { Promise.reject({ toString() { for (;;) {} } }); });",
    ),
    answers(
        "warn_with_hostile_values",
        "attack(() => { console.log('%s %d %i %f %j %o %O %c %z %', { toString() { for (;;) {} } }, Symbol('s'), 1n, {}, new Proxy({}, { ownKeys() { throw 1; } }), globalThis, Object.create(null)); });",
    ),
    answers(
        "log_cycle_and_getters",
        "attack(() => { const a = { get b() { for (;;) {} } }; a.a = a; console.log(a, [a], new Map(), new Proxy({}, {}), new Error('e')); });",
    ),
    ends(
        "assertion_flood",
        "attack(() => { for (let i = 0; i < 1e4; i++) console.assert(false, i); });",
    ),
)
