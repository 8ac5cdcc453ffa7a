"""Much of everything that goes to the host: lines, hostcalls, registrations, names."""

from tests.hostile.row import Row, answers, ends, fails, floods, hangs, refused

ROWS: tuple[Row, ...] = (
    # Bounded bursts pass; what never ends is throttled, then killed as busy.
    hangs("log_loop", "attack(() => { for (;;) pi.logger.info('again'); });"),
    hangs(
        "log_levels",
        "attack(() => { for (let i = 0; ; i++) pi.logger[['debug', 'info', 'warn', 'error'][i % 4]]('x'.repeat(i % 9000)); });",
    ),
    hangs(
        "console_everything",
        "attack(() => { for (;;) { console.table(globalThis); console.dir(pi); console.trace('t'); console.group('g'); } });",
    ),
    hangs(
        "log_huge", "attack(() => { const s = 'x'.repeat(4e6); for (;;) pi.logger.warn(s); });"
    ),
    answers(
        "log_thousand", "attack(() => { for (let i = 0; i < 1000; i++) pi.logger.debug(i); });"
    ),
    answers(
        "log_one_huge",
        "attack(() => { pi.logger.error('x'.repeat(8e6), '\\u20ac'.repeat(1e6)); });",
    ),
    answers(
        "count_labels",
        "attack(() => { for (let i = 0; i < 3000; i++) { console.count('label' + i); console.time('t' + i); } });",
    ),
    floods(
        "kv_set_loop",
        "attack(() => { for (let i = 0; ; i++) pi.kv.set('k' + (i % 100), i).catch(() => {}); });",
    ),
    floods(
        "kv_set_awaited",
        "attack(async () => { for (let i = 0; ; i++) { await null; pi.kv.set('k', i).catch(() => {}); } });",
    ),
    floods(
        "kv_large_values",
        "attack(() => { const v = 'x'.repeat(5e5); for (let i = 0; ; i++) pi.kv.set('k' + (i % 4), v).catch(() => {}); });",
    ),
    floods(
        "kv_delete_loop",
        "attack(() => { for (let i = 0; ; i++) pi.kv.delete('k' + i).catch(() => {}); });",
    ),
    hangs("kv_get_loop", "attack(() => { for (;;) pi.kv.get('k'); });"),
    hangs("kv_list_loop", "attack(() => { for (;;) pi.kv.list(''); });"),
    fails(
        "kv_value_too_large", "attack(async () => { await pi.kv.set('k', 'x'.repeat(2e6)); });"
    ),
    fails(
        "kv_quota",
        "attack(async () => { for (let i = 0; i < 20; i++) await pi.kv.set('q' + i, 'x'.repeat(9e5)); });",
    ),
    answers(
        "kv_odd_keys",
        "attack(async () => { let n = 0; for (const k of ['__proto__', 'constructor', 'a\\0b', '\\ud800', '../../etc/passwd', 'x'.repeat(512)]) { try { await pi.kv.set(k, n); n += 1; } catch {} } return { message: pi.kv.list().length >= 0 ? 'm' : '' }; });",
        output={"message": "m"},
    ),
    fails(
        "kv_key_object",
        "attack(async () => { await pi.kv.set({ toString() { for (;;) {} } }, 1); });",
        "a kv key is a string",
    ),
    fails(
        "kv_value_cycle",
        "attack(async () => { const a = {}; a.a = a; await pi.kv.set('k', a); });",
        "contains itself",
    ),
    answers(
        "kv_mirror_is_a_copy",
        "attack(async () => { const v = { a: [1] }; await pi.kv.set('copy', v); v.a.push(2); pi.kv.get('copy').a.push(3); return { message: JSON.stringify(pi.kv.get('copy')) }; });",
        output={"message": '{"a":[1]}'},
    ),
    hangs(
        "hostcall_answers_pile_up",
        "attack(() => { const again = () => { for (let i = 0; i < 500; i++) pi.kv.delete('x' + i).then(again, again); }; again(); return new Promise(() => { for (;;) {} }); });",
    ),
    # Registrations.
    fails(
        "register_million",
        "attack(() => { for (let i = 0; i < 1e6; i++) pi.registerTool({ name: 't' + i, description: '' }); });",
        "more than 256",
    ),
    refused(
        "register_million_while_loading",
        "for (let i = 0; i < 1e6; i++) pi.registerTool({ name: 't' + i, description: 'd' });",
        "E_QUOTA",
    ),
    fails(
        "on_million",
        "attack(() => { for (let i = 0; i < 1e6; i++) pi.on('Stop', () => {}); });",
        "more than 256",
    ),
    fails(
        "commands_flags_shortcuts",
        "attack(() => { for (let i = 0; i < 1e5; i++) { pi.registerCommand('c' + i, { handler() {} }); pi.registerFlag('f' + i); pi.registerShortcut('s' + i, {}); pi.registerMessageRenderer('m' + i, () => {}); pi.registerProvider('p' + i, {}); } });",
        "more than 256",
    ),
    answers(
        "same_name_million",
        "attack(() => { for (let i = 0; i < 2e4; i++) pi.registerTool({ name: 'same', description: String(i) }); });",
    ),
    hangs(
        "register_unregister",
        "attack(() => { for (;;) { pi.registerTool({ name: 't', description: '' }); pi.unregisterTool('t'); } });",
    ),
    hangs(
        "register_unregister_awaited",
        "attack(async () => { for (;;) { pi.registerTool({ name: 't', description: '' }); await null; pi.unregisterTool('t'); await null; } });",
    ),
    hangs(
        "on_off_awaited",
        "attack(async () => { const f = () => {}; for (;;) { const off = pi.on('PostToolUse', f); await null; off(); await null; } });",
    ),
    hangs(
        "description_changes",
        "attack(async () => { for (let i = 0; ; i++) { pi.registerTool({ name: 't', description: 'x'.repeat(16000) + i }); await null; } });",
    ),
    answers(
        "unknown_events",
        "attack(() => { for (let i = 0; i < 2000; i++) pi.on('event' + (i % 1500), () => {}); });",
    ),
    fails(
        "giant_tool_name",
        "attack(() => { pi.registerTool({ name: 'n'.repeat(1e6), description: '' }); });",
        "a name is",
    ),
    fails(
        "giant_description",
        "attack(() => { pi.registerTool({ name: 'n', description: 'd'.repeat(1e6) }); });",
        "longer than",
    ),
    fails(
        "giant_event_name", "attack(() => { pi.on('E'.repeat(1e6), 5); });", "needs a function"
    ),
    answers(
        "giant_event_name_taken",
        "attack(() => { pi.on('E'.repeat(1e6), () => {}); pi.on('\\ud800\\0', () => {}); });",
    ),
    fails(
        "giant_schema",
        "attack(() => { pi.registerTool({ name: 'n', description: '', parameters: { enum: new Array(1e6).fill(1) } }); });",
        "more than",
    ),
    fails(
        "deep_schema",
        "attack(() => { let p = {}; for (let i = 0; i < 1000; i++) p = { properties: { p } }; pi.registerTool({ name: 'n', description: '', parameters: p }); });",
        "nested deeper",
    ),
    ends(
        "large_schemas",
        "attack(() => { for (let i = 0; i < 200; i++) pi.registerTool({ name: 'n' + i, description: 'd'.repeat(16000), parameters: { enum: new Array(500).fill('v'.repeat(20)) } }); });",
    ),
    fails(
        "giant_provider",
        "attack(() => { pi.registerProvider('p', { models: new Array(1e6).fill(0) }); });",
        "more than",
    ),
    fails(
        "name_with_path",
        "attack(() => { pi.registerTool({ name: '../../x', description: '' }); });",
        "a name is",
    ),
    fails(
        "name_with_newline",
        "attack(() => { pi.registerTool({ name: 'good\\n', description: '' }); });",
        "a name is",
    ),
    fails(
        "name_by_to_string",
        "attack(() => { pi.registerTool({ name: { toString: () => 'x' }, description: '' }); });",
        "a name is",
    ),
    fails(
        "definition_proxy",
        "attack(() => { pi.registerTool(new Proxy({}, { getPrototypeOf() { throw new Error('trap'); } })); });",
    ),
    answers(
        "definition_getters",
        "attack(() => { let n = 0; pi.registerTool({ get name() { n++; return 'once'; }, get description() { n++; return 'd'; } }); return { message: String(n) }; });",
        output={"message": "2"},
    ),
    answers(
        "once_removes_itself",
        "attack(() => { for (let i = 0; i < 500; i++) { const off = pi.once('Stop', () => {}); off(); off(); } });",
    ),
    answers(
        "handlers_register_handlers",
        "let n = 0; const f = () => { if (n++ < 100) attack(f); }; attack(f);",
        output={},
    ),
    ends(
        "unhandled_flood",
        "attack(() => { for (let i = 0; i < 2e4; i++) queueMicrotask(() => { throw new Error('x'.repeat(8000)); }); });",
    ),
    ends(
        "timer_casts",
        "attack(async () => { for (let i = 0; i < 5000; i++) { clearTimeout(setTimeout(() => {}, 1e6 - i)); await null; } });",
    ),
)
