// Components: what a plugin draws itself, as lines. They are rendered here, for the width of the interface.
//
// Promises    A component is rendered at the end of the entry that asked for it, at most once in 33 ms unless a key was pressed;
//             again when the interface has another size; what did not change is not told again. One that throws is
//             reported and stays as it was. dispose() is called once, whoever ends it.
"use strict";

const { hasInterface, instance, performanceNow, reportUnhandled, startTimer } = internals;
const view = require("pi/ui_view");
const { visibleWidth } = require("pi/text");
const { CURSOR_MARKER, TUI } = require("pi/screen");
const { currentTheme } = require("pi/theme");

const INTERVAL_MS = 33;
const MAX_LINES = 200;

const mounts = new Set();
const inputListeners = new Set(); // of ctx.ui.onTerminalInput

const columns = () => (hasInterface() ? instance.ui.width : 80);
const rows = () => (hasInterface() ? instance.ui.height : 24);

/** One component on the interface. *options*: width() in columns, show(lines, cursor), and maxLines() if there is a bound. */
class Mount {
  constructor(options) {
    this.options = options;
    this.component = null;
    this.isDirty = false;
    this.isClosed = false;
    this.drawnAt = -Infinity;
    this.timer = null;
    this.last = "";
    this.tui = new TUI(terminalOf(this));
  }

  /** Show *component*; throws what its first rendering throws. */
  open(component) {
    this.component = component;
    mounts.add(this);
    this.tui.addChild(component);
    this.tui.setFocus(component);
    this.draw();
  }

  render() {
    if (this.isClosed || this.component === null) return;
    this.isDirty = true;
    view.mark();
  }

  draw() {
    this.isDirty = false;
    this.drawnAt = performanceNow();
    if (this.timer !== null) this.timer.close();
    this.timer = null;
    const drawn = this.tui.render(Math.max(1, this.options.width()));
    const maxLines = Math.min(this.options.maxLines?.() ?? MAX_LINES, MAX_LINES);
    const { lines, cursor } = withoutCursor(drawn.slice(0, maxLines));
    const text = JSON.stringify([lines, cursor]);
    if (text === this.last) return;
    this.last = text;
    this.options.show(lines, cursor);
  }

  /** Draw if it is time; else when it is. */
  drawIfDue() {
    const wait = this.drawnAt + INTERVAL_MS - performanceNow();
    if (wait <= 0) this.drawSafely();
    else if (this.timer === null) this.timer = startTimer(() => this.drawSafely(), wait);
  }

  drawSafely() {
    if (this.isClosed || this.component === null) return;
    try {
      this.draw();
    } catch (error) {
      reportUnhandled(error);
    }
  }

  /** Give a key to the component that has the focus; whether it took it. Throws what that throws. */
  press(data) {
    let text = data;
    for (const listener of [...inputListeners]) {
      const answer = listener(text);
      if (answer?.consume) return true;
      if (typeof answer?.data === "string") text = answer.data;
    }
    const isTaken = !this.isClosed && this.tui.handleInput(text);
    if (isTaken && !this.isClosed) this.draw();
    return isTaken;
  }

  /** Take it off the interface, for good. */
  close() {
    if (this.isClosed) return;
    this.isClosed = true;
    mounts.delete(this);
    if (this.timer !== null) this.timer.close();
    disposeOf(this.component);
  }
}

function disposeOf(component) {
  try {
    component?.dispose?.();
  } catch (error) {
    reportUnhandled(error);
  }
}

/** The lines without pi-tui's mark, and where it was: [row, column] or null. */
function withoutCursor(drawn) {
  let cursor = null;
  const lines = drawn.map((given, row) => {
    const text = view.line(given);
    const at = text.indexOf(CURSOR_MARKER);
    if (at < 0) return text;
    if (cursor === null) cursor = [row, visibleWidth(text.slice(0, at))];
    return text.replaceAll(CURSOR_MARKER, "");
  });
  return { lines, cursor };
}

view.beforeTelling.push(() => {
  for (const mount of mounts) if (mount.isDirty && mount.timer === null) mount.drawIfDue();
});

view.onState.push(() => {
  if (!hasInterface()) return;
  for (const mount of mounts) {
    try {
      mount.tui.invalidate();
    } catch (error) {
      reportUnhandled(error);
    }
    mount.drawSafely();
  }
});

/** The interface as pi-tui's TUI sees a terminal. */
function terminalOf(mount) {
  return {
    get columns() { return columns(); },
    get rows() { return rows(); },
    kittyProtocolActive: false,
    redraw: () => mount.render(),
    write: () => undefined, // nothing but lines reaches the interface
    hideCursor: () => undefined,
    showCursor: () => undefined,
    setTitle: (title) => view.show("title", "", { line: view.line(title) }),
  };
}

/**
 * A component that stays somewhere until it is replaced: made when there is an interface, now or later. *make* gets the
 * tui and the theme; *show* the lines. Returns what takes it away.
 */
function keep(make, show) {
  let mount = null;
  let isOver = false;
  const start = () => {
    if (isOver || mount !== null || !hasInterface()) return;
    mount = new Mount({ width: columns, show });
    try {
      mount.open(make(mount.tui, currentTheme()));
    } catch (error) {
      reportUnhandled(error);
    }
  };
  view.onState.push(start);
  start();
  return () => {
    isOver = true;
    view.onState.splice(view.onState.indexOf(start), 1);
    mount?.close();
  };
}

Object.assign(exports, { Mount, columns, disposeOf, inputListeners, keep, rows });
