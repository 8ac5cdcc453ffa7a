// node:util.
"use strict";

const { format, formatWithOptions, inspect, stripVTControlCharacters } = require("vendor/inspect");
const types = require("node/util/types");

const custom = Symbol.for("nodejs.util.promisify.custom");

function coded(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  return error;
}

function needFunction(name, value) {
  if (typeof value === "function") return;
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be of type function. Received ${inspect(value)}`);
}

function copyProperties(from, to) {
  Object.setPrototypeOf(to, Object.getPrototypeOf(from));
  return Object.defineProperties(to, Object.getOwnPropertyDescriptors(from));
}

function promisify(original) {
  needFunction("original", original);
  const given = original[custom];
  if (given !== undefined) {
    needFunction("util.promisify.custom", given);
    return Object.defineProperty(given, custom, { value: given, configurable: true });
  }
  function promisified(...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (error, value) => (error ? reject(error) : resolve(value))]);
    });
  }
  return Object.defineProperty(copyProperties(original, promisified), custom, { value: promisified, configurable: true });
}
promisify.custom = custom;

function callbackify(original) {
  needFunction("original", original);
  function callbackified(...args) {
    const callback = args.pop();
    needFunction("last argument", callback);
    Reflect.apply(original, this, args).then(
      (value) => queueMicrotask(() => callback.call(this, null, value)),
      (reason) => queueMicrotask(() => {
        if (reason) {
          callback.call(this, reason);
          return;
        }
        const error = coded(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value");
        error.reason = reason;
        callback.call(this, error);
      }),
    );
  }
  return Object.defineProperty(callbackified, "name", { value: `${original.name}Callbackified`, configurable: true });
}

function inherits(constructor, parent) {
  needFunction("ctor", constructor);
  needFunction("superCtor", parent);
  Object.defineProperty(constructor, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
}

const told = new Set();
function deprecate(fn, message, code) {
  let isTold = false;
  function deprecated(...args) {
    if (!isTold && !(code !== undefined && told.has(code))) {
      isTold = true;
      if (code !== undefined) told.add(code);
      internals.log("warn", `${code === undefined ? "" : `[${code}] `}DeprecationWarning: ${message}`);
    }
    return new.target === undefined ? Reflect.apply(fn, this, args) : Reflect.construct(fn, args, new.target === deprecated ? fn : new.target);
  }
  return copyProperties(fn, deprecated);
}

/** A function that logs when NODE_DEBUG, where the plugin may read it, names *section*. */
function debuglog(section) {
  let isOn;
  const enabled = () => {
    if (isOn === undefined) {
      const wanted = (require("node/env").env.NODE_DEBUG ?? "").toLowerCase().split(",");
      isOn = wanted.includes(String(section).toLowerCase()) || wanted.includes("*");
    }
    return isOn;
  };
  const log = (...args) => {
    if (enabled()) internals.log("debug", `${String(section).toUpperCase()}: ${format(...args)}`);
  };
  return Object.defineProperty(log, "enabled", { get: enabled });
}

function styleText(styles, text) {
  let [open, close] = ["", ""];
  for (const style of Array.isArray(styles) ? styles : [styles]) {
    const codes = inspect.colors[style];
    if (codes === undefined) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", `The argument 'format' must be a known style. Received ${inspect(style)}`);
    open += `\x1b[${codes[0]}m`;
    close = `\x1b[${codes[1]}m${close}`;
  }
  return `${open}${text}${close}`;
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

Object.assign(exports, {
  aborted,
  callbackify,
  debug: debuglog,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  inherits,
  inspect,
  isArray: Array.isArray,
  isDeepStrictEqual: (left, right) => require("node/equal").deepStrictEqual(left, right),
  parseArgs: (config) => require("vendor/parseargs").parseArgs(config ?? { args: [] }),
  promisify,
  stripVTControlCharacters,
  styleText,
  toUSVString: (text) => `${text}`.toWellFormed(),
  types,
});
for (const name of ["TextDecoder", "TextEncoder"]) if (globalThis[name] !== undefined) exports[name] = globalThis[name];
