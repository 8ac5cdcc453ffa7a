// Texts on a terminal: how many columns they take, and how they are cut and wrapped without breaking their colours.
"use strict";

const { eastAsianWidth } = require("vendor/width");

const RESET = "\x1b[0m";
const TAB = "   ";
// colours and the like, links and titles, and what a program says to its terminal
const escapes = () => /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]_P^][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^])/g;

let segmenter = null;

function graphemes(text) {
  if (segmenter === null) segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

function graphemeWidth(grapheme) {
  if (/^[\p{Mark}\p{Control}\p{Format}\p{Surrogate}]+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\uFE0F|\p{Regional_Indicator}/u.test(grapheme)) return 2;
  return eastAsianWidth(grapheme.codePointAt(0));
}

const isPlain = (text) => /^[\x20-\x7e]*$/.test(text);

/** How many columns *text* takes; escape sequences take none, a tab takes three. */
function visibleWidth(text) {
  if (isPlain(text)) return text.length;
  const shown = text.replace(escapes(), "").replace(/\t/g, TAB);
  if (isPlain(shown)) return shown.length;
  let width = 0;
  for (const grapheme of graphemes(shown)) width += graphemeWidth(grapheme);
  return width;
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
  for (const piece of pieces(text)) {
    if (taken + piece.width > room) break;
    result += piece.text;
    taken += piece.width;
  }
  return `${result}${RESET}${ellipsis}${pad ? " ".repeat(room - taken) : ""}`;
}

/** What is switched on after *code* on top of *active*. */
function after(active, code) {
  const style = /^\x1b\[([\d;:]*)m$/.exec(code);
  if (style === null) return active;
  return /^0*$/.test(style[1]) ? "" : active + code;
}

function wrapLine(line, width, active, lines) {
  let current = active; // the text of this line
  let column = 0;
  let word = []; // pieces since the last space
  let wordWidth = 0;
  let state = active;
  let blank = ""; // spaces before the word
  const close = () => {
    lines.push(current);
    current = state;
    column = 0;
    blank = "";
  };
  const place = () => {
    if (column > 0 && column + blank.length + wordWidth > width) close();
    else {
      current += blank;
      column += blank.length;
      blank = "";
    }
    for (const piece of word) {
      if (piece.width > 0 && column + piece.width > width && column > 0) close(); // a word longer than a line
      current += piece.text;
      column += piece.width;
      if (piece.isEscape) state = after(state, piece.text);
    }
    word = [];
    wordWidth = 0;
  };
  for (const piece of pieces(line)) {
    if (piece.text === " ") {
      if (word.length > 0) place();
      blank += " ";
      continue;
    }
    word.push(piece);
    wordWidth += piece.width;
  }
  if (word.length > 0) place();
  else if (column + blank.length <= width) current += blank;
  lines.push(current);
  return state;
}

/** *text* in lines of at most *width* columns, broken between words; each line begins with the colours that hold there. */
function wrapTextWithAnsi(text, width) {
  if (text === "") return [""];
  const lines = [];
  let active = "";
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) active = wrapLine(line, Math.max(width, 1), active, lines);
  return lines;
}

Object.assign(exports, { truncateToWidth, visibleWidth, wrapTextWithAnsi });
