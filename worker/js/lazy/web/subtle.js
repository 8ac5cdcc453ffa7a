// crypto.subtle: SHA digests, HMAC, PBKDF2 and HKDF. Keys come raw, or as a JWK where they are HMAC's.
//
// Gaps        No AES, RSA or elliptic curves: NotSupportedError. Ciphers in an interpreter would be slow, and their
//             timing would tell the key to whoever shares the machine.
"use strict";

const { bytesOf, defineInterface, needArguments } = require("web/interface");
const hashes = require("vendor/hashes");
const { derive: deriveNatively, digest: digestNatively, entropy } = internals;

const HASHES = { "SHA-1": hashes.sha1, "SHA-256": hashes.sha256, "SHA-384": hashes.sha384, "SHA-512": hashes.sha512 };
const NATIVE = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
const BLOCK_BITS = { "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };
const JWK_NAMES = { "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };
const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];
const ALLOWED = { HMAC: ["sign", "verify"], PBKDF2: ["deriveKey", "deriveBits"], HKDF: ["deriveKey", "deriveBits"] };
const mint = {};

let secretOf; // (key) => its bytes, or undefined

class CryptoKey {
  #secret; #algorithm; #extractable; #usages;
  constructor(key, secret, algorithm, extractable, usages) {
    if (key !== mint) throw new TypeError("Illegal constructor");
    this.#secret = secret;
    this.#algorithm = algorithm;
    this.#extractable = extractable;
    this.#usages = usages;
  }
  static { secretOf = (key) => (typeof key === "object" && key !== null && #secret in key ? key.#secret : undefined); }
  get type() { return "secret"; }
  get algorithm() { return this.#algorithm; }
  get extractable() { return this.#extractable; }
  get usages() { return this.#usages; }
}
defineInterface(CryptoKey, "CryptoKey", {
  serializer: (key) => new CryptoKey(mint, secretOf(key), key.algorithm, key.extractable, key.usages),
});

class SubtleCrypto {
  constructor(key) { if (key !== mint) throw new TypeError("Illegal constructor"); }

  async digest(algorithm, data) {
    needArguments(arguments.length, 2, "digest");
    const hash = hashOf(algorithm);
    const bytes = input(data);
    return (digestNatively(NATIVE[hash.name], bytes) ?? hash.make(bytes)).buffer;
  }

  async importKey(format, data, algorithm, extractable, usages) {
    needArguments(arguments.length, 5, "importKey");
    const name = nameOf(algorithm);
    if (ALLOWED[name] === undefined) throw unsupported(name);
    const wanted = usagesOf(usages, name);
    if (format !== "raw" && (format !== "jwk" || name !== "HMAC")) {
      throw new DOMException(`${name} keys cannot be imported as ${format}`, "NotSupportedError");
    }
    if (name !== "HMAC") {
      if (extractable) throw new DOMException(`${name} keys are not extractable`, "SyntaxError");
      return new CryptoKey(mint, input(data).slice(), { name }, false, wanted);
    }
    const hash = hashIn(algorithm).name;
    const secret = format === "raw" ? input(data).slice() : fromJwk(data, hash);
    if (secret.length === 0) throw new DOMException("Zero-length key is not supported", "DataError");
    return new CryptoKey(mint, secret, hmacAlgorithm(hash, secret), Boolean(extractable), wanted);
  }

  async exportKey(format, key) {
    needArguments(arguments.length, 2, "exportKey");
    const secret = secretFor(key);
    if (!key.extractable) throw new DOMException("key is not extractable", "InvalidAccessError");
    if (format === "raw") return secret.slice().buffer;
    if (format !== "jwk") throw new DOMException(`${key.algorithm.name} keys cannot be exported as ${format}`, "NotSupportedError");
    return {
      key_ops: [...key.usages], ext: true, kty: "oct", k: secret.toBase64({ alphabet: "base64url", omitPadding: true }),
      alg: JWK_NAMES[key.algorithm.hash.name],
    };
  }

  async generateKey(algorithm, extractable, usages) {
    needArguments(arguments.length, 3, "generateKey");
    if (nameOf(algorithm) !== "HMAC") throw unsupported(nameOf(algorithm));
    const hash = hashIn(algorithm).name;
    const bits = algorithm.length === undefined ? BLOCK_BITS[hash] : Number(algorithm.length);
    if (!(bits > 0) || bits % 8 !== 0 || bits > 8 * 65536) throw new DOMException(`no HMAC key has ${bits} bits`, "OperationError");
    const secret = Uint8Array.fromHex(entropy(bits / 8));
    const wanted = usagesOf(usages, "HMAC");
    return new CryptoKey(mint, secret, hmacAlgorithm(hash, secret), Boolean(extractable), wanted);
  }

  async sign(algorithm, key, data) {
    needArguments(arguments.length, 3, "sign");
    return mac(algorithm, key, data, "sign").buffer;
  }

  async verify(algorithm, key, signature, data) {
    needArguments(arguments.length, 4, "verify");
    const made = mac(algorithm, key, data, "verify");
    const given = input(signature);
    let differs = made.length ^ given.length;
    for (let i = 0; i < made.length; i++) differs |= made[i] ^ given[i % (given.length || 1)];
    return differs === 0;
  }

  async deriveBits(algorithm, key, length) {
    needArguments(arguments.length, 3, "deriveBits");
    return derive(algorithm, key, length, "deriveBits").buffer;
  }

  async deriveKey(algorithm, key, derived, extractable, usages) {
    needArguments(arguments.length, 5, "deriveKey");
    if (nameOf(derived) !== "HMAC") throw unsupported(nameOf(derived));
    const hash = hashIn(derived).name;
    const secret = derive(algorithm, key, derived.length ?? BLOCK_BITS[hash], "deriveKey");
    return new CryptoKey(mint, secret, hmacAlgorithm(hash, secret), Boolean(extractable), usagesOf(usages, "HMAC"));
  }
}
defineInterface(SubtleCrypto, "SubtleCrypto");

function unsupported(name) {
  return new DOMException(`Unrecognized algorithm name: ${name}`, "NotSupportedError");
}

function nameOf(algorithm) {
  const isObject = typeof algorithm === "object" && algorithm !== null;
  const given = isObject ? algorithm.name : algorithm;
  if (isObject && given === undefined) throw new TypeError("an algorithm is a name, or an object with one");
  return `${given}`.toUpperCase();
}

function hashOf(algorithm) {
  const name = nameOf(algorithm);
  if (!Object.hasOwn(HASHES, name)) throw unsupported(name);
  return { name, make: HASHES[name] };
}

/** The hash that an algorithm works with, which must be named. */
function hashIn(algorithm) {
  if (algorithm.hash === undefined) throw new TypeError("the algorithm needs a hash");
  return hashOf(algorithm.hash);
}

function input(data) {
  const bytes = bytesOf(data);
  if (bytes === null) throw new TypeError("the data is neither an ArrayBuffer nor a view on one");
  return bytes;
}

function hmacAlgorithm(hash, secret) {
  return { name: "HMAC", hash: { name: hash }, length: secret.length * 8 };
}

/** The usages as the standard orders them, each once. */
function usagesOf(usages, name) {
  const given = new Set(usages);
  for (const usage of given) {
    if (!USAGES.includes(usage)) throw new TypeError(`${usage} is not a key usage`);
    if (!ALLOWED[name].includes(usage)) throw new DOMException(`a ${name} key cannot be used to ${usage}`, "SyntaxError");
  }
  if (given.size === 0) throw new DOMException("Usages cannot be empty", "SyntaxError");
  return USAGES.filter((usage) => given.has(usage));
}

function fromJwk(jwk, hash) {
  if (typeof jwk !== "object" || jwk === null) throw new TypeError("a JWK is an object");
  if (jwk.kty !== "oct" || typeof jwk.k !== "string") throw new DOMException("the JWK is not of a secret key", "DataError");
  if (jwk.alg !== undefined && jwk.alg !== JWK_NAMES[hash]) throw new DOMException("the JWK is for another algorithm", "DataError");
  try {
    return Uint8Array.fromBase64(jwk.k, { alphabet: "base64url" });
  } catch {
    throw new DOMException("the JWK's key is not base64url", "DataError");
  }
}

function secretFor(key) {
  const secret = secretOf(key);
  if (secret === undefined) throw new TypeError("not a CryptoKey");
  return secret;
}

function mac(algorithm, key, data, usage) {
  const secret = secretFor(key);
  if (nameOf(algorithm) !== "HMAC") throw unsupported(nameOf(algorithm));
  if (key.algorithm.name !== "HMAC") throw new DOMException("the key is for another algorithm", "InvalidAccessError");
  if (!key.usages.includes(usage)) throw new DOMException(`the key may not be used to ${usage}`, "InvalidAccessError");
  return hashes.hmac(HASHES[key.algorithm.hash.name], secret, input(data));
}

function derive(algorithm, key, length, usage) {
  const name = nameOf(algorithm);
  const secret = secretFor(key);
  if (name !== "PBKDF2" && name !== "HKDF") throw unsupported(name);
  if (name !== key.algorithm.name) throw new DOMException("the key is for another algorithm", "InvalidAccessError");
  if (!key.usages.includes(usage)) throw new DOMException(`the key may not be used to ${usage}`, "InvalidAccessError");
  if (length === null || length === undefined || length % 8 !== 0) throw new DOMException("the length is no number of bytes", "OperationError");
  const hashName = hashIn(algorithm).name;
  const hash = HASHES[hashName];
  if (name === "PBKDF2") {
    const count = Number(algorithm.iterations);
    if (!(count > 0)) throw new DOMException("the number of iterations is zero", "OperationError");
    const salt = input(algorithm.salt);
    return deriveNatively(NATIVE[hashName], secret, salt, count, length / 8)
      ?? hashes.pbkdf2(hash, secret, salt, { c: count, dkLen: length / 8 });
  }
  try {
    return hashes.hkdf(hash, secret, input(algorithm.salt), input(algorithm.info), length / 8);
  } catch (error) {
    throw new DOMException(`${error.message}`, "OperationError");
  }
}

module.exports = { CryptoKey, SubtleCrypto, subtle: new SubtleCrypto(mint) };
