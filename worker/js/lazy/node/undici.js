// undici: what of it is more than a way to hold sockets. The package itself cannot work here; fetch is the host's.
"use strict";

const { Readable } = require("node/stream");
const { fetchFor } = require("web/fetch");
const { IncomingMessage } = require("node/http");
const { stateOf } = require("web/response");

const READERS = ["arrayBuffer", "blob", "bytes", "json", "text"];

/** undici's request: status, headers and a stream that also has json(), text(), ... Redirects are not followed. */
async function request(url, options = {}) {
  const { query, method, headers, body, signal } = options ?? {};
  const target = new URL(typeof url === "string" || url instanceof URL ? url : `${url?.origin ?? ""}${url?.path ?? url?.pathname ?? ""}`);
  for (const [name, value] of Object.entries(query ?? {})) for (const one of [value].flat()) target.searchParams.append(name, one);
  const isStream = body instanceof Readable || typeof body?.[Symbol.asyncIterator] === "function";
  const response = await fetchFor(null, target, {
    method, headers: pairsOf(headers), body: body ?? undefined, signal: signal ?? undefined, redirect: "manual", ...(isStream ? { duplex: "half" } : {}),
  });
  const { payload, pairs, status, statusText } = stateOf(response);
  const message = new IncomingMessage({ payload, pairs, status, statusText });
  for (const name of READERS) message[name] = () => read(message, name);
  message.dump = async () => void message.resume();
  return { statusCode: status, headers: message.headers, trailers: {}, opaque: options?.opaque ?? null, body: message, context: {} };
}

async function read(message, name) {
  const parts = [];
  for await (const part of message) parts.push(part);
  return new Response(Buffer.concat(parts), { headers: { "content-type": message.headers["content-type"] ?? "" } })[name]();
}

function pairsOf(headers) {
  if (!Array.isArray(headers)) {
    return Object.entries(headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [value].flat().map((one) => [name, one])));
  }
  return Array.isArray(headers[0]) ? headers : headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));
}

const { fetch, FormData, Headers, Request, Response } = globalThis;
module.exports = { fetch, FormData, Headers, Request, Response, request };
