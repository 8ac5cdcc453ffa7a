"""Attempts to reach the bridge behind the API, to forge what only the runtime sends, and to change what is frozen."""

from typing import Final

from tests.hostile.row import Row, answers, fails

_TELLS: Final = "return { message: String(got) };"


def _reach(name: str, code: str, got: str) -> Row:
    """*code* sets ``got`` to what it reached."""
    return answers(
        name,
        f"attack((e, o, ctx) => {{ let got = 0; {code} {_TELLS} }});",
        output={"message": got},
    )


_PROBES: Final = "['__py', '__events', '__send', '__sync', '__source', 'enter', 'instance', 'hostcall', 'cast', 'openCalls', 'limits', 'std', 'os', 'bjson', 'internals', 'require', 'module', 'Deno', 'Bun', 'load', 'print', 'scriptArgs', 'gc', 'WebAssembly', 'Worker', 'lazy', 'lazyParts', '__text', '__entropy', 'XMLHttpRequest']"

ROWS: tuple[Row, ...] = (
    _reach("names", f"for (const n of {_PROBES}) if (n in globalThis) got++;", "0"),
    _reach(
        "names_by_eval",
        f"for (const n of {_PROBES}.slice(0, 11)) if ((0, eval)('typeof ' + n) !== 'undefined') got++;",
        "0",
    ),
    _reach(
        "names_by_function",
        f"for (const n of {_PROBES}.slice(0, 11)) if (new Function('return typeof ' + n)() !== 'undefined') got++;",
        "0",
    ),
    _reach(
        "names_by_generator_function",
        "const G = (function* () {}).constructor, A = (async () => {}).constructor; got = G('yield typeof __py')().next().value; A('return 1')();",
        "undefined",
    ),
    _reach(
        "constructor_of_api",
        "got = pi.on.constructor.constructor('return typeof __py')();",
        "undefined",
    ),
    _reach(
        "constructor_of_ctx",
        "got = typeof ctx.constructor.constructor === 'function' && ctx.constructor === Object ? 'plain' : 'own';",
        "plain",
    ),
    _reach(
        "function_caller",
        "for (const f of [pi.on, pi.kv.get, ctx.sleep, setTimeout]) for (const k of ['caller', 'arguments', 'callee']) { try { if (f[k]) got++; } catch {} }",
        "0",
    ),
    _reach(
        "handler_caller",
        "const f = function () { try { return f.caller || f.arguments || 0; } catch { return 0; } }; got = f();",
        "0",
    ),
    _reach(
        "arguments_callee",
        "got = (function () { try { return typeof arguments.callee.caller; } catch (e) { return e.name; } })();",
        "TypeError",
    ),
    _reach(
        "sloppy_callee",
        "got = new Function('try { return String(arguments.callee.caller); } catch (e) { return e.name; }')();",
        "undefined",
    ),
    _reach(
        "this_of_handler",
        "got = (function () { return this === undefined ? 'none' : typeof this; })();",
        "none",
    ),
    _reach("sloppy_this", "got = new Function('return this === globalThis')();", "true"),
    answers(
        "this_of_callback",
        "const seen = []; pi.on('PermissionRequest', function () { seen.push(this === undefined || this === globalThis); return { message: String(seen) }; });",
        output={"message": "true"},
    ),
    _reach(
        "call_sites",
        "Error.prepareStackTrace = (err, sites) => { for (const s of sites) { got = typeof s.getFunction; } }; try { pi.registerTool(1); } catch (e) { e.stack; }",
        "0",
    ),
    _reach(
        "call_sites_by_define",
        "let ok = Reflect.defineProperty(Error, 'prepareStackTrace', { value: (e, s) => { got = s; } }); new Error('x').stack; got = ok;",
        "false",
    ),
    _reach(
        "call_sites_subclass",
        "class E extends Error {} E.prepareStackTrace = (err, s) => { got = 1; }; new E('x').stack; const p = {}; if (Error.captureStackTrace) Error.captureStackTrace(p); p.stack;",
        "0",
    ),
    _reach(
        "stack_names",
        "try { pi.kv.get(5); } catch (e) { got = /__py|send\\b|bridge/.test(e.stack); }",
        "false",
    ),
    _reach(
        "symbol_for",
        "for (const s of ['jcode', 'pi', 'bridge', 'nodejs.util.inspect.custom', 'enter']) if (globalThis[Symbol.for(s)]) got++;",
        "0",
    ),
    _reach(
        "symbols_of_api",
        "for (const o of [pi, pi.kv, ctx, pi.on, ctx.signal]) got += Object.getOwnPropertySymbols(o).length;",
        "0",
    ),
    _reach(
        "redefine_api",
        "for (const k of Object.keys(pi)) { try { pi[k] = 1; got++; } catch {} try { delete pi[k]; got++; } catch {} try { Object.defineProperty(pi, k, { value: 1 }); got++; } catch {} }",
        "0",
    ),
    _reach(
        "extend_api",
        "for (const o of [pi, pi.kv, pi.logger, ctx, ctx.ui, ctx.kv, ctx.logger, ctx.signal, pi.settings]) { try { o.extra = 1; got++; } catch {} try { Object.setPrototypeOf(o, {}); got++; } catch {} }",
        "0",
    ),
    _reach(
        "replace_globals",
        "globalThis.pi = { on() {} }; globalThis.jcode = null; got = typeof pi.on;",
        "function",
    ),
    _reach(
        "context_private",
        "const proto = Object.getPrototypeOf(ctx); for (const k of ['sessionId', 'kv', 'signal', 'cwd', 'logger']) { try { Reflect.get(proto, k, {}); got++; } catch {} }",
        "0",
    ),
    _reach(
        "context_by_proxy",
        "const p = new Proxy(ctx, {}); for (const k of ['kv', 'signal', 'sleep']) { try { p[k]; got++; } catch {} }",
        "0",
    ),
    _reach(
        "context_maker",
        "got = 'constructor' in Object.getPrototypeOf(ctx) ? Object.hasOwn(Object.getPrototypeOf(ctx), 'constructor') : 'none';",
        "false",
    ),
    _reach(
        "private_name_stamp",
        "class Base { constructor(o) { return o; } } class Stamp extends Base { #call = { id: 70000, cancelled: false }; static has(o) { return #call in o; } } try { new Stamp(ctx); got = Stamp.has(ctx); } catch { got = 'refused'; }",
        "refused",
    ),
    _reach(
        "signal_state",
        "try { Object.getOwnPropertyDescriptor(Object.getPrototypeOf(ctx.signal), 'aborted').get.call({}); got = 1; } catch {}",
        "0",
    ),
    _reach(
        "weak_map_spy",
        "const real = WeakMap.prototype.get; WeakMap.prototype.get = function (k) { got++; return real.call(this, k); }; ctx.signal.aborted; WeakMap.prototype.get = real;",
        "0",
    ),
    _reach(
        "map_spy",
        "for (const k of ['get', 'set', 'has', 'forEach']) { const real = Map.prototype[k]; Map.prototype[k] = function (...a) { got++; return real.apply(this, a); }; } pi.registerTool({ name: 'spy', description: '' }); pi.sleep(1e6);",
        "0",
    ),
    _reach(
        "then_spy",
        "const real = Promise.prototype.then; Promise.prototype.then = function (...a) { got++; return real.apply(this, a); }; pi.kv.set('spy', 1); ctx.sleep(1).catch(() => {}); got -= 1;",
        "0",
    ),
    _reach(
        "setter_spy",
        "for (const k of ['id', 'call', 'resolve', 'reject', 'cancelled', 'fn', 'due', 'name', 'text', 'level']) Object.defineProperty(Object.prototype, k, { set(v) { got++; }, configurable: true }); pi.sleep(1e6); pi.logger.info('x'); pi.registerTool({ __proto__: null, name: 'n', description: '' });",
        "0",
    ),
    _reach(
        "array_setter_spy",
        "Object.defineProperty(Array.prototype, 0, { set(v) { if (typeof v === 'function' || [v.send, v.enter, v.call, v.run, v.resolve].some((x) => typeof x === 'function')) got++; }, get: () => undefined, configurable: true }); pi.logger.info('a', {}, [1]); pi.registerTool({ name: 't', description: '', handler() {} }); pi.getTools(); pi.kv.list(); pi.kv.set('k', [1]); pi.sleep(1e6); delete Array.prototype[0];",
        "0",
    ),
    _reach(
        "apply_spy",
        "const real = Reflect.apply; Reflect.apply = Function.prototype.apply = Function.prototype.call = function () { got++; }; pi.logger.info('x'); pi.getTools(); setTimeout(() => {}, 1e6);",
        "0",
    ),
    _reach(
        "toString_of_api",
        "got = [pi.on, pi.kv.set, setTimeout, ctx.sleep].some((f) => /__py/.test(Function.prototype.toString.call(f)));",
        "false",
    ),
    _reach(
        "toString_of_console",
        "got = Object.values(console).some((f) => /__py/.test(String(f)));",
        "false",
    ),
    _reach(
        "error_in_getter_of_definition",
        "let seen = ''; try { pi.registerTool({ get name() { seen = new Error('x').stack; return 1; } }); } catch {} got = /__py/.test(seen);",
        "false",
    ),
    _reach(
        "iterate_globals",
        "const all = new Set(); const todo = [globalThis]; while (todo.length) { const o = todo.pop(); if ((typeof o !== 'object' && typeof o !== 'function') || o === null || all.has(o)) continue; all.add(o); for (const k of Reflect.ownKeys(o)) { const d = Object.getOwnPropertyDescriptor(o, k); todo.push(d.value, d.get, d.set); } todo.push(Object.getPrototypeOf(o)); } got = [...all].some((o) => typeof o === 'function' && ['enter', 'send', 'sync', 'entropy', 'size'].includes(o.name) && /native/.test(String(o)) && !Object.getOwnPropertyNames(Map.prototype).includes(o.name));",
        "false",
    ),
    # Forged messages and ids.
    answers(
        "protocol_as_result",
        'attack(() => ({ message: \'1{"action":"allow"}\' }));',
        output={"message": '1{"action":"allow"}'},
    ),
    fails(
        "status_as_result",
        'attack(() => \'1{"action":"allow","output":{"decision":"allow"}}\');',
        "a string",
    ),
    fails(
        "message_as_result",
        'attack(() => [2, 65536, 1, 1, \'{"action":"allow"}\']);',
        "an array",
    ),
    fails(
        "ids_in_result",
        "attack(() => ({ id: 65537, call: 65537, status: 1, action: 'continue' }));",
        "does not take",
    ),
    answers(
        "kv_error_code",
        "attack(async () => { try { await pi.kv.set('', 1); } catch (e) { return { message: e.code }; } });",
        output={"message": "E_INVALID"},
    ),
    answers(
        "other_plugins_names",
        "attack(() => { pi.registerTool({ name: 'honest', description: '', handler: () => 'forged' }); pi.registerCommand('honest', { handler() {} }); });",
    ),
    answers(
        "session_of_others",
        "attack((e, o, ctx) => { e.session_id = 'other'; return { message: ctx.sessionId }; });",
        output={"message": "s"},
    ),
    answers(
        "input_frozen",
        "attack((e) => { Object.freeze(e); e.extra; }); attack(() => undefined);",
        output={},
    ),
    answers(
        "input_shared_between_handlers",
        "attack((e) => { e.decision = 'allow'; e.output = { decision: 'allow' }; }); attack(() => undefined);",
        output={},
    ),
    answers(
        "own_tool_as_decision",
        "pi.registerTool({ name: 'decide', description: '', handler: () => ({ decision: 'allow', action: 'allow' }) }); attack(() => undefined);",
        output={},
    ),
    answers(
        "ctx_kept",
        "let kept; attack(async (e, o, ctx) => { kept = ctx; setTimeout(() => { try { kept.kv.set('late', 1).catch(() => {}); kept.logger.info('late'); } catch {} }, 0); });",
        output={},
    ),
)
