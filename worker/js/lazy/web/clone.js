// structuredClone (the HTML standard's serialise and deserialise in one walk).
//
// Promises    Cycles and shared references stay what they are; functions, symbols and objects with hidden state that
//             nobody could copy (a promise, a weak map, a signal) are refused with a DataCloneError.
// Gaps        A Proxy cannot be told from its target and is copied; a SharedArrayBuffer is refused.
"use strict";

const { needArguments, serializerOf } = require("web/interface");

const getterOf = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const TypedArray = Object.getPrototypeOf(Uint8Array);
const typedArrayName = getterOf(TypedArray.prototype, Symbol.toStringTag);

/** Whether *method*, which looks at what only its own kind of object has, takes *value*. */
function takes(method, value, ...more) {
  try {
    Reflect.apply(method, value, more);
    return true;
  } catch {
    return false;
  }
}

// In the standard's order; each entry: does it apply, and what makes the copy.
const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const sharedLength = getterOf(SharedArrayBuffer.prototype, "byteLength");
const viewLength = getterOf(DataView.prototype, "buffer");
const mapSize = getterOf(Map.prototype, "size");
const setSize = getterOf(Set.prototype, "size");
const sourceOf = getterOf(RegExp.prototype, "source");
const weakKey = {};
const uncopyable = [
  [WeakMap.prototype.has, weakKey], [WeakSet.prototype.has, weakKey], [WeakRef.prototype.deref],
  [Symbol.prototype.valueOf],
];
const opaque = new Set(["Arguments", "Promise", "Generator", "AsyncGenerator", "Array Iterator", "Map Iterator", "Set Iterator", "FinalizationRegistry"]
  .map((name) => `[object ${name}]`));

const ERROR_NAMES = new Set(["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"]);
const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function refuse(value) {
  let shown;
  try {
    shown = typeof value === "symbol" ? String(value) : typeof value === "function" ? `function ${value.name}` : `#<${value.constructor.name}>`;
  } catch {
    shown = "an object";
  }
  return new DOMException(`${shown} could not be cloned.`, "DataCloneError");
}

/** The copy of *value*: what is in it is filled in later, from ``memory.todo``, so that depth costs no stack. */
function copy(value, memory) {
  if (typeof value === "function" || typeof value === "symbol") throw refuse(value);
  if (typeof value !== "object" || value === null) return value;
  const known = memory.made.get(value);
  if (known !== undefined) return known;
  const proto = Object.getPrototypeOf(value);
  // The commonest by far, and not worth ten questions each. Gap: a Map whose prototype was replaced by this one.
  if (proto === Object.prototype || proto === null || proto === Array.prototype) return copyPlain(value, memory);
  const boxed = copyBoxed(value);
  if (boxed !== undefined) {
    memory.made.set(value, boxed);
    return boxed;
  }
  if (takes(bufferLength, value)) return remember(value, memory, copyBuffer(value));
  if (takes(sharedLength, value)) throw refuse(value);
  if (ArrayBuffer.isView(value)) return remember(value, memory, copyView(value, memory));
  if (takes(mapSize, value)) return later(value, new Map(), fillMap, memory);
  if (takes(setSize, value)) return later(value, new Set(), fillSet, memory);
  const serializer = serializerOf(value);
  if (serializer === null) throw refuse(value);
  if (serializer !== undefined) return remember(value, memory, serializer(value));
  if (Error.isError(value)) return copyError(value, memory);
  if (uncopyable.some(([method, ...more]) => takes(method, value, ...more))) throw refuse(value);
  return copyPlain(value, memory);
}

function copyPlain(value, memory) {
  if (Array.isArray(value)) return later(value, new Array(value.length), fillFields, memory);
  if (value === globalThis) throw refuse(value);
  if (opaque.has(Object.prototype.toString.call(value)) && !Object.hasOwn(value, Symbol.toStringTag)) throw refuse(value);
  return later(value, {}, fillFields, memory);
}

function remember(value, memory, made) {
  memory.made.set(value, made);
  return made;
}

function later(value, made, fill, memory) {
  memory.todo.push({ value, made, fill });
  return remember(value, memory, made);
}

function copyBoxed(value) {
  for (const Box of [Boolean, Number, String, BigInt]) {
    if (takes(Box.prototype.valueOf, value)) return Object(Reflect.apply(Box.prototype.valueOf, value, []));
  }
  if (takes(Date.prototype.getTime, value)) return new Date(Reflect.apply(Date.prototype.getTime, value, []));
  if (value !== RegExp.prototype && takes(sourceOf, value)) {
    return new RegExp(Reflect.apply(sourceOf, value, []), value.flags);
  }
  return undefined;
}

function copyBuffer(buffer) {
  if (buffer.detached) throw new DOMException("An ArrayBuffer is detached and could not be cloned.", "DataCloneError");
  const made = buffer.resizable
    ? new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength })
    : new ArrayBuffer(buffer.byteLength);
  new Uint8Array(made).set(new Uint8Array(buffer));
  return made;
}

function copyView(view, memory) {
  const buffer = copy(view.buffer, memory);
  const name = Reflect.apply(typedArrayName, view, []);
  if (name === undefined) return new DataView(buffer, view.byteOffset, view.byteLength);
  return new globalThis[name](buffer, view.byteOffset, view.length);
}

function fillMap(map, made, memory) {
  const entries = [];
  Map.prototype.forEach.call(map, (value, key) => entries.push([key, value]));
  for (const [key, value] of entries) {
    const keyCopy = copy(key, memory);
    made.set(keyCopy, copy(value, memory));
  }
}

function fillSet(set, made, memory) {
  const items = [];
  Set.prototype.forEach.call(set, (item) => items.push(item));
  for (const item of items) made.add(copy(item, memory));
}

function copyError(error, memory) {
  const given = `${error.name}`;
  const Kind = ERRORS[ERROR_NAMES.has(given) ? given : "Error"];
  const own = remember(error, memory, new Kind());
  const message = Object.getOwnPropertyDescriptor(error, "message");
  if (message !== undefined && "value" in message) {
    Object.defineProperty(own, "message", { value: `${message.value}`, writable: true, configurable: true });
  } else delete own.message;
  const { stack } = error;
  if (typeof stack === "string") Object.defineProperty(own, "stack", { value: stack, writable: true, configurable: true });
  return own;
}

function fillFields(value, made, memory) {
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(value, key)) continue; // a getter before it may have removed it
    Object.defineProperty(made, key, { value: copy(value[key], memory), writable: true, enumerable: true, configurable: true });
  }
}

/** Copy *value*; what *transfer* lists moves, which here means: is copied as well, and then detached. */
function structuredClone(value, options = {}) {
  needArguments(arguments.length, 1, "structuredClone");
  if (options !== undefined && options !== null && typeof options !== "object" && typeof options !== "function") {
    throw new TypeError("the options of structuredClone are an object");
  }
  const moved = new Set();
  for (const item of options?.transfer ?? []) {
    if (typeof item !== "object" || item === null) throw new TypeError("only objects can be transferred");
    if (!takes(bufferLength, item)) {
      throw new DOMException("Value could not be transferred.", "DataCloneError");
    }
    if (moved.has(item)) throw new DOMException("ArrayBuffer occurs in the transfer list more than once.", "DataCloneError");
    if (item.detached) throw new DOMException("An ArrayBuffer is detached and could not be cloned.", "DataCloneError");
    moved.add(item);
  }
  const memory = { made: new Map(), todo: [] };
  const made = copy(value, memory);
  for (let task = memory.todo.pop(); task !== undefined; task = memory.todo.pop()) task.fill(task.value, task.made, memory);
  for (const buffer of moved) buffer.transfer(); // last: nothing is detached when something is refused
  return made;
}

module.exports = { structuredClone };
