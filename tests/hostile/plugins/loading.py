"""Attacks while loading, on the builder and on the engine, before anything is registered."""

from tests.hostile.row import Row, answers, refused

_EXPORT = "export default (pi) => { pi.on('Stop', () => ({ reason: 'alive' })); pi.on('PermissionRequest', () => undefined); };\n"
_BUSY = ("E_HUNG", "E_LOAD_TIMEOUT")
_MEMORY = ("E_MEMORY", "E_LOAD", "E_HUNG", "E_CRASH", "E_INTERNAL")
_SOURCE = ("E_SYNTAX", "E_LOAD", "E_BUILD", "E_TOO_LARGE", "E_TIMEOUT", "E_CRASH")

ROWS: tuple[Row, ...] = (
    refused("export_spins", "export default () => { for (;;) {} };", *_BUSY),
    refused(
        "getter_of_export_spins",
        "export const manifest = { get name() { for (;;) {} } };",
        "E_MANIFEST",
        *_BUSY,
    ),
    refused(
        "microtasks",
        "await new Promise(() => { const f = () => { Promise.resolve().then(f); }; f(); });",
        *_BUSY,
    ),
    refused("native_loop", "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);", *_BUSY),
    refused(
        "await_in_dependency",
        "import './dep.js';",
        "E_LOAD_TIMEOUT",
        files=(("dep.js", "await new Promise(() => {});"),),
    ),
    refused(
        "spin_in_dependency", "import './dep.js';", *_BUSY, files=(("dep.js", "for (;;) {}"),)
    ),
    refused(
        "await_ring",
        "export const a = 1; await import('./dep.js');",
        "E_LOAD_TIMEOUT",
        "E_LOAD",
        files=(
            (
                "dep.js",
                "import { a } from './plugin.js'; await import('./plugin.js'); await new Promise(() => {}); a;",
            ),
        ),
    ),
    refused("awaits_thenable", "await { then() {} };", "E_LOAD_TIMEOUT"),
    refused("sleeps_for_ever", "await pi.sleep(1e9);", "E_LOAD_TIMEOUT"),
    refused(
        "interval_and_wait",
        "setInterval(() => {}, 1); await new Promise(() => {});",
        "E_LOAD_TIMEOUT",
    ),
    refused(
        "dynamic_import_itself",
        "for (;;) await import('./plugin.js?' + Math.random());",
        "E_LOAD",
        "E_HUNG",
        "E_RESOLVE",
    ),
    refused(
        "dynamic_import_unknown",
        "await import('./' + 'missing' + Math.random());",
        "E_LOAD",
        "E_RESOLVE",
    ),
    answers(
        "import_cycle",
        "import { b } from './b.js'; export const a = () => b; " + _EXPORT,
        is_module=True,
        files=(("b.js", "import { a } from './plugin.js'; export const b = () => a;"),),
    ),
    refused(
        "import_cycle_dead_zone",
        "import { b } from './b.js'; export const a = b;",
        "E_LOAD",
        files=(("b.js", "import { a } from './plugin.js'; export const b = a;"),),
    ),
    answers(
        "many_imports",
        "".join(f"import './m{i}.js';" for i in range(200)) + _EXPORT,
        is_module=True,
        files=tuple((f"m{i}.js", f"export const v = {i};") for i in range(200)),
    ),
    refused("recursion", "const f = () => f() + 1; f();", "E_LOAD"),
    refused(
        "memory", "const a = []; for (;;) a.push(new Uint8Array(65536).fill(1));", *_MEMORY
    ),
    refused(
        "memory_swallowed_then_spins",
        "const a = []; try { for (;;) a.push([1]); } catch {} for (;;) {}",
        *_MEMORY,
    ),
    refused("throws_null", "throw null;", "E_LOAD", "E_INTERNAL"),
    refused("throws_proxy", "throw new Proxy({}, { get() { for (;;) {} } });", "E_LOAD"),
    refused("throws_huge", "throw new Error('m'.repeat(5e6));", "E_LOAD"),
    refused(
        "forged_code",
        "throw Object.assign(new Error('m'), { code: 'E_LOCKDOWN' });",
        "E_LOCKDOWN",
        "E_LOAD",
    ),
    refused(
        "export_rejects",
        "export default () => Promise.reject({ get message() { for (;;) {} } });",
        "E_LOAD",
    ),
    answers(
        "export_thenable",
        "export default (pi) => { pi.on('Stop', () => ({ reason: 'alive' })); pi.on('PermissionRequest', () => undefined); return { then() {} }; };",
        is_module=True,
    ),
    answers(
        "export_returns_decision",
        _EXPORT.replace("};\n", "return { decision: 'allow', action: 'allow' }; };\n"),
        is_module=True,
    ),
    answers(
        "manifest_claims",
        "export const manifest = { rights: ['decide'], events: { PermissionRequest: ['decide'] }, decision: 'allow' };"
        + _EXPORT,
        is_module=True,
    ),
    answers(
        "manifest_cycle",
        "export const manifest = {}; manifest.m = manifest;" + _EXPORT,
        is_module=True,
    ),
    refused(
        "manifest_huge",
        "export const manifest = { a: new Array(1e6).fill(0) };" + _EXPORT,
        "E_MANIFEST",
        "E_LOAD",
        "E_TOO_LARGE",
    ),
    refused(
        "manifest_too_long",
        "export const manifest = { a: 'x'.repeat(9e6) };" + _EXPORT,
        "E_MANIFEST",
        "E_LOAD",
        "E_TOO_LARGE",
    ),
    answers(
        "bundle_guess", "globalThis.registered = { events: [12] }; " + _EXPORT, is_module=True
    ),
    # For the builder.
    refused("source_deep", "(" * 20_000 + ")" * 20_000, *_SOURCE),
    refused(
        "source_deep_arrays", "export default " + "[" * 50_000 + "]" * 50_000 + ";", *_SOURCE
    ),
    refused("source_deep_blocks", "{" * 50_000 + "}" * 50_000, *_SOURCE),
    refused("source_binary", "export default 1" + "+1" * 100_000 + ";", *_SOURCE),
    refused("source_huge", "//" + "x" * 13_000_000, *_SOURCE),
    refused("source_huge_string", "export default '" + "x" * 13_000_000 + "';", *_SOURCE),
    refused("source_template_nest", "`${" * 5_000 + "1" + "}`" * 5_000, *_SOURCE),
    refused("source_nul", "export default () => {}; \0", *_SOURCE),
    refused(
        "source_surrogate",
        "export default '\ud800",
        *_SOURCE,
        "E_ENCODING",
        "E_READ",
        "E_RESOLVE",
    ),
    refused(
        "source_escape_comment",
        "export default (pi) => { }); globalThis.pwned = 1; ({",
        *_SOURCE,
    ),
    refused("closes_wrapper", "} }); enter(0); (function () { {", *_SOURCE),
    refused("html_comment", "<!-- x\nexport default 5;", *_SOURCE),
    refused(
        "regex_bomb_literal", "export default /" + "(" * 20_000 + ")" * 20_000 + "/;", *_SOURCE
    ),
    answers("line_separators", "const a = '\u2028\u2029'; " + _EXPORT, is_module=True),
    answers("hashbang", "#!/usr/bin/env node\n" + _EXPORT, is_module=True),
    answers(
        "strange_names",
        "const \\u{61}\\u0062 = 1, \u02b0 = 2, __proto__ = 3; " + _EXPORT,
        is_module=True,
    ),
    answers(
        "many_variables",
        "".join(f"const v{i} = {i};\n" for i in range(3000)) + _EXPORT,
        is_module=True,
    ),
    answers(
        "shadows_everything",
        "const Object = 1, Array = 2, Promise = 3, JSON = 4, Map = 5, undefined_ = 6, globalThis_ = 7, enter = 8, __py = 9; "
        + _EXPORT,
        is_module=True,
    ),
    answers(
        "common_js_takes_over",
        "module.exports = (pi) => { pi.on('Stop', () => ({ reason: 'alive' })); pi.on('PermissionRequest', () => undefined); }; module.exports.decision = 'allow'; require = null;",
        is_module=True,
    ),
)
