// Blob and File (File API), FormData (XMLHttpRequest standard), streams (Streams standard), performance (User Timing)
const text = (blob) => blob.text();
const b = (...args) => new Blob(...args);
const form = (...pairs) => { const made = new FormData(); for (const [name, value] of pairs) made.append(name, value); return made; };
const list = (made) => [...made].map(([name, value]) => [name, typeof value === "string" ? value : `${value.name}:${value.size}`]);
const from = (...chunks) => new ReadableStream({ start(c) { for (const chunk of chunks) c.enqueue(chunk); c.close(); } });
const all = async (stream) => { const out = []; for await (const chunk of stream) out.push(chunk); return out; };
// cases
b().size // => 0
b().type // => ""
b([]).size // => 0
text(b(["a", "b"])) // => "ab"
text(b(["é€\u{1F600}"])) // => "é€😀"
b(["é€\u{1F600}"]).size // => 9
text(b(["\ud800"])) // => "�"
text(b([1, null, undefined, true])) // => "1nullundefinedtrue"
text(b([{}])) // => "[object Object]"
text(b([b(["x"]), "y"])) // => "xy"
text(b([new Uint8Array([97, 98])])) // => "ab"
text(b([new Uint8Array([97, 98]).buffer])) // => "ab"
text(b([new DataView(new Uint8Array([97, 98, 99]).buffer, 1)])) // => "bc"
text(b([new Uint16Array([0x6261])])) // => "ab"
text(b("abc".split(""))) // => "abc"
text(b(new Set(["s", "t"]))) // => "st"
b("abc") // => throws TypeError
b(1) // => throws TypeError
b(null) // => throws TypeError
b({}) // => throws TypeError
text(b(new Uint8Array([1, 2]))) // => "12"
b([], { type: "Text/Plain;Charset=UTF-8" }).type // => "text/plain;charset=utf-8"
b([], { type: "té" }).type // => ""
b([], { type: null }).type // => "null"
b([], { type: undefined }).type // => ""
b([], 1) // => throws TypeError
b([], null).type // => ""
b([], { endings: "nope" }) // => throws TypeError
text(b(["a\r\nb\nc\rd"], { endings: "native" })) // => "a\nb\nc\nd" // node: "a\nb\nc\rd"
text(b(["a\r\nb"], { endings: "transparent" })) // => "a\r\nb"
text(b(["abcdef"]).slice(1, 3)) // => "bc"
text(b(["abcdef"]).slice(-2)) // => "ef"
text(b(["abcdef"]).slice(2, -1)) // => "cde"
text(b(["abcdef"]).slice(4, 2)) // => ""
text(b(["abcdef"]).slice(99)) // => ""
text(b(["abcdef"]).slice()) // => "abcdef"
b(["a"], { type: "x/y" }).slice().type // => ""
b(["a"]).slice(0, 1, "A/B").type // => "a/b"
b(["a"]).slice() instanceof Blob // => true
(async () => [...new Uint8Array(await b(["ab"]).arrayBuffer())])() // => [97,98]
(async () => { const blob = b(["ab"]); new Uint8Array(await blob.arrayBuffer())[0] = 0; return blob.text(); })() // => "ab"
(async () => { const bytes = new Uint8Array([97]); const blob = b([bytes]); bytes[0] = 98; return blob.text(); })() // => "a"
(async () => (await all(b(["xyz"]).stream())).map((chunk) => [...chunk]))() // => [[120,121,122]]
(async () => (await all(b([new Uint8Array(100000)]).stream())).reduce((sum, chunk) => sum + chunk.length, 0))() // => 100000
(async () => (await all(b([]).stream())).length)() // => 0
text(b(["\ufeffx"])) // => "x"
Blob() // => throws TypeError
Object.prototype.toString.call(b()) // => "[object Blob]"
Object.keys(Blob.prototype).sort() // => ["arrayBuffer","bytes","size","slice","stream","text","type"] // node: ["arrayBuffer","size","slice","stream","text","type"]
new File(["a"], "n.txt").name // => "n.txt"
new File(["a"], "n.txt", { type: "T/x" }).type // => "t/x"
new File(["a"], "n", { lastModified: 5 }).lastModified // => 5
typeof new File([], "n").lastModified // => "number"
Math.abs(new File([], "n").lastModified - Date.now()) < 5000 // => true
new File(["a"], "n") instanceof Blob // => true
new File(["a"]) // => throws TypeError
new File() // => throws TypeError
new File([], 12).name // => "12"
new File([], "a/b").name // => "a/b"
text(new File(["ab"], "n").slice(1)) // => "b"
new File(["ab"], "n").slice(1) instanceof File // => false
Object.prototype.toString.call(new File([], "n")) // => "[object File]"
list(form()) // => []
list(form(["a", "1"], ["b", "2"], ["a", "3"])) // => [["a","1"],["b","2"],["a","3"]]
list(form(["a", 1], ["b", null], ["c", undefined], ["d", {}])) // => [["a","1"],["b","null"],["c","undefined"],["d","[object Object]"]]
form(["a", "1"], ["a", "2"]).get("a") // => "1"
form(["a", "1"]).get("b") // => null
form(["a", "1"], ["a", "2"]).getAll("a") // => ["1","2"]
form().getAll("a") // => []
form(["a", "1"]).has("a") // => true
form(["a", "1"]).has("b") // => false
(() => { const f = form(["a", "1"], ["b", "2"], ["a", "3"]); f.set("a", "4"); return list(f); })() // => [["a","4"],["b","2"]]
(() => { const f = form(["b", "2"]); f.set("a", "4"); return list(f); })() // => [["b","2"],["a","4"]]
(() => { const f = form(["a", "1"], ["b", "2"], ["a", "3"]); f.delete("a"); return list(f); })() // => [["b","2"]]
list(form(["f", b(["xy"])])) // => [["f","blob:2"]]
list(form(["f", new File(["xy"], "n.txt")])) // => [["f","n.txt:2"]]
(() => { const f = form(); f.append("f", b(["xy"]), "named.bin"); return list(f); })() // => [["f","named.bin:2"]]
(() => { const f = form(); f.append("f", new File(["xy"], "old"), "new"); return list(f); })() // => [["f","new:2"]]
(() => { const f = form(); f.append("a", "text", "name"); return list(f); })() // => throws TypeError
form(["f", b(["x"], { type: "a/b" })]).get("f").type // => "a/b"
form(["f", b(["x"])]).get("f") instanceof File // => true
(() => { const file = new File(["x"], "n"); return form(["f", file]).get("f") === file; })() // => true
form(["a\r\nb", "c\nd"]).get("a\r\nb") // => "c\nd"
form(["a", "\ud800"]).get("a") // => "�"
(() => { const f = form(); f.append("a"); })() // => throws TypeError
form().get() // => throws TypeError
new FormData(1) // => throws TypeError
FormData() // => throws TypeError
[...form(["a", "1"]).keys()] // => ["a"]
[...form(["a", "1"]).values()] // => ["1"]
[...form(["a", "1"]).entries()] // => [["a","1"]]
(() => { const out = []; form(["a", "1"]).forEach((value, name, self) => out.push(value, name, self instanceof FormData)); return out; })() // => ["1","a",true]
Object.prototype.toString.call(form()) // => "[object FormData]"
form()[Symbol.iterator] === form().entries // => true
all(from(1, 2, 3)) // => [1,2,3]
all(from()) // => []
(async () => { const r = from("a").getReader(); return [await r.read(), await r.read()]; })() // => [{"value":"a","done":false},{"done":true}]
(() => { const s = from(1); s.getReader(); return s.locked; })() // => true
(async () => { const s = from(1); s.getReader(); s.getReader(); })() // => throws TypeError
(async () => { const [x, y] = from(1, 2).tee(); return [await all(x), await all(y)]; })() // => [[1,2],[1,2]]
(async () => all(from(1, 2).pipeThrough(new TransformStream({ transform(chunk, c) { c.enqueue(chunk * 10); } }))))() // => [10,20]
(async () => { const out = []; await from(1, 2).pipeTo(new WritableStream({ write(chunk) { out.push(chunk); }, close() { out.push("closed"); } })); return out; })() // => [1,2,"closed"]
(async () => { const w = new WritableStream({ write() { throw new RangeError("w"); } }).getWriter(); await w.write(1); })() // => throws RangeError
(async () => { const s = new ReadableStream({ pull() { throw new RangeError("p"); } }); await all(s); })() // => throws RangeError
(async () => { let why; const s = new ReadableStream({ cancel(reason) { why = reason; } }); await s.cancel("r"); return why; })() // => "r"
(async () => { const c = new AbortController(); c.abort(); await from(1).pipeTo(new WritableStream(), { signal: c.signal }); })() // => throws AbortError
new CountQueuingStrategy({ highWaterMark: 3 }).size() // => 1
new ByteLengthQueuingStrategy({ highWaterMark: 3 }).size(new Uint8Array(7)) // => 7
all(ReadableStream.from(["x", "y"])) // => ["x","y"]
all(ReadableStream.from((async function* () { yield 1; yield 2; })())) // => [1,2]
(async () => (await all(from("é").pipeThrough(new TextEncoderStream()))).map((chunk) => [...chunk]))() // => [[195,169]]
(async () => { const r = new ReadableStream({ type: "bytes", pull(c) { c.byobRequest.view[0] = 7; c.byobRequest.respond(1); } }).getReader({ mode: "byob" }); const { value } = await r.read(new Uint8Array(2)); return [...value]; })() // => [7]
typeof performance.now() // => "number"
performance.now() <= performance.now() // => true
Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000 // => true
performance.mark("m").name // => "m"
performance.mark("m").entryType // => "mark"
performance.mark("m", { startTime: 5 }).startTime // => 5
performance.mark("m", { detail: { a: 1 } }).detail // => {"a":1}
performance.mark("m").duration // => 0
(() => { performance.clearMarks(); performance.mark("x", { startTime: 1 }); performance.mark("y", { startTime: 4 }); return performance.measure("d", "x", "y").duration; })() // => 3
performance.measure("d", { start: 2, end: 5 }).duration // => 3
performance.measure("d", { start: 2, duration: 5 }).duration // => 5
performance.measure("d", { end: 9, duration: 5 }).startTime // => 4
performance.measure("d", "missing") // => throws SyntaxError
(() => { performance.clearMarks(); performance.mark("b", { startTime: 2 }); performance.mark("a", { startTime: 1 }); return performance.getEntriesByType("mark").map((e) => e.name); })() // => ["a","b"]
(() => { performance.clearMarks(); performance.mark("b"); performance.mark("c"); performance.clearMarks("b"); return performance.getEntriesByType("mark").map((e) => e.name); })() // => ["c"]
performance.getEntriesByName("none") // => []
performance instanceof Performance // => true
performance instanceof EventTarget // => true
new Performance() // => throws TypeError
