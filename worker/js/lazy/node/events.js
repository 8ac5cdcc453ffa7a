// node:events.
"use strict";

const errorMonitor = Symbol("events.errorMonitor");
const captureRejectionSymbol = Symbol.for("nodejs.rejection");
const plainCopy = (listeners) => listeners.map((listener) => listener.listener ?? listener);

let defaultMaxListeners = 10;

function coded(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  return error;
}

function checkListener(listener) {
  if (typeof listener !== "function") {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "listener" argument must be of type function. Received ${listener === null ? "null" : typeof listener}`);
  }
}

function EventEmitter(options) {
  EventEmitter.init.call(this, options);
}

EventEmitter.init = function init() {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = { __proto__: null };
    this._eventsCount = 0;
  }
  this._maxListeners = this._maxListeners || undefined;
};

EventEmitter.prototype._events = undefined;
EventEmitter.prototype._eventsCount = 0;
EventEmitter.prototype._maxListeners = undefined;

function tableOf(emitter) {
  if (emitter._events === undefined) {
    emitter._events = { __proto__: null };
    emitter._eventsCount = 0;
  }
  return emitter._events;
}

function add(emitter, type, listener, isFirst) {
  checkListener(listener);
  const events = tableOf(emitter);
  if (events.newListener !== undefined) emitter.emit("newListener", type, listener.listener ?? listener);
  const list = emitter._events[type];
  if (list === undefined) {
    emitter._events[type] = [listener];
    emitter._eventsCount += 1;
  } else if (isFirst) list.unshift(listener);
  else list.push(listener);
  const count = emitter._events[type].length;
  const most = emitter.getMaxListeners();
  if (most > 0 && count > most && !emitter._events[type].warned) {
    emitter._events[type].warned = true;
    globalThis.console.warn(`MaxListenersExceededWarning: possible memory leak: ${count} ${String(type)} listeners added; use emitter.setMaxListeners() to increase the limit`);
  }
  return emitter;
}

function onceWrapper(emitter, type, listener) {
  checkListener(listener);
  const state = { fired: false };
  function wrapped(...args) {
    if (state.fired) return undefined;
    state.fired = true;
    emitter.removeListener(type, wrapped);
    return listener.apply(emitter, args);
  }
  wrapped.listener = listener;
  return wrapped;
}

const methods = {
  setMaxListeners(count) {
    if (typeof count !== "number" || !(count >= 0)) {
      throw coded(RangeError, "ERR_OUT_OF_RANGE", `The value of "n" is out of range. It must be a non-negative number. Received ${String(count)}`);
    }
    this._maxListeners = count;
    return this;
  },
  getMaxListeners() {
    return this._maxListeners === undefined ? defaultMaxListeners : this._maxListeners;
  },
  emit(type, ...args) {
    const events = this._events;
    if (type === "error") {
      if (events !== undefined && events[errorMonitor] !== undefined) this.emit(errorMonitor, ...args);
      if (events === undefined || events.error === undefined) {
        if (args[0] instanceof Error) throw args[0];
        const error = coded(Error, "ERR_UNHANDLED_ERROR", `Unhandled error. (${typeof args[0] === "string" ? `'${args[0]}'` : String(args[0])})`);
        error.context = args[0];
        throw error;
      }
    }
    const list = events === undefined ? undefined : events[type];
    if (list === undefined) return false;
    const now = list.slice(); // a listener may remove others; this round still calls them
    for (let i = 0; i < now.length; i++) now[i].apply(this, args);
    return true;
  },
  addListener(type, listener) {
    return add(this, type, listener, false);
  },
  prependListener(type, listener) {
    return add(this, type, listener, true);
  },
  once(type, listener) {
    return this.on(type, onceWrapper(this, type, listener));
  },
  prependOnceListener(type, listener) {
    return this.prependListener(type, onceWrapper(this, type, listener));
  },
  removeListener(type, listener) {
    checkListener(listener);
    const list = this._events === undefined ? undefined : this._events[type];
    if (list === undefined) return this;
    for (let i = list.length - 1; i >= 0; i--) {
      if (list[i] !== listener && list[i].listener !== listener) continue;
      list.splice(i, 1);
      if (list.length === 0) {
        delete this._events[type];
        this._eventsCount -= 1;
      }
      if (this._events.removeListener !== undefined) this.emit("removeListener", type, listener);
      break;
    }
    return this;
  },
  removeAllListeners(type) {
    const events = this._events;
    if (events === undefined) return this;
    const types = arguments.length === 0 ? Reflect.ownKeys(events) : [type];
    for (const name of types) {
      const list = events[name];
      if (list === undefined || (arguments.length === 0 && name === "removeListener")) continue;
      for (const listener of list.slice().reverse()) this.removeListener(name, listener);
    }
    if (arguments.length === 0) {
      this._events = { __proto__: null };
      this._eventsCount = 0;
    }
    return this;
  },
  listeners(type) {
    return plainCopy(this._events?.[type] ?? []);
  },
  rawListeners(type) {
    return (this._events?.[type] ?? []).slice();
  },
  listenerCount(type, listener) {
    const list = this._events?.[type] ?? [];
    return listener === undefined ? list.length : plainCopy(list).filter((item) => item === listener).length;
  },
  eventNames() {
    return this._events === undefined ? [] : Reflect.ownKeys(this._events);
  },
};
for (const name of Object.keys(methods)) {
  Object.defineProperty(EventEmitter.prototype, name, { value: methods[name], writable: true, configurable: true, enumerable: true });
}
EventEmitter.prototype.on = EventEmitter.prototype.addListener;
EventEmitter.prototype.off = EventEmitter.prototype.removeListener;

function abortError(signal) {
  const error = coded(Error, "ABORT_ERR", "The operation was aborted");
  error.name = "AbortError";
  if (signal !== undefined) error.cause = signal.reason;
  return error;
}

const isTarget = (emitter) => typeof emitter.on !== "function" && typeof emitter.addEventListener === "function";

/** A promise of the arguments of the next *type*; rejects with an "error" that comes first. */
function once(emitter, type, options) {
  const signal = options?.signal;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    if (isTarget(emitter)) {
      emitter.addEventListener(type, (event) => resolve([event]), { once: true });
      signal?.addEventListener("abort", () => reject(abortError(signal)), { once: true });
      return;
    }
    const done = () => {
      emitter.removeListener(type, onEvent);
      emitter.removeListener("error", onError);
      signal?.removeEventListener("abort", onAbort);
    };
    const onEvent = (...args) => {
      done();
      resolve(args);
    };
    const onError = (error) => {
      emitter.removeListener("error", onError); // first, as node does: somebody may watch
      done();
      reject(error);
    };
    const onAbort = () => {
      done();
      reject(abortError(signal));
    };
    emitter.on(type, onEvent);
    if (type !== "error") emitter.on("error", onError);
    signal?.addEventListener("abort", onAbort);
  });
}

/** An asynchronous iterator of the arguments of each *type*. */
function on(emitter, type, options) {
  const signal = options?.signal;
  if (signal?.aborted) throw abortError(signal);
  const events = [];
  const waiting = [];
  let failure = null;
  let isDone = false;
  const closing = options?.close ?? [];
  const finish = () => {
    isDone = true;
    emitter.removeListener(type, onEvent);
    emitter.removeListener("error", onError);
    for (const name of closing) emitter.removeListener(name, finish);
    signal?.removeEventListener("abort", onAbort);
    for (const wait of waiting.splice(0)) wait.resolve({ value: undefined, done: true });
  };
  const onEvent = (...args) => {
    if (waiting.length > 0) waiting.shift().resolve({ value: args, done: false });
    else events.push(args);
  };
  const onError = (error) => {
    if (waiting.length > 0) waiting.shift().reject(error);
    else failure = error;
    finish();
  };
  const onAbort = () => onError(abortError(signal));
  emitter.on(type, onEvent);
  if (type !== "error") emitter.on("error", onError);
  for (const name of closing) emitter.on(name, finish);
  signal?.addEventListener("abort", onAbort);
  return {
    next() {
      if (events.length > 0) return Promise.resolve({ value: events.shift(), done: false });
      if (failure !== null) {
        const error = failure;
        failure = null;
        return Promise.reject(error);
      }
      if (isDone) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      finish();
      return Promise.resolve({ value: undefined, done: true });
    },
    throw(error) {
      onError(error);
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

Object.assign(EventEmitter, {
  EventEmitter,
  captureRejectionSymbol,
  captureRejections: false,
  errorMonitor,
  getEventListeners: (emitter, type) => (typeof emitter.listeners === "function" ? emitter.listeners(type) : []),
  getMaxListeners: (emitter) => (typeof emitter.getMaxListeners === "function" ? emitter.getMaxListeners() : defaultMaxListeners),
  listenerCount: (emitter, type) => emitter.listenerCount(type),
  on,
  once,
  setMaxListeners(count = defaultMaxListeners, ...emitters) {
    if (emitters.length === 0) defaultMaxListeners = count;
    for (const emitter of emitters) if (typeof emitter.setMaxListeners === "function") emitter.setMaxListeners(count);
  },
  usingDomains: false,
});
Object.defineProperty(EventEmitter, "defaultMaxListeners", {
  get: () => defaultMaxListeners,
  set: (count) => {
    defaultMaxListeners = count;
  },
  enumerable: true,
});
module.exports = EventEmitter;
