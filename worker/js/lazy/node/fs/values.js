// What calls of node:fs take and give: paths, flags, modes, constants, Stats, Dirent.

const { systemError, wrongType, wrongValue, outOfRange } = require("node/fs/errors");
const { absolute } = require("pi/files");
const { Buffer } = require("node/buffer");

const constants = Object.freeze({
  __proto__: null,
  UV_FS_SYMLINK_DIR: 1, UV_FS_SYMLINK_JUNCTION: 2,
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2,
  UV_DIRENT_UNKNOWN: 0, UV_DIRENT_FILE: 1, UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, UV_DIRENT_FIFO: 4, UV_DIRENT_SOCKET: 5,
  UV_DIRENT_CHAR: 6, UV_DIRENT_BLOCK: 7,
  S_IFMT: 0o170000, S_IFREG: 0o100000, S_IFDIR: 0o040000, S_IFCHR: 0o020000, S_IFBLK: 0o060000, S_IFIFO: 0o010000,
  S_IFLNK: 0o120000, S_IFSOCK: 0o140000,
  O_CREAT: 0o100, O_EXCL: 0o200, UV_FS_O_FILEMAP: 0, O_NOCTTY: 0o400, O_TRUNC: 0o1000, O_APPEND: 0o2000,
  O_DIRECTORY: 0o200000, O_NOATIME: 0o1000000, O_NOFOLLOW: 0o400000, O_SYNC: 0o4010000, O_DSYNC: 0o10000,
  O_DIRECT: 0o40000, O_NONBLOCK: 0o4000,
  S_IRWXU: 0o700, S_IRUSR: 0o400, S_IWUSR: 0o200, S_IXUSR: 0o100, S_IRWXG: 0o070, S_IRGRP: 0o040, S_IWGRP: 0o020,
  S_IXGRP: 0o010, S_IRWXO: 0o007, S_IROTH: 0o004, S_IWOTH: 0o002, S_IXOTH: 0o001,
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
  UV_FS_COPYFILE_EXCL: 1, COPYFILE_EXCL: 1, UV_FS_COPYFILE_FICLONE: 2, COPYFILE_FICLONE: 2,
  UV_FS_COPYFILE_FICLONE_FORCE: 4, COPYFILE_FICLONE_FORCE: 4,
});

/** The path in *value* (a string, bytes or a file URL) as its caller wrote it. */
function pathOf(value, name = "path") {
  let path = value;
  if (typeof value === "object" && value !== null) {
    if (value instanceof Uint8Array) path = Buffer.from(value).toString("utf8");
    else if (typeof value.href === "string" && typeof value.protocol === "string") path = fromUrl(value);
  }
  if (typeof path !== "string") throw wrongType(name, "of type string or an instance of Buffer or URL", value);
  if (path.includes("\0")) {
    throw wrongValue(name, "must be a string, Uint8Array, or URL without null bytes", `'${path.replaceAll("\0", "\\x00")}'`);
  }
  return path;
}

function fromUrl(url) {
  if (url.protocol !== "file:") {
    const error = new TypeError("The URL must be of scheme file");
    error.code = "ERR_INVALID_URL_SCHEME";
    throw error;
  }
  const path = url.pathname;
  if (/%2f/i.test(path)) {
    const error = new TypeError("File URL path must not include encoded / characters");
    error.code = "ERR_INVALID_FILE_URL_PATH";
    throw error;
  }
  return decodeURIComponent(path);
}

/** *path* made absolute; an empty one names nothing. */
function located(path, syscall) {
  if (path === "") throw systemError("ENOENT", syscall, "");
  return absolute(path);
}

/** {encoding, ...} out of what may be an encoding, options or nothing. */
function optionsOf(value, defaults) {
  if (value === undefined || value === null || typeof value === "function") return { ...defaults };
  if (typeof value === "string") return { ...defaults, encoding: checkEncoding(value) };
  if (typeof value !== "object") throw wrongType("options", "of type string or an instance of Object", value);
  const options = { ...defaults, ...value };
  if (options.encoding !== undefined && options.encoding !== null && options.encoding !== "buffer") checkEncoding(options.encoding);
  return options;
}

function checkEncoding(encoding) {
  if (encoding === "buffer" || Buffer.isEncoding(encoding)) return encoding;
  throw wrongValue("encoding", "is invalid encoding", typeof encoding === "string" ? `'${encoding}'` : String(encoding));
}

/** *bytes* as options.encoding wants them. */
function encoded(bytes, encoding) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return encoding === undefined || encoding === null || encoding === "buffer" ? buffer : buffer.toString(encoding);
}

function bytesOf(data, encoding, name = "data") {
  if (typeof data === "string") return Buffer.from(data.toWellFormed(), encoding ?? "utf8");
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw wrongType(name, "of type string or an instance of Buffer, TypedArray, or DataView", data);
}

function modeOf(value, fallback, name = "mode") {
  if (value === undefined || value === null) return fallback;
  let mode = value;
  if (typeof value === "string") {
    if (!/^[0-7]+$/.test(value)) throw wrongValue(name, "must be a 32-bit unsigned integer or an octal string", `'${value}'`);
    mode = parseInt(value, 8);
  }
  if (typeof mode !== "number") throw wrongType(name, "of type number", value);
  if (!Number.isInteger(mode)) throw outOfRange(name, "an integer", value);
  if (mode < 0 || mode > 0xffffffff) throw outOfRange(name, ">= 0 && <= 4294967295", value);
  return mode & 0o7777;
}

const FLAGS = { __proto__: null };
for (const [names, text] of Object.entries({
  "r rs sr": "read", "r+ rs+ sr+": "read write",
  "w": "write create truncate", "wx xw": "write create truncate exclusive",
  "w+": "read write create truncate", "wx+ xw+": "read write create truncate exclusive",
  "a as sa": "write create append", "ax xa": "write create append exclusive",
  "a+ as+ sa+": "read write create append", "ax+ xa+": "read write create append exclusive",
})) {
  for (const name of names.split(" ")) FLAGS[name] = Object.fromEntries(text.split(" ").map((word) => [word, true]));
}

/** {read, write, create, exclusive, truncate, append} of node's flags, words or bits. */
function flagsOf(value, fallback = "r") {
  const flags = value ?? fallback;
  if (typeof flags === "string" && FLAGS[flags] !== undefined) return FLAGS[flags];
  if (typeof flags !== "number") throw wrongValue("flags", "is invalid", typeof flags === "string" ? `'${flags}'` : String(flags));
  const access = flags & 3;
  return {
    read: access !== 1, write: access !== 0,
    create: (flags & constants.O_CREAT) !== 0, exclusive: (flags & constants.O_EXCL) !== 0,
    truncate: (flags & constants.O_TRUNC) !== 0, append: (flags & constants.O_APPEND) !== 0,
  };
}

const TYPES = {
  isFile: "file", isDirectory: "directory", isSymbolicLink: "link", isFIFO: "fifo", isSocket: "socket",
  isCharacterDevice: "character", isBlockDevice: "block",
};

class Stats {
  #type;
  constructor(found, big) {
    this.#type = found.type;
    const whole = big ? (value) => BigInt(Math.trunc(value)) : (value) => value;
    for (const name of ["dev", "mode", "nlink", "uid", "gid", "rdev", "blksize", "ino", "size", "blocks"]) {
      this[name] = whole(found[name]);
    }
    // The system's calls that the host makes tell no birth time; node then gives the time of the last change.
    const times = { atime: found.atime, mtime: found.mtime, ctime: found.ctime, birthtime: found.ctime };
    for (const [name, at] of Object.entries(times)) this[`${name}Ms`] = whole(at);
    if (big) for (const [name, at] of Object.entries(times)) this[`${name}Ns`] = whole(at) * 1000000n;
    for (const [name, at] of Object.entries(times)) this[name] = new Date(Math.round(at));
  }
  static is(stats, type) { return stats.#type === type; }
}

class Dirent {
  #type;
  constructor(name, parentPath, type) {
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
    this.#type = type;
  }
  static is(entry, type) { return entry.#type === type; }
}
for (const Type of [Stats, Dirent]) {
  const is = Type.is;
  delete Type.is;
  for (const [name, type] of Object.entries(TYPES)) {
    Object.defineProperty(Type.prototype, name, { value: function () { return is(this, type); }, writable: true, configurable: true });
  }
}

function callbackOf(args) {
  const callback = args.length < 2 && typeof args[0] !== "function" ? undefined : args[args.length - 1];
  if (typeof callback !== "function") throw wrongType("cb", "of type function", callback);
  return callback;
}

module.exports = {
  constants, pathOf, located, optionsOf, encoded, bytesOf, modeOf, flagsOf, Stats, Dirent, callbackOf, Buffer,
};
