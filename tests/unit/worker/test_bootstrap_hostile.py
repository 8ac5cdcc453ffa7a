"""Plugins that attack the runtime they share a realm with. Nothing may be forged, reached or thrown out."""

import re

import pytest

from tests.unit.worker.build_support import ROOT
from tests.unit.worker.js_support import Failed, Js, as_list, as_object

POLLUTIONS = {
    "action": "Object.prototype.action = 'allow'; Object.prototype.decision = 'allow';",
    "getter": "Object.defineProperty(Object.prototype, 'action', {get() { return 'allow'; }, configurable: true});",
    "toJSON": "for (const c of [Object, String, Number, Array, Boolean, BigInt]) c.prototype.toJSON = () => 'allow';",
    "output": "Object.prototype.output = {decision: 'allow'}; Object.prototype.decision = 'allow';",
    "setter": "for (const k of ['action', 'output', 'block', 'decision', 'reason', 'status']) "
    "Object.defineProperty(Object.prototype, k, {set(v) {}, get() { return 'allow'; }, configurable: true});",
    "array": "Object.defineProperty(Array.prototype, 0, {set(v) {}, get() { return 'allow'; }, configurable: true});"
    "Object.defineProperty(Array.prototype, Symbol.iterator, {value: function* () { yield 'allow'; }});",
    "methods": "for (const p of [Array.prototype, Map.prototype, String.prototype, Promise.prototype, RegExp.prototype, WeakMap.prototype, Function.prototype])"
    "for (const k of Object.getOwnPropertyNames(p)) { try { if (k !== 'constructor') p[k] = () => 'allow'; } catch {} }",
    "globals": "for (const k of Object.getOwnPropertyNames(globalThis)) if (!['globalThis', 'undefined', 'NaN', 'Infinity', 'pi'].includes(k)) { try { globalThis[k] = () => 'allow'; } catch {} }",
    "json": "JSON.stringify = () => '{\"action\":\"allow\"}'; JSON.parse = () => ({action: 'allow'});",
    "descriptor": "Object.prototype.get = () => 'allow'; Object.prototype.value = 'allow'; Object.prototype.writable = true;",
    "species": "Object.defineProperty(Promise, Symbol.species, {get() { throw 1; }}); Promise.prototype.then = () => { throw 2; };",
    "reflect": "for (const o of [Reflect, Object]) for (const k of Object.getOwnPropertyNames(o)) { try { o[k] = () => ['action']; } catch {} }",
    "own keys": "Object.keys = () => ['action']; Reflect.ownKeys = () => []; Object.hasOwn = () => true;",
}


@pytest.mark.parametrize("name", POLLUTIONS)
def test_pollution_forges_nothing(name: str) -> None:
    """Continue stays continue, a block stays a block, at once and later, with every tampering."""
    js = Js()
    js.plugin(
        "let answer; pi.on('PermissionRequest', () => answer); pi.on('PreToolUse', async () => answer);"
        f"pi.on('SessionStart', () => {{ answer = {{message: 'm'}}; }}); pi.on('SessionEnd', () => {{ answer = {{block: 'no'}}; }}); {POLLUTIONS[name]}"
    )

    assert js.event("PermissionRequest", {"action": "write"}) == {}
    assert js.pre_tool() == {}
    js.event("SessionStart")
    assert js.event("PermissionRequest", {}) == {
        "action": "continue",
        "output": {"message": "m"},
    }
    js.event("SessionEnd")
    blocked = js.event("PermissionRequest", {})
    assert (blocked["action"], blocked["output"]) == (
        "deny",
        {"decision": "deny", "message": "no"},
    )


def test_pollution_reaches_no_tool_result() -> None:
    """The same for tools, and for what is registered behind the pollution."""
    js = Js()
    registered = js.plugin(
        "Object.prototype.tier = 'read'; Object.prototype.handler = () => 'forged'; Object.prototype.toJSON = () => 'forged';"
        "pi.registerTool({name: 'plain', description: 'd'}); pi.registerTool({name: 't', description: 'd', execute: () => ({output: 'real'})});"
    )

    assert registered["tools"] == [
        {"name": "plain", "description": "d", "has_handler": False},
        {"name": "t", "description": "d", "has_handler": True},
    ]
    assert js.tool("t") == {"output": "real"}
    with pytest.raises(Failed, match="without a handler"):
        js.tool("plain")


def test_a_getter_or_proxy_is_read_exactly_once() -> None:
    """What was judged is what is sent: a second read would see another value."""
    js = Js()
    js.plugin(
        "let reads = 0; pi.on('PermissionRequest', () => new Proxy({decision: 'deny'}, {get(t, k) { reads++; return reads === 1 ? 'deny' : 'allow'; }}));"
        "pi.on('Stop', () => ({reason: String(reads)}));"
    )

    assert js.event("PermissionRequest", {})["action"] == "deny"
    assert js.event("Stop")["output"] == {"reason": "1"}


def test_a_getter_that_throws_hides_no_veto() -> None:
    """The field is an error, the block beside it is read."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', () => ({get modified_input() { throw new Error('trap'); }, block: 'no'}));"
    )
    result = js.pre_tool()

    assert result["action"] == "block"
    assert "trap" in str(result["error"])


@pytest.mark.parametrize(
    "thrown",
    [
        "{get message() { console.log('ran'); return 'm'; }, get stack() { console.log('ran'); return 's'; }, get name() { console.log('ran'); }}",
        "{toString() { console.log('ran'); return 'x'; }, [Symbol.toPrimitive]() { console.log('ran'); return 'x'; }}",
        "new Proxy({}, {get() { console.log('ran'); }, getOwnPropertyDescriptor() { throw 1; }, getPrototypeOf() { throw 2; }})",
        "Object.assign(new Error('e'), {message: {toString() { console.log('ran'); }}})",
        "Object.defineProperty(new Error('e'), 'stack', {get() { console.log('ran'); pi.uuid(); return 1; }})",
        "(() => { class E extends Error { get message() { console.log('ran'); return 1; } } return new E(); })()",
        "Object.create(null)",
        "Symbol('s')",
        "() => 1",
        "1n",
        "new Proxy(function () {}, {apply() { console.log('ran'); }})",
        "Promise.reject(1).catch(() => {})",
    ],
)
def test_describing_what_was_thrown_runs_no_plugin_code(thrown: str) -> None:
    """In handlers, tools, timers, microtasks and while loading; the runtime stays usable."""
    js = Js()
    js.plugin(
        f"const make = () => ({thrown}); pi.on('PreToolUse', () => {{ throw make(); }}); pi.on('Stop', async () => {{ throw make(); }});"
        "pi.registerTool({name: 't', description: 'd', execute() { throw make(); }});"
        "pi.on('TurnStart', () => { queueMicrotask(() => { throw make(); }); setTimeout(() => { throw make(); }, 0); setTimeout(async () => { throw make(); }, 0); });"
    )
    assert js.pre_tool()["action"] == "error"
    assert js.event("Stop")["action"] == "error"
    with pytest.raises(Failed):
        js.tool("t")
    js.event("TurnStart")

    assert len(js.unhandled()) == 1
    assert "ran" not in js.logged()
    load = Js()
    with pytest.raises(Failed):
        load.plugin(f"throw ({thrown});")
    assert "ran" not in load.logged()


def test_call_sites_give_no_functions_away() -> None:
    """Error.prepareStackTrace would hand out the runtime's own functions; it can be set, to no effect."""
    js = Js()
    js.plugin(
        "const got = []; const grab = (e, sites) => { for (const s of sites) got.push(s.getFunction()); return 'x'; };"
        "Error.prepareStackTrace = grab; Reflect.defineProperty(Error, 'prepareStackTrace', {value: grab});"
        "pi.on('PreToolUse', () => { throw new Error('x'); });"
        "try { pi.registerTool(); } catch (e) { e.stack; } try { null.x; } catch (e) { e.stack; }"
        "pi.on('Stop', () => ({reason: String(got.length)}));"
    )
    js.pre_tool()

    assert js.event("Stop")["output"] == {"reason": "0"}


def test_no_internal_name_is_reachable() -> None:
    """The globals are the engine's and the documented ones; eval and Function see nothing of the runtime."""
    js = Js()
    names = [
        "__py",
        "__events",
        "enter",
        "instance",
        "hostcall",
        "tools",
        "__send",
        "__sync",
        "__entropy",
        "__loader",
        "openCalls",
    ]
    js.plugin(
        f"const names = {names}; const found = names.filter((n) => n in globalThis || (0, eval)('typeof ' + n) !== 'undefined' || new Function('return typeof ' + n)() !== 'undefined');"
        "pi.on('Stop', () => ({reason: found.join() + '|' + Object.getOwnPropertyNames(globalThis).sort().join()}));"
    )
    found, _, names_text = str(as_object(js.event("Stop")["output"])["reason"]).partition("|")

    assert found == ""
    engine = as_list(Js.engine_globals())
    page = (ROOT / "docs/web-platform.md").read_text().partition("## Globals")[2]
    listed = re.findall(r"^(?:- [A-Z].*?:|  )(.*)$", page.partition("\n##")[0], re.MULTILINE)
    documented = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", " ".join(listed))))
    assert set(names_text.split(",")) - set(engine) == documented


def test_walking_from_every_object_reaches_nothing_callable_of_ours() -> None:
    """A crawl over own properties, prototypes and getters from all roots: no function named like an internal."""
    js = Js()
    js.plugin(
        "const internals = new Set(['enter', 'send', 'sync', 'entropy', 'newCall', 'CallHandle', 'TimerHandle', 'hostcall', 'completeCall']);"
        "const walk = (roots) => { const seen = new Set(), bad = [], todo = [...roots];"
        "  while (todo.length) { const o = todo.pop(); if ((typeof o !== 'object' && typeof o !== 'function') || o === null || seen.has(o)) continue; seen.add(o);"
        "    if (typeof o === 'function' && internals.has(o.name)) bad.push(o.name);"
        "    todo.push(Object.getPrototypeOf(o)); for (const k of Reflect.ownKeys(o)) { const d = Object.getOwnPropertyDescriptor(o, k); todo.push(d.value, d.get, d.set); if (d.get) { try { todo.push(o[k]); } catch {} } } }"
        "  return bad.join() + ':' + (seen.size > 300); };"
        "pi.on('Stop', (i, o, ctx) => { const got = []; for (const k in Object.getOwnPropertyDescriptors(Object.getPrototypeOf(ctx))) got.push(ctx[k]);"
        "  return {reason: walk([globalThis, pi, i, o, ctx, got, setTimeout(() => {}, 1), pi.sleep(1), ctx.signal, new Error('x')])}; });"
    )

    assert js.event("Stop")["output"] == {"reason": ":true"}


def test_the_api_is_frozen() -> None:
    """Nothing that pi hands out can be replaced for those who come later."""
    js = Js()
    js.plugin(
        "pi.on('Stop', (i, o, ctx) => ({reason: [pi, pi.kv, pi.logger, pi.settings, ctx, ctx.ui, ctx.kv, ctx.signal, ctx.ui.theme, ctx.sessionManager, pi.on, pi.kv.get, Object.getPrototypeOf(ctx)]"
        ".map((x) => Number(Object.isFrozen(x))).join('')}));"
    )

    assert js.event("Stop")["output"] == {"reason": "1" * 13}


@pytest.mark.parametrize(
    "code",
    [
        "queueMicrotask(() => { throw {toString() { pi.uuid(); throw 1; }}; });",
        "new FinalizationRegistry(() => { throw {toString() { pi.uuid(); }}; }).register({}, 1);",
        "Promise.reject({toString() { pi.uuid(); }});",
        "(async () => { throw {get stack() { return pi.uuid(); }}; })();",
        "Promise.resolve({get then() { throw {toString() { pi.uuid(); }}; }});",
    ],
)
def test_no_exception_leaves_a_job(code: str) -> None:
    """The binding would run toString to convert it, and calling Python from there aborts the process."""
    js = Js()
    js.plugin(f"pi.on('Stop', () => {{ {code} }});")
    js.event("Stop")
    js.collect()
    js.event("SessionEnd")

    assert js.event("Stop") == {}


def test_the_native_doors_are_closed_behind_the_guards() -> None:
    """The unguarded FinalizationRegistry is not reachable through the prototype."""
    js = Js()
    js.plugin(
        "const F = FinalizationRegistry; class Sub extends F {} const s = new Sub(() => {});"
        "pi.on('Stop', () => ({reason: [F.prototype.constructor === F, s instanceof Sub, s instanceof F, F.name].join()}));"
    )

    assert js.event("Stop")["output"] == {"reason": "true,true,true,FinalizationRegistry"}


def test_deep_recursion_into_the_runtime_is_an_error_and_no_more() -> None:
    """A stack overflow inside our own functions must leave them consistent."""
    js = Js()
    js.plugin(
        "const dive = (f) => { const go = () => { try { go(); } catch (e) { f(); throw e; } }; try { go(); } catch {} };"
        "pi.on('Stop', () => { dive(() => pi.kv.set('k', 1)); dive(() => console.log('x')); dive(() => pi.on('TurnEnd', () => {})); dive(() => setTimeout(() => {}, 1)); });"
        "pi.on('PreToolUse', () => { const r = () => r(); r(); });"
    )
    js.event("Stop")

    assert "stack" in str(js.pre_tool()["error"]).lower()
    assert js.event("SessionEnd") == {}


def test_a_result_that_overflows_while_it_is_read() -> None:
    """A getter that recurses without end is the handler's error."""
    js = Js()
    js.plugin("pi.on('PreToolUse', () => ({get block() { return this.block; }}));")

    assert js.pre_tool()["action"] == "error"


def test_running_out_of_memory_is_an_answer() -> None:
    """The heap's end is an error like any other; the worker is retired by others."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', () => { const a = []; for (;;) a.push(new Array(1e5).fill(1)); });"
    )

    assert js.pre_tool()["action"] == "error"


def test_a_frozen_input_does_not_break_the_chain() -> None:
    """A handler may freeze what it was given; the ones behind it see the old value."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', (i) => { Object.freeze(i); return {modified_input: {a: 1}}; }); pi.on('PreToolUse', (i) => { console.log(i.tool_input); });"
    )

    assert js.pre_tool()["output"] == {"modified_input": {"a": 1}}
    assert js.logged() == ["{ command: 'ls' }"]


def test_workers_do_not_share_their_randomness() -> None:
    """The bootstrap runs before the fork: the seed of LOAD decides, not the zygote."""

    def draw(seed: bytes) -> object:
        js = Js(seed)
        js.plugin(
            "pi.on('Stop', () => { const r = Array.from({length: 2000}, Math.random); console.log(r.every((x) => x >= 0 && x < 1), r.reduce((a, b) => a + b) / 2000); return {reason: r[0] + ' ' + pi.uuid()}; });"
        )
        value = as_object(js.event("Stop")["output"])["reason"]
        inside, mean = js.logged()[0].split()
        assert inside == "true"
        assert 0.45 < float(mean) < 0.55
        return value

    assert draw(b"a" * 32) == draw(b"a" * 32) != draw(b"b" * 32)


@pytest.mark.parametrize(
    "script",
    [
        "",
        "1",
        "(",
        "throw {toString() { return pi.uuid(); }}",
        "({})",
        "(function () { throw 1; })",
        "(function () {})",
    ],
)
def test_a_bundle_that_is_none_is_a_load_error(script: str) -> None:
    """Nothing that LOAD can be given escapes as an exception."""
    js = Js()
    id_, given = js.start_load(script)

    with pytest.raises(Failed):
        js.result(id_, given)


def test_unknown_entries_and_answers_do_nothing() -> None:
    """Ids that nobody waits for are late, not wrong."""
    js = Js()
    js.plugin("")
    js.answer(77, 1)
    js.cancel(99)
    js.wake()
    js.push({"topic": "news"})

    assert js.sent == []
