// Keys that a plugin binds: registerShortcut's and pi.tui.keymap's, by their canonical names.
//
// A canonical name is lower case, its modifiers in the order ctrl+alt+shift, then a character or a named key. Which keys are
// nobody's to bind, and whose a key is that two plugins want, the host decides.
"use strict";

const { hostcall, publish, shortcuts } = internals;
const view = require("pi/ui_view");

const ALIASES = { return: "enter", esc: "escape", del: "delete", ins: "insert" };
const MODIFIERS = { ctrl: "ctrl", control: "ctrl", alt: "alt", option: "alt", shift: "shift" };
const NAMED = new Set([
  "enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up", "down", "left", "right",
  ...Array.from({ length: 12 }, (_, index) => `f${index + 1}`),
]);

const bound = new Map(); // canonical name -> {key, description, run}

/** The canonical name of the key that *name* means; "" for what is none. */
function canonical(name) {
  const text = String(name);
  const isPlus = text.endsWith("+"); // the key itself: "+" and "ctrl++"
  const parts = (isPlus ? text.slice(0, -1) : text).split("+");
  let last = parts.pop();
  if (isPlus) {
    if (last !== "") return "";
    last = "+";
  }
  const held = new Set();
  for (const part of parts) {
    const modifier = MODIFIERS[part.toLowerCase()];
    if (modifier === undefined || held.has(modifier)) return "";
    held.add(modifier);
  }
  let key = last.toLowerCase();
  if ([...last].length === 1) {
    if (key !== last && held.size === 0) held.add("shift");
    if (key === " ") key = "space";
  } else {
    key = ALIASES[key] ?? key;
    if (!NAMED.has(key)) return "";
  }
  return ["ctrl", "alt", "shift"].filter((modifier) => held.has(modifier)).map((modifier) => `${modifier}+`).join("") + key;
}

/** register(key, handler, options?), register(key, {handler or command, description?}) or register({key, ...}). */
function register(first, second, third) {
  const given = typeof first === "object" && first !== null ? first : typeof second === "function" ? { ...third, handler: second } : second ?? {};
  const wanted = typeof first === "object" && first !== null ? first.key : first;
  const key = canonical(wanted);
  if (key === "") throw new TypeError(`keymap.register: "${String(wanted).slice(0, 40)}" is no key; "Ctrl+K" or "Alt+Enter" is one`);
  const { handler, command } = given;
  if (typeof handler !== "function" && typeof command !== "string") throw new TypeError(`keymap.register: "${key}" needs a handler or a command`);
  const description = view.line(given.description ?? (typeof command === "string" ? command : ""));
  const run = typeof handler === "function" ? handler : () => hostcall(null, "command.run", { name: command, args: String(given.args ?? "") });
  const entry = { key, description, run };
  bound.set(key, entry);
  view.show("keymap", key, { description });
  return () => {
    if (bound.get(key) === entry) unregister(key);
  };
}

function unregister(name) {
  const key = canonical(name);
  if (!bound.delete(key)) return false;
  view.show("keymap", key, null);
  return true;
}

/** What this plugin has bound: [{key, description}], registerShortcut's keys with them. */
function list() {
  const all = new Map();
  for (const { info } of shortcuts.values()) all.set(canonical(info.key) || info.key, info.description);
  for (const { key, description } of bound.values()) all.set(key, description);
  return Array.from(all, ([key, description]) => ({ key, description }));
}

/** What the plugin does when *name* is pressed, or null. */
function handlerOf(name) {
  const key = canonical(name);
  const entry = bound.get(key);
  if (entry !== undefined) return entry.run;
  for (const { info, run } of shortcuts.values()) if (run !== null && canonical(info.key) === key) return run;
  return null;
}

const keymap = {};
publish(keymap, "register", register);
publish(keymap, "unregister", unregister);
publish(keymap, "list", list);

Object.assign(exports, { canonical, handlerOf, keymap: Object.freeze(keymap) });
