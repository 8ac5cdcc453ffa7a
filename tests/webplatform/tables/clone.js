// structuredClone: https://html.spec.whatwg.org/#structuredserializeinternal
const c = structuredClone;
const kind = (value) => Object.prototype.toString.call(value).slice(8, -1);
const both = (value) => { const made = c(value); return [kind(made), made !== value]; };
const error = (value) => { const made = c(value); return [kind(made), made.name, made.message, made instanceof value.constructor, Object.hasOwn(made, "message")]; };
const clonedBy = (value, options) => { try { c(value, options); return "cloned"; } catch (thrown) { return [thrown.name, thrown.code, thrown instanceof DOMException]; } };
// cases
c(1) // => 1
c(-0) // => -0
c(NaN) // => NaN
c("x") // => "x"
c("\ud800") // => "\ud800"
c(true) // => true
c(null) // => null
c(undefined) // => undefined
c(10n) // => 10n
c({}) // => {}
c({ a: 1, b: { c: [1, 2] } }) // => {"a":1,"b":{"c":[1,2]}}
c([1, , 3]) // => [1,null,3]
c([1, , 3]).length // => 3
1 in c([1, , 3]) // => false
c([]) // => []
Object.keys(c(Object.assign([1], { extra: 2 }))) // => ["0","extra"]
c(Object.assign([1], { extra: 2 })).extra // => 2
both({}) // => ["Object",true]
both([]) // => ["Array",true]
both(new Date(5)) // => ["Date",true]
c(new Date(5)).getTime() // => 5
c(new Date(NaN)).getTime() // => NaN
both(/a/g) // => ["RegExp",true]
[c(/a\/b/giu).source, c(/a\/b/giu).flags] // => ["a\\/b","giu"]
(() => { const r = /a/g; r.lastIndex = 3; return c(r).lastIndex; })() // => 0
both(new Map()) // => ["Map",true]
[...c(new Map([["a", { b: 1 }], [1, 2]]))] // => [["a",{"b":1}],[1,2]]
[...c(new Set([1, "a", { b: 1 }]))] // => [1,"a",{"b":1}]
both(new Set()) // => ["Set",true]
(() => { const key = {}; const m = c(new Map([[key, key]])); const [[k, v]] = m; return k === v; })() // => true
both(new Number(1)) // => ["Number",true]
both(new String("s")) // => ["String",true]
both(new Boolean(false)) // => ["Boolean",true]
both(Object(1n)) // => ["BigInt",true]
c(new String("ab")).valueOf() // => "ab"
c(new Boolean(false)).valueOf() // => false
c(Object.assign(new String("ab"), { x: 1 })).x // => undefined
both(new ArrayBuffer(4)) // => ["ArrayBuffer",true]
[...new Uint8Array(c(new Uint8Array([1, 2, 3]).buffer))] // => [1,2,3]
both(new Uint8Array(2)) // => ["Uint8Array",true]
[...c(new Uint8Array([1, 2]))] // => [1,2]
[...c(new Float64Array([1.5, NaN]))] // => [1.5,null]
[...c(new Int16Array([-1, 300]))] // => [-1,300]
[...c(new BigInt64Array([5n]))].map(String) // => ["5"]
[...c(new Uint8ClampedArray([255]))] // => [255]
both(new DataView(new ArrayBuffer(2))) // => ["DataView",true]
(() => { const v = c(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)); return [v.length, v.byteOffset, v.buffer.byteLength, ...v]; })() // => [2,1,4,2,3]
(() => { const v = c(new DataView(new ArrayBuffer(8), 2, 4)); return [v.byteOffset, v.byteLength, v.buffer.byteLength]; })() // => [2,4,8]
(() => { const b = new ArrayBuffer(4); const { x, y } = c({ x: new Uint8Array(b), y: new Uint16Array(b) }); return x.buffer === y.buffer && x.buffer !== b; })() // => true
c(new ArrayBuffer(2, { maxByteLength: 8 })).maxByteLength // => 8
c(new ArrayBuffer(2, { maxByteLength: 8 })).resizable // => true
(() => { const o = {}; o.self = o; const d = c(o); return d.self === d && d !== o; })() // => true
(() => { const a = []; a[0] = a; const d = c(a); return d[0] === d; })() // => true
(() => { const m = new Map(); m.set("m", m); const d = c(m); return d.get("m") === d; })() // => true
(() => { const s = new Set(); s.add(s); const d = c(s); return d.has(d) && !d.has(s); })() // => true
(() => { const x = {}; const d = c([x, x]); return d[0] === d[1]; })() // => true
(() => { const x = new Date(1); const d = c([x, x]); return d[0] === d[1]; })() // => true
error(new Error("m")) // => ["Error","Error","m",true,true]
error(new TypeError("m")) // => ["Error","TypeError","m",true,true]
error(new RangeError("m")) // => ["Error","RangeError","m",true,true]
error(new SyntaxError("m")) // => ["Error","SyntaxError","m",true,true]
error(new ReferenceError("m")) // => ["Error","ReferenceError","m",true,true]
error(new EvalError("m")) // => ["Error","EvalError","m",true,true]
error(new URIError("m")) // => ["Error","URIError","m",true,true]
error(new Error()) // => ["Error","Error","",true,false]
error(Object.assign(new Error("m"), { name: "TypeError" })) // => ["Error","TypeError","m",true,true]
error(Object.assign(new Error("m"), { name: "Custom" })) // => ["Error","Error","m",true,true]
(() => { class Mine extends Error {} const made = c(new Mine("m")); return [made.name, made instanceof Mine, made instanceof Error]; })() // => ["Error",false,true]
c(Object.assign(new Error("m"), { extra: 1 })).extra // => undefined
typeof c(new Error("m")).stack // => "string"
c(Object.defineProperty(new Error("m"), "message", { get: () => "got" })).message // => ""
c(Object.assign(new Error("m"), { message: 12 })).message // => "12"
kind(c(new AggregateError([1], "m"))) // => "Error"
(() => { const d = c(new DOMException("m", "AbortError")); return [d instanceof DOMException, d.name, d.message, d.code]; })() // => [true,"AbortError","m",20] // node: [false,null,null,null]
clonedBy(() => {}) // => ["DataCloneError",25,true]
clonedBy(function f() {}) // => ["DataCloneError",25,true]
clonedBy(class {}) // => ["DataCloneError",25,true]
clonedBy(Symbol("x")) // => ["DataCloneError",25,true]
clonedBy(Object(Symbol("x"))) // => ["DataCloneError",25,true]
clonedBy({ f() {} }) // => ["DataCloneError",25,true]
clonedBy({ a: [Symbol("x")] }) // => ["DataCloneError",25,true]
clonedBy({ [Symbol("x")]: 1 }) // => "cloned"
Object.getOwnPropertySymbols(c({ [Symbol("x")]: 1 })).length // => 0
clonedBy(new WeakMap()) // => ["DataCloneError",25,true]
clonedBy(new WeakSet()) // => ["DataCloneError",25,true]
clonedBy(new WeakRef({})) // => ["DataCloneError",25,true]
clonedBy(Promise.resolve()) // => ["DataCloneError",25,true]
clonedBy((function* () {})()) // => ["DataCloneError",25,true]
clonedBy([][Symbol.iterator]()) // => ["DataCloneError",25,true]
clonedBy(new Map().entries()) // => ["DataCloneError",25,true]
clonedBy(new Map([[() => {}, 1]])) // => ["DataCloneError",25,true]
clonedBy(new Set([() => {}])) // => ["DataCloneError",25,true]
clonedBy(new Event("x")) // => ["DataCloneError",25,true] // node: "cloned"
clonedBy(new AbortController()) // => ["DataCloneError",25,true] // node: "cloned"
clonedBy(new EventTarget()) // => ["DataCloneError",25,true] // node: "cloned"
clonedBy(Math) // => "cloned"
clonedBy(globalThis) // => ["DataCloneError",25,true]
clonedBy(new Proxy({}, {})) // => ["DataCloneError",25,true]
(() => { class Point { constructor() { this.x = 1; } get y() { return 2; } } const p = c(new Point()); return [p.x, "y" in p, Object.getPrototypeOf(p) === Object.prototype]; })() // => [1,false,true]
c(Object.create({ inherited: 1 })).inherited // => undefined
c(Object.defineProperty({}, "hidden", { value: 1 })).hidden // => undefined
c({ get a() { return 5; } }) // => {"a":5}
Object.getOwnPropertyDescriptor(c({ get a() { return 5; } }), "a") // => {"value":5,"writable":true,"enumerable":true,"configurable":true}
Object.getOwnPropertyDescriptor(c(Object.freeze({ a: 1 })), "a") // => {"value":1,"writable":true,"enumerable":true,"configurable":true}
Object.isFrozen(c(Object.freeze({ a: 1 }))) // => false
c({ get a() { throw new RangeError("mine"); } }) // => throws RangeError
c(Object.assign(Object.create(null), { a: 1 })) // => {"a":1}
Object.getPrototypeOf(c(Object.create(null))) === Object.prototype // => true
Object.keys(c({ b: 1, a: 2, 1: 3 })) // => ["1","b","a"]
c({ toJSON() { return 1; } }) // => throws DataCloneError
c({ toJSON: 1 }) // => {"toJSON":1}
Object.hasOwn(c(JSON.parse('{"__proto__": 1}')), "__proto__") // => true
(function () { const d = c(arguments); return [kind(d), d[0]]; })(7) // => throws DataCloneError
c() // => throws TypeError
c(1, { transfer: [] }) // => 1
c(1, {}) // => 1
c(1, null) // => 1
c(1, undefined) // => 1
c(1, 1) // => throws TypeError
(() => { const b = new ArrayBuffer(8); const d = c(b, { transfer: [b] }); return [d.byteLength, b.byteLength, b.detached ?? true]; })() // => [8,0,true]
(() => { const v = new Uint8Array([1, 2]); const d = c({ v }, { transfer: [v.buffer] }); return [[...d.v], v.length]; })() // => [[1,2],0]
(() => { const b = new ArrayBuffer(8); c(1, { transfer: [b] }); return b.byteLength; })() // => 0
(() => { const b = new ArrayBuffer(8); try { c(() => {}, { transfer: [b] }); } catch {} return b.byteLength; })() // => 8
clonedBy(1, { transfer: [{}] }) // => ["DataCloneError",25,true] // node: ["TypeError","ERR_INVALID_TRANSFER_OBJECT",false]
clonedBy(1, { transfer: [1] }) // => ["TypeError",null,false] // node: ["TypeError","ERR_INVALID_TRANSFER_OBJECT",false]
clonedBy(1, { transfer: [new Uint8Array(2)] }) // => ["DataCloneError",25,true] // node: ["TypeError","ERR_INVALID_TRANSFER_OBJECT",false]
(() => { const b = new ArrayBuffer(8); return clonedBy(1, { transfer: [b, b] }); })() // => ["DataCloneError",25,true]
(() => { const b = new ArrayBuffer(8); c(b, { transfer: [b] }); return clonedBy(b); })() // => ["DataCloneError",25,true]
(() => { const b = new ArrayBuffer(8); c(b, { transfer: [b] }); return clonedBy(1, { transfer: [b] }); })() // => ["DataCloneError",25,true] // node: "cloned"
c(new Blob(["ab"], { type: "Text/Plain" })) instanceof Blob // => true
(async () => { const b = c(new Blob(["ab"], { type: "text/plain" })); return [await b.text(), b.type, b.size]; })() // => ["ab","text/plain",2]
(() => { let o = {}; for (let i = 0; i < 500; i++) o = { o }; let d = c(o), n = 0; while (d.o) { d = d.o; n++; } return n; })() // => 500
c(Array.from({ length: 1000 }, (_, i) => i)).length // => 1000
structuredClone.name // => "structuredClone"
structuredClone.length // => 1 // node: 0
