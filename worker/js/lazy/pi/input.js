// One line of text with a cursor.
"use strict";

const { KillRing, PasteReader, isBlank, typedText, wordLength } = require("pi/editing");
const { getKeybindings } = require("pi/keybindings");
const { CURSOR_MARKER } = require("pi/screen");
const { graphemes, sliceColumns, visibleWidth } = require("pi/text");

const PROMPT = "> ";

class Input {
  value = "";
  cursor = 0;
  focused = false;
  onSubmit = undefined;
  onEscape = undefined;
  #pastes = new PasteReader();
  #ring = new KillRing();
  #undo = [];
  #last = null; // what the last key did, if the next one goes on with it: "type", "kill" or "yank"

  static #ACTIONS = [
    ["tui.select.cancel", (input) => input.onEscape?.()],
    ["tui.editor.undo", (input) => input.#restore()],
    ["tui.input.submit", (input) => input.onSubmit?.(input.value)],
    ["tui.editor.deleteCharBackward", (input) => input.#delete(input.cursor - input.#left())],
    ["tui.editor.deleteCharForward", (input) => input.#delete(input.cursor + input.#right())],
    ["tui.editor.deleteWordBackward", (input) => input.#kill(input.cursor - input.#wordLeft())],
    ["tui.editor.deleteWordForward", (input) => input.#kill(input.cursor + input.#wordRight())],
    ["tui.editor.deleteToLineStart", (input) => input.#kill(0)],
    ["tui.editor.deleteToLineEnd", (input) => input.#kill(input.value.length)],
    ["tui.editor.yank", (input) => input.#yank()],
    ["tui.editor.yankPop", (input) => input.#yankPop()],
    ["tui.editor.cursorLeft", (input) => input.#move(input.cursor - input.#left())],
    ["tui.editor.cursorRight", (input) => input.#move(input.cursor + input.#right())],
    ["tui.editor.cursorLineStart", (input) => input.#move(0)],
    ["tui.editor.cursorLineEnd", (input) => input.#move(input.value.length)],
    ["tui.editor.cursorWordLeft", (input) => input.cursor > 0 && input.#move(input.cursor - input.#wordLeft())],
    ["tui.editor.cursorWordRight", (input) => input.cursor < input.value.length && input.#move(input.cursor + input.#wordRight())],
  ];

  getValue() {
    return this.value;
  }
  setValue(value) {
    this.value = value;
    this.cursor = Math.min(this.cursor, value.length);
  }
  invalidate() {
    // nothing is kept between two renders
  }

  handleInput(data) {
    const { pasted, rest } = this.#pastes.read(data);
    if (pasted !== null) {
      this.#last = null;
      this.#insert(pasted.replace(/[\r\n]/g, "").replace(/\t/g, "    "));
      if (rest !== null) this.handleInput(rest);
      return;
    }
    if (rest === null) return;
    const keys = getKeybindings();
    const action = Input.#ACTIONS.find(([name]) => keys.matches(data, name)) ?? (data === "\n" ? Input.#ACTIONS[2] : undefined);
    if (action !== undefined) {
      action[1](this);
      return;
    }
    const text = typedText(data);
    if (text === undefined) return;
    this.#insert(text, isBlank(text) || this.#last !== "type");
    this.#last = "type";
  }

  #before() {
    return graphemes(this.value.slice(0, this.cursor));
  }
  #after() {
    return graphemes(this.value.slice(this.cursor));
  }
  #left() {
    return this.#before().at(-1)?.length ?? 0;
  }
  #right() {
    return this.#after()[0]?.length ?? 0;
  }
  #wordLeft() {
    return wordLength(this.#before().reverse());
  }
  #wordRight() {
    return wordLength(this.#after());
  }

  #save() {
    this.#undo.push([this.value, this.cursor]);
  }
  #restore() {
    const saved = this.#undo.pop();
    if (saved === undefined) return;
    [this.value, this.cursor] = saved;
    this.#last = null;
  }
  #move(to) {
    this.#last = null;
    this.cursor = to;
  }
  #insert(text, isStep = true) {
    if (isStep) this.#save();
    this.value = this.value.slice(0, this.cursor) + text + this.value.slice(this.cursor);
    this.cursor += text.length;
  }
  /** Take out what is between the cursor and *to*; gives it. */
  #cut(to) {
    const [from, end] = to < this.cursor ? [to, this.cursor] : [this.cursor, to];
    const text = this.value.slice(from, end);
    this.value = this.value.slice(0, from) + this.value.slice(end);
    this.cursor = from;
    return text;
  }
  #delete(to) {
    this.#last = null;
    if (to === this.cursor) return;
    this.#save();
    this.#cut(to);
  }
  #kill(to) {
    if (to === this.cursor) return;
    this.#save();
    const isBefore = to < this.cursor;
    this.#ring.push(this.#cut(to), { isBefore, goesOn: this.#last === "kill" });
    this.#last = "kill";
  }
  #yank() {
    if (this.#ring.size === 0) return;
    this.#insert(this.#ring.newest);
    this.#last = "yank";
  }
  #yankPop() {
    if (this.#last !== "yank" || this.#ring.size <= 1) return;
    this.#save();
    this.#cut(this.cursor - this.#ring.newest.length);
    this.#ring.rotate();
    this.#insert(this.#ring.newest, false);
  }

  render(width) {
    const room = width - PROMPT.length;
    if (room <= 0) return [PROMPT];
    let shown = this.value;
    let at = this.cursor;
    const total = visibleWidth(this.value);
    if (total >= room) {
      const isAtEnd = this.cursor === this.value.length;
      const columns = isAtEnd ? room - 1 : room; // the cursor at the end takes one
      const column = visibleWidth(this.value.slice(0, this.cursor));
      const half = Math.floor(columns / 2);
      let from = column - half;
      if (column < half) from = 0;
      else if (column > total - half) from = Math.max(0, total - columns);
      shown = columns > 0 ? sliceColumns(this.value, from, columns) : "";
      at = columns > 0 ? sliceColumns(this.value, from, Math.max(0, column - from)).length : 0;
    }
    const under = graphemes(shown.slice(at))[0] ?? " ";
    const marker = this.focused ? CURSOR_MARKER : "";
    const line = `${shown.slice(0, at)}${marker}\x1b[7m${under}\x1b[27m${shown.slice(at + under.length)}`;
    return [PROMPT + line + " ".repeat(Math.max(0, room - visibleWidth(line)))];
  }
}

exports.Input = Input;
