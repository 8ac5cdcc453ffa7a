"""What no attacker needed to write: the mistakes of authors, which cost the others as little as attacks do."""

from tests.hostile.row import Row, answers, fails, refused, waits

ROWS: tuple[Row, ...] = (
    fails("undefined_variable", "attack(() => decision);", "decision"),
    fails("null_access", "attack((e) => e.tool_input.command);", "command"),
    fails("returns_text", "attack(() => 'deny');", "a string"),
    fails("returns_true", "attack(() => true);", "a boolean"),
    fails("returns_number", "attack(() => 0);", "a number"),
    fails("returns_null", "attack(() => null);", "null"),
    fails("misspelt_field", "attack(() => ({ desicion: 'deny' }));", "does not take"),
    fails("misspelt_word", "attack(() => ({ decision: 'denied' }));", "must be"),
    fails("boolean_decision", "attack(() => ({ decision: false }));", "must be"),
    fails("empty_block", "attack(() => ({ block: '' }));"),
    answers("block_false", "attack(() => ({ block: false }));", output={}),
    answers("block_true", "attack(() => ({ block: true }));", action="deny"),
    answers(
        "block_on_permission",
        "attack(() => ({ action: 'block', output: 'why' }));",
        action="deny",
    ),
    fails("other_events_field", "attack(() => ({ modified_prompt: 'x' }));", "does not take"),
    fails("message_object", "attack(() => ({ message: { text: 'x' } }));", "must be a string"),
    answers(
        "forgotten_await",
        "attack(() => { (async () => { await null; return { decision: 'deny' }; })(); });",
        output={},
    ),
    answers("forgotten_return", "attack(() => { ({ decision: 'deny' }); });", output={}),
    fails(
        "forgotten_catch",
        "attack(async () => { await Promise.reject(new Error('mine')); });",
        "mine",
    ),
    waits(
        "forgotten_resolve",
        "attack(() => new Promise((resolve) => { resolve.called = true; }));",
    ),
    fails(
        "not_a_handler",
        "try { attack(5); } catch (e) { attack(() => { throw e; }); }",
        "needs a function",
    ),
    fails(
        "missing_description",
        "try { pi.registerTool({ name: 'x' }); } catch (e) { attack(() => { throw e; }); }",
        "description",
    ),
    fails(
        "handler_is_text",
        "try { pi.registerTool({ name: 'x', description: '', handler: 'run' }); } catch (e) { attack(() => { throw e; }); }",
        "must be a function",
    ),
    fails(
        "tier_unknown",
        "try { pi.registerTool({ name: 'x', description: '', tier: 'admin' }); } catch (e) { attack(() => { throw e; }); }",
        "tier",
    ),
    fails("node_module_used", "attack(() => require('fs').readFileSync('/etc/passwd'));"),
    answers(
        "process_env",
        "attack(() => ({ message: [process.env.HOME, Object.keys(process.env).length].join() }));",
        output={"message": ",0"},
    ),
    fails("fetch_denied", "attack(() => fetch('http://localhost'));", "http_hosts"),
    fails("dom_missing", "attack(() => document.title);", "document"),
    answers(
        "clock",
        "attack(() => ({ message: typeof new Date().toString() + typeof new Date(2020, 1).getTimezoneOffset() + typeof new Date().toLocaleString() }));",
        output={"message": "stringnumberstring"},
    ),
    answers(
        "random_and_clock",
        "attack(() => ({ message: String(Math.random() < 1 && performance.now() > 0 && Date.now() > 0) }));",
        output={"message": "true"},
    ),
    answers(
        "mutates_output_and_returns",
        "attack((e, o) => { o.message = 'a'; return { message: 'b' }; });",
        output={"message": "b"},
    ),
    answers(
        "registers_in_handler",
        "attack(() => { pi.on('PermissionRequest', () => ({ decision: 'deny' })); });",
        output={},
    ),
    answers(
        "removes_in_handler",
        "const f = () => { pi.off('PermissionRequest', f); }; attack(f);",
        output={},
    ),
    answers(
        "same_handler_twice",
        "const f = () => ({ message: 'm' }); attack(f); attack(f);",
        output={"message": "m"},
    ),
    refused(
        "export_missing_import",
        "import { nothing } from './dep.js'; nothing();",
        "E_LOAD",
        "E_SYNTAX",
        "E_RESOLVE",
        files=(("dep.js", "export const other = 1;"),),
    ),
    refused("require_of_module", "const x = require('./missing.js');", "E_LOAD", "E_RESOLVE"),
    refused("assigns_constant", "const a = 1; a = 2;", "E_LOAD", "E_SYNTAX"),
    refused("reads_before_definition", "x; let x = 1;", "E_LOAD"),
    refused(
        "class_default",
        "export default class { constructor() { throw new Error('mine'); } }",
        "E_LOAD",
    ),
)
