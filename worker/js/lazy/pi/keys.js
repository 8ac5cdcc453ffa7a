// Keys as a terminal sends them: the older sequences and those of the kitty protocol.
"use strict";

const NAMED = ["escape", "esc", "enter", "return", "tab", "space", "backspace", "delete", "insert", "clear", "home", "end", "pageUp", "pageDown",
  "up", "down", "left", "right", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12"];
const SYMBOLS = {
  backtick: "`", hyphen: "-", equals: "=", leftbracket: "[", rightbracket: "]", backslash: "\\", semicolon: ";", quote: "'", comma: ",", period: ".",
  slash: "/", exclamation: "!", at: "@", hash: "#", dollar: "$", percent: "%", caret: "^", ampersand: "&", asterisk: "*", leftparen: "(",
  rightparen: ")", underscore: "_", plus: "+", pipe: "|", tilde: "~", leftbrace: "{", rightbrace: "}", colon: ":", lessthan: "<", greaterthan: ">",
  question: "?",
};

const Key = {};
for (const name of NAMED) Key[name] = name;
Object.assign(Key, SYMBOLS);
for (const [name, modifiers] of [
  ["ctrl", "ctrl"], ["shift", "shift"], ["alt", "alt"], ["ctrlShift", "ctrl+shift"], ["shiftCtrl", "shift+ctrl"], ["ctrlAlt", "ctrl+alt"],
  ["altCtrl", "alt+ctrl"], ["shiftAlt", "shift+alt"], ["altShift", "alt+shift"], ["ctrlShiftAlt", "ctrl+shift+alt"],
]) Key[name] = (key) => `${modifiers}+${key}`;
Object.freeze(Key);

const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
const LOCKS = 64 + 128; // caps lock and num lock do not make another key

const ALIASES = { esc: "escape", return: "enter" };
const FINALS = { A: "up", B: "down", C: "right", D: "left", H: "home", F: "end", P: "f1", Q: "f2", R: "f3", S: "f4", E: "clear" };
const NUMBERS = {
  1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pageup", 6: "pagedown", 7: "home", 8: "end", 11: "f1", 12: "f2", 13: "f3", 14: "f4", 15: "f5",
  17: "f6", 18: "f7", 19: "f8", 20: "f9", 21: "f10", 23: "f11", 24: "f12",
};
const CODES = {
  9: "tab", 13: "enter", 27: "escape", 32: "space", 127: "backspace", 57414: "enter", 57417: "left", 57418: "right", 57419: "up", 57420: "down",
  57421: "pageup", 57422: "pagedown", 57423: "home", 57424: "end", 57425: "insert", 57426: "delete",
};
const PLAIN = { "\x1b": "escape", "\r": "enter", "\n": "enter", "\t": "tab", " ": "space", "\x7f": "backspace", "\b": "backspace" };

/** {key, modifiers, event} of what a terminal sent for one key; null when it is none. */
function read(data) {
  let match = /^\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::(\d))?(?:;[\d:]*)?)?u$/.exec(data); // kitty
  if (match !== null) {
    const code = Number(match[1]);
    if (code > 0x10ffff) return null;
    return { key: CODES[code] ?? String.fromCodePoint(code).toLowerCase(), modifiers: Number(match[2] || 1) - 1, event: Number(match[3] ?? 1) };
  }
  match = /^\x1b(?:\[|O)(?:1;(\d+)(?::(\d))?)?([A-FHPQRS])$/.exec(data);
  if (match !== null && FINALS[match[3]] !== undefined) {
    return { key: FINALS[match[3]], modifiers: Number(match[1] ?? 1) - 1, event: Number(match[2] ?? 1) };
  }
  match = /^\x1b\[(\d+)(?:;(\d+)(?::(\d))?)?~$/.exec(data);
  if (match !== null && NUMBERS[match[1]] !== undefined) {
    return { key: NUMBERS[match[1]], modifiers: Number(match[2] ?? 1) - 1, event: Number(match[3] ?? 1) };
  }
  match = /^\x1b\[27;(\d+);(\d+)~$/.exec(data); // xterm's modifyOtherKeys
  if (match !== null && Number(match[2]) <= 0x10ffff) {
    return { key: CODES[match[2]] ?? String.fromCodePoint(Number(match[2])).toLowerCase(), modifiers: Number(match[1]) - 1, event: 1 };
  }
  if (data === "\x1b[Z") return { key: "tab", modifiers: SHIFT, event: 1 };
  if (PLAIN[data] !== undefined) return { key: PLAIN[data], modifiers: 0, event: 1 };
  if (data.length === 2 && data[0] === "\x1b") {
    const inner = read(data[1]);
    return inner === null ? null : { ...inner, modifiers: inner.modifiers | ALT };
  }
  const code = data.codePointAt(0);
  if (code === undefined || String.fromCodePoint(code) !== data) return null;
  if (code === 0) return { key: "space", modifiers: CTRL, event: 1 };
  if (code <= 26) return { key: String.fromCharCode(code + 96), modifiers: CTRL, event: 1 };
  if (code < 32) return { key: "\\]^_"[code - 28], modifiers: CTRL, event: 1 };
  const lower = data.toLowerCase();
  return { key: lower, modifiers: lower !== data ? SHIFT : 0, event: 1 };
}

/** {key, modifiers} of a name such as "ctrl+shift+p"; the key may be "+". */
function wanted(name) {
  const parts = name.toLowerCase().split(/\+(?=.)/);
  const key = parts.pop();
  let modifiers = 0;
  for (const part of parts) modifiers |= part === "ctrl" ? CTRL : part === "shift" ? SHIFT : part === "alt" ? ALT : 0;
  return { key: ALIASES[key] ?? key, modifiers };
}

/** Whether *data*, as a terminal sends it, is the key called *name*. */
function matchesKey(data, name) {
  const got = read(data);
  if (got === null) return false;
  const want = wanted(name);
  const modifiers = got.modifiers & ~LOCKS;
  if (got.key === want.key && modifiers === want.modifiers) return true;
  // of a symbol that takes shift to type, the shift is not part of the name
  return got.key === want.key && modifiers === (want.modifiers | SHIFT) && /^[^a-z0-9]$/.test(want.key);
}

/** The name of the key that *data* is; undefined when it is none. */
function parseKey(data) {
  const got = read(data);
  if (got === null) return undefined;
  const { modifiers } = got;
  return `${modifiers & CTRL ? "ctrl+" : ""}${modifiers & SHIFT ? "shift+" : ""}${modifiers & ALT ? "alt+" : ""}${got.key}`;
}

Object.assign(exports, {
  Key,
  isKeyRelease: (data) => read(data)?.event === 3,
  isKeyRepeat: (data) => read(data)?.event === 2,
  matchesKey,
  parseKey,
});
