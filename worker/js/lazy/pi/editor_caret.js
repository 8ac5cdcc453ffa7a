// The cursor of an editor: where it is in the lines, and how it moves.
"use strict";

const { wordLength } = require("pi/editing");
const { isMark, seenAt, seenLines, segmentsOf } = require("pi/editor_lines");

class Caret {
  width = 80; // of the lines when they were last seen
  #state; // {lines, cursorLine, cursorCol}, the editor's
  #pastes; // id -> text
  #wanted = null; // the column that moves up and down keep to, where a line was too short for it
  #before = null; // where the cursor would be if it had not been put at the start of a mark

  constructor(state, pastes) {
    this.#state = state;
    this.#pastes = pastes;
  }

  get line() {
    return this.#state.lines[this.#state.cursorLine] ?? "";
  }
  get left() {
    return this.line.slice(0, this.#state.cursorCol);
  }
  get right() {
    return this.line.slice(this.#state.cursorCol);
  }
  get isAtLineEnd() {
    return this.#state.cursorCol >= this.line.length;
  }
  get isInLastLine() {
    return this.#state.cursorLine >= this.#state.lines.length - 1;
  }
  pieces(text) {
    return segmentsOf(text, this.#pastes).map((segment) => segment.text);
  }
  /** How long the piece before the cursor is, and that after it. */
  get leftLength() {
    return this.pieces(this.left).at(-1)?.length ?? 0;
  }
  get rightLength() {
    return this.pieces(this.right)[0]?.length ?? 0;
  }
  get wordLeftLength() {
    return wordLength(this.pieces(this.left).reverse(), isMark);
  }
  get wordRightLength() {
    return wordLength(this.pieces(this.right), isMark);
  }

  to(col, row = this.#state.cursorLine) {
    this.#state.cursorLine = row;
    this.#state.cursorCol = col;
    this.#wanted = null;
    this.#before = null;
  }
  forgetWanted() {
    this.#wanted = null;
  }

  lineStart() {
    this.to(0);
  }
  lineEnd() {
    this.to(this.line.length);
  }
  #toEndOfLineBefore() {
    const row = this.#state.cursorLine - 1;
    if (row >= 0) this.to(this.#state.lines[row].length, row);
  }
  #toNextLine() {
    if (!this.isInLastLine) this.to(0, this.#state.cursorLine + 1);
  }
  moveLeft() {
    if (this.#state.cursorCol > 0) this.to(this.#state.cursorCol - this.leftLength);
    else this.#toEndOfLineBefore();
  }
  moveRight() {
    if (!this.isAtLineEnd) this.to(this.#state.cursorCol + this.rightLength);
    else if (!this.isInLastLine) this.#toNextLine();
    else {
      const seen = this.seen();
      this.#wanted = this.#state.cursorCol - seen[this.#at(seen)].from;
    }
  }
  wordLeft() {
    if (this.#state.cursorCol > 0) this.to(this.#state.cursorCol - this.wordLeftLength);
    else this.#toEndOfLineBefore();
  }
  wordRight() {
    if (!this.isAtLineEnd) this.to(this.#state.cursorCol + this.wordRightLength);
    else this.#toNextLine();
  }

  /** To the next *character*, or to the one before; where there is none the cursor stays. */
  jump(character, isForward) {
    const { lines, cursorLine, cursorCol } = this.#state;
    for (let row = cursorLine; row >= 0 && row < lines.length; row += isForward ? 1 : -1) {
      const isHere = row === cursorLine;
      if (isHere && !isForward && cursorCol === 0) continue;
      const at = isForward
        ? lines[row].indexOf(character, isHere ? cursorCol + 1 : 0)
        : lines[row].lastIndexOf(character, isHere ? cursorCol - 1 : Infinity);
      if (at >= 0) {
        this.to(at, row);
        return;
      }
    }
  }

  seen() {
    return seenLines(this.#state.lines, this.width, this.#pastes);
  }
  #at(seen) {
    return seenAt(seen, this.#state.cursorLine, this.#state.cursorCol);
  }
  get isOnFirstSeen() {
    return this.#at(this.seen()) === 0;
  }
  get isOnLastSeen() {
    const seen = this.seen();
    return this.#at(seen) === seen.length - 1;
  }

  /** Up or down by seen lines, at most to the first and the last. */
  moveLines(by) {
    const seen = this.seen();
    const at = this.#at(seen);
    this.#toSeen(seen, at, Math.max(0, Math.min(seen.length - 1, at + by)));
  }
  #toSeen(seen, at, to) {
    const from = seen[at];
    const target = seen[to];
    const last = (one) => (one.isLast ? one.to - one.from : Math.max(0, one.to - one.from - 1));
    const here = this.#before === null
      ? this.#state.cursorCol - from.from
      : this.#before - seen[seenAt(seen, from.row, this.#before)].from;
    const line = this.#state.lines[target.row];
    const column = Math.min(target.from + this.#column(here, last(from), last(target)), line.length);
    this.#state.cursorLine = target.row;
    this.#state.cursorCol = column;
    const whole = segmentsOf(line, this.#pastes).find((one) => column >= one.index && column < one.index + one.text.length && one.text.length > 1);
    if (whole === undefined) {
      this.#before = null;
      return;
    }
    const end = whole.index + whole.text.length;
    if (whole.index < target.from && to > at) { // the rest of a mark that was passed already
      let next = to + 1;
      while (next < seen.length && seen[next].row === target.row && seen[next].from < end) next += 1;
      if (next < seen.length) {
        this.#toSeen(seen, at, next);
        return;
      }
    }
    this.#before = column;
    this.#state.cursorCol = whole.index;
  }
  /** The column to go to, from column *here* of a line that ends at *sourceEnd*, in one that ends at *targetEnd*. */
  #column(here, sourceEnd, targetEnd) {
    if (this.#wanted === null || here < sourceEnd) {
      this.#wanted = targetEnd < here ? here : null;
      return Math.min(here, targetEnd);
    }
    if (targetEnd < here || targetEnd < this.#wanted) return targetEnd;
    const wanted = this.#wanted;
    this.#wanted = null;
    return wanted;
  }
}

exports.Caret = Caret;
