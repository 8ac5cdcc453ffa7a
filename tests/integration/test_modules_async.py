"""Top-level await and dynamic import: the same values and the same order as Node."""

import shutil
from pathlib import Path

import pytest

from tests.unit.worker.build_support import (
    Case,
    build_files,
    run_in_node,
    run_in_quickjs,
    split_files,
)

CASES = [
    Case("await_value", """
--- main.js
import { v } from "./a.js"; export default v;
--- a.js
export const v = await Promise.resolve(5);
""", {'value': 5, 'log': []}),
    Case("await_everywhere", """
--- main.js
const p = (v) => Promise.resolve(v);
const o = { [await p("k")]: await p(1), ...(await p({ s: 2 })) }; const [a = await p(3)] = []; class K { [await p("m")]() { return 4; } } class L extends (await p(K)) {}
let t = `${await p(5)}`; if (await p(true)) t += await p("x"); for (let i = await p(0); i < await p(2); i++) t += i; for (const x of await p([7])) t += x;
const n = await await p(p(6)); const c = (await p(1)) + await p(2) * await p(3); const s = await p(1) ? await p("y") : 0; switch (await p(1)) { case await p(1): t += "sw"; }
try { await Promise.reject(new TypeError("no")); } catch (e) { t += e.name; } finally { t += await p("fin"); } const neg = -await p(1); const fnv = (await p((q) => q + 1))(1); const op = (await p(null))?.x; const ty = typeof await p(1); await null, await 0; label: { if (await p(1)) break label; t = 0; }
export default [o, a, new L().m(), t, n, c, s, neg, fnv, op === undefined, ty];
""", {'value': [{'k': 1, 's': 2}, 3, 4, '5x017swTypeErrorfin', 6, 7, 'y', -1, 2, True, 'number'], 'log': []}),
    Case("await_in_exports", """
--- main.js
import d, { x, y, z } from "./a.js"; export default [d, x, y, z];
--- a.js
export const x = await 1, { y, q: [z] } = await { y: 2, q: [3] }; export default await 4;
""", {'value': [4, 1, 2, 3], 'log': []}),
    Case("nested_functions_untouched", """
--- main.js
const f = async () => await 1; async function g() { for await (const x of [2]) return x; } const o = { async m() { return await 3; } }; class K { static async s() { return await 4; } } async function* ag() { yield await 5; }
const r = []; for await (const v of ag()) r.push(v); export default [await f(), await g(), await o.m(), await K.s(), r];
""", {'value': [1, 2, 3, 4, [5]], 'log': []}),
    Case("siblings_wait_together", """
--- main.js
import "./a.js"; import "./b.js"; import "./c.js"; globalThis.log.push("main"); export default 1;
--- a.js
globalThis.log.push("a1"); await 0; globalThis.log.push("a2"); await 0; globalThis.log.push("a3");
--- b.js
globalThis.log.push("b1"); await 0; globalThis.log.push("b2");
--- c.js
globalThis.log.push("c");
""", {'value': 1, 'log': ['a1', 'b1', 'c', 'a2', 'b2', 'a3', 'main']}),
    Case("parents_in_order", """
--- main.js
import "./p1.js"; import "./p2.js"; import "./p3.js"; globalThis.log.push("main"); export default 1;
--- p1.js
import "./slow.js"; globalThis.log.push("p1");
--- p2.js
import "./slow.js"; globalThis.log.push("p2");
--- p3.js
globalThis.log.push("p3");
--- slow.js
globalThis.log.push("s1"); await 0; await 0; globalThis.log.push("s2");
""", {'value': 1, 'log': ['s1', 'p3', 's2', 'p1', 'p2', 'main']}),
    Case("async_parents_of_async", """
--- main.js
import "./p1.js"; import "./p2.js"; globalThis.log.push("main"); export default 1;
--- p1.js
import "./a.js"; globalThis.log.push("p1-1"); await 0; globalThis.log.push("p1-2");
--- p2.js
import "./a.js"; import "./b.js"; globalThis.log.push("p2");
--- a.js
globalThis.log.push("a1"); await 0; globalThis.log.push("a2");
--- b.js
globalThis.log.push("b1"); await 0; await 0; await 0; await 0; globalThis.log.push("b2");
""", {'value': 1, 'log': ['a1', 'b1', 'a2', 'p1-1', 'p1-2', 'b2', 'p2', 'main']}),
    Case("cycle_with_await", """
--- main.js
import { b } from "./b.js"; globalThis.log.push("main"); export const a = await b; export default [a, b];
--- b.js
import { a } from "./main.js"; globalThis.log.push("b1"); await 0; let r; try { r = a; } catch (e) { r = e.name; } globalThis.log.push("b2"); export const b = r;
""", {'value': ['ReferenceError', 'ReferenceError'], 'log': ['b1', 'b2', 'main']}),
    Case("cycle_root_is_awaited", """
--- main.js
import "./outer.js"; import "./inner.js"; globalThis.log.push("main"); export default 1;
--- outer.js
import "./inner.js"; globalThis.log.push("outer1"); await 0; globalThis.log.push("outer2");
--- inner.js
import "./outer.js"; globalThis.log.push("inner");
""", {'value': 1, 'log': ['inner', 'outer1', 'outer2', 'main']}),
    Case("three_cycle_async", """
--- main.js
import "./a.js"; import "./c.js"; globalThis.log.push("main"); export default 1;
--- a.js
import "./b.js"; globalThis.log.push("a");
--- b.js
import "./c.js"; globalThis.log.push("b1"); await 0; globalThis.log.push("b2");
--- c.js
import "./a.js"; globalThis.log.push("c1"); await 0; globalThis.log.push("c2");
""", {'value': 1, 'log': ['c1', 'c2', 'b1', 'b2', 'a', 'main']}),
    Case("diamond_deep", """
--- main.js
import "./l.js"; import "./r.js"; globalThis.log.push("main"); export default 1;
--- l.js
import "./ll.js"; globalThis.log.push("l");
--- ll.js
import "./base.js"; globalThis.log.push("ll");
--- r.js
import "./base.js"; globalThis.log.push("r1"); await 0; globalThis.log.push("r2");
--- base.js
await 0; globalThis.log.push("base");
""", {'value': 1, 'log': ['base', 'll', 'l', 'r1', 'r2', 'main']}),
    Case("rejection_stops_parents", """
--- main.js
import "./p.js"; globalThis.log.push("main"); export default 1;
--- p.js
import "./a.js"; globalThis.log.push("p");
--- a.js
await 0; globalThis.log.push("a"); throw new RangeError("late");
""", {'value': {'threw': 'RangeError'}, 'log': ['a']}),
    Case("rejection_with_sibling_running", """
--- main.js
const out = []; try { await import("./p.js"); } catch (e) { out.push(e.message); } await new Promise((r) => { let n = 20; const f = () => (n-- ? Promise.resolve().then(f) : r()); f(); }); try { await import("./p.js"); } catch (e) { out.push(e.message); } export default out;
--- p.js
import "./a.js"; import "./b.js"; globalThis.log.push("p");
--- a.js
await 0; throw new Error("a failed");
--- b.js
await 0; await 0; await 0; globalThis.log.push("b ends");
""", {'value': ['a failed', 'a failed'], 'log': ['b ends']}),
    Case("sync_throw_after_async_start", """
--- main.js
const out = []; try { await import("./p.js"); } catch (e) { out.push(e.message); } try { await import("./p.js"); } catch (e) { out.push(e.message); } out.push((await import("./a.js")).x); export default out;
--- p.js
import "./a.js"; import "./b.js"; globalThis.log.push("p");
--- a.js
globalThis.log.push("a1"); await 0; globalThis.log.push("a2"); export const x = 1;
--- b.js
throw new Error("b failed");
""", {'value': ['b failed', 'b failed', 1], 'log': ['a1', 'a2']}),
    Case("dynamic_import", """
--- main.js
const a = await import("./a.js"); const b = await import(`./a.js`); export default [a === b, a.x, a.default, Object.keys(a), globalThis.log.length];
--- a.js
globalThis.log.push("once"); export const x = 1; export default 2;
""", {'value': [True, 1, 2, ['default', 'x'], 1], 'log': ['once']}),
    Case("dynamic_import_computed", """
--- main.js
await import("./sub/a.js"); const name = ["./sub", "a.js"].join("/"); const ns = await import(name); const u = await import(new Function("u", "return u")(import.meta.resolve("./sub/a.js"))); export default [ns.x, u === ns];
--- sub/a.js
export const x = 1;
""", {'value': [1, True], 'log': []}),
    Case("dynamic_import_of_nothing", """
--- main.js
const out = []; for (const s of ["./nope.js", "no-such-package-xyz", "../../../../../../../../etc/nope.js"]) { try { await import(s); out.push("ok"); } catch (e) { out.push(e.code); } } try { await import("./optional.js"); } catch (e) { out.push(e.code); } export default out;
""", {'value': ['ERR_MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'], 'log': []}),
    Case("dynamic_import_specifier_is_converted", """
--- main.js
const out = []; await import("./a.js"); out.push((await import({ toString() { return "./a.js"; } })).x); try { await import({ toString() { throw new RangeError("r"); } }); } catch (e) { out.push(e.name); } let sync = true; import("./a.js").then(() => out.push(sync)); sync = false; await import("./a.js"); try { await import(Symbol("x")); } catch (e) { out.push(e.name); } export default out;
--- a.js
export const x = 1;
""", {'value': [1, 'RangeError', False, 'TypeError'], 'log': []}),
    Case("dynamic_import_in_cycle", """
--- main.js
import { get } from "./a.js"; export const late = 5; export default get().then((ns) => [ns.late, Object.keys(ns)]);
--- a.js
export const get = () => import("./main.js");
""", {'value': [5, ['default', 'late']], 'log': []}),
    Case("dynamic_import_link_error", """
--- main.js
const out = []; for (let i = 0; i < 2; i++) try { await import("./a.js"); } catch (e) { out.push(e.name); } export default out;
--- a.js
import { nope } from "./b.js"; globalThis.log.push("no");
--- b.js
globalThis.log.push("no"); export const x = 1;
""", {'value': ['SyntaxError', 'SyntaxError'], 'log': []}),
    Case("thenable_namespace", """
--- main.js
export default [await import("./a.js"), typeof (await (async () => 1)())];
--- a.js
export function then(resolve) { resolve("from then"); }
""", {'value': ['from then', 'number'], 'log': []}),
    Case("for_await", """
--- main.js
const out = []; async function* g(n) { try { for (let i = 0; i < n; i++) { await 0; yield i; } } finally { await 0; out.push("closed"); } }
for await (const x of g(2)) out.push(x);
for await (const x of g(5)) { if (x === 1) break; out.push(x); }
outer: for await (const x of g(3)) { for (const y of [1, 2]) { if (y === 2) continue outer; out.push([x, y]); } }
outer2: for (const q of [1, 2]) { for await (const x of g(2)) { continue outer2; } }
try { for await (const x of g(3)) throw new Error("body"); } catch (e) { out.push(e.message); }
for await (const p of [Promise.resolve("p"), "v"]) out.push(p);
let v; for await (v of g(1)) ; out.push(v); const o = {}; for await (o.x of g(2)); out.push(o); for await ([v] of [[9]]) out.push(v); for await ({ v } of [{ v: 8 }]) out.push(v); for await (var w of [1]) out.push(w); for await (let [z = 3] of [[]]) out.push(z);
export default [out, w];
""", {'value': [[0, 1, 'closed', 0, 'closed', [0, 1], [1, 1], [2, 1], 'closed', 'closed', 'closed', 'closed', 'body', 'p', 'v', 'closed', 0, 'closed', {'x': 1}, 9, 8, 1, 3], 1], 'log': []}),
    Case("for_await_nested_and_closures", """
--- main.js
import { list } from "./a.js"; const fns = []; const out = []; for await (const x of list) { for await (const y of list) { fns.push(() => x * 10 + y); out.push(await x); } }
export default [fns.map((f) => f()), out];
--- a.js
export const list = [1, 2];
""", {'value': [[11, 12, 21, 22], [1, 1, 2, 2]], 'log': []}),
    Case("for_await_errors", """
--- main.js
const out = []; const it = (next, ret) => ({ [Symbol.asyncIterator]() { return { next, return: ret }; } });
try { for await (const x of it(() => { throw new Error("next throws"); }, () => out.push("never"))); } catch (e) { out.push(e.message); }
try { for await (const x of it(() => Promise.reject(new Error("next rejects")), () => out.push("never"))); } catch (e) { out.push(e.message); }
try { for await (const x of it(() => 5)); } catch (e) { out.push(e.name); }
try { for await (const x of it(() => ({ value: 1 }), () => { throw new Error("return throws"); })) break; } catch (e) { out.push(e.message); }
try { for await (const x of it(() => ({ value: 1 }), () => { throw new Error("swallowed"); })) throw new Error("body wins"); } catch (e) { out.push(e.message); }
try { for await (const x of it(() => ({ value: 1 }), () => 5)) break; } catch (e) { out.push(e.name); }
try { for await (const [x] of it(() => ({ value: null }), () => { out.push("closed"); return {}; })); } catch (e) { out.push(e.name); }
try { for await (const x of 5); } catch (e) { out.push(e.name); } for await (const x of it(() => ({ done: true }))) ; for await (const x of it(() => ({ value: 1 }))) break;
export default out;
""", {'value': ['next throws', 'next rejects', 'TypeError', 'return throws', 'body wins', 'TypeError', 'closed', 'TypeError', 'TypeError'], 'log': []}),
    Case("order_of_ticks", """
--- main.js
import { done } from "./a.js"; globalThis.log.push("main"); Promise.resolve().then(() => globalThis.log.push("tick")); await 0; globalThis.log.push("after"); export default done;
--- a.js
export const done = 1; Promise.resolve().then(() => globalThis.log.push("t1")).then(() => globalThis.log.push("t2")).then(() => globalThis.log.push("t3")); await 0; globalThis.log.push("a1"); await new Promise((r) => r()); globalThis.log.push("a2");
""", {'value': 1, 'log': ['t1', 'a1', 't2', 'a2', 't3', 'main', 'tick', 'after']}),
    Case("await_thenables", """
--- main.js
const t = { then(r) { globalThis.log.push("then called"); r(7); } }; const v = await t; let e; try { await { then(_, no) { no("bad"); } }; } catch (x) { e = x; } export default [v, e];
""", {'value': [7, 'bad'], 'log': ['then called']}),
    Case("hoisted_function_called_while_waiting", """
--- main.js
import { f, state } from "./a.js"; export default [f(), state];
--- a.js
import { early } from "./b.js"; export let state = "before " + early; await 0; state += " after"; export function f() { return "f"; }
--- b.js
import { f } from "./a.js"; export const early = f();
""", {'value': ['f', 'before f after'], 'log': []}),
    Case("await_between_exports", """
--- main.js
import { a, b, c } from "./a.js"; export default [a, b, c];
--- a.js
export const a = await Promise.resolve(1); export let b = a + (await 1); b = await b * 2; export const c = (await Promise.all([a, b])).join();
""", {'value': [1, 4, '1,4'], 'log': []}),
    Case("await_in_every_place", """
--- main.js
const o = { [await "k"]: await 1 }; const [x = await 2] = []; class K { static v = 3; [await "m"]() { return 4; } } const t = `${await 5}`; const f = (await (async () => 6)()); if (await true) globalThis.log.push("if"); while (await false); for (const q of await [7]) globalThis.log.push(q); switch (await 8) { case await 8: globalThis.log.push("case"); } const n = await (await (await 9)); export default [o, x, new K().m(), t, f, n, (await null) ?? 10, await 1 + await 2, typeof await 1, -await 1, !(await 0), await await 11];
""", {'value': [{'k': 1}, 2, 4, '5', 6, 9, 10, 3, 'number', -1, True, 11], 'log': ['if', 7, 'case']}),
    Case("await_in_try", """
--- main.js
const out = []; try { await Promise.reject(new Error("no")); } catch (e) { out.push(e.message); } finally { out.push(await "finally"); } try { try { throw await 1; } finally { await 2; out.push("inner"); } } catch (e) { out.push(e); } label: { await 0; break label; } export default out;
""", {'value': ['no', 'finally', 'inner', 1], 'log': []}),
    Case("two_dynamic_imports_at_once", """
--- main.js
const [a, b] = await Promise.all([import("./a.js"), import("./a.js")]); export default [a === b, a.x];
--- a.js
globalThis.log.push("start"); await 0; globalThis.log.push("end"); export const x = 1;
""", {'value': [True, 1], 'log': ['start', 'end']}),
    Case("import_of_what_is_still_waiting", """
--- main.js
import { p } from "./a.js"; export default await p;
--- a.js
export const p = import("./slow.js").then((ns) => ns.v); globalThis.log.push("a");
--- slow.js
await 0; await 0; globalThis.log.push("slow"); export const v = "v";
""", {'value': 'v', 'log': ['a', 'slow']}),
    Case("dynamic_import_in_a_loop", """
--- main.js
const out = []; for (const n of ["a", "b", "a"]) out.push((await import(`./parts/${n}.js`)).default); await import("./parts/a.js"); await import("./parts/b.js"); export default out;
--- parts/a.js
globalThis.log.push("a"); export default "A";
--- parts/b.js
globalThis.log.push("b"); export default "B";
""", {'value': ['A', 'B', 'A'], 'log': ['a', 'b']}),
    Case("errors_of_async_modules_reach_importers", """
--- main.js
const out = []; await import("./p.js").catch((e) => out.push(e.message)); await import("./a.js").catch((e) => out.push(e.message)); export default out;
--- p.js
import "./a.js"; globalThis.log.push("never");
--- a.js
await null; throw new Error("late");
""", {'value': ['late', 'late'], 'log': []}),
    Case("async_cycle", """
--- main.js
import { b } from "./b.js"; export const a = "a"; export default [a, b, globalThis.log];
--- b.js
import { a } from "./main.js"; await 0; let seen; try { seen = a; } catch (e) { seen = e.name; } globalThis.log.push(seen); export const b = "b";
""", {'value': ['a', 'b', ['ReferenceError']], 'log': ['ReferenceError']}),
    Case("default_export_awaits", """
--- main.js
import d from "./a.js"; export default d;
--- a.js
export default await (async () => ({ ready: true }))();
""", {'value': {'ready': True}, 'log': []}),
    Case("diamond_of_waiting_modules", """
--- main.js
import { l } from "./l.js"; import { r } from "./r.js"; export default [l, r];
--- l.js
import { base } from "./base.js"; export const l = "l" + base; globalThis.log.push("l");
--- r.js
import { base } from "./base.js"; await 0; export const r = "r" + base; globalThis.log.push("r");
--- base.js
await 0; export const base = "!"; globalThis.log.push("base");
""", {'value': ['l!', 'r!'], 'log': ['base', 'l', 'r']}),
    Case("siblings_wait_at_the_same_time", """
--- main.js
import "./a.js"; import "./b.js"; export default globalThis.log.join();
--- a.js
globalThis.log.push("a1"); await 0; globalThis.log.push("a2"); await 0; globalThis.log.push("a3");
--- b.js
globalThis.log.push("b1"); await 0; globalThis.log.push("b2");
""", {'value': 'a1,b1,a2,b2,a3', 'log': ['a1', 'b1', 'a2', 'b2', 'a3']}),
    Case("a_sync_module_between_waiting_ones", """
--- main.js
import "./a.js"; import "./s.js"; import "./b.js"; globalThis.log.push("main"); export default 0;
--- a.js
await 0; globalThis.log.push("a");
--- s.js
globalThis.log.push("s");
--- b.js
import "./a.js"; globalThis.log.push("b");
""", {'value': 0, 'log': ['s', 'a', 'b', 'main']}),
    Case("microtasks_between_modules", """
--- main.js
import "./a.js"; import "./b.js"; globalThis.log.push("main"); export default 0;
--- a.js
Promise.resolve().then(() => globalThis.log.push("micro")); globalThis.log.push("a");
--- b.js
globalThis.log.push("b");
""", {'value': 0, 'log': ['a', 'b', 'main', 'micro']}),
    Case("import_resolves_after_evaluation", """
--- main.js
const p = import("./a.js"); globalThis.log.push("before"); const ns = await p; globalThis.log.push("after"); export default ns.x;
--- a.js
globalThis.log.push("a"); export const x = 1;
""", {'value': 1, 'log': ['before', 'a', 'after']}),
    Case("dynamic_import_catches_a_syntax_of_linking", """
--- main.js
export default await import("./a.js").then(() => "no", (e) => [e.name, e instanceof SyntaxError]);
--- a.js
export { nope } from "./b.js";
--- b.js
export const x = 1;
""", {'value': ['SyntaxError', True], 'log': []}),
    Case("await_using_imports", """
--- main.js
import { later, n } from "./a.js"; const list = []; for (const x of [1, 2]) list.push(await later(x + n)); const { v } = await later({ v: n }); export default [list, v, (await later(n)) + n];
--- a.js
export const n = 10; export const later = (x) => new Promise((resolve) => Promise.resolve().then(() => resolve(x)));
""", {'value': [[11, 12], 10, 20], 'log': []}),
    Case("await_and_comma_and_ternary", """
--- main.js
const a = (await 1, await 2); const b = await true ? await "yes" : await "no"; const c = [await 1, await 2, ...(await [3])]; const d = { a: await a, ...(await { e: 1 }) }; const f = await (() => 5)(); const g = (await Promise.resolve({ h: { i: 7 } })).h.i; const h = await import("./x.js").then((n) => n.default); export default [a, b, c, d, f, g, h];
--- x.js
export default "x";
""", {'value': [2, 'yes', [1, 2, 3], {'a': 2, 'e': 1}, 5, 7, 'x'], 'log': []}),
    Case("late_rejection_is_seen_by_every_importer", """
--- main.js
const r = await Promise.allSettled([import("./p.js"), import("./q.js"), import("./bad.js")]); export default r.map((x) => x.reason?.message ?? x.status);
--- p.js
import "./bad.js"; globalThis.log.push("p");
--- q.js
import "./p.js"; globalThis.log.push("q");
--- bad.js
await 0; throw new Error("bad");
""", {'value': ['bad', 'bad', 'bad'], 'log': []}),
]  # fmt: skip


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object] | None:
    """Every case's answer in Node, or None without Node."""
    return run_in_node(tmp_path_factory.mktemp("node"), CASES) if shutil.which("node") else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_worker_agrees_with_node(
    case: Case, tmp_path: Path, in_node: dict[str, object] | None
) -> None:
    """A graph that waits settles to the same value, and its parts ran in the same order."""
    ours = run_in_quickjs(build_files(tmp_path, split_files(case.files)))

    assert ours == case.expect
    if in_node is not None:
        assert in_node[case.name] == case.expect
