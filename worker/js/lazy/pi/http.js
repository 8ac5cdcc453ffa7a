// pi.http: fetch with less to write. Each gives a Response.
"use strict";

const { fetchFor } = require("web/fetch");
const { publish } = internals;

/** {get, post, request} for *call*, or null for the plugin itself. */
function makeHttp(call) {
  const http = {};
  publish(http, "request", (url, options) => request(call, url, options));
  publish(http, "get", (url, options) => request(call, url, { ...options, method: "GET" }));
  publish(http, "post", (url, body, options) => request(call, url, { ...options, ...bodyOf(body, options), method: "POST" }));
  return Object.freeze(http);
}

/** ``request(url, options)`` or ``request({url, ...options})``; beside fetch's options ``timeoutMs``. */
async function request(call, url, options) {
  const isObject = typeof url === "object" && url !== null && typeof url.url === "string" && !(url instanceof Request);
  const { timeoutMs, timeout, json, ...init } = isObject ? url : (options ?? {});
  if (json !== undefined) Object.assign(init, asJson(json, init.headers));
  return fetchFor(call, isObject ? url.url : url, init, { timeoutMs: timeoutMs ?? timeout });
}

function bodyOf(body, options) {
  if (body === undefined || body === null) return {};
  const proto = typeof body === "object" ? Object.getPrototypeOf(body) : null;
  const isData = Array.isArray(body) || (typeof body === "object" && (proto === null || proto === Object.prototype));
  return isData ? asJson(body, options?.headers) : { body };
}

function asJson(data, given) {
  const headers = new Headers(given);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return { body: JSON.stringify(data), headers };
}

module.exports = { http: makeHttp(null), makeHttp };
