// The web platform's globals: each is evaluated by the first plugin that names it (worker/js/lazy/web, worker/vendor).
//
// Promises    ``typeof X`` is what it is elsewhere, the first use included; afterwards X is an ordinary data property:
//             writable, not enumerable, configurable. What is not listed here is absent.

internals.performanceNow = performanceNow;
internals.dateNow = dateNow;
internals.reportUnhandled = reportUnhandled;
internals.isPromise = isPromise;
internals.watchPromise = watchPromise;
internals.startTimer = (fn, delay) => startTimer(fn, delayOf(delay, 1), false, newList());
internals.entropy = (count) => __py.entropy(count);
internals.uuid = uuid;
internals.digest = digestOf;
internals.derive = deriveKey;
internals.signalOf = signalOf; // (call) -> its AbortSignal
internals.inspectWithin = (value) => inspectNode(value, 2, { __proto__: null, chars: FORMAT_CHARS, seen: newList() });

const bytesToBase64 = uncurry(Uint8Array.prototype.toBase64);
const bytesFromHex = uncurry(Uint8Array.fromHex).bind(undefined, Uint8Array);
const MAX_DIGEST_BYTES = 16777216; // more would be copied through text at once

/** The digest of *bytes* made natively, or undefined where a vendored one must do it. */
function digestOf(name, bytes) {
  if (typedArrayLength(bytes) > MAX_DIGEST_BYTES) return undefined;
  const hex = __py.digest(name, bytesToBase64(bytes));
  return hex === "" ? undefined : bytesFromHex(hex);
}

/** PBKDF2 natively, or undefined. */
function deriveKey(name, password, salt, rounds, length) {
  if (!(rounds <= 2147483647) || typedArrayLength(password) + typedArrayLength(salt) > MAX_DIGEST_BYTES) return undefined;
  const hex = __py.derive(name, bytesToBase64(password), bytesToBase64(salt), rounds, length);
  return hex === "" ? undefined : bytesFromHex(hex);
}

function defineLazyGlobals(part, names) {
  for (let i = 0; i < names.length; i++) defineLazyGlobal(names[i], part);
}

defineLazyGlobals("vendor/url", ["URL", "URLSearchParams"]);
defineLazyGlobals("vendor/encoding", ["TextEncoder", "TextDecoder", "TextEncoderStream", "TextDecoderStream"]);
defineLazyGlobals("web/events", ["Event", "CustomEvent", "EventTarget", "AbortController", "AbortSignal"]);
defineLazyGlobals("web/clone", ["structuredClone"]);
defineLazyGlobals("web/blob", ["Blob", "File"]);
defineLazyGlobals("web/form_data", ["FormData"]);
defineLazyGlobals("web/crypto", ["crypto", "Crypto", "CryptoKey", "SubtleCrypto"]);
defineLazyGlobals("web/performance", ["performance", "Performance", "PerformanceEntry", "PerformanceMark", "PerformanceMeasure"]);
defineLazyGlobals("vendor/streams", [
  "ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController",
  "ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter",
  "WritableStreamDefaultController", "TransformStream", "TransformStreamDefaultController",
  "ByteLengthQueuingStrategy", "CountQueuingStrategy",
]);
defineLazyGlobals("web/headers", ["Headers"]);
defineLazyGlobals("web/request", ["Request"]);
defineLazyGlobals("web/response", ["Response"]);
defineLazyGlobals("web/fetch", ["fetch"]);
