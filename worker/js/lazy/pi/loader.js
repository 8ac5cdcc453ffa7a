// Something that turns while work goes on; the second kind can be cancelled.
"use strict";

const { Text } = require("pi/components");
const { getKeybindings } = require("pi/keybindings");

const FRAMES = [..."\u280b\u2819\u2839\u2838\u283c\u2834\u2826\u2827\u2807\u280f"];
const INTERVAL_MS = 80;

class Loader extends Text {
  #ui;
  #spinnerColor;
  #messageColor;
  #message;
  #frames = FRAMES;
  #intervalMs = INTERVAL_MS;
  #isOwn = false; // frames of the plugin have their colours already
  #at = 0;
  #timer = null;

  constructor(ui, spinnerColorFn, messageColorFn, message = "Loading...", indicator = undefined) {
    super("", 1, 0);
    this.#ui = ui;
    this.#spinnerColor = spinnerColorFn;
    this.#messageColor = messageColorFn;
    this.#message = message;
    this.setIndicator(indicator);
  }

  setIndicator(indicator) {
    this.#isOwn = indicator !== undefined;
    this.#frames = indicator?.frames === undefined ? FRAMES : [...indicator.frames];
    this.#intervalMs = indicator?.intervalMs > 0 ? indicator.intervalMs : INTERVAL_MS;
    this.#at = 0;
    this.start();
  }
  setMessage(message) {
    this.#message = message;
    this.#update();
  }
  start() {
    this.#update();
    this.stop();
    if (this.#frames.length <= 1) return;
    this.#timer = setInterval(() => {
      this.#at = (this.#at + 1) % this.#frames.length;
      this.#update();
    }, this.#intervalMs);
  }
  stop() {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
  #update() {
    const frame = this.#frames[this.#at] ?? "";
    const shown = this.#isOwn ? frame : this.#spinnerColor(frame);
    this.setText(`${frame === "" ? "" : `${shown} `}${this.#messageColor(this.#message)}`);
    this.#ui?.requestRender();
  }
  render(width) {
    return ["", ...super.render(width)];
  }
}

class CancellableLoader extends Loader {
  onAbort = undefined;
  #abort = new AbortController();
  get signal() {
    return this.#abort.signal;
  }
  get aborted() {
    return this.#abort.signal.aborted;
  }
  handleInput(data) {
    if (!getKeybindings().matches(data, "tui.select.cancel")) return;
    this.#abort.abort();
    this.onAbort?.();
  }
  dispose() {
    this.stop();
  }
}

Object.assign(exports, { CancellableLoader, Loader });
