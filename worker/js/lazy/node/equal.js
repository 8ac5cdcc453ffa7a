// Deep equality, as node's assert and util.isDeepStrictEqual have it.
//
// Bound       Pairs that are being compared are remembered, so that cycles end; a match of set members by value is
//             quadratic, as everywhere.
"use strict";

const types = require("node/util/types");

const enumerableKeys = (value, isStrict) => {
  const keys = Object.keys(value);
  if (!isStrict) return keys;
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) keys.push(symbol);
  }
  return keys;
};

const sameBytes = (left, right) => {
  const a = new Uint8Array(left.buffer ?? left, left.byteOffset ?? 0, left.byteLength);
  const b = new Uint8Array(right.buffer ?? right, right.byteOffset ?? 0, right.byteLength);
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

// loose is what == means, and NaN equals itself
function loosePrimitives(left, right) {
  return left == right || (left !== left && right !== right);
}

function equal(left, right, isStrict, pairs) {
  if (left === right) return left !== 0 || !isStrict || Object.is(left, right);
  const isObjects = left !== null && right !== null && typeof left === "object" && typeof right === "object";
  if (!isObjects) {
    if (isStrict) return Object.is(left, right);
    if ((left !== null && typeof left === "object") || (right !== null && typeof right === "object")) return false;
    return typeof left === "function" || typeof right === "function" ? false : loosePrimitives(left, right);
  }
  if (isStrict && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (Object.prototype.toString.call(left) !== Object.prototype.toString.call(right)) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && left.length !== right.length) return false;
  if (!sameContents(left, right, isStrict)) return false;
  for (let pair = pairs; pair !== null; pair = pair.outer) if (pair.left === left) return pair.right === right;
  return sameMembers(left, right, isStrict, { left, right, outer: pairs });
}

/** What is not in properties, except for the members of maps and sets. */
function sameContents(left, right, isStrict) {
  for (const is of [types.isDate, types.isRegExp, types.isMap, types.isSet, types.isBoxedPrimitive, types.isArrayBufferView, types.isAnyArrayBuffer]) {
    if (is(left) !== is(right)) return false;
  }
  if (types.isDate(left)) return left.getTime() === right.getTime() || (Number.isNaN(left.getTime()) && Number.isNaN(right.getTime()));
  if (types.isRegExp(left)) return left.source === right.source && left.flags === right.flags && left.lastIndex === right.lastIndex;
  if (left instanceof Error || right instanceof Error) return left.message === right.message && left.name === right.name;
  if (types.isBoxedPrimitive(left)) return Object.is(left.valueOf(), right.valueOf());
  if (types.isMap(left) || types.isSet(left)) return left.size === right.size;
  if (types.isArrayBufferView(left)) {
    if (!isStrict && (types.isFloat32Array(left) || types.isFloat64Array(left))) {
      return left.length === right.length && left.every((item, i) => loosePrimitives(item, right[i]));
    }
    return sameBytes(left, right);
  }
  if (types.isAnyArrayBuffer(left)) return sameBytes(new Uint8Array(left), new Uint8Array(right));
  return true;
}

function sameMembers(left, right, isStrict, pairs) {
  if (types.isMap(left) && !sameMaps(left, right, isStrict, pairs)) return false;
  if (types.isSet(left) && !sameSets(left, right, isStrict, pairs)) return false;
  if (types.isArrayBufferView(left)) return true; // compared by their bytes
  const keys = enumerableKeys(left, isStrict);
  if (keys.length !== enumerableKeys(right, isStrict).length) return false;
  for (const key of keys) {
    if (!Object.prototype.propertyIsEnumerable.call(right, key)) return false;
    if (!equal(left[key], right[key], isStrict, pairs)) return false;
  }
  return true;
}

function sameSets(left, right, isStrict, pairs) {
  const rest = [...right].filter((item) => !left.has(item) || (typeof item === "object" && item !== null));
  for (const item of left) {
    if (right.has(item) && (typeof item !== "object" || item === null)) continue;
    const at = rest.findIndex((other) => equal(item, other, isStrict, pairs));
    if (at < 0) return false;
    rest.splice(at, 1);
  }
  return rest.length === 0;
}

function sameMaps(left, right, isStrict, pairs) {
  const rest = [...right];
  for (const [key, value] of left) {
    const at = rest.findIndex(([other, held]) => equal(key, other, isStrict, pairs) && equal(value, held, isStrict, pairs));
    if (at < 0) return false;
    rest.splice(at, 1);
  }
  return rest.length === 0;
}

exports.deepEqual = (left, right) => equal(left, right, false, null);
exports.deepStrictEqual = (left, right) => equal(left, right, true, null);
