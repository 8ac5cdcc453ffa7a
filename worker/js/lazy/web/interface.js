// What WebIDL asks of a class that `class` does not give: members that for-in finds, and a tag for toString.
"use strict";

const serializers = new Map(); // prototype of an interface -> what copies one for structuredClone, or null

/** Finish *Class* as an interface called *name*; *constants* go on the class and on its prototype. */
function defineInterface(Class, name, { constants = {}, serializer = null } = {}) {
  serializers.set(Class.prototype, serializer);
  for (const holder of [Class.prototype, Class]) {
    for (const key of Object.getOwnPropertyNames(holder)) {
      if (["constructor", "prototype", "name", "length"].includes(key)) continue;
      Object.defineProperty(holder, key, { enumerable: true });
    }
    for (const [key, value] of Object.entries(constants)) Object.defineProperty(holder, key, { value, enumerable: true });
  }
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
  Object.defineProperty(Class, "prototype", { writable: false });
  return Class;
}

/** What copies *value* if it is of an interface: null for one that cannot be copied, undefined for anything else. */
function serializerOf(value) {
  for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const found = serializers.get(proto);
    if (found !== undefined) return found;
  }
  return undefined;
}
serializers.set(DOMException.prototype, (error) => new DOMException(error.message, error.name));

/** Refuse a call that gives fewer than *needed* arguments, as every binding of a standard does. */
function needArguments(given, needed, what) {
  if (given < needed) {
    throw new TypeError(`${what} needs ${needed} ${needed === 1 ? "argument" : "arguments"}, but got ${given}`);
  }
}

/** The bytes of an ArrayBuffer or of a view on one, not copied; null for anything else. */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") return new Uint8Array(value);
  return null;
}

module.exports = { bytesOf, defineInterface, needArguments, serializerOf };
