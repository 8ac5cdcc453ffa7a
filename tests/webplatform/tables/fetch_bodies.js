// Request, Response and their bodies; fetch as far as nothing is sent.
const pick = (object, ...names) => names.map((name) => object[name]);
const stream = (...texts) => new ReadableStream({
  start(controller) {
    for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
    controller.close();
  },
});
const typed = { headers: { "content-type": "multipart/form-data; boundary=B" } };
const multipart = (text) => new TextEncoder().encode(text);
// cases
new Request("http://x.example").url // => "http://x.example/"
new Request("http://x.example/a#b").url // => "http://x.example/a#b"
new Request(new URL("http://x.example/a b")).url // => "http://x.example/a%20b"
new Request("/relative") // => throws TypeError
new Request("") // => throws TypeError
new Request() // => throws TypeError
new Request("http://a:b@x.example/") // => throws TypeError
new Request({ toString: () => "http://x.example/" }).url // => "http://x.example/"
new Request("http://x.example/").method // => "GET"
new Request("http://x.example/", { method: "post" }).method // => "POST"
new Request("http://x.example/", { method: "patch" }).method // => "patch"
new Request("http://x.example/", { method: "Foo" }).method // => "Foo"
new Request("http://x.example/", { method: "" }) // => throws TypeError
new Request("http://x.example/", { method: "a b" }) // => throws TypeError
new Request("http://x.example/", { method: "connect" }) // => throws TypeError
new Request("http://x.example/", { method: "TRACE" }) // => throws TypeError
new Request("http://x.example/", { method: "track" }) // => throws TypeError
new Request("http://x.example/", { method: "GET", body: "x" }) // => throws TypeError
new Request("http://x.example/", { method: "HEAD", body: "x" }) // => throws TypeError
new Request("http://x.example/", { body: "x" }) // => throws TypeError
new Request("http://x.example/", { body: null }).body // => null
new Request("http://x.example/", { method: "POST" }).body // => null
pick(new Request("http://x.example/"), "redirect", "cache", "credentials", "mode", "referrer", "referrerPolicy", "integrity", "keepalive", "destination") // => ["follow","default","same-origin","cors","about:client","","",false,""]
new Request("http://x.example/", { redirect: "manual" }).redirect // => "manual"
new Request("http://x.example/", { redirect: "never" }) // => throws TypeError
new Request("http://x.example/", { cache: "no-store" }).cache // => "no-store"
new Request("http://x.example/", { cache: "always" }) // => throws TypeError
new Request("http://x.example/", { credentials: "omit" }).credentials // => "omit"
new Request("http://x.example/", { credentials: "some" }) // => throws TypeError
new Request("http://x.example/", { mode: "navigate" }) // => throws TypeError
new Request("http://x.example/", { mode: "no-cors" }).mode // => "no-cors"
new Request("http://x.example/", { keepalive: 1 }).keepalive // => true
new Request("http://x.example/", { integrity: "sha256-x" }).integrity // => "sha256-x"
new Request("http://x.example/", { referrerPolicy: "origin" }).referrerPolicy // => "origin"
new Request("http://x.example/", { referrer: "" }).referrer // => ""
new Request("http://x.example/", { cache: "only-if-cached" }) // => throws TypeError
new Request("http://x.example/", 5) // => throws TypeError
new Request("http://x.example/", null).method // => "GET"
new Request("http://x.example/", { signal: {} }) // => throws TypeError
new Request("http://x.example/", { signal: null }).signal.aborted // => false
new Request("http://x.example/").signal instanceof AbortSignal // => true
new Request("http://x.example/", { signal: AbortSignal.abort("why") }).signal.reason // => "why"
(() => { const c = new AbortController(); const r = new Request("http://x.example/", { signal: c.signal }); c.abort("why"); return [r.signal === c.signal, r.signal.reason]; })() // => [false,"why"]
(() => { const c = new AbortController(); const r = new Request(new Request("http://x.example/", { signal: c.signal })); c.abort("why"); return r.signal.reason; })() // => "why"
new Request("http://x.example/", { method: "POST", body: "x" }).text() // => "x"
new Request("http://x.example/", { method: "POST", body: "x" }).headers.get("content-type") // => "text/plain;charset=UTF-8"
new Request("http://x.example/", { method: "POST", body: "x", headers: { "content-type": "a/b" } }).headers.get("content-type") // => "a/b"
new Request("http://x.example/", { method: "POST", body: new URLSearchParams("a=1&b=ä") }).headers.get("content-type") // => "application/x-www-form-urlencoded;charset=UTF-8"
new Request("http://x.example/", { method: "POST", body: new URLSearchParams("a=1&b=ä") }).text() // => "a=1&b=%C3%A4"
new Request("http://x.example/", { method: "POST", body: new Blob(["x"], { type: "a/b" }) }).headers.get("content-type") // => "a/b"
new Request("http://x.example/", { method: "POST", body: new Blob(["x"]) }).headers.get("content-type") // => null
new Request("http://x.example/", { method: "POST", body: new Uint8Array([1]) }).headers.get("content-type") // => null
new Request("http://x.example/", { method: "POST", body: new FormData() }).headers.get("content-type").split(";")[0] // => "multipart/form-data"
new Request("http://x.example/", { method: "POST", body: { a: 1 } }).text() // => "[object Object]"
new Request("http://x.example/", { method: "POST", body: 5 }).text() // => "5"
new Request("http://x.example/", { method: "POST", body: "" }).text() // => ""
new Request("http://x.example/", { method: "POST", body: "" }).body === null // => false
new Request("http://x.example/", { method: "POST", body: stream("a", "b") }) // => throws TypeError
new Request("http://x.example/", { method: "POST", body: stream("a", "b"), duplex: "half" }).text() // => "ab"
(() => { const a = new Request("http://x.example/", { method: "POST", body: "x" }); const b = new Request(a); return Promise.all([a.bodyUsed, b.bodyUsed, b.text()]); })() // => [true,false,"x"]
(() => { const a = new Request("http://x.example/", { method: "POST", body: "x" }); new Request(a); return new Request(a); })() // => throws TypeError
(async () => { const a = new Request("http://x.example/", { method: "POST", body: "x" }); await a.text(); return new Request(a); })() // => throws TypeError
(() => { const a = new Request("http://x.example/", { method: "PUT", body: "x", headers: { h: "1" } }); const b = new Request(a, { headers: { i: "2" } }); return [b.method, b.headers.has("h"), b.headers.get("i")]; })() // => ["PUT",false,"2"]
new Request(new Request("http://x.example/a"), { method: "POST" }).method // => "POST"
(async () => { const a = new Request("http://x.example/", { method: "POST", body: "x" }); const b = a.clone(); return [await a.text(), await b.text(), a.url === b.url]; })() // => ["x","x",true]
(async () => { const a = new Request("http://x.example/", { method: "POST", body: "x" }); await a.text(); return a.clone(); })() // => throws TypeError
new Request("http://x.example/", { method: "POST", body: "{\"a\":1}" }).json() // => {"a":1}
Object.prototype.toString.call(new Request("http://x.example/")) // => "[object Request]"
Request("http://x.example/") // => throws TypeError
Request.length // => 1
new Request("http://x.example/").duplex // => "half"
new Response().status // => 200
pick(new Response(), "type", "url", "redirected", "status", "ok", "statusText", "bodyUsed", "body") // => ["default","",false,200,true,"",false,null]
new Response("x", { status: 404 }).ok // => false
new Response("x", { status: 299 }).ok // => true
new Response("x", { status: 199 }) // => throws RangeError
new Response("x", { status: 600 }) // => throws RangeError
new Response("x", { status: 0 }) // => throws RangeError
new Response("x", { status: "201" }).status // => 201
new Response("x", { status: 200.7 }).status // => 200
new Response("x", { status: NaN }) // => throws RangeError
new Response("x", { status: 204 }) // => throws TypeError
new Response("x", { status: 304 }) // => throws TypeError
new Response(null, { status: 204 }).body // => null
new Response(undefined, { status: 204 }).body // => null
new Response("", { status: 205 }) // => throws TypeError
new Response("x", { statusText: "Fine" }).statusText // => "Fine"
new Response("x", { statusText: "a\nb" }) // => throws TypeError
new Response("x", { statusText: "\u0100" }) // => throws TypeError
new Response("x", 5) // => throws TypeError
new Response("x", null).status // => 200
new Response("häh").text() // => "häh"
new Response("\ufeffx").text() // => "x"
new Response(new Uint8Array([0xff, 0x41])).text() // => "�A"
new Response("{\"a\": [1]}").json() // => {"a":[1]}
new Response("{").json() // => throws SyntaxError
new Response("").json() // => throws SyntaxError
new Response("\ufeff{}").json() // => {}
new Response("x").arrayBuffer().then((b) => [b instanceof ArrayBuffer, b.byteLength]) // => [true,1]
new Response("x").blob().then((b) => [b.size, b.type]) // => [1,"text/plain;charset=utf-8"]
new Response(null).text() // => ""
new Response(null).arrayBuffer().then((b) => b.byteLength) // => 0
new Response(new Blob(["x"], { type: "A/B" })).blob().then((b) => b.type) // => "a/b"
new Response("x", { headers: { "content-type": "a/b; c=d" } }).blob().then((b) => b.type) // => "a/b;c=d"
(async () => { const r = new Response("x"); await r.text(); return r.bodyUsed; })() // => true
(async () => { const r = new Response("x"); await r.text(); return r.text(); })() // => throws TypeError
(async () => { const r = new Response(null); await r.text(); return [r.bodyUsed, await r.text()]; })() // => [false,""]
(async () => { const r = new Response("x"); r.body; return [r.bodyUsed, r.body === r.body, await r.text()]; })() // => [false,true,"x"]
(async () => { const r = new Response("x"); r.body.getReader(); return r.text(); })() // => throws TypeError
(async () => { const r = new Response("x"); const reader = r.body.getReader(); const { value } = await reader.read(); return [new TextDecoder().decode(value), r.bodyUsed, (await reader.read()).done]; })() // => ["x",true,true]
(async () => { const r = new Response("x"); await r.body.cancel(); return r.bodyUsed; })() // => true
(async () => { const r = new Response("x"); await r.body.cancel(); return r.text(); })() // => throws TypeError
new Response(stream("a", "b")).text() // => "ab"
new Response(stream("a", "b")).headers.get("content-type") // => null
(() => { const s = stream("a"); s.getReader(); return new Response(s); })() // => throws TypeError
(async () => { const r = new Response(stream("a", "b")); const parts = []; for await (const part of r.body) parts.push(new TextDecoder().decode(part)); return parts; })() // => ["a","b"]
new Response(new ReadableStream({ start(c) { c.enqueue("text"); c.close(); } })).text() // => throws TypeError
new Response(new ReadableStream({ start(c) { c.error(new RangeError("x")); } })).text() // => throws RangeError
(async () => { const r = new Response("x"); const c = r.clone(); return [await r.text(), await c.text()]; })() // => ["x","x"]
(async () => { const r = new Response(stream("a", "b")); const c = r.clone(); return Promise.all([r.text(), c.text()]); })() // => ["ab","ab"]
(async () => { const r = new Response("x"); await r.text(); return r.clone(); })() // => throws TypeError
(() => { const r = new Response("x", { status: 201, headers: { a: "1" } }); const c = r.clone(); c.headers.set("a", "2"); return [c.status, r.headers.get("a"), c.headers.get("a")]; })() // => [201,"1","2"]
pick(Response.error(), "type", "status", "ok", "statusText", "url", "body") // => ["error",0,false,"","",null]
pick(Response.redirect("http://x.example/a"), "type", "status", "ok", "redirected", "url") // => ["default",302,false,false,""]
Response.redirect("http://x.example/a b", 307).headers.get("location") // => "http://x.example/a%20b"
Response.redirect("http://x.example/", 200) // => throws RangeError
Response.redirect("/relative") // => throws TypeError
Response.redirect() // => throws TypeError
Response.json({ a: 1 }).text() // => "{\"a\":1}"
Response.json({ a: 1 }).headers.get("content-type") // => "application/json"
Response.json({ a: 1 }, { headers: { "content-type": "a/b" }, status: 201 }).headers.get("content-type") // => "a/b"
Response.json(1, { status: 201 }).status // => 201
Response.json(undefined) // => throws TypeError
Response.json(() => 1) // => throws TypeError
Response.json() // => throws TypeError
Response.json(1, { status: 204 }) // => throws TypeError
Object.prototype.toString.call(new Response()) // => "[object Response]"
Response() // => throws TypeError
Response.length // => 0
new Response("a=1&b=%C3%A4", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData().then((f) => [...f]) // => [["a","1"],["b","ä"]]
new Response("x").formData() // => throws TypeError
new Response("x", { headers: { "content-type": "text/plain" } }).formData() // => throws TypeError
(async () => { const f = new FormData(); f.append("a", "1\n2"); f.append("b\"", "ä"); const r = new Response(f); return [...await r.formData()]; })() // => [["a","1\r\n2"],["b\"","ä"]]
(async () => { const f = new FormData(); f.append("f", new File(["data"], "n.txt", { type: "a/b" })); const g = (await new Response(f).formData()).get("f"); return [g.name, g.type, g.size, await g.text()]; })() // => ["n.txt","a/b",4,"data"]
(async () => { const f = new FormData(); f.append("f", new Blob([new Uint8Array([0, 255, 13, 10, 45, 45])])); const g = (await new Response(f).formData()).get("f"); return [g.name, g.type, [...new Uint8Array(await g.arrayBuffer())]]; })() // => ["blob","application/octet-stream",[0,255,13,10,45,45]]
(async () => { const f = new FormData(); f.append("a", "1"); const text = await new Response(f).text(); const b = text.split("\r\n")[0]; return text.replaceAll(b, "--B"); })() // => "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"
new Response(multipart("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n"), typed).formData().then((f) => [...f]) // => [["a","x"]]
new Response("nothing", typed).formData() // => throws TypeError
new Response("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", typed).formData() // => throws TypeError
new Response("--B\r\nX: y\r\n\r\nx\r\n--B--\r\n", typed).formData() // => throws TypeError
fetch("data:text/plain,hello%20you").then((r) => r.text()) // => "hello you"
fetch("data:text/html;base64,aGk=").then(async (r) => [r.status, r.headers.get("content-type"), await r.text()]) // => [200,"text/html","hi"]
fetch("data:,x").then((r) => r.headers.get("content-type")) // => "text/plain;charset=US-ASCII"
fetch("data:text/plain") // => throws TypeError
fetch("/relative") // => throws TypeError
fetch() // => throws TypeError
fetch("http://a:b@x.example/") // => throws TypeError
fetch("ftp://x.example/") // => throws TypeError
fetch("http://x.example/", { signal: AbortSignal.abort() }) // => throws AbortError
fetch("http://x.example/", { signal: AbortSignal.abort(new RangeError("x")) }) // => throws RangeError
fetch("http://x.example/", { method: "GET", body: "x" }) // => throws TypeError
fetch("about:blank") // => throws TypeError
typeof fetch // => "function"
fetch.length // => 1
