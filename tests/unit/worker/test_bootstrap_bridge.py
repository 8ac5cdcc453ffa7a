"""Hostcalls, cancellation, timers, and the key-value mirror."""

import json

import pytest

from tests.unit.worker.js_support import OP_COMMAND, Failed, Js, Json, JsonObject, as_object
from worker import engine as engine_module

WAITS = "pi.on('PostToolUse', async (i, o, ctx) => { try { await ctx.kv.set('k', 1); return {modified_output: 'done'}; } catch (e) { return {modified_output: e.code}; } });"


def test_an_answer_resumes_the_handler() -> None:
    """The hostcall carries the id of its call; one result comes when it is answered."""
    js = Js()
    js.plugin(WAITS)
    id_, given = js.start_event("PostToolUse", {})
    ((hostcall, call, args),) = js.hostcalls("kv.set")
    assert (given, call, args, js.results(id_)) == (None, id_, {"key": "k", "value": 1}, [])
    js.answer(hostcall)
    js.answer(hostcall)

    assert js.result(id_, None) == {"action": "continue", "output": {"modified_output": "done"}}


def test_an_error_of_the_host_has_its_code() -> None:
    """An Error with message and code, which the plugin can catch."""
    js = Js()
    js.plugin(WAITS)
    id_, _ = js.start_event("PostToolUse", {})
    js.answer(js.hostcalls("kv.set")[0][0], error={"code": "E_QUOTA", "message": "full"})

    assert js.result(id_, None) == {
        "action": "continue",
        "output": {"modified_output": "E_QUOTA"},
    }


def test_cancel_rejects_what_the_call_waits_for() -> None:
    """The handler unwinds with E_CANCELLED and still answers once; a late answer is nobody's."""
    js = Js()
    js.plugin(WAITS)
    id_, _ = js.start_event("PostToolUse", {})
    other, _ = js.start_event("PostToolUse", {})
    js.cancel(id_)
    js.cancel(id_)

    assert js.result(id_, None) == {
        "action": "continue",
        "output": {"modified_output": "E_CANCELLED"},
    }
    assert js.results(other) == []
    for hostcall, _, _ in js.hostcalls("kv.set"):
        js.answer(hostcall)
    assert js.result(other, None) == {
        "action": "continue",
        "output": {"modified_output": "done"},
    }
    assert len(js.results(id_)) == 1


def test_a_cancelled_call_can_start_nothing_new() -> None:
    """Its hostcalls and sleeps reject at once; the instance's own work goes on."""
    js = Js()
    js.plugin(
        "pi.on('PostToolUse', async (i, o, ctx) => { const got = []; for (const f of [() => ctx.sleep(1e6), () => ctx.kv.set('a', 1), () => ctx.sleep(1), () => ctx.kv.delete('a')])"
        " await f().catch((e) => got.push(e.code)); try { ctx.kv.get('a'); } catch (e) { got.push(e.code); } pi.kv.set('b', 1); return {modified_output: got}; });"
    )
    id_, _ = js.start_event("PostToolUse", {})
    js.cancel(id_)

    assert js.result(id_, None) == {
        "action": "continue",
        "output": {"modified_output": ["E_CANCELLED"] * 5},
    }
    assert [(n, args["key"]) for _, n, args in js.hostcalls("kv.set")] == [(0, "b")]


def test_the_signal_tells_of_a_cancellation() -> None:
    """Listeners, onabort, aborted and reason; a listener that throws is reported and stops nobody."""
    js = Js()
    js.plugin(
        "pi.registerTool({name: 't', description: 'd', execute: (id, p, signal) => new Promise((resolve) => {"
        " const gone = () => console.log('gone'); signal.addEventListener('abort', gone); signal.removeEventListener('abort', gone);"
        " signal.onabort = () => { throw new Error('listener'); };"
        " signal.addEventListener('abort', (e) => resolve([e.type, e.target === signal, signal.aborted, signal.reason.code])); })});"
    )
    id_, _ = js.start_tool("t")
    js.cancel(id_)

    assert js.result(id_, None) == {"output": ["abort", True, True, "E_CANCELLED"]}
    assert js.logged() == []
    assert "listener" in js.unhandled()[0]


def test_a_call_that_never_settles_sends_nothing() -> None:
    """And one that was answered takes no second result, nor a cancellation."""
    js = Js()
    js.plugin("pi.on('Stop', () => new Promise(() => {})); pi.on('TurnEnd', () => {});")
    id_, _ = js.start_event("Stop", {})
    js.cancel(id_)

    assert js.results(id_) == []


def test_too_large_arguments_never_leave() -> None:
    """The promise rejects with E_TOO_LARGE."""
    js = Js()
    js.plugin(
        "pi.on('PostToolUse', () => pi.kv.set('k', 'x'.repeat(70000)).catch((e) => ({modified_output: e.code})));"
    )

    assert js.event("PostToolUse")["output"] == {"modified_output": "E_TOO_LARGE"}
    assert js.hostcalls("kv.set") == []


# timers


def test_the_one_earliest_wake_up_is_asked_for() -> None:
    """Coalesced to one cast an entry; replaced when it changes, withdrawn when nothing is left."""
    js = Js()
    js.plugin(
        "let a, b; pi.on('TurnStart', () => { a = setTimeout(() => {}, 50000); b = setTimeout(() => {}, 20000); setTimeout(() => {}, 90000); });"
        "pi.on('Stop', () => clearTimeout(b)); pi.on('TurnEnd', () => { clearTimeout(a); });"
    )
    for name in ("TurnStart", "Stop", "Stop", "TurnEnd"):
        js.event(name)

    waits = [round(float(str(cast["in_ms"])) / 1000) for cast in js.casts("timer")]
    assert waits == [20, 50, 90]


def test_clearing_the_last_timer_withdraws_the_wake_up() -> None:
    """null: no wake-up is wanted. Numbers and handles both clear."""
    js = Js()
    js.plugin(
        "let t; pi.on('TurnStart', () => { t = setInterval(() => {}, 60000); t.unref().ref(); }); pi.on('Stop', () => { clearTimeout(Number(t)); clearInterval(t); clearTimeout(undefined); clearTimeout({}); clearTimeout(null); });"
    )
    js.event("TurnStart")
    js.event("Stop")

    assert js.casts("timer")[-1] == {"in_ms": None}


def drain(js: Js, most: int = 50) -> None:
    """Wake as long as something is due at once."""
    for _ in range(most):
        seen = len(js.casts("timer"))
        js.wake()
        if js.casts("timer")[seen:] == [] or js.casts("timer")[-1]["in_ms"] is None:
            return


def test_timers_fire_in_order_with_jobs_between_them() -> None:
    """One callback a WAKE: promise jobs of the first run before the second."""
    js = Js()
    js.plugin(
        "pi.on('Stop', () => { setImmediate((x) => { console.log('a', x); Promise.resolve().then(() => Promise.resolve()).then(() => console.log('job')); }, 'arg');"
        " setImmediate(() => console.log('b')); });"
    )
    js.event("Stop")
    assert js.casts("timer") == [{"in_ms": 0}]
    js.wake()
    assert js.logged() == ["a arg", "job"]
    assert js.casts("timer")[-1]["in_ms"] == 0
    js.wake()

    assert js.logged() == ["a arg", "job", "b"]


def test_an_early_wake_runs_nothing() -> None:
    """The runtime judges by its own clock and asks again."""
    js = Js()
    js.plugin("pi.on('Stop', () => { setTimeout(() => console.log('late'), 60000); });")
    js.event("Stop")
    js.wake()

    assert js.logged() == []
    assert len(js.casts("timer")) == 2


def test_an_interval_comes_again_until_it_is_cleared() -> None:
    """Also when its callback throws, or clears it from inside."""
    js = Js()
    js.plugin(
        "pi.on('Stop', () => { let n = 0; const t = setInterval(() => { n++; console.log(n); if (n === 3) clearInterval(t); throw new Error('tick'); }, 1); });"
        "pi.on('TurnEnd', () => { const end = performance.now() + 2; while (performance.now() < end); });"
    )
    js.event("Stop")
    for _ in range(5):
        js.event("TurnEnd")
        js.wake()

    assert js.logged() == ["1", "2", "3"]
    assert len(js.unhandled()) == 3


def test_a_timer_starts_anew_when_it_is_refreshed() -> None:
    """Before it ran, after it ran, from inside; not when it was cleared, nor beyond the bound on timers."""
    js = Js()
    js.plugin(
        "const run = (name) => console.log(name); const pass = () => { const end = performance.now() + 3; while (performance.now() < end); };"
        "const kept = setTimeout(run, 2, 'kept'), gone = setTimeout(run, 1, 'gone'), closed = setTimeout(run, 1, 'closed'); let turns = 0;"
        "const own = setTimeout(() => { run('own'); turns++; if (turns < 3) own.refresh(); }, 1); clearTimeout(gone); gone.refresh(); closed.close().refresh();"
        "{ using scoped = setTimeout(run, 1, 'scoped'); } const every = setInterval(() => { run('every'); clearInterval(every); every.refresh(); }, 1);"
        "pi.on('TurnEnd', pass); pi.on('Stop', () => { kept.refresh(); console.log([kept.hasRef(), gone.hasRef(), kept.refresh() === kept, typeof +kept].join()); });"
    )
    for _ in range(6):
        js.event("TurnEnd")
        js.wake()
    assert sorted(js.logged()) == ["every", "kept", "own", "own", "own"]
    js.event("Stop")
    js.event("TurnEnd")
    js.wake()

    assert js.logged()[5:] == ["true,false,true,number", "kept"]


def test_sleep_is_a_promise_and_needs_no_cap() -> None:
    """A long one is asked for a day at a time; a short one resolves on its WAKE."""
    js = Js()
    js.plugin(
        "pi.on('PostToolUse', async (i, o, ctx) => { pi.sleep(1e12); await pi.sleep(0); await ctx.sleep(0); return {modified_output: 'slept'}; });"
    )
    id_, _ = js.start_event("PostToolUse", {})
    drain(js)

    assert js.result(id_, None) == {
        "action": "continue",
        "output": {"modified_output": "slept"},
    }
    assert js.casts("timer")[-1] == {"in_ms": 86400000}


def test_timers_are_bounded() -> None:
    """Above the bound setTimeout throws E_QUOTA."""
    js = Js()
    js.plugin(
        "pi.on('Stop', () => { try { for (;;) setTimeout(() => {}, 1e6); } catch (e) { return {reason: e.code}; } });"
    )

    assert js.event("Stop")["output"] == {"reason": "E_QUOTA"}


def test_a_timer_handle_is_only_a_handle() -> None:
    """It converts to its number, knows whether it is pending, and makes no other."""
    js = Js()
    js.plugin(
        "pi.on('Stop', () => { const t = setTimeout(() => {}, 1e6); const was = t.hasRef(); t.close(); return {reason: [typeof +t, was, t.hasRef(), t.constructor === Object].join()}; });"
    )

    assert js.event("Stop")["output"] == {"reason": "number,true,false,true"}


# kv


def kv(js: Js, expression: str) -> Json:
    """The value of *expression* in a plugin that loaded ``pi.on('PostToolUse', ...)`` with eval."""
    result = js.event("PostToolUse", {"tool_output": expression})
    output = result["output"]
    assert isinstance(output, dict)
    return output["modified_output"]


def kv_plugin(entries: JsonObject) -> Js:
    """A plugin that evaluates what it is sent, over a store of *entries*."""
    js = Js()
    js.kv = entries
    js.plugin(
        "pi.on('PostToolUse', async (i) => { const v = await (0, eval)(i.tool_output); return {modified_output: v === undefined ? 'undefined' : v}; });"
    )
    return js


def test_get_answers_at_once_from_a_mirror() -> None:
    """Loaded at the first need, null when absent, a fresh copy each time."""
    js = kv_plugin({"a": {"x": [1]}, "n": 1, "__proto__": "p", "constructor": "c"})
    assert js.syncs == []

    assert kv(js, "pi.kv.get('a').x.push(2), pi.kv.get('a')") == {"x": [1]}
    assert kv(
        js,
        "[pi.kv.get('none'), pi.kv.get('n'), pi.kv.get('toString'), pi.kv.get('__proto__'), pi.kv.get('constructor')]",
    ) == [None, 1, None, "p", "c"]
    assert kv(js, "pi.kv.list()") == ["__proto__", "a", "constructor", "n"]
    assert kv(js, "pi.kv.list('co').map((k) => k.length)") == [11]
    assert [name for _, name, _ in js.syncs] == ["kv.load"]


def test_own_writes_are_seen_at_once_and_durable_later() -> None:
    """set and delete resolve on the host's answer."""
    js = kv_plugin({"gone": 1})

    assert kv(
        js,
        "(pi.kv.get('a'), void pi.kv.set('a', {v: 1}).then(() => console.log('durable')), void pi.kv.delete('gone'), [pi.kv.get('a'), pi.kv.get('gone')])",
    ) == [{"v": 1}, None]
    assert js.logged() == []
    js.answer(js.hostcalls("kv.set")[0][0])
    assert js.logged() == ["durable"]
    assert js.hostcalls("kv.delete")[0][2] == {"key": "gone"}


def test_a_failed_write_is_taken_back() -> None:
    """The mirror is read again, with what is still on its way on top."""
    js = kv_plugin({"a": "old", "b": "old"})
    kv(
        js,
        "(pi.kv.get('a'), pi.kv.set('a', 'new').catch((e) => console.log(e.code)), void pi.kv.set('b', 'new'))",
    )
    js.answer(js.hostcalls("kv.set")[0][0], error={"code": "E_QUOTA", "message": "full"})

    assert js.logged() == ["E_QUOTA"]
    assert kv(js, "[pi.kv.get('a'), pi.kv.get('b')]") == ["old", "new"]
    assert len(js.syncs) == 2


def test_other_writers_are_pushed() -> None:
    """Not over a write of ours that has not been answered: it comes after theirs."""
    js = kv_plugin({"a": 1, "b": 1, "c": 1})
    js.push({"topic": "kv", "set": {"early": 1}})
    assert kv(js, "pi.kv.list()") == ["a", "b", "c"]
    kv(js, "void pi.kv.set('c', 'ours')")
    js.push({"topic": "kv", "set": {"a": 2, "c": "theirs"}, "delete": ["b"]})

    assert kv(js, "['a', 'b', 'c'].map((k) => pi.kv.get(k))") == [2, None, "ours"]


@pytest.mark.parametrize(
    "expression",
    [
        "pi.kv.set('', 1)",
        "pi.kv.set(1, 1)",
        "pi.kv.set('k'.repeat(513), 1)",
        "pi.kv.set('k', undefined)",
        "pi.kv.set('k', () => 1)",
        "pi.kv.set('k', 1n)",
        "pi.kv.delete()",
    ],
)
def test_bad_writes_reject(expression: str) -> None:
    """As promises: set never throws."""
    js = kv_plugin({})

    assert kv(js, f"{expression}.catch((e) => e.code)") == "E_INVALID"
    assert js.hostcalls("kv.set") == js.hostcalls("kv.delete") == []


def test_a_denied_load_is_an_error_with_its_code() -> None:
    """get throws it; nothing is remembered of the failure."""
    js = kv_plugin({"a": 1})
    js.sync_answer = '2{"code":"E_DENIED","message":"no kv"}'
    assert (
        kv(js, "(() => { try { pi.kv.get('a'); } catch (e) { return e.code; } })()")
        == "E_DENIED"
    )
    js.sync_answer = None

    assert kv(js, "pi.kv.get('a')") == 1


def test_kv_works_while_loading() -> None:
    """Real plugins read their state at the top of the module."""
    js = Js()
    js.kv = {"mode": "on"}
    js.load(
        "const mode = pi.kv.get('mode'); exports.default = (jcode) => { jcode.registerTool({name: mode, description: ''}); };"
    )

    with pytest.raises(Failed, match='tool "on"'):
        js.tool("on")


ABORTABLE = """
const part = { abort: null };
pi.registerCommand("go", { handler: () => new Promise((resolve) => {
  const listeners = new Set();
  const signal = {
    aborted: false, reason: undefined,
    addEventListener: (type, fn) => listeners.add(fn),
    removeEventListener: (type, fn) => listeners.delete(fn),
  };
  part.abort = (reason) => { signal.aborted = true; signal.reason = reason; for (const fn of [...listeners]) fn(); };
  pi.probe(signal).then((value) => resolve({ output: { value, listeners: listeners.size } }),
    (error) => resolve({ output: { error: error.message, listeners: listeners.size } }));
}) });
pi.on("Notification", () => part.abort(new Error("enough")));
"""


@pytest.fixture
def abortable(monkeypatch: pytest.MonkeyPatch) -> Js:
    """A runtime in which ``pi.probe(signal)`` is a hostcall with that signal."""
    source = engine_module.bootstrap_source()
    marked = source.replace(
        "function makeApi() {\n  const api = {};",
        "function makeApi() {\n  const api = {};\n"
        "  publish(api, 'probe', (signal) => hostcall(null, 'probe', { __proto__: null }, signal));",
    )
    assert marked != source
    monkeypatch.setattr(engine_module, "bootstrap_source", lambda: marked)
    return Js()


def test_an_aborted_hostcall_rejects_with_the_reason_and_the_host_is_told(
    abortable: Js,
) -> None:
    """At once; the answer that comes all the same finds nobody, and no listener is left behind."""
    js = abortable
    js.plugin(ABORTABLE)
    id_ = js.next_id()
    js.enter(OP_COMMAND, id_, 0, json.dumps({"name": "go", "args": "", "ctx": {}}))
    ((hostcall, _, _),) = js.hostcalls("probe")
    js.event("Notification", {"level": "info", "message": "m"})
    js.answer(hostcall, "late")

    assert js.casts("cancel") == [{"id": hostcall}]
    result = as_object(js.result(id_, None))
    assert result["output"] == {"error": "enough", "listeners": 0}


def test_an_answered_hostcall_listens_no_more(abortable: Js) -> None:
    """An abort after the answer tells the host nothing."""
    js = abortable
    js.plugin(ABORTABLE)
    id_ = js.next_id()
    js.enter(OP_COMMAND, id_, 0, json.dumps({"name": "go", "args": "", "ctx": {}}))
    ((hostcall, _, _),) = js.hostcalls("probe")
    js.answer(hostcall, "in time")
    js.event("Notification", {"level": "info", "message": "m"})

    assert js.casts("cancel") == []
    assert as_object(js.result(id_, None))["output"] == {"value": "in time", "listeners": 0}


@pytest.mark.parametrize("signal", ["1", "'x'", "{}", "{addEventListener: 1}"])
def test_a_signal_that_is_none_is_refused_before_anything_is_sent(
    abortable: Js, signal: str
) -> None:
    """A mistake of the author."""
    js = abortable
    js.plugin(
        f"pi.registerCommand('go', {{ handler: async () => pi.probe({signal}).catch((e) => ({{ output: e.name }})) }});"
    )

    assert js.command("go")["output"] == "TypeError"
    assert js.hostcalls("probe") == []


def test_one_that_is_aborted_already_is_not_sent(abortable: Js) -> None:
    """Without a reason of its own it is a cancellation like any."""
    js = abortable
    js.plugin(
        "pi.registerCommand('go', { handler: async () => "
        "pi.probe({ aborted: true }).catch((e) => ({ output: e.code })) });"
    )

    assert js.command("go")["output"] == "E_CANCELLED"
    assert js.hostcalls("probe") == []


def test_timers_run_in_the_order_of_their_times() -> None:
    """Thousands, some cleared: one that was set later, for no shorter a time, never runs first."""
    js = Js()
    js.plugin("""
      const ran = [];
      let seed = 7;
      const random = (below) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % below; };
      pi.on("Stop", () => {
        let last = 0;
        const handles = [];
        for (let i = 0; i < 3000; i++) {
          const delay = 1 + random(40);
          const due = performance.now() + delay;
          last = Math.max(last, due);
          handles.push([setTimeout(() => ran.push([delay, i]), delay), i]);
        }
        const cleared = new Set();
        for (let i = 0; i < 2500; i++) {
          const [handle, number] = handles[random(3000)];
          clearTimeout(handle);
          cleared.add(number);
        }
        while (performance.now() < last + 1);  // until all are due
        globalThis.left = handles.filter(([, n]) => !cleared.has(n)).length;
      });
      pi.on("Notification", () => ({
        modified_message: JSON.stringify({
          left: globalThis.left,
          ran: ran.length,
          sorted: ran.every(([d, n], at) => ran.slice(0, at).every(([e, m]) => m < n || e < d)),
        }),
      }));
    """)
    js.event("Stop")
    for _ in range(3200):
        js.wake()
    told = js.event("Notification", {"level": "info", "message": "m"})

    found = json.loads(str(as_object(told["output"])["modified_message"]))
    assert found["ran"] == found["left"]
    assert 0 < found["left"] < 3000
    assert found["sorted"]
