// Components of pi-coding-agent: a border, a loader in one, hints about keys, an editor that knows the agent's own.
"use strict";

const { Container, Spacer, Text } = require("pi/components");
const { Editor } = require("pi/editor");
const { getKeybindings } = require("pi/keybindings");
const { CancellableLoader, Loader } = require("pi/loader");
const { currentTheme } = require("pi/theme");

const keyText = (name) => getKeybindings().getKeys(name).join("/");
const rawKeyHint = (key, description) => currentTheme().fg("dim", key) + currentTheme().fg("muted", ` ${description}`);
const keyHint = (name, description) => rawKeyHint(keyText(name), description);

/** A line across the whole width. */
class DynamicBorder {
  constructor(color = (text) => currentTheme().fg("border", text)) {
    this.color = color;
  }
  invalidate() {
    // nothing is kept between two renders
  }
  render(width) {
    return [this.color("\u2500".repeat(Math.max(1, width)))];
  }
}

class BorderedLoader extends Container {
  #loader;
  #signal;
  constructor(tui, theme, message, options = {}) {
    super();
    const isCancellable = options.cancellable ?? true;
    const colour = (name) => (text) => theme.fg(name, text);
    const Kind = isCancellable ? CancellableLoader : Loader;
    this.#loader = new Kind(tui, colour("accent"), colour("muted"), message);
    this.#signal = isCancellable ? this.#loader.signal : new AbortController().signal;
    const hint = isCancellable ? [new Spacer(1), new Text(keyHint("tui.select.cancel", "cancel"), 1, 0)] : [];
    this.children = [new DynamicBorder(colour("border")), this.#loader, ...hint, new Spacer(1), new DynamicBorder(colour("border"))];
  }
  get signal() {
    return this.#signal;
  }
  set onAbort(fn) {
    this.#loader.onAbort = fn;
  }
  handleInput(data) {
    this.#loader.handleInput?.(data);
  }
  dispose() {
    this.#loader.stop();
  }
}

/** An editor that hears the agent's keys first: what each does is given to it. */
class CustomEditor extends Editor {
  actionHandlers = new Map();
  onEscape = undefined;
  onCtrlD = undefined;
  onPasteImage = undefined;
  onExtensionShortcut = undefined;

  constructor(tui, theme, keybindings = getKeybindings(), options = {}) {
    super(tui, theme, options);
    this.keybindings = keybindings;
  }
  onAction(action, handler) {
    this.actionHandlers.set(action, handler);
  }
  handleInput(data) {
    const is = (action) => this.keybindings.matches(data, action);
    if (this.onExtensionShortcut?.(data)) return;
    if (is("app.clipboard.pasteImage")) {
      this.onPasteImage?.();
      return;
    }
    if (is("app.interrupt")) {
      const handler = this.onEscape ?? this.actionHandlers.get("app.interrupt");
      if (handler !== undefined && !this.isShowingAutocomplete()) handler();
      else super.handleInput(data);
      return;
    }
    if (is("app.exit") && this.getText() === "") {
      (this.onCtrlD ?? this.actionHandlers.get("app.exit"))?.();
      return;
    }
    const special = ["app.interrupt", "app.exit"];
    const found = [...this.actionHandlers].find(([action]) => !special.includes(action) && is(action));
    if (found !== undefined) found[1]();
    else super.handleInput(data);
  }
}

Object.assign(exports, { BorderedLoader, CustomEditor, DynamicBorder, keyHint, keyText, rawKeyHint });
