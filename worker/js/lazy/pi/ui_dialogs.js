// Dialogs: questions to the person at the interface.
//
// Promises    What a person dismisses, what its time runs out for, what is aborted by its signal, and what is asked where nobody
//             looks, resolves as cancelled, as in pi. What the host refuses (too many dialogs, too often dismissed)
//             rejects with its ``code``, so that a loop of questions ends.
"use strict";

const { hasInterface, hostcall } = internals;
const view = require("pi/ui_view");

/** Ask and wait: the host's answer, or null when it is cancelled. */
async function ask(call, args, options) {
  if (!hasInterface()) return null;
  const signal = options?.signal ?? undefined;
  if (signal?.aborted) return null;
  const timeout = options?.timeout;
  if (typeof timeout === "number" && timeout > 0) args.timeout_ms = Math.ceil(Math.min(timeout, 2147483647));
  view.tell(); // what it may refer to
  let answer;
  try {
    answer = await hostcall(call, "ui.dialog", args, signal);
  } catch (error) {
    if (signal?.aborted || error?.code === "E_UNAVAILABLE") return null;
    throw error;
  }
  return answer.cancelled === true ? null : answer;
}

const isItem = (item) => typeof item === "object" && item !== null;

function itemLine(item) {
  if (!isItem(item)) return view.line(item);
  const shown = { label: view.line(item.label ?? item.name ?? item.value) };
  const description = item.description ?? item.detail;
  if (description !== undefined && description !== null) shown.description = view.line(description);
  return shown;
}

async function choose(call, kind, title, items, options) {
  if (!Array.isArray(items)) throw new TypeError(`${kind} needs a list of items`);
  const offered = [...items];
  if (offered.length === 0) return undefined; // there is nothing to choose
  const args = { kind, title: view.line(title), options: offered.map(itemLine) };
  if (options?.placeholder !== undefined) args.placeholder = view.line(options.placeholder);
  if (options?.message !== undefined) args.message = view.lines(options.message);
  const answer = await ask(call, args, options);
  return answer === null ? undefined : offered[answer.index];
}

/** The chosen text; of an item {label, description?, value?} its value, or its label. Undefined when cancelled. */
async function select(call, title, items, options) {
  const chosen = await choose(call, "select", title, items, options);
  return isItem(chosen) ? chosen.value ?? chosen.label : chosen;
}

/** quickPick(items, options?) or quickPick(title, items, options?): the chosen item as it was given. */
function quickPick(call, first, second, third) {
  const [title, items, options] = Array.isArray(first) ? [second?.title ?? "", first, second] : [first, second, third];
  return choose(call, "quickpick", title, items, options);
}

async function confirm(call, title, message, options) {
  const args = { kind: "confirm", title: view.line(title), message: view.lines(message) };
  return (await ask(call, args, options))?.value === true;
}

async function input(call, title, placeholder, options) {
  const args = { kind: "input", title: view.line(title), placeholder: view.line(placeholder) };
  if (options?.prefill !== undefined) args.prefill = view.line(options.prefill);
  return (await ask(call, args, options))?.value;
}

async function editor(call, title, prefill, options) {
  return (await ask(call, { kind: "editor", title: view.line(title), prefill: String(prefill ?? "") }, options))?.value;
}

Object.assign(exports, { confirm, editor, input, quickPick, select });
