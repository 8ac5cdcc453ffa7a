// Keys as a terminal sends them: the older sequences (xterm's, rxvt's, the console's) and those of the kitty protocol.
"use strict";

const NAMED = ["escape", "esc", "enter", "return", "tab", "space", "backspace", "delete", "insert", "clear", "home", "end", "pageUp", "pageDown",
  "up", "down", "left", "right", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12"];
const SYMBOLS = {
  backtick: "`", hyphen: "-", equals: "=", leftbracket: "[", rightbracket: "]", backslash: "\\", semicolon: ";", quote: "'", comma: ",", period: ".",
  slash: "/", exclamation: "!", at: "@", hash: "#", dollar: "$", percent: "%", caret: "^", ampersand: "&", asterisk: "*", leftparen: "(",
  rightparen: ")", underscore: "_", plus: "+", pipe: "|", tilde: "~", leftbrace: "{", rightbrace: "}", colon: ":", lessthan: "<", greaterthan: ">",
  question: "?",
};
const COMBINED = [["ctrl", "shift"], ["ctrl", "alt"], ["shift", "alt"], ["ctrl", "super"], ["shift", "super"], ["alt", "super"]];

const Key = {};
for (const name of NAMED) Key[name] = name;
Object.assign(Key, SYMBOLS);
const joined = (modifiers) => {
  const name = modifiers[0] + modifiers.slice(1).map((one) => one[0].toUpperCase() + one.slice(1)).join("");
  Key[name] = (key) => `${modifiers.join("+")}+${key}`;
};
for (const one of ["ctrl", "shift", "alt", "super"]) joined([one]);
for (const pair of COMBINED) {
  joined(pair);
  joined([pair[1], pair[0]]);
}
joined(["ctrl", "shift", "alt"]);
joined(["ctrl", "shift", "super"]);
Object.freeze(Key);

const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
const SUPER = 8;
const LOCKS = 64 + 128; // caps lock and num lock do not make another key
const BITS = { shift: SHIFT, alt: ALT, ctrl: CTRL, super: SUPER };

const ALIASES = { esc: "escape", return: "enter", pageup: "pageUp", pagedown: "pageDown" };
const FINALS = { A: "up", B: "down", C: "right", D: "left", H: "home", F: "end", P: "f1", Q: "f2", R: "f3", S: "f4", E: "clear" };
const NUMBERS = {
  1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pageUp", 6: "pageDown", 7: "home", 8: "end", 11: "f1", 12: "f2", 13: "f3", 14: "f4", 15: "f5",
  17: "f6", 18: "f7", 19: "f8", 20: "f9", 21: "f10", 23: "f11", 24: "f12",
};
const CODES = {
  9: "tab", 13: "enter", 27: "escape", 32: "space", 127: "backspace", 57409: ".", 57410: "/", 57411: "*", 57412: "-", 57413: "+", 57414: "enter",
  57415: "=", 57416: ",", 57417: "left", 57418: "right", 57419: "up", 57420: "down", 57421: "pageUp", 57422: "pageDown", 57423: "home",
  57424: "end", 57425: "insert", 57426: "delete",
};
for (let digit = 0; digit < 10; digit++) CODES[57399 + digit] = String(digit); // the keypad's
const PLAIN = { "\x1b": "escape", "\r": "enter", "\n": "enter", "\t": "tab", " ": "space", "\x7f": "backspace", "\b": "backspace", "\x1bOM": "enter" };
const CONSOLE = { A: "f1", B: "f2", C: "f3", D: "f4", E: "f5", "5~": "pageUp", "6~": "pageDown" };
const RXVT = { a: "up", b: "down", c: "right", d: "left", e: "clear" };
const ALT_ARROWS = { b: "left", f: "right", p: "up", n: "down", B: "left", F: "right" }; // what a Mac sends for them

const keyOf = (code) => CODES[code] ?? (code <= 0x10ffff ? String.fromCodePoint(code) : null);
const isKnown = (key) => /^[\x20-\x7e]$/.test(key) || key.length > 1;
const KITTY = /^\x1b\[(\d+)(?::(\d*))?(?::(\d+))?(?:;(\d*)(?::(\d))?(?:;[\d:]*)?)?u$/;
const MODIFY_OTHER = /^\x1b\[27;(\d+);(\d+)~$/;

/** What the sequence *data* says: [{key, modifiers, event}], the likeliest first; none when it is no key. */
function readSequence(data) {
  let match = KITTY.exec(data);
  if (match !== null) {
    const modifiers = Number(match[4] || 1) - 1;
    const event = Number(match[5] ?? 1);
    let key = keyOf(Number(match[1]));
    if (key === null) return [];
    if (modifiers & SHIFT && /^[A-Z]$/.test(key)) key = key.toLowerCase();
    // of a keyboard with other letters, the key at that place of a Latin one
    const base = match[3] !== undefined && !isKnown(key) ? keyOf(Number(match[3])) : null;
    const own = { key, modifiers, event };
    return base === null ? [own] : [{ key: base, modifiers, event }, own];
  }
  match = MODIFY_OTHER.exec(data);
  if (match !== null) {
    const modifiers = Number(match[1]) - 1;
    const key = keyOf(Number(match[2]));
    return key === null ? [] : [{ key: modifiers & SHIFT && /^[A-Z]$/.test(key) ? key.toLowerCase() : key, modifiers, event: 1 }];
  }
  match = /^\x1b(?:\[|O)(?:1;(\d+)(?::(\d))?)?([A-FHPQRS])$/.exec(data);
  if (match !== null && FINALS[match[3]] !== undefined) {
    return [{ key: FINALS[match[3]], modifiers: Number(match[1] ?? 1) - 1, event: Number(match[2] ?? 1) }];
  }
  match = /^\x1b\[(\d+)(?:;(\d+)(?::(\d))?)?([~$^])$/.exec(data);
  if (match !== null && NUMBERS[match[1]] !== undefined) {
    const rxvt = match[4] === "$" ? SHIFT : match[4] === "^" ? CTRL : 0;
    return [{ key: NUMBERS[match[1]], modifiers: (Number(match[2] ?? 1) - 1) | rxvt, event: Number(match[3] ?? 1) }];
  }
  match = /^\x1b(\[|O)([a-e])$/.exec(data);
  if (match !== null) return [{ key: RXVT[match[2]], modifiers: match[1] === "[" ? SHIFT : CTRL, event: 1 }];
  match = /^\x1b\[\[(.~?)$/.exec(data);
  if (match !== null && CONSOLE[match[1]] !== undefined) return [{ key: CONSOLE[match[1]], modifiers: 0, event: 1 }];
  if (data === "\x1b[Z") return [{ key: "tab", modifiers: SHIFT, event: 1 }];
  return [];
}

/** The readings of one character, as terminals have sent it for fifty years: some are two keys. */
function readCharacter(data) {
  const found = [];
  const add = (key, modifiers) => found.push({ key, modifiers, event: 1 });
  if (PLAIN[data] !== undefined) add(PLAIN[data], 0);
  const code = data.codePointAt(0);
  if (code === undefined || String.fromCodePoint(code) !== data) return found;
  if (code === 0) add("space", CTRL);
  else if (code <= 26) add(String.fromCharCode(code + 96), CTRL);
  else if (code === 31) {
    add("-", CTRL);
    add("_", CTRL);
  } else if (code < 32) add("[\\]^"[code - 27], CTRL);
  else if (PLAIN[data] === undefined) {
    if (data.toLowerCase() !== data) add(data.toLowerCase(), SHIFT);
    else add(data, 0);
  }
  return found;
}

let last = { data: null, readings: [] }; // an editor asks many times about one key

function readings(data) {
  if (data === last.data) return last.readings;
  let found = readSequence(data);
  if (found.length === 0 && data.length === 2 && data[0] === "\x1b") {
    const arrow = ALT_ARROWS[data[1]];
    found = arrow === undefined ? [] : [{ key: arrow, modifiers: ALT, event: 1 }];
    const alone = data[1] === "\x1b" ? readCharacter(data[1]).slice(1) : readCharacter(data[1]); // twice escape is no alt+escape
    for (const one of alone) found.push({ ...one, modifiers: one.modifiers | ALT });
  } else if (found.length === 0) found = readCharacter(data);
  last = { data, readings: found };
  return found;
}

/** {key, modifiers} of a name such as "ctrl+shift+p"; the key may be "+". */
function wanted(name) {
  const parts = name.toLowerCase().split(/\+(?=.)/);
  const key = parts.pop();
  let modifiers = 0;
  for (const part of parts) modifiers |= BITS[part] ?? 0;
  return { key: ALIASES[key] ?? key, modifiers };
}

/** Whether *data*, as a terminal sends it, is the key called *name*. */
function matchesKey(data, name) {
  const want = wanted(name);
  // of a symbol that takes shift to type, the shift is not part of the name
  const other = /^[^a-z0-9]$/.test(want.key) ? want.modifiers | SHIFT : want.modifiers;
  return readings(data).some((got) => {
    const modifiers = got.modifiers & ~LOCKS;
    return got.key === want.key && (modifiers === want.modifiers || modifiers === other);
  });
}

/** The name of the key that *data* is; undefined when it is none. */
function parseKey(data) {
  if (/^[\x21-\x7e]$/.test(data)) return data;
  const got = readings(data)[0];
  if (got === undefined) return undefined;
  const modifiers = got.modifiers & ~LOCKS;
  if ((modifiers & ~(SHIFT | ALT | CTRL | SUPER)) !== 0) return undefined;
  const names = ["shift", "ctrl", "alt", "super"].filter((name) => modifiers & BITS[name]);
  return [...names, got.key].join("+");
}

/** The character that a sequence of the kitty protocol types; undefined when it types none. */
function decodeKittyPrintable(data) {
  const match = KITTY.exec(data);
  if (match === null) return undefined;
  const modifiers = (Number(match[4] || 1) - 1) & ~LOCKS;
  if ((modifiers & ~SHIFT) !== 0) return undefined;
  const code = modifiers & SHIFT && match[2] ? Number(match[2]) : Number(match[1]);
  const key = code < 32 ? null : code === 32 ? " " : keyOf(code);
  return key !== null && [...key].length === 1 ? key : undefined;
}

/** The character that one key types, whatever way it was sent; undefined when it types none. */
function printableOf(data) {
  const match = MODIFY_OTHER.exec(data);
  if (match === null) return decodeKittyPrintable(data);
  const code = Number(match[2]);
  const isTyped = ((Number(match[1]) - 1) & ~LOCKS & ~SHIFT) === 0;
  return isTyped && code >= 32 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

Object.assign(exports, {
  Key,
  decodeKittyPrintable,
  isKeyRelease: (data) => readings(data)[0]?.event === 3,
  isKeyRepeat: (data) => readings(data)[0]?.event === 2,
  matchesKey,
  parseKey,
  printableOf,
});
