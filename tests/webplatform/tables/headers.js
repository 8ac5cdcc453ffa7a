// Headers: values, order, set-cookie, guards, iteration while it changes.
const make = (...calls) => {
  const headers = new Headers();
  for (const [method, ...args] of calls) headers[method](...args);
  return headers;
};
const seen = (run) => {
  const list = [];
  run(new Headers({ b: "1", a: "2" }), list);
  return list;
};
// cases
new Headers().get("a") // => null
[...new Headers([["b", "1"], ["a", "2"]])] // => [["a","2"],["b","1"]]
[...new Headers({ b: "1", A: "2" })] // => [["a","2"],["b","1"]]
[...new Headers(new Headers({ x: "1" }))] // => [["x","1"]]
[...new Headers(undefined)] // => []
new Headers(null) // => throws TypeError
new Headers(1) // => throws TypeError
new Headers("a: b") // => throws TypeError
new Headers(true) // => throws TypeError
new Headers([["a"]]) // => throws TypeError
new Headers([["a", "b", "c"]]) // => throws TypeError
new Headers([[]]) // => throws TypeError
new Headers(["ab"]) // => throws TypeError
new Headers([1]) // => throws TypeError
new Headers([null]) // => throws TypeError
[...new Headers([])] // => []
[...new Headers({})] // => []
[...new Headers(new Map([["a", "1"]]))] // => [["a","1"]]
[...new Headers([new Set(["a", "b"])])] // => [["a","b"]]
[...new Headers({ a: 1, b: null, c: undefined, d: true })] // => [["a","1"],["b","null"],["c","undefined"],["d","true"]]
[...new Headers([["a", 1], ["b", [1, 2]]])] // => [["a","1"],["b","1,2"]]
new Headers({ "a b": "1" }) // => throws TypeError
new Headers({ "": "1" }) // => throws TypeError
new Headers({ "a:": "1" }) // => throws TypeError
new Headers({ "ä": "1" }) // => throws TypeError
new Headers({ a: "\u0100" }) // => throws TypeError
new Headers({ a: "\0" }) // => throws TypeError
new Headers({ a: "b\nc" }) // => throws TypeError
new Headers({ a: "b\r\nc: d" }) // => throws TypeError
new Headers({ "a\n": "b" }) // => throws TypeError
new Headers({ a: " b " }).get("a") // => "b"
new Headers({ a: "\t b c \t" }).get("a") // => "b c"
new Headers({ a: "\r\nb\r\n" }).get("a") // => "b"
new Headers({ a: "" }).get("a") // => ""
new Headers({ a: " " }).get("a") // => ""
new Headers({ a: "\u00e4" }).get("a") // => "ä"
new Headers({ a: "b\u007fc" }).get("a") // => "bc"
new Headers({ a: "b\u0001c" }).get("a") // => "b\u0001c"
new Headers({ "!#$%&'*+-.^_`|~09az": "1" }).get("!#$%&'*+-.^_`|~09az") // => "1"
new Headers({ [Symbol("x")]: "1" }) // => throws TypeError
new Headers({ a: Symbol("x") }) // => throws TypeError
new Headers({ A: "1" }).get("a") // => "1"
new Headers({ a: "1" }).get("A") // => "1"
new Headers().get("") // => throws TypeError
new Headers().get("a b") // => throws TypeError
new Headers().has("a b") // => throws TypeError
new Headers().delete("a b") // => throws TypeError
new Headers().get() // => throws TypeError
new Headers().append("a") // => throws TypeError
new Headers().set("a") // => throws TypeError
new Headers().has() // => throws TypeError
new Headers().delete() // => throws TypeError
make(["append", "a", "1"], ["append", "a", "2"]).get("a") // => "1, 2"
make(["append", "a", "1"], ["append", "A", "2"]).get("a") // => "1, 2"
make(["append", "a", ""], ["append", "a", ""]).get("a") // => ", "
make(["append", "a", "1"], ["set", "a", "2"]).get("a") // => "2"
make(["append", "a", "1"], ["append", "a", "2"], ["set", "a", "3"]).get("a") // => "3"
make(["append", "a", "1"], ["delete", "a"]).has("a") // => false
make(["append", "a", "1"], ["delete", "A"]).has("a") // => false
make(["delete", "a"]).has("a") // => false
make(["append", "a", "1"]).has("A") // => true
make(["set", "a", " x "]).get("a") // => "x"
make(["set", "a", "x\n"]).get("a") // => "x"
make(["set", "a", "x\ny"]) // => throws TypeError
make(["append", "a", "x\ny"]) // => throws TypeError
make(["append", "a\r", "x"]) // => throws TypeError
make(["append", "a", null]).get("a") // => "null"
make(["append", "a", undefined]).get("a") // => "undefined"
make(["append", "a", {}]).get("a") // => "[object Object]"
[...make(["append", "b", "1"], ["append", "a", "2"], ["append", "B", "3"])] // => [["a","2"],["b","1, 3"]]
[...make(["append", "b", "1"], ["append", "a", "2"]).keys()] // => ["a","b"]
[...make(["append", "b", "1"], ["append", "a", "2"]).values()] // => ["2","1"]
[...make(["append", "b", "1"], ["append", "a", "2"]).entries()] // => [["a","2"],["b","1"]]
[...make(["append", "Set-Cookie", "a=1"], ["append", "set-cookie", "b=2"], ["append", "a", "x"])] // => [["a","x"],["set-cookie","a=1"],["set-cookie","b=2"]]
make(["append", "Set-Cookie", "a=1"], ["append", "set-cookie", "b=2"]).get("set-cookie") // => "a=1, b=2"
make(["append", "Set-Cookie", "a=1"], ["append", "set-cookie", "b=2"]).getSetCookie() // => ["a=1","b=2"]
make(["append", "Set-Cookie", "a=1, b=2"]).getSetCookie() // => ["a=1, b=2"]
make(["append", "Set-Cookie", ""]).getSetCookie() // => [""]
new Headers().getSetCookie() // => []
make(["append", "set-cookie", "a"], ["set", "set-cookie", "b"]).getSetCookie() // => ["b"]
make(["append", "set-cookie", "a"], ["append", "set-cookie", "b"], ["delete", "set-cookie"]).getSetCookie() // => []
make(["append", "set-cookie2", "a"], ["append", "set-cookie2", "b"]).getSetCookie() // => []
[...make(["append", "set-cookie", "b"], ["append", "set-cookie", "a"])] // => [["set-cookie","b"],["set-cookie","a"]]
[...make(["append", "content-length", "1"], ["append", "cookie", "x"], ["append", "host", "h"])] // => [["content-length","1"],["cookie","x"],["host","h"]]
seen((headers, list) => headers.forEach((value, name) => list.push(name, value))) // => ["a","2","b","1"]
seen((headers, list) => headers.forEach((value, name, all) => list.push(all === headers))) // => [true,true]
seen((headers, list) => headers.forEach(function () { list.push(this.me); }, { me: 1 })) // => [1,1]
seen((headers, list) => headers.forEach()) // => throws TypeError
seen((headers, list) => headers.forEach(1)) // => throws TypeError
seen((headers, list) => { for (const [name] of headers) { list.push(name); if (name === "b") headers.append("c", "1"); } }) // => ["a","b","c"]
seen((headers, list) => { for (const [name] of headers) { list.push(name); if (name === "a") headers.delete("a"); } }) // => ["a"]
seen((headers, list) => { for (const [name] of headers) { list.push(name); if (name === "b" && list.length < 5) headers.append("a0", "1"); } }) // => ["a","b","b"]
seen((headers, list) => { for (const name of headers.keys()) list.push(name); }) // => ["a","b"]
seen((headers, list) => { const it = headers[Symbol.iterator](); list.push(it.next().done, it.next().done, it.next().done); }) // => [false,false,true]
seen((headers, list) => list.push(typeof headers.entries().next, headers.entries()[Symbol.iterator] !== undefined)) // => ["function",true]
Object.prototype.toString.call(new Headers()) // => "[object Headers]"
Headers.name // => "Headers"
Headers.length // => 0
Headers() // => throws TypeError
typeof Headers.prototype.append // => "function"
Headers.prototype[Symbol.iterator] === Headers.prototype.entries // => true
Headers.prototype.append.length // => 2
Headers.prototype.get.length // => 1
Headers.prototype.set.length // => 2
Object.keys(Headers.prototype).sort() // => ["append","delete","entries","forEach","get","getSetCookie","has","keys","set","values"]
Headers.prototype.get.call({}, "a") // => throws TypeError
new Headers() instanceof Headers // => true
JSON.stringify(new Headers({ a: "1" })) // => "{}"
Object.keys(new Headers({ a: "1" })) // => []
new Response("", { headers: { a: "1" } }).headers.get("a") // => "1"
new Response("", { headers: [["a", "1"], ["a", "2"]] }).headers.get("a") // => "1, 2"
Response.error().headers.append("a", "b") // => throws TypeError
Response.redirect("http://x.example/").headers.set("a", "b") // => throws TypeError
Response.redirect("http://x.example/").headers.delete("location") // => throws TypeError
new Request("http://x.example/", { headers: { a: "1" } }).headers.get("a") // => "1"
new Request("http://x.example/", { headers: { host: "y" } }).headers.get("host") // => "y"
new Request("http://x.example/", { headers: { cookie: "y" } }).headers.get("cookie") // => "y"
new Request("http://x.example/", { headers: null }) // => throws TypeError
[...Object.entries(Object.fromEntries(new Headers({ b: "2", a: "1" })))] // => [["a","1"],["b","2"]]
new Map(new Headers({ a: "1" })).get("a") // => "1"
new Headers(Object.create({ inherited: "1" })).has("inherited") // => false
new Headers(Object.defineProperty({}, "a", { value: "1", enumerable: false })).has("a") // => false // node: true
