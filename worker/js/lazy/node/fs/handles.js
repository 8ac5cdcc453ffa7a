// Open files. Nothing is open outside of this worker: a descriptor is a path, what the host called the file when it was
// opened, and a position. Each use is a hostcall that is decided anew, and fails when another file has the name.

const { fromHost, systemError, wrongType, outOfRange } = require("node/fs/errors");
const { pathOf, located, modeOf, flagsOf, bytesOf, Stats } = require("node/fs/values");
const { readBytes } = require("pi/files");

const MAX_OPEN = 1024;
const FIRST = 20; // as in a process in which something is open already
const WRITE_BYTES = 1 << 20;
const open_ = new Map();

function* as(syscall, steps) {
  try {
    return yield* steps;
  } catch (error) {
    throw fromHost(error, syscall);
  }
}
function* one(name, args) {
  return yield [name, args];
}

function of(fd, syscall) {
  if (typeof fd !== "number") throw wrongType("fd", "of type number", fd);
  if (!Number.isInteger(fd)) throw outOfRange("fd", "an integer", fd);
  if (fd < 0 || fd > 2147483647) throw outOfRange("fd", ">= 0 && <= 2147483647", fd);
  const handle = open_.get(fd);
  if (handle === undefined) throw systemError("EBADF", syscall);
  return handle;
}

function* open(value, flag, mode) {
  const path = pathOf(value);
  const flags = flagsOf(flag);
  const args = { path: located(path, "open"), mode: modeOf(mode, 0o666) };
  for (const key of ["read", "write", "create", "exclusive", "truncate"]) if (flags[key]) args[key] = true;
  if (open_.size >= MAX_OPEN) throw systemError("EMFILE", "open", path);
  let found;
  try {
    found = yield ["fs.open", args];
  } catch (error) {
    throw fromHost(error, "open", path);
  }
  let fd = FIRST;
  while (open_.has(fd)) fd += 1;
  open_.set(fd, { path: found.path, id: found.id, flags, at: 0 });
  return fd;
}

function close(fd) {
  of(fd, "close");
  open_.delete(fd);
}

/** Up to *length* bytes from *position*, or from where the last read ended. */
function* take(fd, length, position) {
  const handle = of(fd, "read");
  if (!handle.flags.read) throw systemError("EBADF", "read");
  const isPositioned = typeof position === "bigint" || (typeof position === "number" && position >= 0);
  const at = isPositioned ? Number(position) : handle.at;
  if (length === 0) return new Uint8Array(0);
  const bytes = yield* as("read", readBytes(handle.path, at, length, handle.id));
  if (!isPositioned) handle.at += bytes.length;
  return bytes;
}

/** read(fd, buffer, offset?, length?, position?) or read(fd, buffer, {offset, length, position}); gives the count. */
function* read(fd, buffer, offset, length, position) {
  if (!ArrayBuffer.isView(buffer)) throw wrongType("buffer", "an instance of Buffer, TypedArray, or DataView", buffer);
  let start = offset;
  let count = length;
  let where = position;
  if (typeof offset === "object" && offset !== null) ({ offset: start, length: count, position: where } = offset);
  start ??= 0;
  count ??= buffer.byteLength - start;
  if (start < 0 || start > buffer.byteLength) throw outOfRange("offset", `>= 0 && <= ${buffer.byteLength}`, start);
  if (count < 0 || count > buffer.byteLength - start) throw outOfRange("length", `>= 0 && <= ${buffer.byteLength - start}`, count);
  const bytes = yield* take(fd, count, where);
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).set(bytes, start);
  return bytes.length;
}

function* put(fd, bytes, position) {
  const handle = of(fd, "write");
  if (!handle.flags.write) throw systemError("EBADF", "write");
  const isPositioned = typeof position === "number" && position >= 0;
  let at = isPositioned ? position : handle.at;
  for (let done = 0; done < bytes.length; done += WRITE_BYTES) {
    const part = bytes.subarray(done, done + WRITE_BYTES);
    const where = handle.flags.append ? { how: "append" } : { how: "at", offset: at };
    yield* as("write", one("fs.write", { path: handle.path, id: handle.id, data: part.toBase64(), ...where }));
    at += part.length;
  }
  if (!isPositioned) handle.at = at;
  return bytes.length;
}

/** write(fd, buffer, offset?, length?, position?) or write(fd, string, position?, encoding?); gives the count. */
function* write(fd, data, offset, length, position) {
  if (typeof data === "string") return yield* put(fd, bytesOf(data, length), offset);
  const bytes = bytesOf(data, undefined, "buffer");
  let start = offset;
  let count = length;
  let where = position;
  if (typeof offset === "object" && offset !== null) ({ offset: start, length: count, position: where } = offset);
  start ??= 0;
  count ??= bytes.length - start;
  if (start < 0 || start > bytes.length) throw outOfRange("offset", `>= 0 && <= ${bytes.length}`, start);
  if (count < 0 || count > bytes.length - start) throw outOfRange("length", `>= 0 && <= ${bytes.length - start}`, count);
  return yield* put(fd, bytes.subarray(start, start + count), where);
}

function* readAll(fd) {
  const handle = of(fd, "read");
  if (!handle.flags.read) throw systemError("EBADF", "read");
  const bytes = yield* as("read", readBytes(handle.path, handle.at, Infinity, handle.id));
  handle.at += bytes.length;
  return bytes;
}

function* writeAll(fd, bytes) {
  yield* put(fd, bytes, undefined);
}

const onFile = (syscall, name, more) => function* (fd, ...rest) {
  const handle = of(fd, syscall);
  return yield* as(syscall, one(name, { path: handle.path, id: handle.id, ...more(...rest) }));
};
const nothing = () => ({});
const syncFile = onFile("fsync", "fs.sync", nothing);

const steps = {
  * close(fd) { close(fd); },
  read,
  write,
  * fstat(fd, options) {
    const handle = of(fd, "fstat");
    const found = yield* as("fstat", one("fs.stat", { path: handle.path, id: handle.id }));
    return new Stats(found, options?.bigint === true);
  },
  * fsync(fd) { yield* syncFile(fd); },
  * fdatasync(fd) { yield* syncFile(fd); },
  * ftruncate(fd, size) { yield* onFile("ftruncate", "fs.truncate", () => ({ size: Math.max(size ?? 0, 0) }))(fd); },
  * fchmod(fd, mode) { yield* onFile("fchmod", "fs.chmod", () => ({ mode: modeOf(mode, 0) }))(fd); },
};

/** What fs.promises.open gives; its methods are added where promises are made (node/fs/promises). */
class FileHandle {
  #fd;
  constructor(fd) { this.#fd = fd; }
  get fd() { return this.#fd; }
  static close(handle) { handle.#fd = -1; }
}
const forget = FileHandle.close;
delete FileHandle.close;

module.exports = { open, close, readAll, writeAll, steps, FileHandle, forget };
