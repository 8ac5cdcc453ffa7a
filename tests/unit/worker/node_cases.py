"""Programs about node's modules: a module whose default export is the answer, and the answer."""

from dataclasses import dataclass

from tests.unit.worker.build_support import Case


@dataclass(frozen=True, slots=True)
class NodeCase:
    """``main`` exports by default what is compared with ``expect``, as JSON."""

    name: str
    main: str
    expect: object

    def as_graph(self) -> Case:
        """The same for the harness of module graphs."""
        return Case(self.name, f"--- main.js\n{self.main}", self.expect)


CASES = [
    NodeCase("path_posix", """
import path, { join, posix } from "node:path";
export default [join("a", "..", "/b", "c/"), path.resolve("/x", "../y"), path.relative("/a/b/c", "/a/d"), path.dirname("/a/b/"), path.basename("/a/b.txt", ".txt"),
  path.extname(".rc"), path.extname("a.tar.gz"), path.normalize("/a//b/../c/."), path.isAbsolute("a"), path.parse("/home/u/f.txt"), path.format({ dir: "/d", name: "n", ext: "txt" }),
  path.format({ root: "/", base: "b" }), path.sep, path.delimiter, posix === path, path.posix.join("x", "y"), path.join(""), path.toNamespacedPath("/a")];
""", ["b/c/", "/y", "../../d", "/a", "b", "", ".gz", "/a/c", False, {"root": "/", "dir": "/home/u", "base": "f.txt", "ext": ".txt", "name": "f"}, "/d/n.txt", "/b", "/", ":", True, "x/y", ".", "/a"]),
    NodeCase("path_win32", """
import { win32 } from "node:path"; import w from "node:path/win32";
export default [w === win32, win32.join("C:\\\\a", "..", "b/c"), win32.basename("C:\\\\x\\\\y.txt"), win32.basename("a/b.md", ".md"), win32.dirname("C:\\\\x\\\\y"), win32.extname("q\\\\f.js"),
  win32.isAbsolute("C:\\\\"), win32.isAbsolute("C:a"), win32.normalize("a/../b//c"), win32.parse("C:\\\\d\\\\f.txt"), win32.sep, win32.delimiter, win32.normalize("C:/x/../y/"), win32.dirname("file")];
""", [True, "C:\\b\\c", "y.txt", "b", "C:\\x", ".js", True, False, "b\\c", {"root": "C:\\", "dir": "C:\\d", "base": "f.txt", "ext": ".txt", "name": "f"}, "\\", ";", "C:\\y\\", "."]),
    NodeCase("events_basics", """
import EventEmitter, { once, errorMonitor, EventEmitter as Named } from "node:events"; import events from "events";
const log = []; class Mine extends EventEmitter {} const e = new Mine();
e.on("x", (...a) => log.push(["x", ...a])); e.once("x", () => log.push("once")); e.prependListener("x", () => log.push("first")); log.push(e.emit("x", 1, 2), e.emit("x", 3), e.emit("none"));
const f = () => log.push("f"); e.on("y", f); e.on("y", f); e.off("y", f); e.emit("y"); log.push(e.listenerCount("y"), e.eventNames(), e.listeners("x").length);
try { e.emit("error", new RangeError("boom")); } catch (x) { log.push(x.message); } try { e.emit("error", "text"); } catch (x) { log.push(x.code); }
e.on(errorMonitor, (x) => log.push("monitor " + x)); e.on("error", (x) => log.push("handled " + x)); e.emit("error", "q");
const n = new EventEmitter(); n.on("newListener", (t) => log.push("new " + t)); n.on("removeListener", (t) => log.push("gone " + t)); n.once("z", () => {}); n.emit("z");
setImmediate(() => e.emit("later", 7)); log.push(await once(e, "later")); setImmediate(() => n.emit("error", new Error("no"))); await once(n, "later").catch((x) => log.push(x.message));
const self = new EventEmitter(); self.on("a", function () { log.push(this === self); }); self.emit("a"); const rm = new EventEmitter(); rm.on("a", () => rm.removeAllListeners("a")); rm.on("a", () => log.push("still")); rm.emit("a"); rm.emit("a");
log.push(Named === EventEmitter, events === EventEmitter, EventEmitter.defaultMaxListeners, e.getMaxListeners(), e.setMaxListeners(3) === e, EventEmitter.listenerCount(e, "x"));
function Old() { EventEmitter.call(this); } Object.setPrototypeOf(Old.prototype, EventEmitter.prototype); const o = new Old(); o.on("k", () => log.push("old style")); o.emit("k"); try { e.on("x", 5); } catch (x) { log.push(x.code); }
export default log;
""", ["first", ["x", 1, 2], "once", "first", ["x", 3], True, True, False, "f", 1, ["x", "y"], 2, "boom", "ERR_UNHANDLED_ERROR", "monitor q", "handled q", "new removeListener", "new z", "gone z", [7], "new later", "new error", "gone error", "gone later", "no", True, "still", True, True, 10, 10, True, 2, "old style", "ERR_INVALID_ARG_TYPE"]),
    NodeCase("events_on", """
import EventEmitter, { on } from "events"; const e = new EventEmitter(); const out = []; setImmediate(() => { e.emit("v", 1); e.emit("v", 2); });
for await (const [v] of on(e, "v")) { out.push(v); if (v === 2) break; } out.push(e.listenerCount("v")); setImmediate(() => e.emit("error", new Error("bad"))); try { for await (const _ of on(e, "v")); } catch (x) { out.push(x.message); }
export default out;
""", [1, 2, 0, "bad"]),
    NodeCase("buffer", """
import { Buffer, isUtf8, isAscii } from "node:buffer";
const b = Buffer.from("h\\u00e9llo \\u20ac"); const out = [b.length, b.toString("hex"), b.toString("base64"), b.toString("base64url"), Buffer.from("aGk_-w", "base64url").toString("hex"), Buffer.from("ff00", "hex").readUInt16BE(0),
  Buffer.concat([Buffer.from("a"), Buffer.from("b")]).toString(), Buffer.byteLength("\\u20ac"), Buffer.isBuffer(b), Buffer.isBuffer(new Uint8Array(1)), Buffer.compare(Buffer.from("a"), Buffer.from("b")), b.equals(Buffer.from(b)),
  Buffer.alloc(3, "ab").toString(), b.slice(0, 1).toString(), b.indexOf("llo"), b.includes("zz"), JSON.stringify(Buffer.from([1, 2])), Buffer.from([256, -1]).toJSON().data, Buffer.isEncoding("base64url"), Buffer.isEncoding("nope"),
  globalThis.Buffer === Buffer, b instanceof Uint8Array, Buffer.from("\\u00ff", "latin1")[0], Buffer.from(new Uint8Array([65, 66]).buffer).toString("ascii"), isUtf8(Buffer.from([0xc3])), isAscii(Buffer.from("a")), Buffer.from("a").write("b"), [...Buffer.from("ab").entries()]];
const w = Buffer.alloc(12); w.writeInt32LE(-5, 0); w.writeDoubleBE(1.5, 4); out.push(w.readInt32LE(0), w.readDoubleBE(4), w.toString("hex"), Buffer.from("zz", "hex").length, Buffer.from("\\ud800").toString("hex")); try { w.readInt8(12); } catch (e) { out.push(e.name); }
export default out;
""", [10, "68c3a96c6c6f20e282ac", "aMOpbGxvIOKCrA==", "aMOpbGxvIOKCrA", "68693ffb", 65280, "ab", 3, True, False, -1, True, "aba", "h", 3, False, '{"type":"Buffer","data":[1,2]}', [0, 255], True, False, True, True, 255, "AB", False, True, 1, [[0, 97], [1, 98]], -5, 1.5, "fbffffff3ff8000000000000", 0, "efbfbd", "RangeError"]),
    NodeCase("util_format_inspect", """
import util, { inspect, format } from "node:util"; class Foo { constructor() { this.a = 1; } get g() { return 1; } } const c = { n: null }; c.self = c;
export default [format("%s %d %i %f %j %o %% %x", "a", "42", 3.9, "1.5", { b: 1 }, [1], 5), format("a", "b", { c: 1 }), format(1, 2), format("%s", 12n, -0, () => 1 === 1 ? 0 : 0).slice(0, 8), inspect({ a: 1, b: "x", c: [1, 2, [3, [4, [5]]]] }), inspect(new Foo()), inspect(c), inspect(new Map([["k", { v: 1 }]])), inspect(new Set([1, "a"])),
  inspect(null), inspect(undefined), inspect("it's"), inspect([,"x"]), inspect(Symbol("s")), inspect(new Date(0)), inspect(/x/g), inspect({ a: { b: { c: { d: 1 } } } }), inspect({ a: { b: { c: { d: 1 } } } }, { depth: 0 }), inspect(Object.create(null)), inspect({ get x() { return 1; } }),
  inspect({ [util.inspect.custom]: () => "custom!" }), inspect("a".repeat(3), { colors: true }), inspect(Buffer.from("ab")), inspect([1.5, -0, NaN]), inspect(new (class extends Array {})(2)), inspect({ "a-b": 1 }), inspect(Promise.resolve(4)).slice(0, 9), inspect(class A {}), inspect(function f() {}), inspect(new Error("m")).split("\\n")[0], inspect({ e: 1n })];
""", ["a 42 3 1.5 {\"b\":1} [ 1, [length]: 1 ] % %x 5", "a b { c: 1 }", "1 2", "12n -0 [", "{ a: 1, b: 'x', c: [ 1, 2, [ 3, [Array] ] ] }", "Foo { a: 1 }", "<ref *1> { n: null, self: [Circular *1] }", "Map(1) { 'k' => { v: 1 } }", "Set(2) { 1, 'a' }",
  "null", "undefined", "\"it's\"", "[ <1 empty item>, 'x' ]", "Symbol(s)", "1970-01-01T00:00:00.000Z", "/x/g", "{ a: { b: { c: [Object] } } }", "{ a: [Object] }", "[Object: null prototype] {}", "{ x: [Getter] }", "custom!", "\x1b[32m'aaa'\x1b[39m", "<Buffer 61 62>", "[ 1.5, -0, NaN ]", "[ <2 empty items> ]", "{ 'a-b': 1 }", "Promise {", "[class A]", "[Function: f]", "Error: m", "{ e: 1n }"]),
    NodeCase("util_promises", """
import { promisify, callbackify, inherits, deprecate, types, isDeepStrictEqual, stripVTControlCharacters, styleText, parseArgs, toUSVString, debuglog, inspect } from "node:util";
const out = []; const old = (a, b, cb) => cb(a < 0 ? new Error("neg") : null, a + b); out.push(await promisify(old)(1, 2)); await promisify(old)(-1, 2).catch((e) => out.push(e.message)); old[promisify.custom] = () => Promise.resolve("custom"); out.push(await promisify(old)());
out.push(await new Promise((r) => callbackify(async (x) => x * 2)(4, (e, v) => r([e, v])))); out.push(await new Promise((r) => callbackify(async () => { throw null; })((e) => r(e.code))));
function A() {} function B() {} A.prototype.hi = () => "hi"; inherits(B, A); out.push(new B().hi(), B.super_ === A, deprecate((x) => x + 1, "old", "DEP_T")(1), typeof debuglog("x"));
out.push(types.isPromise(Promise.resolve()), types.isRegExp(/x/), types.isDate(new Date()), types.isMap(new Set()), types.isNativeError(new TypeError()), types.isTypedArray(new Uint8Array()), types.isUint8Array(Buffer.alloc(1)), types.isAsyncFunction(async () => {}), types.isGeneratorFunction(function* () {}), types.isBoxedPrimitive(Object(1)), types.isArrayBuffer(new ArrayBuffer(1)));
out.push(isDeepStrictEqual({ a: [1, new Map([[1, { b: 2 }]])] }, { a: [1, new Map([[1, { b: 2 }]])] }), isDeepStrictEqual([1], ["1"]), isDeepStrictEqual(new Set([{ a: 1 }]), new Set([{ a: 1 }])), isDeepStrictEqual(NaN, NaN), isDeepStrictEqual(0, -0), isDeepStrictEqual([,], [undefined]), isDeepStrictEqual(new Date(1), new Date(1)), isDeepStrictEqual(/a/g, /a/i), isDeepStrictEqual(Object.create(null), {}), isDeepStrictEqual(new Error("a"), new Error("b")));
out.push(stripVTControlCharacters("\\u001b[31mred\\u001b[0m"), styleText("red", "x", { validateStream: false }), parseArgs({ args: ["-v", "--name=n", "pos"], options: { v: { type: "boolean", short: "v" }, name: { type: "string" } }, allowPositionals: true }), toUSVString("a\\ud800"));
export default out;
""", [3, "neg", "custom", [None, 8], "ERR_FALSY_VALUE_REJECTION", "hi", True, 2, "function", True, True, True, False, True, True, True, True, True, True, True, True, False, True, True, False, False, True, False, False, False, "red", "\x1b[31mx\x1b[39m", {"values": {"v": True, "name": "n"}, "positionals": ["pos"]}, "a\ufffd"]),
    NodeCase("assert", """
import assert, { strict, AssertionError } from "node:assert"; import strictly from "node:assert/strict"; const out = [];
const tries = { ok: () => assert(0), eq: () => assert.equal(1, "1"), seq: () => assert.strictEqual(1, "1"), deep: () => assert.deepEqual({ a: [1] }, { a: ["1"] }), sdeep: () => assert.deepStrictEqual({ a: 1 }, { a: "1" }), sdeep2: () => assert.deepStrictEqual([1, { b: new Set([1]) }], [1, { b: new Set([1]) }]), ndeep: () => assert.notDeepStrictEqual([1], [1]),
  strict: () => strict.equal(1, "1"), strictly: () => strictly.deepEqual([1], ["1"]), thr: () => assert.throws(() => { throw new TypeError("bad thing"); }, /bad/), thr2: () => assert.throws(() => { throw new TypeError("x"); }, TypeError), thr3: () => assert.throws(() => {}), thr4: () => assert.throws(() => { throw new TypeError("x"); }, { name: "TypeError", message: "x" }), thr5: () => assert.throws(() => { throw new TypeError("x"); }, RangeError),
  thr6: () => assert.throws(() => { throw new Error("m"); }, { message: "n" }), match: () => assert.match("abc", /b/), match2: () => assert.match("abc", /x/), fail: () => assert.fail("why"), ife: () => assert.ifError(null), own: () => assert.ok(false, new RangeError("own")), dnt: () => assert.doesNotThrow(() => { throw new Error("q"); }), nse: () => assert.notStrictEqual(1, 1) };
for (const k of Object.keys(tries)) try { tries[k](); out.push([k, "ok"]); } catch (e) { out.push([k, e.name, e.code ?? null, e.operator ?? null]); }
await assert.rejects(Promise.reject(new Error("r")), /r/); await assert.rejects(async () => 1).catch((e) => out.push(e.code)); try { assert.equal(1, 2, "told"); } catch (e) { out.push(e.message, e.generatedMessage, e instanceof AssertionError, e.actual, e.expected); }
export default out;
""", [["ok", "AssertionError", "ERR_ASSERTION", "=="], ["eq", "ok"], ["seq", "AssertionError", "ERR_ASSERTION", "strictEqual"], ["deep", "ok"], ["sdeep", "AssertionError", "ERR_ASSERTION", "deepStrictEqual"], ["sdeep2", "ok"], ["ndeep", "AssertionError", "ERR_ASSERTION", "notDeepStrictEqual"], ["strict", "AssertionError", "ERR_ASSERTION", "strictEqual"], ["strictly", "AssertionError", "ERR_ASSERTION", "deepStrictEqual"], ["thr", "ok"], ["thr2", "ok"], ["thr3", "AssertionError", "ERR_ASSERTION", "throws"], ["thr4", "ok"], ["thr5", "AssertionError", "ERR_ASSERTION", "throws"], ["thr6", "AssertionError", "ERR_ASSERTION", "throws"], ["match", "ok"], ["match2", "AssertionError", "ERR_ASSERTION", "match"], ["fail", "AssertionError", "ERR_ASSERTION", "fail"], ["ife", "ok"], ["own", "RangeError", None, None], ["dnt", "AssertionError", "ERR_ASSERTION", "doesNotThrow"], ["nse", "AssertionError", "ERR_ASSERTION", "notStrictEqual"], "ERR_ASSERTION", "told", False, True, 1, 2]),
    NodeCase("crypto_digests", """
import crypto, { createHash, createHmac, timingSafeEqual, pbkdf2Sync, scryptSync } from "node:crypto"; const out = [];
for (const a of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160", "SHA-256", "sha3-256"]) out.push(createHash(a).update("ab").update(Buffer.from("c")).digest("hex").slice(0, 16));
const h = createHash("sha256").update("a"); const k = h.copy().update("b").digest("base64"); out.push(k, h.digest("base64url"), createHash("sha1").update("ff", "hex").digest().length, createHmac("sha256", "key").update("data").digest("hex"));
try { h.update("x"); } catch (e) { out.push(e.code); } try { createHash("nope"); } catch (e) { out.push(e.message); } out.push(timingSafeEqual(Buffer.from("a"), Buffer.from("a"))); try { timingSafeEqual(Buffer.from("a"), Buffer.from("ab")); } catch (e) { out.push(e.code); }
out.push(pbkdf2Sync("pw", "salt", 10, 16, "sha256").toString("hex"), scryptSync("pw", "salt", 8, { N: 16 }).toString("hex"), await new Promise((r) => crypto.pbkdf2("pw", "s", 1, 4, "sha1", (e, v) => r(v.toString("hex"))))); try { createHash("sha256").update(5); } catch (e) { out.push(e.code); }
export default out;
""", ["900150983cd24fb0", "a9993e364706816a", "23097d223405d822", "ba7816bf8f01cfea", "cb00753f45a35e8b", "ddaf35a193617aba", "8eb208f7e05d987a", "ba7816bf8f01cfea", "3a985da74fe225b2", "+44g/C5MPySMYMOb1lLzwTRymLuXe4tNWQO4UFViBgM=", "ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs", 20, "5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0", "ERR_CRYPTO_HASH_FINALIZED", "Digest method not supported", True, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "72aecd14244887c316e24019c7e020b5", "c5d06c368e4a07b8", "227875ba", "ERR_INVALID_ARG_TYPE"]),
    NodeCase("crypto_large_and_piecewise", """
import { createHash, pbkdf2Sync } from "node:crypto"; const out = []; const big = Buffer.alloc(300000, "ab"); const piece = Buffer.from("piece");
for (const name of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]) { const hash = createHash(name); for (let i = 0; i < 4; i++) hash.update(big); out.push(hash.copy().digest("hex") === hash.digest("hex"), createHash(name).update(big).digest("base64").slice(0, 12), pbkdf2Sync("p", Buffer.from("salt"), 500, 100, name).toString("hex").slice(-12)); }
const kept = createHash("sha256").update(piece); piece.fill(0); const copy = kept.copy(); kept.update("more"); out.push(...[copy, kept, createHash("sha256")].map((one) => one.digest("hex").slice(0, 12))); try { pbkdf2Sync("p", "s", 1, -1, "sha1"); } catch (e) { out.push(e.code); }
export default out;
""", [True, "veYSUOCumxEx", "4a4ca266fcd4", True, "pWDu6navilzt", "c9ce81a57f11", True, "VqWK5y+WmfbJ", "e921fe9a1873", True, "HUr838iF3KZm", "f120a4d6b5b0", True, "MERJepkW//zb", "02c0e385caae", True, "e4m7F+2rNWUD", "9c806559c858", "34235a2c502e", "fac275129822", "e3b0c44298fc", "ERR_OUT_OF_RANGE"]),
    NodeCase("crypto_randomness", """
import crypto, { randomBytes, randomUUID, randomInt, getHashes, randomFillSync } from "crypto"; const many = new Set(); for (let i = 0; i < 50; i++) many.add(randomInt(3, 6));
export default [randomBytes(0).length, randomBytes(70000).length, randomBytes(16).equals(randomBytes(16)), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(randomUUID()), [...many].sort(), getHashes().includes("sha256"), await new Promise((r) => randomBytes(4, (e, b) => r(b.length))), randomFillSync(new Uint8Array(4)).length, (() => { try { randomInt(5, 5); } catch (e) { return e.code; } })(), (() => { try { randomBytes(-1); } catch (e) { return e.code; } })(), typeof crypto.getRandomValues];
""", [0, 70000, False, True, [3, 4, 5], True, 4, 4, "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "function"]),
    NodeCase("querystring", """
import qs, { parse, stringify } from "node:querystring"; export default [{ ...parse("a=1&b=2&a=3&c&d=%20x+y&%zz=1") }, stringify({ a: [1, "b"], c: true, d: null, "e f": "\\u00e9&" }), qs.escape("a b"), qs.unescape("%41%zz"), { ...parse("a:1;b:2", ";", ":") }, stringify({ x: 1, y: 2 }, ";", ":"), Object.getPrototypeOf(parse("a")) === null, { ...parse("a=1&b=2", null, null, { maxKeys: 1 }) }];
""", [{"a": ["1", "3"], "b": "2", "c": "", "d": " x y", "%zz": "1"}, "a=1&a=b&c=true&d=&e%20f=%C3%A9%26", "a%20b", "A%zz", {"a": "1", "b": "2"}, "x:1;y:2", True, {"a": "1"}]),
    NodeCase("string_decoder", """
import { StringDecoder } from "node:string_decoder"; const d = new StringDecoder("utf8"); const e = Buffer.from("\\u20ac"); export default [d.write(e.subarray(0, 1)), d.write(e.subarray(1, 2)), d.write(e.subarray(2)), d.end(), new StringDecoder("base64").write(Buffer.from("abcd")), d.write(e.subarray(0, 2)) + d.end()];
""", ["", "", "€", "", "YWJj", "\ufffd"]),
    NodeCase("streams", """
import stream, { Readable, Writable, Transform, PassThrough, Duplex, pipeline as cbPipeline } from "node:stream"; import { pipeline, finished } from "node:stream/promises"; import { text, json } from "node:stream/consumers"; const out = [];
const upper = new Transform({ transform(chunk, _, done) { done(null, chunk.toString().toUpperCase()); } }); const got = []; await pipeline(Readable.from(["a", "b"]), upper, new Writable({ write(chunk, _, done) { got.push(chunk.toString()); done(); } })); out.push(got.join(""));
const r = new Readable({ read() {} }); r.push("x"); r.push(Buffer.from("y")); r.push(null); let all = ""; for await (const c of r) all += c; out.push(all, r.destroyed, r.readableEnded);
class Count extends Readable { n = 0; _read() { this.push(this.n < 3 ? String(this.n++) : null); } } out.push(await text(new Count()), await json(Readable.from(['{"a":', "1}"])));
await pipeline(Readable.from(["z"]), async function* (source) { for await (const c of source) { yield c + c; } }, async (source) => { for await (const c of source) out.push(String(c)); }); const bad = new PassThrough(); const p = finished(bad); bad.destroy(new Error("broken")); await p.catch((e) => out.push(e.message));
out.push(await new Promise((done) => cbPipeline(Readable.from(["1"]), new PassThrough(), new Writable({ write(c, e, cb) { cb(new Error("full")); } }), (e) => done(e.message))), stream.Readable === Readable, typeof stream, new PassThrough() instanceof Duplex, new PassThrough() instanceof stream); const o = new PassThrough({ objectMode: true }); o.write({ k: 1 }); out.push(o.read()); const w = new Writable({ highWaterMark: 2, write(c, e, cb) { setImmediate(cb); } }); out.push(w.write("abc")); await new Promise((d) => w.once("drain", d)); w.end(); await finished(w); out.push(w.writableFinished, (await Readable.from([1, 2, 3]).map((x) => x * 2).toArray()).join());
export default out;
""", ["AB", "xy", True, True, "012", {"a": 1}, "zz", "broken", "full", True, "function", True, True, {"k": 1}, False, True, "2,4,6"]),
    NodeCase("readline", """
import readline, { createInterface } from "node:readline"; import { Readable, PassThrough } from "node:stream"; const out = []; for await (const line of createInterface({ input: Readable.from(["one\\ntw", "o\\r\\n", "\\nlast"]) })) out.push(line);
const rl = createInterface(Readable.from(["a\\nb\\n"])); rl.on("line", (l) => out.push("line " + l)); await new Promise((r) => rl.on("close", r)); const input = new PassThrough(), output = new PassThrough(); const q = readline.createInterface({ input, output }); const answer = new Promise((r) => q.question("name? ", r)); input.write("me\\n"); out.push(await answer, String(output.read())); q.close();
export default out;
""", ["one", "two", "", "last", "line a", "line b", "me", "name? "]),
    NodeCase("timers", """
import { setTimeout as wait, setImmediate as soon, setInterval as every } from "node:timers/promises"; import timers from "node:timers"; const out = [await wait(1, "v"), await soon("s")]; for await (const x of every(1, "i")) { out.push(x); if (out.length === 4) break; }
const order = []; await new Promise((done) => { timers.setImmediate(() => order.push("immediate")); timers.setTimeout(() => { order.push("timeout"); done(); }, 5); process.nextTick((a) => order.push("tick " + a), 1); }); out.push(order, timers.setTimeout === setTimeout); const never = setTimeout(() => order.push("never"), 1); clearTimeout(never); await wait(3); out.push(order.length, typeof never.unref().ref().hasRef());
export default out;
""", ["v", "s", "i", "i", ["tick 1", "immediate", "timeout"], True, 3, "boolean"]),
    NodeCase("process", """
import process, { nextTick, hrtime } from "node:process"; const a = hrtime(); const b = hrtime(a); const out = [process === globalThis.process, typeof process.cwd(), process.platform, typeof process.pid, Array.isArray(process.argv), /^v\\d+\\./.test(process.version), typeof process.versions.node, a.length, b[0] >= 0, typeof hrtime.bigint(), process.uptime() >= 0, process.memoryUsage().heapUsed > 0, typeof process.env.PATH_THAT_IS_NOT, "PATH_THAT_IS_NOT" in process.env, process.on("SIGTERM", () => {}) === process, Object.prototype.toString.call(process)];
process.env.JP_TEST = 5; out.push(process.env.JP_TEST, "JP_TEST" in process.env, Object.keys(process.env).includes("JP_TEST"), { ...process.env }.JP_TEST); delete process.env.JP_TEST; out.push(process.env.JP_TEST === undefined, globalThis.global === globalThis, typeof process.env.toString, await new Promise((r) => nextTick(r, "next")), typeof process.stdout.write);
export default out;
""", [True, "string", "linux", "number", True, True, "string", 2, True, "bigint", True, True, "undefined", False, True, "[object process]", "5", True, True, "5", True, True, "function", "next", "function"]),
    NodeCase("async_local_storage", """
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks"; const s = new AsyncLocalStorage(); const out = [s.getStore() === undefined, s.run(1, () => [s.getStore(), s.run(2, () => s.getStore()), s.exit(() => s.getStore() === undefined), s.getStore()]), s.getStore() === undefined]; const bound = s.run("b", () => AsyncResource.bind(() => s.getStore())); const snap = s.run("n", () => AsyncLocalStorage.snapshot()); out.push(bound(), snap(() => s.getStore()), s.run(3, () => { try { return s.run(4, () => { throw 1; }); } catch { return s.getStore(); } })); class R extends AsyncResource { constructor() { super("R"); } } const r = s.run("r", () => new R()); out.push(r.runInAsyncScope((x) => [s.getStore(), x], null, 5)); export default out;
""", [True, [1, 2, True, 1], True, "b", "n", 3, ["r", 5]]),
    NodeCase("net_addresses", """
import { isIP, isIPv4, isIPv6 } from "node:net"; export default ["1.2.3.4", "256.1.1.1", "01.2.3.4", "::1", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "1:2:3", "::ffff:1.2.3.4", "::1::", "", "1.2.3", ":::"].map((x) => [isIP(x), isIPv4(x), isIPv6(x)].join());
""", ["4,true,false", "0,false,false", "0,false,false", "6,false,true", "6,false,true", "6,false,true", "0,false,false", "6,false,true", "0,false,false", "0,false,false", "0,false,false", "0,false,false"]),
    NodeCase("os_shapes", """
import os, { EOL, platform } from "node:os"; export default [EOL, platform(), os.type(), typeof os.homedir(), typeof os.tmpdir(), typeof os.hostname(), os.endianness(), os.cpus().length > 0, os.devNull, typeof os.arch(), os.constants.signals.SIGTERM, typeof os.userInfo().username, os.availableParallelism() > 0];
""", ["\n", "linux", "Linux", "string", "string", "string", "LE", True, "/dev/null", "string", 15, "string", True]),
    NodeCase("diagnostics_channel", """
import dc, { channel } from "node:diagnostics_channel"; const c = channel("x"); const out = [c.hasSubscribers]; const f = (m, n) => out.push([m, n]); dc.subscribe("x", f); c.publish({ a: 1 }); out.push(c.hasSubscribers, channel("x") === c, dc.unsubscribe("x", f), c.hasSubscribers); const t = dc.tracingChannel("w"); const seen = []; t.subscribe({ start: () => seen.push("start"), end: () => seen.push("end"), asyncEnd: () => seen.push("asyncEnd"), error: (x) => seen.push(x.error.message) }); t.traceSync((x) => seen.push(x), {}, null, 5); await t.tracePromise(async () => seen.push("in"), {}); try { t.traceSync(() => { throw new Error("no"); }, {}); } catch {} out.push(seen); export default out;
""", [False, [{"a": 1}, "x"], True, True, True, False, ["start", 5, "end", "start", "in", "end", "asyncEnd", "start", "no", "end"]]),
    NodeCase("common_js", """
import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const E = require("events"); class X extends E {} const { Buffer: B } = require("buffer"); export default [typeof E, new X() instanceof require("node:events"), require("path").join("a", "b"), B === Buffer, require("util").inspect([1]), typeof require("stream"), require("os").EOL, typeof require("assert"), require("process") === process];
""", ["function", True, "a/b", True, "[ 1 ]", "function", "\n", "function", True]),
]  # fmt: skip

OWN = [
    NodeCase("never", """
import { Worker, isMainThread } from "node:worker_threads"; import net, { createServer } from "node:net"; import vm from "vm"; import tls from "node:tls"; import * as cluster from "node:cluster"; const out = [isMainThread, typeof Worker, typeof vm.runInContext];
for (const f of [() => new Worker("./x.js"), () => net.connect(80), () => createServer(), () => vm.runInNewContext("1"), () => tls.connect(443), () => cluster.fork(), () => process.kill(1), () => process.chdir("/"), () => process.exit(3)]) try { f(); out.push("no error"); } catch (e) { out.push([e.code, e.message]); }
export default out;
""", [True, "function", "function",
      ["E_NEVER", "node:worker_threads: Worker is never available to plugins: a plugin is one thread"],
      ["E_NEVER", "node:net: connect is never available to plugins: a plugin has no sockets; fetch and pi.http are its network"],
      ["E_NEVER", "node:net: createServer is never available to plugins: a plugin has no sockets; fetch and pi.http are its network"],
      ["E_NEVER", "node:vm: runInNewContext is never available to plugins: there are no other contexts"],
      ["E_NEVER", "node:tls: connect is never available to plugins: a plugin has no sockets; fetch and pi.http are its network"],
      ["E_NEVER", "node:cluster: fork is never available to plugins: a plugin is one process"],
      ["E_NEVER", "process.kill is never available to plugins: a plugin sees no processes; pi.exec has its own"],
      ["E_NEVER", "process.chdir is never available to plugins: it would be the agent's directory"],
      ["E_EXIT", "process.exit(3): a plugin cannot end its process; this call ends with an error"]]),
    NodeCase("absent", """
import domain from "node:domain"; import { createRequire } from "node:module"; const t = createRequire(import.meta.url)("trace_events"); const out = [typeof domain.create]; for (const f of [() => domain.create(), () => t.createTracing({})]) try { f(); } catch (e) { out.push([e.code, e.message]); } export default out;
""", ["function", ["E_MODULE", "node:domain: create is not available to plugins here"], ["E_MODULE", "node:trace_events: createTracing is not available to plugins here"]]),
    NodeCase("nothing_of_the_machine", """
import os from "node:os"; export default [os.homedir(), os.tmpdir(), os.hostname(), os.userInfo(), os.networkInterfaces(), os.release(), os.cpus().length, os.totalmem === undefined, process.cwd(), process.argv, process.execPath === undefined, process.getuid === undefined, Object.keys(process.env), process.env.HOME === undefined, process.memoryUsage().rss % 65536];
""", ["/data/guard", "/data/guard", "localhost", {"uid": -1, "gid": -1, "username": "plugin", "homedir": "/data/guard", "shell": None}, {}, "", 1, True, "/project", ["jcode-plugin", "guard"], True, True, [], True, 0]),
    NodeCase("storage_ends_at_an_await", """
import { AsyncLocalStorage } from "node:async_hooks"; const s = new AsyncLocalStorage(); export default s.run(1, async () => { const before = s.getStore(); await 0; return [before, s.getStore() === undefined]; });
""", [1, True]),
]  # fmt: skip
