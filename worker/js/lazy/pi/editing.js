// What both text fields do: words, what was cut, what can be undone, pastes that come in parts.
"use strict";

const { printableOf } = require("pi/keys");

const isBlank = (segment) => /\s/.test(segment);
const isPunctuation = (segment) => /[(){}[\]<>.,;:'"!?+\-=*/\\|&%^$#@~`]/.test(segment);
const never = () => false;

/** How many characters of *segments*, graphemes in the direction of the move, one word takes; *isWhole* knows those that are a word. */
function wordLength(segments, isWhole = never) {
  let at = 0;
  const skip = (test) => {
    while (at < segments.length && test(segments[at])) at += 1;
  };
  skip((segment) => !isWhole(segment) && isBlank(segment));
  if (at < segments.length) {
    if (isWhole(segments[at])) at += 1;
    else if (isPunctuation(segments[at])) skip((segment) => isPunctuation(segment) && !isWhole(segment));
    else skip((segment) => !isBlank(segment) && !isPunctuation(segment) && !isWhole(segment));
  }
  return segments.slice(0, at).join("").length;
}

/** What was cut, the newest last. One cut right after another makes one text. */
class KillRing {
  #texts = [];
  get size() {
    return this.#texts.length;
  }
  get newest() {
    return this.#texts.at(-1) ?? "";
  }
  push(text, { isBefore, goesOn }) {
    if (text === "") return;
    const last = goesOn ? this.#texts.pop() ?? "" : "";
    this.#texts.push(isBefore ? text + last : last + text);
  }
  rotate() {
    this.#texts.unshift(this.#texts.pop());
  }
}

/** A paste comes between two marks, in as many parts as the terminal likes. */
class PasteReader {
  #held = null;
  /** {pasted, rest} of *data*: pasted is null while it is none or not complete; rest is input after it, or null when there is none. */
  read(data) {
    const START = "\x1b[200~";
    const END = "\x1b[201~";
    let part = data;
    if (part.includes(START)) {
      this.#held = "";
      part = part.replace(START, "");
    }
    if (this.#held === null) return { pasted: null, rest: data };
    this.#held += part;
    const end = this.#held.indexOf(END);
    if (end < 0) return { pasted: null, rest: null };
    const all = this.#held;
    this.#held = null;
    return { pasted: all.slice(0, end), rest: end + END.length < all.length ? all.slice(end + END.length) : null };
  }
}

/** What *data* types into a text: a character, or several of an input method; undefined when it is a control. */
function typedText(data) {
  const printable = printableOf(data);
  if (printable !== undefined) return printable;
  return /[\0-\x1f\x7f-\x9f]/.test(data) || data === "" ? undefined : data;
}

Object.assign(exports, { KillRing, PasteReader, isBlank, typedText, wordLength });
