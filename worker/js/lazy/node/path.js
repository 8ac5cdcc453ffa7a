// node:path: POSIX, which is what a plugin runs on, and of win32 what works on names alone.
"use strict";

const vendored = require("vendor/path");

// since node 19 an extension may come without its dot
function format(parts) {
  if (parts === null || typeof parts !== "object") {
    const error = new TypeError("The \"pathObject\" argument must be of type object");
    error.code = "ERR_INVALID_ARG_TYPE";
    throw error;
  }
  const dir = parts.dir || parts.root;
  const ext = parts.ext ? `${parts.ext.startsWith(".") ? "" : "."}${parts.ext}` : "";
  const base = parts.base || `${parts.name || ""}${ext}`;
  if (!dir) return base;
  return dir === parts.root ? `${dir}${base}` : `${dir}/${base}`;
}

const posix = { ...vendored, format, toNamespacedPath: (path) => path };

// --- win32: names as Windows writes them. There is no drive to be in, so resolve and relative are absent. ----------

const isSlash = (char) => char === "/" || char === "\\";

function rootOf(path) {
  const drive = /^[A-Za-z]:[\\/]?/.exec(path);
  if (drive !== null) return drive[0];
  const share = /^[\\/]{2}[^\\/]+[\\/]+[^\\/]+[\\/]?/.exec(path);
  if (share !== null) return share[0];
  return isSlash(path[0]) ? path[0] : "";
}

function trimmed(path) {
  const root = rootOf(path);
  let end = path.length;
  while (end > root.length && isSlash(path[end - 1])) end -= 1;
  return { root, rest: path.slice(root.length, end) };
}

const lastSlash = (text) => Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\"));

const win32 = {
  sep: "\\",
  delimiter: ";",
  basename(path, suffix) {
    const { rest } = trimmed(path);
    const base = rest.slice(lastSlash(rest) + 1);
    return suffix !== undefined && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
  },
  dirname(path) {
    const { root, rest } = trimmed(path);
    const at = lastSlash(rest);
    if (at < 0) return root === "" ? "." : root;
    return root + rest.slice(0, at).replace(/[\\/]+$/, "");
  },
  extname(path) {
    return posix.extname(win32.basename(path));
  },
  isAbsolute(path) {
    return isSlash(path[0]) || /^[A-Za-z]:[\\/]/.test(path);
  },
  normalize(path) {
    if (path === "") return ".";
    const root = rootOf(path).replace(/\//g, "\\");
    const rest = path.slice(root.length);
    const isRooted = root.endsWith("\\") || root.startsWith("\\\\");
    const parts = [];
    for (const part of rest.split(/[\\/]+/)) {
      if (part === "" || part === ".") continue;
      if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else if (part !== ".." || !isRooted) parts.push(part);
    }
    const tail = parts.join("\\");
    const slash = tail !== "" && isSlash(rest.at(-1)) ? "\\" : "";
    if (root === "") return tail === "" ? (slash === "" ? "." : ".\\") : tail + slash;
    if (tail === "") return isRooted ? root : `${root}.`;
    return root + tail + slash;
  },
  join(...paths) {
    const given = paths.filter((path) => path !== "");
    if (given.length === 0) return ".";
    let joined = given.join("\\");
    // two slashes at the start would be a share, unless the first part is one
    if (!/^[\\/]{2}[^\\/]/.test(given[0])) joined = joined.replace(/^[\\/]{2,}/, "\\");
    return win32.normalize(joined);
  },
  parse(path) {
    const { root, rest } = trimmed(path);
    const at = lastSlash(rest);
    const base = rest.slice(at + 1);
    const ext = posix.extname(base);
    return { root, dir: at < 0 ? root : root + rest.slice(0, at), base, ext, name: ext === "" ? base : base.slice(0, -ext.length) };
  },
  format(parts) {
    const dir = parts.dir || parts.root;
    const base = parts.base || `${parts.name || ""}${parts.ext ? `${parts.ext.startsWith(".") ? "" : "."}${parts.ext}` : ""}`;
    if (!dir) return base;
    return dir === parts.root ? `${dir}${base}` : `${dir}\\${base}`;
  },
  toNamespacedPath: (path) => path,
};

posix.posix = win32.posix = posix;
posix.win32 = win32.win32 = win32;
module.exports = posix;
