// What the plugin wants shown: a value for an area and a key, told to the host once per entry, the newest of each.
//
// Promises    Nothing is told to a host that has no view (``instance.ui`` undefined). Without an interface values are told all
//             the same: one that is opened later shows them. The host judges, cleans and bounds; what is cut here only keeps
//             a mistake small.
"use strict";

const { cast, coalesced, hasInterface, instance, reportUnhandled } = internals;

const MAX_TELL_CHARS = 262144;
const MAX_TELL_OPS = 500;
const MAX_LINES = 1000; // more than any interface takes
const MAX_LINE_CHARS = 4096;

const wanted = new Map(); // "area key" -> {area, key, value}
const beforeTelling = []; // what draws, so that it is drawn once
const onState = []; // what depends on the size or the colours

const mark = coalesced(tell);

/** Show plain data *value* as *key* of *area*; null takes it away. */
function show(area, key, value) {
  if (instance.ui === undefined) return;
  const name = `${area} ${key}`;
  wanted.delete(name); // the newest comes last
  wanted.set(name, { area, key, value });
  mark();
}

/** Tell now, before something that refers to what is shown. */
function tell() {
  run(beforeTelling);
  let ops = [];
  let chars = 0;
  for (const op of wanted.values()) {
    const size = JSON.stringify(op).length;
    if (ops.length >= MAX_TELL_OPS || (ops.length > 0 && chars + size > MAX_TELL_CHARS)) {
      cast(null, "ui.set", { ops });
      ops = [];
      chars = 0;
    }
    ops.push(op);
    chars += size;
  }
  wanted.clear();
  if (ops.length > 0) cast(null, "ui.set", { ops });
}

/** News from the host: the interface was opened or closed, or has another size or other colours. */
function push(message) {
  instance.ui = message.state ?? null;
  run(onState);
}

function run(acts) {
  for (const act of [...acts]) { // one may take another away
    try {
      act();
    } catch (error) {
      reportUnhandled(error);
    }
  }
}

/** One line of text out of anything. */
function line(value) {
  return String(value ?? "").slice(0, MAX_LINE_CHARS);
}

/** A list of lines out of a text or a list. */
function lines(value) {
  const list = Array.isArray(value) ? value.slice(0, MAX_LINES) : String(value ?? "").split("\n", MAX_LINES);
  return list.map(line);
}

/** Change what is known of the interface until it says so itself. */
function assume(changes) {
  if (hasInterface()) instance.ui = { ...instance.ui, ...changes };
}

Object.assign(exports, { assume, beforeTelling, line, lines, mark, onState, push, show, tell });
