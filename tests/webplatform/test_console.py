"""What console writes, call by call, beside what Node's writes."""

import json
import subprocess
from typing import Final

from tests.unit.worker.js_support import Js
from tests.webplatform.table import HERE

CALLS: Final = (HERE / "console_calls.txt").read_text().splitlines()
WITHIN_S: Final = 60
DIFFERS: Final = {
    # A log is the only sight of a plugin that most people get: one level more of it is shown.
    "console.log({ a: { b: { c: { d: 1 } } } })": "{ a: { b: { c: { d: 1 } } } }",
    "console.log([[1, [2, [3, [4]]]]])": "[ [ 1, [ 2, [ 3, [Array] ] ] ] ]",
    "console.log({ a: [new Map([[1, { b: new Date(0) }]])] })": "{ a: [ Map(1) { 1 => { b: 1970-01-01T00:00:00.000Z } } ] }",
    # What only an engine's own debugger could see is not guessed.
    "console.log(new WeakMap())": "WeakMap {}",
    "console.log(new WeakSet())": "WeakSet {}",
    "console.log(Promise.resolve(5))": "[Promise]",
    # No code of a function in a log, no hidden properties, and nothing turned into [object Object].
    'console.log("%s", () => 1)': "[Function (anonymous)]",
    'console.log("%o", "s")': "s",
    "console.assert(0, { a: 1 })": "Assertion failed: { a: 1 }",
}
"""The calls that are meant to differ, and what they write."""


def test_console_writes_what_node_writes() -> None:
    """Levels, directives, values, groups, counters and tables; but for what DIFFERS explains."""
    done = subprocess.run(
        ["node", str(HERE / "console_in_node.js")],
        input=json.dumps(CALLS),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    theirs = dict(zip(CALLS, json.loads(done.stdout), strict=True))
    ours = {call: written(call) for call in CALLS}

    assert {call: text for call, text in ours.items() if text != theirs[call]} == DIFFERS
    assert len(CALLS) >= 100


def written(call: str) -> str:
    """The lines that a fresh plugin's call logs."""
    js = Js()
    js.plugin(call)
    return "\n".join(js.logged())


def test_levels_are_those_of_the_log() -> None:
    """Console's five become the four of the log."""
    js = Js()
    js.plugin(
        "console.log('a'); console.info('a'); console.warn('a'); console.error('a'); console.debug('a');"
    )

    assert [line["level"] for line in js.casts("log")] == [
        "info",
        "info",
        "warn",
        "error",
        "debug",
    ]


def test_showing_a_value_runs_none_of_its_code() -> None:
    """No getter, toString, toJSON, Symbol.toPrimitive, toStringTag or inspect method is called."""
    js = Js()
    js.plugin(
        "let ran = 0; const code = { get() { ran++; return 'x'; } }; const method = () => { ran++; return 'x'; };"
        "const trap = () => Object.defineProperties({ toString: method, toJSON: method, [Symbol.toPrimitive]: method, [Symbol.for('nodejs.util.inspect.custom')]: method, inspect: method },"
        "  { a: { ...code, enumerable: true }, [Symbol.toStringTag]: code, message: code, stack: code, name: code, length: code, size: code, source: code, flags: code });"
        "for (const make of [() => new Map([[trap(), trap()]]), () => new Set([trap()]), () => [trap()], () => /x/, () => new Date(0), () => new Uint8Array(1), () => new Number(1), () => new String('s'), () => new Error('e'), () => () => 1, () => new (class A {})()]) {"
        "  const value = Object.defineProperties(make(), Object.getOwnPropertyDescriptors({})); for (const [key, one] of Object.entries(Object.getOwnPropertyDescriptors(trap()))) { try { Object.defineProperty(value, key, one); } catch {} }"
        "  console.log(value); console.log('%s %O %j', value, value, 1); }"
        "console.error('ran ' + ran);"
    )

    assert js.logged()[-1] == "ran 0"


def test_what_is_shown_is_bounded() -> None:
    """In depth, in width and in length, however large the value is."""
    js = Js()
    js.plugin(
        "console.log(new Array(1e9)); console.log(new Map(Array.from({length: 1e5}, (_, i) => [i, i])).size, new Set(Array.from({length: 1e5}, (_, i) => i)));"
        "console.log(new Uint8Array(1e6)); const deep = {}; let at = deep; for (let i = 0; i < 1e4; i++) at = at.x = {}; console.log(deep); console.table(Array.from({length: 1e4}, () => 'x'.repeat(10)));"
    )

    assert len(js.logged()) == 5
    assert all(len(line) <= 1100 for line in js.logged())
