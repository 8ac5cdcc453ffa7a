// node:http, the client's side: request and get on top of fetch, through the host. There are no servers.
//
// A request is sent when it is ended, whole. Redirects are not followed, as in Node. A body that the host has unpacked
// is given without its Content-Encoding.
"use strict";

const { Readable, Writable } = require("node/stream");
const { fetchFor } = require("web/fetch");
const { stateOf } = require("web/response");
const { TOKEN } = require("web/headers");

const ONCE = new Set([
  "age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host", "if-modified-since",
  "if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization", "referer", "retry-after", "server",
  "user-agent",
]);
const UNPACKED = /^\s*(?:(?:x-)?gzip|deflate|identity)(?:\s*,\s*(?:(?:x-)?gzip|deflate|identity))*\s*$/i;
const CODES = { __proto__: null, E_DENIED: "EACCES", E_TIMEOUT: "ETIMEDOUT", E_INVALID: "ERR_INVALID_ARG_VALUE" };

const STATUS_CODES = {
  100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints", 200: "OK", 201: "Created", 202: "Accepted",
  203: "Non-Authoritative Information", 204: "No Content", 205: "Reset Content", 206: "Partial Content", 207: "Multi-Status",
  208: "Already Reported", 226: "IM Used", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other",
  304: "Not Modified", 305: "Use Proxy", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
  401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
  406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
  411: "Length Required", 412: "Precondition Failed", 413: "Payload Too Large", 414: "URI Too Long",
  415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed", 418: "I'm a Teapot",
  421: "Misdirected Request", 422: "Unprocessable Entity", 423: "Locked", 424: "Failed Dependency", 425: "Too Early",
  426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
  503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported", 506: "Variant Also Negotiates",
  507: "Insufficient Storage", 508: "Loop Detected", 509: "Bandwidth Limit Exceeded", 510: "Not Extended",
  511: "Network Authentication Required",
};
const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

function coded(ErrorClass, code, message) {
  return Object.assign(new ErrorClass(message), { code });
}

/** What an error of fetch is in Node. */
function nodeError(error) {
  const cause = error?.cause ?? error;
  const message = `${cause?.message ?? error}`;
  let code = CODES[error?.code];
  if (code === undefined) {
    code = message.includes("does not resolve") ? "ENOTFOUND" : message.includes("refused") ? "ECONNREFUSED" : "ECONNRESET";
  }
  return Object.assign(new Error(message, { cause }), { code, syscall: "connect" });
}

/** Headers as Node shows them: names in lower case, values joined or dropped by name, set-cookie a list. */
function headersOf(pairs) {
  const headers = {};
  for (const [written, value] of pairs) {
    const name = written.toLowerCase();
    if (name === "set-cookie") (headers[name] ??= []).push(value);
    else if (headers[name] === undefined) headers[name] = value;
    else if (!ONCE.has(name)) headers[name] += `${name === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}

class IncomingMessage extends Readable {
  #payload = null;

  constructor(response) {
    super();
    this.httpVersion = "1.1";
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    this.complete = false;
    this.aborted = false;
    this.method = null;
    this.url = "";
    this.headers = {};
    this.rawHeaders = [];
    this.trailers = {};
    this.rawTrailers = [];
    this.statusCode = null;
    this.statusMessage = null;
    if (response !== undefined && response !== null) {
      const { payload, pairs, status, statusText } = response;
      this.#payload = payload;
      this.statusCode = status;
      this.statusMessage = statusText;
      this.headers = headersOf(pairs);
      this.rawHeaders = pairs.flat();
    }
  }

  get headersDistinct() {
    const found = {};
    for (let i = 0; i < this.rawHeaders.length; i += 2) (found[this.rawHeaders[i].toLowerCase()] ??= []).push(this.rawHeaders[i + 1]);
    return found;
  }

  setTimeout(_, callback) {
    if (typeof callback === "function") this.on("timeout", callback);
    return this;
  }

  _read() {
    const payload = this.#payload;
    const next = async () => {
      if (payload === null) return null;
      if (payload.bytes !== null) {
        this.#payload = null;
        return payload.bytes;
      }
      let piece;
      do piece = await payload.pull(true);
      while (piece !== null && piece.length === 0);
      return piece;
    };
    next().then((piece) => {
      if (piece === null || piece.length === 0) {
        this.complete = true;
        this.push(null);
      } else this.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    }, (error) => this.destroy(this.aborted ? coded(Error, "ECONNRESET", "aborted") : nodeError(error)));
  }

  _destroy(error, callback) {
    const payload = this.#payload;
    this.#payload = null;
    if (!this.complete) {
      this.aborted = true;
      payload?.cancel?.();
      this.emit("aborted");
    }
    callback(this.listenerCount("error") === 0 ? null : error); // as in Node: it is the request's error as well
  }
}

class Agent {
  constructor(options = {}) {
    this.options = { ...options };
    this.maxSockets = options.maxSockets ?? Infinity;
    this.keepAlive = options.keepAlive ?? false;
    this.sockets = {};
    this.requests = {};
    this.freeSockets = {};
  }

  destroy() {}
}

class ClientRequest extends Writable {
  #headers = new Map(); // name in lower case -> [name, value or values]
  #chunks = [];
  #controller = new AbortController();
  #timer = null;
  #isSent = false;
  #url;

  constructor(protocol, input, options, callback) {
    super({ autoDestroy: false }); // it ends with its answer, not with what was written
    const given = merge(protocol, input, options);
    this.#url = urlOf(protocol, given);
    this.method = `${given.method ?? "GET"}`.toUpperCase();
    if (!TOKEN.test(this.method)) throw coded(TypeError, "ERR_INVALID_HTTP_TOKEN", `Method must be a valid HTTP token ["${this.method}"]`);
    const url = new URL(this.#url);
    this.path = url.pathname + url.search;
    this.host = url.hostname;
    this.protocol = url.protocol;
    this.aborted = false;
    this.reusedSocket = false;
    this.res = null;
    this.agent = given.agent;
    if (Array.isArray(given.headers)) {
      for (let i = 0; i < given.headers.length; i += 2) this.appendHeader(given.headers[i], given.headers[i + 1]);
    } else for (const [name, value] of Object.entries(given.headers ?? {})) if (value !== undefined) this.setHeader(name, value);
    const auth = given.auth ?? null;
    if (auth !== null && !this.hasHeader("authorization")) this.setHeader("Authorization", `Basic ${Buffer.from(auth).toString("base64")}`);
    if (!this.hasHeader("host")) this.setHeader("Host", url.host);
    if (typeof callback === "function") this.once("response", callback);
    if (given.timeout !== undefined) this.setTimeout(given.timeout);
    const { signal } = given;
    if (signal !== undefined && signal !== null) {
      const abort = () => this.destroy(Object.assign(new Error("The operation was aborted", { cause: signal.reason }), { name: "AbortError", code: "ABORT_ERR" }));
      if (signal.aborted) process.nextTick(abort);
      else signal.addEventListener("abort", abort, { once: true });
    }
  }

  get headersSent() { return this.#isSent; }
  get finished() { return this.writableEnded; }

  setHeader(name, value) {
    this.#check(name, value);
    this.#headers.set(`${name}`.toLowerCase(), [`${name}`, value]);
    return this;
  }

  appendHeader(name, value) {
    this.#check(name, value);
    const known = this.getHeader(name);
    return this.setHeader(name, known === undefined ? value : [known, value].flat());
  }

  #check(name, value) {
    if (this.#isSent) throw coded(Error, "ERR_HTTP_HEADERS_SENT", "Cannot set headers after they are sent to the client");
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one);
  }

  getHeader(name) { return this.#headers.get(`${name}`.toLowerCase())?.[1]; }
  hasHeader(name) { return this.#headers.has(`${name}`.toLowerCase()); }
  removeHeader(name) { this.#headers.delete(`${name}`.toLowerCase()); }
  getHeaderNames() { return [...this.#headers.keys()]; }
  getRawHeaderNames() { return [...this.#headers.values()].map(([name]) => name); }
  getHeaders() { return Object.assign(Object.create(null), Object.fromEntries([...this.#headers].map(([name, [, value]]) => [name, value]))); }
  flushHeaders() {}
  setNoDelay() {}
  setSocketKeepAlive() {}

  setTimeout(ms, callback) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (typeof callback === "function") this.once("timeout", callback);
    if (Number(ms) > 0) this.#timer = setTimeout(() => this.emit("timeout"), Number(ms));
    return this;
  }

  abort() {
    if (this.aborted) return;
    this.aborted = true;
    process.nextTick(() => this.emit("abort"));
    this.destroy();
  }

  _write(chunk, encoding, callback) {
    this.#chunks.push(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
    callback();
  }

  _final(callback) {
    this.#send();
    callback();
  }

  async #send() {
    this.#isSent = true;
    const body = this.#chunks.length === 0 ? undefined : Buffer.concat(this.#chunks);
    const headers = [...this.#headers.values()].flatMap(([name, value]) => [value].flat().map((one) => [name, `${one}`]));
    let response;
    try {
      const { method } = this;
      response = await fetchFor(null, this.#url, { method, headers, body, redirect: "manual", signal: this.#controller.signal });
    } catch (error) {
      if (!this.destroyed) this.destroy(nodeError(error));
      return;
    }
    const { payload, status, statusText } = stateOf(response);
    let pairs = stateOf(response).pairs;
    if (UNPACKED.test(response.headers.get("content-encoding") ?? "")) {
      pairs = pairs.filter(([name]) => !["content-encoding", "content-length"].includes(name.toLowerCase()));
    }
    const message = new IncomingMessage({ payload, pairs, status, statusText });
    message.req = this;
    this.res = message;
    message.on("close", () => {
      clearTimeout(this.#timer);
      this.destroy();
    });
    if (this.destroyed || !this.emit("response", message)) message.resume();
  }

  _destroy(error, callback) {
    clearTimeout(this.#timer);
    const { res } = this;
    if (res === null) {
      this.#controller.abort();
      // Whoever gives up before there is an answer hears of it, as from Node's socket.
      callback(error ?? (this.#isSent || this.aborted || !this.writableFinished ? coded(Error, "ECONNRESET", "socket hang up") : null));
      return;
    }
    if (!res.complete && !res.destroyed) res.destroy(error ?? coded(Error, "ECONNRESET", "aborted"));
    callback(error);
  }
}

function merge(protocol, input, options) {
  if (typeof input === "string" || input instanceof URL) {
    let url;
    try {
      url = new URL(`${input}`);
    } catch {
      throw coded(TypeError, "ERR_INVALID_URL", "Invalid URL");
    }
    const auth = url.username === "" ? {} : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` };
    return { protocol: url.protocol, hostname: url.hostname, port: url.port, path: url.pathname + url.search, ...auth, ...options };
  }
  return { ...input, ...options };
}

function urlOf(protocol, options) {
  const scheme = options.protocol ?? protocol;
  if (scheme !== protocol) {
    throw coded(TypeError, "ERR_INVALID_PROTOCOL", `Protocol "${scheme}" not supported. Expected "${protocol}"`);
  }
  let host = `${options.hostname ?? options.host ?? "localhost"}`;
  if (host.includes(":") && !host.startsWith("[") && host.split(":").length > 2) host = `[${host}]`;
  const port = options.port ?? options.defaultPort ?? "";
  const path = `${options.path ?? "/"}`;
  if (/[^\x21-\x7e\x80-\xff]/.test(path)) throw coded(TypeError, "ERR_UNESCAPED_CHARACTERS", "Request path contains unescaped characters");
  try {
    return new URL(`${scheme}//${host}${port === "" || host.endsWith(`:${port}`) ? "" : `:${port}`}${path.startsWith("/") ? "" : "/"}${path}`).href;
  } catch {
    throw coded(TypeError, "ERR_INVALID_URL", "Invalid URL");
  }
}

function validateHeaderName(name) {
  if (typeof name !== "string" || !TOKEN.test(name)) {
    throw coded(TypeError, "ERR_INVALID_HTTP_TOKEN", `Header name must be a valid HTTP token ["${String(name)}"]`);
  }
}

function validateHeaderValue(name, value) {
  if (value === undefined) throw coded(TypeError, "ERR_HTTP_INVALID_HEADER_VALUE", `Invalid value "${value}" for header "${name}"`);
  if (/[^\t\x20-\x7e\x80-\xff]/.test(`${value}`)) {
    throw coded(TypeError, "ERR_INVALID_CHAR", `Invalid character in header content ["${name}"]`);
  }
}

function never(specifier, name) {
  return function () {
    throw internals.makeError("E_NEVER", `${specifier}: ${name} is never available to plugins: a plugin serves nobody`);
  };
}

/** The module for *protocol*, called *specifier*. */
function moduleOf(protocol, specifier) {
  const request = (input, options, callback) => {
    const isCallback = typeof options === "function";
    return new ClientRequest(protocol, input, isCallback ? {} : (options ?? {}), isCallback ? options : callback);
  };
  const get = (input, options, callback) => {
    const made = request(input, options, callback);
    made.end();
    return made;
  };
  return {
    request, get, Agent, globalAgent: new Agent(), createServer: never(specifier, "createServer"), Server: never(specifier, "Server"),
  };
}

module.exports = {
  ...moduleOf("http:", "node:http"),
  ClientRequest, IncomingMessage, METHODS, STATUS_CODES, maxHeaderSize: 65536, validateHeaderName, validateHeaderValue,
  ServerResponse: never("node:http", "ServerResponse"),
};
Object.defineProperty(module.exports, "moduleOf", { value: moduleOf }); // for node:https
