// URLSearchParams of the URL standard: https://url.spec.whatwg.org/#interface-urlsearchparams
const p = (init) => new URLSearchParams(init);
const s = (init) => p(init).toString();
const list = (init) => [...p(init)];
const change = (init, fn) => { const params = p(init); fn(params); return params.toString(); };
// cases
s("") // => ""
s() // => ""
s(undefined) // => ""
s(null) // => "null=" // node: ""
s("?a=b") // => "a=b"
s("??a=b") // => "%3Fa=b"
s("a=b&c=d") // => "a=b&c=d"
s("a") // => "a="
s("a=") // => "a="
s("=b") // => "=b"
s("=") // => "="
s("&") // => ""
s("&&a=b&&") // => "a=b"
s("a=b=c") // => "a=b%3Dc"
s("a==") // => "a=%3D"
s("a=b+c") // => "a=b+c"
s("a=b%20c") // => "a=b+c"
s("a=b%2Bc") // => "a=b%2Bc"
s("a+b=c") // => "a+b=c"
s("a=%") // => "a=%25"
s("a=%e") // => "a=%25e"
s("a=%zz") // => "a=%25zz"
s("a=%E2%82%AC") // => "a=%E2%82%AC"
s("a=%ff") // => "a=%EF%BF%BD"
s("a=%C3") // => "a=%EF%BF%BD"
s("é=ü") // => "%C3%A9=%C3%BC"
s("a=\u{1F600}") // => "a=%F0%9F%98%80"
s("a=\ud800") // => "a=%EF%BF%BD"
s("a=*-._") // => "a=*-._"
s("a=~!'()") // => "a=%7E%21%27%28%29"
s("a=@:$,;/?") // => "a=%40%3A%24%2C%3B%2F%3F"
s("a=\n\t") // => "a=%0A%09"
s("a=\0") // => "a=%00"
s("a=#b") // => "a=%23b"
s("a[]=1&a[]=2") // => "a%5B%5D=1&a%5B%5D=2"
s("%61=%62") // => "a=b"
s({}) // => ""
s({ a: "b" }) // => "a=b"
s({ a: 1, b: true, c: null }) // => "a=1&b=true&c=null"
s({ a: undefined }) // => "a=undefined"
s({ a: ["x", "y"] }) // => "a=x%2Cy"
s({ "a b": "c&d" }) // => "a+b=c%26d"
s([]) // => ""
s([["a", "b"]]) // => "a=b"
s([["a", "b"], ["a", "c"]]) // => "a=b&a=c"
s([["a"]]) // => throws TypeError
s([["a", "b", "c"]]) // => throws TypeError
s([["a", 1]]) // => "a=1"
s(["ab"]) // => throws TypeError
s([["", ""]]) // => "="
s(new Map([["a", "b"]])) // => "a=b"
s(new Set([["a", "b"]])) // => "a=b"
s(p("a=b&c")) // => "a=b&c="
s(1) // => "1="
s(true) // => "true="
s(Symbol("x")) // => throws TypeError
s({ toString: () => "x=y" }) // => "toString=%28%29+%3D%3E+%22x%3Dy%22"
s((function* () { yield ["g", "1"]; })()) // => "g=1"
s(new URL("http://h/?q=1").searchParams) // => "q=1"
list("a=b&c=d&a=e") // => [["a","b"],["c","d"],["a","e"]]
list("a=1&a=2") // => [["a","1"],["a","2"]]
list({ z: "1", a: "2" }) // => [["z","1"],["a","2"]]
p("a=1&a=2").get("a") // => "1"
p("a=1&a=2").get("b") // => null
p("a=1").get() // => throws TypeError
p("a=1&b=2&a=3").getAll("a") // => ["1","3"]
p("a=1").getAll("b") // => []
p("a=1").has("a") // => true
p("a=1").has("b") // => false
p("a=1").has("a", "1") // => true
p("a=1").has("a", "2") // => false
p("a=1").has("a", undefined) // => true
p("undefined=1").get(undefined) // => "1"
p("null=1").get(null) // => "1"
p("1=x").get(1) // => "x"
p("a=1&b=2").size // => 2
p("").size // => 0
change("", (x) => x.append("a", "b")) // => "a=b"
change("a=1", (x) => x.append("a", "2")) // => "a=1&a=2"
change("", (x) => x.append("a", undefined)) // => "a=undefined"
change("", (x) => x.append("a")) // => throws TypeError
change("", (x) => x.append("é", "€")) // => "%C3%A9=%E2%82%AC"
change("a=1&b=2&a=3", (x) => x.delete("a")) // => "b=2"
change("a=1&b=2&a=3", (x) => x.delete("a", "3")) // => "a=1&b=2"
change("a=1", (x) => x.delete("b")) // => "a=1"
change("a=1&a=2", (x) => x.delete("a", undefined)) // => ""
change("a=1&b=2&a=3", (x) => x.set("a", "4")) // => "a=4&b=2"
change("b=2", (x) => x.set("a", "4")) // => "b=2&a=4"
change("a=1", (x) => x.set("a", "")) // => "a="
change("c=1&a=2&b=3", (x) => x.sort()) // => "a=2&b=3&c=1"
change("z=b&a=b&z=a&a=a", (x) => x.sort()) // => "a=b&a=a&z=b&z=a"
change("\ufb03&\ud83c\udf08&a", (x) => x.sort()) // => "a=&%F0%9F%8C%88=&%EF%AC%83="
change("é&e\u0301&a", (x) => x.sort()) // => "a=&e%CC%81=&%C3%A9="
change("", (x) => x.sort()) // => ""
change("a=1&b=2", (x) => { for (const [k] of x) x.delete(k); }) // => "b=2"
change("a=1&b=2&c=3", (x) => { for (const [k] of x) if (k === "a") x.append("d", "4"); }) // => "a=1&b=2&c=3&d=4"
(() => { const out = []; p("a=1&b=2").forEach((value, key, self) => out.push(key, value, self instanceof URLSearchParams)); return out; })() // => ["a","1",true,"b","2",true]
(() => { const self = {}; let seen; p("a=1").forEach(function () { seen = this === self; }, self); return seen; })() // => true
p("a=1").forEach() // => throws TypeError
p("a=1").forEach(1) // => throws TypeError
[...p("a=1&b=2").keys()] // => ["a","b"]
[...p("a=1&b=2").values()] // => ["1","2"]
[...p("a=1&b=2").entries()] // => [["a","1"],["b","2"]]
p("").entries().next() // => {"done":true}
p("a=1").keys().next() // => {"value":"a","done":false}
p("")[Symbol.iterator] === p("").entries // => true
Object.prototype.toString.call(p("")) // => "[object URLSearchParams]"
Object.prototype.toString.call(p("").keys()) // => "[object URLSearchParams Iterator]"
typeof p("").keys()[Symbol.iterator] // => "function"
URLSearchParams("a") // => throws TypeError
URLSearchParams.name // => "URLSearchParams"
URLSearchParams.length // => 0
Object.keys(URLSearchParams.prototype).sort() // => ["append","delete","entries","forEach","get","getAll","has","keys","set","size","sort","toString","values"]
Object.getOwnPropertyDescriptor(URLSearchParams.prototype, "append").enumerable // => true
p("a=1").toString === p("b").toString // => true
JSON.stringify(p("a=1")) // => "{}"
`${p("a=b c")}` // => "a=b+c"
Object.fromEntries(p("a=1&b=2&a=3")) // => {"a":"3","b":"2"}
new Map(p("a=1&b=2")).get("b") // => "2"
p("q=%7B%22a%22%3A1%7D").get("q") // => "{\"a\":1}"
s({ q: '{"a":1}' }) // => "q=%7B%22a%22%3A1%7D"
s({ url: "https://x.y/?a=b&c=d#e" }) // => "url=https%3A%2F%2Fx.y%2F%3Fa%3Db%26c%3Dd%23e"
s("a=1;b=2") // => "a=1%3Bb%3D2"
s("a=1&amp;b=2") // => "a=1&amp%3Bb=2"
