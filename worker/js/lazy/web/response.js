// Response: what fetch gives.
"use strict";

const { defineInterface, needArguments } = require("web/interface");
const { Headers, make: makeHeaders } = require("web/headers");
const { addBody, payloadOf } = require("web/body");

const NULL_BODY = [101, 103, 204, 205, 304];

let stateOf;
let make; // (state) => Response

class Response {
  #state;

  constructor(body = null, init = {}) {
    const options = init ?? {};
    if (typeof options !== "object" && typeof options !== "function") throw new TypeError("the options of a Response are an object");
    const status = options.status === undefined ? 200 : toShort(options.status);
    if (status < 200 || status > 599) throw new RangeError("init[\"status\"] must be in the range of 200 to 599, inclusive.");
    const statusText = options.statusText === undefined ? "" : `${options.statusText}`;
    // eslint-disable-next-line no-control-regex
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(statusText)) throw new TypeError("Invalid statusText");
    const headers = new Headers(options.headers);
    const given = body === undefined ? null : body;
    let payload = null;
    if (given !== null) {
      if (NULL_BODY.includes(status)) throw new TypeError(`Response constructor: Invalid response status code ${status}`);
      payload = payloadOf(given);
      if (payload.type !== null && !headers.has("content-type")) headers.append("content-type", payload.type);
    }
    this.#state = { type: "default", url: "", redirected: false, status, statusText, headers, payload };
  }

  static {
    stateOf = (response) => response.#state;
    make = (state) => {
      const response = new Response();
      response.#state = { type: "default", url: "", redirected: false, status: 200, statusText: "", payload: null, ...state };
      return response;
    };
  }

  static error() {
    return make({ type: "error", status: 0, headers: makeHeaders([], true) });
  }

  static redirect(url, status = 302) {
    needArguments(arguments.length, 1, "Response.redirect");
    let to;
    try {
      to = new URL(`${url}`).href;
    } catch (cause) {
      throw new TypeError(`Failed to parse URL from ${`${url}`.slice(0, 200)}`, { cause });
    }
    const code = toShort(status);
    if (![301, 302, 303, 307, 308].includes(code)) throw new RangeError(`Invalid status code ${code}`);
    return make({ status: code, headers: makeHeaders([["location", to]], true) });
  }

  static json(data, init = {}) {
    needArguments(arguments.length, 1, "Response.json");
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("Value is not JSON serializable");
    const headers = new Headers(init?.headers);
    if (!headers.has("content-type")) headers.append("content-type", "application/json");
    return new Response(text, { status: init?.status, statusText: init?.statusText, headers });
  }

  get type() { return this.#state.type; }
  get url() { return this.#state.url; }
  get redirected() { return this.#state.redirected; }
  get status() { return this.#state.status; }
  get ok() { return this.#state.status >= 200 && this.#state.status <= 299; }
  get statusText() { return this.#state.statusText; }
  get headers() { return this.#state.headers; }

  clone() {
    const state = this.#state;
    if (state.payload?.isUnusable) throw new TypeError("Response.clone: Body has already been consumed.");
    return make({
      ...state, headers: new Headers(state.headers), payload: state.payload === null ? null : state.payload.tee(),
    });
  }
}
addBody(Response, (response) => stateOf(response).payload, (response) => stateOf(response).headers.get("content-type"));
defineInterface(Response, "Response");

/** An unsigned short, as WebIDL converts to one. */
function toShort(value) {
  return Math.trunc(Number(value)) & 0xffff;
}

module.exports = { Response, make, stateOf, NULL_BODY };
