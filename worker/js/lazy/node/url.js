// node:url: the standard's classes, file URLs, and the older parse, format and resolve.
"use strict";

// the globals where they are, so that both are the same class
const { URL = require("vendor/url").URL, URLSearchParams = require("vendor/url").URLSearchParams } = globalThis;

function coded(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  return error;
}

function fileURLToPath(input) {
  const url = typeof input === "string" ? new URL(input) : input;
  if (url === null || typeof url !== "object" || typeof url.pathname !== "string") {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string or an instance of URL.");
  }
  if (url.protocol !== "file:") throw coded(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (url.hostname !== "") throw coded(TypeError, "ERR_INVALID_FILE_URL_HOST", "File URL host must be \"localhost\" or empty on linux");
  if (/%2f/i.test(url.pathname)) {
    throw coded(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters");
  }
  return decodeURIComponent(url.pathname);
}

function pathToFileURL(path) {
  const { resolve } = require("node/path");
  let full = resolve(path);
  if (path.endsWith("/") && !full.endsWith("/")) full += "/";
  const url = new URL("file:///");
  url.pathname = full.replace(/%/g, "%25").replace(/\\/g, "%5C").replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/\t/g, "%09")
    .replace(/\?/g, "%3F").replace(/#/g, "%23");
  return url;
}

function urlToHttpOptions(url) {
  const { hostname, pathname, port, search } = url;
  const options = {
    protocol: url.protocol,
    hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    hash: url.hash,
    search,
    pathname,
    path: `${pathname || ""}${search || ""}`,
    href: url.href,
  };
  if (port !== "") options.port = Number(port);
  if (url.username || url.password) options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return options;
}

// --- the older interface -------------------------------------------------------------------------------------------

const SLASHED = new Set(["http:", "https:", "ftp:", "gopher:", "file:", "ws:", "wss:"]);

function Url() {
  for (const name of ["protocol", "slashes", "auth", "host", "port", "hostname", "hash", "search", "query", "pathname", "path", "href"]) this[name] = null;
}

/** Split *text* as node's url.parse does. Of a host with characters that none may have, only the valid start is taken. */
function parse(text, parsesQuery = false, slashesDenoteHost = false) {
  if (text instanceof Url) return text;
  if (typeof text !== "string") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "url" argument must be of type string. Received ${typeof text}`);
  const url = new Url();
  let rest = text.trim();
  // a backslash before the query is a slash, as browsers have it
  const mark = rest.search(/[?#]/);
  rest = mark < 0 ? rest.replace(/\\/g, "/") : rest.slice(0, mark).replace(/\\/g, "/") + rest.slice(mark);
  const scheme = /^[a-z0-9.+-]+:/i.exec(rest);
  if (scheme !== null) {
    url.protocol = scheme[0].toLowerCase();
    rest = rest.slice(scheme[0].length);
  }
  const hasSlashes = rest.startsWith("//");
  const isBare = url.protocol === "javascript:";
  if (hasSlashes && !isBare && (scheme !== null || slashesDenoteHost || /^\/\/[^@/]+@[^@/]+/.test(rest))) {
    url.slashes = true;
    rest = rest.slice(2);
    const end = rest.search(/[/?#]/);
    let authority = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? "" : rest.slice(end);
    const at = authority.lastIndexOf("@");
    if (at >= 0) {
      url.auth = decodeURIComponent(authority.slice(0, at));
      authority = authority.slice(at + 1);
    }
    const bad = authority.search(/[\s"<>\\^`{|}']/);
    if (bad >= 0) {
      rest = authority.slice(bad) + rest;
      if (!rest.startsWith("/")) rest = `/${rest}`;
      authority = authority.slice(0, bad);
    }
    const port = /:(\d*)$/.exec(authority);
    if (port !== null) {
      if (port[1] !== "") url.port = port[1];
      authority = authority.slice(0, -port[0].length);
    }
    const isV6 = authority.startsWith("[") && authority.endsWith("]");
    url.hostname = isV6 ? authority.slice(1, -1).toLowerCase() : toASCII(authority.toLowerCase());
    url.host = `${isV6 ? `[${url.hostname}]` : url.hostname}${url.port === null ? "" : `:${url.port}`}`;
  }
  if (!isBare) rest = rest.replace(/[\s"'<>\\^`{|}]/g, (char) => encodeURIComponent(char).replace("'", "%27"));
  const hash = rest.indexOf("#");
  if (hash >= 0) {
    url.hash = rest.slice(hash);
    rest = rest.slice(0, hash);
  }
  const query = rest.indexOf("?");
  if (query >= 0) {
    url.search = rest.slice(query);
    url.query = rest.slice(query + 1);
    rest = rest.slice(0, query);
  } else if (parsesQuery) {
    url.search = "";
    url.query = "";
  }
  if (parsesQuery) url.query = require("node/querystring").parse(url.query);
  if (rest !== "") url.pathname = rest;
  if (SLASHED.has(url.protocol) && url.hostname !== null && url.pathname === null) url.pathname = "/";
  if (url.pathname !== null || url.search !== null) url.path = `${url.pathname ?? ""}${url.search ?? ""}`;
  url.href = format(url);
  return url;
}

function format(given, options) {
  if (typeof given === "string") return format(parse(given));
  if (given instanceof URL) {
    const url = new URL(given.href);
    if (options?.auth === false) url.username = url.password = "";
    if (options?.fragment === false) url.hash = "";
    if (options?.search === false) url.search = "";
    return url.href;
  }
  if (given === null || typeof given !== "object") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "The \"urlObject\" argument must be one of type object or string.");
  const auth = given.auth ? `${encodeURIComponent(given.auth).replace(/%3A/i, ":")}@` : "";
  let protocol = given.protocol || "";
  if (protocol !== "" && !protocol.endsWith(":")) protocol += ":";
  let host = "";
  if (given.host) host = auth + given.host;
  else if (given.hostname) {
    const { hostname } = given;
    host = auth + (hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname) + (given.port ? `:${given.port}` : "");
  }
  let search = given.search || "";
  if (search === "" && given.query !== null && typeof given.query === "object") {
    const text = require("node/querystring").stringify(given.query);
    search = text === "" ? "" : `?${text}`;
  }
  if (search !== "" && !search.startsWith("?")) search = `?${search}`;
  let hash = given.hash || "";
  if (hash !== "" && !hash.startsWith("#")) hash = `#${hash}`;
  let pathname = (given.pathname || "").replace(/[?#]/g, encodeURIComponent);
  const isSlashed = given.slashes || ((protocol === "" || SLASHED.has(protocol)) && host !== "");
  if (isSlashed) {
    if (pathname !== "" && !pathname.startsWith("/")) pathname = `/${pathname}`;
    host = `//${host}`;
  }
  return protocol + host + pathname + search.replace(/#/g, "%23") + hash;
}

/** *to* as a link on the page *from*. */
function resolve(from, to) {
  const base = parse(from);
  if (base.protocol !== null && base.slashes) return new URL(to, new URL(from)).href;
  const found = new URL(to, new URL(from, "resolve://host"));
  if (found.protocol !== "resolve:") return found.href;
  return found.pathname.slice(from.startsWith("/") || to.startsWith("/") ? 0 : 1) + found.search + found.hash;
}

function toASCII(domain) {
  if (/^[\x00-\x7f]*$/.test(domain)) return domain;
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return "";
  }
}

Object.assign(exports, {
  URL,
  URLSearchParams,
  Url,
  domainToASCII: toASCII,
  domainToUnicode: (domain) => require("vendor/idna").toUnicode(domain).domain ?? "",
  fileURLToPath,
  format,
  parse,
  pathToFileURL,
  resolve,
  resolveObject: (from, to) => parse(resolve(from, to)),
  urlToHttpOptions,
});
