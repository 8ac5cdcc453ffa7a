// fetch: a request is described, the host performs it if the plugin may, and the body comes when it is read.
//
// Promises    Whatever fails rejects with an Error that has a ``code`` (E_DENIED, E_NETWORK, ...); an abort rejects with the
//             signal's reason. A response that nobody can reach any more closes its connection.
"use strict";

const { Request, stateOf } = require("web/request");
const { make, NULL_BODY } = require("web/response");
const { make: makeHeaders, listOf } = require("web/headers");
const { Payload } = require("web/body");
const { hostcall, makeError, signalOf } = internals;

// What was not read when its response was collected.
const unread = new FinalizationRegistry((id) => void hostcall(null, "http.cancel", { __proto__: null, id }).catch(() => {}));

/** fetch for *call*, with whose end it ends, or null for the plugin itself. *more*: timeoutMs. */
async function fetchFor(call, input, init, more) {
  const request = stateOf(new Request(input, init));
  const { signal } = request;
  if (signal.aborted) throw signal.reason;
  if (request.url.startsWith("data:")) return dataResponse(request.url);
  const args = {
    __proto__: null,
    method: request.method,
    url: withoutFragment(request.url),
    headers: listOf(request.headers),
    redirect: request.redirect,
  };
  if (more?.timeoutMs !== undefined) args.timeout_ms = Number(more.timeoutMs);
  if (request.payload !== null) args.body_base64 = (await request.payload.take()).toBase64();
  let head;
  try {
    head = await hostcall(call, "http.request", args, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw failed(error);
  }
  const hasBody = !head.done && !NULL_BODY.includes(head.status) && request.method !== "HEAD";
  return make({
    type: "basic",
    url: head.url,
    redirected: head.redirected,
    status: head.status,
    statusText: head.status_text,
    headers: makeHeaders(head.headers, true),
    pairs: head.headers, // as they came, for node:http
    payload: hasBody ? bodyOf(call, head.id, signal) : NULL_BODY.includes(head.status) || request.method === "HEAD" ? null : new Payload({ bytes: new Uint8Array() }),
  });
}

function withoutFragment(url) {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}

function failed(error) {
  const wrapped = new TypeError(`fetch failed: ${error?.message ?? error}`, { cause: error });
  if (error?.code !== undefined) Object.defineProperty(wrapped, "code", { value: error.code, writable: true, enumerable: true, configurable: true });
  return wrapped;
}

/** The body of the open request *id*, pulled from the host. */
function bodyOf(call, id, signal) {
  let isOver = false;
  let abortReason;
  const signals = call === null ? [signal] : [signal, signalOf(call)];
  const close = () => {
    isOver = true;
    for (const one of signals) one.removeEventListener("abort", onAbort);
    unread.unregister(token);
  };
  const cancel = () => {
    if (isOver) return;
    close();
    hostcall(null, "http.cancel", { __proto__: null, id }).catch(() => {});
  };
  function onAbort() {
    const source = signals.find((one) => one.aborted);
    abortReason = { reason: source?.reason };
    cancel();
  }
  const token = {};
  const handle = { id }; // held by whoever can still read: the payload, or a stream that was made of it
  for (const one of signals) one.addEventListener("abort", onAbort);
  const payload = new Payload({
    pull: async (isStream) => {
      if (abortReason !== undefined) throw abortReason.reason;
      if (isOver) return null;
      let piece;
      try {
        piece = await hostcall(call, "http.read", { __proto__: null, id: handle.id, stream: isStream });
      } catch (error) {
        if (abortReason !== undefined) throw abortReason.reason;
        close();
        throw failed(error);
      }
      if (piece.done) close();
      const bytes = Uint8Array.fromBase64(piece.data);
      return piece.done && bytes.length === 0 ? null : bytes;
    },
    cancel,
  });
  unread.register(handle, id, token);
  return payload;
}

/** A ``data:`` URL is its own answer. */
function dataResponse(url) {
  const found = /^data:([^,]*?)(;\s*base64\s*)?,(.*)$/is.exec(withoutFragment(url));
  if (found === null) throw failed(makeError("E_INVALID", "a data: URL has a comma"));
  const [, type, isBase64, data] = found;
  const bytes = percentDecoded(data);
  let whole = bytes;
  if (isBase64 !== undefined) {
    try {
      whole = Uint8Array.fromBase64(new TextDecoder().decode(bytes).replace(/[\t\n\f\r ]/g, ""));
    } catch {
      throw failed(makeError("E_INVALID", "the data: URL is not base64"));
    }
  }
  const mime = type.startsWith(";") ? `text/plain${type}` : type || "text/plain;charset=US-ASCII";
  return make({
    type: "basic", url, statusText: "OK", headers: makeHeaders([["content-type", mime]], true), payload: new Payload({ bytes: whole }),
  });
}

function percentDecoded(text) {
  const bytes = new TextEncoder().encode(text);
  const out = [];
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] === 37 ? parseInt(String.fromCharCode(bytes[at + 1], bytes[at + 2]), 16) : NaN;
    const isHex = bytes[at] === 37 && /^[0-9a-f]{2}$/i.test(String.fromCharCode(bytes[at + 1] ?? 32, bytes[at + 2] ?? 32));
    out.push(isHex ? code : bytes[at]);
    if (isHex) at += 2;
  }
  return new Uint8Array(out);
}

function fetch(input, init = undefined) {
  return fetchFor(null, input, init);
}

module.exports = { fetch, fetchFor };
