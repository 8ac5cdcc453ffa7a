// node:async_hooks: AsyncLocalStorage and AsyncResource.
//
// Gap         The engine has no hook for promises: a store is there while run() is on the stack, up to the first await
//             of what it calls, and in what was bound (AsyncLocalStorage.bind, AsyncResource). Afterwards getStore()
//             gives what the code that runs then is in, usually undefined.
"use strict";

const storages = new Set();

/** What every storage holds now, as a function that runs another in that state. */
function capture() {
  const held = [...storages].map((storage) => [storage, storage.getStore()]);
  return (fn, ...args) => {
    const enter = held.reduceRight((inner, [storage, store]) => () => storage.run(store, inner), () => fn(...args));
    return enter();
  };
}

class AsyncLocalStorage {
  #store = undefined;
  constructor() {
    storages.add(this);
  }
  run(store, fn, ...args) {
    const before = this.#store;
    this.#store = store;
    try {
      return fn(...args);
    } finally {
      this.#store = before;
    }
  }
  exit(fn, ...args) {
    return this.run(undefined, fn, ...args);
  }
  getStore() {
    return this.#store;
  }
  disable() {
    this.#store = undefined;
    storages.delete(this);
  }
  static bind(fn) {
    const within = capture();
    return function bound(...args) {
      return within(() => fn.apply(this, args));
    };
  }
  static snapshot() {
    return capture();
  }
}

class AsyncResource {
  #within = capture();
  constructor(type) {
    this.type = type;
  }
  runInAsyncScope(fn, thisArg, ...args) {
    return this.#within(() => fn.apply(thisArg, args));
  }
  bind(fn, thisArg) {
    const resource = this;
    return function bound(...args) {
      return resource.runInAsyncScope(fn, thisArg === undefined ? this : thisArg, ...args);
    };
  }
  static bind(fn, type, thisArg) {
    return new AsyncResource(type ?? fn.name ?? "bound").bind(fn, thisArg);
  }
  emitDestroy() {
    return this;
  }
}

Object.assign(exports, { AsyncLocalStorage, AsyncResource });
