"""Memory in every shape that it comes in, and the error for having none swallowed."""

from tests.hostile.row import Row, answers, eats, ends, fails

_GROW = "for (let i = 0; ; i++) "

ROWS: tuple[Row, ...] = (
    eats("strings", f"attack(() => {{ const a = []; {_GROW}a.push('x'.repeat(1e4) + i); }});"),
    eats(
        "ropes",
        "attack(() => { const a = []; for (;;) { let s = 'x'.repeat(9); for (let i = 0; i < 16; i++) s += s + 'y'; a.push(s); } });",
    ),
    eats(
        "rope_of_small",
        "attack(() => { let s = ''; const held = []; for (let i = 0; ; i++) { s += i; held.push(s); } });",
    ),
    eats(
        "wide_strings",
        f"attack(() => {{ const a = []; {_GROW}a.push('\\u20ac'.repeat(1e4) + i); }});",
    ),
    eats("arrays", f"attack(() => {{ const a = []; {_GROW}a.push([i, i, i]); }});"),
    eats("one_array", f"attack(() => {{ const a = []; {_GROW}a.push(i); }});"),
    eats(
        "typed_arrays",
        f"attack(() => {{ const a = []; {_GROW}a.push(new Uint8Array(65536).fill(1)); }});",
    ),
    eats(
        "buffers_resized",
        "attack(() => { const a = []; for (;;) { const b = new ArrayBuffer(1, { maxByteLength: 1 << 20 }); b.resize(1 << 20); new Uint8Array(b).fill(1); a.push(b); } });",
    ),
    eats(
        "shared_buffers",
        "attack(() => { const a = []; for (;;) { const b = new SharedArrayBuffer(1 << 20); new Uint8Array(b).fill(1); a.push(b); } });",
    ),
    fails("buffer_too_large", "attack(() => { new ArrayBuffer(2 ** 40); });"),
    eats("closures", f"attack(() => {{ const a = []; {_GROW}a.push(() => i + a.length); }});"),
    eats(
        "bound_functions", f"attack(() => {{ let f = () => 1; {_GROW}f = f.bind(null, i); }});"
    ),
    eats("map", f"attack(() => {{ const m = new Map(); {_GROW}m.set(i, i); }});"),
    eats("set_of_texts", f"attack(() => {{ const s = new Set(); {_GROW}s.add('k' + i); }});"),
    eats(
        "weak_map_held",
        f"attack(() => {{ const w = new WeakMap(), a = []; {_GROW}{{ const k = {{}}; a.push(k); w.set(k, {{ i }}); }} }});",
    ),
    eats(
        "weak_refs",
        f"attack(() => {{ const a = []; {_GROW}a.push(new WeakRef({{ i }}), {{ i }}); }});",
    ),
    eats(
        "generators",
        f"attack(() => {{ const a = []; function* g() {{ yield 1; }} {_GROW}{{ const x = g(); x.next(); a.push(x); }} }});",
    ),
    eats(
        "async_frames",
        f"attack(() => {{ const p = new Promise(() => {{}}); const f = async () => {{ await p; }}; {_GROW}f(); }});",
    ),
    eats("symbols", f"attack(() => {{ const o = {{}}; {_GROW}o[Symbol(i)] = i; }});"),
    eats("symbol_registry", f"attack(() => {{ {_GROW}Symbol.for('key' + i); }});"),
    eats("atoms", f"attack(() => {{ const o = {{}}; {_GROW}o['key' + i] = 1; }});"),
    eats("shapes", f"attack(() => {{ const a = []; {_GROW}a.push({{ ['p' + i]: 1 }}); }});"),
    eats(
        "proxies", f"attack(() => {{ const a = []; {_GROW}a.push(new Proxy({{}}, {{}})); }});"
    ),
    eats("proxy_tower", f"attack(() => {{ let p = {{}}; {_GROW}p = new Proxy(p, {{}}); }});"),
    eats(
        "promise_chain",
        f"attack(() => {{ let p = Promise.resolve(); {_GROW}p = p.then(() => i); }});",
    ),
    eats(
        "reactions",
        f"attack(() => {{ const p = new Promise(() => {{}}); {_GROW}p.then(() => i); }});",
    ),
    eats("queued_jobs", f"attack(() => {{ {_GROW}queueMicrotask(() => i); }});"),
    eats(
        "regex_captures",
        "attack(() => { const a = []; const r = /(.)(.)(.)(.)(.)(.)(.)(.)/; for (;;) a.push(r.exec('abcdefgh')); });",
    ),
    eats(
        "regex_match_all",
        "attack(() => { const s = 'ab'.repeat(1e5); const a = []; for (;;) a.push([...s.matchAll(/(a)(b)/g)]); });",
    ),
    eats(
        "regex_compiled",
        f"attack(() => {{ const a = []; {_GROW}a.push(new RegExp('(a{{1,50}}b){{1,50}}' + i)); }});",
    ),
    eats(
        "regex_backtrack_stack",
        "attack(() => { const a = []; for (;;) { a.push(/(?:(a)|b|c)*?$/.exec('abc'.repeat(2e5))); } });",
    ),
    eats("dates", f"attack(() => {{ const a = []; {_GROW}a.push(new Date(i)); }});"),
    eats("errors", f"attack(() => {{ const a = []; {_GROW}a.push(new Error('e' + i)); }});"),
    eats(
        "errors_with_cause",
        f"attack(() => {{ let e = null; {_GROW}e = new Error('e', {{ cause: e }}); }});",
    ),
    eats(
        "bigints", f"attack(() => {{ const a = []; {_GROW}a.push(1n << BigInt(1e4 + i)); }});"
    ),
    eats("prototype_chain", f"attack(() => {{ let o = {{}}; {_GROW}o = Object.create(o); }});"),
    eats("linked_list", f"attack(() => {{ let o = null; {_GROW}o = {{ o }}; }});"),
    eats(
        "cycles",
        f"attack(() => {{ const a = []; {_GROW}{{ const x = {{}}, y = {{ x }}; x.y = y; a.push(x); }} }});",
    ),
    eats(
        "classes",
        f"attack(() => {{ const a = []; {_GROW}a.push(class {{ #p = i; static s = [i]; m() {{ return this.#p; }} }}); }});",
    ),
    eats(
        "compiled_functions",
        f"attack(() => {{ const a = []; {_GROW}a.push(new Function('a', 'return a + ' + i)); }});",
    ),
    eats(
        "accessors",
        f"attack(() => {{ const o = {{}}; {_GROW}Object.defineProperty(o, i, {{ get: () => i, configurable: true }}); }});",
    ),
    eats(
        "spread_endless",
        "attack(() => [...(function* () { let i = 0; for (;;) yield i++; })()]);",
    ),
    eats(
        "arguments_objects",
        "attack(() => { const a = []; function f() { a.push(arguments); } for (;;) f(1, 2, 3, 4, 5, 6, 7, 8); });",
    ),
    eats(
        "registry_of_finalizers",
        f"attack(() => {{ const f = new FinalizationRegistry(() => {{}}); const a = []; {_GROW}{{ const o = {{}}; a.push(o); f.register(o, i); }} }});",
    ),
    eats(
        "finalizers_allocate",
        "attack(() => { globalThis.held = []; const f = new FinalizationRegistry(() => { for (let i = 0; i < 100; i++) held.push(new Uint8Array(10000).fill(1)); }); for (;;) { for (let i = 0; i < 100; i++) f.register({}, 1); held.push(new Uint8Array(10000).fill(1)); } });",
    ),
    eats(
        "json_doubling",
        "attack(() => { let x = ['leaf']; for (let i = 0; i < 40; i++) x = [x, x]; JSON.stringify(x); for (;;) {} });",
    ),
    eats(
        "join_doubling",
        "attack(() => { let x = ['leaf']; for (let i = 0; i < 40; i++) x = [x, x]; x.join(); for (;;) {} });",
    ),
    eats(
        "flat_doubling",
        "attack(() => { let x = ['leaf']; for (let i = 0; i < 40; i++) x = [x, x]; x.flat(Infinity); for (;;) {} });",
    ),
    eats(
        "repeat_held",
        "attack(() => { const a = []; for (let i = 1; ; i++) a.push('ab'.repeat(1e6).padStart(3e6 + i, '\\u2713')); });",
    ),
    fails("repeat_too_long", "attack(() => { 'ab'.repeat(2 ** 30); });"),
    fails("pad_too_long", "attack(() => { ''.padEnd(2 ** 30 + 1, 'ab'); });"),
    eats("concat_self", "attack(() => { let a = [1]; for (;;) a = a.concat(a); });"),
    # Having none left, said by nobody.
    eats(
        "swallowed",
        "attack(() => { const a = []; for (;;) { try { for (;;) a.push(new Uint8Array(1 << 16).fill(1)); } catch { a.length = 0; } } });",
    ),
    eats(
        "swallowed_then_allows",
        "attack(() => { let a = []; try { for (;;) a.push(new Uint8Array(1 << 16).fill(1)); } catch { a = null; } });",
    ),
    eats(
        "swallowed_in_finally",
        "attack(() => { const a = []; function f() { try { for (;;) a.push([a.length]); } finally { return undefined; } } f(); });",
    ),
    eats(
        "swallowed_in_promise",
        "attack(async () => { const a = []; await Promise.resolve().then(() => { for (;;) a.push(new Array(1000).fill(1)); }).catch(() => 0); });",
    ),
    eats(
        "kept_between_events",
        "const a = []; attack(() => { try { for (;;) a.push('x'.repeat(1e5) + a.length); } catch {} }); pi.on('Stop', () => { a.push([1]); });",
    ),
    eats(
        "in_a_getter_of_the_result",
        "attack(() => ({ get decision() { const a = []; for (;;) a.push(new Array(1000).fill(1)); } }));",
    ),
    eats(
        "at_the_edge_of_the_result",
        "attack(() => { const a = []; try { for (;;) a.push('x'.repeat(1000) + a.length); } catch {} globalThis.a = a; return { message: 'x'.repeat(10000) }; });",
    ),
    eats(
        "stack_and_memory",
        "attack(() => { const a = []; const f = () => { a.push(new Array(100).fill(1)); f(); }; for (;;) { try { f(); } catch {} } });",
    ),
    ends(
        "garbage_only",
        "attack(() => { for (let i = 0; i < 3e5; i++) new Array(100).fill({}); });",
    ),
    answers("freed_again", "attack(() => { for (let i = 0; i < 20; i++) 'x'.repeat(1e6); });"),
)
