"""Promise jobs, timers and awaits: work that comes back by itself."""

from tests.hostile.row import Row, answers, eats, ends, fails, hangs, waits

ROWS: tuple[Row, ...] = (
    hangs(
        "microtask_chain",
        "attack(() => new Promise(() => { const f = () => queueMicrotask(f); f(); }));",
    ),
    hangs(
        "microtask_doubling",
        "attack(() => new Promise(() => { const f = () => { queueMicrotask(f); if (Math.random() < 0.0001) queueMicrotask(f); }; f(); }));",
    ),
    eats(  # every round begins two more
        "then_chain",
        "attack(() => new Promise(() => { const f = () => Promise.resolve().then(f).then(f).catch(f); f(); }));",
    ),
    hangs(
        "async_generator",
        "attack(async () => { for await (const x of (async function* () { for (;;) yield 1; })()) x; });",
    ),
    hangs(
        "for_await_sync",
        "attack(async () => { for await (const x of { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) }) x; });",
    ),
    hangs(
        "await_swallowing",
        "attack(async () => { for (;;) { try { await null; throw 1; } catch { continue; } } });",
    ),
    hangs(
        "signal_ignored",
        "attack(async (e, o, ctx) => { while (!ctx.never) await ctx.signal.aborted; });",
    ),
    hangs(
        "abort_listener_spins",
        "attack((e, o, ctx) => new Promise(() => { ctx.signal.addEventListener('abort', () => { for (;;) {} }); }));",
    ),
    hangs(
        "abort_listener_chains",
        "attack((e, o, ctx) => new Promise(() => { ctx.signal.onabort = () => { const f = () => queueMicrotask(f); f(); }; }));",
    ),
    hangs(
        "cancelled_sleep_retries",
        "attack(async (e, o, ctx) => { for (;;) { try { await ctx.sleep(5); } catch { continue; } } });",
    ),
    hangs(
        "cancelled_kv_retries",
        "attack(async (e, o, ctx) => { await ctx.sleep(250).catch(() => 0); for (;;) { try { await ctx.kv.set('k', 1); } catch {} } });",
    ),
    waits("never_settles", "attack(() => new Promise(() => {}));"),
    waits(
        "awaits_itself",
        "attack(async () => { let r; const p = new Promise((x) => { r = x; }); r(p.then(() => p)); await p; });",
    ),
    waits("sleeps_for_ever", "attack(() => pi.sleep(Infinity));"),
    waits("sleeps_past", "attack((e, o, ctx) => ctx.sleep(1e9));"),
    waits("interval_only", "attack(() => new Promise(() => { setInterval(() => {}, 1); }));"),
    waits(
        "rearming_timer",
        "attack(() => new Promise(() => { const f = () => setTimeout(f, 0); f(); }));",
    ),
    waits(
        "rearming_immediate",
        "attack(() => new Promise(() => { const f = () => setImmediate(f); f(); }));",
    ),
    waits("race_of_nothing", "attack(() => Promise.race([]));"),
    waits("any_pending", "attack(() => Promise.any([new Promise(() => {})]));"),
    waits(
        "listener_adds_listeners",
        "attack((e, o, ctx) => new Promise(() => { const s = ctx.signal; const f = () => s.addEventListener('abort', () => f()); f(); f(); }));",
    ),
    waits(
        "unwinds_with_allow",
        "attack(async (e, o, ctx) => { try { await ctx.sleep(1e6); } catch { return { decision: 'allow' }; } });",
    ),
    fails(
        "self_resolving",
        "attack(async () => { let r; const p = new Promise((x) => { r = x; }); r(p); await p; });",
    ),
    fails(
        "timer_million",
        "attack(() => { for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6); });",
        "more than 10000 timers",
    ),
    ends(
        "sleep_million",
        "attack(async () => { const all = []; for (let i = 0; i < 20000; i++) all.push(pi.sleep(1e6)); await Promise.all(all); });",
    ),
    answers(
        "timer_delays",
        "attack(() => { for (const d of [-1, NaN, Infinity, -Infinity, 2 ** 53, 1e308, '1', {}, null, undefined, [], 1n, () => 1]) setTimeout(() => {}, d); });",
    ),
    fails("timer_delay_symbol", "attack(() => { setTimeout(() => {}, Symbol('s')).x = 1; });"),
    answers(
        "timer_delay_object",
        "attack(() => { let ran = 0; setTimeout(() => {}, { valueOf() { ran++; return 1; }, toString() { ran++; return '1'; } }); return { message: String(ran) }; });",
        output={"message": "0"},
    ),
    fails(
        "timer_text",
        "attack(() => { setTimeout('globalThis.x = 1', 0); });",
        "needs a function",
    ),
    answers(
        "timer_ids",
        "attack(() => { for (let i = -1; i < 100; i++) { clearTimeout(i); clearTimeout(String(i)); clearTimeout({ valueOf: () => i }); } clearTimeout(NaN); clearInterval(null); });",
    ),
    waits(
        "clears_foreign_sleep",
        "attack((e, o, ctx) => { const p = ctx.sleep(1e6); for (let i = 0; i < 1e4; i++) clearTimeout(i); return p; });",
    ),
    answers(
        "timer_handle_forged",
        "attack(() => { const h = setTimeout(() => {}, 1e6); const f = Object.create(Object.getPrototypeOf(h)); let threw = 0; for (const m of ['close', 'hasRef']) { try { f[m](); } catch { threw++; } } return { message: String(threw) }; });",
        output={"message": "2"},
    ),
    ends(
        "thenable_chain",
        "attack(async () => { let t = { then(f) { f(1); } }; for (let i = 0; i < 1e5; i++) { const u = t; t = { then(f) { f(u); } }; } await t; });",
    ),
    ends(
        "promise_tower",
        "attack(() => { let p = Promise.resolve(1); for (let i = 0; i < 5e4; i++) { const q = p; p = new Promise((r) => r(q)); } return p.then(() => undefined); });",
    ),
    answers(
        "late_work",
        "attack(() => { setTimeout(() => { pi.logger.info('late'); }, 0); Promise.resolve().then(() => pi.logger.info('job')); });",
    ),
    answers(
        "resolve_twice",
        "attack(() => new Promise((resolve, reject) => { resolve({ decision: 'deny' }); resolve({ decision: 'allow' }); reject(new Error('x')); }));",
        action="deny",
    ),
    answers(
        "job_throws_null",
        "attack(() => { queueMicrotask(() => { throw null; }); Promise.resolve().then(() => { throw undefined; }); });",
    ),
    answers(
        "async_iterator_unfinished",
        "attack(async () => { const it = (async function* () { try { yield 1; } finally { await new Promise(() => {}); } })(); await it.next(); it.return(); });",
    ),
)
