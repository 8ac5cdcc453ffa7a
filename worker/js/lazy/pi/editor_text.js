// The text of an editor and its steps back. A large paste stands in it as a mark.
"use strict";

const { Caret } = require("pi/editor_caret");

const MOST_LINES_PASTED = 10; // more, or more characters, are shown as a mark
const MOST_CHARS_PASTED = 1000;

/** *text* as an editor holds it. */
const normalized = (text) => text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ");

class EditorText {
  state = { lines: [""], cursorLine: 0, cursorCol: 0 };
  #pastes = new Map(); // id -> text
  #saved = [];
  caret = new Caret(this.state, this.#pastes);

  get value() {
    return this.state.lines.join("\n");
  }
  /** The text with what was pasted in the place of its marks. */
  get expanded() {
    return this.value.replace(/\[paste #(\d+)(?: (?:\+\d+ lines|\d+ chars))?\]/g, (mark, id) => this.#pastes.get(Number(id)) ?? mark);
  }

  save() {
    const { lines, cursorLine, cursorCol } = this.state;
    this.#saved.push({ lines: [...lines], cursorLine, cursorCol });
  }
  /** One step back; whether there was one. */
  restore() {
    const saved = this.#saved.pop();
    if (saved === undefined) return false;
    Object.assign(this.state, saved);
    this.caret.forgetWanted();
    return true;
  }

  /** Another text, with the cursor at its end. */
  replace(text) {
    this.state.lines = text.split("\n");
    const row = this.state.lines.length - 1;
    this.caret.to(this.state.lines[row].length, row);
  }
  /** No text, no way back. */
  clear() {
    this.replace("");
    this.#pastes.clear();
    this.#saved = [];
  }
  insert(text) {
    const { left, right } = this.caret;
    const row = this.state.cursorLine;
    const added = (left + text).split("\n");
    const col = added.at(-1).length;
    added[added.length - 1] += right;
    this.state.lines.splice(row, 1, ...added);
    this.caret.to(col, row + added.length - 1);
  }
  /** Take out *length* characters before or after the cursor; the end of a line is one. Gives them. */
  cut(isLeft, length) {
    const { lines, cursorLine, cursorCol } = this.state;
    const { value } = this;
    const at = lines.slice(0, cursorLine).reduce((sum, line) => sum + line.length + 1, cursorCol);
    const from = isLeft ? at - length : at;
    const before = value.slice(0, from).split("\n");
    this.state.lines = (value.slice(0, from) + value.slice(from + length)).split("\n");
    this.caret.to(before.at(-1).length, before.length - 1);
    return value.slice(from, from + length);
  }
  /** As above, in a step of its own: the end of the line where nothing else is on that side. "" when there is nothing. */
  remove(isLeft, length) {
    const isEdge = isLeft ? this.state.cursorCol === 0 : this.caret.isAtLineEnd;
    if (isEdge && (isLeft ? this.state.cursorLine === 0 : this.caret.isInLastLine)) return "";
    this.save();
    return this.cut(isLeft, isEdge ? 1 : length);
  }

  /** What to insert for *pasted*. */
  pasted(pasted) {
    // some terminals send the controls in a paste as keys
    const decoded = pasted.replace(/\x1b\[(\d+);5u/g, (keys, code) => (/^(?:6[5-9]|[78]\d|90|9[7-9]|1[01]\d|12[0-2])$/.test(code) ? String.fromCharCode(code & 31) : keys));
    let text = normalized(decoded).replace(/[\0-\x09\x0b-\x1f]/g, "");
    if (/^[/~.]/.test(text) && /\w$/.test(this.caret.left)) text = ` ${text}`; // a path is not the rest of a word
    const count = text.split("\n").length;
    if (count <= MOST_LINES_PASTED && text.length <= MOST_CHARS_PASTED) return text;
    const id = this.#pastes.size + 1;
    this.#pastes.set(id, text);
    return `[paste #${id} ${count > MOST_LINES_PASTED ? `+${count} lines` : `${text.length} chars`}]`;
  }
}

Object.assign(exports, { EditorText, normalized });
