// node:timers/promises.
"use strict";

const { setTimeout: startTimeout, setImmediate: startImmediate, setInterval: startInterval } = globalThis;
const { clearTimeout, clearImmediate, clearInterval } = globalThis;

function abortError(signal) {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  error.name = "AbortError";
  error.code = "ABORT_ERR";
  return error;
}

function waiting(start, stop, value, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const onAbort = () => {
      stop(handle);
      reject(abortError(signal));
    };
    const handle = start(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value);
    });
    signal?.addEventListener("abort", onAbort);
  });
}

const setTimeout = (delay, value, options) => waiting((fn) => startTimeout(fn, delay), clearTimeout, value, options?.signal);
const setImmediate = (value, options) => waiting((fn) => startImmediate(fn), clearImmediate, value, options?.signal);

async function* setInterval(delay, value, options) {
  const signal = options?.signal;
  let due = 0;
  let wake = () => undefined;
  const handle = startInterval(() => {
    due += 1;
    wake();
  }, delay);
  const onAbort = () => wake();
  signal?.addEventListener("abort", onAbort);
  try {
    for (;;) {
      if (signal?.aborted) throw abortError(signal);
      if (due === 0) await new Promise((resolve) => { wake = resolve; });
      for (; due > 0 && !signal?.aborted; due--) yield value;
    }
  } finally {
    clearInterval(handle);
    signal?.removeEventListener("abort", onAbort);
  }
}

Object.assign(exports, {
  setTimeout,
  setImmediate,
  setInterval,
  scheduler: { wait: (delay, options) => setTimeout(delay, undefined, options), yield: () => setImmediate() },
});
