// node:querystring.
"use strict";

function escape(text) {
  return encodeURIComponent(text);
}

function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // what is no escape stays as it is
    return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
      const { Buffer } = require("node/buffer");
      return Buffer.from(run.replace(/%/g, ""), "hex").toString("utf8");
    });
  }
}

function primitive(value) {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Number.isFinite(value) ? String(value) : "";
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return "";
  }
}

function stringify(fields, separator = "&", equals = "=", options) {
  if (fields === null || typeof fields !== "object") return "";
  const encode = options?.encodeURIComponent ?? exports.escape;
  const parts = [];
  for (const key of Object.keys(fields)) {
    const values = Array.isArray(fields[key]) ? fields[key] : [fields[key]];
    for (const value of values) parts.push(`${encode(primitive(key))}${equals}${encode(primitive(value))}`);
  }
  return parts.join(separator);
}

function parse(text, separator = "&", equals = "=", options) {
  const found = { __proto__: null };
  if (typeof text !== "string" || text === "") return found;
  const decode = options?.decodeURIComponent ?? exports.unescape;
  const most = typeof options?.maxKeys === "number" ? options.maxKeys : 1000;
  const parts = text.split(separator || "&");
  for (const part of most > 0 ? parts.slice(0, most) : parts) {
    if (part === "") continue;
    const at = part.indexOf(equals || "=");
    const key = decode((at < 0 ? part : part.slice(0, at)).replace(/\+/g, " "));
    const value = at < 0 ? "" : decode(part.slice(at + (equals || "=").length).replace(/\+/g, " "));
    if (found[key] === undefined) found[key] = value;
    else if (Array.isArray(found[key])) found[key].push(value);
    else found[key] = [found[key], value];
  }
  return found;
}

Object.assign(exports, { decode: parse, encode: stringify, escape, parse, stringify, unescape });
