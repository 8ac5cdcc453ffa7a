// The DOM standard's events and abort signals: https://dom.spec.whatwg.org
const fired = (fn) => { const target = new EventTarget(); const log = []; const on = (type, name, options) => { const listener = () => { log.push(name); }; target.addEventListener(type, listener, options); return listener; }; const result = fn(target, on, log); return result === undefined ? log : [result, ...log]; };
const go = (target, type = "x", init) => target.dispatchEvent(new Event(type, init));
const why = (signal) => [signal.aborted, signal.reason?.name ?? signal.reason, signal.reason?.code, signal.reason instanceof DOMException];
const heard = (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(why(signal)), { once: true }));
// cases
new Event("x").type // => "x"
new Event("x").bubbles // => false
new Event("x", { bubbles: true }).bubbles // => true
new Event("x", { cancelable: 1 }).cancelable // => true
new Event("x", { composed: true }).composed // => true
new Event() // => throws TypeError
new Event(undefined).type // => "undefined"
new Event(1).type // => "1"
new Event("x", 1) // => throws TypeError
new Event("x", null).bubbles // => false
Event("x") // => throws TypeError
new Event("x").defaultPrevented // => false
new Event("x").target // => null
new Event("x").currentTarget // => null
new Event("x").eventPhase // => 0
new Event("x").isTrusted // => false
typeof new Event("x").timeStamp // => "number"
new Event("x").composedPath() // => []
new Event("x").returnValue // => true
new Event("x").cancelBubble // => false
[Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE] // => [0,1,2,3]
new Event("x").AT_TARGET // => 2 // node: undefined
Object.prototype.toString.call(new Event("x")) // => "[object Event]"
Event.name // => "Event"
(() => { const e = new Event("x"); e.preventDefault(); return e.defaultPrevented; })() // => false
(() => { const e = new Event("x", { cancelable: true }); e.preventDefault(); return e.defaultPrevented; })() // => true
(() => { const e = new Event("x", { cancelable: true }); e.returnValue = false; return e.defaultPrevented; })() // => true // node: false
(() => { const e = new Event("x"); e.cancelBubble = true; return e.cancelBubble; })() // => true
new CustomEvent("x", { detail: { a: 1 } }).detail // => {"a":1}
new CustomEvent("x").detail // => null
new CustomEvent("x", { detail: 0 }).detail // => 0
new CustomEvent("x", { detail: undefined }).detail // => null
new CustomEvent("x") instanceof Event // => true
new CustomEvent() // => throws TypeError
Object.prototype.toString.call(new CustomEvent("x")) // => "[object CustomEvent]"
fired((t, on) => { on("x", "a"); go(t); }) // => ["a"]
fired((t, on) => { on("x", "a"); go(t, "y"); }) // => []
fired((t, on) => { on("x", "a"); on("x", "b"); go(t); go(t); }) // => ["a","b","a","b"]
fired((t, on) => { on("x", "a", { once: true }); go(t); go(t); }) // => ["a"]
fired((t, on) => { const a = on("x", "a"); t.removeEventListener("x", a); go(t); }) // => []
fired((t, on) => { const a = on("x", "a", true); t.removeEventListener("x", a); go(t); }) // => ["a"]
fired((t, on) => { const a = on("x", "a", true); t.removeEventListener("x", a, { capture: true }); go(t); }) // => []
fired((t, on) => { const a = on("x", "a"); t.addEventListener("x", a); go(t); }) // => ["a"]
fired((t, on) => { const a = on("x", "a"); t.addEventListener("x", a, true); go(t); }) // => ["a","a"]
fired((t, on, log) => { t.addEventListener("x", { handleEvent() { log.push("object"); } }); go(t); }) // => ["object"]
fired((t, on, log) => { t.addEventListener("x", function (e) { log.push(this === t, e.target === t, e.currentTarget === t, e.eventPhase); }); go(t); }) // => [true,true,true,2]
fired((t, on, log) => { const e = new Event("x"); t.addEventListener("x", () => log.push(e.composedPath().length)); t.dispatchEvent(e); log.push(e.target === t, e.currentTarget, e.eventPhase); }) // => [1,true,null,0]
fired((t, on, log) => { t.addEventListener("x", (e) => e.stopImmediatePropagation()); on("x", "b"); go(t); }) // => []
fired((t, on, log) => { t.addEventListener("x", (e) => e.stopPropagation()); on("x", "b"); go(t); }) // => ["b"]
fired((t, on) => { on("x", "a"); const e = new Event("x"); e.stopPropagation(); return t.dispatchEvent(e); }) // => [true] // node: [true,"a"]
fired((t) => { t.addEventListener("x", (e) => e.preventDefault()); return go(t, "x", { cancelable: true }); }) // => [false]
fired((t) => { t.addEventListener("x", (e) => e.preventDefault()); return go(t); }) // => [true]
fired((t) => { t.addEventListener("x", (e) => e.preventDefault(), { passive: true }); return go(t, "x", { cancelable: true }); }) // => [true] // node: [false]
fired((t, on) => { let b; t.addEventListener("x", () => t.removeEventListener("x", b)); b = on("x", "b"); go(t); }) // => []
fired((t, on) => { t.addEventListener("x", () => on("x", "late")); go(t); }) // => []
fired((t, on) => { t.addEventListener("x", () => on("x", "late"), { once: true }); go(t); go(t); }) // => ["late"]
fired((t, on, log) => { const e = new Event("x"); t.addEventListener("x", () => { try { t.dispatchEvent(e); } catch (error) { log.push(error.name); } }); t.dispatchEvent(e); }) // => ["InvalidStateError"] // node: ["Error"]
fired((t, on) => { on("x", "a"); const e = new Event("x"); t.dispatchEvent(e); t.dispatchEvent(e); }) // => ["a","a"]
fired((t, on) => { const c = new AbortController(); on("x", "a", { signal: c.signal }); go(t); c.abort(); go(t); }) // => ["a"]
fired((t, on) => { on("x", "a", { signal: AbortSignal.abort() }); go(t); }) // => []
fired((t) => t.addEventListener("x", null)) // => []
fired((t) => t.addEventListener("x", undefined)) // => []
new EventTarget().addEventListener("x") // => throws TypeError
new EventTarget().addEventListener("x", 1) // => throws TypeError
new EventTarget().addEventListener("x", () => {}, { signal: 1 }) // => throws TypeError
new EventTarget().dispatchEvent({ type: "x" }) // => throws TypeError
new EventTarget().dispatchEvent() // => throws TypeError
EventTarget() // => throws TypeError
new EventTarget().dispatchEvent(new Event("x")) // => true
(class extends EventTarget {}).name === "" && new (class extends EventTarget { x = 1; })().x // => 1
fired((t, on) => { on(1, "number"); go(t, "1"); }) // => ["number"]
Object.prototype.toString.call(new EventTarget()) // => "[object EventTarget]"
new AbortController().signal.aborted // => false
new AbortController().signal.reason // => undefined
new AbortController().signal instanceof AbortSignal // => true
new AbortController().signal instanceof EventTarget // => true
new AbortSignal() // => throws TypeError
AbortController() // => throws TypeError
(() => { const c = new AbortController(); return c.signal === c.signal; })() // => true
(() => { const c = new AbortController(); c.abort(); return why(c.signal); })() // => [true,"AbortError",20,true]
(() => { const c = new AbortController(); c.abort("r"); return c.signal.reason; })() // => "r"
(() => { const c = new AbortController(); c.abort(null); return c.signal.reason; })() // => null
(() => { const c = new AbortController(); c.abort(undefined); return why(c.signal); })() // => [true,"AbortError",20,true]
(() => { const c = new AbortController(); c.abort("a"); c.abort("b"); return c.signal.reason; })() // => "a"
(() => { const c = new AbortController(); let n = 0; c.signal.addEventListener("abort", () => n++); c.abort(); c.abort(); return n; })() // => 1
(() => { const c = new AbortController(); let seen; c.signal.onabort = function (e) { seen = [e.type, e.target === c.signal, this === c.signal]; }; c.abort(); return seen; })() // => ["abort",true,true]
(() => { const c = new AbortController(); let n = 0; c.signal.onabort = () => n++; c.signal.onabort = null; c.abort(); return n; })() // => 0
(() => { const c = new AbortController(); const log = []; c.signal.onabort = () => log.push("a"); c.signal.addEventListener("abort", () => log.push("b")); c.signal.onabort = () => log.push("c"); c.abort(); return log; })() // => ["c","b"]
(() => { const c = new AbortController(); c.signal.onabort = 1; return c.signal.onabort; })() // => null // node: 1
new AbortController().signal.onabort // => null
new AbortController().signal.throwIfAborted() // => undefined
AbortSignal.abort().throwIfAborted() // => throws AbortError
(() => { try { AbortSignal.abort("why").throwIfAborted(); } catch (error) { return error; } })() // => "why"
why(AbortSignal.abort()) // => [true,"AbortError",20,true]
why(AbortSignal.abort("x")) // => [true,"x",null,false]
AbortSignal.abort().aborted // => true
AbortSignal.timeout(1000).aborted // => false
AbortSignal.timeout() // => throws TypeError
AbortSignal.timeout(-1) // => throws TypeError // node: throws RangeError
heard(AbortSignal.timeout(1)) // => [true,"TimeoutError",23,true]
heard(AbortSignal.timeout(0)) // => [true,"TimeoutError",23,true]
AbortSignal.any([]).aborted // => false
AbortSignal.any([new AbortController().signal]).aborted // => false
why(AbortSignal.any([AbortSignal.abort("x")])) // => [true,"x",null,false]
why(AbortSignal.any([new AbortController().signal, AbortSignal.abort(1), AbortSignal.abort(2)])) // => [true,1,null,false]
(() => { const c = new AbortController(); const any = AbortSignal.any([c.signal]); c.abort("x"); return why(any); })() // => [true,"x",null,false]
(() => { const c = new AbortController(); const any = AbortSignal.any([AbortSignal.any([c.signal])]); c.abort("x"); return why(any); })() // => [true,"x",null,false]
(() => { const c = new AbortController(); const d = new AbortController(); const any = AbortSignal.any([c.signal, d.signal]); d.abort("d"); c.abort("c"); return why(any); })() // => [true,"d",null,false]
(() => { const c = new AbortController(); const log = []; const any = AbortSignal.any([c.signal]); any.addEventListener("abort", () => log.push("any", c.signal.aborted)); c.signal.addEventListener("abort", () => log.push("c", any.aborted)); c.abort(); return log; })() // => ["c",true,"any",true] // node: ["c",false,"any",true]
heard(AbortSignal.any([AbortSignal.timeout(1), new AbortController().signal])) // => [true,"TimeoutError",23,true]
AbortSignal.any() // => throws TypeError
AbortSignal.any([1]) // => throws TypeError
AbortSignal.any(1) // => throws TypeError
(() => { const c = new AbortController(); const e = new Error("x"); c.abort(e); return c.signal.reason === e; })() // => true
Object.prototype.toString.call(new AbortController()) // => "[object AbortController]"
Object.prototype.toString.call(new AbortController().signal) // => "[object AbortSignal]"
Object.keys(AbortSignal.prototype).sort() // => ["aborted","onabort","reason","throwIfAborted"] // node: ["aborted","onabort"]
[AbortSignal.name, AbortController.name, EventTarget.name] // => ["AbortSignal","AbortController","EventTarget"]
new DOMException("m", "AbortError").code // => 20
new DOMException("m", "TimeoutError").code // => 23
new DOMException("m", "DataCloneError").code // => 25
new DOMException("m", "Other").code // => 0
new DOMException("m").name // => "Error"
new DOMException().message // => ""
new DOMException("m", "n") instanceof Error // => true
String(new DOMException("m", "n")) // => "n: m"
DOMException.ABORT_ERR // => 20
DOMException("x") // => throws TypeError
new Promise((resolve, reject) => { const c = new AbortController(); c.signal.addEventListener("abort", () => reject(c.signal.reason)); c.abort(); }) // => throws AbortError
