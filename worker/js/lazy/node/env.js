// process.env: what the host grants, a name at a time.
//
// Promises    Each name is asked for once; one that is not granted is not set. What the plugin writes stays with it.
//             Its keys are the names that it may read and those it set.
"use strict";

const seen = new Map(); // name -> text, or undefined where it is not set for this plugin

function read(name) {
  if (!seen.has(name)) {
    try {
      const { value } = internals.hostcallSync(null, "env.get", { name });
      seen.set(name, typeof value === "string" ? value : undefined);
    } catch (error) {
      if (error.code !== "E_DENIED") return undefined; // nobody to ask now: the next use asks again
      seen.set(name, undefined);
    }
  }
  return seen.get(name);
}

const isName = (key) => typeof key === "string" && key.length > 0 && key.length <= 256;

function keys() {
  let names = [];
  try {
    ({ names = [] } = internals.hostcallSync(null, "env.list", {}));
  } catch {
    // nobody to ask now
  }
  const all = new Set(names.filter((name) => !seen.has(name)));
  for (const [name, value] of seen) if (value !== undefined) all.add(name);
  return [...all];
}

exports.env = new Proxy({}, {
  get: (target, key) => {
    if (!isName(key)) return undefined;
    const value = read(key);
    return value === undefined && key in Object.prototype ? target[key] : value;
  },
  has: (_, key) => isName(key) && read(key) !== undefined,
  set: (_, key, value) => {
    if (typeof key === "symbol") throw new TypeError("Cannot convert a Symbol value to a string");
    seen.set(key, String(value));
    return true;
  },
  defineProperty: (_, key, descriptor) => {
    seen.set(String(key), String(descriptor.value));
    return true;
  },
  deleteProperty: (_, key) => {
    seen.set(String(key), undefined);
    return true;
  },
  ownKeys: keys,
  getOwnPropertyDescriptor: (_, key) => {
    const value = isName(key) ? read(key) : undefined;
    return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
  },
});
