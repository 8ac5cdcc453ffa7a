// Intl.Collator and localeCompare for English: three levels, as the Unicode collation algorithm has them.
//
// Promises    Letters by their base, then by accents, then lower before upper case; spaces and punctuation before digits
//             before letters, in the order of the standard's root table; ``numeric`` compares numbers by value.
// Gaps        Scripts other than Latin sort by code point within the script, and scripts by where Unicode put them.
"use strict";

const ORDER = "\t\n\v\f\r\u0085\u2028\u2029 _-‐‑‒–—―,;:!¡?¿.·'‘’‚‛‹›\"“”„‟«»()[]{}§¶@*/\\&#%‰†‡•`´^¯°©®+±÷×<=>|¦~";
const CURRENCIES = "¤¢$£¥";
const SYMBOLS = new Map([...ORDER].map((sign, at) => [sign, at + 1]));
const LAST_PUNCTUATION = SYMBOLS.get("•");
const OTHER_SYMBOL = 1000; // + code point: signs that are not in the list
const CURRENCY = 0x1fff00;
const DIGIT = 0x200000;
const LETTER = 0x300000;
const BEYOND = 0x400000; // + code point
const MARKS = ["\u0301", "\u0300", "\u0306", "\u0302", "\u030c", "\u030a", "\u0308", "\u030b", "\u0303", "\u0307", "\u0328", "\u0327", "\u0304"];
const EXPANSIONS = { ß: "ss", ẞ: "SS", æ: "ae", Æ: "AE", œ: "oe", Œ: "OE", þ: "th", Þ: "TH" }; // like compatibility forms
const STRUCK = { ø: "o\u0338", Ø: "O\u0338", đ: "d\u0335", Đ: "D\u0335", ł: "l\u0335", Ł: "L\u0335", ð: "d\u0335", Ð: "D\u0335" };
const UPPER = 2; // on the third level; a compatibility form is 1 more
const MAX_KEPT = 2000;

const isMark = /^\p{M}$/u;
const isLetter = /^\p{L}$/u;
const isDigit = /^\p{Nd}$/u;
const isCurrency = /^\p{Sc}$/u;
const isIgnored = /^[\p{Cc}\p{Cf}]$/u;
const isPunctuation = /^[\p{P}\p{Z}]$/u;

/** The three levels of *text*: numbers to be compared in order. */
function keyOf(text, { numeric, ignorePunctuation }) {
  const key = { first: [], second: [], third: [] };
  const points = [...text.normalize("NFD")];
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (numeric && isDigit.test(point)) {
      let end = i;
      while (end < points.length && isDigit.test(points[end])) end += 1;
      addNumber(key, points.slice(i, end).map(digitOf));
      i = end - 1;
    } else if (point <= "\x7f") addPoint(key, point, ignorePunctuation, 0);
    else {
      const compatible = EXPANSIONS[point] ?? (SYMBOLS.has(point) ? point : point.normalize("NFKD"));
      const shift = compatible === point ? 0 : 1;
      for (const part of STRUCK[compatible] ?? compatible) addPoint(key, part, ignorePunctuation, shift);
    }
  }
  return key;
}

function addPoint(key, point, ignorePunctuation, shift) {
  const symbol = SYMBOLS.get(point);
  if (symbol === undefined && isMark.test(point)) {
    const known = MARKS.indexOf(point);
    key.second.push(known < 0 ? 100 + point.codePointAt(0) : 2 + known);
    return;
  }
  if (symbol === undefined && isIgnored.test(point)) return;
  if (ignorePunctuation && (symbol !== undefined ? symbol <= LAST_PUNCTUATION : isPunctuation.test(point))) return;
  const lower = point.toLowerCase();
  key.first.push(symbol ?? weightOf(lower));
  key.second.push(1);
  key.third.push(shift + (point === lower ? 0 : UPPER));
}

function weightOf(point) {
  const code = point.codePointAt(0);
  if (code >= 97 && code <= 122) return LETTER + code;
  if (point === "ı") return LETTER + "i".charCodeAt(0) + 0.5;
  if (isCurrency.test(point)) return CURRENCY + (CURRENCIES.includes(point) ? CURRENCIES.indexOf(point) : 16 + (code & 0x7f));
  if (isDigit.test(point)) return DIGIT + 1 + digitOf(point);
  return (isLetter.test(point) ? BEYOND : OTHER_SYMBOL) + code;
}

/** Leading zeros count for nothing, then the longer number is larger. */
function addNumber(key, digits) {
  const first = digits.findIndex((digit) => digit > 0);
  const kept = first < 0 ? [0] : digits.slice(first);
  key.first.push(DIGIT + 100 + kept.length, ...kept);
  key.second.push(1);
  key.third.push(0);
}

function digitOf(point) {
  const code = point.codePointAt(0);
  if (code >= 48 && code <= 57) return code - 48;
  let zero = code; // a block of decimal digits begins with its zero
  while (code - zero < 9 && isDigit.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (code - zero) % 10;
}

function compareLevel(one, other) {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return one[i] < other[i] ? -1 : 1;
  return Math.sign(one.length - other.length);
}

function option(options, name, allowed, fallback) {
  const value = options[name];
  if (value === undefined) return fallback;
  if (!allowed.includes(`${value}`)) throw new RangeError(`Value ${value} out of range for Intl.Collator options property ${name}`);
  return `${value}`;
}

class Collator {
  #locale; #options; #compare;
  #keys = new Map();

  constructor(locales, options) {
    const requested = require("web/intl").Intl.getCanonicalLocales(locales);
    const english = requested.find((tag) => /^en(-|$)/.test(tag)) ?? "en-US";
    const extension = /-u(?:-[a-z0-9]{2,8})+/.exec(english)?.[0] ?? "";
    const given = options === undefined ? {} : Object(options);
    const usage = option(given, "usage", ["sort", "search"], "sort");
    option(given, "localeMatcher", ["lookup", "best fit"], "best fit");
    const numeric = given.numeric === undefined ? /-kn(?!-false)/.test(extension) : Boolean(given.numeric);
    const keyword = /-kf-(upper|lower|false)/.exec(extension)?.[1] ?? "false";
    const caseFirst = option(given, "caseFirst", ["upper", "lower", "false"], keyword);
    const sensitivity = option(given, "sensitivity", ["base", "accent", "case", "variant"], "variant");
    const ignorePunctuation = Boolean(given.ignorePunctuation);
    const kept = given.numeric === undefined && /-kn(?!-false)/.test(extension) ? "-kn" : "";
    const order = given.caseFirst === undefined && keyword !== "false" ? `-kf-${keyword}` : "";
    this.#locale = english.replace(/-[a-wyz0-9](?:-[a-z0-9]{2,8})+/g, "") + (kept || order ? `-u${order}${kept}` : "");
    this.#options = { usage, sensitivity, ignorePunctuation, numeric, caseFirst };
  }

  get compare() {
    this.#compare ??= (one, other) => this.#run(`${one}`, `${other}`);
    return this.#compare;
  }

  resolvedOptions() {
    const { usage, sensitivity, ignorePunctuation, numeric, caseFirst } = this.#options;
    return { locale: this.#locale, usage, sensitivity, ignorePunctuation, collation: "default", numeric, caseFirst };
  }

  static supportedLocalesOf(locales) {
    return require("web/intl").Intl.getCanonicalLocales(locales).filter((tag) => /^en(-|$)/.test(tag));
  }

  #run(one, other) {
    if (one === other) return 0;
    const { sensitivity, caseFirst } = this.#options;
    const [left, right] = [this.#key(one), this.#key(other)];
    const first = compareLevel(left.first, right.first);
    if (first !== 0 || sensitivity === "base") return first;
    if (sensitivity !== "case") {
      const second = compareLevel(left.second, right.second);
      if (second !== 0 || sensitivity === "accent") return second;
    }
    const third = compareLevel(left.third, right.third);
    return caseFirst === "upper" ? -third || 0 : third;
  }

  /** Sorting asks for the same texts again and again. */
  #key(text) {
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    if (this.#keys.size >= MAX_KEPT) this.#keys.clear();
    const made = keyOf(text, this.#options);
    if (text.length <= 200) this.#keys.set(text, made);
    return made;
  }
}
Object.defineProperty(Collator.prototype, Symbol.toStringTag, { value: "Intl.Collator", configurable: true });
Object.defineProperty(Collator, "length", { value: 0, configurable: true });

/** Intl.Collator may be called without new. */
const CallableCollator = new Proxy(Collator, {
  apply: (target, self, [locales, options]) => new target(locales, options),
});
Object.defineProperty(Collator.prototype, "constructor", { value: CallableCollator });

let plain;

function localeCompare(one, other, locales, options) {
  if (locales !== undefined || options !== undefined) return new Collator(locales, options).compare(one, other);
  plain ??= new Collator();
  return plain.compare(one, other);
}

module.exports = { Collator: CallableCollator, localeCompare };
