// Frames: components that have the keys, in a dialog (ctx.ui.custom) or as a full-screen view (pi.tui.route).
//
// Promises    custom() resolves with what done() is given, or with undefined when the person or the host closed it, or when
//             nobody looks. Whoever ends it: the component is disposed of once, its lines are taken away.
"use strict";

const { hostcall, instance, makeError } = internals;
const view = require("pi/ui_view");
const { Mount, columns, disposeOf, rows } = require("pi/ui_mount");
const { heightOf, optionsOf, widthOf } = require("pi/overlays");
const { getKeybindings } = require("pi/keybindings");
const { currentTheme } = require("pi/theme");

const frames = new Map(); // id -> Mount
let lastFrame = 0;

/** A frame that is not open yet. *overlay*: whether it lies over the rest, with *given* options (or a function). */
function newFrame(overlay, given) {
  lastFrame += 1;
  const id = `f${lastFrame}`;
  const state = { isHidden: false };
  const wishes = () => optionsOf(given ?? { width: mount.component?.width }); // a component may say itself how wide it is
  const width = () => (overlay ? widthOf(wishes(), columns()) : columns());
  const mount = new Mount({
    width,
    maxLines: () => (overlay ? heightOf(wishes(), rows()) : undefined),
    show: (lines, cursor) => {
      const options = {};
      if (overlay) {
        options.width = width();
        const { anchor } = wishes();
        if (typeof anchor === "string") options.anchor = anchor;
      }
      view.show("frame", id, state.isHidden ? { lines: [], cursor: null, overlay, options } : { lines, cursor, overlay, options });
    },
  });
  return {
    id,
    mount,
    open: (component) => {
      if (typeof component?.render !== "function") throw new TypeError("a component needs render(width)");
      frames.set(id, mount);
      mount.open(component);
    },
    close: () => {
      if (frames.delete(id)) view.show("frame", id, null);
      mount.close();
    },
    setHidden: (isHidden) => {
      state.isHidden = isHidden;
      mount.last = "";
      mount.drawSafely();
    },
    isHidden: () => state.isHidden,
  };
}

/** A signal that the runtime itself aborts; enough for a hostcall. */
function makeStop() {
  let listener = null;
  const signal = {
    aborted: false,
    reason: makeError("E_CANCELLED", "it is over"),
    addEventListener: (_type, fn) => { listener = fn; },
    removeEventListener: () => { listener = null; },
  };
  return {
    signal,
    stop: () => {
      signal.aborted = true;
      listener?.();
    },
  };
}

/** ctx.ui.custom for *call*, where there is an interface. */
function custom(call, factory, options) {
  if (typeof factory !== "function") return Promise.reject(new TypeError("custom needs a function that makes a component"));
  return new Promise((resolve, reject) => {
    const isOverlay = options?.overlay === true;
    const frame = newFrame(isOverlay, options?.overlayOptions);
    const { signal, stop } = makeStop();
    let isOver = false;
    const finish = (settle) => {
      if (isOver) return;
      isOver = true;
      frame.close();
      stop();
      settle();
    };
    const fail = (error) => finish(() => reject(error));
    const done = (value) => finish(() => resolve(value));
    const show = (component) => {
      if (isOver) {
        disposeOf(component); // it was done before it was there
        return;
      }
      frame.open(component);
      if (typeof options?.onHandle === "function") options.onHandle(handleOf(frame, () => done(undefined)));
      view.tell(); // the frame comes before the dialog that shows it
      if (isOver) return;
      const args = { kind: "custom", title: view.line(options?.title ?? instance.name), frame: frame.id, overlay: isOverlay };
      hostcall(call, "ui.dialog", args, signal).then(() => done(undefined), (error) => {
        if (error?.code === "E_UNAVAILABLE") done(undefined);
        else fail(error);
      });
    };
    const made = factory(frame.mount.tui, currentTheme(), getKeybindings(), done);
    if (made instanceof Promise) made.then(show).catch(fail);
    else {
      try {
        show(made);
      } catch (error) {
        fail(error);
      }
    }
  });
}

/** pi's handle of the overlay that a custom component is. */
function handleOf(frame, end) {
  let isFocused = true;
  const setFocus = (component) => {
    isFocused = component !== null;
    frame.mount.tui.setFocus(component);
  };
  return {
    hide: end,
    setHidden: (isHidden) => frame.setHidden(Boolean(isHidden)),
    isHidden: () => frame.isHidden(),
    focus: () => setFocus(frame.mount.component),
    unfocus: () => setFocus(null),
    isFocused: () => isFocused,
  };
}

/** A key for the open frame *id*; whether it took it. */
function press(id, data) {
  const mount = frames.get(id);
  return mount === undefined ? false : mount.press(data);
}

Object.assign(exports, { custom, newFrame, press });
