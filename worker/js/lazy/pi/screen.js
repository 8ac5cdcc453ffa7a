// The screen as a component sees it: what is focused, how large it is, and a way to ask for another rendering. The runtime
// gives it a terminal of {rows, columns, redraw()}; a plugin's own has no screen behind it.
"use strict";

const { Container } = require("pi/components");
const { layOver } = require("pi/overlays");

/** Where the cursor is in a rendered line. It takes no column. */
const CURSOR_MARKER = "\x1b_pi:c\x07";
const DEFAULT_ROWS = 24;

const isFocusable = (component) => component !== null && component !== undefined && "focused" in component;

class TUI extends Container {
  onDebug = undefined;
  #focused = null;
  #listeners = new Set();
  #overlays = []; // {component, options, before, isHidden}, the topmost last

  constructor(terminal) {
    super();
    this.terminal = terminal;
  }

  requestRender() {
    this.terminal?.redraw?.();
  }

  setFocus(component) {
    if (isFocusable(this.#focused)) this.#focused.focused = false;
    this.#focused = component;
    if (isFocusable(component)) component.focused = true;
  }

  /** Hear all input first: a function that gives {consume: true} keeps it, {data} replaces it. Gives what ends that. */
  addInputListener(listener) {
    this.#listeners.add(listener);
    return () => this.removeInputListener(listener);
  }
  removeInputListener(listener) {
    this.#listeners.delete(listener);
  }

  /** Give input to its listeners, then to what is focused; whether anything took it. */
  handleInput(data) {
    let current = data;
    for (const listener of [...this.#listeners]) {
      const result = listener(current);
      if (result?.consume) return true;
      if (result?.data !== undefined) current = result.data;
    }
    if (typeof this.#focused?.handleInput !== "function") return false;
    if (current !== "") {
      const result = this.#focused.handleInput(current);
      if (result instanceof Promise) result.catch(internals.reportUnhandled);
    }
    return true;
  }

  /** Show *component* over the others and give it the focus, unless the options say nonCapturing. */
  showOverlay(component, options = {}) {
    const entry = { component, options, before: this.#focused, isHidden: false };
    this.#overlays.push(entry);
    if (!options.nonCapturing && this.#isShown(entry)) this.setFocus(component);
    this.requestRender();
    const isFocused = () => this.#focused === component;
    return {
      hide: () => this.#remove(entry),
      setHidden: (isHidden) => {
        if (isHidden === entry.isHidden) return;
        entry.isHidden = isHidden;
        if (isHidden && isFocused()) this.setFocus(this.#topmost()?.component ?? entry.before);
        else if (!isHidden && !options.nonCapturing && this.#isShown(entry)) this.setFocus(component);
        this.requestRender();
      },
      isHidden: () => entry.isHidden,
      focus: () => {
        if (!this.#overlays.includes(entry) || !this.#isShown(entry)) return;
        this.setFocus(component);
        this.requestRender();
      },
      unfocus: () => {
        if (!isFocused()) return;
        const top = this.#topmost();
        this.setFocus(top !== undefined && top !== entry ? top.component : entry.before);
        this.requestRender();
      },
      isFocused,
    };
  }
  hideOverlay() {
    const entry = this.#overlays.at(-1);
    if (entry !== undefined) this.#remove(entry);
  }
  hasOverlay() {
    return this.#overlays.some((entry) => this.#isShown(entry));
  }
  #isShown({ isHidden, options }) {
    return !isHidden && (options.visible === undefined || options.visible(this.terminal.columns, this.terminal.rows));
  }
  /** Of those that take the focus. */
  #topmost() {
    return this.#overlays.findLast((entry) => !entry.options.nonCapturing && this.#isShown(entry));
  }
  #remove(entry) {
    const at = this.#overlays.indexOf(entry);
    if (at < 0) return;
    this.#overlays.splice(at, 1);
    if (this.#focused === entry.component) this.setFocus(this.#topmost()?.component ?? entry.before);
    this.requestRender();
  }

  invalidate() {
    super.invalidate();
    for (const { component } of this.#overlays) component.invalidate?.();
  }

  /** The lines of the children, with the overlays that are shown over them. */
  render(width) {
    return layOver(super.render(width), this.#overlays.filter((entry) => this.#isShown(entry)), width, this.terminal?.rows ?? DEFAULT_ROWS);
  }

  start() {
    if (this.terminal?.redraw === undefined) throw internals.makeError("E_NEVER", "pi-tui: TUI.start is never available to plugins: they have no terminal, ctx.ui.custom shows what they draw");
    this.requestRender(); // after stop()
  }
  stop() {
    // no terminal was taken, so there is none to give back
  }
}

Object.assign(exports, { CURSOR_MARKER, TUI, isFocusable });
