// node:util/types: what kind of object a value really is, by what only that kind answers.
"use strict";

const getterOf = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;

/** Whether *method*, which looks at what only its own kind of object has, takes *value*. */
function takes(method, ...args) {
  return (value) => {
    if (value === null || typeof value !== "object") return false;
    try {
      Reflect.apply(method, value, args);
      return true;
    } catch {
      return false;
    }
  };
}

const typedArrayName = getterOf(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const key = {};
const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);
const isFunctionOf = (kind) => (value) => typeof value === "function" && tagOf(value) === kind;
const isTagged = (kind) => (value) => value !== null && typeof value === "object" && tagOf(value) === kind;

const types = {
  isAnyArrayBuffer: (value) => types.isArrayBuffer(value) || types.isSharedArrayBuffer(value),
  isArrayBuffer: takes(getterOf(ArrayBuffer.prototype, "byteLength")),
  isArrayBufferView: (value) => ArrayBuffer.isView(value),
  isAsyncFunction: (value) => isFunctionOf("AsyncFunction")(value) || isFunctionOf("AsyncGeneratorFunction")(value),
  isBigIntObject: takes(BigInt.prototype.valueOf),
  isBooleanObject: takes(Boolean.prototype.valueOf),
  isBoxedPrimitive: (value) => (
    types.isNumberObject(value) || types.isStringObject(value) || types.isBooleanObject(value) || types.isBigIntObject(value) || types.isSymbolObject(value)
  ),
  isDataView: takes(getterOf(DataView.prototype, "byteLength")),
  isDate: takes(Date.prototype.getTime),
  isExternal: () => false,
  isGeneratorFunction: (value) => isFunctionOf("GeneratorFunction")(value) || isFunctionOf("AsyncGeneratorFunction")(value),
  isGeneratorObject: isTagged("Generator"),
  isMap: takes(getterOf(Map.prototype, "size")),
  isMapIterator: isTagged("Map Iterator"),
  isModuleNamespaceObject: isTagged("Module"),
  isNativeError: (value) => value instanceof Error && tagOf(value) === "Error",
  isNumberObject: takes(Number.prototype.valueOf),
  isPromise: (value) => value instanceof Promise,
  isProxy: () => false, // the engine does not tell
  isRegExp: (value) => value !== null && typeof value === "object" && value !== RegExp.prototype && takes(getterOf(RegExp.prototype, "global"))(value),
  isSet: takes(getterOf(Set.prototype, "size")),
  isSetIterator: isTagged("Set Iterator"),
  isSharedArrayBuffer: takes(getterOf(SharedArrayBuffer.prototype, "byteLength")),
  isStringObject: takes(String.prototype.valueOf),
  isSymbolObject: takes(Symbol.prototype.valueOf),
  isTypedArray: (value) => ArrayBuffer.isView(value) && !types.isDataView(value),
  isWeakMap: takes(WeakMap.prototype.has, key),
  isWeakSet: takes(WeakSet.prototype.has, key),
};
for (const name of [
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "Float32Array", "Float64Array",
  "BigInt64Array", "BigUint64Array",
]) {
  types[`is${name}`] = (value) => ArrayBuffer.isView(value) && typedArrayName.call(value) === name;
}
module.exports = types;
