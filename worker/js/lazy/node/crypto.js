// node:crypto: digests, keyed digests, key derivation, randomness.
//
// Gap         Ciphers, signatures and key pairs are absent.
"use strict";

const hashes = require("vendor/hashes");
const { Buffer } = require("node/buffer");

const ALGORITHMS = {
  __proto__: null,
  md5: hashes.md5, ripemd160: hashes.ripemd160, rmd160: hashes.ripemd160, sha1: hashes.sha1, sha224: hashes.sha224, sha256: hashes.sha256,
  sha384: hashes.sha384, sha512: hashes.sha512, "sha3-256": hashes.sha3_256, "sha3-384": hashes.sha3_384, "sha3-512": hashes.sha3_512,
};
const NATIVE = new Map(["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].map((name) => [ALGORITHMS[name], name]));
const KEPT_BYTES = 16 * 1024 * 1024; // as much as is taken natively at once
const SCRYPT_BYTES = 32 * 1024 * 1024;
const MAX_DRAW = 65536;

function coded(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  return error;
}

function algorithmOf(name) {
  const key = String(name).toLowerCase();
  const found = ALGORITHMS[key] ?? ALGORITHMS[key.replace(/^(?:rsa-)?sha-(\d+)$/, "sha$1").replace(/^rsa-/, "")];
  if (found === undefined) throw coded(Error, "ERR_OSSL_EVP_UNSUPPORTED", "Digest method not supported");
  return found;
}

function bytesOf(data, encoding, name = "data") {
  if (typeof data === "string") return Buffer.from(data, encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be of type string or an instance of Buffer, TypedArray, or DataView.`);
}

const encoded = (bytes, encoding) => (encoding === undefined || encoding === "buffer" ? Buffer.from(bytes) : Buffer.from(bytes).toString(encoding));

class Digest {
  #state;
  #isDone = false;
  constructor(state) {
    this.#state = state;
  }
  update(data, encoding) {
    if (this.#isDone) throw coded(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    this.#state.update(bytesOf(data, encoding));
    return this;
  }
  digest(encoding) {
    if (this.#isDone) throw coded(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    this.#isDone = true;
    return encoded(this.#state.digest(), encoding);
  }
  _copyState() {
    if (this.#isDone) throw coded(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    return this.#state.clone();
  }
}

/** A hash that keeps what it is given and has its digest made natively; beyond KEPT_BYTES it goes on by itself. */
class KeptHash {
  #algorithm;
  #chunks = [];
  #size = 0;
  #state = null;
  constructor(algorithm) {
    this.#algorithm = algorithm;
  }
  update(bytes) {
    if (this.#state !== null) {
      this.#state.update(bytes);
      return;
    }
    this.#chunks.push(new Uint8Array(bytes)); // a copy: the caller may use its own again
    this.#size += bytes.length;
    if (this.#size > KEPT_BYTES) this.#goOn();
  }
  digest() {
    if (this.#state === null) {
      const whole = new Uint8Array(this.#size);
      let at = 0;
      for (const chunk of this.#chunks) {
        whole.set(chunk, at);
        at += chunk.length;
      }
      const made = internals.digest(NATIVE.get(this.#algorithm), whole);
      if (made !== undefined) return made;
      this.#goOn();
    }
    return this.#state.digest();
  }
  clone() {
    const made = new KeptHash(this.#algorithm);
    made.#chunks = [...this.#chunks];
    made.#size = this.#size;
    made.#state = this.#state === null ? null : this.#state.clone();
    return made;
  }
  #goOn() {
    this.#state = this.#algorithm.create();
    for (const chunk of this.#chunks) this.#state.update(chunk);
    this.#chunks = [];
  }
}

class Hash extends Digest {
  copy() {
    return new Hash(this._copyState());
  }
}

class Hmac extends Digest {}

function createHash(name) {
  const algorithm = algorithmOf(name);
  return new Hash(NATIVE.has(algorithm) ? new KeptHash(algorithm) : algorithm.create());
}

const createHmac = (name, key) => new Hmac(hashes.hmac.create(algorithmOf(name), bytesOf(key, "utf8", "key")));

// --- randomness ----------------------------------------------------------------------------------------------------

function fill(bytes) {
  for (let from = 0; from < bytes.length; from += MAX_DRAW) {
    const part = Buffer.from(internals.entropy(Math.min(MAX_DRAW, bytes.length - from)), "hex");
    bytes.set(part, from);
  }
}

function sized(value, name) {
  if (!Number.isInteger(value) || value < 0 || value > 2147483647) {
    throw coded(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be >= 0 && <= 2147483647. Received ${String(value)}`);
  }
  return value;
}

/** *make()* at once, or later through *callback*, as node's functions with an optional callback do. */
function maybeLater(make, callback) {
  if (callback === undefined) return make();
  if (typeof callback !== "function") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "The \"callback\" argument must be of type function.");
  let error = null;
  let value;
  try {
    value = make();
  } catch (thrown) {
    error = thrown;
  }
  globalThis.setImmediate(() => (error === null ? callback(null, value) : callback(error)));
  return undefined;
}

function randomBytes(size, callback) {
  sized(size, "size");
  return maybeLater(() => {
    const bytes = Buffer.alloc(size);
    fill(bytes);
    return bytes;
  }, callback);
}

function randomFillSync(target, offset = 0, size = undefined) {
  const bytes = bytesOf(target, undefined, "buf").subarray(offset, size === undefined ? undefined : offset + size);
  fill(bytes);
  return target;
}

function randomFill(target, ...rest) {
  const callback = rest.pop();
  maybeLater(() => randomFillSync(target, ...rest), callback);
}

/** An integer from *min* up to, and without, *max*; each is as likely. */
function randomInt(min, max, callback) {
  if (max === undefined || typeof max === "function") return randomInt(0, min, max);
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "The \"min\" and \"max\" arguments must be safe integers");
  const range = max - min;
  if (range <= 0 || range > 2 ** 48 - 1) throw coded(RangeError, "ERR_OUT_OF_RANGE", "The value of \"max\" is out of range.");
  return maybeLater(() => {
    const limit = 2 ** 48 - (2 ** 48 % range); // above it some would be likelier
    for (;;) {
      const drawn = parseInt(internals.entropy(6), 16);
      if (drawn < limit) return min + (drawn % range);
    }
  }, callback);
}

function timingSafeEqual(left, right) {
  const a = bytesOf(left, undefined, "buf1");
  const b = bytesOf(right, undefined, "buf2");
  if (a.length !== b.length) throw coded(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

// --- key derivation ------------------------------------------------------------------------------------------------

function pbkdf2Sync(password, salt, iterations, keylen, digest) {
  const algorithm = algorithmOf(digest);
  const secret = new Uint8Array(bytesOf(password, "utf8", "password"));
  const seed = new Uint8Array(bytesOf(salt, "utf8", "salt"));
  const length = sized(keylen, "keylen");
  const made = NATIVE.has(algorithm) ? internals.derive(NATIVE.get(algorithm), secret, seed, iterations, length) : undefined;
  return Buffer.from(made ?? hashes.pbkdf2(algorithm, secret, seed, { c: iterations, dkLen: length }));
}

function scryptSync(password, salt, keylen, options = {}) {
  const N = options.N ?? options.cost ?? 16384;
  const r = options.r ?? options.blockSize ?? 8;
  const p = options.p ?? options.parallelization ?? 1;
  if (128 * N * r > (options.maxmem ?? SCRYPT_BYTES)) throw coded(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", "Invalid scrypt params: memory limit exceeded");
  return Buffer.from(hashes.scrypt(bytesOf(password, "utf8", "password"), bytesOf(salt, "utf8", "salt"), {
    N, r, p, dkLen: sized(keylen, "keylen"), maxmem: 2 ** 30,
  }));
}

Object.assign(exports, {
  Hash,
  Hmac,
  createHash,
  createHmac,
  getHashes: () => Object.keys(ALGORITHMS).filter((name) => name !== "rmd160"),
  getRandomValues: (target) => randomFillSync(target),
  hash: (name, data, encoding = "hex") => createHash(name).update(data).digest(encoding),
  pbkdf2: (password, salt, iterations, keylen, digest, callback) => maybeLater(() => pbkdf2Sync(password, salt, iterations, keylen, digest), callback),
  pbkdf2Sync,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID: () => internals.uuid(),
  scrypt: (password, salt, keylen, options, callback) => (
    typeof options === "function" ? maybeLater(() => scryptSync(password, salt, keylen), options) : maybeLater(() => scryptSync(password, salt, keylen, options), callback)
  ),
  scryptSync,
  timingSafeEqual,
});
if (globalThis.crypto !== undefined) {
  exports.webcrypto = globalThis.crypto;
  if (globalThis.crypto.subtle !== undefined) exports.subtle = globalThis.crypto.subtle;
}
