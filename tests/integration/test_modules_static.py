"""Module semantics without top-level await: the same answers as Node."""

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
    Case("default_value", """
--- main.js
import v from "./a.js"; export default v;
--- a.js
export default 41 + 1;
""", {'value': 42, 'log': []}),
    Case("live_binding", """
--- main.js
import { n, inc } from "./a.js"; const out = [n]; inc(); out.push(n); inc(); out.push(n, typeof n); export default out;
--- a.js
export let n = 1; export function inc() { n += 1; }
""", {'value': [1, 2, 3, 'number'], 'log': []}),
    Case("var_and_update_forms", """
--- main.js
import { a, b, go } from "./a.js"; go(); export default [a, b];
--- a.js
export var a = 1; export let b = [1]; export const go = () => { a++; [b, a] = [a, b]; };
""", {'value': [[1], 2], 'log': []}),
    Case("cycle_function_hoisting", """
--- main.js
import { even } from "./a.js"; export default [even(4), even(7)];
--- a.js
import { odd } from "./b.js"; export function even(n) { return n === 0 || odd(n - 1); }
--- b.js
import { even } from "./a.js"; export function odd(n) { return n !== 0 && even(n - 1); } export const early = even(0);
""", {'value': [True, False], 'log': []}),
    Case("cycle_tdz", """
--- main.js
import { x } from "./b.js"; export const y = 1; export default x;
--- b.js
import { y } from "./main.js"; let r; try { y; r = "no"; } catch (e) { r = e.name; } export const x = r;
""", {'value': 'ReferenceError', 'log': []}),
    Case("cycle_var_is_undefined", """
--- main.js
import { x } from "./b.js"; export var y = 1; export default x;
--- b.js
import { y } from "./main.js"; export const x = String(y);
""", {'value': 'undefined', 'log': []}),
    Case("class_tdz_in_cycle", """
--- main.js
import { x } from "./b.js"; export class K {} export default x;
--- b.js
import { K } from "./main.js"; let r; try { new K(); r = 1; } catch (e) { r = e.name; } export { r as x };
""", {'value': 'ReferenceError', 'log': []}),
    Case("default_function_hoisted_in_cycle", """
--- main.js
import { x } from "./b.js"; export default function () { return 5; } globalThis.log.push(x);
--- b.js
import f from "./main.js"; export const x = [f(), f.name];
""", {'log': [[5, 'default']]}),
    Case("evaluation_order", """
--- main.js
globalThis.log.push("main"); import "./a.js"; import { b } from "./b.js"; export default b;
--- a.js
import "./c.js"; globalThis.log.push("a");
--- b.js
import "./c.js"; globalThis.log.push("b"); export const b = 1;
--- c.js
globalThis.log.push("c");
""", {'value': 1, 'log': ['c', 'a', 'b', 'main']}),
    Case("order_by_first_mention", """
--- main.js
export * from "./b.js"; import "./a.js"; export { z } from "./c.js"; import "./b.js"; export default 0;
--- a.js
globalThis.log.push("a");
--- b.js
globalThis.log.push("b");
--- c.js
globalThis.log.push("c"); export const z = 1;
""", {'value': 0, 'log': ['b', 'a', 'c']}),
    Case("namespace_object", """
--- main.js
import * as ns from "./a.js";
const d = Object.getOwnPropertyDescriptor(ns, "b");
const tries = [];
for (const f of [() => { ns.b = 2; }, () => { ns.zz = 2; }, () => { delete ns.b; }, () => { Object.defineProperty(ns, "q", { value: 1 }); }]) { try { f(); tries.push("ok"); } catch (e) { tries.push(e.name); } }
export default [Object.keys(ns), Object.getPrototypeOf(ns), ns[Symbol.toStringTag], d, Object.isExtensible(ns), Object.isSealed(ns), Object.isFrozen(ns),
  "b" in ns, "toString" in ns, ns.nope === undefined, tries, Reflect.ownKeys(ns).length, JSON.stringify(ns), { ...ns }, delete ns.none];
--- a.js
export const b = 1; export default 3; export let A = "x"; export { b as $ };
""", {'value': [['$', 'A', 'b', 'default'], None, 'Module', {'value': 1, 'writable': True, 'enumerable': True, 'configurable': False}, False, True, False, True, False, True, ['TypeError', 'TypeError', 'TypeError', 'TypeError'], 5, '{"$":1,"A":"x","b":1,"default":3}', {'$': 1, 'A': 'x', 'b': 1, 'default': 3}, True], 'log': []}),
    Case("namespace_is_live_and_same", """
--- main.js
import * as one from "./a.js"; import * as two from "./a.js"; import { self, inc } from "./a.js";
const before = one.n; inc(); export default [one === two, one === self, before, one.n, Object.values(one).length];
--- a.js
import * as self from "./a.js"; export { self }; export let n = 0; export const inc = () => { n++; };
""", {'value': [True, True, 0, 1, 3], 'log': []}),
    Case("namespace_tdz", """
--- main.js
import { r } from "./b.js"; export const late = 1; export default r;
--- b.js
import * as m from "./main.js"; const out = [];
for (const f of [() => m.late, () => Object.keys(m), () => "late" in m, () => m.nope, () => ({ ...m })]) { try { const v = f(); out.push(v === undefined ? "u" : v); } catch (e) { out.push(e.name); } }
export const r = out;
""", {'value': ['ReferenceError', 'ReferenceError', True, 'u', 'ReferenceError'], 'log': []}),
    Case("reexports", """
--- main.js
import { a, renamed, ns, default as d, "string name" as s } from "./mid.js"; import * as mid from "./mid.js";
export default [a, renamed, ns.a, d, s, Object.keys(mid)];
--- mid.js
export { a, b as renamed } from "./a.js"; export * as ns from "./a.js"; export { default } from "./a.js"; import { b } from "./a.js"; export { b as "string name" };
--- a.js
export const a = 1, b = 2; export default "d";
""", {'value': [1, 2, 1, 'd', 2, ['a', 'default', 'ns', 'renamed', 'string name']], 'log': []}),
    Case("reexport_is_live", """
--- main.js
import { n, inc } from "./mid.js"; inc(); inc(); export default n;
--- mid.js
export * from "./a.js"; import { n } from "./a.js"; export { n as other };
--- a.js
export let n = 0; export function inc() { n++; }
""", {'value': 2, 'log': []}),
    Case("star_excludes_default", """
--- main.js
import * as m from "./mid.js"; export default [Object.keys(m), "default" in m];
--- mid.js
export * from "./a.js";
--- a.js
export default 1; export const x = 2;
""", {'value': [['x'], False], 'log': []}),
    Case("star_conflict_is_hidden", """
--- main.js
import * as m from "./mid.js"; export default Object.keys(m);
--- mid.js
export * from "./a.js"; export * from "./b.js";
--- a.js
export const x = 1, onlyA = 1, same = 0;
--- b.js
export const x = 2, onlyB = 2;
""", {'value': ['onlyA', 'onlyB', 'same'], 'log': []}),
    Case("star_same_binding_is_fine", """
--- main.js
import { x } from "./mid.js"; export default x;
--- mid.js
export * from "./a.js"; export * from "./b.js";
--- a.js
export { x } from "./c.js";
--- b.js
export * from "./c.js";
--- c.js
export const x = "c";
""", {'value': 'c', 'log': []}),
    Case("star_local_wins", """
--- main.js
import { x } from "./mid.js"; export default x;
--- mid.js
export * from "./a.js"; export const x = "mid";
--- a.js
export const x = "a";
""", {'value': 'mid', 'log': []}),
    Case("star_cycle", """
--- main.js
import { a, b } from "./a.js"; import * as ns from "./b.js"; export default [a, b, Object.keys(ns)];
--- a.js
export * from "./b.js"; export const a = 1;
--- b.js
export * from "./a.js"; export const b = 2;
""", {'value': [1, 2, ['a', 'b']], 'log': []}),
    Case("ambiguous_import_is_an_error", """
--- main.js
import { x } from "./mid.js"; export default x;
--- mid.js
export * from "./a.js"; export * from "./b.js";
--- a.js
export const x = 1;
--- b.js
export const x = 2;
""", {'value': {'threw': 'SyntaxError'}, 'log': []}),
    Case("missing_export_is_an_error", """
--- main.js
import { nope } from "./a.js"; export default nope;
--- a.js
globalThis.log.push("must not run"); export const x = 1;
""", {'value': {'threw': 'SyntaxError'}, 'log': []}),
    Case("circular_reexport_is_an_error", """
--- main.js
import { x } from "./a.js"; export default x;
--- a.js
export { x } from "./b.js";
--- b.js
export { x } from "./a.js";
""", {'value': {'threw': 'SyntaxError'}, 'log': []}),
    Case("default_names", """
--- main.js
import a from "./a.js"; import b from "./b.js"; import c from "./c.js"; import d from "./d.js"; import e from "./e.js"; import f from "./f.js"; import g from "./g.js"; import h from "./h.js"; import i from "./i.js"; import j from "./j.js"; import k from "./k.js";
export default [a, b, c, d, e, f, g, h, i, j, k].map((x) => x.name);
--- a.js
export default () => 1;
--- b.js
export default function () {}
--- c.js
export default class {}
--- d.js
export default class { static name = "own"; }
--- e.js
export default (function () {});
--- f.js
export default async function* () {}
--- g.js
export default function named() {}
--- h.js
export default class Named {}
--- i.js
const x = () => 1; export default x;
--- j.js
export default async (a) => a;
--- k.js
export default (class {});
""", {'value': ['default', 'default', 'default', 'own', 'default', 'default', 'named', 'Named', 'x', 'default', 'default'], 'log': []}),
    Case("default_is_not_live_for_expressions", """
--- main.js
import d, { x, set } from "./a.js"; set(); export default [d, x];
--- a.js
let x = 1; export default x; export { x }; export const set = () => { x = 2; };
""", {'value': [1, 2], 'log': []}),
    Case("default_as_binding_is_live", """
--- main.js
import d, { set } from "./a.js"; set(); export default d;
--- a.js
let x = 1; export { x as default }; export const set = () => { x = 2; };
""", {'value': 2, 'log': []}),
    Case("default_function_is_live", """
--- main.js
import d, { set } from "./a.js"; set(); export default d;
--- a.js
export default function f() {} export const set = () => { f = 7; };
""", {'value': 7, 'log': []}),
    Case("import_is_constant", """
--- main.js
import { n } from "./a.js"; import * as ns from "./a.js"; import d from "./a.js"; const out = [];
for (const f of [() => { n = 1; }, () => { n++; }, () => { n += 1; }, () => { [n] = [1]; }, () => { ({ n } = { n: 1 }); }, () => { ({ n = 4 } = {}); }, () => { ({ x: n } = { x: 1 }); }, () => { for (n of [1]); }, () => { for (n in { a: 1 }); }, () => { n ||= 3; }, () => { ns = 1; }, () => { d = 1; }, () => { [...n] = []; }]) { try { f(); out.push("ok"); } catch (e) { out.push(e.name); } }
export default [out, n];
--- a.js
export let n = 0; export default 1;
""", {'value': [['TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError'], 0], 'log': []}),
    Case("short_circuit_assignment_to_import", """
--- main.js
import { n } from "./a.js"; let r = []; try { n &&= 1; r.push("ok"); } catch (e) { r.push(e.name); } try { n = (r.push("rhs"), 2); } catch (e) { r.push(e.name); } export default r;
--- a.js
export let n = 0;
""", {'value': ['ok', 'rhs', 'TypeError'], 'log': []}),
    Case("call_has_no_receiver", """
--- main.js
import { f, t } from "./a.js"; import * as ns from "./a.js";
export default [f(), t`x${1}`, f?.(), ns.f() === ns, (f)(), [f][0]() === undefined, new f() instanceof f];
--- a.js
export function f() { return this === undefined ? "none" : new.target ? undefined : this; } export const t = function (s, ...v) { return [this === undefined, s.raw, v]; };
""", {'value': ['none', [True, ['x', ''], [1]], 'none', True, 'none', False, True], 'log': []}),
    Case("new_and_extends", """
--- main.js
import { Base, Ns } from "./a.js"; import * as ns from "./a.js";
class D extends Base { constructor() { super(1); } } class E extends ns.Base {}
export default [new Base(3).v, new Base, new D().v, new E(4).v, new Ns.Inner().k, new (Ns.Inner)().k];
--- a.js
export class Base { constructor(v) { this.v = v; } } export const Ns = { Inner: class { k = "k"; } };
""", {'value': [3, {}, 1, 4, 'k', 'k'], 'log': []}),
    Case("shorthand_and_patterns", """
--- main.js
import { a, b } from "./a.js"; const o = { a, b, c: a, [a]: b, a2() { return a; }, get g() { return b; } };
const { x = a, y: { z = b } = {} } = {}; const fn = ({ q = a } = {}, [r = b] = []) => [q, r];
export default [o, o.a2(), x, z, fn()];
--- a.js
export const a = "A", b = "B";
""", {'value': [{'a': 'A', 'b': 'B', 'c': 'A', 'A': 'B', 'g': 'B'}, 'A', 'A', 'B', ['A', 'B']], 'log': []}),
    Case("shadowing", """
--- main.js
import { a } from "./a.js";
function p(a) { return a; } const q = (a) => a; const r = a => [a]; const s = ({ a }) => a; const t = ([, a]) => a; const u = (...a) => a.length;
function v() { var a = "var"; return a; } function w() { { let a = "let"; } return a; } function x() { if (true) { var a = "hoisted"; } return a; }
function y() { try { throw "caught"; } catch (a) { return a; } } function z() { for (let a = 0; a < 1; a++) { var l = a; } return [l, a]; }
function fo() { for (const a of ["of"]) return a; } function fi() { for (const a in { key: 1 }) return a; } function fn() { function a() { return "inner"; } return a(); }
function cl() { class a { static v = "class"; } return a.v; } const fe = function a(n) { return n ? typeof a : a.name; }; const ce = class a { static n() { return a.name; } };
function sw(v) { switch (v) { case 1: let a = "switch"; return a; } return a; } function df(b = a) { var a = "body"; return [b, a]; } const lb = () => { a: for (;;) { break a; } return a; };
function blockfn() { { function a() { return 1; } } return a; } const cat = () => { try { throw 1; } catch { const a = "c"; return a; } };
export default [p(1), q(2), r(3), s({ a: 4 }), t([0, 5]), u(1, 2), v(), w(), x(), y(), z(), fo(), fi(), fn(), cl(), fe(1), fe(0), ce.n(), sw(1), sw(2), df(), lb(), blockfn(), cat(), ({ a: 1 }).a, a];
--- a.js
export const a = "import";
""", {'value': [1, 2, [3], 4, 5, 2, 'var', 'import', 'hoisted', 'caught', [0, 'import'], 'of', 'key', 'inner', 'class', 'function', 'a', 'a', 'switch', 'import', ['import', 'body'], 'import', 'import', 'c', 1, 'import'], 'log': []}),
    Case("class_members_and_static_blocks", """
--- main.js
import { a, key } from "./a.js";
class K { a = a; static s = a; #a = a; [key] = a; [key + 2](key) { return key; } static { var q = a; let key = 1; this.q = [q, key]; } get a2() { return this.#a; } static a() { return a; } }
const k = new K(); export default [k.a, K.s, k.key, k.key2("p"), K.q, k.a2, K.a(), key];
--- a.js
export const a = "A", key = "key";
""", {'value': ['A', 'A', 'A', 'p', ['A', 1], 'A', 'A', 'key'], 'log': []}),
    Case("typeof_and_delete_and_void", """
--- main.js
import { a, o } from "./a.js"; export default [typeof a, typeof o.x, delete o.x, "x" in o, void a, !a, -a, a ? a : 0, a ?? 1, `${a}`, a in { 1: 1 }, [...[a]], ((a), a)];
--- a.js
export const a = 1; export const o = { x: 1 };
""", {'value': ['number', 'number', True, False, None, False, -1, 1, 1, '1', True, [1], 1], 'log': []}),
    Case("awkward_names", """
--- main.js
import { async, of, get, set, let_ as static_, __m, __i, $, π, from, as } from "./a.js"; const __m_ = 1, __d = 2;
export default [async, of, get(), set, static_, __m, __i, $, π, from, as, __m_, __d, async + 1, { of, get: 2, async }];
--- a.js
const l = 5; export const async = 1, of = 2, get = () => 3, set = 4, __m = 6, __i = 7, $ = 8, π = 9, from = 10, as = 11; export { l as let_ };
""", {'value': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2, 2, {'of': 2, 'get': 2, 'async': 1}], 'log': []}),
    Case("export_destructuring", """
--- main.js
import { a, b, c, d, e, rest, f } from "./a.js"; export default [a, b, c, d, e, rest, f];
--- a.js
export const { a, x: b, y: [c, , { z: d }], e = 5, ...rest } = { a: 1, x: 2, y: [3, 0, { z: 4 }], q: 6 }; export let [f = 7] = [];
""", {'value': [1, 2, 3, 4, 5, {'q': 6}, 7], 'log': []}),
    Case("exports_of_every_kind", """
--- main.js
import * as m from "./a.js"; export default Object.keys(m).map((k) => [k, typeof m[k]]);
--- a.js
export var v = 1; export let l = 2; export const c = 3; export function f() {} export function* g() {} export async function af() {} export async function* ag() {} export class K {} export { v as v2, v as v3 }; export default null;
""", {'value': [['K', 'function'], ['af', 'function'], ['ag', 'function'], ['c', 'number'], ['default', 'object'], ['f', 'function'], ['g', 'function'], ['l', 'number'], ['v', 'number'], ['v2', 'number'], ['v3', 'number']], 'log': []}),
    Case("dunder_names", """
--- main.js
import * as m from "./a.js"; import { __proto__ as p, constructor as c } from "./a.js"; export default [Object.keys(m), p, c, m.__proto__, m.constructor, m.hasOwnProperty === undefined];
--- a.js
const p = 1; export { p as __proto__, p as constructor };
""", {'value': [['__proto__', 'constructor'], 1, 1, 1, 1, True], 'log': []}),
    Case("string_export_names", """
--- main.js
import { "a-b" as ab, "*" as star, "quote\\"d" as q } from "./a.js"; import * as m from "./a.js"; export default [ab, star, q, Object.keys(m)];
--- a.js
const x = 1, y = 2; export { x as "a-b", y as "*", x as "quote\\"d" };
""", {'value': [1, 2, 1, ['*', 'a-b', 'quote"d']], 'log': []}),
    Case("module_this_is_undefined", """
--- main.js
export default [this === undefined, (() => this === undefined)(), (function () { return this === undefined; })()];
""", {'value': [True, True, True], 'log': []}),
    Case("strict_mode", """
--- main.js
let r; try { undeclared = 1; r = "sloppy"; } catch (e) { r = e.name; } export default r;
""", {'value': 'ReferenceError', 'log': []}),
    Case("import_meta_shapes", """
--- main.js
import { url } from "./sub/a.js"; export default [import.meta.url.startsWith("file:///"), import.meta.url.endsWith("/main.js"), url.endsWith("/sub/a.js"), typeof import.meta.dirname, import.meta.filename.endsWith("main.js"), import.meta === import.meta, Object.getPrototypeOf(import.meta), (() => import.meta.url)() === import.meta.url, `${import.meta.url}` === import.meta.url, { import: 1, meta: 2 }.import];
--- sub/a.js
export const url = import.meta.url;
""", {'value': [True, True, True, 'string', True, True, None, True, True, 1], 'log': []}),
    Case("comments_and_strings_that_look_like_imports", """
--- main.js
// import "./nope.js";
/* export * from "./nope.js" */ const s = "import x from './nope.js'"; const t = `export { a } from "./nope.js"`; const r = /import("nope")/; export default [s.length, t.length, r.source];
""", {'value': [25, 29, 'import("nope")'], 'log': []}),
    Case("regex_and_template_around_imports", """
--- main.js
import { n } from "./a.js"; export default [`${n}${`${n + `${n}`}`}`, /[/]n/.test("/n"), n / 2 / n, ((a) => a)`${n}`[0]];
--- a.js
export const n = 4;
""", {'value': ['444', True, 0.5, ''], 'log': []}),
    Case("unicode_names", """
--- main.js
import { \u00e9t\u00e9, $, _ , \u53e4 } from "./a.js"; import * as ns from "./a.js"; export default [\u00e9t\u00e9, $, _, \u53e4, Object.keys(ns)];
--- a.js
export const \u00e9t\u00e9 = 1, $ = 2, _ = 3, \u53e4 = 4;
""", {'value': [1, 2, 3, 4, ['$', '_', '\u00e9t\u00e9', '\u53e4']], 'log': []}),
    Case("enumeration_of_a_namespace", """
--- main.js
import * as ns from "./a.js"; const seen = []; for (const k in ns) seen.push(k); export default [seen, Object.entries(ns), Object.assign({}, ns), Object.getOwnPropertyNames(ns), Reflect.has(ns, "b"), Object.hasOwn(ns, "zz"), ns.toString === undefined];
--- a.js
export const b = 2, a = 1;
""", {'value': [['a', 'b'], [['a', 1], ['b', 2]], {'a': 1, 'b': 2}, ['a', 'b'], True, False, True], 'log': []}),
    Case("a_namespace_cannot_be_changed", """
--- main.js
import * as ns from "./a.js"; export default [Reflect.set(ns, "a", 2), Reflect.deleteProperty(ns, "a"), Reflect.deleteProperty(ns, "zz"), Reflect.defineProperty(ns, "zz", { value: 1 }), Reflect.setPrototypeOf(ns, null), Reflect.setPrototypeOf(ns, {}), Reflect.preventExtensions(ns), Reflect.isExtensible(ns), ns.a, Reflect.defineProperty(ns, "a", { value: 2 })];
--- a.js
export let a = 1;
""", {'value': [False, False, True, False, True, False, True, False, 1, False], 'log': []}),
    Case("deep_chain_of_reexports", """
--- main.js
import { x } from "./r1.js"; export default x;
--- r1.js
export { y as x } from "./r2.js";
--- r2.js
export { z as y } from "./r3.js";
--- r3.js
import { w } from "./r4.js"; export { w as z };
--- r4.js
export const w = "deep";
""", {'value': 'deep', 'log': []}),
    Case("default_and_names_together", """
--- main.js
import d, { a, default as again } from "./a.js"; import e, * as ns from "./a.js"; export default [d, a, again, e, ns.default, ns.a];
--- a.js
export const a = 1; export default "d";
""", {'value': ['d', 1, 'd', 'd', 'd', 1], 'log': []}),
    Case("empty_clauses", """
--- main.js
import {} from "./a.js"; export {} from "./b.js"; export {}; import d, {} from "./c.js"; export default d;
--- a.js
globalThis.log.push("a");
--- b.js
globalThis.log.push("b");
--- c.js
export default "c";
""", {'value': 'c', 'log': ['a', 'b']}),
    Case("trailing_commas_and_newlines", """
--- main.js
import {
  a,
  b as c
  ,
} from "./a.js"
export {
  a as first, // one
  c /* two */ as second,
}
export default [a, c]
--- a.js
export let a = 1
export let b = 2
""", {'value': [1, 2], 'log': []}),
    Case("asi_after_imports", """
--- main.js
import { a } from "./a.js"
;[1].forEach((x) => globalThis.log.push(x + a))
export default a
;(() => globalThis.log.push("iife"))()
--- a.js
export const a = 1
""", {'value': 1, 'log': [2, 'iife']}),
    Case("functions_are_hoisted_over_imports_of_them", """
--- main.js
globalThis.log.push(typeof late, late()); import { x } from "./a.js"; function late() { return x; } export default late;
--- a.js
export const x = "x"; globalThis.log.push("a");
""", {'log': ['a', 'function', 'x']}),
    Case("classes_with_imported_parts", """
--- main.js
import { Base, key, value } from "./a.js"; class K extends Base { [key] = value; static [key + "s"] = [value]; get [`${key}Getter`]() { return super.hi() + value; } static { this.block = value; } } export default [new K().k, K.ks, new K().kGetter, K.block, Object.getPrototypeOf(K) === Base];
--- a.js
export class Base { hi() { return "hi"; } } export const key = "k", value = "v";
""", {'value': ['v', ['v'], 'hiv', 'v', True], 'log': []}),
    Case("default_parameters_and_closures_over_imports", """
--- main.js
import { n, bump } from "./a.js"; const f = (x = n, y = () => n) => [x, y()]; const out = [f()]; bump(); out.push(f(), [n].map((q) => q + n), (({ [n]: v }) => v)({ 2: "two" })); export default out;
--- a.js
export let n = 1; export const bump = () => { n = 2; };
""", {'value': [[1, 1], [2, 2], [4], 'two'], 'log': []}),
    Case("optional_chaining_and_nullish_of_imports", """
--- main.js
import { o, nothing } from "./a.js"; export default [o?.a?.b, o?.["a"], nothing?.x ?? "none", nothing?.(), o.f?.(), o.g?.() === undefined, delete o?.a];
--- a.js
export const o = { a: { b: 1 }, f: () => "f" }; export let nothing;
""", {'value': [1, {'b': 1}, 'none', None, 'f', True, True], 'log': []}),
    Case("exceptions_keep_their_class", """
--- main.js
import { Mine, boom } from "./a.js"; let r; try { boom(); } catch (e) { r = [e instanceof Mine, e instanceof RangeError, e.name, e.message, e.cause]; } export default r;
--- a.js
export class Mine extends RangeError { name = "Mine"; } export const boom = () => { throw new Mine("m", { cause: 1 }); };
""", {'value': [True, True, 'Mine', 'm', 1], 'log': []}),
    Case("symbols_and_weak_things_are_shared", """
--- main.js
import { s, m } from "./a.js"; import { read } from "./b.js"; const o = { [s]: 1 }; m.set(o, "kept"); export default read(o);
--- a.js
export const s = Symbol("s"), m = new WeakMap();
--- b.js
import { s, m } from "./a.js"; export const read = (o) => [o[s], m.get(o)];
""", {'value': [1, 'kept'], 'log': []}),
    Case("many_modules_of_one_graph", """
--- main.js
import { total } from "./a.js"; export default total;
--- a.js
import { one } from "./b.js"; import { two } from "./c.js"; export const total = one + two;
--- b.js
export { one } from "./d.js";
--- c.js
import { one } from "./d.js"; export const two = one + one;
--- d.js
globalThis.log.push("d"); export const one = 1;
""", {'value': 3, 'log': ['d']}),
    Case("star_of_star_of_star", """
--- main.js
import * as ns from "./a.js"; export default [Object.keys(ns), ns.x, ns.y, ns.z];
--- a.js
export * from "./b.js"; export const x = 1;
--- b.js
export * from "./c.js"; export const y = 2;
--- c.js
export const z = 3;
""", {'value': [['x', 'y', 'z'], 1, 2, 3], 'log': []}),
    Case("star_as_and_star_together", """
--- main.js
import { all, x } from "./a.js"; import * as ns from "./a.js"; export default [all.x === x, Object.keys(ns)];
--- a.js
export * as all from "./b.js"; export * from "./b.js";
--- b.js
export const x = {};
""", {'value': [True, ['all', 'x']], 'log': []}),
    Case("explicit_reexport_settles_a_conflict", """
--- main.js
import { x } from "./mid.js"; import * as ns from "./mid.js"; export default [x, Object.keys(ns)];
--- mid.js
export * from "./a.js"; export * from "./b.js"; export { x } from "./b.js";
--- a.js
export const x = "a";
--- b.js
export const x = "b";
""", {'value': ['b', ['x']], 'log': []}),
    Case("missing_reexport_is_an_error", """
--- main.js
import { a } from "./mid.js"; export default a;
--- mid.js
export { a, gone } from "./a.js"; globalThis.log.push("no");
--- a.js
export const a = 1;
""", {'value': {'threw': 'SyntaxError'}, 'log': []}),
    Case("missing_default_is_an_error", """
--- main.js
import d from "./a.js"; export default d;
--- a.js
export const x = 1;
""", {'value': {'threw': 'SyntaxError'}, 'log': []}),
    Case("link_errors_come_before_any_evaluation", """
--- main.js
import "./first.js"; import { nope } from "./a.js"; export default nope;
--- first.js
globalThis.log.push("first");
--- a.js
export {};
""", {'value': {'threw': 'SyntaxError'}, 'log': []}),
    Case("an_error_while_evaluating_stops_those_after_it", """
--- main.js
import "./a.js"; import "./bad.js"; import "./c.js"; globalThis.log.push("main"); export default 1;
--- a.js
globalThis.log.push("a");
--- bad.js
globalThis.log.push("bad"); throw new TypeError("bad");
--- c.js
globalThis.log.push("c");
""", {'value': {'threw': 'TypeError'}, 'log': ['a', 'bad']}),
    Case("anything_may_be_thrown", """
--- main.js
const out = []; for (const n of ["a", "b"]) try { await import(`./${n}.js`); } catch (e) { out.push(e ?? "nullish"); } await import("./a.js").catch(() => {}); await import("./b.js").catch(() => {}); export default out;
--- a.js
throw "text";
--- b.js
throw null;
""", {'value': ['text', 'nullish'], 'log': []}),
    Case("exported_functions_keep_their_names", """
--- main.js
import * as ns from "./a.js"; export default Object.keys(ns).map((k) => [k, ns[k].name]);
--- a.js
export function f() {} export const g = () => {}; export class K {} const h = function () {}; export { h as renamed }; export const { i = () => {} } = {};
""", {'value': [['K', 'K'], ['f', 'f'], ['g', 'g'], ['i', 'i'], ['renamed', 'h']], 'log': []}),
    Case("function_length_and_source", """
--- main.js
import { f } from "./a.js"; export default [f.length, String(f).includes("body"), f.toString().startsWith("function f")];
--- a.js
export function f(a, b, c = 1) { return "body"; }
""", {'value': [2, True, True], 'log': []}),
    Case("new_target_and_super", """
--- main.js
import { make, Base } from "./a.js"; class D extends Base {} export default [make(), new D().who, Reflect.construct(Base, [], D).who];
--- a.js
export function make() { return new.target === undefined; } export class Base { constructor() { this.who = new.target.name; } }
""", {'value': [True, 'D', 'D'], 'log': []}),
    Case("private_names_and_accessors", """
--- main.js
import { K } from "./a.js"; const k = new K(); k.v = 4; export default [k.v, K.has(k), K.has({}), Object.keys(k)];
--- a.js
export class K { #v = 1; get v() { return this.#v; } set v(x) { this.#v = x * 2; } static has(o) { return #v in o; } }
""", {'value': [8, True, False, []], 'log': []}),
    Case("tagged_templates_are_cached_by_site", """
--- main.js
import { tag, site } from "./a.js"; export default [site() === site(), tag`a${1}b`, tag`\\u0041`.length];
--- a.js
export const tag = (strings, ...values) => [...strings.raw, ...values]; export const site = () => ((s) => s)`x`;
""", {'value': [True, ['a', 'b', 1], 1], 'log': []}),
    Case("labelled_blocks_and_switches_with_imports", """
--- main.js
import { k } from "./a.js"; let out = []; outer: for (const x of [1, 2, 3]) { switch (x) { case k: continue outer; default: out.push(x); } } do { out.push(k); } while (false); if (k) out.push("if"); else out.push("else"); export default out;
--- a.js
export const k = 2;
""", {'value': [1, 3, 2, 'if'], 'log': []}),
    Case("spread_of_imports", """
--- main.js
import { list, o, f } from "./a.js"; export default [[...list], { ...o, z: 1 }, f(...list), Math.max(...list), [...new Set(list)]];
--- a.js
export const list = [3, 1, 3], o = { a: 1 }; export const f = (...xs) => xs.length;
""", {'value': [[3, 1, 3], {'a': 1, 'z': 1}, 3, 3, [3, 1]], 'log': []}),
    Case("getters_on_exported_objects_run_each_time", """
--- main.js
import { o } from "./a.js"; export default [o.n, o.n, { ...o }.n];
--- a.js
let n = 0; export const o = { get n() { return ++n; } };
""", {'value': [1, 2, 3], 'log': []}),
    Case("global_scope_is_not_module_scope", """
--- main.js
import { a } from "./a.js"; var v = 1; let l = 2; function f() {} export default ["v" in globalThis, "l" in globalThis, "f" in globalThis, a, globalThis.shared];
--- a.js
var v = "own"; globalThis.shared = "yes"; export const a = v;
""", {'value': [False, False, False, 'own', 'yes'], 'log': []}),
    Case("folders_and_dots", """
--- main.js
import a from "./x/y/a.js"; export default a;
--- x/y/a.js
import b from "../b.js"; import c from "../../c.js"; import d from "./d.js"; export default [b, c, d];
--- x/b.js
export default "b";
--- c.js
export default "c";
--- x/y/d.js
export default "d";
""", {'value': ['b', 'c', 'd'], 'log': []}),
]  # fmt: skip


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object] | None:
    """Every case's answer in Node, or None without Node."""
    return run_in_node(tmp_path_factory.mktemp("node"), CASES) if shutil.which("node") else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_worker_agrees_with_node(
    case: Case, tmp_path: Path, in_node: dict[str, object] | None
) -> None:
    """A module graph comes to the same value and the same log in both."""
    ours = run_in_quickjs(build_files(tmp_path, split_files(case.files)))

    assert ours == case.expect
    if in_node is not None:
        assert in_node[case.name] == case.expect
