// Request: what fetch is asked for, in one object.
"use strict";

const { defineInterface, needArguments } = require("web/interface");
const { Headers, TOKEN, byteString } = require("web/headers");
const { addBody, payloadOf } = require("web/body");

const CHOICES = {
  redirect: ["follow", "error", "manual"],
  cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
  credentials: ["omit", "same-origin", "include"],
  mode: ["cors", "same-origin", "no-cors", "navigate"],
  referrerPolicy: [
    "", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin",
    "strict-origin-when-cross-origin", "unsafe-url",
  ],
};

let stateOf;

class Request {
  #state;

  constructor(input, init = {}) {
    needArguments(arguments.length, 1, "Request");
    const options = init ?? {};
    if (typeof options !== "object" && typeof options !== "function") throw new TypeError("the options of a Request are an object");
    const from = typeof input === "object" && input !== null && #state in input ? input.#state : null;
    const state = {
      method: "GET", url: "", headers: null, payload: null, signal: null, redirect: "follow", cache: "default",
      credentials: "same-origin", mode: "cors", referrer: "about:client", referrerPolicy: "", integrity: "", keepalive: false,
    };
    if (from !== null) Object.assign(state, from, { headers: null, payload: null, signal: null });
    else state.url = urlOf(input);
    if (options.window !== undefined && options.window !== null) throw new TypeError("a window there is none of");
    for (const [name, allowed] of Object.entries(CHOICES)) {
      if (options[name] === undefined) continue;
      const word = `${options[name]}`;
      if (!allowed.includes(word)) throw new TypeError(`${name} cannot be ${JSON.stringify(word.slice(0, 50))}`);
      if (name === "mode" && word === "navigate") throw new TypeError("mode cannot be navigate");
      state[name] = word;
    }
    if (state.cache === "only-if-cached" && state.mode !== "same-origin") throw new TypeError("only-if-cached takes the mode same-origin");
    if (options.referrer !== undefined) state.referrer = `${options.referrer}` === "" ? "no-referrer" : `${options.referrer}`;
    if (options.integrity !== undefined && options.integrity !== null) state.integrity = `${options.integrity}`;
    if (options.keepalive !== undefined) state.keepalive = Boolean(options.keepalive);
    if (options.method !== undefined) state.method = methodOf(options.method);
    const signal = options.signal !== undefined ? options.signal : from === null ? null : from.signal;
    state.signal = follow(signal);
    state.headers = new Headers(options.headers !== undefined ? options.headers : from === null ? undefined : from.headers);
    const given = options.body ?? null;
    if ((given !== null || (from !== null && from.payload !== null)) && (state.method === "GET" || state.method === "HEAD")) {
      throw new TypeError("Request with GET/HEAD method cannot have body.");
    }
    if (given !== null) {
      state.payload = payloadOf(given, state.keepalive);
      if (state.payload.type !== null && !state.headers.has("content-type")) state.headers.append("content-type", state.payload.type);
      if (state.payload.made !== null && options.duplex === undefined) {
        throw new TypeError("RequestInit: duplex option is required when sending a body.");
      }
      if (options.duplex !== undefined && options.duplex !== "half") throw new TypeError("duplex is half");
    } else if (from !== null && from.payload !== null) {
      if (from.payload.isUnusable) throw new TypeError("Cannot construct a Request with a Request object that has already been used.");
      state.payload = from.payload.tee();
      from.payload.isTaken = true;
    }
    this.#state = state;
  }

  static { stateOf = (request) => request.#state; }

  get method() { return this.#state.method; }
  get url() { return this.#state.url; }
  get headers() { return this.#state.headers; }
  get destination() { return this.#state === undefined ? undefined : ""; }
  get referrer() { return this.#state.referrer === "no-referrer" ? "" : this.#state.referrer; }
  get referrerPolicy() { return this.#state.referrerPolicy; }
  get mode() { return this.#state.mode; }
  get credentials() { return this.#state.credentials; }
  get cache() { return this.#state.cache; }
  get redirect() { return this.#state.redirect; }
  get integrity() { return this.#state.integrity; }
  get keepalive() { return this.#state.keepalive; }
  get isReloadNavigation() { return this.#state === undefined; }
  get isHistoryNavigation() { return this.#state === undefined; }
  get signal() { return this.#state.signal; }
  get duplex() { return this.#state === undefined ? undefined : "half"; }

  clone() {
    const state = this.#state;
    if (state.payload?.isUnusable) throw new TypeError("unusable");
    const made = new Request(state.url);
    made.#state = {
      ...state, headers: new Headers(state.headers), signal: follow(state.signal),
      payload: state.payload === null ? null : state.payload.tee(),
    };
    return made;
  }
}
addBody(Request, (request) => stateOf(request).payload, (request) => stateOf(request).headers.get("content-type"));
defineInterface(Request, "Request");

function urlOf(input) {
  let url;
  try {
    url = new URL(`${input}`);
  } catch (cause) {
    throw new TypeError(`Failed to parse URL from ${`${input}`.slice(0, 200)}`, { cause });
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("a URL with a user in it is not fetched; send an Authorization header");
  }
  return url.href;
}

function methodOf(value) {
  const method = byteString(value, "a method");
  const upper = method.toUpperCase();
  if (!TOKEN.test(method)) throw new TypeError(`'${method.slice(0, 50)}' is not a valid HTTP method.`);
  if (["CONNECT", "TRACE", "TRACK"].includes(upper)) throw new TypeError(`'${method}' HTTP method is unsupported.`);
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : method;
}

/** A signal of one's own that aborts with *signal*, which may be a handler's ctx.signal. */
function follow(signal) {
  const controller = new AbortController();
  if (signal === null || signal === undefined) return controller.signal;
  if (typeof signal !== "object" || typeof signal.aborted !== "boolean" || typeof signal.addEventListener !== "function") {
    throw new TypeError("signal must be an AbortSignal");
  }
  if (signal instanceof AbortSignal) return AbortSignal.any([signal]);
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  return controller.signal;
}

module.exports = { Request, stateOf, methodOf };
