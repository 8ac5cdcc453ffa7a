"""Globals that are evaluated at first use: what they look like, what they cost, what they keep to themselves."""

from typing import Final

import pytest

from tests.unit.worker.js_support import Js, as_object

GLOBALS: Final = (
    "URL", "URLSearchParams", "TextEncoder", "TextDecoder", "Event", "EventTarget", "AbortController", "AbortSignal",
    "structuredClone", "Blob", "File", "FormData", "crypto", "CryptoKey", "performance", "ReadableStream",
    "TransformStream", "WritableStream", "Intl",
)  # fmt: skip
OBJECTS: Final = {"Intl", "crypto", "performance"}

SPY: Final = """
  const seen = new Set();
  const note = Set.prototype.add.bind(seen);
  for (const holder of [Object, Reflect, Array, Function.prototype, Array.prototype, Map.prototype, Set.prototype, WeakMap.prototype, String.prototype, Promise.prototype, Object.prototype, JSON, Math]) {
    for (const key of Reflect.ownKeys(holder)) {
      const found = Reflect.getOwnPropertyDescriptor(holder, key);
      if (typeof found.value !== "function" || key === "constructor" || key === "bind" || !found.configurable) continue;
      const real = found.value;
      const apply = real.call ? Function.prototype.call.bind(Function.prototype.apply, real) : undefined;
      Reflect.defineProperty(holder, key, { ...found, value: new Proxy(real, { apply(target, self, args) {
        note(self);
        for (let i = 0; i < args.length; i++) note(args[i]);
        return apply(self, args);
      } }) });
    }
  }
"""
"""Wraps every built-in, so that whatever is handed to one of them is seen."""


@pytest.mark.parametrize("name", GLOBALS)
def test_a_lazy_global_is_as_elsewhere(name: str) -> None:
    """Not enumerable, replaceable; typeof is right the first time; an ordinary property once it was used."""
    js = Js()
    js.plugin(
        f"const before = Object.getOwnPropertyDescriptor(globalThis, '{name}');"
        f"const kind = typeof {name};"
        f"const after = Object.getOwnPropertyDescriptor(globalThis, '{name}');"
        f"const named = typeof {name} === 'function' ? {name}.name : null; {name} = 1; const replaced = {name}; delete globalThis.{name};"
        f"pi.on('Stop', () => ({{reason: JSON.stringify([before.enumerable, before.configurable, kind, after.writable, after.enumerable,"
        f"  after.configurable, named, replaced, '{name}' in globalThis])}}));"
    )

    kind, named = ('"object"', "null") if name in OBJECTS else ('"function"', f'"{name}"')
    assert (
        as_object(js.event("Stop")["output"])["reason"]
        == f"[false,true,{kind},true,false,true,{named},1,false]"
    )


def test_a_global_can_be_replaced_before_it_is_used() -> None:
    """By an assignment, and then the part is never evaluated."""
    js = Js()
    js.plugin("URL = 'mine'; pi.on('Stop', () => ({reason: URL}));")

    assert js.event("Stop")["output"] == {"reason": "mine"}


@pytest.mark.parametrize("name", GLOBALS)
def test_no_function_of_the_runtime_passes_through_a_built_in(name: str) -> None:
    """A plugin that wraps every built-in sees the part's own work, and none of what the part works with."""
    internals = {
        "reportUnhandled", "watchPromise", "startTimer", "entropy", "hostcall", "hostcallSync", "cast", "lazy", "enter",
        "send", "sync",
    }  # fmt: skip
    js = Js()
    js.plugin(
        f"{SPY} let used = typeof {name};"
        "try { crypto.getRandomValues(new Uint8Array(4)); crypto.randomUUID(); } catch {}"
        "try { const t = new EventTarget(); t.addEventListener('x', async () => { throw new Error('seen'); }); t.dispatchEvent(new Event('x')); } catch {}"
        "try { AbortSignal.timeout(1); const c = new AbortController(); AbortSignal.any([c.signal]); c.abort(); } catch {}"
        "pi.on('Stop', (input, output, ctx) => { try { ctx.signal.aborted; } catch {} const names = [];"
        "  seen.forEach((one) => { if (typeof one === 'function') names[names.length] = one.name; }); return {reason: names.join()}; });"
    )
    seen = str(as_object(js.event("Stop")["output"])["reason"]).split(",")

    assert seen != [""]
    assert internals.isdisjoint(seen)


def test_the_signal_of_a_call_is_an_abort_signal() -> None:
    """Of the plugin's own AbortSignal, also for AbortSignal.any; its reason is what libraries look for."""
    js = Js()
    js.plugin(
        "pi.on('PreToolUse', (event, output, ctx) => new Promise((resolve) => {"
        "  const any = AbortSignal.any([ctx.signal, new AbortController().signal]);"
        "  any.addEventListener('abort', () => { const { name, code } = any.reason; console.log([ctx.signal instanceof AbortSignal, ctx.signal.aborted, name, code].join()); resolve(); }); }));"
    )
    id_, given = js.start_event("PreToolUse", {"tool_name": "bash", "tool_input": {}})
    assert given is None
    js.cancel(id_)

    assert js.logged() == ["true,true,AbortError,E_CANCELLED"]


def test_an_idle_worker_pays_for_names_only() -> None:
    """All globals together cost the heap less than one of them would when it is evaluated."""
    idle = Js().engine.heap_bytes()
    used = Js()
    used.plugin("new URL('http://a/')")

    assert used.engine.heap_bytes() - idle > 500_000
    assert idle < 900_000
