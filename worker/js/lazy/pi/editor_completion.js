// What an editor offers to complete: a plugin's provider is asked, its answer counts only for the text that it was asked about.
"use strict";

const { SelectList } = require("pi/select_list");

const COMMANDS = { minPrimaryColumnWidth: 12, maxPrimaryColumnWidth: 32 };
const PAUSE_MS = 20; // files are looked for when the typing pauses
const isSymbolAtEnd = (left) => /(?:^|\s)[@#][^\s]*$/.test(left);
const isSlow = (left) => /(?:^|[ \t])(?:@(?:"[^"]*|[^\s]*)|#[^\s]*)$/.test(left);

class Completion {
  provider = undefined;
  maxVisible = 5;
  list = null;
  prefix = "";
  #isForced = false;
  #editor; // {state, left, text, theme, apply(item, prefix), redraw()}
  #token = 0;
  #timer = null;
  #abort = null;
  #running = Promise.resolve();

  constructor(editor) {
    this.#editor = editor;
  }

  get isOpen() {
    return this.list !== null;
  }
  close() {
    this.#token += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#abort?.abort();
    this.#abort = null;
    this.list = null;
    this.prefix = "";
  }

  #isCommand(left) {
    return this.#editor.state.cursorLine === 0 && left.trimStart().startsWith("/");
  }

  /** Ask again, or for the first time, after *text* was typed. */
  typed(text) {
    const { left } = this.#editor;
    if (this.isOpen) this.#ask(this.#isForced, false);
    else if (text === "/") {
      if (this.#editor.state.cursorLine === 0 && ["", "/"].includes(left.trim())) this.#ask(false, false);
    } else if (text === "@" || text === "#") {
      if (left.length === 1 || /[ \t]/.test(left.at(-2))) this.#ask(false, false);
    } else if (/[a-zA-Z0-9.\-_]/.test(text) && (this.#isCommand(left) || isSymbolAtEnd(left))) this.#ask(false, false);
  }
  /** As above, after something was deleted. */
  deleted() {
    const { left } = this.#editor;
    if (this.isOpen) this.#ask(this.#isForced, false);
    else if (this.#isCommand(left) || isSymbolAtEnd(left)) this.#ask(false, false);
  }
  /** As above, because the person asked. */
  wanted() {
    const { left } = this.#editor;
    this.#ask(!(this.#isCommand(left) && !left.trimStart().includes(" ")), true);
  }

  #ask(isForced, isWanted) {
    const { provider } = this;
    if (!provider) return;
    const { lines, cursorLine, cursorCol } = this.#editor.state;
    if (isForced && provider.shouldTriggerFileCompletion && !provider.shouldTriggerFileCompletion(lines, cursorLine, cursorCol)) return;
    const { list, prefix } = this; // what is offered stays until there is something else
    this.close();
    Object.assign(this, { list, prefix });
    const token = this.#token;
    const start = () => {
      this.#timer = null;
      this.#running = this.#running.then(() => this.#run(token, isForced, isWanted)).catch(internals.reportUnhandled);
    };
    if (!isForced && !isWanted && isSlow(this.#editor.left)) this.#timer = setTimeout(start, PAUSE_MS);
    else start();
  }

  async #run(token, isForced, isWanted) {
    if (token !== this.#token) return;
    const { lines, cursorLine, cursorCol } = this.#editor.state;
    const { text } = this.#editor;
    this.#abort = new AbortController();
    const found = await this.provider.getSuggestions(lines, cursorLine, cursorCol, { signal: this.#abort.signal, force: isForced });
    const now = this.#editor.state;
    if (token !== this.#token || this.#editor.text !== text || now.cursorLine !== cursorLine || now.cursorCol !== cursorCol) return;
    this.#abort = null;
    if (!Array.isArray(found?.items) || found.items.length === 0) this.close();
    else if (isForced && isWanted && found.items.length === 1) this.#editor.apply(found.items[0], found.prefix);
    else this.#offer(found, isForced);
    this.#editor.redraw();
  }
  #offer({ items, prefix }, isForced) {
    this.#isForced = isForced;
    this.prefix = prefix;
    this.list = new SelectList(items, this.maxVisible, this.#editor.theme.selectList, prefix.startsWith("/") ? COMMANDS : undefined);
    const exact = items.findIndex((item) => item.value === prefix);
    const best = exact >= 0 ? exact : items.findIndex((item) => item.value.startsWith(prefix));
    if (prefix !== "" && best >= 0) this.list.setSelectedIndex(best);
  }
}

exports.Completion = Completion;
