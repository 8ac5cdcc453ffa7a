// Several lines of text with a cursor, a history of what was sent, undo, and what was cut.
"use strict";

const { KillRing, PasteReader, isBlank } = require("pi/editing");
const { Completion } = require("pi/editor_completion");
const { EditorText, normalized } = require("pi/editor_text");
const { matchesKey, printableOf } = require("pi/keys");
const { getKeybindings } = require("pi/keybindings");
const { CURSOR_MARKER } = require("pi/screen");
const { truncateToWidth, visibleWidth } = require("pi/text");

const MOST_HISTORY = 100;
const DEFAULT_ROWS = 24;

const whole = (value, least, most, otherwise) => (Number.isFinite(value) ? Math.max(least, Math.min(most, Math.floor(value))) : otherwise);
const isNewLine = (data, keys) =>
  keys.matches(data, "tui.input.newLine") || data === "\n" || data === "\x1b[13;2~" || (data.length > 1 && (data[0] === "\n" || (data.includes("\x1b") && data.includes("\r"))));

class Editor {
  #text = new EditorText();
  #caret = this.#text.caret;
  state = this.#text.state; // {lines, cursorLine, cursorCol}
  focused = false;
  disableSubmit = false;
  onSubmit = undefined;
  onChange = undefined;
  #paddingX;
  #pasteReader = new PasteReader();
  #history = [];
  #historyAt = -1; // -1 is what is being written
  #ring = new KillRing();
  #last = null; // what the last key did, if the next one goes on with it: "type", "kill" or "yank"
  #jump = null; // waiting for the character to jump to: "forward" or "backward"
  #scroll = 0;
  #completion;

  constructor(tui, theme, options = {}) {
    this.tui = tui;
    this.theme = theme;
    this.borderColor = theme.borderColor;
    this.#paddingX = whole(options.paddingX ?? 0, 0, Infinity, 0);
    const editor = this;
    this.#completion = new Completion({
      theme,
      get state() { return editor.state; },
      get left() { return editor.#caret.left; },
      get text() { return editor.getText(); },
      apply: (item, prefix) => {
        this.#complete(item, prefix);
        this.#changed();
      },
      redraw: () => this.tui?.requestRender(),
    });
    this.#completion.maxVisible = whole(options.autocompleteMaxVisible ?? 5, 3, 20, 5);
  }

  // what plugins set and ask

  getPaddingX() {
    return this.#paddingX;
  }
  setPaddingX(padding) {
    const to = whole(padding, 0, Infinity, 0);
    if (to === this.#paddingX) return;
    this.#paddingX = to;
    this.tui?.requestRender();
  }
  getAutocompleteMaxVisible() {
    return this.#completion.maxVisible;
  }
  setAutocompleteMaxVisible(count) {
    const to = whole(count, 3, 20, 5);
    if (to === this.#completion.maxVisible) return;
    this.#completion.maxVisible = to;
    this.tui?.requestRender();
  }
  setAutocompleteProvider(provider) {
    this.#completion.close();
    this.#completion.provider = provider;
  }
  isShowingAutocomplete() {
    return this.#completion.isOpen;
  }
  getText() {
    return this.#text.value;
  }
  /** The text with what was pasted in the place of its marks. */
  getExpandedText() {
    return this.#text.expanded;
  }
  getLines() {
    return [...this.state.lines];
  }
  getCursor() {
    return { line: this.state.cursorLine, col: this.state.cursorCol };
  }
  setText(text) {
    this.#completion.close();
    this.#begin();
    const to = normalized(text);
    if (to !== this.getText()) this.#text.save();
    this.#replace(to);
  }
  insertTextAtCursor(text) {
    if (text) this.#insert(normalized(text));
  }
  addToHistory(text) {
    const entry = text.trim();
    if (entry === "" || entry === this.#history[0]) return;
    this.#history.unshift(entry);
    this.#history.length = Math.min(this.#history.length, MOST_HISTORY);
  }
  invalidate() {
    // nothing is kept between two renders
  }

  // changing the text

  /** Before a change that goes on with nothing before it. */
  #begin(last = null) {
    this.#historyAt = -1;
    this.#last = last;
  }
  #changed() {
    this.onChange?.(this.getText());
  }
  #restore() {
    this.#historyAt = -1;
    if (!this.#text.restore()) return;
    this.#last = null;
    this.#changed();
  }
  #replace(text) {
    this.#text.replace(text);
    this.#scroll = 0;
    this.#changed();
  }
  /** Put *text* at the cursor: one step back takes it out again. */
  #insert(text) {
    this.#completion.close();
    this.#begin();
    this.#text.save();
    this.#text.insert(text);
    this.#changed();
  }
  #type(text) {
    this.#historyAt = -1;
    if (isBlank(text) || this.#last !== "type") this.#text.save();
    this.#last = "type";
    this.#text.insert(text);
    this.#changed();
    this.#completion.typed(text);
  }
  #erase(isLeft) {
    this.#begin();
    this.#text.remove(isLeft, isLeft ? this.#caret.leftLength : this.#caret.rightLength);
    this.#changed();
    this.#completion.deleted();
  }
  #kill(isLeft, length) {
    this.#historyAt = -1;
    const text = this.#text.remove(isLeft, length);
    if (text !== "") {
      this.#ring.push(text, { isBefore: isLeft, goesOn: this.#last === "kill" });
      this.#last = "kill";
    }
    this.#changed();
  }
  #yank() {
    if (this.#ring.size === 0) return;
    this.#text.save();
    this.#insertYanked();
  }
  #insertYanked() {
    this.#begin("yank");
    this.#text.insert(this.#ring.newest);
    this.#changed();
  }
  #yankPop() {
    if (this.#last !== "yank" || this.#ring.size <= 1) return;
    this.#text.save();
    this.#text.cut(true, this.#ring.newest.length);
    this.#changed();
    this.#ring.rotate();
    this.#insertYanked();
  }
  #submit() {
    if (this.disableSubmit) return;
    if (this.#caret.left.endsWith("\\")) { // for terminals that do not tell Shift+Enter from Enter
      this.#erase(true);
      this.#insert("\n");
    } else this.#send();
  }
  #send() {
    this.#completion.close();
    const text = this.getExpandedText().trim();
    this.#text.clear();
    this.#begin();
    this.#scroll = 0;
    this.onChange?.("");
    this.onSubmit?.(text);
  }
  #complete(item, prefix) {
    this.#text.save();
    this.#last = null;
    const { lines, cursorLine, cursorCol } = this.state;
    const result = this.#completion.provider.applyCompletion(lines, cursorLine, cursorCol, item, prefix);
    this.state.lines = result.lines;
    this.#caret.to(result.cursorCol, result.cursorLine);
  }

  // moving

  #move(how) {
    this.#last = null;
    how(this.#caret);
  }
  #browse(by) {
    this.#last = null;
    const to = this.#historyAt + by;
    if (to < -1 || to >= this.#history.length) return;
    if (this.#historyAt === -1) this.#text.save();
    this.#historyAt = to;
    this.#replace(to === -1 ? "" : this.#history[to]);
  }
  #up() {
    const isFirst = this.#caret.isOnFirstSeen;
    if (this.getText() === "" || (this.#historyAt > -1 && isFirst)) this.#browse(1);
    else this.#move((caret) => (isFirst ? caret.lineStart() : caret.moveLines(-1)));
  }
  #down() {
    const isLast = this.#caret.isOnLastSeen;
    if (this.#historyAt > -1 && isLast) this.#browse(-1);
    else this.#move((caret) => (isLast ? caret.lineEnd() : caret.moveLines(1)));
  }
  #rowsSeen() {
    return Math.max(5, Math.floor((this.tui?.terminal?.rows ?? DEFAULT_ROWS) * 0.3));
  }

  // keys, in the order in which they are asked

  static #ACTIONS = [
    ["tui.editor.deleteToLineEnd", (editor) => editor.#kill(false, editor.#caret.right.length)],
    ["tui.editor.deleteToLineStart", (editor) => editor.#kill(true, editor.#caret.left.length)],
    ["tui.editor.deleteWordBackward", (editor) => editor.#kill(true, editor.#caret.wordLeftLength)],
    ["tui.editor.deleteWordForward", (editor) => editor.#kill(false, editor.#caret.wordRightLength)],
    ["tui.editor.deleteCharBackward", (editor) => editor.#erase(true)],
    ["tui.editor.deleteCharForward", (editor) => editor.#erase(false)],
    ["tui.editor.yank", (editor) => editor.#yank()],
    ["tui.editor.yankPop", (editor) => editor.#yankPop()],
    ["tui.editor.cursorLineStart", (editor) => editor.#move((caret) => caret.lineStart())],
    ["tui.editor.cursorLineEnd", (editor) => editor.#move((caret) => caret.lineEnd())],
    ["tui.editor.cursorWordLeft", (editor) => editor.#move((caret) => caret.wordLeft())],
    ["tui.editor.cursorWordRight", (editor) => editor.#move((caret) => caret.wordRight())],
  ];
  static #ACTIONS_AFTER_ENTER = [
    ["tui.input.submit", (editor) => editor.#submit()],
    ["tui.editor.cursorUp", (editor) => editor.#up()],
    ["tui.editor.cursorDown", (editor) => editor.#down()],
    ["tui.editor.cursorRight", (editor) => editor.#move((caret) => caret.moveRight())],
    ["tui.editor.cursorLeft", (editor) => editor.#move((caret) => caret.moveLeft())],
    ["tui.editor.pageUp", (editor) => editor.#move((caret) => caret.moveLines(-editor.#rowsSeen()))],
    ["tui.editor.pageDown", (editor) => editor.#move((caret) => caret.moveLines(editor.#rowsSeen()))],
    ["tui.editor.jumpForward", (editor) => (editor.#jump = "forward")],
    ["tui.editor.jumpBackward", (editor) => (editor.#jump = "backward")],
  ];

  handleInput(data) {
    const keys = getKeybindings();
    if (this.#jump !== null && this.#handleJump(data, keys)) return;
    const { pasted, rest } = this.#pasteReader.read(data);
    if (pasted !== null) {
      if (pasted !== "") this.#insert(this.#text.pasted(pasted));
      if (rest !== null) this.handleInput(rest);
      return;
    }
    if (rest === null || keys.matches(data, "tui.input.copy")) return; // copying is for whoever holds the editor
    if (keys.matches(data, "tui.editor.undo")) this.#restore();
    else if (!(this.#completion.isOpen && this.#handleCompletion(data, keys))) this.#handleKey(data, keys);
  }

  #handleJump(data, keys) {
    const isForward = this.#jump === "forward";
    this.#jump = null;
    if (keys.matches(data, "tui.editor.jumpForward") || keys.matches(data, "tui.editor.jumpBackward")) return true;
    const character = printableOf(data) ?? (data.charCodeAt(0) >= 32 ? data : undefined);
    if (character === undefined) return false; // another key ends the wait and does what it does
    this.#move((caret) => caret.jump(character, isForward));
    return true;
  }

  /** While there is something to choose: whether the key was for that. */
  #handleCompletion(data, keys) {
    const { list, prefix } = this.#completion;
    if (keys.matches(data, "tui.select.cancel")) this.#completion.close();
    else if (keys.matches(data, "tui.select.up") || keys.matches(data, "tui.select.down")) list.handleInput(data);
    else {
      const isTab = keys.matches(data, "tui.input.tab");
      if (!isTab && !keys.matches(data, "tui.select.confirm")) return false;
      const item = list.getSelectedItem();
      if (item !== null) this.#complete(item, prefix);
      this.#completion.close();
      if (!isTab && prefix.startsWith("/")) return false; // a command that was chosen with Enter is sent, too
      this.#changed();
    }
    return true;
  }

  #handleKey(data, keys) {
    const act = (actions) => {
      const action = actions.find(([name]) => keys.matches(data, name));
      action?.[1](this);
      return action !== undefined;
    };
    if (keys.matches(data, "tui.input.tab")) this.#completion.wanted();
    else if (act(Editor.#ACTIONS)) return;
    else if (matchesKey(data, "shift+backspace") || matchesKey(data, "shift+delete")) this.#erase(matchesKey(data, "shift+backspace"));
    else if (isNewLine(data, keys)) this.#handleNewLine(data, keys);
    else if (act(Editor.#ACTIONS_AFTER_ENTER)) return;
    else if (matchesKey(data, "shift+space")) this.#type(" ");
    else {
      const text = printableOf(data) ?? (data.charCodeAt(0) >= 32 ? data : undefined);
      if (text !== undefined) this.#type(text);
    }
  }
  #handleNewLine(data, keys) {
    // where Shift+Enter sends, Enter after a backslash does as well
    const sends = keys.getKeys("tui.input.submit").some((key) => key === "shift+enter" || key === "shift+return");
    if (sends && !this.disableSubmit && matchesKey(data, "enter") && this.#caret.left.endsWith("\\")) {
      this.#erase(true);
      this.#send();
    } else this.#insert("\n");
  }

  // drawing

  render(width) {
    const paddingX = Math.min(this.#paddingX, Math.max(0, Math.floor((width - 1) / 2)));
    const room = Math.max(1, width - paddingX * 2);
    this.#caret.width = Math.max(1, room - (paddingX > 0 ? 0 : 1)); // the cursor at an end may stand in the padding
    const seen = this.#caret.seen();
    const rows = this.#rowsSeen();
    const { cursorLine, cursorCol } = this.state;
    const at = seen.findIndex((one) => one.row === cursorLine && cursorCol >= one.from && (one.isLast || cursorCol < one.to));
    this.#scroll = Math.max(0, at - rows + 1, Math.min(this.#scroll, at, seen.length - rows));
    const shown = seen.slice(this.#scroll, this.#scroll + rows);
    const margin = " ".repeat(paddingX);
    const lines = shown.map((one, i) => {
      const text = this.state.lines[one.row].slice(one.from, one.to);
      if (this.#scroll + i !== at) return margin + text + " ".repeat(Math.max(0, room - visibleWidth(text))) + margin;
      return this.#cursorLine(text, cursorCol - one.from, room, margin);
    });
    const below = seen.length - this.#scroll - shown.length;
    const offered = this.#completion.isOpen ? this.#completion.list.render(room) : [];
    return [
      this.#border("\u2191", this.#scroll, width),
      ...lines,
      this.#border("\u2193", below, width),
      ...offered.map((line) => margin + line + " ".repeat(Math.max(0, room - visibleWidth(line))) + margin),
    ];
  }
  #cursorLine(text, col, room, margin) {
    const under = this.#caret.pieces(text.slice(col))[0] ?? " ";
    const marker = this.focused && !this.#completion.isOpen ? CURSOR_MARKER : "";
    const taken = visibleWidth(text) + (col < text.length ? 0 : 1);
    const fill = " ".repeat(Math.max(0, room - taken));
    const right = taken > room ? margin.slice(1) : margin;
    return `${margin}${text.slice(0, col)}${marker}\x1b[7m${under}\x1b[0m${text.slice(col + under.length)}${fill}${right}`;
  }
  /** The line above or below, with how many lines more there are. */
  #border(arrow, more, width) {
    if (more === 0) return this.borderColor("\u2500").repeat(Math.max(0, width));
    const told = `\u2500\u2500\u2500 ${arrow} ${more} more `;
    return this.borderColor(truncateToWidth(told + "\u2500".repeat(Math.max(0, width - told.length)), width));
  }
}

exports.Editor = Editor;
