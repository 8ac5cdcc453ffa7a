// Texts on a terminal: how many columns they take, and how they are cut and wrapped without breaking their colours.
"use strict";

const { Style } = require("pi/style");
const { eastAsianWidth } = require("vendor/width");

const RESET = "\x1b[0m";
const TAB = "   ";
// colours and the like, links and titles, and what a program says to its terminal
const escapes = () => /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]_P^][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^])/g;

const isPlain = (text) => /^[\x20-\x7e]*$/.test(text);
const MOST_KEPT = 256; // texts whose graphemes are remembered: a component asks for the same ones at every key
const LONGEST_KEPT = 1024; // characters

let segmenter = null;
const kept = new Map(); // text -> its graphemes

function graphemes(text) {
  if (isPlain(text)) return [...text];
  const known = kept.get(text);
  if (known !== undefined) return [...known];
  if (segmenter === null) segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const found = [];
  const segment = (part) => {
    for (const one of part === "" ? [] : segmenter.segment(part)) found.push(one.segment);
  };
  let from = 0;
  for (const match of text.matchAll(/[\x20-\x7e]+(?![^\x20-\x7e])/g)) { // but for the last one before a mark, each is one
    segment(text.slice(from, match.index));
    found.push(...match[0]);
    from = match.index + match[0].length;
  }
  segment(text.slice(from));
  if (text.length <= LONGEST_KEPT) {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(text, found);
  }
  return [...found];
}

function graphemeWidth(grapheme) {
  if (/^[\p{Mark}\p{Control}\p{Format}\p{Surrogate}]+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator}/u.test(grapheme)) return 2;
  const [first, ...rest] = grapheme;
  let width = eastAsianWidth(first.codePointAt(0));
  for (const mark of rest) if (/[\uFF00-\uFFEF\u0E33\u0EB3]/.test(mark)) width += 1; // marks that take a column of their own
  return width;
}

/** How many columns *text* takes; escape sequences take none, a tab takes three. */
function visibleWidth(text) {
  if (isPlain(text)) return text.length;
  const shown = text.replace(escapes(), "").replace(/\t/g, TAB);
  if (isPlain(shown)) return shown.length;
  let width = 0;
  for (const grapheme of graphemes(shown)) width += graphemeWidth(grapheme);
  return width;
}

/** *text* without escape sequences and controls; lines and tabs stay. */
function plainText(text) {
  return text.replace(escapes(), "").replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}

/** *text* in pieces: escape sequences, and graphemes with their width. */
function pieces(text) {
  const found = [];
  const add = (plain) => {
    if (plain === "") return;
    for (const part of isPlain(plain) ? plain : graphemes(plain.replace(/\t/g, TAB))) {
      found.push({ text: part, width: isPlain(part) ? 1 : graphemeWidth(part), isEscape: false });
    }
  };
  let from = 0;
  for (const match of text.matchAll(escapes())) {
    add(text.slice(from, match.index));
    found.push({ text: match[0], width: 0, isEscape: true });
    from = match.index + match[0].length;
  }
  add(text.slice(from));
  return found;
}

/** *text* in at most *maxWidth* columns; what was cut is told by *ellipsis*, and *pad* fills what is left with spaces. */
function truncateToWidth(text, maxWidth, ellipsis = "...", pad = false) {
  const width = visibleWidth(text);
  if (width <= maxWidth) return pad ? text + " ".repeat(maxWidth - width) : text;
  const room = maxWidth - visibleWidth(ellipsis);
  if (room <= 0) return pieces(ellipsis).slice(0, Math.max(maxWidth, 0)).map((piece) => piece.text).join("");
  let taken = 0;
  let result = "";
  let pending = ""; // escape sequences before what may not fit
  for (const piece of pieces(text)) {
    if (taken + piece.width > room) break;
    pending += piece.text;
    taken += piece.width;
    if (piece.isEscape) continue;
    result += pending;
    pending = "";
  }
  return `${result}${RESET}${ellipsis}${pad ? " ".repeat(room - taken) : ""}`;
}

/** The pieces of *line* in words and the spaces between them; an escape sequence belongs to what follows it. */
function words(line) {
  const found = [];
  let pending = [];
  let word = null;
  for (const piece of pieces(line)) {
    if (piece.isEscape) {
      pending.push(piece);
      continue;
    }
    const isBlank = piece.text === " ";
    if (word === null || word.isBlank !== isBlank) {
      word = { isBlank, pieces: [], width: 0 };
      found.push(word);
    }
    word.pieces.push(...pending, piece);
    word.width += piece.width;
    pending = [];
  }
  if (word !== null) word.pieces.push(...pending);
  return found;
}

function wrapLine(line, width, style, lines) {
  const from = lines.length;
  let current = style.opening;
  let column = 0;
  const put = (piece) => {
    if (piece.isEscape) style.read(piece.text);
    current += piece.text;
    column += piece.width;
  };
  const close = (trim) => {
    lines.push((trim ? current.trimEnd() : current) + style.lineEnd);
    current = style.opening;
    column = 0;
  };
  for (const word of words(line)) {
    if (word.width > width && !word.isBlank) {
      if (column > 0) close(false);
      for (const piece of word.pieces) {
        if (column > 0 && column + piece.width > width) close(false);
        put(piece);
      }
      continue;
    }
    if (column > 0 && column + word.width > width) {
      close(true);
      if (word.isBlank) { // a line does not begin with the spaces that did not fit
        for (const piece of word.pieces) if (piece.isEscape) put(piece);
        continue;
      }
    }
    for (const piece of word.pieces) put(piece);
  }
  if (current !== "") lines.push(current);
  for (let i = from; i < lines.length; i++) lines[i] = lines[i].trimEnd();
}

/** *text* in lines of at most *width* columns, broken between words; each line begins with the colours that hold there. */
function wrapTextWithAnsi(text, width) {
  if (text === "") return [""];
  const lines = [];
  const style = new Style();
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    if (visibleWidth(line) > width) {
      const before = lines.length;
      wrapLine(line, Math.max(width, 1), style, lines);
      if (lines.length === before) lines.push("");
      continue;
    }
    lines.push(style.opening + line);
    for (const match of line.matchAll(escapes())) style.read(match[0]);
  }
  return lines;
}

/** The part of *text* from column *from* on, *count* columns of it; no half of a wide character. */
function sliceColumns(text, from, count) {
  let column = 0;
  let result = "";
  for (const piece of pieces(text)) {
    if (column >= from && column < from + count && column + piece.width <= from + count) result += piece.text;
    column += piece.width;
    if (column >= from + count) break;
  }
  return result;
}

/** *text* from column *from* on, in the styles that hold there; a space for the half of a wide character. */
function restFrom(text, from) {
  const style = new Style();
  let column = 0;
  let result = "";
  for (const piece of pieces(text)) {
    if (column < from) {
      if (piece.isEscape) style.read(piece.text);
      column += piece.width;
      if (column >= from) result = style.opening + " ".repeat(column - from);
    } else result += piece.text;
  }
  return result;
}

Object.assign(exports, { graphemes, plainText, restFrom, sliceColumns, truncateToWidth, visibleWidth, wrapTextWithAnsi });
