// What the runtime needs of the engine, taken before any plugin code exists.
//
// Promises    Nothing in the runtime looks up a global or a method of a built-in prototype after this
//             file: a plugin may replace, delete or pollute all of them and only fools itself.
// Relies on   This file running first, in the zygote, in a fresh context.
// House rule  No for-of, spread, array destructuring or push in the runtime: they go through
//             Array.prototype. Lists have a null prototype, so an index write meets no setter.

const globalObject = globalThis;
const indirectEval = eval; // called by another name it evaluates in the global scope

const ArrayCtor = Array;
const ErrorCtor = Error;
const TypeErrorCtor = TypeError;
const RangeErrorCtor = RangeError;
const MapCtor = Map;
const PromiseCtor = Promise;
const FinalizationRegistryCtor = FinalizationRegistry;

const arrayIsArray = Array.isArray;
const create = Object.create;
const defineProperty = Object.defineProperty;
const freeze = Object.freeze;
const getDescriptor = Object.getOwnPropertyDescriptor;
const getPrototypeOf = Object.getPrototypeOf;
const hasOwn = Object.hasOwn;
const ownSymbols = Object.getOwnPropertySymbols;
const objectKeys = Object.keys;
const setPrototypeOf = Object.setPrototypeOf;
const construct = Reflect.construct;
const preventExtensions = Object.preventExtensions;
const ownKeys = Reflect.ownKeys;
const reflectApply = Reflect.apply;
const jsonParse = JSON.parse;
const jsonStringify = JSON.stringify;
const mathCeil = Math.ceil;
const mathFloor = Math.floor;
const mathImul = Math.imul;
const mathMax = Math.max;
const mathMin = Math.min;
const numberIsFinite = Number.isFinite;
const parseDecimal = parseFloat;
const parseInteger = parseInt;
const toStringPrimitive = String; // only ever given primitives: an object would run plugin code
const dateNow = Date.now;
const nativeQueueMicrotask = queueMicrotask;

const ArrayProto = Array.prototype;
const DateProto = Date.prototype;
const ErrorProto = Error.prototype;
const ObjectProto = Object.prototype;
const PromiseProto = Promise.prototype;

const callMethod = Function.prototype.call;
const bindMethod = Function.prototype.bind;
/** Turn a method into a function that takes its receiver first: ``uncurry(m)(self, ...args)``. */
const uncurry = (method) => reflectApply(bindMethod, callMethod, [method]);

const arrayJoin = uncurry(ArrayProto.join);
const arraySort = uncurry(ArrayProto.sort);
const charCodeAt = uncurry(String.prototype.charCodeAt);
const dateToISOString = uncurry(DateProto.toISOString);
const dateGetTime = uncurry(DateProto.getTime);
const bigintValueOf = uncurry(BigInt.prototype.valueOf);
const booleanValueOf = uncurry(Boolean.prototype.valueOf);
const errorStackOf = uncurry(getDescriptor(ErrorProto, "stack").get);
const functionToString = uncurry(Function.prototype.toString);
const mapClear = uncurry(Map.prototype.clear);
const mapDelete = uncurry(Map.prototype.delete);
const mapForEach = uncurry(Map.prototype.forEach);
const mapGet = uncurry(Map.prototype.get);
const mapHas = uncurry(Map.prototype.has);
const mapSet = uncurry(Map.prototype.set);
const mapSize = uncurry(getDescriptor(Map.prototype, "size").get);
const performanceNow = uncurry(performance.now).bind(undefined, performance);
const numberValueOf = uncurry(Number.prototype.valueOf);
const promiseThen = uncurry(PromiseProto.then);
const regexExec = uncurry(RegExp.prototype.exec);
const regexSource = uncurry(getDescriptor(RegExp.prototype, "source").get);
const setForEach = uncurry(Set.prototype.forEach);
const setSize = uncurry(getDescriptor(Set.prototype, "size").get);
const stringIndexOf = uncurry(String.prototype.indexOf);
const stringSlice = uncurry(String.prototype.slice);
const stringStartsWith = uncurry(String.prototype.startsWith);
const stringToLowerCase = uncurry(String.prototype.toLowerCase);
const stringToUpperCase = uncurry(String.prototype.toUpperCase);
const stringTrim = uncurry(String.prototype.trim);
const stringValueOf = uncurry(String.prototype.valueOf);
const symbolDescription = uncurry(Symbol.prototype.toString);
const typedArrayLength = uncurry(getDescriptor(getPrototypeOf(Uint8Array.prototype), "length").get);
const typedArrayName = uncurry(getDescriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get);

const undefinedFunction = () => undefined;

/** An empty list that index writes, length and JSON.stringify treat as an array, and nothing else can reach. */
function newList() {
  return setPrototypeOf([], null);
}

/** Define an ordinary data property even where the prototype holds a setter of that name. */
function defineData(target, key, value) {
  defineProperty(target, key, {
    __proto__: null, value, writable: true, enumerable: true, configurable: true,
  });
}

/**
 * Join two strings into a flat one. ``a + b`` makes a rope above 512 units, and so does concat for wide strings;
 * a rope cannot cross to Python.
 */
function flat(head, tail) {
  return tail.length < 256 && head.length < 256 ? head + tail : arrayJoin([head, tail], "");
}

/** Put a function that a plugin may hold on *target*: frozen, and not to be replaced. */
function publish(target, name, fn) {
  defineProperty(fn, "name", { __proto__: null, value: name });
  defineProperty(target, name, {
    __proto__: null, value: freeze(fn), enumerable: true, writable: false, configurable: false,
  });
}

/** Put a value where scripts find globals; a plugin may replace it for itself, as everywhere. */
function defineGlobal(name, value) {
  defineProperty(globalObject, name, {
    __proto__: null, value, writable: true, enumerable: false, configurable: true,
  });
}

// Error.prepareStackTrace hands call sites to the plugin, and a call site's getFunction() returns the
// function itself: the first error made inside the runtime would give its internals away. The engine
// keeps the callback in a hidden slot that only the original setter fills, so that setter is dropped.
defineProperty(Error, "prepareStackTrace", {
  __proto__: null, get: () => undefined, set: () => {}, enumerable: false, configurable: false,
});
