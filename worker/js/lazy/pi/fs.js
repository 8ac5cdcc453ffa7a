// pi.fs: promises, plain objects, errors with the codes of hostcalls (E_DENIED, E_NOT_FOUND, E_EXIST, ...).

const { absolute, run, readBytes, readText, writeWhole } = require("pi/files");
const { makeError, publish } = internals;

function howOf(options) {
  if (options === undefined || options === null) return "replace";
  return options.append ? "append" : options.exclusive ? "create" : "replace";
}

function* write(path, content, options) {
  const mode = options === undefined || options === null ? undefined : options.mode;
  yield* writeWhole(absolute(path), content, howOf(options), mode);
}

const verbs = {
  * readText(path) {
    return yield* readText(absolute(path));
  },
  * readBytes(path) {
    return yield* readBytes(absolute(path));
  },
  * writeText(path, text, options) {
    if (typeof text !== "string") throw makeError("E_INVALID", "writeText takes a string; use writeBytes for bytes");
    yield* write(path, text, options);
  },
  * writeBytes(path, bytes, options) {
    let view;
    if (bytes instanceof ArrayBuffer) view = new Uint8Array(bytes);
    else if (ArrayBuffer.isView(bytes)) view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    else throw makeError("E_INVALID", "writeBytes takes an ArrayBuffer or a typed array; use writeText for strings");
    yield* write(path, view, options);
  },
  * exists(path) {
    return (yield ["fs.exists", { path: absolute(path) }]).exists;
  },
  * list(path) {
    const answer = yield ["fs.list", { path: absolute(path) }];
    return answer.entries.map(([name, type]) => ({ name, type }));
  },
  * stat(path) {
    const found = yield ["fs.stat", { path: absolute(path) }];
    const { type, size, mode, mtime, atime, ctime } = found;
    return { type, size, mode: mode & 0o7777, mtime, atime, ctime, isFile: type === "file", isDirectory: type === "directory" };
  },
  * mkdir(path, options) {
    const recursive = !(typeof options === "object" && options !== null && options.recursive === false);
    yield ["fs.mkdir", { path: absolute(path), recursive }];
  },
  * remove(path, options) {
    const recursive = typeof options === "object" && options !== null && options.recursive === true;
    yield ["fs.remove", { path: absolute(path), recursive }];
  },
  * rename(from, to) {
    yield ["fs.rename", { from: absolute(from), to: absolute(to) }];
  },
  * copy(from, to) {
    yield ["fs.copy", { from: absolute(from), to: absolute(to) }];
  },
};

/** {readText, ...} for *call* (null: the instance). */
function makeFs(call) {
  const fs = {};
  for (const name of Object.keys(verbs)) {
    publish(fs, name, (first, second, third) => run(call, verbs[name](first, second, third)));
  }
  return Object.freeze(fs);
}

module.exports = { makeFs, fs: makeFs(null) };
