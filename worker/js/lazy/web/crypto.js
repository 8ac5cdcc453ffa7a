// crypto: randomness at once; subtle.digest, HMAC and key derivation from vendored hashes (web/subtle).
"use strict";

const { defineInterface, needArguments } = require("web/interface");
const { entropy, uuid } = internals;

const MAX_BYTES = 65536; // of one getRandomValues, as everywhere
const INTEGERS = new Set([
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
  "BigInt64Array", "BigUint64Array",
]);
const mint = {};
const typedArrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array).prototype, Symbol.toStringTag).get;

class Crypto {
  constructor(key) { if (key !== mint) throw new TypeError("Illegal constructor"); }

  get subtle() { return require("web/subtle").subtle; }

  getRandomValues(array) {
    needArguments(arguments.length, 1, "getRandomValues");
    if (!ArrayBuffer.isView(array) || !INTEGERS.has(Reflect.apply(typedArrayName, array, []))) {
      throw new DOMException("getRandomValues needs an integer typed array", "TypeMismatchError");
    }
    if (array.byteLength > MAX_BYTES) {
      throw new DOMException(`getRandomValues gives at most ${MAX_BYTES} bytes at once`, "QuotaExceededError");
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    if (bytes.length > 0) bytes.setFromHex(entropy(bytes.length));
    return array;
  }

  randomUUID() { return uuid(); }
}
defineInterface(Crypto, "Crypto");

module.exports = {
  Crypto,
  crypto: new Crypto(mint),
  get CryptoKey() { return require("web/subtle").CryptoKey; },
  get SubtleCrypto() { return require("web/subtle").SubtleCrypto; },
};
