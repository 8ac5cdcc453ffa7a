// Event, CustomEvent, EventTarget, AbortController, AbortSignal (the DOM standard, without a tree).
//
// Promises    A listener that throws, or whose promise rejects, is reported and disturbs neither the others nor the
//             dispatcher. The signal that a handler's ctx has is an AbortSignal made here.
// Differs     One target has no parents: capture and bubble listeners are called in the order of addition.
"use strict";

const { defineInterface, needArguments } = require("web/interface");
const { reportUnhandled, watchPromise, isPromise, performanceNow, startTimer, clearTimer } = internals;

const PHASES = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 };

let drive; // (event) => its state, for EventTarget alone

class Event {
  #type; #bubbles; #cancelable; #composed;
  #timeStamp = performanceNow();
  #state = { target: null, phase: 0, dispatching: false, stopped: false, stoppedNow: false, canceled: false, passive: false };

  constructor(type, init = {}) {
    needArguments(arguments.length, 1, "Event");
    if (init !== null && typeof init !== "object" && typeof init !== "function" && init !== undefined) {
      throw new TypeError("the options of an event are an object");
    }
    this.#type = `${type}`;
    this.#bubbles = Boolean(init?.bubbles);
    this.#cancelable = Boolean(init?.cancelable);
    this.#composed = Boolean(init?.composed);
  }

  static { drive = (event) => (typeof event === "object" && event !== null && #state in event ? event.#state : undefined); }

  get type() { return this.#type; }
  get target() { return this.#state.target; }
  get srcElement() { return this.#state.target; }
  get currentTarget() { return this.#state.phase === PHASES.NONE ? null : this.#state.target; }
  get eventPhase() { return this.#state.phase; }
  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get composed() { return this.#composed; }
  get timeStamp() { return this.#timeStamp; }
  get isTrusted() { return false; }
  get defaultPrevented() { return this.#state.canceled; }
  get returnValue() { return !this.#state.canceled; }
  set returnValue(value) { if (!value) this.preventDefault(); }
  get cancelBubble() { return this.#state.stopped; }
  set cancelBubble(value) { if (value) this.#state.stopped = true; }
  composedPath() { return this.#state.phase === PHASES.NONE ? [] : [this.#state.target]; }
  preventDefault() { if (this.#cancelable && !this.#state.passive) this.#state.canceled = true; }
  stopPropagation() { this.#state.stopped = true; }
  stopImmediatePropagation() { this.#state.stopped = true; this.#state.stoppedNow = true; }
  initEvent(type, bubbles = false, cancelable = false) {
    needArguments(arguments.length, 1, "initEvent");
    if (this.#state.dispatching) return;
    Object.assign(this.#state, { target: null, stopped: false, stoppedNow: false, canceled: false });
    this.#type = `${type}`;
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
  }
}
defineInterface(Event, "Event", { constants: PHASES });

class CustomEvent extends Event {
  #detail;
  constructor(type, init = {}) {
    super(...(arguments.length === 0 ? [] : [type, init]));
    this.#detail = init?.detail ?? null;
  }
  get detail() { return this.#detail; }
}
defineInterface(CustomEvent, "CustomEvent");

class EventTarget {
  #listeners = [];

  addEventListener(type, callback, options) {
    needArguments(arguments.length, 2, "addEventListener");
    const listeners = this.#listeners;
    const { capture, once, passive, signal } = flatten(options);
    if (signal !== undefined && !isSignal(signal)) throw new TypeError("the option signal is not an AbortSignal");
    if (callback === null || callback === undefined) return;
    if (typeof callback !== "object" && typeof callback !== "function") {
      throw new TypeError("a listener is a function or an object with handleEvent");
    }
    if (signal !== undefined && signal.aborted) return;
    const name = `${type}`;
    if (find(listeners, name, callback, capture) !== undefined) return;
    listeners.push({ type: name, callback, capture, once, passive, removed: false });
    if (signal !== undefined) onAbort(signal, () => this.removeEventListener(name, callback, capture));
  }

  removeEventListener(type, callback, options) {
    needArguments(arguments.length, 2, "removeEventListener");
    const found = find(this.#listeners, `${type}`, callback, flatten(options).capture);
    if (found === undefined) return;
    found.removed = true;
    this.#listeners.splice(this.#listeners.indexOf(found), 1);
  }

  dispatchEvent(event) {
    const state = drive(event);
    if (state === undefined) throw new TypeError("dispatchEvent needs an Event");
    if (state.dispatching) throw new DOMException("the event is being dispatched already", "InvalidStateError");
    Object.assign(state, { target: this, phase: PHASES.AT_TARGET, dispatching: true });
    const { type } = event;
    if (!state.stopped) {
      const called = this.#listeners.filter((listener) => listener.type === type);
      for (const listener of [...called.filter((one) => one.capture), ...called.filter((one) => !one.capture)]) {
        if (listener.removed) continue;
        if (state.stoppedNow) break;
        if (listener.once) this.removeEventListener(type, listener.callback, listener.capture);
        state.passive = listener.passive;
        callListener(this, listener.callback, event);
      }
    }
    Object.assign(state, { phase: PHASES.NONE, dispatching: false, stopped: false, stoppedNow: false, passive: false });
    return !state.canceled;
  }
}
defineInterface(EventTarget, "EventTarget");

function flatten(options) {
  if (typeof options !== "object" && typeof options !== "function") return { capture: Boolean(options), once: false, passive: false };
  if (options === null) return { capture: false, once: false, passive: false };
  const { capture, once, passive, signal } = options;
  return { capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive), signal };
}

function find(listeners, type, callback, capture) {
  return listeners.find((one) => one.type === type && one.callback === callback && one.capture === capture);
}

function callListener(target, callback, event) {
  try {
    const result = typeof callback === "function"
      ? Reflect.apply(callback, target, [event])
      : callback.handleEvent(event);
    if (isPromise(result)) watchPromise(result);
  } catch (error) {
    reportUnhandled(error);
  }
}

/** Define ``on<type>`` on *Class*: a listener that keeps its place while it is replaced. */
function defineHandler(Class, type) {
  const handlers = new WeakMap(); // target -> {fn}
  Object.defineProperty(Class.prototype, `on${type}`, {
    get() { return handlers.get(this)?.fn ?? null; },
    set(fn) {
      const kept = typeof fn === "function" ? fn : null;
      const known = handlers.get(this);
      if (known !== undefined) known.fn = kept;
      else if (kept !== null) {
        const handler = { fn: kept };
        handlers.set(this, handler);
        this.addEventListener(type, (event) => (handler.fn === null ? undefined : Reflect.apply(handler.fn, this, [event])));
      }
    },
    enumerable: true,
    configurable: true,
  });
}

// --- abort --------------------------------------------------------------------------------------------

const mint = {}; // who holds it may make a signal
let isSignal;
let onAbort; // (signal, algorithm): run it before the event is fired
let abort; // (signal, reason)
let follow; // (signal, sources)

class AbortSignal extends EventTarget {
  #state = { aborted: false, reason: undefined, algorithms: new Set(), dependents: new Set(), sources: new Set() };

  constructor(key) {
    if (key !== mint) throw new TypeError("Illegal constructor");
    super();
  }

  static {
    isSignal = (value) => typeof value === "object" && value !== null && #state in value;
    onAbort = (signal, algorithm) => { signal.#state.algorithms.add(algorithm); return () => signal.#state.algorithms.delete(algorithm); };
    abort = (signal, reason) => {
      const state = signal.#state;
      if (state.aborted) return;
      state.aborted = true;
      state.reason = reason;
      const dependents = [...state.dependents].filter((one) => !one.#state.aborted);
      for (const dependent of dependents) Object.assign(dependent.#state, { aborted: true, reason });
      for (const one of [signal, ...dependents]) one.#tell();
    };
    follow = (signal, sources) => {
      for (const source of sources) {
        // A signal that follows others is looked through, so that every list is one deep.
        for (const root of source.#state.sources.size > 0 ? source.#state.sources : [source]) {
          signal.#state.sources.add(root);
          root.#state.dependents.add(signal);
        }
      }
    };
  }

  #tell() {
    const state = this.#state;
    for (const source of state.sources) source.#state.dependents.delete(this);
    state.sources.clear();
    state.dependents.clear();
    const algorithms = [...state.algorithms];
    state.algorithms.clear();
    for (const algorithm of algorithms) {
      try {
        algorithm();
      } catch (error) {
        reportUnhandled(error);
      }
    }
    this.dispatchEvent(new Event("abort"));
  }

  get aborted() { return this.#state.aborted; }
  get reason() { return this.#state.reason; }
  throwIfAborted() { if (this.#state.aborted) throw this.#state.reason; }

  static abort(reason = aborted()) {
    const signal = new AbortSignal(mint);
    abort(signal, reason);
    return signal;
  }

  static timeout(milliseconds) {
    needArguments(arguments.length, 1, "AbortSignal.timeout");
    const delay = Number(milliseconds);
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) throw new TypeError("a timeout is a number of milliseconds");
    const signal = new AbortSignal(mint);
    startTimer(() => abort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")), delay);
    return signal;
  }

  static any(signals) {
    needArguments(arguments.length, 1, "AbortSignal.any");
    const sources = [...signals];
    if (!sources.every(isSignal)) throw new TypeError("AbortSignal.any needs a list of signals");
    const signal = new AbortSignal(mint);
    const done = sources.find((source) => source.aborted);
    if (done !== undefined) abort(signal, done.reason);
    else follow(signal, sources);
    return signal;
  }
}
defineHandler(AbortSignal, "abort");
defineInterface(AbortSignal, "AbortSignal");

const aborted = () => new DOMException("This operation was aborted", "AbortError");

class AbortController {
  #signal = new AbortSignal(mint);
  get signal() { return this.#signal; }
  abort(reason = aborted()) { abort(this.#signal, reason); }
}
defineInterface(AbortController, "AbortController");

/** A signal for the runtime's own use, and the function that aborts it with a reason. */
function makeSignal() {
  const signal = Object.freeze(new AbortSignal(mint));
  return { signal, abort: (reason) => abort(signal, reason) };
}

module.exports = {
  AbortController, AbortSignal, CustomEvent, Event, EventTarget, defineHandler, isSignal, makeSignal, onAbort,
};
