"""CommonJS, JSON, host modules, TypeScript: what plugins mix. Node is the judge where it has an opinion."""

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
    Case("cjs_default_and_named", """
--- main.js
import d, { a, b } from "./c.cjs"; import * as ns from "./c.cjs"; export default [d === ns.default, a, b, Object.keys(d), ns.a];
--- c.cjs
exports.a = 1; exports.b = 2;
""", {'value': [True, 1, 2, ['a', 'b'], 1], 'log': []}),
    Case("cjs_function_export", """
--- main.js
import f from "./c.cjs"; export default [f(2), f.extra];
--- c.cjs
module.exports = function (x) { return x * 2; }; module.exports.extra = "e";
""", {'value': [4, 'e'], 'log': []}),
    Case("cjs_es_module_flag", """
--- main.js
import d from "./c.cjs"; export default d;
--- c.cjs
Object.defineProperty(exports, "__esModule", { value: true }); exports.default = "inner"; exports.x = 1;
""", {'value': {'default': 'inner', 'x': 1}, 'log': []}),
    Case("cjs_requires", """
--- main.js
import c from "./c.cjs"; export default [c, globalThis.log];
--- c.cjs
const a = require("./sub/a.cjs"); const again = require("./sub/a.cjs"); module.exports = [a.x, a === again, require("./data.json").k[1], typeof require.resolve("./sub/a.cjs")];
--- sub/a.cjs
globalThis.log.push("a once"); exports.x = require("../d.cjs");
--- d.cjs
module.exports = "d";
--- data.json
{ "k": [1, "two"] }
""", {'value': [['d', True, 'two', 'string'], ['a once']], 'log': ['a once']}),
    Case("cjs_cycle_sees_partial_exports", """
--- main.js
import c from "./a.cjs"; export default [c.fromB, c.done];
--- a.cjs
exports.early = 1; const b = require("./b.cjs"); exports.fromB = b; exports.done = true;
--- b.cjs
const a = require("./a.cjs"); module.exports = [a.early, a.done === undefined];
""", {'value': [[1, True], True], 'log': []}),
    Case("cjs_wrapper", """
--- main.js
import c from "./sub/c.cjs"; export default c;
--- sub/c.cjs
module.exports = [this === module.exports, __filename.endsWith("/sub/c.cjs"), __dirname.endsWith("/sub"), typeof module.id, typeof exports, arguments.length, (function () { return this !== undefined; })(), module.loaded, typeof require.cache];
""", {'value': [True, True, True, 'string', 'object', 5, True, False, 'object'], 'log': []}),
    Case("cjs_sloppy", """
--- main.js
import c from "./c.cjs"; export default c;
--- c.cjs
var out = []; out.push(010); with ({ w: 5 }) { out.push(w); } sloppyGlobal = 3; out.push(delete globalThis.sloppyGlobal); function dup(a, a) { return a; } out.push(dup(1, 2)); var await = 4; out.push(await); if (out) { module.exports = out; return; } module.exports = "unreached";
""", {'value': [8, 5, True, 2, 4], 'log': []}),
    Case("cjs_throws_and_is_retried", """
--- main.js
import c from "./c.cjs"; export default [c, globalThis.log];
--- c.cjs
const out = []; for (let i = 0; i < 2; i++) { try { require("./bad.cjs"); } catch (e) { out.push(e.message); } } module.exports = out;
--- bad.cjs
globalThis.log.push("run"); throw new Error("bad");
""", {'value': [['bad', 'bad'], ['run', 'run']], 'log': ['run', 'run']}),
    Case("cjs_missing", """
--- main.js
import c from "./c.cjs"; export default c;
--- c.cjs
const out = []; for (const s of ["./nope", "no-such-package-xyz"]) try { require(s); } catch (e) { out.push(e.code); } try { require("./literal-nope.cjs"); } catch (e) { out.push(e.code); } module.exports = out;
""", {'value': ['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'], 'log': []}),
    Case("cjs_dynamic_import", """
--- main.js
import c from "./c.cjs"; export default c;
--- c.cjs
module.exports = import("./esm.js").then((ns) => [ns.default, ns.x]);
--- esm.js
export default "d"; export const x = 1;
""", {'value': ['d', 1], 'log': []}),
    Case("cjs_order_among_modules", """
--- main.js
import "./a.js"; import "./c.cjs"; import "./b.js"; export default 0;
--- a.js
globalThis.log.push("a");
--- b.js
globalThis.log.push("b");
--- c.cjs
globalThis.log.push("c");
""", {'value': 0, 'log': ['a', 'c', 'b']}),
    Case("cjs_reexported", """
--- main.js
import { a, renamed, all } from "./mid.js"; export default [a, renamed, all.a];
--- mid.js
export { a, b as renamed } from "./c.cjs"; export * as all from "./c.cjs";
--- c.cjs
exports.a = 1; exports.b = 2;
""", {'value': [1, 2, 1], 'log': []}),
    Case("cjs_star", """
--- main.js
import * as mid from "./mid.js"; import { a } from "./mid.js"; export default [Object.keys(mid).filter((k) => k !== "module.exports"), a];
--- mid.js
export * from "./c.cjs"; export const own = 1;
--- c.cjs
exports.a = 1; module.exports.b = 2;
""", {'value': [['a', 'b', 'own'], 1], 'log': []}),
    Case("cjs_export_object", """
--- main.js
import * as mid from "./mid.js"; export default [Object.keys(mid).filter((k) => k !== "module.exports"), mid.a, mid.b];
--- mid.js
export * from "./c.cjs";
--- c.cjs
const a = 1, b = 2; module.exports = { a, b };
""", {'value': [['a', 'b'], 1, 2], 'log': []}),
    Case("json_by_require", """
--- main.js
import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const j = require("./d.json"); export default [j, require("./d.json") === j];
--- d.json
{ "__proto__": 1, "\\u2028 \\"quoted\\" π": [null, true, 1e3, -0.5, "\\ud83d\\ude00", "\\\\"], "nested": { "a": {} } }
""", {'value': [{'__proto__': 1, '\u2028 "quoted" π': [None, True, 1000, -0.5, '😀', '\\'], 'nested': {'a': {}}}, True], 'log': []}),
    Case("create_require", """
--- main.js
import { createRequire } from "node:module"; const req = createRequire(import.meta.url); const out = [req("./c.cjs").x, req("./c.cjs") === req("./sub/../c.cjs")]; try { req("./none.cjs"); } catch (e) { out.push(e.code); } export default out;
--- c.cjs
exports.x = 1;
""", {'value': [1, True, 'MODULE_NOT_FOUND'], 'log': []}),
    Case("dynamic_import_of_cjs_and_json_errors", """
--- main.js
const c = await import("./c.cjs"); export default [c.default.x, c.x, c.default === (await import("./c.cjs")).default];
--- c.cjs
exports.x = 1;
""", {'value': [1, 1, True], 'log': []}),
    Case("node_path_builtin", """
--- main.js
import path, { join } from "node:path"; import * as p from "path"; export default [join("a", "b"), path.join("a", "b"), p.join("a", "b"), (await import("node:path")).sep];
""", {'value': ['a/b', 'a/b', 'a/b', '/'], 'log': []}),
    Case("cjs_exports_forms", """
--- main.js
import a from "./a.cjs"; import b from "./b.cjs"; import c from "./c.cjs"; import d from "./d.cjs"; import e from "./e.cjs"; export default [a, b, c.x, typeof d, new d().v, e];
--- a.cjs
module.exports = "text";
--- b.cjs
module.exports = null;
--- c.cjs
const self = exports; self.x = 1; this.y = 2;
--- d.cjs
module.exports = class { v = 3; };
--- e.cjs
exports = { lost: true };
""", {'value': ['text', None, 1, 'function', 3, {}], 'log': []}),
    Case("cjs_live_through_the_object", """
--- main.js
import c from "./c.cjs"; const before = c.n; c.bump(); export default [before, c.n];
--- c.cjs
exports.n = 0; exports.bump = () => { exports.n += 1; };
""", {'value': [0, 1], 'log': []}),
    Case("cjs_require_forms", """
--- main.js
import c from "./c.cjs"; export default c;
--- c.cjs
const { x, y: { z } } = require("./d.cjs"); const viaVariable = require; const name = "./d.cjs"; module.exports = [x, z, viaVariable("./d.cjs").x, require(name).x, require("./dir").d, require("./data").k, typeof require("./dir/").d];
--- d.cjs
exports.x = 1; exports.y = { z: 2 };
--- dir/index.json
{ "d": "dir" }
--- data.json
{ "k": "json" }
""", {'value': [1, 2, 1, 1, 'dir', 'json', 'string'], 'log': []}),
    Case("cjs_json_is_shared_and_mutable", """
--- main.js
import c from "./c.cjs"; export default c;
--- c.cjs
const j = require("./d.json"); j.added = 1; module.exports = require("./d.json").added;
--- d.json
{}
""", {'value': 1, 'log': []}),
    Case("cjs_cycle_with_replaced_exports", """
--- main.js
import c from "./a.cjs"; export default [typeof c, c.b];
--- a.cjs
module.exports = function a() {}; module.exports.b = require("./b.cjs").kind;
--- b.cjs
exports.kind = typeof require("./a.cjs");
""", {'value': ['function', 'function'], 'log': []}),
    Case("cjs_conditional_and_lazy_require", """
--- main.js
import c from "./c.cjs"; globalThis.log.push("main"); export default [c.get().v, c.optional];
--- c.cjs
globalThis.log.push("c"); exports.get = () => require("./late.cjs"); try { exports.optional = require("./not-there.cjs"); } catch (e) { exports.optional = e.code; }
--- late.cjs
globalThis.log.push("late"); exports.v = 1;
""", {'value': [1, 'MODULE_NOT_FOUND'], 'log': ['c', 'main', 'late']}),
    Case("cjs_getters_and_define_property", """
--- main.js
import c from "./c.cjs"; export default [c.lazy, Object.keys(c)];
--- c.cjs
let n = 0; Object.defineProperty(exports, "lazy", { enumerable: true, get: () => { n += 1; return n; } });
""", {'value': [1, ['lazy']], 'log': []}),
    Case("cjs_of_cjs_star_helper", """
--- main.js
import { a, b } from "./c.cjs"; export default [a, b];
--- c.cjs
"use strict"; var __exportStar = (this && this.__exportStar) || function (m, exports) { for (var p in m) if (p !== "default" && !Object.prototype.hasOwnProperty.call(exports, p)) exports[p] = m[p]; }; Object.defineProperty(exports, "__esModule", { value: true }); __exportStar(require("./d.cjs"), exports); exports.b = 2;
--- d.cjs
exports.a = 1;
""", {'value': [1, 2], 'log': []}),
    Case("esm_imports_of_cjs_are_not_live", """
--- main.js
import { n, bump } from "./c.cjs"; import * as ns from "./c.cjs"; export default [n, typeof bump, typeof ns.default.bump];
--- c.cjs
exports.n = 1; exports.bump = function () {};
""", {'value': [1, 'function', 'function'], 'log': []}),
]  # fmt: skip

OWN = [
    Case("json_import", """
--- main.js
import d, { version } from "./d.json" with { type: "json" }; import * as ns from "./d.json"; export default [d, version, Object.keys(ns), (await import("./d.json")).default === d];
--- d.json
{ "version": "1.2.3" }
""", {"value": [{"version": "1.2.3"}, "1.2.3", ["default"], True], "log": []}),
    Case("missing_package_fails_at_use", """
--- main.ts
import gone, { part } from "gone-pkg/sub"; import * as all from "@scope/gone"; import { x } from "node:nothing";
const out: unknown[] = [typeof part, typeof all, all.then === undefined, [gone].length, Boolean(part)];
for (const f of [() => part(), () => new gone(), () => gone.x, () => { class A extends part {} }, () => all.thing(), () => `${part}`, () => ({}) instanceof part, () => x.y, () => part in {} || "k" in part, () => { gone.z = 1; }]) {
  try { f(); out.push("no error"); } catch (e) { out.push([e.code, e.message.includes("main.ts") && /gone-pkg|@scope\\/gone|node:nothing/.test(e.message)]); }
}
for (const f of [() => import("gone-pkg"), () => import("node:nothing")]) await f().catch((e) => out.push(e.code));
export default out;
""", {"value": ["function", "object", True, 1, True, *[["E_MODULE", True]] * 10, "ERR_MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"], "log": []}),
    Case("typescript_types_vanish", """
--- main.ts
import type { T } from "./types"; import { type U, value } from "./types"; import { OnlyType } from "./absent-types"; import type D from "no-such";
export type { T } from "./types"; export { type U } from "./absent2"; let x: OnlyType;
enum Kind { A, B = "b" } class P { constructor(readonly n: number) {} } namespace N { export const q = 1; } abstract class Q { abstract m(): void; } declare const z: D; export default [value as number satisfies number, Kind.B, new P(3).n];
--- types.ts
export interface T {} export type U = string; export const value: number = 5;
--- absent-types.ts
export interface OnlyType {}
""", {"value": [5, "b", 3], "log": []}),
    Case("typescript_type_reexports_are_lenient", """
--- main.ts
import { value } from "./barrel"; import * as barrel from "./barrel"; export default [value, Object.keys(barrel)];
--- barrel.ts
export { Shape, value } from "./shape"; import { Shape } from "./shape"; export { Shape as Alias };
--- shape.ts
export interface Shape {} export const value = 1;
""", {"value": [1, ["value"]], "log": []}),
    Case("typescript_extension_rewrites", """
--- main.ts
import a from "./a.js"; import b from "./b"; import c from "./dir"; import d from "./dir/index.js"; import e from "./e.mjs"; import f from "./f.cjs"; import g from "./g.jsx"; import h from "."; import i from "./a.ts";
export default [a, b, c, c === d, e, f, g, typeof h, i];
--- a.ts
export default "a";
--- b.tsx
const React = { createElement: (n: unknown) => n }; export default <b x={1} />;
--- dir/index.ts
export default "dir";
--- e.mts
export default <T,>(x: T) => x; export const q = 1;
--- f.cts
export default "f";
--- g.tsx
const React = { createElement: (n: unknown) => n }; export default <g />;
--- index.ts
export default {};
""", {"value": ["a", "b", "dir", True, None, "f", "g", "object", "a"], "log": []}),
    Case("typescript_babel_interop", """
--- main.ts
import d, { x } from "./c.cjs"; import p from "./p.cjs"; export default [d, x, p.y];
--- c.cjs
Object.defineProperty(exports, "__esModule", { value: true }); exports.default = "inner"; exports.x = 1;
--- p.cjs
exports.y = 2;
""", {"value": ["inner", 1, 2], "log": []}),
    Case("typescript_import_equals", """
--- main.ts
import c = require("./c.cjs"); import { n } from "./n"; export default [c.x, n];
--- n.ts
import { x } from "./x"; export = { n: x };
--- x.ts
export const x = "x";
--- c.cjs
exports.x = 1;
""", {"value": [1, "x"], "log": []}),
    Case("require_in_a_module", """
--- main.ts
const c = require("./c"); export default [c.x, typeof module, __filename, __dirname, require("./e").default, (() => { try { require("./t"); } catch (e) { return e.code; } })()];
--- c.ts
export const x: number = 1;
--- e.js
export default "e";
--- t.js
await 0;
""", {"value": [1, "object", "/plugin/main.ts", "/plugin", "e", "ERR_REQUIRE_ASYNC_MODULE"], "log": []}),
    Case("using_declarations", """
--- main.ts
const out: string[] = []; const r = (n: string, fail = false) => ({ [Symbol.dispose]() { out.push(n); if (fail) throw new Error(n); } });
{ using a = r("a"), b = r("b"); using none = null; out.push("body"); }
try { using x = r("x"); throw new RangeError("thrown"); } catch (e) { out.push(e.name); }
async function f() { await using z = { async [Symbol.asyncDispose]() { await 0; out.push("z"); } }; out.push("in f"); } await f();
export default out;
""", {"value": ["body", "b", "a", "x", "RangeError", "in f", "z"], "log": []}),
    Case("npm_package", """
--- main.js
import esm, { kind } from "dual"; import sub from "dual/sub/x"; import inner from "dual/data.json"; import main from "old"; import scoped from "@s/p"; import own from "#own/thing"; import viaName from "#pkg"; import { createRequire } from "node:module"; const require = createRequire(import.meta.url);
export default [esm, kind, sub, inner.j, main.m, main.dep, scoped, own, viaName.m, require("dual").kind, await import("dual/hidden").catch((e) => e.code)];
--- package.json
{ "imports": { "#own/*": "./lib/*.js", "#pkg": "old" } }
--- lib/thing.js
export default "own thing";
--- node_modules/dual/package.json
{ "name": "dual", "exports": { ".": { "types": "./x.d.ts", "import": "./esm.mjs", "require": "./cjs.cjs" }, "./sub/*": ["./sub/*.js"], "./data.json": "./data.json", "./hidden": null, "./out": "./../old/index.js" } }
--- node_modules/dual/esm.mjs
export const kind = "esm"; export default "dual";
--- node_modules/dual/cjs.cjs
exports.kind = "cjs";
--- node_modules/dual/hidden.js
export default 1;
--- node_modules/dual/sub/x.js
export default "sub x";
--- node_modules/dual/data.json
{ "j": 7 }
--- node_modules/old/package.json
{ "name": "old", "main": "./lib/index" }
--- node_modules/old/lib/index.js
exports.m = "old"; exports.dep = require("dep");
--- node_modules/old/node_modules/dep/package.json
{ "main": "index.js" }
--- node_modules/old/node_modules/dep/index.js
module.exports = "nested dep";
--- node_modules/@s/p/package.json
{ "module": "m.js", "main": "c.js" }
--- node_modules/@s/p/m.js
export default "scoped module";
""", {"value": ["dual", "esm", "sub x", 7, "old", "nested dep", "scoped module", "own thing", "old", "cjs", "ERR_MODULE_NOT_FOUND"], "log": []}),
    Case("polluted_prototypes", """
--- main.js
import "./evil.js"; import { a } from "./later.js"; import * as ns from "./later.js"; const m = await import("./third.js"); export default [a, ns.a, m.t];
--- evil.js
for (const P of [Object.prototype, Array.prototype, Function.prototype, String.prototype, Promise.prototype]) for (const k of ["0", "value", "get", "set", "then", "next", "push", "slice", "split", "call", "apply", "bind", "default", "namespace", "promise"]) {
  if (P === Promise.prototype && k === "then") continue; try { Object.defineProperty(P, k, { __proto__: null, configurable: true, get() { globalThis.log.push(k); return undefined; }, set() { globalThis.log.push("set " + k); } }); } catch {}
}
globalThis.restore = () => { for (const P of [Object.prototype, Array.prototype]) for (const k of ["0", "value", "get", "set", "then", "next", "default", "namespace", "promise"]) delete P[k]; };
--- later.js
export const a = "fine";
--- third.js
import { a } from "./later.js"; import c from "./c.cjs"; import j from "./j.json"; export const t = a + c.x + j.y; globalThis.restore();
--- c.cjs
module.exports = { __proto__: null, x: "!" };
--- j.json
{ "y": "?" }
""", {"value": ["fine", "fine", "fine!?"], "log": []}),
]  # fmt: skip


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object] | None:
    """Every case's answer in Node, or None without Node."""
    return run_in_node(tmp_path_factory.mktemp("node"), CASES) if shutil.which("node") else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_worker_agrees_with_node(
    case: Case, tmp_path: Path, in_node: dict[str, object] | None
) -> None:
    """CommonJS and JSON answer as they do in Node."""
    ours = run_in_quickjs(build_files(tmp_path, split_files(case.files)))

    assert ours == case.expect
    if in_node is not None:
        assert in_node[case.name] == case.expect


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.name)
def test_what_only_the_worker_does(case: Case, tmp_path: Path) -> None:
    """Where Node has no answer (TypeScript, absent packages, pollution), ours is fixed here."""
    files = split_files(case.files)

    assert run_in_quickjs(build_files(tmp_path, files, next(iter(files)))) == case.expect
