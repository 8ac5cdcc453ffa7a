"""Processor time in places where no engine looks at a clock: native loops, native callbacks, the compiler."""

from tests.hostile.row import Row, answers, eats, ends, fails, hangs

_SPARSE = "{ length: 2 ** 53 - 1 }"

ROWS: tuple[Row, ...] = (
    # Strings.
    hangs("includes", "attack(() => { 'a'.repeat(4e5).includes('a'.repeat(2e5) + 'b'); });"),
    hangs(
        "last_index_of",
        "attack(() => { 'a'.repeat(4e5).lastIndexOf('b' + 'a'.repeat(2e5) + 'b'.repeat(0)); 'a'.repeat(8e5).lastIndexOf('a'.repeat(4e5) + 'b'); });",
    ),
    hangs("split_by_long", "attack(() => { 'a'.repeat(4e5).split('a'.repeat(2e5) + 'b'); });"),
    hangs(
        "replace_all_long",
        "attack(() => { 'a'.repeat(4e5).replaceAll('a'.repeat(2e5) + 'b', ''); });",
    ),
    ends(
        "normalize_marks",
        "attack(() => { ('a' + '\\u0301\\u0316'.repeat(2e5)).normalize('NFC'); });",
    ),
    ends(
        "locale_compare_in_sort",
        "attack(() => { const s = 'a'.repeat(1e5); new Array(2e5).fill(s).sort((a, b) => (a + 'x').localeCompare(b + 'x')); });",
    ),
    hangs("raw_template", "attack(() => { String.raw({ raw: { length: 2 ** 53 - 1 } }); });"),
    eats("split_every_character", "attack(() => { 'a'.repeat(1e7).split('', 2 ** 32 - 1); });"),
    # Array methods on what only says that it is long.
    hangs("reverse_sparse", f"attack(() => {{ Array.prototype.reverse.call({_SPARSE}); }});"),
    hangs(
        "copy_within_sparse",
        f"attack(() => {{ Array.prototype.copyWithin.call({_SPARSE}, 0, 1); }});",
    ),
    hangs(
        "index_of_sparse", f"attack(() => {{ Array.prototype.indexOf.call({_SPARSE}, 1); }});"
    ),
    hangs(
        "last_index_of_sparse",
        f"attack(() => {{ Array.prototype.lastIndexOf.call({_SPARSE}, 1); }});",
    ),
    hangs(
        "includes_sparse", f"attack(() => {{ Array.prototype.includes.call({_SPARSE}, 1); }});"
    ),
    hangs("flat_sparse", f"attack(() => {{ Array.prototype.flat.call({_SPARSE}); }});"),
    hangs(
        "for_each_sparse",
        f"attack(() => {{ Array.prototype.forEach.call({_SPARSE}, () => {{}}); }});",
    ),
    hangs(
        "reduce_right_sparse",
        f"attack(() => {{ Array.prototype.reduceRight.call({_SPARSE}, (a) => a, 0); }});",
    ),
    hangs(
        "find_last_sparse",
        f"attack(() => {{ Array.prototype.findLast.call({_SPARSE}, () => false); }});",
    ),
    hangs(
        "splice_sparse",
        "attack(() => { Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1); });",
    ),
    hangs(
        "unshift_sparse",
        "attack(() => { Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1); });",
    ),
    hangs(
        "sort_sparse", "attack(() => { Array.prototype.sort.call({ length: 2 ** 53 - 1 }); });"
    ),
    hangs(
        "join_nothing",
        "attack(() => { Array.prototype.join.call({ length: 2 ** 53 - 1 }, ''); });",
    ),
    hangs(
        "concat_spreadable",
        "attack(() => { [].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true }); });",
    ),
    eats(
        "fill_sparse",
        "attack(() => { Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1); });",
    ),
    ends("from_length", "attack(() => { Array.from({ length: 2 ** 32 - 1 }); });"),
    fails("from_too_long", "attack(() => { Array.from({ length: 2 ** 53 - 1 }); });"),
    fails(
        "to_sorted_too_long",
        "attack(() => { Array.prototype.toSorted.call({ length: 2 ** 53 - 1 }); });",
    ),
    fails("array_of_too_long", "attack(() => { new Array(2 ** 32); });", "RangeError"),
    # Sorting.
    hangs(
        "sort_texts",
        "attack(() => { const p = 'p'.repeat(4000); const a = Array.from({ length: 4000 }, (_, i) => p + i); for (;;) a.sort().reverse(); });",
    ),
    hangs(
        "sort_comparator",
        "attack(() => { for (;;) Array.from({ length: 1e5 }, (_, i) => i).sort(() => Math.random() - 0.5); });",
    ),
    hangs(
        "typed_sort_comparator",
        "attack(() => { new Float64Array(2e6).map(Math.random).sort((a, b) => (a < b ? -1 : 1)); });",
    ),
    hangs(
        "typed_set",
        "attack(() => { const a = new Float64Array(1e6), b = new Uint8Array(1e6); for (;;) a.set(b); });",
    ),
    hangs(
        "typed_copy_within",
        "attack(() => { const a = new Uint8Array(1e7); for (;;) a.copyWithin(1, 0); });",
    ),
    ends("typed_from_length", "attack(() => { Uint8Array.from({ length: 2 ** 31 }); });"),
    # Regular expressions.
    hangs("regex_nested", "attack(() => { /^(a+)+$/.test('a'.repeat(40) + 'b'); });"),
    hangs("regex_alternatives", "attack(() => { /^(a|aa)+$/.test('a'.repeat(60) + 'b'); });"),
    hangs(
        "regex_backreference",
        "attack(() => { /^(a*)(a*)(a*)(a*)(a*)(a*)\\1\\2\\3x$/.test('a'.repeat(300)); });",
    ),
    hangs(
        "regex_lookbehind",
        "attack(() => { /(?<=^(?:a+)+c)b/.test('d' + 'a'.repeat(40) + 'cb'); });",
    ),
    hangs(
        "regex_counted",
        "attack(() => { /^((a{1,30}){1,30}){1,30}$/.test('a'.repeat(200) + 'b'); });",
    ),
    ends(
        "regex_endless_exec",
        "attack(() => { RegExp.prototype[Symbol.replace].call({ flags: 'g', lastIndex: 0, exec: () => ({ index: 0, length: 1, 0: 'x' }) }, 'x', 'y'); });",
    ),
    ends(
        "regex_endless_match",
        "attack(() => { RegExp.prototype[Symbol.match].call({ flags: 'gu', lastIndex: 0, exec: () => ['x'] }, 'x'); });",
    ),
    hangs("regex_split", "attack(() => { for (;;) 'ab'.repeat(1e5).split(/(?=b)/); });"),
    # Integers without end.
    hangs(
        "bigint_power",
        "attack(() => { const m = 2n ** 200000n - 1n; let n = m - 2n; for (;;) n = n ** 3n % m; });",
    ),
    hangs("bigint_text", "attack(() => { for (;;) (1n << 1000000n).toString(); });"),
    hangs("bigint_parse", "attack(() => { for (;;) BigInt('9'.repeat(3e5)); });"),
    fails("bigint_too_large", "attack(() => { 2n ** (2n ** 64n); });"),
    hangs(
        "bigint_shift", "attack(() => { let n = 1n; for (;;) n = (n << 900000n) >> 900000n; });"
    ),
    # Iteration that native code drives.
    hangs(
        "set_union_endless",
        "attack(() => { new Set([1]).union({ size: Infinity, has: () => true, keys: () => ({ next: () => ({ value: 1, done: false }) }) }); });",
    ),
    hangs(
        "iterator_drop",
        "attack(() => { (function* () { for (;;) yield 1; })().drop(Infinity).next(); });",
    ),
    hangs(
        "iterator_some",
        "attack(() => { (function* () { for (;;) yield 0; })().some((x) => x); });",
    ),
    hangs(
        "from_entries_endless",
        "attack(() => { Object.fromEntries((function* () { for (;;) yield ['a', 1]; })()); });",
    ),
    hangs(
        "map_endless",
        "attack(() => { new Map((function* () { const e = ['a', 1]; for (;;) yield e; })()); });",
    ),
    hangs(
        "prototype_loop",
        "attack(() => { const p = new Proxy({}, { getPrototypeOf: () => p }); p instanceof Map; });",
    ),
    hangs(
        "has_through_proxy",
        "attack(() => { const p = new Proxy(function () {}, { get: (t, k) => (k === Symbol.hasInstance ? undefined : p), getPrototypeOf: () => p }); Object.prototype.isPrototypeOf.call(Map.prototype, p); });",
    ),
    # The compiler and what keeps the event from ending.
    hangs(
        "eval_many_variables",
        "attack(() => { for (;;) { const n = Array.from({ length: 3e3 }, (_, i) => 'v' + i); (0, eval)('(function(){let ' + n + ';' + n.join('=1;') + '})'); } });",
    ),
    hangs(
        "function_constructor",
        "attack(() => { for (;;) new Function('a', 'return ' + '1+'.repeat(5e3) + '1'); });",
    ),
    hangs(
        "finally_continue",
        "attack(() => { for (;;) { try { return { decision: 'deny' }; } finally { continue; } } });",
    ),
    hangs(
        "generator_return",
        "attack(() => { const g = (function* () { for (;;) { try { yield 1; } finally { continue; } } })(); g.next(); g.return(1); for (;;) g.return(1); });",
    ),
    hangs(
        "sparse_every_proxy",
        "attack(() => { Array.prototype.every.call(new Proxy([], { get: (t, k) => (k === 'length' ? 2 ** 53 - 1 : 1), has: () => true }), () => true); });",
    ),
    hangs(
        "json_stringify_proxy",
        "attack(() => { JSON.stringify(new Proxy([], { get: (t, k) => (k === 'length' ? 2 ** 32 - 1 : undefined) }), (k, v) => (k === '' ? v : (() => { throw 0; })), 0); for (;;) {} });",
    ),
    hangs(
        "json_parse_reviver",
        "attack(() => { JSON.parse('[1,2]', function (k, v) { if (k === '0') this[1] = [this]; for (;;) {} }); });",
    ),
    hangs("date_parse", "attack(() => { for (;;) Date.parse('Tue '.repeat(1e5) + '2020'); });"),
    hangs(
        "escape_uri",
        "attack(() => { const s = '\\u20ac'.repeat(1e5); for (;;) decodeURIComponent(encodeURIComponent(s)); });",
    ),
    fails(
        "atomics_wait",
        "attack(() => { Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0); });",
        "cannot block",
    ),
    hangs(
        "atomics_spin",
        "attack(() => { const a = new Int32Array(new SharedArrayBuffer(8)); while (Atomics.load(a, 0) === 0) Atomics.add(a, 1, 1); });",
    ),
    answers(
        "structured_clone_cycle",
        "attack(() => { const a = []; a.push(a); const b = structuredClone(a); return { message: `${b[0] === b && b !== a}` }; });",
        output={"message": "true"},
    ),
    hangs(
        "structured_clone_wide",
        "attack(() => { const a = []; for (let i = 0; i < 2e4; i++) a.push({ a }); for (;;) structuredClone(a); });",
    ),
    hangs(
        "symbol_has_instance",
        "attack(() => { class A { static [Symbol.hasInstance]() { for (;;) {} } } return { decision: {} instanceof A ? 'allow' : 'deny' }; });",
    ),
)
