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
internals.signalOf = signalOf; // (call) -> its AbortSignal
internals.inspectWithin = (value) => inspectNode(value, 2, { __proto__: null, chars: FORMAT_CHARS, seen: newList() });

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
